"""Plans and bounds of companies with sites that are alike, from folded programs; `large` goes on where this ends.

The tree of the bound is that of the program in which all is folded. Its plans say which offers are signed when; where
they fit is decided in the program with halls site by site, near those dates, and the rest in the compact program.

A plan that is worth more than an aim makes shares worth more than that, so shares cost at least that much in all plans
beyond it. A tree with such costs proves no less than the aim, and proves it much sooner where shares are dear. So the
aim is first half way between the bound and the value that is to be reached, and comes nearer to it each time it is
proved.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.instance import Instance
from optimizer.solve.branching import Side
from optimizer.solve.bridge import FloatArray
from optimizer.solve.choices import Choices
from optimizer.solve.columns import is_decided
from optimizer.solve.compact import Compact
from optimizer.solve.dive import Clock, Found, dive
from optimizer.solve.folded_branching import FoldedSplitter
from optimizer.solve.folding import Fold
from optimizer.solve.highs import SolveOptions
from optimizer.solve.plunge import Plunge
from optimizer.solve.pricing import WarmProgram
from optimizer.solve.prove import Part, Splits, Tree
from optimizer.solve.worth import costs_at, depends_on_worth, worth_of

WAY_PROGRAMS, NEAR_PROGRAMS, PLACE_PROGRAMS = 500, 300, 60
"""Linear programs for a way down the tree of all sites together, for a plan near what it says site by site, and for the
machines and contracts of each site."""

NEAR_DATES = 2
"""How many dates earlier or later is near."""

LOOK_PROGRAMS, LOOK_PARTS, BETTER = 250, 50, 1e-4
"""Linear programs and parts of a look around the best plan, and how much better a plan has to be, as a share."""

TURN_PARTS, ALL_PARTS = 200, 1500
"""Parts split between two looks for plans, and after how many the search site by site takes over."""

PROMISED = 0.96
"""Of what the linear program promises at a worth of shares that says the same: a first plan is worth about as much."""

HALF, NEARLY = 0.5, 0.1
"""Where between the value to be reached and the bound the next aim is; from which share of the gap on it is the
value."""


@dataclass(frozen=True)
class Calls:
    """What the search that uses this one says and is told."""

    level: Callable[[], float]
    """USD m of the best plan; minus infinity without one."""
    cutoff: Callable[[], float]
    """What a plan has to be worth to be looked for: that, and the gap."""
    best: Callable[[], FloatArray | None]
    """Whole columns of the compact program under it."""
    keep: Callable[[Found], None]
    report: Callable[[], None]


class _Program:
    """A program kept warm, with its costs at some worth of a share."""

    def __init__(self, instance: Instance, compact: Compact, fold: Fold | None, options: SolveOptions) -> None:
        self._instance, self._compact, self.fold = instance, compact, fold
        self.program = fold.program if fold is not None else compact
        self.warm = WarmProgram(self.program.form, options)
        self._shares = depends_on_worth(instance)

    def set_worth(self, worth: float) -> None:
        """New shares from now on at this worth."""
        if self._shares:
            costs = costs_at(self._instance, self._compact.form, worth)
            self.warm.set_costs(self.fold.costs(costs) if self.fold is not None else costs)

    def tree(
        self, within: Side | None = None, chosen: Callable[[Part], None] | None = None, *, regrown: bool = False
    ) -> Tree:
        """Of all of it, or what is ``within`` bounds of its whole columns."""
        splitter = FoldedSplitter(self.fold, self.warm.whole) if self.fold is not None else None
        return Tree(self.program, self.warm, within=within, chosen=chosen, splitter=splitter, regrown=regrown)


class FoldedSearch:
    """One search. For one thread."""

    def __init__(
        self,
        instance: Instance,
        program: Compact,
        folds: tuple[Fold, Fold],
        options: SolveOptions,
        calls: Calls,
        until: float,
        stop: threading.Event | None,
    ) -> None:
        """``folds`` of ``program``, which is of ``instance``; ``until`` by ``time.perf_counter``."""
        self.bound, self.nodes = np.inf, 0
        """No plan is worth more; parts that were split."""
        self._instance, self._calls, self._until, self._stop = instance, calls, until, stop
        self._all, self._sites = (_Program(instance, program, fold, options) for fold in folds)
        self._whole = _Program(instance, program, None, options)
        self._fold, self._site = folds
        self._shares = depends_on_worth(instance)
        self._told: Found | None = None
        """The best folded plan that was not tried yet."""
        self._tried: set[bytes] = set()

    def run(self) -> None:
        """Until the gap is closed, or no more can be said without looking at each site."""
        try:
            self._run()
        finally:
            for each in (self._all, self._sites, self._whole):
                each.warm.rest()

    def _run(self) -> None:
        guess = self._first_bound()
        if not np.isfinite(self._calls.level()) and np.isfinite(self.bound):
            self._all.set_worth(guess)
            self._find(self._all.tree(), guess)
        if np.isfinite(self._calls.level()):
            self._prove()

    def _first_bound(self) -> float:
        """The bound of the linear program; what a share is worth under the first plan, by a guess."""
        level = max(self._calls.level(), self._instance.shares_m * self._instance.share_price_usd)
        most = self._promised(level)
        self.bound = most if np.isfinite(most) else np.inf
        if not self._shares or not level < self.bound < np.inf:
            return self._worth(level)
        # The dearer shares are the less is promised: by a line, to where both say the same.
        falls = (most - self._promised(most)) / (most - level)
        return self._worth(PROMISED * (level + (most - level) / (1.0 + falls)))

    def _promised(self, value: float) -> float:
        """By the linear program, with shares at what they are worth under a plan of this value."""
        self._all.set_worth(self._worth(value))
        return self._all.warm.bound().objective

    def _worth(self, value: float) -> float:
        return worth_of(self._instance, value) if np.isfinite(value) else 1.0

    def _find(self, tree: Tree, worth: float) -> None:
        """A first plan, by one way down the tree of all sites together."""
        found = Plunge(tree).next_plan(-np.inf, self._clock(tree, WAY_PROGRAMS))
        self.nodes += tree.nodes
        if found is not None:
            self._place(found.whole, worth)

    def _prove(self) -> None:
        """Aims one after the other, and looks for better plans in turns with that."""
        splits: Splits = (None,)
        while self._calls.cutoff() < self.bound and not self._is_over():
            aim = self._next_aim()
            self._all.set_worth(self._worth(aim))
            tree = self._all.tree(regrown=True)
            tree.regrow(splits, aim, self._tell, until=self._until, stop=self._stop)
            if not self._reach(tree, aim):
                return
            splits = tree.splits() or (None,)

    def _reach(self, tree: Tree, aim: float) -> bool:
        """Work on a tree until it says that no plan is worth more than ``aim``. False if it cannot, or not in time."""
        turn = 0
        while True:
            before = tree.nodes
            done = tree.exhaust(
                lambda: max(aim, self._calls.cutoff()),
                self._tell,
                nodes=TURN_PARTS,
                until=self._until,
                stop=self._stop,
            )
            self.nodes += tree.nodes - before
            proved = max(aim, self._calls.cutoff(), tree.best_open, tree.undecided)
            self.bound = min(self.bound, proved)
            self._calls.report()
            if done or self.bound <= self._calls.cutoff():
                return tree.undecided <= max(aim, self._calls.cutoff())
            if self._is_over() or self.nodes >= ALL_PARTS:
                return False
            self._look(turn)
            turn += 1
            self._all.set_worth(self._worth(aim))

    def _next_aim(self) -> float:
        cutoff, level = self._calls.cutoff(), self._calls.level()
        if not self._shares or self.bound - cutoff <= NEARLY * (cutoff - level):
            return cutoff
        return cutoff + HALF * (self.bound - cutoff)

    def _tell(self, value: float, whole: FloatArray) -> None:
        """A plan of the folded program, to be tried at the next look."""
        whole = whole + 0.0
        if whole.tobytes() not in self._tried and (self._told is None or value > self._told.value):
            self._told = Found(value, whole)

    def _look(self, turn: int) -> None:
        """For a better plan: where the tree came upon one, or around the best."""
        if self._told is not None:
            self._tried.add(self._told.whole.tobytes())
            told, self._told = self._told, None
            self._place(told.whole, self._worth(self._calls.level()))
            return
        best = self._calls.best()
        if best is None:
            return
        values = np.zeros(self._whole.program.form.column_count)
        values[self._whole.warm.whole] = best
        self._sites.set_worth(self._worth(self._calls.level()))
        every = self._sites.tree(regrown=True)
        clock = self._clock(every, LOOK_PROGRAMS)
        better: list[Found] = []

        def level() -> float:
            return max([self._calls.level(), *(one.value for one in better)])

        def chosen(part: Part) -> None:
            found = dive(around, part, clock, level())
            if found is not None:
                better.append(found)

        near = Choices(self._site.program, every).near(self._site.whole(values), turn)
        around = self._sites.tree(near, chosen)
        for _ in range(LOOK_PARTS):
            if clock.is_over() or around.exhaust(
                lambda: level() * (1 + BETTER),
                lambda value, whole: better.append(Found(value, whole)),
                nodes=1,
                until=self._until,
                stop=self._stop,
            ):
                break
        for one in sorted(better, key=lambda one: -one.value):
            if one.value > self._calls.level():
                self._settle(one.whole, self._worth(self._calls.level()))

    def _place(self, folded: FloatArray, worth: float) -> None:
        """A plan near what a folded one signs when: which site signs what, and how much of it."""
        self._sites.set_worth(worth)
        lower, upper = (bounds.copy() for bounds in self._sites.tree(regrown=True).everything)
        at = {int(j): i for i, j in enumerate(self._sites.warm.whole)}
        value = dict(zip(self._all.warm.whole.tolist(), folded.tolist(), strict=True))
        for alike in self._fold.alike:
            signed = np.array([value[j] for j in alike.choices])
            days = np.arange(len(signed))
            near = (np.abs(days[:, None] - np.flatnonzero(signed > 0.5)[None, :]) <= NEAR_DATES).any(axis=1)
            for group in alike.groups:
                choices = np.array([at[j] for j in self._site.program.groups[group].choices])
                upper[choices[~near]] = np.minimum(upper[choices[~near]], lower[choices[~near]])
        tree = self._sites.tree((lower, upper))
        found = Plunge(tree).next_plan(self._calls.level(), self._clock(tree, NEAR_PROGRAMS))
        if found is not None:
            self._settle(found.whole, worth)

    def _settle(self, whole: FloatArray, worth: float) -> None:
        """A plan site by site: machines and contracts of each; first beside all that followed from it."""
        self._whole.set_worth(worth)
        value = dict(zip(self._sites.warm.whole.tolist(), whole.tolist(), strict=True))
        warm, names = self._whole.warm, self._whole.program.form.column_names
        every = self._whole.tree(regrown=True).everything
        for keep in (True, False):
            lower, upper = every[0].copy(), every[1].copy()
            for i, j in enumerate(warm.whole.tolist()):
                place = int(self._site.column[j])
                total, count = value[place], int(self._site.count[place])
                if count > 1:
                    # Of all or of none it is known which.
                    lower[i], upper[i] = max(lower[i], total // count), min(upper[i], -(-total // count))
                elif keep or is_decided(names[j]):
                    lower[i], upper[i] = max(lower[i], total), min(upper[i], total)
            tree = self._whole.tree((lower, upper))
            found = Plunge(tree).next_plan(self._calls.level(), self._clock(tree, PLACE_PROGRAMS))
            if found is not None:
                self._calls.keep(found)
                self._calls.report()
                return

    def _clock(self, tree: Tree, programs: int) -> Clock:
        return Clock(tree, programs, self._until, self._stop)

    def _is_over(self) -> bool:
        return time.perf_counter() > self._until or (self._stop is not None and self._stop.is_set())
