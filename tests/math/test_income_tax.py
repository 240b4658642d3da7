"""Income tax in the model: losses, interest, countries. Each case is solved by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest

from models import income_parts
from models.build import build
from models.instance import Instance, Treasury
from optimizer.solve.highs import solve_form
from optimizer.solve.reading import compile_model
from tests.math.builder import (
    EXACT,
    about,
    best,
    best_without,
    bitcoin,
    builds_of,
    instance,
    lay_down,
    loans_of,
    proves,
    solve,
    trading,
    tree,
    two_leaves,
)
from tests.math.tax_builder import claimed, income_tax_of


def incomes(*amounts: float, **terms: Any) -> Instance:
    """A company whose income is laid down, a node a year (or by ``year``)."""
    on = tree([12.0] * len(amounts))
    taxed = income_tax_of(on, ebitda=list(amounts), places=(), lots=(), **terms)
    return instance(on, income_tax=taxed, fixed=list(amounts), opening=1000)


@proves("income_earned", "income_result", "income_tax_due", "losses_limit")
def test_losses_are_carried_on_and_used_up_to_four_fifths() -> None:
    """Proves (U11): -100, 100, 10 at 21 %: tax of 0, 4.2 and 0.42, losses of 12 left. Broken: 2.1 without the limit,
    23.1 without losses carried on, 0 without income, result or tax."""
    small = incomes(-100, 100, 10)
    solution = solve(small)
    assert solution.value_usd_m == about(-4.62)
    assert solution.states.tax_usd_m == about([0, 4.2, 0.42])
    assert best_without(small, "losses_limit") == about(-2.1)
    assert best(incomes(-100, 100, 10, loss_limit=0.0)) == about(-23.1)
    for component in ("income_earned", "income_result", "income_tax_due"):
        assert best_without(small, component) == about(0)


def test_a_year_is_one_year() -> None:
    """Proves (U11): -40, 40, -30, 30 within one year pay nothing, and over two years 0 too. Broken: 2.94, every
    quarter a year of its own."""
    assert best(incomes(-40, 40, -30, 30, year=[2026] * 4)) == about(0)
    assert best(incomes(-40, 40, -30, 30)) == about(-2.94)


@proves("losses_balance")
def test_losses_that_were_never_made_are_not_used() -> None:
    """Proves: 100 of income and no loss pay 21; with 50 lost before, 10.5. Broken: 4.2."""
    assert best(incomes(100)) == about(-21)
    assert best(incomes(100, losses=[50.0])) == about(-10.5)
    assert best_without(incomes(100), "losses_balance") == about(-4.2)


def test_losses_are_used_at_once_though_rates_rise() -> None:
    """Proves (U11): 21, 21 and 30 % on -100, 100, 200: 80 are used at once, 58.2 in all. Broken: 45.6, a taxed profit
    beside a loss in the first year and all losses kept for the third."""
    small = incomes(-100, 100, 200, rate=[0.21, 0.21, 0.30])
    assert claimed(small) == about(-45.6)
    solution = solve(small)
    assert solution.value_usd_m == about(-58.2)
    assert solution.bound_usd_m == about(-58.2)
    assert solution.states.tax_usd_m == about([0, 4.2, 54.0])


def open_incomes(gains: list[float], losses: list[float], **terms: Any) -> Instance:
    """Incomes of machines that earn and machines that lose, none of which can be unplugged: the model sees each year's
    sign only when it adds them up."""
    on = tree([12.0] * len(gains))
    taxed = income_tax_of(on, places=(0, 0), lots=(0, 0), **terms)
    lots = [{"margin": gains, "value": 0.0}, {"margin": losses, "value": 0.0}]
    small = instance(on, lots=lots, income_tax=taxed, opening=1000)
    closed = np.zeros((2, len(on)))
    return lay_down(small, unplug_eh=(closed, closed))


RISING = {"rate": [0.21, 0.21, 0.30]}


@proves("one_sided_profit", "one_sided_loss", "losses_all", "losses_allowed")
def test_rows_that_hold_a_plan_to_the_rule() -> None:
    """Proves: with the rule in all years the model itself says 58.2. Broken: 45.6 where a year may have profit and
    loss, 51 where losses may wait."""
    small = open_incomes([400, 500, 600], [-500, -400, -400], **RISING)
    assert best(small) == about(-58.2)
    ruled = replace(small, tax_binaries=frozenset({(0, 0), (0, 1), (0, 2)}))
    assert claimed(ruled) == about(-58.2)
    assert best_without(ruled, "one_sided_profit") == about(-45.6)
    assert best_without(ruled, "one_sided_loss") == about(-45.6)
    assert best_without(ruled, "losses_all") == about(-51)
    assert best_without(ruled, "losses_allowed") == about(-51)


def test_waiting_that_gains_nothing_needs_no_whole_numbers() -> None:
    """Proves: with one rate and nothing discounted the model may use losses when it likes, at the same tax; no year
    gets whole numbers for it. Broken: rounds of solving for nothing."""
    solution = solve(incomes(-100, 100, 200))
    assert solution.value_usd_m == about(-21 * 2)
    assert solution.instance.tax_binaries == frozenset()


@proves("interest_balance", "interest_cap")
def test_interest_is_deducted_up_to_a_share_of_income() -> None:
    """Proves: 100 of income and 50 of interest at a limit of 30 %: 70 taxed; the 20 that are left come off the next
    100: 14.7 + 16.8 = 31.5. Broken: 10.5 + 21 = 31.5 too without the limit, so rates fall: 14.7 + 8 = 22.7 with it,
    10.5 + 10 = 20.5 without; 14.7 + 7 where interest is deducted that there is not."""
    small = incomes(100, 100, rate=[0.21, 0.10], interest_limit=0.3, fixed_interest_usd_m=[50.0, 0.0])
    solution = solve(small)
    assert solution.states.tax_usd_m == about([14.7, 8.0])
    assert best_without(small, "interest_cap") == about(-20.5)
    assert best_without(small, "interest_balance") == about(-21.7)
    assert best(replace(small, income_tax=replace(small.income_tax, interest_limit=None))) == about(-20.5)  # type: ignore[type-var]


def test_interest_of_former_years_comes_off_too() -> None:
    """Proves: 25 carried in and a limit of 30: 75 taxed. Broken: 21, the opening forgotten."""
    assert best(incomes(100, interest_limit=0.3, interest_carried_usd_m=25.0)) == about(-15.75)


@pytest.mark.parametrize(("interest", "tax"), [(20.0, 16.8), (90.0, 14.7)])
def test_what_cash_yields_is_no_income(interest: float, tax: float) -> None:
    """Proves: cash of 1,000 yields 50 beside an income of 100: 20 of interest leave 80 to tax, of 90 only 30 % of the
    income are deducted, which leaves 70. Broken: 27.3 with the yield as income; 11.55 where it makes room for
    interest (45 of 90)."""
    small = incomes(100, interest_limit=0.3, fixed_interest_usd_m=[interest])
    solution = solve(replace(small, cash=replace(small.cash, growth=np.array([1.05]))))
    assert solution.value_usd_m == about(-tax)
    assert solution.states.cash_usd_m == about([1050 + 100 - tax])


@proves("interest_all", "interest_allowed", "positive_least")
def test_interest_does_not_wait_for_higher_rates() -> None:
    """Proves: 50 of interest in the first year, limit 30 each, rates 21 and 30 %: 30 now and 20 later, 14.7 + 24 =
    38.7. Broken: 37.8, 20 now and 30 later; 32.76 with a profit beside a loss of 56 in the first year as well."""
    terms = {"rate": [0.21, 0.30], "interest_limit": 0.3, "fixed_interest_usd_m": [50.0, 0.0]}
    small = open_incomes([200, 200], [-100, -100], **terms)
    assert claimed(small) == about(-32.76)
    assert best(small) == about(-38.7)
    ruled = replace(small, tax_binaries=frozenset({(0, 0), (0, 1)}))
    assert claimed(ruled) == about(-38.7)
    for component in ("interest_all", "interest_allowed", "positive_least"):
        assert best_without(ruled, component) == about(-37.8)


@proves("positive_most", "positive_none")
def test_a_year_without_income_deducts_no_interest() -> None:
    """Proves: -50 with 30 of interest, then 100 with 40: nothing deducted at first, 30 of 70 then, 50 of losses used:
    20 taxed, 4.2. Broken: 1.68, 60 being deducted in the second year."""
    small = open_incomes([100, 200], [-150, -100], interest_limit=0.3, fixed_interest_usd_m=[30.0, 40.0])
    solution = solve(small)
    assert solution.value_usd_m == about(-4.2)
    assert best_without(small, "positive_most") == about(-1.68)
    assert best_without(small, "positive_none") == about(-1.68)


@proves("positive_signed")
def test_what_a_signature_makes_positive_is_known_before_whole_numbers_are() -> None:
    """Proves: machines that lose 50 beside a hall that earns 60: 3 of 100 of interest are deducted, tax of 1.4: 138.6,
    which the relaxation says too. The rule changes no plan. Broken: a bound of 139.96, more than half of an income of
    60 in which the loss is forgotten."""
    on = tree([12])
    taxed = income_tax_of(on, rate=0.2, options=(0,), interest_limit=0.3, fixed_interest_usd_m=[100.0])
    lots = [{"margin": [-50], "value": [100]}]
    small = instance(on, lots=lots, options=[{"noi": [60], "value": 40}], income_tax=taxed, opening=1000)
    assert best(small) == about(138.6)
    assert best_without(small, "positive_signed") == about(138.6)
    assert relaxed(small) == about(138.6)
    # 0.3 x 60 p of interest, where 10 + 50 (1 - p) is no less than 60 p.
    assert relaxed(small, "positive_signed") == about(140 - 0.2 * (10 - 0.3 * 60 * 60 / 110))


def relaxed(small: Instance, *without: str) -> float:
    """What the model claims without whole numbers, and without these components."""
    model = build(small)
    for name in without:
        model.component(name).deactivate()
    pyo.TransformationFactory("core.relax_integer_vars").apply_to(model)
    raw = solve_form(compile_model(model), EXACT)
    assert raw.objective is not None
    return raw.objective


def test_signs_that_are_known_need_no_whole_numbers() -> None:
    """Proves: income that is laid down has a known sign: no whole number, and the same tax of 4.2. Broken: a binary a
    year."""
    small = incomes(-50, 100, interest_limit=0.3, fixed_interest_usd_m=[30.0, 40.0])
    solution = solve(small)
    assert solution.value_usd_m == about(-4.2)
    assert solution.integers == 0


def test_a_country_keeps_its_own_losses() -> None:
    """Proves: 100 at home and -100 abroad, then 50 and 50: 21 + 10.5 at home; abroad four fifths of 50 are used, 10 at
    10 %: 1. Broken: 6.3, one account for both."""
    on = tree([12, 12])
    taxed = income_tax_of(
        on,
        rate=[[0.21, 0.21], [0.10, 0.10]],
        losses=[0.0, 0.0],
        places=(0, 1),
        lots=(0, 1),
    )
    lots = [{"margin": [100, 50], "value": 0.0}, {"margin": [-100, 50], "value": 0.0, "site": 1}]
    small = instance(on, lots=lots, income_tax=taxed, opening=1000)
    closed = np.zeros((2, 2))
    solution = solve(lay_down(small, unplug_eh=(closed, closed)))
    assert solution.states.tax_usd_m == about([21, 11.5])


def test_halls_and_builds_are_taxed_where_they_stand() -> None:
    """Proves: a hall abroad earns 100 a year and is written off by 60 and 40; a build there costs 10 to run: (100 - 60
    - 10) + (100 - 40 - 10) = 80 at 10 %, with a residual of 20 in the second year 100: 10. Broken: 21 at home, 8
    without the residual."""
    on = tree([12, 12])
    builds = builds_of(on, [{"operating": [10, 10], "value": 1}])
    option = {"noi": [100, 100], "value": 1000}
    taxed = income_tax_of(
        on,
        rate=[[0.21, 0.21], [0.10, 0.10]],
        losses=[0.0, 0.0],
        places=(),
        lots=(),
        options=(1,),
        builds=(1,),
        halls=[[60.0, 40.0]],
        residual=[[0.0, 20.0]],
    )
    small = instance(on, options=[option], builds=builds, income_tax=taxed, opening=1000)
    forced = lay_down(small, builds=(np.array([1]), np.array([1])))
    assert best(forced) == about(1000 + 1 - 10)


@proves("income_stock_balance")
def test_bitcoin_that_is_held_is_taxed_as_marked() -> None:
    """Proves: 10 coins at 1 and 10 mined at a mean of 2, a coin being worth 3 at the end of the first year and 4 at
    that of the second: 10 x 2 + 10 x (3 - 2) = 30, then 20 x 1 = 20; with margins of 20 and 0: 50 and 20 at 21 %.
    Broken: 4.2 and 0 if gains that are not realised were not income."""
    on = tree([12, 12])
    taxed = income_tax_of(on, btc_before_usd_m=1.0, btc_price_usd_m=[3.0, 4.0])
    coins = Treasury(10.0, 1.0, False, 0.0, np.array([1.0, 3.0]), np.array([2.0, 3.5]))
    lots = [{"margin": [20, 0], "value": 0.0, "btc": [10, 0]}]
    small = instance(on, lots=lots, treasury=coins, income_tax=taxed, opening=1000)
    closed = np.zeros((1, 2))
    held = lay_down(small, unplug_eh=(closed, closed))
    assert solve(held).states.tax_usd_m == about([10.5, 4.2])
    # Coins that nobody mined fall in value: without the balance stock is what saves most.
    assert best_without(held, "income_stock_balance") > -14.7 + 1
    assert best(replace(held, treasury=replace(coins, kept_share=0.0))) == about(-(20 + 20 + 10) * 0.21)


def test_coins_that_are_sold_are_taxed_once() -> None:
    """Proves: ten coins at 1, five of them sold at 1 in the first year; the others are worth 3 at its end: 10 gained,
    2.1. Broken: 0, or 3.15 with what was sold as income once more."""
    on = tree([12])
    taxed = income_tax_of(on, places=(), lots=(), btc_before_usd_m=1.0, btc_price_usd_m=[3.0])
    small = instance(on, treasury=bitcoin(on, 10, 1.0), income_tax=taxed, opening=1000)
    five = np.array([5.0])
    assert best(lay_down(small, sell_btc=(five, five))) == about(-2.1)


def buying() -> Instance:
    """Machines for 100 that can be sold a year later for what they cost, all of it written off at once; income of 200
    in both years."""
    on = tree([12, 12])
    taxed = income_tax_of(on, ebitda=[200, 200], orders=[[100.0, 0.0]])
    trade = trading(
        on,
        1,
        order_cost_usd_m_per_eh=np.array([100.0]),
        order_value_usd_m_per_eh=np.array([-100.0]),
        sell_usd_m_per_eh=np.array([[0.0, 100.0]]),
    )
    return instance(on, lots=[{"order_node": 0, "most": 1.0}], trade=trade, income_tax=taxed, opening=1000)


def test_writing_off_at_once_and_selling_gains_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: nothing is bought only to be written off and sold: 200 + 200 at 21 % whatever is bought, 84. Broken: 63,
    where what machines bring is no income: 21 for nothing on each 100."""
    small = buying()
    assert best(small) == about(-84)
    whole = income_parts.adjusted

    def without_sales(model: pyo.ConcreteModel, given: Instance, country: int, node: int) -> Any:
        brought = sum(100.0 * model.sell[0, 0, node] for c, k, n in model.SALES if n == node)
        return whole(model, given, country, node) - brought

    monkeypatch.setattr(income_parts, "adjusted", without_sales)
    assert claimed(small) == about(-63)


