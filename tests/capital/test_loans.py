"""Term loans, delayed draws, machine finance and preferred shares, each worked out by hand."""

from __future__ import annotations

import pytest

from tests.capital.builder import (
    Plan,
    decided,
    firm,
    flows,
    laid_down,
    loan,
    of_debt,
    preferred,
    project,
    window,
)
from tests.math.builder import about

NEVER_EMPTY = {"min_cash_usd_m": -1e6}


def test_equal_parts_after_a_time_of_interest_alone(plan: Plan) -> None:
    """Proves: 120 at 10 %, paid every six months for two years, the first of them interest alone: 6, 6, then 66 and
    63; half a payment has accrued after a quarter, all of it after two. A fee of 2 % is all that the loan costs: -2.4.
    Broken: parts of 30 from the first payment, 40 at three (a payment at the end of that time is not later than it),
    interest of 6 four times, 0 accrued on the eve of a payment."""
    bank = loan(0.1, limit_usd_m=120, fee=0.02, amortisation="even", interest_only="12 months")
    given = laid_down(draw={"bank": {"2025-01": 120}})
    done = plan(firm(0, "10 quarters", limits=NEVER_EMPTY, facilities={"bank": bank}, given=given))
    assert flows(done, "fees") == about([-2.4] + [0] * 9)
    assert of_debt(done, "interest", "bank") == about([0, 0, 6, 0, 6, 0, 6, 0, 3, 0])
    assert of_debt(done, "principal", "bank") == about([0, 0, 0, 0, 0, 0, 60, 0, 60, 0])
    assert of_debt(done, "closing", "bank") == about([120] * 6 + [60, 60, 0, 0])
    assert of_debt(done, "accrued_interest", "bank") == about([3, 6, 3, 6, 3, 6, 1.5, 3, 0, 0])
    assert of_debt(done, "unamortised_fees", "bank") == about([2.4 - 0.3 * k for k in range(1, 9)] + [0, 0])
    assert done.component("financing") == about(-2.4)
    assert done.value == about(-2.4)


def test_a_loan_below_the_market_is_worth_the_difference(plan: Plan) -> None:
    """Proves: 100 for a year at 4 %, where the market asks 10 %, are worth 100 - 104 / 1.1 = 5.4545, and are drawn.
    Broken: 0, every loan valued at its own rate."""
    cheap = loan(0.04, "12 months", market_rate=0.1, interest_every="12 months")
    done = plan(firm(0, facilities={"cheap": cheap}))
    assert decided(done, "draw") == {("2025-01-01", "cheap"): about(100)}
    assert done.value == about(100 - 104 / 1.1)


def test_undrawn_fee_month_by_month(plan: Plan) -> None:
    """Proves: 100 committed for half a year at 1.2 %, 40 of it drawn after three months: 0.1 a month, then 0.06, each
    paid a month later: 0.2 by March, 0.22 in the second quarter, 0.06 in July. Broken: 0.6 in all (what is drawn costs
    on), 0.3 and 0.18 (paid in the month itself), 0.36 (nothing before the first draw)."""
    delayed = loan(window=window("2025-01", "2025-06"), undrawn_fee=0.012)
    given = laid_down(commit={"delayed": {"2025-01": 100}}, draw={"delayed": {"2025-04": 40}})
    done = plan(firm(10, facilities={"delayed": delayed}, given=given))
    assert flows(done, "fees") == about([-0.2, -0.22, -0.06, 0])
    assert flows(done, "drawn") == about([0, 40, 0, 0])
    assert done.value == about(10 - 0.48)


def test_no_more_is_committed_than_is_drawn(plan: Plan) -> None:
    """Proves: 40 drawn in April were committed in January, 0.12 for three months: 1 + 20 - 0.12, and no more than that
    is committed. Free to choose, the plan draws in January, since interest at the loan's own rate is no loss of value:
    21. Broken: 21 for both (drawn without a commitment), 20.7 (the whole limit committed)."""
    delayed = loan(window=window("2025-01", "2025-04"), undrawn_fee=0.012)
    offers = {"works": project(40, 60, at="2025-04")}
    given = {"draw": {"delayed": {"2025-04": 40}}}
    done = plan(firm(1, "8 quarters", facilities={"delayed": delayed}, offers=offers, given=given))
    assert decided(done, "commit") == {("2025-01-01", "delayed"): about(40, abs=1e-6)}
    assert done.value == about(21 - 0.12, abs=1e-6)
    assert plan(firm(1, "8 quarters", facilities={"delayed": delayed}, offers=offers)).value == about(21, abs=1e-6)


def test_a_draw_is_nothing_or_the_least(plan: Plan) -> None:
    """Proves: 30 are needed, the bank lends 50 or nothing, for 2 %: 10 - 1.0. Broken: 9.387755, 30.6 drawn."""
    offers = {"works": project(30, 40)}
    bank = loan(fee=0.02, least_usd_m=50)
    assert plan(firm(0, facilities={"bank": bank}, offers=offers)).value == about(9)
    assert plan(firm(0, facilities={"bank": bank | {"least_usd_m": 0}}, offers=offers)).value == about(
        10 - 0.02 * 30 / 0.98
    )
    # It is not borrowed without need, and not at all where the least is more than the project is worth.
    assert plan(firm(30, facilities={"bank": bank}, offers=offers)).value == about(40)
    assert plan(firm(0, facilities={"bank": bank | {"fee": 0.2}}, offers=offers)).value == about(0)


