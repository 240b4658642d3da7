"""Money that was only borrowed to be held: its interest saves no tax. Section 15 of docs/figures_capital.md."""

from __future__ import annotations

from optimizer.case.facilities import BtcLine, Convertible, CreditLine, EquityIssue, Facility, SweepLoan, TermLoan
from optimizer.case.finance import Finance
from optimizer.plan.audit.recompute.timeline import Period

YEAR = 12
"""Months."""
FREE = (Convertible, CreditLine, BtcLine, SweepLoan)
"""Facilities that are tied to no cost, whatever their terms."""


def is_free(facility: Facility | None) -> bool:
    """Whether a facility is tied to no cost, so that it may be drawn to be held: its interest is *own* interest."""
    return isinstance(facility, FREE) or (isinstance(facility, TermLoan) and facility.loan_to_cost is None)


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


class IdleCash:
    """What held cash would earn at a rate a year if it kept what it earns, period after period."""

    def __init__(self, rate: float) -> None:
        self._rate, self._earned = rate, 0.0

    def earns(self, period: Period, held_usd_m: float) -> float:
        """In a period at whose end so much is held, USD m. To be asked of one period after the other."""
        earned = self._rate * period.months / YEAR * (held_usd_m + self._earned)
        self._earned += earned
        return earned
