"""Refinement: which middles are asked for, where borders end up, and what is proved again."""

from __future__ import annotations

import pytest

from optimizer.sweep.refine import Refined, borders, middle, next_to_border, prove, refine, start, to_prove
from optimizer.sweep.regions import grid_of
from optimizer.sweep.vary import Point
from tests.sweep.fakes import Answer, Solver, grid_points, sign, swept


def begun(solver: Solver, xs: list[float], ys: list[float]) -> Refined:
    points = solver(grid_points(xs, ys))
    solver.asked.clear()
    grid = grid_of(points)
    assert grid is not None
    return start(grid, points)


def left_of(edge: float) -> Solver:
    """Leases left of an edge along the first direction."""
    return Solver(lambda x, y: sign(3) if x < edge else ())


def test_a_middle_moves_every_place_and_is_rounded_like_all_values() -> None:
    """Without rounding to 12 digits, 0.1 and 0.2 give 0.15000000000000002."""
    one = Point(1, (0.1, 5.0), {"a": 0.1, "linked": 1.0, "b": 5.0}, "low.yaml", (0.0, 0.5))
    other = Point(2, (0.2, 5.0), {"a": 0.2, "linked": 4.0, "b": 5.0}, "low.yaml", (1.0, 0.5))
    assert middle(one, other, 9) == Point(9, (0.15, 5.0), {"a": 0.15, "linked": 2.5, "b": 5.0}, "low.yaml", (0.5, 0.5))


@pytest.mark.parametrize(
    ("low", "high", "found"), [(1, 2, None), (2, 1, None), (1, 3, 2), (1, 4, 2), (4, 1, 2), (-4, -1, -3), (2, 2, None)]
)
def test_whole_places_are_never_split_below_one(low: int, high: int, found: int | None) -> None:
    """Split like any number, 1 and 2 would ask the case for 1.5 halls."""
    one = Point(1, (float(low),), {"halls": float(low)}, None, (0.0,))
    other = Point(2, (float(high),), {"halls": float(high)}, None, (1.0,))
    made = middle(one, other, 3, {"halls"})
    assert (None if made is None else (made.values, made.overrides)) == (
        None if found is None else ((float(found),), {"halls": float(found)})
    )


def test_what_is_linked_to_a_whole_place_goes_as_far_as_it_does() -> None:
    one = Point(1, (10.0,), {"share": 10.0, "halls": 1.0}, None, (0.0,))
    other = Point(2, (40.0,), {"share": 40.0, "halls": 4.0}, None, (1.0,))
    made = middle(one, other, 3, {"halls"})
    assert made is not None
    assert (made.values, made.overrides, made.place) == ((20.0,), {"share": 20.0, "halls": 2.0}, (0.333333333333,))


def test_points_of_different_cases_have_no_middle() -> None:
    with pytest.raises(ValueError, match="do not set the same places"):
        middle(Point(1, (1.0,), {"a": 1.0}), Point(2, (2.0,), {"b": 2.0}), 3)
    with pytest.raises(ValueError, match="do not set the same places"):
        middle(Point(1, (1.0,), {"a": 1.0}), Point(2, (2.0,), {"a": 2.0}, "low.yaml"), 3)


def test_rounds_halve_where_the_choice_changes_and_nowhere_else() -> None:
    """The edge at 1.3 is between 1 and 2: first 1.5, then 1.25; the border is half-way between 1.25 and 1.5."""
    solver = left_of(1.3)
    done = refine(begun(solver, [0, 1, 2], [0, 1]), solver, rounds=2, last_number=6)
    asked = [[(p.number, p.values) for p in each] for each in solver.asked]
    assert asked == [[(7, (1.5, 0)), (8, (1.5, 1))], [(9, (1.25, 0)), (10, (1.25, 1))]]
    assert [(b.neighbours, b.between, b.axis, b.at, b.low, b.high) for b in borders(done)] == [
        ((3, 5), (9, 7), 0, 1.375, 0, 0.5),
        ((4, 6), (10, 8), 0, 1.375, 0.5, 1),
    ]
    assert borders(done)[1].segment == ((1.375, 0.5), (1.375, 1))


