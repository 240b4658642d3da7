"""Rules that a plan was found without: on which side a search with them begins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.tax import year_ends
from optimizer.solve import run
from optimizer.solve.bridge import make_form
from optimizer.solve.compiled import form_of
from optimizer.solve.rules import with_rules
from optimizer.solve.run import _search
from tests.math.builder import EXACT
from tests.solve.test_tax_rounds import rising


def test_a_rule_is_set_as_the_plan_has_it() -> None:
    """Proves: of a year with 8 of profit and 1 of loss ``is_profit`` is 1 (as 0 it breaks a row by 8, as 1 by 1), of
    one with 2 and 5 it is 0, and of one with nothing 0; what the plan says stays. Broken: 0 everywhere, so the first
    year's 8 are burnt."""
    names = ["profit[0]", "loss[0]", "is_profit[0]", "profit[1]", "loss[1]", "is_profit[1]", "is_profit[2]", "sign[0]"]
    rows = [
        [1, 0, -100, 0, 0, 0, 0, 0],
        [0, 1, 100, 0, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, -100, 0, 0],
        [0, 0, 0, 0, 1, 100, 0, 0],
        [1, 0, 0, 0, 0, 0, -100, 0],
    ]
    form = make_form(
        rows,
        np.zeros(8),
        row_lower=np.full(5, -np.inf),
        row_upper=[0, 100, 0, 100, 100],
        column_lower=np.zeros(8),
        column_upper=[50, 50, 1, 50, 50, 1, 1, 1],
        integer=[False, False, True, False, False, True, True, True],
        column_names=names,
    )
    plan = {"profit[0]": 8.0, "loss[0]": 1.0, "profit[1]": 2.0, "loss[1]": 5.0, "sign[0]": 1.0}
    found = with_rules(form, plan)
    assert {name: found[name] for name in plan} == plan
    assert [found[f"is_profit[{year}]"] for year in range(3)] == [1.0, 0.0, 0.0]
    assert with_rules(form, found) is found


def test_a_search_with_more_rules_begins_with_the_plan_and_their_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: the plan that was found without rules books 160 of profit and 60 of loss in its second year; the search
    with the rule begins with it and ``income_is_profit`` 1 there. Broken: it begins with a plan in which that column is
    not named, which is taken for 0: another plan, worth less."""
    small = rising()
    found = _search(form_of(small), small, EXACT, None, None)
    ruled = replace(small, tax_binaries=frozenset((0, node) for node in year_ends(small)))
    begun: list[object] = []
    monkeypatch.setattr(run, "is_large", lambda instance, form: True)
    monkeypatch.setattr(run, "_large", lambda *given: begun.extend(given[5]))
    _search(form_of(ruled), ruled, EXACT, None, None, start=found.columns)
    (plan,) = begun
    assert isinstance(plan, dict)
    assert plan["income_is_profit[0,1]"] == 1.0
    assert plan["income_is_profit[0,0]"] == 0.0
    assert plan["sign[0]"] == found.columns["sign[0]"]
