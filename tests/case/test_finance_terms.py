"""Instruments, limits, tax and books of a case make sense by themselves and beside the rest, or it is said where not."""

# Messages stand on one line, as they are said.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable

import pytest

from optimizer.case.covenants import ShareLimit, as_limit
from optimizer.case.derived import decision_dates, period_dates
from optimizer.case.earned_before import ebitda_before_usd_m
from optimizer.case.load import LoadedCase
from optimizer.case.opening_balance import opening_balance

Change = tuple[str, str]
Load = Callable[..., LoadedCase]
F = "finance.facilities"
NORWAY = "oslo: {power: {market: west}"
BERGEN = "bergen: {power: {market: west}"
FAULTS: list[tuple[list[Change], str]] = [
    # instruments by themselves
    ([("least_usd_m: 10", "least_usd_m: «110")], f"{F}.bank.least_usd_m: is more than limit_usd_m (110 and 100)"),
    ([("paid_in_kind: true", "paid_in_kind: true, interest_every: «0 months")], f"{F}.preferred.interest_every: must be longer than nothing, such as '6 months'"),
    ([("rate: 0.1, term: 5 years, paid", "rate: 0.1, term: «57 months, paid")], f"{F}.preferred.term: 57 months is no multiple of interest_every (6 months)"),
    ([("fee: 0.03, term: 6 years", "fee: 0.03, term: «75 months")], f"{F}.notes.term: 75 months is no multiple of interest_every (6 months)"),
    ([("fee: 0.02, term: 8 years", "fee: 0.02, term: «8 months")], f"{F}.site_loan.term: 8 months is no multiple of interest_every (3 months)"),
    ([("fee: 0.02, term: 8 years", "fee: 0.02, interest_every: 1 year, term: «3 months")], f"{F}.site_loan.term: 3 months is no multiple of interest_every (12 months)"),
    ([("loan_to_cost: 0.5, for_offers: [lease], for_machines", "«for_machines")], f"{F}.bank.for_machines: counts only with loan_to_cost; add that, or leave this out"),
    ([("put_after: 4 years", "put_after: «6 years")], f"{F}.notes.put_after: must be shorter than the term of 72 months (got 72 months)"),
    ([("put_after: 4 years", "put_after: «4 months")], f"{F}.notes.put_after: 4 months is no multiple of interest_every (6 months)"),
    ([("call: {after: 3 years", "«call: {after: 6 years")], f"{F}.notes.call: begins after 72 months, and the notes fall due after 72"),
    ([("capped_call: {cost: 0.06, cap_premium: 1}", "«capped_call: {cost: 0.06, cap_premium: 0.3}")], f"{F}.notes.capped_call: cap_premium must be above the premium of 0.375 at which the notes are converted (got 0.3): it would pay nothing"),
    ([("    notes: {", "    «notes: {"), ("volatility: 0.8, capped", "capped"), ("call: {after: 3 years, above: 1.3}, ", "")], f"{F}.notes: the option is charged once: give volatility, or leaves"),
    ([("    guessed: {", "    «guessed: {"), ("probability: 0.6", "probability: 0.5")], f"{F}.guessed: the probabilities of leaves have to add up to 1"),
    ([("backstop: {for_offers: [lease]", "«backstop: {for_offers: [lese]")], f"{F}.site_loan.backstop: for_offers: the loan is not for lese; a backstop covers part of what it lends"),
    ([("ltv_at_draw: 0.5", "ltv_at_draw: «0.7")], f"{F}.coins.ltv_at_draw: must be below ltv_call (0.7 and 0.7): the lender would call at once"),
    ([("stress: 0.3", "stress: «1")], f"{F}.coins.stress: must be below 1 (got 1); it is a share: 0.01 is 1 %"),
    ([("matures: 2029-01, sweep", "matures: «2026-06, sweep")], f"{F}.sweeper.matures: 2026-06 is not after the window, in which it may be drawn (to 2026-06)"),
    ([("credited_usd_m_per_mw_it: 1.5", "credited_usd_m_per_mw_it: 3"), ("    tenant_capex: {", "    «tenant_capex: {")], "offers.lease.tenant_capex: credited_usd_m_per_mw_it (3) is part of usd_m_per_mw_it (2), all that the tenant pays"),
    ([("for_offers: [lease], refinances: [site_loan], after: 6 months", "for_offers: [lease], amortisation: «levle")], f"{F}.bond.amortisation: must be 'level' or 'sculpted' or 'even' (got 'levle'); did you mean 'level'?"),
    ([("amortisation: even, interest_only", "amortisation: «sculpted, interest_only")], f"{F}.bank.amortisation: must be 'bullet' or 'even' (got 'sculpted')"),
    # beside the rest
    ([("tenant_capex: {usd_m_per_mw_it: 2", "tenant_capex: {usd_m_per_mw_it: «20")], "offers.lease.tenant_capex.usd_m_per_mw_it: the tenant pays 20 of a capex of 9.5 with contingency; it can be all of it at most"),
    ([("for_machines: [s21_pro]", "for_machines: [«s21]")], f"{F}.bank.for_machines[0]: there is no machine type 's21'; did you mean 's21_pro'?"),
    ([("for_machines: [s21_pro]", "for_machines: [s21_pro, «s21_pro]")], f"{F}.bank.for_machines[1]: 's21_pro' is named twice; once is enough"),
    ([("kind: project_bond, for_offers: [lease]", "kind: project_bond, for_offers: [«lese, lease]")], f"{F}.bond.for_offers[0]: there is no offer 'lese'; did you mean 'lease'?"),
    ([("refinances: [site_loan]", "refinances: [«site_lone]")], f"{F}.bond.refinances[0]: there is no project loan 'site_lone'; did you mean 'site_loan'?"),
    ([("refinances: [site_loan]", "refinances: [«bank]")], f"{F}.bond.refinances[0]: 'bank' is a term loan; a bond takes out loans of kind project_loan"),
    ([("term: 10 years\n    power: {paid_by: tenant}\n    tenant", "term: 10 years\n    ramp: 116 months\n    power: {paid_by: tenant}\n    tenant"), ("kind: project_bond, for_offers: [lease]", "kind: project_bond, for_offers: [«lease]")], f"{F}.bond.for_offers[0]: 'lease' ends 4 months after completion, before the first payment would be due (9 months after it)"),
    ([("project: {lease: old", "project: {lease: «odl")], "finance.debts.halls.project.lease: there is no lease 'odl'; did you mean 'old'?"),
    ([("window: {from: 2025-10, to: 2029-06}", "window: {from: «2030-10, to: 2029-06}")], f"{F}.revolver.window.from: the window ends before it begins: from 2030-10 is after to 2029-06"),
    ([("    revolver: {", "    «Note: {")], f"{F}.Note: a debt is called 'note', too; name one of them otherwise"),
    ([("    revolver: {", "    «a / b: {")], f"{F}.a / b: 'a / b' cannot be a name: a name has letters, digits, '_', '-' and spaces, at most 61, and begins with a letter, digit or '_'"),
    ([("    revolver: {", "    «bank + backstop: {")], f"{F}.bank + backstop: 'bank + backstop' cannot be a name: a name has letters, digits, '_', '-' and spaces, at most 61, and begins with a letter, digit or '_'"),
    ([("leaves: {up:", "leaves: {«u.p:")], f"{F}.guessed.leaves.u.p: 'u.p' cannot be a name without dots: a name has letters, digits, '_', '-' and spaces, at most 61, and begins with a letter, digit or '_'"),
    # companies
    ([("nordic: {sites: [bergen]", "nordic: {sites: [«bregen]")], "finance.companies.nordic.sites[0]: there is no site 'bregen'; did you mean 'bergen'?"),
    ([("nordic: {sites: [bergen]", "nordic: {sites: [bergen, «bergen]")], "finance.companies.nordic.sites[1]: 'bergen' is named twice; once is enough"),
    ([("nordic: {sites: [bergen]", "nordic: {«sites: []")], "finance.companies.nordic.sites: is empty; expected a list of names, at least one"),
    ([("withholding: 0.05}}", "withholding: 0.05}, other: {sites: [oslo, «bergen]}}")], "finance.companies.other.sites[1]: 'bergen' is a site of 'nordic'; a site belongs to one company"),
    ([(BERGEN, BERGEN + ", share: 0.5"), ("nordic: {sites: [bergen]", "nordic: {sites: [«bergen]")], "finance.companies.nordic.sites[0]: there is a share of 0.5 in 'bergen'; companies have whole sites"),
    ([(BERGEN, BERGEN + ", flexibility: {respond: {kind: demand_response, mw: 3, payment_usd_per_kw_month: 4, events_per_year: 3}}"), ("nordic: {sites: [bergen]", "nordic: {sites: [«bergen]")], "finance.companies.nordic.sites[0]: 'bergen' has flexibility; a site of a company can only have plain power: what these bring is not told apart by company"),
    ([("{nordic: {sites", "{«Note: {sites")], "finance.companies.Note: a debt is called 'note', too; name one of them otherwise"),
    ([("{nordic: {sites", "{«bank: {sites")], "finance.companies.bank: a facility is called 'bank', too; name one of them otherwise"),
    ([("{nordic: {sites", "{«nor/dic: {sites")], "finance.companies.nor/dic: 'nor/dic' cannot be a name: a name has letters, digits, '_', '-' and spaces, at most 61, and begins with a letter, digit or '_'"),
    ([("withholding: 0.05}}", "withholding: «5}}")], "finance.companies.nordic.withholding: must be below 1 (got 5); it is a share: 0.05 is 5 %"),
    # limits
    ([("  ebitda_before_usd_m: {2024-Q4: 9, 2025-Q1: 12, 2025-06: 5}\n", ""), ("net_debt_to_ebitda: 6", "«net_debt_to_ebitda: 6")], "finance.limits.net_debt_to_ebitda: looks back twelve months, to before the start: add finance.ebitda_before_usd_m (what was earned in the quarters before, such as {2025-Q1: 12}), or let it hold from a year after the start"),
    ([("2025-Q1: 12", "«2025-Q3: 12")], "finance.ebitda_before_usd_m.2025-Q3: 2025-Q3 is not over when the plan starts (2025-07); what is earned from then on is for the plan to say"),
    ([("2025-Q1: 12", "«2025Q1: 12")], "finance.ebitda_before_usd_m.2025Q1: must be a quarter (2025-Q2) or a month (2025-06) (got '2025Q1')"),
    ([("2025-06: 5", "«2025-13: 5")], "finance.ebitda_before_usd_m.2025-13: there is no month '2025-13'"),
    ([("2025-06: 5", "«2025-02: 5")], "finance.ebitda_before_usd_m.2025-02: has months of 2025-Q1, too; name each month once"),
    ([("min_cash_usd_m: {limit: 20, priced: 0.5}", "«min_cash_usd_m: {limit: 20, from: 2026-01}")], "finance.limits.min_cash_usd_m: holds from the start: leave from out, or use min_liquidity_usd_m for more later"),
    ([("max_dilution: 0.5", "max_dilution: «half")], "finance.limits.max_dilution: needs a number, or a section with limit (got 'half')"),
    ([("max_dilution: 0.5", 'max_dilution: «"0.5"')], "finance.limits.max_dilution: needs a number, or a section with limit (got '0.5'); write it without quotes"),
    ([("max_dilution: 0.5", "max_dilution: «true")], "finance.limits.max_dilution: needs a number, or a section with limit (got true)"),
    ([("max_dilution: 0.5", "«max_dilution: [0.5]")], "finance.limits.max_dilution: needs a number, or a section with limit (got a list)"),
    ([("max_dilution: 0.5", "«max_dilution: {from: 2026-01}")], "finance.limits.max_dilution.limit: is missing; expected a number (What must be kept)"),
    ([("max_dilution: 0.5", "max_dilution: {limit: 0.5, «price: 3}")], "finance.limits.max_dilution.price: 'price' is not known here; did you mean 'priced'?"),
    ([("max_dilution: 0.5", "max_dilution: {limit: 0.5, priced: «0}")], "finance.limits.max_dilution.priced: must be above 0 (got 0)"),
    ([("max_dilution: 0.5", "max_dilution: {limit: «x, from: «soon}")], "finance.limits.max_dilution.limit: needs a number (got 'x')|finance.limits.max_dilution.from: a date is written 2025-07 or 2025-07-15 (got 'soon')"),
    ([("debt_to_capital: 0.6", "debt_to_capital: «60")], "finance.limits.debt_to_capital: must be at most 1 (got 60); it is a share: 0.6 is 60 %"),
    ([("max_btc_share: {limit: 0.9", "max_btc_share: {limit: «90")], "finance.limits.max_btc_share.limit: must be at most 1 (got 90); it is a share: 0.9 is 90 %"),
    ([("net_debt_to_ebitda: 6", "net_debt_to_ebitda: «-1")], "finance.limits.net_debt_to_ebitda: must be at least 0 (got -1)"),
    # tax and books
    ([("rate: {2024-01: 0.21, 2028-01: 0.25}", "rate: {«2026-01: 0.21}")], "finance.tax.rate.2026-01: nothing is said for the time from 2025-07 to 2026-01; let it hold from 2025-07"),
    ([("rate: {2024-01: 0.21", "rate: {2024-01: «21")], "finance.tax.rate.2024-01: must be below 1 (got 21); it is a share: 0.21 is 21 %"),
    ([("interest_limit: 0.3, interest_carried_usd_m: 4", "interest_carried_usd_m: «4")], "finance.tax.interest_carried_usd_m: counts only with interest_limit; add that, or leave this out"),
    ([("norway: {sites: [oslo]", "norway: {sites: [«olso]")], "finance.tax.countries.norway.sites[0]: there is no site 'olso'; did you mean 'oslo'?"),
    ([("countries: {norway", "countries: {«Home")], "finance.tax.countries.Home: 'Home' is what the rest of the company is called; take another name"),
    ([("opening_basis: {plant", "opening_basis: {«a/b")], "finance.tax.opening_basis.a/b: 'a/b' cannot be a name: a name has letters, digits, '_', '-' and spaces, at most 61, and begins with a letter, digit or '_'"),
    ([("norway: {sites: [oslo]", "norway: {sites: [«oslo]"), (NORWAY, NORWAY + ", delivery: {own: {kind: demand, rate_usd_per_kw_month: 4}}, contracts: {load: {kind: swing, mw: 2, price_usd_per_mwh: 33, until: 2028-12}}")], "finance.tax.countries.norway.sites[0]: 'oslo' has contracts, delivery; a site taxed on its own can only have plain power: what these bring is not told apart by country"),
    ([("norway: {sites: [oslo]", "norway: {sites: [odessa]"), ("    bond: {", "    bond: «{")], f"{F}.bond: a bond on a site that is taxed abroad is tied to its cost, or interest on idle money saves tax there: state loan_to_cost, 1 at most"),
    ([("norway: {sites: [oslo]", "norway: {sites: [oslo, odessa]"), ("    bond: {", "    bond: «{loan_to_cost: 1.1, ")], f"{F}.bond: a bond on a site that is taxed abroad is tied to its cost, or interest on idle money saves tax there: state loan_to_cost, 1 at most"),
    ([("  tax: {rate", "  cash_tax_rate: 0.1\n  tax: {rate"), ("finance:\n", "«finance:\n")], "finance: give cash_tax_rate or tax, not both"),
    ([("equity_usd_m: 250", "equity_usd_m: «150")], "finance.books.equity_usd_m: with equity of 150 and liabilities of 106.113 there is nothing left for property: the other assets make 311.604, 55.4907 more"),
    ([("equity_usd_m: 250", "equity_usd_m: «250, property_usd_m: 50")], "finance.books.equity_usd_m: 250 does not balance: assets of 361.604 less liabilities of 106.113 are 255.491; mend one, or leave out property_usd_m"),
    ([("books: {equity_usd_m: 250, land", "«books: {land")], "finance.books: give property_usd_m or equity_usd_m: the other is what makes the balance sheet balance"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), FAULTS, ids=lambda value: value[:90] if isinstance(value, str) else "")
