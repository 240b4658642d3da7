"""Power contracts, charges and programs against the rest of the case: each fault is named at its place."""

# Messages stand on one line, as they are said.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from optimizer.case.case import Case
from optimizer.case.load import LoadedCase, case_from_data, load_case
from optimizer.errors import CaseError

Change = tuple[str, str]
Expect = Callable[..., None]
Load = Callable[..., LoadedCase]
PASSED = "power: {paid_by: tenant, pass_through_at: block}"
TARIFF = "tariff: {kind: fixed, price_usd_per_mwh: 40}"
GAS = "tariff: {kind: heat_rate, mmbtu_per_mwh: 8, gas_usd_per_mmbtu: 3.5, until: 2027-12}"
SUN = "      sun: {kind: generation"
RESERVES = "      reserves: {kind: ancillary"
RESPOND = "      respond: {kind: demand_response"
OWN_PEAK = "      own_peak: {kind: demand,"
PROMISED = "      promised: {kind: minimum_take, mw: 60"
LATER = "{kind: minimum_take, mw: 9, share: 0.5, over: month, shortfall_usd_per_mwh: 20, from: %s, until: 2030-01}"
GIVEN = "given: {contract: {%s}}\nfinance:\n"


def test_all_of_it_is_taken(load_power: Load) -> None:
    """Proves: every form of every section loads without a warning, and again from its own data. Broken: an error."""
    loaded = load_power()
    assert loaded.warnings == ()
    assert loaded.case == Case.model_validate(loaded.bare)
    assert case_from_data(loaded.data, loaded.folder).case == loaded.case


