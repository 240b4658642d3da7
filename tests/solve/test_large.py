"""The search for many choices: the same optimum as HiGHS alone, bounds that hold, plans from several starts."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from models.build import build
from models.instance import Instance
from optimizer.solve import large, run
from optimizer.solve.bounds import compact_of, lp_bound
from optimizer.solve.bridge import StandardForm
from optimizer.solve.compact import Compact
from optimizer.solve.dive import Clock, dive
from optimizer.solve.fixed import solve_fixed
from optimizer.solve.highs import SolveOptions, Status, prepare, solve_form
from optimizer.solve.large import LargeSearch
from optimizer.solve.pricing import WarmProgram, whole_values
from optimizer.solve.progress import Progress
from optimizer.solve.prove import Part, Tree
from optimizer.solve.reading import compile_model
from optimizer.solve.run import solve_instance
from tests.solve.companies import company
from tests.solve.proofs import proven

EXACT = SolveOptions(relative_gap=0.0, absolute_gap_usd_m=1e-6)
SEEDS = range(12)


def plain(form: StandardForm) -> float:
    """The optimum by HiGHS' own search."""
    raw = solve_form(form, EXACT)
    assert raw.objective is not None
    return raw.objective


def parts(small: Instance) -> tuple[StandardForm, Compact, Tree]:
    form, program = compact_of(small)
    return form, program, Tree(program, WarmProgram(program.form, EXACT))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_search_finds_what_highs_finds(seed: int) -> None:
    """Proves: with all gaps closed both searches give one value, so neither fixing by reduced costs nor splits lose the
    best plan, and the bound is that value. Broken: a value below that of HiGHS, or a bound below it."""
    small = company(seed, twins=seed % 3 == 0)
    form, _ = compact_of(small)
    found = LargeSearch(small, form, EXACT).run()
    assert found is not None
    best = plain(form)
    assert found[2].status is Status.OPTIMAL
    assert found[2].objective == pytest.approx(best, abs=1e-4)
    assert found[2].bound == pytest.approx(best, abs=1e-4)
    assert found[2].bound >= best - 1e-6
    assert form.violation(found[2].values) < 1e-6


@pytest.mark.parametrize("seed", SEEDS)
def test_the_search_finds_it_where_offers_take_two_halls_at_least(seed: int) -> None:
    """Proves: the same with two halls at least, the bound being at most that of the smaller program. Broken: a split by
    size that loses the plans with two halls."""
    small = company(seed, twins=seed % 3 == 0, least=2)
    form, program = compact_of(small)
    found = LargeSearch(small, form, EXACT).run()
    assert found is not None
    assert found[2].objective == pytest.approx(plain(form), abs=1e-4)
    assert found[2].bound is not None
    assert plain(form) - 1e-6 <= found[2].bound <= plain(program.form) + 1e-4


@pytest.mark.parametrize("seed", SEEDS)
def test_no_plan_is_worth_more_than_the_smaller_program_says(seed: int) -> None:
    """Proves: leaving out rows of lots never cuts a plan off: optimum of the model <= of the smaller program <= of its
    linear program. Broken: a smaller program whose optimum lies below the model's."""
    small = company(seed, depth=0.5)
    form, program = compact_of(small)
    assert program.form.column_count < form.column_count
    best, above = plain(form), plain(program.form)
    assert best <= above + 1e-6
    assert above <= lp_bound(small, EXACT, program) + 1e-6


