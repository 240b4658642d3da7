"""Leases and the path of the network, against numbers reckoned on paper. ``RUNNING`` is the lease of the plan's
site."""

from __future__ import annotations

import math
from typing import Any

import pytest

from optimizer.case.market import Network
from optimizer.case.network_file import NetworkFile
from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.network import network_path

from .conftest import RUNNING

NOTHING = Decisions(())
JANUARY_2025 = 12 * 2025


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def lease(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"leases": {"tenant": RUNNING | (changes or {})}}


def test_a_lease_that_runs(make_plan: Any) -> None:
    """Proves: rent of 1 a month since July 2024 rises to 1.1 in July 2025; 10 * 0.9 * 1.2 * 2,160 h = 23,328 MWh at 30;
    operating cost 10 * 0.3 / 4. The 4 of capex left fall on the first instant, the 6 owed are credited over the 18
    months that are left. The residual of 10 comes with July 2026. Nothing is prepaid or paid for a signature.
    Broken: 1.0 in July (years counted from the start); a credit of 6 / 24 a month; capex spread."""
    plan = make_plan(lease({"prepayment_left_usd_m": 6, "capex_left_usd_m": 4}), NOTHING)
    rows = plan.rows("hosting.csv")
    assert [(row["period"], row["offer"], row["site"], row["halls"]) for row in rows[:2]] == [
        ("2025Q1", "tenant", "west", 1), ("2025Q2", "tenant", "west", 1),
    ]  # fmt: skip
    assert [row["rent_usd_m"] for row in rows] == [close(3), close(3), close(3.3), close(3.3)]
    assert rows[0]["it_mw"] == close(10)
    assert rows[0]["mwh"] == close(23328)
    assert rows[0]["power_cost_usd_m"] == rows[0]["power_recovered_usd_m"] == close(0.69984)
    assert rows[0]["operating_cost_usd_m"] == close(0.75)
    assert rows[0]["noi_usd_m"] == close(2.25)
    assert [row["capex_usd_m"] for row in rows] == [4, 0, 0, 0]
    assert [row["credit_usd_m"] for row in rows] == [close(1)] * 4
    assert {row["prepayment_usd_m"] + row["signing_cost_usd_m"] + row["residual_usd_m"] for row in rows} == {0.0}
    cash = plan.rows("cash.csv")[0]
    assert (cash["hosting_rent_usd_m"], cash["hosting_credit_usd_m"], cash["capex_usd_m"]) == (close(3), close(-1), -4)
    value = next(row for row in plan.rows("value.csv") if row["component"] == "hosting: tenant")
    assert value["within_horizon_usd_m"] == close(12.6 - 3 - 4 - 4)
    assert value["beyond_horizon_usd_m"] == close(6.6 - 1.5 - 2 + 10)
    assert plan.rows("decisions.csv") == []


def test_a_lease_discounted_at_its_own_rate(make_plan: Any) -> None:
    """Proves: at 21 %, 4 of capex at once are 4 whole; a level rent of 1 until month 18 and the residual of 10 there,
    which is beyond the horizon. Broken: the case's rate; the residual within."""
    terms = {"discount": 0.21, "escalator": 0.0, "operating_cost_usd_m_per_mw_it_year": 0.0, "capex_left_usd_m": 4}
    rows = make_plan(lease(terms) | {"discount.hosting": 0.05}, NOTHING).rows("value.csv")
    row = next(row for row in rows if row["component"] == "hosting: tenant")
    assert row["within_horizon_usd_m"] == close(12 * (1 - 1 / 1.21) / math.log(1.21) - 4)
    assert row["beyond_horizon_usd_m"] == close(12 * (1 / 1.21 - 1.1**-3) / math.log(1.21) + 10 * 1.1**-3)


