"""Tax paid in cash, in both of its forms: a rate on EBITDA, or tax on income. Section 9 of docs/figures.md and
section 15 of docs/figures_capital.md.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from optimizer.plan.audit.recompute.earnings import ebitda
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.hosting import Contract
from optimizer.plan.audit.recompute.income_tax import TaxYear, tax_after, tax_bases, tax_years, years_of
from optimizer.plan.audit.recompute.timeline import Array, Timeline, instant_factor, mean_factors


def tax_rows(figures: Figures) -> list[TaxYear]:
    """Rows of tax.csv; none without tax on income."""
    tax = figures.case.finance.tax
    return [] if tax is None else tax_years(figures.timeline, tax, tax_bases(figures, tax))


def taxes(figures: Figures) -> Array:
    """Tax paid by period, (P,), USD m: that of a calendar year at the end of the last period that begins in it."""
    timeline, finance = figures.timeline, figures.case.finance
    paid, income, rows = np.zeros(len(timeline.periods)), ebitda(figures), tax_rows(figures)
    for year, places in years_of(timeline).items():
        if finance.tax is None:
            paid[places[-1]] = finance.cash_tax_rate * max(0.0, float(income[places].sum()))
        else:
            paid[places[-1]] = sum(row.tax for row in rows if row.year == year)
    return paid


def tax_within(paid: Array, timeline: Timeline, rate: float) -> float:
    """Present value of tax by period, (P,), paid at the ends of periods, USD m."""
    return sum(
        float(tax) * instant_factor(rate, each.end - timeline.start)
        for tax, each in zip(paid, timeline.periods, strict=True)
    )


def tax_beyond(figures: Figures, rate_of: Callable[[Contract], float]) -> float:
    """Present value of the tax that hosting pays after the horizon, USD m."""
    months, finance, total = figures.timeline.months, figures.case.finance, 0.0
    for contract in figures.hosting:
        if finance.tax is None:
            later = finance.cash_tax_rate * np.maximum(contract.noi[months:], 0.0)
        else:
            later = tax_after(figures, finance.tax, contract)
        total += float(later @ mean_factors(rate_of(contract), len(contract.noi))[months:])
    return total
