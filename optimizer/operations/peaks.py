"""Coincident-peak charges: what an hour is expected to cost, and when that is billed. docs/figures.md, section 5.

Nobody knows beforehand which hours are called, so the charge of a month is spread over its candidate hours (by how
sure it is that one of them is called) and the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from models.tree import Floats, Ints
from optimizer.case.delivery import CoincidentPeak
from optimizer.market.calendar import month_factors
from optimizer.operations.by_date import in_month


def month_rate(rule: CoincidentPeak, absolute_month: int) -> float:
    """$ per MW that a month's peak costs; 0 in months without a peak."""
    if absolute_month % 12 + 1 not in rule.months:
        return 0.0
    return in_month(rule.rate_usd_per_kw_year, absolute_month) * 1000 / len(rule.months)


def expected_charges(
    rule: CoincidentPeak, absolute_months: Sequence[int], hour: Ints, weekday: Ints, weight: Floats
) -> Floats:
    """(K, H) $ per MWh that runs in each interval of months (K,) that have the same intervals."""
    rates = np.array([month_rate(rule, month) for month in absolute_months])[:, None]
    candidate = (hour >= rule.hours[0]) & (hour < rule.hours[1])
    if rule.weekdays_only:
        candidate &= weekday < 5
    inside, outside = float(weight[candidate].sum()), float(weight[~candidate].sum())
    if inside == 0.0 or outside == 0.0:
        return np.repeat(rates / float(weight.sum()), len(weight), axis=1)
    charges: Floats = np.where(candidate, rates * rule.success / inside, rates * (1 - rule.success) / outside)
    return charges


@lru_cache(maxsize=4096)
def mean_factor(rate: float, months: range) -> float:
    """Mean discount factor of months after the start."""
    return float(month_factors(rate, np.array(months)).mean())


@dataclass(frozen=True)
class Billing:
    """When what a month accrues is paid."""

    start_month: int
    rate: float
    """Discount rate of mining."""
    rule: CoincidentPeak

    def months(self, measured: int) -> range:
        """Months (after the start) in which the charge of a month (after the start) is paid evenly."""
        if measured not in self._months:
            self._months[measured] = self._months_of(measured)
        return self._months[measured]

    @cached_property
    def _months(self) -> dict[int, range]:
        """Of the months that were asked for: the same few, by every load."""
        return {}

    def _months_of(self, measured: int) -> range:
        if self.rule.billed == "in_month":
            return range(measured, measured + 1)
        year = (self.start_month + measured) // 12 + 1
        first = 12 * year + self.rule.billed_from - 1 - self.start_month
        return range(first, first + self.rule.billed_over)

    def factor(self, measured: int, rate: float | None = None) -> float:
        """Mean discount factor of the months in which it is paid."""
        return mean_factor(self.rate if rate is None else rate, self.months(measured))

    def discount_to(self, measured: int) -> float:
        """What a dollar accrued in a month and paid later is worth in that month."""
        return self.factor(measured) / mean_factor(self.rate, range(measured, measured + 1))

    def opening(self) -> tuple[tuple[int, float], ...]:
        """(month after the start, USD m) of what was accrued before the start and is still to be paid."""
        into_the_year = self.start_month % 12
        owed = ((-into_the_year - 1, self.rule.opening_usd_m), (-into_the_year, self.rule.accrued_this_year_usd_m))
        paid = []
        for measured, amount in owed:
            left = [k for k in self.months(measured) if k >= 0]
            paid += [(k, amount / len(left)) for k in left if amount > 0]
        return tuple(paid)
