"""Something for nothing in money: what keeps it out, and which number appears when the guard is taken out."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

import models.cash
import models.covenants
import models.ring_fences
import models.tax
import optimizer.instance.capital.lines as line_terms
import optimizer.instance.capital.tranches as tranche_terms
from optimizer import api
from tests.capital.builder import Data, Plan, firm, hall, lease, line, loan, notes, preferred, shares, units, window
from tests.capital.guards import (
    BACKED,
    GAIN,
    LURES,
    ON_COINS,
    PAR_LOAN,
    RESERVED,
    ZERO,
    Lure,
)
from tests.capital.builder import project, site_loan
from tests.math.builder import EXACT, about, best_without
from tests.math.cases import load

Believed = Callable[..., float]


@pytest.fixture
def believed(prices: Path) -> Believed:
    """What a solver takes a case to be worth, with components of the model left out."""

    def solve(data: Data, *without: str) -> float:
        return best_without(api.prepare(load(prices, data)).instance, *without)

    return solve


@pytest.mark.parametrize("lure", LURES.values(), ids=LURES.keys())
def test_a_rule_keeps_it_out(believed: Believed, plan: Plan, lure: Lure) -> None:
    """Proves: the plan is worth what it should be. Broken: the number beside it, which appears when the rule is gone."""
    assert plan(lure.data).value == about(lure.value, abs=1e-5)
    assert believed(lure.data, *lure.without) == about(lure.believed, abs=1e-5)
