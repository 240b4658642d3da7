"""The value of the quickstart case, pinned: it changes only on purpose, with a date and a reason.

To update: add a line to the end of the table. The last one holds. Nothing here says that a value is right (that is
what ``tests/math`` does), only that it is the same as before.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer import api

QUICKSTART = Path(__file__).resolve().parents[2] / "cases" / "quickstart"

# (date, value in USD m, why it is what it is)
GOLDEN = [
    ("2026-11-25", 342.72045592, "first golden value"),
]

SOLVE = api.SolveOptions(relative_gap=1e-9)


def test_quickstart_is_worth_what_it_was() -> None:
    """Proves: the value is that of the last line of the table, to a millionth. Broken: the value that is found now."""
    _, value, _ = GOLDEN[-1]
    solution = api.solve(api.load(QUICKSTART), SOLVE, twins=False).solution
    assert solution.value_usd_m == pytest.approx(value, rel=1e-6)
    assert solution.bound_usd_m == pytest.approx(value, rel=1e-6)


def test_the_table_is_in_order() -> None:
    """Proves: every line has a date, none is before the last, and a reason. Broken: a line that nobody can explain."""
    dates = [date for date, _, _ in GOLDEN]
    assert dates == sorted(dates)
    assert all(len(reason) > 10 for _, _, reason in GOLDEN)
