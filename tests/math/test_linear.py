"""Sums of multiples of variables say what the same sums written out say, and nothing is remembered too long."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest
from scipy import sparse

from models.entries import by_row
from models.instance import Instance
from models.linear import at_node, forget, in_table, nonzero, once_a_node, weighted
from tests.math.builder import instance, tree


def test_a_weighted_sum_is_the_sum() -> None:
    """Proves: the terms are those of the amounts, and a sum of nothing is a number. Sensitivity: with zeros left in it
    is an expression, and a rule that skips rows without variables would keep them."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var([0, 1, 2], initialize={0: 3.0, 1: 5.0, 2: 7.0})
    assert pyo.value(weighted(model.x, [(0, 2.0), (2, -1.0)])) == -1.0
    assert pyo.value(weighted(model.x, [(1, 0.5)])) == 2.5
    assert weighted(model.x, []) == 0
    assert weighted(model.x, [(0, 0.0), (1, 0)]) == 0
    with pytest.raises(KeyError):
        weighted(model.x, [(3, 1.0)])


def test_amounts_come_in_order_and_without_zeros() -> None:
    table = np.array([[0.0, 2.0], [3.0, 0.0], [-0.5, 4.0]])
    assert nonzero(table[:, 0]) == [(1, 3.0), (2, -0.5)]
    assert at_node(table[:, 1], 1) == [((0, 1), 2.0), ((2, 1), 4.0)]
    assert in_table(table) == [((0, 1), 2.0), ((1, 0), 3.0), ((2, 0), -0.5), ((2, 1), 4.0)]


def test_rows_of_a_table_come_as_they_are_kept() -> None:
    """Proves: each row has its columns in the order in which they are kept, a row without entries is empty. Broken: a
    limit of a facility that counts the draws of its neighbour."""
    table = sparse.csr_array((np.array([4.0, 5.0, 7.0]), np.array([2, 0, 1]), np.array([0, 2, 2, 3])), shape=(3, 3))
    assert by_row(table) == [[(2, 4.0), (0, 5.0)], [], [(1, 7.0)]]


def test_charges_paid_later_are_found_by_node() -> None:
    """Proves: a table by row is read by column, rows in order, a stored zero left out."""
    small = instance(tree([3.0, 3.0]), lots=[{"margin": 1.0}])
    table = sparse.csr_array(([1.0, 0.0, -2.0], ([0, 0, 1], [1, 0, 1])), shape=(2, 2))
    places = replace(small.places, later_usd_m_per_eh=table)
    assert places.later_in == [[], [(0, 1.0), (1, -2.0)]]
    # Another table is not answered from the memory of the first.
    assert replace(places, later_usd_m_per_eh=2 * table).later_in == [[], [(0, 2.0), (1, -4.0)]]


def test_what_is_made_once_is_made_anew_for_another_instance() -> None:
    """Proves: an expression is remembered for one model and the instance that it is of. Sensitivity: remembered by node
    alone, the second instance would be given 10 in place of 20."""
    made: list[float] = []

    @once_a_node
    def cash(_model: pyo.ConcreteModel, of: Instance, node: int) -> float:
        made.append(of.cash.opening_usd_m)
        return of.cash.opening_usd_m + node

    poor, rich = instance(opening=10.0), instance(opening=20.0)
    model, other = pyo.ConcreteModel(), pyo.ConcreteModel()
    assert [cash(model, poor, n) for n in (0, 0, 1, 1)] == [10.0, 10.0, 11.0, 11.0]
    assert made == [10.0, 10.0]
    assert cash(model, rich, 0) == 20.0
    assert cash(other, rich, 0) == 20.0
    assert cash(model, poor, 0) == 10.0
    forget(model)
    assert cash(model, rich, 0) == 20.0
