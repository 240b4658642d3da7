"""Sheets of statements: lines down, periods across, formulas with what they give; and lists such as the value."""

from __future__ import annotations

from datetime import date
from typing import Any

from optimizer.report.workbook.grid import START, Grid, Line
from optimizer.report.workbook.pen import BAND, EDGE, Cell, Pen
from optimizer.report.workbook.periods import BEGINS_ROW, ENDS_ROW, FIRST_COLUMN, FIRST_LINE, NAME_ROW
from optimizer.report.workbook.term import Term
from optimizer.report.workbook.value import FIRST, Listing

MOST_WIDTH = 44


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
    sheet.set_column(0, 0, max(24, min(MOST_WIDTH, 2 + max(len(line.label) for line in grid.lines))))
    sheet.set_column(1, 1, 9)
    sheet.set_column(2, 2, max(20, min(MOST_WIDTH, max(len(line.how) for line in grid.lines))))
    sheet.set_column(3, 3, 11)
    sheet.set_column(FIRST_COLUMN, FIRST_COLUMN + len(grid.periods) - 1, 10.5)
    sheet.freeze_panes(FIRST_LINE, FIRST_COLUMN)
    sheet.repeat_rows(NAME_ROW, ENDS_ROW)
    sheet.repeat_columns(0, FIRST_COLUMN - 1)
    # Not squeezed into one page across: a plan of forty quarters would not be legible.
    sheet.set_print_scale(60)


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
    for n in range(START, len(grid.periods)):
        pen.put(sheet, row, FIRST_COLUMN + n, grid.cells.get((line.key, n)), line.unit, **look)


def write_listing(pen: Pen, listing: Listing, colour: str) -> None:
    """A list of words and amounts in USD m."""
    sheet = pen.sheet(listing.sheet, colour)
    pen.title(sheet, listing.sheet, listing.about)
    sheet.set_row(FIRST - 1, 30)
    look: dict[str, Any]
    for column, title in enumerate(listing.header):
        side = "right" if "\n" in title else "left"
        look = {"bold": True, "text_wrap": True, "bg_color": BAND, "bottom": 1, "valign": "top", "align": side}
        pen.put(sheet, FIRST - 1, column, title, **look)
    for at, row in enumerate(listing.rows):
        look = {"bold": True, "top": 1, "top_color": EDGE} if at in listing.strong else {}
        for column, cell in enumerate(row):
            pen.put(sheet, FIRST + at, column, _plain(cell), "USD m", **look)
    for column in range(len(listing.header)):
        names = [len(cell) for row in listing.rows if isinstance(cell := row[column], str)]
        sheet.set_column(column, column, max(18, min(MOST_WIDTH, max(names, default=0) + 2)))
    sheet.freeze_panes(FIRST, 1)
    sheet.fit_to_pages(1, 0)


def _plain(cell: Any) -> Cell:
    if cell is None or isinstance(cell, str | int | float | date | Term):
        return cell
    raise TypeError(f"{cell!r} is nothing that a cell can hold")
