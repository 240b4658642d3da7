"""Instance -> Solution: the best decisions with a proven bound, or the demands that cannot hold together.

A search finds whole numbers; then these are rounded and fixed, the rest is solved again as a linear program, ties are
broken by a stated rule, decisions are rounded to what the files will say, and every state is recomputed forward.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.forward import Decisions, States, forward
from models.forward_money import gives_shares
from models.instance import Instance
from models.tax import year_ends
from optimizer.errors import SolverError
from optimizer.instance.whole_plan import NO_TRAIL, Scores, Starts, Trail
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.columns import decisions_of, is_decided, tidy_coins
from optimizer.solve.compiled import Compiler, form_of
from optimizer.solve.fixed import FixedProgram, FixedSolution
from optimizer.solve.following import completed
from optimizer.solve.highs import RawSolution, SolveOptions, Status, solve_form
from optimizer.solve.infeasible import infeasible
from optimizer.solve.large import MANY_COLUMNS, LargeSearch, is_large
from optimizer.solve.names import place_of
from optimizer.solve.progress import Progress
from optimizer.solve.prove import Splits
from optimizer.solve.rules import with_rules
from optimizer.solve.tax_rounds import Attempt, Columns, solve_by_rule
from optimizer.solve.ties import break_ties
from optimizer.solve.worth import at_fair_price, worth_of

EQUITY_ROUNDS, EQUITY_TOLERANCE, LEAST_SECONDS = 4, 1e-3, 1.0
"""How often at most the price of new shares is found anew, when it agrees, and for how little time it is not tried."""

RULES_GAP, RULES_SECONDS = 1e-3, 20.0
"""From which gap on, and for how long at most, the others are found anew."""


@dataclass(frozen=True)
class Solution:
    """What a solve found. ``states`` are recomputed forward from the rounded ``decisions``."""

    status: Status
    instance: Instance
    """What was solved, with the price of new shares as found."""
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
    worth_of_cash: FloatArray | None = None
    """(N,) what one more million at the beginning of a node is worth beyond itself, with whole numbers fixed; None if
    the solver gave no duals."""
    rules: tuple[tuple[str, int], ...] = ()
    """Whole columns that follow from the decisions and are not 0, sorted by name."""
    splits: Splits = ()
    """How the choices were split to prove the bound, where that was done here."""
    starts: Starts = ()
    """Where the linear programs of this plan may begin elsewhere."""
    scores: Scores = ()
    """How much splits of the choices told, where that was done here."""

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
    known: Sequence[Columns] = (),
    trail: Trail = NO_TRAIL,
    compiler: Compiler | None = None,
) -> Solution:
    """The best plan of an instance that maximises value. ``known``: whole columns by name of plans to begin with;
    ``trail``: what a search left behind that found the first of them, or one like it, elsewhere; ``compiler``: one that
    has compiled a similar instance, if there is one.

    Where new shares can be sold, what they cost today's holders depends on what the plan makes a share worth: solved
    again until the two agree. Raises InfeasibleError with the conflicting demands, SolverError if nothing was found in
    time.
    """
    began = time.perf_counter()
    instance = _held_to_law(instance, trail)
    compiler = compiler or Compiler()
    found = _solve_once(instance, options, on_progress, stop, known, trail, compiler)
    trail = _after(trail, found)
    # A search of large models settles by itself what new shares are worth.
    solutions = [(found.instance.intrinsic_to_market, _at_fair_price(found))]
    while len(solutions) <= EQUITY_ROUNDS:
        assumed, latest = solutions[-1]
        worth = _worth(latest)
        left = options.time_limit_seconds - (time.perf_counter() - began)
        if abs(worth - assumed) <= EQUITY_TOLERANCE or left < LEAST_SECONDS or (stop is not None and stop.is_set()):
            break
        again = replace(instance, intrinsic_to_market=worth, tax_binaries=latest.instance.tax_binaries)
        try:
            within = replace(options, time_limit_seconds=left)
            found = _solve_once(again, within, on_progress, stop, known, trail, compiler)
        except SolverError:
            break
        trail = _after(trail, found)
        solutions.append((worth, _at_fair_price(found)))
    best = max((solution for _, solution in solutions), key=lambda solution: solution.value_usd_m)
    return replace(best, bound_usd_m=max(best.value_usd_m, _proven(solutions, best)))


def _held_to_law(instance: Instance, trail: Trail) -> Instance:
    """With tax law in the years in which a plan elsewhere had to be held to it: this one is likely to have to be."""
    if instance.income_tax is None or not trail.years:
        return instance
    countries = range(len(instance.income_tax.country))
    there = {(country, end) for country in countries for end in year_ends(instance)}
    return replace(instance, tax_binaries=instance.tax_binaries | there.intersection(trail.years))


def _worth(solution: Solution) -> float:
    """What a share of a plan is worth over what it sells for; 1 where none is given away."""
    if not gives_shares(solution.instance, solution.decisions):
        return 1.0
    return worth_of(solution.instance, solution.value_usd_m)


def _proven(solutions: list[tuple[float, Solution]], best: Solution) -> float:
    """The least bound of the rounds that holds for every better plan.

    A better plan makes a share worth more, so its new shares cost at least what those of ``best`` do: a bound that was
    found with shares at that price or cheaper holds; one with dearer shares may be short by the difference on all that
    can be issued.
    """
    price = worth_of(best.instance, best.value_usd_m)
    return min(solution.bound_usd_m + _dearer(best.instance, assumed, price) for assumed, solution in solutions)


def _dearer(instance: Instance, assumed: float, price: float) -> float:
    """By how much all that can be given to new holders costs more at the assumed worth of a share than at ``price``."""
    if assumed <= price:
        return 0.0
    total = 0.0
    equity, tranches = instance.equity, instance.tranches
    if equity is not None:
        total += (assumed - price) * float(equity.limit_usd_m.sum()) / (1 - float(equity.cost.max(initial=0.0)))
    if tranches is not None:
        total += float((tranches.charge(assumed) - tranches.charge(price)) @ tranches.upper_usd_m)
    return total


def _at_fair_price(solution: Solution) -> Solution:
    """The same decisions, with the price of new shares agreeing to the last digit with what they are worth."""
    if not gives_shares(solution.instance, solution.decisions):
        return solution
    instance = at_fair_price(solution.instance, solution.decisions, solution.value_usd_m)
    if instance.intrinsic_to_market == solution.instance.intrinsic_to_market:
        return solution
    return replace(solution, instance=instance, states=forward(instance, solution.decisions))


def _solve_once(
    instance: Instance,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None,
    stop: threading.Event | None,
    known: Sequence[Columns],
    trail: Trail,
    compiler: Compiler,
) -> Solution:
    def search(
        instance: Instance,
        options: SolveOptions,
        kept: Columns | None = None,
        start: Columns | None = None,
        most_usd_m: float = np.inf,
    ) -> Attempt:
        nonlocal trail
        form = compiler.form_of(instance)
        # What is made to follow the rule after Ctrl-C has a time limit of its own.
        ends = None if kept is not None and stop is not None and stop.is_set() else stop
        # In a later round neighbours are no better than they were before there were as many rules.
        beside = known if start is None else ()
        found = _search(form, instance, options, on_progress, ends, kept, start, beside, trail, most_usd_m)
        trail = _after(trail, found.solution)
        return found

    if instance.income_tax is None:
        return search(instance, options).solution
    return solve_by_rule(instance, options, search, stop)


def _after(trail: Trail, found: Solution) -> Trail:
    """What a search leaves behind for the next one on the same case."""
    return trail._replace(starts=found.starts or trail.starts)


def _search(
    form: StandardForm,
    instance: Instance,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None,
    stop: threading.Event | None,
    kept: Columns | None = None,
    start: Columns | None = None,
    known: Sequence[Columns] = (),
    trail: Trail = NO_TRAIL,
    most_usd_m: float = np.inf,
) -> Attempt:
    """One search of a compiled instance, from a plan to begin with (and, where there are many choices, from others that
    are ``known``); with ``kept`` these whole columns stay as they are, and nobody is told of progress. No plan is worth
    more than ``most_usd_m``."""
    if kept is not None:
        form, on_progress = _with_kept(form, kept), None
    began = time.perf_counter()
    if kept is None and is_large(instance, form):
        plans = [*((with_rules(form, start),) if start is not None else ()), *known]
        large = _large(instance, form, options, on_progress, stop, plans, trail, most_usd_m)
        if large is not None:
            instance, form, raw, search = large
            found, values = _finish(instance, form, raw, options, search.program)
            found = replace(found, splits=search.splits, starts=search.starts, scores=search.scores)
            columns = dict(zip(form.column_names, values.tolist(), strict=True))
            return Attempt(found, columns, found.bound_usd_m, mends=True)
        left = options.time_limit_seconds - (time.perf_counter() - began)
        options = replace(options, time_limit_seconds=max(LEAST_SECONDS, left))
    # With few choices left a tree of what follows from them is quicker than a search that cuts first.
    few = kept if kept is not None else {} if form.column_count >= MANY_COLUMNS else None
    known_raw = completed(instance, form, few, options, stop, trail.starts) if few is not None else None
    if known_raw is not None:
        raw = known_raw
    else:
        begun = np.array([start.get(name, np.nan) for name in form.column_names]) if start is not None else None
        raw = solve_form(form, options, begun, on_progress=on_progress, stop=stop)
    if raw.status is Status.INFEASIBLE and kept is None:
        raise infeasible(instance, form)
    if raw.values is None or raw.objective is None or raw.bound is None:
        raise SolverError(f"no plan was found: {raw.message}", ("give more time with --time-limit",))
    found, values = _finish(instance, form, raw, options)
    return Attempt(found, dict(zip(form.column_names, values.tolist(), strict=True)), raw.bound)


def _large(
    instance: Instance,
    form: StandardForm,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None,
    stop: threading.Event | None,
    plans: Sequence[Columns],
    trail: Trail,
    most_usd_m: float,
) -> tuple[Instance, StandardForm, RawSolution, LargeSearch] | None:
    """The search of large models, and what it found; None where it finds nothing, or stumbles over a program that
    cannot be solved."""
    try:
        search = LargeSearch(instance, form, options, on_progress, stop, plans, trail, most_usd_m)
        found = search.run()
    except SolverError:
        return None
    return (*found, search) if found is not None else None


def _with_kept(form: StandardForm, kept: Columns) -> StandardForm:
    lower, upper = form.column_lower.copy(), form.column_upper.copy()
    for j in np.flatnonzero(form.integer).tolist():
        if form.column_names[j] in kept:
            lower[j] = upper[j] = round(kept[form.column_names[j]])
    return replace(form, column_lower=lower, column_upper=upper)


def most_it_mw(
    instance: Instance,
    options: SolveOptions,
    stop: threading.Event | None = None,
    known: Callable[[float], Solution | None] | None = None,
) -> Solution:
    """The plan with the most critical IT MW, and of those the one worth most. ``known``: that plan by its MW, where it
    needs no search."""
    form = form_of(replace(instance, maximise="most_hosting"))
    raw = solve_form(form, options, stop=stop)
    if raw.status is Status.INFEASIBLE:
        raise infeasible(instance, form)
    if raw.objective is None:
        raise SolverError(f"no plan was found: {raw.message}", ("give more time with --time-limit",))
    found = known(raw.objective - 1e-6) if known is not None else None
    if found is not None:
        return found
    floor = ("most_hosting", raw.objective - 1e-6)
    return solve_instance(replace(instance, measure_at_least=floor), options, stop=stop)


def _finish(
    instance: Instance,
    form: StandardForm,
    raw: RawSolution,
    options: SolveOptions,
    program: FixedProgram | None = None,
) -> tuple[Solution, FloatArray]:
    """Round, fix, solve again, break ties, recompute forward; and the columns from which that was done.

    ``program``: that of the plan, from a search that has also found what follows from the decisions in whole numbers.
    """
    assert raw.values is not None
    assert raw.bound is not None
    raw = raw if program is not None else _with_rules_anew(instance, form, raw, options)
    assert raw.values is not None
    assert raw.bound is not None
    if program is None:
        program = FixedProgram(form, raw.values, options, raw.basis if isinstance(raw, FixedSolution) else None)
    program.set_costs(form.costs, maximise=form.maximise)
    fixed = program.solve()
    values = raw.values
    if fixed.status is Status.OPTIMAL:
        broken = break_ties(instance, form, fixed, program)
        values = values if broken is None else broken
    decisions = decisions_of(instance, form, values)
    states = forward(instance, decisions)
    tidied = tidy_coins(instance, decisions, states.btc_mined)
    if (tidied.keep_btc != decisions.keep_btc).any() or (tidied.sell_btc != decisions.sell_btc).any():
        decisions, states = tidied, forward(instance, tidied)
    found = Solution(
        status=raw.status,
        instance=instance,
        decisions=decisions,
        states=states,
        bound_usd_m=raw.bound,
        solver_value_usd_m=form.objective(values),
        seconds=raw.seconds,
        nodes=raw.nodes,
        rows=form.row_count,
        columns=form.column_count,
        integers=int(form.integer.sum()),
        worth_of_cash=_worth_of_cash(instance, form, fixed),
        rules=_rules(form, values),
    )
    return found, values


def _rules(form: StandardForm, values: FloatArray) -> tuple[tuple[str, int], ...]:
    named = [(form.column_names[j], round(float(values[j]))) for j in np.flatnonzero(form.integer).tolist()]
    return tuple(sorted((name, value) for name, value in named if value and not is_decided(name)))


def _with_rules_anew(instance: Instance, form: StandardForm, raw: RawSolution, options: SolveOptions) -> RawSolution:
    """The same decisions in whole numbers, with the rules that follow from them (is there a profit, is a project locked
    up, is a loan repaid) found anew.

    Where a search stops far from its bound they may be set as nobody would: a plan then moves machines about to burn
    the profit that it is not to have.
    """
    assert raw.values is not None
    if raw.relative_gap is None or raw.relative_gap < RULES_GAP:
        return raw
    decided = np.array([is_decided(name) for name in form.column_names], dtype=bool)
    known = form.integer & decided
    if not (form.integer & ~decided).any():
        return raw
    whole = np.round(raw.values)
    within = replace(options, time_limit_seconds=RULES_SECONDS, relative_gap=min(options.relative_gap, RULES_GAP / 10))
    laid = replace(
        form,
        column_lower=np.where(known, np.maximum(form.column_lower, whole), form.column_lower),
        column_upper=np.where(known, np.minimum(form.column_upper, whole), form.column_upper),
    )
    names = {form.column_names[j]: float(whole[j]) for j in np.flatnonzero(known).tolist()}
    found = completed(instance, form, names, within) or solve_form(laid, within, start=raw.values)
    if found.values is None or found.objective is None or raw.objective is None or found.objective <= raw.objective:
        return raw
    return replace(raw, values=found.values, objective=found.objective)


def _worth_of_cash(instance: Instance, form: StandardForm, fixed: FixedSolution) -> FloatArray | None:
    """Dual values of the rows that balance cash."""
    if fixed.row_duals is None:
        return None
    place = place_of(form.row_names)
    rows = [place.get(f"cash_balance[{n}]") for n in range(len(instance.tree))]
    return np.array([float(fixed.row_duals[row]) if row is not None else 0.0 for row in rows])
