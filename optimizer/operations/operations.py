"""Market -> Operations: every hour, turned into coefficients. numpy only; nothing here knows what is decided."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.case.case import Case
from optimizer.market.market import Market
from optimizer.operations.hosting import SitePowerPrice, site_power_prices
from optimizer.operations.hours import SiteClock
from optimizer.operations.mining import Lot, MiningCoefficients, Place, list_lots, list_places, mining_coefficients
from optimizer.operations.settlements import Settlement, settlements


@dataclass(frozen=True)
class Operations:
    """What machines and halls do and earn, per unit, in every month, and what financial blocks pay."""

    lots: tuple[Lot, ...]
    places: tuple[Place, ...]
    clocks: tuple[SiteClock, ...]
    """Of every site: its hours, when they are asked for."""
    mining: MiningCoefficients
    power: SitePowerPrice
    settlements: tuple[Settlement, ...]


def list_clocks(case: Case, market: Market) -> tuple[SiteClock, ...]:
    """One a site, in the order of the case."""
    return tuple(SiteClock(case, market, name) for name in case.sites)


def build_operations(case: Case, market: Market, clocks: tuple[SiteClock, ...] | None = None) -> Operations:
    """The coefficients of a case, from all hours of its price files. ``clocks``: as `list_clocks` makes them, if they
    are there already."""
    lots = list_lots(case, market)
    places = list_places(case, lots)
    clocks = clocks if clocks is not None else list_clocks(case, market)
    return Operations(
        lots=lots,
        places=places,
        clocks=clocks,
        mining=mining_coefficients(case, market, lots, places, clocks),
        power=site_power_prices(case, market, clocks),
        settlements=settlements(case, market),
    )
