"""Constraint family: companies below the parent. Their sites' cash is theirs until it is paid up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from models.debt import tranches
from models.instance import Instance
from models.linear import at_node, entries_of, nonzero, weighted


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add ``company_cash``, ``fund`` and ``upstream`` (USD m by company and node) and their rules to the model."""
    companies = instance.companies
    model.COMPANIES = pyo.RangeSet(0, len(companies.name) - 1 if companies is not None else -1)
    if companies is None:
        return
    bounds = instance.bounds
    model.company_cash = pyo.Var(
        model.COMPANIES, model.NODES, bounds=lambda _, g, n: (float(companies.minimum_usd_m[g]), None)
    )
    for name, (lower, upper) in (("fund", bounds.fund_usd_m), ("upstream", bounds.upstream_usd_m)):
        variable = pyo.Var(
            model.COMPANIES,
            model.NODES,
            bounds=lambda _, g, n, lower=lower, upper=upper: (
                float(lower[g, n]),
                float(upper[g, n]) if np.isfinite(upper[g, n]) else None,
            ),
        )
        model.add_component(name, variable)
    model.company_balance = pyo.Constraint(
        model.COMPANIES, model.NODES, rule=lambda m, g, n: balance(m, instance, g, n)
    )
    model.company_pays_up = pyo.Constraint(
        model.COMPANIES, model.NODES, rule=lambda m, g, n: pays_up(m, instance, g, n)
    )


def _before(model: pyo.ConcreteModel, instance: Instance, company: int, node: int) -> Any:
    assert instance.companies is not None
    parent = int(instance.tree.parent[node])
    return model.company_cash[company, parent] if parent >= 0 else float(instance.companies.opening_usd_m[company])


def balance(model: pyo.ConcreteModel, instance: Instance, company: int, node: int) -> object:
    r"""A company's cash is that of before, with what the parent pays in, less what is paid up, and its sites' flows.

    Without the rule the parent spends what is not its own.

    $$ C_{g,n} = C_{g,\text{parent}(n)} + \text{fund}_{g,n} - \text{upstream}_{g,n} + \text{flows}_{g,n} $$
    """
    moved = model.fund[company, node] - model.upstream[company, node]
    total = _before(model, instance, company, node) + moved + flows(model, instance, company, node)
    return model.company_cash[company, node] == total


def pays_up(model: pyo.ConcreteModel, instance: Instance, company: int, node: int) -> object:
    r"""What is paid up was there at the end of the node before.

    $$ \text{upstream}_{g,n} \le C_{g,\text{parent}(n)} $$
    """
    return model.upstream[company, node] - _before(model, instance, company, node) <= 0


def flows(model: pyo.ConcreteModel, instance: Instance, company: int, node: int) -> Any:
    """Net cash of a company's sites in a node."""
    companies = instance.companies
    assert companies is not None
    total: Any = float(companies.fixed_usd_m[company, node])
    total += _operations(model, instance, company, node) + _trade(model, instance, company, node)
    own, parent = _own_tranches(instance, company), int(instance.tree.parent[node])
    if own is not None:
        total += tranches.by_node(model, instance, "cash", node, own)
        total -= tranches.by_node(model, instance, "held", node, own)
        if parent >= 0:
            total += tranches.by_node(model, instance, "held", parent, own)
    if instance.fences is not None:
        for j in np.flatnonzero(companies.option[company][instance.fences.option]).tolist():
            total -= model.locked[j, node] if (j, node) in model.LOCK_TESTS else 0.0
            total += model.locked[j, parent] if (j, parent) in model.LOCK_TESTS else 0.0
    return total


def _own_tranches(instance: Instance, company: int) -> Any:
    own, companies = instance.tranches, instance.companies
    assert companies is not None
    if own is None:
        return None
    return (own.option >= 0) & companies.option[company][np.maximum(own.option, 0)]


def _operations(model: pyo.ConcreteModel, instance: Instance, company: int, node: int) -> Any:
    places, hosting, builds, companies = instance.places, instance.hosting, instance.builds, instance.companies
    assert companies is not None
    margin = places.margin_usd_m_per_eh[:, node] * places.exists[:, node] * companies.place[company]
    total: Any = weighted(model.installed, at_node(margin, node))
    for cash, variable in (
        (hosting.cash_usd_m_per_hall[:, node], "halls"),
        (hosting.cash_usd_m_per_signature[:, node], "sign"),
    ):
        own = cash * companies.option[company]
        total += weighted(getattr(model, variable), nonzero(own))
    if builds is not None:
        own = builds.cash_usd_m[:, node] * companies.build[company]
        total += weighted(model.built, nonzero(own))
    return total


def _trade(model: pyo.ConcreteModel, instance: Instance, company: int, node: int) -> Any:
    trade, lots, places, companies = instance.trade, instance.lots, instance.places, instance.companies
    assert companies is not None
    total: Any = 0.0
    if trade is None:
        return total
    for c in np.flatnonzero((lots.order_node == node) & companies.lot[company]).tolist():
        total -= float(trade.order_cost_usd_m_per_eh[c]) * model.order[c]
    for p in np.flatnonzero(companies.place[company]).tolist():
        if (p, node) in entries_of(model.plug):
            total -= float(trade.plug_cost_usd_m_per_eh[places.lot[p]]) * model.plug[p, node]
    for c in np.flatnonzero((trade.sell_usd_m_per_eh[:, node] > 0) & companies.lot[company]).tolist():
        for k in range(trade.tier_factor.shape[1]):
            if (c, k, node) in entries_of(model.sell):
                factor = float(trade.tier_factor[trade.type_of_lot[c], k])
                total += float(trade.sell_usd_m_per_eh[c, node]) * factor * model.sell[c, k, node]
    return total


def cash(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """What companies keep more than before, and what is lost when they pay up: negative."""
    companies = instance.companies
    if companies is None:
        return 0.0
    total: Any = 0.0
    for g in model.COMPANIES:
        total += _before(model, instance, g, node) - model.company_cash[g, node]
        total -= float(companies.withholding[g]) * model.upstream[g, node]
    return total


def value(model: pyo.ConcreteModel, instance: Instance) -> Any:
    """What is withheld of what is paid up, negative."""
    companies = instance.companies
    if companies is None:
        return 0.0
    lost = companies.withholding[:, None] * companies.withheld_factor[None, :]
    return -sum(float(lost[g, n]) * model.upstream[g, n] for g, n in np.argwhere(lost).tolist())
