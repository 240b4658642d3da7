"""Of plans that are worth the same, the one that people would take: by a stated rule, at no cost."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from models.instance import Instance
from optimizer.errors import SolverError
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.fixed import FixedProgram, FixedSolution
from optimizer.solve.highs import Status
from optimizer.solve.names import families_of, index_of

ALIKE = {
    "sell_btc": 1e-4,
    "keep_btc": -1e-4,
    "draw": 2e-3,
    "line_owed": 2e-3,
    "commit": 2e-3,
    "line_commit": 2e-3,
    "locked": 2e-3,
}
"""What each unit counts, whenever it is."""

TOLERANCE_USD_M = 1e-6
"""A dollar: more than that the solver's tolerances do not take."""


def break_ties(
    instance: Instance, form: StandardForm, optimum: FixedSolution, program: FixedProgram
) -> FloatArray | None:
    """Of the plans with these whole numbers and this value, the one that moves the fewest machines, and late, borrows
    the least, keeps the most coins, and pays the least from company to company, and late. ``program`` has the whole
    numbers fixed and gave ``optimum`` as its last answer; it is held to that from then on.

    Machines that would not run again cost nothing to keep, a coin is worth the same in stock and as cash, a loan at its
    market rate costs no value, and cash is worth as much in one company as in another, so the solver is indifferent;
    people are not.
    """
    costs = _costs(form.column_names, len(instance.tree))
    if not costs.any() or optimum.row_duals is None:
        return optimum.values
    program.hold(optimum)
    program.set_costs(costs, maximise=False)
    try:
        found = program.solve()
    except SolverError:
        return optimum.values
    if found.status is not Status.OPTIMAL or found.values is None or optimum.values is None:
        return optimum.values
    lost = form.objective(optimum.values) - form.objective(found.values)
    return found.values if (lost if form.maximise else -lost) <= TOLERANCE_USD_M else optimum.values


@lru_cache(maxsize=4)
def _costs(names: tuple[str, ...], nodes: int) -> FloatArray:
    """(n,) what each unit of a column counts, by its name."""
    costs, families = np.zeros(len(names)), families_of(names)
    for family in ("unplug", "plug"):
        for j in families.get(family, ()):
            costs[j] = 2.0 - index_of(names[j])[1] / nodes
    for family, cost in ALIKE.items():
        costs[list(families.get(family, ()))] = cost
    for family in ("fund", "upstream"):
        for j in families.get(family, ()):
            costs[j] = 1e-3 - 5e-4 * index_of(names[j])[1] / nodes
    costs.setflags(write=False)
    return costs
