"""New money that is drawn at a step, against numbers reckoned on paper: notes, preferred shares, commitments."""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.plan.audit.recompute.options import call, callable_call

from .capital import LATER, NOTES, NOTHING, PLAIN, SHARES, cash, close, decisions, financing, owed, with_facilities
from .conftest import WINDOW, decided

ISSUED = decided("draw", "notes26", "", 0, 30.0)


def notes(**terms: Any) -> dict[str, Any]:
    return with_facilities(notes26=NOTES | terms)


def test_the_price_of_a_call() -> None:
    """Proves: at the money, a year, 20 %, no interest: 100 * (2 N(0.1) - 1) = 7.965567. With 5 %: 10.450584, the value
    in every textbook. Without time left what it is worth to exercise. Broken: 7.97 with interest; 0."""
    assert call(100, 100, 12, 0.2, 0.0) == pytest.approx(7.965567455)
    assert call(100, 100, 12, 0.2, 0.05) == pytest.approx(10.450583572)
    assert call(120, 100, 0, 0.2, 0.05) == close(20)


def test_a_call_that_the_issuer_may_end() -> None:
    """Proves: the lattice is Black and Scholes where the issuer never calls. With a share at twice the strike that does
    not move the holder has 1, and no more than 2 - 1.16 once it may be called with 1.16 still to come, 2 - 1.08 if
    only after a year. Below the trigger it stays. Broken: 1; 0.84 in all cases."""
    never = callable_call(100, 100, 12, 0.2, 0.05, 0, 10, lambda _: 1.0)
    assert never == pytest.approx(10.450583572, rel=2e-3)

    def floor(so_far: float) -> float:
        return 1.16 if so_far < 12 - 1e-9 else 1.08

    assert callable_call(2, 1, 24, 1e-4, 0, 0, 1.5, floor) == pytest.approx(0.84)
    assert callable_call(2, 1, 24, 1e-4, 0, 12, 1.5, floor) == pytest.approx(0.92)
    assert callable_call(2, 1, 24, 1e-4, 0, 0, 2.5, floor) == pytest.approx(1)


def test_notes_by_leaves(make_plan: Any) -> None:
    """Proves: of 30 in January 0.6 are kept back; 0.6 is paid in July, half of it accrued at the end of March and all
    of it, unpaid, at the end of June. A share at 60 against a strike of 45 gives away a third with one half: 30 / 6 at
    the end, discounted at 4 % paid half-yearly. Fees are written off over 24 months.
    Broken: nothing accrued at the end of June; a fee of 0."""
    plan = make_plan(notes(), decisions(ISSUED))
    assert owed(plan, "notes26", "opening", "drawn", "interest", "principal", "closing") == [
        (0, 30, 0, 0, 30), (30, 0, 0, 0, 30), (30, 0, close(0.6), 0, 30), (30, 0, 0, 0, 30),
    ]  # fmt: skip
    assert owed(plan, "notes26", "accrued_interest", "unamortised_fees", "due_12_months") == [
        (close(0.3), close(0.525), 0), (close(0.6), close(0.45), 0), (close(0.3), close(0.375), 0),
        (close(0.6), close(0.3), 0),
    ]  # fmt: skip
    assert cash(plan, "drawn", "fees")[0] == (30, close(-0.6))
    assert financing(plan) == close(-0.6 - 5 / 1.02**4)


def test_a_capped_call(make_plan: Any) -> None:
    """Proves: bought with a tenth of the notes, it pays up to a share of 48: of the third 1/15 comes back. Its cost
    goes out in cash and is not written off. Broken: 5 given away in spite of it; fees of 2.625 left after a quarter."""
    plan = make_plan(notes(capped_call={"cost": 0.1, "cap_premium": 0.6}), decisions(ISSUED))
    assert cash(plan, "fees")[0] == (close(-3.6),)
    assert owed(plan, "notes26", "unamortised_fees")[0] == (close(0.525),)
    assert financing(plan) == close(-3.6 - 30 * 0.5 * (1 / 3 - 1 / 15) / 1.02**4)


