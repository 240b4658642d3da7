"""Warnings of given dates that are moved to the nearest step or period."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optimizer import api
from tests.capital.builder import firm, laid_down
from tests.math.cases import FLAT_50, load, write_prices

LENT = {"commit": {"line": {"2025-01": 5}}, "draw": {"line": {"2025-05": 1}}}


def warned(folder: Path, given: dict[str, Any]) -> list[str]:
    write_prices(folder, FLAT_50)
    line = {"kind": "credit_line", "window": {"from": "2025-01", "to": "2025-12"}, "limit_usd_m": 5, "rate": 0.1}
    shares = {"kind": "equity", "window": {"from": "2025-01", "to": "2025-12"}, "limit_usd_m": 5}
    case = firm(10, "2 years", facilities={"line": line, "shares": shares}, given=given)
    found: api.LoadedCase = load(folder, case)
    return [str(problem) for problem in found.warnings if "no first day" in str(problem)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"issue": {"shares": {"2025-02-15": 1}}}, "given.issue.shares: 2025-02-15 is no first day of a step"),
        ({"issue": {"shares": {"2025-02-15": 1}}}, "the nearest, 2025-01-01"),
        (
            {"commit": {"line": {"2025-01": 5}}, "draw": {"line": {"2025-05": 1}}},
            "given.draw.line: 2025-05 is no first",
        ),
        ({"commit": {"line": {"2025-01": 5}}, "draw": {"line": {"2025-05": 1}}}, "the nearest, 2025-04-01"),
    ],
)
def test_a_date_that_is_moved_is_said(tmp_path: Path, given: dict[str, Any], said: str) -> None:
    """Proves: with yearly steps kept by quarter, an issue in mid February counts in January, and a draw of a line in
    May in April, and both are said. Broken: they move in silence."""
    assert said in "\n".join(warned(tmp_path, laid_down(**given)))


def test_dates_of_steps_and_periods_are_not_warned_of(tmp_path: Path) -> None:
    """Proves: an issue on a step and a draw at the beginning of a quarter need no warning. Broken: one each."""
    given = {"issue": {"shares": {"2025-01": 1}}, "commit": {"line": {"2025-01": 5}}, "draw": {"line": {"2025-07": 1}}}
    assert warned(tmp_path, laid_down(**given)) == []
