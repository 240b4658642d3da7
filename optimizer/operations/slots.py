"""What a MW of load earns in each way it can stand at a site: the coefficients that replace every hour.

The hours of a site are tied to each other only through megawatts: a contract delivers so many, so many are awarded as
a reserve, so many count for a demand charge. A *slot* says on which of these a MW of load stands all through a part of
a month; what it then pays in each hour is known, so what it earns is a sum over hours, and which MW stand where is a
small linear program with a row for each kind of megawatt. It is exact, not sampled: the value of a MWh falls along the
loads (best machines first) and the price rises along the supply, so the best dispatch of every hour matches the first
MW of load with the first MW of supply, and the slots are the ways in which positions of that line meet the supply.

With several pools of supply, whose order changes from hour to hour, a position is a monotone function: it says of each
set of pools whether they reach up to it. An hour in which pools come in some order serves it from the first with which
the set does. docs/power_contracts.md has the argument, tests/hourly the comparison with every hour.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

import numpy as np

from models.tree import Bools, Floats
from optimizer.errors import CaseError
from optimizer.operations.hours import ABOVE, Hours
from optimizer.operations.mining import PH_PER_EH, USD_PER_USD_M
from optimizer.operations.parts import Delivery, Part

MOST_POOLS = 3
BANDS = 24
MASK = 1 << MOST_POOLS


@dataclass(frozen=True)
class Pool:
    """Contracts whose MWh are as good as each other's."""

    opportunity: Floats
    """(H,) $ per MWh used, compared with not using it."""
    level: Floats
    """(H,)"""
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True)
class Slot:
    """One way for a MW of load to stand. ``covers`` are the rows of supply in which it counts."""

    covers: frozenset[int]
    price: Floats
    """(H,) what a MWh that runs costs here, compared with not running."""
    served: Bools
    """(H,) whether a contract serves it; else it buys at the market."""
    hall_price: Floats
    """(H,) what a MWh costs halls here, compared with leaving it."""
    share: Floats | None = None
    """(H,) of a band: the part of it that is served at ``price``; the rest buys at the market."""


@dataclass(frozen=True)
class SupplyRow:
    """Megawatts of supply that loads share: of each pool a share."""

    key: int
    shares: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class Way:
    """How a MW of load stands: its slot, awarded, enrolled or standing still, and what a taken MWh is worth more."""

    slot: int
    awarded: bool = False
    enrolled: bool = False
    dark: bool = False
    take_price: float = 0.0
    at_tie: bool = False
    """Whether it runs where value and price are equal."""


PLAIN = Way(0)
"""It buys at the market, and nothing else."""


@dataclass(frozen=True)
class Figures:
    """What one MW of load does in a part. Money and BTC: the company's share."""

    mwh: float = 0.0
    btc: float = 0.0
    margin_usd_m: float = 0.0
    """Mining margin, results of contracts and reserves together."""
    peak_charge_usd_m: float = 0.0

    def less(self, other: Figures) -> Figures:
        return Figures(
            self.mwh - other.mwh,
            self.btc - other.btc,
            self.margin_usd_m - other.margin_usd_m,
            self.peak_charge_usd_m - other.peak_charge_usd_m,
        )


@dataclass(frozen=True)
class Stand:
    """The terms of a part under which load is looked at."""

    value: float
    """$ per MWh that runs."""
    btc_per_mwh: float
    share: float


@dataclass(frozen=True)
class Refinement:
    """Where the coefficients of a month have to be finer than by default, found by an earlier solve."""

    take_prices: Mapping[tuple[int, int], tuple[float, ...]] = field(default_factory=dict)
    """By (site, month cell)."""
    band_edges: Mapping[tuple[int, int], tuple[float, ...]] = field(default_factory=dict)
    """By (site, month cell): shares of a profiled contract's MW."""
    bands_times: int = 1
    """How many times as many bands as by default."""


NO_REFINEMENT = Refinement()


def pools_of(part: Part, site_name: str) -> tuple[Pool, ...]:
    """The pools of a part. A CaseError if there are more different ones than can be told apart."""
    grouped: dict[tuple[object, ...], list[Delivery]] = {}
    for delivery in part.deliveries:
        grouped.setdefault(delivery.supply.same, []).append(delivery)
    if len(grouped) > MOST_POOLS:
        raise CaseError.single(
            f"{len(grouped)} different kinds of contracts deliver at the same time; at most {MOST_POOLS} can "
            "(blocks with the same resale and hours count as one, whatever their price)",
            path=f"sites.{site_name}.contracts",
        )
    return tuple(Pool(same[0].supply.opportunity, same[0].supply.level, tuple(same)) for same in grouped.values())


