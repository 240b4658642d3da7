"""What a MWh at the meter of a site costs, and when machines get none. Section 3 of docs/figures.md."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.case.case import Case
from optimizer.case.power import FixedTariff, HeatRateTariff, Interruption, SitePower
from optimizer.plan.audit.recompute.by_date import in_month
from optimizer.plan.audit.recompute.events import Marks, events_in
from optimizer.plan.audit.recompute.prices import Hours, Spot, hold_aligned
from optimizer.plan.audit.recompute.timeline import Array, CannotRecompute, days_within


@dataclass(frozen=True, eq=False)
class MeterMonth:
    """A site in a planned month, (H,) each: USD per MWh at the meter of machines and of halls.

    spot: of the site's own market. decides: the price by which machines run, if it is another than they pay.
    called: where no machine may run, None if that is nowhere.
    """

    spot: Hours
    machines: Array
    halls: Array
    decides: Array | None
    called: NDArray[np.bool_] | None


@dataclass(frozen=True, eq=False)
class Meter:
    """The prices of a site over all months."""

    power: SitePower
    spot: Spot
    split: Spot | None
    decides: Spot | None
    interruptions: tuple[tuple[Interruption, Marks], ...]
    start: int

    def month(self, month: int) -> MeterMonth:
        """Everything in a month."""
        spot, split = self.spot.month(month), self._split(month)
        discount, called = self._interrupted(spot, month)
        halls = self._at_meter(spot, split, spot.price, None, month)
        machines = halls if discount is None else self._at_meter(spot, split, spot.price, discount, month)
        decides = None
        if self.decides is not None and self.power.decides_on is not None:
            skill = self.power.decides_on.skill
            known = (1 - skill) * self.decides.month(month).price + skill * spot.price
            decides = self._at_meter(spot, split, known, discount, month)
        return MeterMonth(spot, machines, halls, decides, called)

    def halls(self, month: int) -> Hours:
        """What halls pay in a month."""
        spot = self.spot.month(month)
        return spot.priced(self._at_meter(spot, self._split(month), spot.price, None, month))

    def _split(self, month: int) -> Array | None:
        return None if self.split is None else self.split.month(month).price

    def _interrupted(self, spot: Hours, month: int) -> tuple[Array | None, NDArray[np.bool_] | None]:
        """Discounts, and where power is cut."""
        discount: Array | None = None
        called: NDArray[np.bool_] | None = None
        for terms, marks in self.interruptions:
            start = self.start if terms.start is None else terms.start.first
            in_force = days_within(start, math.inf if terms.until is None else terms.until.last, month)
            if in_force.any():
                here = in_force[spot.day]
                of_terms = np.where(here, terms.discount_usd_per_mwh, 0.0)
                discount = of_terms if discount is None else discount + of_terms
                cut = self.spot.shape.lay_marks(marks, month) & here
                called = cut if called is None else called | cut
        return discount, called

    def _at_meter(self, hours: Hours, split: Array | None, known: Array, discount: Array | None, month: int) -> Array:
        power = self.power
        index = known
        if split is not None and power.split is not None:
            index = (1 - power.split.share) * index + power.split.share * split
        if power.floor_usd_per_mwh is not None:
            index = np.maximum(index, power.floor_usd_per_mwh)
        if power.cap_usd_per_mwh is not None:
            index = np.minimum(index, power.cap_usd_per_mwh)
        if power.tariff is not None:
            until = math.inf if power.tariff.until is None else power.tariff.until.last
            in_force = days_within(-math.inf, until, month)
            index = np.where(in_force[hours.day], _tariff_price(power.tariff, month), index)
        base = index + in_month(power.adder_usd_per_mwh, month)
        if discount is not None:
            base = base - discount
        return np.asarray(base * (1 + power.losses) + in_month(power.wires_usd_per_mwh, month))


def _tariff_price(tariff: FixedTariff | HeatRateTariff, month: int) -> float:
    if isinstance(tariff, FixedTariff):
        return in_month(tariff.price_usd_per_mwh, month)
    return tariff.mmbtu_per_mwh * in_month(tariff.gas_usd_per_mmbtu, month)


def markets_beside(power: SitePower) -> tuple[str | None, str | None]:
    """The market at which a part is bought, and the one by which machines run, beside the site's own."""
    split, decides = power.split, power.decides_on
    return None if split is None else split.market, None if decides is None else decides.market


def meters_of(case: Case, start: int, spots: Mapping[str, Spot]) -> dict[str, Meter]:
    """The meter of every site, by name. Raises CannotRecompute."""
    return {name: _meter(case, name, start, spots) for name in case.sites}


def _meter(case: Case, name: str, start: int, spots: Mapping[str, Spot]) -> Meter:
    site = case.sites[name]
    power, own = site.power, spots[site.power.market]
    beside: list[Spot | None] = []
    for market in markets_beside(power):
        if market is not None:
            hold_aligned(spots[market].shape, own.shape, f"power market {market} at {name}")
        beside.append(None if market is None else spots[market])
    floor, cap = power.floor_usd_per_mwh, power.cap_usd_per_mwh
    if floor is not None and cap is not None and floor > cap:
        raise CannotRecompute(f"site {name}: the floor of its price is above the cap")
    interruptions = tuple(
        (each, events_in(own.shape, each.events_per_year, each.hours_per_event)) for each in site.interruptions.values()
    )
    return Meter(power, own, beside[0], beside[1], interruptions, start)
