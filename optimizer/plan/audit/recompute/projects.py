"""The ring-fence of every project: what it keeps, and what goes up. Section 13 of docs/figures_capital.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.case.facilities import ProjectBond, ProjectLoan
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.project_terms import Project, project_of
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array
from optimizer.plan.audit.recompute.tranches import Service

LEAST_SERVICE = 1e-9
"""USD m: less in twelve months is none."""

ROUNDING_USD_M = 1e-5
"""A project is locked up when more than this is lacking: decisions are written with eight digits."""


@dataclass(frozen=True)
class Served:
    """What one tranche or debt asks of a project."""

    services: tuple[Service, ...]
    reserve_months: int


@dataclass(frozen=True, eq=False)
class Fence:
    """A project by period, (P,), USD m. dscr: of twelve months, NaN without service. locked_up: 1 or 0."""

    project: Project
    lock_up_dscr: float | None
    available: Array
    service: Array
    dscr: Array
    reserve: Array
    set_aside: Array
    locked: Array
    locked_up: Array

    @property
    def trapped(self) -> Array:
        """What is not the company's at the end of each period."""
        return self.reserve + self.set_aside + self.locked

    @property
    def more_trapped(self) -> Array:
        return np.diff(self.trapped, prepend=0.0)

    @property
    def to_parent(self) -> Array:
        return self.available - self.service - self.more_trapped


def fences_of(figures: Figures) -> tuple[Fence, ...]:
    """Leases with project debt in the order of the case, then signatures with project finance in time."""
    case, found = figures.case, list[Fence]()
    for contract in figures.hosting:
        served: list[Served] = []
        levels: list[float | None] = []
        if contract.signed is None:
            for path in figures.debts:
                terms = path.debt.project
                if terms is not None and terms.lease == contract.name:
                    served.append(Served(path.services, terms.reserve_months))
                    levels.append(terms.lock_up_dscr)
        else:
            for each in figures.project_tranches:
                if each.project.name == contract.name:
                    served.append(Served(each.tranche.services, each.terms.reserve_months))
            for facility in case.finance.facilities.values():
                if isinstance(facility, ProjectLoan | ProjectBond) and contract.name in facility.for_offers:
                    levels.append(facility.lock_up_dscr)
        if served:
            level = max((each for each in levels if each is not None), default=None)
            found.append(_fence(project_of(case, figures.timeline, contract), served, level, figures))
    return tuple(found)


def _scheduled(served: Sequence[Served], low: float, high: float) -> float:
    """Scheduled service in ``[low, high)``."""
    return sum(
        each.scheduled
        for part in served
        for each in part.services
        if low - SAME_INSTANT <= each.at < high - SAME_INSTANT
    )


def _fence(project: Project, served: Sequence[Served], level: float | None, figures: Figures) -> Fence:
    periods, done = figures.timeline.periods, project.completion
    names = ("available", "service", "reserve", "set_aside", "locked", "locked_up")
    by_period = {name: np.zeros(len(periods)) for name in names}
    dscr = np.full(len(periods), np.nan)
    held = locked = 0.0
    for place, period in enumerate(periods):
        end = period.end
        if end < done - SAME_INSTANT:
            continue
        begin = max(float(period.start), done)
        available, service = project.between(begin, end), _scheduled(served, begin, end)
        reserve = sum(_scheduled([each], end, end + each.reserve_months) for each in served)
        set_aside = sum(
            each.scheduled * (end - each.since) / (each.at - each.since)
            for part in served
            for each in part.services
            if each.since + SAME_INSTANT < end <= each.at + SAME_INSTANT
        )
        left = available - service - (reserve + set_aside - held)
        held = reserve + set_aside
        since = max(end - 12.0, done)
        cash, due = project.between(since, end), _scheduled(served, since, end)
        if due > LEAST_SERVICE:
            dscr[place] = cash / due
        if level is not None and due > LEAST_SERVICE and cash < level * due - ROUNDING_USD_M:
            by_period["locked_up"][place] = 1.0
            locked = max(0.0, locked + left)
        else:
            locked = 0.0
        for name, amount in zip(names[:5], (available, service, reserve, set_aside, locked), strict=True):
            by_period[name][place] = amount
    return Fence(project, level, by_period["available"], by_period["service"], dscr, by_period["reserve"],
                 by_period["set_aside"], by_period["locked"], by_period["locked_up"])  # fmt: skip
