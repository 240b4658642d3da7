"""What all machines earn where they stand, hour by hour. Section 5 of docs/figures.md.

Every hour of every planned month is looked at for every site; nothing is approximated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.case.case import Case
from optimizer.case.sites import Site
from optimizer.plan.audit.recompute.fixed_blocks import Delivered, delivered
from optimizer.plan.audit.recompute.lots import Stand
from optimizer.plan.audit.recompute.network import NetworkPath
from optimizer.plan.audit.recompute.prices import Hours, Spot, at_meter
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, Timeline, days_in

NOTHING_LEFT_MW = 1e-9
"""Less than this is what rounding leaves of a block that machines fill."""

SAME_PRICE = 1e-9
"""Prices in USD a MWh that are nearer than this are the same."""


@dataclass(frozen=True, eq=False)
class StandFigures:
    """What a stand does by planned month, (N,) each, for all PH/s that are installed and present.

    Hours and MWh are those of the whole site; coins and USD m are the company's share.
    """

    hours_run: Array
    mwh: Array
    btc: Array
    revenue: Array
    power_cost: Array
    variable_cost: Array

    @property
    def margin(self) -> Array:
        return self.revenue - self.power_cost - self.variable_cost


@dataclass(frozen=True)
class DearerToSell:
    """The first hour of a month in which a MWh sells for more than one costs at the meter; ``day`` is an instant."""

    day: float
    sold_usd_per_mwh: float
    bought_usd_per_mwh: float


@dataclass(frozen=True, eq=False)
class Resale:
    """What is sold of a site's physical blocks by planned month, (N,): MWh of the whole site, USD m of the company.

    dearer: one for each month in which the case makes no sense, as power could be bought and sold at once for a gain.
    """

    site: str
    mwh: Array
    result: Array
    dearer: tuple[DearerToSell, ...]


def mine(
    case: Case, timeline: Timeline, stands: Sequence[Stand], spots: Mapping[str, Spot], network: NetworkPath
) -> tuple[tuple[StandFigures, ...], tuple[Resale, ...]]:
    """Figures of every stand, in the order of ``stands``, and of every site that has physical blocks.

    ``spots`` are the power markets by name.
    """
    sums = np.zeros((6, len(stands), timeline.months))
    resales: list[Resale] = []
    for name, site in case.sites.items():
        here = np.array([place for place, stand in enumerate(stands) if stand.site == name], dtype=np.int64)
        machines = _machines(site, [stands[place] for place in here], timeline.months)
        physical = any(block.settles_at is None for block in site.contracts.values())
        if not len(here) and not physical:
            continue
        sold, result, dearer = np.zeros(timeline.months), np.zeros(timeline.months), list[DearerToSell]()
        for month in range(timeline.months):
            at = timeline.start + month
            there = machines.there(month, at)
            bought = delivered(site, timeline, at)
            if not len(there) and bought is None:
                continue
            loads = _loads(case, site, machines, there, month, at, network.hashprice_usd_per_ph_day[month])
            done = _month_of(site, loads, spots[site.power.market].month(at), bought, at)
            sums[:, here[there], month] = _figures(site, loads, done, float(network.btc_usd[month]))
            sold[month], result[month] = done.sold_mwh, done.resale_usd / 1e6 * site.share
            if done.dearer is not None:
                dearer.append(done.dearer)
        if physical:
            resales.append(Resale(name, sold, result, tuple(dearer)))
    found = tuple(StandFigures(*(each[place] for each in sums)) for place in range(len(stands)))
    return found, tuple(resales)


@dataclass(frozen=True, eq=False)
class _Machines:
    """The stands of a site, S of them. ph_s: (S, N) by planned month; start, end: (S,).

    kind: (S,) place in kinds of their MW per PH/s, (K,): machines of one kind run in the same hours.
    """

    ph_s: Array
    start: Array
    end: Array
    kind: NDArray[np.int64]
    kinds: Array

    def there(self, month: int, at: int) -> NDArray[np.int64]:
        """Stands with machines that are there at some time of a month."""
        overlap = np.minimum(self.end, at + 1) - np.maximum(self.start, at)
        return np.flatnonzero((self.ph_s[:, month] > 0) & (overlap > SAME_INSTANT))


def _machines(site: Site, stands: Sequence[Stand], months: int) -> _Machines:
    kinds, kind = np.unique(np.array([stand.mw_per_ph_s for stand in stands], dtype=np.float64), return_inverse=True)
    return _Machines(
        ph_s=np.array([stand.ph_s for stand in stands]).reshape(len(stands), months),
        start=np.array([stand.lot.start for stand in stands], dtype=np.float64),
        end=np.array([stand.lot.end for stand in stands], dtype=np.float64),
        kind=kind.astype(np.int64),
        kinds=kinds,
    )


@dataclass(frozen=True, eq=False)
class _Loads:
    """The machines that are there in a month, L of them: MW installed, (L,), and MW at full running, (L, days).

    kind: (L,). revenue and value: what a MWh at the meter brings by kind and day, (K, days), USD.
    """

    installed_mw: Array
    mw: Array
    kind: NDArray[np.int64]
    revenue_usd_per_mwh: Array
    value_usd_per_mwh: Array


@dataclass(frozen=True, eq=False)
class _Month:
    """A site in a month: MWh by load and day, (L, days), power cost by load, (L,), USD, and what of its blocks is sold,
    for the whole site."""

    mwh: Array
    power_cost_usd: Array
    sold_mwh: float
    resale_usd: float
    dearer: DearerToSell | None


def _loads(
    case: Case, site: Site, machines: _Machines, there: NDArray[np.int64], month: int, at: int, hashprice: Array
) -> _Loads:
    days = days_in(at)
    instants = at + np.arange(days) / days
    start, end, kind = machines.start[there, None], machines.end[there, None], machines.kind[there]
    present = (instants >= start - SAME_INSTANT) & (instants < end - SAME_INSTANT)
    installed = machines.ph_s[there, month] * machines.kinds[kind]
    # What a PH/s earns in an hour over the MWh that it takes.
    revenue: Array = hashprice / 24 / machines.kinds[:, None] * (1 - case.market.network.pool_fee)
    mw = np.where(present, installed[:, None] * site.uptime, 0.0)
    return _Loads(installed, mw, kind, revenue, revenue - site.variable_cost_usd_per_mwh)


def _month_of(site: Site, loads: _Loads, spot: Hours, bought: Delivered | None, at: int) -> _Month:
    """Let all machines run where it pays: at the price of the hour, or inside a block where it beats selling it."""
    meter, days = at_meter(spot, site.power), days_in(at)
    inside = np.zeros_like(loads.mw) if bought is None else _inside(loads, bought.mw)
    value = loads.value_usd_per_mwh[:, spot.day]
    runs = value > meter.price
    hours = np.array([np.bincount(spot.day[run], minlength=days) for run in runs]).reshape(len(runs), days)
    paid = np.array([np.bincount(spot.day[run], meter.price[run], minlength=days) for run in runs])
    outside = (loads.mw - inside) * spot.weight
    mwh = outside * hours[loads.kind]
    cost = (outside * paid.reshape(len(runs), days)[loads.kind]).sum(axis=1)
    if bought is None:
        return _Month(mwh, cost, 0.0, 0.0, None)
    resale = spot.price - site.power.resale_fee_usd_per_mwh
    unused = bought.mw[spot.day]
    for kind, runs_inside in enumerate(value > resale):
        of_kind = np.where((loads.kind == kind)[:, None], inside, 0.0)
        of_block = of_kind * spot.weight * np.bincount(spot.day[runs_inside], minlength=days)
        unused = unused - np.where(runs_inside, of_kind.sum(axis=0)[spot.day], 0.0)
        mwh, cost = mwh + of_block, cost + of_block @ bought.usd_per_mwh
    unused = np.where(unused > NOTHING_LEFT_MW, unused, 0.0)
    gain = unused @ (resale - bought.usd_per_mwh[spot.day])
    wrong = (resale > meter.price + SAME_PRICE) & (bought.mw[spot.day] > 0)
    dearer = None
    if wrong.any():
        hour = int(np.argmax(wrong))
        day = at + int(spot.day[hour]) / days
        dearer = DearerToSell(day, float(resale[hour]), float(meter.price[hour]))
    return _Month(mwh, cost, float(unused.sum()) * spot.weight, float(gain) * spot.weight, dearer)


def _inside(loads: _Loads, mw: Array) -> Array:
    """MW of each load inside the blocks by day: what is worth most first, what is worth the same as the case has it."""
    order = np.argsort(-loads.value_usd_per_mwh[loads.kind], axis=0, kind="stable")
    in_order = np.take_along_axis(loads.mw, order, axis=0)
    left = mw - (np.cumsum(in_order, axis=0) - in_order)
    inside = np.empty_like(loads.mw)
    np.put_along_axis(inside, order, np.clip(left, 0.0, in_order), axis=0)
    return inside


def _figures(site: Site, loads: _Loads, done: _Month, btc_usd: float) -> Array:
    """(6, L): hours run, MWh; and as the company's share BTC, and revenue, power cost and variable cost in USD m."""
    mwh = done.mwh.sum(axis=1)
    revenue = (done.mwh * loads.revenue_usd_per_mwh[loads.kind]).sum(axis=1)
    variable = mwh * site.variable_cost_usd_per_mwh
    money = np.array([revenue / btc_usd, revenue / 1e6, done.power_cost_usd / 1e6, variable / 1e6])
    return np.concatenate(([mwh / loads.installed_mw, mwh], money * site.share))
