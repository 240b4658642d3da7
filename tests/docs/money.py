"""Worked tables of the pages on money: the company in them, its plan, and its columns by year.

A company without machines or tenants: cash, shares, and what the lines of a page add. Rows of a table are named as
columns of a plan (``cash.drawn_usd_m``), its columns are years (``year 1``, ``years 3 to 5``) or quarters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from optimizer import api
from tests.docs.worked import FENCE, ROOT, merged, number
from tests.math.builder import EXACT
from tests.math.cases import CASE, FLAT_50, changed, load

STOCKS = ("closing", "reserve", "set_aside", "locked", "accrued_interest", "unamortised_fees", "due_12_months", "dscr")
"""Columns that say what is there at the end of a period; all others are what happens in it."""

COMPANY = changed(
    CASE,
    {
        "sites": {"west_one": CASE["sites"]["one"]},
        "horizon": {"start": "2025-07", "steps": ["8 quarters", "4 years"]},
        "finance.opening": {"cash_usd_m": 100, "shares_m": 100, "share_price_usd": 5, "sga_usd_m_per_quarter": 0},
        "finance.limits": {"min_cash_usd_m": 0},
        "discount": {"hosting": 0.09, "mining": 0.16, "corporate": 0.12},
    },
)
"""100 USD m in cash, 100M shares at 5 $, nothing else."""


def solved(
    folder: Path, lines: Mapping[str, Any], changes: Mapping[str, Any] | None = None, *, free: bool = False
) -> api.Result:
    """The plan of the company with these lines and dotted changes: only what they lay down, unless ``free``."""
    data = changed(merged(COMPANY, lines), changes or {})
    if not free:
        data["given"] = {"otherwise": "nothing", **data.get("given", {})}
    return api.solve(load(folder, data, FLAT_50), EXACT, twins=False)


def rows(result: api.Result, table: str, **where: str) -> list[dict[str, Any]]:
    """Rows of a table whose cells are these."""
    found = [
        {str(key): cell for key, cell in row.items()} for row in result.plan.tables[table].frame().to_dict("records")
    ]
    return [row for row in found if all(str(row[key]) == text for key, text in where.items())]


def by_period(result: api.Result, name: str, **where: str) -> list[float]:
    """``cash.drawn_usd_m``: the column by period, summed over the rows of a period, empty cells as 0."""
    table, _, column = name.partition(".")
    periods = [str(row["period"]) for row in rows(result, "cash")]
    sums = dict.fromkeys(periods, 0.0)
    for row in rows(result, table, **where):
        if row[column] == row[column]:  # not empty
            sums[str(row["period"])] += float(row[column] or 0.0)
    return [sums[period] for period in periods]


def spans(header: list[str], periods: int) -> list[slice]:
    """The quarters of a table's columns: ``year 2``, ``years 3 to 5``, ``quarter 1``, ``in all``."""
    found = []
    for cell in header:
        if cell == "in all":
            found.append(slice(0, periods))
            continue
        said = re.fullmatch(r"(year|quarter)s? (\d+)(?: to (\d+))?(?:, .*)?", cell)
        assert said is not None, cell
        length, first, last = 4 if said[1] == "year" else 1, int(said[2]), int(said[3] or said[2])
        found.append(slice((first - 1) * length, last * length))
    return found


def cells(result: api.Result, name: str, header: list[str], **where: str) -> list[float | None]:
    """A row of a table as the plan has it: sums over each column's quarters, or what is there at its end."""
    series = by_period(result, name, **where)
    stock = any(name.partition(".")[2].startswith(word) for word in STOCKS)
    found: list[float | None] = []
    for cell, span in zip(header, spans(header, len(series)), strict=True):
        part = series[span]
        found.append(None if stock and cell == "in all" else part[-1] if stock else sum(part))
    return found


def value(result: api.Result, component: str) -> float:
    """A row of value.csv, in all."""
    return sum(float(row["total_usd_m"]) for row in rows(result, "value", component=component))


def blocks(text: str) -> list[dict[str, Any]]:
    """All lines of a case in a section."""
    return [yaml.safe_load(found) for found in FENCE.findall(text)]


def base_of(page: str) -> dict[str, Any]:
    """Lines that hold for every section of a page: the hall of project_finance.md, which runs for eleven years."""
    if page != "project_finance.md":
        return {}
    first = blocks((ROOT / "docs" / page).read_text("utf-8"))[0]
    return {**first, "horizon": {"steps": ["4 quarters", "10 years"]}}


def to_the_cent(amounts: list[float | None]) -> list[Any]:
    """To compare with, exact where cells are empty."""
    return [None if amount is None else pytest.approx(amount, abs=0.0051) for amount in amounts]


def stated_value(text: str) -> float | None:
    """``Value: -2.50.``: what a section says that its first lines are worth."""
    found = re.search(r"^Value: (-?[\d.,]*\d)", text, re.MULTILINE)
    return number(found[1]) if found else None


def shown(row: list[str]) -> list[float | None]:
    """The numbers of a row of a table on a page, None for an empty cell."""
    return [number(cell) if cell else None for cell in row[1:]]
