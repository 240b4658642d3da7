"""Convertible notes: schedule, what the option costs, capped calls, issuer's calls, puts, and existing ones."""

from __future__ import annotations

import math

import pytest
from scipy.stats import norm

from tests.capital.builder import Plan, decided, firm, flows, headroom, laid_down, loan, notes, of_debt, project, row
from tests.math.builder import about

NEVER_EMPTY = {"min_cash_usd_m": -1e6}
PAR_LOAN = (1.08**5 - 1) / 5
"""A rate of simple interest over five years that is worth 8 % compounded."""


def call(strike: float, years: float, volatility: float, risk_free: float) -> float:
    """The right to buy a share that stands at 1."""
    spread = volatility * math.sqrt(years)
    high = (-math.log(strike) + (risk_free + volatility**2 / 2) * years) / spread
    return float(norm.cdf(high) - strike * math.exp(-risk_free * years) * norm.cdf(high - spread))


@pytest.mark.parametrize(("put", "last"), [(None, 8), ("12 months", 4)])
def test_coupons_and_principal(plan: Plan, put: str | None, last: int) -> None:
    """Proves: 100 at 2 % with a fee of 2 % and a capped call at 10 %: 12 kept back, 1 each half year, 100 at the end or
    at the put, after which there are no coupons. The option is far out of the money: value -12. Broken: -2 (the capped
    call for nothing), coupons until 2027 in spite of the put."""
    terms = notes(
        0.5, rate=0.02, straight_rate=0.02, fee=0.02, capped_call={"cost": 0.1, "cap_premium": 1.0}, put_after=put
    )
    if put is None:
        del terms["put_after"]
    given = laid_down(draw={"notes": {"2025-01": 100}})
    done = plan(firm(0, "9 quarters", limits=NEVER_EMPTY, facilities={"notes": terms}, given=given))
    assert flows(done, "fees") == about([-12] + [0] * 8)
    assert flows(done, "interest") == about([-1.0 if k in (2, 4, 6, 8) and k <= last else 0 for k in range(9)])
    assert of_debt(done, "principal", "notes") == about([100 if k == last else 0 for k in range(9)])
    assert done.value == about(-12, abs=1e-6)


def test_deep_in_the_money_they_cost_what_buying_them_back_would(plan: Plan) -> None:
    """Proves: 10 convertible at half the share price are 20M shares, which cost 20 to buy: 10 of principal and 10 for
    the option. Broken: 0 (the option is free), -20 (principal and shares both)."""
    given = laid_down(draw={"notes": {"2025-01": 10}})
    done = plan(firm(50, facilities={"notes": notes(-0.5)}, given=given))
    assert done.component("financing") == about(-10, abs=1e-5)
    assert done.value == about(40, abs=1e-5)


def test_what_is_signed_away_is_worth_what_a_share_is_worth(plan: Plan) -> None:
    """Proves: the same notes of a company worth 300 whose 100M shares sell at 1: with the money 310 for 120M shares,
    2.58333 each; today's holders have 258.333. Broken: 290 (charged at the market's price), 300 (not charged)."""
    given = laid_down(draw={"notes": {"2025-01": 10}})
    done = plan(firm(300, facilities={"notes": notes(-0.5)}, given=given))
    assert done.value == about(310 / 120 * 100, abs=0.05)


def test_at_the_money(plan: Plan) -> None:
    """Proves: a year, no premium, volatility 0.4, no interest: 2 N(0.2) - 1 = 0.158519 of face. Broken: 0, 0.1125 (half
    a year), 0.1758 (a risk-free rate of 4 % where 0 is given)."""
    given = laid_down(draw={"notes": {"2025-01": 10}})
    terms = notes(0.0, "12 months", volatility=0.4)
    done = plan(firm(50, facilities={"notes": terms}, given=given))
    assert done.component("financing") == about(-1.585194, abs=1e-6)


def test_zero_coupon_with_a_capped_call_is_dearer_than_it_looks(plan: Plan) -> None:
    """Proves: 87 are needed for five years. Notes of 100 without a coupon look like 18.9 won (0.87 for 0.68 at 8 %);
    with the option between them and above the cap they cost 22.1, and a loan at 8 % for a fee of 0.88 is taken: 113 -
    0.88 = 112.12. Without it: 90.87. Broken: 131.94 with the notes, the option charged to nobody; 144.94 with fee and
    capped call forgotten as well."""
    zero = notes(
        0.3,
        "60 months",
        straight_rate=0.08,
        interest_every="12 months",
        fee=0.03,
        volatility=0.8,
        risk_free=0.04,
        capped_call={"cost": 0.1, "cap_premium": 1.0},
    )
    bank = loan(PAR_LOAN, "60 months", interest_every="60 months", fee=0.01)
    offers = {"works": project(87, 200, "60 months")}
    both = plan(firm(0, facilities={"zero": zero, "bank": bank}, offers=offers))
    assert {item for _, item in decided(both, "draw")} == {"bank"}
    assert both.value == about(113 - 0.87 / 0.99, abs=1e-6)
    alone = plan(firm(0, facilities={"zero": zero}, offers=offers))
    option = call(2.0, 5, 0.8, 0.04) / 1.3
    assert alone.value == about(113 + 87 - 100 / 1.08**5 - 100 * option, abs=1e-5)
    assert alone.value == pytest.approx(90.87, abs=0.02)


