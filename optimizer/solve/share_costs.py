"""What new shares cost in the compact program that a search keeps warm: what they are worth, or a guess of that."""

from __future__ import annotations

import numpy as np

from models.instance import Instance
from optimizer.solve.bridge import StandardForm
from optimizer.solve.pricing import WarmProgram
from optimizer.solve.worth import costs_at, depends_on_worth, worth_of

GUESSED_SHARE = 0.93
"""How the worth of a share is guessed for the first plans: a plan comes to so much of what the linear program promises.
Rather too little: with shares that are too dear nothing is proved."""


class ShareCosts:
    """The costs of one warm program. For one thread."""

    def __init__(self, instance: Instance, form: StandardForm, warm: WarmProgram, worth: float) -> None:
        """``form`` is that of ``warm``, compact, and of ``instance``. ``worth``: of a share over what it sells for, at
        first."""
        self._instance, self._form, self._warm = instance, form, warm
        self.depend_on_worth = depends_on_worth(instance)
        """Whether new holders can be given anything."""
        self.set(worth)

    def set(self, worth: float) -> None:
        """New shares from now on at this worth."""
        self._warm.set_costs(costs_at(self._instance, self._form, worth) if self.depend_on_worth else self._form.costs)

    def guess(self, now: float, most: float) -> float:
        """The worth of a share, if the best plan comes to a share of what the linear program promises where shares cost
        as much: the more they cost, the less it promises. ``most``: what it promises, in USD m, at the worth ``now``,
        at which it is left. Raises SolverError if it cannot be solved."""
        if not self.depend_on_worth or not np.isfinite(most):
            return now
        then = worth_of(self._instance, GUESSED_SHARE * most)
        if then <= now:
            return now
        self.set(then)
        try:
            back = worth_of(self._instance, GUESSED_SHARE * self._warm.bound().objective)
        finally:
            self.set(now)
        # Between the two, where both lines meet.
        return max(now, now + (then - now) ** 2 / max(then - back + then - now, then - now))
