"""Borders between the regions of a grid, found by halving: new points between neighbours that choose differently.

The grid is finished before; the points it makes are solved by a function that is given. Everything follows from the
points alone, so a sweep that was stopped and goes on finds the same borders (docs/figures_sweep.md, section 23).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from optimizer.sweep.regions import Grid, key_of
from optimizer.sweep.vary import SIGNIFICANT_DIGITS, Point

if TYPE_CHECKING:
    from optimizer.sweep.campaign import Swept

Solve = Callable[[Sequence[Point]], Sequence["Swept"]]
"""Solves points; those that were not finished are left out."""


@dataclass(frozen=True)
class Line:
    """Two neighbours of the grid and the points put between them, in order. ``axis``: the direction, 0 or 1."""

    axis: int
    points: tuple[int, ...]

    @property
    def ends(self) -> tuple[int, int]:
        """The two neighbours."""
        return self.points[0], self.points[-1]


@dataclass(frozen=True)
class Refined:
    """A grid with what was solved between its points. ``known``: all points by number."""

    grid: Grid
    lines: tuple[Line, ...]
    known: Mapping[int, Swept]
    asked: frozenset[int] = field(default=frozenset())
    """Points that were proved again."""

    def differing(self, line: Line) -> Iterator[tuple[int, int]]:
        """Points side by side on a line that have plans of different regions; nothing unanswered lies between."""
        for first, second in pairwise(line.points):
            one, other = key_of(self.known.get(first)), key_of(self.known.get(second))
            if one is not None and other is not None and one != other:
                yield first, second


@dataclass(frozen=True)
class Border:
    """A piece of the border between two regions, straight across the line between two neighbours of the grid.

    ``at``: the middle of ``between``, the last two points that differ, along ``axis`` (0: the first direction).
    ``low`` and ``high``: where it begins and ends along the other direction, half-way to the next values of the grid.
    """

    neighbours: tuple[int, int]
    between: tuple[int, int]
    axis: int
    at: float
    low: float
    high: float

    @property
    def segment(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Both ends as (first direction, second direction)."""
        if self.axis == 0:
            return (self.at, self.low), (self.at, self.high)
        return (self.low, self.at), (self.high, self.at)


def start(grid: Grid, points: Iterable[Swept]) -> Refined:
    """The grid before anything was put between its points. ``points`` may be more than those of the grid."""
    known = {swept.point.number: swept for swept in points}
    return Refined(grid, tuple(Line(axis, (first, second)) for first, second, axis in grid.neighbours()), known)


def refine(
    refined: Refined, solve: Solve, *, rounds: int, last_number: int, whole: Collection[str] = frozenset()
) -> Refined:
    """Halve every pair that differs, ``rounds`` times; one call of ``solve`` a round, points in the order of the pairs.

    ``last_number``: the highest number given so far. ``whole``: the paths among the overrides that take whole numbers
    only; they are never split below 1. Where the middle is of a third region, both halves go on. Ends early where
    nothing is left to halve, or where not all points of a round were finished.
    """
    for _ in range(rounds):
        made: list[tuple[Line, int, Point]] = []
        for line in refined.lines:
            for first, second in refined.differing(line):
                number = last_number + len(made) + 1
                point = middle(refined.known[first].point, refined.known[second].point, number, whole)
                if point is not None:
                    made.append((line, first, point))
        if not made:
            break
        solved = {swept.point.number: swept for swept in solve([point for _, _, point in made])}
        last_number += len(made)
        refined = _with(refined, made, solved)
        if len(solved) < len(made):
            break
    return refined


def _with(refined: Refined, made: Iterable[tuple[Line, int, Point]], solved: Mapping[int, Swept]) -> Refined:
    """The lines with the points that were solved, each after the lower end of its pair."""
    after = {(line.ends, first): point.number for line, first, point in made if point.number in solved}
    lines = []
    for line in refined.lines:
        points: list[int] = []
        for number in line.points:
            points.append(number)
            if (line.ends, number) in after:
                points.append(after[line.ends, number])
        lines.append(replace(line, points=tuple(points)))
    return replace(refined, lines=tuple(lines), known={**refined.known, **solved})


