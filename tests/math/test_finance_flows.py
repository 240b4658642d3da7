"""Money through whole cases: debts, overheads, discounting, cash. Every plan is written, audited and read back."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from optimizer.errors import InfeasibleError
from tests.math.builder import about
from tests.math.cases import MINE, Solved, case_data, flat, load, solve_case

TWO_YEARS = {"horizon.steps": ["8 quarters"]}


def company(folder: Path, changes: Mapping[str, Any]) -> Solved:
    return solve_case(folder, case_data(dict(changes)))


def owing(**terms: Any) -> dict[str, Any]:
    """A company with 200 in hand and a debt of 100 at 6 % with these terms."""
    debt = {"principal_usd_m": 100, "rate": 0.06, "matures": "2026-04"} | terms
    return TWO_YEARS | {"finance.opening.cash_usd_m": 200, "finance.debts": {"notes": debt}}


def paid(solved: Solved, column: str) -> dict[str, float]:
    return {str(r["period"]): float(r[column]) for r in solved.rows("debt") if r[column]}


@pytest.mark.parametrize("steps", [["1 year"], ["4 quarters"], ["12 months"], ["1 quarter", "9 months"]])
def test_how_a_year_is_divided_changes_no_value(tmp_path: Path, steps: list[str]) -> None:
    """Proves: 100 a year at 12 % are worth 94.542, by year, by quarter and by month. Broken: 89.286 at the end of the
    year, 93.209 at the ends of quarters, 94.0 and more at the middle of months."""
    changes = {
        "horizon.steps": steps,
        "discount.corporate": 0.12,
        "finance.opening.sga_usd_m_per_quarter": 25,
    }
    assert company(tmp_path, changes).value == about(-(0.12 / 1.12) / math.log(1.12) * 100)
    assert company(tmp_path, changes).value == pytest.approx(-94.542, abs=5e-4)


@pytest.mark.parametrize(("every", "rate"), [("12 months", 0.07), ("6 months", 0.07), ("3 months", 0.13)])
def test_a_par_loan_is_worth_its_face(tmp_path: Path, every: str, rate: float) -> None:
    """Proves: 100 owed for five years at its own rate take 100 off the value, whatever the company's other rates.
    Broken: 18.024 gained at 7 % against 12 %, the pump that makes every plan borrow all it can."""
    debt = {"principal_usd_m": 100, "rate": rate, "matures": "2030-01", "interest_every": every}
    changes = {
        "horizon.steps": ["6 years"],
        "discount": {"hosting": 0.12, "mining": 0.12, "corporate": 0.12},
        "finance.opening.cash_usd_m": 200,
        "finance.debts": {"notes": debt},
    }
    solved = company(tmp_path, changes)
    assert solved.value == about(100)
    assert solved.component("debt") == about(-100)


def test_a_loan_that_runs_beyond_the_horizon_is_owed_in_full(tmp_path: Path) -> None:
    """Proves: with a horizon of a year the same loan still takes off 100. Broken: 7 or less (interest alone)."""
    debt = {"principal_usd_m": 100, "rate": 0.07, "matures": "2030-01", "interest_every": "12 months"}
    changes = {"finance.opening.cash_usd_m": 200, "finance.debts": {"notes": debt}}
    solved = company(tmp_path, changes)
    assert solved.value == about(100)
    [row] = solved.rows("value", component="debt")
    # The first payment falls on the end of the horizon, which is not inside it.
    assert row["within_horizon_usd_m"] == about(0)


def test_interest_is_paid_on_its_dates_with_what_accrued_before(tmp_path: Path) -> None:
    """Proves: maturing in April 2026, every six months: 3 in April 2025 (half of it accrued before the start), 3 in
    October, 103. Broken: 1.5 in April (accrued from the start), 1.5 a quarter, dates in January and July."""
    solved = company(tmp_path, owing())
    assert paid(solved, "interest_usd_m") == about({"2025Q2": 3, "2025Q4": 3, "2026Q2": 3})
    assert paid(solved, "principal_usd_m") == about({"2026Q2": 100})
    assert solved.column("debt", "closing_usd_m") == about([100] * 5 + [0] * 3)


def test_equal_parts(tmp_path: Path) -> None:
    """Proves: a third on each of three dates, interest 3, 2, 1. Broken: 3, 3, 3 on the opening principal."""
    solved = company(tmp_path, owing(amortisation="even"))
    assert paid(solved, "principal_usd_m") == about({"2025Q2": 100 / 3, "2025Q4": 100 / 3, "2026Q2": 100 / 3})
    assert paid(solved, "interest_usd_m") == about({"2025Q2": 3, "2025Q4": 2, "2026Q2": 1})


def test_payments_between_interest_dates(tmp_path: Path) -> None:
    """Proves: 40 repaid in July: October's interest is three months on 100 and three on 60, 2.4; 60 at the end.
    Broken: 3.0 (on the opening of the period), 1.8 (on its close)."""
    solved = company(tmp_path, owing(amortisation={"2025-07": 40}))
    assert paid(solved, "principal_usd_m") == about({"2025Q3": 40, "2026Q2": 60})
    assert paid(solved, "interest_usd_m") == about({"2025Q2": 3, "2025Q4": 2.4, "2026Q2": 1.8})


def test_a_payment_on_the_first_of_a_quarter_is_that_quarters(tmp_path: Path) -> None:
    """Proves: due on 1 April it is out of the cash at the end of June, not of March. Broken: 197 in March."""
    solved = company(tmp_path, owing())
    assert solved.column("cash", "closing_usd_m")[:2] == about([200, 197])


def test_interest_on_cash_adds_no_value(tmp_path: Path) -> None:
    """Proves: 100 at 4 % are 101 after a quarter and 104.06 after a year, and worth 100. Broken: a value of 104.06;
    104 without interest on interest."""
    changes = {"finance.opening.cash_usd_m": 100, "finance.cash_yield": 0.04, "discount.corporate": 0.12}
    solved = company(tmp_path, changes)
    assert solved.column("cash", "closing_usd_m") == about([100 * 1.01**k for k in (1, 2, 3, 4)])
    assert solved.value == about(100)


def test_overheads_rise_on_the_anniversary_of_the_start(tmp_path: Path) -> None:
    """Proves: from a start in April, 6 a quarter until March and 6.6 from then. Broken: 6.6 in January."""
    changes = {
        "horizon": {"start": "2025-04", "steps": ["5 quarters"]},
        "finance.opening.sga_usd_m_per_quarter": 6,
        "finance.opening.sga_growth": 0.1,
        "sites.one.operating_cost_usd_m_per_year": 4,
    }
    solved = company(tmp_path, changes)
    assert solved.column("cash", "sga_usd_m") == about([-6, -6, -6, -6, -6.6])
    assert solved.column("cash", "site_cost_usd_m") == about([-1] * 5)
    assert solved.value == about(-30.6 - 5)


def test_bitcoin_sold_at_the_start_moves_cash_and_no_value(tmp_path: Path) -> None:
    """Proves: 500 coins at 96,000 are 48 of value, held or sold. Broken: 96 if counted as coins and as cash."""
    kept = company(tmp_path / "kept", {"finance.opening.btc": 500})
    sold = company(tmp_path / "sold", {"finance.opening.btc": 500, "finance.treasury": {"policy": "sell_all"}})
    assert kept.value == about(48)
    assert sold.value == about(48)
    assert kept.column("cash", "closing_usd_m")[0] == about(0)
    assert sold.column("cash", "closing_usd_m")[0] == about(48)
    assert sold.column("treasury", "closing_btc")[0] == about(0)


def test_each_class_has_its_own_rate(tmp_path: Path) -> None:
    """Proves: on the instant of a year, 21 due on machines at 5 %, a residual of 30 at 20 % (or at the offer's own
    50 %): -20 + 25 and -20 + 20. Broken: one rate for all, 9 (no discounting)."""
    case = {
        "horizon.steps": ["8 quarters"],
        "discount": {"hosting": 0.2, "mining": 0.05, "corporate": 0.9},
        "sites.one.energised_mw": {"2025-01": 15},
        "sites.one.arriving": {"m16": {"ph_s": 0.001, "on": "2026-01", "due_usd_m": 21}},
        "machines.m16.efficiency_j_per_th": 200,
        "market.network.pool_fee": 0.999,
    }
    terms = {
        "lead": "0 months", "term": "12 months", "rate_usd_per_kw_month": 1e-6, "residual_usd_m_per_mw_it": 3,
    }  # fmt: skip
    solved = solve_case(tmp_path / "class", case_data(case, hall=terms))
    assert solved.value == about(-20 + 25, abs=1e-6)
    own = solve_case(tmp_path / "own", case_data(case, hall=terms | {"discount": 0.5}))
    assert own.value == about(-20 + 20, abs=1e-6)


def test_mining_is_discounted_as_it_accrues(tmp_path: Path) -> None:
    """Proves: 31 days of a mine at 12 % a year, in the second month: times (e^(-r/12) - e^(-2r/12)) x 12 / r. Broken:
    1.0, or the factor of the month's first day."""
    changes = MINE | {"horizon": {"start": "2025-06", "steps": ["2 months"]}, "discount.mining": 0.12}
    solved = solve_case(tmp_path, case_data(changes), flat(40))
    rho = math.log(1.12)
    factors = [(math.exp(-rho * k / 12) - math.exp(-rho * (k + 1) / 12)) * 12 / rho for k in (0, 1)]
    assert solved.value == about(24 * 0.060 * (30 * factors[0] + 31 * factors[1]))


