"""Interest on money that was only borrowed to be held saves no tax, against numbers reckoned on paper."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.case.finance import Finance
from optimizer.case.horizon import Horizon
from optimizer.plan.audit.recompute.idle_cash import IdleCash, idle_rate
from optimizer.plan.audit.recompute.timeline import timeline_of

from .capital import (
    BACKSTOP,
    BANK,
    BOND,
    COINS,
    LATER,
    LEND,
    NOTES,
    NOTHING,
    PLAIN,
    REVOLVER,
    SHARES,
    SWEEP,
    decisions,
    signed,
)
from .conftest import CASE, WINDOW, decided
from .test_income_tax import TAXED, assessed, by_year, close, tax_rows
from .test_projects import TAKEN_OUT

LOAN = {
    "kind": "term_loan", "window": WINDOW, "limit_usd_m": 100, "rate": 0.08, "term": "36 months",
    "interest_every": "3 months",
}  # fmt: skip
DRAW = decided("draw", "loan", "", 0, 100.0)
"""Pays 2 at the first instant of each quarter but the first; its expense is 8 a year."""
POOR = TAXED | {
    "finance.facilities": {"loan": LOAN},
    "finance.opening.cash_usd_m": -60,
    "finance.tax": {"rate": 0.25},
}
"""With the loan it has 40 in January."""
EARNED = [2.57472 * days / 90 - 1.2 for days in (90, 91, 92, 92)]
"""Of 2025 by quarter; 2026 is the same."""
CLOSING = [40 + sum(EARNED[:n]) - 2 * (n - 1) for n in (1, 2, 3, 4)]
"""Cash before tax at the end of each quarter of 2025."""
HELD = [CLOSING[0], *(each + 2 for each in CLOSING[1:])]
"""With the interest that was paid in the quarter."""


def kept(*held: float, rate: float = 0.02) -> float:
    """What cash at the ends of quarters would earn in all, keeping what it earns."""
    earned = 0.0
    for each in held:
        earned += rate * (each + earned)
    return earned


def test_borrowed_to_be_held() -> None:
    """Proves: a company earns 100 a year, has borrowed 1,000 at 8 % and holds 1,000: all of its 80 of interest is on
    what it holds, so it pays 21 and not 4.2. With 250 held all but 20.608 count (5 a quarter and 2 % on what those
    before have brought), with 2,000 none, of which no more than 80 is made; with a lack of cash all do.
    Broken: 4.2; 60 counted (held cash that earns nothing on its earnings); interest of -80 that adds 16.8 of tax."""
    periods = timeline_of(Horizon.model_validate({"start": "2025-01", "steps": ["4 quarters"]})).periods
    for held, counted in ((1000, 0), (250, 80 - 250 * (1.02**4 - 1)), (2000, 0), (-1000, 80)):
        cash = IdleCash(0.08)
        idle = sum(cash.earns(period, held) for period in periods)
        (row,) = assessed(["4 quarters"], by_year(100), {"rate": 0.21}, by_year(80), idle=idle)
        assert (row.interest, row.interest_idle, row.interest_deducted) == (80, close(80 - counted), close(counted))
        assert row.tax == close(0.21 * (100 - counted))


def test_the_limit_is_on_what_counts() -> None:
    """Proves: of 8 of interest 2 are on idle money; 3 of the other 6 may be deducted of an income of 10, so 3 are
    carried on, and 3 of the next year's 6 with them of an income of 40: 9. Broken: 5 carried on (of all 8)."""
    tax = {"rate": 0.2, "interest_limit": 0.3}
    one, two = assessed(["2 years"], by_year(10, 40), tax, by_year(8, 8), idle=2.0)
    assert (one.interest_idle, one.interest_deducted, one.interest_carried) == (2, close(3), close(3))
    assert (two.interest_idle, two.interest_deducted, two.interest_carried) == (2, close(9), close(0))


