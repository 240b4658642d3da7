"""EBITDA of the year before the start, for checks (docs/figures_capital.md, 14). Plans have code of their own."""

from __future__ import annotations

import math

from optimizer.case.case import Case


def months_named(period: str) -> range:
    """Month coordinates of the months of ``2025-Q2`` or ``2025-04``."""
    year, rest = int(period[:4]), period[5:]
    first = 12 * year + (3 * int(rest[1:]) - 3 if rest.startswith("Q") else int(rest) - 1)
    return range(first, first + (3 if rest.startswith("Q") else 1))


def ebitda_before_usd_m(case: Case) -> float | None:
    """EBITDA of the twelve months before the start, USD m; None where nothing is said of it.

    Months without an entry have the mean of the months that have one.
    """
    by_month: dict[int, float] = {}
    for period, amount in case.finance.ebitda_before_usd_m.items():
        months = months_named(period)
        by_month |= dict.fromkeys(months, amount / len(months))
    if not by_month:
        return None
    mean = math.fsum(by_month.values()) / len(by_month)
    start = round(case.horizon.start.first)
    return math.fsum(by_month.get(month, mean) for month in range(start - 12, start))
