"""Where a search of plans is split in two: dates before and after, signed or not, more or fewer halls.

A split says how much it is expected to tell: what was learnt from earlier ones of its kind, or how far the answer of
the linear program is from a plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from optimizer.instance.whole_plan import Scores
from optimizer.solve.bridge import FloatArray
from optimizer.solve.compact import Compact

WHOLE = 1e-6
"""Nearer to a whole number than this is one."""

SCORE_DECIMALS = 3
"""Of what is told to other searches: it is the logarithm of millions."""

CONTRACT = "sign_contract"
"""Of a contract, whether it is signed."""

Side = tuple[FloatArray, FloatArray]
"""(k,) lower and upper bounds of the whole columns."""


Cut = tuple[str, int, int]
"""How choices are split in two, without numbers of any instance: ``signed`` or not of a group; ``date`` up to so many
of a group's, or later; ``one`` whole column up to a number, or above it."""


@dataclass(frozen=True, eq=False)
class Split:
    """Two parts in one of which every plan lies. ``weight``: how much is undecided, for a first guess; ``likely``: the
    side to which the answer of the linear program leans."""

    cut: Cut
    weight: float
    sides: tuple[Side, Side]
    likely: int = 0

    @property
    def key(self) -> tuple[str, int]:
        """Of all splits of a kind."""
        return self.cut[:2]


@dataclass
class Memory:
    """What splits have told so far: mean of the logarithm of the product of both sides' losses."""

    seen: dict[tuple[str, int], tuple[int, float]] = field(default_factory=dict)

    @staticmethod
    def of(scores: Scores) -> Memory:
        """With what another search knew, as if it had been seen once."""
        return Memory({(kind, index): (1, score) for kind, index, score in scores})

    def learn(self, split: Split, losses: tuple[float, float]) -> float:
        """Keep and return the score of a split: the product of what each side lost."""
        score = float(np.log(max(losses[0], 1e-3)) + np.log(max(losses[1], 1e-3)))
        count, mean = self.seen.get(split.key, (0, 0.0))
        self.seen[split.key] = (count + 1, mean + (score - mean) / (count + 1))
        return score

    def count(self, split: Split) -> int:
        """How often a split of this kind was tried."""
        return self.seen.get(split.key, (0, 0.0))[0]

    @property
    def scores(self) -> Scores:
        """What it knows, for a search elsewhere."""
        return tuple((kind, index, round(mean, SCORE_DECIMALS)) for (kind, index), (_, mean) in self.seen.items())

    def guess(self, split: Split) -> float:
        """The score that splits of its kind had so far."""
        return self.seen[split.key][1]


