"""A plan where all choices are made: what follows from them (is a loan drawn, is there a profit) by a dive.

A dive takes the heaviest split again and again and goes to its better side; where that holds nothing it goes back to
the last side that was left. What may be had for nothing is settled at once, all of a kind together.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from optimizer.solve.branching import WHOLE, Side, Split
from optimizer.solve.bridge import FloatArray
from optimizer.solve.prove import Part, Tree

FOLLOWING, FOLLOWING_A_SPLIT = 60, 4
"""Linear programs for what follows from the choices of one way down, or so many for each thing that is open, if that is
more: two are needed for each, and for those that open on the way."""

FOR_NOTHING = 1e-5
"""Relative: what costs less than this costs nothing."""


@dataclass(frozen=True, eq=False)
class Found:
    """A plan: whole columns (k,) in the order of ``WarmProgram.whole``, and its price in the compact program."""

    value: float
    whole: FloatArray


class Clock:
    """Whether there is time left: in linear programs, so that runs are equal, and in seconds, where time is limited."""

    def __init__(self, tree: Tree, programs: int, until: float = np.inf, stop: threading.Event | None = None) -> None:
        self._tree, self.until, self.stop = tree, until, stop
        self._last = tree.warm.solved + programs

    def is_over(self) -> bool:
        stopped = self.stop is not None and self.stop.is_set()
        return self._tree.warm.solved >= self._last or time.perf_counter() > self.until or stopped

    def within(self, programs: int) -> Clock:
        """One that is over after so many programs from now, or with this one."""
        left = max(0, self._last - self._tree.warm.solved)
        return Clock(self._tree, min(programs, left), self.until, self.stop)


def dive(tree: Tree, part: Part, clock: Clock, floor: float = -np.inf) -> Found | None:
    """A plan within ``part`` that is worth more than ``floor``; None if the clock runs out before one, or there is
    none. Where the better side of a split holds nothing, the way goes back to the last side that was left."""
    limit = floor if np.isfinite(floor) else None
    left: list[Part | Later] = [part]
    eased = False
    while left:
        one = left.pop()
        looked_at = one if isinstance(one, Part) else _looked_at(tree, one, limit)
        if looked_at is None:
            continue
        part = looked_at
        splits = tree.splitter.splits(part.values, part.values[tree.warm.whole], part.side)
        if splits and not eased and tree.splitter.follows(splits[0]):
            part, eased = _eased(tree, part, limit), True
            splits = tree.splitter.splits(part.values, part.values[tree.warm.whole], part.side)
        if not splits:
            return Found(part.bound, np.round(part.values[tree.warm.whole]))
        if clock.is_over():
            return None
        left += _ways_on(tree, part, splits[0], limit)
    return None


@dataclass(frozen=True, eq=False)
class Later:
    """A side that was not looked at yet, and the basis of the part that it is of."""

    side: Side
    basis: Any


def _ways_on(tree: Tree, part: Part, split: Split, limit: float | None) -> list[Part | Later]:
    """The sides of a split that hold something, the better one last. The side to which the linear program leans is
    looked at alone where it costs nothing."""
    likely, other = split.sides[split.likely], split.sides[1 - split.likely]
    tree.warm.expect(*other, limit, part.basis)
    first = _looked_at(tree, Later(likely, part.basis), limit)
    if first is not None and part.bound - first.bound <= FOR_NOTHING * abs(part.bound):
        return [Later(other, part.basis), first]
    second = _looked_at(tree, Later(other, part.basis), limit)
    return [*sorted((each for each in (first, second) if each is not None), key=lambda each: each.bound)]


def _looked_at(tree: Tree, later: Later, limit: float | None) -> Part | None:
    answer = tree.warm.bound(*later.side, floor=limit, basis=later.basis)
    return Part(later.side, answer.objective, answer.values, basis=answer.basis) if answer.values is not None else None


def _eased(tree: Tree, part: Part, limit: float | None) -> Part:
    """The part with what follows from the choices rounded up, all columns of a kind at once, where that is for nothing:
    that a year has a profit, or that a contract is signed of which enough is taken."""
    for places in tree.splitter.kinds:
        whole = part.values[tree.warm.whole][places]
        if (np.abs(whole - np.round(whole)) > WHOLE).sum() < 2:
            continue
        lower = part.side[0].copy()
        lower[places] = np.maximum(lower[places], np.minimum(np.ceil(whole - WHOLE), part.side[1][places]))
        # What costs something is not taken: HiGHS need not know how much, nor whether it is possible.
        least = part.bound - FOR_NOTHING * abs(part.bound)
        answer = tree.warm.bound(lower, part.side[1], least if limit is None else max(limit, least), part.basis)
        if answer.values is not None:
            part = Part((lower, part.side[1]), answer.objective, answer.values, basis=answer.basis)
    return part
