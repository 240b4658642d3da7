"""Sheets of statements: lines down, periods across, formulas with what they give; and lists such as the value."""

from __future__ import annotations

from datetime import date
from typing import Any

from optimizer.report.workbook.grid import NAMED, START, Grid, Line
from optimizer.report.workbook.pen import BAND, EDGE, FAINT, Cell, Pen
from optimizer.report.workbook.periods import BEGINS_ROW, ENDS_ROW, FIRST_COLUMN, FIRST_LINE, NAME_ROW
from optimizer.report.workbook.printing import print_fitted, print_wide
from optimizer.report.workbook.term import Term
from optimizer.report.workbook.value import FIRST, Listing

MOST_WIDTH, MOST_ITEM = 44, 30
REPEATED, HEADS = 2, 3
"""Columns that stand on every printed page (line and unit), and rows (period, its first and last day)."""


def write_grid(pen: Pen, grid: Grid, colour: str) -> None:
    """One statement on a sheet of its own."""
    sheet = pen.sheet(grid.sheet, colour)
    pen.title(sheet, grid.sheet, grid.about)
    head: dict[str, Any] = {"bold": True, "bg_color": BAND}
    pen.words(sheet, NAME_ROW, 0, ["line", "unit", "from", " "], **head)
    pen.put(sheet, NAME_ROW, FIRST_COLUMN - 1, grid.start_title or " ", align="right", **head)
    pen.words(sheet, BEGINS_ROW, 0, ["first day", " ", " ", " "], bg_color=BAND)
    pen.words(sheet, ENDS_ROW, 0, ["last day", " ", " ", " "], bg_color=BAND, bottom=1)
    for period in grid.periods:
        column = FIRST_COLUMN + period.number
        pen.put(sheet, NAME_ROW, column, period.name, align="right", **head)
        days: dict[str, Any] = {"align": "right", "bg_color": BAND, "num_format": "dd mmm yy"}
        pen.put(sheet, BEGINS_ROW, column, period.begins, **days)
        pen.put(sheet, ENDS_ROW, column, period.ends, bottom=1, **days)
    for line in grid.lines:
        _write_line(pen, sheet, grid, line)
    widths = _widths(grid)
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.freeze_panes(FIRST_LINE, FIRST_COLUMN)
    sheet.repeat_rows(NAME_ROW, ENDS_ROW)
    # Where a line comes from is printed once.
    sheet.repeat_columns(0, REPEATED - 1)
    print_fitted(sheet, widths, FIRST_LINE + len(grid.lines), (REPEATED, HEADS))


def _widths(grid: Grid) -> list[float]:
    """Of all columns, in characters."""
    items = max((len(line.item or "") for line in grid.lines), default=0)
    named = grid.start_title == NAMED
    largest = max((abs(term.value) for term in grid.cells.values()), default=0.0)
    return [
        max(24, min(MOST_WIDTH, 2 + max(len(line.label) for line in grid.lines))),
        max(9, min(MOST_ITEM, items + 2)),
        max(20, min(MOST_WIDTH, 2 + max(len(line.how) for line in grid.lines))),
        max([11, *(min(MOST_ITEM, len(line.names[-1] or "") + 2) for line in grid.lines if named and line.names)]),
        # A sign, and what stands after the point.
        *[max(9.5, len(f"{largest:,.0f}") + 4.0)] * len(grid.periods),
    ]


def _write_line(pen: Pen, sheet: Any, grid: Grid, line: Line) -> None:
    row = grid.row(line.key)
    look: dict[str, Any] = {}
    if line.style == "total":
        look = {"bold": True, "top": 1, "top_color": EDGE}
    elif line.style == "heading":
        look = {"bold": True, "bg_color": "#F2F2F2"}
    elif line.style == "memo":
        look = {"italic": True}
    pen.put(sheet, row, 0, line.label, **look)
    pen.put(sheet, row, 1, line.item if line.style == "heading" else line.unit, **look)
    pen.put(sheet, row, 2, line.how, **{**look, "bold": False})
    for at, name in enumerate(reversed(line.names), start=1):
        pen.put(sheet, row, FIRST_COLUMN - at, name, **{**look, "bold": False, "font_color": FAINT})
    for n in range(0 if line.names else START, len(grid.periods)):
        pen.put(sheet, row, FIRST_COLUMN + n, grid.cells.get((line.key, n)), line.unit, **look)


def write_listing(pen: Pen, listing: Listing, colour: str) -> None:
    """A list of words and amounts in USD m."""
    sheet = pen.sheet(listing.sheet, colour)
    pen.title(sheet, listing.sheet, listing.about)
    sheet.set_row(FIRST - 1, 30)
    look: dict[str, Any]
    for column, title in enumerate(listing.header):
        side = "right" if "\n" in title else "left"
        apart = {"indent": 1} if " in " in title else {}
        look = {**apart, "bold": True, "text_wrap": True, "bg_color": BAND, "bottom": 1, "valign": "top", "align": side}
        pen.put(sheet, FIRST - 1, column, title, **look)
    for at, row in enumerate(listing.rows):
        look = {"bold": True, "top": 1, "top_color": EDGE} if at in listing.strong else {}
        for column, cell in enumerate(row):
            faint = {"font_color": FAINT, "indent": 1} if " in " in listing.header[column] else {}
            pen.put(sheet, FIRST + at, column, _plain(cell), "USD m", **look, **faint)
    for column in range(len(listing.header)):
        names = [len(cell) for row in listing.rows if isinstance(cell := row[column], str)]
        sheet.set_column(column, column, max(18, min(MOST_WIDTH, max(names, default=0) + 2)))
    sheet.freeze_panes(FIRST, 1)
    sheet.repeat_rows(FIRST - 1)
    print_wide(sheet, FIRST + len(listing.rows) - 1, len(listing.header) - 1)


def _plain(cell: Any) -> Cell:
    if cell is None or isinstance(cell, str | int | float | date | Term):
        return cell
    raise TypeError(f"{cell!r} is nothing that a cell can hold")
