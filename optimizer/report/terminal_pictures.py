"""A plan as pictures of characters: decisions on a time line, megawatts by site and year, liquidity by period.

For people at a terminal only; figures stand in the summary and in the tables. Tables in, lines of (text, style) out;
styles are those of rich, which draws them (`show`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from optimizer.plan.table import Table

Line = list[tuple[str, str]]
"""Pieces of a line: text, and how it is drawn."""

WIDTH, LABEL, BAR = 100, 34, 40
MOST_ROWS = 12

MINING, HOSTING, FREE = "mining", "hosting", "free"
USES = {MINING: ("█", "yellow"), HOSTING: ("▓", "cyan"), FREE: ("·", "bright_black")}
HEADING, QUIET, WARNING = "bold", "bright_black", "bold red"
SIGNED, WAITING, PAYING = "●", "─", "▓"
SPARKS = "▁▂▃▄▅▆▇█"


def picture_lines(tables: Mapping[str, Table]) -> list[Line]:
    """All three pictures of a plan."""
    lines = [*_time_line(tables), *_megawatts(tables["allocation"]), *_liquidity(tables["cash"])]
    return lines[:-1] if lines and not lines[-1] else lines


def text_of(line: Line) -> str:
    """A line without its styles."""
    return "".join(text for text, _ in line)


def show(lines: Iterable[Line]) -> None:
    """Draw lines on standard output with rich."""
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, width=max(WIDTH, LABEL + BAR + 20))
    for line in lines:
        console.print(Text.assemble(*line), soft_wrap=True)


def _periods(allocation: Table) -> list[tuple[str, date, date]]:
    """(label, first day, last day) of each period, in order."""
    found: dict[str, tuple[date, date]] = {}
    for row in allocation.dicts():
        if str(row["period"]) not in found:
            days = date.fromisoformat(str(row["from"])), date.fromisoformat(str(row["to"]))
            found[str(row["period"])] = days
    return [(label, *days) for label, days in found.items()]


def _time_line(tables: Mapping[str, Table]) -> Iterator[Line]:
    """What is signed and built: from the day of decision over the wait to the first rent, to the end of the horizon."""
    periods = _periods(tables["allocation"])
    first, last = periods[0][1], periods[-1][2]
    rows = [row for row in tables["decisions"].dicts() if row["decision"] in ("sign", "contract", "build")]
    if not rows:
        return
    rent = _first_rent(tables["hosting"], {label: begin for label, begin, _ in periods})
    yield [(f"{'Time line':<{LABEL}}", HEADING), (_years_axis(first, last), QUIET)]
    for row in rows[:MOST_ROWS]:
        at = _place(date.fromisoformat(str(row["date"])), first, last)
        pays = rent.get((str(row["item"]), str(row["site"]))) if row["decision"] == "sign" else None
        begins = _place(pays, first, last) if pays else BAR
        wait = WAITING * max(0, begins - at - 1) if row["decision"] == "sign" else ""
        name = _fitted(f"{row['item']} at {row['site']}", LABEL - 2)
        bar = " " * at + SIGNED + wait
        yield [(f"{name:<{LABEL}}", ""), (bar, ""), (PAYING * (BAR - len(bar)) if pays else "", USES[HOSTING][1])]
    if len(rows) > MOST_ROWS:
        yield [(f"and {len(rows) - MOST_ROWS} more in decisions.csv", QUIET)]
    yield [(f"{'':<{LABEL}}{SIGNED} decided   {WAITING} being built   {PAYING} pays rent", QUIET)]
    yield []


def _first_rent(hosting: Table, begins: Mapping[str, date]) -> dict[tuple[str, str], date]:
    found: dict[tuple[str, str], date] = {}
    for row in hosting.dicts():
        key = str(row["offer"]), str(row["site"])
        if float(row["rent_usd_m"] or 0.0) > 0 and key not in found:
            found[key] = begins[str(row["period"])]
    return found


def _place(day: date, first: date, last: date) -> int:
    """The character of a bar that a day falls on."""
    share = (day - first).days / max(1, (last - first).days)
    return min(BAR - 1, max(0, int(share * BAR)))


def _years_axis(first: date, last: date) -> str:
    """Years at the characters where they begin, as many as have room."""
    axis = [" "] * (BAR + 4)
    free = 0
    for year in range(first.year, last.year + 1):
        at = _place(max(first, date(year, 1, 1)), first, last)
        if at >= free and at + 4 <= len(axis):
            axis[at : at + 4] = str(year)
            free = at + 5
    return "".join(axis).rstrip()


def _megawatts(allocation: Table) -> Iterator[Line]:
    """A bar a site and year: what its energised megawatts are used for, as means of the year."""
    means = _yearly_means(allocation.dicts())
    most = max((sum(uses.values()) for uses in means.values()), default=0.0)
    if most <= 0:
        return
    sites = dict.fromkeys(site for site, _ in means)
    for site in sites:
        years = [(year, uses) for (of, year), uses in means.items() if of == site]
        legend: Line = [(f"{_fitted(site, 24)} MW   ", HEADING)]
        for use, (mark, style) in USES.items():
            legend += [(mark, style), (f" {use}  ", QUIET)]
        yield legend
        for begin, end, uses in _runs(years):
            line: Line = [(f"  {begin if begin == end else f'{begin}-{end % 100:02d}':<9}", "")]
            for use, width in _widths(uses, most).items():
                line.append((USES[use][0] * width, USES[use][1]))
            said = ", ".join(f"{use} {mw:,.0f}" for use, mw in uses.items() if round(mw) > 0)
            yield [*line, (f"  {said or 'no power yet'}", QUIET)]
    yield []


def _runs(years: Sequence[tuple[int, Mapping[str, float]]]) -> Iterator[tuple[int, int, Mapping[str, float]]]:
    """Years in a row whose megawatts are the same as shown, as (first, last, megawatts)."""
    begin = 0
    for at in range(1, len(years) + 1):
        if at == len(years) or _rounded(years[at][1]) != _rounded(years[begin][1]):
            yield years[begin][0], years[at - 1][0], years[begin][1]
            begin = at


def _rounded(uses: Mapping[str, float]) -> list[int]:
    return [round(mw) for mw in uses.values()]


def _yearly_means(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], dict[str, float]]:
    """By site and the year in which a period ends, MW of each use, weighted by days."""
    sums: dict[tuple[str, int], dict[str, float]] = defaultdict(lambda: dict.fromkeys(USES, 0.0))
    days: dict[int, dict[str, int]] = defaultdict(dict)
    for row in rows:
        begin, end = date.fromisoformat(str(row["from"])), date.fromisoformat(str(row["to"]))
        count = (end - begin).days + 1
        days[end.year][str(row["period"])] = count
        sums[str(row["site"]), end.year][str(row["use"])] += float(row["meter_mw"] or 0.0) * count
    return {key: {use: total / sum(days[key[1]].values()) for use, total in uses.items()} for key, uses in sums.items()}


def _widths(uses: Mapping[str, float], most: float) -> dict[str, int]:
    """Characters of each use: cut at rounded running totals, so that bars of equal megawatts are equally long."""
    totals = [0.0]
    for mw in uses.values():
        totals.append(totals[-1] + mw)
    marks = [round(BAR * total / most) for total in totals]
    return {use: after - before for use, (before, after) in zip(uses, pairwise(marks), strict=True)}


def _liquidity(cash: Table) -> Iterator[Line]:
    """Headroom above the minimum cash by period, and where it is thinnest."""
    rows = list(cash.dicts())
    headroom = [float(row["headroom_usd_m"] or 0.0) for row in rows]
    if not headroom:
        return
    thinnest = min(range(len(headroom)), key=lambda at: headroom[at])
    shown, at = _thinned(headroom, thinnest)
    line: Line = [(f"{'Cash above its minimum':<{LABEL}}", HEADING)]
    sparks = sparkline(shown)
    line += [(sparks[:at], USES[HOSTING][1]), (sparks[at], WARNING), (sparks[at + 1 :], USES[HOSTING][1])]
    yield line
    ends = f"{rows[0]['period']} to {rows[-1]['period']}"
    yield [(f"{ends:<{LABEL}}", QUIET), (f"thinnest {rows[thinnest]['period']}: ${headroom[thinnest]:,.1f}M", WARNING)]
    yield []


def _thinned(amounts: Sequence[float], thinnest: int) -> tuple[list[float], int]:
    """At most as many amounts as a line has room for, the least of each stretch; and where the thinnest is then."""
    room = WIDTH - LABEL
    if len(amounts) <= room:
        return list(amounts), thinnest
    cuts = [round(i * len(amounts) / room) for i in range(room + 1)]
    stretches = list(pairwise(cuts))
    at = next(i for i, (begin, end) in enumerate(stretches) if begin <= thinnest < end)
    return [min(amounts[begin:end]) for begin, end in stretches], at


def sparkline(amounts: Sequence[float]) -> str:
    """A character an amount, from the least (or 0) to the most; the lowest one where it is negative."""
    low, high = min(0.0, *amounts), max(0.0, *amounts)
    span = high - low
    if span <= 0:
        return SPARKS[0] * len(amounts)
    return "".join(SPARKS[min(len(SPARKS) - 1, int((amount - low) / span * len(SPARKS)))] for amount in amounts)


def _fitted(text: str, width: int) -> str:
    """Text on one line, cut with a mark where it is too long."""
    plain = "".join(mark if mark.isprintable() else " " for mark in text)
    return plain if len(plain) <= width else plain[: width - 1] + "…"
