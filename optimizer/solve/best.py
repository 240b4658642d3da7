"""The best plan of a search so far, and what it decides: what a plan has to be worth to be looked for, and what a share
is worth now. Both only rise, so what was proved under a poorer plan goes on holding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from models.instance import Instance
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.dive import Found
from optimizer.solve.highs import SolveOptions
from optimizer.solve.incumbent import Incumbent, ModelPrices
from optimizer.solve.worth import costs_at, depends_on_worth, worth_of

NOTICEABLE = 0.1
"""Share of the gap that is asked for: by less than that a known plan is not made better."""

BETTER = 1e-4
"""How much better a plan near the best one has to be, as a share of its value."""


class Best:
    """The best plan, priced in the model. All values in USD m. For one thread."""

    def __init__(self, instance: Instance, prices: ModelPrices, options: SolveOptions) -> None:
        """``prices`` plans of ``instance``; ``options`` say which gap is asked for."""
        self.plan: Incumbent | None = None
        self.first: Incumbent | None = None
        """The plan that takes no choice, where the search began with it."""
        self._instance, self._prices, self._options = instance, prices, options
        self._shares = depends_on_worth(instance)
        self.worth = 1.0 if self._shares else instance.intrinsic_to_market
        """What a share is worth over what it sells for under the best plan; 1 without one. Fixed where no share can be
        given to anybody."""
        self._priced: set[bytes] = set()
        """Plans that were priced in the model."""

    @property
    def has_choices(self) -> bool:
        """Whether there is a plan beside the one that takes no choice."""
        return self.plan is not None and self.plan is not self.first

    def level(self) -> float:
        """What the best plan is worth; minus infinity without one."""
        return self.plan.value if self.plan is not None else -np.inf

    def allowed(self, value: float) -> float:
        """The gap that is asked for above a plan of this value."""
        return max(self._options.absolute_gap_usd_m, self._options.relative_gap * abs(value))

    def cutoff(self) -> float:
        """What is not worth more is not looked at: the best plan and the gap; minus infinity without one."""
        return self.plan.value + self.allowed(self.plan.value) if self.plan is not None else -np.inf

    def noticeable(self) -> float:
        """What a plan has to be worth to be looked for; minus infinity without one."""
        return self.level() + NOTICEABLE * (self.cutoff() - self.level()) if self.plan is not None else -np.inf

    def better(self) -> float:
        """What a plan has to be worth that is looked for near the best one."""
        return self.level() + BETTER * abs(self.level())

    def price(self, whole: FloatArray) -> Incumbent | None:
        """A plan by the whole columns (k,) of the compact program, priced in the model and not kept; None if it is
        impossible there. Raises SolverError if it cannot be priced."""
        return self._prices.price(whole, self.worth)

    def begin(self, whole: FloatArray) -> None:
        """Begin with a plan (k,) that is known, if it is possible. Raises SolverError if it cannot be priced."""
        self._take(self.price(whole))

    def complete(self, completed: Callable[[FloatArray], FloatArray]) -> None:
        """Complete the plan that was begun with: ``completed`` makes (k,) whole columns of (k,)."""
        if self.plan is not None:
            self.plan = replace(self.plan, whole=completed(self.plan.whole))
            self._priced.add(_key(self.plan.whole))

    def keep(self, found: Found) -> None:
        """Keep a plan if it is the best. It is priced once: what it is worth in the end, with shares at that, hangs on
        nothing else. Raises SolverError if it cannot be priced."""
        if self.plan is not None and found.value <= self.plan.value:
            return
        if _key(found.whole) in self._priced:
            return
        priced = self.price(found.whole)
        self._priced.add(_key(found.whole))
        self._take(priced)

    def _take(self, priced: Incumbent | None) -> None:
        if priced is None or (self.plan is not None and priced.value <= self.plan.value):
            return
        self.plan = priced
        if self._shares:
            self.worth = max(self.worth, worth_of(self._instance, priced.value))

    def at_its_worth(self, form: StandardForm) -> tuple[Instance, StandardForm]:
        """The instance, and its ``form``, with new shares at what they are worth under the best plan."""
        if not self._shares or self.plan is None:
            return self._instance, form
        worth = worth_of(self._instance, self.plan.value)
        return (
            replace(self._instance, intrinsic_to_market=worth),
            replace(form, costs=costs_at(self._instance, form, worth)),
        )


def _key(whole: FloatArray) -> bytes:
    """Equal for equal plans (k,): 0.0 and -0.0 are not, as bytes."""
    return np.round(whole).astype(np.int64).tobytes()
