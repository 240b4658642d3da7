"""Whether a solution uses losses and interest by the rule, and where it does not: years that need whole numbers.

A plan may leave losses or interest for later, or make a profit beside a loss. Where that gains it nothing, neither in
value nor in cash at any time, the rule itself is as good and nothing has to be done.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.forward_tax import greedy_interest, greedy_losses
from models.income_parts import HOME, year_before, year_nodes
from models.instance import Instance
from models.tax import year_ends

TOLERANCE_USD_M = 1e-5
"""Ten dollars: ten times what the solver's own tolerances come to."""


def violated_years(instance: Instance, values: Mapping[str, float]) -> frozenset[tuple[int, int]]:
    """(country, last node) of the years in which a solution (values of columns by name) does not follow the rule.

    Empty where following it would cost nothing; without those that have their whole numbers already.
    """
    taxed = instance.income_tax
    if taxed is None:
        return frozenset()
    broken: set[tuple[int, int]] = set()
    ends = year_ends(instance)
    due = np.zeros((2, len(instance.tree)))
    for g in range(len(taxed.country)):
        losses: dict[int, float] = {}
        carried: dict[int, float] = {}
        for e in ends:
            year, before = _Year(instance, values, g, e), year_before(instance, e)
            if year.breaks_the_rule:
                broken.add((g, e))
            left = losses[before] if before is not None else float(taxed.losses_usd_m[g])
            result = year.before_interest
            if g == HOME and taxed.interest_limit is not None:
                owed = carried[before] if before is not None else taxed.interest_carried_usd_m
                deducted = greedy_interest(owed + year.interest, year.cap)
                carried[e] = owed + year.interest - deducted
                result -= deducted
            used, losses[e] = greedy_losses(result, left, taxed.loss_limit)
            due[0, e] += float(taxed.rate[g, e]) * (year.profit - year.used)
            due[1, e] += float(taxed.rate[g, e]) * (max(0.0, result) - used)
    claimed, by_rule = (instance.tree.reaches.T.astype(float) @ row for row in due)
    scale = TOLERANCE_USD_M * max(1.0, float(np.abs(due).max()))
    gained = (by_rule - claimed).max() > scale or float(taxed.value_factor @ (due[1] - due[0])) > scale
    return frozenset(broken - instance.tax_binaries) if gained else frozenset()


class _Year:
    """A year of a country in a solution. Without a limit to interest it is in ``before_interest`` already."""

    def __init__(self, instance: Instance, values: Mapping[str, float], country: int, end: int) -> None:
        taxed = instance.income_tax
        assert taxed is not None
        key, before = f"[{country},{end}]", year_before(instance, end)

        def value(name: str, index: str = key) -> float:
            return float(values.get(f"{name}{index}", 0.0))

        self.profit, self.used = value("income_profit"), value("losses_used")
        self._loss = value("income_loss")
        held = float(taxed.losses_usd_m[country])
        if before is not None:
            held = value("losses_left", f"[{country},{before}]")
        self._usable = min(held, taxed.loss_limit * self.profit)
        self.before_interest = self.profit - self._loss
        self.interest = self.cap = self._deducted = self._deductible = 0.0
        if country == HOME and taxed.interest_limit is not None:
            self._deducted = value("interest_deducted", f"[{end}]")
            self.before_interest += self._deducted
            carried = taxed.interest_carried_usd_m
            if before is not None:
                carried = value("interest_left", f"[{before}]")
            self.interest = value("interest_left", f"[{end}]") + self._deducted - carried
            self.cap = taxed.interest_limit * max(0.0, value("income_adjusted")) + self._yield(instance, values, end)
            self._deductible = min(carried + self.interest, self.cap)

    @staticmethod
    def _yield(instance: Instance, values: Mapping[str, float], end: int) -> float:
        earned = 0.0
        for n in year_nodes(instance, end):
            parent = int(instance.tree.parent[n])
            cash = float(values.get(f"cash[{parent}]", 0.0)) if parent >= 0 else instance.cash.opening_usd_m
            earned += (float(instance.cash.growth[n]) - 1) * cash
        return earned

    @property
    def breaks_the_rule(self) -> bool:
        scale = TOLERANCE_USD_M * max(1.0, self.profit, self._loss)
        late = self.used < self._usable - scale or self._deducted < self._deductible - scale
        return late or min(self.profit, self._loss) > scale
