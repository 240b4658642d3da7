"""Block segments -> arrays of the model, and what blocks earn whatever is decided."""

from __future__ import annotations

import numpy as np

from models.instance import Blocks
from models.tree import Floats
from optimizer.case.case import Case
from optimizer.market.calendar import month_factors
from optimizer.market.market import Market
from optimizer.operations.operations import Operations


def weights(market: Market, rate: float) -> Floats:
    """(J,) discount factor x probability of each month cell."""
    result: Floats = month_factors(rate, market.cells.month) * market.tree.probability[market.cells.node]
    return result


def block_arrays(case: Case, market: Market, operations: Operations) -> Blocks:
    """Capacity of each segment, and the gain of each lot in it over buying at the market."""
    weight = weights(market, case.discount.mining)
    names = list(case.sites)
    segment: list[int] = []
    place: list[int] = []
    load: list[float] = []
    gain: list[float] = []
    gain_value: list[float] = []
    gain_btc: list[float] = []
    for b, block in enumerate(operations.blocks):
        for entry in block.places:
            differences = {
                cell: entry.inside.margin_usd_m(cell)
                - entry.inside.lost_resale_usd_m[cell]
                - entry.outside.margin_usd_m(cell)
                for cell in entry.inside.hours
            }
            segment.append(b)
            place.append(entry.place)
            load.append(operations.places[entry.place].load_mw_per_eh)
            gain.append(sum(differences.values()))
            gain_btc.append(sum(entry.inside.btc.values()) - sum(entry.outside.btc.values()))
            gain_value.append(sum(amount * float(weight[cell]) for cell, amount in differences.items()))
    return Blocks(
        name=tuple(f"block {names[b.site]} {market.tree.label[b.node]}" for b in operations.blocks),
        node=np.array([b.node for b in operations.blocks], dtype=np.int64),
        capacity_mw=np.array([b.capacity_mw for b in operations.blocks], dtype=float),
        place_segment=np.array(segment, dtype=np.int64),
        place=np.array(place, dtype=np.int64),
        load_mw_per_eh=np.array(load, dtype=float),
        gain_usd_m_per_mw=np.array(gain, dtype=float),
        gain_value_usd_m_per_mw=np.array(gain_value, dtype=float),
        gain_btc_per_mw=np.array(gain_btc, dtype=float),
    )


def unused_contracts(market: Market, operations: Operations, rate: float) -> tuple[Floats, float]:
    """What contracts bring if no machine uses them: by node (N,) in USD m, and its present value.

    Blocks sold at spot as a whole, and settlements of financial blocks.
    """
    weight = weights(market, rate)
    by_node, value = np.zeros(len(market.tree)), 0.0
    monthly = [block.unused_usd_m for block in operations.blocks] + [s.usd_m for s in operations.settlements]
    for amounts in monthly:
        for cell, amount in amounts.items():
            by_node[market.cells.node[cell]] += amount
            value += amount * float(weight[cell])
    return by_node, value
