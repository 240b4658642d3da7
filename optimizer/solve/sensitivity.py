"""A plan's whole numbers laid down in a model: what the linear program that is left says about small changes.

Duals and reduced costs predict what another program with the same rows and columns is worth; solved again, it says so
itself. Which changes are looked at is decided elsewhere (`optimizer.explain`). docs/figures_report.md, section 27.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.income_tax_check import violated_years
from models.instance import Instance
from optimizer.errors import InfeasibleError, SolverError
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.columns import decisions_of, is_decided
from optimizer.solve.compiled import form_of
from optimizer.solve.fixed import solve_fixed
from optimizer.solve.following import completed
from optimizer.solve.highs import SolveOptions, Status, solve_form
from optimizer.solve.infeasible import infeasible
from optimizer.solve.run import Solution, solve_instance

SHARP: tuple[tuple[str, bool | int | float | str], ...] = (
    ("primal_feasibility_tolerance", 1e-9),
    ("dual_feasibility_tolerance", 1e-9),
)
"""Worths of a thousand dollars are differences of values of a billion."""

RULE_GAP = 1e-9
"""How exactly whole numbers are found that follow from the decisions of the plan itself."""

RULE_SECONDS, NEW_RULE_GAP = 30.0, 1e-6
"""For how long at most, and how exactly, they are found where machines and money are decided anew."""

Whole = Mapping[str, float]
"""Whole columns of a model by name."""


@dataclass(frozen=True, eq=False)
class Laid:
    """A linear program with whole numbers laid down, and its optimum: ``values`` and ``column_duals`` (n,),
    ``row_duals`` (m,), signs as in `FixedSolution`. ``objective`` in USD m."""

    instance: Instance
    form: StandardForm
    whole: Whole
    values: FloatArray
    objective: float
    row_duals: FloatArray
    column_duals: FloatArray
    basis: Any = None
    """Where a program with the same rows and columns may begin."""


@dataclass(frozen=True)
class Prediction:
    """By how much the optimum of another program is above, in USD m; None where that cannot be said, and why."""

    usd_m: float | None
    note: str = ""


def lay_down(
    instance: Instance,
    whole: Whole,
    options: SolveOptions,
    form: StandardForm | None = None,
    like: Laid | None = None,
) -> Laid | None:
    """The linear program that is left of an instance; None if these whole numbers are impossible in it.

    ``form`` is the instance compiled, where that is known; ``like`` a program near it, whose end is where this one
    begins. Raises SolverError if the program cannot be solved.
    """
    form = form if form is not None else form_of(instance)
    numbers = np.array([whole.get(name, 0.0) for name in form.column_names])
    sharp = replace(options, advanced=SHARP)
    near = like if like is not None and _same_shape(like.form, form) else None
    # From a basis that is near; if that leads nowhere, from the beginning.
    for each, basis in (*(((sharp, near.basis),) if near is not None else ()), (sharp, None), (options, None)):
        found = solve_fixed(form, numbers, each, basis=basis)
        if found.status is Status.INFEASIBLE:
            return None
        if found.status is Status.OPTIMAL and found.values is not None and found.row_duals is not None:
            assert found.objective is not None
            assert found.column_duals is not None
            names = {form.column_names[j]: float(round(numbers[j])) for j in np.flatnonzero(form.integer)}
            return Laid(
                instance, form, names, found.values, found.objective, found.row_duals, found.column_duals, found.basis
            )
    raise SolverError(f"the linear program of a plan was not solved: {found.message}")


def _same_shape(one: StandardForm, other: StandardForm) -> bool:
    return one.column_names == other.column_names and one.row_names == other.row_names


def whole_of(given: Instance, free: Instance, options: SolveOptions) -> Whole:
    """All whole columns of ``free``, as they follow from the decisions that are laid down in ``given``, the same
    instance otherwise. Raises SolverError if those are impossible."""
    form = form_of(given)
    exact = replace(options, relative_gap=RULE_GAP, absolute_gap_usd_m=RULE_GAP)
    raw = solve_form(form, exact)
    if raw.values is None:
        raise SolverError(f"the decisions of the plan cannot be laid down: {raw.message}")
    found = {form.column_names[j]: float(round(raw.values[j])) for j in np.flatnonzero(form.integer).tolist()}
    other = form_of(free)
    names = [other.column_names[j] for j in np.flatnonzero(other.integer).tolist()]
    if all(name in found for name in names):
        return {name: found[name] for name in names}
    # What no rule leaves open once everything is given (is there a profit) has no column there.
    return _completed(free, other, found, exact)


def rules_anew(
    instance: Instance,
    whole: Whole,
    options: SolveOptions,
    form: StandardForm | None = None,
    gap: float = NEW_RULE_GAP,
) -> Laid:
    """The same decisions in whole numbers, with what follows from them in whole numbers found anew, to a relative gap.

    Raises InfeasibleError, in the case's words, if the decisions are impossible in this instance.
    """
    form = form if form is not None else form_of(instance)
    decided = {name: value for name, value in whole.items() if is_decided(name)}
    names = {form.column_names[j] for j in np.flatnonzero(form.integer).tolist()}
    # Only a plan of which all is known can be tried as it is.
    laid = lay_down(instance, whole, options, form) if whole.keys() >= names else None
    if laid is not None and decided.keys() >= names:
        return laid
    try:
        within = replace(options, relative_gap=gap, time_limit_seconds=RULE_SECONDS)
        found = _completed(instance, form, decided, within, laid.values if laid is not None else None)
    except InfeasibleError:
        raise infeasible(instance, _with(form, decided)) from None
    other = lay_down(instance, found, options, form)
    best = max((each for each in (laid, other) if each is not None), key=lambda each: each.objective, default=None)
    if best is None:
        raise SolverError("the linear program of a plan was not solved")
    return best


def _completed(
    instance: Instance, form: StandardForm, known: Whole, options: SolveOptions, start: FloatArray | None = None
) -> Whole:
    """Whole columns of a form with those that are known laid down, from all of its columns (n,) if that helps.

    InfeasibleError if that cannot be.
    """
    raw = completed(instance, form, known, options) or solve_form(_with(form, known), options, start)
    if raw.status is Status.INFEASIBLE:
        raise InfeasibleError("no plan has these whole numbers")
    if raw.values is None:
        raise SolverError(f"whole numbers of a plan were not found: {raw.message}")
    return {form.column_names[j]: float(round(raw.values[j])) for j in np.flatnonzero(form.integer).tolist()}


def _with(form: StandardForm, known: Whole) -> StandardForm:
    """The form with whole columns laid down by name."""
    lower, upper = form.column_lower.copy(), form.column_upper.copy()
    for j in np.flatnonzero(form.integer).tolist():
        if form.column_names[j] in known:
            lower[j] = upper[j] = known[form.column_names[j]]
    return replace(form, column_lower=lower, column_upper=upper)


def unruled_years(laid: Laid) -> frozenset[tuple[int, int]]:
    """(country, last node) of the years in which tax law needs whole numbers that the instance does not have yet."""
    if laid.instance.income_tax is None:
        return frozenset()
    values = dict(zip(laid.form.column_names, laid.values.tolist(), strict=True))
    decisions = decisions_of(laid.instance, laid.form, laid.values)
    return violated_years(laid.instance, decisions, values, laid.objective)


def predict(base: Laid, moved: Instance, form: StandardForm) -> Prediction:
    """What the duals of ``base`` say that ``form``, compiled from ``moved``, is worth more, whole numbers being equal.

    ``dc x + y (db - dA x) + d du``, rows and columns matched by name, each at the side that binds.
    """
    if meanings(base.instance) != meanings(moved):
        return Prediction(None, "the moved case has other rows or columns: only solved again")
    columns = _places(base.form.column_names, form.column_names)
    rows = _places(base.form.row_names, form.row_names)
    if columns is None or rows is None:
        return Prediction(None, "the moved case has other rows or columns: only solved again")
    x, y, d = base.values, base.row_duals, base.column_duals
    worth = float((form.costs[columns] - base.form.costs) @ x) + form.offset - base.form.offset
    change = np.asarray((form.matrix[:, columns][rows] - base.form.matrix) @ x)
    sides = _moved_side(y, (base.form.row_lower, form.row_lower[rows]), (base.form.row_upper, form.row_upper[rows]))
    worth += float(y @ np.where(y != 0.0, sides - change, 0.0))
    # A whole column is where it was laid down, whatever its bounds.
    d = np.where(base.form.integer, 0.0, d)
    old, new = base.form, form
    worth += float(
        d @ _moved_side(d, (old.column_lower, new.column_lower[columns]), (old.column_upper, new.column_upper[columns]))
    )
    return Prediction(worth) if np.isfinite(worth) else Prediction(None, "a limit appears or goes: only solved again")


def _places(names: Iterable[str], others: Iterable[str]) -> np.ndarray | None:
    """Where each name stands among the others; None if they are not the same names."""
    at = {name: place for place, name in enumerate(others)}
    wanted = list(names)
    if len(at) != len(wanted) or any(name not in at for name in wanted):
        return None
    return np.array([at[name] for name in wanted], dtype=np.intp)


def _moved_side(
    duals: FloatArray, lower: tuple[FloatArray, FloatArray], upper: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """By how much the side moves that binds: the upper one where more of it is worth more."""

    def moved(sides: tuple[FloatArray, FloatArray]) -> FloatArray:
        same = sides[0] == sides[1]
        result: FloatArray = np.where(same, 0.0, sides[1] - np.where(same, 0.0, sides[0]))
        return np.where(same, 0.0, result)

    with np.errstate(invalid="ignore"):
        result: FloatArray = np.where(duals > 0, moved(upper), np.where(duals < 0, moved(lower), 0.0))
    return result


def meanings(instance: Instance) -> tuple[object, ...]:
    """What the numbers in names of rows and columns stand for: equal where equal names mean the same."""
    parts: list[object] = [instance.tree.label, instance.lots.name, instance.hosting.name, instance.limits.name]
    parts += [tuple(instance.places.lot.tolist()), tuple(instance.places.site.tolist())]
    if instance.operations is not None:
        operations = instance.operations
        parts += [operations.use_name, operations.lever_name, operations.row_name]
    if instance.tranches is not None:
        parts += [instance.tranches.name, instance.tranches.row_name]
    if instance.builds is not None:
        parts.append(instance.builds.name)
    return tuple(parts)


def commitments(instance: Instance, options: SolveOptions) -> Solution | None:
    """The plan of an instance in which everything that is no commitment was ruled out; what it cannot keep is waived.

    None if not even then there is one.
    """
    for waived in (
        instance,
        replace(instance, waive_minimum_cash=True),
        replace(instance, waive_minimum_cash=True, waive_limits=True),
    ):
        try:
            return solve_instance(waived, options)
        except InfeasibleError:
            continue
        except SolverError:
            return None
    return None


def why_impossible(instance: Instance, known: Whole) -> str:
    """The first limit that has to give where these whole columns are laid down, in the case's words; empty if none."""
    form = _with(form_of(instance), known)
    error = infeasible(instance, form)
    return error.details[0].strip() if error.details else error.message
