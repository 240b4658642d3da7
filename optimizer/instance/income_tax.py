"""Taxes of the case -> arrays of the model: what is taxed where, and what is written off when.

Rules in docs/figures_capital.md, section 15; schedules and rates in ``tax_rules.py``.
"""

from __future__ import annotations

import numpy as np

from models.income_tax_arrays import IncomeTax
from models.tree import Bools, Floats, Ints
from optimizer.case.case import Case
from optimizer.case.facilities import (
    BtcLine,
    Convertible,
    CreditLine,
    EquityIssue,
    Facility,
    ProjectBond,
    SweepLoan,
    TermLoan,
)
from optimizer.instance.builds import BuildOption
from optimizer.instance.capital.tranches import Tranche
from optimizer.instance.capital.tranches import by_node as tranche_by_node
from optimizer.instance.finance import FixedFlows
from optimizer.instance.hosting import Option
from optimizer.instance.machines import by_node, new_price_usd_per_th
from optimizer.instance.tax_rules import HOME, country_of, hall_shares, overlap, rate_at, written_off
from optimizer.market.calendar import instant_factor, node_at
from optimizer.market.market import Market
from optimizer.operations.operations import Operations


def income_tax_arrays(
    case: Case,
    market: Market,
    operations: Operations,
    options: tuple[Option, ...],
    builds: tuple[BuildOption, ...],
    fixed: FixedFlows,
    tranches: tuple[Tranche, ...],
    trapped: Floats,
    most_cash_usd_m: float,
) -> IncomeTax | None:
    """Income tax of a case; None where it has no section ``tax``.

    ``trapped`` (N,) for debts of the start at the end of each node; ``most_cash_usd_m`` more than any plan has.
    """
    tax, tree = case.finance.tax, market.tree
    if tax is None:
        return None
    names = (HOME, *tax.countries)
    of_site = {site: names.index(country_of(tax, site)) for site in case.sites}
    by_site = np.array([of_site[site] for site in case.sites], dtype=np.int64)
    lot_country = np.array([of_site[lot.site_name] for lot in operations.lots], dtype=np.int64)
    ends: Floats = tree.start_months + tree.length_months
    begins = [market.start_month + float(t) for t in tree.start_months]
    orders, arrivals = _machines(case, market, operations, lot_country, len(names))
    halls, signatures, residual = _halls(case, market, options)
    own = np.array([_is_own_at_home(t, options, by_site) for t in tranches], dtype=bool)
    return IncomeTax(
        country=names,
        year=((market.start_month + tree.start_months) // 12).astype(np.int64),
        rate=np.array([[rate_at(tax, name, month) for month in begins] for name in names]),
        value_factor=np.array([instant_factor(case.discount.corporate, float(t)) for t in ends]) * tree.probability,
        losses_usd_m=np.array([tax.losses_usd_m, *(country.losses_usd_m for country in tax.countries.values())]),
        loss_limit=tax.loss_limit,
        interest_limit=tax.interest_limit,
        interest_carried_usd_m=tax.interest_carried_usd_m,
        idle_cash_rate=idle_cash_rate(case),
        is_own=own,
        own_paid=_own_paid(market, tranches, own),
        most_cash_usd_m=most_cash_usd_m,
        fixed_trapped_usd_m=trapped,
        month_share=tree.length_months / 12,
        place=np.array([by_site[place.site] for place in operations.places], dtype=np.int64),
        lot=lot_country,
        option=np.array([by_site[option.site] for option in options], dtype=np.int64),
        build=np.array([by_site[build.site] for build in builds], dtype=np.int64),
        fixed_ebitda_usd_m=_fixed_ebitda(case, market, fixed, by_site, len(names)),
        fixed_deduction_usd_m=arrivals + _opening(case, market, len(names)),
        fixed_interest_usd_m=fixed.interest_expense,
        order_deduction=orders,
        hall_deduction=halls,
        signature_deduction=signatures,
        build_deduction=_builds(case, market, builds),
        hall_residual=residual,
        btc_before_usd_m=case.market.network.btc_usd / 1e6,
        btc_price_usd_m=np.array([float(market.network.btc_usd[round(float(t))]) / 1e6 for t in ends]),
    )


def is_own(facility: Facility) -> bool:
    """Whether its interest is own: that of new money which is tied to no cost, so that it may lie idle."""
    if isinstance(facility, TermLoan):
        return facility.loan_to_cost is None
    if isinstance(facility, ProjectBond):
        return facility.loan_to_cost is None or facility.loan_to_cost > 1
    return isinstance(facility, Convertible | CreditLine | BtcLine | SweepLoan)


def idle_cash_rate(case: Case) -> float:
    """What idle cash is reckoned to earn a year: as given, or the highest rate of those whose interest is own."""
    finance = case.finance
    if finance.tax is None:
        return 0.0
    rates = [f.rate for f in finance.facilities.values() if not isinstance(f, EquityIssue) and is_own(f)]
    if not rates:
        return 0.0
    return finance.tax.idle_cash_rate if finance.tax.idle_cash_rate is not None else max(rates)


def _is_own_at_home(tranche: Tranche, options: tuple[Option, ...], by_site: Ints) -> bool:
    at_home = tranche.option < 0 or int(by_site[options[tranche.option].site]) == 0
    return at_home and is_own(tranche.terms)


def _own_paid(market: Market, tranches: tuple[Tranche, ...], own: Bools) -> Floats:
    """(D, N) interest paid, and principal times the part of the node that has passed when it is paid."""
    begins, months = market.tree.start_months, market.tree.length_months
    paid = np.zeros((len(tranches), len(market.tree)))
    for d in np.flatnonzero(own).tolist():
        at, principal = tranches[d].table("at"), tranches[d].table("principal")
        paid[d] = tranche_by_node(market, tranches[d], tranches[d].table("interest"))
        for n in np.flatnonzero(market.tree.reaches[tranches[d].node]).tolist():
            passed = (at - begins[n]) / months[n]
            inside = (passed > 1e-9) & (passed < 1 - 1e-9)
            paid[d, n] += float((principal * passed)[inside].sum())
    return paid


def _months(market: Market) -> int:
    return int(market.cells.month.max()) + 1


def _nodes(market: Market, monthly: Floats, follows: Bools) -> Floats:
    """(K,) by month after the start -> (N,) within the horizon, at nodes that follow."""
    sums: Floats = by_node(monthly[market.cells.month][None, :], market)[0] * follows
    return sums


def _fixed_ebitda(case: Case, market: Market, fixed: FixedFlows, by_site: Ints, countries: int) -> Floats:
    """(G, N) overheads and what contracts bring unused: that of the company, and that of the sites of each country."""
    tree = market.tree
    months = tree.length_months / 12
    result = np.zeros((countries, len(tree)))
    for country, site in zip(by_site, case.sites.values(), strict=True):
        if country > 0:
            result[country] -= site.operating_cost_usd_m_per_year * site.share * months
    result[0] = fixed.contracts - fixed.delivery_opening - fixed.site_cost - fixed.sga - result.sum(axis=0)
    return result


def _machines(
    case: Case, market: Market, operations: Operations, lot_country: Ints, countries: int
) -> tuple[Floats, Floats]:
    """(L, N) depreciation per EH/s ordered, and (G, N) of what is due on lots that arrive."""
    assert case.finance.tax is not None
    rule, tree, months = case.finance.tax.depreciation.machines, market.tree, _months(market)
    orders, arrivals = np.zeros((len(operations.lots), len(tree))), np.zeros((countries, len(tree)))
    for c, lot in enumerate(operations.lots):
        if lot.order_node >= 0:
            at = round(float(tree.start_months[lot.order_node]))
            price = new_price_usd_per_th(case.machines[lot.machine], market, at) * lot.share
            shares = written_off(rule, lot.present_from, market.start_month, months)
            orders[c] = price * _nodes(market, shares, tree.reaches[lot.order_node])
        elif lot.due_at is not None and lot.due_usd_m:
            shares = written_off(rule, lot.due_at, market.start_month, months)
            arrivals[lot_country[c]] += lot.due_usd_m * _nodes(market, shares, np.ones(len(tree), dtype=bool))
    return orders, arrivals


def _halls(case: Case, market: Market, options: tuple[Option, ...]) -> tuple[Floats, Floats, Floats]:
    """(O, N) depreciation per hall and per signature, and what is received per hall at the end of a contract."""
    shape = (len(options), len(market.tree))
    halls, signatures, residual = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for o, option in enumerate(options):
        flows, follows = option.flows, market.tree.reaches[option.node]
        shares = _nodes(market, hall_shares(case, market, flows), follows)
        halls[o] = flows.total_capex * shares
        signatures[o] = flows.signing_cost * shares
        residual[o] = np.where(node_at(market.tree, flows.rent_until) & follows, flows.residual, 0.0)
    return halls, signatures, residual


def _builds(case: Case, market: Market, builds: tuple[BuildOption, ...]) -> Floats:
    """(U, N) depreciation of one build, from its completion on."""
    assert case.finance.tax is not None
    rule, months = case.finance.tax.depreciation.buildings, _months(market)
    result = np.zeros((len(builds), len(market.tree)))
    for u, build in enumerate(builds):
        shares = written_off(rule, build.in_use_from, market.start_month, months)
        result[u] = build.total_cost * _nodes(market, shares, market.tree.reaches[build.node])
    return result


def _opening(case: Case, market: Market, countries: int) -> Floats:
    """(G, N) depreciation of what was there at the start: the parent's."""
    assert case.finance.tax is not None
    result, months = np.zeros((countries, len(market.tree))), _months(market)
    for basis in case.finance.tax.opening_basis.values():
        life = 12 * basis.years_left
        monthly = basis.usd_m / life * overlap(0.0, life, months)
        result[0] += _nodes(market, monthly, np.ones(len(market.tree), dtype=bool))
    return result
