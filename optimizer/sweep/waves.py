"""The order in which points are solved, and which plans a point is given to begin with (docs/figures_sweep.md, 21).

Coarse before fine, in waves: what one wave finds, the next begins with. All of it depends on the points alone, never on
how many processes there are or which is quicker.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TypeVar

from optimizer.instance.whole_plan import Trail, WholePlan
from optimizer.sweep.vary import Point

FIRST_WAVE, LARGEST_WAVE = 4, 64
MOST_CANDIDATES, FAR = 6, 2.5
"""How many plans a point gets at most, and how many times as far as the nearest other point the last of them may be
from: of 225 points of a map four took a plan from further away, and it cost 0.1 s to price each of those."""

T = TypeVar("T")


def reversed_bits(index: int, count: int) -> int:
    """The bits of ``index`` the other way round, within the smallest power of two that is at least ``count``."""
    width = max(0, count - 1).bit_length()
    return int(f"{index:0{width}b}"[::-1], 2) if width else 0


def ordered(points: Sequence[Point]) -> list[Point]:
    """Points in the order in which they are solved.

    Those with a place go by the sum of the reversed ranks of their directions, then by number: the ends and the middle
    first. Others keep their order.
    """
    if not points or not all(point.place for point in points):
        return list(points)
    levels = [sorted({point.place[d] for point in points}) for d in range(len(points[0].place))]
    rank = [{place: reversed_bits(i, len(each)) for i, place in enumerate(each)} for each in levels]
    return sorted(points, key=lambda p: (sum(rank[d][place] for d, place in enumerate(p.place)), p.number))


def waves(points: Sequence[T]) -> Iterator[Sequence[T]]:
    """Points by wave: 4, 8, 16, 32, then 64 each."""
    begin, size = 0, FIRST_WAVE
    while begin < len(points):
        yield points[begin : begin + size]
        begin, size = begin + size, min(2 * size, LARGEST_WAVE)


def candidates(point: Point, known: Sequence[tuple[Point, WholePlan, Trail]]) -> dict[WholePlan, Trail]:
    """Plans of points that were solved in earlier waves, nearest first, each with its trail at the nearest of them.

    How choices were split, what splits told, and where programs begin, is told of the nearest plan alone.
    """
    near = sorted(
        (entry for entry in known if entry[0].overlay == point.overlay),
        key=lambda entry: (_distance(point, entry[0]), entry[0].number),
    )
    distances = [_distance(point, other) for other, _, _ in near]
    far = FAR * min((distance for distance in distances if distance > 0), default=math.inf)
    found: dict[WholePlan, Trail] = {}
    for (_, plan, trail), distance in zip(near, distances, strict=True):
        if len(found) == MOST_CANDIDATES or distance > far:
            break
        found.setdefault(plan, trail if not found else trail._replace(splits=(), starts=(), scores=()))
    return found


def _distance(one: Point, other: Point) -> float:
    if len(one.place) != len(other.place):
        return math.inf
    return math.dist(one.place, other.place)
