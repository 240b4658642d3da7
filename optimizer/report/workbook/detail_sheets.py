"""Sheets of the plan's tables: header with units, frozen, filtered, numbers by unit."""

from __future__ import annotations

from typing import Any

from optimizer.report.workbook.pen import BAND, Pen
from optimizer.report.workbook.tables import BEGINS, Table
from optimizer.report.workbook.words import header, number_format, unit_of

LEAST_WIDTH, MOST_WIDTH = 9, 44
_FROZEN = {"scenario", "period", "month", "date", "site", "limit", "item", "offer", "lot", "debt", "decision"}


def write_table(pen: Pen, table: Table, colour: str) -> None:
    """One table on a sheet of its own, as the folder has it; at the end the first day of each row's period."""
    sheet = pen.sheet(table.sheet, colour)
    sheet.set_row(0, 42)
    for at, column in enumerate(table.columns):
        side = "right" if any(isinstance(row[at], float) for row in table.rows) else "left"
        look: dict[str, Any] = {
            "bold": True,
            "text_wrap": True,
            "valign": "top",
            "align": side,
            "bg_color": BAND,
            "bottom": 1,
        }
        pen.put(sheet, 0, at, _title(column), **look)
        unit = unit_of(column)
        # A unit stands apart from the number before it.
        apart: dict[str, Any] = {"indent": 1} if column == "unit" else {}
        for row, cells in enumerate(table.rows, start=1):
            cell = cells[at]
            own = unit or _unit_beside(table, cells) if column in ("amount", "used", "allowed", "headroom") else unit
            pen.put(sheet, row, at, cell, own, **apart)
        sheet.set_column(at, at, _width(table, at, number_format(unit)))
    leading = 0
    while leading < len(table.columns) and table.columns[leading] in _FROZEN and leading < 4:
        leading += 1
    sheet.freeze_panes(1, leading)
    sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)


def _title(column: str) -> str:
    return "period begins\ndate" if column == BEGINS else header(column)


def _unit_beside(table: Table, cells: tuple[Any, ...]) -> str:
    """The unit that a row says itself."""
    if "unit" not in table.columns:
        return ""
    said = cells[table.columns.index("unit")]
    return {"usd_m": "USD m", "mw": "MW", "btc": "BTC", "ph_s": "PH/s", "share": "share"}.get(str(said), "")


def _width(table: Table, at: int, shape: str) -> int:
    """Wide enough for header and cells, within reason."""
    longest = max((len(part) for part in _title(table.columns[at]).split("\n")), default=0)
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
