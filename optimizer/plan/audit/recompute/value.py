"""What a plan is worth, part by part. Section 11 of docs/figures.md, 16 of docs/figures_capital.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from optimizer.plan.audit.recompute.cash import CashPath
from optimizer.plan.audit.recompute.companies import opening_cash, withheld_of, withheld_value
from optimizer.plan.audit.recompute.covenants import breaches
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.hosting import Contract
from optimizer.plan.audit.recompute.new_money import dilutes, financing
from optimizer.plan.audit.recompute.overheads import sga, site_costs
from optimizer.plan.audit.recompute.tax import tax_beyond, tax_within
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


def components_of(figures: Figures, cash: CashPath, intrinsic_to_market: float | None = None) -> tuple[Component, ...]:
    """Every part of the value in the order of value.csv, without the total.

    intrinsic_to_market: what a share is worth over its market price, as the plan states it; by default the fixed point.
    """
    before, wacc = _before_financing(figures, cash), figures.case.discount.wacc
    broken = _level("breaches", -breaches(figures, cash), wacc)
    if intrinsic_to_market is None:
        intrinsic_to_market = fixed_point(figures, sum(each.total for each in (*before, broken)))
    return (*before, _level("financing", financing(figures, intrinsic_to_market), wacc), broken)


def fixed_point(figures: Figures, before_financing: float) -> float:
    """What today's share is worth over its market price, if new ones or a right to them are sold; at least 1.

    ``before_financing`` is the value without the row financing. The more a share is worth the more is lost with each
    that is sold below that, so there is one point where both agree.
    """
    opening = figures.case.finance.opening
    market = opening.shares_m * opening.share_price_usd

    def above(intrinsic_to_market: float) -> float:
        return (before_financing + financing(figures, intrinsic_to_market)) / market - intrinsic_to_market

    if not dilutes(figures) or above(1.0) <= 0:
        return 1.0
    return float(brentq(above, 1.0, 1.0 + above(1.0), xtol=1e-14, rtol=1e-14))


def _before_financing(figures: Figures, cash: CashPath) -> tuple[Component, ...]:
    case, timeline = figures.case, figures.timeline
    discount, opening = case.discount, case.finance.opening
    wacc = discount.wacc
    found = [_level("opening_cash", opening.cash_usd_m + opening_cash(figures), wacc)]
    found.append(_level("opening_btc", opening.btc * case.market.network.btc_usd / 1e6, wacc))
    found.append(
        Component("mining", _mining(figures, discount.mining), 0.0, None if wacc is None else _mining(figures, wacc))
    )
    for name, by_month in (("contracts", figures.power_contracts), ("flexibility", figures.flexibility)):
        at_wacc = None if wacc is None else _accrued(by_month, wacc)
        found.append(Component(name, _accrued(by_month, discount.mining), 0.0, at_wacc))
    within, beyond = _delivery(figures, discount.mining)
    found.append(Component("delivery", within, beyond, None if wacc is None else sum(_delivery(figures, wacc))))
    within, beyond = _machines(figures, discount.mining)
    found.append(Component("machines", within, beyond, None if wacc is None else sum(_machines(figures, wacc))))
    within, beyond = _builds(figures, discount.mining, discount.corporate)
    found.append(Component("builds", within, beyond, None if wacc is None else sum(_builds(figures, wacc, wacc))))

    def hosting_rate(contract: Contract) -> float:
        return discount.hosting if contract.discount is None else contract.discount

    for contract in figures.hosting:
        within, beyond = _hosting(contract, hosting_rate(contract), timeline.months)
        at_wacc = None if wacc is None else sum(_hosting(contract, wacc, timeline.months))
        found.append(Component(f"hosting: {contract.name}", within, beyond, at_wacc))
    for name, cost in (("site_cost", site_costs(figures)), ("sga", sga(figures))):
        at_wacc = None if wacc is None else -_accrued(cost, wacc)
        found.append(Component(name, -_accrued(cost, discount.corporate), 0.0, at_wacc))
    # Tax is paid at the end of a period, what is withheld where it begins.
    paid = -cash.flows["tax_usd_m"] - withheld_of(figures)

    def taxed(rate: float) -> float:
        return tax_within(paid, timeline, rate) + withheld_value(figures, rate)

    at_wacc = None if wacc is None else -taxed(wacc) - tax_beyond(figures, wacc, lambda _: wacc)
    within, beyond = -taxed(discount.corporate), -tax_beyond(figures, discount.mining, hosting_rate)
    found.append(Component("tax", within, beyond, at_wacc))
    within = -sum(path.value(timeline.start, timeline.end) for path in figures.debts)
    within -= sum(path.option_usd_m(opening.share_price_usd) for path in figures.debts)
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
    value = sum(_accrued(mined.margin, rate) for mined in figures.mined)
    for lot in figures.lots:
        if lot.due_at is not None and timeline.period_of(lot.due_at) is not None:
            value -= lot.due_usd_m * instant_factor(rate, lot.due_at - timeline.start)
    return value


def _delivery(figures: Figures, rate: float) -> tuple[float, float]:
    """What machines accrue within the horizon, when it is paid: within and beyond the horizon."""
    within = beyond = 0.0
    for charge in figures.charges:
        paid = charge.paid * mean_factors(rate, len(charge.paid))
        within -= float(paid[: figures.timeline.months].sum())
        beyond -= float(paid[figures.timeline.months :].sum())
    return within, beyond


def _machines(figures: Figures, rate: float) -> tuple[float, float]:
    """Deals with machines within the horizon, and what is left of them there."""
    deals, timeline = figures.deals, figures.timeline
    flows = deals.sold - deals.bought - deals.moved
    within = sum(float(flows[month]) * instant_factor(rate, int(month)) for month in np.flatnonzero(flows))
    return within, deals.left_usd_m * instant_factor(rate, timeline.months)


def _builds(figures: Figures, mining: float, corporate: float) -> tuple[float, float]:
    parts = [built.value(mining, corporate) for built in figures.builds]
    return sum(within for within, _ in parts), sum(beyond for _, beyond in parts)


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
