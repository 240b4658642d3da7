"""Bitcoin price and hashprice over the planned months. Section 4 of docs/figures.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.case.market import Network
from optimizer.case.network_file import NetworkFile
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, days_in

BLOCKS_A_DAY = 144


@dataclass(frozen=True, eq=False)
class NetworkPath:
    """btc_usd: (N,) by planned month. hashprice_usd_per_ph_day: for each month one figure a day, (days,)."""

    btc_usd: Array
    hashprice_usd_per_ph_day: tuple[Array, ...]


def network_path(network: Network, start: int, months: int, file: NetworkFile | None = None) -> NetworkPath:
    """Follow price, hash rate and subsidy from the month ``start`` on. ``file`` is what the case's ``path`` holds."""
    if file is None:
        states = [_Known(start, network.btc_usd, network.hashrate_eh_s, network.fee_share)]
    else:
        fees = file.fee_share or (network.fee_share,) * len(file.btc_usd)
        rows = enumerate(zip(file.btc_usd, file.hashrate_eh_s, fees, strict=True), start=file.first_month)
        states = [_Known(month, *figures) for month, figures in rows]
    last = states[-1]
    monthly = [(1 + _growth_in(network, month)) ** (1 / 12) for month in range(last.month, start + months)]
    # By months after the last that is stated.
    grown = np.concatenate(([1.0], np.cumprod(monthly)))
    by_month = [_in_month(network, states, grown, start + month) for month in range(months)]
    hashprices = tuple(
        BLOCKS_A_DAY
        / (1 - known.fee_share)
        * known.btc_usd
        / (known.hashrate_eh_s * 1000)
        * _subsidies(network, start, known.month)
        for known in by_month
    )
    return NetworkPath(np.array([known.btc_usd for known in by_month]), hashprices)


@dataclass(frozen=True)
class _Known:
    """What is known of one month."""

    month: int
    btc_usd: float
    hashrate_eh_s: float
    fee_share: float


def _in_month(network: Network, states: Sequence[_Known], grown: Array, month: int) -> _Known:
    """The month as stated; before the first statement the first holds, after the last one price and hash rate grow."""
    stated = states[min(max(month - states[0].month, 0), len(states) - 1)]
    after = max(month - states[-1].month, 0)
    btc = stated.btc_usd * (1 + network.btc_growth) ** (after / 12)
    return _Known(month, btc, stated.hashrate_eh_s * float(grown[after]), stated.fee_share)


def _growth_in(network: Network, month: int) -> float:
    """Yearly growth of the hash rate in force in a month; none before the first date of a map."""
    growth = network.hashrate_growth
    if isinstance(growth, int | float):
        return float(growth)
    reached = [(date.first, rate) for date, rate in growth.items() if date.first <= month + SAME_INSTANT]
    return max(reached)[1] if reached else 0.0


def _subsidies(network: Network, start: int, month: int) -> Array:
    """Subsidy of a block on each day of a month, (days,), in BTC."""
    days = days_in(month)
    instants = month + np.arange(days) / days
    halved = np.zeros(days)
    for halving in network.halvings:
        if halving.first > start + SAME_INSTANT:
            halved += halving.first <= instants + SAME_INSTANT
    return np.asarray(network.subsidy_btc * 0.5**halved)
