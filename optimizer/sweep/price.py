"""Other questions to a point of a sweep: what given plans are worth there, and what its twins are.

For the table of regret and for the lines of the strategy map (docs/figures_sweep.md, section 23). As a point itself,
each runs in a process of its own, and raises nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.errors import CaseError, InfeasibleError, SolverError
from optimizer.instance.whole_plan import WholePlan
from optimizer.sweep.point import Job, Shared, case_at, line_of
from optimizer.sweep.vary import Point


@dataclass(frozen=True)
class PriceJob:
    """A point, and plans to be priced there."""

    point: Point
    plans: tuple[WholePlan, ...]


@dataclass(frozen=True)
class PricedPoint:
    """USD m of each plan, in their order; None where it is impossible. ``problem`` if none could be priced."""

    values: tuple[float | None, ...]
    problem: str = ""


@dataclass(frozen=True)
class TwinValues:
    """USD m of each twin; None where it was not found."""

    status_quo: float | None = None
    all_mining: float | None = None
    all_hosting: float | None = None
    problem: str = ""


def price_point(shared: Shared, job: PriceJob) -> PricedPoint:
    """What plans are worth at a point. Raises nothing that Python lets a program catch as an Exception."""
    nothing: tuple[float | None, ...] = (None,) * len(job.plans)
    try:
        return PricedPoint(_prices(shared, job))
    except (CaseError, InfeasibleError, SolverError) as error:
        return PricedPoint(nothing, line_of(*error.lines()))
    except Exception as error:
        return PricedPoint(nothing, line_of(f"{type(error).__name__}: {error}"))


def _prices(shared: Shared, job: PriceJob) -> tuple[float | None, ...]:
    from optimizer.instance.build import prepare_from
    from optimizer.instance.whole_plan import columns_of
    from optimizer.solve.highs import SolveOptions
    from optimizer.solve.price import price_choices
    from optimizer.sweep.caches import market_of, operations_of

    loaded = case_at(shared, job.point)
    market = market_of(loaded, shared.series)
    prepared = prepare_from(loaded.case, market, operations_of(loaded.case, market))
    named = [columns_of(plan, prepared.choices, prepared.instance, market.start_month) for plan in job.plans]
    known = [columns for columns in named if columns is not None]
    values = iter(price_choices(prepared.instance, known, SolveOptions(seed=shared.options.seed)))
    return tuple(next(values) if columns is not None else None for columns in named)


def twins_point(shared: Shared, job: Job) -> TwinValues:
    """The twins of the case at a point. Raises nothing that Python lets a program catch as an Exception."""
    try:
        return _twins(shared, job)
    except (CaseError, InfeasibleError, SolverError) as error:
        return TwinValues(problem=line_of(*error.lines()))
    except Exception as error:
        return TwinValues(problem=line_of(f"{type(error).__name__}: {error}"))


def _twins(shared: Shared, job: Job) -> TwinValues:
    from optimizer.instance.build import prepare_from
    from optimizer.solve.highs import SolveOptions
    from optimizer.solve.twins import solve_twins
    from optimizer.sweep.caches import market_of, operations_of

    loaded, asked = case_at(shared, job.point), shared.options
    market = market_of(loaded, shared.series)
    prepared = prepare_from(loaded.case, market, operations_of(loaded.case, market))
    options = SolveOptions(relative_gap=job.relative_gap, time_limit_seconds=asked.time_limit_seconds, seed=asked.seed)
    values = {str(twin.name): twin.solution.value_usd_m for twin in solve_twins(prepared, options)}
    return TwinValues(values.get("status_quo"), values.get("all_mining"), values.get("all_hosting"))
