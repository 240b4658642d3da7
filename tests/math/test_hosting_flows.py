"""What a hosting contract brings and costs, through whole cases, without discounting.

The hall has 10 MW IT, reserves 15 MW, uses 9.6 MW, is signed in January 2025 and pays 1 USD m a month from April 2025
to March 2027. Every plan is written, audited and read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.math.builder import about
from tests.math.cases import CASE, FLAT_50, MINE, Price, Solved, case_data, daily, solve_case

THREE_YEARS = {"horizon.steps": ["12 quarters"]}
HOURS_2025Q2 = (30 + 31 + 30) * 24


def lease(
    folder: Path, terms: Mapping[str, Any] | None = None, case: Mapping[str, Any] | None = None, price: Price = FLAT_50
) -> Solved:
    """Solve with one offer, which is laid down to be signed with its most halls, over three years."""
    most = (terms or {}).get("halls", {"max": 1})["max"]
    changes = THREE_YEARS | {"given.sign.hall": {"halls": most}} | dict(case or {})
    return solve_case(folder, case_data(changes, hall=dict(terms or {})), price)


def by_quarter(solved: Solved, column: str) -> list[float]:
    return [float(x) for x in solved.column("hosting", column)]


def test_rent_of_a_plain_contract(tmp_path: Path) -> None:
    """Proves: eight quarters at 3, the first after the lead. Broken: 36 in all (rent from the signature), 0.3 a quarter
    (kW for MW), 4.5 (rent on reserved MW)."""
    solved = lease(tmp_path)
    assert by_quarter(solved, "rent_usd_m") == about([0] + [3] * 8 + [0] * 3)
    assert solved.value == about(24)


def test_a_ramp_is_an_integral(tmp_path: Path) -> None:
    """Proves: over a ramp of six months rent is 0.75 and 2.25, then 3. Broken: 0 and 0 (all at its end), 1.0 and 2.5
    (by whole months), 1.5 and 1.5 (half)."""
    rent = by_quarter(lease(tmp_path, {"ramp": "6 months"}), "rent_usd_m")
    assert rent[1:4] == about([0.75, 2.25, 3])


def test_rent_rises_on_the_anniversary_of_the_first_rent(tmp_path: Path) -> None:
    """Proves: first rent in May 2025, 10 % a year: the second quarter of 2026 has one month at 1 and two at 1.1.
    Broken: 3.3 in 2026Q1 (calendar years, or years from signature), 3.3 in 2026Q2."""
    rent = by_quarter(lease(tmp_path, {"lead": "4 months", "escalator": 0.1}), "rent_usd_m")
    assert rent == about([0, 2, 3, 3, 3, 3.2, 3.3, 3.3, 3.3, 1.1, 0, 0])


def test_a_lead_is_a_date_and_not_a_number_of_periods(tmp_path: Path) -> None:
    """Proves: steps of 6, 12 and 12 months, a lead of 15 months, 12 a year: rent 0, 3, 12 = 15. Broken: 24 (the lag
    rounded down to a step), 12 (rounded up), 0 (five steps)."""
    case = {"horizon.steps": ["2 quarters", "2 years"]}
    solved = lease(tmp_path, {"lead": "15 months", "term": "60 months"}, case)
    rent = by_quarter(solved, "rent_usd_m")
    assert (sum(rent[:2]), sum(rent[2:6]), sum(rent[6:10])) == about((0, 3, 12))


def test_operating_cost_has_its_own_escalator_and_no_ramp(tmp_path: Path) -> None:
    """Proves: 0.3 a MW IT and year are 0.75 a quarter from the first rent, ramp or not, and 0.825 in the second year.
    Broken: 0.1875 in the first quarter (ramped), 1.125 (on reserved MW)."""
    terms = {
        "operating_cost_usd_m_per_mw_it_year": 0.3,
        "operating_cost_escalator": 0.1,
        "escalator": 0.5,
        "ramp": "6 months",
    }
    cost = by_quarter(lease(tmp_path, terms), "operating_cost_usd_m")
    assert cost == about([0] + [0.75] * 4 + [0.825] * 4 + [0] * 3)


def test_capex_is_spent_by_its_shares(tmp_path: Path) -> None:
    """Proves: 10 MW at 8 and a contingency of a quarter are 100; over six months by [1, 2] 33.33 and 66.67. Broken: 80,
    120 (on reserved MW), 50 and 50, all of it at signature."""
    terms = {
        "capex_usd_m_per_mw_it": 8, "contingency": 0.25, "lead": "6 months", "capex_shares": [1, 2],
    }  # fmt: skip
    solved = lease(tmp_path, terms)
    assert by_quarter(solved, "capex_usd_m")[:3] == about([100 / 3, 200 / 3, 0])
    assert solved.value == about(24 - 100)


def test_stretches_of_capex_need_not_be_quarters(tmp_path: Path) -> None:
    """Proves: [1, 2, 2, 1] over 15 months are stretches of 3.75 months: 13.33, 23.33, 26.67, 23.33, 13.33. Broken:
    16.67, 33.33, 33.33, 16.67, 0 (one stretch a quarter)."""
    terms = {"capex_usd_m_per_mw_it": 10, "lead": "15 months", "capex_shares": [1, 2, 2, 1]}
    capex = by_quarter(lease(tmp_path, terms), "capex_usd_m")
    assert capex[:6] == about([40 / 3, 70 / 3, 80 / 3, 70 / 3, 40 / 3, 0])


def test_without_a_lead_capex_is_due_at_signature(tmp_path: Path) -> None:
    """Proves: 100 at the signature, rent from the same day. Broken: capex lost (a spread over nothing)."""
    solved = lease(tmp_path, {"capex_usd_m_per_mw_it": 10, "lead": "0 months"})
    assert by_quarter(solved, "capex_usd_m")[:2] == about([100, 0])
    assert solved.value == about(24 - 100)


def test_a_prepayment_is_a_loan_from_the_tenant(tmp_path: Path) -> None:
    """Proves: a quarter of all rent, 6, comes at signature and goes back evenly over the term: 0.75 a quarter; without
    discounting it is worth nothing. Broken: 30 (never credited), 1.5 a quarter (over a year)."""
    solved = lease(tmp_path, {"prepayment": 0.25})
    assert by_quarter(solved, "prepayment_usd_m") == about([6] + [0] * 11)
    assert by_quarter(solved, "credit_usd_m") == about([0] + [0.75] * 8 + [0] * 3)
    assert solved.value == about(24)


def test_a_prepayment_is_credited_over_the_time_agreed(tmp_path: Path) -> None:
    """Proves: over twelve months 1.5 a quarter, on the rent with its escalator: (12 + 13.2) / 4 = 6.3 in all. Broken: 6
    (a quarter of the first year's rent twice)."""
    terms = {"prepayment": 0.25, "prepayment_credited_over": "12 months", "escalator": 0.1}
    solved = lease(tmp_path, terms)
    assert by_quarter(solved, "prepayment_usd_m")[0] == about(6.3)
    assert by_quarter(solved, "credit_usd_m") == about([0] + [6.3 / 4] * 4 + [0] * 7)
    assert solved.value == about(25.2)


def test_what_a_hall_is_worth_at_the_end_of_its_term(tmp_path: Path) -> None:
    """Proves: 2 a MW IT come when the term ends, in 2027Q2: 20, once. Broken: 30 (reserved MW), 20 at the horizon."""
    solved = lease(tmp_path, {"residual_usd_m_per_mw_it": 2})
    assert by_quarter(solved, "residual_usd_m") == about([0] * 9 + [20, 0, 0])
    assert solved.value == about(44)


def test_rent_after_the_horizon_counts(tmp_path: Path) -> None:
    """Proves: with a horizon of a year 9 of rent fall in it and 15 and the residual of 20 after it. Broken: 9."""
    solved = lease(tmp_path, {"residual_usd_m_per_mw_it": 2}, {"horizon.steps": ["4 quarters"]})
    [row] = solved.rows("value", component="hosting: hall")
    assert row["within_horizon_usd_m"] == about(9)
    assert row["beyond_horizon_usd_m"] == about(35)
    assert solved.value == about(44)


def test_the_operator_buys_power_in_every_hour(tmp_path: Path) -> None:
    """Proves: 9.6 MW at 20, 60, 100, 150, -10 and 19 hours at 1,000 cost 9.6 x 19,320 a day, whatever a miner would do.
    Broken: 0.6 a day with the hours above 100 left out, 15 x 19,320 on reserved MW, 8 x 19,320 without the PUE."""
    price = daily({0: 20, 1: 60, 2: 100, 3: 150, 4: -10})
    solved = lease(tmp_path, {"power": {"paid_by": "operator"}, "rate_usd_per_kw_month": 10000}, price=price)
    cost = by_quarter(solved, "power_cost_usd_m")
    assert cost[0] == 0
    assert cost[1] == about(91 * 9.6 * 19320 / 1e6)
    assert by_quarter(solved, "power_recovered_usd_m") == about([0] * 12)
    assert by_quarter(solved, "noi_usd_m")[1] == about(300 - 91 * 9.6 * 19320 / 1e6)


def test_adder_and_losses_are_on_the_power_of_halls(tmp_path: Path) -> None:
    """Proves: (50 + 5) x 1.25 = 68.75 a MWh. Broken: 50, 67.5."""
    case = {"sites.one.power": {"market": "hub", "adder_usd_per_mwh": 5, "losses": 0.25}}
    solved = lease(tmp_path, {"power": {"paid_by": "operator"}}, case)
    assert by_quarter(solved, "power_cost_usd_m")[1] == about(HOURS_2025Q2 * 9.6 * 68.75 / 1e6)


def test_a_fixed_price_leaves_the_difference_with_the_operator(tmp_path: Path) -> None:
    """Proves: bought at 50, paid by the tenant at 45, each MWh of 9.6 MW loses 5. Broken: 0 (passed through), -50."""
    solved = lease(tmp_path, {"power": {"paid_by": "tenant", "price_usd_per_mwh": 45}}, price=daily({}, 50))
    energy = HOURS_2025Q2 * 9.6 / 1e6
    assert by_quarter(solved, "power_recovered_usd_m")[1] == about(energy * 45)
    assert by_quarter(solved, "noi_usd_m")[1] == about(3 - energy * 5)


def test_power_that_the_tenant_pays_nets_to_nothing(tmp_path: Path) -> None:
    """Proves: the same cost comes back, and the value is that of the rent. Broken: 22.9, the cost kept."""
    solved = lease(tmp_path)
    cost = by_quarter(solved, "power_cost_usd_m")
    assert cost[1] == about(HOURS_2025Q2 * 9.6 * 50 / 1e6)
    assert by_quarter(solved, "power_recovered_usd_m") == about(cost)
    assert solved.value == about(24)


def test_a_hall_reserves_gross_and_uses_what_it_uses(tmp_path: Path) -> None:
    """Proves: 15 MW reserved from the first rent, 10 x 0.8 x 1.2 = 9.6 MW used. Broken: 14.4 (utilisation on the
    reserve), 12 used (without utilisation), 8 (without the PUE)."""
    solved = lease(tmp_path)
    rows = solved.rows("allocation", use="hosting")
    assert [row["meter_mw"] for row in rows] == about([15] * 8)
    assert rows[0]["it_mw"] == about(10)
    assert rows[0]["mwh"] == about(9.6 * HOURS_2025Q2)
    assert rows[0]["period"] == "2025Q2"


def test_a_signature_costs_once(tmp_path: Path) -> None:
    """Proves: three halls, one signature at 2: 70. Broken: 66, the cost per hall."""
    solved = lease(tmp_path, {"halls": {"min": 1, "max": 3}, "signing_cost_usd_m": 2})
    assert by_quarter(solved, "signing_cost_usd_m")[0] == 2
    assert solved.value == about(3 * 24 - 2)


def test_a_contract_that_ends_gives_its_megawatts_back(tmp_path: Path) -> None:
    """Proves: on 15 MW a second contract of the same size begins on the day the first ends: 6 + 6. Broken: 6 (megawatts
    kept for good), 12 with both at once if they were never taken."""
    first = {"term": "6 months"}
    second = {"term": "6 months", "sign": {"from": "2025-07", "to": "2025-07"}}
    data = case_data(THREE_YEARS | {"sites.one.energised_mw": 15}, a=first, b=second)
    solved = solve_case(tmp_path, data)
    assert solved.value == about(12)
    assert [row["meter_mw"] for row in solved.rows("allocation", use="hosting")] == about([15] * 4)
    early = case_data(THREE_YEARS | {"sites.one.energised_mw": 15}, a=first, b=first)
    assert solve_case(tmp_path / "early", early).value == about(6)


def test_halls_that_fit_by_what_they_reserve(tmp_path: Path) -> None:
    """Proves: 207 MW hold five halls of 24 MW IT that reserve 34.8 MW each, though eight would use less. Broken: 8 by
    IT MW or by use (24 x 0.8 x 1.2 = 23 MW), 5.95 in parts."""
    terms = {"hall_mw_it": 24, "gross_per_it": 1.45, "halls": {"min": 1, "max": 8}}
    data = case_data({"sites.one.energised_mw": 207}, hall=terms)
    solved = solve_case(tmp_path, data)
    assert solved.decided() == [("2025-01-01", "sign", "hall", 5)]
    assert solved.rows("decisions")[0]["meter_mw"] == about(174)


def test_a_conversion_takes_the_buildings_at_signature(tmp_path: Path) -> None:
    """Proves: with 1,000 MW of machines in 1,000 MW of buildings, a hall that takes 15 MW of them clears 750 PH/s on
    the day of the signature. Broken: cleared with the first rent (April), 480 PH/s by MW in use, nothing."""
    terms = {"takes": "mining_shell", "term": "60 months"}
    data = case_data(MINE | THREE_YEARS | {"sites.one.energised_mw": 2000}, hall=terms)
    solved = solve_case(tmp_path, data)
    kinds = [(date, item, amount) for date, kind, item, amount in solved.decided() if kind != "sign"]
    assert kinds == [("2025-01-01", "one.m16", about(750, abs=1e-3))]
    assert solved.rows("limits", limit="mining_shell")[0]["used"] == about(1000)


def test_a_conversion_may_leave_the_mine_alone_for_a_while(tmp_path: Path) -> None:
    """Proves: with the buildings given up after three months the machines mine until April. Broken: cleared in
    January."""
    terms = {"takes": "mining_shell", "space_taken_after": "3 months", "term": "60 months"}
    solved = solve_case(tmp_path, case_data(MINE | THREE_YEARS, hall=terms))
    dates = [date for date, kind, _, _ in solved.decided() if kind != "sign"]
    assert dates == ["2025-04-01"]


def test_power_that_no_mine_uses_needs_no_building(tmp_path: Path) -> None:
    """Proves: 15 MW free beside the mine take a hall, and no machine moves. Broken: 750 PH/s cleared."""
    solved = solve_case(tmp_path, case_data(MINE | THREE_YEARS | {"sites.one.energised_mw": 1015}, hall={}))
    assert solved.decided() == [("2025-01-01", "sign", "hall", 1)]


def test_megawatts_that_come_inside_a_quarter(tmp_path: Path) -> None:
    """Proves: a site energised in mid-May 2025 cannot feed a hall in April; the contract is signed in April for July,
    though with discounting January would be better. Broken: signed in January (looked at the end of the quarter)."""
    case = {"sites.one.energised_mw": {"2025-05-15": 15}, "discount.hosting": 0.1}
    window = {"sign": {"from": "2025-01", "to": "2025-12"}}
    solved = solve_case(tmp_path, case_data(THREE_YEARS | case, hall=window))
    assert solved.decided() == [("2025-04-01", "sign", "hall", 1)]
    early = case | {"sites.one.energised_mw": {"2025-04-01": 15}}
    assert solve_case(tmp_path / "early", case_data(THREE_YEARS | early, hall=window)).decided()[0][0] == "2025-01-01"


def test_megawatts_that_go_inside_a_quarter(tmp_path: Path) -> None:
    """Proves: a connection that falls from 15 to 10 MW in May 2026 holds no hall until March 2027: nothing is signed.
    Broken: signed."""
    case = {"sites.one.energised_mw": {"2020-01": 15, "2026-05-15": 10}}
    assert solve_case(tmp_path, case_data(THREE_YEARS | case, hall={})).decided() == []


@pytest.mark.parametrize(("group", "value"), [(None, 24 + 12), ("tenant", 24)])
def test_offers_of_one_tenant(tmp_path: Path, group: str | None, value: float) -> None:
    """Proves: offers at 100 and at 50 $ are worth 36, and 24 if they are one tenant's. Broken: 36."""
    shared = {} if group is None else {"group": group}
    data = case_data(THREE_YEARS, a=shared, b={"rate_usd_per_kw_month": 50} | shared)
    assert solve_case(tmp_path, data).value == about(value)


def test_an_offer_at_two_sites_is_signed_at_the_better(tmp_path: Path) -> None:
    """Proves: the operator pays 50 at one site and 30 at the other: signed there, once. Broken: 34 or more (twice), or
    the first site."""
    case = {"sites.two": CASE["sites"]["one"] | {"power": {"market": "hub", "adder_usd_per_mwh": -20}}}
    terms = {"sites": ["one", "two"], "power": {"paid_by": "operator"}}
    solved = solve_case(tmp_path, case_data(THREE_YEARS | case, hall=terms))
    hours = 24 * 730
    assert solved.value == about(24 - hours * 9.6 * 30 / 1e6)
    assert [row["site"] for row in solved.rows("decisions")] == ["two"]
