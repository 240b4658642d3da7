"""From market and operations to a plan whose hours are certified: solve, go through every hour, refine, solve again.

Where the hours of a site are tied only by megawatts the model is exact and one solve is enough. A minimum take and a
profile are looked at through finitely many values and bands; where the plan needs others, they are added and the
search is made again, until what the model promises is what the hours keep. docs/figures.md, section 12.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.case.case import Case
from optimizer.case.contracts import MinimumTake, Shaped
from optimizer.instance.build import Prepared, prepare_from
from optimizer.instance.whole_plan import NO_TRAIL, Rules, Trail, WholePlan, columns_of
from optimizer.market.market import Market
from optimizer.operations.dispatch import counted
from optimizer.operations.operations import Operations
from optimizer.operations.parts import has_program
from optimizer.operations.slots import NO_REFINEMENT, Refinement
from optimizer.plan.build import Plan, build_plan
from optimizer.plan.certificate import Certificate, certificate_rows
from optimizer.plan.table import Table
from optimizer.solve.highs import SolveOptions
from optimizer.solve.progress import Progress
from optimizer.solve.run import Solution, solve_instance

SEPARABLE_TOLERANCE, COUPLED_TOLERANCE = 1e-6, 1e-4
ROUNDS, LEAST_SECONDS = 4, 1.0

STEPS = np.array([0.0, 0.005, 0.01, 0.02, 0.03, 0.045])
"""Distances, as shares of a profiled contract's MW, at which edges of bands are put around a peak that was chosen."""


@dataclass(frozen=True)
class Certified:
    """A plan with what it was made from."""

    prepared: Prepared
    solution: Solution
    plan: Plan
    certificate: Certificate
    build_seconds: float
    """Of all rounds: making the instance, and the plan and its certificate."""
    plan_seconds: float


def is_coupled(case: Case) -> bool:
    """Whether a site has what is looked at through values and bands, or runs by another price than it pays."""
    for site in case.sites.values():
        contracts = [*site.contracts.values(), *(offer.terms for offer in site.contract_offers.values())]
        if any(isinstance(c, MinimumTake) or (isinstance(c, Shaped) and c.profile is not None) for c in contracts):
            return True
        if site.power.decides_on is not None and has_program(site):
            return True
    return False


def solve_certified(
    case: Case,
    market: Market,
    operations: Operations,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    known: Sequence[tuple[WholePlan, Rules]] = (),
    trail: Trail = NO_TRAIL,
    solve: Callable[..., Solution] = solve_instance,
    tables: Callable[[Plan], Mapping[str, Table]] | None = None,
) -> Certified:
    """The best plan of a case, with a certificate of its hours.

    ``known``: plans to begin the search with, each with the rules that followed from it where it was found;
    ``trail``: of the first of them; ``solve``: what to do with each instance, as `solve_instance`;
    ``tables``: as for `build_plan`.

    Raises InfeasibleError and SolverError as `solve_instance` does. A certificate that is not reached within the time
    limit is stated, not hidden: ``certificate.passed`` is False.
    """
    began = time.perf_counter()
    coupled = is_coupled(case)
    tolerance = COUPLED_TOLERANCE if coupled else SEPARABLE_TOLERANCE
    refinement = NO_REFINEMENT
    best: Certified | None = None
    building = planning = 0.0
    for round_number in range(1, ROUNDS + 1):
        left = options.time_limit_seconds - (time.perf_counter() - began)
        if best is not None and (left < LEAST_SECONDS or (stop is not None and stop.is_set())):
            break
        begins = time.perf_counter()
        prepared = prepare_from(case, market, operations, refinement)
        building += time.perf_counter() - begins
        named = [
            columns_of(plan, prepared.choices, prepared.instance, market.start_month, rules) for plan, rules in known
        ]
        solution = solve(
            prepared.instance,
            replace(options, time_limit_seconds=max(LEAST_SECONDS, left)),
            on_progress,
            stop,
            [columns for columns in named if columns is not None],
            *([trail] if trail != NO_TRAIL else []),
        )
        solution = replace(solution, bound_usd_m=solution.bound_usd_m + prepared.site_model.slack_usd_m)
        begins = time.perf_counter()
        plan = build_plan(
            prepared, solution.instance, solution.decisions, solution.states, solution.worth_of_cash, tables
        )
        certificate = Certificate(not coupled, tolerance, round_number, tuple(certificate_rows(plan)))
        planning += time.perf_counter() - begins
        found = Certified(prepared, solution, plan, certificate, building, planning)
        best = _better(best, found)
        if best.certificate.passed or round_number == ROUNDS:
            break
        finer = refined(plan, refinement, 6.0 ** (round_number - 1))
        if finer == refinement:
            break  # nothing is looked at more closely by another round
        refinement = finer
    assert best is not None
    return best


