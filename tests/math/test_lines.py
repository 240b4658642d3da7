"""Lines in the model: revolving ones, ones on bitcoin, loans with a cash sweep. Each case is solved by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from models.instance import Instance, Treasury
from tests.math.builder import about, best, best_without, bitcoin, instance, lay_down, proves, solve, tree, two_leaves
from tests.math.money_builder import companies_of, four_on, line_moves, lines_of


@proves("line_within")
def test_no_more_is_owed_than_was_committed() -> None:
    """Proves: a hall at 60 from a line whose interest (a tenth) and fee (a hundredth of the commitment) it pays too:
    0.89 B = 60, so 67.4157 are committed and owed: 10 - 0.674157. Broken: 10, nothing committed."""
    on = tree([12, 12])
    lines = lines_of(on, [{"limit": 100, "open": [0], "interest": 0.1, "fee": 0.01}])
    small = instance(on, options=[{"value": 10, "cash": [-60, 80]}], lines=lines, minimum=0)
    solution = solve(small)
    assert solution.value_usd_m == about(10 - 0.6 / 0.89)
    assert solution.decisions.line_commit == about([60 / 0.89])
    assert solution.states.cash_usd_m == about([0, 80 - 60 / 0.89])
    assert best_without(small, "line_within") == about(10)


@proves("line_balance")
def test_what_is_drawn_is_owed_until_it_is_repaid() -> None:
    """Proves: a line that closes after the first year is repaid then: a hall at 60 that brings 59 is not built (0),
    one that brings 60 is. Broken: 10, money that nobody has to give back."""
    on = tree([12, 12])
    lines = lines_of(on, [{"limit": 100, "open": [0]}])

    def bringing(amount: float) -> Instance:
        return instance(on, options=[{"value": 10, "cash": [-60, amount]}], lines=lines, minimum=0)

    assert best(bringing(59)) == about(0)
    assert best_without(bringing(59), "line_balance") == about(10)
    solution = solve(bringing(60))
    assert solution.value_usd_m == about(10)
    assert line_moves(solution.decisions) == (about([60, 0]), about([0, 60]))


def on_two_paths(opening: float, **terms: Any) -> Instance:
    """A hall up (worth 40) and one down (worth 30), each half likely, from a line of 60."""
    on = two_leaves()
    options = [{"node": 1, "value": 20, "cash": {1: -60}}, {"node": 2, "value": 15, "cash": {2: -60}}]
    return instance(on, options=options, lines=lines_of(on, [{"limit": 60, **terms}]), opening=opening, minimum=0)


def test_one_commitment_serves_all_paths() -> None:
    """Proves: 60 committed now at a fee of 3 % serve both halls: 35 - 1.8 = 33.2 with 1.8 in hand, 0 with less.
    Broken: 31.4, committed in both leaves; 20 or less, where what is owed up counts down."""
    solution = solve(on_two_paths(1.8, fee=0.03))
    assert solution.value_usd_m == about(33.2)
    assert line_moves(solution.decisions)[0] == about([0, 60, 60])
    assert best(on_two_paths(1.7, fee=0.03)) == about(0)


def test_what_is_committed_and_not_owed_costs_until_it_is_drawn() -> None:
    """Proves: at 2 % a year, 60 drawn up alone pay for a year there and for two down: 20 - 1.2 - 0.5 x 1.2 = 18.2.
    Broken: 20 (never paid), 17.6 (paid on what is drawn too), 18.8 (by the path that draws alone)."""
    small = on_two_paths(1.2, undrawn=0.02)
    up = np.array([[0.0, 60.0, 0.0]])
    small = replace(lay_down(small, line_draw=(up, up)), cash=replace(small.cash, fixed_usd_m=np.array([0, 0, 1.2])))
    solution = solve(small)
    assert solution.value_usd_m == about(18.2)
    assert solution.states.cash_usd_m == about([0, 0, 0])


def sweeping(on: Any, cost: float, nodes: Sequence[int], **terms: Any) -> Instance:
    """A hall A, worth 40 and paid by 60 of a loan with a sweep, that brings 60 after a year, and halls B at ``cost``
    in these nodes, worth 30 (times their probability)."""
    options: list[dict[str, Any]] = [{"offer": 0, "value": 40, "cash": terms.pop("brings")}]
    options += [{"offer": 1 + n, "node": n, "value": 30 * float(on.probability[n]), "cash": {n: -cost}} for n in nodes]
    loan = {"limit": 60, "committed": False, "sweep": 1.0, **terms}
    return instance(on, options=options, lines=lines_of(on, [loan]), minimum=0)


THREE = [-60, 60, 0]


@proves("sweep_takes", "sweep_ends", "line_limit")
def test_cash_is_swept_and_not_drawn_again() -> None:
    """Proves: the 60 that A brings repay the loan, and B at 60 cannot be paid: 40. Broken: 70, where cash is kept (no
    sweep, or a sweep that ends before all is repaid), or where what is repaid may be drawn again."""
    small = sweeping(tree([12, 12, 12]), 60, [2], brings=THREE)
    solution = solve(small)
    assert solution.value_usd_m == about(40)
    assert line_moves(solution.decisions)[0] == about([60, 0, 0])
    assert sum(line_moves(solution.decisions)[1]) == about(60)
    assert best_without(small, "sweep_takes") == about(70)
    assert best_without(small, "sweep_ends") == about(70)
    assert best_without(small, "line_limit") == about(70)


def test_what_is_swept_and_drawn_again_pays_its_fee() -> None:
    """Proves: 20 of cash have to stay in two years and all of it is swept: 80 are drawn for A, and 20 again in the
    second year, at a fee of a hundredth of each draw: 40 - 1 / 0.99. Broken: 39.19, a draw and a repayment of one
    instant taken for nothing."""
    on = tree([12, 12, 12])
    small = sweeping(on, 60, [], brings=[-60, 0, 60], limit=200, fee=0.01)
    solution = solve(replace(small, cash=replace(small.cash, minimum_usd_m=np.array([20.0, 20.0, 0.0]))))
    assert solution.value_usd_m == about(40 - 1 / 0.99)
    assert line_moves(solution.decisions)[0] == about([80 / 0.99, 20 / 0.99, 0])
    assert line_moves(solution.decisions)[1][1] == about(20)


def test_a_share_of_cash_above_a_level_is_swept() -> None:
    """Proves: half of what is above 20 of 60: 20 are repaid, 40 pay for a B at 40: 70, not for one at 40.1: 40.
    Broken: 30 left (half of all), 20 (all above the level), 60 (nothing)."""
    on = tree([12, 12, 12])
    assert best(sweeping(on, 40, [2], brings=THREE, sweep=0.5, above=20)) == about(70)
    assert best(sweeping(on, 40.1, [2], brings=THREE, sweep=0.5, above=20)) == about(40)


def test_no_more_is_swept_than_is_owed() -> None:
    """Proves: with 35 in hand 25 are owed of A's 60; 60 come, 25 are swept and 35 pay for B: 70, one at 35.1 is not
    paid: 40. Broken: 40 for both, all cash swept."""
    on = tree([12, 12, 12])

    def owing_less(cost: float) -> float:
        small = sweeping(on, cost, [2], brings=THREE)
        given = lay_down(small, line_draw=(np.array([[25.0, 0, 0]]), np.array([[25.0, 0, 0]])))
        return best(replace(given, cash=replace(given.cash, opening_usd_m=35.0)))

    assert owing_less(35) == about(70)
    assert owing_less(35.1) == about(40)


def test_each_path_sweeps_its_own_cash() -> None:
    """Proves: A brings 60 up and nothing down; up half of it is swept in the next year and 30 pay for B: 40 + 15;
    down nothing is swept, and nothing is there. B at 31 is paid nowhere: 40. Broken: 55 for it too (up not swept), 40
    for both (all paths share what is repaid), 70 (down pays with cash of up)."""
    on = four_on()
    brings = {0: -60, 1: 60}
    assert best(sweeping(on, 30, [3, 4], brings=brings, sweep=0.5)) == about(55)
    solution = solve(sweeping(on, 30, [3, 4], brings=brings, sweep=0.5))
    assert line_moves(solution.decisions)[1] == about([0, 0, 0, 30, 0])
    assert best(sweeping(on, 31, [3, 4], brings=brings, sweep=0.5)) == about(40)


def test_a_sweep_counts_what_companies_could_pay_up() -> None:
    """Proves: A is a company's, which keeps 10 of its 70 and could pay up 60, less a tenth: half of 54 is swept, the
    other 27 pay for B at 27: 70 - 6; at 27.1 B is not paid, and 30 have to be paid up for the sweep: 40 - 3. Broken:
    66.99 at 27.1 (companies left out); at 27 36.67 where 60 count whole (no B), 30 where the 10 count too (no A: 4.5
    of them would be swept after the first year, with nothing in hand)."""
    on = tree([12, 12, 12])

    def at(cost: float) -> float:
        small = sweeping(on, cost, [2], brings=THREE, sweep=0.5)
        below = companies_of(on, [{"options": [0], "withholding": 0.1, "opening": 10, "minimum": 10}], options=2)
        late, no_limit = np.array([[0.0, 0.0, np.inf]]), np.full((1, 3), np.inf)
        return best(
            lay_down(
                replace(small, companies=below),
                fund_usd_m=(np.zeros((1, 3)), no_limit),
                upstream_usd_m=(np.zeros((1, 3)), late),
            )
        )

    assert at(27) == about(64)
    assert at(27.1) == about(37)


def pledging(cost: float, treasury: Treasury, **terms: Any) -> Instance:
    """A hall worth 4 that is paid by a line for which two coins at 1 are pledged for each million owed."""
    on = tree([12])
    lines = lines_of(on, [{"limit": 100, "coins": 2.0, **terms}])
    return instance(on, options=[{"value": 4, "cash": [-cost]}], lines=lines, treasury=treasury, minimum=0)


@proves("btc_pledged")
def test_coins_are_pledged_once() -> None:
    """Proves: ten coins carry 5: a hall at 5 is built (4), one at 6 is not (0). Broken: 4, borrowed against coins
    that are not there."""
    held = Treasury(10.0, 1.0, False, 0.0, np.ones(1), np.ones(1))
    assert best(pledging(5, held)) == about(4)
    assert best(pledging(6, held)) == about(0)
    assert best_without(pledging(6, held), "btc_pledged") == about(4)


def test_coins_that_are_sold_are_not_pledged() -> None:
    """Proves: of ten coins two may be sold: 2 and half of the other eight, 6, pay for a hall at 6 (4), not for one at
    6.1 (0). Broken: 4 up to a cost of 7, sold coins pledged as well."""
    solution = solve(pledging(6, bitcoin(tree([12]), 10, 1.0, floor=8)))
    assert solution.value_usd_m == about(4)
    assert solution.decisions.sell_btc == about([2])
    assert solution.decisions.line_commit == about([4], abs=2e-4)
    assert best(pledging(6.1, bitcoin(tree([12]), 10, 1.0, floor=8))) == about(0)


def test_lines_share_the_stock() -> None:
    """Proves: two lines on the same ten coins carry 5 together: a hall at 5.1 is not built. Broken: 4, up to 10."""
    on = tree([12])
    held = Treasury(10.0, 1.0, False, 0.0, np.ones(1), np.ones(1))
    lines = lines_of(on, [{"limit": 100, "coins": 2.0}, {"limit": 100, "coins": 2.0}])

    def at(cost: float) -> float:
        return best(instance(on, options=[{"value": 4, "cash": [-cost]}], lines=lines, treasury=held, minimum=0))

    assert at(5) == about(4)
    assert at(5.1) == about(0)


def test_where_the_price_falls_a_line_is_paid_down() -> None:
    """Proves: ten coins carry 5 now and up, 2.5 down: a hall at 5 is built where 2.5 come in down (4), not with 2.4
    (0). Broken: 4 for both where the price of now, or of up, holds down; 0 for both where down's price holds now."""
    on = two_leaves()
    held = Treasury(10.0, 1.0, False, 0.0, np.ones(3), np.ones(3))
    lines = lines_of(on, [{"limit": 100, "coins": [2, 2, 4]}])

    def coming_down(amount: float) -> Any:
        options = [{"value": 4, "cash": [-5, 0, amount]}]
        return solve(instance(on, options=options, lines=lines, treasury=held, minimum=0))

    solution = coming_down(2.5)
    assert solution.value_usd_m == about(4)
    assert line_moves(solution.decisions) == (about([5, 0, 0]), about([0, 0, 2.5]))
    assert coming_down(2.4).value_usd_m == about(0)
