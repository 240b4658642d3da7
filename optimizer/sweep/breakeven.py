"""The value of one input at which the plan begins or ceases to do something: a whole search, and what came of it.

docs/figures_sweep.md, section 24. How values are chosen is in `flips`, what is asked in `question`; points are solved
as those of a sweep are. Not here: how it is told to people (`breakeven_words`).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from optimizer.case.load import LoadedCase, case_from_data
from optimizer.case.overrides import paths_matching
from optimizer.case.suggest import kind_of, shapes_at
from optimizer.errors import CallError, ExitCode
from optimizer.plan.summary import rounded
from optimizer.plan.table import Cell, Table, table
from optimizer.sweep.campaign import Campaign, Executor, Swept
from optimizer.sweep.flips import Answer, Flips, Interval, find_flips, scan_values
from optimizer.sweep.point import EXIT_CODES, Figures, PointOptions
from optimizer.sweep.question import Question, parse_question
from optimizer.sweep.store import Store
from optimizer.sweep.table_file import ready_file, write_whole
from optimizer.sweep.vary import MOST_POINTS, Point, make_grid, parse_vary

TABLE_FILE = "breakeven.csv"
FIRST_COLUMN = "flip"
SCAN, LEAST_SCAN = 9, 2
DEFAULT_TOLERANCE = 1e-3
"""Of the range."""


@dataclass(frozen=True)
class Found:
    """A value's point as it ended, and what the status quo is worth there if that was asked for."""

    swept: Swept
    quo_usd_m: float | None = None

    @property
    def figures(self) -> Figures | None:
        return self.swept.outcome.figures


@dataclass(frozen=True)
class BreakEven:
    """What was asked, and every flip that was found. ``factors``: values multiply what the case says."""

    case_name: str
    path: str
    factors: bool
    question: Question
    low: float
    high: float
    tolerance: float
    own: float | None
    """What the case says, if it says one number."""
    found: Flips[Found]
    seconds: float

    @property
    def monotone(self) -> bool:
        """At most one flip between values of the scan."""
        return len(self.found.flips) <= 1

    def table(self) -> Table:
        """One row a flip; the columns are those of docs/breakeven.md."""
        columns = (
            *(FIRST_COLUMN, "from", "to", "has_before", "has_after", "value_before_usd_m", "value_after_usd_m"),
            *("gap_before_usd_m", "gap_after_usd_m", "tied", "problem"),
        )
        return table(columns, [[i, *_flip_row(flip)] for i, flip in enumerate(self.found.flips, start=1)])

    def exit_code(self) -> ExitCode:
        """How the command ends. That nothing flips is an answer."""
        if self.found.interrupted and not self.found.answers:
            return ExitCode.INTERRUPTED
        codes = {EXIT_CODES.get(answer.found.swept.outcome.status, ExitCode.STOPPED) for answer in self.found.answers}
        for code in (ExitCode.AUDIT_FAILED, ExitCode.FAILED, ExitCode.WRONG_INPUT):
            if code in codes:
                return code
        if codes == {ExitCode.INFEASIBLE}:
            return ExitCode.INFEASIBLE
        return ExitCode.STOPPED if self.found.interrupted or ExitCode.STOPPED in codes else ExitCode.DONE

    def data(self) -> dict[str, Any]:
        """All of it as plain data, the same every time."""
        flips: list[dict[str, Any]] = [
            {**cells, "has_before": flip.before.has, "has_after": flip.after.has, "tied": is_tied(flip)}
            for cells, flip in zip(self.table().dicts(), self.found.flips, strict=True)
        ]
        plain: dict[str, Any] = rounded(
            {
                "case": self.case_name,
                "of": self.path,
                "factors": self.factors,
                "for": self.question.text,
                "between": [self.low, self.high],
                "tolerance": self.tolerance,
                "the_case_says": self.own,
                "flips": flips,
                "monotone_at_scan": self.monotone,
                "scanned": self.found.scanned,
                "interrupted": self.found.interrupted,
                "points": [_point_data(answer) for answer in self.found.answers],
            }
        )
        return plain

    def write(self, file: Path) -> None:
        """Write the table, whole or not at all. CallError if that fails."""
        write_whole(file, self.table().text())


