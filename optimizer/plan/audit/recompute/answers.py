"""What a plan needs from others, when, and what falls due: `capital` of summary.json. Section 18 of
docs/figures_capital.md.
"""

from __future__ import annotations

import math

import numpy as np

from optimizer.case.facilities import SweepLoan
from optimizer.plan.audit.recompute.cash import CashPath
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.owed import Owed, by_period, owed_by_signature, owed_of
from optimizer.plan.audit.recompute.projects import fences_of
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array

YEAR = 12
"""Months."""
INSIDE = 1e-6
"""Months before an instant."""


def funding_need(figures: Figures, cash: CashPath) -> Array:
    """What would be lacking at the end of each period, (P,), USD m, without all that facilities bring, net of what they
    cost: below 0 is more than enough. What finances halls at a company's site comes to the company, not to the parent.
    """
    timeline = figures.timeline
    owned = {site for company in figures.case.finance.companies.values() for site in company.sites}
    below = {contract.name for contract in figures.hosting if contract.site in owned}
    brought = by_period(((issue.at, issue.usd_m) for issue in figures.issues), timeline)
    for owed in owed_of(figures):
        if owed.kind != "debt":
            brought = brought + _brought(owed)
    for owed in owed_by_signature(figures):
        if owed.offer in below:
            brought = brought - _brought(owed)
    for fence in fences_of(figures):
        if fence.project.signed is not None and fence.project.name not in below:
            brought = brought - fence.more_trapped
    return np.asarray(cash.minimum - (cash.closing - np.cumsum(brought)))


def _brought(owed: Owed) -> Array:
    """What is drawn less all that is paid for it, by period, (P,), USD m."""
    return np.asarray(owed.drawn - owed.interest - owed.principal - owed.dividends_paid - owed.cash_fees)


def maturities(figures: Figures) -> dict[int, float]:
    """Principal due by calendar year, to the last payment, USD m: what bonds take out left out; of lines what is owed
    at the horizon, in the year in which the window ends."""
    due: dict[int, float] = {}

    def add(at: float, usd_m: float) -> None:
        if usd_m:
            year = math.floor((at + SAME_INSTANT) / YEAR)
            due[year] = due.get(year, 0.0) + usd_m

    for path in figures.debts:
        for each in path.services:
            add(each.at, each.principal)
    for tranche in figures.tranches:
        for each in tranche.services:
            add(each.at, each.principal)
    for part in figures.project_tranches:
        for each in part.tranche.services:
            # At the end of a loan that a bond takes out all that is left is the bond's to pay.
            add(each.at, 0.0 if part.paid_out > 0 and each.at == part.refinanced else each.principal)
    for drawn in figures.lines:
        line = drawn.line
        # A window to December ends in that year, though its last instant is the next one's first.
        ends = line.matures.first if isinstance(line, SweepLoan) else line.window.end.last - INSIDE
        add(ends, float(drawn.owed[-1]))
    return due
