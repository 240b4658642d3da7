"""The worked contract of docs/instruments_tenant.md: its sums are right, and the product comes to every figure of it.

The lines of the page are put into a site with room for one hall, signed as they say, over the whole contract.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.docs.worked import headings, lines_of_case, number, reckoned, section, sums, tables
from tests.math.cases import Solved, case_data, changed, solve_case

PAGE = "instruments_tenant.md"
TEXT = section(PAGE, "Worked contract")
TERMS: dict[str, Any] = lines_of_case(TEXT)["offers"]["ai_tenant"]
QUARTERS = (4, 4, 4, 4, 8, 20)
"""Of the columns of the table: the year of construction, ten years of rent."""


def solved(folder: Path, changes: Mapping[str, Any] | None = None) -> Solved:
    """The contract with dotted changes, signed in July 2025 at the rate of the page, planned to its end."""
    data = case_data(
        {
            "horizon": {"start": "2025-07", "steps": ["4 quarters", "10 years"]},
            "discount.hosting": 0.09,
            "given.sign.ai_tenant": {"halls": 1},
        }
    )
    data["sites"]["west_one"] = data["sites"].pop("one")
    data["offers"] = {"ai_tenant": changed(TERMS, changes or {})}
    return solve_case(folder, data)


def spans(amounts: list[float]) -> list[float]:
    """Sums of quarters by column of the table, and of all."""
    ends = [sum(QUARTERS[: n + 1]) for n in range(len(QUARTERS))]
    return [sum(amounts[end - length : end]) for end, length in zip(ends, QUARTERS, strict=True)] + [sum(amounts)]


def to_the_cent(amounts: list[float]) -> Any:
    return pytest.approx(amounts, abs=0.005)


def test_sums_are_right() -> None:
    """Proves: every sum on the page comes to what is written beside it, to the digits written. Broken: 36.5 for 135 -
    97.5."""
    written = [found for heading in headings(PAGE) for found in sums(section(PAGE, heading))]
    assert len(written) >= 12
    for left, right in written:
        digits = len(right.partition(".")[2])
        assert round(reckoned(left), digits) == pytest.approx(number(right), abs=10**-digits / 2), f"{left} = {right}"


def test_the_plan_comes_to_the_table(tmp_path: Path) -> None:
    """Proves: each row of the page is what hosting.csv, cash.csv and decisions.csv say of the contract. Broken: a
    credit of 3.33 a year (both evenly over the term), capex of 135, 33.30 owed to the end."""
    plan = solved(tmp_path)
    shown = {row[0].strip("`"): [number(cell) for cell in row[1:] if cell] for row in tables(TEXT)[0][1:]}
    rows = plan.rows("hosting")
    columns = {name: [float(row[name]) for row in rows] for name in shown if name.endswith("_usd_m")}
    assert len(columns) == 4
    for name, amounts in columns.items():
        assert spans(amounts) == to_the_cent(shown[name]), name
    parts = zip(shown["credit of the prepayment"], shown["credit of capex lent"], strict=True)
    assert [sum(both) for both in parts] == to_the_cent(shown["credit_usd_m"])
    plain = solved(tmp_path / "prepaid", {"tenant_capex": None})
    assert spans([float(row["credit_usd_m"]) for row in plain.rows("hosting")]) == to_the_cent(
        shown["credit of the prepayment"]
    )
    cash = plan.rows("cash")
    moved = [float(row["closing_usd_m"] - row["opening_usd_m"]) for row in cash]
    assert spans(moved) == to_the_cent(shown["cash of the company"])
    owed = [p - c for p, c in zip(columns["prepayment_usd_m"], columns["credit_usd_m"], strict=True)]
    ends = [sum(owed[: sum(QUARTERS[: n + 1])]) for n in range(len(QUARTERS))]
    assert ends == to_the_cent(shown["owed to the tenant at the end"])
    assert plan.rows("decisions")[0]["capex_usd_m"] == pytest.approx(37.5)


def test_the_plan_comes_to_the_values(tmp_path: Path) -> None:
    """Proves: what each term is worth at 9 %. Broken: 22.50 for what is lent (a gift), 0.00 (worth nothing)."""
    kinds = (
        {"prepayment": 0, "tenant_capex": None},
        {"tenant_capex": None},
        {"tenant_capex.usd_m_per_mw_it": 1.5},
        {},
    )
    values = [solved(tmp_path / str(n), kind).component("hosting: ai_tenant") for n, kind in enumerate(kinds)]
    shown = tables(TEXT)[1][1:]
    assert values == to_the_cent([number(row[1]) for row in shown])
    more = [after - before for before, after in itertools.pairwise(values)]
    assert more == pytest.approx([number(row[2]) for row in shown[1:]], abs=0.005)


def test_what_rent_cannot_carry(tmp_path: Path) -> None:
    """Proves: of 135 lent the page's part is never paid. Broken: 0 left, paid with the last rent."""
    found = re.search(r"With 9 a MW to be credited, (\d+) would be lent and half of the rent would carry (\d+):", TEXT)
    left = re.search(r"the other (\d+) are", TEXT)
    assert found is not None
    assert left is not None
    terms = {"prepayment": 0, "tenant_capex": {"usd_m_per_mw_it": 9, "credited_usd_m_per_mw_it": 9}}
    rows = solved(tmp_path, terms).rows("hosting")
    lent, credited = (sum(float(row[name]) for row in rows) for name in ("prepayment_usd_m", "credit_usd_m"))
    assert [lent, credited, lent - credited] == pytest.approx([float(found[1]), float(found[2]), float(left[1])])
