"""Machines in the books: what each lot stands for, installed and in store (docs/figures_capital.md, section 17)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.tree import Floats, Ints
from optimizer.instance.machines import resale_usd_per_th
from optimizer.market.calendar import node_at
from optimizer.operations.mining import Lot
from optimizer.plan.build import Plan

NONE_EH_S = 1e-12
"""A billionth of a PH/s: less is no machine."""


@dataclass(frozen=True)
class MachineBook:
    """Machines of a lot, or of all. Arrays (N,) by period, USD m, the company's share."""

    opening_usd_m: float
    added: Floats
    """Price at the order, and what is paid on arrival."""
    depreciation: Floats
    impairment: Floats
    """What is in store and stands for more than it can be sold for."""
    sold: Floats
    """What was sold stood for."""
    gain: Floats
    """What it brought less that."""
    value: Floats
    """At the end of the period."""


def machine_books(plan: Plan) -> MachineBook:
    """All lots together."""
    lots = [lot_book(plan, c, opening) for c, opening in enumerate(opening_values(plan))]
    names = ("added", "depreciation", "impairment", "sold", "gain", "value")
    nothing = np.zeros(len(plan.prepared.market.tree))
    totals = {name: sum((getattr(lot, name) for lot in lots), start=nothing) for name in names}
    return MachineBook(opening_usd_m=sum(lot.opening_usd_m for lot in lots), **totals)


def opening_values(plan: Plan) -> list[float]:
    """What every lot stands for at the start, in the order of lots: its book value, or the deposit on it."""
    values: list[float] = []
    for site in plan.prepared.case.sites.values():
        values += [lot.book_usd_m * site.share for lot in site.fleet.values()]
        values += [lot.paid_usd_m * site.share for lot in site.arriving.values()]
    return values + [0.0] * (len(plan.prepared.operations.lots) - len(values))


def left_months(plan: Plan, lot: Lot, at: float) -> float:
    """How long a lot will still be written off, at an instant."""
    books, life = plan.prepared.case.finance.books, plan.prepared.case.machines[lot.machine].life
    assert books is not None
    whole = books.machine_life if life is None else min(books.machine_life, life)
    return max(0.0, whole - max(0.0, at - lot.age_from))


def lot_book(plan: Plan, c: int, opening: float) -> MachineBook:
    """Lot ``c``, which stands for ``opening`` USD m at the start.

    In each period: trades at its first instant, then what is added, then what is written off.
    """
    prepared, states, decisions = plan.prepared, plan.states, plan.decisions
    tree, trade, lot = prepared.market.tree, prepared.open.trade, prepared.operations.lots[c]
    places = np.flatnonzero(prepared.open.places.lot == c)
    size = len(tree)
    installed, stored = np.zeros(size), np.zeros(size)
    added, depreciation, impairment = np.zeros(size), np.zeros(size), np.zeros(size)
    sold, gain = np.zeros(size), np.zeros(size)
    pays_due = node_at(tree, lot.due_at) if lot.due_at is not None else np.zeros(size, dtype=bool)
    for n in range(size):
        parent = int(tree.parent[n])
        here, store, value, in_store = lot.ph_s / 1000, 0.0, opening, 0.0
        if parent >= 0:
            here, store = float(states.installed_eh_s[places, parent].sum()), float(states.stored_eh_s[c, parent])
            value, in_store = float(installed[parent]), float(stored[parent])
        plugged = float(decisions.plug_eh[places, n].sum())
        taken = part_of(in_store, store, plugged)
        here, store, value, in_store = here + plugged, store - plugged, value + taken, in_store - taken
        unplugged = float(decisions.unplug_eh[places, n].sum())
        taken = part_of(value, here, unplugged)
        here, store, value, in_store = here - unplugged, store + unplugged, value - taken, in_store + taken
        amount = float(decisions.sell_eh[c, n])
        sold[n] = part_of(in_store, store, amount)
        gain[n] = float(states.sales_usd_m[c, n]) - sold[n]
        store, in_store = store - amount, in_store - sold[n]
        if n == lot.order_node and trade is not None:
            price = float(trade.order_cost_usd_m_per_eh[c] * decisions.order_eh[c])
            value, here, added[n] = value + price, here + float(decisions.order_eh[c]), price
        if pays_due[n]:
            for_store = part_of(lot.due_usd_m, here + store, store)
            added[n] += lot.due_usd_m
            value, in_store = value + lot.due_usd_m - for_store, in_store + for_store
        begin, end = float(tree.start_months[n]), float(tree.start_months[n] + tree.length_months[n])
        before = value + in_store
        left = left_months(plan, lot, begin)
        kept = left_months(plan, lot, end) / left if left > 0 else 0.0
        installed[n] = value * kept if float(states.installed_eh_s[places, n].sum()) > NONE_EH_S else 0.0
        stored[n] = in_store * kept if float(states.stored_eh_s[c, n]) > NONE_EH_S else 0.0
        depreciation[n] = before - installed[n] - stored[n]
        worth = float(states.stored_eh_s[c, n]) * resale_usd_m_per_eh(plan, lot, end)
        impairment[n] = max(0.0, stored[n] - worth) * _stays_dark(plan, c, places, n)
        stored[n] -= impairment[n]
    return MachineBook(opening, added, depreciation, impairment, sold, gain, installed + stored)


def _stays_dark(plan: Plan, c: int, places: Ints, node: int) -> float:
    """The share of what is in store at the end of a period that is not plugged in again; the rest is on its way."""
    store = float(plan.states.stored_eh_s[c, node])
    if store <= NONE_EH_S:
        return 0.0
    later = plan.prepared.market.tree.reaches[node].copy()
    later[node] = False
    return max(0.0, 1 - float(plan.decisions.plug_eh[places][:, later].sum()) / store)


def part_of(value: float, held: float, amount: float) -> float:
    """The value of an amount of what is held, at its mean value; all of it with the last machine."""
    if held <= NONE_EH_S or amount <= 0:
        return 0.0
    return value if amount > held - NONE_EH_S else value * amount / held


def resale_usd_m_per_eh(plan: Plan, lot: Lot, at: float) -> float:
    """What the last buyer pays for an EH/s at the first instant of a month; 0 where nobody buys."""
    machine = plan.prepared.case.machines[lot.machine]
    if machine.resale is None or at > lot.present_until - 1e-9:
        return 0.0
    # A TH/s of one dollar is an EH/s of one million.
    price = resale_usd_per_th(machine, plan.prepared.market, lot, round(at))
    return price * machine.resale.tiers[-1].factor * lot.share
