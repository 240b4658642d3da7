"""Known plans and known trees: they make a search short and decide nothing."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.errors import SolverError
from optimizer.instance.whole_plan import Trail
from optimizer.solve import simplex
from optimizer.solve.bounds import compact_of
from optimizer.solve.bridge import FloatArray, make_form
from optimizer.solve.fixed import FixedProgram, FixedSolution, solve_fixed
from optimizer.solve.highs import SolveOptions, Status, solve_form
from optimizer.solve.incumbent import Incumbent, ModelPrices
from optimizer.solve.large import LargeSearch
from optimizer.solve.pricing import Priced, WarmProgram
from optimizer.solve.prove import MANY_ENDS, MOST_SPLITS, Splits, Trace, Tree, _ends_below
from tests.solve.companies import company

EXACT = SolveOptions(relative_gap=0.0, absolute_gap_usd_m=1e-6)
SEEDS = range(6)


def grown(seed: int) -> tuple[Tree, float]:
    """A whole tree, and the optimum by HiGHS' own search."""
    _, program = compact_of(company(seed))
    best = solve_form(program.form, EXACT).objective
    assert best is not None
    tree = Tree(program, WarmProgram(program.form, EXACT))
    assert tree.exhaust(lambda: best - 0.5, lambda value, whole: None, nodes=10_000)
    return tree, best


def again(seed: int, splits: Splits, cutoff: float) -> tuple[Tree, list[float]]:
    """A tree split as another was, finished, and the values of the plans found on the way."""
    _, program = compact_of(company(seed))
    tree = Tree(program, WarmProgram(program.form, EXACT), regrown=True)
    found: list[float] = []
    assert tree.fits(splits)
    tree.regrow(splits, cutoff, lambda value, whole: found.append(value))
    assert tree.exhaust(lambda: cutoff, lambda value, whole: found.append(value), nodes=10_000)
    return tree, found


@pytest.mark.parametrize("seed", SEEDS)
def test_a_tree_grows_again_by_its_splits(seed: int) -> None:
    """Proves: the same ends are closed again, each by one linear program, and the best plan is found. Broken: a side
    that was left out, and with it the best plan; or as many programs as the first time."""
    tree, best = grown(seed)
    ends = sum(cut is None for cut in tree.splits())
    assert len(tree.splits()) == 2 * ends - 1
    other, found = again(seed, tree.splits(), best - 0.5)
    assert max(found) == pytest.approx(best, abs=1e-4)
    assert other.warm.solved <= tree.warm.solved
    assert other.splits()[: len(tree.splits())].count(None) >= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_split_for_plans_alone_is_not_kept(seed: int) -> None:
    """Proves: of a tree that was split to its ends only the splits of parts above the cutoff are kept, none above all
    of it; and a tree that grows by them finds the best plan and closes. Broken: splits below the cutoff, each of which
    costs two programs wherever it is grown again, or a cutoff that leaves out a needed one, so that it does not fit."""
    _, program = compact_of(company(seed))
    tree = Tree(program, WarmProgram(program.form, EXACT))
    plans: list[float] = []
    tree.exhaust(lambda: max(plans, default=-np.inf) - 3.0, lambda value, whole: plans.append(value), nodes=10_000)
    best = max(plans)
    kept = tree.splits(best - 0.5)
    assert len(kept) <= len(tree.splits())
    assert tree.splits(np.inf) == (None,)
    _, found = again(seed, kept, best - 0.5)
    assert max(found) == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_splits_are_handed_on_by_a_tree_that_took_them_over(seed: int) -> None:
    """Proves: a tree that took over splits, all of whose ends are closed, hands them on, and a third tree closes by
    them as it did, with no split of its own. Broken: splits are left out because their ends lie below the cutoff: the
    third tree begins with all choices, and a sweep proves every second point from nothing."""
    tree, best = grown(seed)
    cutoff = best + 0.1
    tree.exhaust(lambda: cutoff, lambda value, whole: None, nodes=10_000)
    kept = tree.splits(cutoff)
    assert len(kept) > 1
    other, _ = again(seed, kept, cutoff)
    third, _ = again(seed, other.splits(cutoff), cutoff)
    assert third.splits(cutoff) == other.splits(cutoff)
    ends = [count for count, _ in _ends_below(third.splits(cutoff))]
    assert third.warm.solved == sum(count == 1 or count >= MANY_ENDS for count in ends)


