"""One solve of a `StandardForm` by HiGHS: options in, plan, proven bound and status out.

This is not where it is decided what to solve, how often and with what start: that is `run.py`. Nothing here knows
Pyomo or what a column means. Every solve makes a HiGHS object of its own, so solves may run in several threads.

Signs: objective and bound are those of the model as written, with its constant, also when it is maximised; then the
bound is at or above the objective, and at or below it when it is minimised. Money is in the unit of the objective,
USD millions in this project.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

from optimizer.errors import SolverError
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.progress import Progress

# A plan found before a limit counts only if it holds to this (relative to 1 + the size of each limit). HiGHS works to
# 1e-6; a simplex method that was stopped on its way can be off by any amount.
_PLAN_TOLERANCE = 1e-5

# HiGHS' names for having run into a limit.
_LIMITS = (
    "kTimeLimit",
    "kIterationLimit",
    "kSolutionLimit",
    "kMemoryLimit",
    "kObjectiveBound",
    "kObjectiveTarget",
)

# Integer values that a rounding moves out of their bounds by no more than this are put back on the bound.
BOUND_TOLERANCE = 1e-6

# HiGHS' marks of a bound that belongs to an infeasible subset: the lower, the upper, both.
_BOUND_PLAYS_A_PART = (2, 3, 4)

# How long to wait for HiGHS to notice that it shall end, before a KeyboardInterrupt goes on without it.
_LAST_WAIT_SECONDS = 10.0


@dataclass(frozen=True)
class SolveOptions:
    """How long and how exactly to solve.

    A search with integers ends when the gap is within `relative_gap` (a fraction of the objective) or
    `absolute_gap_usd_m` (in the unit of the objective). Equal `seed` and `threads` give equal results on one machine,
    unless time ran out. `threads` must be the same in every solve of a process: HiGHS keeps one scheduler and refuses
    to run with another number. `at_once`: how many linear programs the search of large models solves at the same time;
    nothing but time hangs on it. `advanced` are pairs of a HiGHS option and its value, applied last. With HiGHS'
    ``objective_bound`` among them, read OPTIMAL as "nothing better than that bound", never as the best plan.
    """

    relative_gap: float = 1e-4
    absolute_gap_usd_m: float = 0.0
    time_limit_seconds: float = 600.0
    seed: int = 0
    threads: int = 1
    at_once: int = 1
    advanced: tuple[tuple[str, bool | int | float | str], ...] = ()


class Status(Enum):
    """How a solve ended."""

    OPTIMAL = "optimal"
    """A plan, proven to be within the wanted gap."""
    TIME_LIMIT = "time limit"
    """A plan, but the time (or another limit) ran out before the proof."""
    INTERRUPTED = "interrupted"
    """A plan, but the solve was stopped before the proof."""
    GAP_LEFT = "gap left"
    """A plan and a bound that holds, but the search of large models came to its end without closing the gap, because a
    linear program could not be solved. HiGHS never ends so."""
    NO_PLAN = "no plan"
    """Stopped or out of time before any plan was found: there may be one."""
    INFEASIBLE = "infeasible"
    """Proven: nothing fulfils all rows."""
    UNBOUNDED = "unbounded"
    """Proven: the objective grows without limit."""
    FAILED = "failed"
    """HiGHS gave up; never returned, a SolverError says why."""


@dataclass(frozen=True, eq=False)
class RawSolution:
    """What one solve found.

    `values` (n,) in the order of the columns, None without a plan; they keep rows, bounds and integrality to about
    1e-6 only (`solve_fixed` gives sharper ones). `objective` is computed from them. `bound`: no plan is better than
    this, None if nothing is proven. `absolute_gap` is the distance of the two, `relative_gap` is it divided by the
    objective's size (infinite at objective 0). `message` is for people.
    """

    status: Status
    values: FloatArray | None
    objective: float | None
    bound: float | None
    relative_gap: float | None
    absolute_gap: float | None
    seconds: float
    nodes: int
    message: str


@dataclass(frozen=True)
class InfeasibleSubset:
    """Rows and columns (by name) whose limits cannot hold together, as HiGHS found them."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]


