"""What halls and mining buildings stand for in the books. Section 17 of docs/figures_capital.md, "Halls"."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.case.books import Books
from optimizer.plan.audit.recompute.blocks import overlap
from optimizer.plan.audit.recompute.builds import Built
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.hosting import Contract
from optimizer.plan.audit.recompute.owed import owed_by_signature
from optimizer.plan.audit.recompute.project_terms import project_of
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, Timeline


@dataclass(frozen=True, eq=False)
class Written:
    """Assets that are written off evenly, USD m. opening: at the start. By period, (P,) each: value at its end; what is
    written off; gain on what is left when their time ends.
    """

    opening: float
    value: Array
    depreciation: Array
    gain: Array


def halls_books(figures: Figures) -> Written:
    """Halls of all leases and signed offers."""
    timeline = figures.timeline
    total = _nothing(timeline)
    for contract in figures.hosting:
        lease = figures.case.leases[contract.name] if contract.signed is None else None
        added = timeline.by_period(contract.capex) + contract.paid("capex", timeline)
        added = added + contract.paid("signing_cost", timeline)
        for owed in owed_by_signature(figures):
            if owed.offer == contract.name:
                added = added + owed.capitalised
        project = project_of(figures.case, timeline, contract)
        total = _sum(
            total,
            _written(
                timeline,
                opening=0.0 if lease is None else lease.book_usd_m,
                added=added,
                begins=project.first_rent,
                ends=project.end,
                residual=residual_of(contract),
            ),
        )
    return total


def forgiven(figures: Figures) -> Array:
    """What is still owed to tenants for capex at the end of their terms, and never paid, by period, (P,), USD m."""
    timeline = figures.timeline
    sums = np.zeros(len(timeline.periods))
    for contract in figures.hosting:
        place = timeline.period_of(project_of(figures.case, timeline, contract).end)
        if contract.signed is not None and place is not None:
            received = sum(each.amount for each in contract.at_once if each.kind == "prepayment")
            sums[place] += received + float(contract.lent.sum() - contract.credit.sum())
    return sums


def residual_of(contract: Contract) -> float:
    """What its halls are worth at the end of the term, USD m."""
    return sum(each.amount for each in contract.at_once if each.kind == "residual")


def property_books(figures: Figures, books: Books, opening: float) -> Written:
    """Mining buildings and what belongs to them: those of the start, which stand for ``opening``, and builds."""
    timeline = figures.timeline
    nothing = np.zeros(len(timeline.periods))
    start = timeline.start
    total = _written(timeline, opening, nothing, start, start + books.property_life_left)
    for built in figures.builds:
        added = timeline.by_period(built.cost_within(timeline.months))
        ready = completed(built)
        total = _sum(total, _written(timeline, 0.0, added, ready, ready + books.building_life))
    return total


def completed(built: Built) -> float:
    """Instant from which a build is in use."""
    return built.energised.start


def _written(
    timeline: Timeline, opening: float, added: Array, begins: float, ends: float, residual: float = 0.0
) -> Written:
    """Write an asset off evenly over ``[begins, ends)`` to its residual, which it brings at the end."""
    value, depreciation, gain = (np.zeros(len(added)) for _ in range(3))
    now = opening
    for place, period in enumerate(timeline.periods):
        now += float(added[place])
        left = ends - max(period.start, begins)
        if left > SAME_INSTANT:
            part = overlap(period.start, period.end, max(period.start, begins), ends) / left
            depreciation[place] = max(0.0, now - residual) * part
        now -= float(depreciation[place])
        if timeline.period_of(ends) == place:
            gain[place] = residual - now
            now = 0.0
        value[place] = now
    return Written(opening, value, depreciation, gain)


def _nothing(timeline: Timeline) -> Written:
    return Written(0.0, *(np.zeros(len(timeline.periods)) for _ in range(3)))


def _sum(one: Written, other: Written) -> Written:
    return Written(
        one.opening + other.opening,
        one.value + other.value,
        one.depreciation + other.depreciation,
        one.gain + other.gain,
    )
