"""How far a plan can go in one respect (`models.measures`) while it is worth as much as is asked for.

Only how far: the plan worth most of those that go so far is found by `run.py`, with that as a floor.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import numpy as np

from models.instance import Instance
from models.tax import year_ends
from optimizer.errors import SolverError
from optimizer.solve.columns import is_decided
from optimizer.solve.compiled import form_of
from optimizer.solve.highs import SolveOptions, Status, solve_form
from optimizer.solve.infeasible import infeasible
from optimizer.solve.tax_rounds import Columns
from optimizer.solve.worth import worth_of

SLACK = 1e-6
"""By so much (relative to 1 + its size) a floor is below what was found: solvers keep rows to a tolerance."""


@dataclass(frozen=True)
class Extreme:
    """``amount`` of a measure was found, ``bound`` is what no plan goes beyond; both turned so that more is more
    extreme. ``columns``: whole numbers decided by the plan that goes so far, by name."""

    measure: str
    amount: float
    bound: float
    status: Status
    columns: Columns

    @property
    def floor(self) -> tuple[str, float]:
        """What to ask of a plan that is to go as far (``Instance.measure_at_least``)."""
        return self.measure, self.amount - SLACK * (1.0 + abs(self.amount))


def find_extreme(
    instance: Instance,
    measure: str,
    value_at_least_usd_m: float,
    options: SolveOptions,
    stop: threading.Event | None = None,
    *,
    known: Columns | None = None,
    by_tax_rule: bool = False,
) -> Extreme:
    """Most of a measure that a plan of this value can have. ``known``: whole columns of a plan to begin with.

    ``by_tax_rule``: losses and interest are used by the rule in every year, which takes longer. Without it they may be
    used as is best for the plan, and the extreme may be further than any plan by the rule goes, never less far.

    Raises InfeasibleError if no plan is worth that much, SolverError if none was found in time.
    """
    asked = replace(
        instance,
        maximise=measure,
        value_at_least=value_at_least_usd_m - SLACK * (1.0 + abs(value_at_least_usd_m)),
        # A plan is worth as much as is asked for exactly if it is with shares at what they are worth in one that just
        # is: they are worth more only in a plan that is worth more.
        intrinsic_to_market=worth_of(instance, value_at_least_usd_m),
    )
    if by_tax_rule and instance.income_tax is not None:
        countries = range(len(instance.income_tax.country))
        asked = replace(asked, tax_binaries=frozenset((g, e) for g in countries for e in year_ends(instance)))
    form = form_of(asked)
    start = np.array([_known(name, known) for name in form.column_names]) if known is not None else None
    raw = solve_form(form, options, start, stop=stop)
    if raw.status is Status.INFEASIBLE:
        raise infeasible(asked, form)
    if raw.values is None or raw.objective is None or raw.bound is None:
        raise SolverError(f"no plan was found: {raw.message}", ("give more time with --time-limit",))
    columns = {
        name: float(round(value))
        for name, value in zip(form.column_names, raw.values.tolist(), strict=True)
        if is_decided(name)
    }
    return Extreme(measure, raw.objective, raw.bound, raw.status, columns)


def _known(name: str, known: Columns) -> float:
    """Decisions that a plan does not name are not taken; the rest follows from them."""
    return known.get(name, 0.0 if is_decided(name) else float("nan"))