def test_a_fixed_cost_makes_one_draw_of_two(plan: Plan) -> None:
    """Proves: 30 are needed in January and in April; each draw costs 2 and 1 %: one of 62 / 0.99 is made. Value
    20 - 2 - 0.626263. Broken: 19.39 (the fixed cost left out), 15.35 (two draws)."""
    bank = loan(term="36 months", window=window("2025-01", "2025-06"), fee=0.01, fixed_cost_usd_m=2)
    offers = {f"works{k}": project(30, 40, "36 months", at) for k, at in enumerate(("2025-01", "2025-04"))}
    done = plan(firm(0, facilities={"bank": bank}, offers=offers))
    assert decided(done, "draw") == {("2025-01-01", "bank"): about(62 / 0.99, abs=1e-6)}
    assert done.value == about(18 - 0.62 / 0.99, abs=1e-6)


@pytest.mark.parametrize(("need", "lender", "cost"), [(30, "bank", 1.578947368), (60, "agency", 2.0)])
def test_small_sums_where_the_fee_is_proportional_large_ones_where_it_is_fixed(
    plan: Plan, need: float, lender: str, cost: float
) -> None:
    """Proves: 5 % of 30 / 0.95 is 1.579, less than 2; of 60 / 0.95 it is 3.158, more. Broken: always the bank (fixed
    costs ignored: 8 at most), or never (the fixed cost taken as a share of the limit)."""
    facilities = {"bank": loan(fee=0.05), "agency": loan(fixed_cost_usd_m=2)}
    done = plan(firm(0, facilities=facilities, offers={"works": project(need, need + 10)}))
    assert {item for _, item in decided(done, "draw")} == {lender}
    assert done.value == about(10 - cost, abs=1e-6)


def test_machines_pay_for_part_of_their_loan(plan: Plan) -> None:
    """Proves: at 5 $/TH, 30 in hand and 70 % lent buy machines for 100: 20,000 PH/s, 400 MW, that earn 50 $/MWh for
    6,600 hours from April on: 30 - 100 + 132 = 62. Broken: 39.6 (the price of machines is no cost that is lent on), 110
    (lent without limit: 1,000 MW for 250)."""
    buy = {"window": window(), "delivery": "3 months", "sites": ["one"], "max_ph_s_per_step": 1e6}
    lender = loan(limit_usd_m=500, loan_to_cost=0.7, for_machines=["m16"], term="12 months")
    machines = {"machines.m16.price_usd_per_th": 5, "machines.m16.buy": buy}
    done = plan(firm(30, facilities={"lender": lender}, more=machines))
    assert decided(done, "draw") == {("2025-01-01", "lender"): about(70, abs=1e-5)}
    assert done.value == about(62, abs=1e-5)


def test_halls_do_not_count_where_machines_alone_do(plan: Plan) -> None:
    """Proves: a loan for machines does not build halls: 0, while one for halls does: 10 - 0. Broken: 10 for both."""
    offers = {"works": project(50, 60)}
    for_machines = loan(loan_to_cost=1.0, for_machines=["m16"])
    machines = {"machines.m16.price_usd_per_th": 5}
    assert plan(firm(0, facilities={"a": for_machines}, offers=offers, more=machines)).value == about(0)
    for_halls = loan(loan_to_cost=1.0, for_offers=["works"])
    assert plan(firm(0, facilities={"a": for_halls}, offers=offers)).value == about(10)


def test_preferred_paid_in_kind(plan: Plan) -> None:
    """Proves: 100 at 8 %, 4 % added every half year for two years, redeemed at 1.1: 4, 4.16, 4.3264, 4.499456, then
    128.684442 in cash; the premium alone costs value, 10 today. Broken: 132 of 100 and 32 (no compounding: 145.2 with
    the premium), interest as cash in every half, 0 in value."""
    given = laid_down(draw={"pref": {"2025-01": 100}})
    kind = preferred(0.08, paid_in_kind=True, redemption=1.1)
    done = plan(firm(0, "9 quarters", limits=NEVER_EMPTY, facilities={"pref": kind}, given=given))
    assert of_debt(done, "capitalised", "pref") == about([0, 0, 4, 0, 4.16, 0, 4.3264, 0, 4.499456])
    assert flows(done, "principal") == about([0] * 8 + [-128.6844416])
    assert flows(done, "dividends") == about([0] * 9)
    assert of_debt(done, "closing", "pref")[-1] == about(0)
    assert done.value == about(-10)


def test_preferred_dividends_are_cash_and_no_interest(plan: Plan) -> None:
    """Proves: paid out, the same are 4 each half year as dividends and 100 at the end; interest stays 0. Broken: 4 as
    interest, 1.1 times anything."""
    given = laid_down(draw={"pref": {"2025-01": 100}})
    done = plan(firm(0, "9 quarters", limits=NEVER_EMPTY, facilities={"pref": preferred(0.08)}, given=given))
    assert flows(done, "dividends") == about([0, 0, -4, 0, -4, 0, -4, 0, -4])
    assert flows(done, "interest") == about([0] * 9)
    assert flows(done, "principal") == about([0] * 8 + [-100])
    assert done.value == about(0)


def test_preferred_is_no_debt(plan: Plan) -> None:
    """Proves: with net debt limited to nothing (no EBITDA) a project of 50 is paid with preferred shares, value 5, and
    not with a loan, value 0. Broken: 5 for both (no limit), 0 for both."""
    limits = {"net_debt_to_ebitda": 3}
    offers = {"works": project(50, 55)}
    money = {"ebitda_before_usd_m": {"2024-Q4": 0}}
    assert plan(firm(0, limits=limits, offers=offers, facilities={"p": preferred()}, **money)).value == about(5)
    assert plan(firm(0, limits=limits, offers=offers, facilities={"p": loan()}, **money)).value == about(0)