def _better(one: Certified | None, other: Certified) -> Certified:
    """Of two rounds the one that is worth more, or better certified if they are equal; with the lesser of their bounds,
    since both hold."""
    if one is None:
        return other
    difference = other.plan.value_usd_m - one.plan.value_usd_m
    equal = abs(difference) <= 1e-9 * max(1.0, abs(one.plan.value_usd_m))
    closer = other.certificate.worst_gap <= one.certificate.worst_gap
    kept = other if (closer and equal) or (difference > 0 and not equal) else one
    bound = min(one.solution.bound_usd_m, other.solution.bound_usd_m)
    solution = replace(kept.solution, bound_usd_m=max(bound, kept.plan.value_usd_m))
    return replace(kept, solution=solution, build_seconds=other.build_seconds, plan_seconds=other.plan_seconds)


def refined(plan: Plan, known: Refinement, closer: float) -> Refinement:
    """The values and edges that a plan needs, added to those that are known."""
    prices = dict(known.take_prices)
    for row in plan.months.rows:
        if row.kind == "take_price":
            prices[row.site, row.cell] = tuple(sorted({*prices.get((row.site, row.cell), ()), row.amount}))
    edges = dict(known.band_edges)
    case = plan.prepared.case
    for s, site in enumerate(case.sites.values()):
        if has_program(site):
            _add_edges(plan, s, edges, closer)
    if prices == known.take_prices and not edges:
        return known
    # With a minimum take every band is looked at for every value of a taken MWh: more bands would be too many columns.
    more = 3 if edges and not prices else 1
    return Refinement(prices, edges, known.bands_times * more)


def _add_edges(plan: Plan, s: int, edges: dict[tuple[int, int], tuple[float, ...]], closer: float) -> None:
    """Where one lot's load ends and the next begins, as shares of a profiled contract's MW."""
    prepared = plan.prepared
    run = prepared.redispatch.site_run(s, plan.decisions, plan.states.installed_eh_s)
    for part in run.parts:
        profiled = [d for d in part.deliveries if isinstance(d.terms, Shaped) and d.terms.profile is not None]
        for delivery in profiled:
            mw = delivery.mw if delivery.option < 0 else float(plan.decisions.lever[delivery.option])
            if mw <= 0:
                continue
            terms, loads = run.terms(part), run.loads(part)
            first, counts = terms.halls_mw, counted(loads, terms)
            ends = (np.cumsum([first, *(load.mw for load in loads)]) / mw).tolist()
            ends += [(first + end) / mw for end in (terms.award_mw, counts - terms.enrolled_mw)]
            if terms.peak_mw is not None:
                # How much may run is chosen with the bands: look more closely around what was chosen.
                ends += [(first + counts) / mw + step for step in np.concatenate([-STEPS, STEPS]) / closer]
            inside = {round(end, 12) for end in ends if 0.0 < end < 1.0}
            edges[s, part.cell] = tuple(sorted({*edges.get((s, part.cell), ()), *inside}))
