"""Slots of contracts against the linear program with every hour as a row, and against going through every hour."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from optimizer.case.base import parse_date
from optimizer.case.contracts import Swing
from optimizer.operations.dispatch import Load, Terms, dispatch
from optimizer.operations.hours import Hours
from optimizer.operations.parts import Delivery
from optimizer.operations.slots import Pool, Stand, Way, load_figures, slots_of
from optimizer.operations.supply import Supply
from tests.math.builder import about

HOURS = 60
TERMS = Swing(kind="swing", mw=1.0, price_usd_per_mwh=1.0, until=parse_date("2030-12"))


def some_hours(price: np.ndarray) -> Hours:
    """Hours in which a MWh costs so much."""
    size = len(price)
    nothing, never = np.zeros(size), np.zeros(size, dtype=bool)
    return Hours(
        day=np.ones(size, dtype=np.int64),
        hour=np.zeros(size, dtype=np.int64),
        weekday=np.zeros(size, dtype=np.int64),
        weight=np.ones(size),
        spot=price,
        price=price,
        firm_price=price,
        signal=price,
        interrupted=never,
        event=never,
        reserve=nothing,
        reserve_signal=nothing,
        peak_charges=np.zeros((0, size)),
        peak_charge=nothing,
        peak_charge_now=nothing,
    )


def by_hours(
    price: np.ndarray, values: list[float], loads: list[float], costs: list[np.ndarray], there: list[np.ndarray]
) -> float:
    """USD of the best dispatch: in each hour a column for each load from each contract and from the market."""
    lots, contracts = len(values), len(costs)
    total = 0.0
    for h in range(len(price)):
        gain = [value - (costs[c][h] if c < contracts else price[h]) for value in values for c in range(contracts + 1)]
        rows, right = [], []
        for k in range(lots):
            rows.append([1.0 if j // (contracts + 1) == k else 0.0 for j in range(len(gain))])
            right.append(loads[k])
        for c in range(contracts):
            rows.append([1.0 if j % (contracts + 1) == c else 0.0 for j in range(len(gain))])
            right.append(there[c][h])
        found = linprog(-np.array(gain), A_ub=rows, b_ub=right, method="highs")
        assert found.status == 0
        total -= float(found.fun)
    return total


@pytest.mark.parametrize("seed", range(12))
def test_slots_and_dispatch_equal_every_hour(seed: int) -> None:
    """Proves: one to three contracts whose prices change places from hour to hour, some of them only in some hours,
    three lots: the small program over slots, and the merit order of each hour, both give what 60 linear programs give.
    Broken: with positions that know one order of the contracts only, less; with megawatts used twice, more."""
    random = np.random.default_rng(seed)
    price = random.gamma(2.0, 25.0, HOURS) + 5.0
    values = sorted(random.uniform(20, 140, 3).tolist(), reverse=True)
    loads = random.uniform(1, 6, 3).tolist()
    count = 1 + seed % 3
    costs = [random.uniform(0, 1.2) * price + random.uniform(-10, 30) for _ in range(count)]
    mw = random.uniform(1, 7, count)
    levels = [(random.random(HOURS) < 0.7).astype(float) for _ in range(count)]
    hours = some_hours(price)
    supplies = [Supply(levels[c], costs[c], np.zeros(HOURS), False, (c,)) for c in range(count)]
    pools = [Pool(costs[c], levels[c], (Delivery(str(c), TERMS, supplies[c], float(mw[c])),)) for c in range(count)]
    slots, rows = slots_of(hours, pools)
    gains, uses = [], []
    for k, value in enumerate(values):
        for s, slot in enumerate(slots):
            gains.append(load_figures(hours, slot, Way(s), Stand(value, 0.0, 1.0)).margin_usd_m * 1e6)
            uses.append((k, slot.covers))
    left = [[1.0 if at == k else 0.0 for at, _ in uses] for k in range(3)]
    left += [[1.0 if row.key in covers else 0.0 for _, covers in uses] for row in rows]
    right = [*loads, *(sum(float(mw[c]) * share for c, share in row.shares) for row in rows)]
    modelled = -float(linprog(-np.array(gains), A_ub=left, b_ub=right, method="highs").fun)
    done = dispatch(
        hours,
        [Load(load, value) for load, value in zip(loads, values, strict=True)],
        [(supply, float(amount)) for supply, amount in zip(supplies, mw, strict=True)],
        Terms(),
    )
    gone_through = sum(value * float(mwh) for value, mwh in zip(values, done.mwh, strict=True)) - done.power_cost.sum()
    best = by_hours(price, values, loads, costs, [levels[c] * mw[c] for c in range(count)])
    assert modelled == about(best, abs=1e-4)
    assert float(gone_through) == about(best, abs=1e-4)
