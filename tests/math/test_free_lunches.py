"""Gains that a plan must not find: each with the number that appears without its guard.

Most guards are rules of the model (see the tests of rules); here are those that hold through a whole case.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.math.builder import about
from tests.math.cases import case_data, solve_case

LAST = {"sign": {"from": "2025-10", "to": "2025-10"}}


def test_signing_at_the_end_for_rents_that_nobody_could_build_for(tmp_path: Path) -> None:
    """Proves: signed in the last quarter, a hall spends 20 before the horizon and 60 after it, and earns 84 later: with
    100 in hand one can be paid for (value 4), not five. Broken: 120, capex after the horizon left to nobody."""
    terms = LAST | {
        "halls": {"min": 1, "max": 5},
        "lead": "12 months",
        "capex_usd_m_per_mw_it": 8,
        "rate_usd_per_kw_month": 350,
    }
    changes = {"finance.opening.cash_usd_m": 100, "finance.limits.min_cash_usd_m": 0}
    solved = solve_case(tmp_path, case_data(changes, hall=terms))
    assert solved.decided() == [("2025-10-01", "sign", "hall", 1)]
    assert solved.value == about(100 + 4)
    assert solved.rows("cash")[-1]["minimum_usd_m"] == about(60)


def test_signing_at_the_end_is_charged_for_all_it_costs(tmp_path: Path) -> None:
    """Proves: rents of 24 after the horizon do not pay for capex of 80, of which 60 falls after it: nothing is signed.
    Broken: +4 a hall, capex cut at the horizon."""
    terms = LAST | {"lead": "12 months", "capex_usd_m_per_mw_it": 8}
    solved = solve_case(tmp_path, case_data({"finance.opening.cash_usd_m": 1000}, hall=terms))
    assert solved.decided() == []


def test_signing_for_the_prepayment_and_walking_away(tmp_path: Path) -> None:
    """Proves: half of all rent, 12, comes at once and capex of 80 after the horizon's end would never pay: nothing is
    signed. Broken: +12, a liability that ends with the horizon."""
    terms = LAST | {"prepayment": 0.5, "lead": "12 months", "capex_usd_m_per_mw_it": 8, "capex_shares": [0, 0, 0, 1]}
    solved = solve_case(tmp_path, case_data({"finance.opening.cash_usd_m": 1000}, hall=terms))
    assert solved.decided() == []
    assert solved.value == about(1000)


def test_the_credit_of_a_prepayment_outlives_the_horizon(tmp_path: Path) -> None:
    """Proves: the same contract without capex is worth its rent of 24, prepaid or not. Broken: 36."""
    terms = LAST | {"prepayment": 0.5, "lead": "12 months"}
    assert solve_case(tmp_path, case_data({}, hall=terms)).value == about(24)


def test_holding_cash_or_debt_makes_nothing(tmp_path: Path) -> None:
    """Proves: 100 borrowed at 7 % and held at a yield of 9 % are worth 0 together. Broken: 18.0 at a rate of 12 % on
    debt, more with the yield as a gain."""
    debt = {"principal_usd_m": 100, "rate": 0.07, "matures": "2030-01", "interest_every": "12 months"}
    changes = {
        "horizon.steps": ["6 years"],
        "discount": {"hosting": 0.12, "mining": 0.12, "corporate": 0.12},
        "finance.opening.cash_usd_m": 100,
        "finance.cash_yield": 0.09,
        "finance.debts": {"notes": debt},
    }
    assert solve_case(tmp_path, case_data(changes)).value == about(0)


@pytest.mark.parametrize("fee", [0.0, 0.02])
def test_a_loan_that_may_be_drawn_is_no_income(tmp_path: Path, fee: float) -> None:
    """Proves: a loan at 7 % on offer where mining is discounted at 12 % and nothing can be built adds nothing to a
    value of 100, and with a fee is not drawn. Broken: 118.0."""
    loan = {
        "kind": "term_loan",
        "window": {"from": "2025-01", "to": "2025-12"},
        "limit_usd_m": 100,
        "rate": 0.07,
        "fee": fee,
        "term": "5 years",
    }
    changes = {
        "horizon.steps": ["6 years"],
        "discount": {"hosting": 0.12, "mining": 0.12, "corporate": 0.12},
        "finance.opening.cash_usd_m": 100,
        "finance.facilities": {"loan": loan},
    }
    solved = solve_case(tmp_path, case_data(changes))
    assert solved.value == about(100)
    if fee:
        assert solved.decided() == []


def test_a_loan_that_builds_a_hall_is_worth_the_hall(tmp_path: Path) -> None:
    """Proves: with nothing in hand, a hall at 12 that brings 24 is built with a loan of at least 12 whose fee is 2 %:
    24 - 12 - 0.2449 (12 / 0.98 drawn). Broken: 12 without the fee, 0 without the loan."""
    loan = {
        "kind": "term_loan",
        "window": {"from": "2025-01", "to": "2025-12"},
        "limit_usd_m": 100,
        "rate": 0.0,
        "fee": 0.02,
        "term": "24 months",
    }
    changes = {
        "horizon.steps": ["12 quarters"],
        "finance.limits.min_cash_usd_m": 0,
        "finance.facilities": {"loan": loan},
    }
    terms = {"capex_usd_m_per_mw_it": 1.2, "term": "24 months"}
    solved = solve_case(tmp_path, case_data(changes, hall=terms))
    assert solved.value == about(24 - 12 - 0.02 * 12 / 0.98, abs=2e-6)


def test_machines_are_not_bought_to_be_sold(tmp_path: Path) -> None:
    """Proves: machines at 20 $/TH that mine nothing and sell for 95 % of a new one are not bought; the 1,000 PH/s in
    hand are sold at once for 19. Broken: bought for what is left of them at the horizon."""
    machine = {
        "efficiency_j_per_th": 16,
        "life": "5 years",
        "price_usd_per_th": 20,
        "buy": {
            "window": {"from": "2025-01", "to": "2025-12"},
            "delivery": "0 months",
            "sites": ["one"],
            "max_ph_s_per_step": 1000,
        },
        "resale": {"share": 0.95, "tiers": [{"ph_s_per_quarter": 100000, "factor": 1.0}]},
    }
    changes = {
        "finance.opening.cash_usd_m": 100,
        "machines.m16": machine,
        "sites.one.fleet": {"m16": {"ph_s": 1000}},
    }
    solved = solve_case(tmp_path, case_data(changes))
    cheap = case_data(
        changes | {"market.network.hashrate_eh_s": 90000, "market.network.hashprice_usd_per_ph_day": None}
    )
    idle = solve_case(tmp_path / "idle", cheap)
    assert idle.value == about(100 + 19)
    assert [kind for _, kind, _, _ in idle.decided()] == ["unplug", "sell"]
    assert solved.value > idle.value
