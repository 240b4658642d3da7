"""What looks like a slip in contracts, charges and programs is a warning that says what was meant."""

# Messages stand on one line, as they are said.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable

import pytest

from optimizer.case.load import LoadedCase
from optimizer.case.plausibility import judge_prices

Change = tuple[str, str]
Load = Callable[..., LoadedCase]
PASSED = "power: {paid_by: tenant, pass_through_at: block}"
SKILL = "decides_on: {market: east, skill: 0.25}"

DOUBTS: list[tuple[list[Change], list[str]]] = [
    ([("wires_usd_per_mwh: 7", "wires_usd_per_mwh: «110")], ["sites.reno.power.wires_usd_per_mwh: 110 USD on top of every MWh; charges are rarely above 100: is it the whole price, or per kW and year?"]),
    ([("{value: {2025-07: 3, 2027-01: 4}, currency: CAD}", "{2025-07: 0.03, 2027-01: 104}".replace("0.03", "«0.03").replace("104", "«104"))], ["sites.reno.power.adder_usd_per_mwh.2025-07: 0.03 USD/MWh looks like USD/kWh; 0.03 USD/kWh would be 30", "sites.reno.power.adder_usd_per_mwh.2027-01: 104 USD on top of every MWh; charges are rarely above 100: is it the whole price, or per kW and year?"]),
    ([("{value: {2025-07: 3, 2027-01: 4}, currency: CAD}", "{value: «150, currency: CAD}")], ["sites.reno.power.adder_usd_per_mwh: 109.5 USD on top of every MWh; charges are rarely above 100: is it the whole price, or per kW and year? (150 CAD at 0.73)"]),
    ([("price_usd_per_mwh: 33,", "price_usd_per_mwh: «0.033,")], ["sites.gassy.contracts.load.price_usd_per_mwh: 0.033 USD/MWh looks like USD/kWh; 0.033 USD/kWh would be 33"]),
    ([("split: {market: east", "split: {market: «west")], ["sites.reno.power.split.market: 'west' is the site's market already, so that nothing is split"]),
    ([(SKILL, "decides_on: {market: «west}")], ["sites.reno.power.decides_on.market: 'west' is what the site pays, so that nothing changes; leave decides_on out"]),
    ([(SKILL, "decides_on: {market: east, skill: «1}")], ["sites.reno.power.decides_on.skill: foresees every price of 'west', as if decides_on were not there"]),
    ([("rate_usd_per_kw_year: 70", "rate_usd_per_kw_year: «310")], ["sites.odessa.delivery.four_cp.rate_usd_per_kw_year: 310 USD per kW and year; usual is 40 to 120: is it per MW and day (capacity of 300 USD/MW-day is 110 a year)?"]),
    ([("success: 0.9", "success: «1")], ["sites.odessa.delivery.four_cp.success: 1 means that no peak ever falls outside of the 4 candidate hours of a day, so that standing still in them avoids all of it; compare with 0.8"]),
    ([("four_cp: {", "«four_cp: {"), ("success: 0.9, ", "")], ["sites.odessa.delivery.four_cp.success: 1 means that no peak ever falls outside of the 4 candidate hours of a day, so that standing still in them avoids all of it; compare with 0.8"]),
    ([("rate_usd_per_kw_month: 4, ratchet", "rate_usd_per_kw_month: {2025-07: 4, 2026-01: «84}, ratchet")], ["sites.odessa.delivery.own_peak.rate_usd_per_kw_month.2026-01: 84 USD per kW and month; usual is 2 to 25: is it per kW and year (7 a month), or per MW?"]),
    ([("2027-01: 0.4}", "2027-01: «1.2}")], ["sites.odessa.flexibility.reserves.price_share.2027-01: 1.2 expects more than the prices in the file; prices of reserves rather fall, as more batteries offer them"]),
    ([("payment_usd_per_kw_month: 4", "payment_usd_per_kw_month: «48")], ["sites.odessa.flexibility.respond.payment_usd_per_kw_month: 48 USD per kW and month; usual is 1 to 10: is it per kW and year (4 a month)?"]),
    ([("deployed_share: 0.02", "deployed_share: «0")], ["sites.odessa.flexibility.reserves.deployed_share: 0 means that what is sold is never called, so that reserves cost nothing; compare with 0.05"]),
    ([("curtailed: {events_per_year: 10, hours_per_event: 4,", "«curtailed: {events_per_year: 90, hours_per_event: 24,")], ["sites.odessa.interruptions.curtailed: makes 2,160 hours a year without power (90 events of 24 hours); usual is 10 to 500"]),
    ([("from: 2026-01, until: 2027-12, discount", "from: 2024-01, until: «2025-06, discount")], ["sites.odessa.interruptions.curtailed.until: 2025-06 is before the plan starts (2025-07): it counts for nothing"]),
    ([("from: 2026-01, until: 2035-12", "from: «2031-07, until: 2035-12")], ["sites.odessa.contracts.elected.from: 2031-07 is after the plan ends (2031-06): it counts for nothing"]),
    ([("settles_at: east}", "settles_at: east, from: 2020-01}"), ("31, until: 2030-06", "31, until: «2024-06")], ["sites.odessa.contracts.swap.until: 2024-06 is before the plan starts (2025-07): it counts for nothing"]),
    ([("3.5, until: 2027-12", "3.5, until: «2025-06")], ["sites.gassy.power.tariff.until: 2025-06 is before the plan starts (2025-07): it counts for nothing"]),
    ([("sign: {from: 2026-01, to: 2027-06}", "«sign: {from: 2026-02, to: 2026-03}")], ["sites.odessa.contract_offers.more.sign: stands from 2026-02 to 2026-03, and no step of the plan begins in that time: it can never be signed"]),
    ([(PASSED, "power: {paid_by: tenant, pass_through_at: «load}"), ("sites: [odessa]", "sites: [gassy]"), ("  gassy:\n", "  gassy:\n    mining_shell_mw: 20\n"), ("hall_mw_it: 24", "hall_mw_it: 1")], ["offers.lease.power.pass_through_at: the tenant pays the price of 'load', whose power the halls at 'gassy' cannot use (assignable_to_hosting: false): the operator bears the difference to the market"]),
    ([("      time_zone: America/Chicago\n", "      time_zone: America/Chicago\n      gaps: «zero\n")], ["market.power.west.gaps: power counts as free in every hour that the file lacks; zero is for prices of reserves"]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), DOUBTS, ids=lambda value: str(value[:1])[:80])