def test_faults_of_finance(changes: list[Change], said: str, expect_money_errors: Callable[..., None]) -> None:
    """Proves: each fault is said once, at its key, with what would be right. Broken: no error, or one elsewhere."""
    expect_money_errors(changes, *said.split("|"))


def test_all_of_it_is_taken(load_money: Load) -> None:
    """Proves: every instrument and section of the money loads as it is documented. Broken: an error, or a lost key."""
    finance = load_money().case.finance
    kinds = [facility.kind for facility in finance.facilities.values()]
    drawn = {"term_loan", "convertible", "preferred", "credit_line", "btc_line", "sweep_loan"}
    assert set(kinds) == drawn | {"project_loan", "project_bond", "equity"}
    assert as_limit(finance.limits.min_cash_usd_m).priced == 0.5
    assert isinstance(finance.limits.max_btc_share, ShareLimit)
    assert finance.limits.least_cash_usd_m == 20


def test_a_bond_abroad_that_is_tied_to_its_cost_is_taken(load_money: Load) -> None:
    """Proves: up to its cost a bond on a site of a country is no fault. Broken: an error for each bond abroad."""
    loaded = load_money(
        ("norway: {sites: [oslo]", "norway: {sites: [odessa]"), ("    bond: {", "    bond: {loan_to_cost: 1.0, ")
    )
    assert loaded.case.finance.tax is not None


