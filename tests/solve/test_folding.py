"""Sites that are alike, folded: the same linear program, bounds that hold, and plans that stand at real sites."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from models.instance import Instance
from optimizer.solve import folded_search
from optimizer.solve.bounds import compact_of
from optimizer.solve.bridge import StandardForm, make_form
from optimizer.solve.compact import Compact
from optimizer.solve.folded_branching import FoldedSplitter
from optimizer.solve.folded_search import Calls, FoldedSearch
from optimizer.solve.folding import Fold, folds
from optimizer.solve.highs import SolveOptions, Status, solve_form
from optimizer.solve.large import LargeSearch
from optimizer.solve.pricing import WarmProgram
from optimizer.solve.symmetry import colours
from optimizer.solve.worth import costs_at, worth_of
from tests.math.builder import instance, tree
from tests.solve.alike import alike_company
from tests.solve.companies import company

EXACT = SolveOptions(relative_gap=0.0, absolute_gap_usd_m=1e-6)


def best_of(form: StandardForm) -> float:
    """By HiGHS' own search."""
    found = solve_form(form, EXACT).objective
    assert found is not None
    return found


def both(small: Instance) -> tuple[StandardForm, Compact, tuple[Fold, Fold]]:
    form, program = compact_of(small)
    found = folds(program)
    assert found is not None
    return form, program, found


def test_numbers_are_compared_to_the_last_digit_and_nothing_has_no_sign() -> None:
    """Proves: of four columns that cost 0.0, -0.0, 1.0 and the next number after 1.0, all once in one row, the first
    two have one colour and the others their own. Broken: four colours, or two."""
    form = make_form(
        np.ones((1, 4)),
        np.array([0.0, -0.0, 1.0, np.nextafter(1.0, 2.0)]),
        row_lower=[-np.inf],
        row_upper=[1.0],
        column_lower=np.zeros(4),
        column_upper=np.ones(4),
    )
    found = colours(form, np.zeros(4, dtype=np.bool_))
    assert found is not None
    assert found[0].tolist() == [0, 0, 1, 2]


def tenants(count: int) -> Instance:
    """Two equal sites with room for three halls each, and ``count`` tenants at each who take exactly two halls: worth
    10 a hall where they sign at once, 6 a step later."""
    options: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for site in range(2):
        first = len(options)
        for tenant in range(count):
            offer = {"offer": site * count + tenant, "halls": (2, 2), "cash": [0.0, 0.0]}
            options += [{**offer, "node": 0, "value": 10.0}, {**offer, "node": 1, "value": 6.0}]
        own = range(first, len(options))
        rows += [
            {"node": n, "allowed": 62.0, "options": {o: 20.0 for o in own if options[o]["node"] <= n}} for n in range(2)
        ]
    return instance(tree([12.0, 12.0]), options=options, rows=rows)


def test_equal_sites_with_one_tenant_each_by_hand() -> None:
    """Proves: two sites whose only tenant takes two halls at 10 each are worth 40, folded as well as not. Broken: 20
    where one of them is lost, 24 where the later date is taken."""
    form, program, two = both(tenants(1))
    assert best_of(program.form) == pytest.approx(40.0)
    for fold in two:
        assert best_of(fold.program.form) == pytest.approx(40.0)
    found = LargeSearch(tenants(1), form, EXACT).run()
    assert found is not None
    assert found[2].objective == pytest.approx(40.0)


def test_pooled_room_does_not_become_a_plan() -> None:
    """Proves: where two tenants at each site take two halls and three fit, the folded program sees six halls and takes
    three tenants (60); two stand at real sites (40), and that is the answer and its bound. Broken: 60."""
    form, _, two = both(tenants(2))
    assert best_of(two[0].program.form) == pytest.approx(60.0)
    assert best_of(two[1].program.form) == pytest.approx(40.0)
    found = LargeSearch(tenants(2), form, EXACT).run()
    assert found is not None
    assert found[2].status is Status.OPTIMAL
    assert found[2].objective == pytest.approx(40.0)
    assert found[2].bound == pytest.approx(40.0)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), sites=st.integers(2, 3), shares=st.booleans())
