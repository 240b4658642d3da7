"""A tidy table: one fact a row, the unit in the column's name, the same order every time; and how it is written."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas

Cell = str | int | float | None

DECIMALS = 8
"""Of a million dollars: a cent."""


@dataclass(frozen=True)
class Table:
    """Columns and rows; a cell is text, a number, or None where there is nothing to say."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def dicts(self) -> Iterator[dict[str, Cell]]:
        """Rows by column name."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))

    def column(self, name: str) -> list[Cell]:
        """All cells of a column."""
        at = self.columns.index(name)
        return [row[at] for row in self.rows]

    def frame(self) -> pandas.DataFrame:
        """The table as a pandas DataFrame."""
        import pandas

        return pandas.DataFrame(list(self.rows), columns=list(self.columns))

    def text(self) -> str:
        """The table as CSV text, lines ended by LF, numbers with at most eight decimals."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([format_cell(cell) for cell in row] for row in self.rows)
        return buffer.getvalue()


def table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Table:
    """A table with frozen rows."""
    return Table(tuple(columns), tuple(tuple(row) for row in rows))


def format_cell(cell: Cell) -> str:
    """A number without trailing zeros and without a negative zero; text so that no spreadsheet runs it as a formula."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return "'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
    if isinstance(cell, int):
        return str(cell)
    text = f"{cell:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
