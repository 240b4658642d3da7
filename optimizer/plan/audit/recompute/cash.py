"""Cash period by period. Section 10 of docs/figures.md, 14 and 16 of docs/figures_capital.md."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from optimizer.case.covenants import Limit, as_limit
from optimizer.plan.audit.recompute.companies import companies_of, opening_cash, withheld_of
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.income_tax import TaxYear
from optimizer.plan.audit.recompute.overheads import sga, site_costs
from optimizer.plan.audit.recompute.owed import by_period, owed_of
from optimizer.plan.audit.recompute.projects import fences_of
from optimizer.plan.audit.recompute.tax import TaxPath
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, Period
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
    "dividends_usd_m",
    "trapped_usd_m",
    "equity_usd_m",
    "tax_usd_m",
    "btc_sold_usd_m",
    "btc_kept_usd_m",
)
"""What moves cash, in the order of the table."""


@dataclass(frozen=True, eq=False)
class CashPath:
    """Cash by period, (P,) each, USD m. flows: by name, cash out negative. tax_years: rows of tax.csv."""

    opening: Array
    flows: dict[str, Array]
    closing: Array
    minimum: Array
    tax_years: tuple[TaxYear, ...]


def _collateral(figures: Figures) -> Iterator[tuple[int, float]]:
    """Instants at which credit support of contracts is posted and comes back, and the company's share, USD m."""
    for each in figures.decisions.of("contract"):
        site = figures.case.sites[each.site]
        offer = site.contract_offers[each.item]
        posted = each.amount * offer.credit_support_usd_m_per_mw * site.share
        yield each.at, -posted
        yield each.at + offer.tenor, posted


def holds(limit: Limit, period: Period) -> bool:
    """Whether a limit holds at the end of a period."""
    return limit.start is None or period.end > limit.start.first + SAME_INSTANT


def cash_path(figures: Figures) -> CashPath:
    """Cash from the opening to the horizon, and what has to be kept at the end of each period."""
    timeline, finance, count = figures.timeline, figures.case.finance, len(figures.timeline.periods)
    flows = {name: np.zeros(count) for name in FLOWS}
    for mined in figures.mined:
        flows["mining_margin_usd_m"] += timeline.by_period(mined.margin)
    flows["contracts_usd_m"] += timeline.by_period(figures.power_contracts)
    flows["flexibility_usd_m"] += timeline.by_period(figures.flexibility)
    flows["delivery_usd_m"] -= timeline.by_period(figures.delivery)
    flows["collateral_usd_m"] += by_period(_collateral(figures), timeline)
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
    for owed in owed_of(figures):
        flows["interest_usd_m"] -= owed.interest
        flows["principal_usd_m"] -= owed.principal
        flows["drawn_usd_m"] += owed.drawn
        flows["fees_usd_m"] -= owed.cash_fees
        flows["dividends_usd_m"] -= owed.dividends_paid
    for fence in fences_of(figures):
        flows["trapped_usd_m"] -= fence.more_trapped
    for company in companies_of(figures):
        flows["trapped_usd_m"] -= company.more
    for issue in figures.issues:
        flows["equity_usd_m"] += by_period([(issue.at, issue.usd_m)], timeline)
    coins = treasury(figures)
    flows["btc_sold_usd_m"] += coins.from_stock * coins.btc_usd / 1e6
    flows["btc_kept_usd_m"] -= coins.kept * coins.mean_usd / 1e6

    flows["tax_usd_m"] -= withheld_of(figures)

    opening, closing = np.zeros(count), np.zeros(count)
    without = np.sum(list(flows.values()), axis=0)
    trapped = opening_cash(figures) - np.cumsum(flows["trapped_usd_m"])
    tax = TaxPath(figures)
    now = finance.opening.cash_usd_m
    for place, period in enumerate(timeline.periods):
        opening[place] = now
        # Cash yields on what there is at the beginning of a period.
        flows["yield_usd_m"][place] = now * finance.cash_yield * period.months / 12
        now += float(flows["yield_usd_m"][place] + without[place])
        # How much of its interest a company may deduct rests on the cash that it has before that tax.
        due = tax.due(place, now + float(trapped[place]))
        flows["tax_usd_m"][place] -= due
        now -= due
        closing[place] = now
    minimum = np.full(count, as_limit(finance.limits.min_cash_usd_m).limit)
    minimum[-1] += sum(contract.capex_after(timeline.months) for contract in figures.hosting)
    minimum[-1] += sum(built.cost_after(timeline.months) for built in figures.builds)
    return CashPath(opening, flows, closing, minimum, tuple(tax.rows))