def test_cash_before_tax_by_period(make_plan: Any) -> None:
    """Proves: what is held is what a quarter closes with and the interest paid in it, at 2 %, the last one of the year
    before its tax; the next year begins after that tax, and with what was earned before. Yields of cash are part of it.
    Broken: opening cash (-60 first); the tax of 2025 taken off the cash of December 2025; earnings that begin anew in
    2026; 2 less a quarter."""
    plan = make_plan(POOR | {"horizon.steps": ["2 years"]}, decisions(DRAW))
    first, second = tax_rows(plan)
    idle = kept(*HELD)
    assert (first["interest_usd_m"], first["interest_idle_usd_m"]) == (close(8), close(idle))
    assert first["interest_deducted_usd_m"] == close(8 - idle)
    due = 0.25 * (sum(EARNED) - (8 - idle))
    assert (first["tax_usd_m"], due > 0) == (close(due), True)
    later = [each + CLOSING[3] - due - 40 for each in CLOSING]
    assert second["interest_idle_usd_m"] == close(kept(*HELD, *later) - idle)
    (row,) = tax_rows(make_plan(POOR | {"finance.cash_yield": 0.04}, decisions(DRAW)))
    now, held = -60.0, list[float]()
    for earned, paid in zip(EARNED, (-100, 2, 2, 2), strict=True):
        now += 0.01 * now + earned - paid
        held.append(now + max(0, paid))
    assert row["interest_idle_usd_m"] == close(kept(*held))


def test_by_months_of_periods(make_plan: Any) -> None:
    """Proves: a month's closing counts for a month, 0.001 of it at 1.2 % a year. Broken: 0.003 of it."""
    tax = {"rate": 0.25, "idle_cash_rate": 0.012}
    changes = POOR | {"horizon.steps": ["3 months", "3 quarters"], "finance.tax": tax}
    plan = make_plan(changes, decisions(DRAW))
    held = [row["closing_usd_m"] - row["tax_usd_m"] - row["interest_usd_m"] for row in plan.rows("cash.csv")]
    earned = 0.0
    for months, each in zip((1, 1, 1, 3, 3, 3), held, strict=True):
        earned += 0.001 * months * (each + earned)
    assert tax_rows(plan)[0]["interest_idle_usd_m"] == close(earned)


def test_principal_was_there_until_it_was_paid(make_plan: Any) -> None:
    """Proves: of a loan that is repaid by 25 in February, March, April and May a third and two thirds of the first
    quarter had passed, none and a third of the second. What a line repays at the first instant had not been there.
    Broken: 50 more in the first quarter (all of it); nothing; 25 in April."""
    monthly = LOAN | {"interest_every": "1 month", "amortisation": "even", "term": "4 months"}
    tax = {"rate": 0.25, "idle_cash_rate": 0.012}
    changes = POOR | {"finance.facilities": {"loan": monthly}, "finance.opening.cash_usd_m": 20, "finance.tax": tax}
    (row,) = tax_rows(make_plan(changes, decisions(DRAW)))
    one = 120 + EARNED[0] - 50 - 0.08 / 12 * (100 + 75)
    two = one + EARNED[1] - 50 - 0.08 / 12 * (50 + 25)
    held = [one + 25 + 0.08 / 12 * 175, two + 25 / 3 + 0.08 / 12 * 75, two + EARNED[2], two + EARNED[2] + EARNED[3]]
    assert row["interest_usd_m"] == close(0.08 / 12 * 250)
    assert row["interest_idle_usd_m"] == close(kept(*held, rate=0.003))
    line = REVOLVER | {"window": WINDOW, "fee": 0, "undrawn_fee": 0}
    rows = (
        decided("commit", "line", "", 0, 40.0),
        decided("draw", "line", "", 0, 40.0),
        decided("repay", "line", "", 3, 40.0),
    )
    changes |= {"finance.facilities": {"line": line}, "finance.opening.cash_usd_m": 0}
    (row,) = tax_rows(make_plan(changes, decisions(*rows)))
    cash = [40 * (n == 1) - 1.2 + sum(EARNED[:n]) for n in (1, 2, 3, 4)]
    assert row["interest_idle_usd_m"] == close(kept(cash[0] + 1.2, *cash[1:], rate=0.003))


