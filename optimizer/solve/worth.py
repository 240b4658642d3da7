"""What a share is worth under a plan, and costs that follow from it, without building the model again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.optimize import brentq

from models.forward import Decisions
from models.forward_money import money_value
from models.instance import Instance
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.names import place_of

SAME = 1e-14
"""To which difference the worth of a share and what follows from it agree: the last digits."""


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


def fair_worth(instance: Instance, value_at: Callable[[float], float]) -> float:
    """What a share is worth over what it sells for, where the value that follows from it says the same; at least 1.

    ``value_at`` is the value of a plan by the worth of a share. It falls, as what is given to new holders then costs
    more, so there is one such worth. To put it in again and again does not lead there: a company that raises more than
    it is worth on the market would swing further and further.
    """

    def above(worth: float) -> float:
        return value_at(worth) / instance.shares_m / instance.share_price_usd - worth

    most = worth_of(instance, value_at(1.0))
    if most == 1.0 or above(most) >= 0.0:
        return most
    return float(brentq(above, 1.0, most, xtol=SAME, rtol=SAME))


def fair_value(instance: Instance, form: StandardForm, values: FloatArray) -> float:
    """Value of columns with new shares at what they are then worth."""

    def value_at(worth: float) -> float:
        return float(costs_at(instance, form, worth) @ values) + form.offset

    return value_at(fair_worth(instance, value_at))


def at_fair_price(instance: Instance, decisions: Decisions, value_usd_m: float) -> Instance:
    """The instance with new shares at what they are worth under ``decisions``, whose value is ``value_usd_m`` at the
    worth that it has now."""
    rest = value_usd_m - money_value(instance, decisions)

    def value_at(worth: float) -> float:
        return rest + money_value(replace(instance, intrinsic_to_market=worth), decisions)

    return replace(instance, intrinsic_to_market=fair_worth(instance, value_at))
