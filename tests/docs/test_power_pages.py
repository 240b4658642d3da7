"""Worked hours of the pages on power: their sums are right, and the product comes to the same cent.

The lines of a case that a section shows are put into a site of 10 MW whose MWh mines 80 $, with four prices a day, and
solved. What the last row of the section's table says is what a month of the plan has to be worth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from optimizer import api
from tests.docs.worked import headings, lines_of_case, merged, number, reckoned, result_of, section, sums, tables
from tests.hourly.builder import (
    CASE,
    LEASE,
    OPERATIONS,
    Price,
    changed,
    component,
    flat,
    quarters,
    solve_product,
    write_prices,
)

JULY = 31
# As in tests/hourly: 48 $/PH/s/day; at 20 J/TH and an overhead of 1.25 a MWh mines 80 $, and 400 PH/s draw 10 MW.
MINE = changed(
    CASE,
    {
        "horizon": {"start": "2025-07", "steps": ["1 month"]},
        "market.power": {"west": {"file": "west.csv", "time_zone": "UTC"}},
        "sites": {
            "west_one": {
                "power": {"market": "west"},
                "energised_mw": 40,
                "mining_shell_mw": 10,
                "mining_overhead": 1.25,
                "fleet": {"m20": {"ph_s": 400}},
            }
        },
        "given": {"otherwise": "optimise"},
    },
)
HOURS = quarters(20, 60, 90, 150)


def solved(folder: Path, lines: Mapping[str, Any], more: Mapping[str, Any] | None = None, **prices: Any) -> api.Result:
    """The plan of the worked site with these lines and dotted changes. Files of prices are those named."""
    data = changed(merged(MINE, lines), more or {})
    for name, market in data["market"]["power"].items():
        market |= {"file": f"{name}.csv", "time_zone": "UTC"}
    for contract in data["sites"]["west_one"].get("contracts", {}).values():
        if "profile" in contract:
            contract["profile"] = {"file": "profile.csv", "time_zone": "UTC"}
    write_prices(folder, {"west": HOURS, **prices})
    return solve_product(data, folder)


def four_hours(result: api.Result, *more: str) -> float:
    """$ of machines, contracts, reserves and charges in one hour of each of the four."""
    return component(result, *OPERATIONS, *more) * 1e6 / 6 / JULY


def last_row(text: str) -> list[float]:
    """What the last row of the first table that has one says, column by column."""
    for table in tables(text):
        if table[-1][0] == "all":
            return [number(cell) for cell in table[-1] if re.fullmatch(r"-?[\d,]+\.\d\d", cell)]
    raise AssertionError("no table with a row 'all'")


def rows(result: api.Result, table: str) -> list[dict[str, Any]]:
    """Rows of a table of the plan."""
    return [dict(row) for row in result.plan.tables[table].dicts()]


def to_the_cent(expected: float) -> Any:
    return pytest.approx(expected, rel=1e-6, abs=0.005)


# ---------------------------------------------------------------- the sums on the pages


@pytest.mark.parametrize("page", ["power_contracts.md", "delivery_charges.md", "flexibility.md"])
def test_sums_are_right(page: str) -> None:
    """Proves: every sum in a section comes to what is written beside it, to the digits written. Broken: 551.40 for 10 x
    (80 - 24.96)."""
    written = [found for heading in headings(page) for found in sums(section(page, heading))]
    assert len(written) > 10
    for left, right in written:
        digits = len(right.partition(".")[2])
        assert round(reckoned(left), digits) == pytest.approx(number(right), abs=10**-digits / 2), f"{left} = {right}"


@pytest.mark.parametrize("page", ["power_contracts.md", "delivery_charges.md", "flexibility.md"])
def test_columns_add_up(page: str) -> None:
    """Proves: each column of dollars adds up to its last row. Broken: 693.80 below 550.40 and 142.40."""
    looked_at = 0
    for heading in headings(page):
        for table in tables(section(page, heading)):
            if table[-1][0] != "all":
                continue
            for column, total in enumerate(table[-1]):
                found = [result_of(row[column]) for row in table[1:-1]]
                if re.fullmatch(r"-?[\d,]+\.\d\d", total):
                    assert sum(each or 0.0 for each in found) == pytest.approx(number(total)), f"{heading}: {total}"
                    looked_at += 1
    assert looked_at >= 3


# ---------------------------------------------------------------- power_contracts.md

DAY_AHEAD = {"ahead": quarters(20, 55, 80, 110)}
Form = tuple[str, Mapping[str, Price], tuple[Mapping[str, Any], ...]]
BLOCK = "sites.west_one.contracts.block"
FORMS: tuple[Form, ...] = (
    ("Index with adder, losses and wires", {}, ({},)),
    ("Split, floor, cap, collar", DAY_AHEAD, ({},)),
    ("Load-following tariff, fixed", {}, ({},)),
    ("Load-following tariff, linked to gas", {}, ({},)),
    ("Interruptible power", {}, ({"sites.west_one.interruptions.tariff_rider.events_per_year": 366},)),
    ("Deciding on day-ahead", {"ahead": quarters(30, 85, 70, 140)}, ({},)),
    (
        "Fixed block",
        {},
        ({}, {f"{BLOCK}.resale": {"share": 0.8}}, {f"{BLOCK}.resale": "none"}),
    ),
    ("Block and index", {}, ({},)),
    ("Profile", {"profile": quarters(0.8, 0.5, 0.1, 0.3)}, ({},)),
    ("Swing", {}, ({},)),
    ("Heat rate", {}, ({},)),
    ("Generation behind the meter", {}, ({}, {"sites.west_one.contracts.engines.export": "none"})),
    ("Minimum take", {}, ({},)),
)


@pytest.mark.parametrize(("heading", "prices", "changes"), FORMS, ids=[form[0] for form in FORMS])
def test_worked_hours(
    heading: str, prices: Mapping[str, Price], changes: tuple[Mapping[str, Any], ...], tmp_path: Path
) -> None:
    """Proves: the plan of a section's lines earns what the last row of its table says. Broken: 1,200.00 for a block if
    its resale were forgotten, 800.00 for any form if it were not there."""
    text = section("power_contracts.md", heading)
    expected = last_row(text)
    assert len(expected) == len(changes)
    for each, total in zip(changes, expected, strict=True):
        assert four_hours(solved(tmp_path, lines_of_case(text), each, **prices)) == to_the_cent(total)


def test_more_of_what_the_text_says(tmp_path: Path) -> None:
    """Proves: figures beside the tables hold as well. Broken: 1,000.00 on days that are not called, 800.00 for a take
    of 90 %, 760.00 for what ignoring resale costs."""
    page = "power_contracts.md"
    text = section(page, "Interruptible power")
    assert four_hours(solved(tmp_path, lines_of_case(text))) == to_the_cent(1120)  # the 20 days are in January
    text = section(page, "Minimum take")
    dear = solved(tmp_path, lines_of_case(text), {"sites.west_one.contracts.take.share": 0.9})
    assert four_hours(dear) == to_the_cent(430)
    decided = {row["kind"]: row["amount"] for row in rows(solved(tmp_path, lines_of_case(text)), "dispatch")}
    assert decided == {"take_price": pytest.approx(10), "take_share": pytest.approx(0.8)}
    [said] = solved(tmp_path, lines_of_case(section(page, "Fixed block"))).summary()["power"]
    assert said["ignoring_resale_costs_usd_m"] * 1e6 / 6 / JULY == to_the_cent(760)
    text = section(page, "Deciding on day-ahead")
    [said] = solved(tmp_path, lines_of_case(text), ahead=quarters(30, 85, 70, 140)).summary()["power"]
    assert said["foresight_is_worth_usd_m"] * 1e6 / 6 / JULY == to_the_cent(300)


def test_shaped_block(tmp_path: Path) -> None:
    """Proves: July 2025 comes to what the table adds up. Broken: 292,640 if weekends had the block, 198,400 without
    it."""
    text = section("power_contracts.md", "Shaped blocks")
    result = solved(tmp_path, lines_of_case(text), west=lambda at: by_clock(at.hour))
    [total] = last_row(text)
    assert component(result, *OPERATIONS) * 1e6 == to_the_cent(total)


def by_clock(hour: int) -> float:
    return 20.0 if hour < 6 or hour >= 22 else 60.0 if hour < 14 else 90.0


def test_monthly_election(tmp_path: Path) -> None:
    """Proves: 10 MW are elected in the dear month, 4 in the cheap one. Broken: 1,200.00 for 10 MW in the cheap one."""
    text = section("power_contracts.md", "Monthly election")
    for prices, total, elected in zip((HOURS, quarters(20, 30, 40, 60)), last_row(text), (10, 4), strict=True):
        result = solved(tmp_path, lines_of_case(text), west=prices)
        assert four_hours(result) == to_the_cent(total)
        [row] = rows(result, "dispatch")
        assert (row["kind"], row["amount"]) == ("elect", pytest.approx(elected))


def test_contract_offer(tmp_path: Path) -> None:
    """Proves: it is signed in full in July 2025, earns 215,760 more in the month and posts 0.6 USD m. Broken: 0 if it
    were not signed, a collateral of 0."""
    text = section("power_contracts.md", "Contract offers")
    result = solved(tmp_path, lines_of_case(text))
    [row] = [row for row in rows(result, "decisions") if row["decision"] == "contract"]
    assert (str(row["date"]), row["item"], row["amount"]) == ("2025-07-01", "five_years", pytest.approx(10))
    assert four_hours(result) == to_the_cent(1960)
    [cash] = rows(result, "cash")
    assert cash["collateral_usd_m"] == pytest.approx(-0.6)


def test_financial_settlement(tmp_path: Path) -> None:
    """Proves: hedge and machines are two figures. Broken: 1,200.00 for the hedge at the site's own market."""
    text = section("power_contracts.md", "Financial settlement")
    result = solved(tmp_path, lines_of_case(text), hub=quarters(25, 50, 100, 120))
    found = [component(result, name) * 1e6 / 6 / JULY for name in ("contracts", "mining")]
    assert found == [to_the_cent(total) for total in last_row(text)]


