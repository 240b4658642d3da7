"""Tranches of new debt in the model: limits, commitments, least sizes, project finance. Each case is solved by
hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from models.instance import Instance
from tests.math.builder import about, best, best_without, instance, proves, solve, trading, tree, two_leaves
from tests.math.money_builder import tranches_of


@proves("draws_facility_limit")
def test_a_limit_is_one_for_each_path() -> None:
    """Proves: 100 to borrow on each path. A hall at 60 now (worth 25) or one in each leaf (worth 40 up, 30 down, each
    half likely): 35. Broken: 60 without the limit; 25 where the leaves share it (the hall now, or up alone for
    20)."""
    on = two_leaves()
    options = [
        {"node": 0, "value": 25, "cash": {0: -60, 1: 60, 2: 60}},
        {"node": 1, "value": 20, "cash": {1: -60}},
        {"node": 2, "value": 15, "cash": {2: -60}},
    ]
    draws: list[dict[str, Any]] = [{"node": 0, "cash": [1, -1, -1]}, *({"node": n, "cash": {n: 1}} for n in (1, 2))]
    rows: list[dict[str, Any]] = [
        {"name": "facility limit: loan", "upper": 100, "draw": {0: 1, leaf: 1}} for leaf in (1, 2)
    ]
    small = instance(on, options=options, tranches=tranches_of(on, draws, rows), minimum=0)
    solution = solve(small)
    assert solution.value_usd_m == about(35)
    assert solution.decisions.draw_usd_m == about([0, 60, 60])
    assert best_without(small, "draws_facility_limit") == about(60)


@proves("draws_facility_limit")
def test_what_is_drawn_was_committed_and_idle_commitments_cost() -> None:
    """Proves: 60 are committed now for a hall that is built up only (worth 40, half likely); 2 % a year on what is
    not drawn: 20 - 0.04 x 60 + 0.5 x 0.02 x 60 = 18.2, with 1.2 in hand, and 1.2 that come in the other leaf, for the
    fee. Broken: 20.6 where nothing need be committed, 17.6 where what is drawn goes on paying, 18.8 where the other
    leaf is let off the fee."""
    on = two_leaves()
    options = [{"node": 1, "value": 20, "cash": {1: -60}}]
    draws: list[dict[str, Any]] = [{"node": 1, "cash": {1: 1.02}, "value": 0.5 * 0.02}]
    commits = [{"cash": [-0.02, -0.02, -0.02], "value": -0.04}]
    rows: list[dict[str, Any]] = [{"name": "facility limit: loan", "draw": {0: 1}, "commit": {0: -1}}]
    tranches = tranches_of(on, draws, rows, commits=commits, options=1, limit=60.0)

    def with_cash(opening: float) -> Instance:
        fixed = [0, 0, opening]
        return instance(on, options=options, tranches=tranches, opening=opening, fixed=fixed, minimum=0)

    solution = solve(with_cash(1.2))
    assert solution.value_usd_m == about(18.2)
    assert solution.decisions.commit_usd_m == about([60])
    assert best_without(with_cash(1.2), "draws_facility_limit") == about(20.6)
    assert best(with_cash(0)) == about(0)


@proves("draws_loan_to_cost")
def test_half_the_price_of_machines_is_lent() -> None:
    """Proves: machines at 100 an EH/s that are worth 130; 40 in hand and half of the price lent buy 0.8: 24. Broken:
    30 without the limit, 12 where orders do not count (0.4 paid in cash)."""
    on = tree([12, 12])
    trade = trading(
        on,
        1,
        order_cost_usd_m_per_eh=np.array([100.0]),
        order_value_usd_m_per_eh=np.array([-100.0]),
    )
    rows: list[dict[str, Any]] = [
        {"name": "facility limit: loan", "upper": 500, "draw": {0: 1}},
        {"name": "loan to cost: loan in 0", "draw": {0: 1}, "order": {0: -50}},
    ]
    tranches = tranches_of(on, [{"cash": [1, -1]}], rows, lots=1)
    lots = [{"order_node": 0, "most": 1.0, "margin": [0, 130]}]
    small = instance(on, lots=lots, trade=trade, tranches=tranches, opening=40, minimum=0)
    solution = solve(small)
    assert solution.value_usd_m == about(24)
    assert solution.decisions.order_eh == about([0.8])
    assert best_without(small, "draws_loan_to_cost") == about(30)
    assert best(replace(small, tranches=replace(tranches, row_order=tranches.row_order * 0))) == about(12)


def borrowing(**terms: Any) -> Instance:
    """A hall that costs 30 and is paid by a loan with these terms; its worth is ``worth``, the loan's per million
    ``value``."""
    on = tree([12, 12])
    rows: list[dict[str, Any]] = [{"name": "facility limit: loan", "upper": 100, "draw": {0: 1}}]
    draw: dict[str, Any] = {"cash": [1, -1], **{key: terms[key] for key in ("value", "least", "fixed") if key in terms}}
    options = [{"value": terms["worth"], "cash": [-30, 100]}]
    return instance(on, options=options, tranches=tranches_of(on, [draw], rows, limit=100.0), minimum=0)


@proves("draw_least")
def test_a_tranche_is_nothing_or_at_least_so_much() -> None:
    """Proves: at a fee of a tenth 50 have to be drawn to pay 30: a hall worth 4 is not built (0), one worth 6 is: 1.
    Broken: 1 and 3, 30 drawn."""
    assert best(borrowing(worth=4, value=-0.1, least=50)) == about(0)
    assert best_without(borrowing(worth=4, value=-0.1, least=50), "draw_least") == about(1)
    solution = solve(borrowing(worth=6, value=-0.1, least=50))
    assert solution.value_usd_m == about(1)
    assert solution.decisions.draw_usd_m == about([50])


@proves("draw_most")
def test_who_draws_pays_the_fixed_cost() -> None:
    """Proves: 5 are paid with the tranche, so 35 are drawn for a hall at 30: worth 4 it is not built (0), worth 6 it
    is: 1. Broken: 4 and 6, or 30 drawn and 5 short."""
    assert best(borrowing(worth=4, fixed=5)) == about(0)
    assert best_without(borrowing(worth=4, fixed=5), "draw_most") == about(4)
    solution = solve(borrowing(worth=6, fixed=5))
    assert solution.value_usd_m == about(1)
    assert solution.decisions.draw_usd_m == about([35])
    assert solution.states.cash_usd_m == about([0, 65])


def test_each_tranche_pays_its_own_fixed_cost() -> None:
    """Proves: halls at 30 in both years at a fixed cost of 5: drawn at once (60 + 5) it is paid once: 12 - 5 = 7.
    Broken: 2, paid twice, and 12 never."""
    on = tree([12, 12, 12])
    options = [{"node": n, "value": 6, "cash": {n: -30, 2: 40}} for n in (0, 1)]
    draws: list[dict[str, Any]] = [{"node": n, "cash": {n: 1, 2: -1}, "fixed": 5} for n in (0, 1)]
    rows: list[dict[str, Any]] = [{"name": "facility limit: loan", "upper": 100, "draw": {0: 1, 1: 1}}]
    solution = solve(instance(on, options=options, tranches=tranches_of(on, draws, rows, limit=100.0), minimum=0))
    assert solution.value_usd_m == about(7)
    assert solution.decisions.draw_usd_m == about([65, 0])


@proves("draws_backstop_limit")
def test_a_backstop_stretches_so_far() -> None:
    """Proves: cash serves 40 a hall of a plain loan, 80 of one that is backed, 20 of it at most: with 40 + 20 / 2 =
    50 a hall at 60 is not built (0); with 10 in hand it is, at 0.1 of warrants a million backed: 40 - 2 = 38. Broken:
    36 without the limit, 40 backed."""
    on = tree([12, 12])
    rows: list[dict[str, Any]] = [
        {"name": "facility limit: loan", "upper": 100, "draw": {0: 1, 1: 1}},
        {"name": "backstop limit: loan", "upper": 20, "draw": {1: 1}},
        {"name": "project debt by service: hall", "draw": {0: 1 / 40, 1: 1 / 80}, "hall": {0: -1}},
    ]
    draws: list[dict[str, Any]] = [{"option": 0, "cash": [1, -1]}, {"option": 0, "cash": [1, -1]}]
    charges = np.array([0.0, 0.1])
    tranches = tranches_of(on, draws, rows, options=1, charge=lambda worth: worth * charges)
    options = [{"value": 40, "cash": [-60, 100]}]

    def with_cash(opening: float) -> Instance:
        return instance(on, options=options, tranches=tranches, opening=opening, minimum=0)

    assert best(with_cash(0)) == about(0)
    assert best_without(with_cash(0), "draws_backstop_limit") == about(36)
    solution = solve(with_cash(10))
    assert solution.value_usd_m == about(38)
    assert solution.decisions.draw_usd_m == about([30, 20])


def test_warrants_cost_what_a_share_is_worth() -> None:
    """Proves: 20 backed at 0.1 of warrants on a share at its price; 18 million shares at 1 are worth w times that
    with 18 w = 40 - 2 w: w = 2, and the plan is worth 36. Broken: 38, warrants at the market's price."""
    on = tree([12, 12])
    rows: list[dict[str, Any]] = [{"name": "backstop limit: loan", "upper": 20, "draw": {0: 1}}]
    tranches = tranches_of(
        on,
        [{"option": 0, "cash": [1, -1], "shares": 0.05}],
        rows,
        options=1,
        charge=lambda worth: np.array([0.1 * worth]),
        charge_depends=np.ones(1, dtype=bool),
    )
    options = [{"value": 40, "cash": [-20, 100]}]
    small = instance(on, options=options, tranches=tranches, minimum=0, shares_m=18.0, share_price_usd=1.0)
    solution = solve(small)
    assert solution.value_usd_m == about(36)
    assert solution.instance.intrinsic_to_market == about(2)


