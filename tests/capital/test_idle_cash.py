"""Interest on money that was only borrowed to be held: what of it a year deducts, and of which money."""

from __future__ import annotations

from typing import Any

import pytest

from tests.capital.builder import (
    START,
    Data,
    Plan,
    Terms,
    firm,
    hall,
    laid_down,
    lease,
    line,
    loan,
    notes,
    preferred,
    project,
    row,
    site_loan,
    window,
)
from tests.math.builder import about
from tests.math.cases import Solved

RENT = {"rent": lease(50 / 3)}
"""50 a quarter."""
SPENT = {"spent": lease(-125, "1 month")}
"""125 that January costs."""
OLD = {
    "old": {
        "principal_usd_m": 200,
        "rate": 0.0,
        "matures": "2026-01",
        "interest_every": "3 months",
        "amortisation": "even",
    }
}
"""What comes in in a quarter is repaid on the first day of the next one: 50 four times."""
QUARTERLY = {"interest_every": "3 months"}
KEPT = 1.5 + 1.53 + 1.5006 + 1.470612
"""What 75 that lie there are reckoned to earn in a year at 2 % a quarter: on 75, then on 72, 69 and 66 with the 3 of
interest that were paid in the quarter and what was earned before."""


def of_tax(done: Solved, name: str) -> list[float]:
    return row(done, "tax", f"{name}_usd_m", country="home")


def half_used(facility: Terms, **tax: Any) -> Data:
    """A firm that lacks 75 all year and borrows 150; 75 of income."""
    return firm(
        leases=RENT | SPENT,
        debts=OLD,
        facilities={"bank": facility},
        tax={"rate": 0.21, **tax},
        given=laid_down(draw={"bank": {START: 150}}),
    )


def test_half_of_what_was_borrowed_is_used(plan: Plan) -> None:
    """Proves: of 150 at 2 % a quarter 75 pay for January and 75 lie; of 12 of interest 6.001212 are left out, what the
    75 are reckoned to earn: 75, 76.5, 75.03 and 73.5306 at 2 %. Broken: 12 deducted, or none; 5.82 or 5.88 left out,
    where the interest that is paid, or what is earned, does not lie there."""
    done = plan(half_used(loan(0.08, limit_usd_m=150, **QUARTERLY)))
    assert row(done, "cash", "closing_usd_m")[:3] == about([75, 72, 69])
    assert of_tax(done, "interest") == about([12])
    assert of_tax(done, "interest_idle") == about([KEPT])
    assert of_tax(done, "interest_deducted") == about([12 - KEPT])
    assert of_tax(done, "tax") == about([0.21 * (75 - 12 + KEPT)])


def test_a_rate_of_ones_own_for_idle_cash(plan: Plan) -> None:
    """Proves: reckoned to earn 4 %, the 75 take 2.955 of the 12; at 0 nothing. Broken: 6.00, the loan's rate, in all of
    them."""
    found = plan(half_used(loan(0.08, limit_usd_m=150, **QUARTERLY), idle_cash_rate=0.04))
    # 75, then 72, 69 and 66 with 3 of interest and 0.75, 1.5075 and 2.242575.
    assert of_tax(found, "interest_idle") == about([0.01 * (75 + 75.75 + 73.5075 + 71.242575)])
    assert of_tax(plan(half_used(loan(0.08, limit_usd_m=150, **QUARTERLY), idle_cash_rate=0.0)), "interest_idle") == [0]


def test_what_does_not_count_is_not_carried_on(plan: Plan) -> None:
    """Proves: with a limit of 4 % of the year's income of 75, 3 of the 6.00 that count are deducted and 3.00 carried
    on. Broken: 9, carried with what lay idle."""
    done = plan(half_used(loan(0.08, limit_usd_m=150, **QUARTERLY), interest_limit=0.04))
    assert of_tax(done, "interest_deducted") == about([3])
    assert of_tax(done, "interest_carried") == about([12 - KEPT - 3])


def idle(cash: float, facility: Terms, **given: Any) -> Data:
    """A firm with ``cash`` and 100 of income that borrows 100 it does not need, or as ``given`` says."""
    return firm(
        cash,
        leases={"rent": lease(100 / 12)},
        facilities={"bank": facility},
        offers={"works": project(100, 100, "24 months")},
        tax={"rate": 0.21},
        given=laid_down(**{"draw": {"bank": {START: 100}}, **given}),
    )


OWN: dict[str, tuple[Data, Data]] = {
    "loan": (loan(0.08, **QUARTERLY), {}),
    "notes": (notes(0.3, rate=0.08, straight_rate=0.08, **QUARTERLY), {}),
    "line": (line(rate=0.08), {"commit": {"bank": {START: 100}}, "repay": {"bank": "forbidden"}}),
}


@pytest.mark.parametrize(("facility", "given"), OWN.values(), ids=OWN.keys())
def test_interest_of_own_money_saves_nothing_beside_idle_cash(plan: Plan, facility: Data, given: Data) -> None:
    """Proves: 100 of a loan, of notes with a coupon or of a line, kept beside 100 in hand: all 8 of interest are left
    out, 21 of tax. Broken: 19.32."""
    done = plan(idle(100, facility, **given))
    assert of_tax(done, "interest") == about([8])
    assert of_tax(done, "interest_idle") == about([8])
    assert of_tax(done, "tax") == about([21])