def test_who_gets_the_value(tmp_path: Path) -> None:
    """Proves: each arrangement comes to its column. Broken: 1,960.00 for all if halls and contract were strangers,
    1,976.00 for the last if the tenant went on paying spot."""
    text = section("power_contracts.md", "Who gets a contract's value")
    arrangements: tuple[dict[str, Any], ...] = (
        {f"{BLOCK}.assignable_to_hosting": False},
        {},
        {"leases.tenant.power.pass_through_at": "block"},
    )
    for changes, total in zip(arrangements, last_row(text), strict=True):
        result = solved(tmp_path, lines_of_case(text), {"horizon.steps": ["1 month"], **changes})
        [halls] = rows(result, "hosting")
        power = (halls["power_recovered_usd_m"] - halls["power_cost_usd_m"]) * 1e6 / 6 / JULY
        assert four_hours(result) + power == to_the_cent(total)
    result = solved(tmp_path, lines_of_case(text), {"leases.tenant.power": {"paid_by": "operator"}})
    [halls] = rows(result, "hosting")
    assert four_hours(result) - halls["power_cost_usd_m"] * 1e6 / 6 / JULY == to_the_cent(696)


def test_expiry(tmp_path: Path) -> None:
    """Proves: July has the block, August the market; at the mean of its hours a block earns 760. Broken: 1,960.00 for
    both months."""
    text = section("power_contracts.md", "Expiry and renewal at market")
    result = solved(tmp_path, lines_of_case(text), {"horizon.steps": ["2 months"]})
    totals = [number(row[-1].rpartition("= ")[2]) for row in tables(text)[0][1:]]
    assert component(result, *OPERATIONS) * 1e6 / 6 == to_the_cent(31 * sum(totals))
    assert four_hours(solved(tmp_path, lines_of_case(text), {f"{BLOCK}.price_usd_per_mwh": 80})) == to_the_cent(760)


