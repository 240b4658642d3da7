"""Hourly power prices of any planned month: the file's complete months as shape, scaled to a level. Section 3.

Works with intervals of any length; an interval's weight is in hours. Not here: reading the file, and what a site adds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from optimizer.case.market import PowerMarket
from optimizer.case.power import SitePower
from optimizer.market.prices import PriceSeries
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, CannotRecompute, days_in


@dataclass(frozen=True, eq=False)
class Hours:
    """The intervals of a planned month, (H,): price at the meter or the market, day from 0, and each one's weight in h.

    With several years of shape every day is there several times, and the weight of each is the smaller.
    """

    price: Array
    day: NDArray[np.int64]
    weight: float

    @property
    def hours(self) -> float:
        return self.weight * len(self.price)


@dataclass(frozen=True, eq=False)
class Shape:
    """The complete months of a price file by calendar month (1 to 12), each as a price and a day array."""

    months: dict[int, list[tuple[Array, NDArray[np.int64]]]]
    interval_hours: float
    laid: dict[tuple[int, int], Hours] = field(default_factory=dict)

    def mean(self, calendar_months: Iterable[int]) -> float:
        """Plain mean over all intervals of these calendar months."""
        return float(np.concatenate([price for month in calendar_months for price, _ in self.months[month]]).mean())

    def lay(self, month: int) -> Hours:
        """The shape laid over the days of a planned month, at the file's own level."""
        key = (month % 12 + 1, days_in(month))
        if key not in self.laid:
            self.laid[key] = self._lay(*key)
        return self.laid[key]

    def _lay(self, calendar_month: int, days: int) -> Hours:
        prices: list[Array] = []
        at_days: list[NDArray[np.int64]] = []
        sources = self.months[calendar_month]
        for price, day in sources:
            has = int(day.max())
            for planned in range(1, days + 1):
                of_day = price[day == min(planned, has)]
                prices.append(of_day)
                at_days.append(np.full(len(of_day), planned - 1))
        return Hours(np.concatenate(prices), np.concatenate(at_days), self.interval_hours / len(sources))


def shape_of(market: PowerMarket, series: PriceSeries) -> Shape:
    """Pick the complete months inside the case's window. Raises CannotRecompute if a calendar month has none."""
    zone = ZoneInfo(market.time_zone)
    months: dict[int, list[tuple[Array, NDArray[np.int64]]]] = {}
    firsts = np.flatnonzero(np.diff(series.local_month, prepend=-1))
    for first, end in zip(firsts, [*firsts[1:], len(series.local_month)], strict=True):
        month = int(series.local_month[first])
        day = np.asarray(series.local_day[first:end], dtype=np.int64)
        if _in_window(market, month) and _is_complete(month, day, series.interval_hours, zone):
            months.setdefault(month % 12 + 1, []).append((np.asarray(series.price[first:end], dtype=np.float64), day))
    lacking = [str(month) for month in range(1, 13) if month not in months]
    if lacking:
        raise CannotRecompute(f"{market.file}: no complete month for calendar month {', '.join(lacking)}")
    return Shape(months, series.interval_hours)


def _in_window(market: PowerMarket, month: int) -> bool:
    if market.shape is None:
        return True
    inside = market.shape.start.first - SAME_INSTANT <= month
    return inside and month + 1 <= market.shape.end.last + SAME_INSTANT


def _is_complete(month: int, day: NDArray[np.int64], interval_hours: float, zone: ZoneInfo) -> bool:
    """Whether every day of the month has as many intervals as its local length asks for."""
    counts = np.bincount(day, minlength=days_in(month) + 1)[1:]
    midnights = [
        datetime(at // 12, at % 12 + 1, number, tzinfo=zone).timestamp()
        for at, number in [*((month, number) for number in range(1, days_in(month) + 1)), (month + 1, 1)]
    ]
    return bool(np.allclose(counts * interval_hours, np.diff(midnights) / 3600, atol=1e-6))


@dataclass(frozen=True, eq=False)
class Spot:
    """A power market over the planned months: its shape and the level to which each month is scaled."""

    market: PowerMarket
    shape: Shape
    start_year: int

    def month(self, month: int) -> Hours:
        """Market prices of a planned month."""
        laid = self.shape.lay(month)
        return Hours(laid.price * (self.factor(month) * self.market.scale), laid.day, laid.weight)

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


def at_meter(spot: Hours, power: SitePower) -> Hours:
    """Prices of a MWh at a site's meter, with its adder and losses."""
    return Hours((spot.price + power.adder_usd_per_mwh) * (1 + power.losses), spot.day, spot.weight)