def test_a_lease_that_begins_within_a_month(make_plan: Any) -> None:
    """Proves: rent from 15 February, half of a month of 28 days, grows over a month: 0.125 of it in February, 0.875 in
    March. Energy follows by month, 672 and 744 hours are not mixed. 3 of capex go evenly over the 1.5 months before,
    operating cost is for 1.5 months. Space is taken from that day: 15 MW * 1.5 / 3.
    Broken: February or March as a whole; 1.5 months of rent."""
    terms = {"first_rent": "2025-02-15", "ramp": "1 month", "capex_left_usd_m": 3, "prepayment_left_usd_m": 24}
    plan = make_plan(lease(terms) | {"horizon.steps": ["3 months", "3 quarters"]}, NOTHING)
    january, february, march = plan.rows("hosting.csv")[:3]
    assert [row["rent_usd_m"] for row in (january, february, march)] == [0, close(0.125), close(0.875)]
    assert [row["mwh"] for row in (january, february, march)] == [
        0, close(10.8 * 0.125 * 672), close(10.8 * 0.875 * 744),
    ]  # fmt: skip
    assert [row["capex_usd_m"] for row in (january, february, march)] == [close(2), close(1), 0]
    assert [row["operating_cost_usd_m"] for row in (february, march)] == [close(0.125), close(0.25)]
    assert [row["credit_usd_m"] for row in (january, february, march)] == [0, close(0.5), close(1)]
    quarters = make_plan(lease(terms), NOTHING).rows("allocation.csv")
    assert next(row["meter_mw"] for row in quarters if row["use"] == "hosting") == close(7.5)


def test_a_year_of_rent_turns_within_a_month(make_plan: Any) -> None:
    """Proves: first rent on 16 June 2024, half of its 30 days: June 2025 is half at 1 and half at 1.1; the contract
    ends on 16 June 2026, with 0.5 * 1.1 in its last month, and its residual there.
    Broken: 1.0 or 1.1 in June; a residual at the beginning of July."""
    plan = make_plan(lease({"first_rent": "2024-06-16"}) | {"horizon.steps": ["24 months"]}, NOTHING)
    rows = {row["period"]: row for row in plan.rows("hosting.csv")}
    assert [rows[f"2025-0{month}"]["rent_usd_m"] for month in (5, 6, 7)] == [close(1), close(1.05), close(1.1)]
    assert [rows[f"2026-0{month}"]["rent_usd_m"] for month in (5, 6, 7)] == [close(1.1), close(0.55), 0]
    assert [rows[f"2026-0{month}"]["residual_usd_m"] for month in (5, 6, 7)] == [0, 10, 0]
    assert len(rows) == 24


def test_a_lease_that_is_over(make_plan: Any) -> None:
    """Proves: a lease that ended before the plan has rows of nothing, takes no space and is worth nothing.
    Broken: its residual or rent; negative times."""
    plan = make_plan(lease({"first_rent": "2020-01"}), NOTHING)
    numbers = {key for row in plan.rows("hosting.csv") for key, cell in row.items() if cell not in (0, "base")}
    assert numbers == {"period", "offer", "site", "halls"}
    assert [row["use"] for row in plan.rows("allocation.csv")[:2]] == ["mining", "free"]
    assert plan.rows("value.csv")[8] == {
        "component": "hosting: tenant", "within_horizon_usd_m": 0, "beyond_horizon_usd_m": 0, "total_usd_m": 0,
        "at_wacc_usd_m": 0,
    }  # fmt: skip


def test_a_lease_takes_space(make_plan: Any) -> None:
    """Proves: with rent from April, 15 MW of free power are taken from April, of the mine's buildings from the start;
    where the case names a day, from that day.
    Broken: the shell untouched; free power taken at the start."""
    april = {"first_rent": "2025-04"}

    def used(changes: dict[str, Any]) -> list[tuple[Any, Any]]:
        rows = make_plan(lease(april | changes), NOTHING).rows("limits.csv")
        return [(rows[line]["used"], rows[line + 1]["used"]) for line in (1, 4)]

    assert used({}) == [(close(25), close(25)), (close(25), close(40))]
    assert used({"takes": "mining_shell"}) == [(close(40), close(40)), (close(40), close(40))]
    assert used({"space_taken": "2025-03"}) == [(close(25), close(40)), (close(25), close(40))]
    assert used({"takes": "mining_shell", "space_taken": "2025-04-10"})[0] == (close(25), close(25))


def test_leases_come_before_signatures(make_plan: Any) -> None:
    """Proves: leases in the order of the case, then what is signed, in every table that lists hosting; a lease has
    its rows from the first period on. Broken: by name, or by date."""
    plan = make_plan({"leases": {"z": RUNNING | {"first_rent": "2025-09"}, "a": RUNNING}})
    assert [row["offer"] for row in plan.rows("hosting.csv")] == ["z", "a"] + ["z", "a", "lease"] * 3
    used = [row["item"] for row in plan.rows("allocation.csv") if row["period"] == "2025Q4"]
    assert used == ["S20", "z", "a", "lease", ""]
    uses = [row["use"] for row in plan.rows("power.csv") if row["period"] == "2025Q4"]
    assert uses == ["mining", "hosting: z", "hosting: a", "hosting: lease"]
    values = [row["component"] for row in plan.rows("value.csv")]
    assert values[8:11] == ["hosting: z", "hosting: a", "hosting: lease"]


