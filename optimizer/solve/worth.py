"""What a share is worth under a plan, and costs that follow from it, without building the model again."""

from __future__ import annotations

import numpy as np

from models.instance import Instance
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.names import place_of

ROUNDS, SAME = 200, 1e-12


def costs_at(instance: Instance, form: StandardForm, worth: float) -> FloatArray:
    """(n,) costs of a form of ``instance``, with new shares and options at another worth of a share."""
    costs = form.costs.copy()
    place = place_of(form.column_names)
    equity, tranches = instance.equity, instance.tranches
    if equity is not None:
        for e, cost in enumerate(equity.value_at(worth).tolist()):
            costs[place[f"issue[{e}]"]] = cost
    if tranches is not None and tranches.charge_depends.any():
        more = tranches.charge(worth) - tranches.charge(instance.intrinsic_to_market)
        for d in np.flatnonzero(tranches.charge_depends).tolist():
            costs[place[f"draw[{d}]"]] -= float(more[d])
    return costs


def depends_on_worth(instance: Instance) -> bool:
    """Whether new holders can be given anything."""
    tranches = instance.tranches
    return instance.equity is not None or (tranches is not None and bool(tranches.charge_depends.any()))


def worth_of(instance: Instance, value: float) -> float:
    """What a share is worth over what it sells for, under a plan of this value; at least 1."""
    return max(1.0, value / instance.shares_m / instance.share_price_usd)


def fair_value(instance: Instance, form: StandardForm, values: FloatArray) -> float:
    """Value of columns with new shares at what they are then worth."""
    value = float(costs_at(instance, form, 1.0) @ values) + form.offset
    for _ in range(ROUNDS):
        next_value = float(costs_at(instance, form, worth_of(instance, value)) @ values) + form.offset
        if abs(next_value - value) < SAME * max(1.0, abs(value)):
            break
        value = next_value
    return value
