"""Mining hour by hour, through whole cases: the day's prices repeat, 1,000 MW mine, a MWh is worth 100 $.

A dollar per MW and day is 0.031 USD m in January. Every plan is written, audited and read back.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.math.builder import about, running_margin
from tests.math.cases import MINE, Price, Solved, case_data, daily, flat, solve_case

DAY = {0: 20.0, 1: 60.0, 2: 100.0, 3: 150.0, 4: -10.0}
ONE_MONTH = {"horizon.steps": ["1 month"]}


def mine(folder: Path, changes: Mapping[str, Any] | None = None, price: Price | None = None) -> Solved:
    """Solve a month of mining with changes to the case."""
    return solve_case(folder, case_data(MINE | ONE_MONTH | dict(changes or {})), price or daily(DAY))


def test_every_hour_counts_by_itself(tmp_path: Path) -> None:
    """Proves: of 20, 60, 100, 150, -10 a machine takes 20, 60 and -10: 230 $ a MW and day, three hours (an hour at
    exactly 100 is not run). Broken: 180 at the mean price or without curtailment, 330 with the PUE dropped."""
    solved = mine(tmp_path)
    assert running_margin(100, list(DAY.values())) == 230
    assert solved.value == about(31 * 0.230)
    [row] = solved.rows("mining")
    assert row["hours_run"] == 31 * 3
    assert row["mwh"] == about(31 * 3 * 1000)
    assert row["power_cost_usd_m"] == about(31 * 0.070)
    assert row["revenue_usd_m"] == about(31 * 0.300)


@pytest.mark.parametrize(
    ("changes", "usd_per_mw_day"),
    [
        pytest.param({"sites.one.uptime": 0.9}, 207.0, id="uptime"),
        pytest.param({"sites.one.power.adder_usd_per_mwh": 5}, 215.0, id="adder"),
        pytest.param({"sites.one.power.losses": 0.25}, 212.5, id="losses"),
        pytest.param(
            {"sites.one.power.adder_usd_per_mwh": 5, "sites.one.power.losses": 0.25}, 193.75, id="adder-and-losses"
        ),
        pytest.param({"sites.one.variable_cost_usd_per_mwh": 10}, 200.0, id="variable-cost"),
        pytest.param({"market.network.pool_fee": 0.02}, 224.0, id="pool-fee"),
        pytest.param({"market.power.hub.scale": 2}, 180.0, id="scale"),
        pytest.param({"market.power.hub.scale": 0, "sites.one.power.adder_usd_per_mwh": 40}, 1440.0, id="scale-0"),
        pytest.param({"sites.one.mining_overhead": 1.0}, 264.0, id="overhead"),
    ],
)
def test_what_a_megawatt_earns(tmp_path: Path, changes: dict[str, Any], usd_per_mw_day: float) -> None:
    """Proves: uptime 0.9 x 230; the adder on each hour bought 75 + 35 + 105; losses on the price 75 + 25 + 112.5;
    losses on price and adder 68.75 + 18.75 + 106.25; variable cost 70 + 30 + 100; the pool's fee 78 + 38 + 108;
    twice the price 60 + 120; no price and an adder 24 x 60; without overhead 0.8 MW at 125 $ each, the hour at 100
    too: 0.8 x (105 + 65 + 25 + 135). Broken: 230, or 197.5 with the adder after losses, 207 x 0.9 with uptime
    twice."""
    assert mine(tmp_path, changes).value == about(31 * usd_per_mw_day / 1000)


def test_the_mean_price_is_not_the_price(tmp_path: Path) -> None:
    """Proves: half the hours at 50 and half at 150 earn 12 x 50 = 600 a day. Broken: 0 at the mean price of 100."""
    price = daily(dict.fromkeys(range(12), 50.0), otherwise=150.0)
    assert mine(tmp_path, price=price).value == about(31 * 0.6)


def test_a_machine_is_paid_for_power_below_zero(tmp_path: Path) -> None:
    """Proves: at -10 all day a MW earns 110 an hour, 10 of them from power. Broken: 2.4 a day (the price cut at 0)."""
    solved = mine(tmp_path, price=flat(-10))
    assert solved.value == about(31 * 24 * 0.110)
    assert solved.rows("mining")[0]["power_cost_usd_m"] == about(-31 * 24 * 0.010)


def test_at_its_own_value_a_machine_stands_still(tmp_path: Path) -> None:
    """Proves: at 100 all day no hour is run and nothing is earned, and the machines stay. Broken: 744 hours."""
    solved = mine(tmp_path, price=flat(100))
    [row] = solved.rows("mining")
    assert (row["hours_run"], row["mwh"], row["power_usd_per_btc"]) == (0, 0, None)
    assert solved.value == about(0)
    assert solved.decided() == []


def test_a_halving_inside_a_month(tmp_path: Path) -> None:
    """Proves: at a price of 60, sixteen days earn 40 an hour and fifteen, at half the reward, stand still: 15.36.
    Broken: 11.76 at the mean hashprice of the month, 0 halved from the first, 29.76 never halved."""
    solved = mine(tmp_path, {"market.network.halvings": ["2025-01-17"]}, flat(60))
    assert solved.value == about(16 * 24 * 0.040)
    assert solved.rows("mining")[0]["hours_run"] == 16 * 24


def test_a_halving_before_the_start_has_happened(tmp_path: Path) -> None:
    """Proves: the subsidy stated is that of the start: 29.76. Broken: 0, halved once more."""
    assert mine(tmp_path, {"market.network.halvings": ["2024-04-20"]}, flat(60)).value == about(31 * 24 * 0.040)


def test_machines_end_inside_a_month(tmp_path: Path) -> None:
    """Proves: bought on 17 January 2020 with a life of five years they mine sixteen days. Broken: 29.76 or 0."""
    changes = {
        "machines.m16.life": "5 years",
        "sites.one.fleet": {"m16": {"ph_s": 50000, "bought": "2020-01-17"}},
    }
    solved = mine(tmp_path, changes, flat(60))
    assert solved.value == about(16 * 24 * 0.040)
    assert solved.rows("mining")[0]["ph_s"] == about(50000 * 16 / 31)


def test_machines_arrive_inside_a_month(tmp_path: Path) -> None:
    """Proves: plugged in on the 17th they mine fifteen days, and what was due (2) is paid. Broken: 27.76, 14.4, -2."""
    changes = {
        "sites.one.fleet": {},
        "sites.one.arriving": {"m16": {"ph_s": 50000, "on": "2025-01-17", "due_usd_m": 2}},
    }
    solved = mine(tmp_path, changes, flat(60))
    assert solved.value == about(15 * 24 * 0.040 - 2)
    assert solved.column("cash", "arriving_due_usd_m") == [-2]


def by_day(prices: Mapping[tuple[int, int], float], otherwise: float) -> Price:
    return lambda at: prices.get((at.month, at.day), otherwise)


def test_a_leap_day_takes_the_day_before(tmp_path: Path) -> None:
    """Proves: 27 days at 60 and two at 40 (29 February has the prices of the 28th): 28.8; a year later 28 days.
    Broken: 27.36 for both (no leap day), 28.32 if it took the month's mean."""
    price = by_day({(2, 28): 40}, 60)
    common = 27 * 24 * 0.040 + 24 * 0.060
    assert mine(tmp_path / "leap", {"horizon.start": "2028-02"}, price).value == about(common + 24 * 0.060)
    assert mine(tmp_path / "year", {"horizon.start": "2029-02"}, price).value == about(common)


