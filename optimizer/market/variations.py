"""Changed prices of a month: how far they swing, what working hours cost more, how many spikes. For sweeps.

Pure functions on the prices of one month of a file, each of its intervals being as long as the others. A neutral
factor (1) gives the array as it came. What the changes mean stands in docs/figures_sweep.md, section 20; the level,
the scale and the basis come after them and are in ``market.py``.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from models.tree import Bools, Floats, Ints
from optimizer.case.market import PowerMarket
from optimizer.market.prices import PriceSeries

SPIKE = 4.0
"""Times the mean of the month: what is above is a spike."""

FIRST_ON_PEAK_HOUR, AFTER_ON_PEAK_HOUR = 6, 22
WORKING_DAYS = 5

_SAME_PRICE_DIGITS = 6
# The last digits of a mean must not decide what is a spike, nor which of two is the higher.
_SAME_COUNT_DIGITS = 9


def is_varied(market: PowerMarket) -> bool:
    """Whether a market changes the hourly prices of its file."""
    return (market.volatility, market.on_peak_spread, market.spikes) != (1.0, 1.0, 1.0)


def varied_series(market: PowerMarket, series: PriceSeries, months: tuple[int, ...]) -> PriceSeries:
    """The series with changed prices in the ``months`` (absolute), each by itself; itself if the market changes none.

    All other months stay as they are, and so do times, repairs and the checksum.
    """
    if not is_varied(market):
        return series
    price = series.price.copy()
    for month in months:
        inside = np.flatnonzero(series.local_month == month)
        peak = on_peak(series.local_hour[inside], series.local_weekday[inside])
        price[inside] = varied_month(
            price[inside],
            peak,
            volatility=market.volatility,
            on_peak_spread=market.on_peak_spread,
            spikes=market.spikes,
        )
    price.flags.writeable = False
    return replace(series, price=price)


def on_peak(hour: Ints, weekday: Ints) -> Bools:
    """(H,) True from Monday (0) to Friday, 06:00 to 22:00."""
    result: Bools = (weekday < WORKING_DAYS) & (hour >= FIRST_ON_PEAK_HOUR) & (hour < AFTER_ON_PEAK_HOUR)
    return result


def varied_month(price: Floats, peak: Bools, *, volatility: float, on_peak_spread: float, spikes: float) -> Floats:
    """(H,) prices of a month after all three changes, in the order in which they are applied."""
    return with_spikes(with_on_peak_spread(with_volatility(price, volatility), peak, on_peak_spread), spikes)


def with_volatility(price: Floats, volatility: float) -> Floats:
    """(H,) every price ``volatility`` times as far from the mean."""
    if volatility == 1:
        return price
    mean = float(price.mean())
    result: Floats = mean + volatility * (price - mean)
    return result


def with_on_peak_spread(price: Floats, peak: Bools, spread: float) -> Floats:
    """(H,) the mean of on-peak hours ``spread`` times as far above that of the others, the mean of all as before.

    A month that has only hours of one kind stays as it is.
    """
    share = float(peak.mean())
    if spread == 1 or share in (0.0, 1.0):
        return price
    more = (spread - 1) * (float(price[peak].mean()) - float(price[~peak].mean()))
    result: Floats = np.where(peak, price + more * (1 - share), price - more * share)
    return result


def with_spikes(price: Floats, spikes: float) -> Floats:
    """(H,) ``spikes`` times as many intervals above four times the mean, as far as there are intervals.

    Fewer: the lowest spikes (of equals the later) become four times the mean. More: the dearest other intervals (of
    equals the earlier) get the mean of the spikes.
    """
    mean = float(price.mean())
    if spikes == 1 or round(mean, 6) <= 0:
        return price
    same = price.round(_SAME_PRICE_DIGITS)
    spike = same > round(SPIKE * mean, _SAME_PRICE_DIGITS)
    there = int(spike.sum())
    wanted = math.floor(round(spikes * there, _SAME_COUNT_DIGITS) + 0.5)
    place = np.arange(len(price))
    result = price.copy()
    if wanted < there:
        rising = np.lexsort((-place, same))
        result[rising[spike[rising]][: there - wanted]] = SPIKE * mean
    elif wanted > there:
        falling = np.lexsort((place, -same))
        result[falling[~spike[falling]][: wanted - there]] = float(price[spike].mean())
    return result
