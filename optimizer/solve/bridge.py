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
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo
import scipy.sparse
from pyomo.common.gc_manager import PauseGC
from pyomo.common.numeric_types import native_types
from pyomo.core.base.enums import SortComponents
from pyomo.core.base.external import ExternalFunction
from pyomo.repn.util import categorize_valid_components

from optimizer.errors import SolverError
from optimizer.solve.linear_rows import Linear, LinearReader, named_data

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# A fixed integer this near to a whole number is meant to be that number (it comes from an earlier solution).
_WHOLE_NUMBER_TOLERANCE = 1e-6

_UNSORTED, _ORDERED = SortComponents.UNSORTED, SortComponents.ORDERED_INDICES

_NOT_LINEAR = "the model cannot be written as a linear program"


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
    # As in `models.build`: to look for rubbish among what stays takes longer than to compile it.
    with PauseGC():
        reader = ModelReader(model)
        reader.read()
        return reader.form(keep_variables=True)


class ModelReader:
    """Compiles a model that is made bit by bit: what was read once is not read again.

    What is read at a time may use variables that were read before, and none that come later.
    """

    def __init__(self, model: pyo.ConcreteModel) -> None:
        self._model = model
        self._parts: list[_Part] = []
        self._reader = LinearReader(())
        # By id: what was read, of components, of their data, and of variables with their column.
        self._components: set[int] = set()
        self._met: set[int] = set()
        self._position: dict[int, int] = {}

    def read(self) -> None:
        """Read all components that the model has gained, with variables fixed as they are now. Raises as
        `compile_model` does."""
        _only_known_parts(self._model)
        components = self._gained(None, active=None)
        met: set[int] = set()
        rows, impossible = _Rows(), _Impossible()
        columns = list(named_data(self._gained(pyo.Var, active=None), met, self._met, active=None, sort=_UNSORTED))
        reader, known = self._reader, len(self._reader.known) + len(columns)
        reader.known.update((id(v), v) for _, v in columns)
        objectives = named_data(self._gained(pyo.Objective, active=True), met, self._met, active=True, sort=_ORDERED)
        constraints = named_data(self._gained(pyo.Constraint, active=True), met, self._met, active=True, sort=_ORDERED)
        fixed = [v for part in self._parts for v in part.fixed]
        own_fixed = [v for _, v in columns if v.fixed]
        with _released([*fixed, *own_fixed]):
            costs = [(name, objective.sense, *_read(reader, name, objective.expr)) for name, objective in objectives]
            _read_rows(constraints, reader, rows, impossible)
        # What stands in a row without being a variable of the model has a column after all others.
        if len(reader.known) > known:
            used = {i for linear in (*(linear for *_, linear in costs), *rows.linear) for i in linear}
            strangers = list(reader.known.items())[known:]
            columns += [(v.name, v) for i, v in strangers if i in used]
            for i in {i for i, _ in strangers} - used:
                del reader.known[i]
        first = len(self._position)
        self._position.update((id(v), first + j) for j, (_, v) in enumerate(columns))
        self._parts.append(_part(components, met, columns, own_fixed, rows, impossible, costs, self._position))
        self._components.update(map(id, components))
        self._met |= met

    def _gained(self, kind: Any, *, active: bool | None) -> list[Any]:
        """Components of a kind that were not read yet."""
        found = self._model.component_objects(kind, active=active, descend_into=True)
        return [component for component in found if id(component) not in self._components]

    def keep(self, parts: int) -> None:
        """Go back to what had been read after so many calls of `read`; the model loses what it gained since."""
        for part in reversed(self._parts[parts:]):
            for component in reversed(part.components):
                if component.parent_block() is self._model:
                    self._model.del_component(component)
            self._components.difference_update(map(id, part.components))
            self._met -= part.met
            for _, v in part.columns:
                del self._position[id(v)], self._reader.known[id(v)]
        del self._parts[parts:]

    def form(self, *, keep_variables: bool = False) -> StandardForm:
        """All that was read. ``keep_variables``: with the Pyomo variables."""
        parts = self._parts
        columns = [column for part in parts for column in part.columns]
        objectives = [objective for part in parts for objective in part.objectives]
        if len(objectives) > 1:
            raise SolverError(f"the model has several active objectives: {', '.join(name for name, *_ in objectives)}")
        declared_lower, declared_upper, integer = (
            np.concatenate([getattr(part, name) for part in parts]) for name in ("lower", "upper", "integer")
        )
        column_lower, column_upper = declared_lower.copy(), declared_upper.copy()
        for j, (_, v) in enumerate(columns):
            if v.fixed:
                column_lower[j] = column_upper[j] = _fixed_value(v, bool(integer[j]))
        dense, offset = np.zeros(len(columns)), 0.0
        for _, _, constant, places, amounts in objectives:
            dense[places], offset = amounts, float(constant)
        impossible = [row for part in parts for row in part.impossible]
        return make_form(
            _matrix(parts, len(impossible), len(columns)),
            dense,
            row_lower=np.concatenate([*(part.row_lower for part in parts), [lower for _, lower, _ in impossible]]),
            row_upper=np.concatenate([*(part.row_upper for part in parts), [upper for *_, upper in impossible]]),
            column_lower=column_lower,
            column_upper=column_upper,
            integer=integer,
            offset=offset,
            # Costs are left as written, so the sense must be the model's own too: a mix of the two conventions
            # optimises in the wrong direction without any sign of it.
            maximise=bool(objectives) and objectives[0][1] == pyo.maximize,
            column_names=[name for name, _ in columns],
            row_names=[*chain.from_iterable(part.row_names for part in parts), *(name for name, *_ in impossible)],
            declared_lower=declared_lower,
            declared_upper=declared_upper,
            variables=[v for _, v in columns] if keep_variables else (),
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


@dataclass
class _Rows:
    """Rows as they are read, one for each constraint."""

    names: list[str] = field(default_factory=list)
    linear: list[Linear] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)

    def append(self, name: str, linear: Linear, lower: float, upper: float) -> None:
        self.names.append(name)
        self.linear.append(linear)
        self.lower.append(lower)
        self.upper.append(upper)


