"""A block of power with a spread between buying and selling, against the linear program with every hour as a row."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from optimizer.market.shape import MonthShape
from optimizer.operations.mining import Stretch, Tariff, run_below
from tests.math.builder import about, blocks_of, instance, solve


def by_hours(
    prices: np.ndarray, values: list[float], loads: list[float], block: float, buy: float, sell: float
) -> float:
    """USD of the best dispatch, hour by hour: run, buy and sell are columns of each hour."""
    hours, lots = len(prices), len(values)
    width = lots + 2
    gain = np.zeros(hours * width)
    rows, right = np.zeros((hours, hours * width)), np.full(hours, block)
    bounds: list[tuple[float, float | None]] = []
    for h in range(hours):
        at = h * width
        gain[at : at + lots] = values
        gain[at + lots] = -(prices[h] + buy)
        gain[at + lots + 1] = prices[h] - sell
        rows[h, at : at + lots] = 1.0
        rows[h, at + lots], rows[h, at + lots + 1] = -1.0, 1.0
        bounds += [(0.0, load) for load in loads] + [(0.0, None), (0.0, None)]
    found = linprog(-gain, A_eq=rows, b_eq=right, bounds=bounds, method="highs")
    assert found.status == 0
    return -float(found.fun)


@pytest.mark.parametrize("seed", range(12))
def test_block_with_spread_equals_every_hour(seed: int) -> None:
    """Proves: one variable for each lot inside the block gives what 60 hours of run, buy and sell give, for random
    prices, three lots and a block smaller or larger than their loads. Broken: opportunity cost = price of buying (gain
    left out), or the worst machines inside the block: some hours' spread is lost."""
    random = np.random.default_rng(seed)
    prices = random.gamma(2.0, 25.0, 60) - 10.0
    values = sorted(random.uniform(20, 140, 3).tolist(), reverse=True)
    loads = random.uniform(1, 6, 3).tolist()
    block, buy, sell = float(random.uniform(0, 14)), float(random.uniform(0, 6)), float(random.uniform(0, 4))
    shape = MonthShape(np.ones(60, dtype=np.int64), prices, np.ones(60))
    month = Stretch(cell=0, month=0, days=1, first=1, last=1, shape=shape, factor=1.0, hashprice=1.0)

    def earned(tariff: Tariff, value: float) -> float:
        ran, paid = run_below(month, tariff, value)
        return value * ran - paid

    outside = [earned(Tariff(buy), value) for value in values]
    gains = [earned(Tariff(-sell), value) - base for value, base in zip(values, outside, strict=True)]
    assert all(better >= worse - 1e-9 for better, worse in itertools.pairwise(gains))
    sold = block * float((prices - sell).sum())
    # In thousands, so that numbers are of the size of a plan's.
    small = instance(
        lots=[
            {"eh": load, "margin": base / 1000, "value": base / 1000} for load, base in zip(loads, outside, strict=True)
        ],
        blocks=blocks_of(block, 0, [{"lot": c, "mw": 1.0, "gain": gain / 1000} for c, gain in enumerate(gains)]),
        constant=sold / 1000,
    )
    assert solve(small).value_usd_m * 1000 == about(by_hours(prices, values, loads, block, buy, sell), abs=1e-3)
