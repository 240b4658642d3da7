"""One point of a sweep: the case with its values laid over it, solved from plans that are known, and the row that it
gives.

It runs in a process of its own (`optimizer.pool`). What goes wrong with a point becomes its status and problem;
nothing is raised. The solver is imported by the function that solves, so that the process which only hands out points
never loads it.
"""

from __future__ import annotations

import gc
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimizer.case.case import Case
from optimizer.case.load import LoadedCase, case_from_data
from optimizer.case.price_file import PriceFile
from optimizer.case.price_files import price_files
from optimizer.errors import CaseError, ExitCode, InfeasibleError, SolverError
from optimizer.instance.whole_plan import NO_TRAIL, Rules, Trail, WholePlan
from optimizer.market.prices import PriceFileProblems, PriceSeries, read_prices
from optimizer.sweep.vary import Point

if TYPE_CHECKING:
    from optimizer.plan.build import Plan
    from optimizer.plan.certified import Certified
    from optimizer.solve.run import Solution

INFEASIBLE, WRONG_INPUT, NO_PLAN = "infeasible", "wrong input", "no plan"
AUDIT_FAILED, FAILED, OPTIMAL = "audit failed", "failed", "optimal"

EXIT_CODES = {
    OPTIMAL: ExitCode.DONE,
    INFEASIBLE: ExitCode.INFEASIBLE,
    WRONG_INPUT: ExitCode.WRONG_INPUT,
    NO_PLAN: ExitCode.FAILED,
    FAILED: ExitCode.FAILED,
    AUDIT_FAILED: ExitCode.AUDIT_FAILED,
}
"""By status; any other status is a plan that is not proved to the gap."""


LEAST_MINING = 0.05
"""Of a plan's MWh: with less it is not called mining."""

CANDIDATES, SEARCH = "candidates", "search"
"""Where a point's plan comes from: from a point solved before, or from a search of its own."""


SELDOM = (300_000, 5, 5)
"""How many new objects are there before rubbish is looked for among them, and how often that is done before it is
looked for among older ones."""


@dataclass(frozen=True)
class PointOptions:
    """How each point is solved; see `SolveOptions`. With ``audit`` each plan is written, recomputed and thrown away."""

    relative_gap: float = 1e-4
    absolute_gap_usd_m: float = 0.0
    time_limit_seconds: float = 600.0
    seed: int = 0
    audit: bool = False


@dataclass(frozen=True)
class Figures:
    """What a point's plan comes to; USD millions unless the name says otherwise."""

    value_usd_m: float
    bound_usd_m: float
    gap: float
    value_usd_per_share: float
    it_mw_signed: float
    first_period_mining_mw: float
    first_period_hosting_mw: float
    thinnest_headroom_usd_m: float
    thinnest_period: str
    peak_funding_usd_m: float
    decision_lines: tuple[str, ...]
    """In words."""
    decisions: tuple[Mapping[str, Any], ...]
    """Rows of ``decisions.csv`` by column."""
    mines: bool
    """Whether machines use at least `LEAST_MINING` of all MWh over the horizon."""
    proof: str
    """`CANDIDATES` or `SEARCH`."""


@dataclass(frozen=True)
class Outcome:
    """How a point ended. ``figures`` and ``plan`` are None without a plan; ``problem`` is one line, empty if all went
    well."""

    status: str
    problem: str = ""
    figures: Figures | None = None
    plan: WholePlan | None = None
    trail: Trail = NO_TRAIL
    """What the search left behind for points that begin with the plan."""


@dataclass(frozen=True)
class Job:
    """A point to solve, with plans to begin with, nearest first, and the relative gap to reach.

    ``trails``: of each candidate from where it was found; none: not known.
    """

    point: Point
    candidates: tuple[WholePlan, ...] = ()
    relative_gap: float = 1e-4
    trails: tuple[Trail, ...] = ()

    @property
    def known(self) -> tuple[tuple[WholePlan, Rules], ...]:
        """Candidates with their rules."""
        rules = tuple(trail.rules for trail in self.trails) or ((),) * len(self.candidates)
        return tuple(zip(self.candidates, rules, strict=True))

    @property
    def trail(self) -> Trail:
        """Of the nearest candidate."""
        return self.trails[0] if self.trails else NO_TRAIL


