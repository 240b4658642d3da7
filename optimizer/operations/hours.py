"""The intervals of a planned month at one site: what a MWh costs in each of them, and when machines get none.

The prices of docs/figures.md, section 3, as arrays; ``Hours`` is what all dispatch is made from. Nothing here knows
machines or contracts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

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
from optimizer.operations.peaks import Billing, expected_charges

ABOVE = 1e-9
"""$/MWh by which a value has to be above a price for a machine to run: less is the last digits of a computation."""

MOST_INTERVALS = 400_000
"""Planned intervals of a site (ten years of quarter hours) up to which all hours that were made are kept."""

NO_DAYS = (1, 0)


@dataclass(frozen=True)
class Bought:
    """What a MW does that buys at the market: hours that run, and $ that are paid and charged for peaks."""

    hours: float
    paid: float
    charge: float


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
        if first <= self._days[0] and last >= self._days[1]:
            return self
        known = self._parts.get((first, last))
        if known is None:
            inside = (self.day >= first) & (self.day <= last)
            known = Hours(*(getattr(self, name)[..., inside] for name in self.__dataclass_fields__))
            self._parts[first, last] = known
        return known

    @cached_property
    def powered(self) -> Bools:
        """(H,) whether machines can run that are not enrolled."""
        return ~self.interrupted

    @cached_property
    def charges_peaks(self) -> bool:
        """Whether anything is charged for running in one of them."""
        return bool(self.peak_charges.any() or self.peak_charge.any() or self.peak_charge_now.any())

    def bought(self, value: float) -> Bought:
        """What a MW of machines runs and pays whose MWh is worth so many $, if all of it is bought at the market."""
        known = self._bought.get(value)
        if known is None:
            surplus = value - self.signal
            if self.charges_peaks:
                surplus = surplus - self.peak_charge_now
            runs = surplus > ABOVE
            known = self._bought[value] = self._run(runs if self._always_powered else runs & self.powered)
        return known

    def _run(self, runs: Bools) -> Bought:
        """What a MW does that runs in some of the hours (H,) and buys at the market."""
        at = runs.nonzero()[0]
        weight, cost = self.weight, self.cost
        charge = float(np.add.reduce(self.charged.take(at))) if self.charges_peaks else 0.0
        if len(at) < len(weight):
            weight, cost = weight.take(at), cost.take(at)
        return Bought(float(np.add.reduce(weight)), float(np.add.reduce(cost)), charge)

    @cached_property
    def _always_powered(self) -> bool:
        return bool(self.powered.all())

    @cached_property
    def cost(self) -> Floats:
        """(H,) $ that a MW pays that runs in an interval and buys at the market."""
        return self.weight * self.price

    @cached_property
    def charged(self) -> Floats:
        """(H,) $ that it is charged for peaks."""
        return self.weight * self.peak_charge

    def forget_bought(self) -> None:
        """Let go of what was bought: where hashprice is another one, nobody asks for these values again."""
        self._bought.clear()
        for part in self._parts.values():
            part.forget_bought()

    @cached_property
    def _parts(self) -> dict[tuple[int, int], Hours]:
        """By their days: machines and contracts come and go on the same ones."""
        return {}

    @cached_property
    def _bought(self) -> dict[float, Bought]:
        """By value: lots of one efficiency ask for the same."""
        return {}

    @cached_property
    def _days(self) -> tuple[int, int]:
        """The first and the last."""
        return int(self.day.min()), int(self.day.max())


class SiteClock:
    """The hours of one site by month, made when they are asked for, and kept. Called hours are found once."""

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
        cells, months = market.cells, self.power.shape.months
        self._alike: dict[tuple[int, int], list[int]] = {}
        """Planned months by calendar month and days: the same intervals of the file serve them."""
        planned = np.flatnonzero(~cells.in_tail).tolist()
        for month, cell in {int(cells.month[cell]): cell for cell in planned}.items():
            self._alike.setdefault(self._key(cell), []).append(month)
        intervals = sum(len(months[key].day) * len(found) for key, found in self._alike.items())
        self._keeps = intervals <= MOST_INTERVALS
        self._known: dict[int, Hours] = {}
        self._firm: dict[int, float] = {}
        """What `firm_costs_usd` found."""
        self._last: dict[int, Hours] = {}
        """The latest month of those that are not kept."""

    def hours(self, cell: int) -> Hours:
        """All intervals of a month cell."""
        month, known = int(self.market.cells.month[cell]), self._known
        if month in known:
            return known[month]
        key = self._key(cell)
        if self._keeps and not self.market.cells.in_tail[cell]:
            months = self._alike[key]
            known.update(zip(months, self._hours(key, months), strict=True))
            return known[month]
        if month not in self._last:
            # Months are asked for in order: one is enough to keep.
            self._last = {month: self._hours(key, [month])[0]}
        return self._last[month]

    def forget(self) -> None:
        """Let go of the hours that were made. They are made anew when they are asked for."""
        self._known, self._last = {}, {}

    def take_over(self, other: SiteClock) -> None:
        """Go on with the hours that another clock has made: of the same site with the same prices of power."""
        self._known, self._firm = other._known, other._firm
        for hours in self._known.values():
            hours.forget_bought()

    def firm_costs_usd(self) -> dict[int, float]:
        """$ that a MW of halls costs in all intervals of a month, by month after the start; also in the tail."""
        if not self._firm:
            self._firm = self._firm_costs_usd()
        return self._firm

    def _firm_costs_usd(self) -> dict[int, float]:
        cells, alike = self.market.cells, dict[tuple[int, int], list[int]]()
        for month, cell in {int(month): cell for cell, month in enumerate(cells.month)}.items():
            alike.setdefault(self._key(cell), []).append(month)
        found: dict[int, float] = {}
        for key, months in alike.items():
            shape = self.power.shape.months[key]
            index = self._split(self._spots(self.site.power.market, key, months), key, months)
            price = self._meter(index, shape.day, None, key, months)
            found |= zip(months, (shape.weight_hours * price).sum(axis=1).tolist(), strict=True)
        return found

    def _key(self, cell: int) -> tuple[int, int]:
        cells = self.market.cells
        return cells.calendar_month(cell), int(cells.days[cell])

    def _hours(self, key: tuple[int, int], months: list[int]) -> list[Hours]:
        """The hours of months (K,) that the same intervals of the file serve, all together: arrays are (K, H)."""
        market, site, series = self.market, self.site, self.power.series
        shape = self.power.shape.months[key]
        size = (len(months), len(shape.day))
        spot = self._spots(site.power.market, key, months)
        interrupted, discount = self._interruptions(key, months)
        event, reserve = self._programs(key, months)
        index = self._split(spot, key, months)
        firm_price = self._meter(index, shape.day, None, key, months)
        price = firm_price if discount is None else self._meter(index, shape.day, discount, key, months)
        signal = price
        decides = site.power.decides_on
        if decides is not None:
            known = self._spots(decides.market, key, months)
            told = self._split(known + decides.skill * (spot - known), key, months)
            signal = self._meter(told, shape.day, discount, key, months)
        hour, weekday = series.local_hour[shape.source], series.local_weekday[shape.source]
        absolute = [market.start_month + month for month in months]
        charges = np.zeros((size[0], len(self.billing), size[1]))
        for row, billing in enumerate(self.billing.values()):
            charges[:, row] = expected_charges(billing.rule, absolute, hour, weekday, shape.weight_hours)
        # Most months are charged nothing: their rows are one row of zeros.
        nothing = np.broadcast_to(np.zeros(size[1]), size)
        charge = now = nothing
        if charges.any():
            charge, now, bill = charges.sum(axis=1), np.zeros(size), self.peak_billing
            for k in np.flatnonzero(charge.any(axis=1)).tolist():
                now[k] = charge[k] * (bill.discount_to(months[k]) if bill is not None else 0.0)
        else:
            charges = np.broadcast_to(np.zeros(charges.shape[1:]), charges.shape)
        return [
            Hours(
                day=shape.day,
                hour=hour,
                weekday=weekday,
                weight=shape.weight_hours,
                spot=spot[k],
                price=price[k],
                firm_price=firm_price[k],
                signal=signal[k],
                interrupted=interrupted[k],
                event=event[k],
                reserve=reserve[k],
                reserve_signal=reserve[k] if decides is None else nothing[k],
                peak_charges=charges[k],
                peak_charge=charge[k],
                peak_charge_now=now[k],
            )
            for k in range(size[0])
        ]

    def _spots(self, name: str, key: tuple[int, int], months: list[int]) -> Floats:
        """(K, H) prices of a market as they are in some months."""
        power = self.market.power[name]
        prices: Floats = power.shape.months[key].price * power.factor[months][:, None] + power.basis_usd_per_mwh
        return prices

    def _interruptions(self, key: tuple[int, int], months: list[int]) -> tuple[Bools, Floats | None]:
        """(K, H) whether machines get no power, and the discount for it; None without one."""
        shape = self.power.shape.months[key]
        size = (len(months), len(shape.day))
        if not self.site.interruptions:
            return np.broadcast_to(np.zeros(size[1], dtype=bool), size), None
        interrupted, discount = np.zeros(size, dtype=bool), np.zeros(size)
        for name, interruption in self.site.interruptions.items():
            inside = self._inside(shape.day, interruption.start, interruption.until, key, months)
            interrupted |= inside & self._called["interruptions", name][shape.source]
            discount += np.where(inside, interruption.discount_usd_per_mwh, 0.0)
        return interrupted, discount

    def _programs(self, key: tuple[int, int], months: list[int]) -> tuple[Bools, Floats]:
        """(K, H) whether demand response is called, and what a MWh earns as a reserve."""
        shape = self.power.shape.months[key]
        size = (len(months), len(shape.day))
        if not self.site.flexibility:
            return np.broadcast_to(np.zeros(size[1], dtype=bool), size), np.broadcast_to(np.zeros(size[1]), size)
        event, reserve = np.zeros(size, dtype=bool), np.zeros(size)
        for name, program in self.site.flexibility.items():
            inside = self._inside(shape.day, program.start, program.until, key, months)
            if isinstance(program, DemandResponse):
                if key[0] + 1 in program.months:
                    event |= inside & self._called["flexibility", name][shape.source]
            else:
                share = self._in_months(program.price_share, months) * program.availability
                paid = self.market.shapes[reserve_path(self.name, name)].months[key].price * share
                net = np.maximum(0.0, paid - program.deployed_share * program.deployment_cost_usd_per_mwh)
                reserve += np.where(inside, net, 0.0)
        return event, reserve

    def _split(self, price: Floats, key: tuple[int, int], months: list[int]) -> Floats:
        split = self.site.power.split
        if split is None:
            return price
        return price + split.share * (self._spots(split.market, key, months) - price)

    def _meter(
        self, index: Floats, day: Ints, discount: Floats | None, key: tuple[int, int], months: list[int]
    ) -> Floats:
        """(K, H) what a MWh costs at the meter whose price is an index; ``discount``: None for nothing."""
        power = self.site.power
        base = index
        if power.floor_usd_per_mwh is not None or power.cap_usd_per_mwh is not None:
            base = np.clip(index, power.floor_usd_per_mwh, power.cap_usd_per_mwh)
        tariff = power.tariff
        if tariff is not None:
            price = (
                self._in_months(tariff.price_usd_per_mwh, months)
                if isinstance(tariff, FixedTariff)
                else tariff.mmbtu_per_mwh * self._in_months(tariff.gas_usd_per_mmbtu, months)
            )
            base = np.where(self._inside(day, None, tariff.until, key, months), price, base)
        base = base + self._in_months(power.adder_usd_per_mwh, months)
        if discount is not None:
            base = base - discount
        at_meter: Floats = base * (1 + power.losses) + self._in_months(power.wires_usd_per_mwh, months)
        return at_meter

    def _in_months(self, amounts: float | Mapping[CalendarDate, float], months: list[int]) -> Floats:
        """(K, 1) an amount as it holds in some months after the start."""
        if isinstance(amounts, float | int):
            return np.full((len(months), 1), float(amounts))
        return np.array([in_month(amounts, self.market.start_month + month) for month in months])[:, None]

    def _inside(
        self,
        day: Ints,
        start: CalendarDate | None,
        until: CalendarDate | None,
        key: tuple[int, int],
        months: list[int],
    ) -> Bools:
        """(K, H) intervals of the days on which something holds."""
        begin, end = in_force(start, until, self.market.start_month)
        spans = [days_in_span(self.market.start_month, month, key[1], begin, end) or NO_DAYS for month in months]
        first, last = np.array(spans).T[:, :, None]
        inside: Bools = (day >= first) & (day <= last)
        return inside