@proves("draws_project_debt_by_cost")
def test_a_project_borrows_part_of_its_cost() -> None:
    """Proves: 42 of each hall's 60 are lent: 20 in hand pay for one of three halls, 40. Broken: 120 without the
    limit, or 80 where the cost of one hall that is not built counts."""
    on = tree([12, 12])
    rows: list[dict[str, Any]] = [{"name": "project debt by cost: hall", "draw": {0: 1 / 42}, "hall": {0: -1}}]
    tranches = tranches_of(on, [{"option": 0, "cash": [1, -1]}], rows, options=1)
    options = [{"value": 40, "cash": [-60, 100], "halls": (1, 3)}]
    small = instance(on, options=options, tranches=tranches, opening=20, minimum=0)
    assert best(small) == about(40)
    assert best_without(small, "draws_project_debt_by_cost") == about(120)
    assert best(replace(small, cash=replace(small.cash, opening_usd_m=36.0))) == about(80)


def test_the_hall_of_one_path_carries_no_debt_of_the_other() -> None:
    """Proves: the same offer up or down (worth 40 each), 60 lent on each signature and nothing in hand: 40. Broken: 0
    where a hall counts once for both, or where debt up needs the hall down."""
    on = two_leaves()
    options = [{"offer": 0, "node": n, "value": 20, "cash": {n: -60}} for n in (1, 2)]
    rows: list[dict[str, Any]] = [
        {"name": f"project debt by cost: {o}", "draw": {o: 1 / 60}, "hall": {o: -1}} for o in (0, 1)
    ]
    draws: list[dict[str, Any]] = [{"node": n, "option": o, "cash": {n: 1}} for o, n in enumerate((1, 2))]
    small = instance(on, options=options, exclusive=[], tranches=tranches_of(on, draws, rows, options=2), minimum=0)
    solution = solve(small)
    assert solution.value_usd_m == about(40)
    assert solution.decisions.draw_usd_m == about([60, 60])


