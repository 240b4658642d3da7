"""Bitcoin price and hashprice over the planned months. Section 4 of docs/figures.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.case.market import Network
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, days_in

BLOCKS_A_DAY = 144


@dataclass(frozen=True, eq=False)
class NetworkPath:
    """btc_usd: (N,) by planned month. hashprice_usd_per_ph_day: for each month one figure a day, (days,)."""

    btc_usd: Array
    hashprice_usd_per_ph_day: tuple[Array, ...]


def network_path(network: Network, start: int, months: int) -> NetworkPath:
    """Follow price, hash rate and subsidy from the month ``start`` on."""
    at = np.arange(months)
    btc = network.btc_usd * (1 + network.btc_growth) ** (at / 12)
    growth = np.array([_growth_in(network, start + month) for month in range(months)])
    grown = np.concatenate(([1.0], np.cumprod((1 + growth) ** (1 / 12))[:-1]))
    hashrate_ph = network.hashrate_eh_s * 1000 * grown
    usd_per_ph_day_and_btc = BLOCKS_A_DAY / (1 - network.fee_share) * btc / hashrate_ph
    by_month = tuple(
        usd_per_ph_day_and_btc[month] * _subsidies(network, start, start + month) for month in range(months)
    )
    return NetworkPath(np.asarray(btc), by_month)


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
