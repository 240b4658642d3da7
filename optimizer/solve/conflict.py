"""Why there is no plan: which demands cannot hold together, and by how much they miss each other.

Method: an elastic relaxation. The rows (and column bounds) that the caller allows to give way may be broken at a
price; the cheapest way to break them is the answer, in the units of the rows themselves ("short by 38"). It is one
explanation out of possibly many, the smallest by the caller's weights. Where even that does not help, the conflict
lies in the other rows, and HiGHS is asked which of them cannot hold together.

This module knows no row by its meaning: names, labels, units and weights come from the caller.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

import numpy as np
import scipy.sparse

from optimizer.solve.bridge import FloatArray, StandardForm, make_form
from optimizer.solve.fixed import solve_fixed
from optimizer.solve.highs import SolveOptions, Status, find_infeasible_subset, solve_form

# Smaller amounts are the solver's tolerance, not a conflict.
_LEAST_AMOUNT = 1e-7

_DEFAULT_OPTIONS = SolveOptions(time_limit_seconds=30.0)


@dataclass(frozen=True)
class Softening:
    """How a limit may give way: the price of breaking it by one unit, and its name and unit for people."""

    weight: float = 1.0
    label: str = ""
    unit: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.weight) and self.weight > 0.0):
            raise ValueError(f"the weight of a softened limit must be above zero, not {self.weight}")


@dataclass(frozen=True)
class Shortfall:
    """A limit that has to give way by `amount`, in its own unit.

    `side` "lower": the row or column stays this much below its lower limit; "upper": it goes this much above its upper
    limit. `name` is that of the row or column in the form, `limit` what was demanded.
    """

    name: str
    kind: Literal["row", "column"]
    label: str
    unit: str
    side: Literal["lower", "upper"]
    limit: float
    amount: float
    weight: float


class ConflictKind(Enum):
    """What was found out."""

    SHORTFALLS = "shortfalls"
    """With the shortfalls given way, there is a plan."""
    NONE = "none"
    """There is a plan as it is."""
    OUTSIDE = "outside"
    """Even with everything softenable given way there is no plan: other rows conflict."""
    UNKNOWN = "unknown"
    """The time did not suffice."""


@dataclass(frozen=True)
class Conflict:
    """Why a form has no plan.

    `shortfalls`: most costly (weight times amount) first. `proved`: the shortfalls are the cheapest there are (or, for
    the other kinds, the finding is certain); otherwise they suffice, but less might. `hint_rows`, `hint_columns`: for
    OUTSIDE, names of rows and column bounds that cannot hold together, if the solver vouches for them; one such set
    out of possibly many, so a hint where to look. `message` says it in one sentence.
    """

    kind: ConflictKind
    shortfalls: tuple[Shortfall, ...]
    proved: bool
    hint_rows: tuple[str, ...]
    hint_columns: tuple[str, ...]
    message: str


@dataclass(frozen=True)
class _Slack:
    """A column of the elastic form that stands for giving way on one side of one limit."""

    row: int  # row of the elastic form
    name: str
    kind: Literal["row", "column"]
    side: Literal["lower", "upper"]
    limit: float
    softening: Softening


def find_conflict(
    form: StandardForm,
    softenable: Mapping[str, Softening],
    options: SolveOptions = _DEFAULT_OPTIONS,
    softenable_columns: Mapping[str, Softening] | None = None,
    stop: threading.Event | None = None,
) -> Conflict:
    """Find the cheapest way in which the `softenable` rows and columns of `form` have to give way.

    Keys are row and column names of the form; names that it does not have are passed over, because rows that always
    hold are left out when a model is compiled. A softened fixed variable keeps the bounds that the model declares for
    it, other softened columns lose both. Integers stay integers. Each of the few solves may take the time limit of
    `options`; setting `stop` ends the current one. The gap is always closed as far as HiGHS goes.

    Raises SolverError when the solver fails.
    """
    options = replace(options, relative_gap=min(options.relative_gap, 1e-9), absolute_gap_usd_m=1e-9)
    elastic, slacks = _elastic(form, softenable, softenable_columns or {})
    found = solve_form(elastic, options, stop=stop)
    if found.status is Status.INFEASIBLE:
        return _outside(elastic, options, form.column_count, bool(slacks), stop)
    if found.values is None:
        return Conflict(
            ConflictKind.UNKNOWN, (), False, (), (), f"could not find out what is in conflict: {found.message}"
        )
    proved = found.status is Status.OPTIMAL
    values = found.values
    if elastic.integer.any():
        # The search with integers keeps rows only to 1e-6; with the integers fixed the amounts come out exact.
        exact = solve_fixed(elastic, values, options, stop)
        if exact.status is Status.OPTIMAL and exact.values is not None:
            values = exact.values
    shortfalls = _shortfalls(slacks, values[form.column_count :])
    if not shortfalls:
        return Conflict(ConflictKind.NONE, (), True, (), (), "there is a plan that meets every demand")
    count = len(shortfalls)
    message = f"{count} demand{'s' if count > 1 else ''} would have to give way for a plan to exist"
    return Conflict(ConflictKind.SHORTFALLS, shortfalls, proved, (), (), message)


def _elastic(
    form: StandardForm, softenable: Mapping[str, Softening], softenable_columns: Mapping[str, Softening]
) -> tuple[StandardForm, list[_Slack]]:
    """`form` with a column for each way of giving way, which are all that its objective counts.

    A row ``lower <= a x <= upper`` becomes ``lower <= a x + short - over <= upper``. A softened column gets such a row
    of its own and loses its bounds.
    """
    slacks: list[_Slack] = []
    for i, name in enumerate(form.row_names):
        if name in softenable:
            slacks += _sides(i, name, "row", form.row_lower[i], form.row_upper[i], softenable[name])
    lower, upper = form.column_lower.copy(), form.column_upper.copy()
    softened: list[int] = []
    for j, name in enumerate(form.column_names):
        if name not in softenable_columns:
            continue
        row = form.row_count + len(softened)
        slacks += _sides(row, name, "column", lower[j], upper[j], softenable_columns[name])
        softened.append(j)
        declared = (form.declared_lower[j], form.declared_upper[j])
        was_fixed = lower[j] == upper[j] and declared != (lower[j], upper[j])
        lower[j], upper[j] = declared if was_fixed else (-math.inf, math.inf)

    rows, columns = form.row_count + len(softened), form.column_count
    own_rows = scipy.sparse.csc_array(
        (np.ones(len(softened)), (np.arange(len(softened)), np.array(softened, dtype=np.intp))),
        shape=(len(softened), columns),
    )
    signs = np.array([1.0 if slack.side == "lower" else -1.0 for slack in slacks])
    places = np.array([slack.row for slack in slacks], dtype=np.intp)
    slack_matrix = scipy.sparse.csc_array((signs, (places, np.arange(len(slacks)))), shape=(rows, len(slacks)))
    matrix = scipy.sparse.hstack([scipy.sparse.vstack([form.matrix, own_rows]), slack_matrix], format="csc")
    weights = [slack.softening.weight for slack in slacks]
    return (
        make_form(
            matrix,
            np.concatenate([np.zeros(columns), weights]),
            row_lower=np.concatenate([form.row_lower, form.column_lower[softened]]),
            row_upper=np.concatenate([form.row_upper, form.column_upper[softened]]),
            column_lower=np.concatenate([lower, np.zeros(len(slacks))]),
            column_upper=np.concatenate([upper, np.full(len(slacks), math.inf)]),
            integer=np.concatenate([form.integer, np.zeros(len(slacks), dtype=np.bool_)]),
            column_names=[*form.column_names, *(f"give way {slack.side} {slack.name}" for slack in slacks)],
            row_names=[*form.row_names, *(form.column_names[j] for j in softened)],
        ),
        slacks,
    )


def _sides(
    row: int, name: str, kind: Literal["row", "column"], lower: float, upper: float, softening: Softening
) -> list[_Slack]:
    """The ways in which a limit can give way: one for each side that is finite."""
    slacks = []
    if math.isfinite(lower):
        slacks.append(_Slack(row, name, kind, "lower", float(lower), softening))
    if math.isfinite(upper):
        slacks.append(_Slack(row, name, kind, "upper", float(upper), softening))
    return slacks


def _shortfalls(slacks: list[_Slack], amounts: FloatArray) -> tuple[Shortfall, ...]:
    """Most costly first; at equal cost in the order of the form, so that the same case tells the same story."""
    found = [
        Shortfall(
            name=slack.name,
            kind=slack.kind,
            label=slack.softening.label,
            unit=slack.softening.unit,
            side=slack.side,
            limit=slack.limit,
            amount=amount,
            weight=slack.softening.weight,
        )
        for slack, amount in zip(slacks, amounts.tolist(), strict=True)
        if amount > _LEAST_AMOUNT
    ]
    return tuple(sorted(found, key=lambda shortfall: -shortfall.weight * shortfall.amount))


def _outside(
    elastic: StandardForm, options: SolveOptions, columns: int, softened: bool, stop: threading.Event | None
) -> Conflict:
    """The rows that may not give way conflict among themselves: name them if the solver can."""
    message = (
        "no plan exists even if every demand that may give way does: fixed rules of the model conflict"
        if softened
        else "no plan exists, and no demand was allowed to give way"
    )
    subset = find_infeasible_subset(elastic, options, stop)
    if subset is None:
        return Conflict(ConflictKind.OUTSIDE, (), True, (), (), message)
    own = set(elastic.column_names[:columns])
    hint_columns = tuple(name for name in subset.columns if name in own)
    return Conflict(ConflictKind.OUTSIDE, (), True, subset.rows, hint_columns, message)
