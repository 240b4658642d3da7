"""A search for instances with many choices: plans by dives, bounds by a tree of linear programs, in turns.

HiGHS' own search forbids one date of one offer at a time and spends most of its time on cuts; here an offer is split
into early and late, on a program a fifth of the size. New shares cost what they are worth under the best plan so far: a
better plan makes them dearer, so everything that was proven with cheaper ones goes on holding.

What decides here is counted in linear programs and parts, never in seconds: without a time limit that strikes, the same
instance gives the same plan.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.instance import Instance
from optimizer.errors import SolverError
from optimizer.instance.whole_plan import NO_TRAIL, Starts, Trail
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.compact import compact
from optimizer.solve.fixed import FixedProgram
from optimizer.solve.highs import RawSolution, SolveOptions, Status
from optimizer.solve.pricing import WarmProgram, whole_values
from optimizer.solve.progress import Progress
from optimizer.solve.prove import Part, Splits, Tree
from optimizer.solve.search import Clock, Found, Moves, dive
from optimizer.solve.starts import COMPACT, MODEL, begin_at, start_of
from optimizer.solve.worth import costs_at, depends_on_worth, fair_value, worth_of

MANY_CHOICES, SOME_CHOICES, MANY_COLUMNS = 150, 15, 3000
"""From how many dates of offers on this search is used."""

FIRST_PARTS, MORE_PARTS, MOST_PARTS = 40, 1.4, 400
"""Parts split between two dives at first, by how much they become more, and at most."""

DIVE_PROGRAMS, WHOLE_A_PROGRAM, MOVE_PROGRAMS = 100, 3, 120
"""Linear programs that a dive may take, or one for so many whole columns if that is more, and the moves after it."""

NEAR_PARTS, LOOK_PROGRAMS, BETTER = 50, 250, 1e-4
"""Parts and linear programs of the small tree around the best plan, and how much better a plan there has to be, as a
share of its value."""

ANEW = 2e-3
"""When shares have become dearer by so much, the tree is begun anew: what was found with cheaper ones is loose."""

WORTH_ROUNDS, SAME_WORTH = 2, 1e-6

NOTICEABLE = 0.1
"""Share of the gap that is asked for: by less than that a known plan is not made better."""

SCOUT_PARTS, GOOD_SHARE = (0, 0, 20, 10), 0.95
"""Parts split before each of the first dives; there are no more of them once a plan is worth so much of the bound."""

BEFORE_LOOKS, FIRST_LOOKS = 10, 2
"""How many parts are split before it is looked around the first plan, because that may do, and how often."""

GUESSES, GUESSED_SHARE = 4, 0.97
"""How the worth of a share is guessed for them: so much of what the linear program promises."""


def is_large(instance: Instance, form: StandardForm) -> bool:
    """Whether a model is searched here: many choices or many columns with some choices, and one path of time."""
    choices = int((instance.bounds.sign[1] > instance.bounds.sign[0]).sum())
    many = choices >= MANY_CHOICES or (choices >= SOME_CHOICES and form.column_count >= MANY_COLUMNS)
    return is_simple(instance) and many


def is_simple(instance: Instance) -> bool:
    """Whether a tree of its choices can be grown: it asks for value alone, along one path of time."""
    return instance.maximise == "value" and instance.value_at_least is None and len(instance.tree.leaves) == 1


@dataclass(frozen=True, eq=False)
class Incumbent:
    """The best plan so far, all columns of the model (n,), at the worth of a share that follows from it."""

    value: float
    values: FloatArray
    whole: FloatArray
    program: FixedProgram
    """With its whole numbers, solved."""
    basis: Any = None
    """Where that ended."""


class LargeSearch:
    """One search. ``run`` gives the plan, with the instance and the form at the worth of a share under it."""

    def __init__(
        self,
        instance: Instance,
        form: StandardForm,
        options: SolveOptions,
        on_progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
        known: Sequence[Mapping[str, float]] = (),
        trail: Trail = NO_TRAIL,
    ) -> None:
        """``known``: plans to begin with; ``trail``: what a search left behind that proved one of them, or one near it,
        elsewhere."""
        self._known, self._splits = known, trail.splits if known else ()
        self._began = time.perf_counter()
        self._until = self._began + options.time_limit_seconds
        self._instance, self._form, self._options = instance, form, options
        self._on_progress, self._stop = on_progress, stop
        self._shares = depends_on_worth(instance)
        self._worth = 1.0 if self._shares else instance.intrinsic_to_market
        self._program = compact(instance, form)
        self._first: Incumbent | None = None
        self._best: Incumbent | None = None
        self._basis = begin_at(trail.starts, MODEL, form, form)
        """Where a program of the model begins."""
        small = self._program.form
        self._warm = WarmProgram(small, options, begin_at(trail.starts, COMPACT, small, form))
        if known:
            # The tree begins with shares at what they are worth under a plan, if there is one.
            self._best = self._priced(Found(-np.inf, whole_values(self._program.form, known[0])))
            self._worth = self._worth_now()
        self._warm.set_costs(self._compact_costs())
        self._tree = Tree(self._program, self._warm, self._worth, regrown=bool(self._splits))
        self._moves = Moves(self._program, self._tree)
        if self._best is not None:
            self._best = replace(self._best, whole=self._moves.completed(self._best.whole))
        self._nodes, self._dives, self._proving = 0, 0, True
        self._dive_programs = max(DIVE_PROGRAMS, len(self._warm.whole) // WHOLE_A_PROGRAM)
        self._moved: Incumbent | None = None
        self._unproven = -np.inf
        """The largest estimate of a plan that was worth less when priced in the model itself."""
        # The first root has shares at the market's price, or at what they are worth under a plan that is known: no
        # better plan can beat it.
        self._outer = self._tree.root.bound if self._tree.root is not None else np.inf
        """The best bound of earlier trees."""

    def run(self) -> tuple[Instance, StandardForm, RawSolution] | None:
        """None if nothing was found, or if there is nothing to be found: HiGHS then says why."""
        if self._tree.root is None:
            return None
        for plan in self._known:
            self._try(plan)
        if self._splits:
            every: Splits = (None,)
            self._tree.regrow(
                self._splits if self._best is not None and self._tree.fits(self._splits) else every,
                self._cutoff(),
                self._found,
                until=self._until,
                stop=self._stop,
            )
        self._begin_anew()
        try:
            self._go_on()
        except SolverError:
            # One program that nobody can solve takes neither the plan nor what is proved: its part stays open.
            if self._best is None or self._best is self._first:
                raise
        return self._result()

    def _go_on(self) -> None:
        """Proof and better plans in turns, after a look around the first plan where it is not proved at once."""
        if self._best is None:
            # Nothing known: begin with the plan that takes no choice, and look around before anything is proven.
            self._decide_anew(whole_values(self._warm.form, {}))
            self._first = self._best
            self._begin_anew()
            self._scout()
        for turn in range(FIRST_LOOKS if not self._exhaust(BEFORE_LOOKS) else 0):
            if self._best is not None and self._best is not self._first and not self._is_over():
                self._look_around(self._best, turn)
                self._begin_anew()
                self._report()
        parts = float(FIRST_PARTS)
        while not self._is_over():
            if self._exhaust(int(parts)):
                break
            parts = min(MOST_PARTS, parts * MORE_PARTS)
            self._dive()
            self._begin_anew()
            self._report()

    def _exhaust(self, parts: int) -> bool:
        """Split so many parts; True if nothing is left above the cutoff."""
        complete = self._tree.exhaust(self._cutoff, self._found, nodes=parts, until=self._until, stop=self._stop)
        self._report()
        return complete

    @property
    def splits(self) -> Splits:
        """How all choices were split to prove the bound."""
        return self._tree.splits

    @property
    def starts(self) -> Starts:
        """Where the programs of the best plan may begin elsewhere."""
        small = self._program.form
        basis = self._best.basis if self._best is not None else None
        found = ((MODEL, basis, self._form), (COMPACT, self._warm.basis, small))
        return tuple(start_of(what, basis, form, self._form) for what, basis, form in found if basis is not None)

    @property
    def program(self) -> FixedProgram | None:
        """Of the best plan."""
        return self._best.program if self._best is not None else None

    def _try(self, plan: Mapping[str, float]) -> None:
        """A plan that is known, where its choices may come to noticeably more than the best plan does. What follows
        from them is decided anew beside the rules that held where it was found, or all of it, if that is too little."""
        whole = self._moves.completed(whole_values(self._warm.form, plan))
        noticeable = self._noticeable()
        most = self._moves.promise(whole, noticeable)
        if most <= noticeable:
            return
        found = self._moves.settle(whole, self._clock(self._dive_programs), noticeable, keep_rules=True)
        if found is not None:
            self._keep(found)
        if most > self._cutoff():
            self._decide_anew(whole)

    def _decide_anew(self, whole: FloatArray) -> None:
        """The choices of a plan, with all that follows from them decided anew."""
        found = self._moves.settle(whole, self._clock(self._dive_programs), self._level())
        if found is not None:
            self._keep(found)

    def _noticeable(self) -> float:
        """What a plan has to be worth to be looked for."""
        return self._level() + NOTICEABLE * (self._cutoff() - self._level()) if self._best is not None else -np.inf

    def _worth_now(self) -> float:
        """What a share is worth under the best plan, if that matters."""
        if not self._shares or self._best is None:
            return self._worth
        return max(self._worth, worth_of(self._instance, self._best.value))

    def _scout(self) -> None:
        """First plans, from trees that prove nothing where shares cost what they are worth only by a guess."""
        guess = self._worth
        if self._shares:
            assert self._tree.root is not None
            for _ in range(GUESSES):
                self._warm.set_costs(costs_at(self._instance, self._program.form, guess))
                guess = worth_of(self._instance, GUESSED_SHARE * self._warm.bound().objective)
            self._warm.set_costs(costs_at(self._instance, self._program.form, guess))
        scout = Tree(self._program, self._warm, guess)
        self._proving = not self._shares
        tree, self._tree = self._tree, scout
        self._moves = Moves(self._program, scout)
        for turn, parts in enumerate(SCOUT_PARTS):
            best = self._best is not None and self._best is not self._first
            if self._is_over() or (best and self._level() >= GOOD_SHARE * self._tree.best_open):
                break
            self._tree.exhaust(self._level, self._found, nodes=parts, until=self._until, stop=self._stop)
            if self._tree.best_part is not None:
                # Not made better by moves before it is known that this is needed.
                self._keep_dived(self._tree.best_part, self._seed(turn))
            self._report()
        if self._shares:
            tree.memory = scout.memory
            self._unproven, self._proving, self._tree = -np.inf, True, tree
            self._warm.set_costs(self._compact_costs())
            self._begin_anew()
        self._moves = Moves(self._program, self._tree)

    def _level(self) -> float:
        return self._best.value if self._best is not None else -np.inf

    def _is_over(self) -> bool:
        return time.perf_counter() > self._until or (self._stop is not None and self._stop.is_set())

    def _cutoff(self) -> float:
        if self._best is None:
            return -np.inf
        options, value = self._options, self._best.value
        return value + max(options.absolute_gap_usd_m, options.relative_gap * abs(value))

    def _bound(self) -> float:
        """No plan is worth more: what is open, what was closed below the cutoff, what was only estimated."""
        if not self._proving:
            return self._outer
        return min(self._outer, max(self._cutoff(), self._tree.best_open, self._unproven))

    def _dive(self) -> None:
        part = self._tree.best_part
        if part is None:
            return
        self._dives += 1
        if self._dives % 2 == 0 and self._best is not None and self._best is not self._first:
            self._look_around(self._best, self._dives // 2)
            return
        self._keep_dived(part, self._seed(self._dives - 1 if self._dives % 4 != 1 else 0), MOVE_PROGRAMS)

    def _seed(self, turn: int) -> int:
        """Dives but the first take splits in another order: one start misses the best plan now and then."""
        return self._options.seed * 1000 + turn + 1 if turn else 0

    def _keep_dived(self, part: Part, seed: int, moves: int = 0) -> None:
        """Keep what a dive finds, after moves, if it is the best."""
        found = dive(self._tree, part, self._clock(self._dive_programs), self._level(), seed)
        if found is None and moves and self._dives > 1 and self._best is not None and self._best is not self._moved:
            found = self._moves.settle(self._best.whole, self._clock(self._dive_programs), -np.inf)
        if found is not None:
            self._keep(self._moves.improve(found, self._clock(moves)) if moves else found)
            self._moved = self._best if moves else self._moved

    def _look_around(self, best: Incumbent, turn: int) -> None:
        """A small tree of the choices near those of the best plan; what follows is decided where all are made."""

        def chosen(part: Part) -> None:
            found = dive(around, part, clock, self._level())
            if found is not None:
                self._keep(found)

        clock = self._clock(LOOK_PROGRAMS)
        around = Tree(self._program, self._warm, within=self._moves.near(best.whole, turn), chosen=chosen)
        around.memory = self._tree.memory
        for _ in range(NEAR_PARTS):
            # One part after the other, because a part may take many programs.
            if clock.is_over() or around.exhaust(
                self._better, self._keep_whole, nodes=1, until=self._until, stop=self._stop
            ):
                break

    def _better(self) -> float:
        return self._level() + BETTER * abs(self._level())

    def _keep_whole(self, value: float, whole: FloatArray) -> None:
        self._keep(Found(value, whole))

    def _clock(self, programs: int) -> Clock:
        return Clock(self._tree, programs, self._until, self._stop)

    def _found(self, value: float, whole: FloatArray) -> None:
        """A plan at the end of a branch: if the model says less than was estimated, the estimate stays in the bound."""
        self._keep(Found(value, whole))
        if value > self._cutoff():
            self._unproven = max(self._unproven, value)

    def price(self, plan: Mapping[str, float]) -> FloatArray | None:
        """All columns of the model (n,) at the best that the choices of a plan come to; None if they are impossible.

        Whole columns by name, those not named being 0; what follows from the choices is decided anew.
        """
        whole = self._moves.completed(whole_values(self._warm.form, plan))
        found = self._moves.held(whole, self._clock(self._dive_programs))
        priced = self._priced(found) if found is not None else None
        return priced.values if priced is not None else None

    def _keep(self, found: Found) -> None:
        """Keep a plan if it is the best."""
        if self._best is not None and found.value <= self._best.value:
            return
        priced = self._priced(found)
        if priced is not None and (self._best is None or priced.value > self._best.value):
            self._best = priced
            self._worth = self._worth_now()
            if self._shares and self._proving:
                self._warm.set_costs(self._compact_costs())

    def _priced(self, found: Found) -> Incumbent | None:
        """A plan in the model itself, with shares at what they are then worth; None if it is impossible there."""
        whole = np.zeros(self._form.column_count)
        at = {int(j): i for i, j in enumerate(self._warm.whole)}
        for j in np.flatnonzero(self._form.integer).tolist():
            whole[j] = found.whole[at[int(self._program.column[j])]]
        worth, best = self._worth, None
        program = FixedProgram(self._form, whole, replace(self._options, time_limit_seconds=60.0), self._basis)
        for _ in range(WORTH_ROUNDS if self._shares else 1):
            if self._shares:
                program.set_costs(costs_at(self._instance, self._form, worth), maximise=self._form.maximise)
            raw = program.solve()
            if raw.values is None or raw.status is not Status.OPTIMAL:
                break
            self._basis = raw.basis
            value = (
                fair_value(self._instance, self._form, raw.values) if self._shares else self._form.objective(raw.values)
            )
            if best is None or value > best.value:
                best = Incumbent(value, raw.values, found.whole, program, raw.basis)
            if not self._shares or abs(worth_of(self._instance, value) - worth) < SAME_WORTH:
                break
            worth = worth_of(self._instance, value)
        return best

    def _compact_costs(self) -> FloatArray:
        """(n,) of the compact program at the present worth of a share."""
        if not self._shares:
            return self._program.form.costs
        return costs_at(self._instance, self._program.form, self._worth)

    def _begin_anew(self) -> None:
        """A new tree, when the old one was grown with shares much cheaper than they are now."""
        if not self._shares or self._tree.root is None or self._worth - self._tree.worth < ANEW:
            return
        self._outer = min(self._outer, self._bound())
        memory, self._nodes = self._tree.memory, self._nodes + self._tree.nodes
        self._tree = Tree(self._program, self._warm, self._worth)
        self._tree.memory = memory
        self._moves = Moves(self._program, self._tree)

    def _report(self) -> None:
        if self._on_progress is None:
            return
        bound, value = self._bound(), self._best.value if self._best is not None else None
        gap = None if value is None or value == 0 else max(0.0, bound - value) / abs(value)
        seconds = time.perf_counter() - self._began
        self._on_progress(Progress(seconds, value, bound, gap, self._nodes + self._tree.nodes))

    def _result(self) -> tuple[Instance, StandardForm, RawSolution] | None:
        if self._best is None:
            return None
        instance, form = self._instance, self._form
        if self._shares:
            worth = worth_of(instance, self._best.value)
            instance = replace(instance, intrinsic_to_market=worth)
            form = replace(form, costs=costs_at(self._instance, form, worth))
        objective = form.objective(self._best.values)
        bound = max(self._bound(), objective)
        gap = bound - objective
        allowed = max(self._options.absolute_gap_usd_m, self._options.relative_gap * abs(objective))
        status, message = Status.OPTIMAL, "Optimal"
        if gap > allowed * (1 + 1e-9) + 1e-9:
            stopped = self._stop is not None and self._stop.is_set()
            status = Status.INTERRUPTED if stopped else Status.TIME_LIMIT
            message = status.value
        return (
            instance,
            form,
            RawSolution(
                status=status,
                values=self._best.values,
                objective=objective,
                bound=bound,
                relative_gap=gap / abs(objective) if objective else None,
                absolute_gap=gap,
                seconds=time.perf_counter() - self._began,
                nodes=self._nodes + self._tree.nodes,
                message=message,
            ),
        )
