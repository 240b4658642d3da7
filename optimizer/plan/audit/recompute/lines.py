"""Lines: balances that move by period. Section 13 of docs/figures_capital.md, "Lines".

Followed as decided; whether a line may be drawn so far is judged in ``rules_lines``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.case.base import Window
from optimizer.case.case import Case
from optimizer.case.facilities import BtcLine, CreditLine, SweepLoan, TermLoan
from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.network import NetworkPath
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, Timeline
from optimizer.plan.audit.recompute.tranches import own_factor

Line = CreditLine | BtcLine | SweepLoan
LINES = (CreditLine, BtcLine, SweepLoan)


@dataclass(frozen=True, eq=False)
class LinePath:
    """A line of the case, drawn or not; (P,) by period, USD m.

    owed: during the period. open: whether the first instant of the period lies in the window. committed: while it is
    open, 0 of a sweep_loan. fees: kept back of draws, or on the commitment, by the month at whose beginning they are.
    value_usd_m: its NPV.
    """

    name: str
    line: Line
    owed: Array
    drawn: Array
    repaid: Array
    interest: Array
    open: Array
    committed: Array
    fees: tuple[tuple[int, float], ...]
    undrawn_fees: Array
    value_usd_m: float

    @property
    def undrawn(self) -> Array:
        """What can still be drawn and counts as liquidity: of credit lines only."""
        room = self.committed - self.owed
        return room if isinstance(self.line, CreditLine) else np.zeros_like(room)


def in_window(window: Window, instant: float) -> bool:
    """Whether something may be decided at an instant."""
    return window.start.first - SAME_INSTANT <= instant < window.end.last - SAME_INSTANT


def committed_at(facility: Line | TermLoan, timeline: Timeline) -> int | None:
    """When a facility is committed: at the first step in its window, a line with the first period in it; None if there
    is none."""
    instants = timeline.steps if isinstance(facility, TermLoan) else [period.start for period in timeline.periods]
    return next((instant for instant in instants if in_window(facility.window, instant)), None)


def committed_of(name: str, decisions: Decisions) -> float:
    """What the plan commits a facility to, USD m."""
    return sum(each.amount for each in decisions.of("commit") if each.item == name)


def lines_of(case: Case, timeline: Timeline, decisions: Decisions) -> tuple[LinePath, ...]:
    """Every line of the case in its order."""
    return tuple(
        _path(name, facility, timeline, decisions)
        for name, facility in case.finance.facilities.items()
        if isinstance(facility, LINES)
    )


def _path(name: str, line: Line, timeline: Timeline, decisions: Decisions) -> LinePath:
    periods = timeline.periods
    drawn, repaid = np.zeros(len(periods)), np.zeros(len(periods))
    for each in decisions.of("draw", "repay"):
        place = timeline.period_of(each.at) if each.item == name else None
        if place is not None:
            (drawn if each.kind == "draw" else repaid)[place] += each.amount
    owed = np.cumsum(drawn - repaid)
    months = np.array([float(period.months) for period in periods])
    opened = np.array([in_window(line.window, period.start) for period in periods], dtype=np.float64)
    factor = own_factor(line.rate, 1, timeline.start)
    value, fees, undrawn, commitment = 0.0, list[tuple[int, float]](), np.zeros(len(periods)), 0.0
    if isinstance(line, SweepLoan):
        fees = [(period.start, line.fee * float(usd_m)) for period, usd_m in zip(periods, drawn, strict=True) if usd_m]
    else:
        commitment, at = committed_of(name, decisions), committed_at(line, timeline)
        if at is not None:
            fees = [(at, line.fee * commitment)]
        monthly = line.undrawn_fee / 12 * (commitment - owed) * opened
        undrawn = monthly * months
        for period, fee in zip(periods, monthly, strict=True):
            value -= sum(float(fee) * factor(month + 1) for month in range(period.start, period.end))
    value -= sum(fee * factor(at) for at, fee in fees)
    return LinePath(
        name=name,
        line=line,
        owed=owed,
        drawn=drawn,
        repaid=repaid,
        interest=line.rate / 12 * owed * months,
        open=opened,
        committed=commitment * opened,
        fees=tuple(fees),
        undrawn_fees=undrawn,
        value_usd_m=value,
    )


@dataclass(frozen=True, eq=False)
class Pledge:
    """Coins that a btc_line needs, (P,). price, low: USD m a coin at the beginning and at the worst of each period."""

    price: Array
    low: Array
    coins: Array


def pledge_of(path: LinePath, line: BtcLine, timeline: Timeline, network: NetworkPath) -> Pledge:
    """What is pledged so that neither the draw nor the lowest price of a period asks for more."""
    spans = [(period.start - timeline.start, period.end - timeline.start) for period in timeline.periods]
    price = np.array([network.btc_usd[first] for first, _ in spans]) / 1e6
    # With the first month after the period: its price is that of the period's end.
    low = np.array([network.btc_usd[first : after + 1].min() for first, after in spans]) / 1e6 * (1 - line.stress)
    coins = np.maximum(path.owed / (line.ltv_at_draw * price), path.owed / (line.ltv_call * low))
    return Pledge(price, low, np.asarray(coins))
