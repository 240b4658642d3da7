"""The bridge says the same as Pyomo's own interface to HiGHS, and keeps every row, column and name."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest
from pyomo.contrib.solver.common.results import TerminationCondition
from pyomo.contrib.solver.solvers.highs import Highs as PyomoHighs
from pyomo.core.base.enums import SortComponents
from pyomo.repn.linear import LinearRepnVisitor
from pyomo.repn.util import VarRecorder

from models.terms import LinearReader
from optimizer.errors import SolverError
from optimizer.solve.bridge import StandardForm, load_values, make_form
from optimizer.solve.highs import SolveOptions, Status, solve_form
from optimizer.solve.reading import compile_model

EXACT = SolveOptions(relative_gap=0.0, time_limit_seconds=20.0)


def pyomo_optimum(model: pyo.ConcreteModel) -> float | None:
    """Optimum by Pyomo's own interface; None when infeasible."""
    found = PyomoHighs().solve(
        model, rel_gap=0.0, threads=1, load_solutions=False, raise_exception_on_nonoptimal_result=False
    )
    if found.termination_condition in (
        TerminationCondition.provenInfeasible,
        TerminationCondition.infeasibleOrUnbounded,
    ):
        return None
    assert found.termination_condition is TerminationCondition.convergenceCriteriaSatisfied
    return float(found.incumbent_objective)


def own_optimum(model: pyo.ConcreteModel) -> float | None:
    """Optimum through the bridge, with the values checked in Pyomo itself; None when infeasible."""
    form = compile_model(model)
    found = solve_form(form, EXACT)
    if found.status is Status.INFEASIBLE:
        return None
    assert found.status is Status.OPTIMAL
    assert found.values is not None
    assert found.objective is not None
    load_values(form, found.values)
    objective = next(model.component_data_objects(pyo.Objective, active=True))
    assert pyo.value(objective) == pytest.approx(found.objective, abs=1e-9)
    for row in model.component_data_objects(pyo.Constraint, active=True):
        body = pyo.value(row.body)
        assert row.lb is None or body >= row.lb - 1e-5
        assert row.ub is None or body <= row.ub + 1e-5
    return found.objective


def random_model(seed: int) -> pyo.ConcreteModel:
    """A small model with whatever kinds of row, column and objective the seed draws."""
    random = np.random.default_rng(seed)
    model = pyo.ConcreteModel()
    model.count = pyo.RangeSet(0, int(random.integers(2, 7)) - 1)
    domains = [pyo.Reals, pyo.NonNegativeReals, pyo.Integers, pyo.NonNegativeIntegers, pyo.Binary]
    kinds = random.integers(0, len(domains), len(model.count))
    model.x = pyo.Var(model.count, domain=lambda _, i: domains[kinds[i]])
    for i in model.count:
        if domains[kinds[i]] is not pyo.Binary:
            model.x[i].setlb(float(random.integers(-5, 1)) if kinds[i] in (0, 2) else 0.0)
            model.x[i].setub(float(random.integers(1, 8)))
        if random.random() < 0.2:
            model.x[i].fix(1.0)
    model.rows = pyo.ConstraintList()
    for _ in range(int(random.integers(0, 6))):
        weights = np.where(random.random(len(model.count)) < 0.3, 0, random.integers(-4, 6, len(model.count)))
        body = sum(int(w) * model.x[i] for i, w in zip(model.count, weights, strict=True)) + int(random.integers(-2, 3))
        if not np.any(weights):
            continue
        limit = float(random.integers(-4, 9))
        shape = random.integers(0, 4)
        if shape == 0:
            model.rows.add(body <= limit)
        elif shape == 1:
            model.rows.add(body >= -limit)
        elif shape == 2:
            model.rows.add((-limit - 3.0, body, limit + 4.0) if limit >= 0 else body <= limit + 3.0)
        elif random.random() < 0.5:
            model.rows.add(body == limit)
    costs = random.integers(-5, 6, len(model.count))
    model.best = pyo.Objective(
        expr=sum(int(c) * model.x[i] for i, c in zip(model.count, costs, strict=True)) + int(random.integers(-9, 10)),
        sense=pyo.maximize if random.random() < 0.5 else pyo.minimize,
    )
    return model


def test_random_models_have_the_optimum_that_pyomo_finds() -> None:
    infeasible = 0
    for seed in range(60):
        model = random_model(seed)
        fixed = {v.name: v.value for v in model.component_data_objects(pyo.Var) if v.fixed}
        theirs = pyomo_optimum(model)
        ours = own_optimum(model)
        if theirs is None:
            assert ours is None, seed
            infeasible += 1
        else:
            assert ours == pytest.approx(theirs, abs=1e-5), seed
        assert {v.name: v.value for v in model.component_data_objects(pyo.Var) if v.fixed} == fixed
    # The draw holds both kinds.
    assert 3 <= infeasible <= 40


