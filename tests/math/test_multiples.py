"""Sums of multiples that are kept as numbers are Pyomo's sums of terms, to whoever reads them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.core.base.enums import SortComponents
from pyomo.core.expr.numeric_expr import LinearExpression, MonomialTermExpression
from pyomo.repn.linear import LinearRepnVisitor
from pyomo.repn.util import VarRecorder

from models.linear import index_of, weighted
from models.multiples import MultiplesExpression, collected
from models.terms import LinearReader, terms_of


@pytest.fixture
def model() -> pyo.ConcreteModel:
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(6))
    return model


def as_pyomo(model: pyo.ConcreteModel, amounts: list[tuple[int, float]]) -> Any:
    """What `weighted` makes, of Pyomo's own objects."""
    terms = [MonomialTermExpression((amount, model.x[i])) for i, amount in amounts if amount]
    if len(terms) < 2:
        return terms[0] if terms else 0
    return LinearExpression(terms)


def put_together(draw: np.random.Generator, sums: list[Any], model: pyo.ConcreteModel) -> Any:
    """Sums, variables and numbers, added, taken off and multiplied."""
    total: Any = 0.0
    for each in sums:
        kind = int(draw.integers(0, 6))
        if kind == 0:
            total += each
        elif kind == 1:
            total = each + total
        elif kind == 2:
            total -= each
        elif kind == 3:
            total += float(draw.normal()) * each
        elif kind == 4:
            total = model.x[int(draw.integers(0, 6))] - (total + each)
        else:
            total = float(draw.normal()) * model.x[1] + each + float(draw.normal()) - total
    return total


def test_they_are_read_as_pyomo_reads_its_own() -> None:
    """Proves: 600 random sums of sums have constants, variables, coefficients and their order as if each term were an
    object of Pyomo's, read here or by Pyomo. Broken: overlapping sums in another order, so other last digits."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(6))
    overlapping = 0
    for seed in range(600):
        draw = np.random.default_rng(seed)
        sums = [
            [(int(i), float(draw.choice([0.0, draw.normal(), 1e7 * draw.normal()]))) for i in draw.permutation(6)[:k]]
            for k in draw.integers(0, 6, size=int(draw.integers(1, 6)))
        ]
        state = draw.bit_generator.state
        ours = put_together(draw, [weighted(model.x, each) for each in sums], model)
        draw.bit_generator.state = state
        theirs = put_together(draw, [as_pyomo(model, each) for each in sums], model)
        constant, terms = terms_of(ours)
        expected = terms_of(theirs)
        assert (constant, [(v.name, c) for v, c in terms]) == (expected[0], [(v.name, c) for v, c in expected[1]])
        known: dict[int, Any] = {}
        visitor = LinearRepnVisitor({}, var_recorder=VarRecorder(known, SortComponents.ORDERED_INDICES))
        found = visitor.walk_expression(ours)
        assert [(known[i].name, float(c)) for i, c in found.linear.items()] == [(v.name, c) for v, c in terms]
        overlapping += len(terms) < sum(len([a for _, a in each if a]) for each in sums)
    assert overlapping > 200


def test_pyomo_values_and_counts_them(model: pyo.ConcreteModel) -> None:
    """Proves: 2 x0 + 3 x1 + x2 + 5 at x = 1, 10, 100 is 137 with four terms, and unchanged by what is added to it.
    Broken: 237, the added term standing in the first sum too."""
    for i in range(3):
        model.x[i] = 10.0**i
    total = weighted(model.x, [(0, 2.0), (1, 3.0)])
    assert isinstance(total, MultiplesExpression)
    longer = total + model.x[2] + 5.0
    assert (pyo.value(total), total.nargs()) == (32.0, 2)
    assert (pyo.value(longer), longer.nargs(), len(longer.args)) == (137.0, 4, 4)
    assert pyo.value(LinearExpression([model.x[2]]) + total) == 132.0


def test_a_variable_that_stands_there_twice_counts_twice(model: pyo.ConcreteModel) -> None:
    """Proves: 2 x0 + 3 x0 is 5 x0. Broken: 3 x0, one coefficient in the other's place."""
    assert terms_of(weighted(model.x, [(0, 2.0), (0, 3.0)])) == (0.0, [(model.x[0], 5.0)])


def test_what_was_read_is_the_same_sum(model: pyo.ConcreteModel) -> None:
    """Proves: 7 + 2 x0 - x3 put together from what was read is read as before, with its constant. Broken: 0."""
    reader = LinearReader((), others=True)
    constant, linear = reader.coefficients(7.0 + 2.0 * model.x[0] - model.x[3])
    again = collected(constant, [reader.known[i] for i in linear], linear)
    assert reader.coefficients(1.0 * again + 1.0) == (8.0, linear)
    assert reader.coefficients(collected(0.0, [model.x[0]], {id(model.x[0]): 2.0}))[0] == 0.0


def test_a_copy_of_a_model_has_its_own_variables(model: pyo.ConcreteModel) -> None:
    """Proves: of a copied model 2 x0 + 3 x1 has the copy's variables. Broken: those of the model that was copied."""
    model.row = pyo.Constraint(expr=weighted(model.x, [(0, 2.0), (1, 3.0)]) <= 4.0)
    copied = model.clone()
    constant, terms = terms_of(copied.row.body)
    assert (constant, [(id(v), c) for v, c in terms]) == (0.0, [(id(copied.x[0]), 2.0), (id(copied.x[1]), 3.0)])
    for i in range(2):
        copied.x[i] = 1.0
    assert pyo.value(copied.row.body) == 5.0


def test_entries_of_another_variable_have_other_places() -> None:
    """Proves: the places that are known of one variable are not those of the next at the same address. Broken: index
    0 of a variable that is gone."""
    for k in range(20):
        model = pyo.ConcreteModel()
        model.x = pyo.Var(range(k, k + 3))
        assert list(index_of(model.x).values()) == [k, k + 1, k + 2]
        assert index_of(model.x)[id(model.x[k + 1])] == k + 1
