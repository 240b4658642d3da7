"""The planned months, steps and periods, and what later money is worth. Sections 1 and 2 of docs/figures.md.

An instant is a month coordinate; a month is known by the coordinate of its first instant, ``12 * year + month - 1``.
Not here: anything that a case says besides its horizon.
"""

from __future__ import annotations

import calendar
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.case.base import CalendarDate
from optimizer.case.horizon import Horizon

Array = NDArray[np.float64]

SAME_INSTANT = 1e-9
"""Month coordinates nearer than this are the same instant: a few milliseconds."""

LONGEST_PERIOD_MONTHS = 3


class CannotRecompute(Exception):
    """The case, its prices or the decisions are such that there are no figures. The message says why."""


@dataclass(frozen=True)
class Period:
    """A stretch of whole months ``[start, end)`` by which tables are kept."""

    name: str
    start: int
    end: int

    @property
    def months(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class Timeline:
    """The horizon ``[start, end)``, the first instants of its steps, and its periods."""

    start: int
    end: int
    steps: tuple[int, ...]
    periods: tuple[Period, ...]

    @property
    def months(self) -> int:
        return self.end - self.start

    def by_period(self, by_month: Array) -> Array:
        """Sums over the months of each period, (P,), of figures by month from the start on (at least the horizon's)."""
        firsts = [period.start - self.start for period in self.periods]
        return np.add.reduceat(by_month[: self.months], firsts)

    def period_of(self, instant: float) -> int | None:
        """Place of the period with ``start <= instant < end``; None outside the horizon."""
        for place, period in enumerate(self.periods):
            if period.start - SAME_INSTANT <= instant < period.end - SAME_INSTANT:
                return place
        return None

    def nearest_step(self, date: CalendarDate) -> int:
        """The first instant of a step that is nearest to the date; the earlier of two that are equally near."""
        return min(self.steps, key=lambda step: (round(abs(step - date.first), 9), step))


def timeline_of(horizon: Horizon) -> Timeline:
    """Steps and periods of the case's horizon. Raises CannotRecompute if it does not start on the first of a month."""
    start = whole_month(horizon.start.first)
    if start is None:
        raise CannotRecompute(f"the horizon starts on {horizon.start}, which is not the first of a month")
    steps: list[int] = []
    periods: list[Period] = []
    now = start
    for count, months in horizon.steps:
        for _ in range(count):
            steps.append(now)
            end = now + months
            while now < end:
                until = min(end, now + LONGEST_PERIOD_MONTHS)
                periods.append(Period(period_name(now, until), now, until))
                now = until
    return Timeline(start, now, tuple(steps), tuple(periods))


def period_name(start: int, end: int) -> str:
    """``2025Q3`` for a quarter of the calendar, ``2025-08`` for a month, else ``2025-08/3``."""
    year, month = divmod(start, 12)
    if end - start == 3 and month % 3 == 0:
        return f"{year:04d}Q{month // 3 + 1}"
    name = f"{year:04d}-{month + 1:02d}"
    return name if end - start == 1 else f"{name}/{end - start}"


def whole_month(instant: float) -> int | None:
    """The month that begins at the instant; None if none does."""
    nearest = round(instant)
    return nearest if abs(instant - nearest) <= SAME_INSTANT else None


def days_in(month: int) -> int:
    """Days of the month that begins at the coordinate."""
    return calendar.monthrange(month // 12, month % 12 + 1)[1]


def days_within(start: float, end: float, month: int) -> NDArray[np.bool_]:
    """Which days of a month, (days,), have their first instant in ``[start, end)``."""
    days = days_in(month)
    if start <= month and month + 1 <= end:
        return np.ones(days, dtype=np.bool_)
    instants = month + np.arange(days) / days
    return np.asarray((instants >= start - SAME_INSTANT) & (instants < end - SAME_INSTANT))


def first_day(month: int) -> str:
    """``YYYY-MM-01``."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}-01"


def day_of(instant: float) -> str:
    """``YYYY-MM-DD``, the day that begins at the instant."""
    month = math.floor(instant + SAME_INSTANT)
    day = round((instant - month) * days_in(month)) + 1
    return f"{month // 12:04d}-{month % 12 + 1:02d}-{day:02d}"


def last_day(end: int) -> str:
    """``YYYY-MM-DD``, the last day before the month that begins at ``end``."""
    month = end - 1
    return f"{month // 12:04d}-{month % 12 + 1:02d}-{days_in(month):02d}"


def mean_factors(rate: float, months: int) -> Array:
    """Mean discount factor of each of the first ``months`` months, (months,), for what accrues evenly within them."""
    rho = math.log1p(rate)
    if rho == 0.0:
        return np.ones(months)
    # exp(-rho k / 12) - exp(-rho (k + 1) / 12), with the second factor taken out: no figures are lost at small rates.
    share = -math.expm1(-rho / 12) * 12 / rho
    return np.asarray(np.exp(-rho * np.arange(months) / 12) * share)


def instant_factor(rate: float, after: float) -> float:
    """Discount factor of a payment ``after`` months from the start."""
    return math.exp(-math.log1p(rate) * after / 12)
