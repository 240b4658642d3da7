"""Which hours are called: events of interruptions and demand response, in the dearest hours of a market's file.

Deterministic: the days of the file with the dearest run of hours, as many as events a year for each year that the
file holds. docs/figures.md, section 3, "Interruptions".
"""

from __future__ import annotations

import math

import numpy as np

from models.tree import Bools
from optimizer.market.market import PowerPath


def called(power: PowerPath, events_per_year: float, hours_per_event: float) -> Bools:
    """(intervals of the file,) True in the called ones."""
    series, shape = power.series, power.shape
    result = np.zeros(len(series.price), dtype=bool)
    length = math.ceil(hours_per_event / shape.interval_hours - 1e-9)
    days: list[tuple[float, int, int, int, int]] = []
    for month in shape.taken:
        inside = np.flatnonzero(series.local_month == month)
        day = series.local_day[inside]
        for first, last in _runs(day):
            begin, end = int(inside[first]), int(inside[last]) + 1
            prices = series.price[begin:end]
            size = min(length, len(prices))
            # Rounded, so that the last digits of a sum do not decide which hours are called.
            sums = np.convolve(prices, np.ones(size), mode="valid").round(6)
            at = int(np.argmax(sums))
            days.append((-round(float(sums[at]) / size, 6), month, begin, begin + at, begin + at + size))
    taken = 0.0
    for _, month, _, begin, end in sorted(days):
        if taken >= events_per_year - 1e-9:
            break
        result[begin:end] = True
        taken += 1 / shape.times_used(month)
    return result


def _runs(day: np.ndarray) -> list[tuple[int, int]]:
    """First and last place of each day in a month."""
    edges = np.flatnonzero(np.diff(day)) + 1
    starts = [0, *edges.tolist()]
    ends = [*(edges - 1).tolist(), len(day) - 1]
    return list(zip(starts, ends, strict=True))