def test_every_form_has_a_section() -> None:
    """Proves: each kind of contract and each key of ``power`` is told about. Broken: a form that nobody finds."""
    from optimizer.case.power import SitePower

    text = " ".join(section("power_contracts.md", heading) for heading in headings("power_contracts.md"))
    kinds = ("fixed_block", "monthly_election", "swing", "heat_rate", "generation", "minimum_take")
    for word in (*kinds, *SitePower.model_fields, "contract_offers", "settles_at", "pass_through_at"):
        assert word in text, word


# ---------------------------------------------------------------- delivery_charges.md

FLAT: dict[str, Any] = {"west": flat(40)}
TENANT: dict[str, Any] = {
    "leases.tenant": LEASE | {"site": "west_one", "it_mw": 4, "first_rent": "2025-07"},
}


@pytest.mark.parametrize("heading", ["Four coincident peaks", "Peaks in twelve months", "Capacity tags"])
def test_coincident_peaks(heading: str, tmp_path: Path) -> None:
    """Proves: July mines and accrues what the table says. Broken: 297,600.00 mined under 4CP if machines ran through,
    175,000.00 accrued."""
    text = section("delivery_charges.md", heading)
    result = solved(tmp_path, lines_of_case(text), **FLAT)
    [row] = rows(result, "delivery")
    found = [component(result, "mining"), row["accrued_usd_m"], row["avoided_usd_m"]]
    expected = last_row(text)
    assert [each * 1e6 for each in found[: len(expected)]] == [to_the_cent(total) for total in expected]
    assert component(result, "delivery") == pytest.approx(-row["accrued_usd_m"])


