"""Where a search of plans is split in two: dates before and after, signed or not, more or fewer halls.

A split says how much it is expected to tell: what was learnt from earlier ones of its kind, or how far the answer of
the linear program is from a plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from optimizer.solve.bridge import FloatArray
from optimizer.solve.compact import Compact

WHOLE = 1e-6
"""Nearer to a whole number than this is one."""

Side = tuple[FloatArray, FloatArray]
"""(k,) lower and upper bounds of the whole columns."""


@dataclass(frozen=True, eq=False)
class Split:
    """Two parts in one of which every plan lies. ``weight``: how much is undecided, for a first guess."""

    key: tuple[str, int]
    weight: float
    sides: tuple[Side, Side]


@dataclass
class Memory:
    """What splits have told so far: mean of the logarithm of the product of both sides' losses."""

    seen: dict[tuple[str, int], tuple[int, float]] = field(default_factory=dict)

    def learn(self, split: Split, losses: tuple[float, float]) -> float:
        """Keep and return the score of a split: the product of what each side lost."""
        score = float(np.log(max(losses[0], 1e-3)) + np.log(max(losses[1], 1e-3)))
        count, mean = self.seen.get(split.key, (0, 0.0))
        self.seen[split.key] = (count + 1, mean + (score - mean) / (count + 1))
        return score

    def count(self, split: Split) -> int:
        """How often a split of this kind was tried."""
        return self.seen.get(split.key, (0, 0.0))[0]

    def guess(self, split: Split) -> float:
        """The score that splits of its kind had so far."""
        return self.seen[split.key][1]


class Splitter:
    """Splits of a compact program; ``whole`` (k,) are the positions of its whole columns."""

    def __init__(self, program: Compact, whole: np.ndarray) -> None:
        at = {int(j): i for i, j in enumerate(whole)}
        self._groups = [
            (
                np.array([at[j] for j in group.choices]),
                at[group.signed],
                [at[j] for j in group.sizes],
                np.array(group.amounts),
            )
            for group in program.groups
        ]
        inside = {int(i) for choices, _, _, _ in self._groups for i in choices}
        inside |= {signed for _, signed, _, _ in self._groups}
        self._sizes = {i for _, _, sizes, _ in self._groups for i in sizes}
        self.single = np.array([i for i in range(len(whole)) if i not in inside], dtype=np.intp)
        """Places of whole columns that are no choice of a group."""

    def splits(self, values: FloatArray, whole: FloatArray, side: Side) -> list[Split]:
        """All splits that this answer of a linear program asks for, the weightiest first; none if it is a plan.

        ``values`` (n,) are all columns, ``whole`` (k,) the whole ones of them.
        """
        found = [*self._of_groups(values, whole, side), *self._of_singles(whole, side)]
        return sorted(found, key=lambda split: (-split.weight, split.key))

    def _of_groups(self, values: FloatArray, whole: FloatArray, side: Side) -> Iterator[Split]:
        for g, (choices, signed, sizes, amounts) in enumerate(self._groups):
            shares = whole[choices]
            total = float(shares.sum())
            if total < WHOLE or float(np.abs(shares - np.round(shares)).max()) < WHOLE:
                continue
            size = max(float(values[amounts].sum()), 1e-3)
            if WHOLE < total < 1 - WHOLE:
                never, once = _copy(side), _copy(side)
                never[1][choices] = never[1][signed] = 0.0
                never[1][sizes] = np.maximum(never[0][sizes], 0.0)
                once[0][signed] = 1.0
                yield Split(("signed", g), size * (min(total, 1 - total) + 0.02), (never, once))
            used = np.flatnonzero(shares > WHOLE)
            if len(used) > 1:
                cut = int(np.searchsorted(np.cumsum(shares), total / 2))
                cut = min(max(cut, int(used[0])), int(used[-1]) - 1)
                early, late = _copy(side), _copy(side)
                early[1][choices[cut + 1 :]] = 0.0
                late[1][choices[: cut + 1]] = 0.0
                before = float(shares[: cut + 1].sum()) / total
                order = np.arange(len(shares))
                mean = float(order @ shares) / total
                spread = float(np.sqrt(((order - mean) ** 2) @ shares / total))
                yield Split(("date", g), size * spread * min(before, 1 - before) * total + 1e-3, (early, late))

    def _of_singles(self, whole: FloatArray, side: Side) -> Iterator[Split]:
        part = whole[self.single] - np.floor(whole[self.single])
        for place in self.single[np.minimum(part, 1 - part) > WHOLE].tolist():
            less, more = _copy(side), _copy(side)
            less[1][place] = np.floor(whole[place])
            more[0][place] = np.ceil(whole[place])
            rest = float(whole[place] - np.floor(whole[place]))
            factor = 2.0 if place in self._sizes else 0.2
            yield Split(("one", place), factor * min(rest, 1 - rest), (less, more))


def _copy(side: Side) -> Side:
    return side[0].copy(), side[1].copy()
