"""Constraint family: new shares sold for cash. What they cost today's holders is in the objective."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo

from models.instance import Instance


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add ``issue`` (USD m by option) and the limit of each facility to the model."""
    equity = instance.equity
    model.ISSUES = pyo.RangeSet(0, len(equity.node) - 1 if equity is not None else -1)
    if equity is None:
        return
    lower, upper = instance.bounds.issue_usd_m
    model.issue = pyo.Var(model.ISSUES, bounds=lambda _, e: (float(lower[e]), float(upper[e])))
    model.EQUITIES = pyo.RangeSet(0, len(equity.name) - 1)
    model.equity_limit = pyo.Constraint(
        model.EQUITIES, model.LEAVES, rule=lambda m, f, leaf: limit(m, instance, f, leaf)
    )


def limit(model: pyo.ConcreteModel, instance: Instance, facility: int, leaf: int) -> object:
    r"""What is raised by a facility along a path stays within its limit.

    $$ \sum_{e \in f,\; n(e) \preceq \ell} \text{issue}_e \le \overline{E}_f $$
    """
    equity = instance.equity
    assert equity is not None
    raised = [
        int(e) for e in np.flatnonzero(equity.facility == facility) if instance.tree.reaches[equity.node[e], leaf]
    ]
    if not raised:
        return pyo.Constraint.Skip
    return sum(model.issue[e] for e in raised) <= float(equity.limit_usd_m[facility])