@pytest.mark.parametrize(("sense", "optimum"), [(pyo.maximize, 41.0), (pyo.minimize, 1.0)])
def test_both_senses(sense: int, optimum: float) -> None:
    """Proves: the sense and the coefficients belong together. Mixed up, each of the two gives the other's value."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 10))
    model.best = pyo.Objective(expr=4 * model.x + 1, sense=sense)
    form = compile_model(model)
    assert form.row_count == 0
    found = solve_form(form, EXACT)
    assert found.objective == optimum == pyomo_optimum(model)
    assert found.bound == optimum
    assert (found.relative_gap, found.absolute_gap) == (0.0, 0.0)


def shapes_model() -> pyo.ConcreteModel:
    model = pyo.ConcreteModel()
    model.unused = pyo.Var(bounds=(2, 5))
    model.hosting_once = pyo.Var(["west", "east"], [3, 4], domain=pyo.Binary)
    model.power_mw = pyo.Var(bounds=(0, 10))
    model.cost_only = pyo.Var(bounds=(-1, None))
    model.zero = pyo.Param(initialize=0.0, mutable=True)
    model.best = pyo.Objective(expr=model.power_mw - model.cost_only + model.zero * model.unused + 3)
    model.window = pyo.Constraint(expr=(1, model.power_mw + 2 * model.hosting_once["west", 3] + 1, 6))
    model.equal = pyo.Constraint(expr=model.power_mw + model.hosting_once["east", 4] == 4)
    model.least = pyo.Constraint(expr=model.power_mw >= model.hosting_once["east", 4] + 2)
    model.nothing = pyo.Constraint(expr=model.zero * model.power_mw <= 1)
    model.off = pyo.Constraint(expr=model.power_mw <= 0)
    model.off.deactivate()
    return model


def test_rows_columns_and_names() -> None:
    form = compile_model(shapes_model())
    assert form.column_names == (
        "unused",
        "hosting_once[west,3]",
        "hosting_once[west,4]",
        "hosting_once[east,3]",
        "hosting_once[east,4]",
        "power_mw",
        "cost_only",
    )
    # A range stays one row; a row that always holds and a deactivated one are gone.
    assert form.row_names == ("window", "equal", "least")
    assert form.row_lower.tolist() == [0.0, 4.0, -math.inf]
    # With variables on both sides Pyomo turns the row round.
    assert form.row_upper.tolist() == [5.0, 4.0, -2.0]
    assert form.matrix.toarray().tolist() == [
        [0.0, 2.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0],
        [0.0, 0.0, 0.0, 0.0, 1.0, -1.0, 0.0],
    ]
    assert form.costs.tolist() == [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, -1.0]
    assert form.offset == 3.0
    assert not form.maximise
    assert form.integer.tolist() == [False, True, True, True, True, False, False]
    assert form.column_lower.tolist() == [2.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0]
    assert form.column_upper.tolist() == [5.0, 1.0, 1.0, 1.0, 1.0, 10.0, math.inf]
    with pytest.raises(ValueError, match="read-only"):
        form.costs[0] = 1.0


def odd_names_model() -> pyo.ConcreteModel:
    """Indices of every kind, in blocks, through references, and with a component whose own name has to be quoted."""
    model = pyo.ConcreteModel()
    odd = [
        "plain",
        "two words",
        "a.b",
        "c,d",
        "[e]",
        "it's",
        'say "so"',
        "12",
        "-1e3",
        "inf",
        "",
        "|f|",
        "ü",
        "a:b",
        "\\",
    ]
    model.one = pyo.Var(odd)
    model.two = pyo.Var(odd, [1, "x", 2.5], domain=pyo.Binary)
    model.three = pyo.Var([(1, 2, 3), (4, "y,", 6)])
    model.mixed = pyo.Var(pyo.Set(dimen=None, initialize=[0, 7, -3, 2.5, True, (1, 2), ("1", 2)]))
    model.numbers = pyo.Var(np.arange(2), np.arange(2))
    model.add_component("odd, name", pyo.Var(bounds=(0, 1)))
    model.block = pyo.Block(["north", "so.uth"])
    for name in model.block:
        model.block[name].inside = pyo.Var([1, 2])
        model.block[name].rows = pyo.Constraint([1, 2], rule=lambda b, i: b.inside[i] >= i)
    model.again = pyo.Reference(model.block[:].inside[1])
    model.rows = pyo.Constraint(
        odd, [0, 1], rule=lambda m, i, k: m.one[i] <= k if k or i != "12" else pyo.Constraint.Skip
    )
    model.skipped = pyo.Constraint(rule=lambda _: pyo.Constraint.Skip)
    model.rows["plain", 0].deactivate()
    return model


def test_names_are_those_that_pyomo_gives() -> None:
    """Proves: names made here by component are Pyomo's own, which tables and messages look for. Sensitivity: an index
    written as ``str`` of it gives ``one[12]`` for the text "12", which Pyomo writes ``one['12']``."""
    model = odd_names_model()
    form = compile_model(model)
    assert form.column_names == tuple(v.name for v in model.component_data_objects(pyo.Var))
    assert form.row_names == tuple(row.name for row in model.component_data_objects(pyo.Constraint, active=True))
    assert "one['12']" in form.column_names
    assert len(set(form.column_names)) == len(form.column_names) == 15 + 45 + 2 + 7 + 4 + 1 + 4


def random_expression(random: np.random.Generator, variables: list[object], depth: int) -> object:
    """A linear expression with numbers that do not add up exactly, nested, negated and multiplied."""
    kind = int(random.integers(0, 8 if depth else 3))
    if kind == 0:
        return float(random.normal())
    if kind == 1:
        return variables[int(random.integers(len(variables)))]
    if kind == 2:
        return float(random.choice([0.0, 1.0, 0.1, random.normal()])) * variables[int(random.integers(len(variables)))]
    if kind == 3:
        return -random_expression(random, variables, depth - 1)  # type: ignore[operator]
    if kind == 4:
        return float(random.choice([0.0, 1.0, random.normal()])) * random_expression(random, variables, depth - 1)  # type: ignore[operator]
    total: object = 0.0
    for _ in range(int(random.integers(1, 6))):
        total = total + random_expression(random, variables, depth - 1)  # type: ignore[operator]
    return total


def test_sums_have_the_last_digits_that_pyomo_gives() -> None:
    """Proves: expressions read here and by Pyomo's visitor agree to the last bit, in whatever way they are nested, so
    that a plan does not depend on who read the row. Sensitivity: with nested sums laid out flat, 7 of 400 differ."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var(range(5))
    variables = list(model.x.values())
    random = np.random.default_rng(7)
    read = 0
    for _ in range(400):
        expression = random_expression(random, variables, 4)
        visitor = LinearRepnVisitor({}, var_recorder=VarRecorder({}, SortComponents.ORDERED_INDICES))
        theirs = visitor.walk_expression(expression)
        ours = LinearReader(variables).read(expression)
        assert ours == (theirs.constant, theirs.linear)
        read += len(theirs.linear) > 1
    assert read > 100


