"""What `wattfork sweep` writes beside its table (pictures, indices) and shows in place of it (a map): made ready before
anything is solved, filled in afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from optimizer.case.load import LoadedCase
from optimizer.cli.sweep_pictures import (
    axis_of,
    direction_points,
    own_place,
    regret_rows,
    strategy_map_of,
    tornado_bars,
)
from optimizer.errors import CallError
from optimizer.report.draw import Spec, to_svg
from optimizer.report.map_data import StrategyMap
from optimizer.report.page import is_page, sweep_page
from optimizer.report.page.beside import hold_page, page_or_why
from optimizer.report.page.found import Line, PlanRegion, RegretFound, SweepFound, Tornado
from optimizer.report.strategy_map import map_spec
from optimizer.report.sweep_charts import direction_spec, regret_spec, tornado_spec
from optimizer.report.text_map import text_map
from optimizer.sweep.design_words import DRAWN
from optimizer.sweep.designs import Design
from optimizer.sweep.directions import Direction, Overlays, Vary
from optimizer.sweep.further import is_plane
from optimizer.sweep.regions import called_words
from optimizer.sweep.regret import less_but_impossible
from optimizer.sweep.run import PLANS_FILE, REGRET_FILE, Sweep, parquet_file
from optimizer.sweep.sensitivity import index_lines, sensitivity
from optimizer.sweep.table_file import ready_file, write_whole
from optimizer.sweep.vary import targets_of
from optimizer.sweep.words import changed_points, vary_text

INDICES_FILE = "sensitivity.csv"
REGRET_PICTURE = "regret.svg"
PAGE_KIND = "Sweep"

_OWN_SVG = b'<svg role="img" aria-label='
_PARQUET = b"PAR1"


def hold_files(file: Path, found: Design, *, regret: bool, picture: bool, parquet: bool) -> None:
    """Everything that will be written beside the table ``file``, made ready.

    CallError if something else stands in the place of any, or if an extra is not installed.
    """
    if found.kind == "sensitivity":
        ready_file(file.with_name(INDICES_FILE), "direction", "sensitivity analysis")
    if regret:
        ready_file(file.with_name(REGRET_FILE), "plan", "table of regret")
        ready_file(file.with_name(PLANS_FILE), "plan", "table of plans")
    if parquet:
        if find_spec("pyarrow") is None:
            raise CallError(
                "a Parquet file needs pyarrow, which is not installed", ("pip install 'wattfork[parquet]'",)
            )
        _hold_place(parquet_file(file), _PARQUET)
    if picture:
        if find_spec("altair") is None or find_spec("vl_convert") is None:
            raise CallError(
                "pictures need Altair and vl-convert, which are not installed", ("pip install 'wattfork[report]'",)
            )
        for place in (picture_file(file), file.with_name(REGRET_PICTURE)):
            _hold_place(place, _OWN_SVG)
        hold_page(page_file(file), PAGE_KIND)


def drop_old(file: Path, *, picture: bool, parquet: bool) -> None:
    """Take away the picture, the page and the Parquet file of an earlier sweep that had this table's name, unless they
    are made anew: they would show what the table no longer says."""
    for place, start, kept in ((picture_file(file), _OWN_SVG, picture), (parquet_file(file), _PARQUET, parquet)):
        if not kept and _is_own(place, start):
            place.unlink()
    if not picture and is_page(page_file(file), PAGE_KIND):
        page_file(file).unlink()


def _is_own(file: Path, start: bytes) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return stream.read(len(start)) == start


def _hold_place(file: Path, start: bytes) -> None:
    if file.exists() and not _is_own(file, start):
        raise _foreign(file)


def _foreign(file: Path) -> CallError:
    return CallError(f"{file} is not of an earlier sweep; it is left alone", ("name another place with -o",))


def picture_file(file: Path) -> Path:
    """The picture of a table, beside it."""
    return file.with_suffix(".svg")


def page_file(file: Path) -> Path:
    """The page of a table, beside it."""
    return file.with_suffix(".html")


def map_of(loaded: LoadedCase, sweep: Sweep) -> StrategyMap | None:
    """The map of a grid of two directions with at least two values each; None of any other sweep."""
    if sweep.refined is None or not _is_map(sweep.kind, sweep.directions):
        return None
    if min(len(values) for values in sweep.refined.grid.values) < 2:
        return None  # interrupted so early that there is one row
    twins = None if sweep.twins is None else {number: _numbers(each) for number, each in sweep.twins.items()}
    return strategy_map_of(loaded, _numeric(sweep.directions), sweep.refined, twins)


def map_lines(loaded: LoadedCase, sweep: Sweep) -> list[str]:
    """The map in letters; nothing of a sweep that has none."""
    drawn = map_of(loaded, sweep)
    return [] if drawn is None else text_map(drawn)


def write_pictures(loaded: LoadedCase, sweep: Sweep, file: Path) -> list[str]:
    """Draw what there is to draw beside ``file``; what to say of it, line by line."""
    wanted: list[tuple[Path, Callable[[], Spec]]] = []
    drawing = _drawing(sweep.kind, sweep.directions)
    if drawing is None and _is_own(picture_file(file), _OWN_SVG):
        picture_file(file).unlink()  # of an earlier sweep, of which there was one
    if drawing is not None:
        wanted.append((picture_file(file), lambda: drawing(loaded, sweep)))
    if sweep.regret is not None:
        wanted.append((file.with_name(REGRET_PICTURE), lambda: _regret_picture(sweep)))
    said = []
    for place, draw in wanted:
        try:
            write_whole(place, to_svg(draw()))
        except CallError as error:
            said.append(f"no picture {place}: {error.message}")
        else:
            said.append(f"Picture   {place}")
    page = page_or_why(lambda: sweep_page(_found(loaded, sweep)))
    if page.text:
        write_whole(page_file(file), page.text)
    return [page.said(page_file(file)), *said]


def write_indices(found: Design, sweep: Sweep, file: Path) -> list[str]:
    """Write the indices of a sensitivity analysis beside ``file``; what to say of them."""
    figures = {swept.point.number: swept.outcome.figures for swept in sweep.points}
    known = [figures.get(point.number) for point in found.points]
    indices = sensitivity(found.varied, [None if each is None else each.value_usd_m for each in known], found.seed)
    if indices.problem:
        return ["", f"no sensitivity indices: {indices.problem}"]
    place = file.with_name(INDICES_FILE)
    write_whole(place, indices.table().text())
    return ["", *index_lines(indices), "", f"Indices   {place}"]


# ---------------------------------------------------------------- which picture


def _drawing(kind: str, directions: Sequence[Direction]) -> Callable[[LoadedCase, Sweep], Spec] | None:
    numeric = _numeric(directions)
    if kind == "tornado" and numeric:
        return _tornado_picture
    if _is_map(kind, directions):
        return _map_picture
    if kind == "grid" and len(directions) == len(numeric) == 1:
        return _line_picture
    return None


def _is_map(kind: str, directions: Sequence[Direction]) -> bool:
    return kind == "grid" and is_plane(directions) and min(len(set(each.values)) for each in directions) > 1


def _numeric(directions: Sequence[Direction]) -> list[Vary]:
    return [each for each in directions if isinstance(each, Vary)]


def _map_picture(loaded: LoadedCase, sweep: Sweep) -> Spec:
    drawn = map_of(loaded, sweep)
    if drawn is None:
        raise CallError("too few points of the map are solved")
    return map_spec(drawn)


def _tornado_picture(loaded: LoadedCase, sweep: Sweep) -> Spec:
    tornado = _tornado(loaded, sweep)
    return tornado_spec(sweep.case_name, tornado.bars, tornado.base_usd_m)


def _tornado(loaded: LoadedCase, sweep: Sweep) -> Tornado:
    varied = _numeric(sweep.directions)
    own = sweep.points[0].outcome.figures
    if sweep.points[0].point.number != 1 or own is None:
        raise CallError("the case as it stands has no plan")
    before = 1 + sum(len(each.files) for each in sweep.directions if isinstance(each, Overlays))
    bars = tornado_bars(varied, [each[0].own for each in targets_of(loaded, varied)], sweep.points, before)
    return Tornado(bars, own.value_usd_m)


def _line_picture(loaded: LoadedCase, sweep: Sweep) -> Spec:
    line = _line(loaded, sweep)
    return direction_spec(sweep.case_name, line.axis, line.points, line.changes, line.today)


def _line(loaded: LoadedCase, sweep: Sweep) -> Line:
    (vary,) = _numeric(sweep.directions)
    twins = None if sweep.twins is None else {number: _numbers(each) for number, each in sweep.twins.items()}
    changes = [
        ((float(first.point.values[0]) + float(second.point.values[0])) / 2, text)
        for first, second, text in changed_points(sweep)
    ]
    (targets,) = targets_of(loaded, [vary])
    return Line(axis_of(vary), direction_points(sweep.points, twins), changes, own_place(targets, vary))


def _regret_picture(sweep: Sweep) -> Spec:
    assert sweep.regret is not None
    points, rows = regret_rows(sweep.regret)
    best = sweep.regret.least_worst
    return regret_spec(sweep.case_name, points, rows, None if best is None else best.number)


def _numbers(twins: Any) -> dict[str, float | None]:
    return {name: value for name, value in asdict(twins).items() if name != "problem"}


# ---------------------------------------------------------------- the page


def _found(loaded: LoadedCase, sweep: Sweep) -> SweepFound:
    """The sweep as its page needs it."""
    drawing = _drawing(sweep.kind, sweep.directions)
    regions = [
        PlanRegion(each.number, f"{called_words(each.called)}: {each.words}", len(each.points))
        for each in sweep.regions.all
    ]
    return SweepFound(
        case_name=sweep.case_name,
        varied=[_varied_words(each, between=sweep.kind in DRAWN) for each in sweep.directions],
        inputs=[each.column for each in sweep.directions],
        table=sweep.table(),
        regions=regions,
        not_closed=[swept.point.number for swept in sweep.not_closed],
        problems=sweep.problems,
        map=map_of(loaded, sweep),
        line=_line(loaded, sweep) if drawing is _line_picture else None,
        tornado=_tornado_or_none(loaded, sweep) if drawing is _tornado_picture else None,
        regret=_regret_found(sweep),
        design=sweep.kind,
        gap=sweep.about["options"]["relative_gap"],
        unsolved=sweep.asked - len(sweep.points),
    )


def _varied_words(direction: Direction, *, between: bool) -> str:
    """``bitcoin price $60,000 to $180,000 (9 values)``, with what moves with it; names of case files."""
    if isinstance(direction, Overlays):
        return vary_text(direction)
    return " with ".join(axis_of(clause).values_text(clause.values, between=between) for clause in direction.clauses)


def _tornado_or_none(loaded: LoadedCase, sweep: Sweep) -> Tornado | None:
    """The tornado; None where the case as it stands has no plan, which the page's points say."""
    try:
        return _tornado(loaded, sweep)
    except CallError:
        return None


def _regret_found(sweep: Sweep) -> RegretFound | None:
    if sweep.regret is None:
        return None
    points, rows = regret_rows(sweep.regret)
    best = sweep.regret.least_worst
    less = less_but_impossible(sweep.regret)
    return RegretFound(
        points,
        rows,
        None if best is None else best.number,
        sweep.regret.plans_table(),
        None if less is None else less.number,
    )
