"""Contracts to sign in a linear program: as large as the load may be, not as large as their signatures say."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from optimizer.solve.bridge import StandardForm, make_form
from optimizer.solve.hedges import tightened
from optimizer.solve.highs import SolveOptions, solve_form

EXACT = SolveOptions(relative_gap=0.0, absolute_gap_usd_m=1e-9)
INF = np.inf
FIRST, SECOND = 4, 5
"""Columns of the signatures."""


def two_days(existing: float = 0.0, *, limited: bool = True) -> StandardForm:
    """Load of at most 100 MW on the first day and 60 on the second; a contract of up to 100 MW for each day, both in
    force on the second, worth 1 a MW; ``existing`` MW of other contracts. Without ``limited`` no row says how much load
    there may be.

    With both signatures, or only the second, 60 less what exists can be had; with only the first 100 less that.
    """
    names = ["installed[0,0]", "installed[0,1]", "lever[7]", "lever[9]", "sign_contract[0]", "sign_contract[1]"]
    rows = [
        [-1, 0, 1, 0, 100 + existing, 0],
        [0, -1, 1, 1, 0, 200 + existing],
        [0, 0, 1, 0, -100, 0],
        [0, 0, 0, 1, 0, -100],
        [1, 0, 0, 0, 0, 0],
        [0, 1, 0, 0, 0, 0],
    ]
    return make_form(
        rows,
        [0, 0, 1, 1, 0, 0],
        row_lower=[-INF] * 6,
        row_upper=[100, 200, 0, 0, *((100, 60) if limited else (INF, INF))],
        column_lower=[0] * 6,
        column_upper=[INF, INF, 100, 100, 1, 1],
        integer=[False] * 4 + [True] * 2,
        maximise=True,
        column_names=names,
        row_names=["operations_hedge[3]", "operations_hedge[4]", "size[0]", "size[1]", "sites[0]", "sites[1]"],
    )


def best(form: StandardForm, *, relaxed: bool = False, **signed: float) -> float:
    """Its value with these signatures laid down."""
    low, high = form.column_lower.copy(), form.column_upper.copy()
    for name, value in signed.items():
        column = {"first": FIRST, "second": SECOND}[name]
        low[column] = high[column] = value
    integer = form.integer & (not relaxed)
    raw = solve_form(replace(form, column_lower=low, column_upper=high, integer=integer), EXACT)
    assert raw.objective is not None
    return raw.objective


@pytest.mark.parametrize("existing", [0.0, 10.0])
def test_no_plan_is_lost_and_halves_of_signatures_bring_nothing(existing: float) -> None:
    """Proves: 0, 100, 60 and 60 less what exists for the four ways of signing, with and without the rows; the linear
    program falls from 153 to 100 less what exists, the best plan. Broken: constants too small, and one of the four is
    less or impossible; rows gone, and the linear program stays above 150."""
    form = two_days(existing)
    tight = tightened(form, [7, 9])
    for first, second in itertools.product((0, 1), repeat=2):
        wanted = (60 if second else 100 if first else 0) - (existing if first or second else 0)
        assert best(form, first=first, second=second) == pytest.approx(wanted)
        assert best(tight, first=first, second=second) == pytest.approx(wanted, abs=1e-4)
    assert best(form, relaxed=True) > 140
    assert best(tight, relaxed=True) == pytest.approx(100 - existing, abs=1e-4)


def test_load_without_a_limit_keeps_its_constants() -> None:
    """Proves: where no row limits the load the constant of the second day stays 200 and both contracts can be signed in
    full: 200. Broken: a limit out of nothing, and less."""
    form = two_days(limited=False)
    tight = tightened(form, [7, 9])
    assert tight.matrix[1, SECOND] == 200
    assert best(tight) == pytest.approx(best(form)) == pytest.approx(200)


def test_the_first_contract_needs_no_constant() -> None:
    """Proves: with nothing else in force a contract is at most its own load, signed or not: the constant of the first
    day falls from 100 to 0, that of the second to the 100 MW of the first. Broken: 100 and 200, or a
    millionth, with which simplex methods go round in circles."""
    tight = tightened(two_days(), [7, 9])
    assert tight.matrix[0, FIRST] == tight.row_upper[0] == 0
    assert tight.matrix[1, SECOND] == pytest.approx(100, abs=1e-5)
    assert tight.row_upper[1] == pytest.approx(100, abs=1e-5)
