"""Instance -> Solution: the best decisions with a proven bound, or the demands that cannot hold together.

A search finds whole numbers; then these are rounded and fixed, the rest is solved again as a linear program, ties are
broken by a stated rule, decisions are rounded to what the files will say, and every state is recomputed forward.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse

from models.build import build
from models.debt.tranches import component_of
from models.forward import Decisions, States, forward, no_decisions
from models.forward_money import gives_shares
from models.instance import Instance
from optimizer.errors import InfeasibleError, SolverError
from optimizer.solve.bridge import FloatArray, StandardForm, compile_model, make_form
from optimizer.solve.conflict import Conflict, ConflictKind, Softening, find_conflict
from optimizer.solve.highs import FixedSolution, RawSolution, SolveOptions, Status, solve_fixed, solve_form
from optimizer.solve.progress import Progress
from optimizer.solve.rounding import tidy
from optimizer.solve.tax_rounds import Attempt, Columns, solve_by_rule

DECIMALS = 8
"""Decisions in money and coins are rounded to this many decimals (machines in ``rounding.py``) before anything is
computed from them: what stands in ``decisions.csv`` is the plan, not an image of it."""

MW_DECIMALS = 6
"""Of contracts signed: a watt."""

TIE_SLACK, MONEY_SLACKS = 1e-9, (1e-5, 1e-4)
"""How far machines and coins, and what is borrowed, may move once a tie is broken, to give back what that cost."""

MOST_LINES = 12

LEAST_AMOUNT = 1e-6
"""Less than this of an EH/s (15 W), a million or a coin is the solver's tolerance, no decision. What makes room for a
hall is kept ten times sharper, so that megawatt limits hold."""

EQUITY_ROUNDS, EQUITY_TOLERANCE, LEAST_SECONDS = 4, 1e-3, 1.0
"""How often at most the price of new shares is found anew, when it agrees, and for how little time it is not tried."""

DECIDED = frozenset({"sign", "halls", "hall_count", "built", "sign_contract"})
"""Whole numbers that are decisions; the others follow from them."""

RULES_GAP, RULES_SECONDS = 1e-3, 20.0
"""From which gap on, and for how long at most, the others are found anew."""

FIGURES = ("limit_min_cash", "sites_", "operations_")
"""Rows whose limit is a figure of the case."""

LIMIT_WORDS = {
    "min_cash_usd_m": ("minimum cash", 1.0, "USD m"),
    "min_liquidity_usd_m": ("minimum liquidity", 1.0, "USD m"),
    "net_debt_to_ebitda": ("net debt / EBITDA", 1.0, "USD m of net debt"),
    "debt_service_coverage": ("debt service coverage", 1.0, "USD m of EBITDA"),
    "due_within_12_months": ("debt due within 12 months", 1.0, "USD m"),
    "max_dilution": ("dilution", 1000.0, "of the shares"),
    "max_btc_share": ("bitcoin's share of liquidity", 1.0, "USD m"),
    "debt_to_capital": ("debt to capital", 1.0, "USD m of debt"),
}
"""By limit: in words, what a unit of it is worth beside a million when something has to give, and its unit."""

TIE_TOLERANCE_USD_M = 1e-7
"""How much value may be given up to break a tie: a tenth of a dollar."""


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

    Where new shares can be sold, what they cost today's holders depends on what the plan makes a share worth: solved
    again until the two agree. Raises InfeasibleError with the conflicting demands, SolverError if nothing was found in
    time.
    """
    began = time.perf_counter()
    found = _solve_once(instance, options, on_progress, stop)
    solutions = [(instance.intrinsic_to_market, _at_fair_price(found))]
    while len(solutions) <= EQUITY_ROUNDS:
        assumed, latest = solutions[-1]
        worth = _worth(latest)
        left = options.time_limit_seconds - (time.perf_counter() - began)
        if abs(worth - assumed) <= EQUITY_TOLERANCE or left < LEAST_SECONDS or (stop is not None and stop.is_set()):
            break
        again = replace(instance, intrinsic_to_market=worth, tax_binaries=latest.instance.tax_binaries)
        try:
            found = _solve_once(again, replace(options, time_limit_seconds=left), on_progress, stop)
        except SolverError:
            break
        solutions.append((worth, _at_fair_price(found)))
    best = max((solution for _, solution in solutions), key=lambda solution: solution.value_usd_m)
    return replace(best, bound_usd_m=max(best.value_usd_m, _proven(solutions, best)))