FAULTS: list[tuple[list[Change], list[str]]] = [
    # names of markets
    ([("settles_at: east", "settles_at: «eats")], ["sites.odessa.contracts.swap.settles_at: there is no power market 'eats'; did you mean 'east'?"]),
    ([("split: {market: east", "split: {market: «eas")], ["sites.reno.power.split.market: there is no power market 'eas'; did you mean 'east'?"]),
    ([("decides_on: {market: east", "decides_on: {market: «north")], ["sites.reno.power.decides_on.market: there is no power market 'north'; there are east, west"]),
    ([("America/Chicago, currency: CAD}\n", "America/Chicago, currency: «AUD}\n")], ["market.power.east.currency: there is no currency 'AUD' under currencies; there is only 'CAD' (or add AUD: US dollars for one)"]),
    ([("America/Chicago, currency: CAD}\n", "America/Chicago, currency: «USD}\n")], ["market.power.east.currency: US dollars are what everything is reckoned in; leave it out"]),
    ([("{CAD: 0.73}", "{CAD: 0.73, «USD: 1}")], ["currencies.USD: is what everything is reckoned in and worth 1; leave it out"]),
    # what halls pay by
    ([(PASSED, "power: {paid_by: tenant, pass_through_at: «blck}")], ["offers.lease.power.pass_through_at: there is no contract 'blck' at 'odessa'; did you mean 'block'?"]),
    ([(PASSED, "power: {paid_by: tenant, pass_through_at: «swap}")], ["offers.lease.power.pass_through_at: 'swap' of 'odessa' is settled in money; name a contract that delivers, or spot"]),
    ([(PASSED, "power: {paid_by: tenant, pass_through_at: «promised}")], ["offers.lease.power.pass_through_at: 'promised' of 'odessa' is no supply; name a contract that delivers, or spot"]),
    ([(PASSED, "power: {paid_by: operator, pass_through_at: «block}")], ["offers.lease.power.pass_through_at: counts only with paid_by tenant (it is operator); leave it out"]),
    ([(PASSED, "power: {paid_by: tenant, pass_through_at: «block, price_usd_per_mwh: 50}")], ["offers.lease.power.pass_through_at: the tenant pays price_usd_per_mwh (50) already; leave one of them out"]),
    ([("sites: [odessa]", "sites: [odessa, gassy]"), (PASSED, "power: {paid_by: tenant, pass_through_at: «block}")], ["offers.lease.power.pass_through_at: there is no contract 'block' at 'gassy'; there are load, spot"]),
    ([("finance:\n", "leases: {old: {site: sunny, takes: free_power, it_mw: 5, gross_per_it: 1.4, pue: 1.2, first_rent: 2024-01, rate_usd_per_kw_month: 120, term: 10 years, power: {paid_by: tenant, pass_through_at: «sn}}}\nfinance:\n")], ["leases.old.power.pass_through_at: there is no contract 'sn' at 'sunny'; did you mean 'sun'?"]),
    # designs of halls
    ([("design: tier3", "design: «tier4")], ["offers.lease.design: there is no design 'tier4' under hall_designs; did you mean 'tier3'?"]),
    ([("design: tier3", "design: «tier3"), ("    uptime_nines: 3\n", "    uptime_nines: 4\n")], ["offers.lease.design: 'tier3' has 3 nines of uptime, and the offer promises 4; choose a better design"]),
    ([("  lease:", "  «lease:"), ("gross_per_it: 1.5, pue: 1.3", "gross_per_it: 3, pue: 2.9")], ["offers.lease: fits at none of its sites: 3 halls of 24 MW IT take 216 MW at the meter (x gross_per_it 3), and none of odessa ever has more than 207 MW energised and mining shell; lower halls.min or hall_mw_it"]),
    # prices by date
    ([("floor_usd_per_mwh: {value: 0,", "floor_usd_per_mwh: {value: «1001,")], ["sites.reno.power.floor_usd_per_mwh: is above cap_usd_per_mwh (730.73 and 730); exchange them (1001 CAD at 0.73)"]),
    ([("wires_usd_per_mwh: 7", "«wires_usd_per_mwh: {}")], ["sites.reno.power.wires_usd_per_mwh: no amount is given; write one, or amounts by date such as {2025-07: 30}"]),
    ([("wires_usd_per_mwh: 7", "wires_usd_per_mwh: {2025-07: 7, «2025-07-15: 8}")], ["sites.reno.power.wires_usd_per_mwh.2025-07-15: 2025-07-15 and 2025-07 fall in the same month, and an amount holds by month; write one"]),
    ([(TARIFF, "tariff: {kind: fixed, price_usd_per_mwh: {«2026-01: 40}}")], ["sites.sunny.power.tariff.price_usd_per_mwh.2026-01: nothing is said for the months from 2025-07 to 2026-01: power would cost nothing; let it hold from 2025-07"]),
    ([(GAS, "tariff: {kind: heat_rate, mmbtu_per_mwh: 8, gas_usd_per_mmbtu: {«2025-08: 3}}")], ["sites.gassy.power.tariff.gas_usd_per_mmbtu.2025-08: nothing is said for the months from 2025-07 to 2025-08: power would cost nothing; let it hold from 2025-07"]),
    ([("{2025-07: 27, 2027-01: 28}", "{«2027-01: 28}")], ["sites.odessa.contracts.block.price_usd_per_mwh.2027-01: nothing is said for the months from 2025-07 to 2027-01: its power would cost nothing; let it hold from 2025-07"]),
    ([("price_usd_per_mwh: 30, resale: none", "price_usd_per_mwh: {«2026-02: 30}, resale: none")], ["sites.odessa.contract_offers.more.terms.price_usd_per_mwh.2026-02: nothing is said for the months from 2026-01 to 2026-02: its power would cost nothing; let it hold from 2026-01"]),
    # dates
    ([("until: 2027-12, discount", "until: «2025-12, discount")], ["sites.odessa.interruptions.curtailed.until: 2025-12 is before it begins (2026-01)"]),
    ([("29, from: 2026-01, until: 2035-12", "29, from: 2026-01, until: «2025-12")], ["sites.odessa.contracts.elected.until: 2025-12 is before the contract begins (2026-01)"]),
    ([("until: 2028-06, hours: 5x16", "until: «2025-06, hours: 5x16")], ["sites.odessa.contracts.block.until: 2025-06 is before the contract begins (2025-07)"]),
    ([("events_per_year: 3}", "events_per_year: 3, from: 2027-01, until: «2026-12}")], ["sites.odessa.flexibility.respond.until: 2026-12 is before it begins (2027-01)"]),
    ([("sign: {from: 2026-01, to: 2027-06}", "sign: {from: «2028-01, to: 2027-06}")], ["sites.odessa.contract_offers.more.sign.from: the window ends before it begins: from 2028-01 is after to 2027-06"]),
    ([("tenor: 3 years", "tenor: «0 months")], ["sites.odessa.contract_offers.more.tenor: must be longer than nothing, such as '3 years'"]),
    # one at a time
    ([(PROMISED, f"      again: {LATER % '2028-06'}\n{PROMISED.replace('promised', '«promised')}")], ["sites.odessa.contracts.promised: is in force at the same time as 'again'; a site has one minimum take at a time: let one end before the other begins"]),
    ([(RESERVES, f"      first: {{kind: ancillary, mw: 1, prices: {{file: prices.csv, time_zone: America/Chicago}}, columns: [HB_WEST], price_share: 0.5, deployed_share: 0.1}}\n{RESERVES.replace('reserves', '«reserves')}")], ["sites.odessa.flexibility.reserves: is in force at the same time as 'first'; a site has one ancillary program at a time: let one end before the other begins"]),
    ([(RESPOND, f"      first: {{kind: demand_response, mw: 1, payment_usd_per_kw_month: 4, events_per_year: 3, until: 2025-07}}\n{RESPOND.replace('respond', '«respond')}")], ["sites.odessa.flexibility.respond: is in force at the same time as 'first'; a site has one demand response at a time: let one end before the other begins"]),
    ([(OWN_PEAK, f"      first: {{kind: demand, rate_usd_per_kw_month: 1}}\n{OWN_PEAK.replace('own_peak', '«own_peak')}")], ["sites.odessa.delivery.own_peak: is a second charge on the site's own highest load, beside 'first'; a site has one demand charge: write their rates by date, or add them up"]),
    ([("months: [6, 7, 8]", "months: [6, 7, «6]")], ["sites.odessa.flexibility.respond.months[2]: 6 is named twice; once is enough"]),
    ([("columns: [HB_WEST]", "columns: [HB_WEST, «HB_WEST]")], ["sites.odessa.flexibility.reserves.columns[1]: HB_WEST is named twice; once is enough"]),
    # contracts at one site
    ([("least: 0.2, resale: {share: 0.9}, assignable_to_hosting: true", "least: 0.2, assignable_to_hosting: «false")], ["sites.odessa.contracts.elected.assignable_to_hosting: false here and true for 'block'; it must be the same for all that deliver at a site"]),
    ([("resale: none, assignable_to_hosting: true", "resale: none, assignable_to_hosting: «false")], ["sites.odessa.contract_offers.more.terms.assignable_to_hosting: false here and true for 'block'; it must be the same for all that deliver at a site"]),
    ([(SUN, f"      night: {{kind: swing, mw: 3, price_usd_per_mwh: 30, from: 2040-01, until: 2041-01}}\n{SUN}"), ("2040-12, profile", "2040-12, «profile")], ["sites.sunny.contracts.sun.profile: 'night' delivers at the same time; a contract with a profile has to be the only one at its site while it is in force"]),
    ([(SUN, f"      block: {{kind: fixed_block, mw: 3, price_usd_per_mwh: 30, until: 2026-01, profile: {{file: prices.csv, time_zone: America/Chicago}}}}\n{SUN}"), ("2040-12, profile", "2040-12, «profile")], ["sites.sunny.contracts.sun.profile: 'block' delivers at the same time; a contract with a profile has to be the only one at its site while it is in force"]),
    ([("  sunny:\n", "  sunny:\n    contract_offers: {ppa: {terms: {kind: swing, mw: 3, price_usd_per_mwh: 30}, sign: {from: 2026-01, to: 2026-12}, tenor: 1 year}}\n"), ("2040-12, profile", "2040-12, «profile")], ["sites.sunny.contracts.sun.profile: contract offer 'ppa' delivers at the same time; a contract with a profile has to be the only one at its site while it is in force"]),
    ([("  gassy:\n", "  gassy:\n    contract_offers: {wind: {terms: {kind: fixed_block, mw: 3, price_usd_per_mwh: 30, «profile: {file: prices.csv, time_zone: America/Chicago}}, sign: {from: 2026-01, to: 2026-12}, tenor: 1 year}}\n")], ["sites.gassy.contract_offers.wind.terms.profile: 'load' delivers at the same time; a contract with a profile has to be the only one at its site while it is in force"]),
    ([("      decides_on: {market: east, skill: 0.25}\n", "      «decides_on: {market: east, skill: 0.25}\n    contracts: {fix: {kind: swing, mw: 3, price_usd_per_mwh: 30, until: 2026-01}}\n")], ["sites.reno.power.decides_on: cannot be used at a site with contracts that deliver, a minimum take or demand response ('fix'): machines there run by what their power costs; leave one of them out"]),
    ([("      decides_on: {market: east, skill: 0.25}\n", f"      «decides_on: {{market: east}}\n    contracts: {{take: {LATER % '2026-01'}}}\n    contract_offers: {{ppa: {{terms: {{kind: swing, mw: 3, price_usd_per_mwh: 30}}, sign: {{from: 2026-01, to: 2026-12}}, tenor: 1 year}}}}\n")], ["sites.reno.power.decides_on: cannot be used at a site with contracts that deliver, a minimum take or demand response (contract offer 'ppa', 'take'): machines there run by what their power costs; leave one of them out"]),
    ([("      decides_on: {market: east, skill: 0.25}\n", "      «decides_on: {market: east}\n    flexibility: {shed: {kind: demand_response, mw: 3, payment_usd_per_kw_month: 4, events_per_year: 3}}\n")], ["sites.reno.power.decides_on: cannot be used at a site with contracts that deliver, a minimum take or demand response ('shed'): machines there run by what their power costs; leave one of them out"]),
    ([("      four_cp: {", "      «four_cp: {"), ("opening_usd_m: 2.5", "opening_usd_m: 2.5, billed: in_month")], ["sites.odessa.delivery.four_cp: what is billed in its month leaves nothing open at the start"]),
    # programs and minimum takes by whole months: a first day inside a month, a last day before its end
    ([(PROMISED, PROMISED.replace("promised", "«promised")), ("per_mwh: 20, until: 2028-06}", "per_mwh: 20, until: 2028-06-29}")], ["sites.odessa.contracts.promised: a minimum take is counted by whole months: write from and until as months, such as 2026-03"]),
    ([(PROMISED, PROMISED.replace("promised", "«promised")), ("per_mwh: 20, until: 2028-06}", "per_mwh: 20, from: 2026-01-02, until: 2028-06}")], ["sites.odessa.contracts.promised: a minimum take is counted by whole months: write from and until as months, such as 2026-03"]),
    ([(RESERVES, RESERVES.replace("reserves", "«reserves")), ("deployment_cost_usd_per_mwh: 50}", "deployment_cost_usd_per_mwh: 50, from: 2026-01-15}")], ["sites.odessa.flexibility.reserves: a reserve is counted by whole months: write from and until as months, such as 2026-03"]),
    ([(RESERVES, RESERVES.replace("reserves", "«reserves")), ("deployment_cost_usd_per_mwh: 50}", "deployment_cost_usd_per_mwh: 50, until: 2028-02-28}")], ["sites.odessa.flexibility.reserves: a reserve is counted by whole months: write from and until as months, such as 2026-03"]),
    ([(RESPOND, RESPOND.replace("respond", "«respond")), ("events_per_year: 3}", "events_per_year: 3, from: 2026-06-15}")], ["sites.odessa.flexibility.respond: a demand response is counted by whole months: write from and until as months, such as 2026-03"]),
    ([(RESPOND, RESPOND.replace("respond", "«respond")), ("events_per_year: 3}", "events_per_year: 3, until: 2026-07-01}")], ["sites.odessa.flexibility.respond: a demand response is counted by whole months: write from and until as months, such as 2026-03"]),
    # names
    ([("      more: {terms", "      «Block: {terms")], ["sites.odessa.contract_offers.Block: a contract is called 'block', too; name one of them otherwise"]),
    ([("      load: {kind", "      «spot: {kind")], ["sites.gassy.contracts.spot: 'spot' cannot be the name of a contract: pass_through_at means the market by it"]),
    ([("      four_cp:", "      «four.cp:")], ["sites.odessa.delivery.four.cp: 'four.cp' cannot be a name without dots: a name has letters, digits, '_', '-' and spaces, at most 61, and begins with a letter, digit or '_'"]),
    # the schema's own
    ([("{kind: swing, mw: 20, price_usd_per_mwh: 33,", "{kind: swing, mw: 20, price_usd_per_mwh: 33, «settles_at: east,")], ["sites.gassy.contracts.load.settles_at: 'settles_at' is not known for this kind; it is for fixed_block"]),
    ([("{kind: swing, mw: 20", "{kind: «swimg, mw: 20")], ["sites.gassy.contracts.load.kind: must be one of 'fixed_block', 'monthly_election', 'swing', 'heat_rate', 'generation', 'minimum_take' (got 'swimg'); did you mean 'swing'?"]),
    ([("resale: {share: 0.9}", "resale: «spott")], ["sites.odessa.contracts.elected.resale: must be 'spot' or 'none', or a section with share (got 'spott'); did you mean 'spot'?"]),
    ([("success: 0.9", "success: 0.9, hours: [«true, 19]")], ["sites.odessa.delivery.four_cp.hours[0]: needs a whole number (got true)"]),
    ([("      four_cp: {", "      «four_cp: {"), ("success: 0.9", "success: 0.9, hours: [19, 15]")], ["sites.odessa.delivery.four_cp: hours are [from, until] with from below until"]),
    ([("5x16, assign", "«5x15, assign")], ["sites.odessa.contracts.block.hours: must be '7x24' or '5x16' or '2x16' or '7x16' or '7x8' (got '5x15'); did you mean '5x16'?"]),
    ([("price_share: {2025-07: 0.5, 2027-01: 0.4}, ", ""), (RESERVES, RESERVES.replace("reserves", "«reserves"))], ["sites.odessa.flexibility.reserves.price_share: is missing; expected a number, or values by date, such as {2025-07: ...} (What is expected of the file's prices, as a share of them, by the date from whose month on it holds)"]),
    # given decisions
    ([("finance:\n", GIVEN % "«odessa.mre: forbidden")], ["given.contract.odessa.mre: there is no contract offer (written site.offer) 'odessa.mre'; did you mean 'odessa.more'?"]),
    ([("finance:\n", GIVEN % "«odessa.more: {2026-01: 21}")], ["given.contract.odessa.more: makes 21 MW in all, but there are 20"]),
    ([("finance:\n", GIVEN % "odessa.more: {2026-01: «4}")], ["given.contract.odessa.more.2026-01: the offer is for at least 5 MW (got 4); write forbidden if it shall not be signed"]),
    ([("finance:\n", GIVEN % "odessa.more: {2026-01: 8, «2026-04: 9}")], ["given.contract.odessa.more.2026-04: 2026-01 is named already, and a contract offer is signed at most once"]),
    ([("finance:\n", GIVEN % "odessa.more: {«2027-07: 8}")], ["given.contract.odessa.more.2027-07: 2027-07 falls on the nearest step, 2027-07, but the window is 2026-01 to 2027-06"]),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), FAULTS, ids=lambda value: str(value[0])[:70])
