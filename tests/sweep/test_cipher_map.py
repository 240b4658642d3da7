"""A whole map of a real company: every point of the sweep against the same point solved from nothing. Half an hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.sweeps import alone, map_of, swept
from optimizer.case.load import load_case
from optimizer.sweep.point import PointOptions, solve_point

CIPHER = Path("cases/cipher_2025q2/case.yaml")
GAP = 0.005


def hold(count: int) -> None:
    """Proves: of ``count`` points of power and hashprice, each has the value of a solve of its own within the gap,
    and neither's bound is below the other's value. Broken: a neighbour's plan that was taken without proof is worth
    less than the bound of the other allows; a replayed split that lost a part has a bound below the other's value."""
    loaded = load_case(CIPHER)
    points, options = map_of(loaded, count), PointOptions(relative_gap=GAP)
    found, _ = swept(loaded, points, options)
    others = alone(loaded, points, options, solve_point)
    assert len(found) == len(others) == len(points)
    for each in found:
        own, other = each.outcome, others[each.point.number].outcome
        assert own.status == other.status, each.point
        if own.figures is None or other.figures is None:
            assert own.figures is other.figures
            continue
        room = 1e-6 * max(1.0, abs(other.figures.value_usd_m))
        assert own.figures.bound_usd_m >= other.figures.value_usd_m - room, each.point
        assert other.figures.bound_usd_m >= own.figures.value_usd_m - room, each.point
        assert own.figures.gap <= GAP * (1 + 1e-6) + 1e-9
        assert own.figures.value_usd_m == pytest.approx(other.figures.value_usd_m, rel=GAP, abs=GAP), each.point


@pytest.mark.soak
def test_all_points_of_a_map_of_cipher_are_what_they_are_alone() -> None:
    hold(225)
