"""From a Pyomo model to the bare arrays of a linear program with integers.

Pyomo is the language in which the rules are written; the solver wants a sparse matrix. This module compiles the one
into the other without Pyomo's own solver interfaces, which cannot take a starting plan, report progress or run in two
threads.

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

from models.terms import Linear, LinearReader
from optimizer.errors import SolverError
from optimizer.solve.bridge import BoolArray, FloatArray, StandardForm, make_form
from optimizer.solve.components import named_data

# A fixed integer this near to a whole number is meant to be that number (it comes from an earlier solution).
_WHOLE_NUMBER_TOLERANCE = 1e-6

_UNSORTED, _ORDERED = SortComponents.UNSORTED, SortComponents.ORDERED_INDICES

_NOT_LINEAR = "the model cannot be written as a linear program"


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
