"""Cash, debt and bitcoin period by period. Sections 8 and 9 of docs/figures.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.plan.audit.recompute.debt import DebtPath
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.timeline import Array, Timeline

FLOWS = (
    "yield_usd_m",
    "mining_margin_usd_m",
    "contracts_usd_m",
    "hosting_rent_usd_m",
    "hosting_credit_usd_m",
    "hosting_operating_cost_usd_m",
    "hosting_power_usd_m",
    "power_recovered_usd_m",
    "prepayment_usd_m",
    "signing_cost_usd_m",
    "capex_usd_m",
    "residual_usd_m",
    "site_cost_usd_m",
    "sga_usd_m",
    "arriving_due_usd_m",
    "interest_usd_m",
    "principal_usd_m",
    "btc_sold_usd_m",
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
    """One debt by period, (P,) each, USD m."""

    opening: Array
    interest: Array
    principal: Array
    closing: Array


@dataclass(frozen=True, eq=False)
class Treasury:
    """Bitcoin by period, (P,) each; price in USD of the period's first month."""

    opening: Array
    mined: Array
    sold: Array
    closing: Array
    btc_usd: Array


def site_cost_of(figures: Figures, site: str) -> Array:
    """The company's share of the fixed cost of a site by planned month, (N,), USD m."""
    entry = figures.case.sites[site]
    return np.full(figures.timeline.months, entry.operating_cost_usd_m_per_year / 12 * entry.share)


def site_costs(figures: Figures) -> Array:
    """Fixed cost of all sites by planned month, (N,), USD m."""
    return np.asarray(np.sum([site_cost_of(figures, site) for site in figures.case.sites], axis=0))


def sga(figures: Figures) -> Array:
    """Overheads by planned month, (N,), USD m."""
    opening = figures.case.finance.opening
    years = np.arange(figures.timeline.months) // 12
    return np.asarray(opening.sga_usd_m_per_quarter / 3 * (1 + opening.sga_growth) ** years)


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
    return DebtBalance(closing + principal, interest, principal, closing)


def treasury(figures: Figures) -> Treasury:
    """Bitcoin mined, sold and kept, by period."""
    timeline, finance = figures.timeline, figures.case.finance
    mined = timeline.by_period(np.sum([lot.btc for lot in figures.mined], axis=0) + np.zeros(timeline.months))
    sold = mined.copy()
    if finance.treasury.policy == "sell_all":
        sold[0] += finance.opening.btc
    closing = finance.opening.btc + np.cumsum(mined - sold)
    price = figures.network.btc_usd[[period.start - timeline.start for period in timeline.periods]]
    return Treasury(closing - mined + sold, mined, sold, closing, price)


def cash_path(figures: Figures) -> CashPath:
    """Cash from the opening to the horizon, and what has to be kept at the end of each period."""
    timeline, finance, count = figures.timeline, figures.case.finance, len(figures.timeline.periods)
    flows = {name: np.zeros(count) for name in FLOWS}
    for lot in figures.mined:
        flows["mining_margin_usd_m"] += timeline.by_period(lot.margin)
    flows["contracts_usd_m"] += timeline.by_period(figures.power_contracts)
    for contract in figures.hosting:
        for name, amounts in (
            ("hosting_rent_usd_m", contract.rent),
            ("hosting_credit_usd_m", -contract.credit),
            ("hosting_operating_cost_usd_m", -contract.operating_cost),
            ("hosting_power_usd_m", -contract.power_cost),
            ("power_recovered_usd_m", contract.power_recovered),
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
    for path in figures.debts:
        balance = debt_balance(path, timeline)
        flows["interest_usd_m"] -= balance.interest
        flows["principal_usd_m"] -= balance.principal
    if finance.treasury.policy == "sell_all":
        flows["btc_sold_usd_m"][0] += finance.opening.btc * figures.case.market.network.btc_usd / 1e6

    # Cash yields on what there is at the beginning of a period, so it goes period by period.
    opening, closing = np.zeros(count), np.zeros(count)
    without_yield = np.sum(list(flows.values()), axis=0)
    now = finance.opening.cash_usd_m
    for place, period in enumerate(timeline.periods):
        opening[place] = now
        flows["yield_usd_m"][place] = now * finance.cash_yield * period.months / 12
        now += float(flows["yield_usd_m"][place] + without_yield[place])
        closing[place] = now
    minimum = np.full(count, finance.limits.min_cash_usd_m)
    minimum[-1] += sum(contract.capex_after(timeline.months) for contract in figures.hosting)
    return CashPath(opening, flows, closing, minimum)