@dataclass(frozen=True)
class Shared:
    """What all points of a sweep have in common, handed to each process once.

    ``series`` are the price files that were read, by `series_key`; a process adds what a point makes it read.
    """

    data: Mapping[str | None, Mapping[str, Any]]
    """Of the case (None) and of each overlay by its name."""
    folders: Mapping[str | None, Path]
    """That their files are relative to."""
    series: dict[str, PriceSeries]
    options: PointOptions


def series_key(market: PriceFile, folder: Path) -> str:
    """Equal for markets that read the same of the same file, whatever their level or scale. ``folder``: that the file's
    name is relative to."""
    asked = json.dumps(market.model_dump(mode="json", include=set(PriceFile.model_fields)), sort_keys=True)
    return f"{folder.resolve()} {asked}"


def read_series(case: Case, folder: Path, known: dict[str, PriceSeries]) -> dict[str, tuple[PriceSeries, ...]] | None:
    """Series by where the case names them; ``known`` gains what was read. None if a file cannot be read as wanted."""
    found: dict[str, tuple[PriceSeries, ...]] = {}
    for path, specs in price_files(case).items():
        for spec in specs:
            key = series_key(spec, folder)
            if key not in known:
                try:
                    known[key] = read_prices(spec, folder)
                except PriceFileProblems:
                    return None
        found[path] = tuple(known[series_key(spec, folder)] for spec in specs)
    return found


def files_of(loaded: LoadedCase) -> dict[str, Path]:
    """Every file that a case reads when it is solved, by its name in the case."""
    names = {spec.file for specs in price_files(loaded.case).values() for spec in specs}
    network = loaded.case.market.network.path
    return {name: loaded.folder / name for name in sorted({*names, *([network] if network is not None else [])})}


def load_solver() -> None:
    """Import what `solve_point` needs, which takes a second: not a point's time."""
    import optimizer.plan.certified  # noqa: F401

    # What was imported stays: nobody needs to look for rubbish in it again and again.
    gc.freeze()


def solve_point(shared: Shared, job: Job) -> Outcome:
    """Solve one point. Raises nothing that Python lets a program catch as an Exception."""
    with _little_rubbish():
        return _outcome(shared, job)


@contextmanager
def _little_rubbish() -> Iterator[None]:
    """Within it rubbish is looked for more seldom, and at its end among what it made: a point makes a model that stays
    until it is solved, and to go through it again and again takes a tenth of a second."""
    usual = gc.get_threshold()
    gc.set_threshold(*SELDOM)
    try:
        yield
    finally:
        gc.collect(0)
        gc.set_threshold(*usual)


def _outcome(shared: Shared, job: Job) -> Outcome:
    try:
        loaded = case_at(shared, job.point)
        return _solve(shared, loaded, job)
    except CaseError as error:
        return Outcome(WRONG_INPUT, line_of(*error.lines()))
    except InfeasibleError as error:
        return Outcome(INFEASIBLE, line_of(*error.lines()))
    except SolverError as error:
        return Outcome(NO_PLAN, line_of(*error.lines()))
    except Exception as error:
        return Outcome(FAILED, line_of(f"{type(error).__name__}: {error}"))


def case_at(shared: Shared, point: Point) -> LoadedCase:
    """The case as it is at a point. Raises CaseError if it does not take the values."""
    return case_from_data(shared.data[point.overlay], shared.folders[point.overlay], overrides=point.overrides)