@proves("draws_project_debt_by_service", "draws_taking_out_loans")
def test_a_bond_takes_out_what_cash_could_not_serve_for_long() -> None:
    """Proves: cash serves 50 of a loan that is kept, 80 of one until it is taken out, and 60 of the bond that does it
    and keeps back 2 %. A hall at 58 needs k kept and t taken out, t = 0.98 b, k / 50 + b / 60 = 1: k = 50 / 11, b =
    600 / 11; 40 - 0.02 b = 38.909. Broken: 40 without a look at service, or where nothing has to pay for taking out;
    38.816 where all is taken out; 0 where a loan counts beside the bond that takes it out."""
    on = tree([12, 12, 12])
    draws: list[dict[str, Any]] = [
        {"option": 0, "cash": [1, 0, -1]},
        {"option": 0, "cash": [1, -1, 0]},
        {"option": 0, "cash": [0, 0.98, -1], "value": -0.02},
    ]
    rows: list[dict[str, Any]] = [
        {"name": "project debt by service: hall", "draw": {0: 1 / 50, 1: 1 / 80}, "hall": {0: -1}},
        {"name": "project debt by service: hall once bonds are out", "draw": {0: 1 / 50, 2: 1 / 60}, "hall": {0: -1}},
        {"name": "taking out loans: bond, hall", "draw": {1: 1, 2: -0.98}},
    ]
    options = [{"value": 40, "cash": [-58, 60, 0]}]
    small = instance(on, options=options, tranches=tranches_of(on, draws, rows, options=1), minimum=0)
    solution = solve(small)
    assert solution.value_usd_m == about(40 - 0.02 * 600 / 11)
    assert solution.decisions.draw_usd_m == about([50 / 11, 0.98 * 600 / 11, 600 / 11])
    assert best_without(small, "draws_project_debt_by_service") == about(40)
    assert best_without(small, "draws_taking_out_loans") == about(40)
