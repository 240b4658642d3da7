"""Fixed costs that go on whatever is decided. Section 8 of docs/figures.md."""

from __future__ import annotations

import numpy as np

from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.timeline import Array


def site_cost_of(figures: Figures, site: str) -> Array:
    """The company's share of the fixed cost of a site by planned month, (N,), USD m."""
    entry = figures.case.sites[site]
    return np.full(figures.timeline.months, entry.operating_cost_usd_m_per_year / 12 * entry.share)


def site_costs(figures: Figures) -> Array:
    """Fixed cost of all sites by planned month, (N,), USD m."""
    return np.asarray(np.sum([site_cost_of(figures, site) for site in figures.case.sites], axis=0))


def sga(figures: Figures) -> Array:
    """Overheads by planned month, (N,), USD m."""
    opening = figures.case.finance.opening
    years = np.arange(figures.timeline.months) // 12
    return np.asarray(opening.sga_usd_m_per_quarter / 3 * (1 + opening.sga_growth) ** years)
