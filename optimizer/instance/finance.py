"""Finance -> what no decision changes: overheads, debt service, deliveries due, and their value."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from models.instance import Cash
from models.tree import Floats
from optimizer.case.case import Case
from optimizer.case.finance import Debt
from optimizer.instance.capital.option_value import call_value
from optimizer.instance.site_operations import SiteModel
from optimizer.market.calendar import instant_factor, month_factors, node_at
from optimizer.market.market import Market
from optimizer.operations.operations import Operations


@dataclass(frozen=True)
class Payment:
    """Debt service at one instant, months after the start."""

    at: float
    interest_usd_m: float
    principal_usd_m: float


def debt_payments(debt: Debt, start_month: int) -> tuple[Payment, ...]:
    """All payments of a debt after the start, in time (docs/figures.md, section 8)."""
    matures = debt.matures.first - start_month
    dates: list[float] = []
    j = 0
    while matures - j * debt.interest_every > 1e-9:
        dates.append(matures - j * debt.interest_every)
        j += 1
    dates.reverse()
    repaid: dict[float, float] = {}
    if debt.amortisation == "even":
        repaid = {t: debt.principal_usd_m / len(dates) for t in dates}
    elif not isinstance(debt.amortisation, str):
        repaid = {day.first - start_month: amount for day, amount in debt.amortisation.items()}
    payments: list[Payment] = []
    outstanding, accrued, since = debt.principal_usd_m, 0.0, dates[0] - debt.interest_every
    for t in sorted({*dates, *repaid}):
        accrued += outstanding * debt.rate / 12 * (t - since)
        since = t
        principal = outstanding if t >= matures - 1e-9 else min(outstanding, repaid.get(t, 0.0))
        interest = accrued if t in dates else 0.0
        if t in dates:
            accrued = 0.0
        outstanding -= principal
        payments.append(Payment(t, interest, principal))
    return tuple(payments)


def debt_owed(debt: Debt, start_month: int, instants: Floats) -> Floats:
    """Principal outstanding just before each instant, months after the start."""
    payments = debt_payments(debt, start_month)
    past = np.array([p.at for p in payments])[None, :] < instants[:, None] - 1e-9
    owed: Floats = debt.principal_usd_m - past @ np.array([p.principal_usd_m for p in payments])
    return owed


def debt_due(debt: Debt, start_month: int, instants: Floats, months: float = 12.0) -> Floats:
    """Principal that falls due within so many months of each instant, which it includes."""
    payments = debt_payments(debt, start_month)
    at = np.array([p.at for p in payments])[None, :]
    there = (at >= instants[:, None] - 1e-9) & (at < instants[:, None] + months - 1e-9)
    due: Floats = there @ np.array([p.principal_usd_m for p in payments])
    return due


def debt_accrued(debt: Debt, start_month: int, instants: Floats) -> Floats:
    """Interest that has accrued since the last interest date and is not paid, at each instant."""
    payments = debt_payments(debt, start_month)
    matures = debt.matures.first - start_month
    count = int(np.ceil((matures + 1e-9) / debt.interest_every)) + 1
    dates = matures - debt.interest_every * np.arange(count, -1, -1.0)
    accrued = np.zeros(len(instants))
    for j, instant in enumerate(instants.tolist()):
        if instant > matures + 1e-9:
            continue
        # What fell due at the first instant of the plan, or before, has been paid.
        past = (dates < instant - 1e-9) | ((dates <= 1e-9) & (dates <= instant + 1e-9))
        since = float(dates[past].max(initial=dates[0]))
        edges = [since, *(p.at for p in payments if since + 1e-9 < p.at < instant - 1e-9), instant]
        for begin, end in itertools.pairwise(edges):
            owed = float(debt_owed(debt, start_month, np.array([begin + 1e-6]))[0])
            accrued[j] += owed * debt.rate / 12 * (end - begin)
    return accrued


@dataclass(frozen=True)
class FixedFlows:
    """Flows by node (N,) that no decision changes, in USD m, positive as named; and their value by part."""

    site_cost: Floats
    sga: Floats
    arriving_due: Floats
    interest: Floats
    principal: Floats
    btc_sold: Floats
    contracts: Floats
    """What power contracts bring if no machine uses them."""
    delivery_opening: Floats
    """Charges on peaks that accrued before the start, as they are paid."""
    interest_expense: Floats
    """Interest as it accrues."""
    debt_owed: Floats
    """Principal of debts at the end of each node."""
    debt_due: Floats
    """Of it, due within twelve months."""

    @property
    def net(self) -> Floats:
        return (
            self.btc_sold
            + self.contracts
            - self.delivery_opening
            - self.site_cost
            - self.sga
            - self.arriving_due
            - self.interest
            - self.principal
        )


def conversion_value(debt: Debt, case: Case, start_month: int) -> float:
    """What the right to turn a debt of the start into shares costs today's holders, in USD m."""
    right = debt.conversion
    if right is None:
        return 0.0
    years = (debt.matures.first - start_month) / 12
    each = call_value(case.finance.opening.share_price_usd, right.price_usd, years, right.volatility, right.risk_free)
    return debt.principal_usd_m / right.price_usd * each


