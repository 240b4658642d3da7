"""Fixed blocks of power and joint ventures, against numbers reckoned on paper. The site is that of ``test_figures``.

At full running its 1000 PH/s take 25 * 0.96 = 24 MW. A MWh brings 79.667 and costs (20 + 4) * 1.25 = 30 at the meter.
The first quarter has 2,160 hours, January 744.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from optimizer.plan.audit.recompute.decisions import Decision, Decisions

NOTHING = Decisions(())
JANUARY_2025 = 12 * 2025
STRIP: dict[str, Any] = {"kind": "fixed_block", "mw": 30, "price_usd_per_mwh": 25, "until": "2026-06"}
MONTH: dict[str, Any] = {"horizon.steps": ["1 month"]}
FEE: dict[str, Any] = {"sites.west.power.resale_fee_usd_per_mwh": 3}
TWO_LOTS: dict[str, Any] = {
    "machines.S30": {"efficiency_j_per_th": 30},
    "sites.west.fleet": {"S30": {"ph_s": 500}, "S20": {"ph_s": 1000}},
}


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def first(plan: Any, file: str, **cells: str) -> dict[str, Any]:
    """The first row of a table with these cells."""
    return next(row for row in plan.rows(file) if cells.items() <= row.items())


def test_a_block_larger_than_the_mine(make_plan: Any) -> None:
    """Proves: of 30 MW at 25 the mine uses 24, all hours: 51,840 MWh cost 1.296. 6 MW are sold at 20 - 3 = 17: 12,960
    MWh lose 8 each, 0.10368. All of 30 * 2,160 * 25 is paid: 1.62 = 1.296 + 0.10368 + 12,960 * 17.
    Broken: power at 30; resale at the meter's price, 30; at spot without the fee, 0.0648; a row of power.csv for it."""
    plan = make_plan(FEE | {"sites.west.contracts": {"strip": STRIP}}, NOTHING)
    row = plan.rows("mining.csv")[0]
    assert (row["mwh"], row["hours_run"], row["btc"]) == (close(51840), close(2073.6), close(42.336))
    assert row["power_cost_usd_m"] == close(1.296)
    block = first(plan, "contracts.csv", contract="strip")
    assert (block["mwh"], block["mining_mwh"], block["hosting_mwh"]) == (close(64800), close(51840), 0)
    assert (block["unused_mwh"], block["paid_usd_m"]) == (close(12960), close(1.62))
    assert block["result_usd_m"] == close(-0.10368)
    assert {each["use"] for each in plan.rows("power.csv")} == {"mining"}
    cash = plan.rows("cash.csv")[0]
    assert cash["contracts_usd_m"] == close(-0.10368)
    assert cash["mining_margin_usd_m"] == close(2.57472 + 0.2592)
    value = first(plan, "value.csv", component="contracts")
    assert value["within_horizon_usd_m"] == value["at_wacc_usd_m"] == close(-8 * 6 * 8760 / 1e6)
    assert value["beyond_horizon_usd_m"] == 0


def test_a_block_that_the_mine_fills_sells_nothing(make_plan: Any) -> None:
    """Proves: a block of 24 MW is used up, nothing is left over and contracts bring nothing.
    Broken: 1 MW left (installed and not at full running)."""
    plan = make_plan(FEE | {"sites.west.contracts": {"strip": STRIP | {"mw": 24}}}, NOTHING)
    assert [row["unused_mwh"] for row in plan.rows("contracts.csv")] == [close(0)] * 4
    assert [row["contracts_usd_m"] for row in plan.rows("cash.csv")] == [close(0)] * 4


