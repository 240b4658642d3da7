"""The areas and lines of a strategy map, as numbers: which part of the picture belongs to which point of the grid.

Between neighbours of one region the area of a point ends half-way; between neighbours of different regions where the
border was found. Inside a square of four points these ends are joined by straight lines through one middle, so the
areas fill the picture without gaps and without overlaps. Nothing is drawn here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

Spot = tuple[float, float]
Place = tuple[int, int]
Segment = tuple[Spot, Spot]

_HAIR = 1e-9
"""Part of an axis by which a line on the rim of the picture is moved inside."""


@dataclass(frozen=True)
class Tiles:
    """A grid with values ``xs`` and ``ys`` (ascending, two or more each), a label a place, and border positions.

    ``marks``: the coordinate at which a border was found, by (place, direction): between that place and the next one
    along direction 0 (x) or 1 (y).
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    labels: Mapping[Place, object]
    marks: Mapping[tuple[Place, int], float]

    def spot(self, place: Place) -> Spot:
        """Coordinates of a place."""
        return self.xs[place[0]], self.ys[place[1]]

    def inside(self, place: Place) -> bool:
        """Whether the grid has this place."""
        return 0 <= place[0] < len(self.xs) and 0 <= place[1] < len(self.ys)

    def squares(self) -> list[Place]:
        """Every square, by its lower left place."""
        return [(i, j) for i in range(len(self.xs) - 1) for j in range(len(self.ys) - 1)]

    def mark(self, place: Place, axis: int) -> Spot:
        """Where the area of a place ends on its way to the next along a direction."""
        x, y = self.spot(place)
        if axis == 0:
            return self.marks.get((place, 0), (x + self.xs[place[0] + 1]) / 2), y
        return x, self.marks.get((place, 1), (y + self.ys[place[1] + 1]) / 2)

    def edges(self, square: Place) -> tuple[tuple[Place, int], ...]:
        """The four sides of a square: bottom, top, left, right."""
        i, j = square
        return ((i, j), 0), ((i, j + 1), 0), ((i, j), 1), ((i + 1, j), 1)

    def differs(self, place: Place, axis: int) -> bool:
        """Whether the next place along a direction has another label."""
        return self.labels.get(place) != self.labels.get(_next(place, axis))

    def middle(self, square: Place) -> Spot:
        """Where the ends on the four sides meet."""
        ends = [self.mark(*edge) for edge in self.edges(square) if self.differs(*edge)]
        if not ends:
            ends = [self.mark(*edge) for edge in self.edges(square)]
        return math.fsum(x for x, _ in ends) / len(ends), math.fsum(y for _, y in ends) / len(ends)

    def area(self, place: Place) -> tuple[Spot, ...]:
        """The outline of the area of one place, anticlockwise."""
        i, j = place
        around = (
            ((place, 0), (i, j), (i + 1, j)),
            ((place, 1), (i - 1, j), (i, j + 1)),
            (((i - 1, j), 0), (i - 1, j - 1), (i - 1, j)),
            (((i, j - 1), 1), (i, j - 1), (i, j - 1)),
        )
        found: list[Spot] = []
        for edge, square, beside in around:
            if self.inside(beside):
                found.append(self.mark(*edge))
            has_square = 0 <= square[0] < len(self.xs) - 1 and 0 <= square[1] < len(self.ys) - 1
            found.append(self.middle(square) if has_square else self.spot(place))
        return tuple(spot for at, spot in enumerate(found) if spot != found[at - 1])

    def pieces(self) -> list[tuple[object, list[Place]]]:
        """Places of one label that hang together, with the label, in the order of their first place."""
        left, found = set(self.labels), []
        for first, label in self.labels.items():
            if first in left:
                left.discard(first)
                piece = [first]
                for i, j in piece:
                    for place in ((i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)):
                        if place in left and self.labels[place] == label:
                            left.discard(place)
                            piece.append(place)
                found.append((label, piece))
        return found

    def borders(self, between: Callable[[object, object], bool]) -> list[Segment]:
        """Lines between areas of different labels for which ``between`` holds."""
        found = []
        for square in self.squares():
            for place, axis in self.edges(square):
                one, other = self.labels.get(place), self.labels.get(_next(place, axis))
                if one != other and between(one, other):
                    found.append((self.mark(place, axis), self.middle(square)))
        return found

    def extent(self, at: Spot, axis: int) -> tuple[float, float] | None:
        """From where to where along a direction through ``at`` its label holds, without a break; None outside."""
        turned = at if axis == 0 else (at[1], at[0])
        ends = (self.ys[0], self.ys[-1]) if axis == 0 else (self.xs[0], self.xs[-1])
        hair = _HAIR * (ends[1] - ends[0])
        level = min(max(turned[1], ends[0] + hair), ends[1] - hair)
        label = self.label_at(at)
        near = _HAIR * (self.xs[-1] - self.xs[0] + self.ys[-1] - self.ys[0])
        # A spot on a border belongs to one side, and a line along the border perhaps to the other: look beside it too.
        for beside in (level, max(level - hair, ends[0] + hair), min(level + hair, ends[1] - hair)):
            pieces: list[tuple[float, float]] = []
            for place, here in self.labels.items():
                if here == label:
                    area = self.area(place)
                    pieces += crossings(area if axis == 0 else [(y, x) for x, y in area], beside)
            held = _holding(pieces, turned[0], hair=near)
            if held is not None:
                return held
        return None

    def place_at(self, at: Spot) -> Place | None:
        """Whose area holds a spot; None outside of the grid."""
        if not (self.xs[0] <= at[0] <= self.xs[-1] and self.ys[0] <= at[1] <= self.ys[-1]):
            return None
        hair = _HAIR * (self.ys[-1] - self.ys[0])
        level = min(max(at[1], self.ys[0] + hair), self.ys[-1] - hair)
        room = _HAIR * (self.xs[-1] - self.xs[0])
        for place in self.labels:
            if any(low - room <= at[0] <= high + room for low, high in crossings(self.area(place), level)):
                return place
        return None

    def label_at(self, at: Spot) -> object:
        """The label that holds at a spot; None outside of the grid."""
        place = self.place_at(at)
        return None if place is None else self.labels[place]


