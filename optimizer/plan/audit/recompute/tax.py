"""Tax paid in cash, in both of its forms: a rate on EBITDA, or tax on income. Section 9 of docs/figures.md and
section 15 of docs/figures_capital.md.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from optimizer.plan.audit.recompute.earnings import ebitda
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.hosting import Contract
from optimizer.plan.audit.recompute.idle_cash import IdleCash, idle_rate, paid_to_own_debt
from optimizer.plan.audit.recompute.income_tax import Assessment, TaxYear, tax_bases, years_of
from optimizer.plan.audit.recompute.tax_after import tax_after
from optimizer.plan.audit.recompute.timeline import Array, Timeline, instant_factor, mean_factors


class TaxPath:
    """Tax as it falls due: that of a calendar year at the end of the last period that begins in it.

    rows: of tax.csv, as far as years have been assessed; none without tax on income.
    """

    def __init__(self, figures: Figures) -> None:
        finance = figures.case.finance
        self.rows: list[TaxYear] = []
        self._timeline, self._years = figures.timeline, years_of(figures.timeline)
        self._short_rate, self._income = finance.cash_tax_rate, ebitda(figures)
        self._idle, self._idle_usd_m = IdleCash(idle_rate(finance)), dict.fromkeys(self._years, 0.0)
        self._assessment: Assessment | None = None
        self._paid = np.zeros(len(figures.timeline.periods))
        if finance.tax is not None:
            self._paid = paid_to_own_debt(figures, finance.tax)
            self._assessment = Assessment(figures.timeline, finance.tax, tax_bases(figures, finance.tax))

    def due(self, place: int, held_usd_m: float) -> float:
        """What is paid at the end of a period, USD m. To be asked of one period after the other.

        held_usd_m: cash, also trapped cash, at the end of the period before this tax.
        """
        period = self._timeline.periods[place]
        year = period.start // 12
        places = self._years[year]
        self._idle_usd_m[year] += self._idle.earns(period, held_usd_m + float(self._paid[place]))
        if place != places[-1]:
            return 0.0
        if self._assessment is None:
            return self._short_rate * max(0.0, float(self._income[places].sum()))
        rows = self._assessment.of_year(year, places, self._idle_usd_m[year])
        self.rows += rows
        return sum(row.tax for row in rows)


def tax_within(paid: Array, timeline: Timeline, rate: float) -> float:
    """Present value of tax by period, (P,), paid at the ends of periods, USD m."""
    return sum(
        float(tax) * instant_factor(rate, each.end - timeline.start)
        for tax, each in zip(paid, timeline.periods, strict=True)
    )


def tax_beyond(figures: Figures, mining: float, hosting: Callable[[Contract], float]) -> float:
    """Present value of tax at the horizon and after it, USD m. mining, hosting: the rates at which what machines and
    what each contract bring is discounted."""
    months, finance = figures.timeline.months, figures.case.finance
    if finance.tax is not None:
        return tax_after(figures, finance.tax, mining, hosting)
    total = 0.0
    for contract in figures.hosting:
        later = finance.cash_tax_rate * np.maximum(contract.noi[months:], 0.0)
        total += float(later @ mean_factors(hosting(contract), len(contract.noi))[months:])
    return total