def test_doubts_about_power(changes: list[Change], said: list[str], expect_power_warnings: Callable[..., None]) -> None:
    """Proves: a slip is doubted at its place. Broken: no warning."""
    expect_power_warnings(changes, *said)


def said_of(loaded: LoadedCase, west: float, east: float = 40.0) -> dict[str, str]:
    found = judge_prices(loaded.case, {"west": west, "east": east})
    return {".".join(map(str, finding.path)): finding.message for finding in found}


SWAP = ("{kind: fixed_block, mw: 20, price_usd_per_mwh: 31", "{kind: fixed_block, mw: 200, price_usd_per_mwh: 31")
BLOCK = ("{kind: fixed_block, mw: 60", "{kind: fixed_block, mw: 600")
ELECTED = ("monthly_election, mw: 40", "monthly_election, mw: 400")
GAS = ("heat_rate, mw: 30", "heat_rate, mw: 300")
SUN = ("generation, mw: 15", "generation, mw: 15")
MORE = (
    "terms: {kind: fixed_block, mw: 20, price_usd_per_mwh: 30, resale: none",
    "terms: {kind: fixed_block, mw: 300, price_usd_per_mwh: 30, resale: %s",
)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (BLOCK, "sites.odessa.contracts.block.mw"),
        (ELECTED, "sites.odessa.contracts.elected.mw"),
        (SWAP, "sites.odessa.contracts.swap.mw"),
        ((MORE[0], MORE[1] % "spot"), "sites.odessa.contract_offers.more.terms.mw"),
        ((MORE[0], MORE[1] % "none"), None),
        (GAS, None),
    ],
)  # fmt: skip
def test_more_below_the_market_than_can_be_used_is_a_bet(change: Change, path: str | None, load_power: Load) -> None:
    """Proves: what can be sold (or is settled) and is cheaper and larger than the load is doubted, in every form.

    The sun of a site without machines is always a bet. Broken: no warning for the form, or one for what is lost.
    """
    said = said_of(load_power(change, ("{2026: 31, 2026-Q3: 40}", "{2026: 50}")), west=50, east=80)
    always = {"sites.sunny.contracts.sun.mw"}
    assert set(said) == always | ({path} if path else set())


def test_a_bet_in_words(load_power: Load) -> None:
    """Proves: 15 MW of sun at 3, exported at a market of 50, beside no machines. Halls count as load if they may use it."""
    said = said_of(load_power(BLOCK, ("{2026: 31, 2026-Q3: 40}", "{2026: 50}")), west=45)
    assert (
        said["sites.sunny.contracts.sun.mw"]
        == "15 MW at 3 USD/MWh, where the market's mean is 50 and the site's machines draw 0 MW: the rest is a bet on the price of power"
    )
    # 7,770 PH/s x 15 x 1.03 / 1000 = 120.05 MW of machines; 5 halls x 24 MW IT x 1.3 = 156 MW.
    assert (
        said["sites.odessa.contracts.block.mw"]
        == "600 MW at 27.5 USD/MWh, where the market's mean is 50 and machines and halls of the site draw at most 276 MW: the rest is a bet on the price of power"
    )
    # 40 CAD are 29.2 USD, below the swap's price.
    assert set(said) == {"sites.sunny.contracts.sun.mw", "sites.odessa.contracts.block.mw"}


def test_a_contract_far_above_its_market(load_power: Load) -> None:
    """Proves: more than 3 times the mean, for every form with a price. Broken: 87 USD/MWh of gas pass as cheap."""
    level = ("{2026: 31, 2026-Q3: 40}", "{2026: 20}")
    loaded = load_power(
        level,
        ("gas_usd_per_mmbtu: 3, ", "gas_usd_per_mmbtu: 8, "),
        ("price_usd_per_mwh: 33,", "price_usd_per_mwh: 61,"),
    )
    assert said_of(loaded, west=20) == {
        "sites.odessa.contracts.gas.gas_usd_per_mmbtu": "62 USD/MWh is 3.1 times the mean of 'west' (20); is it another unit or currency?",
        "sites.gassy.contracts.load.price_usd_per_mwh": "61 USD/MWh is 3 times the mean of 'west' (20); is it another unit or currency?",
        "sites.sunny.contracts.sun.mw": said_of(loaded, west=20)["sites.sunny.contracts.sun.mw"],
    }
