"""Exhausting what could be better than a plan: a search tree over linear programs, best bound first.

The cutoff is a value that the plans looked for must exceed (the best plan's, and a gap). A part of the choices whose
linear program stays below it is closed. What is left open at the end gives the bound: no plan is worth more than the
larger of the cutoff and the best open part. Everything that is fixed on the way because of the cutoff holds for that
part and that cutoff only; a better plan raises the cutoff, so that it goes on holding.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from optimizer.errors import SolverError
from optimizer.solve.at_once import LATER, SOON
from optimizer.solve.branching import WHOLE, Cut, Memory, Side, Split, Splitter
from optimizer.solve.bridge import FloatArray
from optimizer.solve.compact import Compact
from optimizer.solve.pricing import Priced, WarmProgram

RELIABLE, TRIED, LOST_USD_M = 1, 8, 200.0
"""How often a split of a kind is looked at before it is trusted, how many are looked at in a part, and what a side that
holds no better plan counts as having lost."""

DEARER = 1e-3
"""By how much shares have to have become dearer for an open part to be solved again, in what they are worth over what
they sell for."""

SAFE = 1e-6
"""Relative: so far above a cutoff a reduced cost has to be to fix a column."""


Splits = tuple[Cut | None, ...]
"""A tree by its cuts, each before what lies on its first side, and that before its second; None for a part that was not
split."""

_Seed = tuple[int, Side, "Trace", int, Any]
"""Where a part stands in the splits that a tree takes over, its bounds, its trace, its depth, and a basis near it."""

MANY_ENDS = 8
"""Of how many ends of a tree that is taken over their common part is looked at first: it may be closed as a whole. Of
fewer that is so seldom that it costs more than it saves."""

MOST_SPLITS = 1000
"""Of a larger tree nothing is remembered: to go through it again would take longer than to grow another."""


@dataclass(eq=False)
class Trace:
    """How a part was split: nothing yet, or a cut and its two sides, and what no plan in it exceeds.

    Of a part whose split was taken over from another tree that is infinite, unless its own program was solved: what its
    ends have says nothing of it, since they are closed, which is what the split is for.
    """

    cut: Cut | None = None
    sides: tuple[Trace, ...] = ()
    bound: float = np.inf


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the choices: bounds of whole columns, what no plan in it exceeds, and the linear program's answer with
    its basis. ``depth``: how often all choices were split to come to it; ``worth``: of a share over what it sells for,
    when the program was solved; ``told``: whether its answer is a plan that was told."""

    side: Side
    bound: float
    values: FloatArray
    trace: Trace = field(default_factory=Trace)
    basis: Any = None
    depth: int = 0
    worth: float = 1.0
    told: bool = False


def _ends_below(splits: Splits) -> list[tuple[int, int]]:
    """For each place in whole splits how many ends lie below it, and how many places: 1 and 1 for an end."""
    found = [(1, 1)] * len(splits)
    for place in range(len(splits) - 1, -1, -1):
        if splits[place] is not None:
            ends, places = found[place + 1]
            more_ends, more_places = found[place + 1 + places]
            found[place] = (ends + more_ends, 1 + places + more_places)
    return found


