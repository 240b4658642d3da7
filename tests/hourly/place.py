"""Where and when: a planned month of a site on the intervals of its price file, and what a MWh costs there.

Written from docs/figures.md, section 3, for tests. Files are aligned by instant: what has another time is not found.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from optimizer.case.base import CalendarDate
from optimizer.case.case import Case
from optimizer.case.flexibility import Ancillary
from optimizer.case.power import FixedTariff
from optimizer.case.price_file import PriceFile
from optimizer.case.sites import Site
from optimizer.market.market import Market
from optimizer.market.prices import PriceSeries, read_prices
from optimizer.market.shape import build_shape
from tests.hourly.site_month import Bools, Floats, Ints


def month_factor(rate: float, k: int) -> float:
    """Mean discount factor of month ``k`` after the start."""
    rho = math.log1p(rate)
    if rho == 0:
        return 1.0
    return (math.exp(-rho * k / 12) - math.exp(-rho * (k + 1) / 12)) * 12 / rho


def at_month(by_date: float | Mapping[CalendarDate, float], month: int) -> float:
    """What holds in an absolute month; 0 before the first date."""
    if not isinstance(by_date, Mapping):
        return float(by_date)
    begun = [(date.first, value) for date, value in by_date.items() if math.floor(date.first + 1e-9) <= month]
    return float(max(begun)[1]) if begun else 0.0


def days_between(month: int, days: int, begin: float, end: float) -> Bools:
    """(days,) True for days of an absolute month whose first instant lies in [begin, end), month coordinates."""
    first = month + np.arange(days) / days
    inside: Bools = (first >= begin - 1e-9) & (first < end - 1e-9)
    return inside


def span(start: CalendarDate | None, until: CalendarDate | None, otherwise: float) -> tuple[float, float]:
    return (start.first if start else otherwise), (until.last if until else math.inf)


@dataclass(frozen=True)
class Files:
    """The site's market as it lies in its file, and by which of its intervals a planned month is served."""

    case: Case
    folder: Path
    market: Market
    name: str
    series: PriceSeries
    places: Mapping[tuple[int, int], Ints]
    """Places in the series by (calendar month, days)."""
    weights: Mapping[tuple[int, int], Floats]
    days: Mapping[tuple[int, int], Ints]
    read: dict[str, Floats]
    """What was read of other files, by name."""

    def like(self, other: PriceSeries) -> Floats:
        """The prices of another file at the instants of this one."""
        found = dict(zip(other.start_utc.tolist(), other.price.tolist(), strict=True))
        return np.array([found.get(at, math.nan) for at in self.series.start_utc.tolist()])

    def spot(self, market: str) -> Floats:
        """Prices of a market of the case at the instants of this one, as in its file."""
        if market not in self.read:
            self.read[market] = self.like(read_prices(self.case.market.power[market], self.folder))
        return self.read[market]

    def factor(self, market: str, k: int) -> float:
        return float(self.market.power[market].factor[k])

    def shares(self, profile: PriceFile) -> Floats:
        key = f"{profile.file}:{profile.column}"
        if key not in self.read:
            self.read[key] = np.clip(self.like(read_prices(profile, self.folder)), 0, 1)
        return self.read[key]

    def best_product(self, program: Ancillary) -> Floats:
        """The dearest of the products in each interval. Files of these tests have times in UTC; an empty cell is 0."""
        with (self.folder / program.prices.file).open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        found = {
            np.datetime64(row["timestamp_utc"].rstrip("Z"), "s"): max(float(row[c] or 0) for c in program.columns)
            for row in rows
        }
        return np.array([found.get(at, math.nan) for at in self.series.start_utc])

    def events(self, per_year: float, hours: float) -> Bools:
        """(series,) True for the intervals of the days that are called."""
        run = math.ceil(hours / self.series.interval_hours - 1e-9)
        used = np.unique(np.concatenate(list(self.places.values())))
        months = self.series.local_month[used]
        copies = {m: len(np.unique(months[months % 12 == m])) for m in range(12)}
        candidates: list[tuple[float, int, Ints]] = []
        marks = 100 * self.series.local_month + self.series.local_day
        for mark in np.unique(marks[np.isin(self.series.local_month, np.unique(months))]).tolist():
            places = np.flatnonzero(marks == mark)
            length = min(run, len(places))
            sums = [float(self.series.price[places[i : i + length]].sum()) for i in range(len(places) - length + 1)]
            best = int(np.argmax(sums))
            candidates.append((-sums[best] / length, mark, places[best : best + length]))
        called = np.zeros(len(self.series.price), dtype=np.bool_)
        taken = 0.0
        for _, mark, places in sorted(candidates, key=lambda candidate: candidate[:2]):
            if taken >= per_year - 1e-12:
                break
            called[places] = True
            taken += 1 / copies[mark // 100 % 12]
        return called


def open_files(case: Case, folder: Path, name: str, market: Market) -> Files:
    spec = case.market.power[name]
    series = read_prices(spec, folder)
    # A shape whose prices are places in the file tells which intervals serve a month.
    numbered = build_shape(name, spec, replace(series, price=np.arange(len(series.price), dtype=float)))
    return Files(
        case=case,
        folder=folder,
        market=market,
        name=name,
        series=series,
        places={key: np.rint(shape.price).astype(np.int64) for key, shape in numbered.months.items()},
        weights={key: shape.weight_hours for key, shape in numbered.months.items()},
        days={key: shape.day for key, shape in numbered.months.items()},
        read={name: series.price},
    )


def in_block(hours: str, hour: Ints, weekday: Ints) -> Floats:
    day, working = (hour >= 6) & (hour < 22), weekday < 5
    chosen = {
        "7x24": np.ones(len(hour), dtype=np.bool_),
        "5x16": day & working,
        "2x16": day & ~working,
        "7x16": day,
        "7x8": ~day,
    }[hours]
    return chosen.astype(float)


@dataclass(frozen=True)
class Place:
    """Where and when: what the functions below need of a planned month."""

    files: Files
    site: Site
    k: int
    absolute: int
    days: int
    at: Ints
    """(H,) places in the price file."""
    day: Ints

    def on(self, inside: Bools) -> Bools:
        """(H,) from a choice of days."""
        chosen: Bools = inside[self.day - 1]
        return chosen

    def between(self, begin: float, end: float) -> Bools:
        return self.on(days_between(self.absolute, self.days, begin, end))

    def spot(self, market: str) -> Floats:
        spot: Floats = self.files.spot(market)[self.at] * self.files.factor(market, self.k)
        return spot

    @property
    def hour(self) -> Ints:
        return self.files.series.local_hour[self.at]

    @property
    def weekday(self) -> Ints:
        return self.files.series.local_weekday[self.at]


def meter_price(place: Place, spot: Floats, discount: Floats) -> Floats:
    """What a MWh costs, from the spot price of the site's market (or what stands in for it)."""
    power = place.site.power
    index = spot
    if power.split is not None:
        index = (1 - power.split.share) * spot + power.split.share * place.spot(power.split.market)
    if power.floor_usd_per_mwh is not None:
        index = np.maximum(index, power.floor_usd_per_mwh)
    if power.cap_usd_per_mwh is not None:
        index = np.minimum(index, power.cap_usd_per_mwh)
    if power.tariff is not None:
        tariff = power.tariff
        if isinstance(tariff, FixedTariff):
            fixed = at_month(tariff.price_usd_per_mwh, place.absolute)
        else:
            fixed = tariff.mmbtu_per_mwh * at_month(tariff.gas_usd_per_mmbtu, place.absolute)
        until = tariff.until.last if tariff.until else math.inf
        index = np.where(place.between(-math.inf, until), fixed, index)
    adder, wires = at_month(power.adder_usd_per_mwh, place.absolute), at_month(power.wires_usd_per_mwh, place.absolute)
    cost: Floats = (index + adder - discount) * (1 + power.losses) + wires
    return cost