def middle(first: Point, second: Point, number: int, whole: Collection[str] = frozenset()) -> Point | None:
    """The point half-way between two, every override by itself; None where there is none.

    A whole-number path goes to the whole number at or below its middle, and all else goes as far as it does. ValueError
    for points that are not of one grid.
    """
    if first.overrides.keys() != second.overrides.keys() or first.overlay != second.overlay:
        raise ValueError(f"points {first.number} and {second.number} do not set the same places")
    share = 0.5
    for path, start_at in first.overrides.items():
        end = second.overrides[path]
        if path in whole and start_at != end:
            low = min(start_at, end)
            stop = low + abs(end - start_at) // 2
            share = (stop - start_at) / (end - start_at)
            break
    overrides = {}
    for path, value in first.overrides.items():
        moved = _between(value, second.overrides[path], share)
        overrides[path] = float(round(moved)) if path in whole else moved
    if overrides in (dict(first.overrides), dict(second.overrides)):
        return None
    return Point(
        number=number,
        values=tuple(_value(one, other, share) for one, other in zip(first.values, second.values, strict=True)),
        overrides=overrides,
        overlay=first.overlay,
        place=tuple(_between(one, other, share) for one, other in zip(first.place, second.place, strict=True)),
    )


def _value(one: float | str, other: float | str, share: float) -> float | str:
    if isinstance(one, str) or isinstance(other, str):
        if one != other:
            raise ValueError(f"there is nothing between {one} and {other}")
        return one
    return _between(one, other, share)


def _between(one: float, other: float, share: float) -> float:
    """Exactly the end where both are the same, else rounded as all values of a sweep are."""
    if one == other:
        return one
    return float(f"{one + (other - one) * share:.{SIGNIFICANT_DIGITS}g}")


def borders(refined: Refined) -> tuple[Border, ...]:
    """Where regions meet, in the order of the pairs of neighbours. What has no plan has no border."""
    found = []
    for line in refined.lines:
        answered = [number for number in line.points if key_of(refined.known.get(number)) is not None]
        for first, second in pairwise(answered):
            if key_of(refined.known[first]) != key_of(refined.known[second]):
                found.append(_border(refined, line, first, second))
    return tuple(found)


def _border(refined: Refined, line: Line, first: int, second: int) -> Border:
    ends = [refined.known[number].point.values for number in (first, second)]
    at = _between(float(ends[0][line.axis]), float(ends[1][line.axis]), 0.5)
    across = refined.grid.values[1 - line.axis]
    here = across.index(float(ends[0][1 - line.axis]))
    low = (across[max(here - 1, 0)] + across[here]) / 2
    high = (across[here] + across[min(here + 1, len(across) - 1)]) / 2
    return Border(line.ends, (first, second), line.axis, at, low, high)


def next_to_border(refined: Refined) -> tuple[int, ...]:
    """Points of which a neighbour, or the other end of a pair that was halved, is of another region; ascending."""
    found: set[int] = set()
    for line in refined.lines:
        for first, second in (line.ends, *pairwise(line.points)):
            one, other = key_of(refined.known.get(first)), key_of(refined.known.get(second))
            if one is not None and other is not None and one != other:
                found |= {first, second}
    return tuple(sorted(found))


def to_prove(refined: Refined, gap: float) -> tuple[Point, ...]:
    """Points next to a border that are not proved to ``gap`` (relative) and were not tried again yet."""
    found = []
    for number in next_to_border(refined):
        swept = refined.known[number]
        if number not in refined.asked and swept.outcome.figures is not None and swept.outcome.figures.gap > gap:
            found.append(swept.point)
    return tuple(found)


def prove(refined: Refined, gap: float, solve: Solve) -> Refined:
    """Solve what is next to a border again, by ``solve``, which does so to ``gap``.

    A better plan may be of another region, which puts other points next to a border: until there are none, each point
    once. A point that has no plan the second time keeps its first.
    """
    while points := to_prove(refined, gap):
        solved = {swept.point.number: swept for swept in solve(points) if key_of(swept) is not None}
        asked = refined.asked | {point.number for point in points}
        refined = replace(refined, known={**refined.known, **solved}, asked=asked)
    return refined
