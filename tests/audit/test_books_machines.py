"""Machines in the books, against numbers reckoned on paper. The case is ``WIDE`` with books.

The fleet's 1,000 PH/s stand for 6 at the start and are written off over 36 months; a used PH/s brings 0.005 less 1 % of
that for each month of age, at the last tier half of it.
"""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.plan.audit.recompute.decisions import Decisions

from .conftest import BOUGHT, TRADES, WIDE, decided

NOTHING = Decisions(())
BOOKS = WIDE | {"finance.books": {"property_usd_m": 0}, "sites.west.fleet.S20.book_usd_m": 6}
ORDER = TRADES[0]


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def held(plan: Any) -> list[float]:
    """Machines in the balance sheet, at the start and at the end of each quarter."""
    return [row["machines_usd_m"] for row in plan.rows("balance.csv")]


def line(plan: Any, name: str) -> list[float]:
    """A line of the income statement by quarter."""
    return [row[f"{name}_usd_m"] for row in plan.rows("income.csv")]


def test_written_off_over_what_is_left_of_its_life(make_plan: Any) -> None:
    """Proves: 6 over 36 months is 0.5 a quarter. Bought a year before the start, 6 is written off over the 24 that are
    left, 0.75 a quarter; with a life of 18 months over 6: 3 a quarter, then nothing. Past its book life it goes at
    once.
    Broken: 0.5 in all cases; values below 0."""
    plan = make_plan(BOOKS, NOTHING)
    assert held(plan) == [6, close(5.5), close(5), close(4.5), close(4)]
    assert line(plan, "depreciation_machines") == [close(-0.5)] * 4
    older = BOOKS | {"sites.west.fleet.S20.bought": "2024-01"}
    assert held(make_plan(older, NOTHING)) == [6, close(5.25), close(4.5), close(3.75), close(3)]
    short = make_plan(older | {"machines.S20.life": "18 months"}, NOTHING)
    assert held(short) == [6, close(3), 0, 0, 0]
    past = make_plan(BOOKS | {"sites.west.fleet.S20.bought": "2021-01"}, NOTHING)
    assert held(past) == [6, 0, 0, 0, 0]
    assert line(past, "depreciation_machines") == [close(-6), 0, 0, 0]


def test_bought(make_plan: Any) -> None:
    """Proves: 200 ordered in January stand for the 2 that were paid until they arrive in April; then they lose a
    twelfth of it a quarter. Broken: written off from the order; nothing in the books before April."""
    plan = make_plan(BOOKS, Decisions((ORDER,)))
    fleet = [6, 5.5, 5, 4.5, 4]
    bought = [a - b for a, b in zip(held(plan), fleet, strict=True)]
    assert bought == [0, close(2), close(2 - 1 / 6), close(2 - 2 / 6), close(1.5)]
    assert line(plan, "depreciation_machines") == [close(-0.5), *[close(-0.5 - 1 / 6)] * 3]
    assert line(plan, "gain_on_machines") == [0, 0, 0, 0]


def test_stored_and_impaired(make_plan: Any) -> None:
    """Proves: of 5.5 in April 400 of 1,000 PH/s, 2.2, go into store; a quarter later they stand for 2 and would bring
    400 * 0.5 * 10 * 0.94 * 0.5 / 1000 = 0.94: 1.06 are lost. What is installed is not written down to its market.
    Broken: 2.65 of loss on all; no loss; a market of 1.88 (the first tier)."""
    plan = make_plan(BOOKS, Decisions((TRADES[1],)))
    assert line(plan, "impairment") == [0, close(-1.06), 0, 0]
    assert line(plan, "depreciation_machines")[:2] == [close(-0.5), close(-0.5)]
    assert held(plan)[2] == close(3 + 0.94)
    # 0.94 over the 30 months left; the market falls more slowly, so nothing more is lost.
    assert held(plan)[3] == close(2.7 + 0.94 * 27 / 30)


def test_what_is_plugged_in_again_is_not_impaired(make_plan: Any) -> None:
    """Proves: what goes back to work in July only waits: nothing of the 2 in store is lost in June. Of half of it half
    of 1.06 is lost; what is left, 0.735 for 200 PH/s, stays dark in September: over 33 and 30 months 0.6615, and
    200 * 0.5 * 10 * 0.91 * 0.5 / 1000 = 0.455 of it would be brought in. Plugged in twice the 400 are no gain.
    Broken: 1.06 of loss in June; 0 where half stays dark; half of 0.2065 in September (what was plugged in before)."""
    back = decided("plug", "west.S20", "west", 6, 400.0)
    plan = make_plan(BOOKS, Decisions((TRADES[1], back)))
    assert line(plan, "impairment") == [0, 0, 0, 0]
    assert held(plan) == [6, close(5.5), close(5), close(4.5), close(4)]
    plan = make_plan(BOOKS, Decisions((TRADES[1], decided("plug", "west.S20", "west", 6, 200.0))))
    assert line(plan, "impairment") == [0, close(-0.53), close(0.455 - 0.735 * 27 / 30), 0]
    assert held(plan)[2] == close(3 + 1.47)
    # Unplugged, plugged in, unplugged and plugged in again: more is plugged in later than there is in store.
    twice = (back, decided("unplug", "west.S20", "west", 6, 100.0), decided("plug", "west.S20", "west", 9, 100.0))
    assert line(make_plan(BOOKS, Decisions((TRADES[1], *twice))), "impairment") == [0, 0, 0, 0]


