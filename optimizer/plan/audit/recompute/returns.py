"""What each signature and each purchase of machines returns on its own. Section 18 of docs/figures_capital.md,
"returns.csv".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from optimizer.plan.audit.recompute.blocks import overlap
from optimizer.plan.audit.recompute.deals import left_of
from optimizer.plan.audit.recompute.decisions import bought_name
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.hosting import Contract
from optimizer.plan.audit.recompute.lots import Lot
from optimizer.plan.audit.recompute.project_terms import project_of
from optimizer.plan.audit.recompute.timeline import Array

NOTHING_USD_M = 1e-9
"""A sum of flows that is not further below zero is paid back; smaller flows are none."""

LOWEST_MONTHLY, HIGHEST_MONTHLY = -0.999999, 1e6
"""Monthly rates between which one is sought."""

YEAR = 12


@dataclass(frozen=True)
class Return:
    """A row of returns.csv. USD m, a year, times, months; None where there is nothing to say."""

    item: str
    kind: str
    invested: float
    returned: float
    irr: float | None
    moic: float | None
    yield_on_cost: float | None
    payback_months: float | None


def returns_of(figures: Figures) -> Iterator[Return]:
    """All signatures, then all purchases, in time."""
    for contract in figures.hosting:
        if contract.signed is not None:
            flows = hosting_flows(contract, contract.signed - figures.timeline.start)
            yield _return(contract.name, "hosting", flows, _yield_on_cost(figures, contract))
    for lot in figures.lots:
        if lot.ordered is not None:
            yield _return(lot.full_name, "machines", machine_flows(figures, lot, lot.ordered), None)


def hosting_flows(contract: Contract, signed: int) -> dict[float, float]:
    """Cash of a signature by instant, in months after it, USD m."""
    flows: dict[float, float] = {}
    for month in np.flatnonzero(contract.accrued):
        _add(flows, int(month) + 1 - signed, float(contract.accrued[month]))
    for each in contract.at_once:
        _add(flows, each.after - signed, each.amount if each.kind in ("prepayment", "residual") else -each.amount)
    return flows


def machine_flows(figures: Figures, lot: Lot, ordered: int) -> dict[float, float]:
    """Cash of a purchase by instant, in months after the order, USD m."""
    timeline, paid = figures.timeline, figures.deals.paid
    flows: dict[float, float] = {}
    for order in figures.decisions.of("buy"):
        if (order.site, bought_name(order.item, order.at)) == (lot.home, lot.name):
            _add(flows, 0, -paid[order])
    for stand, mined in zip(figures.stands, figures.mined, strict=True):
        if stand.lot is lot:
            for period, margin in zip(timeline.periods, timeline.by_period(mined.margin), strict=True):
                _add(flows, period.end - ordered, float(margin))
    for sale in figures.decisions.of("sell"):
        if sale.item == lot.full_name:
            _add(flows, sale.at - ordered, -paid[sale])
    _add(flows, timeline.end - ordered, left_of(figures.case, timeline, lot, figures.network))
    return flows


def _add(flows: dict[float, float], instant: float, usd_m: float) -> None:
    at = round(instant, 9)
    flows[at] = flows.get(at, 0.0) + usd_m


def _return(item: str, kind: str, flows: Mapping[float, float], yield_on_cost: float | None) -> Return:
    instants = np.array(sorted(at for at, usd_m in flows.items() if abs(usd_m) > NOTHING_USD_M))
    amounts = np.array([flows[at] for at in instants])
    sums = np.cumsum(amounts)
    # The last instant at which the sum is below zero; from the next one on it is paid back.
    below = np.flatnonzero(sums < -NOTHING_USD_M)
    paid_back = int(below[-1]) + 1 if len(below) else 0
    never = paid_back >= len(amounts)
    spent, returned = -np.minimum(amounts, 0.0), float(np.maximum(amounts, 0.0).sum())
    return Return(
        item=item,
        kind=kind,
        invested=float(spent.sum() if never else spent[: paid_back + 1].sum()),
        returned=returned,
        irr=irr(instants, amounts),
        moic=returned / float(spent.sum()) if spent.any() else None,
        yield_on_cost=yield_on_cost,
        payback_months=None if never else float(instants[paid_back]) if len(below) else 0.0,
    )


def irr(instants: Array, amounts: Array) -> float | None:
    """Yearly rate at which flows at instants in months are worth nothing together; None where there is none."""
    if not (np.any(amounts > 0) and np.any(amounts < 0)):
        return None

    def worth(monthly: float) -> float:
        # Seen from the last flow where the rate is below 0, so that no factor is more than a number holds.
        seen_from = instants[-1] if monthly < 0 else instants[0]
        return float(amounts @ np.exp(-np.log1p(monthly) * (instants - seen_from)))

    # From 0 outwards, so that of several rates the nearest counts.
    steps = np.geomspace(1e-4, 1.0, 2000)
    for low, high in zip((0.0, *steps[:-1]), steps, strict=True):
        for one, other in ((low, high), (-low, max(-high, LOWEST_MONTHLY))):
            if worth(one) == 0.0:
                return float((1 + one) ** YEAR - 1)
            if worth(one) * worth(other) < 0:
                return float((1 + brentq(worth, one, other, xtol=1e-15, rtol=1e-14)) ** YEAR - 1)
    if worth(1.0) * worth(HIGHEST_MONTHLY) < 0:
        return float((1 + brentq(worth, 1.0, HIGHEST_MONTHLY, xtol=1e-12)) ** YEAR - 1)
    return None


def _yield_on_cost(figures: Figures, contract: Contract) -> float | None:
    """NOI of the first year after completion over capex and signing cost."""
    begins = project_of(figures.case, figures.timeline, contract).completion - figures.timeline.start
    parts = np.array([overlap(month, month + 1, begins, begins + YEAR) for month in range(len(contract.noi))])
    cost = float(contract.capex.sum())
    cost += sum(each.amount for each in contract.at_once if each.kind in ("capex", "signing_cost"))
    return float(contract.noi @ parts) / cost if cost > 0 else None
