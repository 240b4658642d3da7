"""Where the machines of every lot are, month by month: installed at a place, or in store. Section 5 of docs/figures.md.

What they earn there is reckoned in ``mining``, what they cost and bring when they change hands in ``deals``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from optimizer.case.case import Case
from optimizer.case.machines import Machine
from optimizer.case.sites import ArrivingLot
from optimizer.plan.audit.recompute.blocks import Block
from optimizer.plan.audit.recompute.decisions import (
    Decision,
    Decisions,
    bought_name,
    lots_in_order,
    purchases_in_order,
)
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, CannotRecompute, Timeline

NOTHING_LEFT_PH_S = 1e-9
"""Less than this is what adding up leaves when all of a lot is moved or sold."""


@dataclass(frozen=True, eq=False)
class Lot:
    """An entry of a fleet or of what arrives, or an order. ``[start, end)`` is when it is present, wherever it is.

    ordered: month of the order, None for what the case has. life_from: instant from which its age counts.
    ph_s: at first. places: sites where it may stand, its home first. installed_ph_s: (N,) by planned month and site,
    whether present or not; also at sites where it may not stand, if it was plugged in there. stored_ph_s: (N,).
    """

    home: str
    name: str
    machine_name: str
    machine: Machine
    ordered: int | None
    start: float
    end: float
    life_from: float
    ph_s: float
    due_usd_m: float
    due_at: float | None
    places: tuple[str, ...]
    installed_ph_s: Mapping[str, Array]
    stored_ph_s: Array

    @property
    def full_name(self) -> str:
        return f"{self.home}.{self.name}"

    @property
    def ph_s_at_end(self) -> float:
        """PH/s at the horizon, installed or in store, whether present or not."""
        return float(self.stored_ph_s[-1]) + sum(float(each[-1]) for each in self.installed_ph_s.values())

    def present_at(self, instant: float) -> bool:
        """Whether its machines are there, installed or in store."""
        return self.start - SAME_INSTANT <= instant < self.end - SAME_INSTANT


@dataclass(frozen=True, eq=False)
class Stand:
    """The machines of a lot at one site. present: PH/s installed there and present over the horizon.

    ph_s: (N,) by planned month, whether present or not. mw_per_ph_s is at the meter of the site.
    """

    lot: Lot
    site: str
    mw_per_ph_s: float
    ph_s: Array
    present: tuple[Block, ...]

    @property
    def name(self) -> str:
        """As tables of the site have it: by its own name at home, by its full name elsewhere."""
        return self.lot.name if self.site == self.lot.home else self.lot.full_name


def places_of(case: Case, home: str, machine: Machine, bought: bool) -> tuple[str, ...]:
    """Sites where a lot may stand: its home, and for what the case has where its type can be moved."""
    others = [
        site
        for site in dict.fromkeys(machine.movable_to)
        if site != home and site in case.sites and case.sites[site].share == case.sites[home].share == 1
    ]
    return (home,) if bought else (home, *others)


def lots_of(case: Case, timeline: Timeline, decisions: Decisions) -> tuple[Lot, ...]:
    """Lots of the case in its order, then what is bought, in time. Raises CannotRecompute."""
    moves: dict[str, list[Decision]] = {}
    for move in decisions.of("unplug", "plug", "sell"):
        moves.setdefault(move.item, []).append(move)
    lots: list[Lot] = []
    for home, name, entry in lots_in_order(case):
        machine_name = entry.machine or name
        machine = case.machines.get(machine_name)
        if machine is None:
            raise CannotRecompute(f"there is no machine {machine_name!r} for lot {home}.{name}")
        places = places_of(case, home, machine, bought=False)
        installed, stored = _followed(timeline, places, timeline.start, entry.ph_s, moves.get(f"{home}.{name}", ()))
        arrives = entry.on.first if isinstance(entry, ArrivingLot) else None
        life_from = float(timeline.start)
        if isinstance(entry, ArrivingLot):
            life_from = entry.on.first
        elif entry.bought:
            life_from = entry.bought.first
        lots.append(
            Lot(
                home=home,
                name=name,
                machine_name=machine_name,
                machine=machine,
                ordered=None,
                start=float(timeline.start) if arrives is None else arrives,
                end=math.inf if machine.life is None else life_from + machine.life,
                life_from=life_from,
                ph_s=entry.ph_s,
                due_usd_m=entry.due_usd_m * case.sites[home].share if isinstance(entry, ArrivingLot) else 0.0,
                due_at=arrives,
                places=places,
                installed_ph_s=installed,
                stored_ph_s=stored,
            )
        )
    return (*lots, *(_bought(case, timeline, order, moves) for order in purchases_in_order(case, decisions)))


def _bought(case: Case, timeline: Timeline, order: Decision, moves: Mapping[str, Sequence[Decision]]) -> Lot:
    machine, name = case.machines[order.item], bought_name(order.item, order.at)
    if machine.buy is None:
        raise CannotRecompute(f"{order.item} is bought, and is not on sale")
    arrives = float(order.at + machine.buy.delivery)
    full_name = f"{order.site}.{name}"
    installed, stored = _followed(timeline, (order.site,), order.at, order.amount, moves.get(full_name, ()))
    return Lot(
        home=order.site,
        name=name,
        machine_name=order.item,
        machine=machine,
        ordered=order.at,
        start=arrives,
        end=math.inf if machine.life is None else arrives + machine.life,
        life_from=arrives,
        ph_s=order.amount,
        due_usd_m=0.0,
        due_at=None,
        places=(order.site,),
        installed_ph_s=installed,
        stored_ph_s=stored,
    )


def _followed(
    timeline: Timeline, places: Sequence[str], since: int, ph_s: float, moves: Iterable[Decision]
) -> tuple[dict[str, Array], Array]:
    """PH/s at every place and in store by planned month. All is at the first place from ``since`` on."""
    changes = {place: np.zeros(timeline.months) for place in places}
    stored = np.zeros(timeline.months)
    changes[places[0]][since - timeline.start] += ph_s
    for move in moves:
        month = move.at - timeline.start
        if move.kind == "sell":
            stored[month] -= move.amount
            continue
        into_store = move.amount if move.kind == "unplug" else -move.amount
        stored[month] += into_store
        changes.setdefault(move.site, np.zeros(timeline.months))[month] -= into_store
    return {place: _left(change) for place, change in changes.items()}, _left(stored)


def _left(changes: Array) -> Array:
    left = np.cumsum(changes)
    left[left < NOTHING_LEFT_PH_S] = 0.0
    return left


def stands_of(case: Case, timeline: Timeline, lots: Iterable[Lot]) -> tuple[Stand, ...]:
    """Where machines stand at some time, lot by lot, for each its places in order."""
    stands: list[Stand] = []
    for lot in lots:
        for site, ph_s in lot.installed_ph_s.items():
            if ph_s.any():
                mw = lot.machine.efficiency_j_per_th * case.sites[site].mining_overhead / 1000
                stands.append(Stand(lot, site, mw, ph_s, _present(timeline, lot, ph_s)))
    return tuple(stands)


def _present(timeline: Timeline, lot: Lot, ph_s: Array) -> tuple[Block, ...]:
    edges = [0, *(int(edge) + 1 for edge in np.flatnonzero(np.diff(ph_s))), timeline.months]
    found: list[Block] = []
    for first, until in pairwise(edges):
        start, end = max(lot.start, timeline.start + first), min(lot.end, timeline.start + until)
        if end - start > SAME_INSTANT and ph_s[first] > 0:
            found.append(Block(start, end, float(ph_s[first])))
    return tuple(found)