def _worth(solution: Solution) -> float:
    """What a share of a plan is worth over what it sells for; 1 where none is given away."""
    if not gives_shares(solution.instance, solution.decisions):
        return 1.0
    instance = solution.instance
    return max(1.0, solution.value_usd_m / instance.shares_m / instance.share_price_usd)


def _proven(solutions: list[tuple[float, Solution]], best: Solution) -> float:
    """The least bound of the rounds that holds for every better plan.

    A better plan makes a share worth more, so its new shares cost at least what those of ``best`` do: a bound that was
    found with shares at that price or cheaper holds; one with dearer shares may be short by the difference on all that
    can be issued.
    """
    price = _worth(best)
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
    instance, states = solution.instance, solution.states
    for _ in range(100):
        worth = max(1.0, states.value_usd_m / instance.shares_m / instance.share_price_usd)
        if abs(worth - instance.intrinsic_to_market) < 1e-12:
            break
        instance = replace(instance, intrinsic_to_market=worth)
        states = forward(instance, solution.decisions)
    return replace(solution, instance=instance, states=states)


def _solve_once(
    instance: Instance,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None,
    stop: threading.Event | None,
) -> Solution:
    def search(these: Instance, within: SolveOptions, kept: Columns | None, start: Columns | None) -> Attempt:
        return _search(these, within, on_progress, stop, kept, start)

    if instance.income_tax is None:
        return search(instance, options, None, None).solution
    return solve_by_rule(instance, options, search, stop)


def _search(
    instance: Instance,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None,
    stop: threading.Event | None,
    kept: Columns | None = None,
    start: Columns | None = None,
) -> Attempt:
    """One search, from a plan to begin with; with ``kept`` these whole columns stay as they are, and nobody is told of
    progress."""
    form = compile_model(build(instance))
    if kept is not None:
        form, on_progress = _with_kept(form, kept), None
    known = np.array([start.get(name, np.nan) for name in form.column_names]) if start is not None else None
    raw = solve_form(form, options, known, on_progress=on_progress, stop=stop)
    if raw.status is Status.INFEASIBLE and kept is None:
        raise infeasible(instance, form)
    if raw.values is None or raw.objective is None or raw.bound is None:
        raise SolverError(f"no plan was found: {raw.message}", ("give more time with --time-limit",))
    found, values = _finish(instance, form, raw, options)
    return Attempt(found, dict(zip(form.column_names, values.tolist(), strict=True)), raw.bound)


def _with_kept(form: StandardForm, kept: Columns) -> StandardForm:
    lower, upper = form.column_lower.copy(), form.column_upper.copy()
    for j in np.flatnonzero(form.integer).tolist():
        if form.column_names[j] in kept:
            lower[j] = upper[j] = round(kept[form.column_names[j]])
    return replace(form, column_lower=lower, column_upper=upper)


def most_it_mw(instance: Instance, options: SolveOptions, stop: threading.Event | None = None) -> Solution:
    """The plan with the most critical IT MW, and of those the one worth most."""
    form = compile_model(build(replace(instance, maximise="it_mw")))
    raw = solve_form(form, options, stop=stop)
    if raw.status is Status.INFEASIBLE:
        raise infeasible(instance, form)
    if raw.objective is None:
        raise SolverError(f"no plan was found: {raw.message}", ("give more time with --time-limit",))
    return solve_instance(replace(instance, it_mw_at_least=raw.objective - 1e-6), options, stop=stop)


def _finish(
    instance: Instance, form: StandardForm, raw: RawSolution, options: SolveOptions
) -> tuple[Solution, FloatArray]:
    """Round, fix, solve again, break ties, recompute forward; and the columns from which that was done."""
    assert raw.values is not None
    assert raw.bound is not None
    raw = _with_rules_anew(form, raw, options)
    assert raw.values is not None
    assert raw.bound is not None
    fixed = solve_fixed(form, raw.values, options)
    values = fixed.values if fixed.status is Status.OPTIMAL and fixed.values is not None else raw.values
    values = _break_ties(instance, form, values, options)
    decisions = _decisions(instance, form, values)
    states = forward(instance, decisions)
    tidied = _tidy_coins(instance, decisions, states.btc_mined)
    if (tidied.keep_btc != decisions.keep_btc).any() or (tidied.sell_btc != decisions.sell_btc).any():
        decisions, states = tidied, forward(instance, tidied)
    mined = np.floor(states.btc_mined * 10**DECIMALS) / 10**DECIMALS
    if (decisions.keep_btc > mined).any():
        # By the solver's tolerance.
        decisions.keep_btc[:] = np.minimum(decisions.keep_btc, mined)
        states = forward(instance, decisions)
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
    )
    return found, values


