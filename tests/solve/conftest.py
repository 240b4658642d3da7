"""Forms that several tests of the solver need."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from optimizer.solve.bridge import StandardForm, make_form

INF = np.inf


@pytest.fixture
def market_split() -> Callable[..., StandardForm]:
    """Maker of a market-split problem: small, plans easily found, and no proof within minutes."""

    def make(*, maximise: bool, rows: int = 5, seed: int = 1, offset: float = 7.0) -> StandardForm:
        random = np.random.default_rng(seed)
        splits = 10 * (rows - 1)
        demand = random.integers(0, 100, (rows, splits))
        half = demand.sum(axis=1) // 2
        sign = -1.0 if maximise else 1.0
        return make_form(
            np.hstack([demand, np.eye(rows), -np.eye(rows)]),
            np.concatenate([np.zeros(splits), np.full(2 * rows, sign)]),
            row_lower=half,
            row_upper=half,
            column_lower=np.zeros(splits + 2 * rows),
            column_upper=np.concatenate([np.ones(splits), np.full(2 * rows, INF)]),
            integer=[True] * splits + [False] * (2 * rows),
            offset=offset,
            maximise=maximise,
        )

    return make


@pytest.fixture
def two_halls() -> StandardForm:
    """max 3 x + 2 y + 10 with 2 x + 2 y <= 7, x + 3 y <= 6, x in {0..3}, y >= 0: x = 3, y = 0.5, worth 20."""
    return make_form(
        [[2.0, 2.0], [1.0, 3.0]],
        [3.0, 2.0],
        row_lower=[-INF, -INF],
        row_upper=[7.0, 6.0],
        column_lower=[0.0, 0.0],
        column_upper=[3.0, INF],
        integer=[True, False],
        offset=10.0,
        maximise=True,
    )
