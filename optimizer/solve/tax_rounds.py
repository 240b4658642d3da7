"""Solve, look whether losses and interest are used by the rule, and solve again where a plan gained by breaking it.

Tax law leaves nothing to decide about losses, but rows that say so need whole numbers, and a plan seldom gains anything
without them. So they are added for the years in which one does. What was signed and built is kept at first, with the
rest decided anew: such a plan is found in no time, and it is often as good as the bound of the search before allows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from models.income_tax_check import violated_years
from models.instance import Instance
from optimizer.errors import InfeasibleError, SolverError
from optimizer.solve.highs import SolveOptions, Status

if TYPE_CHECKING:
    from optimizer.solve.run import Solution

SIGNED = ("sign", "hall_count", "built", "sign_contract", "drawn")
"""Whole numbers that are kept when a plan is made to follow the rule."""

SAME_USD_M = 1e-6
"""A bound that is no further away is reached: a dollar."""

LEAST_SECONDS, LEAST_REPAIR_SECONDS = 1.0, 10.0
"""For how little time a search is not begun again, and what a plan with signatures kept gets even then."""

MEND_SECONDS = 30.0
"""With less time a plan that breaks a rule is repaired before the search goes on, so that there is one."""


Columns = Mapping[str, float]
"""Values by the name of their column."""


@dataclass(frozen=True)
class Attempt:
    """What one search found: a plan, the columns from which it was made, and what no plan goes beyond."""

    solution: Solution
    columns: Columns
    bound_usd_m: float
    mends: bool = False
    """Whether the search decides anew what follows from the choices of a plan to begin with: that may break rules."""


class Search(Protocol):
    """A search of an instance within options."""

    def __call__(
        self,
        instance: Instance,
        options: SolveOptions,
        kept: Columns | None = None,
        start: Columns | None = None,
        most_usd_m: float = float("inf"),
    ) -> Attempt:
        """``kept``, if any: columns that stay as they are (such a search is not ended by a Ctrl-C that came before it);
        ``start``: a plan to begin with; ``most_usd_m``: no plan is worth more."""


def solve_by_rule(
    instance: Instance, options: SolveOptions, search: Search, stop: threading.Event | None = None
) -> Solution:
    """The best plan that uses losses and interest by the rule.

    A bound found with fewer rules holds with more of them. Raises what ``search`` raises, and SolverError if no plan by
    the rule was found in time.
    """
    began = time.perf_counter()
    bound, best, start = float("inf"), None, None
    to_mend: Attempt | None = None

    def or_mended(found: Solution) -> Solution:
        """Ctrl-C may have come before a search had mended the plan that it began with: it is made to follow the rule
        here, if that is better."""
        if to_mend is None or not _is_stopped(stop) or _is_close(found, bound, options):
            return found
        _, repaired = _repaired_after_all(instance, to_mend, began, options, search, stop)
        return _better(repaired.solution, found) if repaired is not None else found

    while True:
        left = options.time_limit_seconds - (time.perf_counter() - began)
        try:
            within = replace(options, time_limit_seconds=max(left, LEAST_SECONDS))
            latest = search(instance, within, start=start, most_usd_m=bound)
        except SolverError:
            if best is None and to_mend is not None:
                instance, repaired = _repaired_after_all(instance, to_mend, began, options, search, stop)
                best = repaired.solution if repaired is not None else None
            if best is None:
                raise
            return _closed(best, bound, options, _why_open(began, options, stop))
        bound = min(bound, latest.bound_usd_m)
        broken = _broken(instance, latest)
        if not broken:
            best = or_mended(_better(best, latest.solution))
            return _closed(best, bound, options, _why_open(began, options, stop))
        instance = replace(instance, tax_binaries=instance.tax_binaries | broken)
        left = options.time_limit_seconds - (time.perf_counter() - began)
        if latest.mends and left > MEND_SECONDS and not _is_stopped(stop):
            # What the repair would find is the first thing that such a search looks for.
            start, to_mend = latest.columns, latest
            continue
        instance, repaired = _repaired_after_all(instance, latest, began, options, search, stop)
        if repaired is not None:
            best, start = _better(best, repaired.solution), repaired.columns
        left = options.time_limit_seconds - (time.perf_counter() - began)
        stopped = left < LEAST_SECONDS or _is_stopped(stop)
        if best is not None and (stopped or _is_close(best, bound, options)):
            return _closed(or_mended(best), bound, options, _why_open(began, options, stop))
        if stopped:
            message = "no plan was found that uses losses and interest as tax law has it"
            raise SolverError(message, ("give more time with --time-limit",))


def _is_stopped(stop: threading.Event | None) -> bool:
    return stop is not None and stop.is_set()


def _repaired_after_all(
    instance: Instance,
    attempt: Attempt,
    began: float,
    options: SolveOptions,
    search: Search,
    stop: threading.Event | None,
) -> tuple[Instance, Attempt | None]:
    """As `_repaired` in the time that is left, or a little more; in that little, where Ctrl-C came before or meanwhile:
    without it there may be no plan at all."""
    was_stopped = _is_stopped(stop)
    left = 0.0 if was_stopped else options.time_limit_seconds - (time.perf_counter() - began)
    within = replace(options, time_limit_seconds=max(left, LEAST_REPAIR_SECONDS))
    ruled, repaired = _repaired(instance, attempt, within, search)
    if repaired is None and _is_stopped(stop) and not was_stopped:
        within = replace(options, time_limit_seconds=LEAST_REPAIR_SECONDS)
        ruled, repaired = _repaired(ruled, attempt, within, search)
    return ruled, repaired


def _broken(instance: Instance, attempt: Attempt) -> frozenset[tuple[int, int]]:
    found = attempt.solution
    return violated_years(instance, found.decisions, attempt.columns, found.solver_value_usd_m)


def _repaired(
    instance: Instance, attempt: Attempt, options: SolveOptions, search: Search
) -> tuple[Instance, Attempt | None]:
    """The same signatures and builds with the rule in every year in which it is needed; None if they cannot be paid."""
    kept = {name: value for name, value in attempt.columns.items() if name.partition("[")[0] in SIGNED}
    while True:
        try:
            found = search(instance, options, kept=kept)
        except (SolverError, InfeasibleError):
            return instance, None
        broken = _broken(instance, found)
        if not broken:
            return instance, found
        instance = replace(instance, tax_binaries=instance.tax_binaries | broken)


def _better(one: Solution | None, other: Solution) -> Solution:
    return other if one is None or other.value_usd_m >= one.value_usd_m else one


def _is_close(found: Solution, bound: float, options: SolveOptions) -> bool:
    allowed = max(options.absolute_gap_usd_m, options.relative_gap * abs(found.value_usd_m), SAME_USD_M)
    # What rounding takes from a plan does not take its proof.
    return bound - found.value_usd_m <= allowed + SAME_USD_M * max(1.0, abs(found.value_usd_m) / 100)


def _why_open(began: float, options: SolveOptions, stop: threading.Event | None) -> Status:
    """Why rounds end before the gap is closed."""
    if stop is not None and stop.is_set():
        return Status.INTERRUPTED
    left = options.time_limit_seconds - (time.perf_counter() - began)
    return Status.TIME_LIMIT if left < LEAST_SECONDS else Status.GAP_LEFT


def _closed(found: Solution, bound: float, options: SolveOptions, why_open: Status) -> Solution:
    """A plan with the bound of all rounds; proven only if it is near enough to it, else open for a reason."""
    proven = _is_close(found, bound, options)
    status = found.status
    if found.status is Status.OPTIMAL and not proven:
        status = why_open
    elif proven:
        status = Status.OPTIMAL
    return replace(found, bound_usd_m=max(bound, found.solver_value_usd_m), status=status)
