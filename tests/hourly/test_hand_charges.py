"""Reserves, demand response and charges for delivery (docs/figures.md, section 5) by hand.

1,000 MW mine and a MWh is worth 100 $. Where nothing else is said a day has six hours each at 20, 60, 120 and 150 $,
and a MW earns 720 $ a day.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.hourly.builder import JANUARY, LEASE, Price, Worth, about, flat, market, months, quarters

DAY = {"prices": quarters(20, 60, 120, 150)}
STEADY = {"prices": quarters(50, 50, 50, 90)}
"""All hours are worth running: 18 x 50 + 6 x 10 = 960 a day."""

RESERVES: dict[str, Any] = {
    "kind": "ancillary",
    "mw": 400,
    "prices": market("reserves"),
    "columns": ["up", "down"],
    "price_share": 0.5,
    "availability": 0.9,
    "deployed_share": 0.1,
    "deployment_cost_usd_per_mwh": 20,
}


def afternoons(price: float) -> Price:
    """A price from 12:00 to 18:00, and empty cells."""
    return lambda at: price if 12 <= at.hour < 18 else None


def test_reserves_are_sold_once_and_only_while_running(worth: Worth) -> None:
    """Proves: at half the file's price and 0.9 of the hours, less 0.1 x 20, a MW that runs earns 7, and 16 in the
    afternoon, where it then runs at a price of 105: 6 x (80 + 40 + 0.4 x (7 + 7 + 11)) = 780. Broken: 866.4 at the
    file's own prices, 753.6 if reserves did not make it run, 801.6 if both products were paid, 796.8 if what stands
    still at 150 were paid, 870 if all 1,000 MW were awarded."""
    prices = {
        "prices": quarters(20, 60, 105, 150),
        "reserves": {"up": flat(20), "down": afternoons(40), "other": flat(900)},
    }
    assert worth({"sites.one.flexibility.as": RESERVES}, prices) == about(780 * JANUARY)


def test_reserves_do_not_move_a_signal(worth: Worth) -> None:
    """Proves: machines that follow a signal (here the price itself) stop at 105 in the afternoon whatever a reserve
    would pay, and it pays what runs: 6 x (80 + 40 + 0.4 x (7 + 7)) = 753.6. Broken: 780 if the reserve made them
    run."""
    changes = {
        "sites.one.flexibility.as": RESERVES,
        "sites.one.power.decides_on": {"market": "hub", "skill": 1},
    }
    prices = {"prices": quarters(20, 60, 105, 150), "reserves": {"up": flat(20), "down": afternoons(40)}}
    assert worth(changes, prices) == about(753.6 * JANUARY)


def test_a_share_of_reserve_prices_by_date(worth: Worth) -> None:
    """Proves: all of a price of 10 in January and a fifth of it in February, on 1,000 MW that always run: 744 x 60 +
    672 x 52. Broken: 84.96 with January's share, 70.8 if it were none before its date."""
    program = {
        "kind": "ancillary",
        "mw": 5000,
        "prices": market("reserves"),
        "columns": ["up"],
        "price_share": {"2025-01": 1.0, "2025-02": 0.2},
    }
    prices = {"prices": flat(50), "reserves": {"up": flat(10)}}
    value = worth({"sites.one.flexibility.as": program, "horizon.steps": ["2 months"]}, prices)
    assert value == about(44.64 + 34.944)


RESPONSE: dict[str, Any] = {
    "kind": "demand_response",
    "mw": 300,
    "payment_usd_per_kw_month": 1,
    "events_per_year": 2,
    "hours_per_event": 4,
}


@pytest.mark.parametrize(
    ("changes", "usd_m"),
    [
        pytest.param({}, 29.76 + 0.276, id="enrolled"),
        pytest.param({"payment_usd_per_kw_month": 0.05}, 29.76, id="too-little"),
        pytest.param({"months": [2, 3]}, 29.76, id="other-months"),
        pytest.param({"from": "2025-02"}, 29.76, id="not-yet"),
        pytest.param({"mw": 5000}, 29.76 + 0.92, id="all-there-is"),
    ],
)
def test_demand_response(worth: Worth, changes: dict[str, Any], usd_m: float) -> None:
    """Proves: 300 MW earn 1,000 $ each in January and lose 10 $ in the eight hours (18:00 to 22:00 on the first two
    days) that are called: 0.276; at 50 $ nobody is enrolled; from February on nothing of it is paid in January; no more
    is enrolled than there is. Broken: 0.3 if events cost nothing, 0.18 if they fell into hours at 50, 30.06 for months
    in which nothing is paid, 34.36 with 5,000 MW."""
    assert worth({"sites.one.flexibility.dr": RESPONSE | changes}, STEADY) == about(usd_m)


