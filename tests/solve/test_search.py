"""Where the search looks for better plans: around one, and at one place."""

from __future__ import annotations

import numpy as np

from optimizer.solve.bounds import compact_of
from optimizer.solve.highs import SolveOptions
from optimizer.solve.pricing import WarmProgram
from optimizer.solve.prove import Tree
from optimizer.solve.search import Clock, Moves, dive
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
    moves = Moves(program, tree)
    moves._together = [[0], [1, 2], [1, 2]]
    for turn, free in ((1, {0}), (3, {1, 2}), (5, {0})):
        lower, upper = moves.near(found.whole, turn)
        assert (lower <= found.whole).all()
        assert (found.whole <= upper).all()
        for g, (choices, _, _) in enumerate(moves._groups):
            assert bool((lower[choices] == upper[choices]).all()) == (g not in free)
        assert tree.warm.bound(lower, upper).objective >= found.value - 1e-6


def test_what_is_at_one_site_is_together() -> None:
    """Proves: offers that need megawatts of the same rows are one place. Broken: each offer a place of its own, and
    nothing is exchanged between them."""
    _, program = compact_of(company(3))
    moves = Moves(program, Tree(program, WarmProgram(program.form, EXACT)))
    assert moves._together == [[0, 1, 2]] * 3
    assert np.isfinite(moves.near(np.zeros(len(moves._tree.warm.whole)), 1)[1]).all()
