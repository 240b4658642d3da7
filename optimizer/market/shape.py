"""The hourly shape of a power market: every interval of the price file, by calendar month and day.

This module maps planned days to days of the file and finds the forward level. It knows no machines and no
contracts. The rules stand in docs/figures.md, section 3.
"""

from __future__ import annotations

import calendar
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import numpy as np

from models.tree import Floats, Ints
from optimizer.case.market import PowerMarket
from optimizer.case.price_file import PriceFile
from optimizer.case.price_files import market_path
from optimizer.errors import CaseError
from optimizer.market.prices import PriceSeries
from optimizer.market.variations import varied_series


@dataclass(frozen=True)
class MonthShape:
    """The intervals that serve a planned month of a given length.

    Shapes (H,): ``day`` 1..31 of the planned month, ``price`` at the level of the file, ``weight_hours``, and
    ``source``: the place of each interval in the series of the file. The weights of a month add up to its hours.
    """

    day: Ints
    price: Floats
    weight_hours: Floats
    source: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @cached_property
    def _order(self) -> Ints:
        return np.argsort(self.price, kind="stable")

    @cached_property
    def sorted_price(self) -> Floats:
        """(H,) prices in rising order."""
        return self.price[self._order]

    @cached_property
    def hours_below(self) -> Floats:
        """(H + 1,): hours of the ``i`` cheapest intervals."""
        return np.concatenate([[0.0], np.cumsum(self.weight_hours[self._order])])

    @cached_property
    def price_hours_below(self) -> Floats:
        """(H + 1,): sum of price x hours of the ``i`` cheapest intervals."""
        return np.concatenate([[0.0], np.cumsum((self.weight_hours * self.price)[self._order])])

    @cached_property
    def hours(self) -> float:
        return float(self.hours_below[-1])

    @cached_property
    def price_hours(self) -> float:
        return float(self.price_hours_below[-1])


@dataclass(frozen=True)
class Shape:
    """The shape of one market: what serves each calendar month, and its means."""

    months: Mapping[tuple[int, int], MonthShape]
    """By (calendar month 0..11, days of the planned month)."""
    sum_price: Floats
    """(12,) sum of prices of the file over all intervals used, by calendar month: what the forward level is for."""
    count: Ints
    """(12,) number of intervals used."""
    taken: tuple[int, ...]
    """Absolute months (12 * year + month - 1) of the file that are used."""
    interval_hours: float
    series: PriceSeries
    """What the months are taken from: the file, with the changes that the market makes to its prices."""

    @property
    def first_month(self) -> int:
        return min(self.taken)

    @property
    def last_month(self) -> int:
        return max(self.taken)

    def times_used(self, absolute_month: int) -> int:
        """How many months of the file serve the calendar month of this one."""
        return sum(1 for month in self.taken if month % 12 == absolute_month % 12)

    def mean(self, calendar_months: list[int]) -> float:
        """Plain mean price of the file over all intervals in these calendar months."""
        return float(self.sum_price[calendar_months].sum() / self.count[calendar_months].sum())


def build_shape(path: str, market: PriceFile, series: PriceSeries, months_used: tuple[int, ...] | None = None) -> Shape:
    """Take the complete local months of the file; a CaseError says which calendar months are missing.

    ``months_used`` are the months that a series has to have because another one has them; without it all that are
    complete (inside ``shape`` of a power market) count.
    """
    month, day = np.asarray(series.local_month), np.asarray(series.local_day)
    first, last = int(month.min()), int(month.max())
    window = market.shape if isinstance(market, PowerMarket) else None
    if months_used is not None:
        first, last = min(months_used), max(months_used)
    elif window is not None:
        first, last = round(window.start.first), round(window.end.last) - 1
    used: dict[int, list[int]] = {m: [] for m in range(12)}
    for absolute in range(first, last + 1):
        if months_used is not None and absolute not in months_used:
            continue
        if _complete(month, absolute, series.interval_hours, market.time_zone):
            used[absolute % 12].append(absolute)
        elif months_used is not None:
            raise _problem(path, f"the file has not all hours of {_month_name(absolute)}, which the site's market uses")
        elif window is not None:
            raise _problem(path, f"shape covers {_month_name(absolute)}, but the price file has not all of its hours")
    missing = [calendar.month_abbr[m + 1] for m in range(12) if not used[m]]
    if missing:
        raise _problem(
            path, f"the price file has no complete {', '.join(missing)}; a shape needs every calendar month once"
        )
    taken = tuple(sorted(absolute for found in used.values() for absolute in found))
    varied = varied_series(market, series, taken) if isinstance(market, PowerMarket) else series
    months: dict[tuple[int, int], MonthShape] = {}
    sums, counts = np.zeros(12), np.zeros(12, dtype=np.int64)
    for m, found in used.items():
        blocks = [np.flatnonzero(month == a) for a in found]
        sums[m] = sum(float(series.price[block].sum()) for block in blocks)
        counts[m] = sum(len(block) for block in blocks)
        for days in (28, 29) if m == 1 else (calendar.monthrange(2025, m + 1)[1],):
            parts = [_fit(day[block], block, days) for block in blocks]
            weight = series.interval_hours / len(blocks)
            source = np.concatenate([place for _, place in parts])
            months[(m, days)] = MonthShape(
                day=np.concatenate([d for d, _ in parts]),
                price=varied.price[source],
                weight_hours=np.full(len(source), weight),
                source=source,
            )
    return Shape(
        months=months, sum_price=sums, count=counts, taken=taken, interval_hours=series.interval_hours, series=varied
    )


