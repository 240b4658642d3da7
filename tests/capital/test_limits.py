"""Limits on the company's money: hard ones bind where a pencil says, priced ones say what is missing and when."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.errors import InfeasibleError
from tests.capital.builder import (
    Plan,
    Terms,
    decided,
    firm,
    headroom,
    lease,
    line,
    loan,
    project,
    row,
    shares,
    units,
    window,
)
from tests.math.builder import about
from tests.math.cases import Solved

QUARTER = "1 quarter"


def test_what_is_missing_and_when(plan: Plan) -> None:
    """Proves: 12 in hand, 20 to keep, 30 due in July: the plan is short by 8 in the first two quarters and by 38 in
    2025Q3 and 2025Q4; at 0.5 a year for each million that costs 11.5: 12 - 30 - 11.5. As a hard limit there is no plan.
    Broken: short by 18 (the minimum forgotten), -64 (a year's price for each quarter)."""
    debt = {"due": {"principal_usd_m": 30, "rate": 0.0, "matures": "2025-07"}}
    limit = {"limit": 20, "priced": 0.5}
    done = plan(firm(12, limits={"min_cash_usd_m": limit}, debts=debt))
    assert headroom(done, "min_cash") == about({"2025Q1": -8, "2025Q2": -8, "2025Q3": -38, "2025Q4": -38})
    assert done.component("breaches") == about(-11.5)
    assert done.value == about(12 - 30 - 11.5)
    with pytest.raises(InfeasibleError):
        plan(firm(12, limits={"min_cash_usd_m": 20}, debts=debt))


def test_a_limit_holds_from_its_date(plan: Plan) -> None:
    """Proves: 20 to keep from July: at the end of June (the same instant) 12 will do, at the end of September 8 are
    missing. Broken: -8 in three or four quarters, or in one."""
    limit = {"limit": 20, "priced": 1.0, "from": "2025-07"}
    done = plan(firm(12, limits={"min_liquidity_usd_m": limit}))
    assert done.component("breaches") == about(-8 * 2 / 4)


def test_liquidity_counts_bitcoin_after_its_haircut_and_undrawn_lines(plan: Plan) -> None:
    """Proves: 10 in cash and coins of 9.6 less 30 % are 16.72 of 20: a line of 3.28 is committed for 1 %. Broken: 0.4
    (no haircut), 10 (coins count nothing); no plan (undrawn lines count nothing)."""
    more = {"finance.opening.btc": 100}
    limits = {"min_liquidity_usd_m": 20}
    done = plan(firm(10, QUARTER, limits=limits, facilities={"line": line(fee=0.01)}, more=more))
    # What is paid for the line is missing too: C = 3.28 + 0.01 C.
    assert decided(done, "commit") == {("2025-01-01", "line"): about(3.28 / 0.99, abs=1e-6)}
    assert done.value == about(19.6 - 0.0328 / 0.99, abs=1e-6)
    with pytest.raises(InfeasibleError):
        plan(firm(10, QUARTER, limits=limits, more=more))
    priced = plan(firm(10, QUARTER, limits={"min_liquidity_usd_m": {"limit": 20, "priced": 1}}, more=more))
    assert headroom(priced, "min_liquidity") == about({"2025Q1": -3.28})
    assert priced.value == about(19.6 - 0.82)


def test_pledged_coins_are_no_liquidity(plan: Plan) -> None:
    """Proves: 10 owed (for a project) on coins at a half take 20 of 96: 76 less 30 % are 53.2, and a limit of 53 is
    kept. Broken: 67.2."""
    terms = {"kind": "btc_line", "window": {"from": "2025-01", "to": "2025-12"}, "limit_usd_m": 10, "rate": 0.0}
    more = {"finance.opening.btc": 1000, "finance.treasury": {"policy": "hold"}}
    offers = {"works": project(10, 11)}
    facilities = {"coins": terms | {"ltv_at_draw": 0.5, "ltv_call": 0.8}}
    limits = {"min_liquidity_usd_m": 53}
    done = plan(firm(0, QUARTER, limits=limits, facilities=facilities, more=more, offers=offers))
    assert row(done, "limits", "used", limit="min_liquidity") == about([53.2])


SMALL = {"halls": {"min": 1, "max": 90}, "capex_usd_m_per_mw_it": 0.5, "residual_usd_m_per_mw_it": 2 / 3}


def test_a_loss_allows_no_net_debt_and_asks_for_no_net_cash(plan: Plan) -> None:
    """Proves: with EBITDA of -2 and a limit of 6, net debt may be 0: of 50 (after the quarter's 0.5) 45 are spent for
    60: 65, net debt -5. Broken: 62.667, six times a loss demanded as net cash: 38 spent."""
    money: dict[str, Any] = {
        "offers": {"works": units(**SMALL)},
        "ebitda_before_usd_m": {"2024-Q4": -0.5},
        "more": {"finance.opening.sga_usd_m_per_quarter": 0.5},
    }
    done = plan(firm(50.5, QUARTER, limits={"net_debt_to_ebitda": 6}, **money))
    assert done.value == about(65)
    [limit] = done.rows("limits", limit="net_debt_to_ebitda")
    assert (limit["used"], limit["allowed"]) == about((-5, 0))
    # With 40 in hand it binds at no net debt: 80 halls at 0.5.
    bank = {"bank": loan()}
    short = plan(firm(40.5, QUARTER, limits={"net_debt_to_ebitda": 6}, facilities=bank, **money))
    assert short.value == about(40 + 80 / 6)


def built(plan: Plan, limits: Terms, cash: float = 0.0, **money: Any) -> Solved:
    """Units of 1 that bring 1.5 each, up to 50, in one quarter."""
    return plan(firm(cash, QUARTER, limits=limits, offers={"works": units()}, **money))


BANKED: dict[str, Any] = {
    "facilities": {"bank": loan()},
    "leases": {"rent": lease(1, "3 months")},
    "ebitda_before_usd_m": {"2024-Q4": 3},
}
"""A loan of up to 100, and EBITDA of 12 a year, 3 of it in the quarter."""


@pytest.mark.parametrize(
    ("limit", "units_built", "cost"),
    [
        ({"net_debt_to_ebitda": 2}, 27, 0.0),
        ({"net_debt_to_ebitda": {"limit": 2, "priced": 1}}, 50, 23 / 4),
        ({"net_debt_to_ebitda": {"limit": 2, "priced": 4}}, 27, 0.0),
        ({}, 50, 0.0),
    ],
)
def test_net_debt_over_ebitda(plan: Plan, limit: Terms, units_built: int, cost: float) -> None:
    """Proves: net debt of twice 12 and the quarter's 3 pay for 27 units, worth 13.5; at a price of 1 a year 23 more are
    built, each worth 0.5 and a quarter of it dear; at 4 a year none. Broken: 50 units for all; 9 (the quarter's EBITDA
    alone), 99 (four quarters of twelve)."""
    done = built(plan, limit, **BANKED)
    assert done.value == about(3 + units_built / 2 - cost, abs=1e-5)
    assert done.component("breaches") == about(-cost, abs=1e-5)
    if cost:
        assert headroom(done, "net_debt_to_ebitda") == about({"2025Q1": -23}, abs=1e-5)


def test_service_is_covered_by_ebitda(plan: Plan) -> None:
    """Proves: 12 a year cover three quarterly payments by 1.6: a loan of 10 and the quarter's 3 pay for 13 units: 12 +
    6.5. Broken: 30.5 without the limit (37 units), 17 (four payments counted by the year's end)."""
    money: dict[str, Any] = {
        "offers": {"works": units()},
        "leases": {"rent": lease(1)},
        "ebitda_before_usd_m": {"2024-Q4": 3},
        "facilities": {"bank": loan(term="12 months", interest_every="3 months", amortisation="even")},
    }
    assert plan(firm(0, limits={"debt_service_coverage": 1.6}, **money)).value == about(18.5)
    assert plan(firm(0, **money)).value == about(30.5)
    free = plan(firm(0, limits={"debt_service_coverage": {"limit": 1.6, "priced": 0.1}}, **money))
    # 37 units: 25 a quarter of 100 are 50 by September (80 - 12 short) and 75 by December (120 - 12).
    assert headroom(free, "debt_service_coverage")["2025Q4"] == about(12 - 1.6 * 75, abs=1e-5)


@pytest.mark.parametrize(
    ("facilities", "value"),
    [
        ({}, 7.5),
        ({"line": line(fee=0.01, window=window("2025-01", "2026-12"))}, 30 - 0.45 / 0.99),
        ({"line": line(fee=0.01, window=window("2025-01", "2025-06"))}, 7.5),
    ],
)
def test_what_falls_due_is_covered_by_cash_and_undrawn_lines(plan: Plan, facilities: Terms, value: float) -> None:
    """Proves: 20 due on 1 January: of 25 in cash 5 are free for units at 1: 5 + 2.5. With a line 50 are built: 25 are
    drawn for them, and 20 stay undrawn, C = 45 + 0.01 C: 5 + 25 - 0.4545. A line that ends in June is itself due by
    then and covers nothing: 7.5. Broken: 29.5 with that line, 17.5 (not counted), 7.5 (a line
    counts nothing), 29.75 (nothing stays undrawn)."""
    debt = {"old": {"principal_usd_m": 20, "rate": 0.0, "matures": "2026-01"}}
    done = built(plan, {"due_within_12_months": 1}, cash=25, debts=debt, facilities=facilities)
    assert row(done, "limits", "used", limit="due_within_12_months") == about([20])
    assert done.value == about(value, abs=1e-5)


def test_due_within_twelve_months_priced(plan: Plan) -> None:
    """Proves: at 0.4 a year for each million, 0.1 a quarter, 25 units are built and 20 are missing: 5 + 12.5 - 2.
    Broken: 17.5."""
    debt = {"old": {"principal_usd_m": 20, "rate": 0.0, "matures": "2026-01"}}
    done = built(plan, {"due_within_12_months": {"limit": 1, "priced": 0.4}}, cash=25, debts=debt)
    assert headroom(done, "due_within_12_months") == about({"2025Q1": -20}, abs=1e-5)
    assert done.value == about(15.5, abs=1e-5)


@pytest.mark.parametrize(
    ("limit", "units_built", "cost"),
    [(0.3, 30, 0.0), ({"limit": 0.3, "priced": 100}, 50, 5.0), ({"limit": 0.3, "priced": 400}, 30, 0.0)],
)
def test_dilution(plan: Plan, limit: Any, units_built: int, cost: float) -> None:
    """Proves: shares of 30 at 1 are 30 % of 100M: 30 units, worth 15; at 100 a year for 1.0 of dilution 20 more cost 5
    and bring 10; at 400 they cost 20. Broken: 25 for all."""
    done = built(plan, {"max_dilution": limit}, facilities={"atm": shares()})
    assert done.value == about(units_built / 2 - cost, abs=1e-5)
    if cost:
        assert headroom(done, "max_dilution") == about({"2025Q1": -0.2}, abs=1e-6)


@pytest.mark.parametrize(
    ("limit", "units_built", "cost"),
    [(0.25, 33, 0.0), ({"limit": 0.25, "priced": 0.4}, 50, 0.1 * 12.5), ({"limit": 0.25, "priced": 4}, 33, 0.0)],
)
def test_debt_over_debt_and_market_value(plan: Plan, limit: Any, units_built: int, cost: float) -> None:
    """Proves: with 100M shares at 1 debt may be a third of 100: 33 units. 50 are 12.5 above a quarter of 150. Broken:
    25 units (a quarter of market value alone), 50."""
    done = built(plan, {"debt_to_capital": limit}, facilities={"bank": loan()})
    assert done.value == about(units_built / 2 - cost, abs=1e-5)
    if cost:
        assert headroom(done, "debt_to_capital") == about({"2025Q1": -12.5}, abs=1e-5)


def test_share_of_bitcoin(plan: Plan) -> None:
    """Proves: 24 in cash and 96 in coins, of which 60 % may be coins: 24 are sold, 250 coins, which is all that
    may be. Held instead, the limit is broken by 24. Broken: 0 sold, a breach of 81.6 (coins over cash alone)."""
    more = {"finance.opening.btc": 1000, "finance.treasury": {"policy": "sell_to_fund", "min_btc": 750}}
    done = plan(firm(24, QUARTER, limits={"max_btc_share": 0.6}, more=more))
    assert row(done, "treasury", "closing_btc") == about([750], abs=1e-4)
    assert done.value == about(120, abs=1e-5)
    hold = more | {"finance.treasury": {"policy": "hold"}}
    priced = plan(firm(24, QUARTER, limits={"max_btc_share": {"limit": 0.6, "priced": 0.5}}, more=hold))
    assert headroom(priced, "max_btc_share") == about({"2025Q1": -24})
    assert priced.value == about(117)
    with pytest.raises(InfeasibleError):
        plan(firm(24, QUARTER, limits={"max_btc_share": 0.6}, more=hold))
