"""Charts: megawatts by use, cash against the minimum, debt, and the bridge. The data of each stand beneath it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.report.workbook.grid import Grid
from optimizer.report.workbook.letters import column_letter
from optimizer.report.workbook.pen import BAND, Cell, Pen
from optimizer.report.workbook.statements import Statements
from optimizer.report.workbook.term import Term

SHEET = "Charts"
HIGH = 24
"""Rows that a chart takes."""
WIDE, TALL = 1080, 440
COLOURS = ("#4477AA", "#EE6677", "#228833", "#CCBB44", "#66CCEE", "#AA3377", "#EE8866", "#44BB99", "#AAAA00", "#77AADD")
FREE, MINIMUM = "#BBBBBB", "#CC3311"
GENERAL = "General"


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
    row = 3
    starts: list[int] = []
    periods = [period.name for period in made.cash.periods]
    if made.megawatts is not None:
        row = _chart(pen, sheet, row, "Megawatts by use", "MW", periods, _megawatts(made.megawatts), stacked=True)
    starts.append(row)
    row = _chart(pen, sheet, row, "Cash and its minimum, end of period", "USD m", periods, _cash(made), stacked=False)
    if made.debt is not None and made.debt.has("debts.closing"):
        row = _chart(
            pen, sheet, row, "Debt by facility, end of period", "USD m", periods, _debt(made.debt), stacked=True
        )
    if made.bridge is not None:
        starts.append(row)
        _bridge(pen, sheet, row, made)
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, len(periods), 17)
    sheet.freeze_panes(0, 1)
    sheet.set_print_scale(75)
    sheet.set_h_pagebreaks(starts)


def _line(grid: Grid, key: str) -> list[Term]:
    return [grid.over(key, period.number) for period in grid.periods]


def _megawatts(grid: Grid) -> list[Series]:
    tenants = [line for line in grid.lines if line.key.startswith("tenant.")]
    found = [Series("mining", _line(grid, "mining"), COLOURS[0])]
    for at, line in enumerate(tenants, start=1):
        found.append(Series(line.label, _line(grid, line.key), COLOURS[at % len(COLOURS)]))
    return [*found, Series("free", _line(grid, "free"), FREE)]


def _cash(made: Statements) -> list[Series]:
    found = [
        Series("cash", _line(made.cash, "closing"), COLOURS[0]),
        Series("minimum", _line(made.cash, "minimum"), MINIMUM, "line"),
    ]
    limits = made.limits
    if limits is None:
        return found
    for line in limits.lines:
        if line.style == "heading" and line.label == "min_liquidity":
            key, size = line.key.removesuffix(".heading"), len(limits.periods)
            if all((f"{key}.used", n) in limits.cells for n in range(size)):
                found.append(Series("liquidity", _line(limits, f"{key}.used"), COLOURS[2], "line"))
                found.append(Series("least liquidity", _line(limits, f"{key}.allowed"), COLOURS[5], "line"))
    return found


def _debt(grid: Grid) -> list[Series]:
    names = [line for line in grid.lines if line.style == "heading" and line.key.split(".")[0].isdigit()]
    found = []
    for at, line in enumerate(names):
        key = f"{line.key.split('.')[0]}.closing"
        if any(grid.values(key)):
            found.append(Series(line.label, _line(grid, key), COLOURS[at % len(COLOURS)]))
    return found or [Series("debt", _line(grid, "debts.closing"), COLOURS[0])]


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
    """A chart with its data beneath, periods across; returns the row after them."""
    table, last = row + HIGH, len(periods)
    pen.put(sheet, table, 0, unit, bold=True, bg_color=BAND)
    pen.words(sheet, table, 1, periods, bold=True, bg_color=BAND, align="right")
    chart = pen.book.add_chart({"type": "column", "subtype": "stacked"} if stacked else {"type": "column"})
    lines = pen.book.add_chart({"type": "line"}) if any(each.kind == "line" for each in series) else None
    for at, each in enumerate(series, start=table + 1):
        pen.put(sheet, at, 0, each.name, bold=True)
        for column, cell in enumerate(each.cells, start=1):
            pen.put(sheet, at, column, cell, num_format=GENERAL)
        into = lines if each.kind == "line" and lines is not None else chart
        look: dict[str, Any] = (
            {"line": {"color": each.colour, "width": 2.25}}
            if each.kind == "line"
            else {"fill": {"color": each.colour}, "border": {"none": True}, "gap": 20}
        )
        names = [SHEET, table, 1, table, last]
        into.add_series({"name": [SHEET, at, 0], "categories": names, "values": [SHEET, at, 1, at, last], **look})
    if lines is not None:
        chart.combine(lines)
    _finish(sheet, chart, row, title, unit)
    return table + len(series) + 3


def _finish(sheet: Any, chart: Any, row: int, title: str, unit: str) -> None:
    chart.set_title({"name": title, "name_font": {"size": 13}})
    chart.set_y_axis(
        {"name": unit, "num_format": "#,##0", "major_gridlines": {"visible": True, "line": {"color": "#E0E0E0"}}}
    )
    chart.set_x_axis({"num_font": {"rotation": -90, "size": 8}, "label_position": "low"})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": WIDE, "height": TALL})
    sheet.insert_chart(row, 0, chart, {"description": title})


def _bridge(pen: Pen, sheet: Any, row: int, made: Statements) -> None:
    """From the status quo to the plan by cause: steps that stand on what is there before."""
    bridge = made.bridge
    assert bridge is not None
    total = min(bridge.strong)
    causes = [(str(bridge.rows[at][0]), bridge.at(at, 4)) for at in range(total + 1, len(bridge.rows))]
    table = row + HIGH
    steps = [("status quo", bridge.at(total, 2)), *causes, ("plan", bridge.at(total, 3))]
    titles = ("USD m", "from", "to", "hidden", "up", "down")
    for at, title in enumerate(titles, start=1):
        pen.put(sheet, table + at, 0, title, bold=True)
    pen.put(sheet, table, 0, "step", bold=True, bg_color=BAND)
    pen.words(sheet, table, 1, [name for name, _ in steps], bold=True, bg_color=BAND, align="right")
    level = 0.0
    for column, (_, amount) in enumerate(steps, start=1):
        edge = column in (1, len(steps))
        begin, before, here = 0.0 if edge else level, column_letter(column - 1), column_letter(column)
        level = begin + amount.value
        by, first, second = (f"{here}{table + line + 1}" for line in (1, 2, 3))
        cells: list[Cell] = [
            amount,
            0.0 if edge else Term(f"{before}{table + 4}", begin),
            Term(f"{first}+{by}", level),
            Term(f"MIN({first},{second})", min(begin, level)),
            Term(f"MAX(0,{by})", max(0.0, amount.value)),
            Term(f"MAX(0,-{by})", max(0.0, -amount.value)),
        ]
        for at, cell in enumerate(cells, start=1):
            pen.put(sheet, table + at, column, cell, num_format=GENERAL)
    chart = pen.book.add_chart({"type": "column", "subtype": "stacked"})
    for at, colour in ((4, None), (5, COLOURS[2]), (6, MINIMUM)):
        fill: dict[str, Any] = {"fill": {"color": colour}} if colour else {"fill": {"none": True}}
        chart.add_series(
            {
                "name": [SHEET, table + at, 0],
                "categories": [SHEET, table, 1, table, len(steps)],
                "values": [SHEET, table + at, 1, table + at, len(steps)],
                "border": {"none": True},
                "gap": 30,
                **fill,
            }
        )
    _finish(sheet, chart, row, "From the status quo to the plan", "USD m")
    chart.set_legend({"position": "bottom", "delete_series": [0]})
