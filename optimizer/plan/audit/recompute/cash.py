"""Cash and debt period by period. Sections 8 to 10 of docs/figures.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from optimizer.plan.audit.recompute.debt import DebtPath
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.new_money import LoanPath
from optimizer.plan.audit.recompute.overheads import sga, site_costs
from optimizer.plan.audit.recompute.tax import tax_by_period
from optimizer.plan.audit.recompute.timeline import Array, Timeline
from optimizer.plan.audit.recompute.treasury import treasury

FLOWS = (
    "yield_usd_m",
    "mining_margin_usd_m",
    "contracts_usd_m",
    "flexibility_usd_m",
    "delivery_usd_m",
    "collateral_usd_m",
    "machines_bought_usd_m",
    "machines_moved_usd_m",
    "machines_sold_usd_m",
    "builds_usd_m",
    "builds_operating_usd_m",
    "hosting_rent_usd_m",
    "hosting_credit_usd_m",
    "hosting_operating_cost_usd_m",
    "hosting_power_usd_m",
    "power_recovered_usd_m",
    "hosting_delivery_usd_m",
    "delivery_recovered_usd_m",
    "prepayment_usd_m",
    "signing_cost_usd_m",
    "capex_usd_m",
    "residual_usd_m",
    "site_cost_usd_m",
    "sga_usd_m",
    "arriving_due_usd_m",
    "interest_usd_m",
    "principal_usd_m",
    "drawn_usd_m",
    "fees_usd_m",
    "equity_usd_m",
    "tax_usd_m",
    "btc_sold_usd_m",
    "btc_kept_usd_m",
)
"""What moves cash, in the order of the table."""


@dataclass(frozen=True, eq=False)
class CashPath:
    """Cash by period, (P,) each, USD m. flows: by name, cash out negative."""

    opening: Array
    flows: dict[str, Array]
    closing: Array
    minimum: Array


@dataclass(frozen=True, eq=False)
class DebtBalance:
    """A debt or a loan by period, (P,) each, USD m."""

    opening: Array
    drawn: Array
    interest: Array
    principal: Array
    closing: Array


def debt_balance(path: DebtPath, timeline: Timeline) -> DebtBalance:
    """What a debt pays and what is left of it, by period."""
    count = len(timeline.periods)
    interest, principal = np.zeros(count), np.zeros(count)
    for payment in path.payments:
        place = timeline.period_of(payment.at)
        if place is not None:
            interest[place] += payment.interest
            principal[place] += payment.principal
    closing = path.debt.principal_usd_m - np.cumsum(principal)
    return DebtBalance(closing + principal, np.zeros(count), interest, principal, closing)


def loan_balance(path: LoanPath, timeline: Timeline) -> DebtBalance:
    """What all draws of a loan bring and pay together, by period."""
    count = len(timeline.periods)
    drawn, interest, principal = np.zeros(count), np.zeros(count), np.zeros(count)
    for draw in path.draws:
        drawn += _at(draw.at, draw.usd_m, timeline)
        for payment in draw.payments:
            interest += _at(payment.at, payment.interest, timeline)
            principal += _at(payment.at, payment.principal, timeline)
    closing = np.cumsum(drawn - principal)
    return DebtBalance(closing - drawn + principal, drawn, interest, principal, closing)


def _at(instant: float, amount: float, timeline: Timeline) -> Array:
    """An amount in the period of its instant, (P,)."""
    sums = np.zeros(len(timeline.periods))
    place = timeline.period_of(instant)
    if place is not None:
        sums[place] = amount
    return sums


def _collateral(figures: Figures) -> Iterator[tuple[int, float]]:
    """Instants at which credit support of contracts is posted and comes back, and the company's share, USD m."""
    for each in figures.decisions.of("contract"):
        site = figures.case.sites[each.site]
        offer = site.contract_offers[each.item]
        posted = each.amount * offer.credit_support_usd_m_per_mw * site.share
        yield each.at, -posted
        yield each.at + offer.tenor, posted


