"""Of plans that are worth the same, the one that people would take: by a stated rule, for a tenth of a dollar."""

from __future__ import annotations

import numpy as np

from models.instance import Instance
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.highs import FixedProgram, Status

TIE_SLACK, MONEY_SLACKS = 1e-9, (1e-5, 1e-4)
"""How far machines and coins, and what is borrowed, may move once a tie is broken, to give back what that cost."""

TIE_TOLERANCE_USD_M = 1e-7
"""How much value may be given up to break a tie: a tenth of a dollar."""


def break_ties(instance: Instance, form: StandardForm, values: FloatArray, program: FixedProgram) -> FloatArray:
    """Of the plans with these whole numbers and this value, the one that moves the fewest machines, and late, borrows
    the least, keeps the most coins, and pays the least from company to company, and late. ``program`` has the whole
    numbers fixed and was solved.

    Machines that would not run again cost nothing to keep, a coin is worth the same in stock and as cash, a loan at its
    market rate costs no value, and cash is worth as much in one company as in another, so the solver is indifferent;
    people are not.
    """
    nodes = len(instance.tree)
    costs, money = np.zeros(form.column_count), np.zeros(form.column_count, dtype=bool)
    for j, name in enumerate(form.column_names):
        kind, _, index = name.partition("[")
        if kind in ("unplug", "plug"):
            costs[j] = 2.0 - int(index.rstrip("]").split(",")[1]) / nodes
        elif kind == "sell_btc":
            costs[j] = 1e-4
        elif kind == "keep_btc":
            costs[j] = -1e-4
        elif kind in ("draw", "line_owed", "commit", "line_commit", "locked"):
            costs[j], money[j] = 2e-3, True
        elif kind in ("fund", "upstream"):
            costs[j], money[j] = 1e-3 - 5e-4 * int(index.rstrip("]").split(",")[1]) / nodes, True
    if not costs.any():
        return values
    floor = form.objective(values) - TIE_TOLERANCE_USD_M
    program.add_row(form.costs, floor - form.offset)
    program.set_costs(costs, maximise=False)
    found = program.solve()
    program.remove_row()
    program.set_costs(form.costs, maximise=form.maximise)
    if found.status is not Status.OPTIMAL or found.values is None:
        return values
    # The tenth of a dollar has been spent somewhere: what is not ranked gets it back.
    ranked = np.flatnonzero(costs)
    lower, upper = program.bounds
    # What is not done at all gets no room: a billionth of every lot would add up to machines that do not exist.
    for money_slack in MONEY_SLACKS:
        near, far = lower.copy(), upper.copy()
        slack = np.where(found.values[ranked] > TIE_SLACK, np.where(money[ranked], money_slack, TIE_SLACK), 0.0)
        near[ranked] = np.maximum(near[ranked], found.values[ranked] - slack)
        far[ranked] = np.minimum(far[ranked], np.maximum(found.values[ranked], near[ranked]) + slack)
        program.set_bounds(near, far)
        sharp = program.solve()
        if sharp.status is Status.OPTIMAL and sharp.values is not None:
            return sharp.values
    return found.values
