"""What given megawatts do in every interval of a part: the loads in order, the supply in order, and who runs.

The exact answer for machines that stand there, by the rules of docs/figures.md ("The hours of a site"); the model's
coefficients are held against it. Nothing is decided here but what follows hour by hour.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.tree import Floats
from optimizer.operations.hours import ABOVE, Hours
from optimizer.operations.supply import Supply

TIE = 1e-7
"""$/MWh within which a value and a price are equal in months in which a minimum take has a price: it is written with
eight decimals."""


@dataclass(frozen=True)
class Load:
    """A lot's load at full running, in the order of its value."""

    mw: float
    value: float
    """$ per MWh that runs."""


@dataclass(frozen=True)
class Terms:
    """What was decided for the month."""

    halls_mw: float = 0.0
    """Load of halls that may use contracts: it comes first."""
    all_halls_mw: float = 0.0
    peak_mw: float | None = None
    enrolled_mw: float = 0.0
    award_mw: float = 0.0
    take_price: float = 0.0
    take_share: float = 0.0


@dataclass(frozen=True)
class Contracted:
    """What becomes of a contract in a part: MWh, and $ of the whole site."""

    mwh: float
    mining_mwh: float
    hosting_mwh: float
    paid: float
    result: float
    against_market: float
    """What it brings compared with buying and selling the same MWh at the market: its result, and what was saved on
    the MWh that machines use."""


@dataclass(frozen=True)
class Dispatched:
    """What happens in a part. By load (J,); $ of the whole site."""

    mwh: Floats
    power_cost: Floats
    contracts: tuple[Contracted, ...]
    reserve: float
    """Income from reserves."""
    reserve_mwh: float
    peak_charges: Floats
    """(charges,) that accrue."""
    flat_charges: Floats
    """(charges,) that the loads that count would accrue if they ran through all hours."""
    counted_mw: float
    """Load that does not stand still all month."""
    short_of: Floats
    """(X,) $ per MWh by which what could run falls short of running (never below 0); and its MWh. Empty if nobody
    asked."""
    short_mwh: Floats


def counted(loads: Sequence[Load], terms: Terms) -> float:
    """MW of machines that count for the peak."""
    total = sum(load.mw for load in loads)
    return total if terms.peak_mw is None else min(total, max(0.0, terms.peak_mw - terms.all_halls_mw))


def dispatch(
    hours: Hours,
    loads: Sequence[Load],
    supplies: Sequence[tuple[Supply, float]],
    terms: Terms,
    *,
    blind_to_resale: bool = False,
    with_short: bool = False,
) -> Dispatched:
    """Go through all intervals. ``supplies`` are the contracts in force and their MW.

    ``blind_to_resale`` runs machines by what a contract's MWh is billed at instead of what it is worth unused: for what
    that mistake costs. ``with_short``: whether anybody asks how much falls short of running.
    """
    count = counted(loads, terms)
    slices = _slices(loads, count, terms)
    if not supplies and terms.take_price == 0 and not with_short and not any(a or e for *_, a, e in slices):
        return _at_the_market(hours, loads, slices, count)
    costs = [supply.opportunity for supply, _ in supplies]
    quantity, order, edges, hall_edges = _stack(hours, supplies, costs)
    size = len(hours.weight)
    if supplies:
        in_order = np.take_along_axis(np.array(costs), order, axis=0)
        billed = np.take_along_axis(np.array([supply.price for supply, _ in supplies]), order, axis=0)
    mwh, cost = np.zeros(len(loads)), np.zeros(len(loads))
    used, hosted = np.zeros((len(supplies), size)), np.zeros((len(supplies), size))
    reserve = reserve_mwh = 0.0
    charged = np.zeros(len(hours.peak_charges))
    short_of: list[Floats] = []
    short_mwh: list[Floats] = []
    if terms.halls_mw > 0:
        for rank, got in enumerate(_overlaps(hall_edges, 0.0, terms.halls_mw)):
            np.add.at(hosted, (order[rank], np.arange(size)), got)
    for low, high, number, awarded, enrolled in slices:
        can_run = hours.powered & ~hours.event if enrolled else hours.powered
        worth = loads[number].value + (hours.reserve_signal if awarded else 0.0) + terms.take_price
        worth = worth - hours.peak_charge_now
        rest = np.full(size, high - low)
        pieces = []
        overlaps = _overlaps(edges, terms.halls_mw + low, terms.halls_mw + high) if supplies else ()
        for rank, got in enumerate(overlaps):
            offered, paid = in_order[rank], billed[rank]
            rest = rest - got
            pieces.append((got, worth - (paid if blind_to_resale else offered), paid, order[rank]))
        pieces.append((np.maximum(rest, 0.0), worth - hours.signal, hours.price, None))
        for there, surplus, paid, where in pieces:
            ran = np.where(can_run, _share_that_runs(surplus, terms), 0.0) * there
            weighted = hours.weight * ran
            mwh[number] += weighted.sum()
            cost[number] += (weighted * paid).sum()
            if where is not None:
                np.add.at(used, (where, np.arange(size)), ran)
            if awarded:
                reserve += float((weighted * hours.reserve).sum())
                reserve_mwh += float(weighted[hours.reserve > 0].sum())
            if hours.charges_peaks:
                charged += (hours.peak_charges * weighted).sum(axis=1)
            if with_short and can_run.any():
                short_of.append(np.clip(terms.take_price - surplus, 0.0, None)[can_run])
                short_mwh.append((hours.weight * there)[can_run])
    contracts = tuple(
        _contracted(hours, supply, quantity[c], used[c], hosted[c]) for c, (supply, _) in enumerate(supplies)
    )
    return Dispatched(
        mwh=mwh,
        power_cost=cost,
        contracts=contracts,
        reserve=reserve,
        reserve_mwh=reserve_mwh,
        peak_charges=charged,
        flat_charges=count * (hours.peak_charges * hours.weight).sum(axis=1),
        counted_mw=count,
        short_of=np.concatenate(short_of) if short_of else np.zeros(0),
        short_mwh=np.concatenate(short_mwh) if short_mwh else np.zeros(0),
    )


