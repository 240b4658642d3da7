"""Sums of multiples of variables, made at once.

Added up one by one with ``+``, every term costs three calls of Pyomo and an object that is thrown away again; a model
has a hundred thousand terms. What is made here are the same expressions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray
from pyomo.core.expr.numeric_expr import MonomialTermExpression

from models.instance import Instance
from models.multiples import multiples

Amounts = Iterable[tuple[Any, float]]
"""(index, amount) pairs."""

ByNode = Callable[[pyo.ConcreteModel, Instance, int], Any]
"""(model, instance, node) -> expression."""


def entries_of(variable: Any) -> dict[Any, Any]:
    """The entries of an indexed variable, by index: faster to look into than the variable and its set."""
    found: dict[Any, Any] = variable._data
    return found


def index_of(variable: Any) -> dict[int, Any]:
    """The index of each entry of an indexed variable, by the id of the entry; found once, since entries stay."""
    found: dict[int, Any] | None = _indices.get(variable)
    if found is None:
        found = _indices[variable] = {id(entry): index for index, entry in entries_of(variable).items()}
    return found


_indices: WeakKeyDictionary[Any, dict[int, Any]] = WeakKeyDictionary()


def weighted(variable: Any, amounts: Amounts) -> Any:
    """Sum of so many times the entries of an indexed variable; 0 if there is none."""
    entries, chosen = entries_of(variable), [each for each in amounts if each[1]]
    if len(chosen) > 1:
        return multiples([entries[index] for index, _ in chosen], [amount for _, amount in chosen])
    return MonomialTermExpression((chosen[0][1], entries[chosen[0][0]])) if chosen else 0


def nonzero(amounts: NDArray[Any]) -> list[tuple[int, float]]:
    """(index, amount) of those that are not zero, in order."""
    found = amounts.nonzero()[0]
    return list(zip(found.tolist(), amounts[found].astype(float).tolist(), strict=True))


def at_node(amounts: NDArray[Any], node: int) -> list[tuple[tuple[int, int], float]]:
    """((index, node), amount) of those that are not zero, in order."""
    return [((index, node), amount) for index, amount in nonzero(amounts)]


def in_table(amounts: NDArray[Any]) -> list[tuple[tuple[int, int], float]]:
    """((row, column), amount) of those that are not zero, row by row."""
    rows, columns = np.nonzero(amounts)
    index = zip(rows.tolist(), columns.tolist(), strict=True)
    return list(zip(index, amounts[rows, columns].astype(float).tolist(), strict=True))


def forget(model: pyo.ConcreteModel) -> None:
    """Let go of what `once_a_node` keeps: the model is complete."""
    model.private_data("models").clear()


def once_a_node(function: ByNode) -> ByNode:
    """Have an expression of a node, which several rows need, made once for each model."""

    @wraps(function)
    def remembered(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
        known = model.private_data("models").setdefault(remembered, {"of": instance})
        if known["of"] is not instance:
            return function(model, instance, node)
        if node not in known:
            known[node] = function(model, instance, node)
        return known[node]

    return remembered
