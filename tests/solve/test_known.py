"""Plans known when a search begins, and what the search that found them tells: priced, repaired, tried anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.errors import SolverError
from optimizer.instance.whole_plan import Trail
from optimizer.solve.bounds import compact_of
from optimizer.solve.branching import Memory
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.choices import Choices
from optimizer.solve.dive import Clock
from optimizer.solve.highs import SolveOptions
from optimizer.solve.known import REPAIR_PROGRAMS
from optimizer.solve.large import LargeSearch
from optimizer.solve.plunge import Plunge
from optimizer.solve.pricing import WarmProgram
from tests.solve.companies import company

EXACT = SolveOptions(relative_gap=0.0, absolute_gap_usd_m=1e-6)
SEEDS = range(6)


@pytest.mark.parametrize("seed", range(3))
def test_plans_that_cannot_be_paid_here_leave_a_bound_that_holds(seed: int) -> None:
    """Proves: where shares may be sold, a known plan cannot be paid and its splits come along, the search ends at a
    bound that is at least what it finds from nothing. Broken: the worth of a share guessed from a bound that is
    infinite, costs that are no numbers, every part closed, and 77.1 proved best where 200.2 is possible."""
    small = company(seed, shares=True, opening=8.0, fleet=0.3)
    form, _ = compact_of(small)
    fresh = LargeSearch(small, form, EXACT).run()
    known = {name: 1.0 for name in form.column_names if name.startswith("sign[")}
    found = LargeSearch(small, form, EXACT, known=[known], trail=Trail(splits=(None,))).run()
    assert fresh is not None
    assert found is not None
    assert fresh[2].objective is not None
    assert found[2].bound is not None
    assert found[2].bound >= fresh[2].objective - 1e-6


def plan_of(search: LargeSearch, form: StandardForm) -> dict[str, float]:
    """Whole columns of what a search finds, by name, those that are not 0."""
    found = search.run()
    assert found is not None
    assert found[2].values is not None
    whole = np.round(found[2].values)
    return {n: float(v) for n, v, i in zip(form.column_names, whole, form.integer, strict=True) if i and v}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_best_of_known_plans_is_where_a_search_begins(seed: int) -> None:
    """Proves: of the plan that takes nothing (the nearest) and the best one (known second) the second is what the
    search has before it splits anything. Broken: only the nearest is priced, and it begins at the value of nothing."""
    small = company(seed)
    form, _ = compact_of(small)
    best = plan_of(LargeSearch(small, form, EXACT), form)
    value = LargeSearch(small, form, EXACT).run()
    assert value is not None
    search = LargeSearch(small, form, EXACT, known=[{}, best])
    search._known.price()
    assert value[2].objective is not None
    assert search._best.level() == pytest.approx(value[2].objective, abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_where_no_known_plan_can_be_paid_one_near_them_is_found(seed: int) -> None:
    """Proves: the best plan of a rich company is too dear for a poor one; before anything is split there is a plan that
    takes some of the same offers, near the same dates, and nothing else but one or two; and the search ends at the
    optimum. Broken: the search begins as if nothing were known."""
    rich, poor = company(seed, opening=200.0), company(seed, opening=31.0)
    form, _ = compact_of(rich)
    best = plan_of(LargeSearch(rich, form, EXACT), form)
    form, _ = compact_of(poor)
    fresh = LargeSearch(poor, form, EXACT).run()
    search = LargeSearch(poor, form, EXACT, known=[best])
    assert search._best.plan is None
    search._known.price()
    assert search._best.plan is not None
    assert search._warm.solved <= 2 + REPAIR_PROGRAMS
    found = search.run()
    assert fresh is not None
    assert found is not None
    assert found[2].objective == pytest.approx(fresh[2].objective, abs=1e-5)


def test_a_guess_of_what_shares_cost_ends_with_the_repair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: where a program that nobody can solve ends the look near known plans, the linear program of all choices
    promises afterwards what it did before. Broken: less, because shares cost by a guess, and that is no bound."""
    small = company(1, shares=True, opening=8.0, fleet=0.3)
    form, _ = compact_of(small)
    known = {name: 1.0 for name in form.column_names if name.startswith("sign[")}
    search = LargeSearch(replace(small, shares_m=20.0), form, EXACT, known=[known])
    before = search._warm.bound().objective
    costs: list[float] = []

    def fails(self: Plunge, level: float, clock: Clock) -> None:
        costs.append(search._warm.bound().objective)
        raise SolverError("a linear program was not solved")

    monkeypatch.setattr(Plunge, "next_plan", fails)
    with pytest.raises(SolverError):
        search._known.price()
    assert costs[0] < before - 1
    assert search._warm.bound().objective == pytest.approx(before)


