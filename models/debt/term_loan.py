"""Constraint family: term loans that the plan may draw. Their service is in cash; here is how much may be drawn."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo

from models.instance import Instance, Loans


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add ``draw`` (USD m by option) and the limits of each facility to the model."""
    loans = instance.loans
    model.DRAWS = pyo.RangeSet(0, len(loans.node) - 1 if loans is not None else -1)
    if loans is None:
        return
    lower, upper = instance.bounds.draw_usd_m
    model.draw = pyo.Var(model.DRAWS, bounds=lambda _, d: (float(lower[d]), float(upper[d])))
    model.LOANS = pyo.RangeSet(0, len(loans.name) - 1)
    model.loan_limit = pyo.Constraint(model.LOANS, model.LEAVES, rule=lambda m, f, leaf: limit(m, instance, f, leaf))
    steps = sorted({(int(loans.facility[d]), int(loans.node[d])) for d in model.DRAWS})
    model.LOAN_STEPS = pyo.Set(dimen=2, initialize=steps)
    model.loan_to_cost = pyo.Constraint(model.LOAN_STEPS, rule=lambda m, f, n: loan_to_cost(m, instance, f, n))


def limit(model: pyo.ConcreteModel, instance: Instance, facility: int, leaf: int) -> object:
    r"""What is drawn of a facility along a path stays within its limit.

    $$ \sum_{d \in f,\; n(d) \preceq \ell} \text{draw}_d \le \overline{L}_f $$
    """
    assert instance.loans is not None
    drawn = _draws(instance, instance.loans, facility, leaf)
    if not drawn:
        return pyo.Constraint.Skip
    return sum(model.draw[d] for d in drawn) <= float(instance.loans.limit_usd_m[facility])


def loan_to_cost(model: pyo.ConcreteModel, instance: Instance, facility: int, node: int) -> object:
    r"""A project loan is drawn against signed projects: at most a share of their capex.

    Without the rule money for halls is borrowed before, or without, any hall.

    $$ \sum_{d \in f,\; n(d) \preceq n} \text{draw}_d \le \theta_f \sum_{o:\; n(o) \preceq n} K_o \, \text{halls}_o $$
    """
    loans, hosting = instance.loans, instance.hosting
    assert loans is not None
    share = float(loans.loan_to_cost[facility])
    if not np.isfinite(share):
        return pyo.Constraint.Skip
    drawn = _draws(instance, loans, facility, node)
    signed = [
        int(o) for o in np.flatnonzero(loans.capex_counts[facility]) if instance.tree.reaches[hosting.node[o], node]
    ]
    capex = sum(share * float(hosting.capex_usd_m_per_hall[o]) * model.halls[o] for o in signed)
    return sum(model.draw[d] for d in drawn) - capex <= 0


def _draws(instance: Instance, loans: Loans, facility: int, node: int) -> list[int]:
    """Draws of a facility at nodes on the way to ``node``."""
    return [int(d) for d in np.flatnonzero(loans.facility == facility) if instance.tree.reaches[loans.node[d], node]]
