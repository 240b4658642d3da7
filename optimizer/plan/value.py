"""``value.csv``: the value by part, within the horizon and beyond, and at one WACC (docs/figures.md, section 11)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from models.forward_money import breaches_value, money_value
from models.tree import Floats
from optimizer.instance.builds import build_value
from optimizer.instance.finance import FixedValue, fixed_value
from optimizer.instance.tax_rules import residual_tax, tax_after_horizon
from optimizer.market.calendar import instant_factor, month_factors, month_in
from optimizer.market.market import Market
from optimizer.plan.build import Plan, SignedOffer
from optimizer.plan.table import Cell, Table, table


def value_table(plan: Plan) -> Table:
    """The value by part."""
    prepared, case = plan.prepared, plan.prepared.case
    wacc = case.discount.wacc
    parts = dict(_parts(plan, prepared.value, None))
    flat = None
    if wacc is not None:
        flat = dict(
            _parts(plan, fixed_value(case, prepared.market, prepared.operations, prepared.site_model, wacc), wacc)
        )
    parts["total"] = (sum(part[0] for part in parts.values()), sum(part[1] for part in parts.values()))
    if flat is not None:
        flat["total"] = (sum(sum(part) for part in flat.values()), 0.0)
    rows: list[tuple[Cell, ...]] = [
        (name, within, beyond, within + beyond, sum(flat[name]) if flat is not None else None)
        for name, (within, beyond) in parts.items()
    ]
    columns = ("component", "within_horizon_usd_m", "beyond_horizon_usd_m", "total_usd_m", "at_wacc_usd_m")
    return table(columns, rows)


def _parts(plan: Plan, fixed: FixedValue, rate: float | None) -> Iterator[tuple[str, tuple[float, float]]]:
    """(name, (within, beyond)) of each part, each at the rate of its class, or all at one rate."""
    discount = plan.prepared.case.discount
    mining = discount.mining if rate is None else rate
    hosting = {
        offer.index: (
            rate
            if rate is not None
            else offer.option.terms.discount
            if offer.option.terms.discount is not None
            else discount.hosting
        )
        for offer in plan.signed
    }
    yield "opening_cash", (fixed.opening_cash, 0.0)
    yield "opening_btc", (fixed.opening_btc, 0.0)
    yield "mining", (mining_value(plan, mining) - fixed.arriving_due, 0.0)
    yield "contracts", (sum(_monthly(plan, c.result, mining) for c in plan.months.contracts.values()), 0.0)
    yield "flexibility", (sum(_monthly(plan, p.income, mining) for p in plan.months.programs.values()), 0.0)
    yield "delivery", delivery_value(plan, mining)
    yield "machines", machines_value(plan, mining)
    yield "builds", builds_value(plan, rate)
    for offer in plan.signed:
        yield f"hosting: {offer.option.offer_name}", hosting_value(plan, offer, hosting[offer.index])
    yield "site_cost", (-fixed.site_cost, 0.0)
    yield "sga", (-fixed.sga, 0.0)
    later = sum(later_tax(plan, offer, hosting[offer.index]) for offer in plan.signed) + machines_tax(plan, mining)
    yield "tax", (-tax_value(plan, discount.corporate if rate is None else rate), -later)
    yield "debt", (-fixed.debt_within, -fixed.debt_beyond)
    yield "financing", (financing_value(plan), 0.0)
    yield "breaches", (0.0 - breaches_value(plan.instance, plan.states.limits), 0.0)


def weights(market: Market, rate: float) -> Floats:
    """(J,) discount factor x probability of each month cell."""
    result: Floats = month_factors(rate, market.cells.month) * market.tree.probability[market.cells.node]
    return result


def _monthly(plan: Plan, amounts: Floats, rate: float) -> float:
    """Present value of amounts by month cell."""
    return float((amounts * weights(plan.prepared.market, rate)).sum())


def mining_value(plan: Plan, rate: float) -> float:
    """Present value of the margin of all lots within the horizon."""
    return _monthly(plan, plan.months.margin.sum(axis=0), rate)


def delivery_value(plan: Plan, rate: float) -> tuple[float, float]:
    """Present value of machines' delivery charges, as they are paid (never positive)."""
    prepared = plan.prepared
    tree = prepared.market.tree
    horizon = float((tree.start_months + tree.length_months).max())
    within = beyond = 0.0
    for clock in prepared.operations.clocks:
        for billing in clock.billing.values():
            for month, amount in billing.opening():
                value = amount * clock.site.share * float(month_factors(rate, np.array([month]))[0])
                within, beyond = (within + value, beyond) if month < horizon else (within, beyond + value)
    for (site, name), charge in plan.months.charges.items():
        parts = prepared.redispatch.due.parts(site, name, charge.accrued, rate, horizon)
        within, beyond = within + parts[0], beyond + parts[1]
    return 0.0 - within, 0.0 - beyond


