"""Whatever money is on offer, a company that lacks none is worth no more for it: not by any way of holding it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer import api
from tests.capital.builder import firm, lease, line, loan, notes
from tests.math.builder import EXACT, about
from tests.math.cases import FLAT_50, load, write_prices

Random = np.random.Generator
SEEDS = range(16)
WINDOW = {"from": "2025-01", "to": "2026-12"}


def rate(random: Random) -> float:
    return round(float(random.uniform(0.02, 0.2)), 3)


def common(random: Random) -> dict[str, Any]:
    """Up to a hundred times what the company has, for some months, paid by the month, the quarter or at the end."""
    every = int(random.choice([1, 2, 3, 6]))
    return {
        "limit_usd_m": float(random.choice([100, 10_000])),
        "window": WINDOW,
        "interest_every": f"{every} month{'s' if every > 1 else ''}",
        "term": f"{every * int(random.integers(1, 9))} months",
    }


def term_loan(random: Random) -> dict[str, Any]:
    return {**loan(rate(random)), **common(random), "amortisation": str(random.choice(["bullet", "even"]))}


def convertible(random: Random) -> dict[str, Any]:
    coupon = rate(random)
    return {**notes(0.3, rate=coupon, straight_rate=coupon), **common(random)}


def credit_line(random: Random) -> dict[str, Any]:
    return {**line(rate=rate(random)), "limit_usd_m": common(random)["limit_usd_m"], "window": WINDOW}


def sweep_loan(random: Random) -> dict[str, Any]:
    return {
        "kind": "sweep_loan",
        "window": WINDOW,
        "limit_usd_m": common(random)["limit_usd_m"],
        "rate": rate(random),
        "matures": str(random.choice(["2027-02", "2028-06"])),
        "sweep": float(random.choice([0.0, 0.5])),
        "above_usd_m": 10,
    }


KINDS: tuple[Callable[[Random], dict[str, Any]], ...] = (
    term_loan,
    convertible,
    credit_line,
    sweep_loan,
)


def company(random: Random) -> dict[str, Any]:
    """Cash and leases that never lose anything, taxed; some of it in a company below."""
    leases = {
        f"rent{k}": lease(round(float(random.uniform(0, 12)), 2), "36 months", f"2025-{month:02d}")
        for k, month in enumerate((1, int(random.integers(2, 12))))
    }
    parts: dict[str, Any] = {"leases": leases, "tax": {"rate": round(float(random.uniform(0.1, 0.4)), 2)}}
    if random.random() < 0.5:
        parts["tax"]["interest_limit"] = 0.3
    if random.random() < 0.5:
        parts["companies"] = {"below": {"sites": ["two"], "opening_cash_usd_m": 20}}
        parts["more"] = {"sites.two": {"power": {"market": "hub"}, "energised_mw": 1}}
    steps = str(random.choice(["10 quarters", "7 quarters"]))
    return firm(float(random.choice([0, 5, 100])), steps, **parts)


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prices")
    write_prices(folder, FLAT_50)
    return folder


@pytest.mark.parametrize("seed", SEEDS)
def test_money_that_nobody_needs_adds_nothing(seed: int, prices: Path) -> None:
    """Proves: with one to three kinds of money on offer a company without a use for it is worth what it is worth
    without. Broken: tax saved by holding what was borrowed, in whatever form and for how long."""
    random = np.random.default_rng(seed)
    data = company(random)
    alone = api.solve(load(prices, data), EXACT, twins=False).solution.value_usd_m
    data["finance"]["facilities"] = {
        f"money {k}": KINDS[int(random.integers(len(KINDS)))](random) for k in range(int(random.integers(1, 4)))
    }
    assert api.solve(load(prices, data), EXACT, twins=False).solution.value_usd_m == about(alone, abs=2e-5)
