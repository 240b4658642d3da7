"""``worth.csv``: what one more of each thing would be worth, predicted by duals and solved again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from optimizer.case.load import LoadedCase
from optimizer.errors import CaseError, InfeasibleError, SolverError
from optimizer.explain.answers import Answers, Question
from optimizer.explain.levers import Lever, levers
from optimizer.explain.start import Start
from optimizer.instance.whole_plan import columns_of
from optimizer.plan.table import Table, table
from optimizer.solve.compiled import form_of
from optimizer.solve.run import solve_instance
from optimizer.solve.sensitivity import predict
from optimizer.solve.worth import depends_on_worth, fair_value

KINK_SHARE, KINK_USD_M = 0.01, 0.001
"""By more than this, of both, a prediction differs where the worth changes within a step."""

COLUMNS = ("lever", "path", "step", "unit", "predicted_usd_m", "resolved_usd_m", "kink", "anew_usd_m", "note")

ZERO_USD_M = 1e-7
"""What a solver's tolerance comes to: no worth."""


@dataclass(frozen=True)
class Worth:
    """What a lever is worth in USD m; None where there is no answer, and ``note`` says why."""

    lever: Lever
    predicted_usd_m: float | None
    resolved_usd_m: float | None
    anew_usd_m: float | None = None
    note: str = ""

    @property
    def kink(self) -> bool:
        """Whether the worth changes within one step."""
        if self.predicted_usd_m is None or self.resolved_usd_m is None:
            return False
        apart = abs(self.predicted_usd_m - self.resolved_usd_m)
        return apart > KINK_USD_M and apart > KINK_SHARE * abs(self.resolved_usd_m)


def worths(answers: Answers, anew: int = 0) -> list[Worth]:
    """Every lever of a plan, worth most first. ``anew``: for so many of them all is decided anew."""
    start = answers.start
    every = levers(start.case, start.loaded.bare, start.written.rows("decisions"))
    asked = answers.to([Question(each.words, partial(worth_of_lever, lever=each)) for each in every])
    found: list[Worth] = [each for each in asked if each is not None]
    found.sort(key=lambda each: -(each.resolved_usd_m if each.resolved_usd_m is not None else float("-inf")))
    again = [Question(f"{each.lever.words}, decided anew", partial(_anew, worth=each)) for each in found[:anew]]
    return [*answers.to(again), *found[anew:]]


def worth_table(found: list[Worth]) -> Table:
    """The rows of ``worth.csv``."""
    return table(
        COLUMNS,
        [
            (
                each.lever.words,
                each.lever.path,
                each.lever.step,
                each.lever.unit,
                each.predicted_usd_m,
                each.resolved_usd_m,
                "yes" if each.kink else "no",
                each.anew_usd_m,
                each.note,
            )
            for each in found
        ],
    )


def worth_of_lever(start: Start, lever: Lever) -> Worth | None:
    """What a lever is worth, all decisions in whole numbers being equal; None if the case does not take the step."""
    try:
        moved = lever.change.apply(start.loaded)
        prepared = start.prepare(moved, same_hours=lever.path.startswith("finance."))
    except CaseError:
        return None
    instance = start.instance(prepared)
    form = form_of(instance)
    prediction = predict(start.laid, instance, form)
    predicted = None if prediction.usd_m is None else _tidy(prediction.usd_m - lever.taken_off_usd_m)
    if predicted == 0.0 and lever.loosens and lever.taken_off_usd_m == 0.0:
        # Duals never promise too little of what loosens, and a plan that is possible still is: nothing to solve.
        return Worth(lever, 0.0, 0.0)
    try:
        objective = start.resolve(instance, form).objective
    except (InfeasibleError, SolverError) as error:
        note = "; ".join(each for each in (prediction.note, _told(error)) if each)
        return Worth(lever, predicted, None, note=note)
    resolved = _tidy(objective - start.laid.objective - lever.taken_off_usd_m)
    return Worth(lever, predicted, resolved, note=prediction.note)


def _tidy(worth: float) -> float:
    return 0.0 if abs(worth) < ZERO_USD_M else worth


def _anew(start: Start, worth: Worth) -> Worth:
    """The same with everything decided anew, from the plan, to the plan's gap."""
    try:
        value = _best_value(start, worth.lever.change.apply(start.loaded))
    except (InfeasibleError, SolverError) as error:
        return replace(worth, note="; ".join(each for each in (worth.note, f"anew: {_told(error)}") if each))
    return replace(worth, anew_usd_m=_tidy(value - start.value_usd_m - worth.lever.taken_off_usd_m))


def _best_value(start: Start, moved: LoadedCase) -> float:
    """USD m of the best plan that a search finds, or of the plan as it is, with new shares at what they are worth."""
    prepared = start.prepare(moved)
    instance = start.instance(prepared)
    known = columns_of(start.whole, prepared.choices, instance, prepared.market.start_month)
    gap = max(float(start.written.summary.get("gap") or 0.0), start.options.relative_gap)
    options = replace(start.options, relative_gap=gap)
    found = solve_instance(instance, options, known=[known] if known is not None else []).value_usd_m
    as_it_is = start.resolve(instance)
    shares = depends_on_worth(instance)
    fair = fair_value(instance, as_it_is.form, as_it_is.values) if shares else as_it_is.objective
    return max(found, fair)


def _told(error: InfeasibleError | SolverError) -> str:
    return error.details[0].strip() if error.details else str(error)
