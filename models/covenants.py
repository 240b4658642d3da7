"""Constraint family: limits on the company's money, hard or at a price."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from models import cash, tax, treasury
from models.capital import Covenant, Covenants
from models.debt import lines, tranches
from models.instance import Instance

RULES = {
    "min_cash_usd_m": "least_cash",
    "min_liquidity_usd_m": "liquidity",
    "net_debt_to_ebitda": "net_debt",
    "debt_service_coverage": "coverage",
    "due_within_12_months": "maturities",
    "max_dilution": "dilution",
    "max_btc_share": "bitcoin",
    "debt_to_capital": "gearing",
}


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add the limits that the case has, ``breach`` of those that may be broken at a price, and what they are measured
    with (``debt``, ``year_ebitda``) to the model."""
    covenants = instance.covenants
    if covenants is None:
        return
    priced = [(k, n) for k, c in enumerate(covenants.limits) if c.cost is not None for n in np.flatnonzero(c.holds)]
    model.BREACHES = pyo.Set(dimen=2, initialize=[(k, int(n)) for k, n in priced])
    model.breach = pyo.Var(model.BREACHES, domain=pyo.NonNegativeReals)
    kinds = {c.kind for c in covenants.limits}
    if kinds & {"net_debt_to_ebitda", "debt_to_capital"}:
        model.debt = pyo.Var(model.NODES)
        model.debt_total = pyo.Constraint(model.NODES, rule=lambda m, n: debt(m, instance, n))
    if kinds & {"net_debt_to_ebitda", "debt_service_coverage"}:
        model.node_ebitda = pyo.Var(model.NODES)
        model.ebitda_total = pyo.Constraint(model.NODES, rule=lambda m, n: ebitda(m, instance, n))
    if "net_debt_to_ebitda" in kinds:
        model.year_profit = pyo.Var(model.NODES, domain=pyo.NonNegativeReals)
        model.year_gains = pyo.Var(model.NODES, domain=pyo.Binary)
        model.profit_at_most = pyo.Constraint(model.NODES, rule=lambda m, n: profit(m, instance, n))
        model.profit_or_none = pyo.Constraint(model.NODES, rule=lambda m, n: no_profit(m, instance, n))
    if any(c.kind == "min_cash_usd_m" and c.cost is not None for c in covenants.limits):
        _committed_is_hard(model, instance)
    for k, covenant in enumerate(covenants.limits):
        waived = instance.waive_limits or (covenant.kind == "min_cash_usd_m" and instance.waive_minimum_cash)
        if waived and covenant.cost is None:
            continue
        rule = globals()[RULES[covenant.kind]]
        held = np.flatnonzero(covenant.holds).tolist()
        constraint = pyo.Constraint(held, rule=_row(rule, instance, covenants, k, covenant))
        model.add_component(f"limit_{covenant.kind}", constraint)


