"""Charts: megawatts by use, cash against the minimum, debt, and the bridge. The data of each stand beneath it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.report.workbook.grid import Grid
from optimizer.report.workbook.pen import BAND, Cell, Pen
from optimizer.report.workbook.printing import inches, print_parts
from optimizer.report.workbook.statements import Statements
from optimizer.report.workbook.term import Term

SHEET = "Charts"
HIGH = 24
"""Rows that a chart takes."""
WIDE, TALL = 1080, 440
COLOURS = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377", "#EE8866", "#44BB99", "#AAAA00", "#77AADD")
FREE, MINIMUM = "#BBBBBB", "#CC3311"
GENERAL = "General"
BRIDGE = ("USD m", "from", "to", "hidden", "up", "down")
"""Columns of the data of the bridge: each step, what it begins and ends at, and the bars that show it."""
TITLE: dict[str, Any] = {
    "bold": True, "bg_color": BAND, "align": "right", "valign": "top", "text_wrap": True, "bottom": 1,
}  # fmt: skip
FIRST_WIDTH, WIDTH = 18, 14
"""Of columns, in characters."""
PIXELS, SPANNED = 96, 9
"""Of an inch; and the last column that a chart covers."""


@dataclass(frozen=True)
class Series:
    """A line of a chart: its name, a cell a period, its colour."""

    name: str
    cells: Sequence[Term]
    colour: str
    kind: str = "column"


def write_charts(pen: Pen, sheet: Any, made: Statements) -> None:
    """All charts that the plan has the data for, one beneath the other."""
    pen.title(
        sheet, SHEET, "Each chart's data stand beneath it with all digits; they are formulas over the statements."
    )
    row, columns = 3, SPANNED
    # A chart and its data are a page.
    starts: list[int] = []
    periods = [period.name for period in made.cash.periods]
    wanted: list[tuple[str, str, list[Series], bool]] = []
    if made.megawatts is not None:
        wanted.append(("Megawatts by use", "MW", _megawatts(made.megawatts), True))
    wanted.append(("Cash and its minimum, end of period", "USD m", _cash(made), False))
    if made.debt is not None and made.debt.has("debts.closing"):
        wanted.append(("Debt by facility, end of period", "USD m", _debt(made.debt), True))
    for at, (title, unit, series, stacked) in enumerate(wanted):
        starts += [row] if at else []
        row = _chart(pen, sheet, row, title, unit, periods, series, stacked)
        columns = max(columns, len(series))
    if made.bridge is not None:
        starts.append(row)
        row = _bridge(pen, sheet, row, made)
    sheet.set_column(0, 0, FIRST_WIDTH)
    sheet.set_column(1, columns, WIDTH)
    sheet.freeze_panes(0, 1)
    across = max(WIDE / PIXELS, inches(FIRST_WIDTH) + columns * inches(WIDTH))
    print_parts(sheet, starts, across, row, columns)


def _line(grid: Grid, key: str) -> list[Term]:
    return [grid.over(key, period.number) for period in grid.periods]


def _megawatts(grid: Grid) -> list[Series]:
    tenants = [line for line in grid.lines if line.key.startswith("tenant.")]
    found = [Series("Mining", _line(grid, "mining"), COLOURS[0])]
    for at, line in enumerate(tenants, start=1):
        found.append(Series(line.label, _line(grid, line.key), COLOURS[at % len(COLOURS)]))
    return [*found, Series("Free", _line(grid, "free"), FREE)]


def _cash(made: Statements) -> list[Series]:
    found = [
        Series("Cash", _line(made.cash, "closing"), COLOURS[0]),
        Series("Minimum", _line(made.cash, "minimum"), MINIMUM, "line"),
    ]
    limits = made.limits
    if limits is None:
        return found
    for line in limits.lines:
        if line.style == "heading" and line.names[0] == "min_liquidity":
            key, size = line.key.removesuffix(".heading"), len(limits.periods)
            if all((f"{key}.used", n) in limits.cells for n in range(size)):
                found.append(Series("Liquidity", _line(limits, f"{key}.used"), COLOURS[2], "line"))
                found.append(Series("Least liquidity", _line(limits, f"{key}.allowed"), COLOURS[5], "line"))
    return found


def _debt(grid: Grid) -> list[Series]:
    names = [line for line in grid.lines if line.style == "heading" and line.key.split(".")[0].isdigit()]
    found = []
    for at, line in enumerate(names):
        key = f"{line.key.split('.')[0]}.closing"
        if any(grid.values(key)):
            found.append(Series(line.label, _line(grid, key), COLOURS[at % len(COLOURS)]))
    return found or [Series("Debt", _line(grid, "debts.closing"), COLOURS[0])]


def _chart(
    pen: Pen,
    sheet: Any,
    row: int,
    title: str,
    unit: str,
    periods: Sequence[str],
    series: Sequence[Series],
    stacked: bool,
) -> int:
    """A chart with its data beneath, a row a period; returns the row after them."""
    table, last = row + HIGH, row + HIGH + len(periods)
    pen.put(sheet, table, 0, f"period, {unit}", bold=True, bg_color=BAND, valign="top", bottom=1)
    for at, name in enumerate(periods, start=table + 1):
        pen.put(sheet, at, 0, name)
    chart = pen.book.add_chart({"type": "column", "subtype": "stacked"} if stacked else {"type": "column"})
    lines = pen.book.add_chart({"type": "line"}) if any(each.kind == "line" for each in series) else None
    for column, each in enumerate(series, start=1):
        pen.put(sheet, table, column, each.name, **TITLE)
        for at, cell in enumerate(each.cells, start=table + 1):
            pen.put(sheet, at, column, cell, num_format=GENERAL)
        into = lines if each.kind == "line" and lines is not None else chart
        look: dict[str, Any] = (
            {"line": {"color": each.colour, "width": 2.25}}
            if each.kind == "line"
            else {"fill": {"color": each.colour}, "border": {"none": True}, "gap": 20}
        )
        names = [SHEET, table + 1, 0, last, 0]
        values = [SHEET, table + 1, column, last, column]
        into.add_series({"name": [SHEET, table, column], "categories": names, "values": values, **look})
    if lines is not None:
        chart.combine(lines)
    _finish(sheet, chart, row, title, unit, "period")
    return last + 2


def _finish(sheet: Any, chart: Any, row: int, title: str, unit: str, across: str) -> None:
    chart.set_title({"name": f"{title} ({unit})", "name_font": {"size": 13}})
    chart.set_y_axis(
        {"name": unit, "num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#E0E0E0"}}}
    )
    chart.set_x_axis({"name": across, "num_font": {"rotation": -90, "size": 8}, "label_position": "low"})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": WIDE, "height": TALL})
    sheet.insert_chart(row, 0, chart, {"description": title})


def _bridge(pen: Pen, sheet: Any, row: int, made: Statements) -> int:
    """From the status quo to the plan by cause: steps that stand on what is there before. Returns the row after."""
    bridge = made.bridge
    assert bridge is not None
    total = min(bridge.strong)
    causes = [(str(bridge.rows[at][0]), bridge.at(at, 4)) for at in range(total + 1, len(bridge.rows))]
    table = row + HIGH
    steps = [("Status quo", bridge.at(total, 2)), *causes, ("Plan", bridge.at(total, 3))]
    pen.put(sheet, table, 0, "step", bold=True, bg_color=BAND, valign="top", bottom=1)
    pen.words(sheet, table, 1, BRIDGE, **TITLE)
    level = 0.0
    for at, (name, amount) in enumerate(steps, start=1):
        edge = at in (1, len(steps))
        begin, here = 0.0 if edge else level, table + at + 1
        level = begin + amount.value
        cells: list[Cell] = [
            amount,
            0.0 if edge else Term(f"D{here - 1}", begin),
            Term(f"C{here}+B{here}", level),
            Term(f"MIN(C{here},D{here})", min(begin, level)),
            Term(f"MAX(0,B{here})", max(0.0, amount.value)),
            Term(f"MAX(0,-B{here})", max(0.0, -amount.value)),
        ]
        pen.put(sheet, table + at, 0, name)
        for column, cell in enumerate(cells, start=1):
            pen.put(sheet, table + at, column, cell, num_format=GENERAL)
    chart = pen.book.add_chart({"type": "column", "subtype": "stacked"})
    last = table + len(steps)
    for column, colour in ((4, None), (5, COLOURS[2]), (6, MINIMUM)):
        fill: dict[str, Any] = {"fill": {"color": colour}} if colour else {"fill": {"none": True}}
        chart.add_series(
            {
                "name": [SHEET, table, column],
                "categories": [SHEET, table + 1, 0, last, 0],
                "values": [SHEET, table + 1, column, last, column],
                "border": {"none": True},
                "gap": 30,
                **fill,
            }
        )
    _finish(sheet, chart, row, "From the status quo to the plan", "USD m", "cause")
    chart.set_legend({"position": "bottom", "delete_series": [0]})
    return last + 2
