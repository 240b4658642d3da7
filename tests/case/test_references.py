"""Names, dates and sums of a case fit together, or it is said where they do not."""

# Messages stand on one line, as they are said.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from optimizer.case.derived import decision_dates, level_at, lowest_level, nearest_step
from optimizer.case.load import LoadedCase

Expect = Callable[..., None]
Changes = Sequence[tuple[str, str]]
GIVEN = "given:\n  sign: {lease: %s}\nfinance:\n"
UNPLUG = "given:\n  unplug: %s\nfinance:\n"
NOTE = "matures: 2027-07}"

FAULTS: list[tuple[Changes, list[str]]] = [
    (
        [("market: west,", "market: «wst,")],
        ["sites.odessa.power.market: there is no power market 'wst'; did you mean 'west'?"],
    ),
    (
        [("sites: [odessa]", "sites: [«odesa, odessa, «odessa]")],
        [
            "offers.lease.sites[0]: there is no site 'odesa'; did you mean 'odessa'?",
            "offers.lease.sites[2]: 'odessa' is named twice; once is enough",
        ],
    ),
    (
        [("      s21_pro: {ph_s", "      «s21: {ph_s")],
        [
            "sites.odessa.fleet.s21: there is no machine type 's21' under machines; did you mean 's21_pro'? "
            "(or name one with machine:)"
        ],
    ),
    (
        [("machine: s21_pro", "machine: «m30")],
        ["sites.odessa.arriving.second.machine: there is no machine type 'm30' under machines; there is only 's21_pro'"],
    ),
    (
        [("energised_mw: {2022-11: 207}", "«energised_mw: {}")],
        ["sites.odessa.energised_mw: no level is given; write one, or levels by date such as {2025-07: 100}"],
    ),
    (
        [("hashrate_growth: 0.25", "«hashrate_growth: {}")],
        ["market.network.hashrate_growth: no level is given; write one, or levels by date such as {2025-07: 100}"],
    ),
    (
        [("hashrate_growth: 0.25", "hashrate_growth: {2026-01: 0.2, «2025-08: 0.2}")],
        [
            "market.network.hashrate_growth.2025-08: nothing is said for the months from 2025-07 to 2025-08; "
            "let it hold from 2025-07"
        ],
    ),
    (
        [("start: 2025-07,", "start: «2025-07-15,")],
        ["horizon.start: a plan starts on the first of a month (got 2025-07-15); write 2025-07"],
    ),
    (
        [("steps: [8 quarters", "«steps: [36 years, 8 quarters")],
        ["horizon.steps: the steps make 42 years; at most 40 can be planned"],
    ),
    ([("2026-Q3: 40", "«2026-13: 40")], ["market.power.west.forward_usd_per_mwh.2026-13: there is no month '2026-13'"]),
    (
        [("      time_zone", "      «shape: {from: 2024-05, to: 2024-04}\n      time_zone")],
        ["market.power.west.shape: ends before it begins: from 2024-05 is after to 2024-04"],
    ),
    (
        [("      time_zone", "      shape: {from: «2024-05-02, to: 2025-04}\n      time_zone")],
        ["market.power.west.shape.from: the shape is made of whole months; write 2024-05 (got 2024-05-02)"],
    ),
    (
        [("halvings: [2028-04-15]", "halvings: [2028-04, «2028-04-01]")],
        ["market.network.halvings[1]: 2028-04-01 is named twice; a halving counts once"],
    ),
    (
        [("from: 2025-10", "from: «2027-10")],
        ["offers.lease.sign.from: the window ends before it begins: from 2027-10 is after to 2026-10"],
    ),
    ([("min: 3", "min: «6")], ["offers.lease.halls.min: min is above max (6 and 5); exchange them"]),
    ([("term: 10 years", "term: «0 years")], ["offers.lease.term: must be longer than nothing, such as '10 years'"]),
    (
        [("term: 10 years", "term: 10 years\n    prepayment_credited_over: «11 years")],
        [
            "offers.lease.prepayment_credited_over: must be longer than nothing and at most the term of 120 months "
            "(got 132 months)"
        ],
    ),
    (
        [("lead: 5 quarters", "lead: 5 quarters\n    space_taken_after: «16 months")],
        [
            "offers.lease.space_taken_after: must be at most the lead of 15 months: rent would begin before the space is "
            "taken (got 16 months)"
        ],
    ),
    (
        [("lead: 5 quarters", "lead: 5 quarters\n    «capex_shares: [0, 0]")],
        ["offers.lease.capex_shares: all weights are zero; [1] spreads capex evenly"],
    ),
    (
        [("life: 4 years", "life: «0 months")],
        ["machines.s21_pro.life: must be longer than nothing; leave it out for no end"],
    ),
    (
        [(NOTE, "matures: «2025-07, interest_every: «0 months}")],
        [
            "finance.debts.note.matures: 2025-07 is not after the start of the plan (2025-07); leave out what is paid by then",
            "finance.debts.note.interest_every: must be longer than nothing, such as '6 months'",
        ],
    ),
    (
        [(NOTE, "matures: 2027-07, «amortisation: {«2025-07: 20, 2026-01: 20, «2028-01: 1}}")],
        [
            "finance.debts.note.amortisation: the payments make 41, more than the principal of 30; "
            "what they leave falls due at maturity",
            "finance.debts.note.amortisation.2025-07: 2025-07 is not between the start (2025-07) and maturity (2027-07)",
            "finance.debts.note.amortisation.2028-01: 2028-01 is not between the start (2025-07) and maturity (2027-07)",
        ],
    ),
    (
        [(NOTE, "matures: 2027-07, «amortisation: {}}")],
        ["finance.debts.note.amortisation: no payment is given; write bullet, even or amounts by date"],
    ),
    (
        [("on: 2025-09", "on: «2025-06")],
        ["sites.odessa.arriving.second.on: 2025-06 is before the plan starts (2025-07); put it in fleet"],
    ),
    (
        [("bought: 2024-12", "bought: «2025-08")],
        ["sites.odessa.fleet.s21_pro.bought: 2025-08 is after the plan starts (2025-07); put it in arriving"],
    ),
    (
        [("    fleet:", "    «fleet:"), ("ph_s: 7100", "ph_s: 14000"), ("{2022-11: 207}", "{2022-11: 217}")],
        [
            "sites.odessa.fleet: draws 216.3 MW at the meter (ph_s x efficiency x mining_overhead / 1000), but "
            "mining_shell_mw is 207 at the start; lower ph_s, or raise mining_shell_mw"
        ],
    ),
    (
        [("    fleet:", "    «fleet:"), ("{2022-11: 207}", "{2025-08: 207}")],
        [
            "sites.odessa.fleet: draws 109.7 MW at the meter (ph_s x efficiency x mining_overhead / 1000), but "
            "energised_mw is 0 at the start; lower ph_s, or raise energised_mw"
        ],
    ),
    (
        [("fee_share: 0.012", "fee_share: 0.012\n    hashprice_usd_per_ph_day: «60")],
        [
            "market.network.hashprice_usd_per_ph_day: 60 is not what follows from price, hash rate, subsidy and fees: "
            "58.31 (-2.8%; 2 % are allowed); mend one of them, or leave it out"
        ],
    ),
    (
        [("  lease:", "  «lease:"), ("hall_mw_it: 24", "hall_mw_it: 48")],
        [
            "offers.lease: fits at none of its sites: 3 halls of 48 MW IT take 208.8 MW at the meter "
            "(x gross_per_it 1.45), and none of odessa ever has more than 207 MW energised and mining shell; "
            "lower halls.min or hall_mw_it"
        ],
    ),
    (
        [("      second:", "      «S21_Pro:")],
        [
            "sites.odessa.arriving.S21_Pro: a lot of the fleet is called 's21_pro', too; name one of them otherwise"
        ],
    ),
    (
        [("    note:", "    «no.te:")],
        [
            "finance.debts.no.te: 'no.te' cannot be a name without dots: a name has letters, digits, '_', '-' and "
            "spaces, at most 61, and begins with a letter, digit or '_'"
        ],
    ),
    (
        [("machines:\n", "machines:\n  S21_PRO: {efficiency_j_per_th: 17}\n"), ("  s21_pro: {eff", "  «s21_pro: {eff")],
        ["machines.s21_pro: differs from 'S21_PRO' by capitals alone; one of them needs another name"],
    ),
    (
        [("finance:\n", "given: {sign: {«lese: forbidden}}\nfinance:\n")],
        ["given.sign.lese: there is no offer 'lese'; did you mean 'lease'?"],
    ),
    (
        [("finance:\n", GIVEN % "{site: «odesa, halls: «6, date: «2027-01}")],
        [
            "given.sign.lease.site: the offer does not stand at 'odesa'; did you mean 'odessa'?",
            "given.sign.lease.halls: the offer is for 3 to 5 halls (got 6); mend offers.lease.halls if it was otherwise",
            "given.sign.lease.date: 2027-01 is signed on the nearest step, 2027-01, but the offer stands from 2025-10 "
            "to 2026-10",
        ],
    ),
    (
        [("finance:\n", GIVEN % "{halls_at_least: «6, halls_at_most: «2}")],
        [
            "given.sign.lease.halls_at_least: the offer is for at most 5 halls (got 6)",
            "given.sign.lease.halls_at_most: is less than halls_at_least (2 and 6); exchange them",
        ],
    ),
    (
        [("finance:\n", GIVEN % "{date: «2031-07}")],
        ["given.sign.lease.date: 2031-07 is outside the plan, which goes from 2025-07 to 2031-06"],
    ),
    (
        [("finance:\n", UNPLUG % "{«odessa.s21: forbidden, «odessa.second: {2025-10: 600, 2026-01: 71, «2025-06: 0}}")],
        [
            "given.unplug.odessa.s21: there is no machine lot (written site.lot) 'odessa.s21'; "
            "did you mean 'odessa.s21_pro'?",
            "given.unplug.odessa.second: makes 671 PH/s in all, but there are 670",
            "given.unplug.odessa.second.2025-06: 2025-06 is outside the plan, which goes from 2025-07 to 2031-06",
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), FAULTS, ids=lambda value: str(value[0])[:60])
def test_faults_of_references(changes: Changes, said: list[str], expect_errors: Expect) -> None:
    expect_errors(changes, *said)


def test_halls_at_most_below_the_least(expect_errors: Expect) -> None:
    expect_errors(
        [("finance:\n", GIVEN % "{halls_at_most: «2}")],
        "given.sign.lease.halls_at_most: the offer is for at least 3 halls (got 2); "
        "write forbidden if it shall not be signed",
    )


def test_what_just_fits_is_taken(load_changed: Callable[..., LoadedCase]) -> None:
    # 7,100 PH/s x 15 x 1.03 / 1000 = 109.695 MW; a window of one day on a step; the hashprice 1.9 % off.
    load_changed(
        ("mining_shell_mw: 207", "mining_shell_mw: 109.695"),
        ("halls: {min: 3", "halls: {min: 1"),
        ("{from: 2025-10, to: 2026-10}", "{from: 2025-10-01, to: 2025-10-01}"),
        ("fee_share: 0.012", "fee_share: 0.012\n    hashprice_usd_per_ph_day: 59.4"),
        ("finance:\n", UNPLUG % "{odessa.second: {2025-10-01: 670}}"),
    )


def test_lots_past_their_life_take_no_room(load_changed: Callable[..., LoadedCase]) -> None:
    load_changed(("bought: 2024-12", "bought: 2021-06"), ("ph_s: 7100", "ph_s: 71000"))


@pytest.mark.parametrize(
    ("steps", "years"),
    [("999999999 years", "far too many"), ("9" * 400 + " months", "far too many"), ("41 years", "41")],
)
def test_a_horizon_without_end(steps: str, years: str, expect_errors: Expect) -> None:
    """Proves: a slip in the steps is said at once. Broken: a list of a thousand million dates, or an OverflowError."""
    said = f"horizon.steps: the steps make {years} years; at most 40 can be planned"
    expect_errors([("steps: [8 quarters, 4 years]", f"«steps: [{steps}]")], said)


def test_time_and_levels(load_changed: Callable[..., LoadedCase]) -> None:
    case = load_changed(("{2022-11: 207}", "{2022-11: 207, 2027-01-16: 50}")).case
    dates = decision_dates(case)
    assert dates[0] == 12 * 2025 + 6
    assert [later - sooner for sooner, later in pairwise(dates)] == [3.0] * 8 + [12.0] * 4
    assert nearest_step(dates[:-1], dates[0] + 1.5) == dates[0]
    assert nearest_step(dates[:-1], dates[0] + 1.6) == dates[1]
    levels = case.sites["odessa"].energised_mw
    assert [level_at(levels, 12 * 2022 + 9.9), level_at(levels, 12 * 2027), level_at(levels, 12 * 2027 + 0.5)] == [
        0,
        207,
        50,
    ]
    assert lowest_level(levels, 12 * 2026, 12 * 2027 + 1) == 50
    assert lowest_level(levels, 12 * 2026, 12 * 2027) == 207
