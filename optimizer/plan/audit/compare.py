"""Holds the tables of a plan against the recomputed ones, cell by cell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set

from optimizer.plan.audit.files import Line, Table, number_in
from optimizer.plan.audit.recompute.decision_rows import Cell, Row
from optimizer.plan.audit.recompute.statement_tables import STATEMENT_KEYS
from optimizer.plan.audit.recompute.tables import COLUMNS, Tables
from optimizer.plan.audit.recompute.timeline import Period
from optimizer.plan.audit.result import Collector, differs, says, shown

Key = tuple[str, ...]

# A row is known by these cells. All of them are text.
_KEYS: dict[str, tuple[str, ...]] = {
    "decisions.csv": ("date", "decision", "item", "site"),
    "machines.csv": ("scenario", "period", "lot", "place"),
    "allocation.csv": ("scenario", "period", "site", "use", "item"),
    "mining.csv": ("scenario", "period", "site", "lot"),
    "hosting.csv": ("scenario", "period", "offer"),
    "dispatch.csv": ("scenario", "month", "site", "kind", "item"),
    "power.csv": ("scenario", "period", "site", "use"),
    "contracts.csv": ("scenario", "period", "site", "contract"),
    "flexibility.csv": ("scenario", "period", "site", "program"),
    "delivery.csv": ("scenario", "period", "site", "charge", "use"),
    "certificate.csv": ("scenario", "site", "year"),
    "cash.csv": ("scenario", "period"),
    "debt.csv": ("scenario", "period", "debt"),
    "companies.csv": ("scenario", "period", "company"),
    "projects.csv": ("scenario", "period", "offer"),
    "treasury.csv": ("scenario", "period"),
    "limits.csv": ("scenario", "period", "limit", "item"),
    "value.csv": ("component",),
} | STATEMENT_KEYS


def compare_table(table: Table, rows: Sequence[Row], collector: Collector, optional: Set[Key] = frozenset()) -> None:
    """Every cell, every row and their order. ``rows`` are the recomputed ones; with ``optional`` keys they may lack."""
    columns = COLUMNS[table.file]
    expected = [dict(zip(columns, row, strict=True)) for row in rows]
    # What a file says nothing of cannot tell its rows apart; the missing column is a finding already.
    key_columns = [column for column in _KEYS[table.file] if column in table.columns]
    wanted = [tuple(str(row[column]) for column in key_columns) for row in expected]
    found = [tuple(line.cells[column] for column in key_columns) for line in table.lines]
    if optional and len(key_columns) == len(_KEYS[table.file]):
        there = set(found)
        expected = [row for row, key in zip(expected, wanted, strict=True) if key not in optional or key in there]
        wanted = [key for key in wanted if key not in optional or key in there]
    if found == wanted:
        pairs = list(zip(table.lines, expected, strict=True))
    elif len(found) == len(wanted) and Counter(found) != Counter(wanted):
        # As many rows as there should be, but some name something else: row by row, that says most plainly what.
        pairs = list(zip(table.lines, expected, strict=True))
        pairs = _name_other_rows(table.file, pairs, key_columns, collector)
    else:
        pairs = _matched(table, expected, wanted, found, collector)
    for line, row in pairs:
        for column in table.columns:
            collector.cells += 1
            _compare_cell(table.file, line, column, row[column], collector)


def settle_ties(table: Table, recomputed: Tables, periods: Sequence[Period]) -> list[Row]:
    """Rows of limits.csv, with the instant that the file shows where several have as little left but for the rounding
    of decisions."""
    stated: dict[Key, float | None] = {
        (line.cells.get("period", ""), line.cells.get("limit", ""), line.cells.get("item", "")): line.value("used")
        for line in table.lines
    }
    settled: dict[Key, tuple[float, float]] = {}
    for period, of_period in zip(periods, recomputed.megawatts, strict=True):
        for each in of_period:
            key: Key = (period.name, each.limit, each.site)
            shown_used = stated.get(key)
            if shown_used is not None and differs(shown_used, each.used):
                for other in each.others:
                    if not differs(shown_used, other[0]):
                        settled[key] = other
    rows: list[Row] = []
    for row in recomputed.rows[table.file]:
        scenario, period_name, limit, item, *_, unit = row
        key = (str(period_name), str(limit), str(item))
        if key in settled:
            used, allowed = settled[key]
            row = (scenario, period_name, limit, item, used, allowed, allowed - used, unit)
        rows.append(row)
    return rows


def _name_other_rows(
    file: str, pairs: list[tuple[Line, dict[str, Cell]]], key_columns: list[str], collector: Collector
) -> list[tuple[Line, dict[str, Cell]]]:
    """Report the rows that stand for something else than they should; return the others."""
    same: list[tuple[Line, dict[str, Cell]]] = []
    for line, row in pairs:
        others = [column for column in key_columns if line.cells[column] != row[column]]
        for column in others:
            collector.cells += 1
            _compare_cell(file, line, column, row[column], collector)
        if not others:
            same.append((line, row))
    return same


def _matched(
    table: Table, expected: list[dict[str, Cell]], wanted: list[Key], found: list[Key], collector: Collector
) -> list[tuple[Line, dict[str, Cell]]]:
    """Pair rows by what they are about; report those too many, missing, repeated, or out of order."""
    rows = dict(zip(wanted, expected, strict=True))
    pairs: dict[Key, tuple[Line, dict[str, Cell]]] = {}
    for line, key in zip(table.lines, found, strict=True):
        if key not in rows:
            collector.fault(table.file, line.number, "", f"there should be no row {_named(key)}")
        elif key in pairs:
            first = pairs[key][0].number
            collector.fault(table.file, line.number, "", f"the row {_named(key)} stands in line {first} already")
        else:
            pairs[key] = (line, rows[key])
    last_line = table.lines[-1].number if table.lines else 1
    before = last_line
    for key in reversed(wanted):
        # Said at the line where it should stand: that of the row that follows.
        if key in pairs:
            before = pairs[key][0].number
        else:
            collector.fault(table.file, before, "", f"the row {_named(key)} is missing")
    in_file = list(pairs)
    in_order = [key for key in wanted if key in pairs]
    for is_there, should_be in zip(in_file, in_order, strict=True):
        if is_there != should_be:
            line = pairs[is_there][0]
            collector.fault(
                table.file, line.number, "", f"rows are not in their order: here belongs {_named(should_be)}"
            )
            break
    return list(pairs.values())


def _named(key: Key) -> str:
    return " / ".join(part for part in key if part)


def _compare_cell(file: str, line: Line, column: str, recomputed: Cell, collector: Collector) -> None:
    text = line.cells[column]
    if isinstance(recomputed, str):
        if text != recomputed:
            collector.fault(file, line.number, column, f"says {text!r}, recomputed {recomputed!r}")
        return
    if recomputed is None:
        if text:
            collector.fault(file, line.number, column, f"says {text!r}, should be empty")
        return
    stated = number_in(text)
    if stated is None:
        collector.fault(file, line.number, column, f"says {text!r}, which is no number; recomputed {shown(recomputed)}")
    elif differs(stated, recomputed):
        collector.fault(file, line.number, column, says(stated, recomputed))
