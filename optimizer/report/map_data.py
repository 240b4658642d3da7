"""What a strategy map shows: points, regions, borders and today's values, and the finding in words and numbers.

Plain data, so that whoever has solved the points fills it in. Not here: how it is drawn (`strategy_map`, `text_map`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from optimizer.errors import CallError
from optimizer.report.axis_words import Axis, clean
from optimizer.report.draw import listed
from optimizer.report.map_geometry import Place, Segment, Spot, Tiles, zero_lines

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
"""By the number of a region; any further region is a #."""

INFEASIBLE, UNANSWERED = "infeasible", "no answer"

ABOUT = 3
"""Significant digits of where a region ends: it is only known between two points."""

LEAST_GAIN_USD_M = 0.05
"""A plan worth no more than this above the status quo is worth the same in every table for people."""


@dataclass(frozen=True)
class MapPoint:
    """A point that was solved. ``region`` is None without a plan.

    ``closed``: proved within its gap. ``refined``: not of the grid, but put between two of its points. The figures are
    USD m and None where there are none; ``bound_usd_m`` says what no plan is worth more than.
    """

    number: int
    x: float
    y: float
    region: int | None
    closed: bool = True
    infeasible: bool = False
    refined: bool = False
    value_usd_m: float | None = None
    bound_usd_m: float | None = None
    status_quo_usd_m: float | None = None
    all_mining_usd_m: float | None = None
    all_hosting_usd_m: float | None = None


@dataclass(frozen=True)
class MapRegion:
    """A region: what it is called (mine, host, both, wind down) and what it signs and builds."""

    number: int
    called: str
    words: str

    @property
    def letter(self) -> str:
        """One character for it."""
        return LETTERS[self.number - 1] if self.number <= len(LETTERS) else "#"

    @property
    def label(self) -> str:
        """``both (cloud 3 halls at west)``."""
        return clean(f"{self.called} ({clean(self.words, 300)})", 400)


@dataclass(frozen=True)
class MapBorder:
    """Where the regions of two neighbours of the grid (by number) meet, along the direction in which they differ."""

    first: int
    second: int
    at: float


