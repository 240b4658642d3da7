"""Amounts that a case gives by date, as they hold in a planned month."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from optimizer.case.base import CalendarDate


def in_month(amounts: float | Mapping[CalendarDate, float], month: int) -> float:
    """The amount that holds in an absolute month (12 * year + month - 1); 0 before the first date."""
    if isinstance(amounts, float | int):
        return float(amounts)
    found, latest = 0.0, None
    for date, amount in amounts.items():
        begins = _first(date)
        if int(begins) <= month and (latest is None or begins >= latest):
            found, latest = float(amount), begins
    return found


@lru_cache(maxsize=4096)
def _first(date: CalendarDate) -> float:
    """Month coordinate of its first instant; a case asks for the same few dates in every month."""
    return date.first


def in_force(start: CalendarDate | None, until: CalendarDate | None, start_month: int) -> tuple[float, float]:
    """[from, until) in months after the start; from the start where nothing is said, for ever without an end."""
    begin = _first(start) - start_month if start is not None else 0.0
    return max(0.0, begin), until.last - start_month if until is not None else float("inf")
