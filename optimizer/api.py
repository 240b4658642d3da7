"""The only import that is promised: load, solve, audit and read plans from a notebook or a program.

    from optimizer import api
    result = api.solve(api.load("cases/quickstart"))
    result.plan.tables["cash"].frame()
    result.write("results/quickstart")

The command line does the same through these functions. Nothing here is decided: each function is one arrow of
case -> market -> operations -> instance -> model -> solution -> plan -> audit -> files.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optimizer.case.load import LoadedCase, case_from_data, load_case
from optimizer.compare import differences
from optimizer.compare.folder import COMPARISON
from optimizer.compare.why import why_table
from optimizer.errors import AuditError, CallError, CaseError
from optimizer.explain.run import Explanation, explain_plan
from optimizer.instance.build import Prepared, prepare_from
from optimizer.market.market import Market, build_market
from optimizer.operations.operations import Operations, build_operations
from optimizer.plan.audit.result import AuditReport
from optimizer.plan.audit.run import audit_folder
from optimizer.plan.build import Plan, build_plan
from optimizer.plan.certified import solve_certified
from optimizer.plan.result import Result
from optimizer.plan.stopwatch import Stopwatch
from optimizer.plan.summary import rounded
from optimizer.plan.table import Table
from optimizer.plan.table_folder import stage_folder as stage_tables
from optimizer.plan.table_folder import write_folder as write_tables_folder
from optimizer.plan.write import publish, write_text
from optimizer.plan.written import WrittenPlan, read_written
from optimizer.solve.highs import SolveOptions
from optimizer.solve.progress import Progress
from optimizer.solve.twins import Twin, cost_of_waiting, solve_twins
from optimizer.solve.ways_out import WayOut
from optimizer.solve.ways_out import ways_out as find_ways_out
from optimizer.sweep.alternatives import NAMES, TABLE_FILE, Alternatives, find_alternatives
from optimizer.sweep.alternatives_folder import ALTERNATIVES
from optimizer.sweep.point import PointOptions
from optimizer.sweep.run import Sweep, run_sweep

if TYPE_CHECKING:
    import pandas

CASE_FILE = "case.yaml"


def load(path: str | Path, **options: Any) -> LoadedCase:
    """Read and judge a case file, or the ``case.yaml`` of a folder. Raises CaseError with every problem found.

    ``options``: ``overrides`` (path -> number), ``given_csv``, ``given_otherwise``, as `load_case` takes them.
    """
    place = Path(path)
    return load_case(place / CASE_FILE if place.is_dir() else place, **options)


def prepare(loaded: LoadedCase, market: Market | None = None, watch: Stopwatch | None = None) -> Prepared:
    """Everything that is computed before a solver sees the case."""
    watch = watch or Stopwatch()
    market, operations = _read(loaded, watch, market)
    with watch.stage("build"):
        return prepare_from(loaded.case, market, operations)


def _read(loaded: LoadedCase, watch: Stopwatch, market: Market | None = None) -> tuple[Market, Operations]:
    with watch.stage("read"):
        try:
            market = market or build_market(loaded.case, loaded.folder)
        except CaseError as error:
            raise loaded.placed(error) from None
    with watch.stage("operations"):
        return market, build_operations(loaded.case, market)


def solve(
    loaded: LoadedCase,
    options: SolveOptions | None = None,
    *,
    twins: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    watch: Stopwatch | None = None,
) -> Result:
    """The best plan of a case, with its twins and the cost of waiting (unless ``twins`` is False).

    Raises InfeasibleError when no plan can satisfy the case, SolverError when none was found in time.
    """
    options = options or SolveOptions()
    watch = watch or Stopwatch()
    market, operations = _read(loaded, watch)
    with watch.stage("solve"):
        certified = solve_certified(loaded.case, market, operations, options, on_progress, stop)
    watch.move("solve", "build", certified.build_seconds)
    watch.move("solve", "plan", certified.plan_seconds)
    prepared, solution, plan = certified.prepared, certified.solution, certified.plan
    found: list[tuple[Twin, Plan]] = []
    waiting = None
    if twins and not (stop is not None and stop.is_set()):
        # What the plan is held against need not be known better than the plan.
        side = replace(options, relative_gap=max(options.relative_gap, 1e-4), time_limit_seconds=_side_limit(options))
        with watch.stage("twins"):
            for twin in solve_twins(prepared, side, stop, solution):
                own = twin.solution
                found.append((twin, build_plan(prepared, own.instance, own.decisions, own.states)))
            waiting = cost_of_waiting(prepared, solution, side, stop)
    return Result(loaded, prepared, solution, plan, tuple(found), waiting, watch, certified.certificate)


def ways_out(loaded: LoadedCase) -> tuple[WayOut, ...]:
    """Of a case that no plan can satisfy: what, by one kind of help alone, would make one possible, cheapest first."""
    return find_ways_out(prepare(loaded))


def sweep(
    loaded: LoadedCase, vary: Sequence[str], options: PointOptions | None = None, *, workers: int | None = None
) -> Sweep:
    """Solve a case at every point of a grid (``PATH=LOW:HIGH:N``) in several processes.

    Raises CallError or CaseError before anything is solved; a point that fails is a row of the result.
    """
    return run_sweep(loaded, vary, options, workers=workers)


@dataclass(frozen=True)
class AlternativePlans:
    """Alternatives, each with all that `solve` gives of a plan but its twins."""

    found: Alternatives
    results: tuple[Result, ...]
    """In the order of ``found.plans``."""

    @property
    def proven(self) -> bool:
        """Whether all were found, to the gap."""
        return not self.found.missing and all(plan.proven for plan in self.found.plans)

    def data(self) -> dict[str, Any]:
        """All of it as plain data, the same every time."""
        rows = zip(self.found.table().dicts(), self.found.plans, strict=True)
        return {
            "case": self.found.case_name,
            "within": self.found.within,
            "least_value_usd_m": rounded(self.found.floor_usd_m),
            "plans": [
                rounded({**cells, "names": list(plan.names), "proven": plan.proven, "decisions": plan.decisions})
                for cells, plan in rows
            ],
            "missing": dict(self.found.missing),
        }

    def write(self, folder: str | Path) -> tuple[AuditReport, ...]:
        """Write a plan folder for each, audited, and ``alternatives.csv``; an earlier one is replaced as a whole.

        Raises AuditError if an audit does not agree; that plan then lies in ``FOLDER.failed-audit``.
        """
        target = Path(folder)
        stage = stage_tables(target, ALTERNATIVES)
        reports = []
        try:
            for plan, result in zip(self.found.plans, self.results, strict=True):
                try:
                    reports.append(result.write(stage / plan.name))
                except AuditError as error:
                    failed = target.with_name(target.name + ".failed-audit")
                    shutil.rmtree(failed, ignore_errors=True)
                    publish(stage / f"{plan.name}.failed-audit", failed)
                    message = f"the audit does not agree with the plan {plan.name}; it lies in {failed} for inspection"
                    raise AuditError(message, error.details) from None
            write_text(stage / TABLE_FILE, self.found.table().text())
            publish(stage, target)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
        return tuple(reports)


def alternatives(
    loaded: LoadedCase,
    within: float,
    options: SolveOptions | None = None,
    *,
    names: Sequence[str] = NAMES,
    stop: threading.Event | None = None,
    on_found: Callable[[str], None] | None = None,
) -> AlternativePlans:
    """The best plan, and plans worth at most a share ``within`` less that are extreme in the respects ``names``.

    ``on_found`` is told the name of each as it is finished, ``best`` first.

    Raises CallError for a share or a name that makes no sense, InfeasibleError when no plan can satisfy the case,
    SolverError when none was found in time.
    """
    watch = Stopwatch()
    market, operations = _read(loaded, watch)
    with watch.stage("solve"):
        found = find_alternatives(
            loaded.case,
            market,
            operations,
            within,
            options or SolveOptions(),
            names=names,
            stop=stop,
            on_found=on_found,
        )
    results = [
        Result(
            loaded,
            plan.certified.prepared,
            plan.certified.solution,
            plan.certified.plan,
            (),
            None,
            Stopwatch(dict(watch.seconds)),
            plan.certified.certificate,
        )
        for plan in found.plans
    ]
    return AlternativePlans(found, tuple(results))


def _side_limit(options: SolveOptions) -> float:
    return max(5.0, min(60.0, options.time_limit_seconds / 4))


def audit(folder: str | Path) -> AuditReport:
    """Recompute a written plan from its inputs and its decisions. Raises CallError if ``folder`` is none."""
    place = Path(folder)
    if not place.is_dir():
        raise CallError(f"{place} is no folder")
    return audit_folder(place)


@dataclass(frozen=True)
class PlanFolder:
    """A written plan: its tables as DataFrames and its summary."""

    folder: Path
    summary: Mapping[str, Any]

    def table(self, name: str) -> pandas.DataFrame:
        """A table by name, such as ``cash``."""
        import pandas

        return pandas.read_csv(self.folder / f"{name}.csv")


def read_plan(folder: str | Path) -> PlanFolder:
    """Open a plan folder."""
    written = read_written(Path(folder))
    return PlanFolder(written.folder, written.summary)


def report_page(folder: str | Path, sweeps: Sequence[str | Path] = ()) -> str:
    """The page of a plan folder, one HTML text that needs no network; ``sweeps``: folders of sweeps with a map.

    Raises CallError if a folder holds no plan or no such sweep, or if the extra ``report`` is not installed.
    """
    from optimizer.report.page import report_page as page

    return page(folder, sweeps)


@dataclass(frozen=True)
class Comparison:
    """Two written plans and what differs, as tables: ``inputs``, ``decisions``, ``megawatts``, ``value``, ``measures``
    and ``why``."""

    a: WrittenPlan
    b: WrittenPlan
    tables: Mapping[str, Table]

    def data(self) -> dict[str, Any]:
        """All of it as plain data."""
        sides = {
            name: {"folder": str(plan.folder), "case": plan.title, "value_usd_m": plan.value_usd_m}
            for name, plan in (("a", self.a), ("b", self.b))
        }
        return {**sides, **{name: [rounded(row) for row in table.dicts()] for name, table in self.tables.items()}}

    def write(self, folder: str | Path) -> None:
        """Write the tables into a folder of their own. CallError if something else is in the way."""
        write_tables_folder(Path(folder), COMPARISON, self.tables)


def compare(a: str | Path, b: str | Path, *, why: bool = True) -> Comparison:
    """What differs between two plan folders, and (unless ``why`` is False) whether inputs or decisions are the cause.

    For that the decisions of each are priced under the inputs of the other. Raises CallError if a folder holds no plan.
    """
    first, second = read_written(Path(a)), read_written(Path(b))
    tables = {
        "inputs": differences.inputs_table(first, second),
        "decisions": differences.decisions_table(first, second),
        "megawatts": differences.megawatts_table(first, second),
        "value": differences.value_table(first, second),
        "measures": differences.measures_table(first, second),
    }
    if why and any(table.rows for table in tables.values()):
        tables["why"] = why_table(
            first, second, lambda loaded: solve(loaded, SolveOptions(), twins=False).solution.value_usd_m
        )
    return Comparison(first, second, tables)


def explain(
    folder: str | Path,
    options: SolveOptions | None = None,
    *,
    anew: int = 0,
    on_done: Callable[[str], None] | None = None,
) -> Explanation:
    """What limits a written plan, what one more of each thing would be worth, and what refused offers would need.

    ``anew``: for so many of the levers worth most the case is solved with everything decided anew. Raises CallError if
    the folder holds no plan, or one that does not come to the value that it states.
    """
    return explain_plan(Path(folder), options or SolveOptions(), anew=anew, on_done=on_done)


__all__ = [
    "AlternativePlans",
    "Comparison",
    "Explanation",
    "LoadedCase",
    "PlanFolder",
    "PointOptions",
    "Result",
    "SolveOptions",
    "Stopwatch",
    "alternatives",
    "audit",
    "case_from_data",
    "compare",
    "explain",
    "load",
    "prepare",
    "read_plan",
    "report_page",
    "solve",
    "sweep",
    "ways_out",
]
