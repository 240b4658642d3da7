"""Reads ``decisions.csv`` into decisions to recompute from, and says which of its rows make no sense.

Here a row is judged by itself and against its neighbours: does what it names exist, was it decided before. Whether the
case allows it is judged in ``rules``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from optimizer.case.case import Case
from optimizer.plan.audit.files import Line, Table
from optimizer.plan.audit.recompute.decisions import Decisions, Retirement, Signature, lots_in_order
from optimizer.plan.audit.recompute.timeline import Timeline, first_day
from optimizer.plan.audit.result import Collector, shown

FILE = "decisions.csv"
ROUNDING_PH_S = 1e-6


def read_decisions(
    table: Table, case: Case, timeline: Timeline, collector: Collector
) -> tuple[Decisions, dict[object, int]]:
    """Decisions that can be recomputed, and the line of each. Rows that cannot be are findings."""
    lines: dict[object, int] = {}
    signatures: dict[str, Signature] = {}
    retirements: dict[tuple[str, str, int], Retirement] = {}
    lots = {(site, name) for site, name, _ in lots_in_order(case)}
    for line in table.lines:
        collector.checks += 1
        wrong = list(_unusable(line, case, lots))
        start = _month_of(line, timeline)
        if start is None:
            text = line.cells.get("date", "")
            wrong.append(("date", f"{text!r} is not the first instant of a step"))
        for column, message in wrong:
            collector.fault(FILE, line.number, column, message)
        amount = line.value("amount")
        if wrong or start is None or amount is None:
            continue
        item, site = line.cells["item"], line.cells["site"]
        if line.cells["decision"] == "sign":
            if item in signatures:
                first = lines[signatures[item]]
                collector.fault(FILE, line.number, "item", f"{item} was signed already in line {first}")
                continue
            signatures[item] = Signature(item, site, start, amount)
            lines[signatures[item]] = line.number
        else:
            key = (site, item, start)
            if key in retirements:
                first = lines[retirements[key]]
                collector.fault(
                    FILE, line.number, "item", f"{site}.{item} is retired on this date already in line {first}"
                )
                continue
            retirements[key] = Retirement(site, item, start, amount)
            lines[retirements[key]] = line.number
    in_order = tuple(signatures[offer] for offer in case.offers if offer in signatures)
    decisions = Decisions(in_order, tuple(retirements.values()))
    _not_more_than_there_is(case, decisions, lines, collector)
    return decisions, lines


def _unusable(line: Line, case: Case, lots: set[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Column and message of each reason why nothing can be recomputed from a row."""
    decision, item, site = (line.cells.get(column, "") for column in ("decision", "item", "site"))
    if decision not in ("sign", "retire"):
        yield "decision", f"{decision!r} is neither sign nor retire"
    if site not in case.sites:
        yield "site", f"there is no site {site!r}"
    if decision == "sign" and item not in case.offers:
        yield "item", f"there is no offer {item!r}"
    if decision == "retire" and site in case.sites and (site, item) not in lots:
        yield "item", f"there is no lot {item!r} at {site}"
    amount = line.value("amount")
    if amount is None:
        yield "amount", f"{line.cells.get('amount', '')!r} is no number"
    elif amount <= 0:
        yield "amount", f"{shown(amount)} is not more than nothing"


def _month_of(line: Line, timeline: Timeline) -> int | None:
    """The step that begins on the date of a row."""
    text = line.cells.get("date", "")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    month = 12 * day.year + day.month - 1
    return month if month in timeline.steps and text == first_day(month) else None


def _not_more_than_there_is(case: Case, decisions: Decisions, lines: dict[object, int], collector: Collector) -> None:
    for site, name, lot in lots_in_order(case):
        left = lot.ph_s
        for retirement in decisions.taken_from(site, name):
            collector.checks += 1
            if retirement.ph_s > left + ROUNDING_PH_S:
                message = f"takes {shown(retirement.ph_s)} PH/s of {site}.{name}, where {shown(left)} are installed"
                collector.fault(FILE, lines[retirement], "amount", message)
            left -= retirement.ph_s
