"""Hours in which power is cut: the dearest of the price file. Section 3 of docs/figures.md, "Interruptions".

Prices are those that the market makes of its file, before the level, the scale and the basis.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from optimizer.plan.audit.recompute.prices import Shape

Marks = dict[int, NDArray[np.bool_]]
"""Marked intervals of the months of a file, by the month's coordinate."""

SAME_SUM_DIGITS = 6
"""Sums and means of file prices that are the same in so many digits are equal."""

WHOLE = 1e-9


def events_in(shape: Shape, events_per_year: float, hours_per_event: float) -> Marks:
    """The runs of hours that are called: the dearest of each day, on the dearest days of a year of shape."""
    run = max(1, math.ceil(hours_per_event / shape.interval_hours - WHOLE))
    marks: Marks = {}
    days: list[tuple[float, int, int, slice, float]] = []
    for sources in shape.months.values():
        for source in sources:
            marks[source.month] = np.zeros(len(source.day), dtype=np.bool_)
            # Intervals are in time, so those of a day stand together.
            edges = np.searchsorted(source.day, np.arange(1, int(source.day[-1]) + 2))
            for day in range(1, len(edges)):
                first, end = int(edges[day - 1]), int(edges[day])
                length = min(run, end - first)
                sums = np.convolve(source.price[first:end], np.ones(length), mode="valid").round(SAME_SUM_DIGITS)
                begins = first + int(np.argmax(sums))
                mean = round(float(sums.max()) / length, SAME_SUM_DIGITS)
                days.append((-mean, source.month, day, slice(begins, begins + length), 1 / len(sources)))
    taken = 0.0
    for _, month, _, called, weight in sorted(days, key=lambda each: each[:3]):
        if taken >= events_per_year - WHOLE:
            break
        marks[month][called] = True
        taken += weight
    return marks
