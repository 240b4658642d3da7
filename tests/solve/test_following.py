"""What follows from decisions, by a tree of linear programs, against HiGHS' own search."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.build import build
from models.instance import Instance
from optimizer.instance.whole_plan import Trail
from optimizer.solve.bridge import StandardForm
from optimizer.solve.columns import is_decided
from optimizer.solve.following import completed
from optimizer.solve.highs import RawSolution, SolveOptions, Status, solve_form
from optimizer.solve.reading import compile_model
from optimizer.solve.run import solve_instance
from tests.solve.companies import company

EXACT = SolveOptions(relative_gap=0.0, absolute_gap_usd_m=1e-6)
SEEDS = range(8)


def laid(form: StandardForm, known: dict[str, float]) -> StandardForm:
    """The form with whole columns where they are known."""
    lower, upper = form.column_lower.copy(), form.column_upper.copy()
    for j, name in enumerate(form.column_names):
        if name in known:
            lower[j] = upper[j] = known[name]
    return replace(form, column_lower=lower, column_upper=upper)


def solved(small: Instance) -> tuple[StandardForm, RawSolution, dict[str, float]]:
    """A company, its best plan, and what that decides in whole numbers."""
    form = compile_model(build(small))
    best = solve_form(form, EXACT)
    assert best.values is not None
    known = {
        name: float(round(value))
        for name, value, whole in zip(form.column_names, best.values, form.integer, strict=True)
        if whole and is_decided(name)
    }
    return form, best, known


@pytest.mark.parametrize("seed", SEEDS)
def test_a_plan_is_completed_as_by_highs(seed: int) -> None:
    """Proves: with the decisions of the best plan laid down the same value is found and proven, in a plan of the model
    itself that decides the same. Broken: the value of a relaxation, above it, or a plan that fixed too much, below."""
    small = company(seed)
    form, best, known = solved(small)
    found = completed(small, form, known, EXACT)
    assert found is not None
    assert found.status is Status.OPTIMAL
    assert found.values is not None
    assert best.objective is not None
    assert found.objective == pytest.approx(best.objective, abs=1e-5)
    assert found.bound is not None
    assert found.bound >= best.objective - 1e-6
    assert form.violation(found.values) < 1e-6
    for name, value in known.items():
        assert found.values[form.column_names.index(name)] == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_another_plan_is_completed_as_by_highs(seed: int) -> None:
    """Proves: of a plan that cannot be kept, and of one that signs nothing, nothing wrong is said: nothing at all where
    there is no plan, or the smaller program promises more than the model gives. Broken: 106.60 in place of 91.75 for
    the first company."""
    small = company(seed)
    form, _, known = solved(small)
    for other in (dict.fromkeys(known, 0.0), {name: 1.0 for name in known if name.startswith("sign[")}):
        expected, found = solve_form(laid(form, other), EXACT), completed(small, form, other, EXACT)
        assert found is None or found.objective == pytest.approx(expected.objective, abs=1e-5)


def test_it_is_left_to_others_where_more_is_asked() -> None:
    """Proves: another objective, or a floor on value, is none of its business. Broken: the most valuable plan in place
    of that with the most halls."""
    small = company(0)
    form, _, known = solved(small)
    assert completed(replace(small, maximise="most_hosting"), form, known, EXACT) is None
    assert completed(replace(small, value_at_least=0.0), form, known, EXACT) is None
    assert completed(small, replace(form, maximise=False), known, EXACT) is None


def test_years_of_law_say_nothing_to_a_case_without_income_tax() -> None:
    """Proves: a trail from a case with income tax is taken by one without, and nothing is held to law. Broken: rows for
    years that are not there. (That years are kept with a trail: tests/sweep/test_store.py.)"""
    small = company(1)
    assert small.income_tax is None
    found = solve_instance(small, EXACT, None, None, (), Trail(years=((0, 3),)))
    assert found.instance.tax_binaries == frozenset()
    assert found.value_usd_m == pytest.approx(solve_instance(small, EXACT).value_usd_m, abs=1e-6)