@pytest.mark.parametrize("seed", SEEDS)
def test_many_ends_of_another_tree_are_closed_together(seed: int) -> None:
    """Proves: of a tree that was split to its last plans and is taken over where nothing is worth looking for only one
    program is solved, and of its splits none is handed on. Broken: one program for each of its ends, at every point of
    a sweep after one that was hard to prove."""
    _, program = compact_of(company(seed))
    tree = Tree(program, WarmProgram(program.form, EXACT))
    tree.exhaust(lambda: -np.inf, lambda value, whole: None, nodes=60)
    splits = tree.splits()
    assert splits.count(None) >= MANY_ENDS
    other, found = again(seed, splits, tree.warm.bound().objective + 1.0)
    assert other.warm.solved == 1
    assert found == []
    assert other.splits() == (None,)


def test_ends_below_a_place_of_a_tree() -> None:
    """Proves: by hand, a cut whose first side is cut again: three ends and five places in all, two and three on that
    side. Broken: the second side is looked for in the middle of the first."""
    cut = ("signed", 0, 0)
    assert _ends_below((cut, cut, None, None, None)) == [(3, 5), (2, 3), (1, 1), (1, 1), (1, 1)]


@pytest.mark.parametrize("seed", SEEDS)
def test_splits_of_another_case_lose_no_plan(seed: int) -> None:
    """Proves: a tree of another company, or of none, gives the optimum all the same, wherever its splits can be made.
    Broken: a part of the choices that lies on no side of a split."""
    _, best = grown(seed)
    for splits in (grown(seed + 1)[0].splits(), (None,)):
        _, program = compact_of(company(seed))
        if Tree(program, WarmProgram(program.form, EXACT), regrown=True).fits(splits):
            _, found = again(seed, splits, best - 0.5)
            assert max(found) == pytest.approx(best, abs=1e-4)


def test_splits_that_cannot_be_made_are_refused() -> None:
    """Proves: an unknown group, a date after the last, a column that is not there, a word from nowhere. Broken: an
    IndexError while a sweep runs, because the case at a point has fewer offers."""
    tree, _ = grown(0)
    for cut in (("signed", 99, 0), ("date", 0, 999), ("date", 0, -1), ("one", 10_000, 0), ("other", 0, 0)):
        assert not tree.fits((cut, None, None))


def test_without_time_the_bound_is_that_of_all_choices() -> None:
    """Proves: a tree whose regrowth is broken off begins with all choices. Broken: only the ends that were looked at
    count, and the bound is below the optimum."""
    tree, best = grown(0)
    _, program = compact_of(company(0))
    other = Tree(program, WarmProgram(program.form, EXACT), regrown=True)
    other.regrow(tree.splits(), best - 0.5, lambda value, whole: None, until=-np.inf)
    assert other.root is not None
    assert other.best_open == other.root.bound >= best - 1e-6
    assert other.splits() == (None,)


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_half_a_tree_proves_nothing(seed: int) -> None:
    """Proves: splits that leave a part out, or have one too many, are not taken; a search to which they are handed
    begins with all choices and finds the optimum. Broken: the part that was left out counts as closed, and "optimal" is
    said of whatever is known."""
    tree, best = grown(seed)
    small = company(seed)
    form, program = compact_of(small)
    fresh = Tree(program, WarmProgram(program.form, EXACT), regrown=True)
    for half in (tree.splits()[:-1], tree.splits()[:1], (*tree.splits(), None), ()):
        assert not fresh.fits(half)
        with pytest.raises(ValueError, match="leave something out"):
            fresh.regrow(half, best, lambda value, whole: None)
        nothing: dict[str, float] = {}
        found = LargeSearch(small, form, EXACT, known=[nothing], trail=Trail(splits=half)).run()
        assert found is not None
        assert found[2].objective == pytest.approx(best, abs=1e-4)
        assert found[2].bound == pytest.approx(best, abs=1e-4)


