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
    years = sorted({(int(equity.facility[e]), int(equity.year[e])) for e in model.ISSUES})
    model.EQUITY_YEARS = pyo.Set(dimen=2, initialize=years)
    model.equity_year = pyo.Constraint(
        model.EQUITY_YEARS, model.LEAVES, rule=lambda m, f, y, leaf: yearly(m, instance, f, y, leaf)
    )
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


def yearly(model: pyo.ConcreteModel, instance: Instance, facility: int, year: int, leaf: int) -> object:
    r"""What is raised by a facility in a calendar year stays within its yearly limit.

    $$ \sum_{e \in f,\; \text{year}(e) = y,\; n(e) \preceq \ell} \text{issue}_e \le \overline{E}^y_f $$
    """
    equity = instance.equity
    assert equity is not None
    most = float(equity.year_limit_usd_m[facility])
    here = (equity.facility == facility) & (equity.year == year) & instance.tree.reaches[equity.node, leaf]
    if not np.isfinite(most) or not here.any():
        return pyo.Constraint.Skip
    return sum(model.issue[e] for e in np.flatnonzero(here).tolist()) <= most