def slots_of(
    hours: Hours, pools: Sequence[Pool], edges: Sequence[float] = (), bands: int = BANDS
) -> tuple[tuple[Slot, ...], tuple[SupplyRow, ...]]:
    """All slots of a part, that of the market first, and the rows of supply that they share."""
    market = Slot(frozenset(), hours.price, np.zeros(len(hours.weight), dtype=bool), hours.firm_price)
    if not pools:
        return (market,), ()
    if any(((pool.level > 0) & (pool.level < 1)).any() for pool in pools):
        return _bands(hours, pools[0], market, edges, bands)
    # Halls may pay more at the market than machines: what is too dear for machines may still be of use to halls.
    used = np.stack([(pool.level > 0) & (pool.opportunity <= hours.firm_price + ABOVE) for pool in pools], axis=1)
    offered = np.stack([pool.opportunity for pool in pools], axis=1)
    order = np.argsort(np.where(used, offered, np.inf), axis=1, kind="stable")
    there = np.take_along_axis(used, order, axis=1)
    reached = np.cumsum(np.where(there, 1 << order, 0), axis=1)
    prices = np.take_along_axis(offered, order, axis=1)
    occurring = sorted({int(mask) for mask in np.unique(reached[there])})
    slots = [market]
    for function in _monotone(len(pools)):
        served = there & np.array(function)[reached]
        first = np.argmax(served, axis=1)
        cost = np.where(served.any(axis=1), np.take_along_axis(prices, first[:, None], axis=1)[:, 0], np.inf)
        serves = cost <= hours.price + ABOVE
        covers = frozenset(mask for mask in occurring if function[mask])
        if covers and not any(covers == slot.covers for slot in slots):
            price = np.where(serves, cost, hours.price)
            slots.append(Slot(covers, price, serves, np.minimum(cost, hours.firm_price)))
    rows = tuple(SupplyRow(mask, tuple((c, 1.0) for c in range(len(pools)) if mask & (1 << c))) for mask in occurring)
    return tuple(slots), rows


def _bands(
    hours: Hours, pool: Pool, market: Slot, edges: Sequence[float], bands: int
) -> tuple[tuple[Slot, ...], tuple[SupplyRow, ...]]:
    """Slots of a contract whose MW follow a profile: bands of its MW, each served as far as the profile reaches."""
    used = pool.opportunity <= hours.firm_price + ABOVE
    serves = pool.opportunity <= hours.price + ABOVE
    level = np.where(used, pool.level, 0.0)
    inner = np.quantile(level[level > 0], np.linspace(0, 1, bands + 1)) if (level > 0).any() else np.zeros(1)
    cuts = np.unique(np.clip(np.concatenate([[0.0], inner, [level.max(initial=0.0)], list(edges)]), 0.0, level.max()))
    slots, rows = [market], []
    for key, (low, high) in enumerate(itertools.pairwise(cuts)):
        if high - low < 1e-12:
            continue
        share = np.clip((level - low) / (high - low), 0.0, 1.0)
        cost = np.where(serves, pool.opportunity, hours.price)
        hall_cost = np.minimum(pool.opportunity, hours.firm_price)
        slots.append(Slot(frozenset([key]), cost, serves, hall_cost, share))
        rows.append(SupplyRow(key, ((0, float(high - low)),)))
    return tuple(slots), tuple(rows)


@cache
def _monotone(pools: int) -> tuple[tuple[bool, ...], ...]:
    """All monotone functions of sets of pools that are not constant, as tables by bit mask."""
    size = 1 << pools
    found = []
    for bits in range(1, 1 << (size - 1)):
        table = (False, *(bool(bits >> k & 1) for k in range(size - 1)))
        if all(table[mask | 1 << c] or not table[mask] for mask in range(size) for c in range(pools)):
            found.append(table)
    return tuple(found)


def load_figures(hours: Hours, slot: Slot, way: Way, stand: Stand) -> Figures:
    """One MW of a lot's load that stands in one way through a part."""
    if way.dark:
        return Figures()
    if slot.price is hours.price and slot.share is None and (way is PLAIN or way == PLAIN):
        done, unit = hours.bought(stand.value), stand.share / USD_PER_USD_M
        margin = stand.value * done.hours + (0.0 - done.paid)
        btc = done.hours * stand.btc_per_mwh * stand.share
        return Figures(done.hours, btc, margin * unit, done.charge * unit)
    can_run = hours.powered & ~hours.event if way.enrolled else hours.powered
    if slot.share is None:
        return _run(hours, slot.price, can_run, way, stand, hours.weight)
    served = _run(hours, slot.price, can_run, way, stand, hours.weight * slot.share)
    bought = _run(hours, hours.price, can_run, way, stand, hours.weight * (1 - slot.share))
    return Figures(*(getattr(served, name) + getattr(bought, name) for name in Figures.__dataclass_fields__))


