"""Undrawn fees of loans that are committed and drawn later. Section 13 of docs/figures_capital.md, "Undrawn fee"."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.case.case import Case
from optimizer.case.facilities import TermLoan
from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.lines import committed_at, committed_of
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Timeline
from optimizer.plan.audit.recompute.tranches import market_rate, own_factor


@dataclass(frozen=True)
class Undrawn:
    """What a loan costs before it is drawn: USD m by the instant of payment, and the NPV of all of it."""

    name: str
    fees: tuple[tuple[int, float], ...]
    value_usd_m: float


def undrawn_of(case: Case, timeline: Timeline, decisions: Decisions) -> tuple[Undrawn, ...]:
    """Every term loan with an undrawn fee, in the order of the case."""
    found: list[Undrawn] = []
    for name, facility in case.finance.facilities.items():
        if not isinstance(facility, TermLoan) or facility.undrawn_fee <= 0:
            continue
        first, committed = committed_at(facility, timeline), committed_of(name, decisions)
        draws = [each for each in decisions.of("draw") if each.item == name]
        fees: list[tuple[int, float]] = []
        month = timeline.end if first is None else first
        while first is not None and month < facility.window.end.last - SAME_INSTANT:
            drawn = sum(each.amount for each in draws if each.at <= month)
            fees.append((month + 1, facility.undrawn_fee / 12 * (committed - drawn)))
            month += 1
        factor = own_factor(market_rate(facility), facility.interest_every, timeline.start)
        found.append(Undrawn(name, tuple(fees), -sum(fee * factor(at) for at, fee in fees)))
    return tuple(found)
