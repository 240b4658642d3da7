"""Twins: the same company with other decisions laid down, so that every value can be stated as a difference.

A twin that cannot keep the minimum cash is solved without it and reported with its shortfall, never dropped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from models.instance import Instance
from optimizer.case.base import CalendarDate
from optimizer.case.offers import Offer
from optimizer.errors import InfeasibleError, SolverError
from optimizer.instance.build import Prepared
from optimizer.instance.given import STATUS_QUO, all_hosting, all_mining
from optimizer.instance.hosting import Option
from optimizer.solve.highs import SolveOptions
from optimizer.solve.run import Solution, most_it_mw, solve_instance

TwinName = Literal["status_quo", "all_mining", "all_hosting"]


@dataclass(frozen=True)
class Twin:
    """One twin. ``instance`` is what was solved; ``keeps_minimum_cash`` is False if that had to be waived."""

    name: TwinName
    instance: Instance
    solution: Solution
    keeps_minimum_cash: bool


def solve_twins(prepared: Prepared, options: SolveOptions, stop: threading.Event | None = None) -> tuple[Twin, ...]:
    """Status quo (commitments only), all mining (no hosting), all hosting (most IT MW, then value).

    One that is not found in time, or because the user stopped, is left out.
    """
    found = (
        _twin("status_quo", prepared.given(STATUS_QUO), solve_instance, options, stop),
        _twin("all_mining", prepared.given(all_mining(prepared.case)), solve_instance, options, stop),
        _twin("all_hosting", prepared.given(all_hosting(prepared.case)), most_it_mw, options, stop),
    )
    return tuple(twin for twin in found if twin is not None)


def _twin(
    name: TwinName,
    instance: Instance,
    solve: Callable[..., Solution],
    options: SolveOptions,
    stop: threading.Event | None,
) -> Twin | None:
    if stop is not None and stop.is_set():
        return None
    try:
        try:
            return Twin(name, instance, solve(instance, options, stop=stop), True)
        except InfeasibleError:
            waived = replace(instance, waive_minimum_cash=True)
        try:
            return Twin(name, waived, solve(waived, options, stop=stop), False)
        except InfeasibleError:
            waived = replace(waived, waive_limits=True)
            return Twin(name, waived, solve(waived, options, stop=stop), False)
    except (InfeasibleError, SolverError):
        # Not even without minimum cash: the given megawatts or dates of the case themselves conflict.
        return None


@dataclass(frozen=True)
class Waiting:
    """What it costs to let the date of the first signature of a plan pass, with all else decided anew.

    Each cost is known to lie between two figures, (at least, at most); they are apart where a search was stopped.
    """

    option: Option
    window_closes: CalendarDate
    later_usd_m: tuple[float, float]
    """Signed at a later step, or never."""
    never_usd_m: tuple[float, float]
    """Never signed."""


def cost_of_waiting(
    prepared: Prepared, solution: Solution, options: SolveOptions, stop: threading.Event | None = None
) -> Waiting | None:
    """For the earliest signature; None if nothing is signed, or if a given decision forces it."""
    signed = [prepared.options[o] for o in np.flatnonzero(solution.decisions.halls) if not prepared.options[o].is_lease]
    if not signed or (stop is not None and stop.is_set()):
        return None
    first = min(signed, key=lambda option: (option.flows.signed, option.offer))
    assert isinstance(first.terms, Offer)
    later = _without(prepared, solution, first, first.flows.signed, options, stop)
    never = _without(prepared, solution, first, float("inf"), options, stop)
    if later is None or never is None:
        return None
    # Signing later is open to whoever need not sign at all.
    return Waiting(first, first.terms.sign.end, later, (max(later[0], never[0]), max(later[1], never[1])))


def _without(
    prepared: Prepared,
    solution: Solution,
    first: Option,
    until: float,
    options: SolveOptions,
    stop: threading.Event | None,
) -> tuple[float, float] | None:
    """(at least, at most) value lost when an offer cannot be signed until then (months after the start)."""
    lower, upper = prepared.instance.bounds.sign[0], prepared.instance.bounds.sign[1].copy()
    for o, option in enumerate(prepared.options):
        if option.offer == first.offer and option.flows.signed <= until + 1e-9:
            upper[o] = 0
    bounds = replace(prepared.instance.bounds, sign=(lower, upper))
    # Years in which the plan has to be held to tax law are likely to be the same.
    other = replace(prepared.instance, bounds=bounds, tax_binaries=solution.instance.tax_binaries)
    try:
        found = solve_instance(other, options, stop=stop)
    except (InfeasibleError, SolverError):
        return None
    value = solution.value_usd_m
    return max(0.0, value - found.bound_usd_m), max(0.0, value - found.value_usd_m)