def test_folded_programs_are_relaxations_with_the_same_linear_program(seed: int, sites: int, shares: bool) -> None:
    """Proves: folded linear programs have the value of the compact one, their best plans are worth at least its best
    plan, and that plan folded is worth in them what it was. Broken: a bound below the best plan."""
    _, program, two = both(alike_company(seed, sites=sites, shares=shares))
    linear = WarmProgram(program.form, EXACT).bound().objective
    raw = solve_form(program.form, EXACT)
    assert raw.values is not None
    assert raw.objective is not None
    for fold in two:
        warm = WarmProgram(fold.program.form, EXACT)
        assert warm.bound().objective == pytest.approx(linear, rel=1e-7)
        assert best_of(fold.program.form) >= raw.objective - 1e-5
        assert warm.price(fold.whole(np.round(raw.values))).objective >= raw.objective - 1e-5


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), sites=st.integers(2, 3))
def test_no_split_loses_a_plan(seed: int, sites: int) -> None:
    """Proves: on the way down to the folded best plan it lies in exactly one side of every split, for all splits that
    are asked for. Broken: it lies in none, so a tree would close it."""
    _, program, two = both(alike_company(seed, sites=sites))
    raw = solve_form(program.form, EXACT)
    assert raw.values is not None
    for fold in two:
        warm = WarmProgram(fold.program.form, EXACT)
        splitter = FoldedSplitter(fold, warm.whole)
        plan = fold.whole(np.round(raw.values))
        side = (warm.form.column_lower[warm.whole], warm.form.column_upper[warm.whole])
        for _ in range(60):
            answer = warm.bound(*side)
            assert answer.values is not None
            splits = splitter.splits(answer.values, answer.values[warm.whole], side)
            if not splits:
                break
            for split in splits:
                within = [bool(((low <= plan) & (plan <= high)).all()) for low, high in split.sides]
                assert sum(within) == 1
            within = [bool(((low <= plan) & (plan <= high)).all()) for low, high in splits[0].sides]
            side = splits[0].sides[within.index(True)]
        else:
            pytest.fail("the splits do not end")


@pytest.mark.parametrize("seed", range(12))
def test_the_search_finds_what_highs_finds(seed: int) -> None:
    """Proves: with all gaps closed the search of folded sites, and what goes on after it, gives the value of HiGHS and
    a bound at it. Broken: a value below it (plans are lost between programs), or a bound below it."""
    small = alike_company(seed, sites=2 + seed % 2)
    form, _ = compact_of(small)
    found = LargeSearch(small, form, EXACT).run()
    assert found is not None
    best = best_of(form)
    assert found[2].status is Status.OPTIMAL
    assert found[2].objective == pytest.approx(best, abs=1e-4)
    assert found[2].bound == pytest.approx(best, abs=1e-4)
    assert found[2].bound >= best - 1e-6
    assert form.violation(found[2].values) < 1e-6


@cache
def dear(seed: int) -> tuple[Instance, float]:
    """A company with dear shares, and what its best plan is worth with shares at what they are worth under it: the
    value from which on no plan is promised that much."""
    small = alike_company(seed, shares=True, opening=8.0, worth=4.0)
    form, _ = compact_of(small)

    def more(value: float) -> float:
        return best_of(replace(form, costs=costs_at(small, form, worth_of(small, value)))) - value

    low = small.shares_m * small.share_price_usd
    best = float(brentq(more, low, low + more(low), xtol=1e-6))
    assert best > 2 * low
    return small, best