def test_peaks_of_halls_and_their_bill(tmp_path: Path) -> None:
    """Proves: halls accrue 70,000, of which machines would have avoided 63,000; July is billed over the next year; at
    60 machines stop for twelve peaks as well. Broken: 7,000 if halls stood still in candidate hours, 17,500 at once."""
    text = section("delivery_charges.md", "Four coincident peaks")
    result = solved(tmp_path, lines_of_case(text), TENANT, **FLAT)
    by_use = {row["use"]: row for row in rows(result, "delivery")}
    assert by_use["hosting: tenant"]["accrued_usd_m"] == pytest.approx(0.07)
    [said] = result.summary()["power"]
    assert said["peak_charges_avoided_usd_m"] == pytest.approx(0.1575)
    assert said["halls_cannot_avoid_usd_m"] == pytest.approx(4 * 0.063)  # to the end of their year: four peaks
    assert "4 x 17,500 = 70,000" in section("delivery_charges.md", "Halls cannot avoid it")
    result = solved(tmp_path, lines_of_case(text), {"horizon.steps": ["1 month", "6 months", "1 month"]}, **FLAT)
    paid = [row["paid_usd_m"] for row in rows(result, "delivery")]
    accrued = [row["accrued_usd_m"] for row in rows(result, "delivery")]
    assert paid == pytest.approx([0] * 6 + [sum(accrued[:6]) / 12] * 2)
    text = section("delivery_charges.md", "Peaks in twelve months")
    dear = solved(tmp_path, lines_of_case(text), west=flat(60))
    assert component(dear, "mining") * 1e6 == to_the_cent((744 - 161) * 10 * 20)


