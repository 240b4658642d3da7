"""Machines in the books, by hand: written off over what is left, moved at their value, sold at a gain, stranded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optimizer.plan.books.machines import machine_books
from tests.plan.books_plan import close, company, planned, stated

# A used machine brings half of 14 $/TH: 7 USD m an EH/s.
TRADED: dict[str, Any] = {
    "machines.m16": {
        "efficiency_j_per_th": 16,
        "price_usd_per_th": 14,
        "resale": {"share": 0.5, "tiers": [{"ph_s_per_quarter": 50000, "factor": 1.0}]},
    }
}


def test_a_lot_is_written_off_over_what_is_left_of_its_life(tmp_path: Path) -> None:
    """Proves: 360 with 24 of 36 months left lose 45 a quarter. Broken: 30 over the whole life from the start on; 82.5
    over the 60 months of a physical life, and none if age were not counted from the purchase."""
    plan = planned(tmp_path, company())
    books = machine_books(plan)
    assert books.depreciation == close(45, 45, 45, 45)
    assert books.value == close(315, 270, 225, 180)
    stated(plan)


def test_the_shorter_life_counts(tmp_path: Path) -> None:
    """Proves: machines scrapped after two years are written off by then, 360 in 12 months: 90 a quarter. Broken: 45."""
    plan = planned(tmp_path, company({"machines.m16.life": "2 years"}))
    assert machine_books(plan).value == close(270, 180, 90, 0)


def test_machines_older_than_their_book_life_are_written_off_at_once(tmp_path: Path) -> None:
    """Proves: of four years' age nothing is left of a life of three; the 360 that are typed in go in the first quarter.
    Broken: 360 for ever, or a division by nothing."""
    plan = planned(tmp_path, company({"sites.one.fleet.m16.bought": "2021-01"}))
    books = machine_books(plan)
    assert books.depreciation == close(360, 0, 0, 0)
    assert books.value == close(0, 0, 0, 0)
    stated(plan)


def test_what_is_sold_leaves_at_its_value(tmp_path: Path) -> None:
    """Proves: half of the lot is unplugged and sold after a quarter: it stands for 157.5 and brings 25,000 PH/s at 7,
    175: a gain of 17.5. The other half loses 3 / 21 of 157.5 a quarter, 22.5. Broken: a gain of 175 if it left for
    nothing, -140 if all 315 left; 45 a quarter if what was sold went on being written off."""
    sold = {
        "given.unplug": {"one.m16": {"2025-04": 25000}},
        "given.sell": {"one.m16": {"2025-04": 25000}},
    }
    plan = planned(tmp_path, company(TRADED | sold))
    books = machine_books(plan)
    assert books.sold == close(0, 157.5, 0, 0)
    assert books.gain == close(0, 17.5, 0, 0)
    assert books.depreciation == close(45, 22.5, 22.5, 22.5)
    assert books.value == close(315, 135, 112.5, 90)
    stated(plan)


STRANDED = {
    "machines.m16.price_usd_per_th": 8,
    "given.unplug": {"one.m16": {"2025-04": 25000}},
    "given.plug": {"one.m16 > one": {"2025-07": 12500}},
}


def test_what_is_stranded_is_written_down_to_its_price(tmp_path: Path) -> None:
    """Proves: half of the lot goes into store at 157.5, is written off to 135 and can be sold for 25,000 PH/s at 4,
    100; half of it is plugged in again in July, so 17.5 of the 35 are impairment. It comes back at half of the 117.5
    that are left; with the installed 135 it makes 193.75, which lose 3 / 18. The 58.75 in store lose as much, 48.958,
    and could be sold for 50: no impairment again. Broken: no impairment; 35, of what mines on too; 202.5 installed if
    it came back at its old value."""
    plan = planned(tmp_path, company(TRADED | STRANDED))
    books = machine_books(plan)
    assert books.impairment == close(0, 17.5, 0, 0)
    assert books.depreciation == close(45, 45, 252.5 / 6, 252.5 / 6)
    assert books.value == close(315, 252.5, 252.5 * 5 / 6, 252.5 * 4 / 6)
    made = stated(plan)
    assert made.income["impairment"] == close(0, -17.5, 0, 0)
    assert made.income["depreciation_machines"] == close(-45, -45, -252.5 / 6, -252.5 / 6)


def test_what_cannot_be_sold_is_worth_nothing_in_store(tmp_path: Path) -> None:
    """Proves: without a market for used machines the 135 in store go. Broken: 35, as if somebody paid 4 for them."""
    given = {"given.unplug": {"one.m16": {"2025-04": 25000}}}
    plan = planned(tmp_path, company(given))
    assert machine_books(plan).impairment == close(0, 135, 0, 0)
    assert machine_books(plan).value == close(315, 135, 112.5, 90)
    stated(plan)


@pytest.mark.parametrize(("back", "impairment"), [(25000, 0), (20000, 7), (5000, 28), (0, 35)])
def test_machines_on_their_way_are_not_written_down(back: float, impairment: float, tmp_path: Path) -> None:
    """Proves: half of the lot is in store for a quarter, at 135 with a price of 100: of the 35 above it only that part
    goes that is not plugged in again. Broken: 35 in every case, of machines that mine on in July."""
    stored = {**STRANDED, "given.plug": {"one.m16 > one": {"2025-07": back}} if back else {}}
    plan = planned(tmp_path, company(TRADED | stored))
    assert machine_books(plan).impairment[1] == close(impairment)
    stated(plan)


def test_machines_that_come_back_late_or_in_parts_are_not_written_down(tmp_path: Path) -> None:
    """Proves: 10,000 PH/s come back in July and 15,000 in October: nothing is written down in June nor in September,
    and all of it is installed at 270 in December less depreciation. Broken: 21 in June, as if only the next period
    counted, or 22.5 - 15,000 PH/s at 4 a quarter later."""
    stored = {**STRANDED, "given.plug": {"one.m16 > one": {"2025-07": 10000, "2025-10": 15000}}}
    plan = planned(tmp_path, company(TRADED | stored))
    books = machine_books(plan)
    assert books.impairment == close(0, 0, 0, 0)
    assert books.value == close(315, 270, 225, 180)
    stated(plan)


def test_machines_on_order_are_written_off_from_their_arrival(tmp_path: Path) -> None:
    """Proves: 1,000 PH/s ordered for 14 at the start arrive after four months: 14 until then; of the second quarter two
    of 36 months are written off. Broken: 14 x 33 / 36 = 12.83 after a quarter, if it lost from the order on."""
    buy = {
        "window": {"from": "2025-01", "to": "2025-01"},
        "delivery": "4 months",
        "sites": ["one"],
        "max_ph_s_per_step": 1000,
    }
    changes = TRADED | {
        "machines.m16.buy": buy,
        "sites.one.fleet": {},
        "given.buy": {"one.m16": {"2025-01": 1000}},
        "finance.opening.cash_usd_m": 100,
    }
    plan = planned(tmp_path, company(changes))
    books = machine_books(plan)
    assert books.added == close(14, 0, 0, 0)
    assert books.value == close(14, 14 * 34 / 36, 14 * 31 / 36, 14 * 28 / 36)
    stated(plan)


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_deposit_and_what_is_due(share: float, tmp_path: Path) -> None:
    """Proves: 10 were paid and 20 are due after four months: 10, then 30 of which two of 36 months are written off; of
    a joint venture half of all that. Broken: 10 written off from the start; 20 never in the books; the whole of a
    venture."""
    arriving = {"new": {"machine": "m16", "ph_s": 1000, "on": "2025-05", "paid_usd_m": 10, "due_usd_m": 20}}
    changes = {"sites.one.arriving": arriving, "sites.one.fleet": {}, "sites.one.share": share}
    plan = planned(tmp_path, company(changes))
    books = machine_books(plan)
    assert books.opening_usd_m == close(10 * share)
    assert books.added == close(0, 20 * share, 0, 0)
    assert books.value == close(10 * share, 30 * share * 34 / 36, 30 * share * 31 / 36, 30 * share * 28 / 36)
    stated(plan)


def test_a_deposit_follows_what_is_put_in_store(tmp_path: Path) -> None:
    """Proves: of 10 paid for a lot on order half goes into store with half of its machines, where nobody would buy it:
    5 of impairment; what is due goes to both by PH/s, 10 each, and the 10 in store go too. Broken: 20 to what is
    installed, so that 5 + 20 stay."""
    arriving = {"new": {"machine": "m16", "ph_s": 1000, "on": "2025-05", "paid_usd_m": 10, "due_usd_m": 20}}
    changes = {
        "sites.one.arriving": arriving,
        "sites.one.fleet": {},
        "given.unplug": {"one.new": {"2025-01": 500}},
    }
    plan = planned(tmp_path, company(changes))
    books = machine_books(plan)
    assert books.impairment == close(5, 10 * 34 / 36, 0, 0)
    assert books.value == close(5, 15 * 34 / 36, 15 * 31 / 36, 15 * 28 / 36)
    stated(plan)