@pytest.mark.parametrize(("payment", "usd_m"), [(6, 42.6456), (1, 42.408)])
def test_what_is_enrolled_is_not_awarded(worth: Worth, payment: float, usd_m: float) -> None:
    """Proves: a MW earns 7 x 744 = 5,208 $ as a reserve or 6,000 $ as demand response, so 300 are enrolled and 700
    awarded: 37.2 + 3.6456 + 1.8; at 1,000 $ none is enrolled. Broken: 44.208 (or 42.708) if it were sold twice."""
    program = RESERVES | {"mw": 1000, "columns": ["up"], "price_share": 1, "availability": 1, "deployed_share": 0}
    changes = {
        "sites.one.flexibility.as": program,
        "sites.one.flexibility.dr": RESPONSE | {"payment_usd_per_kw_month": payment, "events_per_year": 0},
    }
    assert worth(changes, {"prices": flat(50), "reserves": {"up": flat(7)}}) == about(usd_m)


PEAKS: dict[str, Any] = {"kind": "coincident_peak", "rate_usd_per_kw_year": 4, "months": [1], "hours": [18, 22]}
RHO = math.log(1.1)
NOW = (1 - math.exp(-RHO / 12)) * 12 / RHO
"""Mean discount factor of January 2025 at 10 %, and that of the year 2026 in which its peaks are billed."""
LATER = (math.exp(-RHO) - math.exp(-2 * RHO)) / RHO


@pytest.mark.parametrize(("rate", "usd_m"), [(4, 74.4 * NOW - 4 * LATER), (80, 65.2 * NOW)], ids=["run", "stop"])
def test_a_coincident_peak_is_billed_a_year_later(worth: Worth, rate: float, usd_m: float) -> None:
    """Proves: 4,000 $ a MW over 92 hours (18:00 to 22:00 on 23 working days) are 43.5 $ a MWh, less than the 100 that
    it earns: all hours run, and 4.0 is paid in the next year; 80,000 are avoided by standing still for 92 hours (U6).
    Broken: 70.12 if it were paid at once, 74.1 without a charge, 61.8 if it stood still on weekends, too, 64.9 at 4 $
    if each hour bore all of it."""
    changes = {"sites.one.delivery.peaks": PEAKS | {"rate_usd_per_kw_year": rate}, "discount.mining": 0.1}
    assert worth(changes, {"prices": flat(0)}) == about(usd_m)


@pytest.mark.parametrize(("rate", "usd_m"), [(4, 70.4 * NOW), (10, 65.2 * NOW)], ids=["run", "stop"])
def test_a_coincident_peak_billed_in_its_month(worth: Worth, rate: float, usd_m: float) -> None:
    """Proves: what is billed in the month in which it is measured is discounted like what is mined in it: 74.4 - 4.0 at
    the factor of January, and 10,000 $ a MW are more than the 9,200 that the 92 hours earn, so that they stand still.
    Broken: 70.64 and 65.43 (all hours run) if it were billed in the next year; 73.77 at 4 $ if billed_over were heeded
    and eleven of twelve parts forgotten."""
    changes = {
        "sites.one.delivery.peaks": PEAKS | {"rate_usd_per_kw_year": rate, "billed": "in_month", "billed_over": 12},
        "discount.mining": 0.1,
    }
    assert worth(changes, {"prices": flat(0)}) == about(usd_m)


def test_a_peak_that_is_not_always_avoided(worth: Worth) -> None:
    """Proves: with a success of 0.75 a quarter of 80,000 $ falls on the 652 other hours, 30.7 $ each: they run, 65.2 -
    20. Broken: 65.2 if avoiding were certain, -5.6 if nothing stood still."""
    changes = {"sites.one.delivery.peaks": PEAKS | {"rate_usd_per_kw_year": 80, "success": 0.75}}
    assert worth(changes, {"prices": flat(0)}) == about(45.2)


def test_one_of_four_peaks(worth: Worth) -> None:
    """Proves: of four months (June to September) one lies in the plan and bears a quarter of 16 $ per kW: 4.0 less than
    744 x 100 in July. Broken: 58.4 if it bore all of it, 74.4 if charges of later years were forgotten."""
    peaks = {"kind": "coincident_peak", "rate_usd_per_kw_year": 16}
    changes = {"sites.one.delivery.peaks": peaks, "horizon.start": "2025-07"}
    assert worth(changes, {"prices": flat(0)}) == about(70.4)


