"""What a linear expression is made of: a constant, and variables with their coefficients.

Almost all are sums of numbers, variables and multiples of variables; these are read here, without Pyomo's visitor for
expressions of any kind, which takes several times as long. What else there is (parameters, products, named expressions)
is left to the visitor. Both add up in the same order, so that the same expression has the same last digits whichever of
them reads it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

from pyomo.common.numeric_types import native_numeric_types
from pyomo.core.base.enums import SortComponents
from pyomo.core.base.var import VarData
from pyomo.core.expr.numeric_expr import (
    LinearExpression,
    MonomialTermExpression,
    NegationExpression,
    ProductExpression,
    SumExpression,
)
from pyomo.repn.linear import LinearRepnVisitor
from pyomo.repn.util import VarRecorder

from models.multiples import Multiples, MultiplesExpression

Linear = dict[int, float]
"""Coefficients by the id of the variable."""


class _OtherKindError(Exception):
    """The expression holds something that only Pyomo's visitor reads."""


def terms_of(expression: Any) -> tuple[float, list[tuple[Any, float]]]:
    """Constant, and (variable, coefficient) of all that are not zero, in the order in which they are met. No variable
    may be fixed. Raises ValueError if the expression is not linear."""
    reader = LinearReader((), others=True)
    constant, linear = reader.coefficients(expression)
    return constant, [(reader.known[i], float(coefficient)) for i, coefficient in linear.items()]


class LinearReader:
    """Reads linear expressions over known variables; `known` are these by id, with others that were met added.

    Whether a variable is fixed makes no difference, unless it is not among those given. With ``others`` those that are
    met are read like them.
    """

    def __init__(self, variables: Iterable[Any], *, others: bool = False) -> None:
        self.known: dict[int, Any] = {id(v): v for v in variables}
        self._others = others

    @cached_property
    def _visitor(self) -> LinearRepnVisitor:
        return LinearRepnVisitor({}, var_recorder=VarRecorder(self.known, SortComponents.ORDERED_INDICES))

    def read(self, expression: Any) -> tuple[float, Linear] | None:
        """Constant and coefficients (none of them zero) of an expression; None if it is not linear."""
        try:
            multiple, constant, linear = self._part(expression)
        except _OtherKindError:
            found = self._visitor.walk_expression(expression)
            return None if found.nonlinear is not None else (found.constant, found.linear)
        if multiple == 1:
            return constant, linear if all(linear.values()) else {i: c for i, c in linear.items() if c}
        if not multiple:
            return 0, {}
        scaled = {i: multiple * c for i, c in linear.items()}
        return constant * multiple if constant else constant, {i: c for i, c in scaled.items() if c}

    def coefficients(self, expression: Any) -> tuple[float, Linear]:
        """As `read`. Raises ValueError if the expression is not linear."""
        found = self.read(expression)
        if found is None:
            raise ValueError(f"an expression is not linear: {expression}")
        return float(found[0]), found[1]

    def _part(self, node: Any) -> tuple[float, float, Linear]:
        """What a node is a multiple of: the multiple, constant and coefficients. A multiple of nothing is resolved."""
        kind = node.__class__
        if kind is MultiplesExpression:
            return (1, *self._sum(node.pieces))
        if kind is SumExpression or kind is LinearExpression:
            return (1, *self._sum(node.args))
        if kind is NegationExpression:
            multiple, constant, linear = self._part(node.args[0])
            return (-multiple, constant, linear) if linear else (1, -1 * constant, linear)
        if kind is ProductExpression:
            return self._product(*node.args)
        return (1, *self._sum((node,)))

    def _product(self, left: Any, right: Any) -> tuple[float, float, Linear]:
        if left.__class__ not in native_numeric_types:
            left, right = right, left
        if left.__class__ not in native_numeric_types:
            raise _OtherKindError
        multiple, constant, linear = self._part(right)
        return (multiple * left, constant, linear) if linear else (1, left * constant, linear)

    def _sum(self, terms: Iterable[Any]) -> tuple[float, Linear]:
        """Constant and coefficients of a sum."""
        known, numbers = self.known, native_numeric_types
        constant: float = 0
        linear: Linear = {}
        for term in terms:
            kind = term.__class__
            if kind is MonomialTermExpression:
                coefficient, variable = term._args_
                i = id(variable)
                if coefficient.__class__ not in numbers or not (i in known or self._meets(variable)):
                    raise _OtherKindError
                if i in linear:
                    linear[i] += coefficient
                elif coefficient:
                    linear[i] = coefficient
            elif kind is Multiples:
                if not (term.linear.keys() <= known.keys() or all(map(self._meets, term.variables))):
                    raise _OtherKindError
                if not linear:
                    linear = term.linear.copy()
                else:
                    _add(linear, 0, 1, 0, term.linear)
            elif kind in numbers:
                constant += term
            elif (i := id(term)) in known or self._meets(term):
                linear[i] = linear[i] + 1 if i in linear else 1
            elif kind in _NODES:
                constant = _add(linear, constant, *self._part(term))
            else:
                raise _OtherKindError
        return constant, linear

    def _meets(self, term: Any) -> bool:
        """Whether a term that is not known is a variable that is read like those that are; then it is one of them."""
        if not self._others or not isinstance(term, VarData):
            return False
        self.known[id(term)] = term
        return True


# Pyomo's reader looks kinds of sums up by their class.
LinearRepnVisitor.before_child_dispatcher[MultiplesExpression] = LinearRepnVisitor.before_child_dispatcher[
    LinearExpression
]

_NODES = {MultiplesExpression, SumExpression, LinearExpression, NegationExpression, ProductExpression}


def _add(linear: Linear, constant: float, multiple: float, more: float, others: Linear) -> float:
    """Add a multiple of (``more``, ``others``) to coefficients in place, and to the constant, which is returned."""
    if not multiple:
        return constant
    if multiple != 1:
        others = {i: multiple * coefficient for i, coefficient in others.items()}
    if linear.keys().isdisjoint(others):
        linear.update(others)
    else:
        for i, coefficient in others.items():
            linear[i] = linear[i] + coefficient if i in linear else coefficient
    if multiple == 1:
        return constant + more
    return constant + multiple * more if more else constant
