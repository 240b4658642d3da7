"""The bitcoin network, seen in what a mine earns: 50,000 PH/s at no price of power, by month."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.math.builder import about
from tests.math.cases import MINE, Solved, case_data, flat, solve_case

DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def mine(folder: Path, changes: Mapping[str, Any], months: int = 1) -> Solved:
    steps = {"horizon": {"start": "2025-01", "steps": [f"{months} months"]}}
    return solve_case(folder, case_data(MINE | steps | dict(changes)), flat(0))


def hashprices(solved: Solved, column: str = "revenue_usd_m") -> list[float]:
    """USD (or BTC) per PH/s and day, by month of 2025."""
    scale = 1e6 if column == "revenue_usd_m" else 1
    days = [DAYS[k % 12] for k in range(1000)]
    return [x * scale / 50000 / d for x, d in zip(solved.column("mining", column), days, strict=False)]


def test_hashprice_follows_from_the_network(tmp_path: Path) -> None:
    """Proves: 107,153 $, 837 EH/s and 1.2 % fees make 58.31 $ per PH/s and day. Broken: 57.61 without fees, 58.30 with
    the fees added as 1.2 % of the subsidy, 58,309 with EH for PH."""
    network = {"btc_usd": 107153, "hashrate_eh_s": 837, "fee_share": 0.012}
    [hashprice] = hashprices(mine(tmp_path, {"market.network": network}))
    assert hashprice == pytest.approx(58.309, abs=0.001)
    assert hashprice == about(144 * 3.125 / 0.988 * 107153 / 837000)


def test_fees_are_a_share_of_the_whole_reward(tmp_path: Path) -> None:
    """Proves: a tenth of the reward in fees makes 48 / 0.9 = 53.33. Broken: 52.8 (a tenth on top), 48."""
    assert hashprices(mine(tmp_path, {"market.network.fee_share": 0.1})) == about([48 / 0.9])


def test_the_pool_takes_its_share_of_coins(tmp_path: Path) -> None:
    """Proves: 2 % of coins and of dollars are the pool's: 47.04 and 0.00049. Broken: 48 and 0.0005, or one of them."""
    solved = mine(tmp_path, {"market.network.pool_fee": 0.02})
    assert hashprices(solved) == about([47.04])
    assert hashprices(solved, "btc") == about([0.00049])


def test_difficulty_grows_by_the_rate_in_force(tmp_path: Path) -> None:
    """Proves: 21 % a year until March, then none: by February 900 x 1.21^(1/12), from March on 1.21^(2/12). Broken:
    1.21 (a step), 1.21^(1/12) for good (the new rate a month early), 1.21^(3/12) (a month late)."""
    growth = {"2025-01": 0.21, "2025-03": 0.0}
    found = hashprices(mine(tmp_path, {"market.network.hashrate_growth": growth}, 5))
    assert found == about([48 / 1.21 ** (k / 12) for k in (0, 1, 2, 2, 2)])


def test_the_latest_rate_wins_whatever_the_order(tmp_path: Path) -> None:
    """Proves: rates are taken by date, not by their place in the file. Broken: 48 in all months."""
    growth = {"2025-03": 0.0, "2025-01": 0.21}
    found = hashprices(mine(tmp_path, {"market.network.hashrate_growth": growth}, 4))
    assert found == about([48 / 1.21 ** (k / 12) for k in (0, 1, 2, 2)])


def test_bitcoin_grows_by_the_month(tmp_path: Path) -> None:
    """Proves: 10 % a year are 1.1^(1/12) a month and 1.1 after twelve; coins stay the same. Broken: 48 until December
    (by year), 48.4 in February (a twelfth of it, not compounded)."""
    solved = mine(tmp_path, {"market.network.btc_growth": 0.1}, 13)
    found = hashprices(solved)
    assert found[1] == about(48 * 1.1 ** (1 / 12))
    assert found[12] == about(48 * 1.1)
    assert hashprices(solved, "btc") == about([0.0005] * 13)


def test_two_halvings_halve_twice(tmp_path: Path) -> None:
    """Proves: 48, 24, 12 in three months. Broken: 48, 24, 24."""
    found = hashprices(mine(tmp_path, {"market.network.halvings": ["2025-02-01", "2025-03-01"]}, 3))
    assert found == about([48, 24, 12])


def test_power_per_coin(tmp_path: Path) -> None:
    """Proves: at 50 $ a MWh and 16 J/TH x 1.25, 24 hours x 0.02 MW x 50 = 24 $ buy 0.0005 coins: 48,000 a coin. Broken:
    38,400 without the overhead."""
    solved = solve_case(tmp_path, case_data(MINE | {"horizon.steps": ["1 month"]}), flat(50))
    assert solved.rows("mining")[0]["power_usd_per_btc"] == pytest.approx(48000, abs=0.1)
