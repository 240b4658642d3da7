"""What is kept by value is never given for other values, and what is made of a case is the same as from nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.tree import Tree
from optimizer.case.load import load_case
from optimizer.instance import builds, limits
from optimizer.instance.build import Prepared, prepare_from
from optimizer.instance.capital import tranches
from optimizer.instance.kept import kept, written
from optimizer.market.market import build_market
from optimizer.operations import parts
from optimizer.operations.operations import build_operations
from optimizer.sweep.directions import parse_vary
from optimizer.sweep.vary import make_grid

CASES = Path(__file__).parents[2] / "cases"

CHANGES: dict[str, list[dict[str, Any]]] = {
    "conversion_2024": [
        {"market.power.*.scale": 1.1},
        {"sites.*.energised_mw": 90.0},
        {"sites.*.fleet.*.ph_s": 5000.0},
        {"offers.*.contingency": 0.07},
        {"finance.facilities.convertible_2029.fee": 0.031},
        {"offers.*.rate_usd_per_kw_month": 151.0},
        {"finance.opening.cash_usd_m": 77.0},
        {"machines.*.efficiency_j_per_th": 22.5},
        {"discount.mining": 0.2},
    ],
    "cipher_2025q2": [{"sites.*.fleet.*.ph_s": 4000.0}, {"finance.facilities.*.limit_usd_m": 250.0}],
}
"""By case: numbers at every place that a pattern names."""

KEPT = (
    (limits, "_limits"),
    (tranches, "_tranches"),
    (parts, "_stretches"),
    (builds, "_list_builds"),
    (builds, "_build_arrays"),
)


def points(name: str) -> list[dict[str, Any]]:
    """The case's own point between all others, so that whatever is kept of one may be taken for the next."""
    loaded, found = load_case(CASES / name), []
    for change in CHANGES[name]:
        for path, value in change.items():
            point = make_grid(loaded, [parse_vary(f"{path}={value}")])[0]
            found += [{}, dict(point.overrides)]
    return found


def prepared(name: str, overrides: dict[str, Any]) -> Prepared:
    loaded = load_case(CASES / name, overrides=overrides)
    market = build_market(loaded.case, loaded.folder)
    return prepare_from(loaded.case, market, build_operations(loaded.case, market))


def alike(one: Any, other: Any) -> bool:
    """Whether two things are the same to the last bit, but for functions."""
    if callable(one) and not dataclasses.is_dataclass(one):
        return callable(other)
    if dataclasses.is_dataclass(one):
        return type(one) is type(other) and all(
            alike(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(one)
        )
    if isinstance(one, np.ndarray):
        return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    if hasattr(one, "indptr"):
        return all(alike(getattr(one, part), getattr(other, part)) for part in ("data", "indices", "indptr"))
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(alike, one, other))
    return bool(one == other)


@pytest.mark.parametrize("name", sorted(CHANGES))
def test_nothing_of_another_point_is_left(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: instances of points one after the other are those that are made without anything kept. Broken: limits,
    tranches or months of the point before (an option that is not open yet, a fee that is no longer asked)."""
    after_each_other = [prepared(name, point) for point in points(name)]
    for module, function in KEPT:
        monkeypatch.setattr(module, function, getattr(module, function).__wrapped__)
    for point, found in zip(points(name), after_each_other, strict=True):
        alone = prepared(name, point)
        assert alike(found.instance, alone.instance), point
        assert alike(found.site_model.levers, alone.site_model.levers), point


def test_the_same_limits_are_there_only_once() -> None:
    """Proves: another price of power leaves limits and tranches the very objects that they were. Broken: they are made
    anew at every point."""
    one = prepared("conversion_2024", {})
    other = prepared("conversion_2024", points("conversion_2024")[1])
    assert one.instance.limits is other.instance.limits
    assert one.choices.money.tranches is other.choices.money.tranches


def counting() -> tuple[Callable[..., Any], list[Any]]:
    calls: list[Any] = []

    @kept(most=2)
    def function(*given: Any, **named: Any) -> list[Any]:
        calls.append((given, named))
        return [given]

    return function, calls


def test_a_difference_in_the_last_bit_is_one() -> None:
    """Proves: the next number, zero with another sign, a whole number for a fraction and another name of an argument
    are other values. Broken: what was made of the first one."""
    function, calls = counting()
    amounts = np.array([1.0, 2.0])
    for given in (1.0, float(np.nextafter(1.0, 2.0)), 1, 0.0, -0.0, amounts, np.nextafter(amounts, 3.0), True):
        function(given)
    function(a=1.0)
    function(b=1.0)
    assert len(calls) == 10


def test_the_latest_are_kept() -> None:
    """Proves: of two that are kept the one that was asked for last stays. Broken: made anew, or all are kept."""
    function, calls = counting()
    first = function("a", np.arange(3))
    function("b")
    assert function("a", np.arange(3)) is first
    function("c")
    assert function("a", np.arange(3)) is first
    assert len(calls) == 3
    function("b")
    assert len(calls) == 4


def test_what_a_tree_found_out_does_not_matter() -> None:
    """Proves: a tree is written as its fields, whatever was asked of it. Broken: nothing is found again."""
    size = 2
    tree = Tree(
        parent=np.array([-1, 0]),
        probability=np.ones(size),
        start_months=np.array([0.0, 3.0]),
        length_months=np.full(size, 3.0),
        decision=np.ones(size, dtype=bool),
        label=("a", "b"),
        scenario=("", ""),
    )
    before = written(tree)
    assert tree.reaches[0, 1]
    assert written(tree) == before
    assert written(dataclasses.replace(tree, length_months=np.array([3.0, 4.0]))) != before
