"""What every site earns in every calendar year by its hours, discounted. Section 12 of docs/figures.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.timeline import mean_factors


@dataclass(frozen=True)
class SiteYear:
    """A site in a calendar year: mining, contracts, flexibility, less charges of machines; USD m at the start."""

    site: str
    year: int
    usd_m: float


def site_years(figures: Figures) -> tuple[SiteYear, ...]:
    """By site and year, as far as the years lie in the horizon."""
    timeline = figures.timeline
    factors = mean_factors(figures.case.discount.mining, timeline.months)
    year_of = np.arange(timeline.start, timeline.end) // 12
    found: list[SiteYear] = []
    for site in figures.case.sites:
        by_month = np.zeros(timeline.months)
        for _, mined in figures.stands_at(site):
            by_month += mined.margin * factors
        for contract in figures.contracts:
            by_month += contract.result * factors if contract.site == site else 0.0
        for program in figures.programs:
            by_month += program.income * factors if program.site == site else 0.0
        for charge in figures.charges:
            by_month -= charge.accrued * charge.factor if charge.site == site else 0.0
        for year in np.unique(year_of):
            found.append(SiteYear(site, int(year), float(by_month[year_of == year].sum())))
    return tuple(found)
