"""Market -> Operations: every hour, turned into coefficients. numpy only; nothing here knows what is decided."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.case.case import Case
from optimizer.market.market import Market
from optimizer.operations.blocks import BlockSegment, Settlement, block_segments, settlements
from optimizer.operations.hosting import SitePowerPrice, site_power_prices
from optimizer.operations.mining import Lot, MiningCoefficients, Place, list_lots, list_places, mining_coefficients


@dataclass(frozen=True)
class Operations:
    """What machines, halls and blocks of power do and earn, per unit, in every month."""

    lots: tuple[Lot, ...]
    places: tuple[Place, ...]
    mining: MiningCoefficients
    power: SitePowerPrice
    blocks: tuple[BlockSegment, ...]
    settlements: tuple[Settlement, ...]


def build_operations(case: Case, market: Market) -> Operations:
    """The coefficients of a case, from all hours of its price files."""
    lots = list_lots(case, market)
    places = list_places(case, lots)
    return Operations(
        lots=lots,
        places=places,
        mining=mining_coefficients(case, market, lots, places),
        power=site_power_prices(case, market),
        blocks=block_segments(case, market, lots, places),
        settlements=settlements(case, market),
    )
