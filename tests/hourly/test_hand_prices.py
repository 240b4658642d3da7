"""What a MWh costs, and when it runs: the rules of prices (docs/figures.md, section 3) by hand.

1,000 MW mine, a MWh is worth 100 $. Unless a test says otherwise a day has six hours each at 20, 60, 120 and 150 $: a
MW earns 6 x (80 + 40) = 720 $ a day. A dollar per MW and day is 0.031 USD m in January. Every number is asked of the
full linear program and of the product.
"""

from __future__ import annotations

import pytest

from tests.hourly.builder import FEBRUARY, JANUARY, Worth, about, flat, market, months, quarters

DAY = {"prices": quarters(20, 60, 120, 150)}
STEADY = {"prices": quarters(50, 50, 50, 90)}
"""All hours are worth running: 18 x 50 + 6 x 10 = 960 a day."""


def test_every_hour_by_itself(worth: Worth) -> None:
    """Proves: 80 and 40 in the hours below 100, nothing in the others: 720 a day (U1). Broken: 300 if it always ran, or
    ran at the mean price of 87.5."""
    assert worth({}, DAY) == about(720 * JANUARY)


def test_split_between_two_markets(worth: Worth) -> None:
    """Proves: half bought at a market of 90 makes 55, 75, 105, 120: 6 x (45 + 25) = 420. Broken: 720 without the split,
    480 if each half ran by its own price, 240 at the second market alone."""
    changes = {"market.power.ahead": market("ahead"), "sites.one.power.split": {"market": "ahead", "share": 0.5}}
    assert worth(changes, DAY | {"ahead": flat(90)}) == about(420 * JANUARY)


@pytest.mark.parametrize(
    ("floor", "cap", "usd"), [(50, 90, 660), (50, None, 540), (None, 90, 840)], ids=["collar", "floor", "cap"]
)
def test_floor_and_cap(worth: Worth, floor: float | None, cap: float | None, usd: float) -> None:
    """Proves: 50, 60, 90, 90 inside a collar: 6 x (50 + 40 + 10 + 10); 540 with the floor alone, 840 with the cap
    alone. Broken: 720, the index as it is."""
    changes = {"sites.one.power.floor_usd_per_mwh": floor, "sites.one.power.cap_usd_per_mwh": cap}
    assert worth(changes, DAY) == about(usd * JANUARY)


def test_floor_does_not_lift_resale(worth: Worth) -> None:
    """Proves: at a floor of 110 nothing is worth buying, while a block at 50 is used in the hours at 20 and 60 and sold
    in those at 120 and 150: 6 x (50 + 50 + 70 + 100) = 1,620. Broken: 6 x (60 + 60 + 70 + 100) = 1,740 if the floor
    lifted what it is sold for, too."""
    changes = {
        "sites.one.power.floor_usd_per_mwh": 110,
        "sites.one.contracts.ppa": {"kind": "fixed_block", "mw": 1000, "price_usd_per_mwh": 50, "until": "2025-12"},
    }
    assert worth(changes, DAY) == about(1620 * JANUARY)


def test_a_fixed_tariff_ends_inside_a_month(worth: Worth) -> None:
    """Proves: ten days at 80 in every hour (24 x 20 = 480), then the index: 10 x 480 + 21 x 720 = 19.92. Broken: 22.32
    without it, 14.88 all month, 19.68 or 20.16 with a day more or less."""
    changes = {"sites.one.power.tariff": {"kind": "fixed", "price_usd_per_mwh": 80, "until": "2025-01-10"}}
    assert worth(changes, DAY) == about(19.92)


def test_a_tariff_of_gas(worth: Worth) -> None:
    """Proves: 8 MMBtu at 5 $ are 40 $, at 7 $ from February 56 $: 24 x 60 and 24 x 44. Broken: 84.96 (59 x 1,440) with
    the gas of January for ever, 42.48 at the index."""
    gas = {"2025-01": 5, "2025-02": 7}
    changes = {
        "sites.one.power.tariff": {"kind": "heat_rate", "mmbtu_per_mwh": 8, "gas_usd_per_mmbtu": gas},
        "horizon.steps": ["2 months"],
    }
    assert worth(changes, DAY) == about(1440 * JANUARY + 1056 * FEBRUARY)


