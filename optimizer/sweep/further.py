"""What a sweep asks once its points are solved: borders between its plans, twins of every point, regret of every plan.

Each is asked of the same campaign as the points, so it uses the same processes and the same store
(docs/figures_sweep.md, section 23).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from optimizer.case.load import LoadedCase
from optimizer.errors import CallError
from optimizer.instance.whole_plan import WholePlan
from optimizer.sweep.campaign import Campaign, Swept
from optimizer.sweep.directions import Direction, Vary
from optimizer.sweep.price import TwinValues
from optimizer.sweep.refine import Refined, prove, refine, start
from optimizer.sweep.regions import Grid, grid_of
from optimizer.sweep.regret import Regret, choose_plans, regret
from optimizer.sweep.vary import Point, targets_of

T = TypeVar("T")

REFINE = 2
"""How many times borders are halved if nobody says."""

OWN_POINT = 0
"""Number of the case's own point where it is none of the sweep's; it is no row."""


@dataclass(frozen=True)
class Further:
    """What is asked beyond the points: how often borders are halved, to which relative gap points next to them are
    proved (None: as all), and whether twins and regret are wanted."""

    refine: int = 0
    border_gap: float | None = None
    twins: bool = False
    regret: bool = False


class Asking:
    """Asks and counts, and tells how far it is. Ctrl-C ends what runs and all that would follow."""

    def __init__(self, on_progress: Callable[[int, int, float], None] | None) -> None:
        self.began = time.monotonic()
        self.interrupted = False
        self._on_progress = on_progress
        self._done = self._total = 0

    def all(self, answers: Generator[T | None, None, None], count: int) -> list[T]:
        """All answers, or those that were there when it was interrupted."""
        found: list[T] = []
        if self.interrupted:
            return found
        self._total += count
        try:
            with contextlib.closing(answers):
                for answer in answers:
                    if answer is not None:
                        found.append(answer)
                        self._done += 1
                    if self._on_progress is not None:
                        self._on_progress(self._done, self._total, self.seconds)
        except KeyboardInterrupt:
            self.interrupted = True
        return found

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self.began


def is_plane(directions: Sequence[Direction]) -> bool:
    """Whether they are two directions with numbers, so that a grid of them has borders."""
    return len(directions) == 2 and all(isinstance(each, Vary) for each in directions)


def hold_further(further: Further, kind: str, directions: Sequence[Direction]) -> None:
    """CallError if borders are asked of what has none."""
    if (further.refine or further.border_gap is not None) and not (kind == "grid" and is_plane(directions)):
        raise CallError("borders are found on a grid of two directions with numbers; this sweep is none")


def find_borders(
    loaded: LoadedCase,
    directions: Sequence[Direction],
    points: Sequence[Swept],
    further: Further,
    campaign: Campaign,
    asking: Asking,
) -> tuple[Refined | None, int]:
    """The grid with the points put between its own, and how many were asked; None if nothing of it is solved."""
    grid: Grid | None = grid_of(points)
    if grid is None:
        return None, 0
    numbers: set[int] = set()

    def solve(points: Sequence[Point], gap: float | None = None) -> list[Swept]:
        numbers.update(point.number for point in points)
        return asking.all(campaign.solve(points, gap=gap, as_given=True), len(points))

    refined = start(grid, points)
    if asking.interrupted:
        return refined, 0
    varied = [each for each in directions if isinstance(each, Vary)]
    whole = frozenset(chain.from_iterable(t.whole for each in targets_of(loaded, varied) for t in each))
    last = max(swept.point.number for swept in points)
    refined = refine(refined, solve, rounds=further.refine, last_number=last, whole=whole)
    border_gap = further.border_gap
    if border_gap is not None and border_gap < campaign.options.relative_gap and not asking.interrupted:
        refined = prove(refined, border_gap, lambda points: solve(points, border_gap))
    return refined, sum(number > last for number in numbers)


def find_twins(points: Iterable[Swept], campaign: Campaign, asking: Asking) -> dict[int, TwinValues]:
    """The twins of every point that has a plan, by its number."""
    planned = [swept.point for swept in points if swept.outcome.plan is not None]
    return {point.number: found for point, found in asking.all(campaign.twins(planned), len(planned))}


def find_regret(
    loaded: LoadedCase, directions: Sequence[Direction], points: Sequence[Swept], campaign: Campaign, asking: Asking
) -> tuple[Regret | None, list[str]]:
    """Every plan at every point, and what could not be priced. None if there is no plan, or after an interrupt."""
    own = _own_plan(loaded, directions, points, campaign, asking)
    plans = choose_plans(points, own)
    if asking.interrupted or not plans:
        return None, []
    planned = [swept for swept in points if swept.outcome.plan is not None]
    asked = [(swept.point, [plan for plan in plans if plan != swept.outcome.plan]) for swept in planned]
    asked = [(point, others) for point, others in asked if others]
    priced = {point.number: found for point, found in asking.all(campaign.price(asked), len(asked))}
    if asking.interrupted:
        return None, []
    problems = [
        f"point {number}: plans of other points have no price: {found.problem}"
        for number, found in sorted(priced.items())
        if found.problem
    ]
    compared = [
        swept for swept in planned if swept.point.number not in priced or not priced[swept.point.number].problem
    ]

    def price(point: Point, _: Sequence[WholePlan]) -> Sequence[float | None]:
        return priced[point.number].values

    return regret(compared, plans, price, own), problems


def _own_plan(
    loaded: LoadedCase, directions: Sequence[Direction], points: Sequence[Swept], campaign: Campaign, asking: Asking
) -> WholePlan | None:
    """The plan of the case as it stands: of the point that is it, or of one solved beside the sweep."""
    varied = [each for each in directions if isinstance(each, Vary)]
    own: Mapping[str, float] | None = {}
    if varied:
        targets = list(chain.from_iterable(targets_of(loaded, varied)))
        settings = [None if target.own is None else target.setting(target.own) for target in targets]
        own = None if None in settings else dict(chain.from_iterable(each for each in settings if each is not None))
    for swept in points:
        if swept.point.overlay is None and (not swept.point.overrides or swept.point.overrides == own):
            return swept.outcome.plan
    alone = asking.all(campaign.solve([Point(OWN_POINT, (), {})], as_given=True), 1)
    return alone[0].outcome.plan if alone else None