def _next(place: Place, axis: int) -> Place:
    return (place[0] + 1, place[1]) if axis == 0 else (place[0], place[1] + 1)


def crossings(outline: Sequence[Spot], level: float) -> list[tuple[float, float]]:
    """The parts of the horizontal line at ``level`` that lie inside an outline, ascending."""
    found = []
    for (x0, y0), (x1, y1) in zip(outline, [*outline[1:], *outline[:1]], strict=True):
        if (y0 <= level) != (y1 <= level):
            found.append(x0 + (x1 - x0) * (level - y0) / (y1 - y0))
    found.sort()
    return list(zip(found[::2], found[1::2], strict=True))


def _holding(pieces: Iterable[tuple[float, float]], at: float, hair: float) -> tuple[float, float] | None:
    """The union of pieces that touch, around ``at``."""
    low = high = None
    for begin, end in sorted(pieces):
        if high is not None and begin <= high + hair:
            high = max(high, end)
        elif high is not None and low is not None and low - hair <= at <= high + hair:
            break
        else:
            low, high = begin, end
    if low is None or high is None or not low - hair <= at <= high + hair:
        return None
    return low, high


def hatch(outline: Sequence[Spot], box: tuple[Spot, Spot], shape: float, rules: int = 60) -> list[Segment]:
    """Thin rising lines that fill an outline, the same for every outline of a picture so that they run on.

    ``box``: lower left and upper right of the picture; ``shape``: its width over its height, so that the lines rise at
    45 degrees; ``rules``: how many of them would cross the whole picture.
    """
    (x0, y0), (x1, y1) = box
    wide, high = x1 - x0, y1 - y0

    def turn(spot: Spot) -> Spot:
        u, v = (spot[0] - x0) / wide * shape, (spot[1] - y0) / high
        return u + v, v - u

    def back(along: float, across: float) -> Spot:
        return x0 + (along - across) / 2 / shape * wide, y0 + (along + across) / 2 * high

    turned = [turn(spot) for spot in outline]
    step = (1 + shape) / rules
    first = math.ceil(min(v for _, v in turned) / step)
    last = math.floor(max(v for _, v in turned) / step)
    return [
        (back(low, level), back(high_end, level))
        for level in (step * at for at in range(first, last + 1))
        for low, high_end in crossings(turned, level)
    ]


def zero_lines(xs: Sequence[float], ys: Sequence[float], field: Mapping[Place, float]) -> list[Segment]:
    """Where a field on a grid is zero, by straight lines between the values at the corners of each square.

    Squares of which a corner has no value are left out. Where a square has four crossings, the mean of its corners
    says which of them belong together.
    """
    found: list[Segment] = []
    for i in range(len(xs) - 1):
        for j in range(len(ys) - 1):
            corners = ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1))
            if any(corner not in field for corner in corners):
                continue
            values = [field[corner] for corner in corners]
            spots = [(xs[a], ys[b]) for a, b in corners]
            cuts = [_cut(spots, values, at) for at in range(4)]
            bottom, right, top, left = cuts
            met = [cut for cut in cuts if cut is not None]
            if len(met) == 2:
                found.append((met[0], met[1]))
            elif bottom and right and top and left:
                if (math.fsum(values) > 0) == (values[0] > 0):
                    found += [(bottom, right), (top, left)]
                else:
                    found += [(left, bottom), (right, top)]
    return found


def _cut(spots: Sequence[Spot], values: Sequence[float], at: int) -> Spot | None:
    """Where the side from corner ``at`` to the next is zero."""
    (x0, y0), (x1, y1) = spots[at], spots[(at + 1) % 4]
    a, b = values[at], values[(at + 1) % 4]
    if (a > 0) == (b > 0):
        return None
    share = a / (a - b)
    return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share
