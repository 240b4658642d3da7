"""Tax paid in cash, in both of its forms: a rate on EBITDA, or tax on income. Section 9 of docs/figures.md and
section 15 of docs/figures_capital.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.case.taxes import IncomeTax
from optimizer.plan.audit.recompute.earnings import ebitda
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.hosting import Contract
from optimizer.plan.audit.recompute.income_tax import (
    TaxBase,
    TaxYear,
    paid_in,
    tax_after,
    tax_bases,
    tax_years,
    years_of,
)
from optimizer.plan.audit.recompute.timeline import Array, Timeline, instant_factor, mean_factors


@dataclass(frozen=True, eq=False)
class Taxes:
    """What decides the tax of each year but what cash yields, which in its turn depends on the tax of years before.

    on_ebitda: EBITDA by period, (P,), and the rate on it.
    """

    timeline: Timeline
    on_ebitda: tuple[Array, float]
    on_income: tuple[IncomeTax, Mapping[str, TaxBase]] | None

    def years(self, yields: Array) -> list[TaxYear]:
        """Rows of tax.csv; none without tax on income. ``yields``: of cash by period, (P,), USD m."""
        if self.on_income is None:
            return []
        return tax_years(self.timeline, *self.on_income, yields)

    def due(self, place: int, yields: Array) -> float:
        """Tax paid at the end of a period, USD m: that of a calendar year in the last period that begins in it.

        ``yields`` need only be known up to that period.
        """
        year = self.timeline.periods[place].start // 12
        places = years_of(self.timeline)[year]
        if place != places[-1]:
            return 0.0
        if self.on_income is not None:
            return paid_in(self.years(yields), year)
        earned, rate = self.on_ebitda
        return rate * max(0.0, float(earned[places].sum()))


def taxes_of(figures: Figures) -> Taxes:
    """What the tax of a plan depends on."""
    finance = figures.case.finance
    on_income = None if finance.tax is None else (finance.tax, tax_bases(figures, finance.tax))
    return Taxes(figures.timeline, (ebitda(figures), finance.cash_tax_rate), on_income)


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
