"""What a plan can be extreme in: each measure by hand, in the model and of decisions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.build import build
from models.instance import Instance
from models.measures import MEASURES
from optimizer.solve.extremes import Extreme, find_extreme
from optimizer.solve.highs import Status, solve_form
from optimizer.solve.reading import compile_model
from optimizer.solve.run import solve_instance
from tests.math.builder import (
    EXACT,
    about,
    best,
    equity_of,
    instance,
    lay_down,
    loans_of,
    proves,
    solve,
    tree,
    two_leaves,
)
from tests.math.money_builder import lines_of, tranches_of
from tests.math.tax_builder import income_tax_of


def extreme(small: Instance, measure: str, floor: float) -> Extreme:
    return find_extreme(small, measure, floor, EXACT)


def without(small: Instance, measure: str, floor: float, component: str) -> float:
    """The extreme that the model would claim with a constraint component left out."""
    model = build(replace(small, maximise=measure, value_at_least=floor))
    model.component(component).deactivate()
    raw = solve_form(compile_model(model), EXACT)
    assert raw.status is Status.OPTIMAL
    assert raw.objective is not None
    return raw.objective


# Tenants at two sites: worth 6, 5 and 1 there, and one that loses 4.
FOUR = [
    {"value": 6, "mw_it": 10, "site": 0},
    {"value": 5, "mw_it": 20, "site": 1},
    {"value": 1, "mw_it": 30, "site": 1},
    {"value": -4, "mw_it": 40, "site": 0},
]


@proves("value_floor")
def test_most_hosting_for_what_may_be_given_up() -> None:
    """Proves: all four tenants are 100 MW and worth 8; where 9 must be left, the three good ones: 60 MW. Broken: 100 at
    both."""
    small = instance(options=FOUR)
    assert best(small) == about(12)
    assert extreme(small, "most_hosting", 8).amount == about(100)
    assert extreme(small, "most_hosting", 9).amount == about(60)
    assert without(small, "most_hosting", 9, "value_floor") == about(100)


def test_least_hosting_for_what_may_be_given_up() -> None:
    """Proves: of the best plan's 12, 11 are kept with 30 MW, 6 with 10, 5 with 10 (the tenant of 20 MW is worth as
    much, and is more), and nothing with none. Broken: 60, 20."""
    small = instance(options=FOUR)
    assert [extreme(small, "least_hosting", floor).amount for floor in (12, 11, 6, 5, 0)] == about(
        [-60, -30, -10, -10, 0]
    )


@proves("measure_site_hosts")
def test_fewest_sites() -> None:
    """Proves: 6 can be had at one site, as at the other; 7 needs both; 0 none. Of the plans with one site the best is
    worth 6. Broken: no site at all, whatever is signed."""
    small = instance(options=FOUR)
    assert [extreme(small, "fewest_sites", floor).amount for floor in (7, 6, 0)] == about([-2, -1, 0])
    assert without(small, "fewest_sites", 7, "measure_site_hosts") == about(0)
    assert best(replace(small, measure_at_least=("fewest_sites", -1.0))) == about(6)


def dated() -> Instance:
    """One tenant at three dates, worth 10, 9 and 4; another at the second, worth 3."""
    options = [
        {"offer": 0, "node": 0, "value": 10},
        {"offer": 0, "node": 1, "value": 9},
        {"offer": 0, "node": 2, "value": 4},
        {"offer": 1, "node": 1, "value": 3},
    ]
    return instance(tree([12, 12, 12]), options=options)


@proves("measure_waits")
def test_latest_start() -> None:
    """Proves: 13 need the first date (month 0), 12 the second (12), 4 the third (24), 0 none (36). Broken: 36 at
    once."""
    small = dated()
    floors = (13, 12, 4, 0)
    assert [extreme(small, "latest_start", floor).amount for floor in floors] == about([0, 12, 24, 36])
    assert without(small, "latest_start", 13, "measure_waits") == about(36)
    assert best(replace(small, measure_at_least=("latest_start", 12.0))) == about(12)


def test_a_lease_is_no_signature() -> None:
    """Proves: what was signed before the plan begins leaves the first date open (12), and stands at its site: one site.
    Broken: 0 months; 0 sites."""
    options = [{"value": 1, "offer": 0}, {"value": 2, "offer": 1, "node": 1, "site": 1}]
    small = instance(tree([12, 12]), options=options, exclusive=[[1]])
    signed = replace(small, bounds=replace(small.bounds, sign=(np.array([1, 0]), np.array([1, 1]))))
    assert extreme(signed, "latest_start", 3).amount == about(12)
    assert extreme(signed, "fewest_sites", 1).amount == about(-1)


def test_dates_on_a_tree_are_expected() -> None:
    """Proves: signed only where things go up, in month 12 with probability 0.25, else never (24): 0.25 x 12 + 0.75 x 24
    = 21. Broken: 12, 24."""
    small = instance(two_leaves(0.25), options=[{"node": 1, "value": 3}])
    assert extreme(small, "latest_start", 3).amount == about(21)
    assert MEASURES["latest_start"].of_plan(small, solve(small).decisions) == about(21)


def test_least_debt() -> None:
    """Proves: a hall at 60 needs 50 beyond the cash of 10; half of its worth of 20 can be had by the one at 20, with 10
    borrowed; nothing is borrowed for nothing. Preferred shares are no debt. Broken: 50 for each; 0."""
    on = tree([12, 12])
    options = [{"value": 20, "cash": [-60, 200]}, {"value": 10, "cash": [-20, 50]}]
    terms = {"cash": [1, -1], "owed": [1, 0]}
    loan = loans_of(on, [terms], 100, np.inf)
    small = instance(on, options=options, exclusive=[[0, 1]], tranches=loan, opening=10, minimum=0)
    amounts = [extreme(small, "least_debt", floor).amount for floor in (20, 10, 0)]
    assert amounts == about([-50, -10, 0])
    preferred = replace(small, tranches=replace(loan, is_debt=np.array([False])))
    assert extreme(preferred, "least_debt", 20).amount == about(0)


def test_least_debt_of_lines() -> None:
    """Proves: a hall at 30 is paid by a line: 30 of limit are committed. Where 40 are laid down they count as a whole,
    though 30 are drawn; of a line without a commitment what is drawn counts: 30. Broken: 0, or 30 of the 40."""
    on = tree([12, 12])
    small = instance(
        on,
        options=[{"value": 20, "cash": [-30, 200]}],
        lines=lines_of(on, [{"limit": 40}]),
        tranches=tranches_of(on, [], []),
        minimum=0,
    )
    assert extreme(small, "least_debt", 20).amount == about(-30)
    assert MEASURES["least_debt"].of_plan(small, solve(small).decisions) == about(-30, 2e-5)
    laid = lay_down(small, line_commit=(np.array([40.0]), np.array([40.0])))
    assert extreme(laid, "least_debt", 20).amount == about(-40)
    assert MEASURES["least_debt"].of_plan(laid, solve(laid).decisions) == about(-40)
    free = replace(small, lines=lines_of(on, [{"limit": 40, "committed": False}]))
    assert extreme(free, "least_debt", 20).amount == about(-30)
    assert MEASURES["least_debt"].of_plan(free, solve(free).decisions) == about(-30, 2e-5)


def test_the_floor_where_new_shares_cost_what_the_plan_is_worth() -> None:
    """Proves: a plan is worth at least the floor exactly if it is at the price that shares have at the floor.

    One share at 1, worth 30 without anything. A tenant costs 0.5 and is worth 2: with 0.5 raised by shares that are
    worth v, v = 32 - 0.5 (v - 1), so v = 32.5 / 1.5 = 21.667. Where 21.6 must be left 1 MW can be hosted, where 21.7
    must none. Broken: 1 at both (new shares as cheap as at the market: 32), or 0 at both (as dear as at 30: 17.5)."""
    small = instance(
        tree([12]),
        options=[{"value": 2, "cash": [-0.5]}],
        equity=equity_of([0], 0.5, [1], 0.0),
        minimum=0,
        constant=30,
    )
    assert extreme(small, "most_hosting", 21.6).amount == about(1)
    assert extreme(small, "most_hosting", 21.7).amount == about(0)
    forced = solve_instance(replace(small, measure_at_least=("most_hosting", 1.0)), EXACT)
    assert forced.value_usd_m == about(32.5 / 1.5, 1e-6)


def test_the_model_and_the_plan_measure_the_same() -> None:
    """Proves: every measure of the best plan, as the model counts it and as decisions do. Broken: they differ."""
    small = dated()
    found = solve(small)
    for name, measure in MEASURES.items():
        amount = measure.of_plan(small, found.decisions)
        assert best(replace(small, measure_at_least=(name, amount - 1e-9))) == about(13)
        if name != "least_debt":  # there is none
            assert extreme(small, name, 13).amount == about(amount)


def test_tax_law_is_kept_where_it_is_asked_for() -> None:
    """Proves: incomes of -100, 100 and 200 at 21, 21 and 30 % and a hall worth 10. Without it the company is worth
    -45.6 if the loss may wait for the third year, -58.2 by the rule; so -50 is to be had without the hall only against
    the rule. Broken: none at both, or one at both."""
    on = tree([12, 12, 12])
    taxed = income_tax_of(on, rate=[0.21, 0.21, 0.3], ebitda=[-100, 100, 200], places=(), lots=(), options=(0,))
    hall = {"noi": [0, 0, 0], "value": 10, "cash": [0, 0, 0]}
    small = instance(on, options=[hall], income_tax=taxed, opening=1000)
    assert extreme(small, "least_hosting", -50).amount == about(0)
    assert find_extreme(small, "least_hosting", -50, EXACT, by_tax_rule=True).amount == about(-1)


def test_a_plan_to_begin_with_changes_nothing() -> None:
    """Proves: begun with a plan that is far from it, or that does not keep the floor, the extreme is the same. Broken:
    60, or 10."""
    small = instance(options=FOUR)
    for signed in ({}, {"sign[0]": 1.0, "hall_count[0,0]": 1.0}, {"sign[3]": 1.0, "hall_count[3,0]": 1.0}):
        assert find_extreme(small, "most_hosting", 8, EXACT, known=signed).amount == about(100)
