"""The linear program that is left when the integers of a form are fixed: its optimum with prices, solved again with
other costs, or held to what it was worth.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

from optimizer.errors import SolverError
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.highs import BOUND_TOLERANCE, RawSolution, SolveOptions, Status, prepare, read, run, solve_empty

# HiGHS' number of the primal simplex method.
_PRIMAL_SIMPLEX = 4

PRICED = 1e-10
"""From which price on (USD millions a unit) a column or a row is held where it is."""

LEAST_STEPS = 2000
"""So many steps, or as many as there are rows, are made from a basis that was given before it is left."""


@dataclass(frozen=True, eq=False)
class FixedSolution(RawSolution):
    """A solution of the linear program that is left when all integers are fixed, with its prices.

    `row_duals` (m,): by how much the objective, as written, changes when the binding limit of the row is raised by one
    unit. So the dual of a ``<=`` row is never negative when maximising and never positive when minimising, and the
    other way round for ``>=``. `column_duals` (n,): the same for the binding bound of the column; for a fixed
    integer, the change by one unit more of it while the other integers stay. Both None unless OPTIMAL.
    """

    row_duals: FloatArray | None = None
    column_duals: FloatArray | None = None
    basis: Any = None
    """Where another program with the same rows and columns may begin, as HiGHS has it."""


def solve_fixed(
    form: StandardForm,
    integer_values: npt.ArrayLike,
    options: SolveOptions,
    stop: threading.Event | None = None,
    basis: Any = None,
) -> FixedSolution:
    """Solve the linear program that is left when the integer columns are fixed.

    `integer_values` (n,) has a place for each column; only those of integer columns are read and rounded. INFEASIBLE
    if a rounded value breaks its own bounds. Raises as `solve_form`, ValueError if an integer value is not finite.
    `basis`: of a solution of a program with as many rows and columns, to begin with.
    """
    return FixedProgram(form, integer_values, options, basis).solve(stop)


class FixedProgram:
    """The linear program that is left of a form when its integer columns are fixed, to be solved several times: with
    other costs, or only among plans worth as much. Each solve begins where the last one ended, so it costs little;
    nothing where nothing else was set since.

    Equal calls in an equal order give equal answers. For one thread. Raises as `solve_fixed`.
    """

    def __init__(
        self, form: StandardForm, integer_values: npt.ArrayLike, options: SolveOptions, basis: Any = None
    ) -> None:
        self._form, self._options, self._basis = _fixed(form, integer_values), options, basis
        self._highs: Any = None
        self._answer: FixedSolution | None = None
        """The last optimum, as long as nothing else was set."""

    def solve(self, stop: threading.Event | None = None) -> FixedSolution:
        """The best plan with what was set so far."""
        if self._answer is None:
            found = self._solved(stop)
            self._answer = found if found.status is Status.OPTIMAL else None
            return found
        return self._answer

    def _solved(self, stop: threading.Event | None) -> FixedSolution:
        form, began = self._form, time.perf_counter()
        if form.column_count == 0:
            return FixedSolution(**vars(solve_empty(form)))
        if self._highs is None:
            raw = self._begin(began, stop)
        else:
            highs = self._highs
            # Its clock goes on from solve to solve.
            highs.setOptionValue("time_limit", float(highs.getRunTime() + self._options.time_limit_seconds))
            highs.run()
            try:
                raw = read(highs, form, self._options, began, stop)
            except SolverError:
                # Now and then HiGHS loses its way from a basis, and says that it knows nothing.
                self._basis = None
                raw = self._begin(began, stop)
        highs = self._highs
        solution = highs.getSolution()
        if raw.status is not Status.OPTIMAL or not solution.dual_valid:
            return FixedSolution(**vars(raw))
        return FixedSolution(
            **vars(raw),
            row_duals=np.array(solution.row_dual, dtype=np.float64),
            column_duals=np.array(solution.col_dual, dtype=np.float64),
            basis=highs.getBasis(),
        )

    def _begin(self, began: float, stop: threading.Event | None) -> RawSolution:
        """Solved from the basis that was given, or, if there is none or it leads nowhere, from nothing."""
        ways = (self._basis, None) if self._basis is not None else (None,)
        for basis in ways:
            self._highs = highs = prepare(self._form, self._options)
            # A basis that does not fit is refused, and nothing is lost.
            if basis is not None and highs.setBasis(basis) == highspy.HighsStatus.kOk:
                highs.setOptionValue("presolve", "off")
                highs.setOptionValue("simplex_iteration_limit", max(LEAST_STEPS, self._form.row_count))
            run(highs, None, stop)
            highs.setOptionValue("simplex_iteration_limit", highspy.kHighsIInf)
            try:
                raw = read(highs, self._form, self._options, began, stop)
            except SolverError:
                if basis is None:
                    raise
                continue
            if basis is None or raw.status in (Status.OPTIMAL, Status.INTERRUPTED):
                break
        # The first answer comes quicker with presolve, those after it from the basis that it leaves. A plan is
        # still one with other costs, so primal: the dual method takes a hundred times as long there.
        highs.setOptionValue("presolve", "off")
        highs.setOptionValue("simplex_strategy", _PRIMAL_SIMPLEX)
        return raw

    def set_costs(self, costs: FloatArray, *, maximise: bool) -> None:
        """Other costs (n,) and another sense; the constant stays."""
        if maximise == self._form.maximise and np.array_equal(costs, self._form.costs):
            return
        self._answer = None
        self._form = replace(self._form, costs=costs, maximise=maximise)
        if self._highs is not None:
            every = np.arange(self._form.column_count, dtype=np.int32)
            self._highs.changeColsCost(len(every), every, costs)
            sense = highspy.ObjSense.kMaximize if maximise else highspy.ObjSense.kMinimize
            self._highs.changeObjectiveSense(sense)

    def hold(self, optimum: FixedSolution) -> None:
        """From now on only plans that are worth as much as ``optimum``, the last answer: what its prices forbid to move
        stays where it is. (A plan is optimal if and only if it fulfils that, whichever prices of the optimum are
        taken.)"""
        assert optimum.values is not None
        assert optimum.column_duals is not None
        assert optimum.row_duals is not None
        self._answer = None
        form = self._form
        columns = np.abs(optimum.column_duals) > PRICED
        at = np.clip(optimum.values, form.column_lower, form.column_upper)
        rows = np.abs(optimum.row_duals) > PRICED
        activity = form.matrix @ optimum.values
        is_lower = np.abs(activity - form.row_lower) <= np.abs(activity - form.row_upper)
        limit = np.where(is_lower, form.row_lower, form.row_upper)
        # A row without sides has no price but by noise.
        rows &= np.isfinite(limit)
        self._form = replace(
            form,
            column_lower=np.where(columns, at, form.column_lower),
            column_upper=np.where(columns, at, form.column_upper),
            row_lower=np.where(rows, limit, form.row_lower),
            row_upper=np.where(rows, limit, form.row_upper),
        )
        if self._highs is not None:
            held, tight = np.flatnonzero(columns).astype(np.int32), np.flatnonzero(rows).astype(np.int32)
            self._highs.changeColsBounds(len(held), held, at[held], at[held])
            self._highs.changeRowsBounds(len(tight), tight, limit[tight], limit[tight])


def _fixed(form: StandardForm, integer_values: npt.ArrayLike) -> StandardForm:
    """The form with its integer columns fixed, and continuous."""
    whole = np.asarray(integer_values, dtype=np.float64)
    if whole.shape != (form.column_count,):
        raise ValueError(f"{whole.shape} values for {form.column_count} columns")
    if not np.isfinite(whole[form.integer]).all():
        raise ValueError("every integer column needs a finite value")
    rounded = np.round(np.where(form.integer, whole, 0.0))
    clipped = np.clip(rounded, form.column_lower, form.column_upper)
    rounded = np.where(np.abs(clipped - rounded) <= BOUND_TOLERANCE, clipped, rounded)
    # A value outside its bounds makes lower > upper, which HiGHS answers with "infeasible".
    return replace(
        form,
        column_lower=np.where(form.integer, np.maximum(form.column_lower, rounded), form.column_lower),
        column_upper=np.where(form.integer, np.minimum(form.column_upper, rounded), form.column_upper),
        integer=np.zeros(form.column_count, dtype=np.bool_),
    )
