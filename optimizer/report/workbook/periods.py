"""The periods of a plan, read from their names (docs/figures.md, section 1), and the column in which each stands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from optimizer.plan.written import WrittenPlan
from optimizer.report.workbook.letters import column_letter

FIRST_COLUMN = 4
"""Of every statement, counted from 0: name, unit, how, start or total, then the periods."""
NAME_ROW, BEGINS_ROW, ENDS_ROW = 3, 4, 5
"""Of every statement, counted from 0."""
FIRST_LINE = 6

_QUARTER = re.compile(r"(\d{4})Q([1-4])")
_MONTHS = re.compile(r"(\d{4})-(\d\d)(?:/(\d+))?")


@dataclass(frozen=True)
class Period:
    """A period: its name, its first and last day, its months, and its number in the plan."""

    name: str
    begins: date
    ends: date
    months: int
    number: int = 0

    @property
    def letter(self) -> str:
        """The column of a statement in which it stands."""
        return column_letter(FIRST_COLUMN + self.number)

    @property
    def begins_cell(self) -> str:
        """The cell of a statement that holds its first day."""
        return f"{self.letter}${BEGINS_ROW + 1}"

    @property
    def ends_cell(self) -> str:
        """The cell of a statement that holds its last day."""
        return f"{self.letter}${ENDS_ROW + 1}"

    @property
    def first_month(self) -> int:
        """Months since year 0."""
        return self.begins.year * 12 + self.begins.month - 1

    @property
    def last_month(self) -> int:
        """The month after it, in months since year 0."""
        return self.first_month + self.months


def period_of(name: str, number: int = 0) -> Period | None:
    """A period by its name; None of a name that is none, such as ``opening``."""
    if quarter := _QUARTER.fullmatch(name):
        year, month, months = int(quarter[1]), 3 * int(quarter[2]) - 2, 3
    elif named := _MONTHS.fullmatch(name):
        year, month, months = int(named[1]), int(named[2]), int(named[3] or 1)
    else:
        return None
    if not (1 <= month <= 12 and months >= 1 and 1901 <= year <= 9000):
        return None
    after, rest = divmod(year * 12 + month - 1 + months, 12)
    return Period(name, date(year, month, 1), date(after, rest + 1, 1) - timedelta(days=1), months, number)


def periods_of(plan: WrittenPlan) -> list[Period]:
    """The periods of a plan, in the order of cash.csv."""
    found = [period_of(row.get("period") or "", at) for at, row in enumerate(plan.rows("cash"))]
    return [period for period in found if period is not None]
