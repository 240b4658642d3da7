"""Instance -> Solution: the best decisions with a proven bound, or the demands that cannot hold together.

A search finds whole numbers; then these are rounded and fixed, the rest is solved again as a linear program, ties are
broken by a stated rule, decisions are rounded to what the files will say, and every state is recomputed forward.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse

from models.build import build
from models.forward import Decisions, States, forward
from models.instance import Instance
from optimizer.errors import InfeasibleError, SolverError
from optimizer.solve.bridge import StandardForm, compile_model, make_form
from optimizer.solve.conflict import Conflict, ConflictKind, Softening, find_conflict
from optimizer.solve.highs import RawSolution, SolveOptions, Status, solve_fixed, solve_form
from optimizer.solve.progress import Progress

RETIRE_DECIMALS = 9
"""Decisions are rounded to this many decimals of an EH/s (a PH/s with six decimals) before anything is computed from
them: what stands in ``decisions.csv`` is the plan, not an image of it."""

TIE_TOLERANCE_USD_M = 1e-7
"""How much value may be given up to break a tie: a tenth of a dollar."""


@dataclass(frozen=True)
class Solution:
    """What a solve found. ``states`` are recomputed forward from the rounded ``decisions``."""

    status: Status
    decisions: Decisions
    states: States
    bound_usd_m: float
    """No plan is worth more. At least the value."""
    solver_value_usd_m: float
    """The solver's own objective, for the comparison with ``states.value_usd_m``."""
    seconds: float
    nodes: int
    rows: int
    columns: int
    integers: int

    @property
    def value_usd_m(self) -> float:
        return self.states.value_usd_m

    @property
    def gap_usd_m(self) -> float:
        return max(0.0, self.bound_usd_m - self.value_usd_m)

    @property
    def gap(self) -> float:
        return self.gap_usd_m / max(1.0, abs(self.value_usd_m))


def solve_instance(
    instance: Instance,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> Solution:
    """The best plan of an instance that maximises value.

    Raises InfeasibleError with the conflicting demands, SolverError if nothing was found in time.
    """
    form = compile_model(build(instance))
    raw = solve_form(form, options, on_progress=on_progress, stop=stop)
    if raw.status is Status.INFEASIBLE:
        raise infeasible(instance, form)
    if raw.values is None or raw.objective is None or raw.bound is None:
        raise SolverError(f"no plan was found: {raw.message}", ("give more time with --time-limit",))
    return _finish(instance, form, raw, options)


def most_it_mw(instance: Instance, options: SolveOptions, stop: threading.Event | None = None) -> Solution:
    """The plan with the most critical IT MW, and of those the one worth most."""
    form = compile_model(build(replace(instance, maximise="it_mw")))
    raw = solve_form(form, options, stop=stop)
    if raw.status is Status.INFEASIBLE:
        raise infeasible(instance, form)
    if raw.objective is None:
        raise SolverError(f"no plan was found: {raw.message}", ("give more time with --time-limit",))
    return solve_instance(replace(instance, it_mw_at_least=raw.objective - 1e-6), options, stop=stop)


def _finish(instance: Instance, form: StandardForm, raw: RawSolution, options: SolveOptions) -> Solution:
    """Round, fix, solve again, break ties, recompute forward."""
    assert raw.values is not None
    assert raw.bound is not None
    fixed = solve_fixed(form, raw.values, options)
    values = fixed.values if fixed.status is Status.OPTIMAL and fixed.values is not None else raw.values
    values = _fewest_retired(instance, form, values, options)
    decisions = _decisions(instance, form, values)
    states = forward(instance, decisions)
    return Solution(
        status=raw.status,
        decisions=decisions,
        states=states,
        bound_usd_m=max(raw.bound, states.value_usd_m),
        solver_value_usd_m=form.objective(values),
        seconds=raw.seconds,
        nodes=raw.nodes,
        rows=form.row_count,
        columns=form.column_count,
        integers=int(form.integer.sum()),
    )


def _fewest_retired(instance: Instance, form: StandardForm, values: np.ndarray, options: SolveOptions) -> np.ndarray:
    """Of the plans with these whole numbers and this value, the one that retires the fewest machines, and late.

    Machines that would not run again cost nothing to keep, so the solver is indifferent; people are not.
    """
    columns = {name: j for j, name in enumerate(form.column_names)}
    nodes = len(instance.tree)
    costs = np.zeros(form.column_count)
    for c in range(len(instance.lots.name)):
        for n in range(nodes):
            j = columns.get(f"retire[{c},{n}]")
            if j is not None:
                costs[j] = 2.0 - n / nodes
    if not costs.any():
        return values
    floor = form.objective(values) - TIE_TOLERANCE_USD_M
    tie = make_form(
        scipy.sparse.vstack([form.matrix, scipy.sparse.csc_array(form.costs.reshape(1, -1))]),
        costs,
        row_lower=np.append(form.row_lower, floor - form.offset),
        row_upper=np.append(form.row_upper, np.inf),
        column_lower=form.column_lower,
        column_upper=form.column_upper,
        integer=form.integer,
    )
    found = solve_fixed(tie, values, options)
    return found.values if found.status is Status.OPTIMAL and found.values is not None else values


def _decisions(instance: Instance, form: StandardForm, values: np.ndarray) -> Decisions:
    """What the columns say, rounded."""
    halls = np.zeros(len(instance.hosting.name), dtype=np.int64)
    retire = np.zeros((len(instance.lots.name), len(instance.tree)))
    for name, value in zip(form.column_names, values, strict=True):
        kind, _, index = name.partition("[")
        if kind == "halls":
            halls[int(index.rstrip("]"))] = round(value)
        elif kind == "retire":
            c, n = (int(part) for part in index.rstrip("]").split(","))
            retire[c, n] = max(0.0, round(float(value), RETIRE_DECIMALS))
    # A retirement of less than a watt is the solver's tolerance.
    retire[retire < 1e-8] = 0.0
    return Decisions(halls=halls, retire_eh_s=retire)


def infeasible(instance: Instance, form: StandardForm) -> InfeasibleError:
    """Why there is no plan, in the case's own words: the cheapest way in which limits would have to give."""
    tree, limits = instance.tree, instance.limits
    softenable = {
        f"cash_minimum[{n}]": Softening(1.0, f"minimum cash at the end of {tree.label[n]}", "USD m")
        for n in range(len(tree))
    }
    # A megawatt is dearer than a million: money gives way before steel does.
    softenable |= {
        f"sites_megawatts[{r}]": Softening(20.0, f"limit of MW: {name}", "MW") for r, name in enumerate(limits.name)
    }
    conflict = find_conflict(form, softenable)
    if conflict.kind is ConflictKind.SHORTFALLS:
        worst = conflict.shortfalls[0]
        return InfeasibleError(
            f"no plan can satisfy this case: {worst.label} would have to give by {worst.amount:,.2f} {worst.unit}",
            [f"{s.label}: {_side(s.side)} {s.limit:,.2f} by {s.amount:,.2f} {s.unit}" for s in conflict.shortfalls],
        )
    return InfeasibleError("no plan can satisfy this case", _outside(instance, conflict))


def _side(side: str) -> str:
    return "falls short of" if side == "lower" else "goes beyond"


def _outside(instance: Instance, conflict: Conflict) -> list[str]:
    lines = [conflict.message]
    if instance.bounds.sign_required:
        lines.append(
            "a given signature cannot be kept together with the offer's own terms or with another given decision"
        )
    return lines
