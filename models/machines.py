"""Constraint family: machines. What is installed where, what is in store, what is bought, moved and sold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from models.instance import Instance


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add stocks (``installed`` by place, ``stored`` by lot) and flows (EH/s) of machines, and their rules."""
    lots, places, bounds, trade = instance.lots, instance.places, instance.bounds, instance.trade
    size = len(instance.tree)
    model.LOTS = pyo.RangeSet(0, len(lots.name) - 1)
    model.NODES = pyo.RangeSet(0, size - 1)
    model.STANDS = pyo.Set(
        dimen=2, initialize=[(int(p), int(n)) for p, n in zip(*np.nonzero(places.exists), strict=True)]
    )
    model.UNPLUGS = pyo.Set(dimen=2, initialize=_open(bounds.unplug_eh[1]))
    model.PLUGS = pyo.Set(dimen=2, initialize=_open(bounds.plug_eh[1]))
    lives = lot_lives(instance)
    model.STORES = pyo.Set(dimen=2, initialize=[(int(c), int(n)) for c, n in zip(*np.nonzero(lives), strict=True)])
    tiers = range(trade.tier_factor.shape[1]) if trade is not None else range(0)
    model.SALES = pyo.Set(
        dimen=3,
        initialize=[
            (c, k, n)
            for c, n in _open(bounds.sell_eh[1])
            for k in tiers
            if trade is not None and trade.tier_factor[trade.type_of_lot[c], k] > 0
        ],
    )
    model.ORDERS = pyo.Set(initialize=[int(c) for c in np.flatnonzero(lots.order_node >= 0)])

    model.installed = pyo.Var(model.STANDS, domain=pyo.NonNegativeReals)
    model.stored = pyo.Var(model.STORES, domain=pyo.NonNegativeReals)
    model.unplug = pyo.Var(model.UNPLUGS, bounds=lambda _, p, n: _pair(bounds.unplug_eh, (p, n)))
    model.plug = pyo.Var(model.PLUGS, bounds=lambda _, p, n: _pair(bounds.plug_eh, (p, n)))
    model.sell = pyo.Var(model.SALES, domain=pyo.NonNegativeReals)
    model.order = pyo.Var(model.ORDERS, bounds=lambda _, c: _pair(bounds.order_eh, (c,)))

    model.machines_balance = pyo.Constraint(model.STANDS, rule=lambda m, p, n: balance(m, instance, p, n))
    model.machines_store = pyo.Constraint(model.STORES, rule=lambda m, c, n: store(m, instance, c, n))
    model.PLUGGED = pyo.Set(dimen=2, initialize=sorted({(int(places.lot[p]), n) for p, n in model.PLUGS}))
    model.machines_dark = pyo.Constraint(model.PLUGGED, rule=lambda m, c, n: dark(m, instance, c, n))
    model.SOLD = pyo.Set(dimen=2, initialize=sorted({(c, n) for c, _, n in model.SALES}))
    model.machines_given_sales = pyo.Constraint(model.SOLD, rule=lambda m, c, n: given_sales(m, instance, c, n))
    if trade is not None:
        depth = sorted({(int(trade.type_of_lot[c]), k, n) for c, k, n in model.SALES})
        model.DEPTHS = pyo.Set(dimen=3, initialize=depth)
        model.machines_depth = pyo.Constraint(model.DEPTHS, rule=lambda m, t, k, n: resale_depth(m, instance, t, k, n))
        orders = sorted({(int(trade.type_of_lot[c]), int(lots.order_node[c])) for c in model.ORDERS})
        model.ORDER_STEPS = pyo.Set(dimen=2, initialize=orders)
        model.machines_supply = pyo.Constraint(model.ORDER_STEPS, rule=lambda m, t, n: supply(m, instance, t, n))


def lot_lives(instance: Instance) -> np.ndarray:
    """(L, N) nodes in which a lot can be anywhere."""
    lives = np.zeros((len(instance.lots.name), len(instance.tree)), dtype=bool)
    np.logical_or.at(lives, instance.places.lot, instance.places.exists)
    return lives


def balance(model: pyo.ConcreteModel, instance: Instance, place: int, node: int) -> object:
    r"""What stands at a place is what stood there before, less what is unplugged, plus what is plugged in.

    A lot's home begins with the lot, or with the order. Without the rule machines that made room for a hall would go
    on mining.

    $$ \text{installed}_{p,n} = \text{installed}_{p,\text{parent}(n)} - \text{unplug}_{p,n} + \text{plug}_{p,n} $$
    """
    lots, places = instance.lots, instance.places
    lot, parent = int(places.lot[place]), int(instance.tree.parent[node])
    before: Any = 0.0
    if parent >= 0 and places.exists[place, parent]:
        before = model.installed[place, parent]
    elif places.home[place]:
        before = model.order[lot] if lots.order_node[lot] >= 0 else float(lots.eh_s[lot])
    change: Any = 0.0
    if instance.bounds.unplug_eh[1][place, node] > 0:
        change -= model.unplug[place, node]
    if instance.bounds.plug_eh[1][place, node] > 0:
        change += model.plug[place, node]
    return model.installed[place, node] == before + change


