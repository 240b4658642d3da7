"""Plans from the tree that proves: parts are split not in the order of their bounds, but of what plans in them promise.

A part loses some of its bound with every choice that is still to be made. So each choice that was made counts as a
credit: with a large one the way leads straight down, with none it is the order of the proof. The first way down tells
what a choice costs about; those after it count with a share of that, and go back where a choice cost far more. Nothing
is lost to the proof: all that is split is split for it, too.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable

import numpy as np

from optimizer.solve.bridge import FloatArray
from optimizer.solve.dive import FOLLOWING, FOLLOWING_A_SPLIT, Clock, Found, dive
from optimizer.solve.prove import TRIED, Part, Tree

SHARE = 0.8
"""Of what a choice cost on the best way so far: so much of it is a choice worth at first. Less goes over more parts
and finds better plans later, more the other way round."""

PATIENCE, LESS = 50, 0.75
"""After so many linear programs without a better plan a choice counts for so much of what it did."""

FEW = 2
"""How many splits are looked at before one is taken on the first way down."""

SURELY = 0.5
"""What follows from choices costs at least so much of the least that it cost so far, in all likelihood."""


class Plunge:
    """Ways down one tree. For one thread."""

    def __init__(self, tree: Tree, credit: float = np.inf) -> None:
        """``credit``: of each choice that is made, in what the program is in; infinite where nothing is known yet."""
        self.credit = credit
        self._tree, self._top = tree, tree.best_open
        self._looked_at: set[Part] = set()
        """Parts in which all choices are made and a plan was looked for."""
        self._followed = np.inf
        """The least that was lost so far by what follows from choices."""

    def next_plan(self, level: float, clock: Clock) -> Found | None:
        """A plan worth more than ``level``; None if the clock runs out before one, or there is none. Plans that come up
        as answers of linear programs are among them."""
        tree, better = self._tree, level
        best: Found | None = None

        def found(value: float, whole: FloatArray) -> None:
            nonlocal best, better
            if value > better:
                best, better = Found(value, whole), value

        last = tree.warm.solved + PATIENCE
        while best is None and not clock.is_over():
            if tree.warm.solved >= last and np.isfinite(self.credit):
                self.credit, last = LESS * self.credit, tree.warm.solved + PATIENCE
            part = self._next(level)
            if part is None:
                return None
            splits = tree.splitter.splits(part.values, part.values[tree.warm.whole], part.side)
            if tree.is_loose(part) or (splits and not tree.splitter.follows(splits[0])):
                tried = FEW if np.isinf(self.credit) else TRIED
                if not tree.split(part, level, found, clock.until, clock.stop, tried, self._then(level)):
                    return None
                if best is not None:
                    self._learn(best.value, part.depth + 1)
                continue
            self._looked_at.add(part)
            if np.isfinite(self._followed) and part.bound - SURELY * self._followed <= level:
                continue
            plan = dive(tree, part, clock.within(max(FOLLOWING, FOLLOWING_A_SPLIT * len(splits))), level)
            if plan is not None:
                found(plan.value, plan.whole)
                self._followed = min(self._followed, part.bound - plan.value)
                self._learn(part.bound, part.depth)
        return best

    def _next(self, level: float) -> Part | None:
        """The most promising open part in which a better plan may be."""
        best: Part | None = None
        for part in self._tree.open_parts:
            if part.bound > level and part not in self._looked_at and (best is None or self._is_before(part, best)):
                best = part
        return best

    def _then(self, level: float) -> Callable[[int], list[Part]]:
        """Names the parts that are likely to be next after this one. On the first way down that is nobody's guess."""

        def ones(count: int) -> list[Part]:
            open_parts = [part for part in self._tree.open_parts if part.bound > level and part not in self._looked_at]
            return heapq.nlargest(count, open_parts, key=self._promise)

        return ones if np.isfinite(self.credit) else lambda count: []

    def _promise(self, part: Part) -> float:
        return part.bound + self.credit * part.depth

    def _is_before(self, one: Part, other: Part) -> bool:
        if np.isinf(self.credit):
            return (one.depth, one.bound) > (other.depth, other.bound)
        return self._promise(one) > self._promise(other)

    def _learn(self, bound: float, depth: int) -> None:
        if depth > 0:
            self.credit = min(self.credit, SHARE * max(0.0, self._top - bound) / depth)
