"""What a sweep found as the data of its pictures: points, regions and borders in, `optimizer.report`'s own forms out.

Sweeps and reports do not know each other; this is where they meet. Nothing is solved and nothing drawn here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from itertools import pairwise

from optimizer.case.load import LoadedCase
from optimizer.report.axis_words import Axis
from optimizer.report.map_data import MapBorder, MapPoint, MapRegion, StrategyMap
from optimizer.report.sweep_charts import DirectionPoint, RegretRow, TornadoBar
from optimizer.sweep.campaign import Swept
from optimizer.sweep.directions import Vary
from optimizer.sweep.point import INFEASIBLE, OPTIMAL
from optimizer.sweep.refine import Refined, borders
from optimizer.sweep.regions import called_words, regions_of
from optimizer.sweep.regret import Regret
from optimizer.sweep.vary import Target, targets_of

Twins = Mapping[int, Mapping[str, float | None]]
"""By point: values (USD m) of status_quo, all_mining and all_hosting, as far as they are known."""

_SAME = 1e-6


def axis_of(vary: Vary) -> Axis:
    """A direction of a sweep as an axis."""
    return Axis(vary.path, vary.relative, tuple(Axis(clause.path, clause.relative) for clause in vary.linked))


def strategy_map_of(
    loaded: LoadedCase, directions: Sequence[Vary], refined: Refined, twins: Twins | None = None
) -> StrategyMap:
    """The map of a grid of two directions, with the points and borders found between its points."""
    regions = regions_of(refined.known.values())
    own = {number for column in refined.grid.numbers for number in column}
    points = []
    for number, swept in sorted(refined.known.items()):
        figures, region = swept.outcome.figures, regions.by_point.get(number)
        beside = (twins or {}).get(number, {})
        points.append(
            MapPoint(
                number=number,
                x=float(swept.point.values[0]),
                y=float(swept.point.values[1]),
                region=None if region is None else region.number,
                closed=swept.outcome.status == OPTIMAL,
                infeasible=swept.outcome.status == INFEASIBLE,
                refined=number not in own,
                value_usd_m=None if figures is None else figures.value_usd_m,
                bound_usd_m=None if figures is None else figures.bound_usd_m,
                status_quo_usd_m=beside.get("status_quo"),
                all_mining_usd_m=beside.get("all_mining"),
                all_hosting_usd_m=beside.get("all_hosting"),
            )
        )
    today = [own_place(each, vary) for each, vary in zip(targets_of(loaded, directions), directions, strict=True)]
    return StrategyMap(
        case_name=loaded.case.case,
        x=axis_of(directions[0]),
        y=axis_of(directions[1]),
        points=tuple(points),
        regions=tuple(MapRegion(each.number, called_words(each.called), each.words) for each in regions.all),
        borders=tuple(MapBorder(*border.neighbours, border.at) for border in borders(refined)),
        today=None if today[0] is None or today[1] is None else (today[0], today[1]),
        unsolved=_unsolved(directions, own),
    )


def _unsolved(directions: Sequence[Vary], solved: Set[int | None]) -> int:
    """Points of a grid that are not there; values that are asked for twice count once."""
    return math.prod(len(set(each.values)) for each in directions) - len(solved - {None})


def own_place(targets: Sequence[Target], vary: Vary) -> float | None:
    """The value of a direction at which all its clauses are as the case has them; None where there is none.

    Of clauses that move together each has to be at its own value at the same place of the list.
    """
    if targets[0].own is None:
        return None
    places = [_place(target.own, clause.values) for target, clause in zip(targets, vary.clauses, strict=True)]
    if len(places) > 1 and any(p is None or not math.isclose(p, places[0] or 0.0, abs_tol=_SAME) for p in places):
        return None
    return targets[0].own


def _place(value: float | None, values: Sequence[float]) -> float | None:
    """Where a value stands in a list, between two entries in proportion; None outside of it."""
    for at, (one, other) in enumerate(pairwise(values)):
        if value is not None and min(one, other) <= value <= max(one, other):
            return at + ((value - one) / (other - one) if one != other else 0.0)
    return None


def tornado_bars(
    directions: Sequence[Vary], own: Sequence[float | None], points: Sequence[Swept], before: int = 1
) -> list[TornadoBar]:
    """Bars of a tornado: its points are the case's own and other cases (``before``), then those of each direction.

    ``own``: the value that the case has along each direction, None where it has no one number.
    """
    by_number = {swept.point.number: swept for swept in points}
    bars, number = [], before
    for vary, base in zip(directions, own, strict=True):
        worth: list[tuple[float, float]] = []
        for value in vary.values:
            number += 1
            swept = by_number.get(number)
            if swept is not None and swept.outcome.figures is not None:
                worth.append((value, swept.outcome.figures.value_usd_m))
        worst = min(worth, key=lambda each: each[1], default=None)
        best = max(worth, key=lambda each: each[1], default=None)
        bars.append(TornadoBar(axis_of(vary), worst, best, base, len(vary.values) - len(worth)))
    return bars


def direction_points(points: Sequence[Swept], twins: Twins | None = None) -> list[DirectionPoint]:
    """Points of a sweep of one direction with numbers."""
    found = []
    for swept in points:
        figures = swept.outcome.figures
        beside = (twins or {}).get(swept.point.number, {})
        found.append(
            DirectionPoint(
                x=float(swept.point.values[0]),
                value_usd_m=None if figures is None else figures.value_usd_m,
                bound_usd_m=None if figures is None else figures.bound_usd_m,
                status_quo_usd_m=beside.get("status_quo"),
                infeasible=swept.outcome.status == INFEASIBLE,
                all_mining_usd_m=beside.get("all_mining"),
                all_hosting_usd_m=beside.get("all_hosting"),
            )
        )
    return found


def regret_rows(found: Regret) -> tuple[list[int], list[RegretRow]]:
    """The points compared, and a row a plan."""
    points = sorted({cell.point for cell in found.cells})
    by_place = {(cell.plan, cell.point): cell.regret_usd_m for cell in found.cells}
    rows = [
        RegretRow(
            each.number,
            each.words,
            tuple(by_place[each.number, point] for point in points),
            each.worst_usd_m,
            each.todays,
        )
        for each in found.plans
    ]
    return points, rows