def test_trapped_cash_is_idle_too(make_plan: Any) -> None:
    """Proves: who has part of the cash, the parent or a company below it, makes no difference. Broken: what lies in
    the company saves tax: 0.2 a quarter less is idle."""
    alone = tax_rows(make_plan(POOR, decisions(DRAW)))
    company = {"sites": ["west"], "opening_cash_usd_m": 10}
    changes = POOR | {"finance.companies": {"sub": company}, "finance.opening.cash_usd_m": -70}
    plan = make_plan(changes, decisions(DRAW))
    assert plan.rows("cash.csv")[0]["trapped_usd_m"] == close(-(2.57472 - 0.3))
    assert tax_rows(plan)[0]["interest_idle_usd_m"] == close(alone[0]["interest_idle_usd_m"])


OWN = [
    ({"loan": LOAN}, (DRAW,), 8),
    ({"notes2": NOTES | {"interest_every": "3 months"}}, (decided("draw", "notes2", "", 0, 50.0),), 2),
    (
        {"line": REVOLVER | {"window": WINDOW}},
        (decided("commit", "line", "", 0, 40.0), decided("draw", "line", "", 0, 40.0)),
        4.8,
    ),
    ({"sweep": SWEEP | {"matures": "2026-03", "sweep": 0}}, (decided("draw", "sweep", "", 0, 10.0),), 1.2),
    ({"coins": COINS}, (decided("commit", "coins", "", 0, 1.0), decided("draw", "coins", "", 0, 1.0)), 0.06),
    ({"loan": LOAN | {"loan_to_cost": 0.5}}, (DRAW,), 0),
    ({"preferred": SHARES | {"paid_in_kind": False}}, (decided("draw", "preferred", "", 0, 10.0),), 0),
]  # fmt: skip


@pytest.mark.parametrize(("facilities", "rows", "own"), OWN)
def test_whose_interest_is_own(make_plan: Any, facilities: Any, rows: Any, own: float) -> None:
    """Proves: with more than enough cash all interest of loans that are tied to no cost, of convertibles and of lines
    is idle, and none of loans against cost, of preferred shares and of what was owed at the start (1.6).
    Broken: 1.6 more in each case; 8 for the loan against cost."""
    tax = {"rate": 0.25, "idle_cash_rate": 0.5}
    changes = PLAIN | {"finance.facilities": facilities, "finance.tax": tax}
    (row,) = tax_rows(make_plan(changes, decisions(*rows)))
    assert row["interest_idle_usd_m"] == close(own)
    assert row["interest_deducted_usd_m"] == close(row["interest_usd_m"] - own)
    assert row["interest_deducted_usd_m"] == close(1.6 + (8 if "loan_to_cost" in facilities.get("loan", {}) else 0))


def test_interest_of_projects_is_tied_to_cost(make_plan: Any) -> None:
    """Proves: what is borrowed on halls is spent on them: its interest counts in full, capitalised or paid. Broken: all
    of it idle."""
    tax = {"rate": 0.25, "idle_cash_rate": 0.5}
    (row,) = tax_rows(make_plan(PLAIN | {"finance.facilities": {"bank": BANK}, "finance.tax": tax}, signed(LEND)))
    assert row["interest_usd_m"] > 2
    assert row["interest_idle_usd_m"] == 0


