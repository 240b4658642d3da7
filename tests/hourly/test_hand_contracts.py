"""Contracts that deliver power, one form after the other (docs/figures.md, section 5) by hand.

1,000 MW mine, a MWh is worth 100 $, and a day has six hours each at 20, 60, 120 and 150 $, so that a MW earns 720 $ a
day without a contract. A dollar per MW and day is 0.031 USD m in January.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.hourly.builder import FEBRUARY, JANUARY, LEASE, Worth, about, flat, market, months, quarters

DAY = {"prices": quarters(20, 60, 120, 150)}
BLOCK: dict[str, Any] = {"kind": "fixed_block", "mw": 1000, "price_usd_per_mwh": 50, "until": "2025-12"}
PPA = "sites.one.contracts.ppa"


def test_a_block_sold_at_spot(worth: Worth) -> None:
    """Proves: the block adds 6 x (-30 + 10 + 70 + 100) = 900 to the 720 of the index (U2). Broken: 1,200 if a MWh of it
    cost its price and not what it would bring, 2,820 if its price were forgotten."""
    assert worth({PPA: BLOCK}, DAY) == about(1620 * JANUARY)


def test_resale_has_a_fee(worth: Worth) -> None:
    """Proves: a fee of 10 leaves max(100, p - 10) - 50 = 50, 50, 60 and 90 an hour: 1,500. Broken: 1,620 without it,
    1,380 if it were paid on every MWh of the block."""
    assert worth({PPA: BLOCK, "sites.one.power.resale_fee_usd_per_mwh": 10}, DAY) == about(1500 * JANUARY)


def test_a_block_that_cannot_be_sold(worth: Worth) -> None:
    """Proves: what is not used is lost, so all hours run: 24 x 50 = 1,200. Broken: 1,620 if it were sold, 0 if machines
    stopped at 120 and 150."""
    assert worth({PPA: BLOCK | {"resale": "none"}}, DAY) == about(1200 * JANUARY)


def test_a_block_sold_at_half(worth: Worth) -> None:
    """Proves: at prices of 60, 100, 150, 300 an hour brings max(100, p / 2) - 50 = 50, 50, 50, 100: 1,500 (U3). Broken:
    1,350 if machines stopped at their own value, 2,700 if it were sold at spot."""
    changes = {PPA: BLOCK | {"resale": {"share": 0.5}}}
    assert worth(changes, {"prices": quarters(60, 100, 150, 300)}) == about(1500 * JANUARY)


@pytest.mark.parametrize(
    ("hours", "usd_m"), [("7x24", 50.22), ("5x16", 42.56), ("2x16", 29.36), ("7x16", 49.60), ("7x8", 22.94)]
)
def test_hours_of_a_block(worth: Worth, hours: str, usd_m: float) -> None:
    """Proves: a block is worth 6 x 10 + 6 x 70 + 4 x 100 = 880 from 06:00 to 22:00, on 23 working days and 8 of
    weekends, and 2 x 100 - 6 x 30 = 20 at night, beside the 22.32 of the index. Broken: 50.22, a block of all hours;
    43.44 for 5x16 if January began on a Thursday (24 working days)."""
    assert worth({PPA: BLOCK | {"hours": hours}}, DAY) == about(usd_m)


def test_a_profile(worth: Worth) -> None:
    """Proves: half of the MW by day, clipped to nothing at night, kept: 6 x (80 + (70 + 40) / 2 + 70 / 2) = 1,020 at a
    price of 30. Broken: 1,080 if it were sold, 1,320 with all MW by day, 720 without it."""
    ppa = BLOCK | {"price_usd_per_mwh": 30, "resale": "none", "profile": market("sun")}
    assert worth({PPA: ppa}, DAY | {"sun": quarters(-0.2, 0.5, 0.5, -0.2)}) == about(1020 * JANUARY)


def test_a_financial_block_touches_no_load(worth: Worth) -> None:
    """Proves: settled at a market of 70 the block pays 24 x 20 = 480 beside the 720 of the index. Broken: 1,620 if it
    settled at the site's own market, 1,680 if machines used it as well."""
    changes = {"market.power.ahead": market("ahead"), PPA: BLOCK | {"settles_at": "ahead"}}
    assert worth(changes, DAY | {"ahead": flat(70)}) == about(1200 * JANUARY)