def _with_rules_anew(form: StandardForm, raw: RawSolution, options: SolveOptions) -> RawSolution:
    """The same decisions in whole numbers, with the rules that follow from them (is there a profit, is a project locked
    up, is a loan repaid) found anew.

    Where a search stops far from its bound they may be set as nobody would: a plan then moves machines about to burn
    the profit that it is not to have.
    """
    assert raw.values is not None
    if raw.relative_gap is None or raw.relative_gap < RULES_GAP:
        return raw
    decided = np.array([name.partition("[")[0] in DECIDED for name in form.column_names], dtype=bool)
    known = form.integer & decided
    if not (form.integer & ~decided).any():
        return raw
    whole = np.round(raw.values)
    laid = replace(
        form,
        column_lower=np.where(known, np.maximum(form.column_lower, whole), form.column_lower),
        column_upper=np.where(known, np.minimum(form.column_upper, whole), form.column_upper),
    )
    within = replace(options, time_limit_seconds=RULES_SECONDS, relative_gap=min(options.relative_gap, RULES_GAP / 10))
    found = solve_form(laid, within, start=raw.values)
    if found.values is None or found.objective is None or raw.objective is None or found.objective <= raw.objective:
        return raw
    return replace(raw, values=found.values, objective=found.objective)


def _worth_of_cash(instance: Instance, form: StandardForm, fixed: FixedSolution) -> FloatArray | None:
    """Dual values of the rows that balance cash."""
    if fixed.row_duals is None:
        return None
    place = {name: row for row, name in enumerate(form.row_names)}
    rows = [place.get(f"cash_balance[{n}]") for n in range(len(instance.tree))]
    return np.array([abs(float(fixed.row_duals[row])) if row is not None else 0.0 for row in rows])


def _break_ties(instance: Instance, form: StandardForm, values: FloatArray, options: SolveOptions) -> FloatArray:
    """Of the plans with these whole numbers and this value, the one that moves the fewest machines, and late, borrows
    the least, keeps the most coins, and pays the least from company to company, and late.

    Machines that would not run again cost nothing to keep, a coin is worth the same in stock and as cash, a loan at its
    market rate costs no value, and cash is worth as much in one company as in another, so the solver is indifferent;
    people are not.
    """
    nodes = len(instance.tree)
    costs, money = np.zeros(form.column_count), np.zeros(form.column_count, dtype=bool)
    for j, name in enumerate(form.column_names):
        kind, _, index = name.partition("[")
        if kind in ("unplug", "plug"):
            costs[j] = 2.0 - int(index.rstrip("]").split(",")[1]) / nodes
        elif kind == "sell_btc":
            costs[j] = 1e-4
        elif kind == "keep_btc":
            costs[j] = -1e-4
        elif kind in ("draw", "line_owed", "commit", "line_commit", "locked"):
            costs[j], money[j] = 2e-3, True
        elif kind in ("fund", "upstream"):
            costs[j], money[j] = 1e-3 - 5e-4 * int(index.rstrip("]").split(",")[1]) / nodes, True
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
    if found.status is not Status.OPTIMAL or found.values is None:
        return values
    # The tenth of a dollar has been spent somewhere: what is not ranked gets it back.
    ranked = np.flatnonzero(costs)
    lower, upper = form.column_lower.copy(), form.column_upper.copy()
    # What is not done at all gets no room: a billionth of every lot would add up to machines that do not exist.
    for money_slack in MONEY_SLACKS:
        near, far = lower.copy(), upper.copy()
        slack = np.where(found.values[ranked] > TIE_SLACK, np.where(money[ranked], money_slack, TIE_SLACK), 0.0)
        near[ranked] = np.maximum(near[ranked], found.values[ranked] - slack)
        far[ranked] = np.minimum(far[ranked], np.maximum(found.values[ranked], near[ranked]) + slack)
        sharp = solve_fixed(replace(form, column_lower=near, column_upper=far), found.values, options)
        if sharp.status is Status.OPTIMAL and sharp.values is not None:
            return sharp.values
    return found.values