@dataclass(frozen=True)
class StrategyMap:
    """All of it. ``today``: the case's own values, None where they are not on these axes."""

    case_name: str
    x: Axis
    y: Axis
    points: tuple[MapPoint, ...]
    regions: tuple[MapRegion, ...]
    borders: tuple[MapBorder, ...] = ()
    today: Spot | None = None
    unsolved: int = 0
    """Points of the grid that the sweep had not solved when it was ended."""

    @cached_property
    def grid(self) -> Mapping[Place, MapPoint]:
        """The points of the grid by place. CallError for less than two values along a direction."""
        own = [point for point in self.points if not point.refined]
        xs, ys = self.xs, self.ys
        if len(xs) < 2 or len(ys) < 2:
            raise CallError("a strategy map needs at least two values along each of its two directions")
        return {(xs.index(point.x), ys.index(point.y)): point for point in own}

    @cached_property
    def xs(self) -> tuple[float, ...]:
        """Values of the first direction, ascending."""
        return tuple(sorted({point.x for point in self.points if not point.refined}))

    @cached_property
    def ys(self) -> tuple[float, ...]:
        """Values of the second direction, ascending."""
        return tuple(sorted({point.y for point in self.points if not point.refined}))

    @cached_property
    def tiles(self) -> Tiles:
        """The areas of the points; labels are numbers of regions, or why there is none."""
        grid = self.grid
        labels: dict[Place, object] = {
            (i, j): _label(grid.get((i, j))) for i in range(len(self.xs)) for j in range(len(self.ys))
        }
        places = {point.number: place for place, point in grid.items()}
        met: dict[tuple[Place, int], list[float]] = {}
        for border in self.borders:
            low, high = sorted((places[border.first], places[border.second]))
            met.setdefault((low, 0 if low[0] != high[0] else 1), []).append(border.at)
        # Two borders on one way enclose a region that no point of the grid has; its own points show it.
        return Tiles(self.xs, self.ys, labels, {edge: sum(at) / len(at) for edge, at in met.items()})

    @cached_property
    def counts(self) -> Mapping[int, int]:
        """Points of the grid by region."""
        found = {region.number: 0 for region in self.regions}
        for point in self.grid.values():
            if point.region is not None:
                found[point.region] += 1
        return found

    def region(self, number: int) -> MapRegion:
        """A region by its number."""
        return next(region for region in self.regions if region.number == number)

    def status_quo_line(self) -> list[Segment]:
        """Where the plan begins to be worth more than going on as it is, by more than is open of its proof."""
        field = {}
        for place, point in self.grid.items():
            if point.value_usd_m is not None and point.status_quo_usd_m is not None:
                unproved = 0.0 if point.bound_usd_m is None else point.bound_usd_m - point.value_usd_m
                field[place] = point.value_usd_m - point.status_quo_usd_m - max(unproved, LEAST_GAIN_USD_M)
        return zero_lines(self.xs, self.ys, field)

    def mining_hosting_line(self) -> list[Segment]:
        """Where all mining is worth as much as all hosting."""
        field = {
            place: point.all_mining_usd_m - point.all_hosting_usd_m
            for place, point in self.grid.items()
            if point.all_mining_usd_m is not None and point.all_hosting_usd_m is not None
        }
        return zero_lines(self.xs, self.ys, field)

    def finding(self) -> tuple[str, str]:
        """The title and a second line: which region holds at today's values, and where it ends along each axis."""
        held = [number for number, count in self.counts.items() if count]
        if self.unsolved:
            # Where points are missing, a region may seem to reach as far as the next one that is there.
            solved = f"{len(self.grid)} of {len(self.grid) + self.unsolved}"
            return f"Ended early: {solved} points of the grid are solved", self._shares(held)
        label = None if self.today is None else self.tiles.label_at(self.today)
        if self.today is None or label is None or label == UNANSWERED:
            return self._without_today(held)
        if label == INFEASIBLE:
            return "At today's values no plan meets all demands", self._shares(held)
        assert isinstance(label, int)
        region = self.region(label)
        answered = sum(self.counts.values())
        if held == [label] and answered == len(self.grid):
            return f"The same choice everywhere: {region.label}", f"{self._whole()}: all {answered} points"
        spans = listed(
            _span(axis, self.tiles.extent(self.today, at), values)
            for at, (axis, values) in enumerate(((self.x, self.xs), (self.y, self.ys)))
        )
        return f"At today's values: {region.label}", f"Holds {spans} (each alone)"

    def _without_today(self, held: list[int]) -> tuple[str, str]:
        if not held:
            return "No point has a plan", self._whole()
        first = max(held, key=lambda number: (self.counts[number], -number))
        title = f"At {self.counts[first]} of {len(self.grid)} points: {self.region(first).label}"
        if len(held) == 1 and self.counts[first] == len(self.grid):
            title = f"The same choice everywhere: {self.region(first).label}"
        return title, f"{self._shares(held)} (today's values are not on this map)"

    def _shares(self, held: list[int]) -> str:
        said = listed(f"{self.region(number).letter} {self.counts[number]}" for number in held)
        return f"Points by region: {said}" if held else "No point has a plan"

    def _whole(self) -> str:
        ends = ((self.x, self.xs), (self.y, self.ys))
        return listed(f"{axis.name} {axis.text(v[0])} to {axis.text(v[-1])}" for axis, v in ends)


def _label(point: MapPoint | None) -> object:
    if point is None:
        return UNANSWERED
    if point.region is not None:
        return point.region
    return INFEASIBLE if point.infeasible else UNANSWERED


def _span(axis: Axis, extent: tuple[float, float] | None, values: tuple[float, ...]) -> str:
    assert extent is not None
    room = 1e-6 * (values[-1] - values[0])
    opens, closes = extent[0] > values[0] + room, extent[1] < values[-1] - room
    low, high = axis.text(extent[0], ABOUT), axis.text(extent[1], ABOUT)
    if opens and closes:
        return f"for {axis.name} from about {low} to {high}"
    if closes:
        return f"for {axis.name} up to about {high}"
    if opens:
        return f"for {axis.name} from about {low} up"
    return f"for all {axis.name} shown"