def test_notes_that_may_be_put(make_plan: Any) -> None:
    """Proves: the plan is ready to repay after nine months, with the third coupon: 30 fall due in October, and were due
    within a year from the issue on. The option lasts as long as before. Broken: 0 due; coupons after October."""
    terms = notes(put_after="9 months", interest_every="3 months")
    plan = make_plan(terms, decisions(ISSUED))
    assert owed(plan, "notes26", "interest", "principal", "due_12_months") == [
        (0, 0, 30), (close(0.3), 0, 30), (close(0.3), 0, 30), (close(0.3), 30, 0),
    ]  # fmt: skip
    assert financing(plan) == close(-0.6 - 5 / 1.01**8)


def test_notes_from_volatility(make_plan: Any) -> None:
    """Proves: 30 / 45 million calls at 45 on a share at 30; with a capped call at 48 what is left is the call at 48.
    Where a share is worth more than its price, as much of it is signed away: the share stands at x times 3.
    Broken: a call on the market price where x is above 1."""
    terms = {"leaves": {}, "volatility": 0.6, "risk_free": 0.0}
    plan = make_plan(notes(**terms), decisions(ISSUED))
    assert financing(plan) == close(-0.6 - 30 / 45 * call(30, 45, 24, 0.6, 0))
    capped = make_plan(notes(**terms, capped_call={"cost": 0.1, "cap_premium": 0.6}), decisions(ISSUED))
    assert financing(capped) == close(-3.6 - 30 / 45 * call(30, 48, 24, 0.6, 0))
    cheap = make_plan(notes(**terms) | {"finance.opening.share_price_usd": 2}, decisions(ISSUED))
    total = next(row["total_usd_m"] for row in cheap.rows("value.csv") if row["component"] == "total")
    assert total / 200 > 1.3
    assert financing(cheap) == close(-0.6 - 30 / 3 * call(total / 100, 3, 24, 0.6, 0))


def test_notes_that_may_be_called(make_plan: Any) -> None:
    """Proves: at a strike of 15 and a share of 30 that hardly moves, with 8 % a year still to come twice and nothing as
    the straight rate, the holder of 1 has 2 - 1.16 of the strike: 0.84 for each dollar of face. Broken: 1."""
    terms = {"leaves": {}, "volatility": 1e-4, "risk_free": 0, "premium": -0.5, "rate": 0.08, "straight_rate": 0.0}
    terms |= {"interest_every": "12 months", "call": {"after": "0 months", "above": 1.3}, "fee": 0}
    plan = make_plan(notes(**terms), decisions(ISSUED))
    assert financing(plan) == pytest.approx(-30 * 0.16 - 30 * 0.84)


def test_a_right_is_never_worth_less_than_nothing(make_plan: Any) -> None:
    """Proves: notes that may be called at once far in the money leave 0.84 of the strike, and a capped call up to three
    times it is worth 1: the option costs nothing, but it brings nothing either. Broken: a gain of 4.8."""
    terms = {"leaves": {}, "volatility": 1e-4, "risk_free": 0, "premium": -0.5, "rate": 0.08, "straight_rate": 0.0}
    terms |= {"interest_every": "12 months", "call": {"after": "0 months", "above": 1.3}, "fee": 0}
    terms |= {"capped_call": {"cost": 0.1, "cap_premium": 0.5}}
    assert financing(make_plan(notes(**terms), decisions(ISSUED))) == pytest.approx(-30 * 0.16 - 3)


def test_preferred_shares(make_plan: Any) -> None:
    """Proves: 10 paid in kind grow by 4 % in July; after a year 10.816 are redeemed at 1.1, of which 0.9816 was never
    owed. Valued at the dividend they cost what they are redeemed at above that, and their fee. Dividends in cash are
    no interest. Broken: 0.4 paid; redemption of 10.816; interest of 0.4."""
    draw = decisions(decided("draw", "pref", "", 0, 10.0))
    plan = make_plan(with_facilities(pref=SHARES), draw)
    assert owed(plan, "pref", "capitalised", "interest", "principal", "closing", "due_12_months") == [
        (0, 0, 0, 10, close(11.8976)), (0, 0, 0, 10, close(11.8976)),
        (close(0.4), 0, 0, close(10.4), close(11.8976)), (0, 0, 0, close(10.4), close(11.8976)),
    ]  # fmt: skip
    assert owed(plan, "pref", "accrued_interest") == [(close(0.2),), (close(0.4),), (close(0.208),), (close(0.416),)]
    assert financing(plan) == close(-0.1 - 1.0816 / 1.04**2)
    paid = make_plan(with_facilities(pref=SHARES | {"paid_in_kind": False}), draw)
    assert cash(paid, "dividends", "interest")[2] == (close(-0.4), 0)
    short = make_plan(with_facilities(pref=SHARES | {"term": "6 months", "redemption": 1.1}), draw)
    assert cash(short, "principal")[2] == (close(-11.44),)
    assert owed(short, "pref", "capitalised", "principal", "closing")[2] == (close(0.4), close(10.4), close(0))