def overheads_by_month(case: Case, months: int) -> tuple[Floats, Floats]:
    """(K,) fixed cost of all sites, and SG&A, by month after the start."""
    k = np.arange(months)
    opening = case.finance.opening
    site: Floats = np.full(months, sum(s.operating_cost_usd_m_per_year * s.share for s in case.sites.values()) / 12)
    sga: Floats = np.asarray(opening.sga_usd_m_per_quarter / 3 * (1 + opening.sga_growth) ** (k // 12), dtype=float)
    return site, sga


def fixed_flows(case: Case, market: Market, operations: Operations, model: SiteModel) -> FixedFlows:
    """Overheads, debt service, deliveries due and bitcoin sold from stock, by node."""
    tree, cells = market.tree, market.cells
    planned = ~cells.in_tail
    site, sga = overheads_by_month(case, int(cells.month.max()) + 1)
    nodes = len(tree)
    by_node = {name: np.zeros(nodes) for name in ("site", "sga", "due", "interest", "principal", "btc")}
    np.add.at(by_node["site"], cells.node[planned], site[cells.month[planned]])
    np.add.at(by_node["sga"], cells.node[planned], sga[cells.month[planned]])
    for lot in operations.lots:
        if lot.due_at is not None:
            by_node["due"] += np.where(node_at(tree, lot.due_at), lot.due_usd_m, 0.0)
    for debt in case.finance.debts.values():
        for payment in debt_payments(debt, market.start_month):
            here = node_at(tree, payment.at)
            by_node["interest"] += np.where(here, payment.interest_usd_m, 0.0)
            by_node["principal"] += np.where(here, payment.principal_usd_m, 0.0)
    ends = tree.start_months + tree.length_months
    owed, due, expense = np.zeros(nodes), np.zeros(nodes), by_node["interest"].copy()
    for debt in case.finance.debts.values():
        owed += debt_owed(debt, market.start_month, ends)
        due += debt_due(debt, market.start_month, ends)
        expense += debt_accrued(debt, market.start_month, ends)
        expense -= debt_accrued(debt, market.start_month, tree.start_months)
    if case.finance.treasury.policy == "sell_all":
        by_node["btc"][0] = case.finance.opening.btc * case.market.network.btc_usd / 1e6
    return FixedFlows(
        site_cost=by_node["site"],
        sga=by_node["sga"],
        arriving_due=by_node["due"],
        interest=by_node["interest"],
        principal=by_node["principal"],
        btc_sold=by_node["btc"],
        contracts=unused_contracts(market, operations, model, case.discount.mining)[0],
        delivery_opening=opening_charges(case, market, operations),
        interest_expense=expense,
        debt_owed=owed,
        debt_due=due,
    )


def unused_contracts(market: Market, operations: Operations, model: SiteModel, rate: float) -> tuple[Floats, float]:
    """What contracts bring if no machine uses them: by node (N,) in USD m, and its present value.

    Fixed contracts left unused as a whole, and settlements of financial blocks.
    """
    cells = market.cells
    factor = month_factors(rate, cells.month) * market.tree.probability[cells.node]
    by_node, value = np.zeros(len(market.tree)), 0.0
    amounts = [(cell, amount) for _, cell, amount in model.constants]
    amounts += [entry for settlement in operations.settlements for entry in settlement.usd_m.items()]
    for cell, amount in amounts:
        by_node[cells.node[cell]] += amount
        value += amount * float(factor[cell])
    return by_node, value


def opening_charges(case: Case, market: Market, operations: Operations) -> Floats:
    """(N,) charges on peaks that accrued before the start, as they are paid; the company's share."""
    by_node = np.zeros(len(market.tree))
    for clock in operations.clocks:
        for billing in clock.billing.values():
            for month, amount in billing.opening():
                by_node += np.where(node_at(market.tree, month), amount * clock.site.share, 0.0)
    return by_node


def opening_charges_value(market: Market, operations: Operations, rate: float) -> float:
    """Their present value, within the horizon or not."""
    return sum(
        amount * clock.site.share * float(month_factors(rate, np.array([month]))[0])
        for clock in operations.clocks
        for billing in clock.billing.values()
        for month, amount in billing.opening()
    )


def cash_arrays(case: Case, market: Market, flows: FixedFlows, held: Floats) -> Cash:
    """The company's cash as far as no decision changes it; ``held`` (N,) is what ring-fences of debts keep."""
    parent = market.tree.parent
    held_before = np.where(parent >= 0, held[parent], 0.0)
    return Cash(
        opening_usd_m=case.finance.opening.cash_usd_m,
        growth=1 + case.finance.cash_yield * market.tree.length_months / 12,
        fixed_usd_m=flows.net + held_before - held,
        minimum_usd_m=np.full(len(market.tree), case.finance.limits.least_cash_usd_m),
    )


@dataclass(frozen=True)
class FixedValue:
    """The part of the value that no decision changes, in USD m (within the horizon, beyond it)."""

    opening_cash: float
    opening_btc: float
    contracts: float
    """If no machine uses them."""
    delivery_opening: float
    arriving_due: float
    site_cost: float
    sga: float
    debt_within: float
    debt_beyond: float

    @property
    def total(self) -> float:
        return (
            self.opening_cash
            + self.opening_btc
            + self.contracts
            - self.delivery_opening
            - self.arriving_due
            - self.site_cost
            - self.sga
            - self.debt_within
            - self.debt_beyond
        )


def fixed_value(
    case: Case, market: Market, operations: Operations, model: SiteModel, rate: float | None = None
) -> FixedValue:
    """By APV, each flow at the rate of its class; with ``rate``, all but cash, bitcoin and debt at that one rate."""
    tree, cells = market.tree, market.cells
    planned = ~cells.in_tail
    corporate = case.discount.corporate if rate is None else rate
    mining = case.discount.mining if rate is None else rate
    horizon = float((tree.start_months + tree.length_months).max())
    site, sga = overheads_by_month(case, int(cells.month.max()) + 1)
    weight = tree.probability[cells.node] * month_factors(corporate, cells.month) * planned
    within = beyond = 0.0
    for debt in case.finance.debts.values():
        priced_at = debt.rate if debt.conversion is None else debt.conversion.straight_rate
        period_rate = priced_at * debt.interest_every / 12
        within += conversion_value(debt, case, market.start_month)
        for p in debt_payments(debt, market.start_month):
            value = (p.interest_usd_m + p.principal_usd_m) * (1 + period_rate) ** (-p.at / debt.interest_every)
            if p.at < horizon - 1e-9:
                within += value
            else:
                beyond += value
    opening = case.finance.opening
    return FixedValue(
        opening_cash=opening.cash_usd_m + sum(c.opening_cash_usd_m for c in case.finance.companies.values()),
        opening_btc=opening.btc * case.market.network.btc_usd / 1e6,
        contracts=unused_contracts(market, operations, model, mining)[1],
        delivery_opening=opening_charges_value(market, operations, mining),
        arriving_due=sum(
            lot.due_usd_m * instant_factor(mining, lot.due_at)
            for lot in operations.lots
            if lot.due_at is not None and lot.due_at < horizon - 1e-9
        ),
        site_cost=float((site[cells.month] * weight).sum()),
        sga=float((sga[cells.month] * weight).sum()),
        debt_within=within,
        debt_beyond=beyond,
    )
