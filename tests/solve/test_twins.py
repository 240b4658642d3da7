"""Twins and waiting begin with what is known of the plan, and come to the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.measures import hosting_of_plan
from optimizer.case.load import load_case
from optimizer.instance.build import Prepared, prepare
from optimizer.instance.given import all_hosting
from optimizer.solve import twins
from optimizer.solve.highs import SolveOptions, Status
from optimizer.solve.run import Solution, solve_instance
from optimizer.solve.twins import cost_of_waiting, solve_twins

CASE = Path(__file__).parents[2] / "cases" / "quickstart"
OPTIONS = SolveOptions(relative_gap=1e-4)


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    loaded = load_case(CASE)
    return prepare(loaded.case, loaded.folder)


@pytest.fixture(scope="module")
def best(prepared: Prepared) -> Solution:
    return solve_instance(prepared.instance, OPTIONS)


def test_the_best_plan_is_a_twin_only_where_it_is_one(prepared: Prepared, best: Solution) -> None:
    """Proves: the plan is taken for the twin if it hosts as much, buys nothing and is proven; else there is a search.
    Broken: a plan with bought machines, or of fewer MW, stands for all hosting."""
    instance = prepared.given(all_hosting(prepared.case))
    plain = replace(
        best, decisions=replace(best.decisions, order_eh=np.zeros_like(best.decisions.order_eh)), status=Status.OPTIMAL
    )
    mw = hosting_of_plan(instance, plain.decisions)
    assert twins._as_twin(prepared, instance, plain, mw, OPTIONS) is plain
    assert twins._as_twin(prepared, instance, plain, mw + 1.0, OPTIONS) is None
    assert twins._as_twin(prepared, instance, None, mw, OPTIONS) is None
    assert twins._as_twin(prepared, replace(instance, waive_minimum_cash=True), plain, mw, OPTIONS) is None
    stopped = replace(plain, status=Status.TIME_LIMIT)
    assert twins._as_twin(prepared, instance, stopped, mw, OPTIONS) is None
    loose = replace(plain, bound_usd_m=plain.value_usd_m * 1.01)
    assert twins._as_twin(prepared, instance, loose, mw, OPTIONS) is None
    bought = replace(plain, decisions=replace(plain.decisions, order_eh=np.ones(len(plain.decisions.order_eh) or 1)))
    assert twins._as_twin(prepared, instance, bought, mw, OPTIONS) is None


def test_twins_are_worth_the_same_with_and_without_the_plan(prepared: Prepared, best: Solution) -> None:
    """Proves: what is known changes no twin by more than the gap. Broken: another value of all hosting."""
    alone, helped = solve_twins(prepared, OPTIONS), solve_twins(prepared, OPTIONS, None, best)
    assert [twin.name for twin in alone] == [twin.name for twin in helped]
    for one, two in zip(alone, helped, strict=True):
        assert two.solution.value_usd_m == pytest.approx(one.solution.value_usd_m, rel=2e-4)


def test_waiting_costs_what_later_and_no_signature_cost(prepared: Prepared, best: Solution) -> None:
    """Proves: signing later costs no more than never signing, and both hold the gap between them. Broken: a plan that
    signs the offer after all, and a cost of nothing."""
    found = cost_of_waiting(prepared, best, OPTIONS)
    assert found is not None
    later, never = found.later_usd_m, found.never_usd_m
    assert 0.0 <= later[0] <= later[1] <= never[1]
    room = 2e-4 * best.value_usd_m
    assert later[1] - later[0] < room
    assert never[1] > room