def test_the_same_flows_at_one_rate(tmp_path: Path) -> None:
    """Proves: at the WACC overheads of 100 a year are worth 94.542 though they count undiscounted in the value; cash is
    worth what it is. Broken: 100, or cash discounted."""
    changes = {
        "discount.wacc": 0.12,
        "finance.opening.sga_usd_m_per_quarter": 25,
        "finance.opening.cash_usd_m": 200,
    }
    solved = company(tmp_path, changes)
    [total] = solved.rows("value", component="total")
    assert total["total_usd_m"] == about(100)
    assert total["at_wacc_usd_m"] == pytest.approx(200 - 94.542, abs=5e-4)
    assert solved.result.measures.value_usd_per_share == about(1.0)


def test_minimum_cash_limits_the_halls_of_a_case(tmp_path: Path) -> None:
    """Proves: with 100 in hand and 20 to keep, two halls are built that cost 30 each before their first rent: 2 x (24 -
    30 + 20) = 28. Broken: 70 with five; 42 with three (the minimum forgotten)."""
    terms = {"halls": {"min": 1, "max": 5}, "capex_usd_m_per_mw_it": 3, "residual_usd_m_per_mw_it": 2}
    changes = {"finance.opening.cash_usd_m": 100, "finance.limits.min_cash_usd_m": 20}
    solved = solve_case(tmp_path, case_data(changes, hall=terms))
    assert solved.decided() == [("2025-01-01", "sign", "hall", 2)]
    assert solved.value == about(100 + 28)
    assert solved.rows("limits", limit="min_cash")[0]["headroom"] == about(100 - 60 - 20)


def test_a_case_without_a_plan_says_by_how_much(tmp_path: Path) -> None:
    """Proves: 12 in hand, 30 of overheads, 20 to keep: short by 38 in the last quarter, and nothing is written.
    Broken: 18, or a plan."""
    changes = {
        "horizon.steps": ["1 quarter"],
        "finance.opening": {"cash_usd_m": 12, "shares_m": 1, "share_price_usd": 1, "sga_usd_m_per_quarter": 30},
        "finance.limits.min_cash_usd_m": 20,
    }
    with pytest.raises(InfeasibleError, match=r"minimum cash at the end of 2025Q1 would have to give by 38\.00 USD m"):
        company(tmp_path, changes)
    assert not (tmp_path / "plan").exists()


def test_loading_leaves_the_data_as_they_are(tmp_path: Path) -> None:
    """Proves: two loads of the same data make the same case. Broken: the first changes what the second reads."""
    data = case_data(owing())
    before = repr(data)
    assert load(tmp_path, data).case == load(tmp_path, data).case
    assert repr(data) == before
