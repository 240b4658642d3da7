"""A sum of multiples of variables, kept as the numbers that it is made of.

Pyomo keeps an object for each term. A model has a hundred thousand of them, and nobody looks at most: whoever reads the
sum (`models.terms`) wants coefficients by variable, which it is made from. To Pyomo it is the same sum: the objects are
made when Pyomo asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from pyomo.core.expr.numeric_expr import LinearExpression, MonomialTermExpression


class Multiples:
    """Coefficients of variables, no variable twice, none of them zero."""

    __slots__ = ("linear", "variables")

    def __init__(self, variables: Sequence[Any], linear: dict[int, float]) -> None:
        self.variables, self.linear = variables, linear
        """The variables, and the coefficient of each by its id, in the same order."""

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy of the model has other variables, so other ids.
        return _again, (self.variables, list(self.linear.values()))

    def terms(self) -> list[Any]:
        """One object of Pyomo's for each."""
        pairs = zip(self.linear.values(), self.variables, strict=True)
        return [MonomialTermExpression(pair) for pair in pairs]


def _again(variables: Sequence[Any], coefficients: Sequence[float]) -> Multiples:
    return Multiples(variables, dict(zip(map(id, variables), coefficients, strict=True)))


class MultiplesExpression(LinearExpression):
    """Pyomo's sum of terms, of which some stand together as `Multiples`; each of ``pieces`` is that or a term."""

    __slots__ = ("_made", "pieces")

    def __init__(self, pieces: Sequence[Any]) -> None:
        self.pieces = pieces
        self._made: list[Any] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return MultiplesExpression, (self.pieces,)

    def __deepcopy__(self, memo: dict[int, Any]) -> MultiplesExpression:
        return MultiplesExpression(deepcopy(self.pieces, memo))

    @property
    def _args_(self) -> list[Any]:
        made = self._made
        if made is None:
            made = self._made = []
            for piece in self.pieces:
                made += piece.terms() if piece.__class__ is Multiples else (piece,)
        return made

    @property
    def _nargs(self) -> int:
        return sum(len(piece.variables) if piece.__class__ is Multiples else 1 for piece in self.pieces)

    def nargs(self) -> int:
        """How many terms."""
        return self._nargs

    def _trunc_append(self, other: Any) -> MultiplesExpression:
        """Pyomo's way to add a term."""
        return MultiplesExpression([*self.pieces, other])

    def _trunc_extend(self, other: Any) -> MultiplesExpression:
        """Pyomo's way to add another sum of terms."""
        more = other.pieces if other.__class__ is MultiplesExpression else other.args
        return MultiplesExpression([*self.pieces, *more])


def multiples(variables: Sequence[Any], coefficients: Sequence[float]) -> Any:
    """The sum of two or more terms, with coefficients that are not zero."""
    linear = dict(zip(map(id, variables), coefficients, strict=True))
    if len(linear) < len(variables):  # one of them stands there twice
        return LinearExpression(list(map(MonomialTermExpression, zip(coefficients, variables, strict=True))))
    return MultiplesExpression((Multiples(variables, linear),))


def collected(constant: float, variables: Sequence[Any], linear: dict[int, float]) -> Any:
    """A constant and one or more terms, with coefficients by the ids of the variables."""
    terms = Multiples(variables, linear)
    return MultiplesExpression((constant, terms) if constant else (terms,))
