"""Fixed blocks of power, hour by hour, eliminated exactly.

A block that is delivered makes two prices for a mine: what it does not use is sold at ``r``, what it needs beyond is
bought at ``p >= r``. A MW of load inside the block runs in the hours with value above ``r``, outside in those above
``p``; so the block is worth, per MW and lot, the sum over all hours of ``max(0, v - r) - max(0, v - p)`` more inside
than outside. That gain rises with the value of a MWh, so the best machines belong inside, in every hour the same
ones: one variable for each lot, bounded by its load and by the block, replaces every hour. This is the same function
as the minimum over C + 2 cuts that duality gives, with C variables in place of the cuts, and it stays exact when
blocks or lots come and go, because a segment is a stretch of days on which neither changes. docs/figures.md, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from optimizer.case.case import Case
from optimizer.case.contracts import FixedBlock
from optimizer.case.sites import Site
from optimizer.errors import CaseError
from optimizer.market.calendar import days_in_span
from optimizer.market.market import Market
from optimizer.operations.mining import (
    PH_PER_EH,
    USD_PER_USD_M,
    Lot,
    Place,
    Stretch,
    Tariff,
    purchase,
    resale,
    run_below,
    stretches,
    value_usd_per_mwh,
)


@dataclass
class MonthlyUse:
    """What one MW of a lot's load does in the days of a segment, by month cell; money and BTC: company's share."""

    hours: dict[int, float] = field(default_factory=dict)
    btc: dict[int, float] = field(default_factory=dict)
    revenue_usd_m: dict[int, float] = field(default_factory=dict)
    power_cost_usd_m: dict[int, float] = field(default_factory=dict)
    variable_cost_usd_m: dict[int, float] = field(default_factory=dict)
    lost_resale_usd_m: dict[int, float] = field(default_factory=dict)
    """Result of resale that is missed because the MW runs instead (0 outside the block)."""

    def margin_usd_m(self, cell: int) -> float:
        return self.revenue_usd_m[cell] - self.power_cost_usd_m[cell] - self.variable_cost_usd_m[cell]

    def add(self, cell: int, **amounts: float) -> None:
        """Add amounts of one stretch."""
        for name, amount in amounts.items():
            by_cell: dict[int, float] = getattr(self, name)
            by_cell[cell] = by_cell.get(cell, 0.0) + amount


@dataclass(frozen=True)
class PlaceInBlock:
    """A place in a segment: per MW of the lot's load there, inside the block and outside of it."""

    place: int
    inside: MonthlyUse
    outside: MonthlyUse


@dataclass(frozen=True)
class BlockSegment:
    """The days of a node on which the same blocks are in force at a site and the same lots are there."""

    site: int
    node: int
    capacity_mw: float
    price_usd_per_mwh: float
    """Mean price of the blocks, weighted by their MW."""
    places: tuple[PlaceInBlock, ...]
    """In the order in which they fill the block: the best first."""
    hours: dict[int, float]
    unused_usd_m: dict[int, float]
    """By month cell: result of resale if nothing of the block were used."""


@dataclass(frozen=True)
class Settlement:
    """A financial block: what it pays, by month cell, and the MWh that it counts."""

    site: int
    name: str
    usd_m: dict[int, float]
    mwh: dict[int, float]


def block_span(block: FixedBlock, start_month: int) -> tuple[float, float]:
    """[from, until) in months after the start."""
    begin = block.start.first - start_month if block.start is not None else 0.0
    return max(0.0, begin), block.until.last - start_month


def block_segments(
    case: Case, market: Market, lots: tuple[Lot, ...], places: tuple[Place, ...]
) -> tuple[BlockSegment, ...]:
    """All segments of physical blocks. A CaseError says where selling would pay more than buying costs."""
    segments: list[BlockSegment] = []
    for s, site in enumerate(case.sites.values()):
        blocks = [block for block in site.contracts.values() if block.settles_at is None]
        if blocks:
            _check_no_arbitrage(case, market, s, site)
            segments += _site_segments(market, s, site, blocks, lots, places)
    return tuple(segments)


def _site_segments(
    market: Market, s: int, site: Site, blocks: list[FixedBlock], lots: tuple[Lot, ...], places: tuple[Place, ...]
) -> list[BlockSegment]:
    cells = market.cells
    here = [index for index, place in enumerate(places) if place.site == s]
    # Highest value of a MWh first; equal ones in the order of the lots.
    here.sort(key=lambda index: places[index].mw_per_eh)
    lives = {index: (lots[places[index].lot].present_from, lots[places[index].lot].present_until) for index in here}
    spans = [block_span(block, market.start_month) for block in blocks]
    found: dict[tuple[int, tuple[int, ...], tuple[int, ...]], BlockSegment] = {}
    for cell in np.flatnonzero(~cells.in_tail).tolist():
        for days in _constant_days(market, cell, [*spans, *lives.values()]):
            in_force = tuple(b for b, span in enumerate(spans) if _covers(market, cell, span, days))
            if not in_force:
                continue
            there = tuple(index for index in here if _covers(market, cell, lives[index], days))
            key = (int(cells.node[cell]), in_force, there)
            if key not in found:
                capacity = sum(blocks[b].mw for b in in_force)
                price = sum(blocks[b].mw * blocks[b].price_usd_per_mwh for b in in_force) / capacity
                parts = tuple(PlaceInBlock(index, MonthlyUse(), MonthlyUse()) for index in there)
                found[key] = BlockSegment(s, int(cells.node[cell]), capacity, price, parts, {}, {})
            _add_days(market, site, found[key], cell, *days, places)
    return list(found.values())


