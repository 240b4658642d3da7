"""Areas and lines of the map: no gaps, no overlaps, borders where they were found, zero lines where fields are zero."""

from __future__ import annotations

import math
import random

import pytest

from optimizer.report.map_geometry import Place, Spot, Tiles, crossings, hatch, zero_lines


def size(outline: tuple[Spot, ...]) -> float:
    ends = zip(outline, [*outline[1:], *outline[:1]], strict=True)
    return math.fsum(a[0] * b[1] - b[0] * a[1] for a, b in ends) / 2


def random_tiles(seed: int) -> Tiles:
    chance = random.Random(seed)
    xs = tuple(sorted(chance.uniform(0, 10) for _ in range(chance.randint(2, 6))))
    ys = tuple(sorted(chance.uniform(-3, 3) for _ in range(chance.randint(2, 6))))
    labels: dict[Place, object] = {(i, j): chance.randint(1, 3) for i in range(len(xs)) for j in range(len(ys))}
    marks: dict[tuple[Place, int], float] = {}
    for i, j in labels:
        if i + 1 < len(xs) and labels[i, j] != labels[i + 1, j]:
            marks[(i, j), 0] = chance.uniform(xs[i], xs[i + 1])
        if j + 1 < len(ys) and labels[i, j] != labels[i, j + 1]:
            marks[(i, j), 1] = chance.uniform(ys[j], ys[j + 1])
    return Tiles(xs, ys, labels, marks)


@pytest.mark.parametrize("seed", range(40))
def test_areas_fill_the_picture_and_do_not_overlap(seed: int) -> None:
    """Cells drawn as rectangles with moved sides would leave gaps at corners: less than the whole, or spots in none."""
    tiles = random_tiles(seed)
    sizes = [size(tiles.area(place)) for place in tiles.labels]
    assert min(sizes) > 0
    assert math.fsum(sizes) == pytest.approx((tiles.xs[-1] - tiles.xs[0]) * (tiles.ys[-1] - tiles.ys[0]), rel=1e-12)
    chance = random.Random(seed)
    for _ in range(30):
        x, y = chance.uniform(tiles.xs[0], tiles.xs[-1]), chance.uniform(tiles.ys[0], tiles.ys[-1])
        held = [p for p in tiles.labels if any(a <= x < b for a, b in crossings(tiles.area(p), y))]
        assert len(held) == 1
        assert tiles.place_at((x, y)) == held[0]


def test_every_point_of_the_grid_lies_in_its_own_area() -> None:
    tiles = random_tiles(3)
    for place in tiles.labels:
        assert tiles.label_at(tiles.spot(place)) == tiles.labels[place]


STRAIGHT = Tiles((0, 1, 2), (0, 1), {(i, j): 2 if i < 1 else 1 for i in range(3) for j in range(2)},
                 {((0, 0), 0): 0.25, ((0, 1), 0): 0.75})  # fmt: skip


def test_a_border_goes_straight_between_where_it_was_found() -> None:
    """Ended half-way, it would stand at 0.5 on both rows."""
    lines = STRAIGHT.borders(lambda one, other: True)
    assert sorted(lines) == [((0.25, 0), (0.5, 0.5)), ((0.75, 1), (0.5, 0.5))]
    assert STRAIGHT.borders(lambda one, other: False) == []


@pytest.mark.parametrize(("y", "end"), [(0, 0.25), (0.5, 0.5), (1, 0.75)])
def test_how_far_a_region_reaches(y: float, end: float) -> None:
    """On the rim too, where a line through corners alone would find nothing."""
    assert STRAIGHT.extent((0.1, y), 0) == pytest.approx((0, end), abs=1e-6)
    assert STRAIGHT.extent((1.5, y), 0) == pytest.approx((end, 2), abs=1e-6)
    assert STRAIGHT.extent((1.5, y), 1) == pytest.approx((0, 1), abs=1e-6)


