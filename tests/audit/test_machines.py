"""Machines that are bought, moved and sold, and builds, against numbers reckoned on paper. The case is ``WIDE``.

A PH/s costs 0.01 when new and is worth half of that used, less 1 % of it for each month of age. It takes 0.025 MW at
west and 0.02 at east.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from optimizer.plan.audit.recompute.decisions import Decisions

from .conftest import BOUGHT, TRADES, WIDE, decided

NOTHING = Decisions(())


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def machine(**terms: Any) -> dict[str, Any]:
    """The case with other terms of its machine."""
    return WIDE | {"machines.S20": WIDE["machines.S20"] | terms}


def value_of(plan: Any, component: str) -> dict[str, Any]:
    return next(row for row in plan.rows("value.csv") if row["component"] == component)


def test_where_machines_are(make_plan: Any) -> None:
    """Proves: an order is at its home from the order on, present from April; in July 600 are at west, 100 at east and
    50 in store; of the order 100 are left. Nothing of what is sold is anywhere.
    Broken: the order's row missing in the first quarter, or with a share of 1; 300 in store."""
    rows = make_plan(WIDE, Decisions(TRADES)).rows("machines.csv")
    found = [(row["period"], row["lot"], row["place"], row["ph_s"], row["present"]) for row in rows[:9]]
    assert found == [
        ("2025Q1", "west.S20", "west", 1000, 1), ("2025Q1", BOUGHT, "west", 200, 0),
        ("2025Q2", "west.S20", "west", 600, 1), ("2025Q2", "west.S20", "store", 400, 1),
        ("2025Q2", BOUGHT, "west", 200, 1),
        ("2025Q3", "west.S20", "west", 600, 1), ("2025Q3", "west.S20", "east", 100, 1),
        ("2025Q3", "west.S20", "store", 50, 1), ("2025Q3", BOUGHT, "west", 100, 1),
    ]  # fmt: skip


def test_scrapped_at_the_end_of_life(make_plan: Any) -> None:
    """Proves: bought in December 2024 with a life of 8 months, a lot is there for one month of the third quarter, and
    then nowhere; it counts nothing at the horizon. Broken: rows with a share of 0; a price below 0."""
    plan = make_plan(machine(life="8 months") | {"sites.west.fleet.S20.bought": "2024-12"}, NOTHING)
    rows = [(row["period"], row["present"]) for row in plan.rows("machines.csv")]
    assert rows == [("2025Q1", 1), ("2025Q2", 1), ("2025Q3", close(1 / 3))]
    assert value_of(plan, "machines")["total_usd_m"] == 0


def test_mining_elsewhere(make_plan: Any) -> None:
    """Proves: at east 100 PH/s run 92 days * 24 h at full uptime: 2,208 h, 0.02 MW each, 4,416 MWh at 20; revenue 100 *
    92 * 50 * 0.98. The row goes by the full name there, by its own at home; the order by MACHINE and month.
    Broken: west's 30 a MWh, 0.96 of the hours, 0.025 MW."""
    plan = make_plan(WIDE, Decisions(TRADES))
    rows = {(row["site"], row["lot"]): row for row in plan.rows("mining.csv") if row["period"] == "2025Q3"}
    assert list(rows) == [("west", "S20"), ("west", "S20 2025-01"), ("east", "west.S20")]
    east = rows["east", "west.S20"]
    assert (east["ph_s"], east["hours_run"], east["mwh"]) == (close(100), close(2208), close(4416))
    assert east["power_cost_usd_m"] == close(0.08832)
    assert east["revenue_usd_m"] == close(0.4508)
    used = [(row["item"], row["meter_mw"]) for row in plan.rows("allocation.csv") if row["period"] == "2025Q3"]
    assert used[0] == ("S20", close(15))
    assert used[3] == ("west.S20", close(2))


def test_what_moves_is_dark_and_takes_no_space(make_plan: Any) -> None:
    """Proves: in the second quarter 400 are in store: 600 and the 200 that have arrived take 20 MW. Broken: 25; 30."""
    limits = make_plan(WIDE, Decisions(TRADES)).rows("limits.csv")
    second = [row["used"] for row in limits if (row["period"], row["limit"]) == ("2025Q2", "mining_shell")]
    assert second == [close(20), 0]


