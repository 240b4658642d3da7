"""Financial blocks: what they pay, whatever any load does. docs/figures.md, section 5."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.case.case import Case
from optimizer.case.contracts import FixedBlock
from optimizer.market.calendar import days_in_span
from optimizer.market.market import Market
from optimizer.operations.block_hours import block_hours
from optimizer.operations.by_date import in_force, in_month


@dataclass(frozen=True)
class Settlement:
    """A financial block: what it pays, by month cell, the MWh that it counts, and what its price makes of them."""

    site: int
    name: str
    usd_m: dict[int, float]
    mwh: dict[int, float]
    paid_usd_m: dict[int, float]


def settlements(case: Case, market: Market) -> tuple[Settlement, ...]:
    """All financial blocks, every hour of them."""
    result = []
    cells = market.cells
    for s, site in enumerate(case.sites.values()):
        for name, block in site.contracts.items():
            if not isinstance(block, FixedBlock) or block.settles_at is None:
                continue
            power = market.power[block.settles_at]
            span = in_force(block.start, block.until, market.start_month)
            found = Settlement(s, name, {}, {}, {})
            for cell in np.flatnonzero(~cells.in_tail).tolist():
                month, days = int(cells.month[cell]), int(cells.days[cell])
                inside = days_in_span(market.start_month, month, days, *span)
                if inside is None:
                    continue
                shape = power.shape.months[cells.calendar_month(cell), days]
                hour, weekday = power.series.local_hour[shape.source], power.series.local_weekday[shape.source]
                counts = (shape.day >= inside[0]) & (shape.day <= inside[1]) & block_hours(block.hours, hour, weekday)
                weight = shape.weight_hours[counts]
                price = in_month(block.price_usd_per_mwh, market.start_month + month)
                paid = float((weight * shape.price[counts]).sum()) * float(power.factor[month])
                paid += power.basis_usd_per_mwh * float(weight.sum())
                found.mwh[cell] = block.mw * float(weight.sum())
                found.paid_usd_m[cell] = price * found.mwh[cell] * site.share / 1e6
                found.usd_m[cell] = block.mw * paid * site.share / 1e6 - found.paid_usd_m[cell]
            result.append(found)
    return tuple(result)
