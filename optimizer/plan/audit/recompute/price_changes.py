"""What a market changes in the prices of a month of its file. Section 20 of docs/figures_sweep.md, "Power".

Each month of the file is changed by itself. All of its intervals are of one length, so that a plain mean over them is
one over hours. Not here: the level, the scale and the basis, which are of planned months.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from optimizer.case.market import PowerMarket
from optimizer.plan.audit.recompute.timeline import Array

SPIKE_OVER_MEAN = 4.0

SAME_PRICE_DIGITS = 6
"""Prices that are the same in so many digits are equal: the last digits of a mean decide about no spike, nor
whether it is above 0."""

WHOLE_DIGITS = 9
"""A number of spikes that is a half in so many digits is a half."""


def changed_prices(market: PowerMarket, price: Array, hour: NDArray[np.int64], weekday: NDArray[np.int64]) -> Array:
    """The prices of one month, (H,), by which a market is used; the same array where it changes nothing.

    hour, weekday: of each interval on the clock of the file, (H,), Monday being 0.
    """
    if market.volatility != 1.0:
        mean = price.mean()
        price = mean + market.volatility * (price - mean)
    if market.on_peak_spread != 1.0:
        price = _spread(price, (weekday < 5) & (hour >= 6) & (hour < 22), market.on_peak_spread)
    if market.spikes != 1.0:
        price = _with_spikes(price, market.spikes)
    return price


def _spread(price: Array, on_peak: NDArray[np.bool_], times: float) -> Array:
    """On-peak hours so many times as far above the others as they were. A month of one kind of hours stays as it is."""
    share = float(on_peak.mean())
    if share in (0.0, 1.0):
        return price
    more = (times - 1) * float(price[on_peak].mean() - price[~on_peak].mean())
    return np.where(on_peak, price + more * (1 - share), price - more * share)


def _with_spikes(price: Array, times: float) -> Array:
    """So many times as many spikes: the lowest are cut to the threshold, or other dear intervals come to their mean."""
    mean = float(price.mean())
    if round(mean, SAME_PRICE_DIGITS) <= 0:
        return price
    threshold = SPIKE_OVER_MEAN * mean
    known = price.round(SAME_PRICE_DIGITS)
    is_spike = known > round(threshold, SAME_PRICE_DIGITS)
    spikes, others = np.flatnonzero(is_spike), np.flatnonzero(~is_spike)
    wanted = math.floor(round(times * len(spikes), WHOLE_DIGITS) + 0.5)
    # From dear to cheap, the earlier first of equals: those at the end go first, those at the front come first.
    spikes, others = (each[np.argsort(-known[each], kind="stable")] for each in (spikes, others))
    new = price.copy()
    if wanted > len(spikes):
        new[others[: wanted - len(spikes)]] = price[spikes].mean()
    else:
        new[spikes[wanted:]] = threshold
    return new