def test_faults_of_power(changes: list[Change], said: list[str], expect_power_errors: Expect) -> None:
    """Proves: what cannot be planned with is refused, with its place. Broken: the case loads."""
    expect_power_errors(changes, *said)


TAKEN: list[list[Change]] = [
    # One ends with the day before the other begins.
    [(PROMISED, f"      again: {LATER % '2028-07'}\n{PROMISED}")],
    [(RESPOND, "      first: {kind: demand_response, mw: 1, payment_usd_per_kw_month: 4, events_per_year: 3, until: 2026-06}\n"
      + RESPOND), ("events_per_year: 3}", "events_per_year: 3, from: 2026-07}")],
    # Whole months may be written by their first and last days, also of a leap year.
    [("per_mwh: 20, until: 2028-06}", "per_mwh: 20, from: 2026-02-01, until: 2028-02-29}"), ("deployment_cost_usd_per_mwh: 50}", "deployment_cost_usd_per_mwh: 50, from: 2026-01-01, until: 2026-04-30}"), ("events_per_year: 3}", "events_per_year: 3, from: 2026-06-01, until: 2027-02-28}")],
    # Machines that decide on another price may be a reserve: what runs anyway is paid.
    [("      decides_on: {market: east, skill: 0.25}\n", "      decides_on: {market: east}\n    flexibility: {spin: {kind: ancillary, mw: 1, prices: {file: prices.csv, time_zone: America/Chicago}, columns: [HB_WEST], price_share: 0.5, deployed_share: 0.1}}\n")],
    # Several charges on the system's peaks add up.
    [(OWN_PEAK, f"      other: {{kind: coincident_peak, rate_usd_per_kw_year: 9, success: 0.9}}\n{OWN_PEAK}")],
    # What delivers by a profile is followed by something else; what is settled in money may have a profile beside others.
    [(SUN, f"      night: {{kind: swing, mw: 3, price_usd_per_mwh: 30, from: 2041-01, until: 2042-01}}\n{SUN}"), ("[8 quarters, 4 years]", "[8 quarters, 18 years]"), ("halvings: [2028-04-15]", "halvings: [2028-04-15, 2032-04]")],
    [("settles_at: east", "settles_at: east, profile: {file: prices.csv, time_zone: America/Chicago}")],
    # Money alone may be settled where machines decide on another price; a share of a site may have all of it.
    [("      decides_on: {market: east, skill: 0.25}\n", "      decides_on: {market: east}\n    contracts: {swap: {kind: fixed_block, mw: 3, price_usd_per_mwh: 30, until: 2026-01, settles_at: west}}\n")],
    [("  sunny:\n", "  sunny:\n    share: 0.49\n")],
    # An amount holds from the month of its date on; charges may begin later.
    [("{2025-07: 27, 2027-01: 28}", "{2025-07-15: 27}"), ("rate_usd_per_kw_year: 70", "rate_usd_per_kw_year: {2026-01: 70}")],
    [("finance:\n", GIVEN % "odessa.more: {2026-01: 5, 2026-04: 0}")],
    [("finance:\n", GIVEN % "odessa.more: forbidden")],
]  # fmt: skip


