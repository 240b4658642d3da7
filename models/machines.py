"""Constraint family: machines. What is installed where, what is in store, what is bought, moved and sold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from models.instance import Instance
from models.linear import at_node, entries_of, once_a_node, weighted
from models.tree import Bools


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
    unplug, plug = _pairs(bounds.unplug_eh), _pairs(bounds.plug_eh)
    model.unplug = pyo.Var(model.UNPLUGS, bounds=lambda _, p, n: unplug[p][n])
    model.plug = pyo.Var(model.PLUGS, bounds=lambda _, p, n: plug[p][n])
    model.sell = pyo.Var(model.SALES, domain=pyo.NonNegativeReals)
    order = list(zip(*(side.astype(float).tolist() for side in bounds.order_eh), strict=True))
    model.order = pyo.Var(model.ORDERS, bounds=lambda _, c: order[c])

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
    if (place, node) in entries_of(model.unplug):
        change -= model.unplug[place, node]
    if (place, node) in entries_of(model.plug):
        change += model.plug[place, node]
    return model.installed[place, node] == before + change


def store(model: pyo.ConcreteModel, instance: Instance, lot: int, node: int) -> object:
    r"""What is in store is what was there before, plus what is unplugged, less what is plugged in or sold.

    Without the rule a machine could be sold that still mines.

    $$ \text{stored}_{c,n} = \text{stored}_{c,\text{parent}(n)}
       + \sum_{p \in c} (\text{unplug}_{p,n} - \text{plug}_{p,n}) - \sum_k \text{sell}_{c,k,n} $$
    """
    moved = [(place, node) for place in instance.places.of_lot.get(lot, ())]
    change = weighted(model.unplug, [(i, 1.0) for i in moved if i in entries_of(model.unplug)])
    change += weighted(model.plug, [(i, -1.0) for i in moved if i in entries_of(model.plug)])
    change += weighted(model.sell, [(i, -1.0) for i in _sales(model, instance, lot, node)])
    return model.stored[lot, node] == stored_before(model, instance, lot, node) + change


def stored_before(model: pyo.ConcreteModel, instance: Instance, lot: int, node: int) -> Any:
    """EH/s of a lot in store before the first instant of a node."""
    parent = int(instance.tree.parent[node])
    return entries_of(model.stored).get((lot, parent), 0.0)


def dark(model: pyo.ConcreteModel, instance: Instance, lot: int, node: int) -> object:
    r"""Only what was in store before can be plugged in: machines that move are dark for a node.

    Without the rule machines would be shuttled between sites at no loss.

    $$ \sum_{p \in c} \text{plug}_{p,n} \le \text{stored}_{c,\text{parent}(n)} $$
    """
    plugged = [(p, node) for p in instance.places.of_lot.get(lot, ()) if (p, node) in entries_of(model.plug)]
    return sum(model.plug[i] for i in plugged) - stored_before(model, instance, lot, node) <= 0


def given_sales(model: pyo.ConcreteModel, instance: Instance, lot: int, node: int) -> object:
    r"""Sales that the user laid down, over all tiers.

    $$ \underline{s}_{c,n} \le \sum_k \text{sell}_{c,k,n} \le \overline{s}_{c,n} $$
    """
    lower, upper = (float(side[lot, node]) for side in instance.bounds.sell_eh)
    if lower <= 0.0 and upper >= max(float(instance.lots.eh_s[lot]), float(instance.lots.order_max_eh[lot])):
        return pyo.Constraint.Skip
    sold = sum(model.sell[i] for i in _sales(model, instance, lot, node))
    return pyo.inequality(lower, sold, upper)


def resale_depth(model: pyo.ConcreteModel, instance: Instance, kind: int, tier: int, node: int) -> object:
    r"""The market for used machines takes so much at each price.

    Without the rule a fleet of any size is sold at the price of a single machine.

    $$ \sum_{c \in t} \text{sell}_{c,k,n} \le D_{t,k,n} $$
    """
    trade = instance.trade
    assert trade is not None
    alike = [(c, tier, node) for c in np.flatnonzero(trade.type_of_lot == kind).tolist()]
    sold = weighted(model.sell, [(i, 1.0) for i in alike if i in entries_of(model.sell)])
    return sold <= float(trade.tier_depth_eh[kind, tier, node])


def supply(model: pyo.ConcreteModel, instance: Instance, kind: int, node: int) -> object:
    r"""Manufacturers deliver so much of a type for one step, over all sites.

    $$ \sum_{c \in t,\; n(c) = n} \text{order}_c \le \overline{O}_t $$
    """
    trade = instance.trade
    assert trade is not None
    lots = [c for c in model.ORDERS if trade.type_of_lot[c] == kind and instance.lots.order_node[c] == node]
    return sum(model.order[c] for c in lots) <= float(trade.order_depth_eh[kind])


def _sales(model: pyo.ConcreteModel, instance: Instance, lot: int, node: int) -> list[tuple[int, int, int]]:
    """Indices of what can be sold of a lot in a node, by tier."""
    tiers = instance.trade.tier_factor.shape[1] if instance.trade is not None else 0
    return [(lot, k, node) for k in range(tiers) if (lot, k, node) in entries_of(model.sell)]


def _open(upper: np.ndarray) -> list[tuple[int, ...]]:
    return [tuple(int(i) for i in index) for index in zip(*np.nonzero(upper > 0), strict=True)]


def _pairs(sides: tuple[np.ndarray, np.ndarray]) -> list[list[tuple[float, float]]]:
    """(rows, columns) of both bounds of a table."""
    lower, upper = (side.astype(float).tolist() for side in sides)
    return [list(zip(low, high, strict=True)) for low, high in zip(lower, upper, strict=True)]


def margins(model: pyo.ConcreteModel, instance: Instance, node: int, places: Bools | None = None) -> Any:
    """What machines earn in a node that buy at the market; at all places, or at some (P,)."""
    if places is None or places.all():
        return _all_margins(model, instance, node)
    return _margins(model, instance, node, places)


@once_a_node
def _all_margins(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    return _margins(model, instance, node, None)


def _margins(model: pyo.ConcreteModel, instance: Instance, node: int, places: Bools | None) -> Any:
    margin = instance.places.margin_usd_m_per_eh[:, node] * instance.places.exists[:, node]
    return weighted(model.installed, at_node(margin if places is None else margin * places, node))