def test_the_clock_of_a_warm_program_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: the limit is of one program, not of all together: after as many as take more than the limit the same
    HiGHS answers. Broken: every program after the first limit is solved from the beginning."""
    monkeypatch.setattr(simplex, "UNWATCHED_SECONDS", 0.5)
    monkeypatch.setattr(simplex, "LP_SECONDS", 0.5)
    _, program = compact_of(company(1))
    warm = WarmProgram(program.form, EXACT)
    warm.bound()
    own = warm._free[0]._highs
    while own.getRunTime() < 0.8:
        upper = program.form.column_upper[warm.whole].copy()
        upper[warm.solved % len(upper)] = program.form.column_lower[warm.whole][warm.solved % len(upper)]
        warm.bound(None, upper)
        assert warm._free[0]._highs is own


def test_large_trees_are_not_remembered() -> None:
    """Proves: nothing in place of more than the most. Broken: files of megabytes at every point."""
    tree, _ = grown(0)
    trace = tree._trace
    for _ in range(MOST_SPLITS):
        trace.cut, trace.sides = ("one", 0, 0), (Trace(), Trace())
        trace = trace.sides[0]
    assert tree.splits() == ()


def test_a_search_with_a_known_plan_and_tree_finds_the_same() -> None:
    """Proves: with its own plan and tree a search has the same value and bound with fewer programs over all. Broken:
    the plan is taken without proof, or everything is proved anew."""
    programs = [0, 0]
    for seed in SEEDS:
        small = company(seed)
        form, _ = compact_of(small)
        first = LargeSearch(small, form, EXACT)
        one = first.run()
        assert one is not None
        assert one[2].values is not None
        assert one[2].objective is not None
        whole = np.round(one[2].values)
        columns = {n: float(v) for n, v, i in zip(form.column_names, whole, form.integer, strict=True) if i and v}
        second = LargeSearch(small, form, EXACT, known=[columns], trail=Trail(splits=first.splits))
        two = second.run()
        assert two is not None
        assert two[2].bound is not None
        assert two[2].status is Status.OPTIMAL
        assert two[2].objective == pytest.approx(one[2].objective, abs=1e-5)
        assert two[2].bound >= one[2].objective - 1e-6
        programs = [programs[0] + first._warm.solved, programs[1] + second._warm.solved]
    assert 2 * programs[1] < programs[0]


def test_a_fixed_program_goes_on_where_it_was() -> None:
    """Proves: other costs give the optimum of a cold solve. Broken: the answer to the question before."""
    form, _ = compact_of(company(3))
    raw = solve_form(form, EXACT)
    assert raw.values is not None
    program = FixedProgram(form, raw.values, EXACT)
    best = program.solve()
    assert best.objective == pytest.approx(raw.objective, abs=1e-4)
    other = np.where(np.arange(form.column_count) % 3 == 0, form.costs, 0.5 * form.costs)
    program.set_costs(other, maximise=form.maximise)
    changed = solve_fixed(replace(form, costs=other), raw.values, EXACT)
    assert program.solve().objective == pytest.approx(changed.objective, abs=1e-5)
    program.set_costs(form.costs, maximise=form.maximise)
    assert program.solve().objective == pytest.approx(best.objective, abs=1e-5)


def test_what_was_solved_is_not_solved_again() -> None:
    """Proves: asked twice with nothing else set the answer is the same object; with other costs (5 a MW in place of 2),
    with the old ones again and where it is held to its value it is another one, right each time. Broken: HiGHS runs
    again for what is known, or 12 is still the answer where each MW brings 5."""
    form = make_form(
        np.array([[1.0, 1.0]]),
        np.array([2.0, 2.0]),
        row_lower=[-np.inf],
        row_upper=[6.0],
        column_lower=np.zeros(2),
        column_upper=np.array([4.0, 4.0]),
        integer=np.zeros(2, dtype=bool),
        maximise=True,
    )
    program = FixedProgram(form, np.zeros(2), EXACT)
    first = program.solve()
    assert program.solve() is first
    program.set_costs(form.costs, maximise=True)
    assert program.solve() is first
    program.set_costs(np.array([5.0, 5.0]), maximise=True)
    assert program.solve().objective == pytest.approx(30.0)
    program.set_costs(form.costs, maximise=True)
    again = program.solve()
    assert again is not first
    assert again.objective == pytest.approx(12.0)
    program.hold(again)
    assert program.solve() is not again
    assert program.solve().objective == pytest.approx(12.0)


def test_a_program_that_is_held_gives_nothing_away() -> None:
    """Proves: two machines, at most 4 MW each, share 6 MW that are worth 2 each whoever uses them; held to 12, asking
    for the second gives 2 and 4, asking for the first 4 and 2, asking for little use still 6 MW. Broken: 0 and 0, worth
    nothing, or 3 and 3 whoever is asked for."""
    form = make_form(
        np.array([[1.0, 1.0], [0.0, 1.0]]),
        np.array([2.0, 2.0]),
        row_lower=np.full(2, -np.inf),
        row_upper=np.array([6.0, 4.0]),
        column_lower=np.zeros(2),
        column_upper=np.array([4.0, np.inf]),
        integer=np.zeros(2, dtype=bool),
        maximise=True,
    )
    program = FixedProgram(form, np.zeros(2), EXACT)
    best = program.solve()
    assert best.objective == pytest.approx(12.0)
    program.hold(best)
    for costs, wanted in (((0.0, 1.0), (2.0, 4.0)), ((1.0, 0.0), (4.0, 2.0)), ((-1.0, -1.1), (4.0, 2.0))):
        program.set_costs(np.array(costs), maximise=True)
        found = program.solve()
        assert found.values is not None
        assert found.values.tolist() == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
def test_whole_companies_are_held_to_a_cent(seed: int) -> None:
    """Proves: whatever else is asked for, the plan is worth as much as before. Broken: the optimum of the other
    question."""
    form, _ = compact_of(company(seed))
    raw = solve_form(form, EXACT)
    assert raw.values is not None
    program = FixedProgram(form, raw.values, EXACT)
    best = program.solve()
    program.hold(best)
    for draw in range(4):
        costs = np.random.default_rng(draw).uniform(-1.0, 1.0, form.column_count)
        program.set_costs(costs, maximise=False)
        found = program.solve()
        assert found.status is Status.OPTIMAL
        assert found.values is not None
        assert form.objective(found.values) == pytest.approx(best.objective, abs=1e-8)


def test_a_program_that_nobody_can_solve_takes_neither_plan_nor_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: when every program fails after the first plan, the search ends with that plan and a bound that is at
    least the optimum. Broken: no plan at all, or a part that was being split counts as closed and the bound is too
    low."""
    small = company(0)
    form, _ = compact_of(small)
    best = solve_form(form, EXACT).objective
    assert best is not None
    search = LargeSearch(small, form, EXACT)
    whole = search._warm.bound
    taken = [0]

    def bound(*arguments: object, **named: object) -> object:
        if search._best.has_choices:
            taken[0] += 1
            if taken[0] > 1:
                raise SolverError("a linear program was not solved")
        return whole(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(search._warm, "bound", bound)
    found = search.run()
    assert taken[0] > 1
    assert found is not None
    assert found[2].status is Status.GAP_LEFT
    assert found[2].bound is not None
    assert found[2].bound >= best - 1e-6


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("depth", [100.0, 0.2])
def test_a_plan_that_could_not_be_priced_in_time_is_not_refuted(
    seed: int, depth: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves: where the program of the best plan runs out of time in the model, the search says that a gap is left, and
    its bound covers that plan; or it has no plan and says so. Broken: the plan counts as impossible, and of seed 0
    246.0 is proved best where 256.2 is possible."""
    small = company(seed, depth=depth)
    form, _ = compact_of(small)
    raw = solve_form(form, EXACT)
    assert raw.values is not None
    assert raw.objective is not None
    best, usual = np.round(raw.values[form.integer]), FixedProgram.solve

    def late(self: FixedProgram, stop: threading.Event | None = None) -> FixedSolution:
        found = usual(self, stop)
        is_best = np.array_equal(self._form.column_lower[form.integer], best)
        return replace(found, status=Status.TIME_LIMIT) if is_best else found

    monkeypatch.setattr(FixedProgram, "solve", late)
    try:
        found = LargeSearch(small, form, EXACT).run()
    except SolverError:
        return
    assert found is not None
    assert found[2].bound is not None
    assert found[2].bound >= raw.objective - 1e-6
    assert found[2].status is Status.GAP_LEFT


@pytest.mark.parametrize("seed", range(3))
def test_a_plan_is_priced_once(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: no two prices in the model are asked for plans with the same whole numbers, where a shallow market makes
    the smaller program promise too much. Broken: 0.0 and -0.0 make two plans of one, and a third of all prices are
    worked out again."""
    small = company(seed, depth=0.2)
    form, _ = compact_of(small)
    asked: list[tuple[float, ...]] = []
    usual = ModelPrices.price

    def counted(self: ModelPrices, whole: FloatArray, worth: float) -> Incumbent | None:
        asked.append(tuple((np.round(whole) + 0.0).tolist()))
        return usual(self, whole, worth)

    monkeypatch.setattr(ModelPrices, "price", counted)
    LargeSearch(small, form, EXACT).run()
    assert len(asked) > 1
    assert len(set(asked)) == len(asked)


def test_a_tree_whose_ends_cannot_all_be_solved_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: where a program fails in the middle of a tree that is grown again, all choices are there again, and the
    bound is that of all of them. Broken: the ends that were not looked at count as closed."""
    tree, best = grown(1)
    _, program = compact_of(company(1))
    other = Tree(program, WarmProgram(program.form, EXACT), regrown=True)
    usual, asked = other.warm.bound, [0]

    def failing(*given: Any, **named: Any) -> Priced:
        asked[0] += 1
        if asked[0] == 3:
            raise SolverError("nobody can solve it")
        return usual(*given, **named)

    monkeypatch.setattr(other.warm, "bound", failing)
    other.regrow(tree.splits(), best - 0.5, lambda value, whole: None)
    assert other.best_open == pytest.approx(Tree(program, WarmProgram(program.form, EXACT)).best_open)