def _decisions(instance: Instance, form: StandardForm, values: FloatArray) -> Decisions:
    """What the columns say, rounded."""
    empty = no_decisions(instance)
    targets = {
        "unplug": empty.unplug_eh,
        "plug": empty.plug_eh,
        "order": empty.order_eh,
        "draw": empty.draw_usd_m,
        "issue": empty.issue_usd_m,
        "commit": empty.commit_usd_m,
        "line_draw": empty.line_draw,
        "line_repay": empty.line_repay,
        "line_commit": empty.line_commit,
        "fund": empty.fund_usd_m,
        "upstream": empty.upstream_usd_m,
        "sell_btc": empty.sell_btc,
        "keep_btc": empty.keep_btc,
        "use": empty.use_mw,
        "lever": empty.lever,
    }
    for name, value in zip(form.column_names, values, strict=True):
        kind, _, text = name.partition("[")
        if not text:
            continue
        index = tuple(int(part) for part in text.rstrip("]").split(","))
        if kind == "halls":
            empty.halls[index] = round(value)
        elif kind == "built":
            empty.built[index] = round(value)
        elif kind == "sell":
            empty.sell_eh[index[0], index[2]] += max(0.0, float(value))
        elif kind in targets:
            targets[kind][index] = max(0.0, float(value))
    # What is unplugged and plugged in at one place and instant never moved.
    both = np.minimum(empty.unplug_eh, empty.plug_eh)
    empty.unplug_eh[:], empty.plug_eh[:] = empty.unplug_eh - both, empty.plug_eh - both
    for amounts in (empty.plug_eh, empty.sell_eh, empty.order_eh, empty.draw_usd_m, empty.issue_usd_m):
        amounts[amounts < LEAST_AMOUNT] = 0.0
    empty.unplug_eh[empty.unplug_eh < LEAST_AMOUNT / 10] = 0.0
    # What is drawn and repaid at one instant of a line is only the difference; a sweep takes its part all the same.
    both = np.minimum(empty.line_draw, empty.line_repay)
    if instance.lines is not None:
        both[~instance.lines.committed] = 0.0
    empty.line_draw[:], empty.line_repay[:] = empty.line_draw - both, empty.line_repay - both
    both = np.minimum(empty.fund_usd_m, empty.upstream_usd_m)
    empty.fund_usd_m[:], empty.upstream_usd_m[:] = empty.fund_usd_m - both, empty.upstream_usd_m - both
    lines = (
        *(empty.commit_usd_m, empty.line_draw, empty.line_repay, empty.line_commit),
        *(empty.fund_usd_m, empty.upstream_usd_m),
    )
    for amounts in (empty.draw_usd_m, empty.issue_usd_m, empty.sell_btc, empty.keep_btc, *lines):
        amounts[amounts < LEAST_AMOUNT] = 0.0
        amounts[:] = amounts.round(DECIMALS)
    _tidy_lines(instance, empty)
    _tidy_contracts(instance, empty.lever)
    return tidy(instance, empty)


def _tidy_lines(instance: Instance, decisions: Decisions) -> None:
    """What is repaid of a line is never more than is owed, and all of it once nothing may be owed any more."""
    tree, lines = instance.tree, instance.lines
    if lines is None:
        return
    owed = np.zeros(decisions.line_draw.shape)
    for n in range(len(tree)):
        parent = int(tree.parent[n])
        before = (owed[:, parent] if parent >= 0 else 0.0) + decisions.line_draw[:, n]
        repaid = np.minimum(decisions.line_repay[:, n], before)
        near = np.abs(before - repaid) < 2 * LEAST_AMOUNT
        decisions.line_repay[:, n] = np.where(near | ~lines.is_open[:, n], before, repaid).round(DECIMALS)
        owed[:, n] = before - decisions.line_repay[:, n]


def _tidy_coins(instance: Instance, decisions: Decisions, mined: FloatArray) -> Decisions:
    """No more coins are kept than are mined, and none sold that are not there: by less than a solver's tolerance."""
    treasury, tree = instance.treasury, instance.tree
    if treasury is None or not treasury.free:
        return decisions
    kept = np.minimum(decisions.keep_btc, np.floor(mined * 10**DECIMALS) / 10**DECIMALS)
    sold, stock = decisions.sell_btc.copy(), np.zeros(len(tree))
    for n in range(len(tree)):
        parent = int(tree.parent[n])
        before = float(stock[parent]) if parent >= 0 else treasury.opening_btc
        if sold[n] > before - treasury.min_btc:
            sold[n] = np.floor(max(0.0, before - treasury.min_btc) * 10**DECIMALS) / 10**DECIMALS
        stock[n] = before - sold[n] + kept[n]
    return replace(decisions, keep_btc=kept, sell_btc=sold)