def test_a_border_along_the_second_direction_lies_across_it() -> None:
    solver = Solver(lambda x, y: sign(3) if y < 0.6 else ())
    done = refine(begun(solver, [0, 1], [0, 1]), solver, rounds=1, last_number=4)
    assert [b.segment for b in borders(done)] == [((0, 0.75), (0.5, 0.75)), ((0.5, 0.75), (1, 0.75))]


def test_without_rounds_the_border_is_half_way_between_neighbours() -> None:
    solver = left_of(1.3)
    done = refine(begun(solver, [0, 1, 2], [0]), solver, rounds=0, last_number=3)
    assert solver.asked == []
    assert [b.at for b in borders(done)] == [1.5]


def test_a_third_region_in_the_middle_has_a_border_on_either_side() -> None:
    """Following one half alone would lose one of its two borders."""
    solver = Solver(lambda x, y: sign(1) if x < 0.4 else sign(2) if x < 0.8 else sign(3))
    done = refine(begun(solver, [0, 1], [0]), solver, rounds=2, last_number=2)
    assert [[p.values[0] for p in each] for each in solver.asked] == [[0.5], [0.25, 0.75]]
    assert [b.at for b in borders(done)] == [0.375, 0.875]


@pytest.mark.parametrize("status", ["infeasible", "no plan"])
def test_nothing_is_halved_towards_a_point_without_a_plan(status: str) -> None:
    def rule(x: float, y: float) -> Answer:
        return sign(3) if x < 1 else status if x < 3 else ()

    solver = Solver(rule)
    done = refine(begun(solver, [0, 1, 3], [0]), solver, rounds=2, last_number=3)
    assert solver.asked == []
    assert borders(done) == ()

    solver = Solver(rule)
    done = refine(begun(solver, [0, 4], [0]), solver, rounds=3, last_number=2)
    assert [[p.values[0] for p in each] for each in solver.asked] == [[2.0]]
    assert [(b.between, b.at) for b in borders(done)] == [((1, 2), 2.0)]


def test_a_round_that_was_stopped_is_the_last() -> None:
    """Numbers of what was not finished stay free, and what was finished counts."""
    solver = left_of(1.3)
    grid = begun(solver, [0, 1, 2], [0, 1])
    done = refine(grid, lambda points: solver(points)[:1], rounds=2, last_number=6)
    assert len(solver.asked) == 1
    assert sorted(done.known) == [1, 2, 3, 4, 5, 6, 7]
    assert [b.at for b in borders(done)] == [1.25, 1.5]


def test_what_is_next_to_a_border_is_proved_again() -> None:
    """Points 1 and 2 are far from it; of the pair that was halved all three are next to one at some time."""
    solver = left_of(1.3)
    solver.figure["gap"] = 0.01
    done = refine(begun(solver, [0, 1, 2], [0]), solver, rounds=2, last_number=3)
    assert next_to_border(done) == (2, 3, 4, 5)
    assert [p.number for p in to_prove(done, 0.001)] == [2, 3, 4, 5]
    assert to_prove(done, 0.01) == ()


def test_proving_goes_on_where_a_better_plan_moves_the_border_and_asks_each_point_once() -> None:
    """Point 2 turns out to be mine as well: the border moves to 1 and 2, so that 1 is proved too; 3 is not again."""
    solver = Solver(lambda x, y: sign(3) if x < 2 else (), gap=0.01)
    grid = begun(solver, [0, 1, 2, 3], [0])
    closer = Solver(lambda x, y: sign(3) if x < 1 else (), gap=0.005)
    done = prove(grid, 0.001, closer)
    assert [[p.number for p in each] for each in closer.asked] == [[2, 3], [1]]
    assert [b.neighbours for b in borders(done)] == [(1, 2)]


def test_a_point_that_fails_when_proved_keeps_its_plan() -> None:
    solver = left_of(1.0)
    solver.figure["gap"] = 0.01
    done = prove(begun(solver, [0, 2], [0]), 0.001, lambda points: [swept(p, "failed") for p in points])
    assert [b.at for b in borders(done)] == [1.0]
