"""The bitcoin network: price, hash rate and subsidy, and the hashprice that follows from them day by day.

Hashprice is never an input: 144 x subsidy / (1 - fee share) x price / (network EH/s x 1000), docs/figures.md section 4.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from models.tree import Floats
from optimizer.case.base import month_coordinate
from optimizer.case.market import Network
from optimizer.case.network_file import NetworkFile
from optimizer.errors import CaseError

BLOCKS_PER_DAY = 144


@dataclass(frozen=True)
class NetworkPath:
    """Price and hash rate by month after the start, (K,), and the days on which the subsidy halves."""

    btc_usd: Floats
    hashrate_eh_s: Floats
    subsidy_btc: float
    halvings: tuple[float, ...]
    """Month coordinates, after the start."""
    fee_share: Floats
    """(K,) by month."""
    pool_fee: float
    start_month: int

    def hashprice(self, month: int, day: int) -> float:
        """USD per PH/s and day on a day (1..31) of the month that starts ``month`` months after the start."""
        if (month, day) not in self._hashprices:
            self._hashprices[month, day] = self.reward_btc_per_ph_day(month, day) * float(self.btc_usd[month])
        return self._hashprices[month, day]

    @cached_property
    def _hashprices(self) -> dict[tuple[int, int], float]:
        """Those that were asked for: the same few days, by every lot and every part of a month."""
        return {}

    def reward_btc_per_ph_day(self, month: int, day: int) -> float:
        """BTC per PH/s and day before the pool's fee."""
        year, m = divmod(self.start_month + month, 12)
        at = month_coordinate(date(year, m + 1, day))
        halved = sum(1 for halving in self.halvings if halving <= at + 1e-9)
        subsidy = self.subsidy_btc * 0.5**halved
        return BLOCKS_PER_DAY * subsidy / (1 - float(self.fee_share[month])) / (float(self.hashrate_eh_s[month]) * 1000)

    def stretches(self, month: int, days: int) -> list[tuple[int, int]]:
        """The days of a month in stretches of equal hashprice, each (first day, last day)."""
        if (month, days) not in self._stretches:
            self._stretches[month, days] = self._stretches_of(month, days)
        return self._stretches[month, days]

    @cached_property
    def _stretches(self) -> dict[tuple[int, int], list[tuple[int, int]]]:
        """Of the months that were asked for."""
        return {}

    def _stretches_of(self, month: int, days: int) -> list[tuple[int, int]]:
        absolute = self.start_month + month
        cuts = {1, days + 1}
        for halving in self.halvings:
            if absolute < halving < absolute + 1:
                cuts.add(1 + int(np.ceil((halving - absolute) * days - 1e-9)))
        edges = sorted(cut for cut in cuts if 1 <= cut <= days + 1)
        return [(a, b - 1) for a, b in itertools.pairwise(edges)]


def build_network(network: Network, start_month: int, months: int, file: NetworkFile | None = None) -> NetworkPath:
    """The network by month for ``months`` months; a halving before the start has happened already.

    ``file`` is the path that the case names: it holds for its months, and growth goes on from its last one.
    """
    growth = np.array(list(_growth_in_force(network, range(start_month, start_month + months))))
    btc, hashrate = np.empty(months), np.empty(months)
    fees = np.full(months, network.fee_share)
    for k in range(months):
        if file is not None and start_month + k < file.first_month + len(file.btc_usd):
            row = max(0, start_month + k - file.first_month)
        else:
            row = None
        if file is not None and row is not None:
            btc[k], hashrate[k] = file.btc_usd[row], file.hashrate_eh_s[row]
        elif file is not None and k == 0:
            raise CaseError.single("ends before the plan starts", file=network.path or "", path="market.network.path")
        elif k == 0:
            btc[k], hashrate[k] = network.btc_usd, network.hashrate_eh_s
        else:
            btc[k] = btc[k - 1] * (1 + network.btc_growth) ** (1 / 12)
            hashrate[k] = hashrate[k - 1] * (1 + growth[k - 1]) ** (1 / 12)
        if file is not None and file.fee_share is not None:
            fees[k] = file.fee_share[row if row is not None else -1]
    return NetworkPath(
        btc_usd=btc,
        hashrate_eh_s=hashrate,
        subsidy_btc=network.subsidy_btc,
        halvings=tuple(sorted(h.first for h in network.halvings if h.first > start_month)),
        fee_share=fees,
        pool_fee=network.pool_fee,
        start_month=start_month,
    )


def _growth_in_force(network: Network, absolute_months: range) -> Iterator[float]:
    """Of each month."""
    if isinstance(network.hashrate_growth, int | float):
        yield from [float(network.hashrate_growth)] * len(absolute_months)
        return
    dated = [(day.first, rate) for day, rate in network.hashrate_growth.items()]
    for month in absolute_months:
        started = [each for each in dated if each[0] <= month + 1e-9]
        yield float(max(started)[1]) if started else 0.0
