"""What every lot of machines earns, hour by hour. Section 5 of docs/figures.md.

Every hour of every planned month is looked at for every lot; nothing is grouped or approximated.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.case.case import Case
from optimizer.case.sites import ArrivingLot, Site
from optimizer.plan.audit.recompute.blocks import Block, overlap
from optimizer.plan.audit.recompute.decisions import Decisions, lots_in_order
from optimizer.plan.audit.recompute.fixed_blocks import Delivered, delivered
from optimizer.plan.audit.recompute.network import NetworkPath
from optimizer.plan.audit.recompute.prices import Hours, Spot, at_meter
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, CannotRecompute, Timeline, days_in

NOTHING_LEFT_PH_S = 1e-6
"""Less than this is what rounding leaves when all of a lot is retired."""

NOTHING_LEFT_MW = 1e-9
"""Less than this is what rounding leaves of a block that machines fill."""

SAME_PRICE = 1e-9
"""Prices in USD a MWh that are nearer than this are the same."""


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
    """What a lot does by planned month, (N,) each, for all PH/s that are installed and present.

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


def lots_of(case: Case, timeline: Timeline, decisions: Decisions) -> tuple[Lot, ...]:
    """All lots in the order of the case, with what the decisions leave of them. Raises CannotRecompute."""
    lots: list[Lot] = []
    for site_name, name, entry in lots_in_order(case):
        machine = case.machines.get(entry.machine or name)
        if machine is None:
            raise CannotRecompute(f"there is no machine {entry.machine or name!r} for lot {site_name}.{name}")
        if isinstance(entry, ArrivingLot):
            start = life_from = entry.on.first
            due, due_at = entry.due_usd_m * case.sites[site_name].share, entry.on.first
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
) -> tuple[tuple[LotFigures, ...], tuple[Resale, ...]]:
    """Figures of every lot, in the order of ``lots``, and of every site that has physical blocks.

    ``spots`` are the power markets by name.
    """
    sums = np.zeros((len(lots), 6, timeline.months))
    resales: list[Resale] = []
    for name, site in case.sites.items():
        here = [place for place, lot in enumerate(lots) if lot.site == name]
        sold, result, dearer = np.zeros(timeline.months), np.zeros(timeline.months), list[DearerToSell]()
        for month in range(timeline.months):
            at = timeline.start + month
            there = [place for place in here if _is_there(lots[place], month, at)]
            bought = delivered(site, timeline, at)
            if not there and bought is None:
                continue
            loads = [_load(case, lots[place], month, at, network.hashprice_usd_per_ph_day[month]) for place in there]
            done = _month_of(site, loads, spots[site.power.market].month(at), bought, at)
            for place, load, ran in zip(there, loads, done.ran, strict=True):
                sums[place, :, month] = _figures(site, lots[place], month, load, ran, float(network.btc_usd[month]))
            sold[month], result[month] = done.sold_mwh, done.resale_usd / 1e6 * site.share
            if done.dearer is not None:
                dearer.append(done.dearer)
        if any(block.settles_at is None for block in site.contracts.values()):
            resales.append(Resale(name, sold, result, tuple(dearer)))
    return tuple(LotFigures(*figures) for figures in sums), tuple(resales)


@dataclass(frozen=True, eq=False)
class _Load:
    """A lot on each day of a month, (days,): MW at full running while present, and what a MWh at the meter brings."""

    mw: Array
    revenue_usd_per_mwh: Array
    value_usd_per_mwh: Array


@dataclass(frozen=True, eq=False)
class _Ran:
    """What a lot takes: MWh by day, (days,), and the cost of all of them, USD."""

    mwh: Array
    power_cost_usd: float


@dataclass(frozen=True, eq=False)
class _Month:
    """A site in a month: its lots, and what of its blocks is sold, for the whole site."""

    ran: tuple[_Ran, ...]
    sold_mwh: float
    resale_usd: float
    dearer: DearerToSell | None


def _is_there(lot: Lot, month: int, at: int) -> bool:
    return bool(lot.installed_ph_s[month] > 0) and overlap(lot.start, lot.end, at, at + 1) > SAME_INSTANT