def test_known_plans_that_cannot_be_paid_do_not_hold_up_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: of twelve known plans that promise everything and cannot be paid two are decided anew, twice each, where
    four programs may be taken for that, and the search finds what it finds from nothing. Broken: 24 tries, or no
    plan."""
    small = company(1, opening=8.0, fleet=0.3)
    form, _ = compact_of(small)
    fresh = LargeSearch(small, form, EXACT).run()
    tries: list[bool] = []

    def in_vain(self: Choices, plan: FloatArray, clock: Clock, floor: float, *, keep_rules: bool = False) -> None:
        self._tree.warm.bound()
        tries.append(keep_rules)

    known = [{name: 1.0} for name in form.column_names if name.startswith("sign[")]
    assert len(known) == 12
    search = LargeSearch(small, form, EXACT, known=known)
    with monkeypatch.context() as patched:
        patched.setattr("optimizer.solve.known.KNOWN_PROGRAMS", 4)
        patched.setattr(Choices, "promise", lambda *_: 1e6)
        patched.setattr(Choices, "settle", in_vain)
        search._known.price()
    assert tries == [True, False] * 2
    search._known.unsettled = []
    found = search.run()
    assert fresh is not None
    assert found is not None
    assert found[2].objective == pytest.approx(fresh[2].objective, abs=1e-5)


def test_what_follows_from_other_known_plans_is_decided_where_the_proof_needs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Proves: of the plan that takes nothing and the best one, where the second cannot be priced as it was found, its
    choices are left for later and decided anew then: 0 halls, then the best plan's value. Broken: only the nearest
    plan's choices are ever decided anew."""
    small = company(2)
    form, _ = compact_of(small)
    first = LargeSearch(small, form, EXACT)
    best, value = plan_of(first, form), first._best.level()
    search = LargeSearch(small, form, EXACT, known=[{}, best])
    with monkeypatch.context() as patched:
        patched.setattr(WarmProgram, "price", lambda self, plan, floor=None: self._nothing())
        search._known.price()
    assert search._best.level() < value - 1
    assert len(search._known.unsettled) == 1
    search._known.settle(search._tree, search._make_dearer)
    assert search._best.level() == pytest.approx(value, abs=1e-5)
    assert not search._known.unsettled


def test_what_splits_told_is_handed_on() -> None:
    """Proves: scores of splits come back as if each had been seen once, and a search that is handed some has them
    before it splits anything, one without a known plan has none. Broken: every split is tried anew at every point."""
    memory = Memory({("signed", 0): (7, 2.5), ("one", 3): (1, -1.25)})
    assert memory.scores == (("signed", 0, 2.5), ("one", 3, -1.25))
    assert Memory.of(memory.scores).seen == {("signed", 0): (1, 2.5), ("one", 3): (1, -1.25)}
    small = company(1)
    form, _ = compact_of(small)
    trail = Trail(scores=memory.scores)
    assert LargeSearch(small, form, EXACT, known=[{}], trail=trail).scores == memory.scores
    assert LargeSearch(small, form, EXACT, trail=trail).scores == ()
