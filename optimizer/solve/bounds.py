"""What no plan of an instance can be worth more than, from linear programs alone: quick, and not tight.

A bound holds for the instance as it is given, new shares at its ``intrinsic_to_market`` included. Since a plan that is
worth more makes its own new shares dearer, the bound at the worth of the best plan known holds for every better plan.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.instance import Instance
from optimizer.solve.bridge import StandardForm
from optimizer.solve.compact import Compact, compact
from optimizer.solve.compiled import form_of
from optimizer.solve.highs import SolveOptions, Status, solve_form


def compact_of(instance: Instance) -> tuple[StandardForm, Compact]:
    """The model of an instance as arrays, without its Pyomo variables, and the smaller program made from it."""
    form = replace(form_of(instance), variables=())
    return form, compact(instance, form)


def lp_bound(instance: Instance, options: SolveOptions, program: Compact | None = None) -> float:
    """USD m that no plan of the instance exceeds; minus infinity if it has none, infinity if there was no time."""
    small = (program if program is not None else compact_of(instance)[1]).form
    relaxed = replace(small, integer=np.zeros(small.column_count, dtype=np.bool_))
    raw = solve_form(relaxed, replace(options, advanced=()))
    if raw.status is Status.INFEASIBLE:
        return -np.inf
    return raw.objective if raw.status is Status.OPTIMAL and raw.objective is not None else np.inf
