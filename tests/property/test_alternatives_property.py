"""Alternatives of random companies: taxes by the rule, new shares at their worth, hours that are tied, all audited."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.measures import MEASURES
from optimizer import api
from optimizer.errors import InfeasibleError
from optimizer.sweep.alternatives import BEST, SAME_AMOUNT
from tests.math.cases import FLAT_50, write_prices
from tests.property.money_cases import random_company

SOLVE = api.SolveOptions(relative_gap=1e-3, time_limit_seconds=20)


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prices")
    write_prices(folder, FLAT_50)
    return folder


@pytest.mark.parametrize("seed", range(8))
def test_each_is_worth_enough_and_none_goes_further(seed: int, prices: Path, tmp_path: Path) -> None:
    """Proves: every plan passes its audit and is worth what it has to be, and no plan of the pool goes further in a
    respect than the one that is named after it. Broken: the seed, with the plan and by how much."""
    try:
        result = api.alternatives(api.case_from_data(random_company(seed), prices), 0.1, SOLVE)
    except InfeasibleError:
        pytest.skip("no plan saves this company")
    assert all(report.passed for report in result.write(tmp_path / "plans"))
    found = result.found
    for plan in found.plans:
        assert plan.value_usd_m >= found.floor_usd_m - 1e-5 * (1 + abs(found.floor_usd_m))
        assert plan.value_usd_m <= found.best.value_usd_m
        for name in plan.names:
            if name != BEST:
                turned = MEASURES[name].turned
                mine = turned * plan.measures[name]
                assert all(
                    turned * other.measures[name] <= mine + 2 * SAME_AMOUNT * (1 + abs(mine)) for other in found.plans
                )
                assert turned * plan.bounds[name] >= mine - 1e-5 * (1 + abs(mine))
