"""Power bought in fixed blocks: what is in force on a day, and what financial blocks settle. Section 5, "Fixed blocks".

How the machines of a site use its physical blocks, and what of them is sold, is reckoned hour by hour in ``mining``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.case.case import Case
from optimizer.case.contracts import FixedBlock
from optimizer.case.sites import Site
from optimizer.plan.audit.recompute.prices import Spot
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, Timeline, days_in


@dataclass(frozen=True, eq=False)
class Settlement:
    """A financial block by planned month, (N,): MWh of the whole site; what it earns is the company's share, USD m."""

    site: str
    name: str
    mwh: Array
    result: Array


@dataclass(frozen=True, eq=False)
class Delivered:
    """The physical blocks of a site in one month, by day, (days,): MW and their mean price, 0 where there are none."""

    mw: Array
    usd_per_mwh: Array


def in_force(block: FixedBlock, timeline: Timeline, month: int) -> Array:
    """MW of a block on each day of a month, (days,)."""
    days = days_in(month)
    instants = month + np.arange(days) / days
    start = timeline.start if block.start is None else block.start.first
    there = (instants >= start - SAME_INSTANT) & (instants < block.until.last - SAME_INSTANT)
    return np.asarray(block.mw * there)


def delivered(site: Site, timeline: Timeline, month: int) -> Delivered | None:
    """What the physical blocks of a site deliver in a month; None if none is in force on any day."""
    mw, cost = np.zeros(days_in(month)), np.zeros(days_in(month))
    for block in site.contracts.values():
        if block.settles_at is None:
            of_block = in_force(block, timeline, month)
            mw += of_block
            cost += of_block * block.price_usd_per_mwh
    if not mw.any():
        return None
    return Delivered(mw, np.divide(cost, mw, out=np.zeros_like(cost), where=mw > 0))


def settlements_of(case: Case, timeline: Timeline, spots: Mapping[str, Spot]) -> tuple[Settlement, ...]:
    """Every financial block, in the order of the case."""
    return tuple(
        _settlement(site_name, site, name, block, timeline, spots[block.settles_at])
        for site_name, site in case.sites.items()
        for name, block in site.contracts.items()
        if block.settles_at is not None
    )


def _settlement(site_name: str, site: Site, name: str, block: FixedBlock, timeline: Timeline, spot: Spot) -> Settlement:
    mwh, result = np.zeros(timeline.months), np.zeros(timeline.months)
    for month in range(timeline.months):
        mw = in_force(block, timeline, timeline.start + month)
        if mw.any():
            hours = spot.month(timeline.start + month)
            by_hour = hours.weight * mw[hours.day]
            mwh[month] = by_hour.sum()
            result[month] = by_hour @ (hours.price - block.price_usd_per_mwh) / 1e6 * site.share
    return Settlement(site_name, name, mwh, result)
