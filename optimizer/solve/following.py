"""What follows from decisions in whole numbers (is there a profit, is a loan drawn, is a project locked up), where the
decisions are laid down: the best of it, by a tree of linear programs.

HiGHS' own search takes ten seconds and more for the same, most of them for cuts; here every split tells much, and a
few dozen warm linear programs are enough.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from models.instance import Instance
from optimizer.errors import SolverError
from optimizer.instance.whole_plan import Starts
from optimizer.solve.branching import Side
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.compact import Compact, compact
from optimizer.solve.dive import Clock, dive
from optimizer.solve.fixed import FixedProgram, FixedSolution
from optimizer.solve.highs import SolveOptions, Status
from optimizer.solve.large import is_simple
from optimizer.solve.pricing import WarmProgram
from optimizer.solve.prove import Tree
from optimizer.solve.starts import MODEL, begin_at

MOST_LEFT = 250
"""Whole columns that may be left open: with more of them this is no look at what follows any more."""

DIVE_PROGRAMS, MOST_PARTS = 150, 600
"""Linear programs that the first plan may take, and parts that are split at most."""

SAME_USD_M = 1e-6
"""What tolerances of two linear programs come to: a dollar."""


def completed(
    instance: Instance,
    form: StandardForm,
    known: Mapping[str, float],
    options: SolveOptions,
    stop: threading.Event | None = None,
    starts: Starts = (),
) -> FixedSolution | None:
    """The best plan with these whole columns (by name) laid down and the others open, to the gap that is asked for.

    ``form`` is compiled from ``instance``; ``starts``: where programs of one like it ended. None where this is no way
    to it: the model is of another kind, too much is open, a linear program cannot be solved, the gap is not reached, or
    nothing is found. That no plan has these is for others to prove: decisions that were rounded may break a row here by
    less than counts.
    """
    if not is_simple(instance) or not form.maximise:
        return None
    began = time.perf_counter()
    try:
        return _by_tree(compact(instance, form), form, known, options, stop, began, starts)
    except SolverError:
        return None


def _by_tree(
    program: Compact,
    form: StandardForm,
    known: Mapping[str, float],
    options: SolveOptions,
    stop: threading.Event | None,
    began: float,
    starts: Starts,
) -> FixedSolution | None:
    # Not from a basis that was kept: with decisions laid down the way from there is longer than from nothing.
    warm = WarmProgram(program.form, options)
    side = _laid(program.form, warm.whole, known)
    if (side[0] > side[1]).any() or (side[0] < side[1]).sum() > MOST_LEFT:
        return None
    try:
        return _by_program(program, warm, side, form, options, stop, began, starts)
    finally:
        warm.rest()


def _by_program(
    program: Compact,
    warm: WarmProgram,
    side: Side,
    form: StandardForm,
    options: SolveOptions,
    stop: threading.Event | None,
    began: float,
    starts: Starts,
) -> FixedSolution | None:
    until = began + options.time_limit_seconds
    tree = Tree(program, warm, within=side)
    if tree.root is None:
        return None
    best: list[tuple[float, FloatArray]] = []

    def found(value: float, whole: FloatArray) -> None:
        if not best or value > best[-1][0]:
            best.append((value, whole))

    first = dive(tree, tree.root, Clock(tree, DIVE_PROGRAMS, until, stop))
    if first is not None:
        found(first.value, first.whole)

    def cutoff() -> float:
        if not best:
            return -np.inf
        return best[-1][0] + max(options.absolute_gap_usd_m, options.relative_gap * abs(best[-1][0]))

    if not tree.exhaust(cutoff, found, nodes=MOST_PARTS, until=until, stop=stop) or not best:
        return None
    bound, basis = min(tree.root.bound, cutoff()), begin_at(starts, MODEL, form, form)
    return _in_the_model(program, form, warm, best[-1][1], bound, options, began, tree.nodes, basis)


def _laid(form: StandardForm, whole: np.ndarray, known: Mapping[str, float]) -> tuple[FloatArray, FloatArray]:
    lower, upper = form.column_lower[whole].copy(), form.column_upper[whole].copy()
    for i, j in enumerate(whole.tolist()):
        value = known.get(form.column_names[j])
        if value is not None:
            lower[i], upper[i] = max(lower[i], round(value)), min(upper[i], round(value))
    return lower, upper


def _in_the_model(
    program: Compact,
    form: StandardForm,
    warm: WarmProgram,
    whole: FloatArray,
    bound: float,
    options: SolveOptions,
    began: float,
    nodes: int,
    basis: Any,
) -> FixedSolution | None:
    """The plan in the model itself; None if it is not within the gap there."""
    at = {int(j): i for i, j in enumerate(warm.whole)}
    numbers = np.zeros(form.column_count)
    for j in np.flatnonzero(form.integer).tolist():
        numbers[j] = whole[at[int(program.column[j])]]
    fixed = FixedProgram(form, numbers, options, basis).solve()
    if fixed.status is not Status.OPTIMAL or fixed.values is None or fixed.objective is None:
        return None
    gap = max(0.0, bound - fixed.objective)
    allowed = max(options.absolute_gap_usd_m, options.relative_gap * abs(fixed.objective))
    if gap > 2 * allowed + SAME_USD_M:
        return None
    return FixedSolution(
        status=Status.OPTIMAL,
        values=fixed.values,
        objective=fixed.objective,
        bound=max(bound, fixed.objective),
        relative_gap=gap / abs(fixed.objective) if fixed.objective else None,
        absolute_gap=gap,
        seconds=time.perf_counter() - began,
        nodes=nodes,
        message="Optimal",
        basis=fixed.basis,
    )
