"""From a Pyomo model to the bare arrays of a linear program with integers, and back.

Pyomo is the language in which the rules are written; the solver wants a sparse matrix. This module compiles the one
into the other without Pyomo's own solver interfaces, which cannot take a starting plan, report progress or run in two
threads. It knows nothing of any solver: `highs.py` does.

What it keeps that Pyomo's compiler alone does not:

* a row with two finite sides stays one row (the compiler splits it into two);
* a fixed variable stays a column whose two bounds are its value, so that fixing changes no position, and a decision
  fixed by the user can be named when it makes the plan impossible;
* a variable that stands in no row still has a column, so that every variable gets a value back;
* a row that no decision can mend (such as ``0 >= 1`` after a coefficient became zero) stays as an empty row, which the
  solver finds infeasible and which can then be named, instead of an exception while compiling.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo
import scipy.sparse
from pyomo.common.errors import InfeasibleConstraintException
from pyomo.repn import generate_standard_repn
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler

from optimizer.errors import SolverError

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# A fixed integer this near to a whole number is meant to be that number (it comes from an earlier solution).
_WHOLE_NUMBER_TOLERANCE = 1e-6

# What the compiler calls the sides of a row in its mixed form.
_EQUAL, _AT_MOST = 0, 1


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


def compile_model(model: pyo.ConcreteModel) -> StandardForm:
    """Compile `model` to arrays. Columns stand in the order in which the model declares its variables.

    The model must be linear (a product of a variable and a fixed variable is refused too) with at most one active
    objective; without one, every feasible plan is as good as another. The model comes back as it was given.

    Rows are as Pyomo turns them: it writes ``x >= y + 2``, with variables on both sides, as ``y - x <= -2``. Whoever
    reads sides or duals of such a row should write it with all variables on the left.

    Raises SolverError when the model is not linear, has several objectives, a variable whose domain is neither
    continuous nor all whole numbers, or a number that is missing or not a number.
    """
    fixed = {id(v) for v in model.component_data_objects(pyo.Var, descend_into=True) if v.fixed}
    with _released(model):
        info, impossible = _compile_linear(model)
        if len(info.objectives) > 1:
            names = ", ".join(objective.name for objective in info.objectives)
            raise SolverError(f"the model has several active objectives: {names}")
        position: dict[int, int] = {}
        variables: list[Any] = []
        for v in [*model.component_data_objects(pyo.Var, descend_into=True), *info.columns]:
            if id(v) not in position:
                position[id(v)] = len(variables)
                variables.append(v)

    # The compiler leaves out columns without any coefficient; put the others where they belong.
    place = np.array([position[id(v)] for v in info.columns], dtype=np.intp)
    matrix, row_lower, row_upper, row_names = _merge_sides(info)
    matrix = _spread_columns(matrix, place, len(variables))
    if impossible:
        matrix = scipy.sparse.vstack([matrix, scipy.sparse.csc_array((len(impossible), len(variables)))], format="csc")
        row_names += [name for name, _, _ in impossible]
        row_lower = np.append(row_lower, [low for _, low, _ in impossible])
        row_upper = np.append(row_upper, [high for _, _, high in impossible])
    costs = np.zeros(len(variables))
    if info.objectives:
        costs[place] = np.asarray(info.c.todense(), dtype=np.float64).ravel()

    integer = np.array([_is_integer(v) for v in variables], dtype=np.bool_)
    declared_lower, declared_upper = _declared_bounds(variables)
    column_lower, column_upper = declared_lower.copy(), declared_upper.copy()
    for j, v in enumerate(variables):
        if id(v) in fixed:
            column_lower[j] = column_upper[j] = _fixed_value(v, bool(integer[j]))
    return make_form(
        matrix,
        costs,
        row_lower=row_lower,
        row_upper=row_upper,
        column_lower=column_lower,
        column_upper=column_upper,
        integer=integer,
        offset=float(info.c_offset[0]) if info.objectives else 0.0,
        # The compiler was told to leave the objective as written, so the sense must be the model's own too: a mix of
        # the two conventions optimises in the wrong direction without any sign of it.
        maximise=bool(info.objectives) and info.objectives[0].sense == pyo.maximize,
        column_names=[v.name for v in variables],
        row_names=row_names,
        declared_lower=declared_lower,
        declared_upper=declared_upper,
        variables=variables,
    )


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


@contextmanager
def _released(model: pyo.ConcreteModel) -> Iterator[None]:
    """Within it no variable is fixed: the compiler would move fixed variables out of the columns."""
    fixed = [v for v in model.component_data_objects(pyo.Var, descend_into=True) if v.fixed]
    for v in fixed:
        v.unfix()
    try:
        yield
    finally:
        for v in fixed:
            v.fix()


def _compile_linear(model: pyo.ConcreteModel) -> tuple[Any, list[tuple[str, float, float]]]:
    """Run Pyomo's compiler; also return the rows (name, lower, upper) without variables that cannot hold."""
    options = {"mixed_form": True, "set_sense": None, "column_order": True}
    impossible: list[tuple[str, float, float]] = []
    deactivated = []
    try:
        try:
            return LinearStandardFormCompiler().write(model, **options), impossible
        except InfeasibleConstraintException:
            # The compiler names only the first such row and gives up: set all of them aside and try again.
            for row in model.component_data_objects(pyo.Constraint, active=True, descend_into=True):
                sides = _impossible_sides(row)
                if sides is not None:
                    impossible.append((row.name, *sides))
                    row.deactivate()
                    deactivated.append(row)
            return LinearStandardFormCompiler().write(model, **options), impossible
    except (ValueError, TypeError, InfeasibleConstraintException) as error:
        raise SolverError(f"the model cannot be written as a linear program: {error}") from error
    finally:
        for row in deactivated:
            row.activate()


