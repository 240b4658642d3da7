"""Sites -> rows of megawatts: one for each instant at which what stands or may stand at a site changes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from models.instance import MegawattLimits
from optimizer.case.base import CalendarDate, month_label
from optimizer.case.case import Case
from optimizer.instance.hosting import Option
from optimizer.market.calendar import node_at
from optimizer.market.market import Market
from optimizer.operations.mining import Lot

TOLERANCE_MONTHS = 1e-9


def level_at(levels: float | Mapping[CalendarDate, float], coordinate: float) -> float:
    """The level in force at a month coordinate: of the latest date not after it; 0 before the first."""
    if isinstance(levels, int | float):
        return float(levels)
    reached = [(day.first, level) for day, level in levels.items() if day.first <= coordinate + TOLERANCE_MONTHS]
    return float(max(reached)[1]) if reached else 0.0


def site_instants(
    case: Case, market: Market, lots: tuple[Lot, ...], options: tuple[Option, ...], site: int
) -> list[float]:
    """Instants of the horizon (months after the start) at which something changes at a site, the start first."""
    horizon = float((market.tree.start_months + market.tree.length_months).max())
    entry = list(case.sites.values())[site]
    instants = {0.0}
    for levels in (entry.energised_mw, entry.mining_shell_mw):
        if not isinstance(levels, int | float):
            instants |= {day.first - market.start_month for day in levels}
    for lot in lots:
        if lot.site == site:
            instants |= {lot.present_from, lot.present_until}
    for option in options:
        if option.site == site:
            instants |= {option.flows.taken_from, option.flows.rent_until}
    return sorted({round(t, 9) for t in instants if 0 <= t < horizon - TOLERANCE_MONTHS})


def megawatt_limits(case: Case, market: Market, lots: tuple[Lot, ...], options: tuple[Option, ...]) -> MegawattLimits:
    """Mining shell and energised megawatts of every site at every instant that matters."""
    names: list[str] = []
    nodes: list[int] = []
    allowed: list[float] = []
    lot_cells: list[tuple[int, int, float]] = []
    option_cells: list[tuple[int, int, float]] = []
    tree = market.tree
    for s, (site_name, site) in enumerate(case.sites.items()):
        for instant in site_instants(case, market, lots, options, s):
            here = market.start_month + instant
            present = [
                c
                for c, lot in enumerate(lots)
                if lot.site == s and lot.present_from <= instant + TOLERANCE_MONTHS < lot.present_until
            ]
            for kind, levels in (("mining_shell", site.mining_shell_mw), ("energised", site.energised_mw)):
                for node in np.flatnonzero(node_at(tree, instant)):
                    taking = [
                        o
                        for o, option in enumerate(options)
                        if option.site == s
                        and tree.reaches[option.node, node]
                        and option.flows.taken_from <= instant + TOLERANCE_MONTHS < option.flows.rent_until
                        and (kind == "energised" or option.terms.takes == "mining_shell")
                    ]
                    row = len(names)
                    lot_cells += [(row, c, lots[c].mw_per_eh) for c in present]
                    option_cells += [(row, o, options[o].gross_mw) for o in taking]
                    names.append(f"{kind} {site_name} {month_label(here + TOLERANCE_MONTHS)}")
                    nodes.append(int(node))
                    allowed.append(level_at(levels, here))
    return MegawattLimits(
        name=tuple(names),
        node=np.array(nodes, dtype=np.int64),
        allowed_mw=np.array(allowed),
        lot_mw_per_eh=_matrix(lot_cells, len(names), len(lots)),
        option_mw_per_hall=_matrix(option_cells, len(names), len(options)),
    )


def _matrix(cells: list[tuple[int, int, float]], rows: int, columns: int) -> sparse.csr_array:
    row, column, data = ([c[i] for c in cells] for i in range(3))
    return sparse.csr_array((np.array(data, dtype=float), (row, column)), shape=(rows, columns))
