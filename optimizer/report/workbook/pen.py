"""Writes cells: the only file that knows xlsxwriter. Text is written as text; a formula only where a term is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

from optimizer.errors import CallError
from optimizer.report.workbook.printing import set_up
from optimizer.report.workbook.term import Term
from optimizer.report.workbook.words import DATE, number_format, text

INPUT, FORMULA, TEXT = "#0000FF", "#000000", "#595959"
"""Colours of numbers that are given, of formulas, and of words."""
FAINT = "#8A8A8A"
"""Of names as the files have them."""
BAND, EDGE, GOOD, BAD = "#DDE6F0", "#7F9DB9", "#1B7F3B", "#B00020"
CREATED = date(2000, 1, 1)
"""Kept in every workbook, so that the same folder gives the same bytes."""

Cell = str | int | float | date | Term | None


@dataclass
class Pen:
    """A workbook that is being written."""

    book: Any
    case: str = ""
    """Its title, above every printed page."""
    _formats: dict[tuple[tuple[str, Any], ...], Any] = field(default_factory=dict)

    def format(self, **properties: Any) -> Any:
        """A format with these properties, made once."""
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format({"font_name": "Calibri", "font_size": 10, **properties})
        return self._formats[key]

    def sheet(self, name: str, colour: str | None = None, *, portrait: bool = False) -> Any:
        """A new sheet, without grid lines, with header and footer for print."""
        sheet = self.book.add_worksheet(name)
        sheet.hide_gridlines(2)
        set_up(sheet, self.case, portrait=portrait)
        if colour:
            sheet.set_tab_color(colour)
        return sheet

    def put(self, sheet: Any, row: int, column: int, cell: Cell, unit: str = "", **more: Any) -> None:
        """One cell, coloured by what it is; a term of cells is a formula with its value, all else what it is."""
        if cell is None or cell == "":
            if more:
                sheet.write_blank(row, column, None, self.format(**more))
        elif isinstance(cell, Term) and not cell.fixed:
            style = self.format(**{"font_color": FORMULA, "num_format": number_format(unit), **more})
            # Never a negative zero.
            sheet.write_formula(row, column, f"={cell.text}", style, cell.value + 0.0)
        elif isinstance(cell, str):
            # A header of ours may have two lines; a name never has.
            shown = "\n".join(map(text, cell.split("\n"))) if "text_wrap" in more else text(cell)
            sheet.write_string(row, column, shown, self.format(**{"font_color": TEXT, **more}))
        elif isinstance(cell, date):
            style = self.format(**{"font_color": INPUT, "num_format": DATE, "align": "left", **more})
            sheet.write_datetime(row, column, cell, style)
        else:
            value = cell.value if isinstance(cell, Term) else float(cell)
            style = self.format(**{"font_color": INPUT, "num_format": number_format(unit), **more})
            sheet.write_number(row, column, value, style)

    def words(self, sheet: Any, row: int, column: int, cells: Sequence[str], **more: Any) -> None:
        """Text, one cell beside the other."""
        for at, cell in enumerate(cells):
            self.put(sheet, row, column + at, cell, **more)

    def title(self, sheet: Any, title: str, about: str) -> None:
        """The first two rows of a sheet."""
        self.put(sheet, 0, 0, title, bold=True, font_size=14, font_color=FORMULA)
        self.put(sheet, 1, 0, about, italic=True)


def open_pen(path: Path, title: str) -> Pen:
    """Begin a workbook of a case with this title. CallError where xlsxwriter is not installed."""
    try:
        xlsxwriter = import_module("xlsxwriter")
    except ImportError:
        raise CallError(
            "a workbook needs xlsxwriter, which is not installed", ("pip install 'wattfork[report]'",)
        ) from None
    # Nothing that stands in a case may become a formula, a link or a number.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(str(path), options)
    return Pen(book, title)
