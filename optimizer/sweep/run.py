"""A sweep from beginning to end: the grid, the processes that solve its points, and the table that comes out.

`run_sweep` is what programs call. Not here: how the outcome is shown to people (`optimizer.sweep.words`).
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from optimizer.case.load import LoadedCase
from optimizer.errors import CallError, ExitCode
from optimizer.plan.summary import data_hash, rounded, versions
from optimizer.plan.table import Cell, Table, table
from optimizer.sweep.campaign import Campaign, Executor, Swept, local_executor
from optimizer.sweep.point import EXIT_CODES, Figures, PointOptions
from optimizer.sweep.pool import usable_cpus
from optimizer.sweep.store import Store
from optimizer.sweep.vary import Point, Vary, make_grid, parse_vary

TABLE_FILE = "sweep.csv"
RUN_SUFFIX = ".run.json"

_FIRST_COLUMNS = ("value_usd_m", "bound_usd_m", "gap", "status")
_FIGURES = (
    "value_usd_per_share", "it_mw_signed", "decisions", "first_period_mining_mw", "first_period_hosting_mw",
    "thinnest_headroom_usd_m", "thinnest_period", "peak_funding_usd_m",
)  # fmt: skip


@dataclass(frozen=True)
class Sweep:
    """What a sweep found. ``points`` are in the order of the grid, without those not finished when interrupted."""

    case_name: str
    directions: tuple[Vary, ...]
    points: tuple[Swept, ...]
    asked: int
    """Points of the whole grid."""
    interrupted: bool
    about: dict[str, Any]
    """For the run file: what was asked of which case, and by what."""
    seconds: float
    workers: int

    def table(self) -> Table:
        """One row a point; the columns are those of docs/sweep.md."""
        columns = ("point", *(vary.column for vary in self.directions), *_FIRST_COLUMNS, *_FIGURES, "problem")
        return table(columns, [_row(swept) for swept in self.points])

    def exit_code(self) -> ExitCode:
        """How the command ends. What is wrong with any point counts before what was merely stopped."""
        if self.interrupted and not self.points:
            return ExitCode.INTERRUPTED
        codes = {EXIT_CODES.get(swept.outcome.status, ExitCode.STOPPED) for swept in self.points}
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
        return {
            "case": self.case_name,
            "varied": [
                {"path": vary.path, "values": list(vary.values), "factors": vary.relative} for vary in self.directions
            ],
            "points_asked": self.asked,
            "interrupted": self.interrupted,
            "points": rows,
        }

    def write(self, file: Path) -> None:
        """Write the table to ``file`` and the run file beside it, each whole or not at all. CallError if that fails."""
        run = {
            **self.about,
            "interrupted": self.interrupted,
            "workers": self.workers,
            "seconds": round(self.seconds, 3),
            "point_seconds": {str(swept.point.number): round(swept.seconds, 3) for swept in self.points},
            "host": {"system": platform.system(), "machine": platform.machine(), "python": platform.python_version()},
        }
        _write_whole(file, self.table().text())
        _write_whole(run_file(file), json.dumps(run, indent=2, ensure_ascii=False) + "\n")


def _row(swept: Swept) -> list[Cell]:
    outcome = swept.outcome
    row: list[Cell] = [swept.point.number, *swept.point.values]
    figures: Figures | None = outcome.figures
    if figures is None:
        return [*row, None, None, None, outcome.status, *(None for _ in _FIGURES), outcome.problem]
    named = {**asdict(figures), "decisions": "; ".join(figures.decision_lines)}
    first = (figures.value_usd_m, figures.bound_usd_m, figures.gap)
    return [*row, *first, outcome.status, *(named[name] for name in _FIGURES), outcome.problem]


def run_sweep(
    loaded: LoadedCase,
    directions: Sequence[Vary | str],
    options: PointOptions | None = None,
    *,
    points: Sequence[Point] | None = None,
    overlays: Mapping[str, LoadedCase] | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    store: Store | None = None,
    on_progress: Callable[[int, int, float], None] | None = None,
) -> Sweep:
    """Solve a case at every point of a grid (or at ``points``), in ``workers`` processes (as many as there are CPUs) or
    by another ``executor``.

    ``directions`` as `parse_vary` reads them. Results are taken from ``store`` where it has them, and kept there.
    ``on_progress`` is told several times a second how many points are finished, of how many, after how many seconds.
    Ctrl-C (KeyboardInterrupt) ends the sweep with what is finished.

    Raises CallError and CaseError for what is wrong with the grid or with the case itself, before anything is solved.
    What goes wrong at a point is that point's outcome. Scripts that call this need the usual guard
    ``if __name__ == "__main__":``, as for every use of processes.
    """
    began = time.monotonic()
    options = options or PointOptions()
    varied = tuple(parse_vary(each) if isinstance(each, str) else each for each in directions)
    grid = make_grid(loaded, varied) if points is None else tuple(points)
    campaign = Campaign(loaded, options, overlays=overlays, executor=executor or local_executor(workers), store=store)
    interrupted, count = False, 0
    solving = campaign.solve(grid)
    try:
        with contextlib.closing(solving):
            for swept in solving:
                count += swept is not None
                if on_progress is not None:
                    on_progress(count, len(grid), time.monotonic() - began)
    except KeyboardInterrupt:
        interrupted = True
    return Sweep(
        case_name=loaded.case.case,
        directions=varied,
        points=tuple(sorted(campaign.known, key=lambda swept: swept.point.number)),
        asked=len(grid),
        interrupted=interrupted,
        about={
            "case_file": str(loaded.path),
            "case_sha256": data_hash(loaded.bare),
            "varied": {vary.column: list(vary.values) for vary in varied},
            "options": asdict(options),
            "versions": versions(),
        },
        seconds=time.monotonic() - began,
        workers=usable_cpus() if workers is None else workers,
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
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and not _is_sweep(file):
            raise CallError(f"{file} is not an earlier sweep; it is left alone", ("name another file with -o",))
        tempfile.TemporaryFile(dir=file.parent).close()
    except OSError as error:
        raise CallError(f"cannot write {file}: {error.strerror}") from None
    return file


def _is_sweep(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return stream.read(6) == b"point,"


def run_file(file: Path) -> Path:
    """The run file beside a table."""
    return file.with_name(file.stem + RUN_SUFFIX)


def _write_whole(file: Path, text: str) -> None:
    try:
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        try:
            with open(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
            Path(name).chmod(0o644)
            os.replace(name, file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CallError(f"cannot write {file}: {error.strerror}") from None
