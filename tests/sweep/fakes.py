"""Points that were never solved: what a plan signs where, as if it had been found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from optimizer.instance.whole_plan import WholeDecision, WholePlan
from optimizer.sweep.campaign import Swept
from optimizer.sweep.point import Figures, Outcome
from optimizer.sweep.vary import Point

Answer = WholePlan | str
"""A plan, or the status of a point without one."""


def sign(halls: int, name: str = "lease", site: str = "west", date: str = "2027-04", kind: str = "sign") -> WholePlan:
    return (WholeDecision(kind, name, site, date, halls),)


def figures(value: float = 100.0, *, gap: float = 0.0, mines: bool = True) -> Figures:
    return Figures(value, value * (1 + gap), gap, 1.0, 12.0, 96.0, 0.0, 29.9, "2029Q2", 160.1, (), (), mines, "search")


def swept(point: Point | int, answer: Answer = (), **figure: Any) -> Swept:
    at = Point(point, (), {}) if isinstance(point, int) else point
    if isinstance(answer, str):
        return Swept(at, Outcome(answer, "said why"), 0.0)
    return Swept(at, Outcome("optimal", "", figures(**figure), answer), 0.0)


def grid_points(xs: Sequence[float], ys: Sequence[float], *, whole: bool = False) -> list[Point]:
    """The grid as `make_grid` numbers it; the first direction moves two linked places."""
    found = []
    for i, x in enumerate(xs):
        for j, y in enumerate(ys):
            overrides = {"a": float(x), "linked": 10.0 * x, "b": float(y)}
            place = (i / max(1, len(xs) - 1), j / max(1, len(ys) - 1))
            found.append(Point(len(found) + 1, (float(x), float(y)), overrides, None, place))
    return found


class Solver:
    """Answers points by a rule, and remembers what it was asked."""

    def __init__(self, rule: Callable[[float, float], Answer], **figure: Any) -> None:
        self.rule, self.figure = rule, figure
        self.asked: list[list[Point]] = []

    def __call__(self, points: Sequence[Point]) -> list[Swept]:
        self.asked.append(list(points))
        return [swept(p, self.rule(float(p.values[0]), float(p.values[1])), **self.figure) for p in points]
