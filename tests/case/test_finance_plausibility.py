"""Money that looks like a slip is a warning that says what was meant."""

# Messages stand on one line, as they are said.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable

import pytest

from optimizer.case.load import LoadedCase

Change = tuple[str, str]
F = "finance.facilities"
BANK = "rate: 0.1, fee: 0.02, fixed"
TREASURY = "  treasury: {policy: sell_to_fund, min_btc: 100}\n"
DOUBTS: list[tuple[list[Change], str]] = [
    ([], ""),
    ([("paid_in_kind: true", "paid_in_kind: true, market_rate: «0.14")], f"{F}.preferred.market_rate: 0.14 is above its rate of 0.1: each dollar borrowed is then a gift of about 4 cents a year, and a plan takes it"),
    ([("paid_in_kind: true", "paid_in_kind: true, market_rate: 0.09")], ""),
    ([("paid_in_kind: true", "paid_in_kind: true, redemption: «1.2")], f"{F}.preferred.redemption: 20 % more than is owed is paid at the end, beside the dividend of 0.1 a year"),
    ([("[lease], rate: 0.071", "[lease], rate: «0.08")], f"{F}.site_loan.backstop.rate: 0.08 is no less than the loan's rate without it (0.08): nobody would pay warrants for it"),
    ([("volatility: 0.8, capped", "volatility: «0.08, capped")], f"{F}.notes.volatility: a share that swings by 8 % a year; those of miners swing by 60 to 110 %"),
    ([("straight_rate: 0.1, volatility: 0.8}", "straight_rate: 0.1, volatility: «2}")], "finance.debts.convertible_2030.conversion.volatility: a share that swings by 200 % a year; those of miners swing by 60 to 110 %"),
    ([("premium: 0.3, straight_rate: 0.1, leaves", "premium: «-0.2, straight_rate: 0.1, leaves")], f"{F}.guessed.premium: a conversion price 20 % below the share price: it is converted at once; usual is 0.2 to 0.6"),
    ([("premium: 0.3, straight_rate: 0.1, leaves", "premium: «3, straight_rate: 0.1, leaves")], f"{F}.guessed.premium: 300 % above the share price; usual is 20 to 60 % (0.2 to 0.6)"),
    ([("premium: 0.3, straight_rate: 0.1, leaves", "premium: 0.3, straight_rate: «0.01, leaves")], f"{F}.guessed.straight_rate: 0.01 is below the coupon of 0.02: without conversion the same notes would be cheaper than with it"),
    ([("dscr: 1.4, lock_up_dscr: 1.2", "dscr: 1.4, lock_up_dscr: «1.4")], f"{F}.site_loan.lock_up_dscr: 1.4 is not below the dscr of 1.4 that sizes the debt: cash is locked up from the start"),
    ([("    coins: {", "    «coins: {"), ("ltv_call: 0.7, stress: 0.3", "ltv_call: 0.7")], f"{F}.coins.stress: reckons with the path of prices as it stands: 28.6 % below it the lender calls; bitcoin has fallen by 50 to 80 % within a year"),
    ([("    coins: {", "    «coins: {"), (TREASURY, "  treasury: {policy: sell_all}\n")], f"{F}.coins: there are no coins to pledge: treasury.policy is sell_all"),
    ([("window: {from: 2025-10, to: 2029-06}", "«window: {from: 2025-11, to: 2025-12}")], f"{F}.revolver.window: stands from 2025-11 to 2025-12, and no step begins in that time; shorten the steps or widen the window: it can never be drawn"),
    ([("window: {from: 2025-10, to: 2029-06}", "«window: {from: 2035-11, to: 2035-12}")], f"{F}.revolver.window: stands from 2035-11 to 2035-12, outside the plan (2025-07 to 2031-06): it can never be drawn"),
    ([("for_machines: [s21_pro]", "for_machines: [s21_pro, «old_one]"), ("machines:\n", "machines:\n  old_one: {efficiency_j_per_th: 30}\n")], f"{F}.bank.for_machines[1]: none of 'old_one' can be bought (it has no buy), so it lends nothing on them"),
    # debts and limits
    ([("note: {principal_usd_m: 30, rate: 0.08, matures: 2027-07}", "note: {principal_usd_m: 30, rate: 0.08, matures: 2027-07}\n    large: {principal_usd_m: 180, rate: 0.08, matures: «2025-09}"), ("due_within_12_months: 1", "due_within_12_months: 9"), ("equity_usd_m: 250", "equity_usd_m: 90")], "finance.debts.large.matures: 180 fall due, the plan starts with 62.7 of cash and 113.904 of bitcoin, and no facility can be drawn by then and paid later: it has to be earned"),
    ([("min_cash_usd_m: {limit: 20, priced: 0.5}", "min_cash_usd_m: {limit: 20, priced: «0.1}")], "finance.limits.min_cash_usd_m.priced: breaking it costs 0.1 a year for each dollar, less than 'sweeper' costs (0.12): a plan would rather break it than borrow"),
    ([("max_btc_share: {limit: 0.9, priced: 2}", "max_btc_share: {limit: 0.9, priced: 0.001}")], ""),
    ([("max_dilution: 0.5", "max_dilution: {limit: 0.5, from: «2032-01}")], "finance.limits.max_dilution.from: 2032-01 is after the plan ends (2031-06): it holds at no time"),
    ([("2024-Q4: 9", "2024-Q4: 9, «2023-Q4: 7")], "finance.ebitda_before_usd_m.2023-Q4: 2023-Q4 is more than a year before the start, and counts for months that are not named only"),
    ([("net_debt_to_ebitda: 6", "«net_debt_to_ebitda: 0.5")], "finance.limits.net_debt_to_ebitda: is broken at the start: net debt of 37.3 against 0.5 x 44.5714 (EBITDA of the year before); the first period has to cure it"),
    ([("net_debt_to_ebitda: 6", "net_debt_to_ebitda: {limit: 0.5, from: 2026-01}")], ""),
    ([("max_btc_share: {limit: 0.9, priced: 2}", "«max_btc_share: 0.6")], "finance.limits.max_btc_share: is broken at the start: bitcoin of 113.904 against 0.6 x 176.604 (cash and bitcoin); the first period has to cure it"),
    ([("debt_to_capital: 0.6", "«debt_to_capital: 0.05")], "finance.limits.debt_to_capital: is broken at the start: debt of 100 against 0.05 x 1,978.54 (debt and market value); the first period has to cure it"),
    ([("min_liquidity_usd_m: {limit: 30, from: 2026-01}", "«min_liquidity_usd_m: 200")], "finance.limits.min_liquidity_usd_m: asks for 200, and cash, bitcoin after the haircut and lines make 192.433 at the start"),
    ([("note: {principal_usd_m: 30, rate: 0.08, matures: 2027-07}", "note: {principal_usd_m: 30, rate: 0.08, matures: 2026-03}"), ("due_within_12_months: 1", "«due_within_12_months: 0.2")], "finance.limits.due_within_12_months: is broken at the start: debt due within a year of 30 against 0.2 x 112.7 (cash and undrawn lines); the first period has to cure it"),
    # tax, and dollars for millions
    ([("losses_usd_m: 150", "losses_usd_m: «150000000")], "finance.tax.losses_usd_m: 150,000,000 millions; if single ones are meant, write 150"),
    ([("2025-Q1: 12", "2025-Q1: «12000000")], "finance.ebitda_before_usd_m.2025-Q1: 12,000,000 millions; if single ones are meant, write 12"),
    ([("rate: 0.22, losses_usd_m: 3", "rate: 0, losses_usd_m: «3")], "finance.tax.countries.norway.losses_usd_m: losses are worth nothing at a rate of 0; is the rate missing?"),
    ([("rate: {2024-01: 0.21, 2028-01: 0.25}, state_rate: 0.02, losses_usd_m: 150", "rate: 0, losses_usd_m: «150")], "finance.tax.losses_usd_m: losses are worth nothing at a rate of 0; is the rate missing?"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), DOUBTS, ids=lambda value: value[:90] if isinstance(value, str) else "")