def test_a_fixed_cost_and_a_market_rate(make_plan: Any) -> None:
    """Proves: a loan at 4 % where others pay 8 %: 30 less 0.6 every half year and 30 after two years, at 4 % a half
    year; 0.5 goes out with each draw. Broken: worth minus its costs; 0.5 once for two draws."""
    terms = {"kind": "term_loan", "window": WINDOW, "limit_usd_m": 50, "rate": 0.04, "market_rate": 0.08}
    terms |= {"term": "24 months", "fixed_cost_usd_m": 0.5}
    plan = make_plan(with_facilities(cheap=terms), decisions(decided("draw", "cheap", "", 0, 30.0)))
    worth = 30 - 0.6 * sum(1.04**-n for n in range(1, 5)) - 30 * 1.04**-4
    assert financing(plan) == close(worth - 0.5)
    draws = (decided("draw", "cheap", "", 0, 30.0), decided("draw", "cheap", "", 3, 10.0))
    assert [row[0] for row in cash(make_plan(with_facilities(cheap=terms), decisions(*draws)), "fees")[:2]] == [
        close(-0.5), close(-0.5),
    ]  # fmt: skip


def test_an_undrawn_fee(make_plan: Any) -> None:
    """Proves: 20 committed at 1.2 % a year cost 0.02 for each of January to March, paid a month later, and 0.01 once 10
    are drawn in April. December's is paid after the horizon: no cash of the plan, and a part of the value.
    Broken: 0.06 in the first quarter; a fee on 30; 0.13 in all."""
    rows = (decided("commit", "later", "", 0, 20.0), decided("draw", "later", "", 3, 10.0))
    plan = make_plan(with_facilities(later=LATER), decisions(*rows))
    assert [row[0] for row in cash(plan, "fees")] == [close(-0.04), close(-0.04), close(-0.03), close(-0.03)]
    step = 1.03 ** (-1 / 6)
    paid = sum(0.02 * step**month for month in (1, 2, 3)) + sum(0.01 * step**month for month in range(4, 13))
    assert financing(plan) == close(-paid)
    assert [row["decision"] for row in plan.rows("decisions.csv")] == ["commit", "draw"]


def test_debt_that_may_be_converted(make_plan: Any) -> None:
    """Proves: notes of the start, valued at what they would cost without conversion, and the right to 40 / 60 million
    shares at 60, for 15 months. Broken: 40 * 1.03^(1/2); a right that is a part of financing."""
    terms = {"price_usd": 60, "straight_rate": 0.08, "volatility": 0.5, "risk_free": 0.0}
    debt = {"principal_usd_m": 40, "rate": 0.06, "matures": "2026-04", "conversion": terms}
    plan = make_plan(PLAIN | {"finance.debts": {"notes": debt}}, NOTHING)
    row = next(row for row in plan.rows("value.csv") if row["component"] == "debt")
    paid = {3: 1.2, 9: 1.2}
    right = 40 / 60 * call(30, 60, 15, 0.5, 0)
    assert row["within_horizon_usd_m"] == close(-sum(x * 1.04 ** (-t / 6) for t, x in paid.items()) - right)
    assert row["beyond_horizon_usd_m"] == close(-41.2 * 1.04 ** (-15 / 6))
    accrued = owed(plan, "notes", "accrued_interest")
    assert accrued == [(close(1.2),), (close(0.6),), (close(1.2),), (close(0.6),)]
