"""The tables of a plan folder as typed cells, where they stand in the workbook, and sums over them as formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from optimizer.errors import CallError
from optimizer.plan.written import WrittenPlan
from optimizer.report.workbook.letters import column_letter
from optimizer.report.workbook.periods import Period, period_of
from optimizer.report.workbook.term import ZERO, Term
from optimizer.report.workbook.words import as_date, as_number, text

Cell = str | float | date | None

FIRST_ROW = 2
"""Of a table on its sheet, counted from 0: above it stand what columns are in words, and their names in the file."""
BEGINS = "period_begins"
"""The one column that a table's sheet has and its file has not: the first day of the row's period."""

TEXTS = {
    "scenario", "period", "month", "site", "use", "item", "lot", "place", "offer", "debt", "contract", "program",
    "charge", "paid_by", "decision", "unit", "kind", "component", "cause", "limit", "company", "country", "project",
    "side", "lever", "path", "note", "why", "input", "first_binding", "last_binding", "tightest_period",
}  # fmt: skip
"""Columns of names and words, also where a name looks like a number."""
DATES = {"date", "from", "to", "best_date"}


@dataclass(frozen=True)
class Table:
    """One table. ``rows`` hold a cell a column; ``sheet`` is the name of its sheet."""

    sheet: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    _found: dict[str, list[float]] = field(default_factory=dict, compare=False, repr=False)
    _grouped: dict[tuple[str, ...], dict[tuple[Cell, ...], list[int]]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def column(self, name: str) -> list[Cell]:
        """All cells of a column."""
        if not self.rows:
            return []
        at = self.columns.index(name)
        return [row[at] for row in self.rows]

    def numbers(self, name: str) -> list[float]:
        """All cells of a column of numbers, an empty one as 0."""
        return [cell if isinstance(cell, float) else 0.0 for cell in self.column(name)]

    def range(self, name: str) -> str:
        """Where the cells of a column stand: ``'Mining data'!$L$3:$L$40``."""
        letter = column_letter(self.columns.index(name))
        return f"'{self.sheet}'!${letter}${FIRST_ROW + 1}:${letter}${FIRST_ROW + len(self.rows)}"

    def __bool__(self) -> bool:
        return bool(self.rows)

    def _numbers_of(self, name: str) -> list[float]:
        if name not in self._found:
            self._found[name] = self.numbers(name)
        return self._found[name]

    def _rows_by(self, columns: tuple[str, ...]) -> dict[tuple[Cell, ...], list[int]]:
        """Rows by what they say in these columns."""
        if columns not in self._grouped:
            rows: dict[tuple[Cell, ...], list[int]] = {}
            for at, key in enumerate(zip(*(self.column(column) for column in columns), strict=True)):
                rows.setdefault(key, []).append(at)
            self._grouped[columns] = rows
        return self._grouped[columns]

    def in_period(self, name: str, period: Period, **words: str) -> Term:
        """The sum of a column over the rows of a period, of those only in which other columns say these words."""
        if not self.rows:
            return ZERO
        asked = "".join(f',{self.range(column)},"{word}"' for column, word in words.items())
        numbers = self._numbers_of(name)
        rows = self._rows_by((*words, BEGINS)).get((*words.values(), period.begins), ())
        value = sum(numbers[at] for at in rows)
        return Term(f"SUMIFS({self.range(name)},{self.range(BEGINS)},{period.begins_cell}{asked})", value)

    def of_name(self, name: str, period: Period | None, **names: NameCell) -> Term:
        """The same by the names of the case, which stand in cells: letter by letter, so that no name is a pattern."""
        if not self.rows:
            return ZERO
        parts = [f"EXACT({self.range(column)},{cell.text})" for column, cell in names.items()]
        key: tuple[Cell, ...] = tuple(cell.value for cell in names.values())
        if period is not None:
            parts.append(f"({self.range(BEGINS)}={period.begins_cell})")
            key = (*key, period.begins)
        columns = (*names, BEGINS) if period is not None else tuple(names)
        numbers = self._numbers_of(name)
        value = sum(numbers[at] for at in self._rows_by(columns).get(key, ()))
        # A lone array of truths would count as text.
        asked = "*".join(parts) if len(parts) > 1 else f"{parts[0]}*1"
        return Term(f"SUMPRODUCT({asked},{self.range(name)})", value)


@dataclass(frozen=True)
class NameCell:
    """A cell that holds a name: where, and the name (None where it is empty)."""

    text: str
    value: str | None


def dated(table: Table, name: str, period: Period, decision: str) -> Term:
    """The sum of a column of decisions.csv over the decisions of a kind in a period."""
    if not table.rows or decision not in table.column("decision"):
        return ZERO
    first, last = period.begins, period.ends
    value = sum(
        number
        for number, day, kind in zip(table.numbers(name), table.column("date"), table.column("decision"), strict=True)
        if kind == decision and isinstance(day, date) and first <= day <= last
    )
    days = table.range("date")
    asked = f'{table.range("decision")},"{decision}",{days},">="&{period.begins_cell},{days},"<="&{period.ends_cell}'
    return Term(f"SUMIFS({table.range(name)},{asked})", value)


def read_table(plan: WrittenPlan, name: str, sheet: str) -> Table:
    """A table of the folder; without rows where there is no such file. CallError if it cannot be read."""
    if not plan.has(name):
        return Table(sheet, (), ())
    rows = plan.rows(name)
    columns = tuple(rows[0]) if rows else ()
    if any(None in row or None in row.values() for row in rows):
        raise CallError(f"{plan.folder / name}.csv has rows of different lengths", ("solve the case again",))
    typed = [_typed(column, [row[column] for row in rows]) for column in columns]
    if "period" in columns:
        columns = (*columns, BEGINS)
        periods = [period_of(row["period"]) for row in rows]
        typed.append([period.begins if period else None for period in periods])
    return Table(sheet, tuple(text(column) for column in columns), tuple(zip(*typed, strict=True)))


def _typed(column: str, cells: Sequence[str]) -> list[Cell]:
    """Cells of a column: days, numbers or text. A column is one of numbers only if every cell of it is one."""
    if column in DATES:
        return _all_or_text(cells, as_date)
    return [text(cell) if cell else None for cell in cells] if column in TEXTS else _all_or_text(cells, as_number)


def _all_or_text(cells: Sequence[str], read: Callable[[str], date | float | None]) -> list[Cell]:
    made: list[Cell] = [read(cell) if cell else None for cell in cells]
    if any(cell and value is None for cell, value in zip(cells, made, strict=True)):
        return [text(cell) if cell else None for cell in cells]
    return made


def first_seen(cells: Iterable[Cell]) -> list[str]:
    """Names in the order in which they come."""
    return list(dict.fromkeys(cell for cell in cells if isinstance(cell, str)))
