"""Programs of a case at any rent of one offer, from two that were built.

Rents stand in a program in the first power only, so the program at a third rent is between those at two. A search for
the rent at which a plan is worth so much then builds two programs in place of twenty; what it finds is checked by
building one more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from optimizer.solve.bridge import FloatArray, StandardForm


@dataclass(frozen=True, eq=False)
class Rents:
    """Two programs with the same rows and columns at two rents, in $ per kW and month."""

    low: float
    high: float
    at_low: StandardForm
    at_high: StandardForm

    def at(self, rate: float) -> StandardForm:
        """The program at another rent."""
        share = (rate - self.low) / (self.high - self.low)
        one, other = self.at_low, self.at_high
        return replace(
            one,
            matrix=(one.matrix + share * (other.matrix - one.matrix)).tocsc(),
            costs=one.costs + share * (other.costs - one.costs),
            offset=one.offset + share * (other.offset - one.offset),
            column_lower=_between(one.column_lower, other.column_lower, share),
            column_upper=_between(one.column_upper, other.column_upper, share),
            row_lower=_between(one.row_lower, other.row_lower, share),
            row_upper=_between(one.row_upper, other.row_upper, share),
        )


def rents(low: tuple[float, StandardForm], high: tuple[float, StandardForm]) -> Rents | None:
    """Two programs at two rents; None if they differ in more than numbers."""
    (rate, one), (other_rate, other) = low, high
    names = one.column_names == other.column_names and one.row_names == other.row_names
    infinite = all(
        np.array_equal(np.isfinite(getattr(one, side)), np.isfinite(getattr(other, side)))
        for side in ("column_lower", "column_upper", "row_lower", "row_upper")
    )
    return Rents(rate, other_rate, one, other) if names and infinite and rate < other_rate else None


def _between(one: FloatArray, other: FloatArray, share: float) -> FloatArray:
    finite = np.isfinite(one)
    result = one.copy()
    result[finite] += share * (other[finite] - one[finite])
    return result