def test_a_block_for_some_days(worth: Worth) -> None:
    """Proves: from 11 to 20 January ten days have the 900 of the block: 31.32. Broken: 50.22 for the month, 30.42 or
    32.22 with a day less or more."""
    assert worth({PPA: BLOCK | {"from": "2025-01-11", "until": "2025-01-20"}}, DAY) == about(31.32)


def test_a_monthly_election(worth: Worth) -> None:
    """Proves: at 90 a MW of the month loses 60 a day and at 80 it wins 180, so the least (0.2) is elected in January
    and the most (0.8) in February: 708 and 864 a day. Broken: 45.024 if one share held for both, 47.52 without bounds,
    43.116 at the least always."""
    election = {
        "kind": "monthly_election",
        "mw": 1000,
        "least": 0.2,
        "most": 0.8,
        "price_usd_per_mwh": {"2025-01": 90, "2025-02": 80},
        "until": "2025-12",
    }
    value = worth({PPA: election, "horizon.steps": ["2 months"]}, DAY)
    assert value == about(708 * JANUARY + 864 * FEBRUARY)


def test_an_election_that_ends_where_machines_do(worth: Worth) -> None:
    """Proves: what cannot be sold is elected up to what machines draw and no further, though more is on offer: 1,200
    for 1,000 MW at 50. Broken: 600 if all of 1,500 MW had to be taken, 720 if none were."""
    election = BLOCK | {"kind": "monthly_election", "mw": 1500, "resale": "none"}
    assert worth({PPA: election}, DAY) == about(1200 * JANUARY)


def test_swing_is_paid_when_used(worth: Worth) -> None:
    """Proves: 400 MW at 50 save 10 an hour at 60 and run through 120 and 150 at a gain of 50; at 20 the index is
    cheaper: 6 x (80 + 40 + 4 + 20 + 20) = 984. Broken: 1,080 if it were a block, 912 if it were used at 20, too."""
    assert worth({PPA: {"kind": "swing", "mw": 400, "price_usd_per_mwh": 50, "until": "2025-12"}}, DAY) == about(
        984 * JANUARY
    )


def test_power_linked_to_gas(worth: Worth) -> None:
    """Proves: 10 MMBtu and 5 $ are 50 in January and 70 in February: 6 x (80 + 3 x 50) and 6 x (80 + 40 + 2 x 30).
    Broken: 81.42 with the gas of January, 77.49 without the adder, 57.36 if it were used at 20, too."""
    heat = {
        "kind": "heat_rate",
        "mw": 1000,
        "mmbtu_per_mwh": 10,
        "gas_usd_per_mmbtu": {"2025-01": 4.5, "2025-02": 6.5},
        "adder_usd_per_mwh": 5,
        "until": "2025-12",
    }
    assert worth({PPA: heat, "horizon.steps": ["2 months"]}, DAY) == about(1380 * JANUARY + 1080 * FEBRUARY)


@pytest.mark.parametrize(("export", "usd"), [("none", 1230), ("spot", 1380)])
def test_generation(worth: Worth, export: str, usd: float) -> None:
    """Proves: 500 MW at a cost of 30 stand still at 20, save 30 at 60 and run machines through 120 and 150: 6 x (80 +
    40 + 15 + 35 + 35); exported (less a fee of 10) they bring 80 and 110 there instead: 6 x (80 + 55 + 40 + 55).
    Broken: 1,320 if they were exported at a loss at 20, 1,440 without the fee, 720 without them."""
    own = {"kind": "generation", "mw": 500, "cost_usd_per_mwh": 30, "export": export, "until": "2025-12"}
    changes = {PPA: own, "sites.one.power.resale_fee_usd_per_mwh": 10}
    assert worth(changes, DAY) == about(usd * JANUARY)


def test_cheapest_supply_first(worth: Worth) -> None:
    """Proves: 500 MW take 300 MW at 40 before 400 MW at 70, whatever their order in the case: 6 x (40 + 26 + 24 + 24) =
    684. Broken: 612 in the order of the case, 504 without the cheap one."""
    swing = {"kind": "swing", "until": "2025-12"}
    changes = {
        "sites.one.fleet.m16": {"ph_s": 25000},
        "sites.one.contracts.dear": swing | {"mw": 400, "price_usd_per_mwh": 70},
        "sites.one.contracts.cheap": swing | {"mw": 300, "price_usd_per_mwh": 40},
    }
    assert worth(changes, DAY) == about(684 * JANUARY)