def _run(hours: Hours, price: Floats, can_run: Bools, way: Way, stand: Stand, weight: Floats) -> Figures:
    decides = price if price is not hours.price else hours.signal
    worth = stand.value + (hours.reserve_signal if way.awarded else 0.0)
    surplus = (worth + way.take_price if way.take_price else worth) - decides
    if hours.charges_peaks:
        surplus = surplus - hours.peak_charge_now
    runs = (can_run & (surplus >= -ABOVE if way.at_tie else surplus > ABOVE)).nonzero()[0]
    ran = weight.take(runs)
    mwh = float(np.add.reduce(ran))
    earned = ran * ((hours.reserve.take(runs) if way.awarded else 0.0) - price.take(runs))
    margin = stand.value * mwh + float(np.add.reduce(earned))
    charge = 0.0
    if hours.charges_peaks:
        charged = hours.charged if weight is hours.weight else weight * hours.peak_charge
        charge = float(np.add.reduce(charged.take(runs)))
    unit = stand.share / USD_PER_USD_M
    return Figures(mwh, mwh * stand.btc_per_mwh * stand.share, margin * unit, charge * unit)


def tangents_meet(
    low: Figures, high: Figures, low_price: float, high_price: float, share: float, charge_now: float
) -> Figures | None:
    """Where the tangents at two values of a taken MWh meet; None if nothing lies between the two.

    It holds for what is earned and for MWh; coins and charges between the two points are taken in proportion.
    At a value m of a taken MWh the tangent of what is earned (charges at what they count now), over the MWh taken, has
    the slope -m.
    """
    mwh = high.mwh - low.mwh
    if mwh <= 1e-9 or high_price <= low_price:
        return None
    unit = share / USD_PER_USD_M
    earned = (high.margin_usd_m - high.peak_charge_usd_m * charge_now) - (
        low.margin_usd_m - low.peak_charge_usd_m * charge_now
    )
    # low + -low_price * x = high + high_price * (mwh - x)
    x = (earned / unit + high_price * mwh) / (high_price - low_price)
    x = min(max(x, 0.0), mwh)
    charge = low.peak_charge_usd_m + (high.peak_charge_usd_m - low.peak_charge_usd_m) * x / mwh
    net = low.margin_usd_m - low.peak_charge_usd_m * charge_now - low_price * x * unit
    btc = low.btc + (high.btc - low.btc) * x / mwh
    return Figures(low.mwh + x, btc, net + charge * charge_now, charge)


def band_slack_usd_m(hours: Hours, bands: Sequence[Slot], widths: Sequence[float], share: float) -> float:
    """By how much a kind of load can earn more than bands of a profile say, whose widths are in MW.

    Inside a band what a MW earns falls from its lower to its upper edge, and the band counts the mean of it; of the
    whole concave curve at most one band a kind is filled in part, by at most a quarter of width x fall. However a MW
    stands, in an hour it earns at most the difference of both prices more where the contract serves it.
    """
    worst = 0.0
    for band, width in zip(bands, widths, strict=True):
        assert band.share is not None
        partly = (band.share > 0) & (band.share < 1)
        saved = np.maximum(0.0, hours.firm_price - band.hall_price)[partly]
        worst = max(worst, width * float((hours.weight[partly] * saved).sum()) / 4)
    return worst * share / USD_PER_USD_M


def hall_saving_usd_m(hours: Hours, slot: Slot, share: float) -> float:
    """What a MW of halls' load saves in a slot over buying at the market, in all hours of a part."""
    used = hours.weight * (1.0 if slot.share is None else slot.share)
    return float((used * (hours.firm_price - slot.hall_price)).sum()) * share / USD_PER_USD_M


def unused_usd_m(hours: Hours, delivery: Delivery, share: float) -> float:
    """What a MW of a contract brings if nobody uses it, in all hours of a part."""
    supply = delivery.supply
    return float((hours.weight * supply.level * supply.unused).sum()) * share / USD_PER_USD_M


MwPerEh = TypeVar("MwPerEh", float, Floats)


def coins_per_mwh(hashprice: float, mw_per_eh: MwPerEh, pool_fee: float, btc_usd: float) -> MwPerEh:
    """BTC that a MWh mines, after the pool's fee."""
    return hashprice / 24 * (1 - pool_fee) * PH_PER_EH / mw_per_eh / btc_usd
