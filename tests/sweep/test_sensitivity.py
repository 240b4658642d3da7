"""Sensitivity indices of functions whose indices are known, and why there are none."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from optimizer.errors import CallError
from optimizer.sweep.directions import Vary
from optimizer.sweep.sensitivity import index_lines, saltelli, sensitivity

DIRECTIONS = (Vary("one", (0.0, 1.0), between=True), Vary("two", (0.0, 1.0), between=True))


def test_indices_of_a_sum() -> None:
    """Proves: of 3 x + 4 y the variance is 9 and 16 parts of 25, alone and in all. Broken: 0.43 and 0.57 (3 and 4 of
    7), or the two swapped."""
    unit = saltelli(2, 1024, seed=5)
    found = sensitivity(DIRECTIONS, (unit @ [3.0, 4.0]).tolist(), seed=5)
    assert [index.direction for index in found.indices] == ["one", "two"]
    for index, share in zip(found.indices, (9 / 25, 16 / 25), strict=True):
        assert index.first_order == pytest.approx(share, abs=0.01)
        assert index.total == pytest.approx(share, abs=0.01)
        assert 0 < index.first_order_confidence < 0.1
        assert abs(index.total - share) < index.total_confidence < 0.1


def test_indices_of_a_product() -> None:
    """Proves: centred x y acts only together: nothing alone, all in all. Broken: a half each."""
    unit = saltelli(2, 1024, seed=5)
    found = sensitivity(DIRECTIONS, np.prod(unit - 0.5, axis=1).tolist(), seed=5)
    for index in found.indices:
        assert index.first_order == pytest.approx(0, abs=0.08)
        assert index.total == pytest.approx(1, abs=0.08)


def test_the_same_every_time() -> None:
    """Proves: points and confidence go by the seed. Broken: other digits."""
    assert (saltelli(3, 16, seed=1) == saltelli(3, 16, seed=1)).all()
    assert (saltelli(3, 16, seed=1) != saltelli(3, 16, seed=2)).any()
    values = (saltelli(2, 16, seed=1) @ [1.0, 2.0]).tolist()
    assert sensitivity(DIRECTIONS, values, seed=1) == sensitivity(DIRECTIONS, values, seed=1)


def test_a_point_without_a_value() -> None:
    """Proves: no index is made up where a point has no plan. Broken: indices of fifteen points, or a traceback."""
    values: list[float | None] = [float(value) for value in range(16)]
    values[6] = None
    found = sensitivity(DIRECTIONS, values, seed=0)
    assert found.indices == ()
    assert found.problem == "1 of 16 points has no value (first: point 7)"


def test_a_value_that_nothing_moves() -> None:
    """Proves: a variance of nothing has no parts. Broken: nan."""
    assert sensitivity(DIRECTIONS, [5.0] * 16, seed=0).problem == "the value is the same at every point"


def test_table_and_words() -> None:
    """Proves: a row a direction in the file in their order, for people those that matter most first."""
    unit = saltelli(2, 64, seed=5)
    found = sensitivity(DIRECTIONS, (unit @ [3.0, 4.0]).tolist(), seed=5)
    lines = found.table().text().splitlines()
    assert lines[0] == "direction,first_order,first_order_confidence,total,total_confidence"
    assert [line.split(",")[0] for line in lines[1:]] == ["one", "two"]
    assert [line.split()[0] for line in index_lines(found)] == ["direction", "two", "one"]


def test_without_salib(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: the error names the extra. Broken: ModuleNotFoundError."""
    monkeypatch.setitem(sys.modules, "SALib.sample.sobol", None)
    with pytest.raises(CallError, match="needs SALib") as caught:
        saltelli(2, 4, seed=0)
    assert "wattfork[sensitivity]" in caught.value.details[0]
