"""One solve: statuses, signs, limits, starts, prices, options, threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from optimizer.errors import SolverError
from optimizer.solve.bridge import StandardForm, make_form
from optimizer.solve.fixed import solve_fixed
from optimizer.solve.highs import RawSolution, SolveOptions, Status, find_infeasible_subset, solve_form
from optimizer.solve.progress import Progress

INF = np.inf
EXACT = SolveOptions(relative_gap=0.0, time_limit_seconds=20.0)
SPLIT = Callable[..., StandardForm]


def ladder(limit: float, *, upper: float = INF, integer: bool = False, maximise: bool = True) -> StandardForm:
    """Two columns with x - y in [1, limit] and both up to `upper`: unbounded if that is infinite."""
    return make_form(
        [[1.0, -1.0]],
        [3.0, 2.0] if maximise else [-3.0, -2.0],
        row_lower=[1.0],
        row_upper=[limit],
        column_lower=[0.0, 0.0],
        column_upper=[upper, upper],
        integer=[integer, integer],
        offset=-5.0,
        maximise=maximise,
    )


def sound(found: RawSolution, form: StandardForm) -> None:
    """What must hold of any solution with a plan."""
    assert found.values is not None
    assert found.objective == pytest.approx(form.objective(found.values), abs=1e-12)
    assert form.violation(found.values) <= 1e-5
    if found.bound is None:
        assert found.absolute_gap is found.relative_gap is None
        return
    assert found.objective is not None
    assert found.bound >= found.objective if form.maximise else found.bound <= found.objective
    assert found.absolute_gap == abs(found.bound - found.objective)
    assert found.seconds > 0.0


def test_optimal(two_halls: StandardForm) -> None:
    found = solve_form(two_halls, EXACT)
    assert found.status is Status.OPTIMAL
    assert found.objective == pytest.approx(20.0, abs=1e-5)
    sound(found, two_halls)
    turned = replace(two_halls, costs=-two_halls.costs, offset=-10.0, maximise=False)
    assert solve_form(turned, EXACT).objective == pytest.approx(-20.0, abs=1e-5)


@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize("maximise", [False, True])
def test_infeasible_and_unbounded_are_told_apart(integer: bool, maximise: bool) -> None:
    unbounded = solve_form(ladder(2.0, integer=integer, maximise=maximise), EXACT)
    assert unbounded.status is Status.UNBOUNDED
    infeasible = solve_form(ladder(0.0, integer=integer, maximise=maximise), EXACT)
    assert infeasible.status is Status.INFEASIBLE
    bounded = solve_form(ladder(2.0, upper=4.0, integer=integer, maximise=maximise), EXACT)
    assert bounded.status is Status.OPTIMAL
    assert bounded.objective == (13.0 if maximise else -23.0)
    for nothing in (unbounded, infeasible):
        assert nothing.values is nothing.objective is nothing.bound is nothing.relative_gap is None


@pytest.mark.parametrize("integer", [False, True])
def test_without_rows(integer: bool) -> None:
    free = make_form(
        np.zeros((0, 2)),
        [3.0, 2.0],
        row_lower=[],
        row_upper=[],
        column_lower=[0.0, 0.0],
        column_upper=[3.0, INF],
        integer=[integer, integer],
        maximise=True,
    )
    assert solve_form(free, EXACT).status is Status.UNBOUNDED
    found = solve_form(replace(free, column_upper=np.array([3.0, 4.0])), EXACT)
    assert (found.status, found.objective) == (Status.OPTIMAL, 17.0)
    crossed = replace(free, column_lower=np.array([5.0, 0.0]))
    assert solve_form(crossed, EXACT).status is Status.INFEASIBLE


def test_unbounded_relaxation_without_a_whole_plan_is_infeasible() -> None:
    odd = make_form(
        [[2.0, -2.0, 0.0]],
        [3.0, 2.0, 1.0],
        row_lower=[1.0],
        row_upper=[1.0],
        column_lower=[0.0, 0.0, 0.0],
        column_upper=[INF, INF, INF],
        integer=[True, True, False],
        maximise=True,
    )
    assert solve_form(odd, EXACT).status is Status.INFEASIBLE


@pytest.mark.parametrize("maximise", [False, True])
def test_time_limit_keeps_plan_and_bound(market_split: SPLIT, maximise: bool) -> None:
    form = market_split(maximise=maximise)
    found = solve_form(form, SolveOptions(time_limit_seconds=0.4))
    assert found.status is Status.TIME_LIMIT
    sound(found, form)
    # Nothing is better than the offset: all costs are on one side of it.
    assert found.bound == pytest.approx(7.0)
    assert found.relative_gap is not None
    assert found.relative_gap > 0.0


def test_no_plan_in_time(market_split: SPLIT) -> None:
    at_once = solve_form(market_split(maximise=True), SolveOptions(time_limit_seconds=0.0))
    assert at_once.status is Status.NO_PLAN
    assert at_once.values is at_once.objective is at_once.bound is None
    exact = market_split(maximise=True)
    strict = replace(exact, column_upper=np.where(exact.integer, 1.0, 0.0))
    assert solve_form(strict, SolveOptions(time_limit_seconds=0.2)).status is Status.NO_PLAN


def big_program() -> StandardForm:
    random = np.random.default_rng(0)
    dense = np.where(random.random((900, 1200)) < 0.06, random.uniform(1.0, 10.0, (900, 1200)), 0.0)
    return make_form(
        dense,
        random.uniform(1.0, 10.0, 1200),
        row_lower=np.full(900, -INF),
        row_upper=random.uniform(50.0, 100.0, 900),
        column_lower=np.zeros(1200),
        column_upper=np.full(1200, INF),
        maximise=True,
    )


@pytest.mark.parametrize("solver", ["simplex", "ipm"])
def test_a_program_without_integers_can_be_stopped(solver: str) -> None:
    stop = threading.Event()
    stop.set()
    found = solve_form(big_program(), SolveOptions(advanced=(("solver", solver),)), stop=stop)
    assert found.status in (Status.NO_PLAN, Status.INTERRUPTED)
    assert "Interrupted" in found.message


@pytest.mark.parametrize("maximise", [False, True])
def test_stop_keeps_the_plan(market_split: SPLIT, maximise: bool) -> None:
    form = market_split(maximise=maximise)
    stop = threading.Event()
    timer = threading.Timer(0.3, stop.set)
    timer.start()
    began = time.monotonic()
    found = solve_form(form, SolveOptions(time_limit_seconds=30.0), stop=stop)
    assert time.monotonic() - began < 5.0
    timer.join()
    assert found.status is Status.INTERRUPTED
    sound(found, form)


@pytest.mark.parametrize("maximise", [False, True])
def test_progress_arrives_with_the_right_signs(market_split: SPLIT, maximise: bool) -> None:
    events: list[Progress] = []
    threads: set[threading.Thread] = set()

    def listen(progress: Progress) -> None:
        events.append(progress)
        threads.add(threading.current_thread())

    form = market_split(maximise=maximise)
    found = solve_form(form, SolveOptions(time_limit_seconds=0.4), on_progress=listen)
    assert len(events) >= 3
    assert threading.current_thread() not in threads
    sign = 1.0 if maximise else -1.0
    for event in events:
        if event.incumbent is not None and event.bound is not None:
            assert sign * (event.bound - event.incumbent) >= -1e-9
            assert event.gap is not None
    plans = [sign * event.incumbent for event in events if event.incumbent is not None]
    assert plans == sorted(plans)
    assert found.objective == pytest.approx(sign * plans[-1])


def test_what_a_listener_raises_comes_out(market_split: SPLIT) -> None:
    def listen(progress: Progress) -> None:
        raise KeyError("listener")

    began = time.monotonic()
    with pytest.raises(KeyError, match="listener"):
        solve_form(market_split(maximise=True), SolveOptions(time_limit_seconds=30.0), on_progress=listen)
    assert time.monotonic() - began < 5.0


def test_start_is_where_the_search_begins(market_split: SPLIT) -> None:
    """Proves: the first plan reported is the one given. Sensitivity: without it the first one is far worse (-163)."""
    form = market_split(maximise=True)
    good = solve_form(form, SolveOptions(time_limit_seconds=1.0))
    assert good.values is not None
    assert good.objective is not None
    whole_only = np.where(form.integer, good.values, np.nan)
    for start in (good.values, whole_only):
        events: list[Progress] = []
        again = solve_form(form, SolveOptions(time_limit_seconds=0.2), start=start, on_progress=events.append)
        assert again.objective is not None
        assert again.objective >= good.objective - 1e-6
        first = next(event.incumbent for event in events if event.incumbent is not None)
        assert first == pytest.approx(good.objective)
    with pytest.raises(ValueError, match="start of shape"):
        solve_form(form, EXACT, start=[1.0])


def test_start_that_does_not_hold_or_is_not_needed(two_halls: StandardForm) -> None:
    for start in ([9.0, 9.0], [np.nan, np.nan], [2.4, 0.1]):
        assert solve_form(two_halls, EXACT, start=start).objective == pytest.approx(20.0, abs=1e-5)
    smooth = replace(two_halls, integer=np.array([False, False]))
    assert solve_form(smooth, EXACT, start=[3.0, 0.5]).objective == pytest.approx(20.0)


def priced(form: StandardForm) -> tuple[np.ndarray, np.ndarray, float]:
    found = solve_fixed(form, np.zeros(form.column_count), EXACT)
    assert found.status is Status.OPTIMAL
    assert found.row_duals is not None
    assert found.column_duals is not None
    assert found.objective is not None
    return found.row_duals, found.column_duals, found.objective


@pytest.mark.parametrize("maximise", [False, True])
def test_duals_are_what_one_more_unit_is_worth(maximise: bool) -> None:
    """max 3 a + 2 b, a + b <= 4, a + 3 b <= 9, a - b >= -2, a <= 3, b >= 0.5 (or min of the negative): each dual is
    the measured change of the objective."""
    sign = 1.0 if maximise else -1.0
    form = make_form(
        [[1.0, 1.0], [1.0, 3.0], [1.0, -1.0]],
        [sign * 3.0, sign * 2.0],
        row_lower=[-INF, -INF, -2.0],
        row_upper=[4.0, 9.0, INF],
        column_lower=[0.0, 0.5],
        column_upper=[3.0, INF],
        offset=100.0,
        maximise=maximise,
    )
    row_duals, column_duals, objective = priced(form)
    assert objective == pytest.approx(100.0 + sign * 11.0)
    assert row_duals == pytest.approx([sign * 2.0, 0.0, 0.0])
    assert column_duals == pytest.approx([sign * 1.0, 0.0])
    step = 1e-3
    for i in range(2):
        raised = form.row_upper.copy()
        raised[i] += step
        assert (priced(replace(form, row_upper=raised))[2] - objective) / step == pytest.approx(row_duals[i], abs=1e-6)
    raised = form.column_upper.copy()
    raised[0] += step
    change = priced(replace(form, column_upper=raised))[2] - objective
    assert change / step == pytest.approx(column_duals[0], abs=1e-6)
    # A >= row that hurts: when maximising, asking for more costs.
    tight = replace(form, row_lower=np.array([-INF, -INF, 2.25]))
    row_duals, _, objective = priced(tight)
    raised = tight.row_lower.copy()
    raised[2] += step
    change = priced(replace(tight, row_lower=raised))[2] - objective
    assert sign * row_duals[2] < -0.1
    assert change / step == pytest.approx(row_duals[2], abs=1e-6)


def test_fixed_integers(two_halls: StandardForm) -> None:
    found = solve_fixed(two_halls, [2.9999, np.nan], EXACT)
    assert found.status is Status.OPTIMAL
    assert found.values is not None
    assert found.values.tolist() == [3.0, 0.5]
    assert found.objective == found.bound == 20.0
    assert found.row_duals is not None
    assert found.row_duals.tolist() == [1.0, 0.0]
    outside = solve_fixed(two_halls, [4.0, 0.0], EXACT)
    assert outside.status is Status.INFEASIBLE
    assert outside.row_duals is outside.column_duals is None
    with pytest.raises(ValueError, match="finite value"):
        solve_fixed(two_halls, [np.nan, 0.0], EXACT)
    with pytest.raises(ValueError, match="values for 2 columns"):
        solve_fixed(two_halls, [3.0], EXACT)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (SolveOptions(relative_gap=-1.0), "mip_rel_gap"),
        (SolveOptions(time_limit_seconds=-1.0), "time_limit"),
        (SolveOptions(absolute_gap_usd_m=-0.1), "mip_abs_gap"),
        (SolveOptions(seed=-3), "random_seed"),
        (SolveOptions(advanced=(("no_such_option", 1),)), "no_such_option"),
        (SolveOptions(advanced=(("presolve", "perhaps"),)), "presolve"),
    ],
)
def test_options_that_highs_refuses_are_named(two_halls: StandardForm, options: SolveOptions, named: str) -> None:
    with pytest.raises(SolverError, match=f"option {named} ="):
        solve_form(two_halls, options)


def test_gap_options_end_the_search(market_split: SPLIT) -> None:
    form = market_split(maximise=True, offset=1000.0)
    for options in (SolveOptions(relative_gap=0.2), SolveOptions(relative_gap=0.0, absolute_gap_usd_m=200.0)):
        found = solve_form(form, options)
        assert found.status is Status.OPTIMAL
        assert found.absolute_gap is not None
        assert 0.0 < found.absolute_gap <= 200.0


def test_same_seed_same_answer(market_split: SPLIT) -> None:
    form = market_split(maximise=True, rows=3)
    runs = [solve_form(form, replace(EXACT, seed=5)) for _ in range(2)]
    assert runs[0].status is Status.OPTIMAL
    assert runs[0].nodes == runs[1].nodes
    assert runs[0].values is not None
    assert runs[1].values is not None
    assert runs[0].values.tolist() == runs[1].values.tolist()


def test_several_threads_at_once(market_split: SPLIT) -> None:
    forms = [market_split(maximise=bool(k % 2), rows=2, seed=k) for k in range(6)]
    alone = [solve_form(form, EXACT).objective for form in forms]
    with ThreadPoolExecutor(2) as pool:
        together = [found.objective for found in pool.map(lambda form: solve_form(form, EXACT), forms)]
    assert together == alone


def test_nothing_is_printed(two_halls: StandardForm, capfd: pytest.CaptureFixture[str]) -> None:
    solve_form(two_halls, EXACT, on_progress=lambda progress: None)
    assert capfd.readouterr() == ("", "")


def test_infeasible_subset_is_the_smallest() -> None:
    form = make_form(
        [[1.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 1.0]],
        [1.0, 1.0, 1.0],
        row_lower=[10.0, -INF, -INF, -INF],
        row_upper=[INF, 4.0, 5.0, 100.0],
        column_lower=[0.0, 0.0, 0.0],
        column_upper=[INF, 5.0, 1.0],
        column_names=["x", "y", "z"],
        row_names=["demand", "site_cap", "other", "loose"],
    )
    subset = find_infeasible_subset(form, EXACT)
    assert subset is not None
    assert (subset.rows, subset.columns) == (("demand", "site_cap"), ("y",))
    assert find_infeasible_subset(replace(form, row_lower=np.array([9.0, -INF, -INF, -INF])), EXACT) is None
