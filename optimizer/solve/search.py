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
from typing import Any

import numpy as np
import numpy.typing as npt

from optimizer.solve.branching import WHOLE, Side, Split
from optimizer.solve.bridge import FloatArray
from optimizer.solve.columns import is_decided
from optimizer.solve.compact import Compact
from optimizer.solve.pricing import Priced
from optimizer.solve.prove import Part, Tree

GAIN = 1e-7
"""Relative: a move is one only if it is worth so much more."""

FOLLOWING, FOLLOWING_A_SPLIT = 60, 4
"""Linear programs for what follows from the choices of one way down, or so many for each thing that is open, if that is
more: two are needed for each, and for those that open on the way."""

FOR_NOTHING, LITTLE = 1e-5, 5e-4
"""Relative: what costs less than this costs nothing, or so little that nothing else is looked at first."""

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
    none. Where the better side of a split holds nothing, the way goes back to the last side that was left; but of what
    follows from the choices only so many sides are looked at, then another choice is made."""
    draw = np.random.default_rng(seed)
    limit = floor if np.isfinite(floor) else None
    left: list[Part | Later] = [part]
    chosen: int | None = None
    """How many parts were left when all choices of the present way were made; None while they are not."""
    last = 0
    while left:
        one = left.pop()
        looked_at = one if isinstance(one, Part) else _looked_at(tree, one, limit)
        if chosen is not None and len(left) < chosen:
            chosen = None
        if looked_at is None:
            continue
        part = looked_at
        splits = tree.splitter.splits(part.values, part.values[tree.warm.whole], part.side)
        if splits and chosen is None and tree.splitter.follows(splits[0]):
            part, chosen = _eased(tree, part, limit), len(left)
            splits = tree.splitter.splits(part.values, part.values[tree.warm.whole], part.side)
            last = tree.warm.solved + max(FOLLOWING, FOLLOWING_A_SPLIT * len(splits))
        if splits and chosen and tree.warm.solved > last:
            del left[chosen:]
            continue
        if not splits:
            return Found(part.bound, np.round(part.values[tree.warm.whole]))
        if clock.is_over():
            return None
        left += _ways_on(tree, part, splits[0] if seed == 0 else _drawn(splits, draw), limit)
    return None


@dataclass(frozen=True, eq=False)
class Later:
    """A side that was not looked at yet, and the basis of the part that it is of."""

    side: Side
    basis: Any


def _ways_on(tree: Tree, part: Part, split: Split, limit: float | None) -> list[Part | Later]:
    """The sides of a split that hold something, the better one last. The side to which the linear program leans is
    looked at alone where it costs little, or, of what follows from the choices, nothing."""
    likely, other = split.sides[split.likely], split.sides[1 - split.likely]
    first = _looked_at(tree, Later(likely, part.basis), limit)
    little = (FOR_NOTHING if tree.splitter.follows(split) else LITTLE) * abs(part.bound)
    if first is not None and part.bound - first.bound <= little:
        return [Later(other, part.basis), first]
    second = _looked_at(tree, Later(other, None), limit)
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
        answer = tree.warm.bound(lower, part.side[1], floor=limit, basis=part.basis)
        if answer.values is not None and answer.objective >= part.bound - FOR_NOTHING * abs(part.bound):
            part = Part((lower, part.side[1]), answer.objective, answer.values, basis=answer.basis)
    return part


def _drawn(splits: list[Split], draw: np.random.Generator) -> Split:
    return max(splits[:6], key=lambda split: split.weight * draw.random())


def _sharing(program: Compact) -> list[list[int]]:
    """For each group the groups that share megawatts of a site with it, itself among them."""
    form = program.form
    room = np.array([name.startswith("sites_megawatts[") for name in form.row_names], dtype=bool)
    rows = []
    for group in program.groups:
        used = form.matrix[:, list(group.amounts)].indices
        rows.append(set(used[room[used]].tolist()))
    return [[h for h, other in enumerate(rows) if g == h or own & other] for g, own in enumerate(rows)]


class Moves:
    """Small changes of a plan's choices: groups of dates and their sizes."""

    def __init__(self, program: Compact, tree: Tree) -> None:
        at = {int(j): i for i, j in enumerate(tree.warm.whole)}
        self._tree = tree
        self._groups = [
            (np.array([at[j] for j in g.choices]), at[g.signed], [at[j] for j in g.sizes]) for g in program.groups
        ]
        self._together = _sharing(program)
        names = [tree.warm.form.column_names[j] for j in tree.warm.whole.tolist()]
        self._decided = np.flatnonzero([is_decided(name) for name in names])
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
        """What is near a plan: in turn, other dates and sizes of what it takes, and all choices of one place."""
        places = sorted({tuple(self._together[g]) for g in range(len(self._groups))})
        if turn % 2 and len(places) > 1:
            return self._of_place(plan, places[turn // 2 % len(places)])
        return self._around(plan, turn // 2)

    def _of_place(self, plan: FloatArray, place: tuple[int, ...]) -> Side:
        """All choices that share room with one another, the others as in the plan."""
        lower, upper = self._tree.everything[0].copy(), self._tree.everything[1].copy()
        for g, (choices, signed, sizes) in enumerate(self._groups):
            if g not in place:
                own = [*choices.tolist(), signed, *sizes]
                lower[own] = np.maximum(lower[own], np.minimum(plan[own], upper[own]))
                upper[own] = np.minimum(upper[own], np.maximum(plan[own], lower[own]))
        return lower, upper

    def _around(self, plan: FloatArray, turn: int) -> Side:
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

    def promise(self, plan: FloatArray, floor: float) -> float:
        """What the choices of ``plan`` come to at most, by their linear program; minus infinity if that is not more
        than ``floor``."""
        answer = self._with_choices(plan, floor)[1]
        return answer.objective if answer is not None else -np.inf

    def settle(self, plan: FloatArray, clock: Clock, floor: float, *, keep_rules: bool = False) -> Found | None:
        """The choices of ``plan`` with all other whole columns decided anew, or only those that are 0 in it; None if
        not worth more than ``floor``."""
        (lower, upper), answer = self._with_choices(plan, floor, keep_rules=keep_rules)
        return self._rounded(lower, upper, answer, clock, floor)

    def _rounded(
        self, lower: FloatArray, upper: FloatArray, answer: Priced | None, clock: Clock, floor: float
    ) -> Found | None:
        """The answer if it is whole, else what a dive from it finds; None if there is none."""
        if answer is None or answer.values is None:
            return None
        whole = answer.values[self._tree.warm.whole]
        if np.abs(whole - np.round(whole)).max(initial=0.0) < WHOLE:
            return Found(answer.objective, np.round(whole))
        part = Part((lower, upper), answer.objective, answer.values, basis=answer.basis)
        return dive(self._tree, part, clock, floor)

    def held(self, plan: FloatArray, clock: Clock) -> Found | None:
        """As `settle`, with every decision in whole numbers as in ``plan``: builds and what has one date only, too."""
        fixed = np.union1d(self._fixed, self._decided)
        (lower, upper), answer = self._with_choices(plan, -np.inf, fixed=fixed)
        return self._rounded(lower, upper, answer, clock, -np.inf)

    def _with_choices(
        self, plan: FloatArray, floor: float, *, keep_rules: bool = False, fixed: npt.NDArray[np.intp] | None = None
    ) -> tuple[Side, Priced | None]:
        """Bounds with the choices of ``plan`` laid down (or the columns ``fixed``), and the linear program's answer;
        None if it is not above ``floor``."""
        fixed = self._fixed if fixed is None else fixed
        lower, upper = self._tree.everything[0].copy(), self._tree.everything[1].copy()
        if keep_rules:
            lower = np.maximum(lower, np.minimum(plan, upper))
        lower[fixed] = np.maximum(lower[fixed], plan[fixed])
        upper[fixed] = np.minimum(upper[fixed], plan[fixed])
        answer = self._tree.warm.bound(lower, upper, floor=floor if np.isfinite(floor) else None)
        return (lower, upper), answer if answer.values is not None and answer.objective > floor else None

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