def test_several_faults_of_one_instrument_have_their_own_places(expect_money_errors: Callable[..., None]) -> None:
    """Proves: faults of one section come together, each at its key. Broken: the first only, or all at the section."""
    expect_money_errors(
        [("least_usd_m: 10", "least_usd_m: «110"), ("interest_only: 1 year", "interest_only: «5 years")],
        f"{F}.bank.least_usd_m: is more than limit_usd_m (110 and 100)",
        f"{F}.bank.interest_only: must be shorter than the term of 60 months (got 60 months)",
    )


def test_limits_on_twelve_months_may_begin_a_year_later(load_money: Load) -> None:
    """Proves: without EBITDA of the past a limit from 2026-04 on is taken: the first quarter tested ends with June 2026,
    twelve months after the start. Broken: an error."""
    load_money(
        ("  ebitda_before_usd_m: {2024-Q4: 9, 2025-Q1: 12, 2025-06: 5}\n", ""),
        ("net_debt_to_ebitda: 6", "net_debt_to_ebitda: {limit: 6, from: 2026-04}"),
    )


def test_a_day_too_early_it_looks_back(expect_money_errors: Callable[..., None]) -> None:
    """Proves: from 2026-03-31 on the quarter that ends with March is tested, and reaches back to April 2025. Broken: no
    error, and a plan that has to guess."""
    expect_money_errors(
        [
            ("  ebitda_before_usd_m: {2024-Q4: 9, 2025-Q1: 12, 2025-06: 5}\n", ""),
            ("net_debt_to_ebitda: 6", "«net_debt_to_ebitda: {limit: 6, from: 2026-03-31}"),
        ],
        "finance.limits.net_debt_to_ebitda: looks back twelve months, to before the start: add finance.ebitda_before_usd_m "
        "(what was earned in the quarters before, such as {2025-Q1: 12}), or let it hold from a year after the start",
    )


