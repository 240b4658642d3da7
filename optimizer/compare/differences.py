"""What differs between two plan folders: decisions, megawatts, value, measures (docs/figures_report.md, section 28).

Text of the tables in, tables of differences out; nothing is solved.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import zip_longest
from typing import Any

from optimizer.plan.causes import CAUSES, cause_of
from optimizer.plan.table import Cell, Table, table
from optimizer.plan.written import Row, WrittenPlan

NO_INPUTS = {"case", "sweeps"}

SAME = 1e-6
"""Amounts that differ by less are the same."""


def decisions_table(a: WrittenPlan, b: WrittenPlan) -> Table:
    """Decisions that differ; those of the same kind, item and site are matched in order of date."""
    ours, theirs = _decisions(a.rows("decisions")), _decisions(b.rows("decisions"))
    rows: list[tuple[Cell, ...]] = []
    for key in dict.fromkeys([*ours, *theirs]):
        mine, other = _unmatched(ours.get(key, []), theirs.get(key, []))
        for one, two in zip_longest(mine, other):
            rows.append((*key[:3], *(one or ("", None)), *(two or ("", None)), key[3]))
    rows.sort(key=lambda row: min(str(row[3] or "9999"), str(row[5] or "9999")))
    return table(("decision", "item", "site", "a_date", "a_amount", "b_date", "b_amount", "unit"), rows)


def _decisions(rows: Iterable[Row]) -> dict[tuple[str, str, str, str], list[tuple[str, float]]]:
    found: dict[tuple[str, str, str, str], list[tuple[str, float]]] = defaultdict(list)
    for row in rows:
        found[row["decision"], row["item"], row["site"], row["unit"]].append((row["date"], float(row["amount"])))
    return {key: sorted(amounts) for key, amounts in found.items()}


def _unmatched(
    ours: list[tuple[str, float]], theirs: list[tuple[str, float]]
) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """What is left of both when equal dates and amounts are taken out."""
    left = list(theirs)
    mine = []
    for day, amount in ours:
        same = next((other for other in left if other[0] == day and abs(other[1] - amount) <= SAME), None)
        if same is None:
            mine.append((day, amount))
        else:
            left.remove(same)
    return mine, left


def megawatts_table(a: WrittenPlan, b: WrittenPlan) -> Table:
    """Mean meter MW by calendar year, site and use that differ."""
    ours, theirs = _megawatts(a.rows("allocation")), _megawatts(b.rows("allocation"))
    rows = [
        (year, site, use, one, two, two - one)
        for year, site, use in sorted({*ours, *theirs})
        if abs((two := theirs.get((year, site, use), 0.0)) - (one := ours.get((year, site, use), 0.0))) > SAME
    ]
    return table(("year", "site", "use", "a_mw", "b_mw", "difference_mw"), rows)


def _megawatts(rows: Iterable[Row]) -> dict[tuple[int, str, str], float]:
    """Means over the days of each year that the plan covers."""
    days: dict[int, dict[date, int]] = defaultdict(dict)
    sums: dict[tuple[int, str, str], float] = defaultdict(float)
    for row in rows:
        for year, first, count in _years(date.fromisoformat(row["from"]), date.fromisoformat(row["to"])):
            days[year][first] = count
            sums[year, row["site"], row["use"]] += float(row["meter_mw"] or 0.0) * count
    return {key: total / sum(days[key[0]].values()) for key, total in sums.items()}


def _years(first: date, last: date) -> Iterator[tuple[int, date, int]]:
    """(year, first day, days) of a span of days, cut at the ends of years."""
    while first <= last:
        until = min(last, date(first.year, 12, 31))
        yield first.year, first, (until - first).days + 1
        first = date(first.year + 1, 1, 1)


def inputs_table(a: WrittenPlan, b: WrittenPlan) -> Table:
    """Inputs that differ, by path in the case; empty where one does not have it. Titles and named sweeps are none."""
    ours, theirs = (dict(_leaves(plan.case)) for plan in (a, b))
    rows = [
        (path, ours.get(path, ""), theirs.get(path, ""))
        for path in sorted({*ours, *theirs})
        if ours.get(path) != theirs.get(path) and path.partition(".")[0] not in NO_INPUTS
    ]
    return table(("input", "a", "b"), rows)


def _leaves(data: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every value of a case by its dotted path, as text; an empty mapping or list counts as one."""
    if isinstance(data, Mapping) and data:
        for key, value in data.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    else:
        yield path, data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)


def value_table(a: WrittenPlan, b: WrittenPlan) -> Table:
    """The value by cause and part; the last row is the total. No rows if nothing differs."""
    ours, theirs = _values(a), _values(b)
    parts = [name for name in dict.fromkeys([*ours, *theirs]) if name != "total"]
    places = list(CAUSES)
    parts.sort(key=lambda name: places.index(cause_of(name)))
    rows: list[tuple[Cell, ...]] = []
    for name in [*parts, "total"]:
        one, two = ours.get(name, 0.0), theirs.get(name, 0.0)
        if abs(two - one) > SAME or name == "total":
            rows.append(("total" if name == "total" else cause_of(name), name, one, two, two - one))
    if len(rows) == 1 and abs(float(rows[0][4] or 0.0)) <= SAME:
        rows = []
    return table(("cause", "component", "a_usd_m", "b_usd_m", "difference_usd_m"), rows)


def _values(plan: WrittenPlan) -> dict[str, float]:
    return {row["component"]: float(row["total_usd_m"]) for row in plan.rows("value")}


def measures_table(a: WrittenPlan, b: WrittenPlan) -> Table:
    """Numbers and periods of ``measures`` and ``capital`` that differ."""
    ours, theirs = dict(_measures(a.summary)), dict(_measures(b.summary))
    rows: list[tuple[Cell, ...]] = []
    for name in dict.fromkeys([*ours, *theirs]):
        one, two = ours.get(name), theirs.get(name)
        if isinstance(one, int | float) and isinstance(two, int | float):
            if abs(two - one) > SAME:
                rows.append((name, one, two, two - one))
        elif one != two:
            rows.append((name, one, two, None))
    return table(("measure", "a", "b", "difference"), rows)


def _measures(summary: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Names with dots, and what is neither nested nor empty on both sides."""

    def walk(name: str, value: Any) -> Iterator[tuple[str, Any]]:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                yield from walk(f"{name}.{key}" if name else str(key), inner)
        elif isinstance(value, bool) or value is None or isinstance(value, int | float | str):
            yield name, str(value).lower() if isinstance(value, bool) else value

    yield from walk("", summary.get("measures") or {})
    yield from walk("capital", summary.get("capital") or {})