def test_interest_of_a_tied_loan_is_deducted(plan: Plan) -> None:
    """Proves: 100 lent on the cost of a hall, 100 in hand beside it: 8 are deducted, as the hall's 2.56 (100 over 39
    years) are. Broken: 8 left out, because there is cash."""
    signed = {"works": {"date": START, "halls": 1}}
    done = plan(idle(100, loan(0.08, loan_to_cost=1.0, **QUARTERLY), sign=signed))
    assert of_tax(done, "interest_idle") == [0]
    assert of_tax(done, "interest_deducted") == about([8])
    untied = plan(idle(100, loan(0.08, **QUARTERLY), sign=signed))
    assert of_tax(untied, "interest_idle") == about([8])
    assert of_tax(untied, "interest_deducted") == about([0])


def test_interest_of_a_debt_of_the_start_is_deducted(plan: Plan) -> None:
    """Proves: 100 owed from before at 8 % beside 100 in hand: 8 deducted; and 100 borrowed at 8 % that lie idle take
    away their own 8 and no more, though cash is reckoned to earn 20. Broken: 0 deducted, or 8 with the debts' left
    out."""
    debt = {"principal_usd_m": 100, "rate": 0.08, "matures": "2028-01", "interest_every": "3 months"}
    data = idle(100, loan(0.08, **QUARTERLY))
    data["finance"]["debts"] = {"old": debt}
    done = plan(data)
    assert of_tax(done, "interest") == about([16])
    assert of_tax(done, "interest_idle") == about([8])
    assert of_tax(done, "interest_deducted") == about([8])


def test_dividends_are_no_interest_and_what_they_pay_for_lies_idle(plan: Plan) -> None:
    """Proves: 100 of preferred shares that lie idle beside a loan of 150 of which 75 are used: with them the loan's
    interest of 12 is left out as a whole. Broken: 6.00, cash told apart by where it came from."""
    data = half_used(loan(0.08, limit_usd_m=150, **QUARTERLY))
    data["finance"]["facilities"]["pref"] = preferred(0.0)
    data["given"]["draw"]["pref"] = {START: 100}
    done = plan(data)
    assert of_tax(done, "interest") == about([12])
    assert of_tax(done, "interest_idle") == about([12])


def test_cash_of_a_company_below_lies_idle_too(plan: Plan) -> None:
    """Proves: 75 that a company below holds are idle as the parent's are: of 12 nothing is deducted. Broken: 6.00, cash
    hidden below."""
    data = half_used(loan(0.08, limit_usd_m=150, **QUARTERLY))
    data["finance"]["companies"] = {"below": {"sites": ["two"], "opening_cash_usd_m": 75}}
    data["sites"]["two"] = {"power": {"market": "hub"}, "energised_mw": 1}
    done = plan(data)
    assert of_tax(done, "interest_idle") == about([12])


def test_nothing_is_borrowed_to_be_held(plan: Plan) -> None:
    """Proves: 100 in hand, 100 a year for three years at 21 % and up to 10,000 on offer at 8 %: 337, and nothing is
    drawn: by the half-year or the quarter, at two rates, for some months within a quarter, repaid by the month, as
    notes with a coupon or as a line. Broken: 400; 362.61 where a loan of two months lies in no closing cash, 363.20 of
    five; 349.00 repaid by the month; 364.47 as notes that are put after two; 337.66 as a line whose interest is paid in
    the quarter."""
    rent = {"rent": lease(100 / 12, "36 months")}
    big: Data = {"limit_usd_m": 10_000, "window": window(START, "2027-12")}
    monthly: Data = {"interest_every": "1 month", **big}
    coupon: Data = {"rate": 0.08, "straight_rate": 0.08, "put_after": "2 months"}
    offers: list[Data] = [
        {"bank": loan(0.08, "60 months", **big)},
        {"bank": loan(0.08, "60 months", **QUARTERLY, **big)},
        {"bank": loan(0.08, "60 months", **big), "dear": loan(0.2, "60 months", **big)},
        {"bank": loan(0.08, "3 months", **QUARTERLY, **big)},
        {"bank": loan(0.08, "2 months", **monthly)},
        {"bank": loan(0.08, "5 months", **monthly)},
        {"bank": loan(0.08, "12 months", amortisation="even", **monthly)},
        {"bank": notes(0.3, **coupon, **monthly)},
        {"bank": line(rate=0.08, **big)},
    ]
    for facilities in offers:
        done = plan(firm(100, "3 years", facilities=facilities, leases=rent, tax={"rate": 0.21}))
        assert done.value == about(337), facilities


def test_a_bond_pays_out_no_idle_cash(plan: Plan) -> None:
    """Proves: a hall at 20 that brings 10 a month for five years, at 21 %: a bond for all that its cash serves is not
    issued beside a loan of 20, 554.75. Broken: 568.52, a bond of 392 whose money lies there."""
    bond = {
        "kind": "project_bond",
        "for_offers": ["hall"],
        "refinances": ["bank"],
        "after": "3 months",
        "limit_usd_m": 10_000,
        "rate": 0.08,
        "term": "57 months",
        "dscr": 1.2,
    }
    offers = {"hall": hall(10, "60 months", 20)}
    bank = site_loan(0.08, "12 months")
    alone = plan(firm(100, "12 quarters", offers=offers, facilities={"bank": bank}, tax={"rate": 0.21}))
    both = plan(firm(100, "12 quarters", offers=offers, facilities={"bank": bank, "bond": bond}, tax={"rate": 0.21}))
    assert both.value == about(alone.value, abs=1e-4) == about(554.7505, abs=1e-4)
