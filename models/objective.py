"""What is maximised: expected present value, each cash flow at the rate of its class.

Debt is valued at its own cost and cash at par, so borrowing or holding money creates no value by itself
(with one equity rate for everything, every plan would borrow as much as it could).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from models.instance import Instance


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add the objective (and, for a twin, the floor on critical IT MW) to the model."""
    if instance.it_mw_at_least is not None:
        model.it_mw_floor = pyo.Constraint(expr=it_mw(model, instance) >= instance.it_mw_at_least)
    expression = it_mw(model, instance) if instance.maximise == "it_mw" else value(model, instance)
    model.objective = pyo.Objective(expr=expression, sense=pyo.maximize)


def value(model: pyo.ConcreteModel, instance: Instance) -> Any:
    r"""Present value in USD millions.

    $$ V = V_0 + \sum_{c,n} v_{c,n}\,\text{installed}_{c,n}
       + \sum_k \gamma^v_k\,\text{inside}_k + \sum_o \left( v_o\,\text{halls}_o + u_o\,\text{sign}_o \right) $$
    """
    lots, hosting = instance.lots, instance.hosting
    total: Any = instance.value_constant_usd_m
    total += sum(
        float(lots.value_usd_m_per_eh[c, n]) * model.installed[int(c), int(n)]
        for c, n in zip(*np.nonzero(lots.value_usd_m_per_eh), strict=True)
    )
    total += sum(float(instance.blocks.gain_value_usd_m_per_mw[k]) * model.inside[k] for k in model.PLACES)
    total += sum(
        float(hosting.value_usd_m_per_hall[o]) * model.halls[o]
        + float(hosting.value_usd_m_per_signature[o]) * model.sign[o]
        for o in model.OPTIONS
    )
    return total


def it_mw(model: pyo.ConcreteModel, instance: Instance) -> Any:
    """Critical IT MW signed, expected over the tree."""
    hosting, probability = instance.hosting, instance.tree.probability
    return sum(float(hosting.mw_it_per_hall[o] * probability[hosting.node[o]]) * model.halls[o] for o in model.OPTIONS)
