"""Linear programs kept warm: price a plan (all whole columns fixed), or bound what is left of the choices.

A `WarmProgram` holds the relaxation of one form in HiGHS and is asked again and again with other bounds on its whole
columns; the basis of the last answer makes the next one cheap (10 to 100 ms where a cold one takes 0.5 s). Answers are
those of linear programs: a plan's price is its exact value in the form, and a bound holds for every plan within the
bounds that were asked about.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

from optimizer.errors import SolverError
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.highs import SolveOptions, Status, prepare, solve_form, wait_for

LEAST_ITERATIONS, ITERATIONS_A_ROW = 20_000, 10
"""How long a warm start is followed before the program is solved from the beginning: simplex methods that start from a
strange basis can go round in circles."""

LOST, LOST_A_STEP = 40, 0.1
"""How often HiGHS may ask again whether it shall go on without having made another step of its simplex method: in all,
and for each step. It does so up to 20 times, and for one step in a hundred of long ways. Where it undoes its steps for
ever it goes on asking, and since it does not count such steps no limit of steps ever strikes."""

LP_SECONDS = 20.0
"""The same in seconds, far more than any program takes: for a machine that stands still, not to decide anything."""

Settings = tuple[tuple[str, bool | int | float | str], ...]

WARM: Settings = (("solver", "simplex"), ("simplex_dual_edge_weight_strategy", 1))
"""How it is solved from the last basis. Scaled: unscaled the way is a third shorter for some models, but of others
programs that have no plan take 20 s in place of 0.1."""

WAYS: tuple[Settings, ...] = (
    (("solver", "ipm"),),
    (("simplex_scale_strategy", 0), ("simplex_strategy", 4), ("solver", "simplex")),
    (),
)
"""How a program is solved from the beginning, the next way if one does not end. The interior point method first: it
takes a second for programs in which a simplex method loses its way. Then by the primal simplex method, unscaled: of
some programs that have no plan HiGHS says nothing at all when it scales them."""


@dataclass(frozen=True, eq=False)
class Priced:
    """Answer of one linear program. ``objective`` is -inf (inf when minimising) if nothing fulfils the rows, or if it
    is proven to be worse than the floor that was asked for. ``values`` (n,) of all columns, where there is an optimum.
    ``basis``: HiGHS' own of it, from which programs with little other bounds are near.
    """

    objective: float
    values: FloatArray | None
    basis: Any = None


class _Watch:
    """Ends a program that goes round in circles. Counted, not timed, so that it ends on every machine alike."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Of another program."""
        self._step, self._again = -1, 0
        self.abort = threading.Event()
        """Set from outside to end it at once."""

    def over(self, highs: Any) -> None:
        """Watch every program of an object of HiGHS from now on."""
        highs.setCallback(self._ask, None)
        highs.startCallback(highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt)

    def _ask(self, kind: Any, message: str, state: Any, answer: Any, _: Any) -> None:
        step = state.simplex_iteration_count
        self._again += step == self._step
        self._step = step
        if self._again > LOST + LOST_A_STEP * step or self.abort.is_set():
            answer.user_interrupt = True


