"""Section 20 of docs/figures_sweep.md in plain Python, interval by interval: what the product's arrays are held to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime


def is_on_peak(at: datetime) -> bool:
    return at.weekday() < 5 and 6 <= at.hour < 22


def changed_month(
    prices: Sequence[float], peak: Sequence[bool], volatility: float = 1, on_peak_spread: float = 1, spikes: float = 1
) -> list[float]:
    """Prices of a month of equal intervals after volatility, spread and spikes, in this order."""
    found = list(prices)
    if volatility != 1:
        mean = math.fsum(found) / len(found)
        found = [mean + volatility * (price - mean) for price in found]
    dear = [price for price, on in zip(found, peak, strict=True) if on]
    cheap = [price for price, on in zip(found, peak, strict=True) if not on]
    if on_peak_spread != 1 and dear and cheap:
        share = len(dear) / len(found)
        more = (on_peak_spread - 1) * (math.fsum(dear) / len(dear) - math.fsum(cheap) / len(cheap))
        found = [
            price + more * (1 - share) if on else price - more * share for price, on in zip(found, peak, strict=True)
        ]
    return with_spikes(found, spikes)


def with_spikes(prices: Sequence[float], spikes: float) -> list[float]:
    mean = math.fsum(prices) / len(prices)
    found = list(prices)
    if spikes == 1 or round(mean, 6) <= 0:
        return found
    high = [i for i, price in enumerate(prices) if round(price, 6) > round(4 * mean, 6)]
    low = [i for i in range(len(prices)) if i not in set(high)]
    wanted = math.floor(round(spikes * len(high), 9) + 0.5)
    if wanted < len(high):
        for i in sorted(high, key=lambda i: (round(prices[i], 6), -i))[: len(high) - wanted]:
            found[i] = 4 * mean
    elif wanted > len(high):
        spike = math.fsum(prices[i] for i in high) / len(high)
        for i in sorted(low, key=lambda i: (-round(prices[i], 6), i))[: wanted - len(high)]:
            found[i] = spike
    return found