class Tree:
    """The search tree of a compact program, to be maximised. For one thread."""

    def __init__(
        self,
        program: Compact,
        warm: WarmProgram,
        worth: float = 1.0,
        within: Side | None = None,
        *,
        regrown: bool = False,
        chosen: Callable[[Part], None] | None = None,
        splitter: Splitter | None = None,
    ) -> None:
        """``worth``: of shares, as the costs of ``warm`` say. Who makes them dearer says so in ``self.worth``, and what
        is open is solved again before it is split. ``regrown``: it does not begin with a program of all choices,
        because `regrow` will be called. ``chosen`` is told of every part in which all choices are made, and what
        follows from them may still be open; such a part is then closed, so a tree with it finds plans and proves
        nothing. ``splitter``: of a program that is folded. What it calls a plan may be several or none; parts that hold
        nothing else are not closed but ``undecided``."""
        self.warm, self.worth, self._chosen = warm, worth, chosen
        self.splitter = splitter if splitter is not None else Splitter(program, warm.whole)
        self._is_folded = splitter is not None
        self.undecided = -np.inf
        """The largest bound of parts about which this tree can say no more."""
        self.memory = Memory()
        self.nodes = 0
        self._then: Callable[[int], Sequence[Part]] = lambda count: ()
        """Names parts that will probably be split next."""
        self._number = itertools.count()
        self._open: dict[Part, None] = {}
        """In the order in which they were found."""
        self._by_bound: list[tuple[float, int, Part]] = []
        """A heap of them, and of some that are not open any more."""
        form = warm.form
        everything = (form.column_lower[warm.whole].copy(), form.column_upper[warm.whole].copy())
        self.everything: Side = everything if within is None else within
        self._trace = Trace()
        self.root: Part | None = None
        if regrown:
            self.root = Part(self.everything, np.inf, np.empty(0), self._trace, worth=worth)
        else:
            self._begin()

    def _begin(self) -> None:
        answer = self.warm.bound(*self.everything)
        self.root = None
        if answer.values is not None:
            self.root = Part(
                self.everything, answer.objective, answer.values, self._trace, answer.basis, worth=self.worth
            )
            self._push(self.root)

    def splits(self, cutoff: float = -np.inf) -> Splits:
        """How it was split so far, where that closed something above ``cutoff``; nothing if that is too much. Parts
        below it were only split to find plans."""
        found: list[Cut | None] = []
        left = [self._trace]
        while left and len(found) <= MOST_SPLITS:
            trace = left.pop()
            is_needed = trace.bound > cutoff
            found.append(trace.cut if is_needed else None)
            left += reversed(trace.sides if is_needed else ())
        return tuple(found) if len(found) <= MOST_SPLITS else ()

    def fits(self, splits: Splits) -> bool:
        """Whether a tree of another instance can be grown here: a whole one, whose cuts can all be made."""
        left = 1
        for cut in splits:
            if left == 0 or (cut is not None and not self.splitter.fits(cut)):
                return False
            left += 1 if cut is not None else -1
        return left == 0

    def regrow(
        self,
        splits: Splits,
        cutoff: float,
        found: Callable[[float, FloatArray], None],
        *,
        until: float = np.inf,
        stop: threading.Event | None = None,
    ) -> None:
        """Split all choices as another tree was, and look at its ends: most of them are closed again. Of many ends that
        were split apart their common part is looked at first. ``found`` is told of plans above ``cutoff``. ``splits``
        have to fit: what they leave out would count as closed."""
        if not self.fits(splits):
            raise ValueError("these splits leave something out, or cannot be made here")
        try:
            complete = self._grow(splits, cutoff, found, until, stop)
        except SolverError:
            complete = False
        if not complete:
            # A bound needs all ends: begin with all choices after all.
            self._open, self._by_bound, self._trace = {}, [], Trace()
            self._begin()

    def _grow(
        self,
        splits: Splits,
        cutoff: float,
        found: Callable[[float, FloatArray], None],
        until: float,
        stop: threading.Event | None,
    ) -> bool:
        """True if all ends were looked at, or lie in parts that are closed."""
        below = _ends_below(splits)
        left: list[_Seed] = [(0, self.everything, self._trace, 0, None)]

        def is_solved(place: int) -> bool:
            return splits[place] is None or below[place][0] >= MANY_ENDS

        while left:
            place, side, trace, depth, basis = left.pop()
            if is_solved(place):
                for seed in left[: -self.warm.at_once : -1]:
                    if is_solved(seed[0]) and seed[4] is not None:
                        self.warm.expect(*seed[1], cutoff, seed[4], LATER)
                if time.perf_counter() > until or (stop is not None and stop.is_set()):
                    return False
                answer = self.warm.bound(*side, floor=cutoff, basis=basis)
                self.nodes += 1
                if answer.values is None:
                    continue
                side, basis = self._tightened(side, answer, cutoff), answer.basis
                part = Part(side, answer.objective, answer.values, trace, basis, depth, self.worth)
                if splits[place] is None:
                    self._place(part, cutoff, found)
                    continue
                trace.bound = part.bound
            cut = splits[place]
            assert cut is not None
            trace.cut, trace.sides = cut, (Trace(), Trace())
            one, other = self.splitter.sides(cut, side)
            left.append((place + 1 + below[place + 1][1], other, trace.sides[1], depth + 1, basis))
            left.append((place + 1, one, trace.sides[0], depth + 1, basis))
        return True

    @property
    def open_parts(self) -> Iterable[Part]:
        """All parts that are open, in the order in which they were found."""
        return self._open.keys()

    @property
    def best_open(self) -> float:
        """The largest bound of all open parts; minus infinity if none is open."""
        return self.best_part.bound if self.best_part is not None else -np.inf

    @property
    def best_part(self) -> Part | None:
        """The part with that bound; the first of them."""
        while self._by_bound and self._by_bound[0][2] not in self._open:
            heapq.heappop(self._by_bound)
        return self._by_bound[0][2] if self._by_bound else None

    def exhaust(
        self,
        cutoff: Callable[[], float],
        found: Callable[[float, FloatArray], None],
        *,
        nodes: int,
        until: float = np.inf,
        stop: threading.Event | None = None,
    ) -> bool:
        """Work on open parts until none is above ``cutoff()``, or ``nodes`` of them were split, or the clock
        (``time.perf_counter``) says ``until``. ``found`` is told of plans above the cutoff. True: nothing is left."""
        for _ in range(nodes):
            if self.best_open <= cutoff():
                return True
            if time.perf_counter() > until or (stop is not None and stop.is_set()):
                return False
            assert self.best_part is not None
            if not self.split(self.best_part, cutoff(), found, until, stop, then=self._best_parts):
                return False
        return self.best_open <= cutoff()

    def split(
        self,
        part: Part,
        cutoff: float,
        found: Callable[[float, FloatArray], None],
        until: float = np.inf,
        stop: threading.Event | None = None,
        tried: int = TRIED,
        then: Callable[[int], Sequence[Part]] = lambda count: (),
    ) -> bool:
        """Put the two sides of its best split, where they are above ``cutoff``, in the place of an open part. At most
        ``tried`` splits are looked at for it. False if the time ran out before: it is open still. A part that was
        solved where shares were noticeably cheaper is only solved again. ``then`` names so many open parts that will
        probably be split next: other threads begin with what they ask for."""
        del self._open[part]
        self._then = then
        try:
            if self.is_loose(part):
                self._solve_again(part, cutoff, found)
                return True
            done = self._split(part, cutoff, found, until, stop, tried)
        except SolverError:
            # What is not looked at stays open, or it would count as closed.
            self._push(part)
            raise
        if not done:
            self._push(part)
        return done

    def is_loose(self, part: Part) -> bool:
        """Whether shares have become so much dearer since a part was solved that its bound says little."""
        return self.worth - part.worth >= DEARER

    def _best_parts(self, count: int) -> list[Part]:
        """So many open parts with the largest bounds."""
        return heapq.nlargest(count, self._open, key=lambda part: part.bound)

    def _look_ahead(self, cutoff: float, tried: int) -> None:
        """Say what the parts to come will probably ask for."""
        for part in self._then(self.warm.at_once - 1) if self.warm.at_once > 1 else ():
            if self.is_loose(part):
                self.warm.expect(*part.side, cutoff, part.basis, LATER)
                continue
            splits = self.splitter.splits(part.values, part.values[self.warm.whole], part.side)
            if splits and not (self._chosen is not None and self.splitter.follows(splits[0])):
                self._expect_first(part, *self._candidates(splits, tried), cutoff, LATER)

    def _expect_first(self, part: Part, unknown: list[Split], trusted: Split | None, cutoff: float, when: int) -> None:
        """What a part asks for first: all splits that nothing is known of, or else the one that is trusted."""
        for split in unknown or ([trusted] if trusted is not None else []):
            self._expect(part, split.sides, cutoff, when)

    def _expect(self, part: Part, sides: tuple[Side, Side], cutoff: float, when: int = SOON) -> None:
        for side in sides:
            self.warm.expect(*side, cutoff, part.basis, when)

    def _solve_again(self, part: Part, cutoff: float, found: Callable[[float, FloatArray], None]) -> None:
        answer = self.warm.bound(*part.side, floor=cutoff, basis=part.basis)
        if answer.values is not None:
            side = self._tightened(part.side, answer, cutoff)
            bound = min(answer.objective, part.bound)
            one = replace(part, side=side, bound=bound, values=answer.values, basis=answer.basis, worth=self.worth)
            self._place(one, cutoff, found)

    def _push(self, part: Part) -> None:
        self._open[part] = None
        heapq.heappush(self._by_bound, (-part.bound, next(self._number), part))

    def _split(
        self,
        part: Part,
        cutoff: float,
        found: Callable[[float, FloatArray], None],
        until: float,
        stop: threading.Event | None,
        tried: int,
    ) -> bool:
        self.nodes += 1
        splits = self.splitter.splits(part.values, part.values[self.warm.whole], part.side)
        if not splits:
            self._go_past(part, cutoff, found)
            return True
        if self._chosen is not None and self.splitter.follows(splits[0]):
            self._chosen(part)
            return True
        # Who is told of a plan may make shares dearer.
        worth = self.worth
        best = self._best_split(part, splits, cutoff, until, stop, tried)
        if best is None:
            return False
        self._put(part, best[0].cut, best[1], worth, cutoff, found)
        return True

    def _go_past(self, part: Part, cutoff: float, found: Callable[[float, FloatArray], None]) -> None:
        """Work on a part whose answer is a plan. Is that told, and worth less than it promised (shares are dearer then,
        or the model has less than its smaller program), other plans of the part may be worth more."""
        if part.worth < self.worth:
            self._solve_again(part, cutoff, found)
        elif not part.told:
            self._push(replace(part, told=True))
            found(part.bound, np.round(part.values[self.warm.whole]))
        elif self._chosen is None:
            cut = self.splitter.beside(part.values[self.warm.whole], part.side)
            if cut is None and self._is_folded:
                self.undecided = max(self.undecided, part.bound)
                return
            if cut is None:
                # It goes for good: who was told of several plans at once may have taken another.
                found(part.bound, np.round(part.values[self.warm.whole]))
                return
            sides = self.splitter.sides(cut, part.side)
            self._put(part, cut, self._of_sides(part, sides, cutoff), self.worth, cutoff, found)

    def _put(
        self,
        part: Part,
        cut: Cut,
        children: list[tuple[Side, Priced]],
        worth: float,
        cutoff: float,
        found: Callable[[float, FloatArray], None],
    ) -> None:
        """The two sides of a cut, with their answers, in the place of a part."""
        part.trace.cut, part.trace.sides, part.trace.bound = cut, (Trace(), Trace()), part.bound
        for (side, answer), trace in zip(children, part.trace.sides, strict=True):
            if answer.values is not None:
                # A side is never worth more than the whole, whatever the solver's tolerances say.
                bound = min(answer.objective, part.bound)
                one = Part(side, bound, answer.values, trace, answer.basis, part.depth + 1, worth)
                self._place(one, cutoff, found)

    def _place(self, part: Part, cutoff: float, found: Callable[[float, FloatArray], None]) -> None:
        """Keep a part open, if it is above the cutoff. If its answer is a plan, that is told: should it be worth less
        than it promised, the part is still there."""
        if part.bound <= cutoff:
            return
        whole = part.values[self.warm.whole]
        is_plan = bool(np.abs(whole - np.round(whole)).max(initial=0.0) < WHOLE)
        self._push(replace(part, told=is_plan))
        if is_plan:
            found(part.bound, np.round(whole))

    def _best_split(
        self, part: Part, splits: list[Split], cutoff: float, until: float, stop: threading.Event | None, tried: int
    ) -> tuple[Split, list[tuple[Side, Priced]]] | None:
        """The split that tells most, and its sides with their answers."""
        unknown, trusted = self._candidates(splits, tried)
        self._expect_first(part, unknown, trusted, cutoff, SOON)
        self._look_ahead(cutoff, tried)
        best: tuple[Split, list[tuple[Side, Priced]]] | None = None
        best_score = -np.inf
        for split in unknown:
            if time.perf_counter() > until or (stop is not None and stop.is_set()):
                return None
            answers = self._answers(part, split, cutoff)
            score = self.memory.learn(split, self._losses(part, answers))
            if score > best_score:
                best, best_score = (split, answers), score
            if all(answer.values is None for _, answer in answers):
                self.warm.forget()
                return split, answers
        if trusted is not None and self.memory.guess(trusted) > best_score:
            answers = self._answers(part, trusted, cutoff)
            best = trusted, answers
            self.memory.learn(trusted, self._losses(part, answers))
        return best

    def _candidates(self, splits: list[Split], tried: int) -> tuple[list[Split], Split | None]:
        """The splits of a part that are looked at, and the one that others of its kind speak for."""
        known = [split for split in splits if self.memory.count(split) >= RELIABLE]
        unknown = [split for split in splits if self.memory.count(split) < RELIABLE]
        trusted = max(known, key=self.memory.guess, default=None)
        return unknown[: tried if trusted is None else tried // 2], trusted

    def _answers(self, part: Part, split: Split, cutoff: float) -> list[tuple[Side, Priced]]:
        return self._of_sides(part, split.sides, cutoff)

    def _of_sides(self, part: Part, sides: tuple[Side, Side], cutoff: float) -> list[tuple[Side, Priced]]:
        """Of both sides. Each begins at the basis of the part: the last program may have been of quite another."""
        self._expect(part, sides, cutoff)
        result = []
        for side in sides:
            answer = self.warm.bound(*side, floor=cutoff, basis=part.basis)
            if answer.values is not None:
                side = self._tightened(side, answer, cutoff)
            result.append((side, answer))
        return result

    def _tightened(self, side: Side, answer: Priced, cutoff: float) -> Side:
        """Without the values of whole columns that cannot be taken above the cutoff, by their reduced costs."""
        own = answer.reduced_costs
        if own is None or answer.values is None:
            return side
        lower, upper = side[0].copy(), side[1].copy()
        whole = answer.values[self.warm.whole]
        room = answer.objective - cutoff + SAFE * max(1.0, abs(cutoff))
        at_lower = (np.abs(whole - lower) < WHOLE) & (own < 0) & (upper > lower)
        at_upper = (np.abs(whole - upper) < WHOLE) & (own > 0) & (upper > lower)
        steps = np.floor(room / np.maximum(np.abs(own), 1e-12) + WHOLE)
        upper[at_lower] = np.minimum(upper[at_lower], lower[at_lower] + steps[at_lower])
        lower[at_upper] = np.maximum(lower[at_upper], upper[at_upper] - steps[at_upper])
        return lower, upper

    def _losses(self, part: Part, answers: list[tuple[Side, Priced]]) -> tuple[float, float]:
        first, second = (
            min(LOST_USD_M, part.bound - answer.objective) if np.isfinite(answer.objective) else LOST_USD_M
            for _, answer in answers
        )
        return first, second
