"""Formulas for cells, each with what it gives: both are built in one step, so that the value kept with it is its own.

Not here: where cells stand (`grid`), and how they are written (`pen`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

TO_THE_DOLLAR = 6
"""Digits of a headroom or a difference in USD m: what is left of rounding would show as -0.0."""


@dataclass(frozen=True)
class Term:
    """An expression without its ``=``, and what it gives.

    ``fixed``: a number that depends on no cell. ``whole``: can stand beside any operator without brackets.
    """

    text: str
    value: float
    fixed: bool = False
    whole: bool = True

    def __add__(self, other: Term) -> Term:
        if self.fixed and self.value == 0:
            return other
        if other.fixed and other.value == 0:
            return self
        return Term(f"{self.text}+{other._kept}", self.value + other.value, self.fixed and other.fixed, False)

    def __sub__(self, other: Term) -> Term:
        if other.fixed and other.value == 0:
            return self
        if self.fixed and self.value == 0:
            return -other
        return Term(f"{self.text}-{other._kept}", self.value - other.value, self.fixed and other.fixed, False)

    def __mul__(self, other: Term) -> Term:
        if (self.fixed and self.value == 0) or (other.fixed and other.value == 0):
            return ZERO
        if other.fixed and other.value == 1:
            return self
        return Term(f"{self._kept}*{other._kept}", self.value * other.value, self.fixed and other.fixed, False)

    def __neg__(self) -> Term:
        if self.fixed:
            return number(-self.value)
        return Term(f"-{self._kept}", -self.value, False, False)

    @property
    def _kept(self) -> str:
        """The text as a part of something larger."""
        return self.text if self.whole else f"({self.text})"


def number(value: float) -> Term:
    """A number that stands for itself."""
    # Never a negative zero; a negative number needs brackets beside an operator.
    value = value + 0.0
    return Term(repr(value).removesuffix(".0").replace("e", "E"), value, True, value >= 0)


ZERO = number(0.0)


def summed(terms: Iterable[Term]) -> Term:
    """All of them added up, one after the other."""
    total = ZERO
    for term in terms:
        total = total + term
    return total


def sum_of(cells: Sequence[Term]) -> Term:
    """The sum of neighbouring cells, from the first to the last of them: ``SUM(E5:H5)``."""
    return Term(f"SUM({cells[0].text}:{cells[-1].text})", sum(cell.value for cell in cells))


def not_below_zero(term: Term) -> Term:
    """The term, or 0 where it is negative."""
    return Term(f"MAX(0,{term.text})", max(0.0, term.value))


def rounded(term: Term, digits: int) -> Term:
    """The term without what is left of rounding, halves away from 0 as Excel does it."""
    if term.fixed:
        return term
    value = Decimal(repr(term.value)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return Term(f"ROUND({term.text},{digits})", float(value) + 0.0)


def over(top: Term, bottom: Term, least: float = 0.0) -> Term:
    """A quotient, or 0 where the divisor is not above ``least``."""
    value = top.value / bottom.value if bottom.value > least else 0.0
    return Term(f"IF({bottom.text}>{number(least).text},{top._kept}/{bottom._kept},0)", value)
