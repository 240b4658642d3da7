"""What is maximised: expected present value, each cash flow at the rate of its class.

Debt is valued at its own cost and cash at par, so borrowing or holding money creates no value by itself
(with one equity rate for everything, every plan would borrow as much as it could).
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from models import companies, covenants
from models.debt import lines, tranches
from models.instance import Instance
from models.linear import in_table, nonzero, weighted
from models.measures import MEASURES
from models.power import site_operations


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add the objective (and, where something else than value is sought, the floor on value) to the model."""
    worth, least = value(model, instance), instance.value_at_least
    if least is not None and not isinstance(worth, int | float):
        model.value_floor = pyo.Constraint(expr=value_floor(worth, least))
    expression = worth if instance.maximise == "value" else MEASURES[instance.maximise].of_model(model, instance)
    model.objective = pyo.Objective(expr=expression, sense=pyo.maximize)


def value_floor(worth: Any, least_usd_m: float) -> object:
    r"""A plan that is extreme in another respect is worth as much as is asked for.

    Without the rule the plan with the most hosting signs what ruins the company.

    $$ V \ge \underline{V} $$
    """
    return worth >= least_usd_m


def value(model: pyo.ConcreteModel, instance: Instance) -> Any:
    r"""Present value in USD millions.

    $$ V = V_0 + \sum_{p,n} v_{p,n}\,\text{installed}_{p,n} + \sum_\sigma \gamma^v_\sigma\,\text{use}_\sigma
       + \sum_v \lambda^v_v\,\text{lever}_v
       + \sum_o \left( v_o\,\text{halls}_o + u_o\,\text{sign}_o \right) + \text{machines} + \sum_u v_u\,\text{built}_u
       + \sum_d v_d\,\text{draw}_d
       - \text{fees of lines} - \text{withheld} - \text{breaches}
       + \sum_e v_e\,\text{issue}_e - \sum_n \delta_n\,\text{tax}_n $$
    """
    places, hosting = instance.places, instance.hosting
    total: Any = instance.value_constant_usd_m
    total += weighted(model.installed, in_table(places.value_usd_m_per_eh * places.exists))
    total += site_operations.value(model, instance)
    total += weighted(model.halls, nonzero(hosting.value_usd_m_per_hall))
    total += weighted(model.sign, nonzero(hosting.value_usd_m_per_signature))
    total += machines_value(model, instance)
    if instance.builds is not None:
        total += sum(float(instance.builds.value_usd_m[u]) * model.built[u] for u in model.BUILDS)
    total += tranches.value(model, instance) + lines.value(model, instance) + covenants.value(model, instance)
    total += companies.value(model, instance)
    if instance.equity is not None:
        charges = instance.equity.value_at(instance.intrinsic_to_market)
        total += sum(float(charges[e]) * model.issue[e] for e in model.ISSUES)
    taxed = instance.tax or instance.income_tax
    if taxed is not None:
        total -= sum(float(taxed.value_factor[n]) * model.tax[n] for n in model.TAX_NODES)
    return total


def machines_value(model: pyo.ConcreteModel, instance: Instance) -> Any:
    """Machines ordered, moved, sold, and what is left of them at the horizon, after tax."""
    trade, places = instance.trade, instance.places
    total: Any = 0.0
    if trade is None:
        return total
    total += sum(float(trade.order_value_usd_m_per_eh[c]) * model.order[c] for c in model.ORDERS)
    plug = trade.plug_cost_usd_m_per_eh[places.lot][:, None] * trade.instant_factor
    total += weighted(model.plug, [((p, n), -float(plug[p, n])) for p, n in model.PLUGS])
    sold = trade.sell_usd_m_per_eh[:, None, :] * trade.tier_factor[trade.type_of_lot][:, :, None] * trade.instant_factor
    total += weighted(model.sell, [((c, k, n), float(sold[c, k, n])) for c, k, n in model.SALES])
    left = in_table(trade.end_value_usd_m_per_eh - trade.end_tax_usd_m_per_eh)
    total += weighted(model.stored, left)
    for (c, n), worth in left:
        here = [p for p in places.of_lot.get(c, ()) if places.exists[p, n]]
        total += weighted(model.installed, [((p, n), worth) for p in here])
    return total
