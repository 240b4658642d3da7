"""Bases kept as text: they make the way short and decide nothing, and what fits nothing is left."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace

import numpy as np
import pytest

from optimizer.instance.whole_plan import NO_TRAIL, Trail
from optimizer.solve.bounds import compact_of
from optimizer.solve.bridge import StandardForm, make_form
from optimizer.solve.fixed import FixedProgram
from optimizer.solve.highs import SolveOptions, Status, solve_form
from optimizer.solve.large import LargeSearch
from optimizer.solve.pricing import WarmProgram
from optimizer.solve.starts import COMPACT, MODEL, begin_at, start_of
from tests.solve.companies import company

EXACT = SolveOptions(relative_gap=0.0, absolute_gap_usd_m=1e-6)


def two_machines(first: float, *, rows: int = 2) -> StandardForm:
    """Two machines of 1 and 2 MW in 6 MW, at most 2 of each; the first is worth ``first`` and the second 3."""
    return make_form(
        np.array([[1.0, 2.0], [1.0, 0.0]])[:rows],
        np.array([first, 3.0]),
        row_lower=np.full(rows, -np.inf),
        row_upper=np.array([6.0, 2.0])[:rows],
        column_lower=np.zeros(2),
        column_upper=np.array([np.inf, 4.0]),
        integer=np.zeros(2, dtype=bool),
        maximise=True,
        column_names=["run[a]", "run[b]"],
        row_names=["megawatts", "most"][:rows],
    )


def test_a_basis_comes_back_and_no_step_is_left_to_do() -> None:
    """Proves: the basis of an optimum, kept as text, is the optimum again, 2 x 2 + 2 x 3 = 10, without a step of the
    simplex method. Broken: 2 steps and more, as from nothing."""
    form = two_machines(2.0)
    first = FixedProgram(form, np.zeros(2), EXACT).solve()
    assert first.objective == pytest.approx(10.0)
    kept = start_of(MODEL, first.basis, form, form)
    other = two_machines(2.1)
    program = FixedProgram(other, np.zeros(2), EXACT, begin_at((kept,), MODEL, other, other))
    assert program.solve().objective == pytest.approx(10.2)
    assert program._highs.getInfo().simplex_iteration_count == 0


def test_a_basis_is_kept_by_name() -> None:
    """Proves: a program that has lost a row that says nothing takes the basis of one that has it, and the other way
    round: rows that were not there are kept (the machine of 2 $ then fills all 6 MW: 12). Broken: no basis, or one that
    is a row too long."""
    full, less = two_machines(2.0), two_machines(2.0, rows=1)
    kept = [start_of(COMPACT, FixedProgram(f, np.zeros(2), EXACT).solve().basis, f, full) for f in (full, less)]
    for start, form, best in ((kept[0], less, 12.0), (kept[1], full, 10.0)):
        basis = begin_at((start,), COMPACT, form, full)
        assert (len(basis.col_status), len(basis.row_status)) == (2, form.row_count)
        assert FixedProgram(form, np.zeros(2), EXACT, basis).solve().objective == pytest.approx(best)


@pytest.mark.parametrize(
    "damaged",
    [
        lambda what, text: ("another", text),
        lambda what, text: (what, text[:-4]),
        lambda what, text: (what, "not a basis"),
        lambda what, text: (what, ""),
        lambda what, text: (what, base64.b64encode(zlib.compress(b"[]")).decode()),
        lambda what, text: (what, base64.b64encode(zlib.compress(b"[1, 2]")).decode()),
        lambda what, text: (what, text_with(text, "9")),
        lambda what, text: (what, text_with(text, "")),
        lambda what, text: (what, base64.b64encode(zlib.compress(b'[{"run": {}}, {}]')).decode()),
        lambda what, text: (what, base64.b64encode(zlib.compress(b'[{"run": 5}, 7]')).decode()),
    ],
)
def test_what_is_no_basis_of_this_program_is_not_taken(damaged: object) -> None:
    """Proves: another program's basis, half a text, and none are all the same as nothing. Broken: a traceback in the
    middle of a sweep."""
    form = two_machines(2.0)
    kept = start_of(MODEL, FixedProgram(form, np.zeros(2), EXACT).solve().basis, form, form)
    assert begin_at((damaged(*kept),), MODEL, form, form) is None  # type: ignore[operator]
    assert begin_at((kept,), MODEL, form, form) is not None


@pytest.mark.parametrize("seed", range(3))
def test_a_search_that_begins_at_a_basis_finds_the_same(seed: int) -> None:
    """Proves: with the starts of its own search, and with those of another company, the optimum is that of HiGHS' own
    search. Broken: a plan that only the basis of another company makes good."""
    instance = company(seed)
    form, _ = compact_of(instance)
    best = solve_form(form, EXACT).objective
    assert best is not None
    alone = LargeSearch(instance, form, EXACT)
    assert alone.run() is not None
    strange = LargeSearch(company(seed + 1), compact_of(company(seed + 1))[0], EXACT)
    assert strange.run() is not None
    for starts in (alone.starts, strange.starts):
        assert {what for what, _ in starts} == {MODEL, COMPACT}
        found = LargeSearch(instance, form, EXACT, trail=NO_TRAIL._replace(starts=starts)).run()
        assert found is not None
        assert found[2].status is Status.OPTIMAL
        assert found[2].objective == pytest.approx(best, abs=1e-5)


def test_a_start_that_leads_nowhere_is_left() -> None:
    """Proves: from a basis with every column on its upper bound, none of which it has, both kinds of programs find
    their optimum. Broken: "HiGHS failed", or a program that is called impossible."""
    form, program = compact_of(company(0))
    raw = solve_form(form, EXACT)
    assert raw.values is not None
    basis = FixedProgram(form, raw.values, EXACT).solve().basis
    basis.col_status = [type(each).kUpper for each in basis.col_status]
    found = FixedProgram(form, raw.values, EXACT, basis).solve()
    assert found.objective == pytest.approx(raw.objective, abs=1e-4)
    small = program.form
    cold = WarmProgram(small, EXACT)
    answer = cold.bound()
    turned = cold.basis
    turned.col_status = [type(each).kUpper for each in turned.col_status]
    assert WarmProgram(small, EXACT, turned).bound().objective == pytest.approx(answer.objective, abs=1e-5)


def text_with(text: str, digit: str) -> str:
    """A text with another digit in the place of every "basic"."""
    plain = json.loads(zlib.decompress(base64.b64decode(text)))
    for families in plain:
        for family, (key, digits) in families.items():
            families[family] = (key, digits.replace("1", digit))
    return base64.b64encode(zlib.compress(json.dumps(plain).encode())).decode()


def test_a_family_with_other_members_begins_anew() -> None:
    """Proves: with one more rule of a family the basis of the others stands, and the rule is kept. Broken: no basis, or
    the status of another row."""
    form = two_machines(2.0)
    kept = start_of(MODEL, FixedProgram(form, np.zeros(2), EXACT).solve().basis, form, form)
    other = replace(form, row_names=("megawatts", "most[1]"))
    basis, own = (begin_at((kept,), MODEL, each, each) for each in (other, form))
    assert list(basis.col_status) == list(own.col_status)
    assert [each.name for each in own.row_status] == ["kUpper", "kUpper"]
    assert [each.name for each in basis.row_status] == ["kUpper", "kBasic"]


def test_a_trail_without_starts_is_none() -> None:
    """Proves: what an earlier version or another candidate leaves behind asks for nothing. Broken: an error."""
    form = two_machines(2.0)
    assert begin_at(Trail().starts, MODEL, form, form) is None
