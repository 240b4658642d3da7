"""Reads ``dispatch.csv`` into what is recomputed from, and judges what was decided there by month.

That the rows are those that have to be there is judged with all other tables.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping

from optimizer.case.contracts import MinimumTake, MonthlyElection
from optimizer.case.flexibility import DemandResponse
from optimizer.plan.audit.files import Line, Table
from optimizer.plan.audit.recompute.dispatch import UNITS, Dispatch, Operation
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.operated import Window, windows_of
from optimizer.plan.audit.result import Collector, shown

FILE = "dispatch.csv"

TOLERANCE = 1e-6
"""Of MW and shares; of prices and MWh it is of their size."""

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")

Lines = Mapping[Operation, int]


def read_dispatch(table: Table | None, collector: Collector) -> tuple[Dispatch, dict[Operation, int]]:
    """Everything that can be read, and the line of each. A row that cannot be is a finding."""
    amounts: dict[Operation, float] = {}
    lines: dict[Operation, int] = {}
    for line in table.lines if table is not None else ():
        collector.checks += 1
        operation, amount = _operation(line), line.value("amount")
        if operation is not None and amount is not None and operation not in amounts:
            amounts[operation], lines[operation] = amount, line.number
    return Dispatch(amounts), lines


def _operation(line: Line) -> Operation | None:
    """What a row is about; None if it is about nothing that there is, which its comparison finds."""
    month, text = _MONTH.fullmatch(line.cells.get("month", "")), line.cells.get("kind", "")
    kind = next((each for each in UNITS if each == text), None)
    if month is None or kind is None:
        return None
    at = 12 * int(month[1]) + int(month[2]) - 1
    return Operation(at, line.cells.get("site", ""), kind, line.cells.get("item", ""))


def check_dispatch(figures: Figures, lines: Lines, collector: Collector) -> None:
    """What elections, enrolments, peaks and the prices of minimum takes may be."""
    for each, line in lines.items():
        if each.site not in figures.case.sites or not _in_horizon(figures, each):
            continue
        collector.checks += 1
        amount = figures.dispatch.amounts[each]
        for least, most, what in _bounds(figures, each):
            month = f"{each.month // 12:04d}-{each.month % 12 + 1:02d}"
            if amount < least - TOLERANCE:
                message = f"{each.kind} {shown(amount)} of {each.item} in {month}: {what} is at least {shown(least)}"
                collector.breach(FILE, line, "amount", message)
            elif most is not None and amount > most + TOLERANCE:
                message = f"{each.kind} {shown(amount)} of {each.item} in {month}: {what} is at most {shown(most)}"
                collector.breach(FILE, line, "amount", message)
    _check_takes(figures, lines, collector)


def _in_horizon(figures: Figures, each: Operation) -> bool:
    return figures.timeline.start <= each.month < figures.timeline.end


def _bounds(figures: Figures, each: Operation) -> Iterator[tuple[float, float | None, str]]:
    """Least and most of an amount, and what it is that is bounded."""
    site, month = figures.case.sites[each.site], each.month - figures.timeline.start
    contract, program = site.contracts.get(each.item), site.flexibility.get(each.item)
    if each.kind == "elect" and isinstance(contract, MonthlyElection):
        yield contract.least * contract.mw, contract.most * contract.mw, "what is elected"
    elif each.kind == "enrol" and isinstance(program, DemandResponse):
        yield 0.0, program.mw, "what the program takes"
        yield -math.inf, float(figures.operated[each.site].least_mw[month]), "the load of machines on every day"
    elif each.kind == "peak":
        yield float(figures.terms[each.site].hosting_mw[month]), None, "the load of halls"
    elif each.kind == "take_share":
        yield 0.0, 1.0, "a share"
    elif each.kind == "take_price":
        yield 0.0, None, "a price"


def _check_takes(figures: Figures, lines: Lines, collector: Collector) -> None:
    """Machines run at a loss to meet a minimum, and at no greater loss than falling short of it would be."""
    for name, site in figures.case.sites.items():
        for item, terms in site.contracts.items():
            if isinstance(terms, MinimumTake):
                for window in windows_of(item, terms, figures.timeline, figures.operated[name]):
                    _check_window(figures, name, item, terms, window, lines, collector)


def _check_window(
    figures: Figures, site: str, item: str, terms: MinimumTake, window: Window, lines: Lines, collector: Collector
) -> None:
    factors = figures.terms[site].factors
    met = window.short_mwh <= TOLERANCE * max(1.0, window.required_mwh)
    for month in window.months:
        operation = Operation(figures.timeline.start + month, site, "take_price", item)
        price = figures.dispatch.amounts.get(operation, 0.0)
        if price <= 0:
            continue
        collector.checks += 1
        most = terms.shortfall_usd_per_mwh * float(factors[window.months[-1]] / factors[month])
        tolerance = TOLERANCE * max(1.0, most)
        if price > most + tolerance:
            message = f"{shown(price)} is more than a MWh short costs, {shown(most)} in money of the month"
            collector.breach(FILE, lines.get(operation), "amount", message)
        elif not met and price < most - tolerance:
            message = f"the window of {item} is short of {shown(window.short_mwh)} MWh, so it is {shown(most)}"
            collector.breach(FILE, lines.get(operation), "amount", f"{message} and not {shown(price)}")