@pytest.mark.parametrize("seed", SEEDS)
def test_where_the_smaller_program_is_too_hopeful_the_bound_says_so(seed: int) -> None:
    """Proves: with a market for used machines that takes little, plans are priced in the model and the bound still
    covers the best one. Broken: a bound below the optimum, or a plan that sells more than the market takes."""
    small = company(seed, depth=0.2)
    form, _ = compact_of(small)
    found = LargeSearch(small, form, replace(EXACT, relative_gap=1e-3)).run()
    assert found is not None
    best = plain(form)
    assert form.violation(found[2].values) < 1e-6
    assert found[2].objective <= best + 1e-6 <= found[2].bound + 2e-6
    assert found[2].objective >= best * 0.98


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_a_price_is_that_of_a_cold_solve_with_whole_columns_fixed(seed: int) -> None:
    """Proves: warm prices of random plans, in any order, equal `solve_fixed`, and plans that cannot be paid are minus
    infinity. Broken: a basis left from the plan before changes a price."""
    form, _ = compact_of(company(seed))
    program = WarmProgram(form, EXACT)
    random = np.random.default_rng(seed)
    plans = []
    for _ in range(12):
        columns: dict[str, float] = {}
        for offer in range(3):
            if random.random() < 0.6:
                columns[f"sign[{4 * offer + int(random.integers(4))}]"] = 1.0
                columns[f"hall_count[{offer},5]"] = 1.0
        plans.append(whole_values(form, columns))
    prices = [program.price(plan) for plan in plans]
    assert any(np.isfinite(price.objective) for price in prices)
    for plan, price in zip(plans, prices, strict=True):
        whole = np.zeros(form.column_count)
        whole[program.whole] = plan
        cold = solve_fixed(form, whole, EXACT)
        expected = cold.objective if cold.status is Status.OPTIMAL else -np.inf
        assert price.objective == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_promise_that_the_model_does_not_keep_does_not_end_the_search(seed: int) -> None:
    """Proves: where the market for used machines takes little, the smaller program promises more than the model gives
    (of seed 8 165.73 where the best plan is worth 157.86), and the gap is closed all the same: value and bound are the
    optimum of the model. Broken: a bound of 165.73 for seed 8, and a search that ends there."""
    small = company(seed, depth=0.2)
    form, program = compact_of(small)
    best = plain(form)
    assert seed != 8 or plain(program.form) > best + 5
    found = LargeSearch(small, form, EXACT).run()
    assert found is not None
    assert found[2].status is Status.OPTIMAL
    assert found[2].objective == pytest.approx(best, abs=1e-4)
    assert found[2].bound == pytest.approx(best, abs=1e-4)
    assert found[2].bound >= best - 1e-6


def test_beside_a_plan_lie_all_others() -> None:
    """Proves: cuts beside one plan, made one after the other on the side that holds it, leave every other plan of a
    part on one of the other sides, once, and end with that plan alone. Broken: a plan on no side is lost to the proof,
    one on two sides is looked at twice."""
    _, program = compact_of(company(1))
    tree = Tree(program, WarmProgram(program.form, EXACT))
    places = tree.splitter.sizes[:2].tolist() + tree.splitter.single[:2].tolist()
    low, high = tree.everything[0].copy(), tree.everything[0].copy()
    high[places] = low[places] + 2
    plan = low.copy()
    plan[places[0]] += 1
    side, others = (low, high), []
    while (cut := tree.splitter.beside(plan, side)) is not None:
        _, index, at = cut
        one, other = (side[0].copy(), side[1].copy()), (side[0].copy(), side[1].copy())
        one[1][index], other[0][index] = at, at + 1
        holds = one if plan[index] <= at else other
        others.append(other if holds is one else one)
        side = holds
    assert side[0].tolist() == side[1].tolist() == plan.tolist()
    every = [plan.copy() for _ in range(81)]
    for number, each in enumerate(every):
        for digit, place in enumerate(places):
            each[place] = low[place] + number // 3**digit % 3
    within = [sum(bool((a <= each).all() and (each <= b).all()) for a, b in others) for each in every]
    assert within == [0 if (each == plan).all() else 1 for each in every]


def test_time_that_is_over_is_called_so() -> None:
    """Proves: with parts left above the cutoff and no time the status is "time limit". Broken: "gap left", as if more
    time changed nothing."""
    small = company(8)
    form, _ = compact_of(small)
    search = LargeSearch(small, form, EXACT)
    search._until = 0.0
    found = search.run()
    assert found is not None
    assert search._tree.best_open > search._best.cutoff()
    assert found[2].status is Status.TIME_LIMIT


def test_a_price_below_the_floor_is_no_price() -> None:
    """Proves: HiGHS may answer "optimal" with a worse point than the floor; it is read as nothing. Broken: the price
    of the plan although the floor lies above it."""
    form, _ = compact_of(company(3))
    program = WarmProgram(form, EXACT)
    nothing = whole_values(form, {})
    price = program.price(nothing).objective
    assert program.price(nothing, floor=price + 1e-3).objective == -np.inf
    assert program.price(nothing, floor=price - 1e-3).objective == pytest.approx(price)


