"""Terms of purchases, contracts, builds, leases and new money, and decisions given about them."""

# Messages stand on one line, as they are said.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable

import pytest

Change = tuple[str, str]
MACHINE = ("life: 4 years}", "life: 4 years, %s}")
SITE = ("    mining_overhead: 1.03\n", "    mining_overhead: 1.03\n    %s\n")
FINANCE = ("  debts:\n", "  %s\n  debts:\n")
LEASE = (
    "finance:\n",
    "leases:\n  old: {site: odessa, takes: free_power, it_mw: 20, gross_per_it: 1.4, pue: 1.2, first_rent: 2024-01, "
    "rate_usd_per_kw_month: 120, term: 10 years, power: {paid_by: tenant}}\nfinance:\n",
)
LOAN = "facilities: {bank: {kind: term_loan, window: {from: 2025-07, to: 2027-01}, limit_usd_m: 100, rate: 0.1, term: 5 years}}"
BLOCK = "contracts: {block: {kind: fixed_block, mw: 100, price_usd_per_mwh: 27, until: 2027-07}}"
BUILD = (
    "builds: {phase: {window: {from: 2026-01, to: 2026-12}, lead: 1 year, energised_mw: 50, cost_usd_m: 20, max: 2}}"
)
BUY = "price_usd_per_th: 16, buy: {window: {from: 2026-01, to: 2027-01}, delivery: 3 months, sites: [odessa], max_ph_s_per_step: 500}"
RESALE = "price_usd_per_th: 16, resale: {share: 0.6, tiers: [{ph_s_per_quarter: 100, factor: 1}, {ph_s_per_quarter: 100, factor: 0.8}]}"


def put(change: Change, text: str, *swaps: Change) -> Change:
    for old, new in swaps:
        assert old in text
        text = text.replace(old, new)
    return change[0], change[1] % text


