"""The intervals of a planned month at one site: what a MWh costs in each of them, and when machines get none.

The prices of docs/figures.md, section 3, as arrays; ``Hours`` is what all dispatch is made from. Nothing here knows
machines or contracts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.tree import Bools, Floats, Ints
from optimizer.case.base import CalendarDate
from optimizer.case.case import Case
from optimizer.case.delivery import CoincidentPeak
from optimizer.case.flexibility import Ancillary, DemandResponse
from optimizer.case.power import FixedTariff
from optimizer.case.price_files import reserve_path
from optimizer.case.sites import Site
from optimizer.errors import CaseError
from optimizer.market.calendar import days_in_span
from optimizer.market.market import Market
from optimizer.operations.by_date import in_force, in_month
from optimizer.operations.calls import called
from optimizer.operations.peaks import Billing, expected_charge


@dataclass(frozen=True)
class Hours:
    """Intervals of a planned month, (H,) each; prices in $/MWh at the meter."""

    day: Ints
    hour: Ints
    weekday: Ints
    weight: Floats
    spot: Floats
    """Of the site's market: what a MWh brings that is sold, before the fee."""
    price: Floats
    """What a MWh costs machines that no contract delivers."""
    firm_price: Floats
    """What it costs halls."""
    signal: Floats
    """The price by which machines are told to run."""
    interrupted: Bools
    """Machines get no power."""
    event: Bools
    """Load enrolled in demand response stands still."""
    reserve: Floats
    """What a MWh that runs earns more if it is awarded as a reserve."""
    reserve_signal: Floats
    """The part of it by which machines are told to run: all, or nothing where they run by another price."""
    peak_charges: Floats
    """(charges on peaks, H) what is expected to be charged for a MWh that runs, as it is paid later."""
    peak_charge: Floats
    """All of them together."""
    peak_charge_now: Floats
    """The same as it counts now."""

    def part(self, first: int, last: int) -> Hours:
        """The intervals of some days."""
        if first <= int(self.day.min()) and last >= int(self.day.max()):
            return self
        inside = (self.day >= first) & (self.day <= last)
        return Hours(*(getattr(self, name)[..., inside] for name in self.__dataclass_fields__))


