"""First-order and total sensitivity indices of the value: Saltelli's scheme of points, and what their values say.

SALib does both. It is an extra of the installation and is only imported when it is used.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from models.tree import Floats
from optimizer.errors import CallError
from optimizer.plan.table import Table, table
from optimizer.sweep.directions import Vary

CONFIDENCE = 0.95
RESAMPLES = 1000

_COLUMNS = ("direction", "first_order", "first_order_confidence", "total", "total_confidence")


@dataclass(frozen=True)
class Index:
    """How much of the variance of the value a direction makes: alone, and together with all others.

    ``..._confidence``: half the width of the 95 % interval.
    """

    direction: str
    first_order: float
    first_order_confidence: float
    total: float
    total_confidence: float


@dataclass(frozen=True)
class Sensitivity:
    """Indices by direction, or ``problem``: why there are none."""

    indices: tuple[Index, ...]
    problem: str = ""

    def table(self) -> Table:
        """``sensitivity.csv``: one row a direction."""
        rows = [[getattr(index, column) for column in _COLUMNS] for index in self.indices]
        return table(_COLUMNS, rows)


def saltelli(directions: int, base: int, seed: int) -> Floats:
    """(base x (directions + 2), directions) points in the unit cube. CallError if ``base`` is no power of 2."""
    if base < 2 or base & (base - 1):
        below = 1 << max(1, base.bit_length() - 1)
        raise CallError(f"the base sample of a sensitivity analysis is a power of 2, such as {below} or {2 * below}")
    with warnings.catch_warnings():
        # SALib warns of its own future.
        warnings.simplefilter("ignore")
        found = _salib("sample").sample(_problem(directions), base, calc_second_order=False, seed=seed)
    return np.asarray(found, dtype=float)


def sensitivity(directions: Sequence[Vary], values: Sequence[float | None], seed: int) -> Sensitivity:
    """Indices from the values of all points, in the order of their numbers; None where a point has none."""
    without = [number for number, value in enumerate(values, start=1) if value is None]
    if without:
        have = "has no value" if len(without) == 1 else "have no value"
        return Sensitivity((), f"{len(without)} of {len(values)} points {have} (first: point {without[0]})")
    known = np.array(values, dtype=float)
    if float(np.ptp(known)) == 0:
        return Sensitivity((), "the value is the same at every point")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = _salib("analyze").analyze(
            _problem(len(directions)),
            known,
            calc_second_order=False,
            num_resamples=RESAMPLES,
            conf_level=CONFIDENCE,
            seed=seed,
        )
    columns = [np.asarray(found[name], dtype=float) for name in ("S1", "S1_conf", "ST", "ST_conf")]
    return Sensitivity(
        tuple(Index(vary.column, *(float(column[d]) for column in columns)) for d, vary in enumerate(directions))
    )


def index_lines(found: Sensitivity) -> list[str]:
    """The indices for people, those that matter most first, each with its 95 % interval."""
    ranked = sorted(found.indices, key=lambda index: -index.total)
    width = max(len("direction"), *(len(index.direction) for index in ranked))
    lines = [f"{'direction':<{width}}  {'alone':>14}  {'in all':>14}"]
    for index in ranked:
        alone = f"{index.first_order:.3f} ± {index.first_order_confidence:.3f}"
        in_all = f"{index.total:.3f} ± {index.total_confidence:.3f}"
        lines.append(f"{index.direction:<{width}}  {alone:>14}  {in_all:>14}")
    return lines


def _problem(directions: int) -> dict[str, Any]:
    names = [f"d{index}" for index in range(directions)]
    return {"num_vars": directions, "names": names, "bounds": [[0.0, 1.0]] * directions}


def _salib(part: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return import_module(f"SALib.{part}.sobol")
    except ImportError:
        raise CallError(
            "a sensitivity analysis needs SALib, which is not installed", ("pip install 'wattfork[sensitivity]'",)
        ) from None
