"""What every lot of machines earns, hour by hour. Section 5 of docs/figures.md.

Every hour of every planned month is looked at for every lot; nothing is grouped or approximated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.case.case import Case
from optimizer.case.sites import ArrivingLot
from optimizer.plan.audit.recompute.blocks import Block, overlap
from optimizer.plan.audit.recompute.decisions import Decisions, lots_in_order
from optimizer.plan.audit.recompute.network import NetworkPath
from optimizer.plan.audit.recompute.prices import Hours, Spot, at_meter
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, CannotRecompute, Timeline, days_in

NOTHING_LEFT_PH_S = 1e-6
"""Less than this is what rounding leaves when all of a lot is retired."""


@dataclass(frozen=True, eq=False)
class Lot:
    """One entry of a fleet or of what arrives. ``[start, end)`` is when it is present, as far as it is installed.

    installed_ph_s: (N,) by planned month, whether present or not. mw_per_ph_s is at the meter.
    """

    site: str
    name: str
    start: float
    end: float
    mw_per_ph_s: float
    installed_ph_s: Array
    due_usd_m: float
    due_at: float | None

    def blocks(self, timeline: Timeline) -> list[Block]:
        """PH/s installed and present over the horizon."""
        found: list[Block] = []
        month = 0
        while month < timeline.months:
            until = month + 1
            while until < timeline.months and self.installed_ph_s[until] == self.installed_ph_s[month]:
                until += 1
            start, end = max(self.start, timeline.start + month), min(self.end, timeline.start + until)
            if end - start > SAME_INSTANT and self.installed_ph_s[month] > 0:
                found.append(Block(start, end, float(self.installed_ph_s[month])))
            month = until
        return found


@dataclass(frozen=True, eq=False)
class LotFigures:
    """What a lot does by planned month, (N,) each, for all PH/s that are installed and present; money in USD m."""

    hours_run: Array
    mwh: Array
    btc: Array
    revenue: Array
    power_cost: Array
    variable_cost: Array

    @property
    def margin(self) -> Array:
        return self.revenue - self.power_cost - self.variable_cost


def lots_of(case: Case, timeline: Timeline, decisions: Decisions) -> tuple[Lot, ...]:
    """All lots in the order of the case, with what the decisions leave of them. Raises CannotRecompute."""
    lots: list[Lot] = []
    for site_name, name, entry in lots_in_order(case):
        machine = case.machines.get(entry.machine or name)
        if machine is None:
            raise CannotRecompute(f"there is no machine {entry.machine or name!r} for lot {site_name}.{name}")
        if isinstance(entry, ArrivingLot):
            start = life_from = entry.on.first
            due, due_at = entry.due_usd_m, entry.on.first
        else:
            start = float(timeline.start)
            life_from = entry.bought.first if entry.bought else start
            due, due_at = 0.0, None
        installed = np.full(timeline.months, entry.ph_s)
        for retirement in decisions.taken_from(site_name, name):
            installed[retirement.at - timeline.start :] -= retirement.ph_s
        installed[installed < NOTHING_LEFT_PH_S] = 0.0
        lots.append(
            Lot(
                site=site_name,
                name=name,
                start=start,
                end=math.inf if machine.life is None else life_from + machine.life,
                mw_per_ph_s=machine.efficiency_j_per_th * case.sites[site_name].mining_overhead / 1000,
                installed_ph_s=installed,
                due_usd_m=due,
                due_at=due_at,
            )
        )
    return tuple(lots)


def mine(
    case: Case, timeline: Timeline, lots: Sequence[Lot], spots: Mapping[str, Spot], network: NetworkPath
) -> tuple[LotFigures, ...]:
    """Figures of every lot, in the order of ``lots``. ``spots`` are the power markets by name."""
    sums = np.zeros((len(lots), 6, timeline.months))
    for month in range(timeline.months):
        at = timeline.start + month
        meters: dict[str, Hours] = {}
        for place, lot in enumerate(lots):
            if lot.installed_ph_s[month] <= 0 or overlap(lot.start, lot.end, at, at + 1) <= SAME_INSTANT:
                continue
            if lot.site not in meters:
                power = case.sites[lot.site].power
                meters[lot.site] = at_meter(spots[power.market].month(at), power)
            hashprice = network.hashprice_usd_per_ph_day[month]
            sums[place, :, month] = _month_of(case, lot, meters[lot.site], at, hashprice, float(network.btc_usd[month]))
            sums[place, 1:, month] *= lot.installed_ph_s[month]
    return tuple(LotFigures(*figures) for figures in sums)


def _month_of(case: Case, lot: Lot, meter: Hours, month: int, hashprice: Array, btc_usd: float) -> tuple[float, ...]:
    """Hours run, and per PH/s: MWh, BTC, revenue, power cost and variable cost in USD m, of one month."""
    site, pool_fee = case.sites[lot.site], case.market.network.pool_fee
    days = days_in(month)
    instants = month + np.arange(days) / days
    present = (instants >= lot.start - SAME_INSTANT) & (instants < lot.end - SAME_INSTANT)
    # USD a MWh at the meter, by day: what a PH/s earns in an hour over the MWh that it takes.
    value = hashprice / 24 / lot.mw_per_ph_s * (1 - pool_fee) - site.variable_cost_usd_per_mwh
    runs = (value[meter.day] > meter.price) & present[meter.day]
    hours_by_day = np.bincount(meter.day[runs], minlength=days) * (site.uptime * meter.weight)
    hours = float(hours_by_day.sum())
    revenue = float((hours_by_day * hashprice).sum()) / 24 * (1 - pool_fee)
    mwh = hours * lot.mw_per_ph_s
    power_cost = float(meter.price[runs].sum()) * meter.weight * site.uptime * lot.mw_per_ph_s
    return (
        hours,
        mwh,
        revenue / btc_usd,
        revenue / 1e6,
        power_cost / 1e6,
        mwh * site.variable_cost_usd_per_mwh / 1e6,
    )