LEAVES = {
    "low": {"probability": 0.5, "share_price_multiple": 0.5},
    "high": {"probability": 0.5, "share_price_multiple": 2.6},
}


def test_convertible_against_loan(plan: Plan) -> None:
    """Proves: 100 now bring 300 in five years, all at 8 %. Notes convertible at 1.3 settle at 100 or 200: 102.088 with
    them; a loan repaid with 146.933: 104.175, and it is the loan. Broken: 136.117 with the notes (a zero coupon as
    free money), 123.029 (settled at the mean share price, 1.55)."""
    zero = notes(0.3, "60 months", straight_rate=0.08, interest_every="12 months", leaves=LEAVES)
    del zero["volatility"]
    bank = loan(PAR_LOAN, "60 months", interest_every="60 months")
    common = {"offers": {"works": project(100, 300, "60 months")}, "more": {"discount.hosting": 0.08}}
    best = plan(firm(0, facilities={"zero": zero, "bank": bank}, **common))
    assert {item for _, item in decided(best, "draw")} == {"bank"}
    assert best.value == about(104.175, abs=1e-3)
    assert plan(firm(0, facilities={"zero": zero}, **common)).value == about(102.0875, abs=1e-3)


def test_a_capped_call_relieves_the_leaves_below_its_cap(plan: Plan) -> None:
    """Proves: of the 100 above par in the high leaf (2.6 on 1.3) a call capped at 1.95 pays 50: expected 25 in place of
    50, for a cost of 20. Nothing discounted: -20 - 25 = -45. Broken: -50, -70 (no relief), -20 (relief without a
    cap)."""
    terms = notes(0.3, leaves=LEAVES, capped_call={"cost": 0.2, "cap_premium": 0.95})
    del terms["volatility"]
    given = laid_down(draw={"notes": {"2025-01": 100}})
    done = plan(firm(50, limits=NEVER_EMPTY, facilities={"notes": terms}, given=given))
    assert done.component("financing") == about(-45, abs=1e-6)


@pytest.mark.parametrize(("called", "cost"), [(False, 12.0), (True, 11.0)])
def test_the_issuer_calls_before_the_last_coupon(plan: Plan, called: bool, cost: float) -> None:
    """Proves: 10 at half the share price with coupons of 1 a year for two years: coupons 2 and 10 for the option. If
    they can be called after a year, holders convert and the last coupon is not paid: 11. Broken: 12 (the call is
    worthless), 10 (called at once, both coupons saved)."""
    terms = notes(-0.5, rate=0.1, interest_every="12 months")
    if called:
        terms["call"] = {"after": "12 months", "above": 1.3}
    given = laid_down(draw={"notes": {"2025-01": 10}})
    done = plan(firm(50, limits=NEVER_EMPTY, facilities={"notes": terms}, given=given))
    assert done.component("financing") == about(-cost, abs=1e-4)


def test_a_put_falls_due_on_its_date(plan: Plan) -> None:
    """Proves: notes of five years with a put after two must be covered by cash from a year before the put: 100 due in
    2026Q1 to 2026Q4, covered by 100 in hand; a project that needs 50 of them from January to October 2026 is not built:
    0. Broken: 5, due only at maturity, in 2030."""
    terms = notes(9.0, "60 months", put_after="24 months")
    given = {"draw": {"notes": {"2025-01": 100}}}
    offers = {"works": project(50, 55, "9 months", at="2026-01")}
    data = firm(0, "10 quarters", facilities={"notes": terms}, given=given, offers=offers)
    done = plan(data | {"finance": data["finance"] | {"limits": {"min_cash_usd_m": 0, "due_within_12_months": 1}}})
    assert of_debt(done, "due_12_months", "notes") == about([0] * 4 + [100] * 4 + [0] * 2)
    assert row(done, "limits", "used", limit="due_within_12_months") == about([0] * 4 + [100] * 4 + [0] * 2)
    assert headroom(done, "due_within_12_months")["2026Q1"] == about(0)
    assert done.value == about(0, abs=1e-5)


@pytest.mark.parametrize(("need", "value"), [(25.0, 5.0), (26.0, 0.0)])
def test_no_more_notes_than_a_share_of_the_market_value(plan: Plan, need: float, value: float) -> None:
    """Proves: of 100M shares at 1 a quarter may be notes: a project of 25 is built, one of 26 is not. Broken: 5 for
    both."""
    terms = notes(9.0, market_cap_share=0.25)
    done = plan(firm(0, facilities={"notes": terms}, offers={"works": project(need, need + 5)}))
    assert done.value == about(value, abs=1e-6)


@pytest.mark.parametrize(("price", "straight", "debt"), [(0.5, 0.0, 200.0), (100.0, 0.1, 100 / 1.21)])
def test_notes_that_exist(plan: Plan, price: float, straight: float, debt: float) -> None:
    """Proves: 100 convertible at 0.5 with the share at 1 are 200M shares, worth 200; convertible at 100 they are a zero
    coupon of two years at 10 %: 82.64. Broken: 100 for both."""
    conversion = {"price_usd": price, "straight_rate": straight, "volatility": 0.001, "risk_free": 0.0}
    old = {
        "principal_usd_m": 100,
        "rate": 0.0,
        "matures": "2027-01",
        "interest_every": "12 months",
        "conversion": conversion,
    }
    done = plan(firm(250, debts={"old": old}))
    assert done.component("debt") == about(-debt, abs=1e-5)
    assert done.value == about(250 - debt, abs=1e-5)
