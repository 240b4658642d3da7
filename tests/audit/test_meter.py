"""What a MWh at the meter costs, and when machines get none, against numbers reckoned on paper.

The site is that of ``test_figures``: 24 MW at full running, a MWh brings 79.667 and costs (20 + 4) * 1.25 = 30. January
2025 has 744 hours, begins on a Wednesday, and has 23 days from Monday to Friday.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pytest

from optimizer.case.base import parse_date
from optimizer.plan.audit.recompute.by_date import in_month
from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.timeline import CannotRecompute

from .conftest import RUNNING

NOTHING = Decisions(())
MONTH: dict[str, Any] = {"horizon.steps": ["1 month"]}
NODE: dict[str, Any] = {"market.power.node": {"file": "prices.csv", "time_zone": "UTC", "scale": 2}}
MWH = 24 * 744


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def mined(make_plan: Any, power: dict[str, Any], changes: dict[str, Any] | None = None, **more: Any) -> Any:
    """MWh and mean price of the machines in January."""
    site = {f"sites.west.power.{name}": value for name, value in power.items()}
    (row,) = make_plan(MONTH | NODE | site | (changes or {}), NOTHING, write=False, **more).rows("mining.csv")
    return row["mwh"], row["power_cost_usd_m"] * 1e6 / row["mwh"] if row["mwh"] else None


@pytest.mark.parametrize(
    ("power", "price"),
    [
        ({"split": {"market": "node", "share": 0.25}}, (25 + 4) * 1.25),
        ({"floor_usd_per_mwh": 30}, (30 + 4) * 1.25),
        ({"cap_usd_per_mwh": 12}, (12 + 4) * 1.25),
        ({"split": {"market": "node", "share": 0.25}, "cap_usd_per_mwh": 22}, (22 + 4) * 1.25),
        ({"tariff": {"kind": "fixed", "price_usd_per_mwh": 50}, "cap_usd_per_mwh": 22}, (50 + 4) * 1.25),
        ({"tariff": {"kind": "heat_rate", "mmbtu_per_mwh": 8, "gas_usd_per_mmbtu": 2.5}}, (20 + 4) * 1.25),
        (
            {"tariff": {"kind": "heat_rate", "mmbtu_per_mwh": 8, "gas_usd_per_mmbtu": {"2024-11": 3, "2025-02": 9}}},
            (24 + 4) * 1.25,
        ),
        ({"adder_usd_per_mwh": {"2025-01-20": 8, "2025-02": 99}}, (20 + 8) * 1.25),
        ({"adder_usd_per_mwh": {"2025-02": 99}}, 20 * 1.25),
        ({"wires_usd_per_mwh": {"2024-05": 5}}, 30 + 5),
        ({"tariff": {"kind": "fixed", "price_usd_per_mwh": 50, "until": "2025-01-10"}}, (67.5 * 10 + 30 * 21) / 31),
    ],
)
def test_price_at_the_meter(make_plan: Any, power: dict[str, Any], price: float) -> None:
    """Proves: a quarter of each MWh at 40 makes 25; floor and cap hold for the mixture, not for a tariff; a tariff ends
    with its last day; adder, gas and wires hold from their date's month on and are nothing before; wires are not lost
    on the way. Broken: 37.5 (cap on one part), 27.5 (cap on a tariff), 36.25 for wires, an adder from the 20th on."""
    mwh, mean = mined(make_plan, power)
    assert (mwh, mean) == (close(MWH), close(price))


def test_currency_of_a_market(make_plan: Any) -> None:
    """Proves: 20 of a currency at 0.7 are 14 dollars: (14 + 4) * 1.25 = 22.5; the adder is dollars already. A forward
    of 30 in that currency makes 21. Broken: 30, 21 (all converted)."""
    hub: dict[str, Any] = {"file": "prices.csv", "time_zone": "UTC", "currency": "CAD"}
    changes: dict[str, Any] = {"market.power.hub": hub, "currencies": {"CAD": 0.7}}
    assert mined(make_plan, {}, changes)[1] == close(22.5)
    changes["market.power.hub"] = hub | {"forward_usd_per_mwh": {"2025": 30}}
    assert mined(make_plan, {}, changes)[1] == close(25 * 1.25)


def test_resale_is_at_spot_itself(make_plan: Any) -> None:
    """Proves: floor and cap clip what is bought, not what is sold: at a cap of 12 and no adder p = 15 is below r = 20,
    so 30 MW at 25 are all sold at 20. Broken: sold at 12, or used at 25."""
    block = {"kind": "fixed_block", "mw": 30, "price_usd_per_mwh": 25, "until": "2026-06"}
    power = {"sites.west.power": {"market": "hub", "cap_usd_per_mwh": 12, "losses": 0.25}}
    plan = make_plan(MONTH | power | {"sites.west.contracts": {"strip": block}}, NOTHING)
    (row,) = plan.rows("contracts.csv")
    assert (row["mining_mwh"], row["result_usd_m"]) == (0, close(30 * 744 * (20 - 25) / 1e6))


def test_deciding_on_another_price(make_plan: Any) -> None:
    """Proves: at 80 on the market that decides, d = (80 + 4) * 1.25 = 105 is above 79.667 and nothing runs, though 30
    is what would be paid. With three quarters of the difference known, d = (35 + 4) * 1.25 = 48.75: it runs, at 30.
    Broken: 17,856 MWh; 0 at a skill of 1; a price of 48.75."""
    node = {"market.power.node.scale": 4}
    for skill, expected in ((0.0, (0, None)), (0.75, (close(MWH), close(30))), (1.0, (close(MWH), close(30)))):
        assert mined(make_plan, {"decides_on": {"market": "node", "skill": skill}}, node) == expected


def test_deciding_takes_losses_too(make_plan: Any) -> None:
    """Proves: who decides on a low price runs in the dear hours: spot 100 on the 15 even days costs 130 a MWh, and at a
    steady 20 for the day ahead all 744 hours run. Broken: the 384 hours of the odd days only."""
    text = "timestamp_utc,price\n" + "".join(
        f"{np.datetime64('2025-01-01T00') + hour}:00Z,20\n".replace("T", " ") for hour in range(8760)
    )
    ahead = {"market.power.ahead": {"file": "ahead.csv", "time_zone": "UTC"}}
    mwh, mean = mined(
        make_plan, {"decides_on": {"market": "ahead"}}, ahead, files={"ahead.csv": text},
        price=lambda at: 20.0 if at.day % 2 else 100.0,
    )  # fmt: skip
    assert (mwh, mean) == (close(MWH), close((30 * 384 + 130 * 360) / 744))


def dear(at: datetime) -> float:
    """20 but for 40 on 10 January from 17 to 20 and 50 on 20 January at 5; 39 on 15 July from 12 to 15."""
    if (at.month, at.day) == (1, 10) and 17 <= at.hour < 20:
        return 40.0
    if (at.month, at.day) == (1, 20) and at.hour == 5:
        return 50.0
    return 39.0 if (at.month, at.day) == (7, 15) and 12 <= at.hour < 15 else 20.0


def test_interruptions(make_plan: Any) -> None:
    """Proves: events of 3 hours on the dearest days of the year by their mean: 10 January at 40, 15 July at 39; then
    20 January at 30, its run being the earliest with the hour at 5: from 3 to 6. Of two events January has one, and
    three hours less. The discount of 4 holds at all hours: 20 * 1.25 = 25; halls go on and pay their 30 as before.
    Broken: 738 hours (a single hour of 50 first); 30 for machines; 25 for halls; 741 for halls."""
    cut = {"events_per_year": 2, "hours_per_event": 2.5, "discount_usd_per_mwh": 4}
    changes: dict[str, Any] = {"leases": {"tenant": RUNNING}, "sites.west.interruptions": {"tariff": cut}}
    plan = make_plan(MONTH | changes, NOTHING, write=False, price=dear)
    machines, halls = plan.rows("power.csv")
    assert machines["mwh"] == close(24 * 741)
    assert machines["cost_usd_m"] == close(24 * (740 * 25 + 62.5) / 1e6)
    assert halls["mwh"] == close(10.8 * 744)
    assert halls["cost_usd_m"] == close(10.8 * (740 * 30 + 3 * 55 + 67.5) / 1e6)
    called = plan.figures().terms["west"].meter.interruptions[0][1][12 * 2025]
    assert list(np.flatnonzero(called)) == [9 * 24 + 17, 9 * 24 + 18, 9 * 24 + 19]
    changes["sites.west.interruptions"]["tariff"]["events_per_year"] = 2.5
    third = make_plan(MONTH | changes, NOTHING, write=False, price=dear).figures().terms["west"].meter.interruptions
    assert list(np.flatnonzero(third[0][1][12 * 2025])[3:]) == [19 * 24 + 3, 19 * 24 + 4, 19 * 24 + 5]


def test_interruptions_end_with_their_last_day(make_plan: Any) -> None:
    """Proves: from 11 January until 19 January neither event holds, and the discount holds on nine days.
    Broken: events at any time; a discount in all of January."""
    cut: dict[str, Any] = {"events_per_year": 3, "hours_per_event": 3, "discount_usd_per_mwh": 4}
    cut |= {"from": "2025-01-11", "until": "2025-01-19"}
    changes: dict[str, Any] = {"sites.west.interruptions": {"tariff": cut}}
    mwh, mean = mined(make_plan, {}, changes, price=dear)
    assert mwh == close(MWH)
    assert mean == close((30 * 744 + 3 * 25 + 37.5 - 5 * 9 * 24) / 744)


def test_events_of_several_years(make_plan: Any) -> None:
    """Proves: with two years of prices a day counts a half, so that one event a year takes two days, the dearest and
    then the earliest of equals; each hour weighs a half. Broken: one day (half an event), 1.5 hours cut."""
    cut = {"events_per_year": 1, "hours_per_event": 3}
    span = {"start": datetime.fromisoformat("2024-01-01T00:00Z"), "end": datetime.fromisoformat("2026-01-01T00:00Z")}
    changes: dict[str, Any] = {"sites.west.interruptions": {"cut": cut}}
    mwh, _ = mined(make_plan, {}, changes, price=dear, **span)
    # 10 January of both years: of each the three hours from 17.
    assert mwh == close(24 * (744 - 3))
    changes["sites.west.interruptions"]["cut"]["events_per_year"] = 0.5
    assert mined(make_plan, {}, changes, price=dear, **span)[0] == close(24 * (744 - 1.5))


def test_series_have_to_be_aligned(make_plan: Any) -> None:
    """Proves: a second market with other months of shape is an error, not a mixture of what does not belong together.
    Broken: figures."""
    node = {"file": "prices.csv", "time_zone": "UTC", "shape": {"from": "2025-01", "to": "2025-12"}}
    power = {"market": "hub", "split": {"market": "node", "share": 0.5}}
    span = {"start": datetime.fromisoformat("2024-01-01T00:00Z"), "end": datetime.fromisoformat("2026-01-01T00:00Z")}
    plan = make_plan(MONTH | {"market.power.node": node, "sites.west.power": power}, NOTHING, write=False, **span)
    with pytest.raises(CannotRecompute, match="are not those of the site's market"):
        plan.figures()


def test_amounts_by_date() -> None:
    """Proves: the latest date of the months up to this one; of two in one month the later; none before the first.
    Broken: the first of the month only."""
    amounts = {parse_date("2025-03-15"): 2.0, parse_date("2025-03-02"): 1.0, parse_date("2026-01"): 3.0}
    assert [in_month(amounts, 12 * 2025 + month) for month in (1, 2, 3, 11, 12, 40)] == [0, 2, 2, 2, 3, 3]
    assert in_month(7.5, 0) == 7.5