@pytest.mark.parametrize(("assignable", "usd"), [(True, 1002), (False, 918)])
def test_halls_use_contracts_first(worth: Worth, assignable: bool, usd: float) -> None:
    """Proves: of 300 MW at 50, halls take 200 where they may and save 10, 70 and 100 of what they pay otherwise,
    machines the rest at a gain of 10, 50 and 50: 6 x (120 + 3 + 19 + 25) = 1,002; else machines take all: 918. Broken:
    the other number; 786 if what halls take brought the site nothing."""
    changes = {
        PPA: {
            "kind": "swing",
            "mw": 300,
            "price_usd_per_mwh": 50,
            "until": "2025-12",
            "assignable_to_hosting": assignable,
        },
        "leases.tenant": LEASE | {"it_mw": 200},
    }
    assert worth(changes, DAY) == about(usd * JANUARY)


def test_a_contract_offer_that_was_signed(worth: Worth) -> None:
    """Proves: 400 MW at 50 that cannot be sold, signed in February for a month: 0.6 x 720 + 0.4 x 1,200 = 912 a day in
    it and 720 before and after. Broken: 64.8 if it never held, 76.128 if it never ended, 71.52 with all of the 500 MW
    on offer."""
    offer = {
        "terms": {"kind": "fixed_block", "mw": 500, "price_usd_per_mwh": 50, "resale": "none"},
        "sign": {"from": "2025-01", "to": "2025-03"},
        "tenor": "1 month",
    }
    changes = {
        "sites.one.contract_offers": {"term": offer},
        "given.contract": {"one.term": {"2025-02": 400}},
        "horizon.steps": ["3 months"],
    }
    value = worth(changes, DAY, {"term": (1, 400.0)})
    assert value == about(2 * 720 * JANUARY + 912 * FEBRUARY)


def test_a_share_of_the_site(worth: Worth) -> None:
    """Proves: half of a venture has half of mining and of its contract: 810 a day. Broken: 1,620, or 1,260 and 1,170
    with one of the two in full."""
    assert worth({PPA: BLOCK, "sites.one.share": 0.5}, DAY) == about(810 * JANUARY)


TAKE: dict[str, Any] = {
    "kind": "minimum_take",
    "mw": 1000,
    "share": 0.75,
    "over": "month",
    "shortfall_usd_per_mwh": 1000,
    "until": "2025-12",
}
AT_60 = {"sites.one.variable_cost_usd_per_mwh": 40}
"""A MWh is worth 60."""


@pytest.mark.parametrize(("shortfall", "usd"), [(1000, -360), (30, -180)])
def test_a_minimum_take(worth: Worth, shortfall: float, usd: float) -> None:
    """Proves: at 40, 80, 120, 160 a machine worth 60 runs three quarters of the time at 20 - 20 - 60 = -60 (U4); where
    a MWh short costs 30 it runs at 80 (a loss of 20) and pays for the rest: 20 - 20 - 30. Broken: -600 if the hours
    above 60 were one block at their mean, 120 if it stopped at its own value and paid nothing, -960 if it always
    ran."""
    changes = AT_60 | {PPA: TAKE | {"shortfall_usd_per_mwh": shortfall}}
    assert worth(changes, {"prices": quarters(40, 80, 120, 160)}) == about(usd * JANUARY)


@pytest.mark.parametrize(("over", "usd_m"), [("quarter", 4.08), ("month", -3.36), ("year", 4.08)])
def test_a_minimum_take_over_a_window(worth: Worth, over: str, usd_m: float) -> None:
    """Proves: half of 2,160 hours are 744 in January at a gain of 10 and 336 of February at a loss of 10: 7.44 - 3.36;
    month by month 372 of March at a loss of 20 come to it: 7.44 - 3.36 - 7.44. Broken: 7.44 if it were not asked for,
    0.72 if February ran as a whole."""
    prices = months(50, 70, 80)
    changes = AT_60 | {PPA: TAKE | {"share": 0.5, "over": over}, "horizon.steps": ["3 months"]}
    assert worth(changes, {"prices": prices}) == about(usd_m)


def test_halls_count_for_a_minimum_take(worth: Worth) -> None:
    """Proves: halls of 250 MW leave half of the machines' hours to be taken: 6 x (20 - 20) = 0. Broken: -11.16 if only
    machines counted."""
    changes = AT_60 | {PPA: TAKE, "leases.tenant": LEASE | {"it_mw": 250}}
    assert worth(changes, {"prices": quarters(40, 80, 120, 160)}) == about(0.0)
