"""Twins: the same company with other decisions laid down, so that every value can be stated as a difference.

A twin that cannot keep the minimum cash is solved without it and reported with its shortfall, never dropped.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from models.instance import Instance
from models.measures import hosting_of_plan
from optimizer.case.base import CalendarDate, month_label
from optimizer.case.given import Given
from optimizer.case.offers import Offer
from optimizer.errors import InfeasibleError, SolverError
from optimizer.instance.build import Prepared
from optimizer.instance.given import STATUS_QUO, all_hosting, all_mining
from optimizer.instance.hosting import Option
from optimizer.instance.whole_plan import SIGN, WholePlan, columns_of, whole_plan
from optimizer.solve.highs import SolveOptions, Status
from optimizer.solve.run import Solution, most_it_mw, solve_instance
from optimizer.solve.tax_rounds import Columns

TwinName = Literal["status_quo", "all_mining", "all_hosting"]


@dataclass(frozen=True)
class Twin:
    """One twin. ``instance`` is what was solved; ``keeps_minimum_cash`` is False if that had to be waived."""

    name: TwinName
    instance: Instance
    solution: Solution
    keeps_minimum_cash: bool


NEAR_GAP = 1.001
"""What rounding takes from a plan does not take its proof."""

NEXT_DATES = 4
"""To how many later dates a signature is put when it is asked what comes of signing later."""


def solve_twins(
    prepared: Prepared,
    options: SolveOptions,
    stop: threading.Event | None = None,
    best: Solution | None = None,
) -> tuple[Twin, ...]:
    """Status quo (commitments only), all mining (no hosting), all hosting (most IT MW, then value).

    ``best``: the solution of the case, if it is known; where it is a twin too, that needs no search. A twin that is not
    found in time, or because the user stopped, is left out.
    """

    def most_hosting(instance: Instance, within: SolveOptions, stop: threading.Event | None = None) -> Solution:
        return most_it_mw(instance, within, stop, lambda mw: _as_twin(prepared, instance, best, mw, within))

    found = (
        _twin("status_quo", prepared.given(STATUS_QUO), solve_instance, options, stop),
        _twin("all_mining", prepared.given(all_mining(prepared.case)), solve_instance, options, stop),
        _twin("all_hosting", prepared.given(all_hosting(prepared.case)), most_hosting, options, stop),
    )
    return tuple(twin for twin in found if twin is not None)


def _as_twin(
    prepared: Prepared, instance: Instance, best: Solution | None, mw: float, options: SolveOptions
) -> Solution | None:
    """The best plan as the twin that hosts ``mw``, where it hosts so much and buys no machine; else None.

    It is then the best of the twin's plans too: these are among those that it was chosen from.
    """
    if best is None or prepared.case.given != Given() or instance.waive_minimum_cash:
        return None
    if best.status is not Status.OPTIMAL or best.gap > options.relative_gap * NEAR_GAP or best.decisions.order_eh.any():
        return None
    return best if hosting_of_plan(instance, best.decisions) >= mw else None


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
    own = whole_plan(prepared.choices, solution.decisions, prepared.market.start_month)
    without = [tuple(d for d in own if (d.kind, d.name, d.site) != (SIGN, first.offer_name, first.site_name))]
    moved = _later(prepared, own, first)
    later = _without(prepared, solution, first, first.flows.signed, options, stop, [*moved, *without])
    never = _without(prepared, solution, first, float("inf"), options, stop, without)
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
    plans: Sequence[WholePlan],
) -> tuple[float, float] | None:
    """(at least, at most) value lost when an offer cannot be signed until then (months after the start). ``plans`` to
    begin with."""
    lower, upper = prepared.instance.bounds.sign[0], prepared.instance.bounds.sign[1].copy()
    for o, option in enumerate(prepared.options):
        if option.offer == first.offer and option.flows.signed <= until + 1e-9:
            upper[o] = 0
    bounds = replace(prepared.instance.bounds, sign=(lower, upper))
    # Years in which the plan has to be held to tax law are likely to be the same.
    other = replace(prepared.instance, bounds=bounds, tax_binaries=solution.instance.tax_binaries)
    try:
        known = [_columns(prepared, other, plan, solution) for plan in plans]
        found = solve_instance(other, options, stop=stop, known=[columns for columns in known if columns is not None])
    except (InfeasibleError, SolverError):
        return None
    value = solution.value_usd_m
    return max(0.0, value - found.bound_usd_m), max(0.0, value - found.value_usd_m)


def _later(prepared: Prepared, plan: WholePlan, first: Option) -> list[WholePlan]:
    """The plan with a signature at each of the next dates at which its offer can be signed."""
    start = prepared.market.start_month
    dates = sorted(
        {o.flows.signed for o in prepared.options if o.offer == first.offer and o.flows.signed > first.flows.signed}
    )
    found = []
    for date in dates[:NEXT_DATES]:
        label = month_label(start + date + 1e-9)
        found.append(
            tuple(
                d._replace(date=label) if (d.kind, d.name, d.site) == (SIGN, first.offer_name, first.site_name) else d
                for d in plan
            )
        )
    return [tuple(sorted(plan)) for plan in found]


def _columns(prepared: Prepared, instance: Instance, plan: WholePlan, solution: Solution) -> Columns | None:
    return columns_of(plan, prepared.choices, instance, prepared.market.start_month, solution.rules)