def machines_value(plan: Plan, rate: float) -> tuple[float, float]:
    """Purchases, moves and sales; and what is left at the horizon."""
    market, trade = plan.prepared.market, plan.prepared.open.trade
    tree = market.tree
    if trade is None:
        return 0.0, 0.0
    flows = sum(plan.cash[f"machines_{name}_usd_m"] for name in ("bought", "moved", "sold"))
    factor = np.array([instant_factor(rate, float(t)) for t in tree.start_months]) * tree.probability
    return float((flows * factor).sum()), _left_at_horizon(plan, trade.end_value_usd_m_per_eh, rate)


def machines_tax(plan: Plan, rate: float) -> float:
    """Present value of tax on the machines that are left at the horizon."""
    trade = plan.prepared.open.trade
    return _left_at_horizon(plan, trade.end_tax_usd_m_per_eh, rate) if trade is not None else 0.0


def _left_at_horizon(plan: Plan, each: Floats, rate: float) -> float:
    """An amount (L, N) per EH/s left at the horizon, discounted at the rate for mining; here at another."""
    tree, own = plan.prepared.market.tree, plan.prepared.case.discount.mining
    here = plan.states.stored_eh_s.copy()
    np.add.at(here, plan.prepared.open.places.lot, plan.states.installed_eh_s)
    ends = tree.start_months + tree.length_months
    again = np.array([instant_factor(rate, float(t)) / instant_factor(own, float(t)) for t in ends])
    return float((each * here * again).sum())


def builds_value(plan: Plan, rate: float | None) -> tuple[float, float]:
    """Cost and operating cost of what is built."""
    within = beyond = 0.0
    for u in np.flatnonzero(plan.decisions.built):
        parts = build_value(plan.prepared.case, plan.prepared.market, plan.prepared.choices.builds[u], rate)
        within += int(plan.decisions.built[u]) * parts[0]
        beyond += int(plan.decisions.built[u]) * parts[1]
    return within, beyond


def hosting_value(plan: Plan, offer: SignedOffer, rate: float) -> tuple[float, float]:
    """Present value of a lease or signature within the horizon, and beyond it."""
    market, flows = plan.prepared.market, offer.option.flows
    tree, cells = market.tree, market.cells
    follows = tree.reaches[offer.option.node, cells.node]
    weight = np.where(follows, tree.probability[cells.node], 0.0)
    monthly = offer.halls * flows.net[cells.month] * weight * month_factors(rate, cells.month)
    parts = [float(monthly[~cells.in_tail].sum()), float(monthly[cells.in_tail].sum())]
    parts[0] -= flows.signing_cost * float(tree.probability[offer.option.node]) * instant_factor(rate, flows.signed)
    for at, amount in flows.instants():
        for j in np.flatnonzero(month_in(cells, at)):
            parts[int(cells.in_tail[j])] += offer.halls * amount * float(weight[j]) * instant_factor(rate, at)
    return parts[0], parts[1]


def tax_value(plan: Plan, rate: float) -> float:
    """Present value of tax within the horizon."""
    tree = plan.prepared.market.tree
    ends = tree.start_months + tree.length_months
    factor = np.array([instant_factor(rate, float(t)) for t in ends]) * tree.probability
    starts = np.array([instant_factor(rate, float(t)) for t in tree.start_months]) * tree.probability
    withheld = plan.states.companies.withheld_usd_m.sum(axis=0)
    return float((plan.states.tax_usd_m * factor).sum() + (withheld * starts).sum())


def later_tax(plan: Plan, offer: SignedOffer, rate: float) -> float:
    """Present value of tax on what a contract earns after the horizon, and on the residual at its end."""
    prepared, option = plan.prepared, offer.option
    cells = prepared.market.cells
    follows = prepared.market.tree.reaches[option.node, cells.node] & cells.in_tail
    monthly = tax_after_horizon(prepared.case, prepared.market, option.site_name, option.flows)
    total = float((offer.halls * monthly[cells.month] * follows * weights(prepared.market, rate)).sum())
    over, at = residual_tax(prepared.case, prepared.market, option.site_name, option.flows), option.flows.rent_until
    ends = float((follows & month_in(cells, at)) @ prepared.market.tree.probability[cells.node])
    return total + offer.halls * over * instant_factor(rate, at) * ends


def financing_value(plan: Plan) -> float:
    """What new money costs today's holders: fees, and what new holders are given for less than it is worth."""
    return money_value(plan.instance, plan.decisions)


def rent_value(plan: Plan, offer: SignedOffer) -> float:
    """Present value of all that is in proportion to a contract's rent: rent, prepayment and its credit, USD m.

    What the tenant lends of capex is a fixed amount, so its credit is not in it.
    """
    market, flows = plan.prepared.market, offer.option.flows
    cells = market.cells
    own = offer.option.terms.discount
    rate = own if own is not None else plan.prepared.case.discount.hosting
    follows = market.tree.reaches[offer.option.node, cells.node]
    monthly = (flows.rent - flows.credit + flows.lent_credit)[cells.month] * weights(market, rate) * follows
    probability = float(market.tree.probability[offer.option.node])
    return offer.halls * (float(monthly.sum()) + flows.prepayment * instant_factor(rate, flows.signed) * probability)
