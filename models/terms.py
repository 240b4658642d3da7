"""What a linear expression is made of: a constant, and variables with their coefficients.

Pyomo's own reader takes several times as long; what has other parts than sums, multiples and variables is left to it.
Both add up in the same order, so that a number that is made of coefficients has the same last digits.
"""

from __future__ import annotations

from typing import Any

from pyomo.common.numeric_types import native_numeric_types
from pyomo.core.base.var import VarData
from pyomo.core.expr.numeric_expr import (
    LinearExpression,
    MonomialTermExpression,
    NegationExpression,
    ProductExpression,
    SumExpression,
)
from pyomo.repn import generate_standard_repn

Linear = dict[int, float]
"""Coefficients by the id of the variable."""


class _OtherKindError(Exception):
    """The expression has a part of another kind."""


def terms_of(expression: Any) -> tuple[float, list[tuple[Any, float]]]:
    """Constant, and (variable, coefficient) of all that are not zero, in the order in which they are met. No variable
    may be fixed."""
    variables: dict[int, Any] = {}
    try:
        constant, linear = _read(expression, 1.0, variables)
    except _OtherKindError:
        repn = generate_standard_repn(expression)
        found = zip(repn.linear_vars, repn.linear_coefs, strict=True)
        return float(repn.constant), [(variable, float(coefficient)) for variable, coefficient in found]
    return float(constant), [(variables[i], float(c)) for i, c in linear.items() if c]


def _read(node: Any, multiple: float, variables: dict[int, Any]) -> tuple[float, Linear]:
    """Constant and coefficients of a multiple of an expression; ``variables`` gains those that are met."""
    kind = node.__class__
    if kind is SumExpression:
        return _sum(node.args, multiple, variables)
    if kind is LinearExpression:
        constant, linear = _sum(node.args, multiple, variables, whole=True)
        return multiple * constant, linear
    if kind is NegationExpression:
        return _read(node.args[0], -multiple, variables)
    if kind is ProductExpression:
        left, right = node.args
        if left.__class__ not in native_numeric_types:
            left, right = right, left
        if left.__class__ not in native_numeric_types:
            raise _OtherKindError
        return _read(right, multiple * left, variables) if left else (0.0, {})
    return _sum((node,), multiple, variables)


def _sum(terms: Any, multiple: float, variables: dict[int, Any], *, whole: bool = False) -> tuple[float, Linear]:
    """Of a sum. With ``whole`` the constant is left to be multiplied, and a zero counts as a variable's first."""
    constant, linear = 0.0, Linear()
    for term in terms:
        kind = term.__class__
        if kind is MonomialTermExpression:
            coefficient, variable = term.args
            if coefficient.__class__ not in native_numeric_types:
                raise _OtherKindError
            if coefficient or whole:
                _add(variable, multiple * coefficient, linear, variables)
        elif kind in native_numeric_types:
            constant += term if whole else multiple * term
        elif isinstance(term, VarData):
            _add(term, multiple, linear, variables)
        elif kind in _NODES:
            more, others = _read(term, multiple, variables)
            constant += more
            for i, coefficient in others.items():
                linear[i] = linear.get(i, 0) + coefficient
        else:
            raise _OtherKindError
    return constant, {i: c for i, c in linear.items() if c} if not all(linear.values()) else linear


def _add(variable: Any, amount: float, linear: Linear, variables: dict[int, Any]) -> None:
    i = id(variable)
    if i in linear:
        linear[i] += amount
    else:
        linear[i] = amount
        variables[i] = variable


_NODES = {SumExpression, LinearExpression, NegationExpression, ProductExpression}
