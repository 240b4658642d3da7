"""From the solver's columns to decisions that hold to the last digit that is written.

A solver keeps rows and bounds to about 1e-7. Amounts that are meant to be equal (what is unplugged and what stood
there, what is sold and what is in store, what was given and what is decided) are made equal here, so that no store
runs below zero by a millionth of a machine. Nothing moves by more than that tolerance.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from models.forward import Decisions
from models.instance import Instance
from models.tree import Floats

NEAR_EH = 2e-7
"""Amounts of EH/s nearer than this to what they may be at most are meant to be that (3 W of a machine)."""

FAR_EH = 1e-6
"""The same where the amount can only make room (unplug more, plug in or sell less)."""

EH_DECIMALS = 9


def tidy(instance: Instance, decisions: Decisions) -> Decisions:
    """The same decisions with machines balanced exactly: unplugged, plugged in, sold and ordered amounts."""
    bounds = instance.bounds
    order = _snap(decisions.order_eh, *bounds.order_eh)
    unplug = _snap(decisions.unplug_eh, *bounds.unplug_eh)
    plug = _snap(decisions.plug_eh, *bounds.plug_eh)
    sell = _snap(decisions.sell_eh, *bounds.sell_eh)
    lots, places, tree = instance.lots, instance.places, instance.tree
    installed = np.zeros_like(unplug)
    stored = np.zeros_like(sell)
    begins = np.where(lots.order_node >= 0, order, lots.eh_s)
    fresh = np.where(places.home, begins[places.lot], 0.0)
    for n in range(len(tree)):
        parent = int(tree.parent[n])
        exists = places.exists[:, n]
        alive = places.exists[:, parent] if parent >= 0 else np.zeros(len(fresh), dtype=bool)
        every = np.maximum(np.where(alive, installed[:, parent], fresh), 0.0)
        stays = stored[:, parent] if parent >= 0 else np.zeros(len(stored))
        # Where nothing moves, and nothing is so little that it may be meant to, all stays as it was.
        installed[exists, n] = every[exists].round(EH_DECIMALS)
        there = np.unique(places.lot[exists])
        stored[there, n] = stays[there]
        moves = exists & ((unplug[:, n] != 0) | (plug[:, n] != 0) | ((every > 0) & (every < FAR_EH)))
        moving = np.union1d(places.lot[moves], there[sell[there, n] != 0])
        for c in moving.tolist():
            here = np.flatnonzero((places.lot == c) & exists)
            before, store = every[here], float(stays[c])
            unplug[here, n] = _meet(unplug[here, n], before, _is_fixed(bounds.unplug_eh, here, n))
            _fit_into(plug, here, n, store)
            room = store + float(unplug[here, n].sum() - plug[here, n].sum())
            _sell(instance, sell, unplug, c, n, here, before, room)
            installed[here, n] = (before - unplug[here, n] + plug[here, n]).round(EH_DECIMALS)
            left = store + unplug[here, n].sum() - plug[here, n].sum() - sell[c, n]
            stored[c, n] = round(float(left), EH_DECIMALS)
    return replace(decisions, order_eh=order, unplug_eh=unplug, plug_eh=plug, sell_eh=sell)


def _snap(amounts: Floats, lower: Floats, upper: Floats) -> Floats:
    """Rounded, and equal to a bound that is near."""
    result = amounts.round(EH_DECIMALS)
    for bound in (lower, upper):
        near = np.isfinite(bound) & (np.abs(result - bound) < NEAR_EH)
        result = np.where(near, bound, result)
    return result


def _is_fixed(sides: tuple[Floats, Floats], rows: np.ndarray, node: int) -> np.ndarray:
    fixed: np.ndarray = (sides[0][rows, node] == sides[1][rows, node]) & (sides[0][rows, node] > 0)
    return fixed


def _meet(amounts: Floats, available: Floats, fixed: np.ndarray) -> Floats:
    """Amounts that are all that is there, where they are near it; never more, unless they were given."""
    near = (np.abs(amounts - available) < FAR_EH) & ~fixed
    result: Floats = np.where(near, available, amounts)
    return result


def _fit_into(plug: Floats, rows: np.ndarray, node: int, store: float) -> None:
    """Take the excess over what is in store, if it is that small, from the largest amount."""
    excess = float(plug[rows, node].sum()) - store
    if -NEAR_EH < excess < FAR_EH and excess != 0 and plug[rows, node].any():
        largest = rows[int(np.argmax(plug[rows, node]))]
        plug[largest, node] = max(0.0, round(float(plug[largest, node]) - excess, EH_DECIMALS))


def _sell(
    instance: Instance,
    sell: Floats,
    unplug: Floats,
    lot: int,
    node: int,
    rows: np.ndarray,
    before: Floats,
    room: float,
) -> None:
    """Make what is sold what is in store, where the two are near; a given sale makes room for itself."""
    excess = float(sell[lot, node]) - room
    if sell[lot, node] <= 0 or abs(excess) >= FAR_EH or excess == 0:
        return
    lower, upper = (float(side[lot, node]) for side in instance.bounds.sell_eh)
    if lower == upper and excess > 0:
        spare = before - unplug[rows, node]
        largest = int(np.argmax(spare))
        if len(rows) and spare[largest] >= excess:
            unplug[rows[largest], node] = round(float(unplug[rows[largest], node]) + excess, EH_DECIMALS)
    elif lower != upper:
        sell[lot, node] = round(room, EH_DECIMALS)
