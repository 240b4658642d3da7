"""Points of a sweep on its page: the inputs of each in words, and quantiles of their values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from optimizer.plan.table import Cell, format_cell
from optimizer.report.page.found import Line, SweepFound
from optimizer.report.page.plan import Row
from optimizer.report.page.sweeps import axis_of
from optimizer.report.page.words import Said, begin, listing, named, raw, said, usd

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
CASE = "case"


def input_title(column: str) -> str:
    """A column of what is varied, in words: ``market.network.btc_usd (factor)`` is Bitcoin price (x today's)."""
    return raw(begin(named(axis_of(column).title)), 80)


def place_words(found: SweepFound, number: int) -> str:
    """``bitcoin price $60,000 and rent of offers $145/kW-month``; of a tornado only what is moved."""
    rows = {row["point"]: row for row in found.table.dicts()}
    if number not in rows:
        return ""
    row, own = rows[number], rows.get(1) if found.design == "tornado" else None
    if own is not None and number == 1:
        return "the case as it stands"
    parts = [
        _input_words(column, row)
        for column in found.inputs
        if row[column] not in ("", None) and (own is None or row[column] != own[column])
    ]
    return listing(parts) if parts else "the case as it stands"


def _input_words(column: str, row: Row) -> str:
    value: Cell = row[column]
    if column == CASE or not isinstance(value, int | float):
        return raw(format_cell(value), 80)
    axis = axis_of(column)
    return f"{raw(named(axis.name), 80)} {axis.text(float(value))}"


def values_of(found: SweepFound) -> list[float]:
    """Values of the points that have a plan, USD m."""
    return [float(row["value_usd_m"]) for row in found.table.dicts() if isinstance(row["value_usd_m"], int | float)]


def quantiles(values: Sequence[float]) -> list[float]:
    """At 5, 25, 50, 75 and 95 %, as on the terminal. ``values`` may not be empty."""
    return [float(each) for each in np.quantile(np.asarray(values), QUANTILES)]


def drawn_finding(values: Sequence[float]) -> Said:
    """Where the middle of a sample lies, and nine tenths of it."""
    if not values:
        return said("No point has a plan")
    low, _, middle, _, high = quantiles(values)
    return said("Worth ", usd(middle), " in the middle; nine points of ten between ", usd(low), " and ", usd(high))


def leads(line: Line) -> list[tuple[float, float]]:
    """(value of the input, all hosting less all mining in USD m), ascending, where both are known."""
    return sorted(
        (p.x, p.all_hosting_usd_m - p.all_mining_usd_m)
        for p in line.points
        if p.all_hosting_usd_m is not None and p.all_mining_usd_m is not None
    )


def overtaking_said(line: Line) -> Iterator[Said]:
    """Between which values all hosting becomes worth more than all mining, or that it is so at all of them."""
    found = leads(line)
    for (first, before), (second, after) in pairwise(found):
        if (before > 0) != (after > 0):
            one, other = ("hosting", "mining") if after > 0 else ("mining", "hosting")
            yield said(
                f"Between {line.axis.text(first)} and {line.axis.text(second)} all {one} becomes worth more than all "
                f"{other}: its lead goes from ", usd(before if after > 0 else -before), " to ", usd(abs(after)), ".",
            )  # fmt: skip
    signs = {lead > 0 for _, lead in found}
    if len(signs) == 1:
        one, other = ("hosting", "mining") if signs == {True} else ("mining", "hosting")
        sizes = sorted(abs(lead) for _, lead in found)
        yield said(
            f"All {one} is worth more than all {other} at every value, by ", usd(sizes[0]), " to ", usd(sizes[-1]), ".",
        )  # fmt: skip
