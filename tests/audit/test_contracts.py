"""Power contracts of every kind, against numbers reckoned on paper. The site is that of ``test_figures``.

At full running its machines take 24 MW. A MWh brings 79.667 and costs (20 + 4) * 1.25 = 30 at the meter; sold at spot
less a fee of 3 it brings r = 17. January 2025 has 744 hours; 23 of its 31 days are from Monday to Friday.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.timeline import CannotRecompute

from .conftest import RUNNING, UNPLUGGED, WINDOW, decided

NOTHING = Decisions(())
FEE: dict[str, Any] = {"sites.west.power.resale_fee_usd_per_mwh": 3}
MONTH: dict[str, Any] = FEE | {"horizon.steps": ["1 month"]}
UNTIL: dict[str, Any] = {"until": "2026-06"}
LEASE: dict[str, Any] = {"leases": {"tenant": RUNNING}}
"""Halls of 10 MW that take 10 * 0.9 * 1.2 = 10.8 MW."""


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def contracts(**terms: dict[str, Any]) -> dict[str, Any]:
    return {"sites.west.contracts": {name: UNTIL | each for name, each in terms.items()}}


def profile(shares: list[float]) -> str:
    """A year of shares, one an hour, over and over."""
    first = np.datetime64("2025-01-01T00")
    lines = [f"{str(first + hour).replace('T', ' ')}:00Z,{shares[hour % len(shares)]}" for hour in range(8760)]
    return "\n".join(["timestamp_utc,share", *lines, ""])


BLOCK: dict[str, Any] = {"kind": "fixed_block", "mw": 30, "price_usd_per_mwh": 25}
SUN: dict[str, Any] = {"profile": {"file": "sun.csv", "time_zone": "UTC"}}
# Terms; MW used, MW left, what a MWh costs that is used, paid for all, what a MWh brings that is left.
FORMS: list[tuple[str, dict[str, Any], float, float, float, float, float]] = [
    ("swing", {"kind": "swing", "mw": 10, "price_usd_per_mwh": 25}, 10, 0, 25, 250, 0),
    ("swing by date", {"kind": "swing", "mw": 10, "price_usd_per_mwh": {"2024-03": 9, "2025-02": 25}}, 10, 0, 9, 90, 0),
    ("dear swing", {"kind": "swing", "mw": 10, "price_usd_per_mwh": 31}, 0, 10, 0, 0, 0),
    (
        "gas",
        {"kind": "heat_rate", "mw": 30, "mmbtu_per_mwh": 8, "gas_usd_per_mmbtu": 2.5, "adder_usd_per_mwh": 3},
        24, 6, 23, 24 * 23, 0,
    ),
    ("no resale", BLOCK | {"resale": "none"}, 24, 6, 25, 750, -25),
    ("resale at half", BLOCK | {"resale": {"share": 0.5}}, 24, 6, 25, 750, 10 - 3 - 25),
    ("export", {"kind": "generation", "mw": 30, "cost_usd_per_mwh": 5, "export": "spot"}, 24, 6, 5, 120, 12),
    ("dear export", {"kind": "generation", "mw": 30, "cost_usd_per_mwh": 18, "export": "spot"}, 24, 6, 18, 432, 0),
    ("no export", {"kind": "generation", "mw": 30, "cost_usd_per_mwh": 5}, 24, 6, 5, 120, 0),
    ("dear fuel", {"kind": "generation", "mw": 30, "cost_usd_per_mwh": 40}, 0, 30, 0, 0, 0),
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=[form[0] for form in FORMS])
def test_every_form(make_plan: Any, form: Any) -> None:
    """Proves: what each form delivers, costs and brings when it is left over, in every hour of January: 24 MW of
    machines take it where it costs no more than the meter's 30, and buy the rest. Broken: the block's price for a swing
    that is not used; generation sold at a loss (-1); what is not used of a swing paid for."""
    _, terms, used, left, price, paid, brings = form
    plan = make_plan(MONTH | contracts(power=terms), NOTHING)
    (row,) = plan.rows("contracts.csv")
    assert (row["mining_mwh"], row["unused_mwh"]) == (close(used * 744), close(left * 744))
    assert (row["mwh"], row["hosting_mwh"]) == (close((used + left) * 744), 0)
    assert row["paid_usd_m"] == close(paid * 744 / 1e6)
    assert row["result_usd_m"] == close(left * brings * 744 / 1e6)
    (mining,) = plan.rows("mining.csv")
    assert mining["power_cost_usd_m"] == close((used * price + (24 - used) * 30) * 744 / 1e6)
    assert plan.rows("cash.csv")[0]["contracts_usd_m"] == close(left * brings * 744 / 1e6)


@pytest.mark.parametrize(
    ("hours", "there"), [("7x24", 744), ("5x16", 23 * 16), ("2x16", 8 * 16), ("7x16", 31 * 16), ("7x8", 31 * 8)]
)
def test_hours_of_a_block(make_plan: Any, hours: str, there: int) -> None:
    """Proves: 06:00 to 22:00 on 23 working days, on 8 others, on all; and the nights. Outside of it machines buy.
    Broken: 17 or 15 hours a day; 22 working days (weekdays one off)."""
    plan = make_plan(MONTH | contracts(power=BLOCK | {"mw": 24, "hours": hours}), NOTHING)
    (row,) = plan.rows("contracts.csv")
    assert (row["mwh"], row["unused_mwh"]) == (close(24 * there), close(0))
    assert plan.rows("mining.csv")[0]["power_cost_usd_m"] == close(24 * (there * 25 + (744 - there) * 30) / 1e6)


def test_hours_on_the_clock_of_the_market(make_plan: Any) -> None:
    """Proves: 06:00 is that of the market: in Chicago, six hours behind, the 16 hours of 2 January 2025 are
    those from 12:00 UTC, which alone are dear. Broken: 6 of 16 hours sold at 20."""
    hub = {"file": "prices.csv", "time_zone": "America/Chicago"}
    block = BLOCK | {"hours": "5x16", "mw": 1, "from": "2025-01-02", "until": "2025-01-02"}
    changes = MONTH | {"market.power.hub": hub, "sites.west.fleet": {}, "sites.west.contracts": {"power": block}}
    noon = datetime(2025, 1, 2, 12, tzinfo=UTC)
    local = {"start": datetime(2025, 1, 1, 6, tzinfo=UTC), "end": datetime(2026, 1, 1, 6, tzinfo=UTC)}
    plan = make_plan(
        changes, NOTHING, write=False, **local,
        price=lambda at: 100.0 if noon <= at < noon + timedelta(hours=16) else 20.0,
    )  # fmt: skip
    (row,) = plan.rows("contracts.csv")
    assert row["mwh"] == 16
    assert row["result_usd_m"] == close(16 * (97 - 25) / 1e6)


def test_a_profile(make_plan: Any) -> None:
    """Proves: shares of 0.5, 1.5 (cut to 1), -1 (none) of 40 MW in turn: of 20 MW all are used, of 40 MW 24; 16 are
    left at 12 each in a third of the 744 hours. Broken: 60 MW; a negative supply; the mean of 13.3 MW."""
    plan = make_plan(
        MONTH | contracts(sun={"kind": "generation", "mw": 40, "cost_usd_per_mwh": 5, "export": "spot"} | SUN),
        NOTHING, files={"sun.csv": profile([0.5, 1.5, -1.0])},
    )  # fmt: skip
    (row,) = plan.rows("contracts.csv")
    assert row["mwh"] == close((20 + 40) * 248)
    assert (row["mining_mwh"], row["unused_mwh"]) == (close(44 * 248), close(16 * 248))
    assert row["result_usd_m"] == close(16 * 12 * 248 / 1e6)
    assert plan.rows("mining.csv")[0]["power_cost_usd_m"] == close((44 * 5 + (4 + 24) * 30) * 248 / 1e6)


def test_the_cheapest_to_use_comes_first(make_plan: Any) -> None:
    """Proves: a block at 25 is worth 17 if it is sold, so a swing at 20 comes after it though it costs less, and one at
    10 before. Of 24 MW the block of 20 has 20 and the swing 4; or the swing 10 and the block 14.
    Broken: by price paid (swing first in both)."""

    def cost(price: float) -> Any:
        swing = {"kind": "swing", "mw": 10, "price_usd_per_mwh": price}
        plan = make_plan(MONTH | contracts(swing=swing, block=BLOCK | {"mw": 20}), NOTHING)
        assert [row["contract"] for row in plan.rows("contracts.csv")] == ["swing", "block"]
        return plan.rows("mining.csv")[0]["power_cost_usd_m"] * 1e6 / 744

    assert cost(20) == close(20 * 25 + 4 * 20)
    assert cost(10) == close(10 * 10 + 14 * 25)


def test_an_election(make_plan: Any) -> None:
    """Proves: 12 MW elected for January are used; 30 for February leave 6, sold at 17 for 25; what is not said is the
    least, a tenth of 40. Broken: 40 MW at all times; what is left over lost."""
    terms = {"kind": "monthly_election", "mw": 40, "price_usd_per_mwh": 25, "least": 0.1}
    plan = make_plan(
        FEE | {"horizon.steps": ["3 months"]} | contracts(take=terms), NOTHING,
        operations={(0, "elect", "take"): 12, (1, "elect", "take"): 30},
    )  # fmt: skip
    rows = plan.rows("contracts.csv")
    assert [row["mwh"] for row in rows] == [close(12 * 744), close(30 * 672), close(4 * 744)]
    assert [row["result_usd_m"] for row in rows] == [close(0), close(-8 * 6 * 672 / 1e6), close(0)]
    assert [row["paid_usd_m"] for row in rows] == [close(mwh * 25 / 1e6) for mwh in (12 * 744, 30 * 672, 4 * 744)]
    assert plan.rows("mining.csv")[0]["power_cost_usd_m"] == close(12 * (25 + 30) * 744 / 1e6)


def test_halls_use_what_is_assignable_first(make_plan: Any) -> None:
    """Proves: of 30 MW at 25 halls take 10.8 and machines the other 19.2. Halls go on paying 30, the 5 they are dearer
    is what the contract brings. Broken: 24 MW for machines; halls at 25; 6 MW sold."""
    plan = make_plan(MONTH | LEASE | contracts(power=BLOCK | {"assignable_to_hosting": True}), NOTHING)
    (row,) = plan.rows("contracts.csv")
    assert (row["hosting_mwh"], row["mining_mwh"]) == (close(10.8 * 744), close(19.2 * 744))
    assert row["result_usd_m"] == close(10.8 * 5 * 744 / 1e6)
    assert plan.rows("hosting.csv")[0]["power_cost_usd_m"] == close(10.8 * 30 * 744 / 1e6)
    assert plan.rows("mining.csv")[0]["power_cost_usd_m"] == close((19.2 * 25 + 4.8 * 30) * 744 / 1e6)


def test_halls_have_no_discount(make_plan: Any) -> None:
    """Proves: an interruptible tariff makes 25 of the machines' price, and a block at 24 saves halls 6 of their own 30.
    Broken: 1, by the price of machines."""
    cut = {"events_per_year": 1, "hours_per_event": 1, "discount_usd_per_mwh": 4}
    terms = BLOCK | {"assignable_to_hosting": True, "price_usd_per_mwh": 24, "mw": 10}
    changes = MONTH | LEASE | contracts(power=terms) | {"sites.west.interruptions": {"cut": cut}}
    plan = make_plan(changes, NOTHING, price=lambda at: 21.0 if at.month == 7 else 20.0)
    (row,) = plan.rows("contracts.csv")
    assert (row["hosting_mwh"], row["result_usd_m"]) == (close(7440), close(7440 * 6 / 1e6))
    assert plan.rows("mining.csv")[0]["power_cost_usd_m"] == close(24 * 744 * 25 / 1e6)


def test_some_assignable_and_some_not(make_plan: Any) -> None:
    """Proves: that is an error of the case. Broken: figures."""
    plan = make_plan(MONTH | contracts(one=BLOCK, two=BLOCK | {"assignable_to_hosting": True}), NOTHING, write=False)
    with pytest.raises(CannotRecompute, match="some contracts are assignable to hosting"):
        plan.figures()


def test_worth_against_the_market(make_plan: Any) -> None:
    """Proves: of 40 MW at 25 halls use 10.8 that would cost them 30, machines 24 that would cost 28.75 with their
    discount, and 5.2 are sold at 17: the last column has all of it, the result leaves out what machines save. Of a swap
    (40 for 35) and a minimum take (40 MW, 5.2 short, at 60 each) both are the same. All times the share.
    Broken: 24 * 5 saved (the price of halls); 10.8 * 5 counted twice; 0 for the swap."""
    cut = {"events_per_year": 1, "hours_per_event": 1, "discount_usd_per_mwh": 1}
    take = {"kind": "minimum_take", "mw": 80, "share": 0.5, "over": "month", "shortfall_usd_per_mwh": 60}
    changes = contracts(
        block=BLOCK | {"mw": 40, "assignable_to_hosting": True},
        swap=BLOCK | {"mw": 5, "price_usd_per_mwh": 35, "settles_at": "node"},
        take=take,
    )
    changes |= {"market.power.node": {"file": "prices.csv", "time_zone": "UTC", "scale": 2}, "sites.west.share": 0.4}
    changes |= MONTH | LEASE | {"sites.west.interruptions": {"cut": cut}}
    plan = make_plan(changes, NOTHING, price=lambda at: 21.0 if at.month == 7 else 20.0)
    usd = 0.4 * 744 / 1e6
    result = (10.8 * 5 - 5.2 * 8) * usd
    assert [
        (row["contract"], row["result_usd_m"], row["against_market_usd_m"]) for row in plan.rows("contracts.csv")
    ] == [
        ("block", close(result), close(result + 24 * 3.75 * usd)),
        ("swap", close(5 * 5 * usd), close(5 * 5 * usd)),
        ("take", close(-5.2 * 60 * usd), close(-5.2 * 60 * usd)),
    ]
    assert plan.get("contracts.csv")[0][-1] == "against_market_usd_m"


def test_interrupted_machines_leave_their_block(make_plan: Any) -> None:
    """Proves: in 24 hours of events machines stand still, and their 24 MW are sold at 17, though p is above: 720 hours
    used at 25. Broken: 744 hours; nothing sold."""
    cut = {"events_per_year": 1, "hours_per_event": 24}
    changes = MONTH | contracts(power=BLOCK | {"mw": 24}) | {"sites.west.interruptions": {"cut": cut}}
    (row,) = make_plan(changes, NOTHING).rows("contracts.csv")
    assert (row["mining_mwh"], row["unused_mwh"]) == (close(24 * 720), close(24 * 24))
    assert row["result_usd_m"] == close(-24 * 24 * 8 / 1e6)


OFFER: dict[str, Any] = {
    "terms": {"kind": "fixed_block", "mw": 20, "price_usd_per_mwh": 22}, "sign": WINDOW, "tenor": "6 months",
    "credit_support_usd_m_per_mw": 0.5,
}  # fmt: skip


def test_a_signed_contract(make_plan: Any) -> None:
    """Proves: 10 MW at 22 from April for six months: 5 of credit support out in the second quarter and back in the
    fourth, at the end of the tenor. 8 a MWh are saved on 10 MW. It stands after the contracts of the case and has no
    value of its own. Broken: 20 MW; in force from the start; 5 lost in the value; power until the horizon."""
    signed = Decisions((decided("contract", "hedge", "west", 3, 10.0),))
    offers = {"sites.west.contract_offers": {"hedge": OFFER}}
    plan = make_plan(FEE | offers | contracts(own=BLOCK | {"mw": 2}), signed)
    assert plan.rows("decisions.csv") == [
        {
            "date": "2025-04-01", "decision": "contract", "item": "hedge", "site": "west", "amount": 10, "unit": "mw",
            "meter_mw": 0, "capex_usd_m": 0,
        }
    ]  # fmt: skip
    rows = [(row["period"], row["contract"], row["mining_mwh"]) for row in plan.rows("contracts.csv")]
    hours = {"2025Q1": 2160, "2025Q2": 2184, "2025Q3": 2208, "2025Q4": 2208}
    own = [(period, "own", close(2 * of_period)) for period, of_period in hours.items()]
    hedge = [(period, "hedge", close(10 * hours[period])) for period in ("2025Q2", "2025Q3")]
    assert rows == [own[0], own[1], hedge[0], own[2], hedge[1], own[3]]
    assert [row["collateral_usd_m"] for row in plan.rows("cash.csv")] == [0, -5, 0, 5]
    without = make_plan(FEE | offers | contracts(own=BLOCK | {"mw": 2}), NOTHING)
    more = plan.tables().value_usd_m - without.tables().value_usd_m
    assert more == close(10 * (2184 + 2208) * 8 / 1e6)


def test_signed_offers_in_the_order_of_the_case(make_plan: Any) -> None:
    """Proves: of two offers signed out of the order of the file the one that stands first there is first in the table
    and, where both are worth the same to use (a swing at 17, and a block that brings 17 if it is sold), in the supply:
    once 14.4 MW of machines are left in July, they use all 14 MW of the block and 0.4 of the swing.
    Broken: by time, 10 MW of the swing and 4.4 of the block."""
    block = OFFER | {"terms": {"kind": "fixed_block", "mw": 20, "price_usd_per_mwh": 25}, "tenor": "12 months"}
    swing = OFFER | {"terms": {"kind": "swing", "mw": 20, "price_usd_per_mwh": 17}, "tenor": "12 months"}
    signed = (decided("contract", "swing", "west", 0, 10.0), decided("contract", "block", "west", 3, 14.0), UNPLUGGED)
    plan = make_plan(FEE | {"sites.west.contract_offers": {"block": block, "swing": swing}}, Decisions(signed))
    rows = [(row["period"], row["contract"], row["mining_mwh"]) for row in plan.rows("contracts.csv")]
    assert rows == [
        ("2025Q1", "swing", close(10 * 2160)),
        ("2025Q2", "block", close(14 * 2184)),
        ("2025Q2", "swing", close(10 * 2184)),
        ("2025Q3", "block", close(14 * 2208)),
        ("2025Q3", "swing", close(0.4 * 2208)),
        ("2025Q4", "block", close(14 * 2208)),
        ("2025Q4", "swing", close(0.4 * 2208)),
    ]
    costs = [row["power_cost_usd_m"] for row in plan.rows("mining.csv")]
    assert costs[2] == close((14 * 25 + 0.4 * 17) * 2208 / 1e6)
    # The rows of decisions.csv are in time all the same.
    assert [row["item"] for row in plan.rows("decisions.csv")] == ["swing", "block", "west.S20"]


def test_credit_support_that_comes_back_later(make_plan: Any) -> None:
    """Proves: what comes back after the horizon is in no period; of a joint venture it is the share.
    Broken: back in the last period; 5."""
    signed = Decisions((decided("contract", "hedge", "west", 9, 10.0),))
    plan = make_plan({"sites.west.contract_offers": {"hedge": OFFER}, "sites.west.share": 0.4}, signed)
    assert [row["collateral_usd_m"] for row in plan.rows("cash.csv")] == [0, 0, 0, -2]


def test_a_financial_block_by_hours(make_plan: Any) -> None:
    """Proves: hours and prices by date hold for what only settles, too: 5 MW at 16 hours of 23 days earn 40 - 35.
    Broken: 744 hours; at 25."""
    node = {"market.power.node": {"file": "prices.csv", "time_zone": "UTC", "scale": 2}}
    swap = BLOCK | {"mw": 5, "hours": "5x16", "price_usd_per_mwh": {"2025-01": 35, "2025-02": 25}, "settles_at": "node"}
    (row,) = make_plan(MONTH | node | contracts(swap=swap), NOTHING).rows("contracts.csv")
    assert (row["mwh"], row["unused_mwh"], row["mining_mwh"]) == (close(5 * 368), close(5 * 368), 0)
    assert row["result_usd_m"] == close(5 * 368 * 5 / 1e6)
