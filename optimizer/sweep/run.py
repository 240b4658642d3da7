"""A sweep from beginning to end: the points, the processes that solve them, and the tables that come out.

`run_sweep` is what programs call. Not here: how the outcome is shown to people (`optimizer.sweep.words`).
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from optimizer.case.load import LoadedCase
from optimizer.errors import ExitCode
from optimizer.plan.summary import data_hash, rounded, versions
from optimizer.plan.table import Cell, Table, table
from optimizer.pool import usable_cpus
from optimizer.sweep.campaign import Campaign, Executor, Swept, local_executor
from optimizer.sweep.designs import Kind
from optimizer.sweep.directions import Direction, Overlays, Vary, parse_vary
from optimizer.sweep.further import Asking, Further, find_borders, find_regret, find_twins, hold_further, is_plane
from optimizer.sweep.parquet import write_parquet
from optimizer.sweep.point import EXIT_CODES, OPTIMAL, PointOptions
from optimizer.sweep.price import TwinValues
from optimizer.sweep.refine import Refined
from optimizer.sweep.regions import Regions, regions_of
from optimizer.sweep.regret import Regret
from optimizer.sweep.store import Store
from optimizer.sweep.table_file import ready_file, write_whole
from optimizer.sweep.vary import Point, make_grid

TABLE_FILE, REGRET_FILE, PLANS_FILE = "sweep.csv", "regret.csv", "plans.csv"
RUN_SUFFIX = ".run.json"

_FIRST_COLUMNS = ("value_usd_m", "bound_usd_m", "gap", "status", "region", "proof")
_FIGURES = (
    "value_usd_per_share", "it_mw_signed", "decisions", "first_period_mining_mw", "first_period_hosting_mw",
    "thinnest_headroom_usd_m", "thinnest_period", "peak_funding_usd_m",
)  # fmt: skip
TWINS = ("status_quo", "all_mining", "all_hosting")


@dataclass(frozen=True)
class Sweep:
    """What a sweep found. ``points`` are in the order of their numbers, without those not finished when interrupted."""

    case_name: str
    directions: tuple[Direction, ...]
    points: tuple[Swept, ...]
    asked: int
    """Points in all, with those put between others."""
    interrupted: bool
    about: dict[str, Any]
    """For the run file: what was asked of which case, and by what."""
    seconds: float
    workers: int
    """Processes; 0 where another executor was at work."""
    kind: Kind = "grid"
    refined: Refined | None = None
    """The grid with the points between its own, for a grid of two directions with numbers."""
    twins: Mapping[int, TwinValues] | None = None
    """By point, if they were asked for."""
    regret: Regret | None = None
    problems: tuple[str, ...] = field(default=())
    """What was asked beyond the points and has no answer."""

    @cached_property
    def regions(self) -> Regions:
        """Which points sign and build the same."""
        return regions_of(self.points)

    @property
    def not_closed(self) -> tuple[Swept, ...]:
        """Points with a plan that was not proved to its gap."""
        return tuple(s for s in self.points if s.outcome.figures is not None and s.outcome.status != OPTIMAL)

    def table(self) -> Table:
        """One row a point; the columns are those of docs/sweep.md."""
        twins = () if self.twins is None else tuple(f"{name}_usd_m" for name in TWINS)
        columns = ("point", *(each.column for each in self.directions), *_FIRST_COLUMNS, *_FIGURES, *twins, "problem")
        return table(columns, [self._row(swept) for swept in self.points])

    def _row(self, swept: Swept) -> list[Cell]:
        outcome, number = swept.outcome, swept.point.number
        row: list[Cell] = [number, *swept.point.values]
        region = self.regions.by_point.get(number)
        figures = outcome.figures
        if figures is None:
            row += [None, None, None, outcome.status, None, None, *(None for _ in _FIGURES)]
        else:
            named = {**asdict(figures), "decisions": "; ".join(figures.decision_lines)}
            row += [figures.value_usd_m, figures.bound_usd_m, figures.gap, outcome.status]
            row += [None if region is None else region.number, figures.proof, *(named[name] for name in _FIGURES)]
        if self.twins is not None:
            beside = self.twins.get(number, TwinValues())
            row += [getattr(beside, name) for name in TWINS]
        return [*row, outcome.problem]

    def exit_code(self) -> ExitCode:
        """How the command ends. What is wrong with any point counts before what was merely stopped."""
        if self.interrupted and not self.points:
            return ExitCode.INTERRUPTED
        codes = {EXIT_CODES.get(swept.outcome.status, ExitCode.STOPPED) for swept in self.points}
        if self.problems:
            codes.add(ExitCode.FAILED)
        for code in (ExitCode.AUDIT_FAILED, ExitCode.FAILED, ExitCode.WRONG_INPUT):
            if code in codes:
                return code
        if self.interrupted:
            return ExitCode.STOPPED
        if codes == {ExitCode.INFEASIBLE}:
            return ExitCode.INFEASIBLE
        return ExitCode.STOPPED if ExitCode.STOPPED in codes else ExitCode.DONE

    def data(self) -> dict[str, Any]:
        """All of it as plain data, the same every time."""
        rows = []
        for swept, cells in zip(self.points, self.table().dicts(), strict=True):
            figures = swept.outcome.figures
            rows.append(rounded({**cells, "decisions": list(figures.decision_lines) if figures else None}))
        found = {
            "case": self.case_name,
            "design": self.kind,
            "varied": [_varied(each) for each in self.directions],
            "points_asked": self.asked,
            "interrupted": self.interrupted,
            "points": rows,
            "regions": [
                {"region": each.number, "called": each.called, "plan": each.words, "points": list(each.points)}
                for each in self.regions.all
            ],
        }
        if self.regret is not None:
            best = self.regret.least_worst
            found["plans"] = [rounded(row) for row in self.regret.plans_table().dicts()]
            found["least_worst_regret_plan"] = None if best is None else best.number
        return found

    def write(self, file: Path, *, parquet: bool = False) -> None:
        """Write the table to ``file``, what belongs to it beside it, each whole or not at all. CallError if that
        fails."""
        run = {
            **self.about,
            "interrupted": self.interrupted,
            "workers": self.workers,
            "seconds": round(self.seconds, 3),
            "points_kept": sum(swept.kept for swept in self.points),
            "point_seconds": {str(swept.point.number): round(swept.seconds, 3) for swept in self.points},
            "host": {"system": platform.system(), "machine": platform.machine(), "python": platform.python_version()},
        }
        own = self.table()
        write_whole(file, own.text())
        if parquet:
            write_parquet(own, parquet_file(file))
        if self.regret is not None:
            write_whole(file.with_name(REGRET_FILE), self.regret.table().text())
            write_whole(file.with_name(PLANS_FILE), self.regret.plans_table().text())
        write_whole(run_file(file), json.dumps(run, indent=2, ensure_ascii=False) + "\n")


def _varied(direction: Direction) -> dict[str, Any]:
    said = {"path": direction.path, "values": list(direction.values), "factors": direction.relative}
    linked = [] if isinstance(direction, Overlays) else [_varied(each) for each in direction.linked]
    return {**said, "linked": linked} if linked else said


def run_sweep(
    loaded: LoadedCase,
    directions: Sequence[Direction | str],
    options: PointOptions | None = None,
    *,
    points: Sequence[Point] | None = None,
    kind: Kind = "grid",
    overlays: Mapping[str, LoadedCase] | None = None,
    further: Further | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    store: Store | None = None,
    on_progress: Callable[[int, int, float], None] | None = None,
) -> Sweep:
    """Solve a case at every point of a grid, in ``workers`` processes (as many as there are CPUs) or by another
    ``executor``; or at the ``points`` of a design of another ``kind``.

    ``directions`` as `parse_vary` reads them. Results are taken from ``store`` where it has them, and kept there.
    ``on_progress`` is told several times a second how many points are finished, of how many, after how many seconds.
    Ctrl-C (KeyboardInterrupt) ends the sweep with what is finished.

    Raises CallError and CaseError for what is wrong with the points or with the case itself, before anything is solved.
    What goes wrong at a point is that point's outcome. Scripts that call this need the usual guard
    ``if __name__ == "__main__":``, as for every use of processes.
    """
    options, further = options or PointOptions(), further or Further()
    varied = tuple(parse_vary(each) if isinstance(each, str) else each for each in directions)
    hold_further(further, kind, varied)
    if points is None:
        points = make_grid(loaded, [each for each in varied if isinstance(each, Vary)])
    count = usable_cpus() if workers is None else workers
    campaign = Campaign(loaded, options, overlays=overlays, executor=executor or local_executor(count), store=store)
    if store is not None:
        store.prepare()
    asking = Asking(on_progress)
    solved = asking.all(campaign.solve(points, as_given=kind != "grid"), len(points))
    solved.sort(key=lambda swept: swept.point.number)
    refined, more = None, 0
    if kind == "grid" and is_plane(varied):
        refined, more = find_borders(loaded, varied, solved, further, campaign, asking)
    if refined is not None:
        solved = [refined.known[number] for number in sorted(refined.known)]
    twins = find_twins(solved, campaign, asking) if further.twins else None
    compared: Regret | None = None
    problems: list[str] = []
    if further.regret:
        compared, problems = find_regret(loaded, varied, solved, campaign, asking)
    return Sweep(
        case_name=loaded.case.case,
        directions=varied,
        points=tuple(solved),
        asked=len(points) + more,
        interrupted=asking.interrupted,
        about={
            "case_file": str(loaded.path),
            "case_sha256": data_hash(loaded.bare),
            "design": kind,
            "varied": {each.column: list(each.values) for each in varied},
            "options": asdict(options),
            "further": asdict(further),
            "versions": versions(),
        },
        seconds=asking.seconds,
        workers=count if executor is None else 0,
        kind=kind,
        refined=refined,
        twins=twins,
        regret=compared,
        problems=(
            *(
                f"point {number}: no twins: {found.problem}"
                for number, found in sorted((twins or {}).items())
                if found.problem
            ),
            *problems,
        ),
    )


def table_file(output: Path | None, loaded: LoadedCase) -> Path:
    """Where the table goes: ``output``, or into it if it is a folder, or beside the case.

    Made ready before a long sweep rather than found wanting after it. CallError if nothing can be written there, or if
    a file stands there that is no earlier sweep.
    """
    if output is None:
        file = loaded.path.parent / TABLE_FILE
    else:
        file = output if output.suffix.lower() == ".csv" and not output.is_dir() else output / TABLE_FILE
    return ready_file(file, "point", "sweep")


def run_file(file: Path) -> Path:
    """The run file beside a table."""
    return file.with_name(file.stem + RUN_SUFFIX)


def parquet_file(file: Path) -> Path:
    """The same table in another form, beside it."""
    return file.with_suffix(".parquet")


def store_folder(file: Path) -> Path:
    """Where the results of a table's points are kept."""
    return file.with_name(f"{file.stem}.points")
