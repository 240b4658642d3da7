"""Where a search of a folded program is split: how many sites that are alike sign an offer, up to which date.

How many sign up to a date is a whole column, so every split is a bound of one column (cut ``one``). Where sites stand
for themselves, these splits come first, and then those of each site.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optimizer.solve.branching import CONTRACT, WHOLE, Cut, Side, Split, Splitter
from optimizer.solve.bridge import FloatArray
from optimizer.solve.folding import Fold

TOTAL_BASE, AREA = 0.02, 0.5
"""Weights of splits: what a split by the number that sign has at least, and what each date has on which a number that
is not whole has signed."""


class FoldedSplitter(Splitter):
    """Splits of a folded program; ``whole`` (k,) are the positions of its whole columns."""

    def __init__(self, fold: Fold, whole: np.ndarray) -> None:
        super().__init__(fold.program, whole)
        at = {int(j): i for i, j in enumerate(whole)}
        self._alike = fold.alike
        self._until = [np.array([at[j] for j in one.until], dtype=np.intp) for one in fold.alike]
        self._dates = [np.array([at[j] for j in one.choices], dtype=np.intp) for one in fold.alike]
        self._offer = {int(i): (a, t) for a, until in enumerate(self._until) for t, i in enumerate(until)}
        self._total = {at[one.total]: a for a, one in enumerate(fold.alike) if one.total >= 0}
        totals = np.array(sorted(self._total), dtype=np.intp)
        names = {int(i): fold.program.form.column_names[int(whole[i])].partition("[")[0] for i in self.single}
        self._contracts = np.array([i for i in self.single if names[int(i)] == CONTRACT], dtype=np.intp)
        self._first = np.union1d(totals, self._contracts).astype(np.intp)
        """What is chosen for all sites together, beside dates."""
        dates = np.concatenate([*self._until, *self._dates])
        self.chosen = np.union1d(self.chosen, np.union1d(self._first, dates)).astype(np.intp)
        self.single = np.setdiff1d(self.single, dates)
        follow = np.setdiff1d(self.single, self.chosen)
        self.kinds = [kind for kind in (np.intersect1d(kind, follow) for kind in self.kinds) if len(kind)]

    def splits(self, values: FloatArray, whole: FloatArray, side: Side) -> list[Split]:
        """As `Splitter.splits`: first how many sites sign what up to when, then each site, then what follows."""
        dates = list(self._of_dates(values, whole, side))
        found = [*dates, *self._of_singles(whole, side, self._first)]
        if not dates:
            found += [*self._of_groups(values, whole, side), *self._of_singles(whole, side, self.sizes)]
        if not found:
            found = list(self._of_singles(whole, side, self.single))
        return sorted(found, key=lambda split: (-split.weight, split.key))

    def sides(self, cut: Cut, side: Side) -> tuple[Side, Side]:
        """As `Splitter.sides`, with what a number of signatures says of those before and after it."""
        kind, index, at = cut
        one, other = super().sides(cut, side)
        if kind != "one":
            return one, other
        if index in self._offer:
            self._sign(*self._offer[index], at, one, other)
        elif index in self._total and self._alike[self._total[index]].least > 0:
            offer, least = self._total[index], self._alike[self._total[index]].least
            # So much is too little for more of them.
            self._at_most(offer, len(self._until[offer]) - 1, at // least, one)
            if at < least:
                one[1][index] = np.maximum(one[0][index], 0.0)
            other[0][index] = np.maximum(other[0][index], least)
            if at >= 0:
                last = self._until[offer][-1]
                other[0][last] = np.maximum(other[0][last], 1.0)
        return one, other

    def _sign(self, offer: int, date: int, at: int, one: Side, other: Side) -> None:
        """At most ``at`` sign up to a date, or more do."""
        self._at_most(offer, date, at, one)
        until, groups = self._until[offer], self._alike[offer].groups
        other[0][until[date:]] = np.maximum(other[0][until[date:]], at + 1)
        later = self._dates[offer][date + 1 :]
        other[1][later] = np.minimum(other[1][later], other[1][until[-1]] - (at + 1))
        if at + 1 == len(groups) and not len(self._dates[offer]):
            for group in groups:
                choices, signed, _, _ = self._groups[group]
                other[1][choices[date + 1 :]] = 0.0
                other[0][signed] = 1.0

    def _at_most(self, offer: int, date: int, at: int, side: Side) -> None:
        until, dates = self._until[offer][: date + 1], self._dates[offer][: date + 1]
        side[1][until] = np.minimum(side[1][until], at)
        side[1][dates] = np.minimum(side[1][dates], at)
        if at <= 0 and not len(self._dates[offer]):
            for group in self._alike[offer].groups:
                side[1][self._groups[group][0][: date + 1]] = 0.0

    def _of_dates(self, values: FloatArray, whole: FloatArray, side: Side) -> Iterator[Split]:
        for alike, until in zip(self._alike, self._until, strict=True):
            signed = whole[until]
            open_ = np.abs(signed - np.round(signed))
            if float(open_.max()) < WHOLE:
                continue
            size = max(float(values[list(alike.amounts)].sum()), 1e-3) / max(float(signed[-1]), 1.0)
            if open_[-1] >= WHOLE:
                yield self._split(until, len(until) - 1, whole, side, size * (float(open_[-1]) + TOTAL_BASE))
            if float(open_[:-1].max(initial=0.0)) >= WHOLE:
                most = np.flatnonzero(open_[:-1] >= open_[:-1].max() - WHOLE)
                weight = size * AREA * float(open_[:-1].sum()) + 1e-3
                yield self._split(until, int(most[len(most) // 2]), whole, side, weight)

    def _split(self, until: np.ndarray, date: int, whole: FloatArray, side: Side, weight: float) -> Split:
        place = int(until[date])
        floor = int(np.floor(whole[place]))
        cut = ("one", place, floor)
        return Split(cut, weight, self.sides(cut, side), int(whole[place] - floor > 0.5))