def is_tied(flip: Interval[Found]) -> bool:
    """Whether the plans at its ends differ in value by less than is unproven of them."""
    before, after = flip.before.found.figures, flip.after.found.figures
    if before is None or after is None:
        return False
    return abs(before.value_usd_m - after.value_usd_m) < gap_usd_m(before) + gap_usd_m(after)


def gap_usd_m(figures: Figures) -> float:
    """What a better plan could be worth more, at most."""
    return max(0.0, figures.bound_usd_m - figures.value_usd_m)


def _flip_row(flip: Interval[Found]) -> list[Cell]:
    before, after = flip.before.found.figures, flip.after.found.figures
    assert before is not None
    assert after is not None
    problem = "; ".join(
        f"no plan at {answer.value:.12g}: {answer.found.swept.outcome.status}" for answer in flip.blocked
    )
    return [
        *(flip.before.value, flip.after.value, _yes(flip.before.has), _yes(flip.after.has)),
        *(before.value_usd_m, after.value_usd_m, gap_usd_m(before), gap_usd_m(after)),
        *(_yes(is_tied(flip)), problem),
    ]


def _yes(truth: bool | None) -> str:
    return "yes" if truth else "no"


def _point_data(answer: Answer[Found]) -> dict[str, Any]:
    outcome, figures = answer.found.swept.outcome, answer.found.figures
    return {
        "value": answer.value,
        "has": answer.has,
        "status": outcome.status,
        "value_usd_m": figures.value_usd_m if figures else None,
        "bound_usd_m": figures.bound_usd_m if figures else None,
        "status_quo_usd_m": answer.found.quo_usd_m,
        "decisions": list(figures.decision_lines) if figures else None,
        "problem": outcome.problem,
    }


@dataclass(frozen=True)
class Asked:
    """What to search, all of it judged. `read_asked` makes it of what a user writes."""

    path: str
    factors: bool
    question: Question
    low: float
    high: float
    tolerance: float
    scan: tuple[float, ...]
    own: float | None
    whole: bool


def read_asked(
    loaded: LoadedCase, path: str, what: str, between: str, tolerance: float | None = None, count: int = SCAN
) -> Asked:
    """Judge a call. ``between``: LOW:HIGH, or factors xLOW:xHIGH.

    Raises CallError for what makes no sense and CaseError for a path that leads to no number.
    """
    question = parse_question(what, loaded.case)
    if count < LEAST_SCAN or count > MOST_POINTS:
        raise CallError(f"a scan has {LEAST_SCAN} to {MOST_POINTS:,} values (got {count})")
    if between.count(":") != 1:
        raise CallError(f"cannot read the range {between!r}", ("write LOW:HIGH, or factors as in x0.5:x2",))
    vary = parse_vary(f"{path}={between}:2")
    # Judged before anything is solved: whether the path is there, and takes numbers.
    make_grid(loaded, [vary])
    low, high = sorted(vary.values)
    if low == high:
        raise CallError(f"the range {between!r} has no width: nothing can flip in it")
    if tolerance is not None and not tolerance > 0:
        raise CallError(f"a tolerance is more than 0 (got {tolerance:.7g})")
    paths = paths_matching(loaded.bare, path)
    whole = not vary.relative and any(
        "integer" in kinds and "number" not in kinds
        for kinds in ({kind_of(shape) for shape in shapes_at(each)} for each in paths)
    )
    own = 1.0 if vary.relative else _own_value(loaded, paths)
    scan = scan_values(low, high, count, extra=own, whole=whole)
    wide = DEFAULT_TOLERANCE * (high - low) if tolerance is None else tolerance
    wide = max(1.0, wide) if whole else wide
    return Asked(path, vary.relative, question, low, high, wide, tuple(scan), own, whole)


