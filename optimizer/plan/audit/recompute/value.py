"""What a plan is worth, part by part. Section 10 of docs/figures.md."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.plan.audit.recompute.cash import sga, site_costs
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.hosting import Contract
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, instant_factor, mean_factors


@dataclass(frozen=True)
class Component:
    """A part of the value, USD m; ``at_wacc`` is None where the case has no such rate."""

    name: str
    within: float
    beyond: float
    at_wacc: float | None

    @property
    def total(self) -> float:
        return self.within + self.beyond


def components_of(figures: Figures) -> tuple[Component, ...]:
    """Every part of the value in the order of value.csv, without the total."""
    case, timeline = figures.case, figures.timeline
    discount, opening = case.discount, case.finance.opening
    wacc = discount.wacc
    found = [_level("opening_cash", opening.cash_usd_m, wacc)]
    found.append(_level("opening_btc", opening.btc * case.market.network.btc_usd / 1e6, wacc))
    found.append(
        Component("mining", _mining(figures, discount.mining), 0.0, None if wacc is None else _mining(figures, wacc))
    )
    by_month = figures.power_contracts
    at_wacc = None if wacc is None else _accrued(by_month, wacc)
    found.append(Component("contracts", _accrued(by_month, discount.mining), 0.0, at_wacc))
    for contract in figures.hosting:
        rate = discount.hosting if contract.discount is None else contract.discount
        within, beyond = _hosting(contract, rate, timeline.months)
        at_wacc = None if wacc is None else sum(_hosting(contract, wacc, timeline.months))
        found.append(Component(f"hosting: {contract.name}", within, beyond, at_wacc))
    for name, cost in (("site_cost", site_costs(figures)), ("sga", sga(figures))):
        at_wacc = None if wacc is None else -_accrued(cost, wacc)
        found.append(Component(name, -_accrued(cost, discount.corporate), 0.0, at_wacc))
    within = -sum(path.value(timeline.start, timeline.end) for path in figures.debts)
    beyond = -sum(path.value(timeline.end, float("inf")) for path in figures.debts)
    found.append(Component("debt", within, beyond, None if wacc is None else within + beyond))
    return tuple(found)


def _level(name: str, amount: float, wacc: float | None) -> Component:
    """What the company holds at the start: it is worth what it is at any rate."""
    return Component(name, amount, 0.0, None if wacc is None else amount)


def _accrued(by_month: Array, rate: float) -> float:
    """Present value of what accrues month by month."""
    return float(by_month @ mean_factors(rate, len(by_month)))


def _mining(figures: Figures, rate: float) -> float:
    """Margin of all lots within the horizon, less what falls due on arriving lots."""
    timeline = figures.timeline
    value = sum(_accrued(lot.margin, rate) for lot in figures.mined)
    for lot in figures.lots:
        if lot.due_at is not None and timeline.period_of(lot.due_at) is not None:
            value -= lot.due_usd_m * instant_factor(rate, lot.due_at - timeline.start)
    return value


def _hosting(contract: Contract, rate: float, horizon_months: int) -> tuple[float, float]:
    """Present value of a contract within and beyond the horizon."""
    accrued = contract.accrued * mean_factors(rate, len(contract.accrued))
    within, beyond = float(accrued[:horizon_months].sum()), float(accrued[horizon_months:].sum())
    for each in contract.at_once:
        sign = 1 if each.kind in ("prepayment", "residual") else -1
        amount = sign * each.amount * instant_factor(rate, each.after)
        if each.after < horizon_months - SAME_INSTANT:
            within += amount
        else:
            beyond += amount
    return within, beyond