def test_a_named_expression_a_parameter_and_a_quotient_are_read() -> None:
    model = shapes_model()
    model.part = pyo.Expression(expr=model.power_mw + 2 * model.cost_only + 1)
    model.share = pyo.Param(initialize=0.5, mutable=True)
    model.whole = pyo.Constraint(expr=model.part / 2 + model.share * model.unused <= model.share * 3)
    form = compile_model(model)
    assert form.row_names[-1] == "whole"
    assert form.matrix.toarray()[-1].tolist() == [0.5, 0.0, 0.0, 0.0, 0.0, 0.5, 1.0]
    assert form.row_upper[-1] == 1.0


def test_a_fixed_variable_stays_where_it_was() -> None:
    model = shapes_model()
    free = compile_model(model)
    model.power_mw.fix(3.5)
    model.hosting_once["east", 4].fix(0.9999999999)
    form = compile_model(model)
    assert form.column_names == free.column_names
    assert (form.matrix != free.matrix).nnz == 0
    assert form.column_lower[5] == form.column_upper[5] == 3.5
    # A whole number up to rounding is that number.
    assert form.column_lower[4] == form.column_upper[4] == 1.0
    assert (form.declared_lower[5], form.declared_upper[5]) == (0.0, 10.0)
    assert model.power_mw.fixed
    assert model.power_mw.value == 3.5
    load_values(form, [3.0, 1.0, 0.0, 0.0, 1.0, 7.0, 2.5])
    assert model.power_mw.value == 3.5
    assert model.unused.value == 3.0
    assert model.cost_only.value == 2.5
    assert model.hosting_once["west", 3].value == 1.0


def test_rows_that_nothing_can_mend_stay_and_are_infeasible() -> None:
    model = shapes_model()
    model.broken = pyo.Constraint(expr=model.zero * model.power_mw >= 1)
    model.also = pyo.Constraint(expr=(2, model.power_mw - model.power_mw, 3))
    form = compile_model(model)
    assert form.row_names[-2:] == ("broken", "also")
    assert (form.row_lower[-1], form.row_upper[-1]) == (2.0, 3.0)
    assert model.broken.active
    assert solve_form(form, EXACT).status is Status.INFEASIBLE


