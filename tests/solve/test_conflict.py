"""Why there is no plan: amounts that can be checked by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest

from optimizer.solve.bridge import StandardForm, make_form
from optimizer.solve.conflict import ConflictKind, Softening, find_conflict
from optimizer.solve.highs import SolveOptions, Status, solve_form
from optimizer.solve.reading import compile_model

INF = np.inf


def cash_model(least_cash: float = 40.0) -> pyo.ConcreteModel:
    """2 in cash, halls cost 3 each and may be bought from borrowed money up to 5: cash never exceeds 7."""
    model = pyo.ConcreteModel()
    model.halls = pyo.Var(domain=pyo.NonNegativeIntegers, bounds=(0, 4))
    model.cash = pyo.Var()
    model.loan = pyo.Var(bounds=(0, 5))
    model.balance = pyo.Constraint(expr=model.cash == 2 + model.loan - 3 * model.halls)
    model.no_loan = pyo.Constraint(expr=model.loan <= 0)
    model.least_cash = pyo.Constraint([1], rule=lambda m, _: m.cash >= least_cash)
    model.best = pyo.Objective(expr=7 * model.halls, sense=pyo.maximize)
    return model


def test_short_by_exactly_38() -> None:
    """Proves: 40 demanded, 2 there: short by 38, and no hall is built. One hall would make it 41."""
    form = compile_model(cash_model())
    assert solve_form(form, SolveOptions()).status is Status.INFEASIBLE
    conflict = find_conflict(form, {"least_cash[1]": Softening(label="least cash in 2026 Q1", unit="USD millions")})
    assert conflict.kind is ConflictKind.SHORTFALLS
    assert conflict.proved
    (short,) = conflict.shortfalls
    assert short.amount == pytest.approx(38.0, abs=1e-9)
    assert (short.name, short.kind, short.side, short.limit) == ("least_cash[1]", "row", "lower", 40.0)
    assert (short.label, short.unit) == ("least cash in 2026 Q1", "USD millions")
    assert conflict.message == "1 demand would have to give way for a plan to exist"


def test_the_cheaper_way_out_and_the_order() -> None:
    """5 from the loan (its bound) at price 1 each, the other 33 at price 2: the loan row gives way to its bound."""
    softenings = {"least_cash[1]": Softening(weight=2.0), "no_loan": Softening(weight=1.0), "no such row": Softening()}
    conflict = find_conflict(compile_model(cash_model()), softenings)
    assert [(s.name, s.side) for s in conflict.shortfalls] == [("least_cash[1]", "lower"), ("no_loan", "upper")]
    assert [s.amount for s in conflict.shortfalls] == pytest.approx([33.0, 5.0])
    cheap_cash = {**softenings, "least_cash[1]": Softening(weight=0.5)}
    conflict = find_conflict(compile_model(cash_model()), cheap_cash)
    assert [(s.name, s.amount) for s in conflict.shortfalls] == [("least_cash[1]", pytest.approx(38.0))]


def test_a_decision_of_the_user_gives_way_within_what_the_model_declares() -> None:
    """Three halls fixed, cash of 0 demanded: 2 - 9 = -7, so the halls go down by 3 to 0 (-1 with one hall)."""
    model = cash_model(least_cash=0.0)
    model.halls.fix(3)
    form = compile_model(model)
    conflict = find_conflict(form, {}, softenable_columns={"halls": Softening(label="halls")})
    (short,) = conflict.shortfalls
    assert (short.name, short.kind, short.side, short.limit) == ("halls", "column", "lower", 3.0)
    assert short.amount == pytest.approx(3.0, abs=1e-9)
    # Fewer than no halls cannot be: with cash of 3 demanded, the loan must give way too.
    conflict = find_conflict(
        replace(form, row_lower=np.where(np.array(form.row_names) == "least_cash[1]", 3.0, form.row_lower)),
        {"no_loan": Softening()},
        softenable_columns={"halls": Softening()},
    )
    assert {s.name: s.amount for s in conflict.shortfalls} == pytest.approx({"halls": 3.0, "no_loan": 1.0})


def test_bounds_of_a_free_column_give_way_on_both_sides() -> None:
    form = make_form(
        [[1.0]],
        [0.0],
        row_lower=[12.0],
        row_upper=[INF],
        column_lower=[0.0],
        column_upper=[10.0],
        column_names=["x"],
        row_names=["need"],
    )
    conflict = find_conflict(form, {}, softenable_columns={"x": Softening()})
    assert [(s.side, s.limit, s.amount) for s in conflict.shortfalls] == [("upper", 10.0, pytest.approx(2.0))]
    low = replace(form, row_lower=np.array([-INF]), row_upper=np.array([-4.0]))
    conflict = find_conflict(low, {}, softenable_columns={"x": Softening()})
    assert [(s.side, s.limit, s.amount) for s in conflict.shortfalls] == [("lower", 0.0, pytest.approx(4.0))]


def test_equality_and_range_give_way_on_the_side_that_hurts() -> None:
    def form(low: float, high: float) -> StandardForm:
        return make_form(
            [[1.0, 1.0], [1.0, 1.0]],
            [0.0, 0.0],
            row_lower=[low, 20.0],
            row_upper=[high, 30.0],
            column_lower=[0.0, 0.0],
            column_upper=[INF, INF],
            row_names=["soft", "hard"],
        )

    for low, high, side, amount in (
        (10.0, 10.0, "upper", 10.0),
        (35.0, 35.0, "lower", 5.0),
        (2.0, 12.0, "upper", 8.0),
        (31.0, 40.0, "lower", 1.0),
    ):
        (short,) = find_conflict(form(low, high), {"soft": Softening()}).shortfalls
        assert (short.side, short.amount) == (side, pytest.approx(amount))


def test_integers_stay_integers() -> None:
    """Halls of 3: 5 are needed, 4 are allowed: one hall falls short by 2, two halls exceed by 2; relaxed it is 1."""
    form = make_form(
        [[3.0], [3.0]],
        [0.0],
        row_lower=[5.0, -INF],
        row_upper=[INF, 4.0],
        column_lower=[0.0],
        column_upper=[9.0],
        integer=[True],
        row_names=["need", "allowed"],
    )
    conflict = find_conflict(form, {"need": Softening(weight=1.0), "allowed": Softening(weight=1.5)})
    assert [(s.name, s.amount) for s in conflict.shortfalls] == [("need", pytest.approx(2.0, abs=1e-9))]
    conflict = find_conflict(form, {"need": Softening(weight=1.5), "allowed": Softening(weight=1.0)})
    assert [(s.name, s.amount) for s in conflict.shortfalls] == [("allowed", pytest.approx(2.0, abs=1e-9))]


def test_no_conflict() -> None:
    conflict = find_conflict(compile_model(cash_model(least_cash=1.0)), {"least_cash[1]": Softening()})
    assert (conflict.kind, conflict.shortfalls, conflict.proved) == (ConflictKind.NONE, (), True)


def test_conflict_outside_what_may_give_way() -> None:
    form = compile_model(cash_model())
    conflict = find_conflict(form, {"balance_of_another_model": Softening()})
    assert conflict.kind is ConflictKind.OUTSIDE
    assert conflict.shortfalls == ()
    assert set(conflict.hint_rows) == {"balance", "least_cash[1]"}
    assert set(conflict.hint_columns) == {"halls", "loan"}
    assert "no demand was allowed" in conflict.message
    model = cash_model(least_cash=0.0)
    model.never = pyo.Constraint(expr=model.loan >= 6)
    conflict = find_conflict(compile_model(model), {"no_loan": Softening()})
    assert conflict.kind is ConflictKind.OUTSIDE
    assert (conflict.hint_rows, conflict.hint_columns) == (("never",), ("loan",))


def test_conflict_by_integers_alone_gives_no_hint_that_is_not_vouched_for() -> None:
    form = make_form(
        [[2.0, 2.0]],
        [0.0, 0.0],
        row_lower=[3.0],
        row_upper=[3.0],
        column_lower=[0.0, 0.0],
        column_upper=[5.0, 5.0],
        integer=[True, True],
        row_names=["odd"],
    )
    conflict = find_conflict(form, {})
    assert conflict.kind is ConflictKind.OUTSIDE
    assert conflict.hint_rows in ((), ("odd",))


def test_out_of_time_is_said(market_split: Callable[..., StandardForm]) -> None:
    form = market_split(maximise=True)
    strict = replace(form, column_upper=np.where(form.integer, 1.0, 0.0))
    softenings = {name: Softening() for name in form.row_names}
    # The rows can give way in some plan at once, but the cheapest is not proven.
    conflict = find_conflict(strict, softenings, SolveOptions(time_limit_seconds=0.3))
    assert conflict.kind is ConflictKind.SHORTFALLS
    assert not conflict.proved
    assert find_conflict(strict, {}, SolveOptions(time_limit_seconds=0.2)).kind is ConflictKind.UNKNOWN
    stop = threading.Event()
    stop.set()
    assert find_conflict(strict, softenings, stop=stop).kind is ConflictKind.UNKNOWN


@pytest.mark.parametrize("weight", [0.0, -1.0, INF, np.nan])
def test_weights_must_be_prices(weight: float) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Softening(weight=weight)
