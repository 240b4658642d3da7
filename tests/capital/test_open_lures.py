"""Free lunches that are known and not closed yet: each test states the right value and is expected to fail until it is.

They stand in docs/guards.md, "Where there is none". A guard that closes one makes its test pass: the marks are strict.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.capital.builder import Data, Plan, firm, lease, loan, preferred, project, window
from tests.math.builder import about

BIG: Data = {"limit_usd_m": 10_000}
FIVE_YEARS = {"rent": lease(100 / 12, "60 months")}


def traded() -> dict[str, Any]:
    """Machines at 20 that mine nothing and can be sold again for 19, in the quarter in which they are bought."""
    return {
        "market.network.hashrate_eh_s": 90000,
        "sites.one.fleet": None,
        "sites.one.energised_mw": 100_000,
        "sites.one.mining_shell_mw": 100_000,
        "machines.m16": {
            "efficiency_j_per_th": 16,
            "life": "10 years",
            "price_usd_per_th": 20,
            "resale": {"share": 0.95, "tiers": [{"ph_s_per_quarter": 1e6, "factor": 1.0}]},
            "buy": {"window": window(), "delivery": "0 months", "sites": ["one"], "max_ph_s_per_step": 1e6},
        },
    }


@pytest.mark.xfail(strict=True, reason="a loan is tied to a cost that is gone, and its interest deducted to the end")
@pytest.mark.parametrize("bonus", [0.0, 1.0])
def test_machines_are_not_bought_and_sold_for_the_loan_on_them(plan: Plan, bonus: float) -> None:
    """Proves: 100 in hand and 100 a year for five years at 30 % are worth 450, with a loan on machines on offer that
    nobody needs. Today: 480.36, and 542.49 where machines are written off at once: they are sold on the day they are
    bought, and what was lent on them is kept for five years."""
    machines = {"method": "straight_line", "years": 5, "bonus": bonus}
    bank = loan(0.08, "60 months", loan_to_cost=1.0, for_machines=["m16"], **BIG)
    tax = {"rate": 0.3, "depreciation": {"machines": machines}}
    found = plan(firm(100, "20 quarters", leases=FIVE_YEARS, tax=tax, more=traded(), facilities={"bank": bank}))
    assert found.value == about(450)


@pytest.mark.xfail(strict=True, reason="a loan is tied to a cost that has come back, and its interest deducted")
def test_a_loan_on_a_hall_does_not_outlive_it(plan: Plan) -> None:
    """Proves: a hall at 500 that brings 500 in a year is paid out of 500 in hand: 850. Today: 910, 500 borrowed on its
    cost and kept for four years more."""
    tax = {"rate": 0.3, "depreciation": {"halls": {"method": "straight_line", "years": 1}}}
    bank = loan(0.08, "60 months", loan_to_cost=1.0, **BIG)
    offers = {"works": project(500, 500)}
    found = plan(firm(500, "20 quarters", offers=offers, leases=FIVE_YEARS, tax=tax, facilities={"bank": bank}))
    assert found.value == about(850)


@pytest.mark.xfail(strict=True, reason="coins are as good as cash and do not count as idle")
def test_coins_are_not_kept_with_borrowed_money(plan: Plan) -> None:
    """Proves: 40,000 PH/s for two years beside a lease of 100 a year, at a price of coins that stays: 890.63, with a
    loan on offer. Today: 897.95, 662 borrowed in place of coins that are sold."""
    more = {"sites.one.fleet": {"m16": {"ph_s": 40000}}, "finance.treasury": {"policy": "sell_to_fund"}}
    found = plan(
        firm(
            100,
            "8 quarters",
            leases={"rent": lease(100 / 12, "36 months")},
            facilities={"bank": loan(0.08, "60 months", **BIG)},
            tax={"rate": 0.21},
            more=more,
        )
    )
    assert found.value == about(890.6320, abs=1e-3)


@pytest.mark.xfail(strict=True, reason="dividends of idle preferred shares are a use for borrowed money")
def test_preferred_shares_dig_no_hole_for_a_loan_to_fill(plan: Plan) -> None:
    """Proves: 100 in hand and 100 a year for three years at 21 %: 337, with preferred shares at 20 % and a loan at 8 %
    on offer that nobody needs. Today: 369.59, 10,000 of preferred shares for a year, whose dividends (worth nothing at
    their own rate) are paid with a loan of 1,836 and its interest is deducted."""
    quarterly = {"interest_every": "3 months", **BIG}
    facilities = {
        "pref": preferred(0.2, "12 months", **quarterly),
        "bank": loan(0.08, "60 months", **{**quarterly, "window": window("2025-01", "2027-12")}),
    }
    rent = {"rent": lease(100 / 12, "36 months")}
    found = plan(firm(100, "3 years", facilities=facilities, leases=rent, tax={"rate": 0.21}))
    assert found.value == about(337)
