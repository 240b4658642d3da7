"""Hourly power prices of any planned month: the file's complete months as shape, scaled to a level. Section 3.

A market may change the prices of each month of its file before that: ``price_changes``. Works with intervals of any
length; an interval's weight is in hours. Not here: reading the file, and what a site adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from optimizer.case.case import Case
from optimizer.case.market import PowerMarket
from optimizer.case.price_file import PriceFile
from optimizer.market.prices import PriceSeries
from optimizer.plan.audit.recompute.price_changes import changed_prices
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, CannotRecompute, days_in

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Hours:
    """The intervals of a planned month, (H,): price at the meter or the market, day from 0, and each one's weight in h.

    With several years of shape every day is there several times, and the weight of each is the smaller.
    hour, weekday: on the clock of the price file, Monday being 0.
    """

    price: Array
    day: Ints
    weight: float
    hour: Ints
    weekday: Ints

    @property
    def hours(self) -> float:
        return self.weight * len(self.price)

    def priced(self, price: Array) -> Hours:
        """The same intervals at other prices."""
        return Hours(price, self.day, self.weight, self.hour, self.weekday)


@dataclass(frozen=True, eq=False)
class Source:
    """A complete month of a price file, known by its coordinate; the day of an interval counts from 1.

    price: as it is used, with the changes of its market. file_price: as it stands in the file, by which a level is set.
    """

    month: int
    price: Array
    file_price: Array
    day: Ints
    hour: Ints
    weekday: Ints


@dataclass(frozen=True, eq=False)
class Shape:
    """The complete months of a price file by calendar month (1 to 12), those of one calendar month in time."""

    months: Mapping[int, list[Source]]
    interval_hours: float
    laid: dict[tuple[int, int], Hours] = field(default_factory=dict)
    found: dict[tuple[int, int], list[Ints]] = field(default_factory=dict)

    def mean(self, calendar_months: Iterable[int]) -> float:
        """Plain mean over all intervals of these calendar months, in the file as it is."""
        sources = [source for month in calendar_months for source in self.months[month]]
        return float(np.concatenate([each.file_price for each in sources]).mean())

    def lay(self, month: int) -> Hours:
        """The shape laid over the days of a planned month, before the level, the scale and the basis."""
        key = (month % 12 + 1, days_in(month))
        if key not in self.laid:
            sources, places = self.months[key[0]], self._places(*key)
            # Planned days, as the places of each source are in the order of these.
            day = [np.arange(key[1]).repeat(self._lengths(source, key[1])) for source in sources]
            price, hour, weekday = (
                np.concatenate([values[at] for values, at in zip(of_sources, places, strict=True)])
                for of_sources in (
                    [each.price for each in sources],
                    [each.hour for each in sources],
                    [each.weekday for each in sources],
                )
            )
            weight = self.interval_hours / len(sources)
            self.laid[key] = Hours(price, np.concatenate(day), weight, hour, weekday)
        return self.laid[key]

    def lay_marks(self, marks: Mapping[int, NDArray[np.bool_]], month: int) -> NDArray[np.bool_]:
        """What is marked in the months of the file, by their coordinate, laid over a planned month."""
        number, days = month % 12 + 1, days_in(month)
        pairs = zip(self.months[number], self._places(number, days), strict=True)
        return np.concatenate([marks[source.month][at] for source, at in pairs])

    def _places(self, number: int, days: int) -> list[Ints]:
        """For each source of a calendar month the places of its intervals in the order of planned days."""
        key = (number, days)
        if key not in self.found:
            self.found[key] = [
                np.concatenate([_of_day(source, planned) for planned in range(1, days + 1)])
                for source in self.months[number]
            ]
        return self.found[key]

    @staticmethod
    def _lengths(source: Source, days: int) -> list[int]:
        return [len(_of_day(source, planned)) for planned in range(1, days + 1)]


def _of_day(source: Source, planned: int) -> Ints:
    """Intervals of a planned day; a day that the month of the file lacks is its last."""
    return np.flatnonzero(source.day == min(planned, int(source.day[-1])))


def shape_of(market: PowerMarket, series: PriceSeries) -> Shape:
    """Pick the complete months inside the case's window, and change their prices as the market says.

    Raises CannotRecompute if a calendar month has none.
    """
    months = {month: source for month, source in _complete_months(market, series).items() if _in_window(market, month)}
    by_number: dict[int, list[Source]] = {}
    for month, source in months.items():
        price = changed_prices(market, source.file_price, source.hour, source.weekday)
        by_number.setdefault(month % 12 + 1, []).append(replace(source, price=price))
    lacking = [str(number) for number in range(1, 13) if number not in by_number]
    if lacking:
        raise CannotRecompute(f"{market.file}: no complete month for calendar month {', '.join(lacking)}")
    return Shape(by_number, series.interval_hours)


def shape_beside(file: PriceFile, series: PriceSeries, base: Shape) -> Shape:
    """The months of a file that belong to those of another shape, interval by interval. Raises CannotRecompute."""
    complete = _complete_months(file, series)
    by_number: dict[int, list[Source]] = {}
    for number, sources in base.months.items():
        for source in sources:
            if source.month not in complete:
                raise CannotRecompute(f"{file.file}: there is no complete month {_name(source.month)}")
            by_number.setdefault(number, []).append(complete[source.month])
    shape = Shape(by_number, series.interval_hours)
    hold_aligned(shape, base, file.file)
    return shape


def hold_aligned(shape: Shape, base: Shape, what: str) -> None:
    """Raise CannotRecompute unless both shapes have the same months in intervals of the same length."""

    def form(each: Shape) -> list[list[tuple[int, int]]]:
        return [[(source.month, len(source.day)) for source in each.months[number]] for number in range(1, 13)]

    if shape.interval_hours != base.interval_hours or form(shape) != form(base):
        raise CannotRecompute(f"{what}: its months or intervals are not those of the site's market")


def _complete_months(file: PriceFile, series: PriceSeries) -> dict[int, Source]:
    zone = ZoneInfo(file.time_zone)
    found: dict[int, Source] = {}
    firsts = np.flatnonzero(np.diff(series.local_month, prepend=-1))
    for first, end in zip(firsts, [*firsts[1:], len(series.local_month)], strict=True):
        month = int(series.local_month[first])
        day = np.asarray(series.local_day[first:end], dtype=np.int64)
        if _is_complete(month, day, series.interval_hours, zone):
            price = np.asarray(series.price[first:end], dtype=np.float64)
            found[month] = Source(
                month, price, price, day, series.local_hour[first:end], series.local_weekday[first:end]
            )
    return found


def _name(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def _in_window(market: PowerMarket, month: int) -> bool:
    if market.shape is None:
        return True
    inside = market.shape.start.first - SAME_INSTANT <= month
    return inside and month + 1 <= market.shape.end.last + SAME_INSTANT


def _is_complete(month: int, day: Ints, interval_hours: float, zone: ZoneInfo) -> bool:
    """Whether every day of the month has as many intervals as its local length asks for."""
    counts = np.bincount(day, minlength=days_in(month) + 1)[1:]
    midnights = [
        datetime(at // 12, at % 12 + 1, number, tzinfo=zone).timestamp()
        for at, number in [*((month, number) for number in range(1, days_in(month) + 1)), (month + 1, 1)]
    ]
    return bool(np.allclose(counts * interval_hours, np.diff(midnights) / 3600, atol=1e-6))


@dataclass(frozen=True, eq=False)
class Spot:
    """A power market over the planned months: its shape and the level to which each month is scaled.

    usd_per_unit: what one unit of the market's currency is worth.
    """

    market: PowerMarket
    shape: Shape
    start_year: int
    usd_per_unit: float = 1.0

    def month(self, month: int) -> Hours:
        """Market prices of a planned month, USD. The basis is in USD, and neither scaled nor growing."""
        laid = self.shape.lay(month)
        spot = laid.price * (self.factor(month) * self.market.scale * self.usd_per_unit)
        return laid.priced(spot + self.market.basis_usd_per_mwh)

    def factor(self, month: int) -> float:
        """What prices of the file are multiplied by in a planned month, without the market's scale."""
        curve, growth = self.market.forward_usd_per_mwh, self.market.growth
        year, number = month // 12, month % 12 + 1
        if not curve:
            return (1 + growth) ** (year - self.start_year)
        named = [int(key[:4]) for key in curve]
        if year < min(named):
            return 1.0
        if year > max(named):
            return self.factor(12 * max(named) + number - 1) * (1 + growth) ** (year - max(named))
        quarter = (number - 1) // 3
        for key, months in (
            (f"{year:04d}-{number:02d}", (number,)),
            (f"{year:04d}-Q{quarter + 1}", tuple(range(3 * quarter + 1, 3 * quarter + 4))),
            (f"{year:04d}", tuple(range(1, 13))),
        ):
            if key in curve:
                mean = self.shape.mean(months)
                if mean == 0.0:
                    raise CannotRecompute(f"{self.market.file}: the mean price is 0, so it cannot be scaled to {key}")
                return curve[key] / mean
        return self.factor(month - 12)


def spots_of(case: Case, prices: Mapping[str, PriceSeries], start: int) -> dict[str, Spot]:
    """Every market whose prices were read, by name. Raises CannotRecompute."""
    found: dict[str, Spot] = {}
    for name, series in prices.items():
        market = case.market.power[name]
        if market.currency not in (None, "USD") and market.currency not in case.currencies:
            raise CannotRecompute(f"power market {name}: there is no rate for {market.currency}")
        usd = case.currencies.get(market.currency, 1.0) if market.currency is not None else 1.0
        found[name] = Spot(market, shape_of(market, series), start // 12, usd)
    return found
