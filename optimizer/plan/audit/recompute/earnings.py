"""Earnings before interest, tax and depreciation, by site. Section 9 of docs/figures.md."""

from __future__ import annotations

import numpy as np

from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.overheads import sga, site_cost_of
from optimizer.plan.audit.recompute.timeline import Array


def ebitda_at(figures: Figures, site: str) -> Array:
    """What a site earns by planned month, (N,), the company's share, USD m: its mine, its halls, less what it costs."""
    months = figures.timeline.months
    by_month = -site_cost_of(figures, site)
    for _, mined in figures.stands_at(site):
        by_month = by_month + mined.margin
    for power in (each for each in figures.contracts if each.site == site):
        by_month = by_month + power.result
    for program in (each for each in figures.programs if each.site == site):
        by_month = by_month + program.income
    for charge in (each for each in figures.charges if each.site == site):
        by_month = by_month - charge.paid[:months]
    for halls in figures.hosting_at(site):
        by_month = by_month + halls.noi[:months]
    for built in (each for each in figures.builds if each.site == site):
        by_month = by_month - built.operating
    return np.asarray(by_month)


def parent_ebitda(figures: Figures) -> Array:
    """What belongs to no site, by planned month, (N,), USD m: overheads."""
    return -sga(figures)


def ebitda(figures: Figures) -> Array:
    """Of the company by period, (P,), USD m."""
    sites = [ebitda_at(figures, site) for site in figures.case.sites]
    return figures.timeline.by_period(np.asarray(sum(sites, parent_ebitda(figures))))
