"""The best of several plans in whole numbers of one model: their decisions laid down, all else decided anew.

Linear programs in which what follows from the decisions is left open say how much each can be worth at most; only those
that can be the best are looked at exactly, the most promising first. docs/figures_report.md, section 27.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.instance import Instance
from optimizer.errors import InfeasibleError
from optimizer.solve.bridge import StandardForm
from optimizer.solve.columns import is_decided
from optimizer.solve.compiled import form_of
from optimizer.solve.highs import SolveOptions
from optimizer.solve.pricing import WarmProgram
from optimizer.solve.sensitivity import Laid, Whole, rules_anew
from optimizer.solve.worth import depends_on_worth, fair_value

SAME_USD_M = 1e-7


@dataclass(frozen=True, eq=False)
class Best:
    """Which of the plans it is (``rank`` from 0), its linear program, and its value in USD m with new shares at what
    they are then worth."""

    rank: int
    laid: Laid
    value_usd_m: float


def best_of(
    instance: Instance, plans: Sequence[Whole], options: SolveOptions, form: StandardForm | None = None
) -> Best | None:
    """The best plan, the first of equals; None if all are impossible.

    ``plans``: whole columns by name that are decisions; those that are not named are 0. ``form`` is the instance
    compiled, if that is known.
    """
    form = form if form is not None else form_of(instance)
    warm = WarmProgram(form, options)
    names = [form.column_names[j] for j in warm.whole.tolist()]
    decided = np.array([is_decided(name) for name in names], dtype=bool)
    low, high = form.column_lower[warm.whole], form.column_upper[warm.whole]
    promises = []
    for rank, plan in enumerate(plans):
        whole = np.array([plan.get(name, 0.0) for name in names])
        lower, upper = np.where(decided, np.maximum(low, whole), low), np.where(decided, np.minimum(high, whole), high)
        answer = warm.bound(lower, upper)
        if answer.values is not None:
            promises.append((answer.objective, rank))
    best: tuple[int, Laid] | None = None
    for promise, rank in sorted(promises, key=lambda each: (-each[0], each[1])):
        if best is not None and promise <= best[1].objective + SAME_USD_M:
            break
        plan = {name: plans[rank].get(name, 0.0) for name in names if is_decided(name)}
        try:
            laid = rules_anew(instance, plan, options, form)
        except InfeasibleError:
            continue
        if best is None or laid.objective > best[1].objective + SAME_USD_M:
            best = rank, laid
    if best is None:
        return None
    rank, laid = best
    shares = depends_on_worth(instance)
    return Best(rank, laid, fair_value(instance, form, laid.values) if shares else laid.objective)