def test_tax_is_paid_from_cash_before_it_yields() -> None:
    """Proves: 100 at 10 % are 110, less a fifth of an income of 50 that is laid down apart from cash: 100; these are
    110 again, less 10: 100. Broken: 101, tax of the first year still in the cash that yields in the second; 96.2 with
    the yields taxed."""
    on = tree([12, 12])
    taxed = income_tax_of(on, rate=0.2, ebitda=[50, 50], places=(), lots=())
    solution = solve(instance(on, income_tax=taxed, opening=100, growth=1.1))
    assert solution.states.cash_usd_m == about([100, 100])


def test_paths_have_their_own_years() -> None:
    """Proves: -100 now; then 100 up or 10 down, each half likely: 4.2 / 2 + 0.42 / 2 = 2.31. Broken: 4.62, or losses
    used in one leaf that the other has used."""
    on = two_leaves()
    taxed = income_tax_of(on, [2026, 2027, 2027], ebitda=[-100, 100, 10], places=(), lots=())
    assert best(instance(on, income_tax=taxed, opening=1000)) == about(-2.31)


def lent(country: int, **draw: Any) -> Instance:
    """A loan of 100 for a hall that is signed, at home or abroad: 10 of interest a year, 2 kept back, 1 paid for it."""
    on = tree([12, 12])
    loan = {"cash": [98, -120], "interest": [10, 10], "costs": [2, 0], "option": 0, "fixed": 1.0, **draw}
    taxed = income_tax_of(
        on,
        rate=[[0.2, 0.2], [0.1, 0.1]],
        ebitda=[[50, 50], [50, 50]],
        losses=[0.0, 0.0],
        places=(),
        lots=(),
        options=(country,),
        own=(False,),
    )
    option = {"value": 1000, "cash": [0, 0]}
    tranches = loans_of(on, [loan], 100, np.inf, [0.0])
    small = instance(on, options=[option], tranches=tranches, income_tax=taxed, opening=1000)
    return lay_down(small, draw_usd_m=(np.array([100.0]), np.array([100.0])))


def per_million(loan: dict[str, list[float]]) -> dict[str, list[float]]:
    """Of one million drawn."""
    return {name: [amount / 100 for amount in amounts] for name, amounts in loan.items()}


LOAN = per_million({"cash": [98, -120], "interest": [10, 10], "costs": [2, 0]})


def test_interest_and_costs_of_a_loan_are_deducted() -> None:
    """Proves: at home 50 - 10 - 2 - 1 and 50 - 10 at 20 %: 7.4 and 8; abroad 5 and 5. Broken: 8 and 8 where what is
    kept back and paid for the loan is not deducted, 10 and 10 without interest."""
    assert solve(lent(0, **LOAN)).states.tax_usd_m == about([7.4 + 5, 8 + 5])


def test_interest_of_project_finance_goes_where_the_project_is() -> None:
    """Proves: the same loan on a hall abroad: 50 - 10 at 10 % there, 4 and 4; costs stay at home: (50 - 3) x 0.2 = 9.4
    and 10. Broken: 7.4 and 8 at home."""
    assert solve(lent(1, **LOAN)).states.tax_usd_m == about([9.4 + 4, 10 + 4])
