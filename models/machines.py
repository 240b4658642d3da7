"""Constraint family: machines. What is installed, and what is taken off the floor."""

from __future__ import annotations

import pyomo.environ as pyo

from models.instance import Instance


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add ``installed`` and ``retire`` (EH/s by lot and node) and the balance of machines to the model."""
    lots, bounds = instance.lots, instance.bounds
    model.LOTS = pyo.RangeSet(0, len(lots.name) - 1)
    model.NODES = pyo.RangeSet(0, len(instance.tree) - 1)
    model.installed = pyo.Var(model.LOTS, model.NODES, bounds=lambda _, c, n: (0.0, float(lots.eh_s[c])))
    model.retire = pyo.Var(
        model.LOTS,
        model.NODES,
        bounds=lambda _, c, n: (float(bounds.retire_lower_eh[c, n]), float(bounds.retire_upper_eh[c, n])),
    )
    model.machines_balance = pyo.Constraint(model.LOTS, model.NODES, rule=lambda m, c, n: balance(m, instance, c, n))


def balance(model: pyo.ConcreteModel, instance: Instance, lot: int, node: int) -> object:
    r"""What stands in a node is what stood in the node before, less what is retired at its first instant.

    Without the rule machines that made room for a hall would go on mining.

    $$ \text{installed}_{c,n} = \text{installed}_{c,\text{parent}(n)} - \text{retire}_{c,n},
       \qquad \text{installed}_{c,\text{parent}(0)} = \text{EH/s of the lot} $$
    """
    parent = int(instance.tree.parent[node])
    before = model.installed[lot, parent] if parent >= 0 else float(instance.lots.eh_s[lot])
    return model.installed[lot, node] == before - model.retire[lot, node]
