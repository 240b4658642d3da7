"""A search for instances with many choices: one tree of linear programs for plans and bounds, in turns.

HiGHS' own search forbids one date of one offer at a time and spends most of its time on cuts; here an offer is split
into early and late, on a program a fifth of the size. New shares cost what they are worth under the best plan so far: a
better plan makes them dearer, so everything that was proven with cheaper ones goes on holding.

What decides here is counted in linear programs and parts, never in seconds: without a time limit that strikes, the same
instance gives the same plan.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from models.instance import Instance
from optimizer.errors import SolverError
from optimizer.instance.whole_plan import NO_TRAIL, Scores, Starts, Trail
from optimizer.solve.best import Best
from optimizer.solve.branching import Memory
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.choices import Choices
from optimizer.solve.compact import compact
from optimizer.solve.dive import Clock, Found, dive
from optimizer.solve.fixed import FixedProgram
from optimizer.solve.folded_search import Calls, FoldedSearch
from optimizer.solve.folding import Fold, folds
from optimizer.solve.highs import RawSolution, SolveOptions, Status
from optimizer.solve.incumbent import ModelPrices
from optimizer.solve.known import KnownPlans
from optimizer.solve.plunge import SHARE, Plunge
from optimizer.solve.pricing import WarmProgram, whole_values
from optimizer.solve.progress import Progress
from optimizer.solve.prove import Part, Splits, Tree
from optimizer.solve.share_costs import ShareCosts
from optimizer.solve.starts import COMPACT, MODEL, begin_at, start_of

MANY_CHOICES, SOME_CHOICES, MANY_COLUMNS = 150, 15, 3000
"""From how many dates of offers on this search is used."""

BEFORE_LOOK, FIRST_PARTS, MORE_PARTS, MOST_PARTS = 10, 50, 1.4, 400
"""Parts split before it is looked around a plan that is known, because that may do; then between two looks for better
plans at first, by how much they become more, and at most."""

DIVE_PROGRAMS, WHOLE_A_PROGRAM = 100, 3
"""Linear programs that a dive may take, or one for so many whole columns if that is more."""

PLUNGE_PROGRAMS = 150
"""Linear programs after which ways down are given up if they bring nothing noticeably better."""

NEAR_PARTS, LOOK_PROGRAMS = 50, 250
"""Parts and linear programs of the small tree around the best plan."""


def is_large(instance: Instance, form: StandardForm) -> bool:
    """Whether a model is searched here: many choices or many columns with some choices, and one path of time."""
    choices = int((instance.bounds.sign[1] > instance.bounds.sign[0]).sum())
    many = choices >= MANY_CHOICES or (choices >= SOME_CHOICES and form.column_count >= MANY_COLUMNS)
    return is_simple(instance) and many


def is_simple(instance: Instance) -> bool:
    """Whether a tree of its choices can be grown: it asks for value alone, along one path of time."""
    return instance.maximise == "value" and instance.value_at_least is None and len(instance.tree.leaves) == 1


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
        most_usd_m: float = np.inf,
        *,
        folded: bool = True,
    ) -> None:
        """``known``: plans to begin with; ``trail``: what a search left behind that proved one of them, or one near it,
        elsewhere; ``most_usd_m``: no plan is worth more, as was proven before; ``folded``: where sites are alike, look
        at all of them together first."""
        self._splits = trail.splits if known else ()
        self._began = time.perf_counter()
        self._until = self._began + options.time_limit_seconds
        self._instance, self._form, self._options = instance, form, options
        self._on_progress, self._stop = on_progress, stop
        self._program = compact(instance, form)
        self._folds = folds(self._program) if folded else None
        small = self._program.form
        prices = ModelPrices(instance, form, self._program, options, begin_at(trail.starts, MODEL, form, form))
        self._best = Best(instance, prices, options)
        self._warm = WarmProgram(small, options, begin_at(trail.starts, COMPACT, small, form))
        if known:
            # The tree begins with shares at what they are worth under a plan, if there is one.
            with contextlib.suppress(SolverError):
                self._best.begin(whole_values(small, known[0]))
        self._costs = ShareCosts(instance, small, self._warm, self._best.worth)
        begins_later = bool(self._splits) or self._folds is not None
        self._tree = Tree(self._program, self._warm, self._best.worth, regrown=begins_later)
        self._is_grown = not begins_later
        if known:
            self._tree.memory = Memory.of(trail.scores)
        self._choices, self._way = Choices(self._program, self._tree), Plunge(self._tree)
        self._best.complete(self._choices.completed)
        self._known = KnownPlans(known, self._program, self._warm, self._costs, self._choices, self._best, self._clock)
        self._nodes, self._proving = 0, True
        self._dive_programs = max(DIVE_PROGRAMS, len(self._warm.whole) // WHOLE_A_PROGRAM)
        # The first root has shares at the market's price, or at what they are worth under a plan that is known: no
        # better plan can beat it.
        self._outer = min(most_usd_m, self._tree.root.bound if self._tree.root is not None else np.inf)
        """The bound before anything is split."""

    def run(self) -> tuple[Instance, StandardForm, RawSolution] | None:
        """None if nothing was found, or if there is nothing to be found: HiGHS then says why. Raises SolverError if a
        program cannot be solved before there is a plan, or that of all choices."""
        try:
            return self._run()
        finally:
            self._warm.rest()

    def _run(self) -> tuple[Instance, StandardForm, RawSolution] | None:
        if self._tree.root is None:
            return None
        with contextlib.suppress(SolverError):
            # They are there to make it short.
            self._known.price()
            self._make_dearer()
        if self._best.plan is not None and self._outer <= self._best.cutoff():
            return self._result()
        if self._folds is not None and self._fold(self._folds):
            return self._result()
        self._proving = True
        if not self._is_grown:
            every: Splits = (None,)
            self._is_grown = True
            self._tree.regrow(
                self._splits if self._best.plan is not None and self._tree.fits(self._splits) else every,
                self._best.cutoff(),
                self._found,
                until=self._until,
                stop=self._stop,
            )
        self._way = Plunge(self._tree, self._expected_credit() if self._best.plan is not None else np.inf)
        self._make_dearer()
        try:
            self._go_on()
        except SolverError:
            # One program that nobody can solve takes neither the plan nor what is proved: its part stays open.
            if not self._best.has_choices:
                raise
        return self._result()

    def _fold(self, both: tuple[Fold, Fold]) -> bool:
        """Look at sites that are alike together. True if no more is to be done."""

        def report() -> None:
            self._outer = min(self._outer, search.bound)
            self._report()

        def best() -> FloatArray | None:
            return self._best.plan.whole if self._best.plan is not None else None

        def level() -> float:
            return self._best.level() if self._best.has_choices else -np.inf

        calls = Calls(level, self._best.cutoff, best, self._best.keep, report)
        search = FoldedSearch(self._instance, self._program, both, self._options, calls, self._until, self._stop)
        self._proving = False
        with contextlib.suppress(SolverError):
            self._begin_with_nothing()
            # What it found and proved so far holds.
            search.run()
        report()
        self._nodes = search.nodes
        return self._best.plan is not None and (self._outer <= self._best.cutoff() or self._is_over())

    def _go_on(self) -> None:
        """Proof and better plans in turns, after a look around the first plan where it is not proved at once."""
        if not self._best.has_choices:
            self._begin_with_nothing()
            self._make_dearer()
            self._scout()
        elif not self._exhaust(BEFORE_LOOK):
            with contextlib.suppress(SolverError):
                self._known.settle(self._tree, self._make_dearer)
        if self._tree.best_open > self._best.cutoff():
            self._look_around(0)
        parts, turns = float(FIRST_PARTS), itertools.count(1)
        while not self._is_over():
            if self._exhaust(int(parts)):
                break
            parts = min(MOST_PARTS, parts * MORE_PARTS)
            turn = next(turns)
            if turn % 2:
                self._plunge()
            else:
                self._look_around(turn // 2)
            self._report()

    def _begin_with_nothing(self) -> None:
        """Where no plan is known, the one that takes no choice."""
        if self._best.plan is not None:
            return
        nothing = whole_values(self._warm.form, {})
        found = self._choices.settle(nothing, self._clock(self._dive_programs), self._best.level())
        if found is not None:
            self._best.keep(found)
        self._best.first = self._best.plan

    def _exhaust(self, parts: int) -> bool:
        """Split so many parts; True if nothing is left above the cutoff."""
        complete = self._tree.exhaust(self._best.cutoff, self._found, nodes=parts, until=self._until, stop=self._stop)
        self._report()
        return complete

    def _expected_credit(self) -> float:
        """Of a choice, where a plan is known: two choices for each offer, and what they cost together."""
        lost = max(0.0, self._tree.best_open - self._best.level())
        return SHARE * lost / max(1, 2 * len(self._program.groups))

    @property
    def splits(self) -> Splits:
        """How all choices were split to prove the bound; as they were elsewhere, where that was not needed here."""
        return self._tree.splits(self._best.cutoff()) if self._is_grown else self._splits

    @property
    def scores(self) -> Scores:
        """How much splits told."""
        return self._tree.memory.scores

    @property
    def starts(self) -> Starts:
        """Where the programs of the best plan may begin elsewhere."""
        small = self._program.form
        basis = self._best.plan.basis if self._best.plan is not None else None
        found = ((MODEL, basis, self._form), (COMPACT, self._warm.basis, small))
        return tuple(start_of(what, basis, form, self._form) for what, basis, form in found if basis is not None)

    @property
    def program(self) -> FixedProgram | None:
        """Of the best plan."""
        return self._best.plan.program if self._best.plan is not None else None

    def _scout(self) -> None:
        """The first plan, from a tree where shares cost what they are worth by a guess. It proves nothing, unless the
        guess was not too high: then it is the tree from now on."""
        guess = self._costs.guess(self._best.worth, self._tree.best_open)
        if guess <= self._best.worth:
            self._plunge()
            return
        self._costs.set(guess)
        tree, self._tree, self._proving = self._tree, Tree(self._program, self._warm, guess), False
        self._way = Plunge(self._tree)
        self._plunge()
        if not self._proving:
            self._nodes, self._proving = self._tree.nodes, True
            tree.memory, self._tree = self._tree.memory, tree
            self._way = Plunge(tree, self._way.credit)
            self._costs.set(tree.worth)
            self._make_dearer()

    def _plunge(self) -> None:
        """Ways down the tree to better plans, until so many linear programs brought none that is noticeably better; or
        to the first one, which may take more."""
        clock = self._clock(PLUNGE_PROGRAMS if self._best.has_choices else max(PLUNGE_PROGRAMS, len(self._warm.whole)))
        while self._tree.best_open > self._best.cutoff():
            had, level = self._best.has_choices, self._best.level()
            found = self._way.next_plan(self._best.noticeable(), clock)
            if found is None:
                break
            self._best.keep(found)
            self._make_dearer()
            self._report()
            if not had:
                break
            if self._best.level() > level:
                clock = self._clock(PLUNGE_PROGRAMS)

    def _is_over(self) -> bool:
        return time.perf_counter() > self._until or (self._stop is not None and self._stop.is_set())

    def _bound(self) -> float:
        """No plan is worth more: what is open, what was closed below the cutoff."""
        if not self._proving:
            return self._outer
        return min(self._outer, max(self._best.cutoff(), self._tree.best_open))

    def _look_around(self, turn: int) -> None:
        """A small tree of the choices near those of the best plan; what follows is decided where all are made."""
        if self._best.plan is None or not self._best.has_choices or self._is_over():
            return

        def chosen(part: Part) -> None:
            found = dive(around, part, clock, self._best.level())
            if found is not None:
                self._best.keep(found)

        clock = self._clock(LOOK_PROGRAMS)
        around = Tree(self._program, self._warm, within=self._choices.near(self._best.plan.whole, turn), chosen=chosen)
        around.memory = self._tree.memory
        for _ in range(NEAR_PARTS):
            # One part after the other, because a part may take many programs.
            if clock.is_over() or around.exhaust(
                self._best.better, self._found, nodes=1, until=self._until, stop=self._stop
            ):
                break
        self._make_dearer()

    def _clock(self, programs: int) -> Clock:
        return Clock(self._tree, programs, self._until, self._stop)

    def _found(self, value: float, whole: FloatArray) -> None:
        """A plan that came up as the answer of a part."""
        self._best.keep(Found(value, whole))
        self._make_dearer()

    def price(self, plan: Mapping[str, float]) -> FloatArray | None:
        """All columns of the model (n,) at the best that the choices of a plan come to; None if they are impossible.

        Whole columns by name, those not named being 0; what follows from the choices is decided anew. Raises
        SolverError if a program cannot be solved.
        """
        whole = self._choices.completed(whole_values(self._warm.form, plan))
        found = self._choices.held(whole, self._clock(self._dive_programs))
        priced = self._best.price(found.whole) if found is not None else None
        return priced.values if priced is not None else None

    def _make_dearer(self) -> None:
        """Shares in the tree at what they are worth under the best plan."""
        worth = self._best.worth
        if not self._costs.depend_on_worth or self._tree.root is None:
            return
        # A tree that was grown with a guess proves something as soon as shares are known to be worth that.
        self._proving = self._proving or self._tree.worth <= worth
        if not self._proving or worth <= self._tree.worth:
            return
        self._costs.set(worth)
        self._tree.worth = worth

    def _report(self) -> None:
        if self._on_progress is None:
            return
        bound, value = self._bound(), self._best.plan.value if self._best.plan is not None else None
        gap = None if value is None or value == 0 else max(0.0, bound - value) / abs(value)
        seconds = time.perf_counter() - self._began
        self._on_progress(Progress(seconds, value, bound, gap, self._nodes + self._tree.nodes))

    def _why_open(self) -> tuple[Status, str]:
        """Why the gap is not closed, as a status and in words."""
        if self._stop is not None and self._stop.is_set():
            return Status.INTERRUPTED, Status.INTERRUPTED.value
        if self._is_over():
            return Status.TIME_LIMIT, Status.TIME_LIMIT.value
        return Status.GAP_LEFT, "the search ended: a linear program could not be solved"

    def _result(self) -> tuple[Instance, StandardForm, RawSolution] | None:
        plan = self._best.plan
        if plan is None:
            return None
        instance, form = self._best.at_its_worth(self._form)
        objective = form.objective(plan.values)
        bound = max(self._bound(), objective)
        gap = bound - objective
        status, message = Status.OPTIMAL, "Optimal"
        if gap > self._best.allowed(objective) * (1 + 1e-9) + 1e-9:
            status, message = self._why_open()
        return (
            instance,
            form,
            RawSolution(
                status=status,
                values=plan.values,
                objective=objective,
                bound=bound,
                relative_gap=gap / abs(objective) if objective else None,
                absolute_gap=gap,
                seconds=time.perf_counter() - self._began,
                nodes=self._nodes + self._tree.nodes,
                message=message,
            ),
        )
