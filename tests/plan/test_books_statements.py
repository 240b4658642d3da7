"""Three statements that tie out, line by line and by hand; and what a coin costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer import api
from optimizer.case.opening_balance import opening_balance
from optimizer.plan.books.statements import BALANCE, INCOME, statements
from optimizer.plan.books.tables import books_tables
from optimizer.plan.measures import ebitda
from optimizer.plan.owed import Fence
from optimizer.solve.highs import SolveOptions
from tests.math.cases import changed
from tests.plan.books_plan import close, company, owed_by, planned, stated, with_money

# Site 4.5, overheads 9 and stock pay 2.25 a quarter; a lot that loses 45 and property that loses 22.5 a quarter; notes
# of 100 at 12 % with interest in March and September.
COMPANY = {
    "sites.one.operating_cost_usd_m_per_year": 18,
    "sites.one.variable_cost_usd_per_mwh": 1,
    "finance.opening.cash_usd_m": 50,
    "finance.opening.sga_usd_m_per_quarter": 9,
    "finance.books": {
        "property_usd_m": 225, "property_life_left": "30 months", "stock_pay_usd_m_per_quarter": 2.25,
        "land_usd_m": 5, "investments_usd_m": 6, "other_assets_usd_m": 7, "other_liabilities_usd_m": 8,
    },
    "finance.debts": {"notes": {"principal_usd_m": 100, "rate": 0.12, "matures": "2026-03"}},
    "finance.cash_yield": 0.04,
}  # fmt: skip


def test_a_quarter_by_hand(tmp_path: Path) -> None:
    """Proves: of the first quarter every line that is not 0. Revenue 90 x 2.4 = 216, power 108, 1 $ on 2.16 million
    MWh, interest 6 paid in March of which 4 had accrued before the start, and 1 that accrues until its end: 3. Broken:
    6 of interest as paid; -1.97 of net income if stock pay were left out."""
    made = stated(planned(tmp_path, company(COMPANY)))
    told = {name: float(made.income[name][0]) for name in INCOME if abs(made.income[name][0]) > 1e-9}
    ebitda = 216 - 108 - 2.16 - 4.5 - 9
    operating = ebitda - 2.25 - 45 - 22.5
    assert told == {
        "mining_revenue": close(216),
        "power": close(-108),
        "mining_variable": close(-2.16),
        "site_cost": close(-4.5),
        "sga": close(-9),
        "ebitda": close(ebitda),
        "stock_pay": close(-2.25),
        "depreciation_machines": close(-45),
        "depreciation_property": close(-22.5),
        "operating_income": close(operating),
        "interest_income": close(0.5),
        "interest_expense": close(-3),
        "pretax": close(operating + 0.5 - 3),
        "net_income": close(operating + 0.5 - 3),
        "to_common": close(operating + 0.5 - 3),
        "adjusted_ebitda": close(ebitda),
    }


def test_the_balance_by_hand(tmp_path: Path) -> None:
    """Proves: at the start 50 + 360 + 225 + 18 stand against 100 + 4 of accrued interest + 8 and equity of 541; after a
    quarter cash has earned its EBITDA and yield and paid 6, and equity what was earned and stock pay. Broken: equity of
    545 without accrued interest; 2.25 apart if stock pay were only an expense."""
    made = stated(planned(tmp_path, company(COMPANY)))
    opening = {name: amount for name, amount in made.opening.items() if amount}
    assert opening == {
        "cash": 50, "machines": 360, "property": 225, "land": 5, "investments": 6, "other_assets": 7,
        "total_assets": 653, "debt": 100, "accrued_interest": close(4), "other_liabilities": 8, "equity": close(541),
        "total_liabilities": close(653),
    }  # fmt: skip
    assert made.balance["cash"][0] == close(50 + 92.34 + 0.5 - 6)
    assert made.balance["accrued_interest"] == close(1, 4, 1, 4)
    assert made.balance["equity"][0] == close(541 + 20.09 + 2.25)
    assert made.balance["total_assets"][0] == close(136.84 + 315 + 202.5 + 18)


def test_what_a_coin_costs(tmp_path: Path) -> None:
    """Proves: the 2,250 coins of the first quarter bring 96,000 each and cost 48,000 in power, 50,960 in cash, 54,960
    with overheads and 85,960 with stock pay and what is written off; 1,111 of interest less yield lead to 8,929 of net
    income. Broken: any step that leaves a line out, or net income that is not reached."""
    plan = planned(tmp_path, company(COMPANY))
    stated(plan)
    [row] = [row for row in books_tables(plan)["cost_per_btc"].dicts() if row["period"] == "2025Q1"]
    assert row == {
        "scenario": "base", "period": "2025Q1", "btc": close(2250), "revenue_usd": close(96000),
        "power_usd": close(48000), "cash_usd": close(48000 + 960 + 2000), "with_sga_usd": close(54960),
        "with_depreciation_usd": close(54960 + 1000 + 20000 + 10000), "hosting_usd": close(0),
        "other_usd": close(-2.5e6 / 2250), "net_income_usd": close(20.09e6 / 2250),
    }  # fmt: skip


def test_without_coins_nothing_is_said_of_their_cost(tmp_path: Path) -> None:
    """Proves: a company without machines has rows with 0 coins and empty cells. Broken: a division by nothing."""
    rows = books_tables(planned(tmp_path, company({"sites.one.fleet": {}})))["cost_per_btc"].rows
    assert rows == tuple(("base", f"2025Q{q}", 0.0, *(None,) * 8) for q in (1, 2, 3, 4))


def test_a_loan_is_told_less_its_fees(tmp_path: Path) -> None:
    """Proves: 50 drawn with 2 % kept back stand for 49 and lose 1 / 4 a quarter of the year that they run: 49.25 after
    the first; 1.25 of interest has accrued then, 2.5 are paid in July. Broken: 50 from the start, 1 as a cost at once,
    or no interest in the first quarter."""
    loan = {
        "kind": "term_loan", "window": {"from": "2025-01", "to": "2025-01"}, "limit_usd_m": 50, "rate": 0.1,
        "fee": 0.02, "term": "12 months",
    }  # fmt: skip
    changes = {"finance.facilities.loan": loan, "given.draw": {"loan": {"2025-01": 50}}}
    made = stated(planned(tmp_path, company(changes)))
    assert made.balance["debt"][:3] == close(49.25, 49.5, 49.75)
    assert made.income["financing_costs"] == close(-0.25, -0.25, -0.25, -0.25)
    assert made.income["interest_expense"] == close(-1.25, -1.25, -1.25, -1.25)
    # Paid on the first instant of each quarter after the one in which it accrued.
    assert made.balance["accrued_interest"] == close(1.25, 2.5, 1.25, 2.5)


def test_new_shares_are_equity(tmp_path: Path) -> None:
    """Proves: 30 raised are cash and equity, and no income. Broken: 30 of income, or 30 apart."""
    atm = {"kind": "equity", "window": {"from": "2025-01", "to": "2025-01"}, "limit_usd_m": 30}
    plain = stated(planned(tmp_path, company()))
    changes = {"finance.facilities.atm": atm, "given.issue": {"atm": {"2025-01": 30}}}
    made = stated(planned(tmp_path, company(changes)))
    assert made.balance["equity"] - plain.balance["equity"] == close(30, 30, 30, 30)
    assert made.income["net_income"] == close(*plain.income["net_income"])


def test_convertible_with_a_capped_call(tmp_path: Path) -> None:
    """Proves: of 100 in notes 3 are kept back and written off over five years, 0.15 a quarter, and 6 buy capped calls:
    equity, at once. Broken: 9 as fees of the notes, 0.45 a quarter; 6 as a cost."""
    plan = planned(tmp_path, company())
    plain = stated(plan)
    notes = owed_by(
        plan, "notes", "convertible", drawn=[100, 0, 0, 0], closing=[100] * 4, fees=[3, 0, 0, 0],
        capped_calls=[6, 0, 0, 0], unamortised=[2.85, 2.7, 2.55, 2.4],
    )  # fmt: skip
    made = stated(with_money(plan, notes))
    assert made.income["financing_costs"] == close(-0.15, -0.15, -0.15, -0.15)
    assert made.balance["debt"] == close(97.15, 97.3, 97.45, 97.6)
    assert (made.balance["equity"] - plain.balance["equity"])[0] == close(-6.15)


def test_preferred_shares_are_no_debt(tmp_path: Path) -> None:
    """Proves: 40 of preferred that accrue 1 a quarter, added to what is owed after two, and are redeemed at 1.1 times
    42 at the end: dividends of 1 a quarter and 4.2 above what is owed, for the common shares to bear; no interest, no
    debt. Broken: 4.2 that never show, or an interest expense."""
    plan = planned(tmp_path, company({"finance.opening.cash_usd_m": 100}))
    shares = owed_by(
        plan, "preferred", "preferred", is_debt=False, drawn=[40, 0, 0, 0], capitalised=[0, 2, 0, 0],
        accrued=[1, 0, 1, 0], interest=[0, 0, 0, 2], closing=[40, 42, 42, 0], principal=[0, 0, 0, 42],
        above_par=[0, 0, 0, 4.2], fixed_costs=[0.5, 0, 0, 0],
    )  # fmt: skip
    made = stated(with_money(plan, shares))
    assert made.income["preferred_dividends"] == close(-1, -1, -1, -5.2)
    assert made.income["financing_costs"] == close(-0.5, 0, 0, 0)
    assert made.income["interest_expense"] == close(0, 0, 0, 0)
    assert made.balance["preferred"] == close(41, 42, 43, 0)
    assert made.balance["debt"] == close(0, 0, 0, 0)
    assert made.income["to_common"] == close(*(made.income["net_income"] + made.income["preferred_dividends"]))


def test_trapped_cash_is_an_asset_and_no_cash(tmp_path: Path) -> None:
    """Proves: 3 in reserve and 1 set aside, and 5 locked up for a quarter, are the company's, and not its cash. Broken:
    9 that vanish, or that still count as cash."""
    plan = planned(tmp_path, company())
    plain, nothing = stated(plan), np.zeros(4)
    fence = Fence(
        option=0, name="hall", available=nothing, service=nothing, dscr=nothing, reserve=np.array([0, 3, 3, 0.0]),
        set_aside=np.array([0, 1, 1, 0.0]), locked=np.array([0, 5, 0, 0.0]), locked_up=nothing, level=1.2,
    )  # fmt: skip
    made = stated(with_money(plan, fences=(fence,)))
    assert made.balance["trapped"] == close(0, 9, 4, 0)
    assert plain.balance["cash"] - made.balance["cash"] == close(0, 9, 4, 0)
    assert made.balance["equity"] == close(*plain.balance["equity"])


def test_prepayments_are_owed_until_they_are_credited(tmp_path: Path) -> None:
    """Proves: 10 % of a rent of 24 in all are received in January and credited over the two years from April: 2.4, then
    0.3 less a quarter; revenue is the whole rent. Broken: 2.4 of revenue in January and 2.7 a quarter later."""
    terms = {"prepayment": 0.1}
    changes = {"given.sign": {"hall": {"date": "2025-01", "halls": 1}}, "sites.one.energised_mw": 1100}
    made = stated(planned(tmp_path, company(changes, hall=terms)))
    assert made.balance["prepayments"] == close(2.4, 2.1, 1.8, 1.5)
    assert made.income["hosting_revenue"] == close(0, 3, 3, 3)


def test_a_missing_flow_shows(tmp_path: Path) -> None:
    """Proves: the check can fail: 1 USD m that leaves cash and stands in no line is a difference of 1 from then on.
    Broken: 0, if cash were what makes the balance sheet balance."""
    plan = planned(tmp_path, company())
    made = statements(replace(plan, states=replace(plan.states, cash_usd_m=plan.states.cash_usd_m - [0, 1, 1, 1])))
    assert made is not None
    assert made.difference == close(0, 0, -1, -1, -1)


def test_without_books_there_are_only_headers(tmp_path: Path) -> None:
    """Proves: a case without books writes three headers. Broken: statements of a company that gave no balance sheet."""
    plan = planned(tmp_path, changed(company(), {"finance.books": None}))
    assert statements(plan) is None
    tables = books_tables(plan)
    assert list(tables) == ["income", "balance", "cost_per_btc"]
    assert all(not made.rows for made in tables.values())
    assert tables["income"].columns == ("scenario", "period", *(f"{name}_usd_m" for name in INCOME))
    assert tables["balance"].columns == ("scenario", "period", *(f"{name}_usd_m" for name in BALANCE))


# Balance sheets for cases that have none of their own; of the large case the first six quarters.
SHIPPED: dict[str, dict[str, Any]] = {
    "quickstart": {"finance.books": {"property_usd_m": 60, "stock_pay_usd_m_per_quarter": 1}},
    "alberta_or_texas": {"finance.books": {"property_usd_m": 60, "machine_life": "4 years"}},
    "conversion_2024": {},
    "cipher_2025q2": {"horizon.steps": ["6 quarters"]},
}


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_cases_balance(name: str) -> None:
    """Proves: in every period of the case assets are liabilities to a dollar; revenue less all costs is EBITDA as cash
    has it; net income is what the last column of cost per coin says. Broken: the first flow that is in one statement
    and not in another."""
    loaded = api.load(Path(__file__).parents[2] / "cases" / name)
    loaded = api.case_from_data(changed(loaded.bare, SHIPPED[name]), loaded.folder)
    plan = api.solve(loaded, SolveOptions(relative_gap=0.05), twins=False).plan
    made = stated(plan)
    assert made.income["ebitda"] == pytest.approx(ebitda(plan), abs=1e-6)
    opening = opening_balance(loaded.case)
    assert opening is not None
    owed = sum(owed.accrued_opening_usd_m for owed in plan.owed)
    assert owed == pytest.approx(opening.accrued_interest, abs=1e-9)
    rows = list(books_tables(plan)["cost_per_btc"].dicts())
    for n, row in enumerate(rows):
        if row["net_income_usd"] is not None:
            result = float(row["net_income_usd"] or 0.0) * float(row["btc"] or 0.0) / 1e6
            assert result == pytest.approx(float(made.income["net_income"][n]), abs=1e-6)
    assert len(rows) == len(plan.prepared.market.tree)
