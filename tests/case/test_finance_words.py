"""``wattfork check`` says everything about money in plain words, one line for each thing, and as JSON."""

# Messages stand on one line, as they are said.
# ruff: noqa: E501

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.case.load import LoadedCase
from optimizer.cli.case_words import describe, in_words
from optimizer.cli.main import main

Load = Callable[..., LoadedCase]
SAID = {
    "debt note": "$30 M at 8 %, matures 2027-07",
    "debt convertible_2030": "$50 M at 1.75 %, matures 2030-05-15; holders may convert at $4.45 a share: valued at 10 % plus an option at a volatility of 80 %",
    "debt halls": "$20 M at 9 %, matures 2029-01, repaid evenly every 3 months; ring-fenced with old; service of 6 months in reserve; nothing goes to the company below 1.2 times",
    "company nordic": "the cash of bergen is its own, $0 M at the start, at least $1 M kept; 5 % of what it pays up is withheld",
    "bank": "term loan of up to $100 M at 10 %, drawn 2026-01 to 2027-12, 2 % kept back, $0.5 M paid with each draw, at least $10 M at a time, repaid evenly over 5 years after 1 year of interest only; at most 50 % of the cost of lease and s21_pro; 1 % a year on what is committed and not drawn",
    "notes": "convertible notes of up to $300 M with a coupon of 0 %, issued 2025-10 to 2026-12, 3 % kept back, for 6 years; converted 37.5 % above the share price, may be put after 4 years, may be called after 3 years at 1.3 times the conversion price; 6 % buys a capped call up to 100 % above the share price; at most 20 % of the market value; without conversion they would pay 10 %, and the option is charged at issue by a volatility of 80 %",
    "guessed": "the option is charged as expected if the share ends at 3 times (40 %), 0.5 times (60 %) today's price",
    "preferred": "preferred shares of up to $40 M with a dividend of 10 % added to what is owed, issued 2025-10 to 2026-12, redeemed after 5 years",
    "site_loan": "project loan of up to $700 M at 8 % for lease, 2 % kept back, repaid as cash is available over 8 years from completion; at most 80 % of cost; cash available at least 1.4 times its service; service of 6 months in reserve; nothing goes to the company below 1.2 times; up to $400 M for lease with a backstop at 7.1 %, paid with 20 M warrants at $0.01",
    "bond": "project bond of up to $700 M at 6 % for lease, 1 % kept back, repaid with equal service over 9 years from 6 months after completion, taking out site_loan; cash available at least 1.3 times its service",
    "revolver": "credit line of up to $50 M at 9 %, 2025-10 to 2029-06, 1 % of it at first; 0.5 % a year on what is committed and not drawn",
    "coins": "line on bitcoin of up to $60 M at 11 %, 2025-10 to 2028-06; owed at most 50 % of the coins pledged, and 70 % of them at the period's lowest price, 30 % lower",
    "sweeper": "sweep loan of up to $50 M at 12 %, drawn 2025-10 to 2026-06, repaid by 50 % of all cash above $20 M in every period, the rest on 2029-01",
    "atm": "equity of up to $200 M, 2025-10 to 2027-06, at most $50 M at a step, at most $100 M a year, at 3 % below the market price",
    "limit": "cash at least $20 M; may be broken at $0.5 M a year for each $1 M",
    "liquidity": "cash, bitcoin less 30 % and undrawn lines at least $30 M, from 2026-01",
    "leverage": "net debt at most 6 times EBITDA of twelve months",
    "cover": "EBITDA of twelve months at least 1.1 times debt service, from 2027-01",
    "wall": "debt due within a year at most 1 times cash and undrawn lines",
    "dilution": "new shares, with those of notes and warrants, at most 50 % of today's",
    "EBITDA before": "$9 M in 2024-Q4, $12 M in 2025-Q1, $5 M in 2025-06",
    "tax": "21 % from 2024-01, 25 % from 2028-01 of taxable income and 2 % by the state; losses of $150 M, for at most 80 % of a year's income; interest is deducted up to 30 % of income before depreciation",
    "classes": "written off: machines at once, halls straight line over 39 years, buildings at once",
    "plant": "$80 M left to be written off over 10 years",
    "tax in norway": "22 % for oslo, losses of $3 M",
    "books": "property $44.5093 M (assumed: it makes the balance sheet balance), equity $250 M, machines $90 M, halls $40 M; $2 M a quarter paid in shares; machines written off over 3 years",
    "lease": "the tenant pays $2 M of capex per MW IT, of which $1.5 M are credited back with at most 40 % of each month's rent",
}