def test_the_best_machines_use_the_block(make_plan: Any) -> None:
    """Proves: S30 takes 0.0375 MW a PH/s, so 18 MW; its MWh brings less, so S20 comes first though the case names it
    second. Of 10 MW S20 has all; of 30, 24, and S30 has 6 and buys 12.
    Broken: S30 has the 10 MW (order of the case)."""
    changes = FEE | MONTH | TWO_LOTS
    small = make_plan(changes | {"sites.west.contracts": {"strip": STRIP | {"mw": 10}}}, NOTHING)
    less, more = small.rows("mining.csv")
    assert (less["lot"], more["lot"]) == ("S30", "S20")
    assert less["power_cost_usd_m"] == close(18 * 744 * 30 / 1e6)
    assert more["power_cost_usd_m"] == close((10 * 25 + 14 * 30) * 744 / 1e6)
    large = make_plan(changes | {"sites.west.contracts": {"strip": STRIP}}, NOTHING)
    less, more = large.rows("mining.csv")
    assert less["power_cost_usd_m"] == close((6 * 25 + 12 * 30) * 744 / 1e6)
    assert more["power_cost_usd_m"] == close(24 * 25 * 744 / 1e6)


def test_equal_machines_in_the_order_of_the_case(make_plan: Any) -> None:
    """Proves: of two lots of one machine the first in the case, fleet before what arrives, has the block.
    Broken: shared by size."""
    fleet = {"sites.west.fleet": {"b": {"machine": "S20", "ph_s": 500}, "a": {"machine": "S20", "ph_s": 500}}}
    plan = make_plan(FEE | MONTH | fleet | {"sites.west.contracts": {"strip": STRIP | {"mw": 10}}}, NOTHING)
    costs = {row["lot"]: row["power_cost_usd_m"] for row in plan.rows("mining.csv")}
    assert costs == {"b": close((10 * 25 + 2 * 30) * 744 / 1e6), "a": close(12 * 30 * 744 / 1e6)}


def test_two_blocks_in_the_order_of_the_case(make_plan: Any) -> None:
    """Proves: 20 MW at 25 and 10 at 40 are both worth 17 if they are not used, so the mine uses them as the case has
    them: 20 of the first, 4 of the second; the other 6 lose 23 each. In all the same money in either order.
    Broken: one mean price of 30; 14 MW at 25."""
    blocks = {"one": STRIP | {"mw": 20}, "two": STRIP | {"mw": 10, "price_usd_per_mwh": 40}}
    plan = make_plan(FEE | MONTH | {"sites.west.contracts": blocks}, NOTHING)
    assert plan.rows("mining.csv")[0]["power_cost_usd_m"] == close((20 * 25 + 4 * 40) * 744 / 1e6)
    assert plan.rows("cash.csv")[0]["contracts_usd_m"] == close(-6 * 744 * 23 / 1e6)
    other = make_plan(FEE | MONTH | {"sites.west.contracts": {"two": blocks["two"], "one": blocks["one"]}}, NOTHING)
    assert other.rows("mining.csv")[0]["power_cost_usd_m"] == close((10 * 40 + 14 * 25) * 744 / 1e6)
    assert other.tables().value_usd_m == close(plan.tables().value_usd_m)


def test_hours_inside_and_outside(make_plan: Any) -> None:
    """Proves: on the 15 even days of January spot is 60: at the meter 80, above 79.667, so outside the block nothing
    runs; inside it does, as selling brings 57. 10 MW run 744 h, 14 MW 384 h; hours run are MWh / 25; nothing is sold.
    Broken: 9,216 MWh (the block does not matter); 17,856 (it covers all)."""
    plan = make_plan(
        FEE | MONTH | {"sites.west.contracts": {"strip": STRIP | {"mw": 10}}},
        NOTHING, write=False, price=lambda at: 20.0 if at.day % 2 else 60.0,
    )  # fmt: skip
    (row,) = plan.rows("mining.csv")
    mwh = 10 * 744 + 14 * 384
    assert (row["mwh"], row["hours_run"]) == (close(mwh), close(mwh / 25))
    assert row["btc"] == close(mwh * (50 / 24 / 0.025 * 0.98) / 100000)
    assert row["variable_cost_usd_m"] == close(mwh * 2 / 1e6)
    assert row["power_cost_usd_m"] == close((10 * 744 * 25 + 14 * 384 * 30) / 1e6)
    assert [each["use"] for each in plan.rows("power.csv")] == ["mining"]