def _solve(shared: Shared, loaded: LoadedCase, job: Job) -> Outcome:
    from optimizer.instance.whole_plan import whole_plan
    from optimizer.plan.certified import solve_certified
    from optimizer.plan.tables import few_tables
    from optimizer.solve.highs import SolveOptions
    from optimizer.solve.run import solve_instance
    from optimizer.sweep.caches import compiler, market_of, operations_of

    asked = shared.options
    market = market_of(loaded, shared.series)
    options = SolveOptions(
        relative_gap=job.relative_gap,
        absolute_gap_usd_m=asked.absolute_gap_usd_m,
        time_limit_seconds=asked.time_limit_seconds,
        seed=asked.seed,
    )
    operations = operations_of(loaded.case, market)
    forms = compiler()
    try:
        certified = solve_certified(
            loaded.case,
            market,
            operations,
            options,
            known=job.known,
            trail=job.trail,
            solve=partial(solve_instance, compiler=forms),
            tables=None if asked.audit else few_tables,
        )
    finally:
        forms.rest()
    solution, plan = certified.solution, certified.plan
    whole = whole_plan(certified.prepared.choices, solution.decisions, market.start_month)
    years = tuple(sorted(solution.instance.tax_binaries))
    trail = Trail(solution.rules, solution.splits, years, solution.starts, solution.scores)
    figures = _figures(plan, solution, CANDIDATES if whole in job.candidates else SEARCH)
    if asked.audit and (problem := _audit(plan, certified, loaded)):
        return Outcome(AUDIT_FAILED, problem, figures, whole, trail)
    certificate = certified.certificate
    problem = "" if certificate.passed else f"hours not certified: gap {certificate.worst_gap:.1e}"
    return Outcome(solution.status.value, problem, figures, whole, trail)


def _figures(plan: Plan, solution: Solution, proof: str) -> Figures:
    from optimizer.plan.measures import measure
    from optimizer.plan.summary import decision_line

    measures = measure(plan)
    rows = tuple(plan.tables["decisions"].dicts())
    used, mwh, labels = (
        {"mining": 0.0, "hosting": 0.0},
        {"mining": 0.0, "hosting": 0.0},
        plan.prepared.market.tree.label,
    )
    for row in plan.tables["allocation"].dicts():
        if row["period"] == labels[0] and row["use"] in used:
            used[str(row["use"])] += float(row["meter_mw"] or 0.0)
        if row["use"] in mwh:
            mwh[str(row["use"])] += float(row["mwh"] or 0.0)
    return Figures(
        value_usd_m=solution.value_usd_m,
        bound_usd_m=solution.bound_usd_m,
        gap=solution.gap,
        value_usd_per_share=measures.value_usd_per_share,
        it_mw_signed=measures.it_mw_signed,
        first_period_mining_mw=used["mining"],
        first_period_hosting_mw=used["hosting"],
        thinnest_headroom_usd_m=measures.thinnest_headroom_usd_m,
        thinnest_period=measures.thinnest_period,
        peak_funding_usd_m=measures.peak_funding_usd_m,
        decision_lines=tuple(decision_line(row) for row in rows),
        decisions=rows,
        mines=mwh["mining"] > LEAST_MINING * sum(mwh.values()),
        proof=proof,
    )


def _audit(plan: Plan, certified: Certified, loaded: LoadedCase) -> str:
    """What an audit of the written plan says against it, empty if nothing."""
    from optimizer.plan.audit.run import audit_folder
    from optimizer.plan.summary import certificate_data, rounded
    from optimizer.plan.write import write_inputs, write_json, write_tables

    with tempfile.TemporaryDirectory(prefix="wattfork-sweep-") as name:
        folder = Path(name)
        write_tables(folder, plan.tables)
        write_inputs(folder, loaded.bare, loaded.folder)
        solution = certified.solution
        stated = {
            "value_usd_m": solution.value_usd_m,
            "bound_usd_m": solution.bound_usd_m,
            "gap": solution.gap,
            "equity_intrinsic_to_market": solution.instance.intrinsic_to_market if certified.plan.gives_shares else 1.0,
            "certificate": certificate_data(certified.certificate),
        }
        write_json(folder / "summary.json", rounded(stated))
        report = audit_folder(folder)
    if report.passed:
        return ""
    more = f" (and {len(report.findings) - 1} more)" if len(report.findings) > 1 else ""
    return line_of(f"the audit does not agree: {report.findings[0]}{more}" if report.findings else "the audit failed")


def line_of(*lines: str) -> str:
    """Several lines of a message as one."""
    return "; ".join(" ".join(line.split()) for line in lines)
