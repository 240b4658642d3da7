"""Where the search looks for better plans: around one, and at one place."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.solve import dive as diving
from optimizer.solve.bounds import compact_of
from optimizer.solve.choices import Choices
from optimizer.solve.dive import Clock, dive
from optimizer.solve.highs import SolveOptions, solve_form
from optimizer.solve.pricing import WarmProgram
from optimizer.solve.prove import Tree
from tests.solve.companies import company

EXACT = SolveOptions(relative_gap=0.0, absolute_gap_usd_m=1e-6)


def test_at_one_place_all_else_stays_as_it_is() -> None:
    """Proves: with offer 0 at one place and offers 1 and 2 at another, the odd turns leave free one place after the
    other, the rest stays as in the plan, and the plan itself is within. Broken: another place free, or a plan outside
    of what is looked at, so that the small tree is worth less than the plan."""
    _, program = compact_of(company(3))
    tree = Tree(program, WarmProgram(program.form, EXACT))
    assert tree.root is not None
    found = dive(tree, tree.root, Clock(tree, 500))
    assert found is not None
    of_plan = Choices(program, tree)
    of_plan._together = [[0], [1, 2], [1, 2]]
    for turn, free in ((1, {0}), (3, {1, 2}), (5, {0})):
        lower, upper = of_plan.near(found.whole, turn)
        assert (lower <= found.whole).all()
        assert (found.whole <= upper).all()
        for g, (choices, _, _) in enumerate(of_plan._groups):
            assert bool((lower[choices] == upper[choices]).all()) == (g not in free)
        assert tree.warm.bound(lower, upper).objective >= found.value - 1e-6


def test_what_is_at_one_site_is_together() -> None:
    """Proves: offers that need megawatts of the same rows are one place. Broken: each offer a place of its own, and
    nothing is exchanged between them."""
    _, program = compact_of(company(3))
    of_plan = Choices(program, Tree(program, WarmProgram(program.form, EXACT)))
    assert of_plan._together == [[0, 1, 2]] * 3
    assert np.isfinite(of_plan.near(np.zeros(len(of_plan._tree.warm.whole)), 1)[1]).all()


@pytest.mark.parametrize("seed", range(6))
def test_a_side_that_is_looked_at_later_is_not_lost(seed: int) -> None:
    """Proves: where the side to which the linear program leans is always taken first, a dive that must beat the best
    plan less 0.01 still finds one as good, by going back to the sides that it left. Broken: sides that were never
    looked at are forgotten, and there is no plan."""
    _, program = compact_of(company(seed))
    tree = Tree(program, WarmProgram(program.form, EXACT))
    assert tree.root is not None
    best = solve_form(program.form, EXACT).objective
    assert best is not None
    found = dive(tree, tree.root, Clock(tree, 2000), best - 0.01)
    assert found is not None
    assert found.value == pytest.approx(best, abs=0.01)


def test_a_side_is_looked_at_alone_where_it_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: with all losses taken for nothing a dive takes fewer programs than with none. Broken: both sides are
    always looked at, and the numbers are equal."""
    taken = []
    for nothing in (1.0, -1.0):
        monkeypatch.setattr(diving, "FOR_NOTHING", nothing)
        _, program = compact_of(company(3))
        tree = Tree(program, WarmProgram(program.form, EXACT))
        assert tree.root is not None
        assert dive(tree, tree.root, Clock(tree, 500)) is not None
        taken.append(tree.warm.solved)
    assert taken[0] < taken[1]
