"""A plan may be written again where one lies already."""

from __future__ import annotations

from pathlib import Path

from optimizer import api
from optimizer.plan.write import PLAN_FILES
from tests.math.builder import EXACT
from tests.math.cases import load
from tests.plan.books_plan import company


def test_a_plan_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    """Proves: every file that is written is known as part of a plan, so that the same folder can be written twice.
    Broken: "holds what is no part of a plan (balance.csv)" on the second time."""
    result = api.solve(load(tmp_path, company()), EXACT, twins=False)
    for _ in range(2):
        assert result.write(tmp_path / "plan").passed
    assert {entry.name for entry in (tmp_path / "plan").iterdir()} == PLAN_FILES
