"""Clauses that move together, ranges without a count, and the directions of a named sweep."""

from __future__ import annotations

import pytest

from optimizer.case.sweeps import NamedSweep
from optimizer.errors import CallError
from optimizer.sweep.directions import Overlays, Vary, directions_of, parse_vary


def test_linked_clauses_are_one_direction() -> None:
    """Proves: two clauses with values of their own, in one direction. Broken: two directions, a grid of nine."""
    found = parse_vary("a.b=1:3:3 & c.d=x0.9,x1,x1.1")
    assert found == Vary("a.b", (1.0, 2.0, 3.0), linked=(Vary("c.d", (0.9, 1.0, 1.1), relative=True),))
    assert found.column == "a.b & c.d (factor)"


def test_a_bare_path_takes_the_values_of_the_next_clause() -> None:
    """Proves: a, b and c all take 1, 2. Broken: c's values missing at a."""
    found = parse_vary("a & b & c=1,2")
    assert [(clause.path, clause.values) for clause in found.clauses] == [(path, (1.0, 2.0)) for path in "abc"]


def test_a_range_without_a_count() -> None:
    """Proves: LOW:HIGH is both ends and known as a range. Broken: two values of a grid."""
    assert parse_vary("a=1:2") == Vary("a", (1.0, 2.0), between=True)
    assert parse_vary("a=x0.5:x2") == Vary("a", (0.5, 2.0), relative=True, between=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a=1:2:3 & b=1,2", "a and b move together, but have 3 values and 2 values"),
        ("a=1:2 & b=1,2", "a and b move together, but have LOW:HIGH and 2 values"),
        ("a=1:2:3 & b", "cannot read what to vary: 'a=1:2:3 & b'"),
        ("a & b", "cannot read what to vary"),
        ("a=1 &", "cannot read what to vary"),
        ("& a=1", "cannot read what to vary"),
        ("a & b=", "cannot read what to vary"),
    ],
)
def test_groups_that_make_no_sense(text: str, said: str) -> None:
    """Proves: one error that names the clauses. Broken: no error, or a traceback."""
    with pytest.raises(CallError) as caught:
        parse_vary(text)
    assert said in str(caught.value)


def test_directions_of_a_named_sweep() -> None:
    """Proves: lists, text and groups; a group stands where its first path stands. Broken: b and c apart, or last."""
    sweep = NamedSweep.model_validate(
        {"vary": {"a": [1, 3, 3], "b": "x1,x2", "d": 5, "c": "7,8"}, "link": [["c", "b"]]}
    )
    assert directions_of(sweep) == (
        Vary("a", (1.0, 2.0, 3.0)),
        Vary("b", (1.0, 2.0), relative=True, linked=(Vary("c", (7.0, 8.0)),)),
        Vary("d", (5.0,)),
    )


def test_other_cases_are_a_direction() -> None:
    """Proves: the case itself comes first. Broken: it is missing."""
    assert Overlays("case.yaml", ("low.yaml",)).values == ("case.yaml", "low.yaml")
