"""Sheets of the plan's tables: what each column is in words, its name in the file, then the rows; frozen, filtered."""

from __future__ import annotations

from typing import Any

from optimizer.report.workbook.pen import BAND, FAINT, Pen
from optimizer.report.workbook.printing import print_fitted
from optimizer.report.workbook.tables import BEGINS, FIRST_ROW, Table
from optimizer.report.workbook.words import header, number_format, unit_of

LEAST_WIDTH, MOST_WIDTH = 9, 44
HIGH = 4
"""Rows that the head takes on every page: its first row is as high as three."""
_FROZEN = {"scenario", "period", "month", "date", "site", "limit", "item", "offer", "lot", "debt", "decision"}


def write_table(pen: Pen, table: Table, colour: str) -> None:
    """One table on a sheet of its own, as the folder has it; at the end the first day of each row's period."""
    sheet = pen.sheet(table.sheet, colour)
    sheet.set_row(0, 42)
    widths: list[float] = []
    for at, column in enumerate(table.columns):
        unit = unit_of(column)
        _head(pen, sheet, at, column, any(isinstance(row[at], float) for row in table.rows))
        # What stands left after a number stands apart from it.
        apart: dict[str, Any] = {"indent": 1} if column in ("unit", BEGINS) else {}
        for row, cells in enumerate(table.rows, start=FIRST_ROW):
            cell = cells[at]
            own = unit or _unit_beside(table, cells) if column in ("amount", "used", "allowed", "headroom") else unit
            pen.put(sheet, row, at, cell, own, **apart)
        widths.append(_width(table, at, number_format(unit)))
        sheet.set_column(at, at, widths[-1])
    leading = 0
    while leading < len(table.columns) and table.columns[leading] in _FROZEN and leading < 4:
        leading += 1
    sheet.freeze_panes(FIRST_ROW, leading)
    last_row, last_column = FIRST_ROW + len(table.rows) - 1, len(table.columns) - 1
    sheet.autofilter(FIRST_ROW - 1, 0, last_row, last_column)
    sheet.repeat_rows(0, FIRST_ROW - 1)
    if leading:
        sheet.repeat_columns(0, leading - 1)
    print_fitted(sheet, widths, last_row + 1, (leading, HIGH))


def _head(pen: Pen, sheet: Any, at: int, column: str, is_number: bool) -> None:
    """Words and unit, and beneath them the column's name in the file."""
    side: dict[str, Any] = {"align": "right" if is_number else "left", "bg_color": BAND}
    side |= {"indent": 1} if column in ("unit", BEGINS) else {}
    words = "Period begins\ndate" if column == BEGINS else header(column)
    pen.put(sheet, 0, at, words, bold=True, text_wrap=True, valign="top", **side)
    name = "(not in the file)" if column == BEGINS else column
    pen.put(sheet, FIRST_ROW - 1, at, name, font_color=FAINT, font_size=8, bottom=1, shrink=True, **side)


def _unit_beside(table: Table, cells: tuple[Any, ...]) -> str:
    """The unit that a row says itself."""
    if "unit" not in table.columns:
        return ""
    said = cells[table.columns.index("unit")]
    return {"usd_m": "USD m", "mw": "MW", "btc": "BTC", "ph_s": "PH/s", "share": "share"}.get(str(said), "")


def _width(table: Table, at: int, shape: str) -> int:
    """Wide enough for the cells and for the longest word above them, within reason."""
    longest = max((len(word) for word in header(table.columns[at]).split()), default=0)
    # The name in the file is written smaller.
    longest = max(longest, round(len(table.columns[at]) * 0.75))
    for row in table.rows:
        cell = row[at]
        if isinstance(cell, str):
            longest = max(longest, len(cell))
        elif isinstance(cell, float):
            whole = len(f"{cell:,.0f}")
            longest = max(longest, whole + (5 if "." in shape else 1))
        elif cell is not None:
            longest = max(longest, 10)
    return max(LEAST_WIDTH, min(MOST_WIDTH, longest + 2))
