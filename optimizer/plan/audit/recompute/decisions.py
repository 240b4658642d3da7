"""The decisions of a plan as the rest of the recomputation takes them. Reading and judging them is not done here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from optimizer.case.case import Case
from optimizer.case.sites import ArrivingLot, FleetLot


@dataclass(frozen=True)
class Signature:
    """An offer signed at a site on the first instant of the month ``start``."""

    offer: str
    site: str
    start: int
    halls: float


@dataclass(frozen=True)
class Retirement:
    """PH/s of a lot taken off for good at the first instant of the month ``at``."""

    site: str
    lot: str
    at: int
    ph_s: float


@dataclass(frozen=True)
class Decisions:
    """All that is decided; signatures in the order of the case, one per offer at most."""

    signatures: tuple[Signature, ...]
    retirements: tuple[Retirement, ...]

    def taken_from(self, site: str, lot: str) -> list[Retirement]:
        """Retirements of one lot, in order of time."""
        found = [each for each in self.retirements if (each.site, each.lot) == (site, lot)]
        return sorted(found, key=lambda each: each.at)


def lots_in_order(case: Case) -> Iterator[tuple[str, str, FleetLot | ArrivingLot]]:
    """Site, name and entry of every lot: sites in the order of the case, at each the fleet first, then what arrives."""
    for site_name, site in case.sites.items():
        for name, fleet_lot in site.fleet.items():
            yield site_name, name, fleet_lot
        for name, arriving_lot in site.arriving.items():
            yield site_name, name, arriving_lot
