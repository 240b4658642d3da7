"""A strategy map for the terminal, within 100 columns: one letter a point, by region. Text in, nothing decided."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from optimizer.report.axis_words import Axis, clean
from optimizer.report.map_data import INFEASIBLE, MapPoint, StrategyMap
from optimizer.report.map_geometry import Place

WIDTH = 100
MOST_ROWS = 40
LABEL = 14
TODAY, OPEN, NO_PLAN, NO_ANSWER = "*", "?", "x", "-"


def text_map(drawn: StrategyMap) -> list[str]:
    """The map, line by line: the finding, letters by place with the second direction upwards, and what they mean."""
    title, second = drawn.finding()
    room = WIDTH - LABEL - 1
    wide = next((cell for cell in (4, 3, 2) if cell * len(drawn.xs) <= room), 2)
    columns = _thinned(len(drawn.xs), room // wide)
    rows = _thinned(len(drawn.ys), MOST_ROWS)
    today = _nearest_today(drawn, columns, rows)
    lines = [*_wrap(title), *_wrap(second), "", clean(drawn.y.title, WIDTH)]
    for j in reversed(rows):
        cells = "".join(f"{_cell(drawn, (i, j), (i, j) == today, wide):<{wide}}" for i in columns)
        lines.append(f"{_fit(drawn.y, drawn.ys[j]):>{LABEL}} {cells}".rstrip())
    lines += _bottom(drawn, columns, wide)
    lines += ["", *_legend(drawn, today, len(columns) < len(drawn.xs) or len(rows) < len(drawn.ys))]
    return lines


def _thinned(count: int, most: int) -> list[int]:
    """Places that fit: every one, every second one, ..."""
    step = -(-count // most)
    return list(range(0, count, step))


def _nearest_today(drawn: StrategyMap, columns: Sequence[int], rows: Sequence[int]) -> Place | None:
    """The shown place nearest to today's values, None where these are not on the map or too few are solved."""
    if drawn.unsolved or drawn.today is None or drawn.tiles.label_at(drawn.today) is None:
        return None
    x, y = drawn.today
    return (
        min(columns, key=lambda i: abs(drawn.xs[i] - x)),
        min(rows, key=lambda j: abs(drawn.ys[j] - y)),
    )


def _cell(drawn: StrategyMap, place: Place, is_today: bool, wide: int) -> str:
    mark = _mark(drawn, drawn.grid.get(place))
    # A narrow place has room for one mark beside the letter.
    return f"{mark[: wide - 1]}{TODAY}" if is_today else mark


def _mark(drawn: StrategyMap, point: MapPoint | None) -> str:
    if point is None or point.region is None:
        return NO_PLAN if point is not None and point.infeasible else NO_ANSWER
    return drawn.region(point.region).letter + ("" if point.closed else OPEN)


def _fit(axis: Axis, value: float) -> str:
    text = axis.text(value)
    return text if len(text) <= LABEL else f"{value:.4g}"


def _bottom(drawn: StrategyMap, columns: Sequence[int], wide: int) -> list[str]:
    """Values of the first direction below their columns, as many as have room."""
    texts = [drawn.x.text(drawn.xs[i]) for i in columns]
    step = -(-(max(map(len, texts)) + 2) // wide)
    line = ""
    for at in range(0, len(columns), step):
        if LABEL + 1 + at * wide + len(texts[at]) <= WIDTH:
            line = f"{line:<{at * wide}}{texts[at]}"
    return [f"{'':>{LABEL}} {line}".rstrip(), f"{'':>{LABEL}} {clean(drawn.x.title, WIDTH - LABEL - 1)}"]


def _legend(drawn: StrategyMap, today: Place | None, thinned: bool) -> list[str]:
    lines: list[str] = []
    for region in drawn.regions:
        count = drawn.counts[region.number]
        where = f"{count} {'point' if count == 1 else 'points'}" if count else "only between points of the grid"
        lines += _wrap(f"{region.letter}  {region.label}, {where}", 3)
    if today is not None:
        exact = drawn.today == (drawn.xs[today[0]], drawn.ys[today[1]])
        lines.append(f"{TODAY}  today's values" if exact else f"{TODAY}  the point nearest to today's values")
    points = drawn.grid.values()
    if any(point.region is not None and not point.closed for point in points):
        lines.append(f"{OPEN}  not closed within its gap: another plan may be better there")
    if any(label == INFEASIBLE for label in drawn.tiles.labels.values()):
        lines.append(f"{NO_PLAN}  infeasible: no plan meets all demands")
    if any(_mark(drawn, drawn.grid.get(place)) == NO_ANSWER for place in drawn.tiles.labels):
        lines.append(f"{NO_ANSWER}  no answer")
    if thinned:
        lines.append("Not every point is shown; all are in the table.")
    return lines


def _wrap(text: str, hang: int = 0) -> list[str]:
    # Two spaces after a letter would be swallowed by tidying up; only the words are tidied.
    return textwrap.wrap(text, WIDTH, subsequent_indent=" " * hang)