def test_a_block_is_sold_when_that_brings_more(make_plan: Any) -> None:
    """Proves: on the 15 days with spot at 100 selling brings 97, more than 79.667: 10 MW for 360 h gain 72 each.
    Broken: mined through; sold at 100; sold on all days."""
    plan = make_plan(
        FEE | MONTH | {"sites.west.contracts": {"strip": STRIP | {"mw": 10}}},
        NOTHING, write=False, price=lambda at: 20.0 if at.day % 2 else 100.0,
    )  # fmt: skip
    assert plan.rows("mining.csv")[0]["mwh"] == close(24 * 384)
    block = first(plan, "contracts.csv", contract="strip")
    assert (block["unused_mwh"], block["result_usd_m"]) == (close(3600), close(0.2592))
    assert plan.rows("cash.csv")[0]["contracts_usd_m"] == close(0.2592)


def test_a_block_is_in_force_by_days(make_plan: Any) -> None:
    """Proves: from 11 to 20 January, both whole days, 24 of 30 MW are used: 10 * 24 h at 25, the other 504 h at 30.
    Broken: 9 days (until is the last day); all of January."""
    block = STRIP | {"from": "2025-01-11", "until": "2025-01-20"}
    plan = make_plan(FEE | MONTH | {"sites.west.contracts": {"strip": block}}, NOTHING)
    assert plan.rows("mining.csv")[0]["power_cost_usd_m"] == close(24 * (240 * 25 + 504 * 30) / 1e6)
    assert first(plan, "contracts.csv", contract="strip")["unused_mwh"] == close(6 * 240)


def test_a_block_without_machines(make_plan: Any) -> None:
    """Proves: what is bought is sold where nothing mines, and what is unplugged mines no more.
    Broken: nothing is sold (no machines, no hours)."""
    gone = Decisions((Decision("unplug", "west.S20", "west", JANUARY_2025 + 3, 1000.0),))
    plan = make_plan(FEE | {"sites.west.contracts": {"strip": STRIP}}, gone)
    second = first(plan, "contracts.csv", period="2025Q2", contract="strip")
    assert (second["unused_mwh"], second["result_usd_m"]) == (close(30 * 91 * 24), close(-30 * 91 * 24 * 8 / 1e6))
    assert {row["period"] for row in plan.rows("power.csv")} == {"2025Q1"}


def test_a_financial_block_settles(make_plan: Any) -> None:
    """Proves: at the node spot is 40; 5 MW at 25 earn 15 each from 15 February: 14 + 31 days, 5,400 MWh, 0.081.
    Machines run and pay as if it were not there, and nothing is sold.
    Broken: settled at the site's own 20 (-0.027); machines pay 25; MWh used by mining."""
    swap = STRIP | {"mw": 5, "settles_at": "node", "from": "2025-02-15"}
    node = {"file": "prices.csv", "time_zone": "UTC", "scale": 2}
    plan = make_plan({"market.power.node": node, "sites.west.contracts": {"swap": swap}}, NOTHING)
    assert plan.rows("power.csv")[0]["cost_usd_m"] == close(1.5552)
    row = first(plan, "contracts.csv", contract="swap")
    assert (row["mwh"], row["mining_mwh"], row["unused_mwh"]) == (close(5400), 0, close(5400))
    assert (row["paid_usd_m"], row["result_usd_m"]) == (close(0.135), close(0.081))
    assert plan.rows("cash.csv")[0]["contracts_usd_m"] == close(0.081)
    assert {each["use"] for each in plan.rows("power.csv")} == {"mining"}