def store(model: pyo.ConcreteModel, instance: Instance, lot: int, node: int) -> object:
    r"""What is in store is what was there before, plus what is unplugged, less what is plugged in or sold.

    Without the rule a machine could be sold that still mines.

    $$ \text{stored}_{c,n} = \text{stored}_{c,\text{parent}(n)}
       + \sum_{p \in c} (\text{unplug}_{p,n} - \text{plug}_{p,n}) - \sum_k \text{sell}_{c,k,n} $$
    """
    change: Any = 0.0
    for place in np.flatnonzero(instance.places.lot == lot).tolist():
        if instance.bounds.unplug_eh[1][place, node] > 0:
            change += model.unplug[place, node]
        if instance.bounds.plug_eh[1][place, node] > 0:
            change -= model.plug[place, node]
    if instance.bounds.sell_eh[1][lot, node] > 0:
        for k in _tiers(instance):
            if (lot, k, node) in model.SALES:
                change -= model.sell[lot, k, node]
    return model.stored[lot, node] == stored_before(model, instance, lot, node) + change


def stored_before(model: pyo.ConcreteModel, instance: Instance, lot: int, node: int) -> Any:
    """EH/s of a lot in store before the first instant of a node."""
    parent = int(instance.tree.parent[node])
    return model.stored[lot, parent] if parent >= 0 and (lot, parent) in model.STORES else 0.0


def dark(model: pyo.ConcreteModel, instance: Instance, lot: int, node: int) -> object:
    r"""Only what was in store before can be plugged in: machines that move are dark for a node.

    Without the rule machines would be shuttled between sites at no loss.

    $$ \sum_{p \in c} \text{plug}_{p,n} \le \text{stored}_{c,\text{parent}(n)} $$
    """
    plugged = np.flatnonzero((instance.places.lot == lot) & (instance.bounds.plug_eh[1][:, node] > 0)).tolist()
    return sum(model.plug[p, node] for p in plugged) - stored_before(model, instance, lot, node) <= 0


def given_sales(model: pyo.ConcreteModel, instance: Instance, lot: int, node: int) -> object:
    r"""Sales that the user laid down, over all tiers.

    $$ \underline{s}_{c,n} \le \sum_k \text{sell}_{c,k,n} \le \overline{s}_{c,n} $$
    """
    lower, upper = (float(side[lot, node]) for side in instance.bounds.sell_eh)
    if lower <= 0.0 and upper >= max(float(instance.lots.eh_s[lot]), float(instance.lots.order_max_eh[lot])):
        return pyo.Constraint.Skip
    sold = sum(model.sell[lot, k, node] for k in _tiers(instance) if (lot, k, node) in model.SALES)
    return pyo.inequality(lower, sold, upper)


def resale_depth(model: pyo.ConcreteModel, instance: Instance, kind: int, tier: int, node: int) -> object:
    r"""The market for used machines takes so much at each price.

    Without the rule a fleet of any size is sold at the price of a single machine.

    $$ \sum_{c \in t} \text{sell}_{c,k,n} \le D_{t,k,n} $$
    """
    trade = instance.trade
    assert trade is not None
    alike = np.flatnonzero((trade.type_of_lot == kind) & (instance.bounds.sell_eh[1][:, node] > 0))
    lots = [c for c in alike.tolist() if (c, tier, node) in model.SALES]
    return sum(model.sell[c, tier, node] for c in lots) <= float(trade.tier_depth_eh[kind, tier, node])


def supply(model: pyo.ConcreteModel, instance: Instance, kind: int, node: int) -> object:
    r"""Manufacturers deliver so much of a type for one step, over all sites.

    $$ \sum_{c \in t,\; n(c) = n} \text{order}_c \le \overline{O}_t $$
    """
    trade = instance.trade
    assert trade is not None
    lots = [c for c in model.ORDERS if trade.type_of_lot[c] == kind and instance.lots.order_node[c] == node]
    return sum(model.order[c] for c in lots) <= float(trade.order_depth_eh[kind])


def _tiers(instance: Instance) -> range:
    return range(instance.trade.tier_factor.shape[1]) if instance.trade is not None else range(0)


def _open(upper: np.ndarray) -> list[tuple[int, ...]]:
    return [tuple(int(i) for i in index) for index in zip(*np.nonzero(upper > 0), strict=True)]


def _pair(sides: tuple[np.ndarray, np.ndarray], index: tuple[int, ...]) -> tuple[float, float]:
    return float(sides[0][index]), float(sides[1][index])