@pytest.mark.parametrize("changes", TAKEN, ids=lambda value: str(value[0])[:70])
def test_what_just_holds_is_taken(changes: list[Change], load_power: Load) -> None:
    """Proves: the limits above are not drawn too narrowly. Broken: a CaseError."""
    load_power(*changes)


def test_a_contract_comes_from_a_plan(load_power: Load, tmp_path: Path) -> None:
    """Proves: decisions.csv lays down contracts by site and offer. Broken: 'contract' is not known, or 12 at another key."""
    decisions = tmp_path / "decisions.csv"
    header = "date,decision,item,site,amount,unit,meter_mw,capex_usd_m\n"
    decisions.write_text(header + "2026-01-01,contract,more,odessa,12,mw,0,0\n", "utf-8")
    loaded = load_power(given_csv=decisions)
    assert loaded.data["given"]["contract"] == {"odessa.more": {"2026-01-01": 12}}
    decisions.write_text(
        header + "2026-01-01,contract,more,,12,mw,0,0\n2026-01-01,contract,mre,odessa,12,mw,0,0\n", "utf-8"
    )
    with pytest.raises(CaseError) as caught:
        load_power(given_csv=decisions)
    said = [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]
    assert said == [
        "decisions.csv:2: no site: say where the contract is",
        "decisions.csv:3 given.contract.odessa.mre: there is no contract offer (written site.offer) 'odessa.mre'; did you mean 'odessa.more'?",
    ]