def test_bonds_above_cost(make_plan: Any) -> None:
    """Proves: a bond of October bears 0.3 in 2025; it is own interest where cash alone sizes it or it may be more than
    cost, and not up to all of cost, nor where its halls are taxed abroad. Broken: 0.3 in all cases; 0 in all."""
    tax = {"rate": 0.25, "idle_cash_rate": 0.5}
    abroad = {"abroad": {"sites": ["west"], "rate": 0.1}}
    for most, countries, own in ((None, {}, 0.3), (1.2, {}, 0.3), (1.0, {}, 0), (0.6, {}, 0), (None, abroad, 0)):
        facilities = {"bank": BANK, "bond": BOND | {"loan_to_cost": most}}
        changes = PLAIN | {"finance.facilities": facilities, "finance.tax": tax | {"countries": countries}}
        rows = tax_rows(make_plan(changes, signed(*TAKEN_OUT)))
        assert [row["interest_idle_usd_m"] for row in rows] == [close(own), *(0 for _ in countries)]
        assert rows[-1]["interest_usd_m"] > 0.3


def test_abroad_all_interest_counts(make_plan: Any) -> None:
    """Proves: what the parent holds takes nothing off abroad, where the row says 0. Broken: 8 in both rows."""
    countries = {"abroad": {"sites": ["east"], "rate": 0.1}}
    changes = TAXED | {
        "sites.east": {"power": {"market": "hub"}, "energised_mw": 20},
        "finance.facilities": {"loan": LOAN},
        "finance.tax": {"rate": 0.25, "idle_cash_rate": 0.5, "countries": countries},
    }
    home, abroad = tax_rows(make_plan(changes, decisions(DRAW)))
    assert (home["interest_idle_usd_m"], abroad["interest_idle_usd_m"]) == (close(8), 0)
    home, abroad = tax_rows(make_plan(changes, NOTHING))
    assert (home["interest_idle_usd_m"], abroad["interest_idle_usd_m"]) == (0, 0)


EQUITY = {"kind": "equity", "window": WINDOW, "limit_usd_m": 20}
RATES = [
    ({}, 0),
    ({"line": REVOLVER | {"rate": 0.05}, "loan": LOAN | {"rate": 0.085, "market_rate": 0.2}}, 0.085),
    ({"loan": LOAN, "dear": LATER | {"rate": 0.2, "loan_to_cost": 0.5}}, 0.08),
    ({"notes2": NOTES | {"rate": 0.1, "straight_rate": 0.2}, "loan": LOAN}, 0.1),
    ({"coins": COINS | {"rate": 0.11}, "sweep": SWEEP | {"rate": 0.115}}, 0.115),
    ({"bank": BANK | {"rate": 0.09, "backstop": BACKSTOP}, "line": REVOLVER | {"rate": 0.01}}, 0.01),
    ({"bank": BANK, "bond": BOND | {"loan_to_cost": 1}, "line": REVOLVER | {"rate": 0.01}}, 0.01),
    ({"bank": BANK, "bond": BOND | {"loan_to_cost": 1.01}, "line": REVOLVER | {"rate": 0.01}}, 0.08),
    ({"bank": BANK, "bond": BOND, "line": REVOLVER | {"rate": 0.01}}, 0.08),
    ({"preferred": SHARES | {"rate": 0.3}, "shares": EQUITY}, 0),
]  # fmt: skip


@pytest.mark.parametrize(("facilities", "rate"), RATES)
def test_the_rate_of_idle_cash(facilities: Any, rate: float) -> None:
    """Proves: without a rate of its own it is the highest coupon of the facilities that are tied to no cost, drawn or
    not; debts of the start (6 %), loans and bonds within cost and preferred shares have no part in it.
    Broken: 0.2 (rates of the market); 0.3; 0.06; the first or the mean of several."""
    finance = CASE["finance"] | {"facilities": facilities, "tax": {"rate": 0.2}}
    assert idle_rate(Finance.model_validate(finance)) == rate
    stated = finance | {"tax": {"rate": 0.2, "idle_cash_rate": 0.01}}
    assert idle_rate(Finance.model_validate(stated)) == 0.01
