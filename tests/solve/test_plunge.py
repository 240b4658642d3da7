"""Ways down the tree that proves: what they find, that they lose nothing, and shares that become dearer."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.solve.bounds import compact_of
from optimizer.solve.bridge import FloatArray
from optimizer.solve.dive import Clock
from optimizer.solve.highs import SolveOptions, solve_form
from optimizer.solve.plunge import SHARE, Plunge
from optimizer.solve.pricing import WarmProgram
from optimizer.solve.prove import Tree
from optimizer.solve.worth import costs_at
from tests.solve.companies import company

EXACT = SolveOptions(relative_gap=0.0, absolute_gap_usd_m=1e-6)
SEEDS = range(8)


def tree_of(seed: int) -> tuple[Tree, float]:
    """A tree that nothing was done with, and the best that there is in it."""
    _, program = compact_of(company(seed))
    best = solve_form(program.form, EXACT).objective
    assert best is not None
    return Tree(program, WarmProgram(program.form, EXACT)), best


@pytest.mark.parametrize("seed", SEEDS)
def test_ways_down_find_the_best_and_take_nothing_from_the_proof(seed: int) -> None:
    """Proves: asked again and again the ways down end at plans that become better and better; at any time the best open
    part or the best plan is worth at least the best there is; and the rest of the tree then proves the best. Broken: a
    part that was taken for a plan and is not open any more, so that the bound falls below the best."""
    tree, best = tree_of(seed)
    way, level = Plunge(tree), -np.inf
    values = []
    while True:
        found = way.next_plan(level, Clock(tree, 10_000))
        assert max(tree.best_open, level, found.value if found else -np.inf) >= best - 1e-6
        if found is None:
            break
        assert found.value > level
        assert tree.warm.price(found.whole).objective == pytest.approx(found.value, abs=1e-6)
        level = found.value
        values.append(level)
    assert values

    def better(value: float, whole: FloatArray) -> None:
        nonlocal level
        level = max(level, value)

    assert tree.exhaust(lambda: level + 1e-6, better, nodes=10_000)
    assert level == pytest.approx(best, abs=1e-4)


def test_the_first_way_goes_straight_down_and_tells_what_a_choice_costs() -> None:
    """Proves: with nothing known the deepest part is split next, so that the first plan comes with no more splits than
    it is deep; afterwards a choice counts as a share of what it cost there, (bound of all - that of the part) / depth.
    Broken: as many splits as the order of bounds takes, or a credit that stays infinite."""
    tree, _ = tree_of(3)
    assert tree.root is not None
    top = tree.root.bound
    way = Plunge(tree)
    found = way.next_plan(-np.inf, Clock(tree, 10_000))
    assert found is not None
    # A split a level, and one part at the end in which all choices are made.
    assert tree.nodes <= 6
    assert any(way.credit == pytest.approx(SHARE * (top - found.value) / depth, rel=0.05) for depth in range(1, 7))


def test_a_clock_that_is_over_ends_the_way() -> None:
    """Proves: without programs left nothing is found and nothing is split. Broken: a plan, or a part more."""
    tree, _ = tree_of(3)
    assert Plunge(tree).next_plan(-np.inf, Clock(tree, 0)) is None
    assert tree.nodes == 0


@pytest.mark.parametrize("seed", range(4))
def test_open_parts_are_solved_again_where_shares_are_dearer(seed: int) -> None:
    """Proves: a tree grown with shares at the market's price and then told that they are worth half as much again ends
    at the same value as one that knew it from the start. Broken: the bound of the cheaper shares, which is larger, or a
    part closed by a value at which nothing was solved: a smaller one."""
    small = company(seed, shares=True)
    _, program = compact_of(small)
    cheap, dear = (costs_at(small, program.form, worth) for worth in (1.0, 1.5))
    warm = WarmProgram(program.form, EXACT)

    def rest(tree: Tree, plans: list[FloatArray]) -> float:
        """What the rest of a tree, or one of these plans, is worth with dear shares."""
        level = [max((warm.price(plan).objective for plan in plans), default=-np.inf)]

        def better(value: float, whole: FloatArray) -> None:
            level.append(max(level[-1], value))

        assert tree.exhaust(lambda: level[-1] + 1e-7, better, nodes=10_000)
        return level[-1]

    warm.set_costs(dear)
    known = rest(Tree(program, warm, 1.5), [])
    warm.set_costs(cheap)
    tree, plans = Tree(program, warm, 1.0), []
    tree.exhaust(lambda: -np.inf, lambda value, whole: plans.append(whole), nodes=1)
    assert tree.best_open >= known - 1e-6
    warm.set_costs(dear)
    tree.worth = 1.5
    assert all(tree.is_loose(part) for part in tree.open_parts)
    assert rest(tree, plans) == pytest.approx(known, abs=1e-5)