def test_deals(make_plan: Any) -> None:
    """Proves: 200 ordered cost 2, 100 moved 0.05. In July the order's 100, aged 3 months, are worth 4.85 a TH and go
    first: 0.8 of it, 0.388. Of the fleet's 250, worth 4.7, 200 are left in the first tier and 50 in the second:
    4.7 * (160 + 25) / 1000 = 0.8695. Left are 750 at 4.4 and 100 at 4.55, at half: 1.65 + 0.2275.
    Broken: 0.94 (the fleet first); age of the order from the order; the last tier's factor left out."""
    plan = make_plan(WIDE, Decisions(TRADES))
    paid = {(row["decision"], row["item"]): row["capex_usd_m"] for row in plan.rows("decisions.csv")}
    assert paid["buy", "S20"] == close(2)
    assert paid["plug", "west.S20"] == close(0.05)
    assert paid["sell", BOUGHT] == close(-0.388)
    assert paid["sell", "west.S20"] == close(-0.8695)
    assert paid["unplug", "west.S20"] == 0
    cash = plan.rows("cash.csv")
    assert cash[0]["machines_bought_usd_m"] == close(-2)
    assert (cash[2]["machines_moved_usd_m"], cash[2]["machines_sold_usd_m"]) == (close(-0.05), close(1.2575))
    value = value_of(plan, "machines")
    assert value["within_horizon_usd_m"] == close(-2 - 0.05 + 1.2575)
    assert value["beyond_horizon_usd_m"] == close(1.8775)


def test_rows_of_decisions(make_plan: Any) -> None:
    """Proves: date, kind, item, site, amount, unit, MW and money of each kind. Broken: order of the file kept."""
    plan = make_plan(WIDE, Decisions(TRADES[::-1]))
    rows = [tuple(row.values())[:7] for row in plan.rows("decisions.csv")]
    assert rows == [
        ("2025-01-01", "buy", "S20", "west", 200, "ph_s", close(5)),
        ("2025-04-01", "unplug", "west.S20", "west", 400, "ph_s", close(10)),
        ("2025-07-01", "unplug", BOUGHT, "west", 100, "ph_s", close(2.5)),
        ("2025-07-01", "plug", "west.S20", "east", 100, "ph_s", close(2)),
        ("2025-07-01", "sell", "west.S20", "", 250, "ph_s", 0),
        ("2025-07-01", "sell", BOUGHT, "", 100, "ph_s", 0),
    ]


def test_prices_follow_growth_and_hashprice(make_plan: Any) -> None:
    """Proves: in July price and hash rate have grown by 1.1 and 1.2, so a machine that half follows the hashprice costs
    10 * 1.1 * (0.5 + 0.5 * 1.1 / 1.2); 100 of them 1.0541667, at 21 % for mining over 1.1. At the horizon the grown
    price counts, 12.1 * (0.5 + 0.5 * 1.21 / 1.44), also for the order that came in October.
    Broken: the price at the start; at the mean factor of the month; the hashprice of December."""
    changes = machine(price_growth=0.21, price_follows_hashprice=0.5) | {
        "discount.mining": 0.21,
        "market.network.btc_growth": 0.21,
        "market.network.hashrate_growth": 0.44,
    }
    plan = make_plan(changes, Decisions((decided("buy", "S20", "west", 6, 100.0),)))
    assert plan.rows("decisions.csv")[0]["capex_usd_m"] == close(1.1 * (0.5 + 0.55 / 1.2))
    value = value_of(plan, "machines")
    assert value["within_horizon_usd_m"] == close(-(0.5 + 0.55 / 1.2))
    used = 0.5 * 12.1 * (0.5 + 0.605 / 1.44) * 0.5 / 1000
    assert value["beyond_horizon_usd_m"] == close(used * (1000 * 0.88 + 100 * 0.97) / 1.21)
    assert value["at_wacc_usd_m"] == close(used * (1000 * 0.88 + 100 * 0.97) - 1.1 * (0.5 + 0.55 / 1.2))


def test_on_order_at_the_horizon(make_plan: Any) -> None:
    """Proves: what is delivered at the horizon counts as new, what comes later counts nothing.
    Broken: both, or neither."""
    order = Decisions((decided("buy", "S20", "west", 9, 100.0),))
    terms = WIDE["machines.S20"]["buy"]
    assert value_of(make_plan(WIDE, order), "machines")["beyond_horizon_usd_m"] == close(2.2 + 0.25)
    late = machine(buy=terms | {"delivery": "4 months"})
    assert value_of(make_plan(late, order), "machines")["beyond_horizon_usd_m"] == close(2.2)


