"""A statement: lines down, periods across. Each cell is a formula with what it gives, or a number.

Where a line stands is fixed by the list of lines; a cell can be asked for once it is set, so formulas are made in the
order in which they depend on each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from optimizer.report.workbook.letters import column_letter
from optimizer.report.workbook.periods import FIRST_COLUMN, FIRST_LINE, Period
from optimizer.report.workbook.tables import NameCell
from optimizer.report.workbook.term import Term

Style = Literal["line", "total", "heading", "memo"]
START = -1
"""The column before the first period: what there is at the start, or the sum over the plan."""
NAMED = "name in table"
"""Heads that column where it holds what the tables call a block."""


@dataclass(frozen=True)
class Line:
    """A line of a statement. ``how``: where its figures come from, in words; ``item``: whom a block is about, in words.

    ``names``: what the tables call it, letter by letter; the last stands in the column before the first period, one
    before it in the column left of that.
    """

    key: str
    label: str
    unit: str = "USD m"
    how: str = ""
    style: Style = "line"
    item: str | None = None
    names: tuple[str | None, ...] = ()


@dataclass
class Grid:
    """A statement on a sheet of its own; ``start_title`` heads the column before the first period."""

    sheet: str
    about: str
    periods: Sequence[Period]
    lines: Sequence[Line]
    start_title: str = ""
    cells: dict[tuple[str, int], Term] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rows = {line.key: FIRST_LINE + at for at, line in enumerate(self.lines)}

    def row(self, key: str) -> int:
        """Counted from 0."""
        return self._rows[key]

    def has(self, key: str) -> bool:
        """Whether there is such a line."""
        return key in self._rows

    def put(self, key: str, n: int, term: Term) -> Term:
        """Set a cell; returns a term that refers to it from the same sheet."""
        self.cells[key, n] = term
        return self.at(key, n)

    def at(self, key: str, n: int) -> Term:
        """A cell that is set, as the same sheet refers to it."""
        return Term(f"{column_letter(FIRST_COLUMN + n)}{self._rows[key] + 1}", self.cells[key, n].value)

    def down(self, first: str, last: str, n: int) -> Term:
        """The sum of the lines from one to another, of one period, as the same sheet refers to it."""
        between = [line.key for line in self.lines if self._rows[first] <= self._rows[line.key] <= self._rows[last]]
        value = sum(self.cells[key, n].value for key in between if (key, n) in self.cells)
        return Term(f"SUM({self.at(first, n).text}:{self.at(last, n).text})", value)

    def over(self, key: str, n: int) -> Term:
        """A cell that is set, as other sheets refer to it."""
        here = self.at(key, n)
        return Term(f"'{self.sheet}'!{here.text}", here.value)

    def values(self, key: str) -> list[float]:
        """What a line gives, by period; 0 where a cell is empty."""
        return [self.cells[key, n].value if (key, n) in self.cells else 0.0 for n in range(len(self.periods))]

    def across(self, key: str, *, fixed: bool = False) -> str:
        """The cells of a line over all periods, as other sheets refer to them."""
        row, dollar = self._rows[key] + 1, "$" if fixed else ""
        first, last = column_letter(FIRST_COLUMN), column_letter(FIRST_COLUMN + len(self.periods) - 1)
        return f"'{self.sheet}'!{dollar}{first}{dollar}{row}:{dollar}{last}{dollar}{row}"

    def named(self, key: str, at: int = 0) -> NameCell:
        """The cell that holds one of the names of a line, as the tables have it."""
        names = self.lines[self._rows[key] - FIRST_LINE].names
        letter = column_letter(FIRST_COLUMN - len(names) + at)
        return NameCell(f"${letter}${self._rows[key] + 1}", names[at])

    def total(self, key: str) -> None:
        """The sum over the plan, in the column before the first period."""
        cells = [self.at(key, n) for n in range(len(self.periods))]
        self.put(key, START, Term(f"SUM({cells[0].text}:{cells[-1].text})", sum(cell.value for cell in cells)))

    def fill(self, key: str, of: Callable[[Period], Term]) -> None:
        """Set a line for all periods."""
        for period in self.periods:
            self.put(key, period.number, of(period))
