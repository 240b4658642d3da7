"""Constraint family: tranches of new debt and preferred shares. Their service is in cash; here is how much there is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from models.instance import Instance
from models.linear import nonzero, weighted
from models.tree import Floats

FAMILIES = (
    "facility limit",
    "backstop limit",
    "loan to cost",
    "project debt by cost",
    "project debt by service",
    "taking out loans",
)
"""What the names of rows begin with; each is a component of the model."""


def component_of(family: str) -> str:
    """Name of the component of the model that holds a family's rows."""
    return f"draws_{family.replace(' ', '_')}"


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add ``draw`` (USD m by tranche), ``commit`` (by commitment), ``drawn`` (whether, for tranches with a least size
    or a cost of their own) and the rows that limit them to the model."""
    tranches = instance.tranches
    model.DRAWS = pyo.RangeSet(0, len(tranches.name) - 1 if tranches is not None else -1)
    model.COMMITS = pyo.RangeSet(0, len(tranches.commit_node) - 1 if tranches is not None else -1)
    model.EITHER_OR = pyo.Set(initialize=tranches.either_or.tolist() if tranches is not None else [])
    if tranches is None:
        return
    lower, upper = instance.bounds.draw_usd_m
    least, most = instance.bounds.commit_usd_m
    model.draw = pyo.Var(model.DRAWS, bounds=lambda _, d: (float(lower[d]), float(upper[d])))
    model.commit = pyo.Var(model.COMMITS, bounds=lambda _, c: (float(least[c]), float(most[c])))
    model.drawn = pyo.Var(model.EITHER_OR, domain=pyo.Binary)
    for family in FAMILIES:
        rows = [r for r, name in enumerate(tranches.row_name) if name.startswith(f"{family}:")]
        constraint = pyo.Constraint(rows, rule=lambda m, r: row(m, instance, r))
        model.add_component(component_of(family), constraint)
    model.draw_least = pyo.Constraint(model.EITHER_OR, rule=lambda m, d: at_least(m, instance, d))
    model.draw_most = pyo.Constraint(model.EITHER_OR, rule=lambda m, d: at_most(m, instance, d))


def row(model: pyo.ConcreteModel, instance: Instance, r: int) -> object:
    r"""What is drawn stays within a facility's limit, within what is committed, within a share of the cost of signed
    halls and ordered machines, and of a project within what its cash can serve.

    Without these rows money for halls is borrowed before, or without, any hall.

    $$ \sum_d a_{r,d}\,\text{draw}_d + \sum_c b_{r,c}\,\text{commit}_c + \sum_o h_{r,o}\,\text{halls}_o
       + \sum_l g_{r,l}\,\text{order}_l \le u_r $$
    """
    tranches = instance.tranches
    assert tranches is not None
    total: Any = 0.0
    for variable, entries in zip(("draw", "commit", "halls", "order"), tranches.rows[r], strict=True):
        total += weighted(getattr(model, variable), entries)
    if isinstance(total, float):
        return pyo.Constraint.Skip
    return total <= float(tranches.row_upper[r])


def at_least(model: pyo.ConcreteModel, instance: Instance, d: int) -> object:
    r"""A tranche is nothing or at least so much.

    $$ \text{draw}_d \ge \underline{L}_d\,\text{drawn}_d $$
    """
    assert instance.tranches is not None
    return model.draw[d] - float(instance.tranches.least_usd_m[d]) * model.drawn[d] >= 0


def at_most(model: pyo.ConcreteModel, instance: Instance, d: int) -> object:
    r"""Who draws pays the fixed cost.

    $$ \text{draw}_d \le \overline{L}_d\,\text{drawn}_d $$
    """
    return model.draw[d] - float(instance.bounds.draw_usd_m[1][d]) * model.drawn[d] <= 0


def by_node(model: pyo.ConcreteModel, instance: Instance, table: str, node: int, chosen: Any = None) -> Any:
    """Sum over tranches of one of their arrays (D, N) at a node, times what is drawn; of all, or of ``chosen`` ones."""
    tranches = instance.tranches
    if tranches is None:
        return 0.0
    column: Floats = getattr(tranches, table)[:, node]
    if chosen is not None:
        column = np.where(chosen, column, 0.0)
    return weighted(model.draw, nonzero(column))


def cash(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """Drawn less kept back and service, undrawn fees, fixed costs; what ring-fences hold apart."""
    tranches = instance.tranches
    if tranches is None:
        return 0.0
    total = by_node(model, instance, "cash", node)
    total += weighted(model.commit, nonzero(tranches.commit_cash[:, node]))
    total -= sum(
        float(tranches.fixed_cost_usd_m[d]) * model.drawn[d]
        for d in model.EITHER_OR
        if tranches.node[d] == node and tranches.fixed_cost_usd_m[d]
    )
    return total


def value(model: pyo.ConcreteModel, instance: Instance) -> Any:
    """Net present value of what is drawn, at the market's rates, less what options and warrants cost."""
    tranches = instance.tranches
    if tranches is None:
        return 0.0
    worth = tranches.value - tranches.charge(instance.intrinsic_to_market)
    total: Any = weighted(model.draw, nonzero(worth))
    total += weighted(model.commit, nonzero(tranches.commit_value))
    total += sum(float(tranches.fixed_value_usd_m[d]) * model.drawn[d] for d in model.EITHER_OR)
    return total