def solve_form(
    form: StandardForm,
    options: SolveOptions,
    start: npt.ArrayLike | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> RawSolution:
    """Solve `form`.

    `start` (n,): a plan to begin with, or part of one with NaN where nothing is known; HiGHS completes and checks it,
    and drops it silently when it does not hold. Without integer columns it is not used. `on_progress` is called during
    the search with integers, from another thread. Setting `stop` ends the solve soon, with the best plan so far.

    Raises SolverError when HiGHS refuses an option or the model, or fails; whatever `on_progress` raises;
    KeyboardInterrupt after HiGHS was stopped.
    """
    if form.column_count == 0:
        return solve_empty(form)
    began = time.perf_counter()
    highs = prepare(form, options)
    if start is not None:
        _pass_start(highs, form, start)
    run(highs, on_progress, stop)
    return read(highs, form, options, began, stop)


def find_infeasible_subset(
    form: StandardForm, options: SolveOptions, stop: threading.Event | None = None
) -> InfeasibleSubset | None:
    """A smallest set of rows and column bounds that cannot hold together, without integrality if that suffices.

    None if HiGHS finds none that it vouches for: it does so for linear programs only, hardly ever where the
    infeasibility needs the integers.
    """
    relaxed = replace(form, integer=np.zeros(form.column_count, dtype=np.bool_))
    for candidate in (relaxed, form):
        highs = prepare(candidate, options)
        # 2: from the linear program; 4: drop rows until none can be spared. The default finds nothing.
        _set_option(highs, "iis_strategy", 6)
        _set_option(highs, "iis_time_limit", float(options.time_limit_seconds))
        run(highs, None, stop)
        if highs.getModelStatus() != highspy.HighsModelStatus.kInfeasible:
            continue
        status, subset = wait_for(highs.getIis, threading.Event())
        if status == highspy.HighsStatus.kOk and subset.valid_ and len(subset.row_index_) > 0:
            return InfeasibleSubset(
                tuple(form.row_names[i] for i in subset.row_index_),
                # HiGHS lists every column of these rows, also those whose bounds play no part.
                tuple(
                    form.column_names[j]
                    for j, part in zip(subset.col_index_, subset.col_bound_, strict=True)
                    if int(part) in _BOUND_PLAYS_A_PART
                ),
            )
    return None


class _QuietHighs(highspy.Highs):  # type: ignore[misc, unused-ignore]
    """A HiGHS that never writes to the terminal.

    Its constructor installs the callbacks and with them prints a banner on standard output, so the log must be turned
    away from the terminal before that. The log itself stays on: without it HiGHS reports no progress.
    """

    def enableCallbacks(self) -> None:
        self.setOptionValue("log_to_console", False)
        super().enableCallbacks()


def prepare(form: StandardForm, options: SolveOptions) -> Any:
    """A HiGHS object that holds `form` and `options`."""
    highs = _QuietHighs()
    for name, setting in (
        ("time_limit", float(options.time_limit_seconds)),
        ("mip_rel_gap", float(options.relative_gap)),
        ("mip_abs_gap", float(options.absolute_gap_usd_m)),
        ("random_seed", int(options.seed)),
        ("threads", int(options.threads)),
        *options.advanced,
    ):
        _set_option(highs, name, setting)
    matrix, columns, rows = form.matrix, form.column_count, form.row_count
    # As arrays: HiGHS' object for a program takes them number by number, which lasts ten times as long.
    status = highs.passModel(
        columns,
        rows,
        matrix.nnz,
        int(highspy.MatrixFormat.kColwise),
        int(highspy.ObjSense.kMaximize if form.maximise else highspy.ObjSense.kMinimize),
        form.offset,
        form.costs,
        form.column_lower,
        form.column_upper,
        form.row_lower,
        form.row_upper,
        matrix.indptr,
        matrix.indices,
        matrix.data,
        form.integer.astype(np.int32),
    )
    # A warning is no refusal: HiGHS warns of coefficients that it takes for zero.
    if status == highspy.HighsStatus.kError:
        raise SolverError("HiGHS does not accept the model")
    return highs


def _set_option(highs: Any, name: str, setting: bool | int | float | str) -> None:
    if highs.setOptionValue(name, setting) != highspy.HighsStatus.kOk:
        raise SolverError(f"HiGHS does not accept the option {name} = {setting!r}")


def _pass_start(highs: Any, form: StandardForm, start: npt.ArrayLike) -> None:
    values = np.asarray(start, dtype=np.float64)
    if values.shape != (form.column_count,):
        raise ValueError(f"a start of shape {values.shape} for {form.column_count} columns")
    known = np.flatnonzero(np.isfinite(values))
    if not form.integer.any() or not known.size:
        return
    if known.size == form.column_count:
        solution = highspy.HighsSolution()
        solution.col_value = values
        status = highs.setSolution(solution)
    else:
        status = highs.setSolution(known.size, known.astype(np.int32), values[known])
    if status == highspy.HighsStatus.kError:
        raise SolverError("HiGHS does not accept the plan to start from")


def run(highs: Any, on_progress: Callable[[Progress], None] | None, stop: threading.Event | None) -> None:
    """Run HiGHS until it is done or `stop` is set."""
    abort = threading.Event()
    failures: list[BaseException] = []

    def interrupt(event: Any) -> None:
        if abort.is_set() or (stop is not None and stop.is_set()):
            event.interrupt()

    def report(event: Any) -> None:
        # An exception must not pass through HiGHS: keep it, stop, and raise it where the caller is.
        if on_progress is not None and not failures:
            try:
                on_progress(_progress(event.data_out))
            except BaseException as error:
                failures.append(error)
                abort.set()

    highs.cbSimplexInterrupt += interrupt
    highs.cbIpmInterrupt += interrupt
    highs.cbMipInterrupt += interrupt
    if on_progress is not None:
        highs.cbMipLogging += report
    wait_for(highs.run, abort)
    if failures:
        raise failures[0]


def wait_for(call: Callable[[], Any], abort: threading.Event) -> Any:
    """Result of `call`, made in a thread of its own; `abort` is set when the wait for it is broken off.

    Python handles Ctrl-C only between two steps of the main thread, and a call into HiGHS is one step, however long.
    """
    done = threading.Event()
    results: list[Any] = []
    failures: list[BaseException] = []

    def work() -> None:
        try:
            results.append(call())
        except BaseException as error:
            failures.append(error)
        finally:
            done.set()

    worker = threading.Thread(target=work, name="highs", daemon=True)
    try:
        worker.start()
        # With a timeout, because without one Windows does not deliver Ctrl-C while waiting.
        while not done.wait(0.1):
            pass
    except BaseException:
        abort.set()
        done.wait(_LAST_WAIT_SECONDS)
        raise
    worker.join()
    if failures:
        raise failures[0]
    return results[0]


def _progress(data: Any) -> Progress:
    """HiGHS' figures of a search; those it does not have yet are infinite there and None here."""
    incumbent, bound = float(data.mip_primal_bound), float(data.mip_dual_bound)
    known = math.isfinite(incumbent) and math.isfinite(bound)
    return Progress(
        seconds=float(data.running_time),
        incumbent=incumbent if math.isfinite(incumbent) else None,
        bound=bound if math.isfinite(bound) else None,
        gap=_gaps(incumbent, bound)[0] if known else None,
        nodes=max(0, int(data.mip_node_count)),
    )


def read(
    highs: Any, form: StandardForm, options: SolveOptions, began: float, stop: threading.Event | None
) -> RawSolution:
    """Status, plan and bound after a run; the only place that reads HiGHS' model status."""
    # By name, because not every release of HiGHS knows all of them.
    ended = str(highs.getModelStatus().name)
    info = highs.getInfo()
    words = str(highs.modelStatusToString(highs.getModelStatus()))
    has_point = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    values = np.array(highs.getSolution().col_value, dtype=np.float64) if has_point else None
    if ended == "kOptimal" and values is not None:
        status = Status.OPTIMAL
    elif ended == "kInfeasible":
        status = Status.INFEASIBLE
    elif ended == "kUnbounded" and (has_point or not form.integer.any()):
        status = Status.UNBOUNDED
    elif ended in ("kUnbounded", "kUnboundedOrInfeasible"):
        status = _unbounded_or_infeasible(form, options, began, stop)
    elif ended in ("kInterrupt", "kHighsInterrupt"):
        status = Status.INTERRUPTED
    elif ended in _LIMITS:
        status = Status.TIME_LIMIT
    else:
        raise SolverError(f"HiGHS failed: {words}")
    if status in (Status.INFEASIBLE, Status.UNBOUNDED):
        values = None
    if status in (Status.TIME_LIMIT, Status.INTERRUPTED) and (
        values is None or form.violation(values) > _PLAN_TOLERANCE
    ):
        status, values = Status.NO_PLAN, None
        words += ", before any plan was found"

    # HiGHS' own objective can have the wrong sign after a limit: compute it.
    objective = None if values is None else form.objective(values)
    bound: float | None = None
    if form.integer.any():
        if (objective is not None or status is Status.NO_PLAN) and math.isfinite(info.mip_dual_bound):
            bound = float(info.mip_dual_bound)
    elif status is Status.OPTIMAL:
        bound = objective
    relative_gap = absolute_gap = None
    if objective is not None and bound is not None:
        # The plan holds to a tolerance only, so it can be a trace better than what is proven for exact plans.
        bound = max(bound, objective) if form.maximise else min(bound, objective)
        relative_gap, absolute_gap = _gaps(objective, bound)
    return RawSolution(
        status=status,
        values=values,
        objective=objective,
        bound=bound,
        relative_gap=relative_gap,
        absolute_gap=absolute_gap,
        seconds=time.perf_counter() - began,
        nodes=max(0, int(info.mip_node_count)),
        message=words,
    )


def _unbounded_or_infeasible(
    form: StandardForm, options: SolveOptions, began: float, stop: threading.Event | None
) -> Status:
    """Without an objective nothing can be unbounded: what then has a plan is unbounded with it."""
    left = max(1.0, options.time_limit_seconds - (time.perf_counter() - began))
    plain = replace(form, costs=np.zeros(form.column_count), offset=0.0)
    highs = prepare(plain, replace(options, time_limit_seconds=left))
    run(highs, None, stop)
    ended = highs.getModelStatus()
    if ended == highspy.HighsModelStatus.kOptimal:
        return Status.UNBOUNDED
    if ended == highspy.HighsModelStatus.kInfeasible:
        return Status.INFEASIBLE
    raise SolverError("the model is unbounded or infeasible, and the time did not suffice to tell which")


def solve_empty(form: StandardForm) -> RawSolution:
    """A form without columns, which HiGHS does not solve: its rows are limits on nothing."""
    holds = bool(np.all(form.row_lower <= BOUND_TOLERANCE) and np.all(form.row_upper >= -BOUND_TOLERANCE))
    if not holds:
        return RawSolution(Status.INFEASIBLE, None, None, None, None, None, 0.0, 0, "Infeasible")
    return RawSolution(Status.OPTIMAL, np.zeros(0), form.offset, form.offset, 0.0, 0.0, 0.0, 0, "Optimal")


def _gaps(objective: float, bound: float) -> tuple[float, float]:
    """Relative and absolute gap of a plan and a bound."""
    absolute = abs(bound - objective)
    if absolute == 0.0:
        return 0.0, 0.0
    return (absolute / abs(objective) if objective != 0.0 else math.inf), absolute
