"""Regions: what counts as the same choice, how they are numbered and called, and who is whose neighbour."""

from __future__ import annotations

import pytest

from optimizer.instance.whole_plan import WholePlan
from optimizer.sweep.regions import called, grid_of, key_of, region_key, region_words, regions_of
from optimizer.sweep.vary import Point
from tests.sweep.fakes import grid_points, sign, swept

CONTRACT = sign(1, "ppa", kind="contract")
BUILD = sign(1, "hall_2", kind="build")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (sign(3), sign(3, date="2028-01"), True),
        (sign(3), sign(2), False),
        (sign(3), sign(3, site="north"), False),
        (sign(3), (*CONTRACT, *sign(3)), False),
        (BUILD, sign(1, "hall_2", date="2030-01", kind="build"), True),
        (BUILD, (), False),
        ((*sign(1), *sign(2, date="2027-07")), sign(3), True),
    ],
)
def test_only_what_is_signed_and_built_makes_a_region(one: WholePlan, other: WholePlan, same: bool) -> None:
    """Dates do not: with them in the key the first pair would be two regions; halls of two dates are added up."""
    assert (region_key(one) == region_key(other)) is same


def test_regions_are_numbered_by_their_first_point_in_whatever_order_points_come() -> None:
    """Numbered as points come, the plan without a signature would be region 1."""
    points = [swept(3), swept(1, sign(3)), swept(4, sign(3)), swept(2, "infeasible"), swept(5, sign(2))]
    found = regions_of(points)
    assert [(r.number, r.points, r.words) for r in found.all] == [
        (1, (1, 4), "lease 3 halls at west"),
        (2, (3,), "nothing signed"),
        (3, (5,), "lease 2 halls at west"),
    ]
    assert found.by_point[4].number == 1
    assert 2 not in found.by_point


def test_words() -> None:
    assert region_words(()) == "nothing signed"
    assert region_words(region_key(BUILD)) == "nothing signed, build hall_2 at west"
    assert region_words(region_key((*CONTRACT, *sign(1)))) == "lease 1 hall at west, contract ppa at west"
    assert region_words(region_key((*BUILD, *sign(1, "hall_2", date="2031-01", kind="build"), *CONTRACT))) == (
        "contract ppa at west, build hall_2 at west x2"
    )


@pytest.mark.parametrize(
    ("plan", "mines", "word"),
    [((), True, "mine"), ((), False, "wind down"), (sign(3), True, "both"), (sign(3), False, "host"),
     (CONTRACT, True, "mine"), (BUILD, False, "wind down")],
)  # fmt: skip
def test_what_a_region_is_called(plan: WholePlan, mines: bool, word: str) -> None:
    """A power contract or a build is no hosting: taken for it, the fifth would be called both."""
    assert called(region_key(plan), mines) == word
    assert regions_of([swept(1, plan, mines=mines)]).all[0].called == word


def test_a_region_whose_points_end_differently_says_both_words() -> None:
    points = [swept(1, sign(3), mines=False), swept(2, sign(3)), swept(3, sign(3))]
    assert regions_of(points).all[0].called == "both or host"


def test_a_point_without_a_plan_has_no_region() -> None:
    assert key_of(None) is None
    assert key_of(swept(1, "infeasible")) is None
    assert key_of(swept(1)) == ()


def test_neighbours_of_a_grid_are_beside_each_other_by_value() -> None:
    """Values asked for as 3, 1, 2: in the order of asking, 3 and 1 would be taken for neighbours."""
    grid = grid_of([swept(p) for p in grid_points([3, 1, 2], [0, 1])])
    assert grid is not None
    assert grid.values == ((1, 2, 3), (0, 1))
    assert grid.numbers == ((3, 4), (5, 6), (1, 2))
    assert grid.neighbours() == [(1, 2, 1), (1, 5, 0), (2, 6, 0), (3, 4, 1), (3, 5, 0), (4, 6, 0), (5, 6, 1)]


def test_a_grid_that_was_not_finished_has_holes() -> None:
    points = grid_points([1, 2], [1, 2])
    grid = grid_of([swept(p) for p in points if p.number != 2])
    assert grid is not None
    assert grid.numbers == ((1, None), (3, 4))
    assert grid.neighbours() == [(1, 3, 0), (3, 4, 1)]


def test_points_that_are_no_grid_of_two_directions() -> None:
    assert grid_of([]) is None
    assert grid_of([swept(Point(1, (1.0,), {}))]) is None
    assert grid_of([swept(Point(1, ("low.yaml", 1.0), {}))]) is None
    assert grid_of([swept(Point(1, (1.0, 2.0, 3.0), {}))]) is None
