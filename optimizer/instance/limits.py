"""Sites -> rows of megawatts: one for each instant at which what stands or may stand at a site changes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy import sparse

from models.instance import MegawattLimits
from models.tree import Tree
from optimizer.case.base import CalendarDate, month_label
from optimizer.case.case import Case
from optimizer.instance.builds import BuildOption
from optimizer.instance.hosting import Option
from optimizer.instance.kept import kept
from optimizer.instance.machines import EPSILON
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
    sites = tuple(
        (
            name,
            site.mining_shell_mw,
            site.energised_mw,
            tuple(site_instants(case, market, operations, options, builds, s)),
        )
        for s, (name, site) in enumerate(case.sites.items())
    )
    lives = tuple(
        (place.site, place.mw_per_eh, operations.lots[place.lot].present_from, operations.lots[place.lot].present_until)
        for place in operations.places
    )
    return _limits(
        market.start_month, market.tree, sites, lives, tuple(map(_halls, options)), tuple(map(_built, builds))
    )


def takes_megawatts(option: Option, kind: str, instant: float) -> bool:
    """Whether a hall counts against a limit at an instant."""
    return _halls(option).counts(kind, instant)


def build_megawatts(build: BuildOption, kind: str) -> float:
    """Meter MW that one build adds to a limit."""
    return _built(build).megawatts(kind)


Levels = float | Mapping[CalendarDate, float]


class _Halls(NamedTuple):
    """An option: meter MW per hall, and months after the start."""

    site: int
    node: int
    gross_mw: float
    energised_mw: float
    """Once rent is paid."""
    taken_from: float
    rent_from: float
    rent_until: float
    takes_shell: bool

    def megawatts(self, kind: str, instant: float) -> float:
        """What one hall counts against a limit at an instant at which it does."""
        return self.energised_mw if kind == "energised" and instant >= self.rent_from - 1e-9 else self.gross_mw

    def counts(self, kind: str, instant: float) -> bool:
        """Whether it counts against a limit."""
        taken = self.taken_from <= instant + TOLERANCE_MONTHS < self.rent_until
        return taken and (kind == "energised" or self.takes_shell)


class _Built(NamedTuple):
    """A build: meter MW that one adds, from so many months after the start."""

    site: int
    node: int
    in_use_from: float
    energised_mw: float
    mining_shell_mw: float

    def megawatts(self, kind: str) -> float:
        """What one adds to a limit."""
        return self.energised_mw if kind == "energised" else self.mining_shell_mw


def _halls(option: Option) -> _Halls:
    return _Halls(
        option.site,
        option.node,
        option.gross_mw,
        option.energised_mw(math.inf),
        option.flows.taken_from,
        option.flows.rent_from,
        option.flows.rent_until,
        option.terms.takes == "mining_shell",
    )


def _built(build: BuildOption) -> _Built:
    return _Built(build.site, build.node, build.in_use_from, build.terms.energised_mw, build.terms.mining_shell_mw)


@kept()
def _limits(
    start_month: int,
    tree: Tree,
    sites: tuple[tuple[str, Levels, Levels, tuple[float, ...]], ...],
    lives: tuple[tuple[int, float, float, float], ...],
    options: tuple[_Halls, ...],
    builds: tuple[_Built, ...],
) -> MegawattLimits:
    """Sites have their limits and instants; places their site, MW per EH/s and [from, until) of their machines."""
    names: list[str] = []
    nodes: list[int] = []
    allowed: list[float] = []
    places: list[tuple[int, int, float]] = []
    halls: list[tuple[int, int, float]] = []
    built: list[tuple[int, int, float]] = []
    for s, (site_name, mining_shell, energised, instants) in enumerate(sites):
        own_places = [(p, mw, begin, end) for p, (site, mw, begin, end) in enumerate(lives) if site == s]
        own_options = [(o, option) for o, option in enumerate(options) if option.site == s]
        own_builds = [(u, build) for u, build in enumerate(builds) if build.site == s]
        for instant in instants:
            here = start_month + instant
            present = [(p, mw) for p, mw, begin, end in own_places if begin <= instant + EPSILON < end]
            nodes_then = np.flatnonzero(node_at(tree, instant)).tolist()
            for kind, levels in (("mining_shell", mining_shell), ("energised", energised)):
                for node in nodes_then:
                    row = len(names)
                    places += [(row, p, mw) for p, mw in present]
                    halls += [
                        (row, o, option.megawatts(kind, instant))
                        for o, option in own_options
                        if tree.reaches[option.node, node] and option.counts(kind, instant)
                    ]
                    built += [
                        (row, u, build.megawatts(kind))
                        for u, build in own_builds
                        if tree.reaches[build.node, node]
                        and build.in_use_from <= instant + TOLERANCE_MONTHS
                        and build.megawatts(kind) > 0
                    ]
                    names.append(f"{kind} {site_name} {month_label(here + TOLERANCE_MONTHS)}")
                    nodes.append(node)
                    allowed.append(level_at(levels, here))
    return MegawattLimits(
        name=tuple(names),
        node=np.array(nodes, dtype=np.int64),
        allowed_mw=np.array(allowed),
        place_mw_per_eh=_matrix(places, len(names), len(lives)),
        option_mw_per_hall=_matrix(halls, len(names), len(options)),
        build_mw=_matrix(built, len(names), len(builds)),
    )


def _matrix(cells: list[tuple[int, int, float]], rows: int, columns: int) -> sparse.csr_array:
    row, column, data = ([c[i] for c in cells] for i in range(3))
    return sparse.csr_array((np.array(data, dtype=float), (row, column)), shape=(rows, columns))
