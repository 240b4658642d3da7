"""Good plans in seconds: dives through linear programs, and small moves from what they find.

A dive takes the heaviest split again and again and goes to its better side. From the plan at its end dates are moved,
sizes changed, choices dropped, taken or exchanged, as long as that is worth more; each move is one warm linear program
in which what follows from the choices (is a loan drawn, is there a profit) is left open. One start misses the best
plan now and then, so there are several, each with splits in another order.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from optimizer.solve.branching import WHOLE, Side, Split
from optimizer.solve.bridge import FloatArray
from optimizer.solve.compact import Compact
from optimizer.solve.prove import Part, Tree

GAIN = 1e-7
"""Relative: a move is one only if it is worth so much more."""

STEPS = (1, -1, 2, -2, 3, -3, 6, -6)
"""By how many dates a choice is moved."""

AROUND, SPARE = 4, 2
"""How many dates around those of a plan are near to it, and how many things that it does not take are looked at."""


@dataclass(frozen=True, eq=False)
class Found:
    """A plan: whole columns (k,) in the order of ``WarmProgram.whole``, and its price in the compact program."""

    value: float
    whole: FloatArray


class Clock:
    """Whether there is time left: in linear programs, so that runs are equal, and in seconds, where time is limited."""

    def __init__(self, tree: Tree, programs: int, until: float = np.inf, stop: threading.Event | None = None) -> None:
        self._tree, self._until, self._stop = tree, until, stop
        self._last = tree.warm.solved + programs

    def is_over(self) -> bool:
        stopped = self._stop is not None and self._stop.is_set()
        return self._tree.warm.solved >= self._last or time.perf_counter() > self._until or stopped


def dive(tree: Tree, part: Part, clock: Clock, floor: float = -np.inf, seed: int = 0) -> Found | None:
    """A plan within ``part`` that is worth more than ``floor``; None if the clock runs out before one, or there is
    none. Where the better side of a split holds nothing, the way goes back to the last side that was left."""
    draw = np.random.default_rng(seed)
    limit = floor if np.isfinite(floor) else None
    left = [part]
    while left:
        part = left.pop()
        splits = tree.splitter.splits(part.values, part.values[tree.warm.whole], part.side)
        if not splits:
            return Found(part.bound, np.round(part.values[tree.warm.whole]))
        if clock.is_over():
            return None
        split = splits[0] if seed == 0 else _drawn(splits, draw)
        sides = [(side, tree.warm.bound(*side, floor=limit)) for side in split.sides]
        sides.sort(key=lambda each: each[1].objective)
        left += [Part(side, answer.objective, answer.values) for side, answer in sides if answer.values is not None]
    return None


def _drawn(splits: list[Split], draw: np.random.Generator) -> Split:
    return max(splits[:6], key=lambda split: split.weight * draw.random())


class Moves:
    """Small changes of a plan's choices: groups of dates and their sizes."""

    def __init__(self, program: Compact, tree: Tree) -> None:
        at = {int(j): i for i, j in enumerate(tree.warm.whole)}
        self._tree = tree
        self._groups = [
            (np.array([at[j] for j in g.choices]), at[g.signed], [at[j] for j in g.sizes]) for g in program.groups
        ]
        self._fixed = np.array(
            sorted({int(i) for c, s, sizes in self._groups for i in [*c.tolist(), s, *sizes]}), dtype=np.intp
        )

    def improve(self, found: Found, clock: Clock) -> Found:
        """The plan, or a better one that no single move makes better still."""
        seen: set[bytes] = set()
        better = True
        while better and not clock.is_over():
            better = False
            for plan in self._neighbours(found.whole):
                key = plan[self._fixed].tobytes()
                if key in seen or clock.is_over():
                    continue
                seen.add(key)
                other = self.settle(plan, clock, found.value + GAIN * max(1.0, abs(found.value)))
                if other is not None:
                    found, better = other, True
                    break
        return found

    def near(self, plan: FloatArray, turn: int) -> Side:
        """The choices around a plan: what it takes a few dates earlier or later or not at all, in any size, and one or
        two of the things that it does not take, in turn."""
        lower, upper = self._tree.everything[0].copy(), self._tree.everything[1].copy()
        spare = [g for g, (_, signed, _) in enumerate(self._groups) if plan[signed] < 0.5]
        free = {spare[(turn + k) % len(spare)] for k in range(min(SPARE, len(spare)))}
        for g, (choices, signed, _) in enumerate(self._groups):
            if plan[signed] > 0.5:
                date = int(np.argmax(plan[choices]))
                far = np.abs(np.arange(len(choices)) - date) > AROUND
                upper[choices[far]] = np.minimum(upper[choices[far]], lower[choices[far]])
            elif g not in free:
                upper[choices] = np.minimum(upper[choices], lower[choices])
        return lower, upper

    def completed(self, plan: FloatArray) -> FloatArray:
        """The plan with each group's ``signed`` as its choices say."""
        other = plan.copy()
        for choices, signed, _ in self._groups:
            other[signed] = float(plan[choices].sum() > 0.5)
        return other

    def settle(self, plan: FloatArray, clock: Clock, floor: float) -> Found | None:
        """The choices of ``plan`` with all other whole columns decided anew; None if not worth more than ``floor``."""
        lower, upper = self._tree.everything[0].copy(), self._tree.everything[1].copy()
        lower[self._fixed] = np.maximum(lower[self._fixed], plan[self._fixed])
        upper[self._fixed] = np.minimum(upper[self._fixed], plan[self._fixed])
        answer = self._tree.warm.bound(lower, upper, floor=floor if np.isfinite(floor) else None)
        if answer.values is None or answer.objective <= floor:
            return None
        whole = answer.values[self._tree.warm.whole]
        if np.abs(whole - np.round(whole)).max(initial=0.0) < WHOLE:
            return Found(answer.objective, np.round(whole))
        return dive(self._tree, Part((lower, upper), answer.objective, answer.values), clock, floor)

    def _neighbours(self, plan: FloatArray) -> Iterator[FloatArray]:
        taken = [int(np.argmax(plan[c])) if plan[c].sum() > 0.5 else None for c, _, _ in self._groups]
        signed = [g for g, date in enumerate(taken) if date is not None]
        for step, g in itertools.product(STEPS, signed):
            yield from self._with(plan, {g: taken[g] + step})  # type: ignore[operator]
        for change, g in itertools.product((1, -1, 2, -2), signed):
            yield from self._with(plan, {g: taken[g]}, {g: change})
        for g, other in itertools.permutations(signed, 2):
            yield from self._with(plan, {g: taken[g] + 1, other: taken[other] - 1})  # type: ignore[operator]
            yield from self._with(plan, {g: taken[g], other: taken[other]}, {g: 1, other: -1})
            if g < other:
                yield from self._with(plan, {g: taken[other], other: taken[g]})
        for g in signed:
            yield from self._with(plan, {g: None})
            for other in range(len(taken)):
                if taken[other] is None:
                    yield from self._exchange(plan, g, other, taken[g])
        for other in range(len(taken)):
            if taken[other] is None:
                yield from self._insert(plan, other)

    def _exchange(self, plan: FloatArray, gone: int, new: int, date: int | None) -> Iterator[FloatArray]:
        """One choice in the place of another, at the same date and about the same size."""
        sizes = self._groups[gone][2]
        size = plan[sizes[0]] if sizes else 0.0
        for step in (0, 2, -2):
            if date is not None:
                yield from self._with(plan, {gone: None, new: date + step}, start={new: size})

    def _insert(self, plan: FloatArray, group: int) -> Iterator[FloatArray]:
        choices, _, sizes = self._groups[group]
        most = self._tree.everything[1][sizes[0]] if sizes else 1.0
        for date in range(0, len(choices), 3):
            for size in sorted({1.0, 2.0, most}) if sizes else (1.0,):
                yield from self._with(plan, {group: date}, start={group: size})

    def _with(
        self,
        plan: FloatArray,
        dates: dict[int, int | None],
        changes: dict[int, int] | None = None,
        start: dict[int, float] | None = None,
    ) -> Iterator[FloatArray]:
        """The plan with other dates, sizes changed by so many, or beginning at so many; nothing if that cannot be."""
        other = plan.copy()
        for g, date in dates.items():
            choices, signed, sizes = self._groups[g]
            if date is not None and not 0 <= date < len(choices):
                return
            other[choices] = 0.0
            other[signed] = 0.0 if date is None else 1.0
            if date is not None:
                other[choices[date]] = 1.0
            for i in sizes:
                base = (start or {}).get(g, other[i])
                other[i] = 0.0 if date is None else base + (changes or {}).get(g, 0)
        low, high = (bounds[self._fixed] for bounds in self._tree.everything)
        if ((low <= other[self._fixed]) & (other[self._fixed] <= high)).all():
            yield other
