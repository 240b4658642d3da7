"""The best plan so far: whole numbers that a search found, priced in the model itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.instance import Instance
from optimizer.errors import SolverError
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.compact import Compact
from optimizer.solve.fixed import FixedProgram
from optimizer.solve.highs import SolveOptions, Status
from optimizer.solve.worth import costs_at, depends_on_worth, fair_value, worth_of

WORTH_ROUNDS, SAME_WORTH = 20, 1e-6
"""How often a plan is priced at what shares are worth under it, at most (twice is usual), and from which difference on
again."""

MODEL_SECONDS = 60.0
"""The most that a program of the model may take."""


@dataclass(frozen=True, eq=False)
class Incumbent:
    """The best plan so far, all columns of the model (n,), at the worth of a share that follows from it."""

    value: float
    values: FloatArray
    whole: FloatArray
    program: FixedProgram
    """With its whole numbers, solved."""
    basis: Any = None
    """Where that ended."""


class ModelPrices:
    """Prices plans of a compact program in the model; each begins where the last one ended. For one thread."""

    def __init__(
        self, instance: Instance, form: StandardForm, program: Compact, options: SolveOptions, basis: Any = None
    ) -> None:
        """``form`` is the model's, compiled from ``instance``. ``basis``: where the first plan begins."""
        self._instance, self._form, self._basis = instance, form, basis
        self._options = replace(options, time_limit_seconds=MODEL_SECONDS)
        at = {int(j): i for i, j in enumerate(np.flatnonzero(program.form.integer))}
        self._whole = np.flatnonzero(form.integer)
        self._place = np.array([at[int(program.column[j])] for j in self._whole], dtype=np.intp)
        self._shares = depends_on_worth(instance)

    def price(self, whole: FloatArray, worth: float) -> Incumbent | None:
        """A plan by the whole columns (k,) of the compact program, with new shares at first at ``worth``, then at what
        they are worth under it; None if it is impossible in the model. Raises SolverError if its program cannot be
        solved: then nothing is known of it."""
        numbers = np.zeros(self._form.column_count)
        numbers[self._whole] = whole[self._place]
        best = None
        program = FixedProgram(self._form, numbers, self._options, self._basis)
        for _ in range(WORTH_ROUNDS if self._shares else 1):
            if self._shares:
                program.set_costs(costs_at(self._instance, self._form, worth), maximise=self._form.maximise)
            raw = program.solve()
            if raw.status is Status.INFEASIBLE:
                break
            if raw.values is None or raw.status is not Status.OPTIMAL:
                raise SolverError(f"a program of the model was not solved: {raw.message}")
            self._basis = raw.basis
            value = (
                fair_value(self._instance, self._form, raw.values) if self._shares else self._form.objective(raw.values)
            )
            if best is None or value > best.value:
                best = Incumbent(value, raw.values, whole, program, raw.basis)
            if not self._shares or abs(worth_of(self._instance, value) - worth) < SAME_WORTH:
                break
            worth = worth_of(self._instance, value)
        return best