def test_contracts_are_discounted_as_mining(make_plan: Any) -> None:
    """Proves: 5 MW * 744 h * 15 in the one month, at 21 % for mining: times 12 (1 - 1.21^(-1/12)) / ln 1.21.
    Broken: the rate of overheads or of hosting."""
    node = {"file": "prices.csv", "time_zone": "UTC", "scale": 2}
    changes = {"market.power.node": node, "discount.mining": 0.21, "discount.hosting": 0.5}
    changes["sites.west.contracts"] = {"swap": STRIP | {"mw": 5, "settles_at": "node"}}
    row = first(make_plan(MONTH | changes, NOTHING), "value.csv", component="contracts")
    assert row["total_usd_m"] == close(0.0558 * 12 * (1 - 1.21 ** (-1 / 12)) / math.log(1.21))
    assert row["at_wacc_usd_m"] == close(0.0558)


def test_hosting_does_not_use_blocks(make_plan: Any) -> None:
    """Proves: halls pay the meter's 30 however much of a block is left over, and use none of it. Broken: 25."""
    plan = make_plan(FEE | {"sites.west.contracts": {"strip": STRIP | {"mw": 60}}})
    assert first(plan, "power.csv", period="2025Q3", use="hosting: lease")["mean_usd_per_mwh"] == close(30)
    order = [row["use"] for row in plan.rows("power.csv") if row["period"] == "2025Q3"]
    assert order == ["mining", "hosting: lease"]
    assert {row["hosting_mwh"] for row in plan.rows("contracts.csv")} == {0}


def test_a_joint_venture(make_plan: Any) -> None:
    """Proves: of a site held to 40 %: PH/s, MWh, hours and megawatts are whole; 42.336 BTC become 16.9344, 1.296 of
    power 0.5184; a MWh costs 25 and a BTC what it did. Resale, settlement, site cost and what is due on arrival are
    40 %.
    Broken: coins of the whole site in the treasury; a mean of 10; due 2."""
    blocks = {"strip": STRIP, "swap": STRIP | {"mw": 5, "settles_at": "node"}}
    arriving = {"new": {"machine": "S20", "ph_s": 100, "on": "2025-10", "due_usd_m": 2}}
    node = {"file": "prices.csv", "time_zone": "UTC", "scale": 2}
    changes: dict[str, Any] = {"market.power.node": node, "sites.west.contracts": blocks, "sites.west.share": 0.4}
    plan = make_plan(FEE | changes | {"sites.west.arriving": arriving}, NOTHING)
    row = plan.rows("mining.csv")[0]
    assert (row["ph_s"], row["mwh"], row["hours_run"]) == (close(1000), close(51840), close(2073.6))
    assert (row["btc"], row["revenue_usd_m"]) == (close(16.9344), close(1.69344))
    assert (row["power_cost_usd_m"], row["variable_cost_usd_m"]) == (close(0.5184), close(0.041472))
    assert row["power_usd_per_btc"] == close(1296000 / 42.336)
    mining = plan.rows("power.csv")[0]
    assert (mining["mwh"], mining["cost_usd_m"], mining["mean_usd_per_mwh"]) == (close(51840), close(0.5184), close(25))
    strip, swap = plan.rows("contracts.csv")[:2]
    assert (strip["unused_mwh"], strip["paid_usd_m"], strip["result_usd_m"]) == (
        close(12960),
        close(0.648),
        close(-0.041472),
    )
    assert (swap["mwh"], swap["paid_usd_m"], swap["result_usd_m"]) == (close(10800), close(0.108), close(0.0648))
    cash = plan.rows("cash.csv")
    assert cash[0]["contracts_usd_m"] == close(0.0648 - 0.041472)
    assert cash[0]["site_cost_usd_m"] == close(-0.12)
    assert cash[3]["arriving_due_usd_m"] == close(-0.8)
    assert plan.rows("treasury.csv")[0]["mined_btc"] == close(16.9344)
    assert plan.rows("allocation.csv")[0]["meter_mw"] == close(25)
    assert plan.rows("limits.csv")[1]["used"] == close(25)
    margin = (1000 * 365 * 0.96 * (49 - 0.6 * 27) + 100 * 92 * 0.96 * (49 - 0.6 * 27)) / 1e6
    assert first(plan, "value.csv", component="mining")["total_usd_m"] == close(0.4 * (margin - 2))
