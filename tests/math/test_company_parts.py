"""Contracts that run, joint ventures, purchases, builds, bitcoin and tax, through whole cases without discounting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.math.builder import about
from tests.math.cases import MINE, OFFER, case_data, flat, solve_case

ONE_MONTH = {"horizon.steps": ["1 month"]}
BUY: dict[str, Any] = {
    "window": {"from": "2025-01", "to": "2025-01"},
    "delivery": "3 months",
    "sites": ["one"],
    "max_ph_s_per_step": 1000,
}


def test_a_lease_that_runs_is_no_decision(tmp_path: Path) -> None:
    """Proves: ten MW since July 2024 for two years bring 18 from January 2025 on, less a credit of 3 still owed: 15.
    Broken: 24 (rent that is past), 18 (the tenant's money forgotten)."""
    drop = ("sites", "hall_mw_it", "halls", "sign", "lead", "capex_usd_m_per_mw_it")
    lease = {key: value for key, value in OFFER.items() if key not in drop}
    lease |= {"site": "one", "it_mw": 10, "first_rent": "2024-07", "prepayment_left_usd_m": 3}
    solved = solve_case(tmp_path, case_data({"leases": {"tenant": lease}}))
    assert solved.value == about(15)
    assert solved.decided() == []
    assert solved.column("hosting", "credit_usd_m") == about([0.5] * 4)


def test_half_of_a_joint_venture(tmp_path: Path) -> None:
    """Proves: of a mine that earns 60 an hour on 1,000 MW a half share has half the dollars and coins; MWh are those of
    the whole site. Broken: 44.64, or half of the MWh."""
    solved = solve_case(tmp_path, case_data(MINE | ONE_MONTH | {"sites.one.share": 0.5}), flat(40))
    [row] = solved.rows("mining")
    assert solved.value == about(744 * 60 * 1000 / 1e6 / 2)
    assert row["btc"] == about(31 * 50000 * 0.0005 / 2)
    assert row["mwh"] == about(744 * 1000)


def test_machines_that_are_bought_mine_from_delivery_on(tmp_path: Path) -> None:
    """Proves: 1,000 PH/s (20 MW) at 1 $/TH cost 1 in January and mine from April on, 275 days at 60 an hour: 6.92.
    Broken: 9.51 (mining from the order), 7.92 (not paid), 0."""
    changes = {"machines.m16": {"efficiency_j_per_th": 16, "price_usd_per_th": 1, "buy": BUY}}
    solved = solve_case(tmp_path, case_data(changes), flat(40))
    assert solved.value == about(275 * 24 * 60 * 20 / 1e6 - 1)
    assert [(kind, amount) for _, kind, _, amount in solved.decided()] == [("buy", about(1000, abs=1e-3))]
    dear = {"machines.m16": {"efficiency_j_per_th": 16, "price_usd_per_th": 8, "buy": BUY}}
    assert solve_case(tmp_path / "dear", case_data(dear), flat(40)).decided() == []


def test_a_build_that_lets_a_hall_in(tmp_path: Path) -> None:
    """Proves: a connection of 15 MW for 4, ready after three months, just in time for a hall worth 24: 20. With a
    lead of six months it comes too late for it. Broken: 24, or 20 for both."""
    build = {
        "window": {"from": "2025-01", "to": "2025-01"}, "lead": "3 months", "energised_mw": 15, "cost_usd_m": 4,
    }  # fmt: skip
    case: dict[str, Any] = {"sites.one.energised_mw": 0, "sites.one.builds": {"phase": build}}
    assert solve_case(tmp_path / "in time", case_data(case, hall={})).value == about(20)
    late = case | {"sites.one.builds": {"phase": build | {"lead": "6 months"}}}
    assert solve_case(tmp_path / "late", case_data(late, hall={})).value == about(0)


def test_coins_that_are_kept_are_no_cash(tmp_path: Path) -> None:
    """Proves: of 775 coins worth 74.4 three fifths are sold: 44.64 in cash, 310 coins in stock, 74.4 of value. Broken:
    119.04 (coins and cash), 44.64 of value."""
    changes = {"finance.treasury": {"policy": "sell_share", "share": 0.6}}
    solved = solve_case(tmp_path, case_data(MINE | ONE_MONTH | changes), flat(0))
    assert solved.value == about(74.4)
    assert solved.column("cash", "closing_usd_m") == about([44.64])
    assert solved.column("treasury", "closing_btc") == about([310])


def test_tax_of_a_year(tmp_path: Path) -> None:
    """Proves: a fifth of a year's 525.6 less overheads of 25.6 is paid in the last quarter: 100. Broken: 105.12 without
    the overheads, or 25 a quarter."""
    changes = MINE | {"finance.cash_tax_rate": 0.2, "finance.opening.sga_usd_m_per_quarter": 6.4}
    solved = solve_case(tmp_path, case_data(changes), flat(40))
    assert solved.value == about(400)
    assert solved.column("cash", "tax_usd_m") == about([0, 0, 0, -100])
