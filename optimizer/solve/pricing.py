"""Linear programs kept warm: price a plan (all whole columns fixed), or bound what is left of the choices.

A `WarmProgram` holds the relaxation of one form and is asked again and again with other bounds on its whole columns;
the basis of an earlier answer makes the next one cheap (10 to 100 ms where a cold one takes 0.5 s). Answers are those
of linear programs: a plan's price is its exact value in the form, and a bound holds for every plan within the bounds
that were asked about. Who knows what will be asked next says so, and another thread begins with it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from optimizer.errors import SolverError
from optimizer.solve.at_once import NOW, SOON, Work, threads
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.highs import SolveOptions
from optimizer.solve.simplex import Answer, Asked, Simplex

KEPT = 200
"""How many programs that were expected are kept, if they are not asked for."""


@dataclass(frozen=True, eq=False)
class Priced:
    """Answer of one linear program. ``objective`` is -inf (inf when minimising) if nothing fulfils the rows, or if it
    is proven to be worse than the floor that was asked for. ``values`` (n,) of all columns, where there is an optimum.
    ``reduced_costs`` (k,): by how much the objective, as written, changes per unit of a whole column; None where that
    is not known. ``basis``: HiGHS' own of it, from which programs with little other bounds are near.
    """

    objective: float
    values: FloatArray | None
    reduced_costs: FloatArray | None = None
    basis: Any = None


@dataclass(frozen=True, eq=False)
class _Expected:
    """A program that may be asked for, and its work."""

    asked: Asked
    work: Work[Answer]


class WarmProgram:
    """The relaxation of a form, solved again and again with other bounds on its whole columns. Asked by one thread."""

    def __init__(self, form: StandardForm, options: SolveOptions, basis: Any = None) -> None:
        """``basis``: of a program like it, to begin with. ``options.at_once`` programs are solved at the same time."""
        self.form = form
        self.whole = np.flatnonzero(form.integer).astype(np.int32)
        self.solved = 0
        """Programs answered so far."""
        self._sign = -1.0 if form.maximise else 1.0
        # Minimised, because HiGHS takes its bound on the objective in that sense.
        self._relaxed = replace(
            form,
            costs=self._sign * form.costs,
            offset=self._sign * form.offset,
            maximise=False,
            integer=np.zeros(form.column_count, dtype=np.bool_),
        )
        self._costs = self._relaxed.costs
        self._options = options
        self._threads = threads(options.at_once)
        self._free: list[Simplex] = []
        self._basis = basis
        """Of the last optimum, or to begin with."""
        self._has_answer = False
        self._expected: dict[tuple[bytes, bytes, float | None, int], _Expected] = {}

    @property
    def at_once(self) -> int:
        """How many programs are solved at the same time."""
        return self._threads.count

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
        asked = self._asked(lower, upper, floor, basis)
        self.solved += 1
        if (asked.lower > asked.upper).any():
            return self._nothing()
        expected = self._expected.pop(self._key(asked), None)
        work = expected.work if expected is not None else self._work(asked)
        self._threads.put(work, NOW)
        answer = self._threads.finish(work)
        if answer.is_astray and asked.basis is self._basis:
            # From there the next one would go astray, too.
            self._basis = None
        if answer.values is None:
            return self._nothing()
        if answer.basis is not None:
            self._basis, self._has_answer = answer.basis, True
        objective = self.form.objective(answer.values)
        if np.isnan(objective):
            # Nothing is above or below it, so that it would close whatever it is compared with.
            raise SolverError("a linear program has a value that is no number")
        # HiGHS looks at the floor only on its way down, so an optimum may lie below it.
        if floor is not None and self._sign * objective > self._sign * floor:
            return self._nothing()
        duals = self._sign * answer.duals if answer.duals is not None else None
        return Priced(objective, answer.values, duals, answer.basis)

    def expect(self, lower: FloatArray, upper: FloatArray, floor: float | None, basis: Any, when: int = SOON) -> None:
        """`bound` will probably be asked so, from this basis: it may be begun."""
        if self.at_once == 1:
            return
        asked = self._asked(lower, upper, floor, basis)
        key = self._key(asked)
        if (asked.lower > asked.upper).any() or key in self._expected:
            return
        if len(self._expected) >= KEPT:
            self._expected.pop(next(iter(self._expected))).work.end()
        # The key names objects by where they are, so they are kept with it.
        self._expected[key] = _Expected(asked, self._work(asked))
        self._threads.put(self._expected[key].work, when)

    def forget(self) -> None:
        """What was expected and is not begun will not be asked for."""
        self._expected = {key: one for key, one in self._expected.items() if not one.work.leave()}

    def rest(self) -> None:
        """Nothing that was expected will be asked for: what is on its way is ended, so that it takes no time from
        others, nor from the end of the process, which waits for its threads."""
        for one in self._expected.values():
            one.work.end()
        self._expected = {}

    def price(self, plan: npt.ArrayLike, floor: float | None = None) -> Priced:
        """The best objective with the whole columns at ``plan`` (k,), in the order of ``whole``; nothing if that is not
        within their bounds."""
        whole = np.round(np.asarray(plan, dtype=np.float64))
        lower, upper = self.form.column_lower[self.whole], self.form.column_upper[self.whole]
        return self.bound(np.maximum(whole, lower), np.minimum(whole, upper), floor)

    def set_costs(self, costs: FloatArray) -> None:
        """Other costs (n,) for all programs to come."""
        self.form = replace(self.form, costs=costs)
        self._costs = self._sign * costs
        self.rest()

    @property
    def basis(self) -> Any:
        """Of the last optimum; None if there was none yet."""
        return self._basis if self._has_answer else None

    def _nothing(self) -> Priced:
        return Priced(-np.inf if self.form.maximise else np.inf, None)

    def _asked(
        self, lower: npt.ArrayLike | None, upper: npt.ArrayLike | None, floor: float | None, basis: Any
    ) -> Asked:
        low = self.form.column_lower[self.whole] if lower is None else np.array(lower, dtype=np.float64)
        high = self.form.column_upper[self.whole] if upper is None else np.array(upper, dtype=np.float64)
        cut = None if floor is None else self._sign * floor
        return Asked(low, high, self._costs, cut, self._basis if basis is None else basis)

    @staticmethod
    def _key(asked: Asked) -> tuple[bytes, bytes, float | None, int]:
        return asked.lower.tobytes(), asked.upper.tobytes(), asked.cut, id(asked.basis)

    def _work(self, asked: Asked) -> Work[Answer]:
        return Work(lambda abort: self._solved(asked, abort))

    def _solved(self, asked: Asked, abort: threading.Event) -> Answer:
        try:
            # Any of them gives the same answer.
            simplex = self._free.pop()
        except IndexError:
            simplex = Simplex(self._relaxed, self.whole, self._options)
        answer = simplex.solve(asked, abort)
        self._free.append(simplex)
        return answer


def whole_values(form: StandardForm, columns: Mapping[str, float]) -> FloatArray:
    """(k,) whole values of a form by name of column, in the order of ``WarmProgram.whole``; 0 where none is named."""
    return np.array([round(columns.get(form.column_names[j], 0.0)) for j in np.flatnonzero(form.integer)], dtype=float)
