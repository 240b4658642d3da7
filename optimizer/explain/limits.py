"""``limits.csv``: what binds the plan, and when, from its table of limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from optimizer.plan.table import Table, table

COLUMNS = (
    "limit",
    "item",
    "unit",
    "periods",
    "binding_periods",
    "first_binding",
    "last_binding",
    "tightest_period",
    "least_headroom",
)

BINDS = 1e-6
"""Of what is allowed, at least 1: with so little headroom a limit binds."""


def limits_table(rows: Iterable[Mapping[str, str]]) -> Table:
    """A row for each limit and item of the rows of a plan's ``limits.csv``; those that bind most often first."""
    grouped: dict[tuple[str, str, str], list[tuple[str, float, float]]] = {}
    for row in rows:
        key = (row["limit"], row["item"], row["unit"])
        grouped.setdefault(key, []).append((row["period"], float(row["headroom"]), float(row["allowed"])))
    found = [(key, periods, _binding(periods)) for key, periods in grouped.items()]
    # A stable order: that of limits.csv where equally many periods bind.
    found.sort(key=lambda each: -len(each[2]))
    cells = []
    for key, periods, binding in found:
        tightest, least, _ = min(periods, key=lambda each: each[1])
        first, last = (binding[0], binding[-1]) if binding else (None, None)
        cells.append((*key, len(periods), len(binding), first, last, tightest, least))
    return table(COLUMNS, cells)


def _binding(periods: Iterable[tuple[str, float, float]]) -> list[str]:
    """The periods in which a limit binds."""
    return [period for period, headroom, allowed in periods if headroom <= BINDS * max(1.0, abs(allowed))]
