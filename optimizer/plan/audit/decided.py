"""Reads ``decisions.csv`` into decisions to recompute from, and says which of its rows make no sense.

Here a row is judged by itself and against its neighbours: does what it names exist, was it decided before, is as much
there as it takes. Whether the case allows it is judged in ``rules`` and its companions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import cast

from optimizer.case.case import Case
from optimizer.case.facilities import BtcLine, Convertible, CreditLine, EquityIssue, Preferred, TermLoan
from optimizer.plan.audit.files import Line, Table
from optimizer.plan.audit.recompute.decisions import (
    BETWEEN,
    COINS,
    KINDS,
    Decision,
    Decisions,
    Kind,
    bought_name,
    by_period,
    is_line,
    lots_in_order,
)
from optimizer.plan.audit.recompute.project_terms import project_items
from optimizer.plan.audit.recompute.timeline import Timeline, first_day
from optimizer.plan.audit.result import Collector, shown

FILE = "decisions.csv"
ROUNDING_PH_S = 1e-6
"""Of each decision on a lot: PH/s are written with so many digits."""

BITCOIN = "bitcoin"

Lines = Mapping[Decision, int]


def read_decisions(
    table: Table, case: Case, timeline: Timeline, collector: Collector
) -> tuple[Decisions, dict[Decision, int]]:
    """Decisions that can be recomputed, and the line of each. Rows that cannot be are findings."""
    lines: dict[Decision, int] = {}
    decided: dict[tuple[object, ...], Decision] = {}
    # By full name: home, PH/s at first, and the last month in which there was nothing of it.
    lots = {f"{site}.{name}": (site, lot.ph_s, timeline.start - 1) for site, name, lot in lots_in_order(case)}
    items = project_items(case)
    signed: set[tuple[str, str, int]] = set()
    # Orders and signatures first, as other rows may be about what they bring, whatever the order of rows.
    for line in sorted(table.lines, key=lambda each: each.cells.get("decision") not in ("buy", "sign")):
        collector.checks += 1
        wrong = list(_unusable(line, case, lots, items))
        kind, item = line.cells.get("decision", ""), line.cells.get("item", "")
        periodic = by_period(case, kind, item)
        start = _month_of(line, timeline, periodic)
        if kind == "draw" and item in items and (items[item].offer, line.cells.get("site", ""), start) not in signed:
            wrong.append(("item", f"{items[item].offer} is not signed at this site and date"))
        if start is None:
            what = "a period" if periodic else "a step"
            wrong.append(("date", f"{line.cells.get('date', '')!r} is not the first instant of {what}"))
        for column, message in wrong:
            collector.fault(FILE, line.number, column, message)
        amount = line.value("amount")
        if wrong or start is None or amount is None:
            continue
        decision = _decision(cast("Kind", kind), line, start, amount, item in items)
        # An offer is signed once, a contract once at its site, all else once at a place and date.
        key: tuple[object, ...] = (kind, decision.item, decision.site, start)
        if kind == "sign":
            key = (kind, decision.item)
        elif kind == "contract":
            key = (kind, decision.item, decision.site)
        if key in decided:
            message = f"{decision.item} was {_DONE[decision.kind]} already in line {lines[decided[key]]}"
            collector.fault(FILE, line.number, "item", message)
            continue
        decided[key] = decision
        lines[decision] = line.number
        if kind == "sign":
            signed.add((item, decision.site, start))
        if kind == "buy":
            lots[f"{decision.site}.{bought_name(decision.item, start)}"] = (decision.site, amount, start)
    decisions = Decisions(tuple(sorted(lines, key=lambda each: lines[each])))
    _not_more_than_there_is(lots, decisions, lines, collector)
    return decisions, lines


_DONE: dict[Kind, str] = {
    "sign": "signed",
    "contract": "signed",
    "build": "built at this place and date",
    "buy": "bought at this place and date",
    "unplug": "unplugged at this place and date",
    "plug": "plugged in at this place and date",
    "sell": "sold on this date",
    "commit": "committed on this date",
    "draw": "drawn on this date",
    "repay": "repaid on this date",
    "fund": "funded on this date",
    "upstream": "paid up on this date",
    "issue": "issued on this date",
    "sell_btc": "sold on this date",
    "keep_btc": "kept on this date",
}


_DRAWN = (TermLoan, Convertible, Preferred)


def _is_committed(facility: object) -> bool:
    return isinstance(facility, CreditLine | BtcLine) or (isinstance(facility, TermLoan) and facility.undrawn_fee > 0)


_AT_A_SITE = ("sign", "contract", "build", "buy", "unplug", "plug")


def _decision(kind: Kind, line: Line, start: int, amount: float, of_project: bool) -> Decision:
    placed = kind in _AT_A_SITE or of_project
    return Decision(kind, line.cells["item"], line.cells["site"] if placed else "", start, amount)


def _unusable(
    line: Line, case: Case, lots: Mapping[str, object], items: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    """Column and message of each reason why nothing can be recomputed from a row."""
    kind, item, site = (line.cells.get(column, "") for column in ("decision", "item", "site"))
    facility = case.finance.facilities.get(item)
    if kind not in KINDS:
        yield "decision", f"{kind!r} is none of {', '.join(KINDS)}"
    elif kind in _AT_A_SITE and site not in case.sites:
        yield "site", f"there is no site {site!r}"
    elif kind == "sign" and item not in case.offers:
        yield "item", f"there is no offer {item!r}"
    elif kind == "contract" and item not in case.sites[site].contract_offers:
        yield "item", f"there is no contract offer {item!r} at {site}"
    elif kind == "build" and item not in case.sites[site].builds:
        yield "item", f"there is no build {item!r} at {site}"
    elif kind == "buy":
        machine = case.machines.get(item)
        if machine is None or machine.buy is None or machine.price_usd_per_th is None:
            yield "item", f"no machine {item!r} is on sale"
    elif kind in ("unplug", "plug", "sell") and item not in lots:
        yield "item", f"there is no lot {item!r}"
    elif kind == "draw" and item not in items and not (is_line(case, item) or isinstance(facility, _DRAWN)):
        yield "item", f"there is no facility {item!r} to draw"
    elif kind == "repay" and not is_line(case, item):
        yield "item", f"there is no line {item!r}"
    elif kind == "commit" and not _is_committed(facility):
        yield "item", f"there is no facility {item!r} to commit"
    elif kind == "issue" and not isinstance(facility, EquityIssue):
        yield "item", f"there is no equity facility {item!r}"
    elif kind in BETWEEN and item not in case.finance.companies:
        yield "item", f"there is no company {item!r}"
    elif kind in COINS and item != BITCOIN:
        yield "item", f"{item!r} is not {BITCOIN}"
    amount = line.value("amount")
    if amount is None:
        yield "amount", f"{line.cells.get('amount', '')!r} is no number"
    elif amount <= 0:
        yield "amount", f"{shown(amount)} is not more than nothing"


def _month_of(line: Line, timeline: Timeline, periodic: bool) -> int | None:
    """The step that begins on the date of a row, or the period."""
    text = line.cells.get("date", "")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    month = 12 * day.year + day.month - 1
    starts: Sequence[int] = [each.start for each in timeline.periods] if periodic else timeline.steps
    return month if month in starts and text == first_day(month) else None


def _not_more_than_there_is(
    lots: Mapping[str, tuple[str, float, int]], decisions: Decisions, lines: Lines, collector: Collector
) -> None:
    """Follow every lot: what is unplugged stood there, what is plugged in or sold was in store."""
    moves: dict[str, dict[int, list[Decision]]] = {}
    for move in decisions.of("unplug", "plug", "sell"):
        moves.setdefault(move.item, {}).setdefault(move.at, []).append(move)
    for name, by_step in moves.items():
        home, ph_s, since = lots[name]
        installed: dict[str, float] = {}
        stored, count = 0.0, 0
        for step, of_step in by_step.items():
            if step > since and home not in installed:
                installed[home] = ph_s
            count += len(of_step)
            rounding, before = ROUNDING_PH_S * count, stored
            for move in (each for each in of_step if each.kind == "unplug"):
                left = installed.get(move.site, 0.0)
                _take(move, left, f"are installed at {move.site}", rounding, lines, collector)
                installed[move.site], stored = left - move.amount, stored + move.amount
            for move in (each for each in of_step if each.kind == "plug"):
                _take(move, before, "were in store before", rounding, lines, collector)
                before, stored = before - move.amount, stored - move.amount
                installed[move.site] = installed.get(move.site, 0.0) + move.amount
            for move in (each for each in of_step if each.kind == "sell"):
                _take(move, stored, "are in store", rounding, lines, collector)
                stored -= move.amount


def _take(move: Decision, there: float, where: str, rounding: float, lines: Lines, collector: Collector) -> None:
    collector.checks += 1
    if move.amount > there + rounding:
        message = f"takes {shown(move.amount)} PH/s of {move.item}, where {shown(max(there, 0.0))} {where}"
        collector.fault(FILE, lines[move], "amount", message)