def test_doubts_about_money(changes: list[Change], said: str, expect_money_warnings: Callable[..., None]) -> None:
    """Proves: each slip is warned of once, at its key, with figures by hand; what is in order is not. Broken: no word."""
    expect_money_warnings(changes, *([said] if said else []))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([], "property_usd_m is assumed to be 44.5093, with which the balance sheet balances; type it in to check"),
        (
            [("books: {equity_usd_m: 250", "books: {property_usd_m: 50")],
            "equity_usd_m is assumed to be 255.491, with which the balance sheet balances; type it in to check",
        ),
        ([("equity_usd_m: 250", "equity_usd_m: 255.5, property_usd_m: 50")], None),
    ],
)
def test_what_balances_the_books_is_assumed(
    changes: list[Change], said: str | None, load_money: Callable[..., LoadedCase]
) -> None:
    """Proves: property is what is left (44.509), or equity; with both typed in, rounded as filings are, nothing is assumed.
    Broken: no word, and a figure in the balance sheet that nobody wrote."""
    warnings = [found.message for found in load_money(*changes).warnings if found.path == "finance.books"]
    assert warnings == ([said] if said else [])


@pytest.mark.parametrize("drift", [0.05, 0.12, 0.20])
def test_coins_that_grow_look_free_under_sell_to_fund(drift: float, expect_money_warnings: Callable[..., None]) -> None:
    """Proves: 100 coins held by sell_to_fund are worth 7.500, 8.000, 8.571 at a drift of 5, 12, 20 % and 7.143 when sold:
    each is called a bet. Broken: no word in any of the three."""
    expect_money_warnings(
        [("btc_usd: 107153", f"btc_usd: 107153\n    btc_growth: «{drift}")],
        f"market.network.btc_growth: bitcoin grows by {drift:g} a year and cash yields 0: holding coins (treasury.policy "
        "sell_to_fund) looks free, though it is a bet; compare with btc_growth at the yield, or with treasury.policy sell_all",
    )