_Impossible = list[tuple[str, float, float]]
"""Name and sides of rows on nothing that cannot hold."""

_IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Part:
    """What was read at a time: columns (c,) with what is declared of them; rows (r,) with the number, the columns and
    the amounts of their entries; objectives with sense, constant, columns and amounts.

    ``met`` are ids of the data of ``components``; ``fixed`` are the variables that were fixed.
    """

    components: list[Any]
    met: set[int]
    columns: list[tuple[str, Any]]
    fixed: list[Any]
    lower: FloatArray
    upper: FloatArray
    integer: BoolArray
    row_names: list[str]
    row_lower: FloatArray
    row_upper: FloatArray
    lengths: _IntArray
    places: _IntArray
    amounts: FloatArray
    impossible: _Impossible
    objectives: list[tuple[str, Any, float, _IntArray, FloatArray]]


def _part(
    components: list[Any],
    met: set[int],
    columns: list[tuple[str, Any]],
    fixed: list[Any],
    rows: _Rows,
    impossible: _Impossible,
    costs: list[tuple[str, Any, float, Linear]],
    position: dict[int, int],
) -> _Part:
    """``position``: of each variable by its id, also of those that were read before."""
    variables = [v for _, v in columns]
    lower, upper = _declared_bounds(variables)
    lengths = np.array([len(linear) for linear in rows.linear], dtype=np.int64)
    count = int(lengths.sum())
    entries = chain.from_iterable(linear.values() for linear in rows.linear)
    return _Part(
        components=components,
        met=met,
        columns=columns,
        fixed=fixed,
        lower=lower,
        upper=upper,
        integer=_integer_marks(variables),
        row_names=rows.names,
        row_lower=np.array(rows.lower, dtype=np.float64),
        row_upper=np.array(rows.upper, dtype=np.float64),
        lengths=lengths,
        places=np.fromiter(map(position.__getitem__, chain.from_iterable(rows.linear)), np.int64, count),
        amounts=np.fromiter(entries, np.float64, count),
        impossible=impossible,
        objectives=[
            (
                name,
                sense,
                constant,
                np.array([position[i] for i in linear], dtype=np.int64),
                np.array(list(linear.values()), dtype=np.float64),
            )
            for name, sense, constant, linear in costs
        ],
    )


