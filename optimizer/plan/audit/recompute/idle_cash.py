"""Money that was only borrowed to be held: its interest saves no tax. Section 15 of docs/figures_capital.md.

*Own* debt is new money that is tied to no cost, so that it may be drawn to be held.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optimizer.case.facilities import (
    BtcLine,
    Convertible,
    CreditLine,
    EquityIssue,
    Facility,
    ProjectBond,
    SweepLoan,
    TermLoan,
)
from optimizer.case.finance import Finance
from optimizer.case.taxes import IncomeTax
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.owed import Owed, owed_by_signature, owed_of
from optimizer.plan.audit.recompute.tax_countries import HOME, country_of
from optimizer.plan.audit.recompute.timeline import Array, Period
from optimizer.plan.audit.recompute.tranches import Tranche

YEAR = 12
"""Months."""
WHOLE_COST = 1.0
"""A bond of no more than this share of cost is spent on it."""


def is_free(facility: Facility | None) -> bool:
    """Whether a facility is tied to no cost, so that its interest is own interest."""
    if isinstance(facility, TermLoan):
        return facility.loan_to_cost is None
    if isinstance(facility, ProjectBond):
        return facility.loan_to_cost is None or facility.loan_to_cost > WHOLE_COST
    return isinstance(facility, Convertible | CreditLine | BtcLine | SweepLoan)


def idle_rate(finance: Finance) -> float:
    """Interest a year that held cash is reckoned to earn: that of the case, else that of its dearest free facility; 0
    without any."""
    if finance.tax is not None and finance.tax.idle_cash_rate is not None:
        return finance.tax.idle_cash_rate
    dearest = 0.0
    for each in finance.facilities.values():
        # Equity is left out by name: it has no rate.
        if not isinstance(each, EquityIssue) and is_free(each):
            dearest = max(dearest, each.rate)
    return dearest


def own_owed(figures: Figures, tax: IncomeTax) -> Iterator[Owed]:
    """All own debt: by facility, bonds by signature, as one abroad is taxed there."""
    facilities = figures.case.finance.facilities
    for owed in owed_of(figures):
        facility = facilities.get(owed.name)
        if is_free(facility) and not isinstance(facility, ProjectBond):
            yield owed
    for part, owed in zip(figures.project_tranches, owed_by_signature(figures), strict=True):
        if is_free(part.terms) and country_of(tax, part.project.site) == HOME:
            yield owed


def _own_tranches(figures: Figures, tax: IncomeTax) -> Iterator[Tranche]:
    facilities = figures.case.finance.facilities
    yield from (each for each in figures.tranches if is_free(facilities[each.facility]))
    for part in figures.project_tranches:
        if is_free(part.terms) and country_of(tax, part.project.site) == HOME:
            yield part.tranche


def paid_to_own_debt(figures: Figures, tax: IncomeTax) -> Array:
    """What was held in a period and is paid to own debt before its end, (P,), USD m: interest, and principal of
    tranches for the part of the period until it is paid."""
    timeline = figures.timeline
    paid = np.zeros(len(timeline.periods))
    for owed in own_owed(figures, tax):
        paid += owed.interest
    for tranche in _own_tranches(figures, tax):
        for each in tranche.services:
            place = timeline.period_of(each.at)
            if place is not None:
                period = timeline.periods[place]
                paid[place] += each.principal * (each.at - period.start) / period.months
    return paid


class IdleCash:
    """What held cash would earn at a rate a year if it kept what it earns, period after period."""

    def __init__(self, rate: float) -> None:
        self._rate, self._earned = rate, 0.0

    def earns(self, period: Period, held_usd_m: float) -> float:
        """In a period with so much at its end, USD m. To be asked of one period after the other."""
        earned = self._rate * period.months / YEAR * (held_usd_m + self._earned)
        self._earned += earned
        return earned
