"""Small cases with known answers that cut across families: a block of power, grid charges, a mix of funds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from optimizer.market.shape import MonthShape
from optimizer.operations.mining import Stretch, Tariff, run_below
from tests.math.builder import about, block_of, equity_of, instance, loans_of, solve, tree

WHOLE_DAY = Tariff(0.0)


def hours(prices: list[float]) -> Stretch:
    """A month of one day with these hourly prices."""
    size = len(prices)
    shape = MonthShape(
        day=np.ones(size, dtype=np.int64), price=np.array(prices, dtype=float), weight_hours=np.ones(size)
    )
    return Stretch(cell=0, month=0, days=1, first=1, last=1, shape=shape, factor=1.0, hashprice=48.0)


def earned(prices: list[float], value: float) -> float:
    """USD that a MW earns when a MWh is worth ``value``."""
    ran, paid = run_below(hours(prices), WHOLE_DAY, value)
    return value * ran - paid


def test_five_hours() -> None:
    """Proves: 48 USD/PH/day, 16 J/TH, overhead 1.25 make 100 USD/MWh; at 20, 60, 100, 150, -10 a MW earns 230 in three
    hours; the hour at 100 is a tie and does not run. Broken: mean price 180; overhead dropped 330; four hours."""
    prices = [20.0, 60.0, 100.0, 150.0, -10.0]
    value = 48 / 24 * 1000 / (16 * 1.25)
    assert value == 100
    assert earned(prices, value) == pytest.approx(230)
    assert run_below(hours(prices), WHOLE_DAY, value)[0] == 3


def test_a_block_is_worth_its_resale_not_its_price() -> None:
    """Proves: with 1 MW at 50 beside it the same mine earns 300 = 230 + (320 - 250): the machine inside the block runs
    against spot, where buying and selling cost the same nothing is gained inside. Broken: opportunity cost = contract
    price 250; contract cost forgotten 550."""
    prices = [20.0, 60.0, 100.0, 150.0, -10.0]
    sold = sum(prices) - 50 * len(prices)
    outside = earned(prices, 100.0)
    gain = 0.0  # buying and selling cost the same: nothing is won inside
    small = instance(
        lots=[{"eh": 1.0, "margin": outside, "value": outside}],
        operations=block_of(tree(), 1.0, [{"lot": 0, "mw": 1.0, "gain": gain}]),
        constant=sold,
    )
    assert solve(small).value_usd_m == about(300)


def test_expected_peak_charge_is_an_adder_on_candidate_hours() -> None:
    """Proves: eight candidate hours, two a month, one of each two called; at 0.4 USD/kW-year, billed a year later at
    10 %, the adder is 45.45 USD/MWh, below 100, so the MW runs on and pays 400 / 1.1: 9,636.36. At 80 it stops for
    them: 9,200, while a firm MW pays 72,727.27. Broken: charged in the same year 9,600; the whole rate in each hour
    9,200; no adder 10,000."""
    for rate, expected in ((0.4, 9_636.363636), (80.0, 9_200.0)):
        adder = rate * 1000 / 4 / 2 / 1.1
        prices = [0.0] * 92 + [adder] * 8
        assert earned(prices, 100.0) == pytest.approx(expected)
    firm = run_below(hours([0.0] * 92 + [80 * 1000 / 4 / 2 / 1.1] * 8), WHOLE_DAY, float("inf"))[1]
    assert firm == pytest.approx(72_727.272727)


def test_mix_of_funds() -> None:
    """Proves: cash 40, of which 20 stay; a project of -100 now and 130 in a year; a loan of at most 60 at 10 % with a
    fee of 2 %, shares at 5 % below the market. The loan first (60, 58.8 paid out), then 21.2 of shares: 40 + 18.18
    - 1.2 - 1.12 = 55.866. Cash counts at par here; counted at a year's 10 %, as a dividend in a year, 20 of it are
    worth 1.818 less: 54.048. Broken: discount of shares ignored 58.182, fee ignored 57.129, minimum ignored 56.919."""
    on = tree((12.0, 12.0))
    project = {"cash": {0: -100.0, 1: 130.0}, "value": -100 + 130 / 1.1}
    loan = loans_of(on, [{"node": 0, "cash": {0: 0.98, 1: -1.1}, "value": -0.02}], 60.0, float("inf"))
    shares = equity_of([0], 1000.0, [1.0], 0.05)
    money: dict[str, Any] = {"tranches": loan, "equity": shares, "shares_m": 1000.0}
    small = instance(on, options=[project], opening=40.0, minimum=20.0, constant=40.0, **money)
    found = solve(small)
    assert found.value_usd_m == about(40 + 18.181818 - 1.2 - 21.2 * (1 / 0.95 - 1), abs=1e-5)
    assert found.decisions.draw_usd_m[0] == about(60)
    assert found.decisions.issue_usd_m[0] == about(21.2)
    assert found.value_usd_m - (20 - 20 / 1.1) == about(54.048, abs=1e-3)