def test_a_cutoff_given_to_highs_is_no_statement_about_its_plan() -> None:
    """Proves: with a bound on the objective above the optimum HiGHS itself ends without a plan that beats it; the tree
    says "complete, no plans, bound = cutoff". Broken: a plan below the cutoff taken for the optimum."""
    form, program, tree = parts(company(4))
    best = plain(form)
    proof = proven(tree, best + 1.0)
    assert proof.complete
    assert proof.values == ()
    assert proof.bound == pytest.approx(best + 1.0)
    minimised = replace(program.form, costs=-program.form.costs, offset=-program.form.offset, maximise=False)
    highs = prepare(minimised, replace(EXACT, advanced=(("objective_bound", -(best + 1.0)),)))
    highs.run()
    point = np.array(highs.getSolution().col_value)
    assert len(point) == 0 or program.form.objective(point) < best + 1.0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cutoff_below_the_optimum_does_not_lose_it(seed: int) -> None:
    """Proves: whatever is fixed because of a cutoff, the best plan above it is found. Broken: fixing by reduced costs
    with the wrong sign ends "complete" without it."""
    form, program, tree = parts(company(seed, twins=seed % 2 == 0))
    best = plain(program.form)
    proof = proven(tree, best - 0.5)
    assert proof.complete
    assert proof.values[-1] == pytest.approx(best, abs=1e-4)
    assert proof.bound >= best - 1e-6
    assert plain(form) <= proof.bound + 1e-6


def test_a_proof_that_is_broken_off_has_a_bound_that_holds() -> None:
    """Proves: after every number of parts the bound is at or above the optimum, and never grows. Broken: what was not
    looked at yet is forgotten, and the bound falls below the optimum."""
    _, program, _ = parts(company(6))
    best = plain(program.form)
    bounds = []
    for nodes in range(8):
        tree = Tree(program, WarmProgram(program.form, EXACT))
        bounds.append(proven(tree, best - 1.0, nodes=nodes).bound)
    assert min(bounds) >= best - 1e-6
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[0] > bounds[-1]


def test_tight_money_leaves_a_plan() -> None:
    """Proves: with cash for no hall at all the plan without halls is found and proven; with cash for one, that one.
    Broken: no plan, because the first ways down cannot be paid."""
    for opening, halls in ((5.0, 0), (20.0, 1)):
        small = company(11, opening=opening, fleet=0.01)
        form, _ = compact_of(small)
        found = LargeSearch(small, form, EXACT).run()
        assert found is not None
        assert found[2].objective == pytest.approx(plain(form), abs=1e-4)
        signed = sum(v for n, v in zip(form.column_names, found[2].values, strict=True) if n.startswith("sign["))
        assert (signed > 0.5) == (halls > 0)


def test_what_cannot_be_has_no_plan() -> None:
    """Proves: with less cash than the minimum and no way to raise any nothing is found, and `solve_instance` names the
    reason. Broken: a plan that breaks the minimum."""
    small = replace(company(1, opening=-500.0))
    form, _ = compact_of(small)
    assert LargeSearch(small, form, EXACT).run() is None


