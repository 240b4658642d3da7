"""A site hour by hour through a month: which load takes which power, and runs or not. Section 5 of docs/figures.md,
"The hours of a site".

Loads and supplies are both laid end to end, in MW. Each part of a load that falls on one supply and is paid alike runs
or stands still as a whole, so that a month takes a few steps over all of its intervals at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.plan.audit.recompute.meter import MeterMonth
from optimizer.plan.audit.recompute.supply import SupplyMonth
from optimizer.plan.audit.recompute.timeline import Array

SAME_PRICE = 1e-9
"""Prices in USD a MWh that are nearer than this are the same."""

JUST_EVEN = 1e-7
"""The same where a take_price is among them, which is written to the eighth digit."""


@dataclass(frozen=True, eq=False)
class Loads:
    """The machines that are there in a month, L of them: MW installed, (L,), and MW at full running, (L, days).

    kind: (L,). revenue and value: what a MWh at the meter brings by kind and day, (K, days), USD.
    """

    installed_mw: Array
    mw: Array
    kind: NDArray[np.int64]
    revenue_usd_per_mwh: Array
    value_usd_per_mwh: Array


@dataclass(frozen=True, eq=False)
class Rules:
    """What makes machines run or stand still in a month beside the price; by day, (days,), or by interval, (H,).

    hosting_mw: of halls that use the contracts. most_mw: what machines may take. awarded_mw, reserve: the load that is
    paid as a reserve, and what for each MWh. enrolled_mw, events: the load that stands still in events.
    take_price, take_share: for running at a loss, USD a MWh, and how much of what is just even runs. charge: what a MWh
    is expected to cost in charges later on.
    """

    hosting_mw: float
    most_mw: Array
    awarded_mw: Array
    reserve: Array | None
    enrolled_mw: Array
    events: NDArray[np.bool_] | None
    take_price: float
    take_share: float
    charge: Array | None


@dataclass(frozen=True, eq=False)
class Run:
    """A site in a month. By load, (L,): MWh, revenue and power cost in USD. By interval, (H,): MW that run of machines.

    awarded: of those that are paid as a reserve. used, hosted: MW of each contract that machines and halls use, (C, H).
    """

    mwh: Array
    revenue: Array
    cost: Array
    running: Array
    awarded: Array
    used: Array
    hosted: Array


def run_month(loads: Loads, rules: Rules, supplies: Sequence[SupplyMonth], meter: MeterMonth) -> Run:
    """Let the machines of a site run through a month."""
    day, weight = meter.spot.day, meter.spot.weight
    stack = _Stack.of(supplies, meter, meter.machines)
    upper = np.cumsum(loads.mw, axis=0)
    lower = upper - loads.mw
    value = loads.value_usd_per_mwh[:, day] + rules.take_price
    if rules.charge is not None:
        value = value - rules.charge
    running = np.zeros((len(loads.mw), len(day)))
    cost = np.zeros(len(loads.mw))
    awarded = np.zeros(len(day))
    for zone in _zones(rules):
        low, high = (np.clip(edges, zone.low, zone.high)[:, day] for edges in (lower, upper))
        # Who decides by another price than is paid does not see what a reserve pays either.
        gains = value if zone.reserve is None or meter.decides is not None else value + zone.reserve
        for place, (bottom, top, price) in enumerate(stack.parts):
            mw = np.minimum(high, top - rules.hosting_mw) - np.maximum(low, bottom - rules.hosting_mw)
            mw = np.maximum(mw, 0.0)
            mw *= _runs(gains - price, rules)[loads.kind]
            if meter.called is not None:
                mw[:, meter.called] = 0.0
            if zone.stands_still is not None:
                mw[:, zone.stands_still] = 0.0
            running += mw
            cost += mw @ stack.paid[place]
            together = mw.sum(axis=0)
            stack.use(place, together)
            if zone.reserve is not None:
                awarded += together
    revenue = (running * loads.revenue_usd_per_mwh[:, day][loads.kind]).sum(axis=1)
    return Run(
        mwh=weight * running.sum(axis=1),
        revenue=weight * revenue,
        cost=weight * cost,
        running=running.sum(axis=0),
        awarded=awarded,
        used=stack.used,
        # Halls use what is cheaper than their own price, which may be more than what machines do.
        hosted=_Stack.of(supplies, meter, meter.halls).hosted(rules.hosting_mw),
    )


def _runs(gain: Array, rules: Rules) -> Array:
    """How much runs of a MW that gains so much by it: all, nothing, or a share of what is just even."""
    if rules.take_price > 0:
        return np.where(gain > JUST_EVEN, 1.0, np.where(gain >= -JUST_EVEN, rules.take_share, 0.0))
    return (gain > SAME_PRICE).astype(np.float64)


@dataclass(frozen=True, eq=False)
class _Zone:
    """Machines from the MW ``low`` to the MW ``high`` of each day, (days,)."""

    low: Array
    high: Array
    reserve: Array | None = None
    stands_still: NDArray[np.bool_] | None = None


def _zones(rules: Rules) -> list[_Zone]:
    nothing, found = np.zeros_like(rules.most_mw), list[_Zone]()
    free = np.maximum(0.0, rules.most_mw - rules.enrolled_mw)
    awarded = np.minimum(rules.awarded_mw, free) if rules.reserve is not None else nothing
    if rules.reserve is not None:
        found.append(_Zone(nothing, awarded, reserve=rules.reserve))
    found.append(_Zone(awarded, free))
    if rules.events is not None:
        found.append(_Zone(free, rules.most_mw, stands_still=rules.events))
    return found


@dataclass(frozen=True, eq=False)
class _Stack:
    """The supplies of a month in the order in which they are used, S of them, the meter being the last.

    parts: for each its lower and upper MW, and the price that is compared; paid: USD a MWh, all (H,).
    place: (S - 1, H) which contract stands there. used: (C, H).
    """

    parts: list[tuple[Array, Array, Array]]
    paid: list[Array]
    place: NDArray[np.int64]
    used: Array

    @staticmethod
    def of(supplies: Sequence[SupplyMonth], meter: MeterMonth, most: Array) -> _Stack:
        """Of what costs no more than ``most``, (H,)."""
        count, intervals = len(supplies), len(meter.machines)
        compared = meter.machines if meter.decides is None else meter.decides
        if not count:
            nothing = np.zeros(intervals)
            part = (nothing, np.full(intervals, np.inf), compared)
            return _Stack([part], [meter.machines], np.zeros((0, intervals), dtype=np.int64), np.zeros((0, intervals)))
        cost = np.array([each.cost for each in supplies])
        mw = np.array([each.mw for each in supplies])
        mw[cost > most + SAME_PRICE] = 0.0
        place = _in_order(cost)
        cost, mw = np.take_along_axis(cost, place, axis=0), np.take_along_axis(mw, place, axis=0)
        price = np.array([each.price for each in supplies])[place]
        upper = np.cumsum(mw, axis=0)
        parts = [(upper[at] - mw[at], upper[at], cost[at]) for at in range(count)]
        parts.append((upper[-1], np.full(intervals, np.inf), compared))
        return _Stack(parts, [*price, meter.machines], place, np.zeros((count, intervals)))

    def use(self, place: int, mw: Array) -> None:
        """Take so much, (H,), of what stands at a place."""
        if place < len(self.place):
            self.used[self.place[place], np.arange(len(mw))] += mw

    def hosted(self, hosting_mw: float) -> Array:
        """MW of each contract that halls use, which come first, (C, H)."""
        found = np.zeros_like(self.used)
        for place, contract in enumerate(self.place):
            bottom, top, _ = self.parts[place]
            found[contract, np.arange(len(contract))] = np.clip(hosting_mw - bottom, 0.0, top - bottom)
        return found


def _in_order(cost: Array) -> NDArray[np.int64]:
    """Contracts by rising cost in each interval, (C, H); what costs the same as the case has it."""
    by_cost = np.argsort(cost, axis=0, kind="stable")
    steps = np.diff(np.take_along_axis(cost, by_cost, axis=0), axis=0, prepend=-np.inf) > SAME_PRICE
    rank = np.empty_like(by_cost)
    np.put_along_axis(rank, by_cost, np.cumsum(steps, axis=0), axis=0)
    return np.argsort(rank, axis=0, kind="stable")
