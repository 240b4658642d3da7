"""Amounts by date, such as an adder or a rate: each holds from its date's month on. Section 3 of docs/figures.md."""

from __future__ import annotations

import math
from collections.abc import Mapping

from optimizer.case.base import CalendarDate
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT


def in_month(amount: float | Mapping[CalendarDate, float], month: int) -> float:
    """The amount in force in a month; 0 before the first date."""
    if isinstance(amount, int | float):
        return float(amount)
    reached = [
        (date.first, float(each)) for date, each in amount.items() if math.floor(date.first + SAME_INSTANT) <= month
    ]
    return max(reached)[1] if reached else 0.0
