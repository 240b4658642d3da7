"""Balances that move by period: a credit line, a line on bitcoin, a loan with a cash sweep."""

from __future__ import annotations

from typing import Any

import pytest

from tests.capital.builder import Plan, decided, firm, flows, laid_down, lease, line, of_debt, project, row, window
from tests.math.builder import about

V = 1 / 1.01
"""A month at 12 % a year."""


def test_fee_interest_and_undrawn_fee_of_a_line(plan: Plan) -> None:
    """Proves: 50 committed for 2025 at 1 %, 40 owed in the second quarter at 12 %: 0.5 at once, 1.2 % a year on what is
    not drawn (0.05 a month, 0.01 while 40 are owed), interest 1.2. The interest is no loss of value, the fees at the
    line's own rate are: 0.948574. Broken: 0.98 (fees not discounted), 0.6 a year on all, 2.15 with interest."""
    terms = line(rate=0.12, fee=0.01, undrawn_fee=0.012)
    given = laid_down(commit={"line": {"2025-01": 50}}, draw={"line": {"2025-04": 40}}, repay={"line": {"2025-07": 40}})
    done = plan(firm(10, facilities={"line": terms}, given=given))
    assert flows(done, "fees") == about([-0.65, -0.03, -0.15, -0.15])
    assert flows(done, "interest") == about([0, -1.2, 0, 0])
    assert flows(done, "drawn") == about([0, 40, 0, 0])
    assert flows(done, "principal") == about([0, 0, -40, 0])
    assert of_debt(done, "closing", "line") == about([0, 40, 0, 0])
    undrawn = 0.05 * (V + V**2 + V**3) + 0.01 * (V**4 + V**5 + V**6) + 0.05 * sum(V**k for k in range(7, 13))
    assert done.component("financing") == about(-0.5 - undrawn)
    assert done.component("financing") == about(-0.9485742)


@pytest.mark.parametrize(("last", "value"), [("2025-12", 5.0), ("2025-09", 5.0), ("2025-06", 0.0)])
def test_a_line_is_repaid_when_its_window_ends(plan: Plan, last: str, value: float) -> None:
    """Proves: 40 in April that come back in October: bridged by a line until September (repaid on 1 October), not by
    one until June, which is repaid on 1 July. Broken: 5 for all three."""
    offers = {"works": project(40, 45, "6 months", at="2025-04")}
    done = plan(firm(0, facilities={"line": line(window=window("2025-01", last))}, offers=offers))
    assert done.value == about(value, abs=1e-6)


def test_the_end_of_the_horizon_is_not_borrowed_against(plan: Plan) -> None:
    """Proves: a project of 40 in the last quarter brings 60 later: with a line that is worth 20 less its fee of 1 % on
    40, whoever repays it; without a project nothing is committed. Broken: 60 and 100, what is owed at the horizon
    forgotten."""
    terms = {"line": line(fee=0.01, window=window("2025-10", "2026-12"))}
    offers = {"works": project(40, 60, at="2025-10")}
    done = plan(firm(0, facilities=terms, offers=offers))
    # The fee is drawn too: C = 40 + 0.01 C.
    assert done.value == about(20 - 0.4 / 0.99, abs=1e-6)
    assert of_debt(done, "closing", "line")[-1] == about(40 / 0.99, abs=1e-5)
    idle = plan(firm(7, facilities=terms))
    assert idle.value == about(7)
    assert idle.decided() == []


FALLING = {"market.network.btc_growth": -0.9375, "finance.opening.btc": 1000, "finance.treasury": {"policy": "hold"}}
"""1,000 coins at 96,000, which lose half of their price every quarter."""


def pledge(**more: Any) -> dict[str, Any]:
    terms = {"kind": "btc_line", "limit_usd_m": 100, "rate": 0.0, "ltv_at_draw": 0.5, "ltv_call": 0.8}
    return {**terms, "window": window("2025-01", "2025-12"), **more}