def _load(case: Case, lot: Lot, month: int, at: int, hashprice: Array) -> _Load:
    site, days = case.sites[lot.site], days_in(at)
    instants = at + np.arange(days) / days
    present = (instants >= lot.start - SAME_INSTANT) & (instants < lot.end - SAME_INSTANT)
    # What a PH/s earns in an hour over the MWh that it takes.
    revenue: Array = hashprice / 24 / lot.mw_per_ph_s * (1 - case.market.network.pool_fee)
    full = float(lot.installed_ph_s[month]) * lot.mw_per_ph_s * site.uptime
    return _Load(np.where(present, full, 0.0), revenue, revenue - site.variable_cost_usd_per_mwh)


def _month_of(site: Site, loads: Sequence[_Load], spot: Hours, bought: Delivered | None, at: int) -> _Month:
    """Let every lot run where it pays: at the price of the hour, or inside a block where it beats selling the block."""
    meter, days, ran = at_meter(spot, site.power), days_in(at), list[_Ran]()
    resale = spot.price - site.power.resale_fee_usd_per_mwh
    inside = _inside(loads, np.zeros(days) if bought is None else bought.mw)
    unused = np.zeros(len(spot.day)) if bought is None else bought.mw[spot.day]
    for load, within in zip(loads, inside, strict=True):
        value = load.value_usd_per_mwh[spot.day]
        runs = value > meter.price
        outside = (load.mw - within) * spot.weight
        mwh = outside * np.bincount(spot.day[runs], minlength=days)
        cost = float(outside @ np.bincount(spot.day[runs], meter.price[runs], minlength=days))
        if bought is not None:
            runs = value > resale
            of_block = within * spot.weight * np.bincount(spot.day[runs], minlength=days)
            unused = unused - np.where(runs, within[spot.day], 0.0)
            mwh, cost = mwh + of_block, cost + float(of_block @ bought.usd_per_mwh)
        ran.append(_Ran(mwh, cost))
    if bought is None:
        return _Month(tuple(ran), 0.0, 0.0, None)
    unused = np.where(unused > NOTHING_LEFT_MW, unused, 0.0)
    gain = unused @ (resale - bought.usd_per_mwh[spot.day])
    wrong = (resale > meter.price + SAME_PRICE) & (bought.mw[spot.day] > 0)
    dearer = None
    if wrong.any():
        hour = int(np.argmax(wrong))
        day = at + int(spot.day[hour]) / days
        dearer = DearerToSell(day, float(resale[hour]), float(meter.price[hour]))
    return _Month(tuple(ran), float(unused.sum()) * spot.weight, float(gain) * spot.weight, dearer)


def _inside(loads: Sequence[_Load], mw: Array) -> list[Array]:
    """MW of each lot inside the blocks by day: what is worth most first, what is worth the same as the case has it."""
    if not loads or not mw.any():
        return [np.zeros_like(mw) for _ in loads]
    load = np.array([each.mw for each in loads])
    order = np.argsort([-each.value_usd_per_mwh for each in loads], axis=0, kind="stable")
    in_order = np.take_along_axis(load, order, axis=0)
    left = mw - (np.cumsum(in_order, axis=0) - in_order)
    inside = np.empty_like(load)
    np.put_along_axis(inside, order, np.clip(left, 0.0, in_order), axis=0)
    return list(inside)


def _figures(site: Site, lot: Lot, month: int, load: _Load, ran: _Ran, btc_usd: float) -> tuple[float, ...]:
    """Hours run, MWh; and as the company's share BTC, and revenue, power cost and variable cost in USD m."""
    mwh, revenue = float(ran.mwh.sum()), float(ran.mwh @ load.revenue_usd_per_mwh)
    hours = mwh / (float(lot.installed_ph_s[month]) * lot.mw_per_ph_s)
    variable = mwh * site.variable_cost_usd_per_mwh
    money = (revenue / btc_usd, revenue / 1e6, ran.power_cost_usd / 1e6, variable / 1e6)
    return hours, mwh, *(each * site.share for each in money)