def _matrix(parts: Sequence[_Part], empty: int, columns: int) -> scipy.sparse.csr_array:
    """(rows, columns) of all parts, and so many rows without an entry."""
    lengths = np.concatenate([[0], *(part.lengths for part in parts), np.zeros(empty, dtype=np.int64)])
    begins = np.cumsum(lengths, dtype=np.int64)
    places = np.concatenate([part.places for part in parts])
    amounts = np.concatenate([part.amounts for part in parts])
    return scipy.sparse.csr_array((amounts, places, begins), shape=(len(begins) - 1, columns))


@contextmanager
def _released(fixed: Sequence[Any]) -> Iterator[None]:
    """Within it no variable is fixed: a product with a fixed variable would be read as linear."""
    for v in fixed:
        v.unfix()
    try:
        yield
    finally:
        for v in fixed:
            v.fix()


def _read_rows(
    constraints: Iterator[tuple[str, Any]], reader: LinearReader, rows: _Rows, impossible: _Impossible
) -> None:
    """Add to ``rows`` all that do not always hold; those on nothing that cannot hold are ``impossible``."""
    for name, row in constraints:
        try:
            low, body, high = row.to_bounded_expression()
            low, high = _number(low), _number(high)
        except (ValueError, TypeError) as error:
            raise SolverError(f"{_NOT_LINEAR}: {error}") from error
        if low is None and high is None:
            continue
        constant, linear = _read(reader, name, body)
        upper = math.inf if high is None else high - constant
        # A row with equal sides has one number for both.
        lower = upper if low == high else -math.inf if low is None else low - constant
        if linear:
            rows.append(name, linear, lower, upper)
        elif not ((low is None or low <= constant) and (high is None or constant <= high)):
            impossible.append((name, lower, upper))


def _number(side: Any) -> Any:
    """A side of a row as a number; None where there is none."""
    return side if side.__class__ in native_types else pyo.value(side)


def _only_known_parts(model: pyo.ConcreteModel) -> None:
    """Refuse what is neither a row nor a column, such as a set of which one variable only may be above zero."""
    valid = {pyo.Block, pyo.Constraint, pyo.Var, pyo.Param, pyo.Expression, pyo.Set, pyo.RangeSet, ExternalFunction}
    _, unknown = categorize_valid_components(model, active=True, valid=valid, targets={pyo.Suffix, pyo.Objective})
    if unknown:
        names = ", ".join(part.name for parts in unknown.values() for part in parts)
        raise SolverError(f"{_NOT_LINEAR}: it has parts of another kind: {names}")


def _read(reader: LinearReader, name: str, expression: Any) -> tuple[float, Linear]:
    try:
        found = reader.read(expression)
    except (ValueError, TypeError) as error:
        raise SolverError(f"{_NOT_LINEAR}: {error}") from error
    if found is None:
        raise SolverError(f"{_NOT_LINEAR}: {name} contains terms that are not linear")
    return found


def _declared_bounds(variables: Sequence[Any]) -> tuple[FloatArray, FloatArray]:
    bounds = [v.bounds for v in variables]
    lower = np.array([-math.inf if low is None else low for low, _ in bounds], dtype=np.float64)
    upper = np.array([math.inf if high is None else high for _, high in bounds], dtype=np.float64)
    return lower, upper


def _integer_marks(variables: Sequence[Any]) -> BoolArray:
    """(n,) whether each is a whole number."""
    by_domain: dict[int, bool] = {}
    for v in variables:
        if id(v.domain) not in by_domain:
            by_domain[id(v.domain)] = _is_integer(v)
    return np.array([by_domain[id(v.domain)] for v in variables], dtype=np.bool_)


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