def test_fixing_to_rounded_sums_is_no_contradiction() -> None:
    """Proves: 0.1 + 0.2 fixed against a limit of 0.3 holds. Sensitivity: moved to the row's side it raises."""
    model = pyo.ConcreteModel()
    model.x = pyo.Var()
    model.best = pyo.Objective(expr=model.x)
    model.limit = pyo.Constraint(expr=model.x <= 0.3)
    model.x.fix(0.1 + 0.2)
    assert solve_form(compile_model(model), EXACT).status is Status.OPTIMAL


@pytest.mark.parametrize("constant", [0.0, 7.5, None])
def test_constant_or_no_objective(constant: float | None) -> None:
    model = pyo.ConcreteModel()
    model.x = pyo.Var(domain=pyo.NonNegativeIntegers, bounds=(0, 9))
    model.least = pyo.Constraint(expr=2 * model.x >= 3)
    if constant is not None:
        model.best = pyo.Objective(expr=constant, sense=pyo.maximize)
    found = solve_form(compile_model(model), EXACT)
    assert found.status is Status.OPTIMAL
    assert found.objective == (constant or 0.0)
    assert found.values is not None
    assert found.values[0] >= 2.0


def test_empty_models() -> None:
    model = pyo.ConcreteModel()
    model.best = pyo.Objective(expr=4.0)
    found = solve_form(compile_model(model), EXACT)
    assert (found.status, found.objective) == (Status.OPTIMAL, 4.0)
    impossible = make_form(
        np.zeros((1, 0)), [], row_lower=[1.0], row_upper=[2.0], column_lower=[], column_upper=[], maximise=True
    )
    assert solve_form(impossible, EXACT).status is Status.INFEASIBLE


def test_what_is_refused() -> None:
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 1))
    model.best = pyo.Objective(expr=model.x)
    model.second = pyo.Objective(expr=-model.x)
    with pytest.raises(SolverError, match="several active objectives: best, second"):
        compile_model(model)
    model.second.deactivate()
    model.square = pyo.Constraint(expr=model.x * model.x <= 1)
    with pytest.raises(SolverError, match="square"):
        compile_model(model)
    model.square.deactivate()
    model.even = pyo.Var(domain=pyo.RangeSet(0, 10, 2))
    with pytest.raises(SolverError, match="even"):
        compile_model(model)
    model.del_component(model.even)
    model.fixed = pyo.Var(initialize=2.0)
    model.fixed.fix()
    model.product = pyo.Constraint(expr=model.fixed * model.x <= 1)
    with pytest.raises(SolverError, match="product"):
        compile_model(model)
    assert model.fixed.fixed
    model.product.deactivate()
    model.several = pyo.Var([0, 1], bounds=(0, 1))
    model.either = pyo.SOSConstraint(var=model.several, sos=1)
    with pytest.raises(SolverError, match="parts of another kind: either"):
        compile_model(model)
    model.either.deactivate()
    model.missing = pyo.Var()
    model.missing.fix()
    with pytest.raises(SolverError, match="missing is fixed but has no value"):
        compile_model(model)
    assert model.missing.fixed


@pytest.mark.parametrize("number", [math.nan, math.inf])
def test_numbers_that_are_none_are_refused(number: float) -> None:
    sound: dict[str, object] = {
        "row_lower": [0.0],
        "row_upper": [1.0],
        "column_lower": [0.0],
        "column_upper": [1.0],
        "column_names": ["x"],
        "row_names": ["limit"],
    }
    with pytest.raises(SolverError, match="coefficient for x"):
        make_form([[1.0]], [number], **sound)  # type: ignore[arg-type]
    with pytest.raises(SolverError, match="row limit has a coefficient"):
        make_form([[number]], [1.0], **sound)  # type: ignore[arg-type]
    with pytest.raises(SolverError, match="a limit of limit"):
        make_form([[1.0]], [1.0], **{**sound, "row_lower": [number]})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected 1 numbers"):
        make_form([[1.0]], [1.0], **{**sound, "column_upper": [1.0, 2.0]})  # type: ignore[arg-type]


def test_a_form_without_variables_travels() -> None:
    form = replace(compile_model(shapes_model()), variables=())
    copy: StandardForm = pickle.loads(pickle.dumps(form))
    assert copy.column_names == form.column_names
    assert solve_form(copy, EXACT).status is Status.UNBOUNDED


def test_violation_measures_bounds_rows_and_integrality(two_halls: StandardForm) -> None:
    assert two_halls.violation([3.0, 0.5]) == 0.0
    assert two_halls.violation([2.75, 0.0]) == pytest.approx(0.25)
    assert two_halls.violation([3.0, 0.9]) == pytest.approx(0.8 / 8.0)
    assert two_halls.violation([4.0, -0.5]) == pytest.approx(0.5)
    assert two_halls.violation([math.nan, 0.0]) == math.inf
