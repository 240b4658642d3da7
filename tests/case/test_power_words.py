"""``wattfork check`` says everything about power in plain words, one line for each thing."""

# Messages stand on one line, as they are said.
# ruff: noqa: E501

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from optimizer.case.load import LoadedCase
from optimizer.cli.case_words import describe, in_words

Load = Callable[..., LoadedCase]

SAID = {
    "currencies": "1 CAD = 0.73 USD",
    "block": "60 MW in 5x16 hours at 27 USD/MWh from 2025-07, 28 from 2027-01 until 2028-06, paid in any case; the rest "
    "is sold at spot; halls may use it; ends inside the plan: afterwards the site buys at west",
    "elected": "20 % to 100 % of 40 MW, elected for each month, at 29 USD/MWh from 2026-01 until 2035-12, paid in any "
    "case; the rest is sold at 90 % of spot; halls may use it",
    "gas": "30 MW at 7.5 MMBtu/MWh x 3 USD/MMBtu + 2 USD/MWh until 2030-06, paid as it is used; halls may use it; ends "
    "inside the plan: afterwards the site buys at west",
    "swap": "20 MW at 31 USD/MWh until 2030-06, settled in money against east; ends inside the plan",
    "promised": "at least 80 % of 60 MW is taken in every quarter until 2028-06, or 20 USD is paid for each MWh short; "
    "ends inside the plan",
    "more": "can be signed 2026-01 to 2027-06 for 3 years: up to 20 MW at 30 USD/MWh, at least 5 MW, paid in any case; "
    "the rest is lost; halls may use it; $0.073 M of cash is posted for each MW",
    "curtailed": "no power for machines in 10 events a year of 4 hours from 2026-01 until 2027-12, in the dearest hours; "
    "every MWh of theirs is 2 USD cheaper for it",
    "four_cp": "70 USD/kW-year on the load in the peak hours of Jun, Jul, Aug, Sep, expected from 15:00 to 19:00 on "
    "weekdays (90 % sure); billed over 1 year from Jan of the next year; $2.5 M of the year before is still to be billed",
    "own_peak": "4 USD/kW-month on the highest load of the month, at least on 80 % of that of the eleven months before "
    "(100 MW before the start) and on 50 MW",
    "reserves": "up to 50 MW of running load sold as HB_WEST at 50 % from 2025-07, 40 from 2027-01 of the prices in "
    "prices.csv, 90 % of the hours counting, called for 2 % at a loss of 50 USD/MWh",
    "respond": "up to 30 MW enrolled by month in Jun, Jul, Aug for 4 USD/kW-month; they stand still in 3 events a year "
    "of 4 hours",
    "power of reno": "25 % of every MWh is bought at east; the market's price counts as at least 0 and at most 730 "
    "USD/MWh; adder 2.19 USD/MWh from 2025-07, 2.92 from 2027-01; losses 3 %; wires 7 USD/MWh; resale costs 1 USD/MWh; "
    "machines are told to run by the price of east, foreseeing 25 % of the rest",
    "power of gassy": "in place of the market a tariff of 8 MMBtu/MWh x 3.5 USD/MMBtu until 2027-12",
    "load": "20 MW at 33 USD/MWh until 2028-12, paid as it is used; ends inside the plan: afterwards the site buys at "
    "west",
    "power of sunny": "in place of the market a tariff of 40 USD/MWh",
    "sun": "15 MW as in prices.csv behind the meter at 3 USD/MWh until 2040-12, the rest is exported at spot",
    "tier3": "99.9 % of uptime: 1.5 MW at the meter per MW IT, pue 1.3, $10 M per MW IT",
    "lease": "built as tier3, 99.9 % of uptime promised; machines may use 50 % of what is kept for redundancy; sign",
    "of the lease": "3 to 5 halls, 72 to 120 MW IT (108 to 180 MW at the meter)",
    "what it costs": "capex $720 to 1,200 M; power paid by the tenant at the price of block",
}


@pytest.mark.parametrize("what", list(SAID))
def test_words_for(what: str, load_power: Load) -> None:
    """Proves: a reader finds each figure of the case again, in US dollars. Broken: no line, or 7x24."""
    lines = in_words(describe(load_power(), {}))
    assert max(map(len, lines)) <= 100
    text = " ".join(" ".join(lines).split())
    name = what if what in ("block", "swap", "four_cp") else ""
    assert f"{name} {SAID[what]}".strip() in text


def test_the_same_as_data(load_power: Load) -> None:
    """Proves: --json has every section, with dates and kinds as they are written. Broken: a missing key."""
    about = json.loads(json.dumps(describe(load_power(), {})))
    odessa = about["sites"]["odessa"]
    assert odessa["contracts"]["block"]["price_usd_per_mwh"] == {"2025-07": 27, "2027-01": 28}
    assert [contract["ends_inside_plan"] for contract in odessa["contracts"].values()] == [
        True,
        False,
        True,
        True,
        True,
    ]
    assert odessa["contract_offers"]["more"]["tenor"] == "36 months"
    assert odessa["delivery"]["four_cp"]["hours"] == [15, 19]
    assert about["sites"]["reno"]["power"]["decides_on"] == {"market": "east", "skill": 0.25}
    assert about["offers"]["lease"]["meter_mw"] == [108, 180]
    assert (about["currencies"], about["power"]["east"]["currency"]) == ({"CAD": 0.73}, "CAD")


def test_a_site_that_simply_buys_has_no_line_of_it(load_changed: Load) -> None:
    """Proves: nothing is said where nothing is stated. Broken: an empty line 'power'."""
    lines = in_words(describe(load_changed(("{market: west, adder_usd_per_mwh: 5}", "{market: west}")), {}))
    assert not any(line.strip().startswith("power ") for line in lines)


def test_a_charge_billed_in_its_month(load_power: Load) -> None:
    """Proves: nothing is said of a next year, as nothing is left open. Broken: 'billed over 1 year from Jan'."""
    loaded = load_power(("success: 0.9, opening_usd_m: 2.5}", "success: 0.9, billed: in_month}"))
    text = " ".join(" ".join(in_words(describe(loaded, {}))).split())
    assert "from 15:00 to 19:00 on weekdays (90 % sure); billed in the month" in text
    assert "of the next year" not in text