def _constant_days(market: Market, cell: int, spans: list[tuple[float, float]]) -> list[tuple[int, int]]:
    """The days of a month in stretches within which neither blocks nor lots come or go."""
    month, days = int(market.cells.month[cell]), int(market.cells.days[cell])
    starts = {1}
    for begin, end in spans:
        inside = days_in_span(market.start_month, month, days, begin, end)
        if inside is not None:
            starts |= {inside[0], inside[1] + 1}
    edges = sorted(day for day in starts if day <= days)
    return [(a, b - 1) for a, b in zip(edges, [*edges[1:], days + 1], strict=True)]


def _covers(market: Market, cell: int, span: tuple[float, float], days: tuple[int, int]) -> bool:
    inside = days_in_span(market.start_month, int(market.cells.month[cell]), int(market.cells.days[cell]), *span)
    return inside is not None and inside[0] <= days[0] and days[1] <= inside[1]


def _add_days(
    market: Market, site: Site, segment: BlockSegment, cell: int, first: int, last: int, places: tuple[Place, ...]
) -> None:
    """Add the hours of these days to a segment."""
    network, price = market.network, segment.price_usd_per_mwh
    buy, sell = purchase(site), resale(site)
    for stretch in stretches(market, site, cell, 0.0, float("inf")):
        a, b = max(first, stretch.first), min(last, stretch.last)
        if a > b:
            continue
        part = Stretch(cell, stretch.month, stretch.days, a, b, stretch.shape, stretch.factor, stretch.hashprice)
        hours, sold = run_below(part, sell, float("inf"))
        segment.hours[cell] = segment.hours.get(cell, 0.0) + hours
        unused = segment.capacity_mw * (sold - price * hours) * site.share / USD_PER_USD_M
        segment.unused_usd_m[cell] = segment.unused_usd_m.get(cell, 0.0) + unused
        for entry in segment.places:
            mw_per_eh = places[entry.place].mw_per_eh
            value = value_usd_per_mwh(mw_per_eh, site, stretch.hashprice, network.pool_fee)
            per_mwh = stretch.hashprice / 24 * (1 - network.pool_fee) * PH_PER_EH / mw_per_eh * site.share
            for use, tariff in ((entry.inside, sell), (entry.outside, buy)):
                ran, price_hours = run_below(part, tariff, value)
                is_inside = use is entry.inside
                cost = price * ran if is_inside else price_hours
                use.add(
                    cell,
                    hours=ran,
                    btc=ran * per_mwh / float(network.btc_usd[stretch.month]),
                    revenue_usd_m=ran * per_mwh / USD_PER_USD_M,
                    power_cost_usd_m=cost * site.share / USD_PER_USD_M,
                    variable_cost_usd_m=ran * site.variable_cost_usd_per_mwh * site.share / USD_PER_USD_M,
                    lost_resale_usd_m=((price_hours - price * ran) * site.share / USD_PER_USD_M if is_inside else 0.0),
                )


def settlements(case: Case, market: Market) -> tuple[Settlement, ...]:
    """All financial blocks."""
    result = []
    cells = market.cells
    for s, site in enumerate(case.sites.values()):
        for name, block in site.contracts.items():
            if block.settles_at is None:
                continue
            power = market.power[block.settles_at]
            span = block_span(block, market.start_month)
            usd_m: dict[int, float] = {}
            mwh: dict[int, float] = {}
            for cell in np.flatnonzero(~cells.in_tail).tolist():
                month, days = int(cells.month[cell]), int(cells.days[cell])
                inside = days_in_span(market.start_month, month, days, *span)
                if inside is None:
                    continue
                shape = power.shape.months[cells.calendar_month(cell), days]
                part = Stretch(cell, month, days, *inside, shape, float(power.factor[month]), 0.0)
                hours, paid = run_below(part, Tariff(0.0), float("inf"))
                mwh[cell] = block.mw * hours
                usd_m[cell] = block.mw * (paid - block.price_usd_per_mwh * hours) * site.share / USD_PER_USD_M
            result.append(Settlement(s, name, usd_m, mwh))
    return tuple(result)


def _check_no_arbitrage(case: Case, market: Market, s: int, site: Site) -> None:
    """Selling block power must not bring more than buying power costs, in any hour."""
    power = market.power[site.power.market]
    months = int(market.cells.month[~market.cells.in_tail].max()) + 1
    factors = power.factor[:months]
    lowest = min(float(shape.price.min()) for shape in power.shape.months.values())
    spot = min(lowest * float(factors.max()), lowest * float(factors.min()))
    buy, sell = purchase(site), resale(site)
    gap = (spot + buy.adder_usd_per_mwh) * (1 + buy.losses) - (spot + sell.adder_usd_per_mwh)
    if gap < -1e-9:
        name = list(case.sites)[s]
        raise CaseError.single(
            f"at the lowest price ({spot:.2f}) a MWh of the block would sell for {-gap:.2f} more than a MWh costs; "
            "raise adder_usd_per_mwh or resale_fee_usd_per_mwh, or let the block settle financially (settles_at)",
            path=f"sites.{name}.power",
        )