def test_what_had_accrued_before_the_start(worth: Worth) -> None:
    """Proves: 1.2 of the year before is paid over the six months of 2025 that are left, also beyond the horizon: 22.32
    - 1.2. Broken: 22.12 within the horizon only, 21.72 if half of it counted as paid, 22.32 if it were forgotten."""
    changes = {
        "sites.one.delivery.peaks": PEAKS | {"rate_usd_per_kw_year": 0, "opening_usd_m": 1.2},
        "horizon.start": "2025-07",
    }
    assert worth(changes, DAY) == about(22.32 - 1.2)


def test_what_had_accrued_since_january(worth: Worth) -> None:
    """Proves: 1.2 of the months before July is paid over the twelve months of 2026, which begin half a year after the
    start: 22.32 of July less 1.2 at the mean factor of those months, 0.909. Broken: 21.06 if it were paid from July to
    December like that of the year before, 22.23 if it were forgotten or its year lay beyond what counts."""
    changes = {
        "sites.one.delivery.peaks": PEAKS | {"rate_usd_per_kw_year": 0, "accrued_this_year_usd_m": 1.2},
        "horizon.start": "2025-07",
        "discount.mining": 0.1,
    }
    factor = (math.exp(-RHO / 2) - math.exp(-1.5 * RHO)) / RHO
    assert worth(changes, DAY) == about(22.32 * NOW - 1.2 * factor)


@pytest.mark.parametrize(
    ("changes", "usd_m"),
    [
        pytest.param({"rate_usd_per_kw_month": 20}, 2.32, id="worth-it"),
        pytest.param({"rate_usd_per_kw_month": 25}, 0.0, id="too-dear"),
        pytest.param({"contracted_mw": 100}, -0.268, id="contracted"),
        pytest.param({"opening_peak_mw": 500, "ratchet": 0.8}, -1.072, id="ratchet"),
        pytest.param({"opening_peak_mw": 500}, 0.0, id="no-ratchet"),
    ],
)
def test_a_demand_charge(worth: Worth, changes: dict[str, Any], usd_m: float) -> None:
    """Proves: a MW that earns 22,320 $ in January pays 20,000 $ for its peak, and not 25,000; what is billed anyway
    (100 MW contracted, 0.8 of 500) runs: 100 x (22,320 - 25,000), 400 x the same. Broken: -2.68 if a peak of 1,000 MW
    were taken for granted, -2.5 and -10 if nothing ran, -1.34 without the ratchet's 0.8."""
    demand = {"kind": "demand", "rate_usd_per_kw_month": 25}
    assert worth({"sites.one.delivery.grid": demand | changes}, DAY) == about(usd_m)


def test_a_peak_keeps_the_better_machines(worth: Worth) -> None:
    """Proves: a MW of the better half earns 22,320 $, one of the other (a MWh worth 80) 14,880 $: at 18,000 $ the first
    500 MW stay: 2.16. Broken: 0.6 with both, 0 with none; the order in the case is the other way round."""
    changes = {
        "sites.one.fleet": {"m20": {"ph_s": 20000}, "m16": {"ph_s": 25000}},
        "sites.one.delivery.grid": {"kind": "demand", "rate_usd_per_kw_month": 18},
    }
    assert worth(changes, DAY) == about(2.16)


@pytest.mark.parametrize(("rate", "usd_m"), [(120, 43.2), (100, 52.32)])
def test_a_demand_charge_with_firm_load(worth: Worth, rate: float, usd_m: float) -> None:
    """Proves: halls draw 400 MW in April alone, when a MWh is worth 10; before it 50. A ratchet of 1 bills April's
    charge on the highest of four months. Machines run 400 MW beside the halls' peak for nothing, 108,000 $ each; 600
    more pay 120,000 $ each for 108,000 + 7,200 and stay away, and come at 100,000 $ (U5): 108.0 + 4.32 - 60. Broken:
    15.2 and 0 if halls were left out of the peak, 115.2 without a charge, 108.0 if a month were billed on its own peak
    alone."""
    changes = {
        "horizon.steps": ["4 months"],
        "leases.tenant": LEASE | {"it_mw": 400, "first_rent": "2025-04"},
        "sites.one.delivery.grid": {
            "kind": "demand",
            "rate_usd_per_kw_month": {"2025-01": 0, "2025-04": rate},
            "ratchet": 1.0,
        },
    }
    assert worth(changes, {"prices": months(50, 50, 50, 90)}) == about(usd_m)
