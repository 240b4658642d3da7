"""A small case that is in order, and ways to spoil it.

A spoiled text may hold the mark « where a problem is expected: it is taken out before the case is loaded, and the
places of the marks are what the problems have to name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from optimizer.case.load import LoadedCase, load_case
from optimizer.errors import CaseError, Problem

CASE = """\
case: Odessa or not
horizon: {start: 2025-07, steps: [8 quarters, 4 years]}
discount: {hosting: 0.09, mining: 0.16, corporate: 0.12}
market:
  power:
    west:
      file: prices.csv
      time_zone: America/Chicago
      forward_usd_per_mwh: {2026: 31, 2026-Q3: 40}
  network:
    btc_usd: 107153
    hashrate_eh_s: 837
    hashrate_growth: 0.25
    fee_share: 0.012
    halvings: [2028-04-15]
machines:
  s21_pro: {efficiency_j_per_th: 15.0, life: 4 years}
sites:
  odessa:
    power: {market: west, adder_usd_per_mwh: 5}
    energised_mw: {2022-11: 207}
    mining_shell_mw: 207
    mining_overhead: 1.03
    fleet:
      s21_pro: {ph_s: 7100, bought: 2024-12}
    arriving:
      second: {machine: s21_pro, ph_s: 670, on: 2025-09}
offers:
  lease:
    sites: [odessa]
    takes: mining_shell
    hall_mw_it: 24
    gross_per_it: 1.45
    pue: 1.25
    halls: {min: 3, max: 5}
    sign: {from: 2025-10, to: 2026-10}
    capex_usd_m_per_mw_it: 9.5
    lead: 5 quarters
    rate_usd_per_kw_month: 130
    term: 10 years
    power: {paid_by: tenant}
    operating_cost_usd_m_per_mw_it_year: {value: 0.214, source: "8-K 2025-11-04", assumed: false}
finance:
  opening: {cash_usd_m: 62.7, btc: 1063, shares_m: 393, share_price_usd: 4.78, sga_usd_m_per_quarter: 9}
  debts:
    note: {principal_usd_m: 30, rate: 0.08, matures: 2027-07}
"""

MARK = "«"
Change = tuple[str, str]


def places_of_marks(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without its marks, and line and column of what followed each."""
    places = []
    while MARK in text:
        before, _, after = text.partition(MARK)
        places.append((before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1))
        text = before + after
    return text, places


def changed(changes: Sequence[Change]) -> str:
    text = CASE
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        text = text.replace(old, new)
    return text


@pytest.fixture
def case_text() -> str:
    return CASE


@pytest.fixture
def write_case(tmp_path: Path) -> Callable[..., tuple[Path, list[tuple[int, int]]]]:
    """Writes the case with changes to ``case.yaml``; its path and the places of the marks."""

    def write(*changes: Change) -> tuple[Path, list[tuple[int, int]]]:
        text, places = places_of_marks(changed(changes))
        path = tmp_path / "case.yaml"
        path.write_text(text, "utf-8")
        return path, places

    return write


@pytest.fixture
def load_changed(write_case: Callable[..., tuple[Path, object]]) -> Callable[..., LoadedCase]:
    """Loads the case with changes, which has to be in order."""

    def load(*changes: Change) -> LoadedCase:
        return load_case(write_case(*changes)[0])

    return load


@pytest.fixture
def expect_errors(write_case: Callable[..., tuple[Path, list[tuple[int, int]]]]) -> Callable[..., None]:
    """Loads the case with changes and holds the problems against what was expected, places and words."""

    def expect(changes: Sequence[Change], *expected: str) -> None:
        path, places = write_case(*changes)
        with pytest.raises(CaseError) as caught:
            load_case(path)
        compare(caught.value.problems, path, places, expected)

    return expect


@pytest.fixture
def expect_warnings(write_case: Callable[..., tuple[Path, list[tuple[int, int]]]]) -> Callable[..., None]:
    """The same for warnings of a case that is in order otherwise."""

    def expect(changes: Sequence[Change], *expected: str) -> None:
        path, places = write_case(*changes)
        compare(load_case(path).warnings, path, places, expected)

    return expect


def compare(
    problems: Sequence[Problem], path: Path, places: Sequence[tuple[int, int]], expected: Sequence[str]
) -> None:
    said = [(problem.line, problem.column, f"{problem.path}: {problem.message}") for problem in problems]
    assert {problem.file for problem in problems} <= {str(path)}
    assert said == [(*place, text) for place, text in zip(places, expected, strict=True)]


@pytest.fixture
def price_file(tmp_path: Path) -> Path:
    """A leap year of hourly prices, 20 to 43 by the hour of the day, in UTC."""
    path = tmp_path / "prices.csv"
    hour = datetime(2024, 1, 1, 6)
    rows = [f"{hour + timedelta(hours=h):%Y-%m-%dT%H:%M:%SZ},{20 + h % 24}" for h in range(366 * 24)]
    path.write_text("\n".join(["timestamp_utc,HB_WEST", *rows, ""]), "utf-8")
    return path