@pytest.mark.parametrize("share", [0.7, 0.95])
@pytest.mark.parametrize("seed", [1, 5])
def test_aims_with_dear_shares_are_bounds(seed: int, share: float) -> None:
    """Proves: where a share is worth far more than it sells for, and no plan is known but a poor one, the bound that is
    proved with shares at what they are worth beyond an aim is no less than the best plan. Broken: shares dearer than
    the best plan makes them (at half as much again as the aim), and a bound below it."""
    small, best = dear(seed)
    _, program, two = both(small)
    level = share * best
    calls = Calls(lambda: level, lambda: level, lambda: None, lambda found: None, lambda: None)
    search = FoldedSearch(small, program, two, EXACT, calls, np.inf, None)
    search.run()
    assert search.bound >= best - 1e-4
    assert search.bound < WarmProgram(program.form, EXACT).bound().objective - 1.0


@pytest.mark.parametrize(("seed", "gap"), [(1, 1e-2), (5, 5e-2)])
def test_the_search_with_dear_shares(seed: int, gap: float) -> None:
    """Proves: the same for the whole search, whose plan is no better than the best, and within the gap. Broken: a plan
    priced with cheaper shares."""
    small, best = dear(seed)
    form, _ = compact_of(small)
    found = LargeSearch(small, form, replace(EXACT, relative_gap=gap)).run()
    assert found is not None
    assert found[2].bound >= best - 1e-4
    assert found[2].objective <= best + 1e-4
    assert found[2].bound - found[2].objective <= gap * abs(best) + 1e-4


def test_a_search_that_ends_early_claims_no_more_than_it_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: with no part split and no time left the bound is still one. Broken: the value that was to be reached is
    taken for proved."""
    small = alike_company(3, sites=3)
    form, _ = compact_of(small)
    monkeypatch.setattr(folded_search, "ALL_PARTS", 0)
    monkeypatch.setattr(folded_search, "TURN_PARTS", 0)
    search = LargeSearch(small, form, EXACT)
    monkeypatch.setattr(search, "_is_over", lambda: True)
    found = search.run()
    assert found is not None
    assert found[2].bound >= best_of(form) - 1e-6
    assert found[2].status is not Status.OPTIMAL


def test_nearly_equal_sites_are_not_folded() -> None:
    """Proves: a site whose machines earn a trillionth more stands for itself. Broken: its numbers are taken for the
    other's."""
    small = alike_company(1)
    margin = small.places.margin_usd_m_per_eh.copy()
    margin[0] *= 1 + 1e-12
    other = replace(small, places=replace(small.places, margin_usd_m_per_eh=margin))
    assert folds(compact_of(small)[1]) is not None
    assert folds(compact_of(other)[1]) is None


def test_offers_that_are_alike_at_one_site_are_not_folded() -> None:
    """Proves: without sites that are alike the search is what it was. Broken: equal offers of one site are folded, and
    all programs change."""
    assert folds(compact_of(company(0, twins=True))[1]) is None


def test_colours_by_hand() -> None:
    """Proves: columns with the same cost have different colours where their rows differ, and the other way round.
    Broken: the third column has the colour of the first two, or each has its own."""
    form = make_form(
        [[1.0, 0.0, 0.0, 2.0], [0.0, 1.0, 0.0, 2.0], [0.0, 0.0, 3.0, 2.0]],
        [1.0, 1.0, 1.0, 5.0],
        row_lower=[0.0] * 3,
        row_upper=[4.0] * 3,
        column_lower=[0.0] * 4,
        column_upper=[9.0] * 4,
    )
    nothing = np.zeros(4, dtype=np.bool_)
    found = colours(form, nothing)
    assert found is not None
    column, row = found
    assert column.tolist() == [0, 0, 1, 2]
    assert row.tolist() == [0, 0, 1]
    found = colours(form, np.array([True, False, False, False]))
    assert found is not None
    column, row = found
    assert column.tolist() == [0, 1, 2, 3]
    assert row.tolist() == [0, 1, 2]
    assert colours(form, nothing, most=2) is None
