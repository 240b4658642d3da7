"""Waves: coarse before fine, the same order whatever runs, and the nearest plans to begin with."""

from __future__ import annotations

import pytest

from optimizer.instance.whole_plan import Trail
from optimizer.sweep.vary import Point
from optimizer.sweep.waves import MOST_CANDIDATES, candidates, ordered, reversed_bits, waves
from tests.sweep.fakes import grid_points, sign


def trail(value: int) -> Trail:
    return Trail((("drawn[0]", value),), (None,))


def test_reversed_bits() -> None:
    """Proves: bits turned round within 3 of them for 5 to 8 places. Broken: 1 becomes 1, or 8 of 5 places."""
    assert [reversed_bits(i, 8) for i in range(8)] == [0, 4, 2, 6, 1, 5, 3, 7]
    assert [reversed_bits(i, 5) for i in range(5)] == [0, 4, 2, 6, 1]
    assert [reversed_bits(i, 1) for i in range(1)] == [0]


def test_a_line_goes_from_coarse_to_fine() -> None:
    """Proves: the first, the middle, the quarters. Broken: 1, 2, 3, ..."""
    points = [Point(n + 1, (float(n),), {}, place=(n / 7,)) for n in range(8)]
    assert [point.number for point in ordered(points)] == [1, 5, 3, 7, 2, 6, 4, 8]


def test_a_grid_goes_by_the_sum_of_its_ranks_then_by_number() -> None:
    """Proves: of a 2 x 4 grid the ranks 0, 1 and 0, 2, 1, 3 are added. Broken: 1, 2, 3, ..., or point 3 before 2 and 5
    out of its place."""
    points = grid_points([0, 1], [0, 1, 2, 3])
    # Sums by number: 0, 2, 1, 3 and 1, 3, 2, 4.
    assert [point.number for point in ordered(points)] == [1, 3, 5, 2, 7, 4, 6, 8]
    assert ordered(list(reversed(points))) == ordered(points)


def test_points_without_a_place_keep_their_order() -> None:
    """Proves: no order is made up for points that have none. Broken: sorted by number."""
    points = [Point(n, (), {}) for n in (3, 1, 2)]
    assert ordered(points) == points


def test_waves_grow_to_64() -> None:
    """Proves: 4, 8, 16, 32, 64, 64, ... with nothing lost. Broken: a wave of 128."""
    assert [len(wave) for wave in waves(range(300))] == [4, 8, 16, 32, 64, 64, 64, 48]
    assert [each for wave in waves(range(300)) for each in wave] == list(range(300))
    assert list(waves([])) == []


def test_nearest_plans_come_first_each_once() -> None:
    """Proves: by distance, then by number; equal plans once; other cases' not at all. Broken: another order, sign(3)
    twice, or sign(9)."""
    here = Point(9, (), {}, place=(0.5, 0.5))
    known = [
        (Point(1, (), {}, place=(0.2, 0.5)), sign(1), trail(1)),
        (Point(2, (), {}, place=(0.5, 0.75)), sign(2), trail(2)),
        (Point(3, (), {}, place=(0.5, 0.25)), sign(3), trail(3)),
        (Point(4, (), {}, place=(0.5, 0.35)), sign(3), trail(4)),
        (Point(5, (), {}, "bear.yaml", place=(0.5, 0.5)), sign(9), trail(5)),
        (Point(6, (), {}), sign(6), trail(6)),
    ]
    assert tuple(candidates(here, known)) == (sign(3), sign(2), sign(1))
    assert tuple(candidates(Point(7, (), {}, "bear.yaml", place=(0.0, 0.0)), known)) == (sign(9),)


def test_rules_are_those_of_the_nearest_point() -> None:
    """Proves: of a plan found at several points, what followed from it at the nearest one. Broken: rules of point 3,
    which was solved first."""
    here = Point(9, (), {}, place=(0.5,))
    known = [(Point(3, (), {}, place=(0.0,)), sign(3), trail(3)), (Point(4, (), {}, place=(0.4,)), sign(3), trail(4))]
    assert candidates(here, known) == {sign(3): trail(4)}


def test_splits_are_told_of_the_nearest_plan_alone() -> None:
    """Proves: one tree to begin with, not twelve that are sent about and never used. Broken: (None,) of sign(2)."""
    here = Point(9, (), {}, place=(0.5,))
    known = [(Point(n, (), {}, place=(0.5 + n / 10,)), sign(n), trail(n)) for n in (1, 2)]
    assert [each.splits for each in candidates(here, known).values()] == [(None,), ()]


@pytest.mark.parametrize("count", [3, 40])
def test_no_more_than_six_candidates(count: int) -> None:
    """Proves: the nearest 6 of 40. Broken: 40 plans to price at every point."""
    known = [(Point(n, (), {}, place=(1 + n / 100,)), sign(n), trail(n)) for n in range(1, count + 1)]
    found = candidates(Point(99, (), {}, place=(0.0,)), known)
    assert tuple(found) == tuple(sign(n) for n in range(1, min(count, MOST_CANDIDATES) + 1))


def test_plans_from_far_away_are_left_out() -> None:
    """Proves: with the nearest other point at 0.1 a plan from 0.24 is tried and one from 0.26 is not, also where the
    point itself was solved before (then its own plan comes first); where nothing has a place all are near. Broken: a
    program for each plan of the map at each point, or, with the point's own plan at hand, no other plan at a border."""
    known = [(Point(n, (), {}, place=(x,)), sign(n), trail(n)) for n, x in ((1, 0.1), (2, 0.24), (3, 0.26))]
    here = Point(9, (), {}, place=(0.0,))
    assert tuple(candidates(here, known)) == (sign(1), sign(2))
    assert tuple(candidates(here, [(here, sign(9), trail(9)), *known])) == (sign(9), sign(1), sign(2))
    assert len(candidates(Point(8, (), {}), known)) == 3