class Splitter:
    """Splits of a compact program; ``whole`` (k,) are the positions of its whole columns."""

    def __init__(self, program: Compact, whole: np.ndarray) -> None:
        at = {int(j): i for i, j in enumerate(whole)}
        self._count = len(whole)
        self._groups = [
            (
                np.array([at[j] for j in group.choices]),
                at[group.signed],
                [at[j] for j in group.sizes],
                np.array(group.amounts),
            )
            for group in program.groups
        ]
        self._least = {at[j]: (g, group.least) for g, group in enumerate(program.groups) for j in group.sizes}
        """For each size its group, and how much is taken at least where one of its choices is."""
        inside = {int(i) for choices, _, _, _ in self._groups for i in choices}
        inside |= {signed for _, signed, _, _ in self._groups}
        self.sizes = np.array(sorted({i for _, _, sizes, _ in self._groups for i in sizes}), dtype=np.intp)
        self.single = np.array([i for i in range(len(whole)) if i not in inside], dtype=np.intp)
        """Places of whole columns that are no choice of a group."""
        names = {int(i): program.form.column_names[int(whole[i])].partition("[")[0] for i in self.single}
        self.chosen = np.union1d(self.sizes, [i for i, name in names.items() if name == CONTRACT]).astype(np.intp)
        """Places of those that are choices themselves: sizes, and whether a contract is signed."""
        rest = [int(i) for i in self.single if i not in set(self.chosen.tolist())]
        self.kinds = [
            np.array([i for i in rest if names[i] == name], dtype=np.intp)
            for name in dict.fromkeys(names[i] for i in rest)
        ]
        """What follows from choices, by what it is."""

    def splits(self, values: FloatArray, whole: FloatArray, side: Side) -> list[Split]:
        """All splits that this answer of a linear program asks for, the weightiest first; none if it is a plan.

        ``values`` (n,) are all columns, ``whole`` (k,) the whole ones of them.
        """
        found = [*self._of_groups(values, whole, side), *self._of_singles(whole, side, self.chosen)]
        if not found:
            # What follows from choices is split once these are made: else every such part has all of their parts in it.
            found = list(self._of_singles(whole, side, self.single))
        return sorted(found, key=lambda split: (-split.weight, split.key))

    def follows(self, split: Split) -> bool:
        """Whether a split is of what follows from the choices: all of these are made."""
        return split.cut[0] == "one" and split.cut[1] not in self.chosen

    def fits(self, cut: Cut) -> bool:
        """Whether a cut that was made in another instance can be made here."""
        kind, index, at = cut
        if kind == "one":
            return 0 <= index < self._count
        known = 0 <= index < len(self._groups)
        return known and (kind == "signed" or (kind == "date" and 0 <= at < len(self._groups[index][0]) - 1))

    def sides(self, cut: Cut, side: Side) -> tuple[Side, Side]:
        """The two parts into which a cut splits a part; every plan of it lies in one of them."""
        kind, index, at = cut
        one, other = _copy(side), _copy(side)
        if kind == "one":
            one[1][index] = np.minimum(one[1][index], at)
            other[0][index] = np.maximum(other[0][index], at + 1)
            if index in self._least:
                self._size(index, at, one, other)
            return one, other
        choices, signed, sizes, _ = self._groups[index]
        if kind == "signed":
            one[1][choices] = one[1][signed] = 0.0
            one[1][sizes] = np.maximum(one[0][sizes], 0.0)
            other[0][signed] = 1.0
        else:
            one[1][choices[at + 1 :]] = 0.0
            other[1][choices[: at + 1]] = 0.0
        return one, other

    def beside(self, whole: FloatArray, side: Side) -> Cut | None:
        """A cut with a plan (k,) on one side, and other plans on both: first of what the plan takes. None if it is the
        only one there is."""
        plan = np.round(whole)
        free = np.flatnonzero(side[1] - side[0] > 0.5)
        taken = free[plan[free] > side[0][free]]
        if len(taken):
            return "one", int(taken[0]), int(plan[taken[0]]) - 1
        return ("one", int(free[0]), int(plan[free[0]])) if len(free) else None

    def _size(self, index: int, at: int, one: Side, other: Side) -> None:
        """Less than the least that may be taken is nothing, and something is taken only where a choice is: a linear
        program would take half of a choice instead."""
        group, least = self._least[index]
        choices, signed, _, _ = self._groups[group]
        if at < least:
            one[1][index] = np.maximum(one[0][index], 0.0)
            one[1][choices] = one[1][signed] = 0.0
        other[0][index] = np.maximum(other[0][index], least)
        if at >= 0:
            other[0][signed] = 1.0

    def _of_groups(self, values: FloatArray, whole: FloatArray, side: Side) -> Iterator[Split]:
        for g, (choices, _, _, amounts) in enumerate(self._groups):
            shares = whole[choices]
            total = float(shares.sum())
            if total < WHOLE or float(np.abs(shares - np.round(shares)).max()) < WHOLE:
                continue
            size = max(float(values[amounts].sum()), 1e-3)
            if WHOLE < total < 1 - WHOLE:
                apart = self.sides(("signed", g, 0), side)
                yield Split(("signed", g, 0), size * (min(total, 1 - total) + 0.02), apart, int(total > 0.5))
            used = np.flatnonzero(shares > WHOLE)
            if len(used) > 1:
                cut = int(np.searchsorted(np.cumsum(shares), total / 2))
                cut = min(max(cut, int(used[0])), int(used[-1]) - 1)
                apart = self.sides(("date", g, cut), side)
                before = float(shares[: cut + 1].sum()) / total
                order = np.arange(len(shares))
                mean = float(order @ shares) / total
                spread = float(np.sqrt(((order - mean) ** 2) @ shares / total))
                weight = size * spread * min(before, 1 - before) * total + 1e-3
                yield Split(("date", g, cut), weight, apart, int(before < 0.5))

    def _of_singles(self, whole: FloatArray, side: Side, places: np.ndarray) -> Iterator[Split]:
        part = whole[places] - np.floor(whole[places])
        for place in places[np.minimum(part, 1 - part) > WHOLE].tolist():
            floor = int(np.floor(whole[place]))
            rest = float(whole[place] - floor)
            cut = ("one", place, floor)
            yield Split(cut, 2.0 * min(rest, 1 - rest), self.sides(cut, side), int(rest > 0.5))


def _copy(side: Side) -> Side:
    return side[0].copy(), side[1].copy()
