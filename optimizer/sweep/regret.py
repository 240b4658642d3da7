"""Regret: what each plan that is best somewhere loses where another is better (docs/figures_sweep.md, section 23).

A plan is its whole numbers with their dates; pricing it at a point is left to a function that is given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING

from optimizer.instance.whole_plan import WholePlan
from optimizer.plan.table import Table, table
from optimizer.sweep.regions import KINDS, NOTHING_SIGNED
from optimizer.sweep.vary import Point

if TYPE_CHECKING:
    from optimizer.sweep.campaign import Swept

MOST_PLANS = 12
SAME_USD_M = 1e-6
"""A plan that loses no more than a dollar is the best one."""

Price = Callable[[Point, Sequence[WholePlan]], Sequence["float | None"]]
"""Values (USD m) of plans at a point with all else decided anew; None where a plan is impossible."""


@dataclass(frozen=True)
class Cell:
    """A plan at a point; both figures None where it is impossible, else in USD m, the regret never below 0."""

    plan: int
    point: int
    value_usd_m: float | None
    regret_usd_m: float | None


@dataclass(frozen=True)
class PlanRegret:
    """A plan over all points; ``number`` counts from 1. Regrets are None for a plan that is possible nowhere.
    ``todays``: whether it is the plan of the case as it stands."""

    number: int
    plan: WholePlan
    words: str
    best_points: int
    worst_usd_m: float | None
    worst_point: int | None
    mean_usd_m: float | None
    impossible_points: int
    todays: bool = False


@dataclass(frozen=True)
class Regret:
    """Every chosen plan at every point that has one."""

    plans: tuple[PlanRegret, ...]
    cells: tuple[Cell, ...]

    @property
    def todays(self) -> PlanRegret | None:
        """The plan of the case as it stands; None where that has none."""
        return next((each for each in self.plans if each.todays), None)

    @property
    def least_worst(self) -> PlanRegret | None:
        """The plan whose worst regret is least; those impossible somewhere come last, by at how many points."""
        possible = [each for each in self.plans if each.worst_usd_m is not None]
        return min(possible, key=lambda each: (each.impossible_points, each.worst_usd_m, each.number), default=None)

    def table(self) -> Table:
        """``regret.csv``."""
        columns = ("plan", "point", "value_usd_m", "regret_usd_m")
        return table(columns, [(each.plan, each.point, each.value_usd_m, each.regret_usd_m) for each in self.cells])

    def plans_table(self) -> Table:
        """``plans.csv``."""
        columns = (
            "plan", "words", "best_points", "worst_regret_usd_m", "worst_point", "mean_regret_usd_m",
            "impossible_points", "todays_plan",
        )  # fmt: skip
        rows = [
            (
                *(p.number, p.words, p.best_points, p.worst_usd_m, p.worst_point, p.mean_usd_m, p.impossible_points),
                "yes" if p.todays else "no",
            )
            for p in self.plans
        ]
        return table(columns, rows)


def less_but_impossible(found: Regret) -> PlanRegret | None:
    """Of the plans that lose less at worst than the named one, which is possible everywhere, the one that is impossible
    at the fewest points. None where there is none, or where the named one is itself impossible somewhere."""
    best = found.least_worst
    if best is None or best.worst_usd_m is None or best.impossible_points:
        return None
    less = [each for each in found.plans if each.worst_usd_m is not None and each.worst_usd_m < best.worst_usd_m]
    return min(less, key=lambda each: (each.impossible_points, each.worst_usd_m, each.number), default=None)


def plan_words(plan: WholePlan) -> str:
    """``cloud 3 halls at west 2027-04, contract ppa at west 2026-01``, or ``nothing signed``."""
    parts = []
    for kind, name, site, date, amount in sorted(plan, key=lambda decision: KINDS.index(decision[0])):
        halls = f" {round(amount)} {'hall' if round(amount) == 1 else 'halls'}" if kind == "sign" else ""
        at = f" at {site}" if site else ""
        times = f" x{round(amount)}" if kind != "sign" and round(amount) > 1 else ""
        parts.append(f"{'' if kind == 'sign' else kind + ' '}{name}{halls}{at} {date[:7]}{times}")
    return ", ".join(parts) or NOTHING_SIGNED


def choose_plans(
    points: Iterable[Swept], own: WholePlan | None = None, most: int = MOST_PLANS
) -> tuple[WholePlan, ...]:
    """The plans to compare: those of most points first, then by least number; the case's own always among them."""
    counts: Counter[WholePlan] = Counter()
    for swept in sorted(points, key=lambda each: each.point.number):
        if swept.outcome.plan is not None:
            counts[swept.outcome.plan] += 1
    # Equal counts stay in the order in which they were met.
    ranked = [plan for plan, _ in counts.most_common()]
    if own is not None and own not in ranked[:most]:
        ranked = [*ranked[: most - 1], own]
    return tuple(ranked[:most])


def regret(points: Iterable[Swept], plans: Sequence[WholePlan], price: Price, own: WholePlan | None = None) -> Regret:
    """Each plan at every point that has one. At the point whose plan it is, its value is that point's. ``own``: that
    of the case as it stands.

    The best value of a point is the best of the value found there and of all these plans.
    """
    answered = [s for s in sorted(points, key=lambda each: each.point.number) if s.outcome.plan is not None]
    values = {swept.point.number: _values(swept, plans, price) for swept in answered}
    cells: list[Cell] = []
    for index in range(len(plans)):
        for swept in answered:
            number = swept.point.number
            value = values[number][index]
            assert swept.outcome.figures is not None
            best = max([swept.outcome.figures.value_usd_m, *(each for each in values[number] if each is not None)])
            cells.append(Cell(index + 1, number, value, None if value is None else best - value))
    over = [replace(_over_points(k, plan, cells), todays=plan == own) for k, plan in enumerate(plans, start=1)]
    return Regret(tuple(over), tuple(cells))


def _values(swept: Swept, plans: Sequence[WholePlan], price: Price) -> list[float | None]:
    assert swept.outcome.figures is not None
    others = [plan for plan in plans if plan != swept.outcome.plan]
    priced = iter(price(swept.point, others)) if others else iter(())
    return [swept.outcome.figures.value_usd_m if plan == swept.outcome.plan else next(priced) for plan in plans]


def _over_points(number: int, plan: WholePlan, cells: Iterable[Cell]) -> PlanRegret:
    mine = [cell for cell in cells if cell.plan == number]
    lost = [(cell.regret_usd_m, cell.point) for cell in mine if cell.regret_usd_m is not None]
    worst, worst_point = max(lost, key=lambda each: (each[0], -each[1]), default=(None, None))
    return PlanRegret(
        number=number,
        plan=plan,
        words=plan_words(plan),
        best_points=sum(amount <= SAME_USD_M for amount, _ in lost),
        worst_usd_m=worst,
        worst_point=worst_point,
        mean_usd_m=fmean(amount for amount, _ in lost) if lost else None,
        impossible_points=len(mine) - len(lost),
    )
