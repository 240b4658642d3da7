"""What a linear expression is made of, read without Pyomo's reader."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.core.base.enums import SortComponents
from pyomo.core.expr.numeric_expr import LinearExpression, MonomialTermExpression
from pyomo.repn.linear import LinearRepnVisitor
from pyomo.repn.util import VarRecorder

from models.linear import weighted
from models.terms import terms_of


def drawn(model: pyo.ConcreteModel, draw: np.random.Generator, depth: int) -> Any:
    """A random linear expression of any shape."""
    kind = int(draw.integers(0, 6 if depth else 3))
    number = float(draw.choice([0.0, 1.0, -1.0, draw.normal(), draw.normal() * 1e7]))
    variable = model.x[int(draw.integers(0, 4))]
    if kind == 0:
        return number
    if kind == 1:
        return variable
    if kind == 2:
        return MonomialTermExpression((number, variable))
    parts = [drawn(model, draw, depth - 1) for _ in range(int(draw.integers(1, 5)))]
    if kind == 3:
        pairs = [(i, float(draw.normal())) for i in (0, 1, 0)]
        if draw.random() < 0.5:
            return weighted(model.x, pairs[: int(draw.integers(2, 4))])
        return LinearExpression([MonomialTermExpression((number, model.x[i])) for i, number in pairs])
    if kind == 4:
        return number * sum(parts)
    return -sum(parts) if draw.random() < 0.5 else sum(parts[1:], start=parts[0])


def test_terms_are_those_of_pyomo_to_the_last_digit() -> None:
    """Proves: 1500 random sums of multiples of sums have the constant, variables and coefficients that Pyomo's reader
    gives, in its order and to the last digit. Broken: a coefficient that is off, or a variable too many."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(4))
    draw = np.random.default_rng(5)
    several = 0
    for _ in range(1500):
        expression = drawn(model, draw, 4)
        constant, terms = terms_of(expression)
        known: dict[int, Any] = {}
        visitor = LinearRepnVisitor({}, var_recorder=VarRecorder(known, SortComponents.ORDERED_INDICES))
        theirs = visitor.walk_expression(expression)
        expected = [(known[i].name, float(c)) for i, c in theirs.linear.items()]
        assert [(v.name, c) for v, c in terms] == expected
        assert constant == theirs.constant
        several += len(expected) > 2
    assert several > 100


def test_parts_of_another_kind_are_read_too() -> None:
    """Proves: 3 (x + p) / 2 with a parameter p = 4 is 6 and 1.5 x. Broken: an error."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var()
    model.p = pyo.Param(initialize=4.0, mutable=True)
    constant, terms = terms_of(3 * (model.x + model.p) / 2)
    assert constant == 6
    assert terms == [(model.x, 1.5)]
    model.y = pyo.Var(range(2))
    constant, terms = terms_of(model.p * weighted(model.y, [(0, 1.5), (1, 2.0)]) + 1)
    assert (constant, terms) == (1, [(model.y[0], 6.0), (model.y[1], 8.0)])
    assert terms_of(model.x) == (0, [(model.x, 1)])
    assert terms_of(7) == (7, [])
    assert terms_of(0.0 * model.x) == (0, [])


def test_a_product_of_variables_is_no_sum_of_terms() -> None:
    """Proves: 2 x + x x is refused. Broken: 2 x, the rest left out, and ranges of tax that are too narrow."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var()
    with pytest.raises(ValueError, match="not linear"):
        terms_of(2 * model.x + model.x * model.x)