class WarmProgram:
    """The relaxation of a form, solved again and again with other bounds on its whole columns. For one thread."""

    def __init__(self, form: StandardForm, options: SolveOptions, basis: Any = None) -> None:
        """``basis``: of a program like it, to begin with."""
        self.form = form
        self._given = basis
        self.whole = np.flatnonzero(form.integer).astype(np.int32)
        self.solved = 0
        """Programs answered so far."""
        self.seconds = 0.0
        self._sign = -1.0 if form.maximise else 1.0
        # Minimised, because HiGHS takes its bound on the objective in that sense.
        self._relaxed = replace(
            form,
            costs=self._sign * form.costs,
            offset=self._sign * form.offset,
            maximise=False,
            integer=np.zeros(form.column_count, dtype=np.bool_),
        )
        self._options = replace(options, advanced=(), time_limit_seconds=LP_SECONDS)
        self._highs: Any = None
        self._basis: Any = None
        """Of the last optimum, where it is not that of the last program."""
        self._kept: Any = None
        self._now: Any = None
        """The basis that HiGHS has; None if that is of no optimum."""
        self._last: tuple[FloatArray, FloatArray] | None = None
        self._watch = _Watch()

    def bound(
        self,
        lower: npt.ArrayLike | None = None,
        upper: npt.ArrayLike | None = None,
        floor: float | None = None,
        basis: Any = None,
    ) -> Priced:
        """The best objective with whole columns between ``lower`` and ``upper`` (k,), in the order of ``whole``.

        None: the form's own. With ``floor`` the answer may be "worse than that" without saying by how much. ``basis``:
        of an answer to begin from, in place of the last one.
        """
        if basis is not None:
            # To set a basis costs more than a few steps: not where it is the one that HiGHS has.
            self._basis = None if basis is self._now else basis
        low = self.form.column_lower[self.whole] if lower is None else np.asarray(lower, dtype=np.float64)
        high = self.form.column_upper[self.whole] if upper is None else np.asarray(upper, dtype=np.float64)
        self.solved += 1
        if (low > high).any():
            return self._nothing()
        began = time.perf_counter()
        answer = self._warm(low, high, floor)
        if answer is None:
            answer = self._cold(low, high, floor)
        self.seconds += time.perf_counter() - began
        if np.isnan(answer.objective):
            # Nothing is above or below it, so that it would close whatever it is compared with.
            raise SolverError("a linear program has a value that is no number")
        # HiGHS looks at the floor only on its way down, so an optimum may lie below it.
        is_worse = floor is not None and self._sign * answer.objective > self._sign * floor
        return self._nothing() if is_worse else answer

    def price(self, plan: npt.ArrayLike, floor: float | None = None) -> Priced:
        """The best objective with the whole columns at ``plan`` (k,), in the order of ``whole``; nothing if that is not
        within their bounds."""
        whole = np.round(np.asarray(plan, dtype=np.float64))
        lower, upper = self.form.column_lower[self.whole], self.form.column_upper[self.whole]
        return self.bound(np.maximum(whole, lower), np.minimum(whole, upper), floor)

    def set_costs(self, costs: FloatArray) -> None:
        """Other costs (n,) for all programs to come."""
        self.form = replace(self.form, costs=costs)
        self._relaxed = replace(self._relaxed, costs=self._sign * costs)
        if self._highs is not None:
            every = np.arange(self.form.column_count, dtype=np.int32)
            self._highs.changeColsCost(len(every), every, self._relaxed.costs)

    def reduced_costs(self) -> FloatArray | None:
        """(n,) by how much the last objective, as written, changes per unit of a column; None if there was none."""
        if self._highs is None:
            return None
        solution = self._highs.getSolution()
        return self._sign * np.array(solution.col_dual, dtype=np.float64) if solution.dual_valid else None

    @property
    def basis(self) -> Any:
        """Of the last optimum; None if there was none yet."""
        return self._kept

    def _nothing(self) -> Priced:
        return Priced(-np.inf if self.form.maximise else np.inf, None)

    def _warm(self, low: FloatArray, high: FloatArray, floor: float | None) -> Priced | None:
        """From the basis of the last answer; None if that leads nowhere."""
        if self._highs is None:
            self._highs = self._start()
            if self._given is not None and self._highs.setBasis(self._given) == highspy.HighsStatus.kOk:
                self._highs.setOptionValue("presolve", "off")
            # Once: if it leads nowhere it would do so again.
            self._given = None
        highs = self._highs
        self._move(low, high)
        self._now = None
        if self._basis is not None:
            # Where a program without a plan was left is far from everything.
            highs.setBasis(self._basis)
            self._basis = None
        cut = highspy.kHighsInf if floor is None else self._sign * floor
        highs.setOptionValue("objective_bound", cut)
        # Its clock goes on from program to program.
        highs.setOptionValue("time_limit", float(highs.getRunTime() + LP_SECONDS))
        self._watch.begin()
        # In a thread of its own: in the main thread Ctrl-C would be raised within the watch, and lost.
        wait_for(highs.run, self._watch.abort)
        # The first answer comes quicker with presolve, those after it from the basis that it leaves.
        highs.setOptionValue("presolve", "off")
        ended = str(highs.getModelStatus().name)
        if ended in ("kInfeasible", "kObjectiveBound"):
            self._basis = self._kept if ended == "kInfeasible" else None
            return self._nothing()
        if ended != "kOptimal":
            self._highs = None
            return None
        self._kept = self._now = highs.getBasis()
        values = np.array(highs.getSolution().col_value, dtype=np.float64)
        return Priced(self.form.objective(values), values, self._kept)

    def _start(self) -> Any:
        limit = max(LEAST_ITERATIONS, ITERATIONS_A_ROW * self.form.row_count)
        advanced = (*WARM, ("simplex_iteration_limit", limit))
        self._last = self._basis = self._kept = self._now = None
        highs = prepare(self._relaxed, replace(self._options, advanced=advanced))
        self._watch.over(highs)
        return highs

    def _move(self, low: FloatArray, high: FloatArray) -> None:
        before = self._last
        moved = np.arange(len(low)) if before is None else np.flatnonzero((before[0] != low) | (before[1] != high))
        if len(moved):
            self._highs.changeColsBounds(len(moved), self.whole[moved], low[moved], high[moved])
        self._last = (low.copy(), high.copy())

    def _cold(self, low: FloatArray, high: FloatArray, floor: float | None) -> Priced:
        lower, upper = self._relaxed.column_lower.copy(), self._relaxed.column_upper.copy()
        lower[self.whole], upper[self.whole] = low, high
        form, message = replace(self._relaxed, column_lower=lower, column_upper=upper), ""
        for advanced in WAYS:
            try:
                raw = solve_form(form, replace(self._options, advanced=advanced))
            except SolverError as error:
                message = str(error)
                continue
            if raw.status is Status.INFEASIBLE:
                return self._nothing()
            if raw.status is Status.OPTIMAL and raw.values is not None and raw.objective is not None:
                return Priced(self._sign * raw.objective, raw.values)
            message = raw.message
        raise SolverError(f"a linear program was not solved: {message}")


def whole_values(form: StandardForm, columns: Mapping[str, float]) -> FloatArray:
    """(k,) whole values of a form by name of column, in the order of ``WarmProgram.whole``; 0 where none is named."""
    return np.array([round(columns.get(form.column_names[j], 0.0)) for j in np.flatnonzero(form.integer)], dtype=float)
