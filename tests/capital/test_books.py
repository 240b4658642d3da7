"""The three statements of tiny companies, worked out line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.capital.builder import Plan, firm, hall, laid_down, lease, loan, notes, preferred, row, site_loan, window
from tests.math.builder import about
from tests.math.cases import Solved

BOOKS = {"property_usd_m": 0}
"""Nothing but what a test is about; equity makes the balance sheet balance."""


def line(done: Solved, table: str, name: str) -> list[float]:
    return row(done, table, f"{name}_usd_m")


def statement(done: Solved, table: str, period: str) -> dict[str, float]:
    """A row of a statement without what is 0."""
    [found] = done.rows(table, period=period)
    return {
        key.removesuffix("_usd_m"): float(number)
        for key, number in found.items()
        if key not in ("scenario", "period") and abs(float(number or 0)) > 5e-7
    }


def ties(done: Solved) -> None:
    """Assets are liabilities and equity in every row, and cash is that of cash.csv."""
    assert line(done, "balance", "total_assets") == about(line(done, "balance", "total_liabilities"), abs=1e-6)
    assert line(done, "balance", "cash")[1:] == about(row(done, "cash", "closing_usd_m"), abs=1e-6)


def test_two_quarters_of_a_miner(plan: Plan) -> None:
    """Proves, line by line: 50,000 PH/s earn 2.4 a day and use 1.2 of power; machines of 360 last three years, a
    lease's halls of 24 one, property of 120 ten; 6 of overheads, 1 for the site, 2 of stock pay a quarter; 100 owed at
    8 %, the first payment due the day after the half year. Broken: net income of 63 (interest left out until it
    is paid) or 66.2 in the second quarter (nothing accrued on its last day), equity without the stock pay."""
    debt = {"notes": {"principal_usd_m": 100, "rate": 0.08, "matures": "2027-01"}}
    more = {
        "sites.one.fleet": {"m16": {"ph_s": 50000, "book_usd_m": 360}},
        "sites.one.energised_mw": 1001,
        "sites.one.operating_cost_usd_m_per_year": 4,
        "finance.opening.sga_usd_m_per_quarter": 6,
    }
    books = {"property_usd_m": 120, "stock_pay_usd_m_per_quarter": 2}
    rent = {"rent": lease(1, book_usd_m=24)}
    done = plan(firm(100, "2 quarters", leases=rent, debts=debt, books=books, more=more))
    first = {
        "mining_revenue": 216,
        "hosting_revenue": 3.003,
        "power_recovered": 0.108,
        "power": -108.108,
        "hosting_operating": -0.003,
        "site_cost": -1,
        "sga": -6,
        "ebitda": 104,
        "stock_pay": -2,
        "depreciation_machines": -30,
        "depreciation_halls": -6,
        "depreciation_property": -3,
        "operating_income": 63,
        "interest_expense": -2,
        "pretax": 61,
        "net_income": 61,
        "to_common": 61,
        "adjusted_ebitda": 104,
    }
    assert statement(done, "income", "2025Q1") == about(first)
    second = statement(done, "income", "2025Q2")
    assert {name: second[name] for name in ("ebitda", "operating_income", "net_income")} == about(
        {"ebitda": 105.2, "operating_income": 64.2, "net_income": 62.2}
    )
    opening = {"cash": 100, "machines": 360, "halls": 24, "property": 120, "total_assets": 604}
    opening |= {"debt": 100, "equity": 504, "total_liabilities": 604}
    assert statement(done, "balance", "opening") == about(opening)
    closing = {"cash": 309.2, "machines": 300, "halls": 12, "property": 114, "total_assets": 735.2}
    closing |= {"debt": 100, "accrued_interest": 4, "equity": 504 + 61 + 62.2 + 4, "total_liabilities": 735.2}
    assert statement(done, "balance", "2025Q2") == about(closing)
    ties(done)
    [coin] = done.rows("cost_per_btc", period="2025Q1")
    expected = {
        "btc": 2250,
        "revenue_usd": 96000,
        "power_usd": 48000,
        "cash_usd": 109e6 / 2250,
        "with_sga_usd": 115e6 / 2250,
        "with_depreciation_usd": 150e6 / 2250,
        "hosting_usd": 3e6 / 2250,
        "other_usd": -8e6 / 2250,
        "net_income_usd": 61e6 / 2250,
    }
    assert {name: coin[name] for name in expected} == about(expected, abs=1e-4)


def test_property_balances_when_equity_is_given(plan: Plan) -> None:
    """Proves: cash of 100 and equity of 130 leave property of 30, written off over ten years: 0.75 a quarter. Broken:
    equity of 100."""
    done = plan(firm(100, "1 quarter", books={"equity_usd_m": 130}))
    assert line(done, "balance", "property") == about([30, 29.25])
    assert line(done, "income", "net_income") == about([-0.75])
    ties(done)


def test_fees_kept_back_are_written_off(plan: Plan) -> None:
    """Proves: 3 kept back of 100 for a year: owed 97 at once, 97.75 after a quarter, 0.75 a quarter of cost. Broken: 3
    in the first quarter (fees as paid), 100 owed."""
    bank = loan(fee=0.03, term="12 months", interest_every="3 months")
    given = laid_down(draw={"bank": {"2025-01": 100}})
    done = plan(firm(10, "5 quarters", facilities={"bank": bank}, given=given, books=BOOKS))
    assert line(done, "income", "financing_costs") == about([-0.75] * 4 + [0])
    assert line(done, "balance", "debt") == about([0, 97.75, 98.5, 99.25, 100, 0])
    ties(done)


def test_a_capped_call_is_paid_out_of_equity(plan: Plan) -> None:
    """Proves: notes of 100 with a capped call at 10: equity falls by 10 and nothing is written off. Broken: 5 a year of
    cost, equity 10."""
    terms = notes(0.5, capped_call={"cost": 0.1, "cap_premium": 1.0})
    given = laid_down(draw={"notes": {"2025-01": 100}})
    done = plan(firm(10, "2 quarters", facilities={"notes": terms}, given=given, books=BOOKS))
    assert line(done, "balance", "equity") == about([10, 0, 0])
    assert line(done, "balance", "debt") == about([0, 100, 100])
    assert line(done, "income", "net_income") == about([0, 0])
    ties(done)


def test_preferred_shares_cost_common_ones(plan: Plan) -> None:
    """Proves: 100 at 8 % paid in kind, redeemed at 1.1: 2 accrue a quarter (2.08 after half a year) beside net income
    of 0, and the premium when it is paid: 11.25 on 112.486. Broken: dividends in net income, a premium nobody has."""
    given = laid_down(draw={"pref": {"2025-01": 100}})
    terms = preferred(0.08, "18 months", paid_in_kind=True, redemption=1.1)
    done = plan(firm(100, "7 quarters", facilities={"pref": terms}, given=given, books=BOOKS))
    paid = [-2, -2, -2.08, -2.08, -2.1632, -2.1632, -11.24864]
    assert line(done, "income", "preferred_dividends") == about(paid)
    assert line(done, "income", "net_income") == about([0] * 7)
    assert line(done, "balance", "preferred") == about([0, 102, 104, 106.08, 108.16, 110.3232, 112.4864, 0])
    ties(done)


def test_coins_are_marked_and_the_gain_is_split(plan: Plan) -> None:
    """Proves: 100 coins that cost 5 in all; their price grows fourfold a year, 41.4 % a quarter; 40 are sold in April
    at 135,764.5: realised 40 x (135,764.5 - 50,000) = 3.43058,
    of which the first quarter's part was marked before.
    Broken: 5.43 (proceeds), 1.59 (against the price of January) as realised."""
    treasury = {"policy": "sell_to_fund"}
    more = {"market.network.btc_growth": 3.0, "finance.opening.btc": 100}
    books = BOOKS | {"btc_basis_usd_m": 5}
    given = laid_down(sell_btc={"2025-04": 40})
    done = plan(firm(0, "2 quarters", treasury=treasury, books=books, more=more, given=given))
    price = 0.096 * 2**0.5
    assert line(done, "income", "btc_realised") == about([0, 40 * (price - 0.05)])
    marked = [100 * (price - 0.096), 60 * (0.192 - price) - 40 * (price - 0.05)]
    assert line(done, "income", "btc_unrealised") == about(marked)
    assert line(done, "income", "adjusted_ebitda") == about([100 * (price - 0.096), 60 * (0.192 - price)])
    assert line(done, "balance", "bitcoin") == about([9.6, 100 * price, 60 * 0.192])
    ties(done)


MACHINE: Mapping[str, Any] = {
    "market.network.hashrate_eh_s": 90000,
    "machines.m16.price_usd_per_th": 36,
    "machines.m16.life": "5 years",
}


def test_machines_are_written_off_from_their_arrival(plan: Plan) -> None:
    """Proves: 36 paid in January for machines that arrive in April and last three years: 36 at the end of March, then 3
    a quarter. Broken: 33 in March, 1.8 a quarter (life instead of book life)."""
    buy = {"window": window(), "delivery": "3 months", "sites": ["one"], "max_ph_s_per_step": 1e6}
    given = laid_down(buy={"one.m16": {"2025-01": 1000}})
    data = firm(36, "3 quarters", books=BOOKS, more={**MACHINE, "machines.m16.buy": buy}, given=given)
    done = plan(data)
    assert line(done, "balance", "machines") == about([0, 36, 33, 30])
    assert line(done, "income", "depreciation_machines") == about([0, -3, -3])
    ties(done)


@pytest.mark.parametrize(("resale", "left"), [(False, 0.0), (True, 8.1)])
def test_machines_in_store_are_impaired(plan: Plan, resale: bool, left: float) -> None:
    """Proves: machines with a book value of 36 are taken off the floor in April (33 by then, 30 in June): without a
    market 30 are lost, with one that pays a quarter of a new one (0.25 x 0.9 x 36 = 8.1) 21.9. Broken: 0, machines that
    nobody can use at cost."""
    more = {**MACHINE, "sites.one.fleet": {"m16": {"ph_s": 1000, "book_usd_m": 36}}}
    if resale:
        more["machines.m16.resale"] = {"share": 0.25, "tiers": [{"ph_s_per_quarter": 1e6, "factor": 1.0}]}
    given = laid_down(unplug={"one.m16": {"2025-04": 1000}})
    done = plan(firm(0, "2 quarters", books=BOOKS, more=more, given=given))
    assert line(done, "income", "depreciation_machines") == about([-3, -3])
    assert line(done, "income", "impairment") == about([0, left - 30])
    assert line(done, "balance", "machines") == about([36, 33, left])
    ties(done)


def test_machines_sold_above_their_book_value(plan: Plan) -> None:
    """Proves: booked at 12, 11 in April, sold then at 0.5 x 0.95 x 36 = 17.1: a gain of 6.1, in net income and not in
    EBITDA. Broken: 5.1, or 17.1 in EBITDA."""
    resale = {"share": 0.5, "tiers": [{"ph_s_per_quarter": 1e6, "factor": 1.0}]}
    more = {**MACHINE, "machines.m16.resale": resale, "sites.one.fleet": {"m16": {"ph_s": 1000, "book_usd_m": 12}}}
    amount = {"one.m16": {"2025-04": 1000}}
    done = plan(firm(0, "2 quarters", books=BOOKS, more=more, given=laid_down(unplug=amount, sell=amount)))
    assert line(done, "income", "gain_on_machines") == about([0, 6.1])
    assert line(done, "income", "ebitda") == about([0, 0])
    assert line(done, "balance", "machines") == about([12, 11, 0])
    ties(done)


def test_halls_hold_their_interest_and_prepayments_are_owed(plan: Plan) -> None:
    """Proves: capex of 201 over two months, 0.2488 of interest capitalised in the second (50 owed in March), written
    off over the 12 months of rent; 12 received in January are owed until they are credited, 1 a month. Broken: interest
    of 0.25 as an expense in February, 201 in the halls, income of 12 in January."""
    bank = site_loan(0.12, "12 months", interest_every="1 month", amortisation="bullet")
    offers = {"hall": hall(10, "12 months", 201, lead="2 months", prepayment=0.1)}
    given = laid_down(sign={"hall": {"date": "2025-01", "halls": 1}}, draw={"bank / hall": {"2025-01": 50}})
    done = plan(firm(201, "4 months", facilities={"bank": bank}, offers=offers, given=given, books=BOOKS))
    cost = 201 + 50 / 1.005 / 2 * 0.01
    assert line(done, "balance", "halls") == about([0, 100.5, cost, cost * 11 / 12, cost * 10 / 12])
    assert line(done, "income", "interest_expense") == about([0, 0, -0.5, -0.5])
    assert line(done, "balance", "accrued_interest") == about([0, 0, 0, 0.5, 0.5])
    assert line(done, "balance", "prepayments") == about([0, 12, 12, 11, 10])
    assert line(done, "balance", "trapped")[-1] > 0
    assert line(done, "income", "hosting_revenue") == about([0, 0, 10, 10])
    ties(done)


def test_new_shares_are_equity_and_builds_property(plan: Plan) -> None:
    """Proves: 40 raised for a shed at 40 that takes a quarter and lasts ten years: equity 40, property 40 in March, 39
    in June. Broken: 40 as income; written off from January."""
    shed = {"cost_usd_m": 40, "energised_mw": 1, "lead": "3 months", "window": window()}
    atm = {"kind": "equity", "window": window(), "limit_usd_m": 100}
    given = laid_down(build={"one.shed": {"2025-01": 1}}, issue={"atm": {"2025-01": 40}})
    more = {"sites.one.builds": {"shed": shed}}
    done = plan(firm(0, "2 quarters", facilities={"atm": atm}, books=BOOKS, more=more, given=given))
    assert line(done, "balance", "property") == about([0, 40, 39])
    assert line(done, "balance", "equity") == about([0, 40, 39])
    assert line(done, "income", "net_income") == about([0, -1])
    ties(done)
