"""One linear program at a time by HiGHS, from a basis: the answer hangs on nothing that was solved before.

HiGHS is cleared before every program, and made anew for other costs, so that whoever solves it, in whatever order,
gives the same answer to the last bit. That is what lets several be solved at once. It costs next to nothing: a basis
that is set has to be factorised anyhow.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np

from optimizer.errors import SolverError
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.highs import SolveOptions, Status, prepare, solve_form

LEAST_ITERATIONS, ITERATIONS_A_ROW = 20_000, 10
"""How long a warm start is followed before the program is solved from the beginning: simplex methods that start from a
strange basis can go round in circles."""

UNWATCHED_SECONDS = 2.0
"""So long a program goes on by itself; then it begins again, watched. To be asked after each step takes a twelfth of
the time, and few programs need it."""

LOST, LOST_A_STEP = 40, 0.1
"""How often HiGHS may ask again whether it shall go on without having made another step of its simplex method: in all,
and for each step. It does so up to 20 times, and for one step in a hundred of long ways. Where it undoes its steps for
ever it goes on asking, and since it does not count such steps no limit of steps ever strikes."""

LP_SECONDS = 20.0
"""The same in seconds, far more than any program takes: for a machine that stands still, not to decide anything."""

Settings = tuple[tuple[str, bool | int | float | str], ...]

WARM: Settings = (("solver", "simplex"), ("simplex_dual_edge_weight_strategy", 1))
"""How it is solved from a basis. Scaled: unscaled the way is a third shorter for some models, but of others programs
that have no plan take 20 s in place of 0.1."""

WAYS: tuple[Settings, ...] = (
    (("solver", "ipm"),),
    (("simplex_scale_strategy", 0), ("simplex_strategy", 4), ("solver", "simplex")),
    (),
)
"""How a program is solved from the beginning, the next way if one does not end. The interior point method first: it
takes a second for programs in which a simplex method loses its way. Then by the primal simplex method, unscaled: of
some programs that have no plan HiGHS says nothing at all when it scales them."""


@dataclass(frozen=True, eq=False)
class Asked:
    """A linear program: bounds of the whole columns (k,), the cost of every column (n,) of what is minimised, the value
    beyond which nothing is looked for (in the sense of what is minimised; None: none), and a basis to begin from."""

    lower: FloatArray
    upper: FloatArray
    costs: FloatArray
    cut: float | None = None
    basis: Any = None


@dataclass(frozen=True, eq=False)
class Answer:
    """``values`` (n,) of all columns; None if nothing fulfils the rows, or if it is proven to lie beyond the cut.
    ``duals`` (k,): by how much what is minimised changes per unit of a whole column; None where that is not known.
    ``basis``: HiGHS' own of it, from which programs with little other bounds are near; ``is_astray``: the way from the
    basis that it began at led nowhere."""

    values: FloatArray | None
    duals: FloatArray | None = None
    basis: Any = None
    is_astray: bool = False


class _Watch:
    """Ends a program that goes round in circles. Counted, not timed, so that it ends on every machine alike, once it is
    watched."""

    def __init__(self, abort: threading.Event) -> None:
        """``abort``: set from outside to end it at once."""
        self._abort = abort
        self._step, self._again = -1, 0

    def over(self, highs: Any) -> None:
        """Watch the program that HiGHS is about to solve."""
        highs.setCallback(self._ask, None)
        highs.startCallback(highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt)

    @staticmethod
    def end(highs: Any) -> None:
        """Programs after this one are not watched."""
        highs.stopCallback(highspy.cb.HighsCallbackType.kCallbackSimplexInterrupt)

    def _ask(self, kind: Any, message: str, state: Any, answer: Any, _: Any) -> None:
        step = state.simplex_iteration_count
        self._again += step == self._step
        self._step = step
        if self._again > LOST + LOST_A_STEP * step or self._abort.is_set():
            answer.user_interrupt = True


class Simplex:
    """HiGHS with a form to be minimised, whose columns (k,) get other bounds each time.
    For one thread at a time."""

    def __init__(self, form: StandardForm, whole: Any, options: SolveOptions) -> None:
        self._form, self._whole = form, whole
        self._options = replace(options, advanced=(), time_limit_seconds=LP_SECONDS)
        self._costs = form.costs
        self._last: tuple[FloatArray, FloatArray] | None = None
        self._highs: Any = None

    def solve(self, asked: Asked, abort: threading.Event) -> Answer:
        """Raises SolverError if nobody can, or if it was ended: ``abort`` does that, from its third second on."""
        answer = self._from_basis(asked, abort)
        return answer if answer is not None else self._from_the_beginning(asked, abort)

    def _from_basis(self, asked: Asked, abort: threading.Event) -> Answer | None:
        """From the basis; None if that leads nowhere."""
        if self._highs is None or asked.costs is not self._costs:
            self._start(asked.costs)
        highs = self._highs
        self._move(asked)
        highs.setOptionValue("objective_bound", highspy.kHighsInf if asked.cut is None else asked.cut)
        ended = self._run(asked, UNWATCHED_SECONDS)
        if ended == "kTimeLimit":
            watch = _Watch(abort)
            watch.over(highs)
            ended = self._run(asked, LP_SECONDS)
            watch.end(highs)
        if ended in ("kInfeasible", "kObjectiveBound"):
            return Answer(None)
        if ended != "kOptimal":
            self._highs = None
            return None
        solution = highs.getSolution()
        values = np.array(solution.col_value, dtype=np.float64)
        duals = np.array(solution.col_dual, dtype=np.float64)[self._whole] if solution.dual_valid else None
        return Answer(values, duals, highs.getBasis())

    def _run(self, asked: Asked, seconds: float) -> str:
        highs = self._highs
        highs.clearSolver()
        has_basis = asked.basis is not None and highs.setBasis(asked.basis) == highspy.HighsStatus.kOk
        highs.setOptionValue("presolve", "off" if has_basis else "choose")
        # Its clock goes on from program to program.
        highs.setOptionValue("time_limit", float(highs.getRunTime() + seconds))
        highs.run()
        return str(highs.getModelStatus().name)

    def _start(self, costs: FloatArray) -> None:
        # HiGHS scales by the costs that it sees first and keeps that, so that other costs take another HiGHS.
        limit = max(LEAST_ITERATIONS, ITERATIONS_A_ROW * self._form.row_count)
        advanced = (*WARM, ("simplex_iteration_limit", limit))
        self._last, self._costs = None, costs
        self._highs = prepare(replace(self._form, costs=costs), replace(self._options, advanced=advanced))

    def _move(self, asked: Asked) -> None:
        before = self._last
        lower, upper = asked.lower, asked.upper
        moved = np.arange(len(lower)) if before is None else np.flatnonzero((before[0] != lower) | (before[1] != upper))
        if len(moved):
            self._highs.changeColsBounds(len(moved), self._whole[moved], lower[moved], upper[moved])
        self._last = (lower, upper)

    def _from_the_beginning(self, asked: Asked, abort: threading.Event) -> Answer:
        lower, upper = self._form.column_lower.copy(), self._form.column_upper.copy()
        lower[self._whole], upper[self._whole] = asked.lower, asked.upper
        form, message = replace(self._form, costs=asked.costs, column_lower=lower, column_upper=upper), ""
        for advanced in WAYS:
            if abort.is_set():
                raise SolverError("a linear program was ended before it was solved")
            try:
                raw = solve_form(form, replace(self._options, advanced=advanced), stop=abort)
            except SolverError as error:
                message = str(error)
                continue
            if raw.status is Status.INFEASIBLE:
                return Answer(None, is_astray=True)
            if raw.status is Status.OPTIMAL and raw.values is not None:
                return Answer(raw.values, is_astray=True)
            message = raw.message
        raise SolverError(f"a linear program was not solved: {message}")
