"""A comparison on the terminal: why first, then decisions, megawatts, money."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from optimizer.compare.why import CHOSEN
from optimizer.plan.summary import decision_line
from optimizer.plan.table import Table
from optimizer.plan.written import WrittenPlan

WIDTH = 100

MOST = 20
"""Lines of each kind; the tables have them all."""

SHOWN_MW = 0.05

CAUSE_WORDS = {"inputs": "other inputs", "decisions": "other decisions"}


def compare_lines(a: WrittenPlan, b: WrittenPlan, tables: Mapping[str, Table]) -> list[str]:
    """The comparison, line by line, within 100 columns."""
    return [part for line in _lines(a, b, tables) for part in (_wrapped(line) or [""])]


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, WIDTH, subsequent_indent=" " * 10, drop_whitespace=True, replace_whitespace=False)


def _lines(a: WrittenPlan, b: WrittenPlan, tables: Mapping[str, Table]) -> list[str]:
    lines = [f"A         {a.title}: {_usd_m(a.value_usd_m)}  ({a.folder})"]
    lines += [f"B         {b.title}: {_usd_m(b.value_usd_m)}  ({b.folder})"]
    if not any(tables[name].rows for name in ("inputs", "decisions", "megawatts", "value", "measures")):
        return [*lines, "", "Nothing differs: same decisions, megawatts and money."]
    lines += ["", *_labelled("Inputs", _cut(_inputs(tables["inputs"]), "inputs.csv") or ["no difference"])]
    lines += ["", *_labelled("Value", list(_why(a, b, tables.get("why"))))]
    lines += ["", *_labelled("Decide", _cut(_decisions(tables["decisions"]), "decisions.csv") or ["no difference"])]
    lines += ["", *_labelled("MW", _cut(_megawatts(tables["megawatts"]), "megawatts.csv") or ["no difference"])]
    return [*lines, "", *_labelled("Money", _cut(_values(tables["value"]), "value.csv") or ["no difference"])]


def _why(a: WrittenPlan, b: WrittenPlan, why: Table | None) -> Iterator[str]:
    difference = b.value_usd_m - a.value_usd_m
    yield f"B is worth {_signed(difference)} against A"
    if a.case_sha256 == b.case_sha256:
        yield "the inputs are the same: all of it is other decisions"
        return
    rows = list(why.dicts()) if why is not None else []
    for first, second in zip(rows[::2], rows[1::2], strict=True):
        if first["usd_m"] is None:
            yield f"{first['between']}: cannot be taken ({first['note']})"
        else:
            said = [(float(row["usd_m"] or 0.0), CAUSE_WORDS[str(row["cause"])]) for row in (first, second)]
            parts = ", ".join(f"{_signed(amount)} by {words}" for amount, words in said)
            yield f"{first['between']} would be worth {_usd_m(float(first['between_usd_m'] or 0.0))}: {parts}"
            if first["note"]:
                yield f"  ({first['note']})"


def _inputs(table: Table) -> Iterator[str]:
    for row in table.dicts():
        yield f"{row['input']}: {row['a'] or 'none'} -> {row['b'] or 'none'}"


def _decisions(table: Table) -> Iterator[str]:
    """What is signed, contracted and built first; what differs by less than is shown is only counted."""
    rows = sorted(table.dicts(), key=lambda row: row["decision"] not in CHOSEN)
    small = 0
    for row in rows:
        one, two = (_decision(row, side) for side in ("a", "b"))
        if one == two:
            small += 1
        elif one and two:
            yield f"A {one}; B {two}"
        else:
            yield f"only A: {one}" if one else f"only B: {two}"
    if small:
        yield f"{small} that differ by less than is shown here"


def _decision(row: Mapping[str, Any], side: str) -> str:
    if row[f"{side}_amount"] is None:
        return ""
    return decision_line({**row, "date": row[f"{side}_date"], "amount": row[f"{side}_amount"]})


def _megawatts(table: Table) -> Iterator[str]:
    for row in table.dicts():
        if abs(float(row["difference_mw"] or 0)) < SHOWN_MW:
            continue
        yield (
            f"{row['year']} {row['site']} {row['use']}: {float(row['a_mw'] or 0):,.1f} -> "
            f"{float(row['b_mw'] or 0):,.1f} ({float(row['difference_mw'] or 0):+,.1f})"
        )


def _values(table: Table) -> Iterator[str]:
    for row in table.dicts():
        one, two, more = (float(row[key] or 0.0) for key in ("a_usd_m", "b_usd_m", "difference_usd_m"))
        yield f"{row['component']}: {_usd_m(one)} -> {_usd_m(two)} ({_signed(more)})"


def _cut(lines: Iterator[str], file: str) -> list[str]:
    found = list(lines)
    return found if len(found) <= MOST else [*found[:MOST], f"and {len(found) - MOST} more in {file}"]


def _labelled(label: str, texts: list[str]) -> list[str]:
    return [f"{label if index == 0 else '':<10}{text}" for index, text in enumerate(texts)]


def _usd_m(amount: float) -> str:
    return f"{'-' if round(amount, 1) < 0 else ''}${abs(amount):,.1f}M"


def _signed(amount: float) -> str:
    return f"{'-' if round(amount, 1) < 0 else '+'}${abs(amount):,.1f}M"