def test_ebitda_of_the_year_before(load_money: Load) -> None:
    """Proves: 9 and 12 by quarter and 5 in June are 26 for seven months; the other five have their mean of 26 / 7, in all
    44.571. Broken: 26 (months without an entry as nothing), or 52 (the mean of entries for each missing one)."""
    assert ebitda_before_usd_m(load_money().case) == pytest.approx(26 + 5 * 26 / 7)
    assert ebitda_before_usd_m(load_money(("2024-Q4: 9, ", "2023-01: 9, ")).case) == pytest.approx(17 + 8 * 26 / 5)


def test_cash_of_companies_is_an_asset(load_money: Load) -> None:
    """Proves: 7 of a company stand beside the parent's 62.7, and property, which balances, is 7 less. Broken: 44.509, or
    cash of 69.7."""
    plain = opening_balance(load_money().case)
    opening = opening_balance(load_money(("min_cash_usd_m: 1,", "min_cash_usd_m: 1, opening_cash_usd_m: 7,")).case)
    assert plain is not None
    assert opening is not None
    assert (plain.trapped, opening.trapped, opening.cash) == (0, 7, 62.7)
    assert opening.property == pytest.approx(plain.property - 7)


def test_the_balance_sheet_at_the_start(load_money: Load) -> None:
    """Proves: cash 62.7, 1,063 coins at 107,153, machines 90, halls 40, land 5; owed 100, a prepayment of 6 and 1.5484
    months of 1.75 % on 50: with equity of 250 property is 44.509. Broken: 44.396 without accrued interest."""
    opening = opening_balance(load_money().case)
    assert opening is not None
    accrued = 50 * 0.0175 / 12 * (6 - (4 + 14 / 31))
    assert opening.accrued_interest == pytest.approx(accrued)
    assert opening.property == pytest.approx(250 + 106 + accrued - (62.7 + 1063 * 0.107153 + 90 + 40 + 5))
    given = load_money(("books: {equity_usd_m: 250", "books: {property_usd_m: 50")).case
    balance = opening_balance(given)
    assert balance is not None
    assert balance.equity == pytest.approx(62.7 + 1063 * 0.107153 + 90 + 40 + 5 + 50 - 106 - accrued)


def test_a_tenant_that_pays_too_much_after_a_change_is_doubted_only(load_money: Load) -> None:
    """Proves: with capex varied down to 1 a MW the case still loads (tenants pay all of it) and says so. Broken: an error
    in the middle of a sweep."""
    loaded = load_money(overrides={"offers.lease.capex_usd_m_per_mw_it": 1})
    assert "offers.lease.tenant_capex.usd_m_per_mw_it" in [warning.path for warning in loaded.warnings]


def test_periods_are_quarters_at_most(load_money: Load) -> None:
    """Proves: 8 quarters and 4 years are 24 periods of 3 months. Broken: 12 dates, and lines by the year."""
    case = load_money().case
    assert len(period_dates(case)) == 25
    assert period_dates(case)[-1] == decision_dates(case)[-1]
