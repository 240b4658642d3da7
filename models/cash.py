"""Constraint family: cash. Where it comes from, and how low it may fall."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from models import companies, machines, ring_fences, treasury
from models.debt import lines, tranches
from models.instance import Instance
from models.linear import at_node, entries_of, nonzero, once_a_node, weighted
from models.power import site_operations
from models.tree import Bools


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add ``cash`` (USD m at the end of each node) and its balance to the model; how low it may fall is a limit."""
    model.cash = pyo.Var(model.NODES)
    model.cash_balance = pyo.Constraint(model.NODES, rule=lambda m, n: balance(m, instance, n))


def balance(model: pyo.ConcreteModel, instance: Instance, node: int) -> object:
    r"""Cash at the end of a node is cash at its beginning with interest, and every flow of the node.

    $$ \text{cash}_n = (1 + y_n)\,\text{cash}_{\text{parent}(n)} + F_n + \sum_p \mu_{p,n}\,\text{installed}_{p,n}
       + \sum_\sigma \gamma_{\sigma,n}\,\text{use}_\sigma + \sum_v \lambda_{v,n}\,\text{lever}_v
       + \sum_o \left( f_{o,n}\,\text{halls}_o + s_{o,n}\,\text{sign}_o \right)
       + \text{machines}_n + \sum_u b_{u,n}\,\text{built}_u + \sum_d l_{d,n}\,\text{draw}_d + \text{lines}_n
       - (\text{trapped}_n - \text{trapped}_{\text{parent}(n)}) + \text{issue}_n
       + \text{bitcoin}_n - \text{tax}_n $$
    """
    cash = instance.cash
    parent = int(instance.tree.parent[node])
    growth = float(cash.growth[node])
    before = growth * model.cash[parent] if parent >= 0 else growth * cash.opening_usd_m
    flows = float(cash.fixed_usd_m[node]) + _operations(model, instance, node) + _trade(model, instance, node)
    flows += _money(model, instance, node) + treasury.cash(model, instance, node)
    return model.cash[node] == before + flows


def _operations(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """Margins of machines, what contracts and programs change, halls and builds."""
    hosting, builds = instance.hosting, instance.builds
    total: Any = machines.margins(model, instance, node)
    total += site_operations.cash(model, instance, node)
    total += weighted(model.halls, nonzero(hosting.cash_usd_m_per_hall[:, node]))
    total += weighted(model.sign, nonzero(hosting.cash_usd_m_per_signature[:, node]))
    if builds is not None:
        total += weighted(model.built, nonzero(builds.cash_usd_m[:, node]))
    return total


def _trade(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """Machines ordered, plugged in and sold."""
    trade, lots = instance.trade, instance.lots
    total: Any = 0.0
    if trade is None:
        return total
    total += weighted(model.order, nonzero(np.where(lots.order_node == node, -trade.order_cost_usd_m_per_eh, 0.0)))
    return total + moves(model, instance, node) + sales(model, instance, node)


@once_a_node
def moves(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """What machines bring that are plugged in: a cost."""
    trade = instance.trade
    if trade is None:
        return 0.0
    cost = trade.plug_cost_usd_m_per_eh[instance.places.lot]
    return weighted(model.plug, at_node(np.where(instance.bounds.plug_eh[1][:, node] > 0, -cost, 0.0), node))


def sales(model: pyo.ConcreteModel, instance: Instance, node: int, lots: Bools | None = None) -> Any:
    """What machines bring that are sold; of all lots, or of some (L,)."""
    if lots is None or lots.all():
        return _all_sales(model, instance, node)
    return _sales(model, instance, node, lots)


@once_a_node
def _all_sales(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    return _sales(model, instance, node, None)


def _sales(model: pyo.ConcreteModel, instance: Instance, node: int, lots: Bools | None) -> Any:
    trade = instance.trade
    if trade is None:
        return 0.0
    sellable = (trade.sell_usd_m_per_eh[:, node] != 0) & (instance.bounds.sell_eh[1][:, node] > 0)
    sellable = sellable if lots is None else sellable & lots
    entries = entries_of(model.sell)
    found = []
    for c in np.flatnonzero(sellable).tolist():
        price, factors = float(trade.sell_usd_m_per_eh[c, node]), trade.tier_factor[trade.type_of_lot[c]].tolist()
        found += [((c, k, node), price * factor) for k, factor in enumerate(factors) if (c, k, node) in entries]
    return weighted(model.sell, found)


def _money(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """Tranches and lines drawn and served, what ring-fences hold, shares issued, tax."""
    equity = instance.equity
    total: Any = tranches.cash(model, instance, node) + lines.cash(model, instance, node)
    total += ring_fences.cash(model, instance, node) + companies.cash(model, instance, node)
    if equity is not None:
        total += sum(model.issue[e] for e in np.flatnonzero(equity.node == node).tolist())
    if node in model.TAX_NODES:
        total -= model.tax[node]
    return total


def committed(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """At the end of a path: capex and cost of builds that fall later.

    Without it a plan signs in its last quarters and counts rent for halls that it could not pay for.
    """
    hosting, tree = instance.hosting, instance.tree
    committed: Any = 0.0
    if node in tree.leaves:
        builds = instance.builds
        if builds is not None:
            committed += sum(
                float(builds.cost_after_horizon_usd_m[u]) * model.built[u]
                for u in np.flatnonzero(builds.cost_after_horizon_usd_m).tolist()
                if tree.reaches[builds.node[u], node]
            )
        committed += sum(
            float(hosting.capex_after_horizon_usd_m_per_hall[o]) * model.halls[int(o)]
            for o in np.flatnonzero(hosting.capex_after_horizon_usd_m_per_hall)
            if tree.reaches[hosting.node[o], node]
        )
    return committed
