"""Plans whose hours are looked at through values and bands, and given decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optimizer import api
from optimizer.explain.levers import levers
from optimizer.explain.start import read_start
from optimizer.explain.worth import worth_of_lever
from optimizer.plan.written import read_written
from tests.explain.conftest import CASES
from tests.plan.test_certified import PROFILE, TAKE
from tests.property.power_cases import every_file, solve


@pytest.mark.parametrize("case", [TAKE, PROFILE], ids=["take", "profile"])
def test_values_and_bands_as_the_plan_has_them(case: dict[str, Any], tmp_path: Path) -> None:
    """Proves: a plan that was found with more values of a taken MWh, or more bands, than a first look has is laid down
    to the dollar, and dearer coins are worth what duals say. Broken: 51.2706 where the plan is worth 51.2842."""
    assert solve(case, every_file(tmp_path / "files")).write(tmp_path / "plan").passed
    start = read_start(read_written(tmp_path / "plan"), api.SolveOptions())
    assert start.laid.objective == pytest.approx(start.value_usd_m, abs=1e-5)
    [dearer] = [each for each in levers(start.case, start.loaded.bare, []) if each.path == "market.network.btc_usd"]
    worth = worth_of_lever(start, dearer)
    assert worth is not None
    assert worth.predicted_usd_m == pytest.approx(worth.resolved_usd_m, rel=1e-3)
    assert worth.resolved_usd_m is not None
    assert worth.resolved_usd_m > 0.5


def test_given_decisions_stay_given(tmp_path: Path) -> None:
    """Proves: an offer that the case forbids is not looked at, and it is said why. Broken: a rent at which it is
    signed."""
    forbid = tmp_path / "forbid.csv"
    forbid.write_text("date,decision,item,site,amount,rule\n,sign,cloud_tenant,,,forbid\n")
    result = api.solve(api.load(CASES / "quickstart", given_csv=forbid), twins=False)
    assert result.write(tmp_path / "plan").passed
    [row] = api.explain(tmp_path / "plan").tables["offers"].dicts()
    assert (row["signed"], row["value_usd_m"], row["why"]) == (0, None, "forbidden by what is given")
