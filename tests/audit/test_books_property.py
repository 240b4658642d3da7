"""Halls and property in the books, against numbers reckoned on paper. The case is ``WIDE`` with books."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.plan.audit.recompute.decisions import Decisions

from .conftest import RUNNING, SIGNED, WIDE, decided

NOTHING = Decisions(())
BOOKS = WIDE | {"finance.books": {"property_usd_m": 12}}
PROJECT = {
    "kind": "project_loan", "for_offers": ["lease"], "limit_usd_m": 500, "rate": 0.12, "term": "18 months",
    "interest_every": "3 months", "loan_to_cost": 0.8, "amortisation": "bullet",
}  # fmt: skip


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def held(plan: Any, item: str) -> list[float]:
    """An item of the balance sheet, at the start and at the end of each quarter."""
    return [row[f"{item}_usd_m"] for row in plan.rows("balance.csv")]


def line(plan: Any, name: str) -> list[float]:
    """A line of the income statement by quarter."""
    return [row[f"{name}_usd_m"] for row in plan.rows("income.csv")]


def test_halls_of_an_offer(make_plan: Any) -> None:
    """Proves: 200 of capex and 3 of signing cost stand in the books in July, 20 of which are the residual: 183 over 24
    months are 22.875 a quarter. Broken: 203 / 8; written off from April; capex expensed."""
    plan = make_plan(BOOKS, Decisions((SIGNED,)))
    assert held(plan, "halls") == [0, 0, close(203), close(203 - 22.875), close(203 - 45.75)]
    assert line(plan, "depreciation_halls") == [0, 0, close(-22.875), close(-22.875)]
    assert line(plan, "gain_on_halls") == [0, 0, 0, 0]


def test_halls_of_a_lease(make_plan: Any) -> None:
    """Proves: 12 in the books and 4 spent at once, of which 10 are left after 18 months: 1 a quarter. If the rent
    ends in October, 2 a quarter, and the residual of 10 is what they stand for. If they stand for 2, nothing is
    written off and the residual brings 4. Broken: 16 / 18 a month; a gain of 10."""
    lease = RUNNING | {"book_usd_m": 12, "capex_left_usd_m": 4}
    plan = make_plan(BOOKS | {"leases": {"tenant": lease}}, NOTHING)
    assert held(plan, "halls") == [12, close(15), close(14), close(13), close(12)]
    ends = make_plan(BOOKS | {"leases": {"tenant": lease | {"term": "15 months"}}}, NOTHING)
    assert held(ends, "halls") == [12, close(14), close(12), close(10), 0]
    assert line(ends, "gain_on_halls") == [0, 0, 0, close(0)]
    low = make_plan(BOOKS | {"leases": {"tenant": lease | {"term": "15 months", "book_usd_m": 2}}}, NOTHING)
    assert held(low, "halls") == [2, close(6), close(6), close(6), 0]
    assert line(low, "gain_on_halls") == [0, 0, 0, close(4)]


def test_the_end_inside_a_period(make_plan: Any) -> None:
    """Proves: rent that ends on 1 September is over after two months of the quarter: of 16 less 10 the last 2 / 8 are
    written off in it. Broken: 3 / 9; a month of the rest left in the books."""
    lease = RUNNING | {"book_usd_m": 12, "capex_left_usd_m": 4, "term": "14 months"}
    plan = make_plan(BOOKS | {"leases": {"tenant": lease}}, NOTHING)
    assert line(plan, "depreciation_halls") == [close(-6 * 3 / 8), close(-6 * 3 / 8), close(-6 * 2 / 8), 0]
    assert held(plan, "halls")[3] == 0


def test_interest_capitalised(make_plan: Any) -> None:
    """Proves: a loan of 100 on the halls is drawn with capex in April to June, 2, 3 and 4 ninths of it, and interest of
    1 % a month is added until completion in January: all of it stands in the halls, none in the income statement, and
    what is owed in January is 100. Broken: interest expensed before completion; halls of 203."""
    changes = BOOKS | {"finance.facilities": {"site": PROJECT}, "finance.debts": {}}
    plan = make_plan(changes, Decisions((SIGNED, decided("draw", "site / lease", "west", 3, 100.0))))
    debt = {row["period"]: row for row in plan.rows("debt.csv")}
    # A third of it over the first half of three months, the rest over the other.
    shares = (2 / 9, 3 / 9, 4 / 9)
    grown = sum(share * 1.01 ** (9 - month - 1) for month, share in enumerate(shares))
    drawn = 100 / grown
    assert debt["2025Q2"]["drawn_usd_m"] == close(drawn)
    assert debt["2025Q4"]["closing_usd_m"] == close(100)
    capitalised = [debt[f"2025Q{quarter}"]["capitalised_usd_m"] for quarter in (1, 2, 3, 4)]
    assert sum(capitalised) == close(100 - drawn)
    assert line(plan, "interest_expense") == [0, 0, 0, 0]
    # Of each quarter's value the part of its months in those left to July 2027.
    july = 203 + capitalised[1]
    october = july + capitalised[2] - (july + capitalised[2] - 20) * 3 / 24
    january = october + capitalised[3] - (october + capitalised[3] - 20) * 3 / 21
    assert held(plan, "halls")[2:] == [close(july), close(october), close(january)]


def test_property_and_builds(make_plan: Any) -> None:
    """Proves: 12 over 120 months are 0.3 a quarter; a build of 3 stands for what is paid, 1.5 at the end of March, and
    is written off over 10 years from its completion in July: 0.075 a quarter. Broken: 0.05 from January; 3 at once."""
    plan = make_plan(BOOKS, Decisions((decided("build", "phase", "west", 0, 1.0),)))
    old = [12, 11.7, 11.4, 11.1, 10.8]
    built = [a - b for a, b in zip(held(plan, "property"), old, strict=True)]
    assert built == [close(0), close(1.5), close(3), close(2.925), close(2.85)]
    assert line(plan, "depreciation_property") == [close(-0.3), close(-0.3), close(-0.375), close(-0.375)]


def test_property_that_ends(make_plan: Any) -> None:
    """Proves: 12 over the 8 months left: 4.5, 4.5 and the last 3. Broken: 4.5 in the third quarter, below 0."""
    books = {"property_usd_m": 12, "property_life_left": "8 months", "building_life": "6 months"}
    plan = make_plan(BOOKS | {"finance.books": books}, NOTHING)
    assert held(plan, "property") == [12, close(7.5), close(3), close(0), 0]
    built = make_plan(BOOKS | {"finance.books": books}, Decisions((decided("build", "phase", "west", 0, 1.0),)))
    assert line(built, "depreciation_property")[2:] == [close(-3 - 1.5), close(-1.5)]


def test_capex_that_is_never_credited(make_plan: Any) -> None:
    """Proves: a tenant lends 6 of 8 a MW for a year of rent, of which a tenth goes back: of 120 received 2.4 by July
    2026. What is left, 117.6, is owed no longer then, and is a gain beside the residual. Broken: a liability for
    ever; a sheet that does not balance."""
    tenant = {"usd_m_per_mw_it": 6, "credited_usd_m_per_mw_it": 6, "credit_share_of_rent": 0.1}
    changes = {
        "offers.lease.tenant_capex": tenant, "offers.lease.term": "12 months", "offers.lease.ramp": "0 months",
        "offers.lease.prepayment": 0, "horizon.steps": ["8 quarters"], "offers.lease.escalator": 0,
    }  # fmt: skip
    plan = make_plan(BOOKS | changes, Decisions((SIGNED,)))
    assert held(plan, "prepayments")[3:] == [close(119.4), close(118.8), close(118.2), close(117.6), close(0), close(0)]
    assert line(plan, "gain_on_halls")[6] == close(117.6)
    for row in plan.rows("balance.csv"):
        assert row["total_assets_usd_m"] == close(row["total_liabilities_usd_m"])
