"""Tax paid in cash on EBITDA. Section 9 of docs/figures.md."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.hosting import Contract
from optimizer.plan.audit.recompute.overheads import sga, site_costs
from optimizer.plan.audit.recompute.timeline import Array, instant_factor, mean_factors


def ebitda(figures: Figures) -> Array:
    """Earnings before interest, tax and depreciation by period, (P,), USD m."""
    timeline, months = figures.timeline, figures.timeline.months
    by_month = figures.power_contracts + figures.flexibility - figures.delivery - site_costs(figures) - sga(figures)
    for mined in figures.mined:
        by_month = by_month + mined.margin
    for contract in figures.hosting:
        by_month = by_month + contract.noi[:months]
    for built in figures.builds:
        by_month = by_month - built.operating
    return timeline.by_period(by_month)


def tax_by_period(figures: Figures) -> Array:
    """Tax by period, (P,), USD m: that of a calendar year falls in the last period that begins in it."""
    earned, rate = ebitda(figures), figures.case.finance.cash_tax_rate
    years = np.array([period.start // 12 for period in figures.timeline.periods])
    tax = np.zeros(len(years))
    for year in np.unique(years):
        of_year = np.flatnonzero(years == year)
        tax[of_year[-1]] = rate * max(0.0, float(earned[of_year].sum()))
    return tax


def tax_within(figures: Figures, rate: float) -> float:
    """Present value of what is paid at the ends of periods, USD m."""
    periods, start = figures.timeline.periods, figures.timeline.start
    paid = tax_by_period(figures)
    return sum(float(tax) * instant_factor(rate, each.end - start) for tax, each in zip(paid, periods, strict=True))


def tax_beyond(figures: Figures, rate_of: Callable[[Contract], float]) -> float:
    """Present value of the tax that hosting pays after the horizon, USD m."""
    months, total = figures.timeline.months, 0.0
    for contract in figures.hosting:
        later = np.maximum(contract.noi[months:], 0.0)
        total += float(later @ mean_factors(rate_of(contract), len(contract.noi))[months:])
    return figures.case.finance.cash_tax_rate * total
