"""Sites -> rows of megawatts: one for each instant at which what stands or may stand at a site changes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from models.instance import MegawattLimits
from optimizer.case.base import CalendarDate, month_label
from optimizer.case.case import Case
from optimizer.instance.builds import BuildOption
from optimizer.instance.hosting import Option
from optimizer.instance.machines import is_there
from optimizer.market.calendar import node_at
from optimizer.market.market import Market
from optimizer.operations.operations import Operations

TOLERANCE_MONTHS = 1e-9


def level_at(levels: float | Mapping[CalendarDate, float], coordinate: float) -> float:
    """The level in force at a month coordinate: of the latest date not after it; 0 before the first."""
    if isinstance(levels, int | float):
        return float(levels)
    reached = [(day.first, level) for day, level in levels.items() if day.first <= coordinate + TOLERANCE_MONTHS]
    return float(max(reached)[1]) if reached else 0.0


def site_instants(
    case: Case,
    market: Market,
    operations: Operations,
    options: tuple[Option, ...],
    builds: tuple[BuildOption, ...],
    site: int,
) -> list[float]:
    """Instants of the horizon (months after the start) at which something changes at a site, the start first."""
    horizon = float((market.tree.start_months + market.tree.length_months).max())
    entry = list(case.sites.values())[site]
    instants = {0.0}
    for levels in (entry.energised_mw, entry.mining_shell_mw):
        if not isinstance(levels, int | float):
            instants |= {day.first - market.start_month for day in levels}
    here = [operations.lots[place.lot] for place in operations.places if place.site == site]
    for lot in here:
        instants |= {lot.present_from, lot.present_until}
    if here:
        # What stands here may grow at a step, so every step is an instant.
        instants |= set(market.tree.start_months[market.tree.decision].tolist())
    for option in options:
        if option.site == site:
            instants |= {option.flows.taken_from, option.flows.rent_from, option.flows.rent_until}
    instants |= {build.in_use_from for build in builds if build.site == site}
    return sorted({round(t, 9) for t in instants if 0 <= t < horizon - TOLERANCE_MONTHS})


def megawatt_limits(
    case: Case,
    market: Market,
    operations: Operations,
    options: tuple[Option, ...],
    builds: tuple[BuildOption, ...],
) -> MegawattLimits:
    """Mining shell and energised megawatts of every site at every instant that matters."""
    names: list[str] = []
    nodes: list[int] = []
    allowed: list[float] = []
    places: list[tuple[int, int, float]] = []
    halls: list[tuple[int, int, float]] = []
    built: list[tuple[int, int, float]] = []
    tree, lots = market.tree, operations.lots
    for s, (site_name, site) in enumerate(case.sites.items()):
        own_places = [(p, place.mw_per_eh) for p, place in enumerate(operations.places) if place.site == s]
        own_lots = [lots[operations.places[p].lot] for p, _ in own_places]
        own_options = [(o, option) for o, option in enumerate(options) if option.site == s]
        own_builds = [(u, build) for u, build in enumerate(builds) if build.site == s]
        for instant in site_instants(case, market, operations, options, builds, s):
            here = market.start_month + instant
            present = [place for place, lot in zip(own_places, own_lots, strict=True) if is_there(lot, instant)]
            nodes_then = np.flatnonzero(node_at(tree, instant)).tolist()
            for kind, levels in (("mining_shell", site.mining_shell_mw), ("energised", site.energised_mw)):
                for node in nodes_then:
                    row = len(names)
                    places += [(row, p, mw) for p, mw in present]
                    halls += [
                        (row, o, option.energised_mw(instant) if kind == "energised" else option.gross_mw)
                        for o, option in own_options
                        if tree.reaches[option.node, node] and takes_megawatts(option, kind, instant)
                    ]
                    built += [
                        (row, u, build_megawatts(build, kind))
                        for u, build in own_builds
                        if tree.reaches[build.node, node]
                        and build.in_use_from <= instant + TOLERANCE_MONTHS
                        and build_megawatts(build, kind) > 0
                    ]
                    names.append(f"{kind} {site_name} {month_label(here + TOLERANCE_MONTHS)}")
                    nodes.append(node)
                    allowed.append(level_at(levels, here))
    return MegawattLimits(
        name=tuple(names),
        node=np.array(nodes, dtype=np.int64),
        allowed_mw=np.array(allowed),
        place_mw_per_eh=_matrix(places, len(names), len(operations.places)),
        option_mw_per_hall=_matrix(halls, len(names), len(options)),
        build_mw=_matrix(built, len(names), len(builds)),
    )


def takes_megawatts(option: Option, kind: str, instant: float) -> bool:
    """Whether a hall counts against a limit at an instant."""
    taken = option.flows.taken_from <= instant + TOLERANCE_MONTHS < option.flows.rent_until
    return taken and (kind == "energised" or option.terms.takes == "mining_shell")


def build_megawatts(build: BuildOption, kind: str) -> float:
    """Meter MW that one build adds to a limit."""
    return build.terms.energised_mw if kind == "energised" else build.terms.mining_shell_mw


def _matrix(cells: list[tuple[int, int, float]], rows: int, columns: int) -> sparse.csr_array:
    row, column, data = ([c[i] for c in cells] for i in range(3))
    return sparse.csr_array((np.array(data, dtype=float), (row, column)), shape=(rows, columns))