class SiteClock:
    """The hours of one site by month, made when they are asked for. Called hours are found once."""

    def __init__(self, case: Case, market: Market, site_name: str) -> None:
        self.case, self.market, self.name = case, market, site_name
        self.site: Site = case.sites[site_name]
        self.power = market.power[self.site.power.market]
        self.billing = {
            name: Billing(market.start_month, case.discount.mining, charge)
            for name, charge in self.site.delivery.items()
            if isinstance(charge, CoincidentPeak)
        }
        bills = list(self.billing.values())
        if any(bill.months(0) != bills[0].months(0) for bill in bills[1:]):
            raise CaseError.single(
                "several coincident_peak charges at a site have to be billed in the same months",
                path=f"sites.{site_name}.delivery",
            )
        self.peak_billing = bills[0] if bills else None
        """When charges on peaks are paid; None without such charges."""
        self._called = {
            (section, name): called(self.power, program.events_per_year, program.hours_per_event)
            for section, programs in (
                ("interruptions", self.site.interruptions),
                ("flexibility", self.site.flexibility),
            )
            for name, program in programs.items()
            if not isinstance(program, Ancillary)
        }
        self._known: dict[int, Hours] = {}

    def hours(self, cell: int) -> Hours:
        """All intervals of a month cell."""
        if cell not in self._known:
            self._known = {cell: self._hours(cell)}  # months are asked for in order: one is enough to keep
        return self._known[cell]

    def _hours(self, cell: int) -> Hours:
        market, site, series = self.market, self.site, self.power.series
        cells = market.cells
        month, days = int(cells.month[cell]), int(cells.days[cell])
        key = (cells.calendar_month(cell), days)
        shape = self.power.shape.months[key]
        absolute = market.start_month + month
        spot = self.power.spot(shape.price, month)
        interrupted, discount = np.zeros(len(spot), dtype=bool), np.zeros(len(spot))
        for name, interruption in site.interruptions.items():
            inside = self._inside(shape.day, interruption.start, interruption.until, month, days)
            interrupted |= inside & self._called["interruptions", name][shape.source]
            discount += np.where(inside, interruption.discount_usd_per_mwh, 0.0)
        event, reserve = np.zeros(len(spot), dtype=bool), np.zeros(len(spot))
        for name, program in site.flexibility.items():
            inside = self._inside(shape.day, program.start, program.until, month, days)
            if isinstance(program, DemandResponse):
                if absolute % 12 + 1 in program.months:
                    event |= inside & self._called["flexibility", name][shape.source]
            else:
                share = in_month(program.price_share, absolute) * program.availability
                paid = market.shapes[reserve_path(self.name, name)].months[key].price * share
                net = np.maximum(0.0, paid - program.deployed_share * program.deployment_cost_usd_per_mwh)
                reserve += np.where(inside, net, 0.0)
        index = self._split(spot, month, key)
        signal = index
        if site.power.decides_on is not None:
            decides = site.power.decides_on
            known = self._other(decides.market, month, key)
            signal = self._split(known + decides.skill * (spot - known), month, key)
        hour, weekday = series.local_hour[shape.source], series.local_weekday[shape.source]
        charges = np.zeros((len(self.billing), len(spot)))
        for row, bill in enumerate(self.billing.values()):
            charges[row] = expected_charge(bill.rule, absolute, hour, weekday, shape.weight_hours)
        charge = charges.sum(axis=0)
        counts = self.peak_billing.discount_to(month) if self.peak_billing is not None and charge.any() else 0.0
        return Hours(
            day=shape.day,
            hour=hour,
            weekday=weekday,
            weight=shape.weight_hours,
            spot=spot,
            price=self._meter(index, shape.day, discount, month, days),
            firm_price=self._meter(index, shape.day, np.zeros(len(spot)), month, days),
            signal=self._meter(signal, shape.day, discount, month, days),
            interrupted=interrupted,
            event=event,
            reserve=reserve,
            reserve_signal=reserve if site.power.decides_on is None else np.zeros(len(spot)),
            peak_charges=charges,
            peak_charge=charge,
            peak_charge_now=charge * counts,
        )

    def _split(self, price: Floats, month: int, key: tuple[int, int]) -> Floats:
        split = self.site.power.split
        if split is None:
            return price
        return price + split.share * (self._other(split.market, month, key) - price)

    def _other(self, name: str, month: int, key: tuple[int, int]) -> Floats:
        power = self.market.power[name]
        return power.spot(power.shape.months[key].price, month)

    def _meter(self, index: Floats, day: Ints, discount: Floats, month: int, days: int) -> Floats:
        power, absolute = self.site.power, self.market.start_month + month
        base = index
        if power.floor_usd_per_mwh is not None or power.cap_usd_per_mwh is not None:
            base = np.clip(index, power.floor_usd_per_mwh, power.cap_usd_per_mwh)
        tariff = power.tariff
        if tariff is not None:
            price = (
                in_month(tariff.price_usd_per_mwh, absolute)
                if isinstance(tariff, FixedTariff)
                else tariff.mmbtu_per_mwh * in_month(tariff.gas_usd_per_mmbtu, absolute)
            )
            base = np.where(self._inside(day, None, tariff.until, month, days), price, base)
        adder, wires = in_month(power.adder_usd_per_mwh, absolute), in_month(power.wires_usd_per_mwh, absolute)
        at_meter: Floats = (base + adder - discount) * (1 + power.losses) + wires
        return at_meter

    def _inside(
        self, day: Ints, start: CalendarDate | None, until: CalendarDate | None, month: int, days: int
    ) -> Bools:
        """(H,) intervals of the days on which something holds."""
        begin, end = in_force(start, until, self.market.start_month)
        span = days_in_span(self.market.start_month, month, days, begin, end)
        if span is None:
            return np.zeros(len(day), dtype=bool)
        inside: Bools = (day >= span[0]) & (day <= span[1])
        return inside


def firm_cost_usd(clock: SiteClock, cell: int) -> float:
    """What a MW costs in $ that halls take in every interval of a month."""
    hours = clock.hours(cell)
    return float((hours.weight * hours.firm_price).sum())