def test_demand_charge(tmp_path: Path) -> None:
    """Proves: at 77 the plan has a peak of 8 MW and loses 22,144; at 40 one of 10. Broken: 27,680.00 if all ran."""
    text = section("delivery_charges.md", "Demand charge with a ratchet")
    result = solved(tmp_path, lines_of_case(text), west=flat(77))
    [row] = rows(result, "dispatch")
    assert (row["kind"], row["amount"]) == ("peak", pytest.approx(8))
    assert component(result, *OPERATIONS) * 1e6 == to_the_cent(last_row(text)[1])
    [row] = rows(solved(tmp_path, lines_of_case(text), **FLAT), "dispatch")
    assert row["amount"] == pytest.approx(10)


# ---------------------------------------------------------------- flexibility.md

RESERVES: dict[str, Any] = {"RRS": quarters(4, 2, 30, 40), "NSPIN": quarters(1, 6, 10, 5)}
RESERVE_FILE: dict[str, Any] = {
    "sites.west_one.flexibility.reserves.prices": {"file": "reserves.csv", "time_zone": "UTC"},
}


def july_events(at: datetime) -> float:
    """The dearest evenings of the year are four of July."""
    return 300.0 if at.month == 7 and 7 <= at.day <= 10 and at.hour >= 18 else HOURS(at) or 0.0


def test_reserves(tmp_path: Path) -> None:
    """Proves: with reserves the four hours earn 835.20. Broken: 915.20 if mining's loss in hour C were not counted."""
    text = section("flexibility.md", "Reserves")
    result = solved(tmp_path, lines_of_case(text), RESERVE_FILE, reserves=RESERVES)
    assert four_hours(result) == to_the_cent(last_row(text)[0])
    [row] = rows(result, "flexibility")
    assert row["income_usd_m"] * 1e6 / 6 / JULY == to_the_cent(115.20)


def test_demand_response(tmp_path: Path) -> None:
    """Proves: 4 MW are enrolled and July earns 13,600 more; with an event a day none are. Broken: 16,000.00 if events
    cost nothing, -2,600.00 if the MW were not decided."""
    text = section("flexibility.md", "Demand response")
    result = solved(tmp_path, lines_of_case(text), west=july_events)
    assert component(result, *OPERATIONS) * 1e6 == to_the_cent(744 * 10 * 25 + last_row(text)[0])
    every_day = {"sites.west_one.flexibility.emergency_response.events_per_year": 366}
    assert four_hours(solved(tmp_path, lines_of_case(text), every_day)) == to_the_cent(1000)


def test_emergency_curtailment(tmp_path: Path) -> None:
    """Proves: what a called hour D costs under each contract. Broken: 980.00 for the block if it were not sold
    in D."""
    text = section("flexibility.md", "Emergency curtailment")
    called = {
        "sites.west_one.interruptions.emergencies": {"events_per_year": 366, "hours_per_event": 6},
        "sites.west_one.power.resale_fee_usd_per_mwh": 2,
    }
    block = {"kind": "fixed_block", "mw": 10, "price_usd_per_mwh": 50, "until": "2027-12"}
    contracts: tuple[dict[str, Any], ...] = (
        {},
        {BLOCK: block},
        {BLOCK: block | {"resale": "none"}},
        {"sites.west_one.power.tariff": {"kind": "fixed", "price_usd_per_mwh": 55}},
    )
    for changes, total in zip(contracts, last_row(text), strict=True):
        assert four_hours(solved(tmp_path, lines_of_case(text), called | changes)) == to_the_cent(total)


def test_one_commitment_is_never_sold_twice(tmp_path: Path) -> None:
    """Proves: what is enrolled is not awarded. Broken: 171,347.20 if 8 MW were awarded beside 4 enrolled."""
    reserves, response = (lines_of_case(section("flexibility.md", name)) for name in ("Reserves", "Demand response"))
    both = merged(reserves, {"sites": {"west_one": {"flexibility": response["sites"]["west_one"]["flexibility"]}}})
    result = solved(tmp_path, both, RESERVE_FILE, reserves=RESERVES)
    [total] = last_row(section("flexibility.md", "One commitment is never sold twice"))
    assert component(result, *OPERATIONS) * 1e6 == to_the_cent(total)