GIVEN = ("offers:\n", "given: %s\noffers:\n")
FAULTS: list[tuple[list[Change], str]] = [
    ([put(MACHINE, BUY, ("price_usd_per_th: 16, buy", "«buy"))], "machines.s21_pro.buy: needs the price of a new machine: add price_usd_per_th to it"),
    ([put(MACHINE, BUY, ("[odessa]", "[«odesa]"))], "machines.s21_pro.buy.sites[0]: there is no site 'odesa'; did you mean 'odessa'?"),
    ([put(MACHINE, BUY, ("from: 2026-01", "from: «2028-01"))], "machines.s21_pro.buy.window.from: the window ends before it begins: from 2028-01 is after to 2027-01"),
    ([put(MACHINE, RESALE, ("factor: 1}", "factor: 0.7}"), ("factor: 0.8", "factor: «0.8"))], "machines.s21_pro.resale.tiers[1].factor: pays more than the tier before it (0.8 and 0.7); put the best price first"),
    ([put(MACHINE, "movable_to: [«boston]")], "machines.s21_pro.movable_to[0]: there is no site 'boston'; there is only 'odessa'"),
    ([put(SITE, "share: 0.5"), ("sites: [odessa]", "sites: [«odessa]")], "offers.lease.sites[0]: the company has a share of 0.5 of 'odessa'; offers need whole sites"),
    ([put(SITE, BLOCK, ("until: 2027-07", "until: «2025-06"))], "sites.odessa.contracts.block.until: 2025-06 is before the contract begins (2025-07)"),
    ([put(SITE, BLOCK, ("2027-07", "2027-07, settles_at: «est"))], "sites.odessa.contracts.block.settles_at: there is no power market 'est'; did you mean 'west'?"),
    ([put(SITE, BLOCK, ("fixed_block", "«fixed"))], "sites.odessa.contracts.block.kind: must be one of 'fixed_block', 'monthly_election', 'swing', 'heat_rate', 'generation', 'minimum_take' (got 'fixed'); did you mean 'fixed_block'?"),
    ([put(SITE, BUILD, ("phase:", "«phase:"), ("energised_mw: 50, ", ""))], "sites.odessa.builds.phase: adds nothing; say energised_mw, mining_shell_mw or both"),
    ([(LEASE[0], LEASE[1].replace("odessa", "«odesa"))], "leases.old.site: there is no site 'odesa'; did you mean 'odessa'?"),
    ([(LEASE[0], LEASE[1].replace("10 years", "«1 year"))], "leases.old.term: is over before the plan starts (2025-07); leave the lease out"),
    ([(LEASE[0], LEASE[1].replace("old:", "«Lease:"))], "leases.Lease: an offer is called 'lease', too; name one of them otherwise"),
    ([(LEASE[0], LEASE[1].replace("it_mw: 20", "it_mw: 100")), ("    fleet:", "    «fleet:")], "sites.odessa.fleet: draws 109.7 MW at the meter (ph_s x efficiency x mining_overhead / 1000) and leases take 140 MW, but energised_mw is 207 at the start; lower ph_s, or raise energised_mw"),
    ([put(FINANCE, LOAN, ("term: 5 years", "term: «5 months"))], "finance.facilities.bank.term: 5 months is no multiple of interest_every (6 months)"),
    ([put(FINANCE, LOAN, ("5 years", "5 years, interest_only: «5 years"))], "finance.facilities.bank.interest_only: must be shorter than the term of 60 months (got 60 months)"),
    ([put(FINANCE, LOAN, ("5 years", "5 years, loan_to_cost: 0.5, for_offers: [«lese]"))], "finance.facilities.bank.for_offers[0]: there is no offer 'lese'; did you mean 'lease'?"),
    ([put(FINANCE, LOAN, ("5 years", "5 years, «for_offers: [lease]"))], "finance.facilities.bank.for_offers: counts only with loan_to_cost; add that, or leave this out"),
    ([put(FINANCE, LOAN, ("term_loan", "«loan"))], "finance.facilities.bank.kind: must be one of 'term_loan', 'convertible', 'preferred', 'project_loan', 'project_bond', 'credit_line', 'btc_line', 'sweep_loan', 'equity' (got 'loan'); did you mean 'term_loan'?"),
    ([put(FINANCE, LOAN, ("bank:", "«bank:"), ("kind: term_loan, ", ""))], "finance.facilities.bank: kind must be one of 'term_loan', 'convertible', 'preferred', 'project_loan', 'project_bond', 'credit_line', 'btc_line', 'sweep_loan', 'equity'"),
    ([put(FINANCE, LOAN, ("rate: 0.1", "rate: «10"))], "finance.facilities.bank.rate: must be at most 1 (got 10); it is a share: 0.1 is 10 %"),
    ([put(FINANCE, LOAN, ("bank:", "«Note:"))], "finance.facilities.Note: a debt is called 'note', too; name one of them otherwise"),
    ([put(FINANCE, "treasury: {policy: «sell_share}")], "finance.treasury.policy: sell_share needs the share that is sold: add share"),
    ([put(FINANCE, "treasury: {min_btc: «3}")], "finance.treasury.min_btc: is for policy sell_to_fund only (it is sell_mined); leave it out"),
    ([put(FINANCE, "treasury: {share: «0.3}")], "finance.treasury.share: is for policy sell_share only (it is sell_mined); leave it out"),
    ([put(SITE, BUILD), put(GIVEN, "{build: {«odessa.phse: {2026-01: 1}}}")], "given.build.odessa.phse: there is no build (written site.build) 'odessa.phse'; did you mean 'odessa.phase'?"),
    ([put(SITE, BUILD), put(GIVEN, "{build: {«odessa.phase: {2026-01: 3}}}")], "given.build.odessa.phase: makes 3 builds in all, but there are 2"),
    ([put(SITE, BUILD), put(GIVEN, "{build: {odessa.phase: {2026-01: «0.5}}}")], "given.build.odessa.phase.2026-01: needs a whole number of builds (got 0.5)"),
    ([put(SITE, BUILD), put(GIVEN, "{build: {odessa.phase: {«2027-01: 1}}}")], "given.build.odessa.phase.2027-01: 2027-01 falls on the nearest step, 2027-01, but the window is 2026-01 to 2026-12"),
    ([put(MACHINE, BUY), put(GIVEN, "{buy: {«odessa.m30: {2026-01: 3}}}")], "given.buy.odessa.m30: there is no machine on sale for a site (written site.machine) 'odessa.m30'; there is only 'odessa.s21_pro'"),
    ([put(FINANCE, LOAN), put(GIVEN, "{draw: {«bank: {2026-01: 101}}}")], "given.draw.bank: makes 101 USD m in all, but there are 100"),
    ([put(FINANCE, LOAN), put(GIVEN, "{issue: {«bank: {2026-01: 1}}}")], "given.issue.bank: there is no equity facility 'bank'; there are none"),
    ([put(GIVEN, "{plug: {«odessa.second > boston: {2026-01: 1}}}")], "given.plug.odessa.second > boston: there is no lot and place for it (written site.lot > site) 'odessa.second > boston'; did you mean 'odessa.second > odessa'?"),
    ([put(FINANCE, "treasury: {policy: sell_to_fund}"), put(GIVEN, "{sell_btc: {«2032-01: 1}}")], "given.sell_btc.2032-01: 2032-01 is outside the plan, which goes from 2025-07 to 2031-06"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), FAULTS, ids=lambda value: value[:70] if isinstance(value, str) else "")
def test_faults_of_terms(changes: list[Change], said: str, expect_errors: Callable[..., None]) -> None:
    expect_errors(changes, said)


def test_good_terms_are_taken(load_changed: Callable[..., object]) -> None:
    load_changed(
        put(MACHINE, BUY + RESALE.removeprefix("price_usd_per_th: 16") + ", movable_to: [odessa]"),
        put(SITE, f"{BLOCK}\n    {BUILD}"),
        put(FINANCE, f"{LOAN}\n  treasury: {{policy: sell_to_fund, min_btc: 10}}"),
        put(
            GIVEN,
            "{unplug: {odessa.s21_pro 2026-04: {2027-07: 10}}, plug: {odessa.second > odessa: {2027-07: 1}}, "
            "build: {odessa.phase: {2026-01: 2}}, buy: {odessa.s21_pro: {2026-04: 100}}, draw: {bank: {2026-01: 50}}, "
            "keep_btc: {2026-01: 3}, sell_btc: forbidden}",
        ),
    )


def test_a_build_makes_room_for_an_offer(
    load_changed: Callable[..., object], expect_errors: Callable[..., None]
) -> None:
    large = [("hall_mw_it: 24", "hall_mw_it: 48"), ("takes: mining_shell", "takes: free_power")]
    load_changed(*large, put(SITE, BUILD, ("lead: 1 year", "lead: 3 months")))
    said = "offers.lease: fits at none of its sites: 3 halls of 48 MW IT take 208.8 MW at the meter (x gross_per_it 1.45), and none of odessa ever has more than 207 MW energised; lower halls.min or hall_mw_it"
    expect_errors([*large, ("  lease:", "  «lease:")], said)
