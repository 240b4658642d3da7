"""Income tax by hand: arrays from plain numbers, for instances made by ``builder.py``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from models.build import build
from models.income_tax_arrays import IncomeTax
from models.instance import Instance
from models.tree import Tree
from optimizer.solve.highs import Status, solve_form
from optimizer.solve.reading import compile_model
from tests.math.builder import EXACT


def income_tax_of(
    on: Tree,
    year: Sequence[int] | None = None,
    *,
    rate: Any = 0.21,
    ebitda: Any = 0.0,
    losses: Sequence[float] = (0.0,),
    places: Sequence[int] = (0,),
    lots: Sequence[int] = (0,),
    options: Sequence[int] = (),
    builds: Sequence[int] = (),
    orders: Any = 0.0,
    halls: Any = 0.0,
    residual: Any = 0.0,
    own: Sequence[bool] = (),
    **changes: Any,
) -> IncomeTax:
    """Tax on each node as a year of its own (or on ``year``), at 21 %, losses up to four fifths of a year's income.

    ``rate``, ``ebitda``: by node, or by country (a list for each, home first) and node; ``losses`` by country;
    ``places``, ``lots``, ``options``, ``builds``: in which country each is; ``orders``, ``halls``, ``residual``: by
    node for each lot and option; ``own``: by tranche, whether it is tied to no cost. Idle cash is reckoned to earn
    nothing but where ``idle_cash_rate`` is given.
    """
    size, countries = len(on), len(losses)

    def table(numbers: Any, rows: int) -> np.ndarray:
        return np.broadcast_to(np.asarray(numbers, dtype=float), (rows, size)).copy()

    def whole(numbers: Sequence[int]) -> np.ndarray:
        return np.array(list(numbers), dtype=np.int64)

    parts: dict[str, Any] = {
        "country": ("home", *(f"abroad {g}" for g in range(1, countries))),
        "year": whole(range(2026, 2026 + size) if year is None else year),
        "rate": table(rate, countries),
        "value_factor": on.probability.copy(),
        "losses_usd_m": np.array(losses, dtype=float),
        "loss_limit": 0.8,
        "interest_limit": None,
        "interest_carried_usd_m": 0.0,
        "idle_cash_rate": 0.0,
        "is_own": np.array(list(own), dtype=bool),
        "own_paid": np.zeros((len(own), size)),
        "most_cash_usd_m": 1e4,
        "fixed_trapped_usd_m": np.zeros(size),
        "month_share": on.length_months / 12,
        "place": whole(places),
        "lot": whole(lots),
        "option": whole(options),
        "build": whole(builds),
        "fixed_ebitda_usd_m": table(ebitda, countries),
        "fixed_deduction_usd_m": np.zeros((countries, size)),
        "fixed_interest_usd_m": np.zeros(size),
        "order_deduction": table(orders, len(lots)),
        "hall_deduction": table(halls, len(options)),
        "signature_deduction": np.zeros((len(options), size)),
        "build_deduction": np.zeros((len(builds), size)),
        "hall_residual": table(residual, len(options)),
        "btc_before_usd_m": 0.0,
        "btc_price_usd_m": np.zeros(size),
    }
    return IncomeTax(**(parts | {name: _array(value) for name, value in changes.items()}))


def _array(value: Any) -> Any:
    return np.array(value, dtype=float) if isinstance(value, list) else value


def claimed(small: Instance) -> float:
    """Value that the model believes in before anything is checked."""
    raw = solve_form(compile_model(build(small)), EXACT)
    assert raw.status is Status.OPTIMAL, raw.message
    assert raw.objective is not None
    return raw.objective