@pytest.mark.parametrize(("month", "hours"), [("2025-03", 743), ("2026-03", 743), ("2025-11", 721), ("2025-07", 744)])
def test_months_of_the_clock_change(tmp_path: Path, month: str, hours: int) -> None:
    """Proves: March lacks an hour in Chicago and November has one more. Broken: 744 and 720."""
    changes = {"market.power.hub.time_zone": "America/Chicago", "horizon.start": month}
    solved = mine(tmp_path, changes, flat(50))
    assert solved.rows("mining")[0]["hours_run"] == hours
    assert solved.value == about(hours * 0.050)


def test_local_months_have_local_prices(tmp_path: Path) -> None:
    """Proves: the first six hours of January in UTC are December in Chicago: they are cheap there. Broken: 37.5 (in
    UTC) for January."""

    def price(at: datetime) -> float:
        return 0.0 if (at.month, at.day) == (1, 1) and at.hour < 6 else 50.0

    chicago = {"market.power.hub.time_zone": "America/Chicago"}
    assert mine(tmp_path / "utc", price=price).value == about((744 * 50 + 6 * 50) / 1000)
    assert mine(tmp_path / "local", chicago, price).value == about(744 * 50 / 1000)


def paid_by_month(solved: Solved) -> list[Any]:
    """Mean price of power for the mine, by period."""
    return solved.column("power", "mean_usd_per_mwh", use="mining")