def _tidy_contracts(instance: Instance, lever: FloatArray) -> None:
    """MW of contracts signed as they are written; those that are not signed, or for nothing, are 0."""
    operations = instance.operations
    if operations is None or not len(operations.signing):
        return
    lower, upper = instance.bounds.contract_mw
    amounts = np.clip(lever[operations.signing].round(MW_DECIMALS), lower, upper)
    for bound in (operations.signing_least, upper):
        amounts = np.where(np.abs(amounts - bound) < 1e-6, np.clip(bound, lower, upper), amounts)
    amounts[amounts < LEAST_AMOUNT] = 0.0
    lever[operations.signing] = amounts


def infeasible(instance: Instance, form: StandardForm) -> InfeasibleError:
    """Why there is no plan, in the case's own words: the cheapest way in which limits would have to give."""
    limits = instance.limits
    softenable = _money_that_may_give(instance)
    # A megawatt is dearer than a million: money gives way before steel does.
    softenable |= {
        f"sites_megawatts[{r}]": Softening(20.0, f"limit of MW: {name}", "MW") for r, name in enumerate(limits.name)
    }
    if instance.operations is not None:
        softenable |= {
            f"operations_hedge[{r}]": Softening(
                20.0, f"load for the contracts signed at {name.partition(': ')[2]}", "MW"
            )
            for r, name in enumerate(instance.operations.row_name)
            if name.startswith("hedge:")
        }
    # Rows that only say again what others say would hold on to what the others let go.
    implied = np.array([name.startswith("sites_whole_halls[") for name in form.row_names], dtype=bool)
    form = replace(form, row_upper=np.where(implied, np.inf, form.row_upper))
    conflict = find_conflict(form, softenable)
    if conflict.kind is ConflictKind.SHORTFALLS:
        # Steel before money, then in time: what is first is what to look at first.
        order = {name: place for place, name in enumerate(softenable)}
        found = sorted(conflict.shortfalls, key=lambda s: (s.unit != "MW", order[s.name]))
        kind = [s for s in found if s.unit == found[0].unit]
        worst = max(kind, key=lambda s: s.amount)
        found = [worst, *(s for s in found if s is not worst)]
        lines = [f"{s.label}: {_side(s.side)}{_known(s.name, s.limit)} by {s.amount:,.2f} {s.unit}" for s in found]
        if len(lines) > MOST_LINES:
            lines = [*lines[:MOST_LINES], f"and {len(lines) - MOST_LINES} more"]
        return InfeasibleError(
            f"no plan can satisfy this case: {worst.label} would have to give by {worst.amount:,.2f} {worst.unit}",
            lines,
        )
    return InfeasibleError("no plan can satisfy this case", _outside(instance, conflict))


def _money_that_may_give(instance: Instance) -> dict[str, Softening]:
    """Limits on money by row of the model, in words: minimum cash first."""
    tree = instance.tree
    found: dict[str, Softening] = {}
    if instance.covenants is not None:
        for covenant in instance.covenants.limits:
            label, weight, unit = LIMIT_WORDS[covenant.kind]
            label += "" if covenant.kind == "min_cash_usd_m" else f" ({covenant.limit:g})"
            found |= {
                f"limit_{covenant.kind}[{n}]": Softening(weight, f"{label} at the end of {tree.label[n]}", unit)
                for n in np.flatnonzero(covenant.holds).tolist()
            }
    if instance.tranches is not None:
        found |= {
            f"{component_of(name.partition(':')[0])}[{r}]": Softening(1.0, name, "USD m")
            for r, name in enumerate(instance.tranches.row_name)
        }
    return found


def _known(name: str, limit: float) -> str:
    """A limit as a figure, of a row that has one; others are sums over decisions."""
    return f" {limit:,.2f}" if name.startswith(FIGURES) else " what it allows"


def _side(side: str) -> str:
    return "falls short of" if side == "lower" else "goes beyond"


def _outside(instance: Instance, conflict: Conflict) -> list[str]:
    lines = [conflict.message]
    if instance.bounds.sign_required:
        lines.append(
            "a given signature cannot be kept together with the offer's own terms or with another given decision"
        )
    if conflict.hint_rows:
        lines.append("one set of rules that cannot hold together (a hint): " + ", ".join(conflict.hint_rows[:8]))
    return lines