def words(loaded: LoadedCase) -> tuple[list[str], str]:
    lines = in_words(describe(loaded, {}))
    return lines, " ".join(" ".join(lines).split())


@pytest.mark.parametrize("name", list(SAID))
def test_every_part_of_the_money_has_its_line(name: str, load_money: Load) -> None:
    """Proves: what the case says of money can be read back without the file. Broken: only kind and limit, as for none of them."""
    lines, text = words(load_money())
    assert SAID[name] in text
    assert max(map(len, lines)) <= 100


def test_short_forms(load_money: Load) -> None:
    """Proves: a flat tax, amounts by date, a class with a bonus, a preferred with cash dividends and a market rate have words
    of their own. Broken: an exception, or the words of another form."""
    _, text = words(
        load_money(
            ("  tax: {rate: {2024-01: 0.21, 2028-01: 0.25}", "  tax: {depreciation: {halls: {years: 20, bonus: 0.4}}, rate: 0.21"),
            ("amortisation: even, project", "amortisation: {2026-01: 5}, project"),
            ("paid_in_kind: true", "redemption: 1.1, market_rate: 0.09"),
            ("kind: project_bond, for_offers: [lease], refinances: [site_loan], after: 6 months", "kind: project_bond, for_offers: [lease]"),
        )
    )  # fmt: skip
    for part in (
        "tax 21 % of taxable income and 2 % by the state",
        "halls 40 % at once, then straight line over 20 years",
        "repaid $5 M on 2026-01; ring-fenced with old",
        "dividend of 10 % paid in cash, issued 2025-10 to 2026-12, redeemed after 5 years at 1.1 times what is owed; valued at 9 %",
        "with equal service over 9 years from completion; cash available",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        ("0.04", "of income before depreciation; of interest on new money so much is not deducted as idle cash would earn at 4 %"),
        ("0", "of income before depreciation; interest on borrowed money that lies idle is deducted too"),
        ("null", "of income before depreciation written off:"),
    ],
)  # fmt: skip
def test_idle_cash_has_words_where_the_case_speaks_of_it(rate: str, said: str, load_money: Load) -> None:
    """Proves: a rate of the case's own, and that the rule is taken out by 0, are said; nothing where the rates of the
    facilities count. Broken: 0 % of earnings, or silence on a rule that is off."""
    _, text = words(load_money(("  tax: {rate:", f"  tax: {{idle_cash_rate: {rate}, rate:")))
    assert said in text


def test_money_as_json(money_text: str, tmp_path: Path, price_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: --json has all of it as plain data, limits as sections, the balance sheet in sums. Broken: no such key."""
    assert price_file.exists()
    (tmp_path / "case.yaml").write_text(money_text, "utf-8")
    assert main(["check", str(tmp_path), "--json"]) == 0
    money = json.loads(capsys.readouterr().out)["case"]["money"]
    assert money["facilities"]["bond"]["refinances"] == ["site_loan"]
    assert money["facilities"]["coins"]["ltv_call"] == 0.7
    assert money["companies"]["nordic"]["withholding"] == 0.05
    assert money["debts"]["halls"]["project"] == {"lease": "old", "reserve_months": 6, "lock_up_dscr": 1.2}
    assert money["limits"]["min_liquidity_usd_m"] == {"limit": 30, "from": "2026-01", "priced": None}
    assert money["tax"]["rate"] == {"2024-01": 0.21, "2028-01": 0.25}
    assert money["books"]["balanced_by"] == "property"
    assert money["opening"]["property"] == pytest.approx(44.509, abs=5e-4)