@pytest.mark.parametrize(
    ("need", "after", "stress", "built"),
    [
        (38.39, "3 months", 0.0, True),
        (38.41, "3 months", 0.0, False),
        (38.39, "6 months", 0.0, False),
        (19.19, "6 months", 0.0, True),
        (19.21, "6 months", 0.0, False),
        (19.19, "3 months", 0.5, True),
        (19.21, "3 months", 0.5, False),
    ],
)
def test_a_line_on_bitcoin_is_repaid_before_its_trigger(
    plan: Plan, need: float, after: str, stress: float, built: bool
) -> None:
    """Proves: coins of 96 lend 48 at draw, but their price will be half by the end of the quarter, where 0.8 of 48 =
    38.4 may be owed, and 19.2 a quarter later: what a project returns after three months may be 38.4, after six 19.2;
    with a stress of a half, 19.2. Broken: 48 in all cases (no call on the path), liquidated in March."""
    offers = {"works": project(need, need + 5, after)}
    done = plan(firm(0, facilities={"coins": pledge(stress=stress)}, offers=offers, more=FALLING))
    assert done.value == about(96 + (5 if built else 0), abs=1e-5)
    if built:
        owed, coins = of_debt(done, "closing", "coins"), row(done, "limits", "used", limit="btc_pledged")
        assert owed[0] == about(need, abs=0.01)
        assert all(b <= 1000 * 0.8 * 0.096 / 2 ** (n + 1) * (1 - stress) + 1e-6 for n, b in enumerate(owed))
        assert max(coins) <= 1000 + 1e-6
        due = "2025-04-01" if after == "3 months" else "2025-07-01"
        assert decided(done, "repay")[(due, "coins")] == about(need, abs=0.01)


def test_a_pledged_coin_is_not_sold(plan: Plan) -> None:
    """Proves: coins of 96 bring 96 when sold; each dollar owed keeps two dollars of coins: 90 can be had, 100 cannot: a
    project that needs 100 is not built: 96. Broken: 106, up to 144 from the same coins."""
    more = {"finance.opening.btc": 1000, "finance.treasury": {"policy": "sell_to_fund"}}
    facilities = {"coins": pledge()}
    offers = {"works": project(100, 110)}
    assert plan(firm(0, facilities=facilities, offers=offers, more=more)).value == about(96, abs=1e-5)
    offers = {"works": project(90, 100)}
    assert plan(firm(0, facilities=facilities, offers=offers, more=more)).value == about(106, abs=1e-5)


def test_a_sweep_takes_its_share_of_the_cash(plan: Plan) -> None:
    """Proves: 60 owed, 30 a quarter, a quarter of all cash above 10 repaid: cash of 40, 62.5, 79.375 at the ends of
    quarters means 7.5, 13.125 and 17.34375 repaid. So 92.03125 are there at the year's end if nothing more is repaid:
    a project of that in October is built, one of 92.04 is not. Broken: 130 (nothing swept), 70 (all repaid), 86.25
    (swept on cash above 0)."""

    def swept(cost: float) -> Any:
        loan = {"kind": "sweep_loan", "window": window(), "limit_usd_m": 60, "rate": 0.0, "matures": "2026-12"}
        offers = {"first": project(60, 60, "36 months"), "works": project(cost, cost + 5, at="2025-10")}
        given = {"sign": {"first": {"date": "2025-01", "halls": 1}}}
        facilities = {"sweep": loan | {"sweep": 0.25, "above_usd_m": 10}}
        return plan(firm(10, facilities=facilities, offers=offers, leases={"rent": lease(10)}, given=given))

    built = swept(92.03125)
    assert built.value == about(10 + 120 + 5, abs=1e-5)
    assert flows(built, "principal") == about([0, -7.5, -13.125, -17.34375], abs=1e-5)
    assert of_debt(built, "closing", "sweep") == about([60, 52.5, 39.375, 22.03125], abs=1e-5)
    assert swept(92.04).value == about(130, abs=1e-5)


def test_a_sweep_ends_when_all_is_repaid(plan: Plan) -> None:
    """Proves: with all cash swept, 20 owed and 30 earned from April to June, 20 are repaid by July and no more. Broken:
    30 or more repaid, or nothing at all."""
    loan = {"kind": "sweep_loan", "window": window(), "limit_usd_m": 20, "rate": 0.0, "matures": "2026-12", "sweep": 1}
    offers = {"first": project(20, 25, "36 months")}
    rent = {"rent": lease(10, first="2025-04")}
    done = plan(firm(0, facilities={"sweep": loan}, offers=offers, leases=rent))
    assert of_debt(done, "closing", "sweep")[2:] == about([0, 0], abs=1e-5)
    assert sum(flows(done, "principal")) == about(-20, abs=1e-5)
    assert done.value == about(125)


def test_a_sweep_loan_is_repaid_when_it_matures(plan: Plan) -> None:
    """Proves: without sweep 20 are owed until October, and then not: a project that needs them to December is not
    built. Broken: 5 (the loan goes on)."""
    loan = {"kind": "sweep_loan", "window": window(), "limit_usd_m": 20, "rate": 0.0, "matures": "2025-10", "sweep": 0}

    def bridged(after: str) -> float:
        return plan(firm(0, facilities={"l": loan}, offers={"works": project(20, 25, after)})).value

    assert bridged("9 months") == about(5)
    assert bridged("12 months") == about(0)
