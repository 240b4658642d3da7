"""What machines stand for in the books, lot by lot. Section 17 of docs/figures_capital.md, "Machines"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from optimizer.case.books import Books
from optimizer.case.sites import ArrivingLot
from optimizer.plan.audit.recompute.deals import USD_M_PER_PH_S, used_usd_per_th
from optimizer.plan.audit.recompute.decisions import Decision, bought_name, lots_in_order
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.lots import NOTHING_LEFT_PH_S, Lot
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, Period


@dataclass(frozen=True, eq=False)
class MachineBooks:
    """Machines of the company's share, USD m. opening: at the start. By period, (P,) each: value at its end; what is
    written down evenly; what machines that stay in store are written down to their market; gain on what is sold.
    """

    opening: float
    value: Array
    depreciation: Array
    impairment: Array
    gain: Array


@dataclass
class _Pile:
    """Machines that stand for one value per PH/s."""

    ph_s: float = 0.0
    usd_m: float = 0.0

    def take(self, ph_s: float) -> float:
        """Take machines off at the mean value; return theirs, USD m."""
        taken = self.usd_m * min(1.0, ph_s / self.ph_s) if self.ph_s > NOTHING_LEFT_PH_S else 0.0
        self.ph_s, self.usd_m = max(0.0, self.ph_s - ph_s), self.usd_m - taken
        return taken

    def put(self, ph_s: float, usd_m: float) -> None:
        self.ph_s, self.usd_m = self.ph_s + ph_s, self.usd_m + usd_m

    def write_down(self, usd_m: float) -> float:
        """Leave no more than ``usd_m``; return what is written down."""
        written, self.usd_m = self.usd_m - usd_m, usd_m
        return written


@dataclass
class _Moves:
    """Of a lot at the first instant of a period: PH/s of each kind, and what sales bring, USD m."""

    plug: float = 0.0
    unplug: float = 0.0
    sell: float = 0.0
    brought: float = 0.0


@dataclass
class _Lot:
    """A lot on its way through the periods."""

    lot: Lot
    price: float
    moves: dict[int, _Moves] = field(default_factory=dict)
    installed: _Pile = field(default_factory=_Pile)
    stored: _Pile = field(default_factory=_Pile)

    @property
    def usd_m(self) -> float:
        return self.installed.usd_m + self.stored.usd_m


def machine_books(figures: Figures, books: Books) -> MachineBooks:
    """Follow all lots from the start to the horizon."""
    periods = figures.timeline.periods
    lots = _opened(figures)
    opening = sum(each.usd_m for each in lots)
    value, depreciation, impairment, gain = (np.zeros(len(periods)) for _ in range(4))
    for place, period in enumerate(periods):
        for each in lots:
            gain[place] += _moved(each, period)
            depreciation[place] += _written_down(each, period, books.machine_life)
            impairment[place] += _impaired(figures, each, period)
            value[place] += each.usd_m
    return MachineBooks(opening, value, depreciation, impairment, gain)


def _opened(figures: Figures) -> list[_Lot]:
    """All lots as they stand at the start, each with its moves. What is ordered later has nothing yet."""
    case, paid = figures.case, figures.deals.paid
    prices = {(order.site, bought_name(order.item, order.at)): paid[order] for order in figures.decisions.of("buy")}
    books = {
        (home, name): case.sites[home].share * (each.paid_usd_m if isinstance(each, ArrivingLot) else each.book_usd_m)
        for home, name, each in lots_in_order(case)
    }
    found: list[_Lot] = []
    for lot in figures.lots:
        each = _Lot(lot, 0.0 if lot.ordered is None else prices[lot.home, lot.name])
        if lot.ordered is None:
            each.installed.put(lot.ph_s, books[lot.home, lot.name])
        found.append(each)
    by_name = {each.lot.full_name: each for each in found}
    for move in figures.decisions.of("unplug", "plug", "sell"):
        _note(by_name[move.item].moves.setdefault(move.at, _Moves()), move, paid)
    return found


def _note(moves: _Moves, move: Decision, paid: Mapping[Decision, float]) -> None:
    if move.kind == "plug":
        moves.plug += move.amount
    elif move.kind == "unplug":
        moves.unplug += move.amount
    else:
        moves.sell, moves.brought = moves.sell + move.amount, moves.brought - paid[move]


def _moved(each: _Lot, period: Period) -> float:
    """Orders and moves at the first instant of a period, and what is due in it; the gain on sales, USD m."""
    lot = each.lot
    if lot.ordered == period.start:
        each.installed.put(lot.ph_s, each.price)
    moves, gain = each.moves.get(period.start), 0.0
    if moves is not None:
        each.installed.put(moves.plug, each.stored.take(moves.plug))
        each.stored.put(moves.unplug, each.installed.take(moves.unplug))
        gain = moves.brought - each.stored.take(moves.sell)
    if lot.due_at is not None and period.start - SAME_INSTANT <= lot.due_at < period.end - SAME_INSTANT:
        all_ph_s = each.installed.ph_s + each.stored.ph_s
        in_store = each.stored.ph_s / all_ph_s if all_ph_s > 0 else 0.0
        each.installed.usd_m += lot.due_usd_m * (1 - in_store)
        each.stored.usd_m += lot.due_usd_m * in_store
    return gain


def _written_down(each: _Lot, period: Period, book_life: float) -> float:
    """What is written down evenly in a period, and what is left of piles in which nothing is; USD m."""
    life = min(book_life, each.lot.machine.life or book_life)

    def left(instant: float) -> float:
        return max(0.0, life - max(0.0, instant - each.lot.life_from))

    before, after = left(period.start), left(period.end)
    kept = after / before if before > 0 else 0.0
    return sum(
        pile.write_down(pile.usd_m * kept if pile.ph_s >= NOTHING_LEFT_PH_S else 0.0)
        for pile in (each.installed, each.stored)
    )


def _impaired(figures: Figures, each: _Lot, period: Period) -> float:
    """What is in store and stays there is worth no more than it would bring at the end of the period; the loss, USD m.

    What is plugged in again later only waits.
    """
    lot, start = each.lot, figures.timeline.start
    market = 0.0
    if lot.machine.resale is not None and period.end < lot.end - SAME_INSTANT:
        price = used_usd_per_th(lot, figures.network, start, period.end - start)
        share = figures.case.sites[lot.home].share
        market = each.stored.ph_s * price * USD_M_PER_PH_S * lot.machine.resale.tiers[-1].factor * share
    if each.stored.usd_m <= market:
        return 0.0
    waiting = sum(moves.plug for at, moves in each.moves.items() if at >= period.end)
    stays = max(0.0, 1 - waiting / each.stored.ph_s)
    return each.stored.write_down(each.stored.usd_m - stays * (each.stored.usd_m - market))