def test_depth_by_the_length_of_the_step(make_plan: Any) -> None:
    """Proves: in a step of a year the first tier takes 1200: 500 sold at age 0 bring 5 * 0.8 each 1000.
    Broken: 300 in the first tier."""
    sold = (decided("unplug", "west.S20", "west", 0, 500.0), decided("sell", "west.S20", "", 0, 500.0))
    plan = make_plan(WIDE | {"horizon.steps": ["1 year"]}, Decisions(sold))
    assert plan.rows("decisions.csv")[1]["capex_usd_m"] == close(-2)


def test_without_a_life_machines_keep_their_price(make_plan: Any) -> None:
    """Proves: no age factor: 1000 * 5 * 0.5 / 1000 at the horizon. Broken: a division by nothing."""
    assert value_of(make_plan(machine(life=None), NOTHING), "machines")["beyond_horizon_usd_m"] == close(2.5)


def test_builds(make_plan: Any) -> None:
    """Proves: 3 over six months from January is 1.5 a quarter; from July it runs at 0.1 a month and adds 10 and 5 MW.
    Two more in October: 6 over six months, 3 within and 3 after the horizon, which the last minimum keeps back.
    Works are discounted as mining (rate 0), running as overheads (12 %).
    Broken: 3 at once; 5 MW more from January; 10 as the minimum; running from the decision."""
    both = (decided("build", "phase", "west", 0, 1.0), decided("build", "phase", "west", 9, 2.0))
    plan = make_plan(WIDE, Decisions(both))
    cash = plan.rows("cash.csv")
    assert [row["builds_usd_m"] for row in cash] == [close(-1.5), close(-1.5), 0, close(-3)]
    assert [row["builds_operating_usd_m"] for row in cash] == [0, 0, close(-0.3), close(-0.3)]
    assert [row["minimum_usd_m"] for row in cash] == [10, 10, 10, close(13)]
    value = value_of(plan, "builds")
    assert value["within_horizon_usd_m"] == close(-6 - 1.2 * (1.12**-0.5 - 1.12**-1) / math.log(1.12))
    assert value["beyond_horizon_usd_m"] == close(-3)
    assert value["at_wacc_usd_m"] == close(-6 - 0.6 - 3)
    west = [row for row in plan.rows("limits.csv") if row["item"] == "west"]
    assert [row["allowed"] for row in west[2:6]] == [25, 60, 30, 70]
    free = [row["meter_mw"] for row in plan.rows("allocation.csv") if (row["use"], row["site"]) == ("free", "west")]
    assert free == [close(35), close(35), close(45), close(45)]
    rows = [(row["amount"], row["unit"], row["meter_mw"], row["capex_usd_m"]) for row in plan.rows("decisions.csv")]
    assert rows == [(1, "builds", close(10), close(3)), (2, "builds", close(20), close(6))]


def test_a_build_without_a_lead(make_plan: Any) -> None:
    """Proves: it is paid and of use at once; at 21 % the 3 of July are 3 / 1.1. Broken: a mean factor; nothing paid."""
    terms = WIDE["sites.west.builds"]["phase"] | {"lead": "0 months", "operating_cost_usd_m_per_year": 0}
    changes = WIDE | {"sites.west.builds": {"phase": terms}, "discount.mining": 0.21}
    plan = make_plan(changes, Decisions((decided("build", "phase", "west", 6, 1.0),)))
    assert value_of(plan, "builds")["total_usd_m"] == close(-3 / 1.1)
    assert plan.rows("cash.csv")[2]["builds_usd_m"] == -3
    assert [row["allowed"] for row in plan.rows("limits.csv") if row["item"] == "west"][4:6] == [30, 70]


def test_a_joint_venture_buys_and_builds(make_plan: Any) -> None:
    """Proves: of a site held to 40 % money is 40 %, PH/s and megawatts are whole, and nothing moves elsewhere.
    Broken: 2 paid for the order; 3 for the build."""
    decisions = (decided("build", "phase", "west", 0, 1.0), decided("buy", "S20", "west", 0, 200.0))
    plan = make_plan(WIDE | {"sites.west.share": 0.4}, Decisions(decisions))
    rows = [(row["amount"], row["meter_mw"], row["capex_usd_m"]) for row in plan.rows("decisions.csv")]
    assert rows == [(1, close(10), close(1.2)), (200, close(5), close(0.8))]
    assert value_of(plan, "machines")["beyond_horizon_usd_m"] == close(0.4 * (2.2 + 200 * 0.91 * 2.5 / 1000))
    cash = plan.rows("cash.csv")
    assert cash[0]["builds_usd_m"] == close(-0.6)
    assert cash[3]["builds_operating_usd_m"] == close(-0.12)
    assert plan.figures().lots[0].places == ("west",)