def test_an_adder_holds_from_its_month_on(worth: Worth) -> None:
    """Proves: an adder of 30 written for 15 February is none in January and holds all of February: 50 and 90 there, 6 x
    (50 + 10) = 360. Broken: 42.48 without it, 37.44 from the fifteenth on, 21.24 from the start."""
    changes = {"sites.one.power.adder_usd_per_mwh": {"2025-02-15": 30}, "horizon.steps": ["2 months"]}
    assert worth(changes, DAY) == about(720 * JANUARY + 360 * FEBRUARY)


def test_losses_and_wires(worth: Worth) -> None:
    """Proves: (20 + 4) x 1.25 + 10 = 40 and (60 + 4) x 1.25 + 10 = 90: 6 x 70 = 420. Broken: 390 with losses on wires,
    552 without losses, 432 without losses on the adder."""
    changes = {
        "sites.one.power.adder_usd_per_mwh": 4,
        "sites.one.power.losses": 0.25,
        "sites.one.power.wires_usd_per_mwh": 10,
    }
    assert worth(changes, DAY) == about(420 * JANUARY)


def test_interruptions_take_the_dearest_hours(worth: Worth) -> None:
    """Proves: with 8 $ off a day earns 18 x 58 + 6 x 18 = 1,152; on five days (4.5 events are begun five times) the six
    hours at 90 are called: 1,044. Broken: 35.712 without events, 29.46 without the discount, 35.28 with four events,
    33.972 with the six hours of midnight."""
    cut = {"events_per_year": 4.5, "hours_per_event": 5.5, "discount_usd_per_mwh": 8}
    assert worth({"sites.one.interruptions.utility": cut}, STEADY) == about(35.172)


def test_interruptions_end(worth: Worth) -> None:
    """Proves: of the five events of 1 to 5 January those after the 3rd come too late, and the discount ends as well: 3
    x 1,044 + 28 x 960 = 30.012. Broken: 29.892 with all five events, 30.336 with the first three days undisturbed."""
    cut = {"events_per_year": 5, "hours_per_event": 6, "discount_usd_per_mwh": 8, "until": "2025-01-03"}
    assert worth({"sites.one.interruptions.utility": cut}, STEADY) == about(30.012)


@pytest.mark.parametrize(("skill", "usd"), [(0.0, 300), (0.5, 600), (1.0, 720)])
def test_deciding_on_another_price(worth: Worth, skill: float, usd: float) -> None:
    """Proves: told to run by a price of 50, machines run through 120 and 150 as well: 6 x (80 + 40 - 20 - 50) = 300; by
    the mean of both they see 35, 55, 85 and 100, and stop at the last (100 is not below 100): 600. Broken: 720 with
    foresight that is not there, 1,200 if they paid what they decide on."""
    changes = {
        "market.power.ahead": market("ahead"),
        "sites.one.power.decides_on": {"market": "ahead", "skill": skill},
    }
    assert worth(changes, DAY | {"ahead": flat(50)}) == about(usd * JANUARY)


@pytest.mark.parametrize(("skill", "usd"), [(0.0, 630), (1.0, 660)])
def test_a_signal_has_the_same_split(worth: Worth, skill: float, usd: float) -> None:
    """Proves: half of all power costs 60, so that hours cost 40, 60, 90, 105 and seem to cost (130 + 60) / 2 = 95: all
    run, 6 x (60 + 40 + 10 - 5) = 630; with full skill the last stops: 660. Broken: 0 and 600 if what machines see had
    no split (130; or 20, 60, 120, 150)."""
    changes = {
        "market.power.ahead": market("ahead"),
        "market.power.seen": market("seen"),
        "sites.one.power.split": {"market": "ahead", "share": 0.5},
        "sites.one.power.decides_on": {"market": "seen", "skill": skill},
    }
    assert worth(changes, DAY | {"ahead": flat(60), "seen": flat(130)}) == about(usd * JANUARY)


def test_price_by_month(worth: Worth) -> None:
    """Proves: 40 in January and 120 in February: 744 x 60 and nothing. Broken: 31.2 at the mean of both, or if February
    ran as well."""
    assert worth({"horizon.steps": ["2 months"]}, {"prices": months(40, 120)}) == about(44.64)