@pytest.mark.parametrize("seed", range(6))
def test_new_shares_at_their_fair_price(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: with shares priced inside the search the plan is worth what rounds of solving find, or more, and the
    bound covers it. Broken: shares at the market's price in the bound, or a plan worth less."""
    small = company(seed, shares=True)
    rounds = solve_instance(small, EXACT)
    monkeypatch.setattr(large, "MANY_CHOICES", 1)
    assert run.is_large(small, compile_model(build(small)))
    found = solve_instance(small, EXACT)
    assert found.value_usd_m >= rounds.value_usd_m - 1e-3
    assert found.bound_usd_m >= found.value_usd_m - 1e-6
    assert found.bound_usd_m >= rounds.value_usd_m - 1e-6
    assert found.bound_usd_m <= rounds.bound_usd_m + 1e-3


def test_equal_runs_are_equal_and_say_how_far_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: two searches give the same columns to the last bit, bounds reported never rise and plans never fall.
    Broken: something is decided by the clock."""
    small = company(9)
    form, _ = compact_of(small)
    told: list[list[Progress]] = [[], []]
    results = [LargeSearch(small, form, EXACT, told[k].append).run() for k in range(2)]
    first, second = (result[2].values for result in results if result is not None)
    assert (first == second).all()
    assert [each.incumbent for each in told[0]] == [each.incumbent for each in told[1]]
    values = [each.incumbent for each in told[0] if each.incumbent is not None]
    bounds = [each.bound for each in told[0] if each.bound is not None]
    assert values == sorted(values)
    assert bounds == sorted(bounds, reverse=True)


def test_a_stop_gives_the_plan_so_far() -> None:
    """Proves: a search that is stopped at once still gives a plan and a bound that holds. Broken: no plan, or a bound
    below the optimum."""
    small = company(8)
    form, _ = compact_of(small)
    stop = threading.Event()
    stop.set()
    found = LargeSearch(small, form, EXACT, stop=stop).run()
    assert found is not None
    assert found[2].status is Status.INTERRUPTED
    assert found[2].bound is not None
    assert found[2].bound >= plain(form) - 1e-6


def test_a_known_plan_is_where_it_begins() -> None:
    """Proves: the optimum of one search, given to another that is stopped at once, comes back. Broken: the plan without
    halls."""
    small = company(8)
    form, _ = compact_of(small)
    first = LargeSearch(small, form, EXACT).run()
    assert first is not None
    known = dict(zip(form.column_names, first[2].values.tolist(), strict=True))
    again = LargeSearch(small, form, replace(EXACT, relative_gap=0.5), known=(known,)).run()
    assert again is not None
    assert again[2].objective == pytest.approx(first[2].objective, abs=1e-6)


def test_less_than_the_least_is_nothing() -> None:
    """Proves: where an offer takes two halls at least, "at most one" leaves none and no date, "at most two" leaves the
    dates, and "more than none" means at least two and signed. Broken: a split after which half of a signature takes
    one hall."""
    _, _, tree = parts(company(2, least=2))
    choices, signed, sizes, _ = tree.splitter._groups[1]
    none, some = tree.splitter.sides(("one", sizes[0], 1), tree.everything)
    assert none[1][sizes[0]] == none[1][signed] == none[1][choices].max() == 0
    assert some[0][sizes[0]] == 2
    assert some[0][signed] == 1
    _, more = tree.splitter.sides(("one", sizes[0], 0), tree.everything)
    assert more[0][sizes[0]] == 2
    few, _ = tree.splitter.sides(("one", sizes[0], 2), tree.everything)
    assert few[1][choices].min() == few[1][signed] == 1


@pytest.mark.parametrize("seed", SEEDS[:4])
def test_a_program_may_begin_at_any_basis(seed: int) -> None:
    """Proves: from the basis of another program, from that which HiGHS has, and after a program without a plan the
    answers are those of a new start. Broken: a basis that is not set where HiGHS was left elsewhere shows in nothing
    but time; one that is set beside its bounds shows here as another value."""
    _, program, _ = parts(company(seed))
    warm = WarmProgram(program.form, EXACT)
    every = warm.bound()
    low, high = (bounds[warm.whole].copy() for bounds in (program.form.column_lower, program.form.column_upper))
    first, second = high.copy(), high.copy()
    first[0], second[1] = 0.0, 0.0
    wanted = [WarmProgram(program.form, EXACT).bound(low, upper).objective for upper in (first, second)]
    one = warm.bound(low, first, basis=every.basis)
    assert one.objective == pytest.approx(wanted[0])
    assert warm.bound(low, second, basis=every.basis).objective == pytest.approx(wanted[1])
    assert warm.bound(low, first, basis=one.basis).objective == pytest.approx(wanted[0])
    assert warm.bound(high, low).values is None
    assert warm.bound(low, second, basis=one.basis).objective == pytest.approx(wanted[1])


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_a_tree_of_choices_alone_ends_where_they_are_made(seed: int) -> None:
    """Proves: every part that the tree tells of has its choices made, and the best of the plans in these parts is the
    best there is. Broken: a part that is told of too early, or closed without being told of: a lesser plan."""
    _, program, _ = parts(company(seed))
    told: list[Part] = []
    tree = Tree(program, WarmProgram(program.form, EXACT), chosen=told.append)
    plans: list[tuple[float, np.ndarray]] = []
    assert tree.exhaust(lambda: -np.inf, lambda value, whole: plans.append((value, whole)), nodes=10_000)
    for part in told:
        for choices, *_ in tree.splitter._groups:
            whole = part.values[tree.warm.whole][choices]
            assert np.abs(whole - np.round(whole)).max() < 1e-6
        found = dive(tree, part, Clock(tree, 500))
        if found is not None:
            plans.append((found.value, found.whole))
    assert max(value for value, _ in plans) == pytest.approx(plain(program.form), abs=1e-4)


def test_a_part_says_what_it_is() -> None:
    """Proves: the root of a tree is worth its linear program. Broken: any other number."""
    small = company(2)
    _, program, tree = parts(small)
    assert isinstance(tree.root, Part)
    assert tree.root.bound == pytest.approx(lp_bound(small, EXACT, program))