def _impossible_sides(row: Any) -> tuple[float, float] | None:
    """Lower and upper limit on nothing, when the row has no variable and cannot hold; else None."""
    lower, body, upper = row.to_bounded_expression(evaluate_bounds=True)
    repn = generate_standard_repn(body)
    if repn.nonlinear_vars or repn.quadratic_vars or any(c != 0 for c in repn.linear_coefs):
        return None
    low = -math.inf if lower is None else float(lower) - float(repn.constant)
    high = math.inf if upper is None else float(upper) - float(repn.constant)
    return None if low <= 0.0 <= high else (low, high)


def _merge_sides(info: Any) -> tuple[scipy.sparse.csc_array, FloatArray, FloatArray, list[str]]:
    """One row for each constraint: the compiler writes a row with two limits twice, one after the other."""
    keep: list[int] = []
    names: list[str] = []
    lower: list[float] = []
    upper: list[float] = []
    last = None
    for i, (entry, limit) in enumerate(zip(info.rows, info.rhs, strict=True)):
        if entry.constraint is not last:
            last = entry.constraint
            keep.append(i)
            names.append(last.name)
            lower.append(-math.inf)
            upper.append(math.inf)
        if entry.bound_type == _EQUAL:
            lower[-1] = upper[-1] = float(limit)
        elif entry.bound_type == _AT_MOST:
            upper[-1] = float(limit)
        else:
            lower[-1] = float(limit)
    matrix = scipy.sparse.csc_array(info.A)
    if len(keep) < matrix.shape[0]:
        matrix = scipy.sparse.csc_array(scipy.sparse.csr_array(matrix)[keep, :])
    return matrix, np.array(lower, dtype=np.float64), np.array(upper, dtype=np.float64), names


def _spread_columns(matrix: scipy.sparse.csc_array, place: npt.NDArray[np.intp], columns: int) -> Any:
    """Move column k of `matrix` to column ``place[k]`` of a matrix with `columns` columns, the others empty."""
    triplets = matrix.tocoo()
    return scipy.sparse.csc_array(
        (triplets.data, (triplets.coords[0], place[triplets.coords[1]])), shape=(matrix.shape[0], columns)
    )


def _declared_bounds(variables: Sequence[Any]) -> tuple[FloatArray, FloatArray]:
    bounds = [v.bounds for v in variables]
    lower = np.array([-math.inf if low is None else low for low, _ in bounds], dtype=np.float64)
    upper = np.array([math.inf if high is None else high for _, high in bounds], dtype=np.float64)
    return lower, upper


def _is_integer(variable: Any) -> bool:
    if variable.is_continuous():
        return False
    # Sets such as {0, 2, 4} are integer for Pyomo too when written by values, but not every whole number is in them.
    if variable.is_integer() and variable.domain.get_interval()[2] == 1:
        return True
    raise SolverError(f"variable {variable.name} is neither continuous nor any whole number: {variable.domain}")


def _fixed_value(variable: Any, integer: bool) -> float:
    if variable.value is None:
        raise SolverError(f"variable {variable.name} is fixed but has no value")
    number = float(variable.value)
    if integer and abs(number - round(number)) <= _WHOLE_NUMBER_TOLERANCE:
        return float(round(number))
    return number


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