def test_nobody_takes_them(make_plan: Any) -> None:
    """Proves: what cannot be resold is worth nothing in store: 2 are lost. Broken: 0; a fault for want of a price."""
    changes = {"machines.S20.resale": None, "machines.S20.price_usd_per_th": None, "machines.S20.buy": None}
    plan = make_plan(BOOKS | changes, Decisions((TRADES[1],)))
    assert line(plan, "impairment") == [0, close(-2), 0, 0]
    assert held(plan)[2:] == [close(3), close(2.7), close(2.4)]


def test_plugged_and_sold(make_plan: Any) -> None:
    """Proves: three quarters of the 400 stored stay dark, so 0.795 of their 2 are lost in June and 1.205 is left. In
    July 100 leave for east with a quarter of it, and 250 are sold for 0.8695 at 0.753125: a gain of 0.116375. Half of
    the order, 11 / 12 of 1, goes for 0.388: a loss of 0.5286667. Left are 3.30125 installed, 50 in store, worth no more
    than 0.11375 in September, and the other half of the order.
    Broken: a gain against 1.25 (what was never impaired); 0.282 (impaired in full); of 0.388."""
    plan = make_plan(BOOKS, Decisions(TRADES))
    assert line(plan, "impairment") == [0, close(-0.795), close(0.11375 - 0.150625 * 27 / 30), 0]
    assert line(plan, "gain_on_machines") == [0, 0, close(0.116375 + 0.388 - 11 / 12), 0]
    assert line(plan, "moves") == [0, 0, close(-0.05), 0]
    assert held(plan)[3] == close(3.30125 * 27 / 30 + 0.11375 + 10 / 12)
    assert BOUGHT in {row["lot"] for row in plan.rows("machines.csv")}


def test_plugged_before_unplugged(make_plan: Any) -> None:
    """Proves: at one step 100 leave the store for east at its mean and only then 200 of the 700 installed go into it at
    theirs, so that the store never mixes before. With stores of 1.205 for 400 PH/s and 600 installed at 0.005 each:
    installed are (3 + 0.30125) / 700, of which 200 go. Broken: 200 * 0.005 unplugged."""
    plug, again = TRADES[3], decided("unplug", "west.S20", "west", 6, 200.0)
    plan = make_plan(BOOKS, Decisions((TRADES[1], again, plug)))
    installed = 3.30125 * 500 / 700 * 27 / 30
    market = 500 * 0.5 * 10 * 0.91 * 0.5 / 1000
    stored = (0.90375 + 3.30125 * 200 / 700) * 27 / 30
    assert stored > market
    assert line(plan, "impairment")[2] == close(market - stored)
    assert held(plan)[3] == close(installed + market)


def test_all_of_a_lot_sold(make_plan: Any) -> None:
    """Proves: what all 1,000 PH/s stand for, 6 at the very start, is set against what they bring, and nothing is left.
    300 at 0.8 and 700 at 0.5 of 5 a TH: 1.2 + 1.75. Broken: dust that is written off for ever."""
    all_of_it = (decided("unplug", "west.S20", "west", 0, 1000.0), decided("sell", "west.S20", "", 0, 1000.0))
    deep = [{"ph_s_per_quarter": 300, "factor": 0.8}, {"ph_s_per_quarter": 900, "factor": 0.5}]
    plan = make_plan(BOOKS | {"machines.S20.resale": {"share": 0.5, "tiers": deep}}, Decisions(all_of_it))
    assert line(plan, "gain_on_machines") == [close(1.2 + 1.75 - 6), 0, 0, 0]
    assert held(plan) == [6, 0, 0, 0, 0]


def test_arriving_at_a_joint_venture(make_plan: Any) -> None:
    """Proves: of a site that is owned to 40 % a deposit of 5 counts 2. When the lot arrives on 15 May 0.4 of what is
    due, 3, is added; from then on 36 months: at the end of June 1.5 (in days of May 17 / 31 + 1) of it are gone.
    Broken: 5; written off from January; the due amount left out."""
    lot = {"machine": "S20", "ph_s": 100, "on": "2025-05-15", "due_usd_m": 3, "paid_usd_m": 5}
    site = {
        "power": {"market": "hub"}, "energised_mw": 20, "mining_shell_mw": 20, "share": 0.4, "arriving": {"more": lot},
    }  # fmt: skip
    plan = make_plan(BOOKS | {"sites.joint": site}, NOTHING)
    fleet = [6, 5.5, 5, 4.5, 4]
    arrived = [a - b for a, b in zip(held(plan), fleet, strict=True)]
    gone = 17 / 31 + 1
    assert arrived[:3] == [close(2), close(2), close(3.2 * (36 - gone) / 36)]
    assert arrived[4] == close(3.2 * (30 - gone) / 36)


def test_book_life_of_the_case(make_plan: Any) -> None:
    """Proves: with a book life of 60 months 6 lose 0.3 a quarter. Broken: 0.5."""
    plan = make_plan(BOOKS | {"finance.books": {"property_usd_m": 0, "machine_life": "60 months"}}, NOTHING)
    assert held(plan)[1] == close(5.7)
