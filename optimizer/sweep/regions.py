"""Regions of a sweep: points whose plans make the same choices, and which points of a grid are neighbours.

The rules are those of docs/figures_sweep.md, section 23. Nothing is solved here, and nothing drawn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from optimizer.instance.whole_plan import WholePlan

if TYPE_CHECKING:
    from optimizer.sweep.campaign import Swept

RegionKey = tuple[tuple[str, str, str, int], ...]
"""(kind, name, site, how many over all dates), sorted; kind is sign, build or contract."""

NOTHING_SIGNED = "nothing signed"
MINE, HOST, BOTH, WIND_DOWN = "mine", "host", "both", "wind down"
KINDS = ("sign", "contract", "build")
"""Of whole numbers, in the order in which they are told."""


@dataclass(frozen=True)
class Region:
    """Points whose plans sign and build the same; ``number`` counts from 1.

    ``called``: mine, host, both or wind down. Two of them, joined by "or", those of more points first, where some
    points of the region still run machines at the end of the horizon and others do not.
    """

    number: int
    key: RegionKey
    words: str
    called: str
    points: tuple[int, ...]
    """Numbers of its points, ascending."""


@dataclass(frozen=True)
class Regions:
    """All regions in the order of their numbers, and the region of each point that has a plan."""

    all: tuple[Region, ...]
    by_point: Mapping[int, Region]


def region_key(plan: WholePlan) -> RegionKey:
    """What a plan signs and builds, dates left out."""
    amounts: dict[tuple[str, str, str], float] = defaultdict(float)
    for kind, name, site, _, amount in plan:
        amounts[kind, name, site] += amount
    return tuple((*what, round(amount)) for what, amount in sorted(amounts.items()) if round(amount))


def region_words(key: RegionKey) -> str:
    """``cloud 3 halls at west, contract ppa at west, build hall_2 at west``, or ``nothing signed``."""
    parts = [_words(*entry) for kind in KINDS for entry in key if entry[0] == kind]
    if not any(kind in ("sign", "contract") for kind, _, _, _ in key):
        parts.insert(0, NOTHING_SIGNED)
    return ", ".join(parts)


def _words(kind: str, name: str, site: str, count: int) -> str:
    at = f" at {site}" if site else ""
    if kind == "sign":
        return f"{name} {count} {'hall' if count == 1 else 'halls'}{at}"
    return f"{kind} {name}{at}" + (f" x{count}" if count > 1 else "")


def called(key: RegionKey, mines: bool) -> str:
    """What a point does in the end, in one word: ``mine``, ``host``, ``both`` or ``wind down``."""
    signs = any(kind == "sign" for kind, _, _, _ in key)
    if signs:
        return BOTH if mines else HOST
    return MINE if mines else WIND_DOWN


def called_words(called_so: str) -> str:
    """What a plan or a region is called, for people: ``both`` says less than ``mine and host``."""
    return called_so.replace(BOTH, f"{MINE} and {HOST}")


def key_of(swept: Swept | None) -> RegionKey | None:
    """The choices of a point's plan; None of a point that has no plan or is not there."""
    if swept is None or swept.outcome.plan is None or swept.outcome.figures is None:
        return None
    return region_key(swept.outcome.plan)


def regions_of(points: Iterable[Swept]) -> Regions:
    """The regions of all points that have a plan, numbered in the order of the least number of their points."""
    members: dict[RegionKey, list[Swept]] = defaultdict(list)
    for swept in sorted(points, key=lambda each: each.point.number):
        key = key_of(swept)
        if key is not None:
            members[key].append(swept)
    found = tuple(_region(number, key, each) for number, (key, each) in enumerate(members.items(), start=1))
    return Regions(found, {point: region for region in found for point in region.points})


def _region(number: int, key: RegionKey, members: Sequence[Swept]) -> Region:
    uses: dict[str, int] = defaultdict(int)
    for swept in members:
        assert swept.outcome.figures is not None
        uses[called(key, swept.outcome.figures.mines)] += 1
    words = " or ".join(sorted(uses, key=lambda use: -uses[use]))
    return Region(number, key, region_words(key), words, tuple(swept.point.number for swept in members))


@dataclass(frozen=True)
class Grid:
    """A grid of two directions with numbers: points by their place, values ascending.

    ``numbers``, shape (values of the first direction, values of the second): the point's number, None where the sweep
    was ended before it.
    """

    values: tuple[tuple[float, ...], tuple[float, ...]]
    numbers: tuple[tuple[int | None, ...], ...]

    def neighbours(self) -> list[tuple[int, int, int]]:
        """(lower number, higher number, direction in which they differ) of points side by side, in that order."""
        found = []
        for i, column in enumerate(self.numbers):
            for j, number in enumerate(column):
                beside = (self.at(i + 1, j), self.at(i, j + 1))
                found += [
                    (min(number, other), max(number, other), axis)
                    for axis, other in enumerate(beside)
                    if number is not None and other is not None
                ]
        return sorted(found)

    def at(self, i: int, j: int) -> int | None:
        """The point at a place, None outside of the grid."""
        if 0 <= i < len(self.numbers) and 0 <= j < len(self.values[1]):
            return self.numbers[i][j]
        return None


def grid_of(points: Iterable[Swept]) -> Grid | None:
    """The grid that these points make; None unless they vary in two directions with numbers.

    Values are put in ascending order, whatever order they were asked in; of points at one place the first is taken.
    """
    places: dict[tuple[float, float], int] = {}
    for swept in sorted(points, key=lambda each: each.point.number):
        values = swept.point.values
        if len(values) != 2 or isinstance(values[0], str) or isinstance(values[1], str):
            return None
        places.setdefault((float(values[0]), float(values[1])), swept.point.number)
    if not places:
        return None
    firsts, seconds = sorted({x for x, _ in places}), sorted({y for _, y in places})
    numbers = tuple(tuple(places.get((x, y)) for y in seconds) for x in firsts)
    return Grid((tuple(firsts), tuple(seconds)), numbers)