def _at_the_market(
    hours: Hours, loads: Sequence[Load], slices: Sequence[tuple[float, float, int, bool, bool]], count: float
) -> Dispatched:
    """The same where nothing is delivered, awarded, enrolled or priced: all slices at once, (slices, H), one a load."""
    mwh, cost = np.zeros(len(loads)), np.zeros(len(loads))
    charged, flat = np.zeros(len(hours.peak_charges)), np.zeros(len(hours.peak_charges))
    # Most parts have nothing but lots that were not ordered.
    if slices:
        numbers = [number for _, _, number, *_ in slices]
        there = np.array([high - low for low, high, *_ in slices])[:, None]
        worth = np.array([loads[number].value for number in numbers])[:, None]
        surplus = (worth - hours.peak_charge_now if hours.charges_peaks else worth) - hours.signal
        weighted = hours.weight * (((surplus > ABOVE) & hours.powered) * there)
        mwh[numbers], cost[numbers] = weighted.sum(axis=1), (weighted * hours.price).sum(axis=1)
        if hours.charges_peaks:
            for each in weighted:
                charged += (hours.peak_charges * each).sum(axis=1)
    if hours.charges_peaks:
        flat = count * (hours.peak_charges * hours.weight).sum(axis=1)
    return Dispatched(
        mwh=mwh,
        power_cost=cost,
        contracts=(),
        reserve=0.0,
        reserve_mwh=0.0,
        peak_charges=charged,
        flat_charges=flat,
        counted_mw=count,
        short_of=np.zeros(0),
        short_mwh=np.zeros(0),
    )


def _share_that_runs(surplus: Floats, terms: Terms) -> Floats:
    if terms.take_price <= 0:
        return (surplus > ABOVE).astype(float)
    return np.where(surplus > TIE, 1.0, np.where(surplus >= -TIE, terms.take_share, 0.0))


def _slices(loads: Sequence[Load], count: float, terms: Terms) -> list[tuple[float, float, int, bool, bool]]:
    """(from MW, to MW, load, awarded, enrolled) of all load that counts, in order."""
    free = max(0.0, count - terms.enrolled_mw)
    award = min(terms.award_mw, free)
    found, low = [], 0.0
    for number, load in enumerate(loads):
        if low >= count:
            break
        if load.mw == 0:
            continue  # a lot that does not stand here
        high = min(low + load.mw, count)
        cuts = sorted({low, high, *(edge for edge in (award, free) if low < edge < high)})
        for a, b in itertools.pairwise(cuts):
            if b > a:
                middle = (a + b) / 2
                found.append((a, b, number, middle < award, middle > free))
        low += load.mw
    return found


def _stack(
    hours: Hours, supplies: Sequence[tuple[Supply, float]], costs: Sequence[Floats]
) -> tuple[Floats, np.ndarray, Floats, Floats]:
    """(C, H) MW that are there; (C, H) contracts in order of what they cost; (C + 1, H) edges of that line in MW, for
    machines and for halls (whose price at the market may be higher, so that more of it is of use to them)."""
    size = len(hours.weight)
    if not supplies:
        nothing = np.zeros((1, size))
        return np.zeros((0, size)), np.zeros((0, size), dtype=np.int64), nothing, nothing
    quantity = np.array([supply.level * mw for supply, mw in supplies])
    offered = np.array(costs)
    order = np.argsort(np.round(offered, 9), axis=0, kind="stable")
    lines = []
    for price in (hours.price, hours.firm_price):
        there = np.take_along_axis(np.where(offered <= price + ABOVE, quantity, 0.0), order, axis=0)
        lines.append(np.concatenate([np.zeros((1, size)), np.cumsum(there, axis=0)]))
    return quantity, order, lines[0], lines[1]


def _overlaps(edges: Floats, low: float, high: float) -> Floats:
    """(C, H) MW of [low, high) that meet each contract of the line."""
    overlap: Floats = np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0.0, None)
    return overlap


def _contracted(hours: Hours, supply: Supply, quantity: Floats, used: Floats, hosted: Floats) -> Contracted:
    weight = hours.weight
    unused = quantity - used - hosted
    result = float((weight * (unused * supply.unused + hosted * (hours.firm_price - supply.price))).sum())
    paid = (quantity if supply.take_or_pay else used + hosted) * supply.price
    saved = float((weight * used * (hours.price - supply.price)).sum())
    return Contracted(
        mwh=float((weight * quantity).sum()),
        mining_mwh=float((weight * used).sum()),
        hosting_mwh=float((weight * hosted).sum()),
        paid=float((weight * paid).sum()),
        result=result,
        against_market=result + saved,
    )
