"""How sheets are printed: landscape A4, case and sheet above, page below, as few pages as can be read."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from optimizer.report.workbook.words import text

A4 = 9
LONG_IN, SHORT_IN = 11.69, 8.27
SIDE_IN, TOP_IN, BOTTOM_IN, HEAD_IN = 0.4, 0.8, 0.7, 0.35
ROW_POINTS = 15.0
LEAST_SCALE, MOST_SCALE, LEAST_PARTS = 60, 90, 10
"""Percent. A figure of ten points is not read below six; a chart is."""
SPARE = 0.96
"""Of a page: programs measure columns a little differently."""
WITHOUT_FONT = 0.76
"""The same where Calibri is missing and a wider font takes its place: a chart is not to be cut in two."""
LONGEST_TITLE = 90


def set_up(sheet: Any, title: str, *, portrait: bool = False) -> None:
    """Paper, margins, header and footer, the same for every sheet. ``title``: that of the case."""
    sheet.set_paper(A4)
    if portrait:
        sheet.set_portrait()
    else:
        sheet.set_landscape()
    sheet.set_margins(SIDE_IN, SIDE_IN, TOP_IN, BOTTOM_IN)
    # In a header & begins a code, and a number after a size would belong to it.
    shown = text(title)[:LONGEST_TITLE].replace("&", "&&")
    sheet.set_header(f"&L&9 {shown}&R&9 &A", {"margin": HEAD_IN})
    sheet.set_footer("&L&9 wattfork, report.xlsx&R&9 Page &P of &N", {"margin": HEAD_IN})


def inches(width: float) -> float:
    """Of a column that is so many characters wide."""
    return (7 * width + 5) / 96


def pages_across(widths: Sequence[float], repeated: int) -> int:
    """How many pages a sheet takes across at the least scale that is legible.

    ``widths``: of all columns, in characters; the first ``repeated`` of them stand on every page.
    """
    room = (LONG_IN - 2 * SIDE_IN) * SPARE * 100 / LEAST_SCALE - sum(map(inches, widths[:repeated]))
    found, used = 1, 0.0
    for width in map(inches, widths[repeated:]):
        if used and used + width > room:
            found, used = found + 1, 0.0
        used += width
    return found


def pages_down(rows: int, repeated: int) -> int:
    """The same of rows, of which ``repeated`` stand on every page."""
    most = (SHORT_IN - TOP_IN - BOTTOM_IN) * SPARE * 72 * 100 / LEAST_SCALE / ROW_POINTS
    return max(1, ceil((rows - repeated) / (most - repeated)))


def print_fitted(
    sheet: Any, widths: Sequence[float], rows: int, repeated: tuple[int, int], *, with_truths: bool = False
) -> None:
    """As few pages as are legible, and as large as fits on them. ``repeated``: columns and rows on every page.

    The program that prints finds the scale, so that other fonts than these make figures smaller, not pages more.
    ``with_truths``: of a sheet that says TRUE or FALSE no area is laid down, or LibreOffice prints 1 and 0.
    """
    if not with_truths:
        sheet.print_area(0, 0, rows - 1, len(widths) - 1)
    sheet.fit_to_pages(pages_across(widths, repeated[0]), pages_down(rows, repeated[1]))
    # Periods are read across, then down.
    sheet.print_across()


def print_wide(sheet: Any, last_row: int, last_column: int) -> None:
    """One page across, as many down as it takes: for rows that are as high as their text."""
    sheet.print_area(0, 0, last_row, last_column)
    sheet.fit_to_pages(1, 0)


def print_parts(sheet: Any, starts: Sequence[int], wide_in: float, last_row: int, last_column: int) -> None:
    """Of a sheet in portrait: a page for each part, the parts so wide; ``starts``: first rows of all but the first."""
    scale = int(100 * WITHOUT_FONT * (SHORT_IN - 2 * SIDE_IN) / wide_in)
    sheet.print_area(0, 0, last_row, last_column)
    sheet.set_print_scale(min(MOST_SCALE, max(LEAST_PARTS, scale)))
    sheet.set_h_pagebreaks(list(starts))