def _committed_is_hard(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add what stays hard where a shortage of cash has a price: who commits capex beyond the end has cash for it."""
    model.commits = pyo.Var(model.LEAVES, domain=pyo.Binary)
    model.commits_or_not = pyo.Constraint(model.LEAVES, rule=lambda m, n: commits(m, instance, n))
    model.committed_is_there = pyo.Constraint(model.LEAVES, rule=lambda m, n: covers(m, instance, n))


def _most(instance: Instance) -> float:
    assert instance.covenants is not None
    return instance.covenants.most_usd_m


def commits(model: pyo.ConcreteModel, instance: Instance, node: int) -> object:
    r"""Whether anything is committed for after the end.

    $$ \text{committed}_n \le M z_n $$
    """
    return cash.committed(model, instance, node) - _most(instance) * model.commits[node] <= 0


def covers(model: pyo.ConcreteModel, instance: Instance, node: int) -> object:
    r"""It is there in cash, whatever a breach of the minimum costs.

    Without the rule a plan signs in its last quarter and pays a quarter's price for money that it does not have.

    $$ \text{cash}_n \ge \text{committed}_n - M\,(1 - z_n) $$
    """
    return model.cash[node] - cash.committed(model, instance, node) + _most(instance) * (1 - model.commits[node]) >= 0


def _row(rule: Any, instance: Instance, covenants: Covenants, k: int, covenant: Covenant) -> Any:
    def row(model: pyo.ConcreteModel, node: int) -> object:
        room = rule(model, instance, covenants, covenant.limit, node)
        if covenant.cost is not None:
            room += model.breach[k, node]
        if isinstance(room, float):
            return pyo.Constraint.Feasible if room >= 0 else pyo.Constraint.Infeasible
        return room >= 0

    return row


def value(model: pyo.ConcreteModel, instance: Instance) -> Any:
    """What breaches cost, negative."""
    covenants = instance.covenants
    if covenants is None:
        return 0.0
    total: Any = 0.0
    for k, n in model.BREACHES:
        cost = covenants.limits[k].cost
        assert cost is not None
        total -= float(cost[n]) * model.breach[k, n]
    return total


def debt(model: pyo.ConcreteModel, instance: Instance, node: int) -> object:
    r"""Principal outstanding of debts, tranches (preferred shares apart) and lines.

    $$ \text{debt}_n = D_n + \sum_d \text{owed}_{d,n}\,\text{draw}_d + \sum_k B_{k,n} $$
    """
    covenants = instance.covenants
    assert covenants is not None
    return model.debt[node] == float(covenants.fixed_debt_usd_m[node]) + _owed(model, instance, node)


def _owed(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    counted = instance.tranches.is_debt if instance.tranches is not None else None
    return tranches.by_node(model, instance, "owed", node, counted) + lines.owed(model, instance, node)


def ebitda(model: pyo.ConcreteModel, instance: Instance, node: int) -> object:
    r"""EBITDA of a node.

    $$ \text{EBITDA}_n = E_n + \sum_p \mu_{p,n}\,\text{installed}_{p,n} + \dots $$
    """
    covenants = instance.covenants
    assert covenants is not None
    return model.node_ebitda[node] == tax.decided_ebitda(model, instance, node) + float(
        covenants.fixed_ebitda_usd_m[node]
    )


def _year(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    covenants = instance.covenants
    assert covenants is not None
    weights = covenants.last_year[node]
    total = sum(float(weights[m]) * model.node_ebitda[m] for m in np.flatnonzero(weights).tolist())
    return total + float(covenants.ebitda_before_usd_m[node])


def profit(model: pyo.ConcreteModel, instance: Instance, node: int) -> object:
    r"""A year's profit counts no more than it is ...

    $$ E^+_n \le E^{12}_n + M\,(1 - z_n) $$
    """
    covenants = instance.covenants
    assert covenants is not None
    most = covenants.most_usd_m
    return model.year_profit[node] - _year(model, instance, node) - most * (1 - model.year_gains[node]) <= 0


def no_profit(model: pyo.ConcreteModel, instance: Instance, node: int) -> object:
    r"""... and a loss counts as nothing: with a loss no net debt at all may stand.

    With net debt held against a multiple of a negative EBITDA the limit would ask for cash that nobody is owed.

    $$ E^+_n \le M\,z_n $$
    """
    covenants = instance.covenants
    assert covenants is not None
    return model.year_profit[node] - covenants.most_usd_m * model.year_gains[node] <= 0


def least_cash(model: pyo.ConcreteModel, instance: Instance, _covenants: Covenants, _limit: float, node: int) -> Any:
    r"""Cash never falls below the minimum; at the end it also covers what has been committed to be built later.

    $$ \text{cash}_n \ge \underline{C}_n + [n \text{ is a leaf}] \sum_{o} k_o\,\text{halls}_o $$
    """
    return model.cash[node] - cash.committed(model, instance, node) - float(instance.cash.minimum_usd_m[node])


def liquidity(model: pyo.ConcreteModel, instance: Instance, covenants: Covenants, limit: float, node: int) -> Any:
    r"""Cash, bitcoin that is not pledged less a haircut, and undrawn lines.

    $$ \text{cash}_n + (1 - h)\,p_n\,(\text{stock}_n - \text{pledged}_n) + \sum_k (C_k - B_{k,n}) \ge L $$
    """
    price = float(covenants.btc_price_usd_m[node]) * (1 - covenants.btc_haircut)
    coins = treasury.in_stock(model, instance, node) - lines.pledged(model, instance, node)
    return model.cash[node] + price * coins + lines.undrawn(model, instance, node) - limit


def net_debt(model: pyo.ConcreteModel, _instance: Instance, _covenants: Covenants, limit: float, node: int) -> Any:
    r"""Net debt is at most a multiple of a year's EBITDA.

    $$ \text{debt}_n - \text{cash}_n \le k\,E^+_n $$
    """
    return limit * model.year_profit[node] - model.debt[node] + model.cash[node]


def coverage(model: pyo.ConcreteModel, instance: Instance, covenants: Covenants, limit: float, node: int) -> Any:
    r"""A year's EBITDA covers interest and principal of the year so many times.

    $$ E^{12}_n \ge k\,S^{12}_n $$
    """
    counted = instance.tranches.is_debt if instance.tranches is not None else None
    service: Any = 0.0
    for m in np.flatnonzero(covenants.last_year[node]).tolist():
        weight = float(covenants.last_year[node, m])
        here = float(covenants.fixed_service_usd_m[m]) + tranches.by_node(model, instance, "service", m, counted)
        service += weight * (here + lines.interest(model, instance, m))
    return _year(model, instance, node) - limit * service


def maturities(model: pyo.ConcreteModel, instance: Instance, covenants: Covenants, limit: float, node: int) -> Any:
    r"""What falls due within a year is covered by cash and undrawn lines that stand longer.

    With lines that end within the year one debt that falls due would be covered by another.

    $$ \text{due}_n \le k\,\bigl(\text{cash}_n + \sum_k (C_k - B_{k,n})\bigr) $$
    """
    due = float(covenants.fixed_due_usd_m[node]) + tranches.by_node(model, instance, "due", node)
    due += lines.due(model, instance, node)
    return limit * (model.cash[node] + lines.undrawn(model, instance, node, for_a_year=True)) - due


def dilution(model: pyo.ConcreteModel, instance: Instance, covenants: Covenants, limit: float, node: int) -> Any:
    r"""New shares, shares under convertibles and warrants, over the shares at the start.

    $$ \sum_e \nu_e\,\text{issue}_e + \sum_d \nu_d\,\text{draw}_d \le k\,N $$
    """
    return limit - _new_shares(model, instance, covenants, node, with_options=True) / covenants.shares_m


def _new_shares(
    model: pyo.ConcreteModel, instance: Instance, covenants: Covenants, node: int, *, with_options: bool
) -> Any:
    total: Any = 0.0
    equity, own, reaches = instance.equity, instance.tranches, instance.tree.reaches[:, node]
    if equity is not None:
        for e in np.flatnonzero(reaches[equity.node]).tolist():
            total += 1 / (covenants.share_price_usd * (1 - float(equity.cost[e]))) * model.issue[e]
    if own is not None and with_options:
        for d in np.flatnonzero(reaches[own.node] & (own.shares_m > 0)).tolist():
            total += float(own.shares_m[d]) * model.draw[d]
    return total


def bitcoin(model: pyo.ConcreteModel, instance: Instance, covenants: Covenants, limit: float, node: int) -> Any:
    r"""Of cash and bitcoin at most so much is bitcoin.

    $$ p_n\,\text{stock}_n \le k\,(\text{cash}_n + p_n\,\text{stock}_n) $$
    """
    worth = float(covenants.btc_price_usd_m[node]) * treasury.in_stock(model, instance, node)
    return limit * (model.cash[node] + worth) - worth


def gearing(model: pyo.ConcreteModel, instance: Instance, covenants: Covenants, limit: float, node: int) -> Any:
    r"""Debt over debt and market value.

    $$ \text{debt}_n \le k\,\bigl(\text{debt}_n + P\,(N + \text{new shares})\bigr) $$
    """
    shares = covenants.shares_m + _new_shares(model, instance, covenants, node, with_options=False)
    return limit * (model.debt[node] + covenants.share_price_usd * shares) - model.debt[node]