def cash_path(figures: Figures) -> CashPath:
    """Cash from the opening to the horizon, and what has to be kept at the end of each period."""
    timeline, finance, count = figures.timeline, figures.case.finance, len(figures.timeline.periods)
    flows = {name: np.zeros(count) for name in FLOWS}
    for mined in figures.mined:
        flows["mining_margin_usd_m"] += timeline.by_period(mined.margin)
    flows["contracts_usd_m"] += timeline.by_period(figures.power_contracts)
    flows["flexibility_usd_m"] += timeline.by_period(figures.flexibility)
    flows["delivery_usd_m"] -= timeline.by_period(figures.delivery)
    for at, usd_m in _collateral(figures):
        flows["collateral_usd_m"] += _at(at, usd_m, timeline)
    flows["machines_bought_usd_m"] -= timeline.by_period(figures.deals.bought)
    flows["machines_moved_usd_m"] -= timeline.by_period(figures.deals.moved)
    flows["machines_sold_usd_m"] += timeline.by_period(figures.deals.sold)
    for built in figures.builds:
        flows["builds_usd_m"] -= timeline.by_period(built.cost_within(timeline.months))
        flows["builds_operating_usd_m"] -= timeline.by_period(built.operating)
    for contract in figures.hosting:
        for name, amounts in (
            ("hosting_rent_usd_m", contract.rent),
            ("hosting_credit_usd_m", -contract.credit),
            ("hosting_operating_cost_usd_m", -contract.operating_cost),
            ("hosting_power_usd_m", -contract.power_cost),
            ("power_recovered_usd_m", contract.power_recovered),
            ("hosting_delivery_usd_m", -contract.delivery_cost),
            ("delivery_recovered_usd_m", contract.delivery_recovered),
            ("capex_usd_m", -contract.capex),
        ):
            flows[name] += timeline.by_period(amounts)
        flows["prepayment_usd_m"] += contract.paid("prepayment", timeline)
        flows["signing_cost_usd_m"] -= contract.paid("signing_cost", timeline)
        flows["capex_usd_m"] -= contract.paid("capex", timeline)
        flows["residual_usd_m"] += contract.paid("residual", timeline)
    flows["site_cost_usd_m"] -= timeline.by_period(site_costs(figures))
    flows["sga_usd_m"] -= timeline.by_period(sga(figures))
    for each in figures.lots:
        place = None if each.due_at is None else timeline.period_of(each.due_at)
        if place is not None:
            flows["arriving_due_usd_m"][place] -= each.due_usd_m
    balances = [debt_balance(path, timeline) for path in figures.debts]
    balances += [loan_balance(path, timeline) for path in figures.loans]
    for balance in balances:
        flows["interest_usd_m"] -= balance.interest
        flows["principal_usd_m"] -= balance.principal
        flows["drawn_usd_m"] += balance.drawn
    for path in figures.loans:
        for draw in path.draws:
            flows["fees_usd_m"] -= _at(draw.at, draw.fee_usd_m, timeline)
    for issue in figures.issues:
        flows["equity_usd_m"] += _at(issue.at, issue.usd_m, timeline)
    flows["tax_usd_m"] -= tax_by_period(figures)
    coins = treasury(figures)
    flows["btc_sold_usd_m"] += coins.from_stock * coins.btc_usd / 1e6
    flows["btc_kept_usd_m"] -= coins.kept * coins.mean_usd / 1e6

    # Cash yields on what there is at the beginning of a period, so it goes period by period.
    opening, closing = np.zeros(count), np.zeros(count)
    without_yield = np.sum(list(flows.values()), axis=0)
    now = finance.opening.cash_usd_m
    for place, period in enumerate(timeline.periods):
        opening[place] = now
        flows["yield_usd_m"][place] = now * finance.cash_yield * period.months / 12
        now += float(flows["yield_usd_m"][place] + without_yield[place])
        closing[place] = now
    minimum = np.full(count, finance.limits.least_cash_usd_m)
    minimum[-1] += sum(contract.capex_after(timeline.months) for contract in figures.hosting)
    minimum[-1] += sum(built.cost_after(timeline.months) for built in figures.builds)
    return CashPath(opening, flows, closing, minimum)