def test_capex_left_after_the_horizon_is_kept_back(make_plan: Any) -> None:
    """Proves: 30 of capex over the 15 months until April 2026; the 6 after the horizon add to the last minimum.
    Broken: 10; 40."""
    plan = make_plan(lease({"first_rent": "2026-04", "capex_left_usd_m": 30}), NOTHING)
    assert [row["capex_usd_m"] for row in plan.rows("hosting.csv")] == [close(6)] * 4
    assert [row["minimum_usd_m"] for row in plan.rows("cash.csv")] == [10, 10, 10, close(16)]


def test_credit_until_a_date(make_plan: Any) -> None:
    """Proves: 6 owed until July 2025, which is its first instant, are 1 a month for six months. Broken: seven
    months."""
    plan = make_plan(lease({"prepayment_left_usd_m": 6, "prepayment_credited_until": "2025-07"}), NOTHING)
    assert [row["credit_usd_m"] for row in plan.rows("hosting.csv")] == [close(3), close(3), 0, 0]


def network(**figures: Any) -> Network:
    return Network.model_validate({"btc_usd": 100000, "hashrate_eh_s": 900, "fee_share": 0.5} | figures)


def test_a_path_of_the_network() -> None:
    """Proves: before its first month the file's first holds (110,000 at 1000 EH/s), in its months its own; six months
    after the last 120,000 grow to 132,000 at 21 %, 1,100 EH/s to 1,320 at 44 %, and the fee share of 4 % stays.
    Broken: the case's 100,000 and its fee share; growth counted from the start."""
    file = NetworkFile(JANUARY_2025 + 1, (110000.0, 120000.0), (1000.0, 1100.0), (0.0, 0.04))
    path = network_path(network(btc_growth=0.21, hashrate_growth=0.44), JANUARY_2025, 12, file)
    assert list(path.btc_usd[:3]) == [110000, 110000, 120000]
    assert path.btc_usd[8] == close(132000)
    assert path.hashprice_usd_per_ph_day[0][0] == close(450 * 110000 / 1e6)
    assert path.hashprice_usd_per_ph_day[2][0] == close(450 / 0.96 * 120000 / 1.1e6)
    assert path.hashprice_usd_per_ph_day[8][0] == close(450 / 0.96 * 132000 / 1.32e6)


def test_a_path_that_ends_before_the_plan() -> None:
    """Proves: growth goes on from the file's last month, half a year before; of rates by date that of each month
    counts: 44 % from October, so three months of it in January. Without a column the case's fee share holds.
    Broken: growth from the start; the rate of the last month for all."""
    file = NetworkFile(JANUARY_2025 - 6, (100000.0,), (1000.0,), None)
    growth = {"2024-01": 0.0, "2024-10": 0.44}
    path = network_path(network(btc_growth=0.21, hashrate_growth=growth), JANUARY_2025, 1, file)
    assert path.btc_usd[0] == close(110000)
    assert path.hashprice_usd_per_ph_day[0][0] == close(450 / 0.5 * 110000 / (1e6 * 1.44**0.25))


def test_a_path_longer_than_the_plan() -> None:
    """Proves: a plan within the file's months takes them as they are, whatever growth says. Broken: growth on top."""
    file = NetworkFile(JANUARY_2025 - 1, (1e5, 2e5, 3e5), (900.0, 900.0, 900.0), None)
    path = network_path(network(btc_growth=0.5), JANUARY_2025, 1, file)
    assert list(path.btc_usd) == [2e5]


def test_figures_follow_the_path(make_plan: Any) -> None:
    """Proves: the first quarter mines at 110,000 and 120,000: USD a PH/s and day 49.5, 49.5, 49.0909 / 0.96; the
    treasury states the price of the first month; coins held at the start count at the case's own price.
    Broken: 100,000 in the treasury's row; 5.5 of opening bitcoin."""
    plan = make_plan({"market.network.path": "network.csv"}, NOTHING)
    assert [row["btc_usd"] for row in plan.rows("treasury.csv")[:2]] == [110000, 120000]
    revenue = 1000 * 0.96 * 0.98 * (59 * 49.5 + 31 * 450 / 0.96 * 120000 / 1.1e6) / 1e6
    assert plan.rows("mining.csv")[0]["revenue_usd_m"] == close(revenue)
    assert plan.rows("value.csv")[1]["total_usd_m"] == close(5)