def test_prices_grow_by_the_year(tmp_path: Path) -> None:
    """Proves: 50 in December 2025 and 55 in January 2026 at 10 % a year. Broken: 50.4 by month, 60.5 a year early."""
    changes = {"horizon": {"start": "2025-12", "steps": ["2 months"]}, "market.power.hub.growth": 0.1}
    assert paid_by_month(mine(tmp_path, changes, flat(50))) == about([50, 55])


def test_the_narrowest_forward_holds(tmp_path: Path) -> None:
    """Proves: January was 40 and all else 50. A quarter at 60 is the mean of its hours, so January is 60 x 40 / 46.556
    = 51.551 and March 64.439; February has an entry of its own, 80; April has none and stays 50. Broken: 60, 80, 60 (a
    level without the shape), or 51.49 with a mean of three months' means."""
    changes = {
        "horizon.steps": ["4 months"],
        "market.power.hub.forward_usd_per_mwh": {"2025-Q1": 60, "2025-02": 80},
    }
    solved = mine(tmp_path, changes, lambda at: 40.0 if at.month == 1 else 50.0)
    mean = (744 * 40 + (672 + 744) * 50) / 2160
    assert paid_by_month(solved) == about([60 * 40 / mean, 80, 60 * 50 / mean, 50], abs=1e-6)


def test_after_the_curve_prices_grow_from_its_last_year(tmp_path: Path) -> None:
    """Proves: 60 in 2026, 66 in 2027, 72.6 in 2028, and the file's own 50 before the curve. Broken: 55 in 2026, 60.5 in
    2027 (growth from the start)."""
    changes = {
        "horizon": {"start": "2025-12", "steps": ["30 months"]},
        "market.power.hub.forward_usd_per_mwh": {"2026": 60},
        "market.power.hub.growth": 0.1,
    }
    paid = paid_by_month(mine(tmp_path, changes, flat(50)))
    assert [paid[k] for k in (0, 1, 12, 13, 25)] == about([50, 60, 60, 66, 72.6], abs=1e-6)


def test_a_block_is_sold_where_a_machine_does_not_run(tmp_path: Path) -> None:
    """Proves: with a block of all 1,000 MW at 50 and 19 hours at 100: mining as before 230, the block 950 + 70. Broken:
    250 + 950 with the contract's price as opportunity cost, 1,250 + 270 with the contract's cost forgotten."""
    blocks = {"sites.one.contracts": {"ppa": {"kind": "fixed_block", "mw": 1000, "price_usd_per_mwh": 50}}}
    blocks["sites.one.contracts"]["ppa"]["until"] = "2025-12"
    solved = mine(tmp_path, blocks, daily(DAY, otherwise=100.0))
    assert solved.value == about(31 * (230 + 19 * 50 + 320 - 250) / 1000)
