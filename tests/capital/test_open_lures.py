"""Free lunches that are known and not closed yet: each test states the right value and is expected to fail until it is.

They stand in docs/guards.md, "Where there is none". A guard that closes one makes its test pass: the marks are strict.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.capital.builder import Plan, firm, lease, loan, project, window
from tests.math.builder import about


def machines_that_mine_nothing(resale: float) -> dict[str, Any]:
    """On sale in the last quarter, at a hash rate of the network at which nothing is worth running."""
    tiers = [{"ph_s_per_quarter": 1e6, "factor": 1.0}]
    buy = {"window": window("2025-10", "2025-10"), "delivery": "0 months", "sites": ["one"], "max_ph_s_per_step": 1e6}
    machine = {"efficiency_j_per_th": 16, "life": "5 years", "price_usd_per_th": 20, "buy": buy}
    machine["resale"] = {"share": resale, "tiers": tiers}
    return {"market.network.hashrate_eh_s": 90000, "sites.one.fleet": None, "machines.m16": machine}


def test_machines_are_not_bought_to_be_written_off(plan: Plan) -> None:
    """Proves: 100 in hand and 100 earned, taxed at 30 %: 170. Today: 190.25, with machines for 100 bought in the last
    quarter, written off at once and counted at 95 % of their price."""
    rent = {"rent": lease(100 / 12)}
    assert plan(firm(100, leases=rent, more=machines_that_mine_nothing(0.95), tax={"rate": 0.3})).value == about(170)


def test_halls_are_not_built_to_be_written_off(plan: Plan) -> None:
    """Proves: an empty hall at 100 that is worth 100 after two years adds nothing to 200 in hand and 120 earned at
    30 %: 284. Today: 314 with a bonus of 100 %."""
    tax = {"rate": 0.3, "depreciation": {"halls": {"method": "straight_line", "years": 39, "bonus": 1.0}}}
    empty = project(100, 100, "24 months", operating_cost_usd_m_per_mw_it_year=0.012)
    found = plan(firm(200, offers={"empty": empty}, leases={"rent": lease(10, "12 months")}, tax=tax))
    assert found.value == about(284)


def test_idle_borrowed_cash_shelters_no_income(plan: Plan) -> None:
    """Proves: 100 in hand and 100 a year for three years at 21 %: 337, with a loan on offer that nothing needs. Today:
    400, with 1,250 borrowed at 8 % and kept."""
    lender = {"bank": loan(0.08, "60 months", limit_usd_m=10_000)}
    found = plan(
        firm(100, "3 years", facilities=lender, leases={"rent": lease(100 / 12, "36 months")}, tax={"rate": 0.21})
    )
    assert found.value == about(337)