def level_factors(name: str, market: PowerMarket, shape: Shape, start_month: int, months: int) -> Floats:
    """(months,) by what the shape's prices are multiplied in each planned month, ``scale`` included."""
    start_year = start_month // 12
    curve = market.forward_usd_per_mwh
    factors = np.ones(months)
    if not curve:
        years = np.array([(start_month + k) // 12 - start_year for k in range(months)])
        result: Floats = (1 + market.growth) ** years * market.scale
        return result
    years_named = [int(key[:4]) for key in curve]
    first_year, last_year = min(years_named), max(years_named)
    known: dict[tuple[int, int], float] = {}
    for year in range(first_year, last_year + 1):
        for m in range(12):
            level, group = _entry(curve, year, m)
            if level is None:
                known[year, m] = known.get((year - 1, m), 1.0)
            else:
                mean = shape.mean(group)
                if mean <= 0:
                    raise _problem(
                        market_path(name),
                        f"forward_usd_per_mwh cannot rescale months whose mean price is {mean:.2f} (not above 0)",
                    )
                known[year, m] = level / mean
    for k in range(months):
        year, m = divmod(start_month + k, 12)
        if year > last_year:
            factors[k] = known[last_year, m] * (1 + market.growth) ** (year - last_year)
        elif year >= first_year:
            factors[k] = known[year, m]
    return factors * market.scale


def _entry(curve: Mapping[str, float], year: int, m: int) -> tuple[float | None, list[int]]:
    """The narrowest entry of the curve for a month, and the calendar months whose mean it states."""
    quarter = m // 3
    for key, group in (
        (f"{year:04d}-{m + 1:02d}", [m]),
        (f"{year:04d}-Q{quarter + 1}", [3 * quarter, 3 * quarter + 1, 3 * quarter + 2]),
        (f"{year:04d}", list(range(12))),
    ):
        if key in curve:
            return curve[key], group
    return None, []


def _fit(day: Ints, source: Ints, days: int) -> tuple[Ints, Ints]:
    """The intervals of a month of the file as those of a planned month with ``days`` days."""
    length = int(day.max())
    keep = day <= days
    parts = [(day[keep], source[keep])]
    last = day == length
    parts += [(np.full(int(last.sum()), d, dtype=np.int64), source[last]) for d in range(length + 1, days + 1)]
    return np.concatenate([d for d, _ in parts]), np.concatenate([s for _, s in parts])


def _complete(month: Ints, absolute: int, interval_hours: float, time_zone: str) -> bool:
    year, m = divmod(absolute, 12)
    zone = zoneinfo.ZoneInfo(time_zone)
    begin = datetime(year, m + 1, 1, tzinfo=zone).timestamp()
    end = datetime(year + (m + 1) // 12, (m + 1) % 12 + 1, 1, tzinfo=zone).timestamp()
    return int((month == absolute).sum()) == round((end - begin) / 3600 / interval_hours)


def _month_name(absolute: int) -> str:
    return f"{absolute // 12:04d}-{absolute % 12 + 1:02d}"


def _problem(path: str, message: str) -> CaseError:
    return CaseError.single(message, path=path)
