"""Ways out of an impossible case: what, by one kind of help alone, would make a plan possible, and what it costs.

Each way is an elastic program of its own in which only one family may give: cash put in at the start, limits on money,
megawatts; or the case without one of its given decisions. docs/figures_report.md, section 29.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse

from models.instance import Instance
from optimizer.case.given import Given
from optimizer.errors import SolverError
from optimizer.instance.build import Prepared
from optimizer.solve.bridge import StandardForm, make_form
from optimizer.solve.compiled import form_of
from optimizer.solve.conflict import ConflictKind, Shortfall, Softening, find_conflict
from optimizer.solve.highs import SolveOptions, Status, solve_form
from optimizer.solve.infeasible import megawatts_that_may_give, money_that_may_give, without_implied_rows

MOST, SECONDS, MOST_GIVEN = 3, 20.0, 12
"""Ways that are told, seconds for each program, and given decisions that are left out one by one."""

LEAST_USD_M = 0.005
CENT_OF_CENT = 0.01
"""Of the last digit that is told: less is the tolerance of the solver."""


@dataclass(frozen=True)
class WayOut:
    """One way, enough alone. ``cost_usd_m`` is None where the case says no price."""

    kind: str
    words: str
    cost_usd_m: float | None
    details: tuple[str, ...] = ()


def ways_out(prepared: Prepared) -> tuple[WayOut, ...]:
    """At most three ways, the cheapest first; none if no family is enough alone."""
    instance = prepared.instance
    try:
        form = without_implied_rows(form_of(instance))
        found = [*_without_given(prepared), *_with_money(instance, form), *_limits(instance, form)]
        found += _megawatts(instance, form)
    except SolverError:
        return ()
    found = _told_apart(found, instance)
    found.sort(key=lambda way: (way.cost_usd_m is None, way.cost_usd_m or 0.0))
    return tuple(found[:MOST])


def _told_apart(ways: list[WayOut], instance: Instance) -> list[WayOut]:
    """The ways, with a clause at cash put in where its amount is not what is short in the plan that comes nearest."""
    short = next((way.cost_usd_m for way in ways if way.kind == "limits"), None)
    return [
        replace(way, details=(*way.details, *_why_another(way.cost_usd_m or 0.0, short, instance)))
        if way.kind == "money"
        else way
        for way in ways
    ]


def _why_another(amount_usd_m: float, short_usd_m: float | None, instance: Instance) -> tuple[str, ...]:
    """Why cash that helps is not the amount that is short: no line where both are the same."""
    if short_usd_m is not None and abs(amount_usd_m - short_usd_m) < 2 * LEAST_USD_M:
        return ()
    less = short_usd_m is not None and amount_usd_m < short_usd_m
    earns = "it earns interest, and " if less and bool(np.any(instance.cash.growth > 1.0)) else ""
    plans = "the plan above has the least sum of shortfalls, not the least need of cash"
    return (f"{'less than' if less else 'not'} what is short above: {earns}{plans}",)


def way_lines(ways: tuple[WayOut, ...]) -> list[str]:
    """The ways in words, or that there is none."""
    if not ways:
        return []
    lines = ["ways out, each enough alone:"]
    for number, way in enumerate(ways, 1):
        lines.append(f"{number}. {way.words}")
        lines += [f"   {detail}" for detail in way.details]
    return lines


def _without_given(prepared: Prepared) -> Iterator[WayOut]:
    """Each given decision left out alone; if none alone is enough, all of them."""
    given = prepared.case.given
    parts = list(_parts(given))
    enough = [(name, less) for name, less in parts[:MOST_GIVEN] if _is_possible(form_of(prepared.given(less)))]
    for name, _ in enough[:1]:
        others = [other for other, _ in enough[1:]]
        more = (f"the same holds for {', '.join(others)}",) if others else ()
        yield WayOut("given", f"leave {name} out: then a plan is possible", 0.0, more)
    if len(parts) > 1 and not enough and _is_possible(form_of(prepared.given(Given()))):
        names = ", ".join(name for name, _ in parts[:MOST_GIVEN])
        yield WayOut("given", "leave out what is given, none of which is enough alone", 0.0, (names,))


def _parts(given: Given) -> Iterator[tuple[str, Given]]:
    """(path, all but it) of each given decision."""
    for name in type(given).model_fields:
        value: Any = getattr(given, name)
        if isinstance(value, Mapping):
            for key in value:
                rest = {other: rule for other, rule in value.items() if other != key}
                yield f"given.{name}.{key}", given.model_copy(update={name: rest})
        elif name == "otherwise":
            if value != "optimise":
                yield "given.otherwise", given.model_copy(update={name: "optimise"})
        elif value is not None:
            yield f"given.{name}", given.model_copy(update={name: None})


def _is_possible(form: StandardForm) -> bool:
    raw = solve_form(replace(form, costs=np.zeros_like(form.costs)), SolveOptions(time_limit_seconds=SECONDS))
    return raw.values is not None


def _with_money(instance: Instance, form: StandardForm) -> Iterator[WayOut]:
    """The least cash that, put in at the start, makes a plan possible: one column, as if there were more of it."""
    richer = replace(instance, cash=replace(instance.cash, opening_usd_m=instance.cash.opening_usd_m + 1.0))
    other = without_implied_rows(form_of(richer))
    if other.row_names != form.row_names:
        return
    sides = np.isfinite(form.row_lower), np.isfinite(form.row_upper)
    lower = np.where(sides[0], other.row_lower - np.where(sides[0], form.row_lower, 0.0), 0.0)
    upper = np.where(sides[1], other.row_upper - np.where(sides[1], form.row_upper, 0.0), 0.0)
    each = np.where(sides[0], lower, upper)
    column = scipy.sparse.csc_array((-each)[:, None])
    asked = make_form(
        scipy.sparse.hstack([form.matrix, column], format="csc"),
        np.concatenate([np.zeros(form.column_count), [1.0]]),
        row_lower=form.row_lower,
        row_upper=form.row_upper,
        column_lower=np.concatenate([form.column_lower, [0.0]]),
        column_upper=np.concatenate([form.column_upper, [np.inf]]),
        integer=np.concatenate([form.integer, [False]]),
        column_names=[*form.column_names, "cash put in"],
        row_names=list(form.row_names),
    )
    raw = solve_form(asked, SolveOptions(relative_gap=1e-4, time_limit_seconds=SECONDS))
    if raw.values is None:
        return
    amount = float(raw.values[-1])
    if amount > LEAST_USD_M:
        at_least = "" if raw.status is Status.OPTIMAL else "at most "
        # As exact as what is short, and rounded up: what is told is enough.
        shown = math.ceil(amount * 100 - CENT_OF_CENT) / 100
        yield WayOut("money", f"put {at_least}${shown:,.2f}M more cash in at the start", amount)


def _limits(instance: Instance, form: StandardForm) -> Iterator[WayOut]:
    """Limits on money that give, each by how much and in which period."""
    found = _shortfalls(form, money_that_may_give(instance))
    if found:
        worst = max(each.amount * each.weight for each in found)
        several = f"let {len(found)} limits on money give way" if len(found) > 1 else "let one limit on money give way"
        yield WayOut("limits", f"{several}, by at most ${worst:,.1f}M at any one time", worst, _each(found))


def _megawatts(instance: Instance, form: StandardForm) -> Iterator[WayOut]:
    """Megawatts that would be needed; the case says no price for them."""
    found = _shortfalls(form, megawatts_that_may_give(instance))
    if found:
        worst = max(each.amount for each in found)
        yield WayOut("megawatts", f"have up to {worst:,.1f} MW more where they are short", None, _each(found))


def _shortfalls(form: StandardForm, softenable: Mapping[str, Softening]) -> tuple[Shortfall, ...]:
    conflict = find_conflict(form, softenable, SolveOptions(time_limit_seconds=SECONDS))
    return conflict.shortfalls if conflict.kind is ConflictKind.SHORTFALLS else ()


MOST_DETAILS = 6


def _each(found: tuple[Shortfall, ...]) -> tuple[str, ...]:
    lines = [f"{each.label}: by {each.amount:,.2f} {each.unit}" for each in found[:MOST_DETAILS]]
    return (*lines, *([f"and {len(found) - MOST_DETAILS} more"] if len(found) > MOST_DETAILS else []))
