"""The bare arrays of a linear program with integers: what a solver takes, and what `reading.py` makes of a Pyomo model.

It knows nothing of any solver (`highs.py` does), and nothing of the rules.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse

from optimizer.errors import SolverError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class StandardForm:
    """A linear program with integers: the best ``costs @ x + offset`` with ``row_lower <= matrix @ x <= row_upper``.

    With m rows and n columns: `matrix` is (m, n), compressed by columns; `costs`, `column_lower`, `column_upper` and
    `integer` are (n,); `row_lower` and `row_upper` are (m,). Missing bounds are infinities. All arrays are read-only;
    make a changed copy with `dataclasses.replace`. Units are those of the model.

    `declared_lower` and `declared_upper` (n,) are the bounds that the model declares; they differ from `column_lower`
    and `column_upper` where a variable is fixed. `variables` holds the Pyomo variables in the order of the columns. It
    is empty in a form that was not compiled from a model, and should be emptied before a form is sent to another
    process, because a Pyomo variable carries its whole model along.
    """

    matrix: scipy.sparse.csc_array
    costs: FloatArray
    offset: float
    maximise: bool
    column_lower: FloatArray
    column_upper: FloatArray
    integer: BoolArray
    row_lower: FloatArray
    row_upper: FloatArray
    column_names: tuple[str, ...]
    row_names: tuple[str, ...]
    declared_lower: FloatArray
    declared_upper: FloatArray
    variables: tuple[Any, ...] = ()

    @property
    def column_count(self) -> int:
        """Number of columns n."""
        return len(self.column_names)

    @property
    def row_count(self) -> int:
        """Number of rows m."""
        return len(self.row_names)

    def objective(self, values: npt.ArrayLike) -> float:
        """Objective of `values` (n,) as the model states it, in its own sense and with its constant."""
        return float(self.costs @ np.asarray(values, dtype=np.float64)) + self.offset

    def violation(self, values: npt.ArrayLike) -> float:
        """Largest amount by which `values` (n,) break a bound, a row (both relative to 1 + the size of the limit) or
        integrality."""
        x = np.asarray(values, dtype=np.float64)
        if not np.isfinite(x).all():
            return math.inf
        worst = _excess(x, self.column_lower, self.column_upper)
        worst = max(worst, _excess(np.asarray(self.matrix @ x), self.row_lower, self.row_upper))
        whole = x[self.integer]
        return max(worst, float(np.abs(whole - np.round(whole)).max(initial=0.0)))


def make_form(
    matrix: Any,
    costs: npt.ArrayLike,
    *,
    row_lower: npt.ArrayLike,
    row_upper: npt.ArrayLike,
    column_lower: npt.ArrayLike,
    column_upper: npt.ArrayLike,
    integer: npt.ArrayLike | None = None,
    offset: float = 0.0,
    maximise: bool = False,
    column_names: Sequence[str] | None = None,
    row_names: Sequence[str] | None = None,
    declared_lower: npt.ArrayLike | None = None,
    declared_upper: npt.ArrayLike | None = None,
    variables: Sequence[Any] = (),
) -> StandardForm:
    """A `StandardForm` from arrays in any dense or sparse layout, with their shapes and numbers checked.

    Raises SolverError when a number is missing or not finite where it must be, ValueError when shapes disagree.
    """
    compressed = scipy.sparse.csc_array(matrix, dtype=np.float64)
    compressed.sum_duplicates()
    compressed.eliminate_zeros()
    rows, columns = compressed.shape
    lower, upper = _frozen(column_lower, columns), _frozen(column_upper, columns)
    whole = np.zeros(columns, dtype=np.bool_) if integer is None else np.array(integer, dtype=np.bool_)
    whole.setflags(write=False)
    form = StandardForm(
        matrix=compressed,
        costs=_frozen(costs, columns),
        offset=float(offset),
        maximise=maximise,
        column_lower=lower,
        column_upper=upper,
        integer=whole,
        row_lower=_frozen(row_lower, rows),
        row_upper=_frozen(row_upper, rows),
        column_names=tuple(f"column[{j}]" for j in range(columns)) if column_names is None else tuple(column_names),
        row_names=tuple(f"row[{i}]" for i in range(rows)) if row_names is None else tuple(row_names),
        declared_lower=lower if declared_lower is None else _frozen(declared_lower, columns),
        declared_upper=upper if declared_upper is None else _frozen(declared_upper, columns),
        variables=tuple(variables),
    )
    if whole.shape != (columns,) or form.column_count != columns or form.row_count != rows:
        raise ValueError("a form needs one name, one bound and one integrality mark for each column and row")
    _check_numbers(form)
    return form


def load_values(form: StandardForm, values: npt.ArrayLike) -> None:
    """Set the Pyomo variables of `form` to `values` (n,). Fixed variables keep the value to which they are fixed.

    Values are written as they are, without Pyomo's check of the domain: a solver's 0.9999999 is a valid 1.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.shape != (len(form.variables),):
        raise ValueError(f"{x.shape} values for {len(form.variables)} variables")
    for variable, number in zip(form.variables, x.tolist(), strict=True):
        if not variable.fixed:
            variable.set_value(number, skip_validation=True)


def _check_numbers(form: StandardForm) -> None:
    """Refuse numbers with which a solver would return nonsense instead of an error."""
    wrong_costs = np.flatnonzero(~np.isfinite(form.costs))
    if wrong_costs.size:
        raise SolverError(f"the objective has no finite coefficient for {form.column_names[wrong_costs[0]]}")
    if not math.isfinite(form.offset):
        raise SolverError("the constant of the objective is not a finite number")
    wrong_entries = np.flatnonzero(~np.isfinite(form.matrix.data))
    if wrong_entries.size:
        row = int(form.matrix.indices[wrong_entries[0]])
        raise SolverError(f"row {form.row_names[row]} has a coefficient that is not a finite number")
    for names, low, high in (
        (form.column_names, form.column_lower, form.column_upper),
        (form.row_names, form.row_lower, form.row_upper),
    ):
        # A lower limit of plus infinity can never be met: it is a wrong number, not a model.
        wrong = np.flatnonzero(np.isnan(low) | np.isnan(high) | (low == math.inf) | (high == -math.inf))
        if wrong.size:
            raise SolverError(f"a limit of {names[wrong[0]]} is not a usable number")


def _frozen(numbers: npt.ArrayLike, length: int) -> FloatArray:
    array = np.array(numbers, dtype=np.float64)
    if array.shape != (length,):
        raise ValueError(f"expected {length} numbers, got an array of shape {array.shape}")
    array.setflags(write=False)
    return array


def _excess(values: FloatArray, lower: FloatArray, upper: FloatArray) -> float:
    """Largest amount by which `values` leave [lower, upper], relative to 1 + the size of the limit."""
    worst = 0.0
    for limit, beyond in ((lower, lower - values), (upper, values - upper)):
        finite = np.isfinite(limit)
        worst = max(worst, float((beyond[finite] / (1.0 + np.abs(limit[finite]))).max(initial=0.0)))
    return worst