def test_files_of_a_base_in_another_folder_are_found(load_power: Load, tmp_path: Path) -> None:
    """Proves: profiles, prices of reserves and the path of the network are found from the case that is loaded.

    Broken: 'prices.csv', which lies beside the base.
    """
    load_power(("    btc_usd: 107153\n", "    btc_usd: 107153\n    path: net.csv\n"))
    above = tmp_path / "bear" / "case.yaml"
    above.parent.mkdir()
    above.write_text("extends: ../case.yaml\n", "utf-8")
    case = load_case(above).case
    sun: Any = case.sites["sunny"].contracts["sun"]
    prices = case.sites["odessa"].flexibility["reserves"].prices  # type: ignore[union-attr]
    assert (sun.profile.file, prices.file, case.market.power["west"].file) == ("../prices.csv",) * 3
    assert case.market.network.path == "../net.csv"


def test_overrides_reach_all_of_it(load_power: Load) -> None:
    """Proves: paths lead into kinds, lists of two and maps by date. Broken: 'there is no ...', or the old value."""
    case = load_power(
        overrides={
            "sites.*.contracts.*.mw": 11.0,
            "sites.odessa.delivery.four_cp.success": 0.7,
            "sites.odessa.flexibility.reserves.price_share.*": 0.3,
            "sites.odessa.contract_offers.more.terms.price_usd_per_mwh": 35,
            "sites.sunny.power.tariff.price_usd_per_mwh": 41,
            "offers.lease.headroom_to_mining": 1,
        }
    ).case
    odessa = case.sites["odessa"]
    assert {contract.mw for site in case.sites.values() for contract in site.contracts.values()} == {11}
    assert odessa.delivery["four_cp"].success == 0.7  # type: ignore[union-attr]
    assert set(odessa.flexibility["reserves"].price_share.values()) == {0.3}  # type: ignore[union-attr]
    assert odessa.contract_offers["more"].terms.price_usd_per_mwh == 35
    assert case.sites["sunny"].power.tariff.price_usd_per_mwh == 41  # type: ignore[union-attr]