def _own_value(loaded: LoadedCase, paths: Iterable[Sequence[str | int]]) -> float | None:
    """The number that the case says at all of these places; None if they differ or some say none."""
    model = loaded.case.model_dump(mode="json", by_alias=True)
    found = {_walk(model, path) for path in paths}
    return found.pop() if len(found) == 1 else None


def _walk(data: Any, path: Sequence[str | int]) -> float | None:
    for part in path:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return float(data) if isinstance(data, int | float) and not isinstance(data, bool) else None


def run_breakeven(
    loaded: LoadedCase,
    asked: Asked,
    options: PointOptions | None = None,
    *,
    executor: Executor | None = None,
    store: Store | None = None,
    on_progress: Callable[[int, int, float], None] | None = None,
) -> BreakEven:
    """Search a case for the values at which the answer turns.

    ``on_progress`` is told how many points are finished, of how many that are known to be needed, after how many
    seconds. Ctrl-C ends the search with what is known. Raises as a sweep does, before anything is solved; scripts that
    call this need the guard ``if __name__ == "__main__":``.
    """
    began = time.monotonic()
    options = options or PointOptions()
    plans = Campaign(loaded, options, executor=executor, store=store)
    quo = (
        Campaign(_status_quo(loaded), options, executor=executor, store=store) if asked.question.of_status_quo else None
    )
    counted = [0, 0]

    def solve(campaign: Campaign, points: Sequence[Point], found: dict[float, Swept]) -> None:
        counted[1] += len(points)
        with contextlib.closing(campaign.solve(points)) as solving:
            for swept in solving:
                if swept is not None:
                    counted[0] += 1
                    found[float(swept.point.values[0])] = swept
                if on_progress is not None:
                    on_progress(counted[0], counted[1], time.monotonic() - began)

    def ask(values: Sequence[float]) -> list[Answer[Found]]:
        points = _points(loaded, asked, values, len(plans.known))
        found: dict[float, Swept] = {}
        others: dict[float, Swept] = {}
        with contextlib.suppress(KeyboardInterrupt):
            solve(plans, points, found)
            if quo is not None:
                solve(quo, points, others)
        both = found if quo is None else found.keys() & others.keys()
        return [_answer(asked.question, value, found[value], others.get(value)) for value in sorted(both)]

    flips = find_flips(ask, asked.scan, asked.tolerance, whole=asked.whole)
    return BreakEven(
        loaded.case.case,
        asked.path,
        asked.factors,
        asked.question,
        asked.low,
        asked.high,
        asked.tolerance,
        asked.own,
        flips,
        time.monotonic() - began,
    )


def _status_quo(loaded: LoadedCase) -> LoadedCase:
    """The same case with nothing decided but what is committed."""
    data = {key: value for key, value in loaded.data.items() if key != "given"}
    return case_from_data({**data, "given": {"otherwise": "nothing"}}, loaded.folder)


def _points(loaded: LoadedCase, asked: Asked, values: Sequence[float], known: int) -> list[Point]:
    sign = "x" if asked.factors else ""
    vary = parse_vary(f"{asked.path}={','.join(f'{sign}{value!r}' for value in values)}")
    return [
        replace(point, number=known + point.number, place=((value - asked.low) / (asked.high - asked.low),))
        for point, value in zip(make_grid(loaded, [vary]), values, strict=True)
    ]


def _answer(question: Question, value: float, swept: Swept, quo: Swept | None) -> Answer[Found]:
    figures = swept.outcome.figures
    beside = quo.outcome.figures if quo is not None else None
    worth = beside.value_usd_m if beside is not None else None
    has = None if figures is None else question.holds(figures.decisions, figures.value_usd_m, worth)
    return Answer(value, has, Found(swept, worth))


def table_file(output: Path | None, loaded: LoadedCase) -> Path:
    """Where the table goes: ``output``, or into it if it is a folder, or beside the case. CallError as `ready_file`."""
    if output is None:
        file = loaded.path.parent / TABLE_FILE
    else:
        file = output if output.suffix.lower() == ".csv" and not output.is_dir() else output / TABLE_FILE
    return ready_file(file, FIRST_COLUMN, "break-even")
