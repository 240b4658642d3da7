"""What the terms of lines allow: how much may be owed, and when it has to be repaid. Section 13 of
docs/figures_capital.md, "Lines".
"""

from __future__ import annotations

import numpy as np

from optimizer.case.facilities import BtcLine, SweepLoan
from optimizer.plan.audit.decided import FILE, Lines
from optimizer.plan.audit.recompute.cash import CashPath
from optimizer.plan.audit.recompute.companies import companies_of
from optimizer.plan.audit.recompute.covenants import pledged_of
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT
from optimizer.plan.audit.recompute.treasury import treasury
from optimizer.plan.audit.result import Collector, shown
from optimizer.plan.audit.rules_decided import in_window, over


def check_lines(figures: Figures, lines: Lines, collector: Collector) -> None:
    """What is owed in each period against what is committed, pledged or left to be drawn."""
    for path in figures.lines:
        moves = {each.at: lines[each] for each in figures.decisions.of("draw", "repay") if each.item == path.name}
        for draw in (each for each in figures.decisions.of("draw") if each.item == path.name):
            in_window(draw, "drawn", path.line.window.start, path.line.window.end, lines, collector)
        drawn = path.drawn.cumsum()
        for place, period in enumerate(figures.timeline.periods):
            collector.checks += 2
            owed, line = float(path.owed[place]), moves.get(period.start)
            if over(0.0, owed):
                message = f"repays {shown(-owed)} USD m of {path.name} more than is owed in {period.name}"
                collector.breach(FILE, line, "amount", message)
            if isinstance(path.line, SweepLoan):
                total, limit = float(drawn[place]), path.line.limit_usd_m
                if path.drawn[place] > 0 and over(total, limit):
                    message = f"makes {shown(total)} USD m of {path.name} in all: it is at most {shown(limit)}"
                    collector.breach(FILE, line, "amount", message)
                if path.line.matures.first < period.end - SAME_INSTANT and over(owed, 0.0):
                    message = f"{shown(owed)} USD m of {path.name} are owed in {period.name}: it has matured"
                    collector.breach(FILE, line, "amount", message)
            elif over(owed, float(path.committed[place])):
                most = f"committed are {shown(float(path.committed[place]))}"
                if not path.open[place]:
                    most = "it is outside its window"
                message = f"{shown(owed)} USD m of {path.name} are owed in {period.name}: {most}"
                collector.breach(FILE, line, "amount", message)
    _check_pledged(figures, collector)


def _check_pledged(figures: Figures, collector: Collector) -> None:
    """All coins that are pledged at once are there once some are sold."""
    coins = treasury(figures)
    there = coins.opening - coins.from_stock
    needed = [pledged for _, pledged in pledged_of(figures)]
    names = [path.name for path in figures.lines if isinstance(path.line, BtcLine)]
    for place, period in enumerate(figures.timeline.periods if needed else ()):
        collector.checks += 1
        pledged = sum(float(each[place]) for each in needed)
        if over(pledged, float(there[place])):
            message = f"{shown(pledged)} BTC are pledged for {', '.join(names)} in {period.name}: there are"
            collector.breach(FILE, None, "amount", f"{message} {shown(float(there[place]))}")


def check_sweep(figures: Figures, cash: CashPath, lines: Lines, collector: Collector) -> None:
    """A share of the cash above a level is repaid at the beginning of the next period."""
    below = np.zeros(len(cash.closing))
    for each in companies_of(figures):
        below += (each.closing - each.company.min_cash_usd_m) * (1 - each.company.withholding)
    for path in figures.lines:
        if not isinstance(path.line, SweepLoan):
            continue
        moves = {each.at: lines[each] for each in figures.decisions.of("repay") if each.item == path.name}
        for place in range(1, len(path.owed)):
            collector.checks += 1
            period = figures.timeline.periods[place]
            there = float(cash.closing[place - 1] + below[place - 1])
            above = max(0.0, there - path.line.above_usd_m)
            least = min(float(path.owed[place - 1]), path.line.sweep * above)
            if over(least, float(path.repaid[place])):
                message = f"repays {shown(float(path.repaid[place]))} USD m of {path.name} in {period.name}: it takes"
                collector.breach(FILE, moves.get(period.start), "amount", f"{message} {shown(least)} of the cash")
