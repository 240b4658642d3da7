"""Constraint family: bitcoin. What is mined, what of it is kept, what is sold from stock.

A coin is worth its price whatever is done with it, so the treasury moves cash and not value: holding through a known
rise is no free lunch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from models.debt import lines
from models.instance import Instance, Treasury
from models.linear import at_node, once_a_node, weighted
from models.power import site_operations

PLEDGE_ROOM = 2e-3
"""Share of pledged coins that stays free at sites whose hours are tied."""


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add stock, coins kept and coins sold to the model, where the plan decides them."""
    treasury = instance.treasury
    if treasury is None:
        return
    if treasury.free:
        _decided(model, treasury, instance)
    if instance.lines is not None:
        model.btc_pledged = pyo.Constraint(model.NODES, rule=lambda m, n: pledge(m, instance, n))


def _decided(model: pyo.ConcreteModel, treasury: Treasury, instance: Instance) -> None:
    sold, kept = instance.bounds.sell_btc, instance.bounds.keep_btc
    model.sell_btc = pyo.Var(model.NODES, bounds=lambda _, n: _bounds(float(sold[0][n]), float(sold[1][n])))
    model.keep_btc = pyo.Var(model.NODES, bounds=lambda _, n: _bounds(float(kept[0][n]), float(kept[1][n])))
    model.btc_stock = pyo.Var(model.NODES, domain=pyo.NonNegativeReals)
    model.treasury_stock = pyo.Constraint(model.NODES, rule=lambda m, n: stock(m, treasury, instance, n))
    model.treasury_keep = pyo.Constraint(model.NODES, rule=lambda m, n: keep(m, instance, n))
    model.treasury_sell = pyo.Constraint(model.NODES, rule=lambda m, n: sell(m, treasury, instance, n))


@once_a_node
def mined(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """Coins mined in a node."""
    places = instance.places
    standing = weighted(model.installed, at_node(places.btc_per_eh[:, node] * places.exists[:, node], node))
    return standing + site_operations.coins(model, instance, node)


def cash(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """Cash from coins sold from stock, less what is kept of those that the mining margin counts as sold."""
    treasury = instance.treasury
    if treasury is None:
        return 0.0
    if not treasury.free:
        return -treasury.kept_share * float(treasury.mean_price_usd_m[node]) * mined(model, instance, node)
    return (
        float(treasury.price_usd_m[node]) * model.sell_btc[node]
        - float(treasury.mean_price_usd_m[node]) * model.keep_btc[node]
    )


def in_stock(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """Coins in stock at the end of a node."""
    treasury = instance.treasury
    if treasury is None:
        return 0.0
    if treasury.free:
        return model.btc_stock[node]
    path = np.flatnonzero(instance.tree.reaches[:, node]).tolist()
    kept = treasury.kept_share
    return treasury.opening_btc + (kept * sum(mined(model, instance, m) for m in path) if kept else 0.0)


def pledge(model: pyo.ConcreteModel, instance: Instance, node: int) -> object:
    r"""Coins pledged for lines are in stock once the node's sales are done.

    $$ \sum_k \pi_{k,n}\,B_{k,n} \le \text{stock}_{\text{parent}(n)} - \text{sell}_n $$
    """
    treasury, own = instance.treasury, instance.lines
    assert treasury is not None
    assert own is not None
    if not (own.coins_per_usd_m[:, node] * own.is_open[:, node]).any():
        return pyo.Constraint.Skip
    parent = int(instance.tree.parent[node])
    before = in_stock(model, instance, parent) if parent >= 0 else treasury.opening_btc
    sold = model.sell_btc[node] if treasury.free else 0.0
    # Where hours are tied, going through them finds a trace fewer coins than the model: what is pledged leaves room.
    spare = PLEDGE_ROOM if instance.operations is not None else 0.0
    return (1 + spare) * lines.pledged(model, instance, node) - before + sold <= 0


def stock(model: pyo.ConcreteModel, treasury: Treasury, instance: Instance, node: int) -> object:
    r"""Coins in stock are those of before, less what is sold, plus what is kept.

    $$ \text{stock}_n = \text{stock}_{\text{parent}(n)} - \text{sell}_n + \text{keep}_n $$
    """
    before = _before(model, treasury, instance, node)
    return model.btc_stock[node] == before - model.sell_btc[node] + model.keep_btc[node]


def keep(model: pyo.ConcreteModel, instance: Instance, node: int) -> object:
    r"""Only coins that were mined can be kept.

    Without the rule the treasury would buy bitcoin with the company's cash.

    $$ \text{keep}_n \le \text{mined}_n $$
    """
    return model.keep_btc[node] - mined(model, instance, node) <= 0


def sell(model: pyo.ConcreteModel, treasury: Treasury, instance: Instance, node: int) -> object:
    r"""What is sold at the first instant of a node was in stock then, above the floor.

    $$ \text{sell}_n \le \text{stock}_{\text{parent}(n)} - \underline{B} $$
    """
    floor = treasury.min_btc
    if int(instance.tree.parent[node]) < 0:
        return model.sell_btc[node] <= max(0.0, treasury.opening_btc - floor)
    return model.sell_btc[node] - _before(model, treasury, instance, node) <= -min(floor, treasury.opening_btc)


def _before(model: pyo.ConcreteModel, treasury: Treasury, instance: Instance, node: int) -> Any:
    parent = int(instance.tree.parent[node])
    return model.btc_stock[parent] if parent >= 0 else treasury.opening_btc


def _bounds(lower: float, upper: float) -> tuple[float, float | None]:
    return lower, upper if np.isfinite(upper) else None