def test_a_spot_on_a_border_has_reach_both_ways() -> None:
    """Proves: on the border at x = 1.5 a region is found along both directions; without a look beside the border a line
    along it belongs to the other side, and there is none."""
    tiles = Tiles((0, 1, 2), (0, 1), {(i, j): 1 if i < 2 else 2 for i in range(3) for j in range(2)}, {})
    for spot in ((1.5, 0.5), (1.5, 0.0), (1.5, 1.0)):
        assert tiles.label_at(spot) == 1
        assert tiles.extent(spot, 0) == pytest.approx((0, 1.5), abs=1e-6)
        assert tiles.extent(spot, 1) == pytest.approx((0, 1), abs=1e-6)


def test_a_region_that_comes_again_ends_at_the_break() -> None:
    tiles = Tiles((0, 1, 2, 3), (0, 1), {(i, j): (1, 2, 1, 1)[i] for i in range(4) for j in range(2)}, {})
    assert tiles.extent((0.2, 0.5), 0) == pytest.approx((0, 0.5))
    assert tiles.extent((2.0, 0.5), 0) == pytest.approx((1.5, 3))


def test_pieces_of_a_region_that_comes_again() -> None:
    """Corners that only touch do not hang together."""
    labels = {(0, 0): 1, (0, 1): 2, (1, 0): 2, (1, 1): 1, (2, 0): 1, (2, 1): 1}
    assert Tiles((0, 1, 2), (0, 1), labels, {}).pieces() == [
        (1, [(0, 0)]), (2, [(0, 1)]), (2, [(1, 0)]), (1, [(1, 1), (2, 1), (2, 0)]),
    ]  # fmt: skip


def test_outside_there_is_nothing() -> None:
    assert STRAIGHT.place_at((-0.1, 0.5)) is None
    assert STRAIGHT.label_at((0.5, 1.01)) is None


def test_hatching_stays_inside_and_rises() -> None:
    outline = ((1.0, 1.0), (3.0, 1.0), (3.0, 2.0), (1.0, 2.0))
    lines = hatch(outline, ((0.0, 0.0), (4.0, 4.0)), 1.0, rules=20)
    assert len(lines) > 5
    for (x0, y0), (x1, y1) in lines:
        assert 1 - 1e-9 <= x0 <= x1 <= 3 + 1e-9
        assert 1 - 1e-9 <= y0 <= y1 <= 2 + 1e-9
        assert y1 - y0 == pytest.approx(x1 - x0)


def test_zero_lines_of_a_slope_are_exact() -> None:
    """x + 2 y = 1.5 on unequal steps."""
    xs, ys = (0.0, 0.5, 2.0), (0.0, 0.25, 1.0)
    field = {(i, j): x + 2 * y - 1.5 for i, x in enumerate(xs) for j, y in enumerate(ys)}
    lines = zero_lines(xs, ys, field)
    assert len(lines) == 3
    for line in lines:
        for x, y in line:
            assert x + 2 * y == pytest.approx(1.5)


def test_zero_lines_of_a_saddle_follow_the_mean() -> None:
    """Corners 3, -1, 3, -1: the mean is above zero, so each low corner is cut off by itself."""
    square = {(0, 0): 3.0, (1, 0): -1.0, (1, 1): 3.0, (0, 1): -1.0}
    assert zero_lines((0, 1), (0, 1), square) == [((0.75, 0), (1, 0.25)), ((0.25, 1), (0, 0.75))]
    turned = {place: -value for place, value in square.items()}
    assert zero_lines((0, 1), (0, 1), turned) == zero_lines((0, 1), (0, 1), square)
    low = {(0, 0): 1.0, (1, 0): -3.0, (1, 1): 1.0, (0, 1): -3.0}
    assert zero_lines((0, 1), (0, 1), low) == [((0, 0.25), (0.25, 0)), ((1, 0.75), (0.75, 1))]


def test_zero_lines_need_all_four_corners() -> None:
    assert zero_lines((0, 1), (0, 1), {(0, 0): 1.0, (1, 0): -1.0, (1, 1): 1.0}) == []
    assert zero_lines((0, 1), (0, 1), dict.fromkeys([(0, 0), (1, 0), (1, 1), (0, 1)], 0.0)) == []
