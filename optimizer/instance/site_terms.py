"""What a site's program consists of before anything is decided: signings, windows of a minimum take, load of halls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.case.case import Case
from optimizer.case.contracts import MinimumTake
from optimizer.instance.hosting import Option
from optimizer.market.calendar import days_in_span
from optimizer.market.market import Market
from optimizer.operations.by_date import in_force
from optimizer.operations.hours import SiteClock
from optimizer.operations.parts import SignedContract


@dataclass(frozen=True)
class Window:
    """Months over which a minimum take is counted, with the MWh asked for."""

    name: str
    contract: MinimumTake
    cells: tuple[int, ...]
    required_mwh: float


def list_signings(case: Case, market: Market) -> tuple[SignedContract, ...]:
    """Every way to sign a contract offer: site, offer and step, in the order of the case and of time."""
    tree = market.tree
    found = []
    for s, site in enumerate(case.sites.values()):
        for name, offer in site.contract_offers.items():
            for node in np.flatnonzero(tree.decision).tolist():
                step = float(tree.start_months[node])
                if offer.sign.start.first <= market.start_month + step < offer.sign.end.last:
                    found.append(SignedContract(s, name, node, step, step + offer.tenor, offer.terms.mw))
    return tuple(found)


def take_windows(case: Case, market: Market, site_index: int, clock: SiteClock) -> tuple[Window, ...]:
    """All windows of a site's minimum take, in time."""
    cells = market.cells
    windows: list[Window] = []
    length = {"month": 1, "quarter": 3, "year": 12}
    for name, contract in clock.site.contracts.items():
        if not isinstance(contract, MinimumTake):
            continue
        grouped: dict[int, list[int]] = {}
        mwh: dict[int, float] = {}
        for cell in np.flatnonzero(~cells.in_tail).tolist():
            month, days = int(cells.month[cell]), int(cells.days[cell])
            span = days_in_span(
                market.start_month, month, days, *in_force(contract.start, contract.until, market.start_month)
            )
            if span is None:
                continue
            window = (market.start_month + month) // length[contract.over]
            grouped.setdefault(window, []).append(cell)
            hours = float(clock.hours(cell).part(*span).weight.sum())
            mwh[window] = mwh.get(window, 0.0) + contract.mw * contract.share * hours
        windows += [Window(name, contract, tuple(grouped[w]), mwh[w]) for w in sorted(grouped)]
    return tuple(windows)


def halls_mw(options: Sequence[Option], chosen: Iterable[int], month: int) -> dict[int, float]:
    """Mean MW that one hall of each of the chosen options draws in a month (after the start)."""
    found = {}
    for o in chosen:
        option = options[o]
        if option.flows.billed[month] > 0:
            used = option.hall_mw_it * option.terms.utilisation * option.terms.pue
            found[o] = used * float(option.flows.billed[month])
    return found


def halls_by_month(options: Sequence[Option], chosen: Iterable[int]) -> dict[int, dict[int, float]]:
    """`halls_mw` of all months in which there are any."""
    found: dict[int, dict[int, float]] = {}
    for o in chosen:
        option = options[o]
        used = option.hall_mw_it * option.terms.utilisation * option.terms.pue
        for month, billed in enumerate(option.flows.billed.tolist()):
            if billed > 0:
                found.setdefault(month, {})[o] = used * billed
    return found
