"""Plans that are known when a search begins: priced as they are, then what follows from their choices decided anew, or
a plan near them where none can be paid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from optimizer.solve.best import Best
from optimizer.solve.bridge import FloatArray
from optimizer.solve.choices import Choices
from optimizer.solve.compact import Compact
from optimizer.solve.dive import FOLLOWING, Clock, Found
from optimizer.solve.plunge import Plunge
from optimizer.solve.pricing import WarmProgram, whole_values
from optimizer.solve.prove import Tree
from optimizer.solve.share_costs import ShareCosts

KNOWN_PROGRAMS = 100
"""Linear programs for what follows from the choices of known plans: of the nearest, and the next as long as there is no
plan; and again of the others where the proof needs them."""

REPAIR_PROGRAMS = 100
"""Linear programs for a plan near the known ones, where none of these can be paid."""


class KnownPlans:
    """The plans that one search knows, the nearest first. For one thread."""

    def __init__(
        self,
        plans: Sequence[Mapping[str, float]],
        program: Compact,
        warm: WarmProgram,
        costs: ShareCosts,
        choices: Choices,
        best: Best,
        clock: Callable[[int], Clock],
    ) -> None:
        """``plans``: whole columns by name, those not named being 0; ``best`` began with the first, if that is
        possible. ``warm`` is of ``program``, ``costs`` are those of ``warm``; ``clock`` is over after so many of its
        linear programs from now."""
        self._plans, self._program, self._warm, self._costs = plans, program, warm, costs
        self._choices, self._best, self._clock = choices, best, clock
        self.unsettled: list[FloatArray] = []
        """Other plans (k,), of which it was not decided anew what follows from their choices."""

    def price(self) -> None:
        """The plans as they are, with all that followed from their choices where they were found; then what follows
        from the choices of the nearest decided anew, and from those of the next as long as there is no plan. Those that
        are left may be needed for the proof. Raises SolverError if a program cannot be solved."""
        plans = [self._choices.completed(whole_values(self._warm.form, plan)) for plan in self._plans]
        self._price_as_they_are(plans)
        clock = self._clock(KNOWN_PROGRAMS)
        for k, whole in enumerate(plans):
            if (k == 0 or self._best.plan is None) and not clock.is_over():
                self._settle(whole, clock)
            else:
                self.unsettled.append(whole)
        if self._best.plan is None:
            self._repair(plans)

    def settle(self, tree: Tree, then: Callable[[], None]) -> None:
        """What follows from the choices of the plans that are left, until nothing of ``tree`` is left to be proved.
        ``then`` is called after each. Raises SolverError if a program cannot be solved."""
        clock = self._clock(KNOWN_PROGRAMS)
        for whole in self.unsettled:
            if tree.best_open <= self._best.cutoff() or clock.is_over():
                break
            self._settle(whole, clock)
            then()
        self.unsettled = []

    def _price_as_they_are(self, plans: Sequence[FloatArray]) -> None:
        found = []
        # The nearest was priced in the model, where the worth of a share was settled.
        for whole in plans[1:]:
            priced = self._warm.price(whole, self._best.noticeable() if self._best.plan is not None else None)
            if priced.values is not None:
                found.append(Found(priced.objective, whole))
        for each in sorted(found, key=lambda each: -each.value):
            if each.value > self._best.noticeable():
                self._best.keep(each)

    def _settle(self, whole: FloatArray, clock: Clock) -> None:
        """What follows from the choices of a plan, decided anew beside the rules that held where it was found, or all
        of it, if that is too little; where they may come to noticeably more than the best plan."""
        best = self._best
        most = self._choices.promise(whole, best.noticeable())
        for keep_rules in (True, False):
            level = best.noticeable() if keep_rules else best.level()
            if most <= (level if keep_rules else best.cutoff()):
                return
            found = self._choices.settle(whole, clock.within(FOLLOWING), level, keep_rules=keep_rules)
            if found is not None:
                best.keep(found)

    def _repair(self, plans: Sequence[FloatArray]) -> None:
        """A plan near a known one, where none of them can be paid."""
        clock = self._clock(REPAIR_PROGRAMS)
        for whole in plans:
            if self._best.plan is not None or clock.is_over():
                break
            try:
                found = self._found_near(whole, clock)
            finally:
                # What goes on after a program that nobody can solve must not take the guess for what shares cost.
                self._costs.set(self._best.worth)
            if found is not None:
                self._best.keep(found)

    def _found_near(self, whole: FloatArray, clock: Clock) -> Found | None:
        """A plan near this one, with shares at what they are worth by a guess. They still cost that afterwards."""
        near = self._choices.near(whole, 0)
        around = Tree(self._program, self._warm, self._best.worth, within=near)
        if around.root is None:
            return None
        guess = self._costs.guess(self._best.worth, around.root.bound)
        if guess > self._best.worth:
            self._costs.set(guess)
            around = Tree(self._program, self._warm, guess, within=near)
        return Plunge(around).next_plan(-np.inf, clock)
