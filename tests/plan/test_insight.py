"""What a plan's power is worth beyond its settlements, by hand: foresight, resale, peaks that halls cannot avoid.

1,000 MW mine and a MWh is worth 100 $; a dollar per MW and day is 0.031 USD m in January.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from optimizer.plan.insight import PowerInsight, insight_lines, power_insights
from tests.hourly.builder import (
    CASE,
    JANUARY,
    LEASE,
    Prices,
    about,
    changed,
    flat,
    market,
    quarters,
    solve_product,
    write_prices,
)

DAY: Prices = {"prices": quarters(20, 60, 120, 150), "ahead": flat(50)}
AHEAD = {"market.power.ahead": market("ahead")}
BLOCK: dict[str, Any] = {"kind": "fixed_block", "mw": 1000, "price_usd_per_mwh": 50, "until": "2025-12"}


def insights(changes: dict[str, Any], prices: Prices, folder: Path) -> list[PowerInsight]:
    write_prices(folder, prices)
    return power_insights(solve_product(changed(CASE, changes), folder).plan)


@pytest.mark.parametrize(("skill", "a_day"), [(0.0, 420), (0.5, 120), (1.0, 0)])
def test_foresight(skill: float, a_day: float, tmp_path: Path) -> None:
    """Proves: told by 50 $ in all hours machines earn 300 a day where 720 could be had, told by half of the difference
    (35, 55, 85 and 100, at which they stop) 600, and with perfect foresight nothing is missed. Broken: minus the same;
    720 for skill 0 if it were held against nothing."""
    changes = AHEAD | {"sites.one.power.decides_on": {"market": "ahead", "skill": skill}}
    [found] = insights(changes, DAY, tmp_path)
    assert found.foresight_is_worth_usd_m == about(a_day * JANUARY)
    assert found.foresight_is_worth_usd_m is not None
    assert found.foresight_is_worth_usd_m >= 0
    assert found.ignoring_resale_costs_usd_m is None
    lines = insight_lines([found])
    assert len(lines) == (1 if a_day else 0)
    assert all(line.startswith("one: knowing the prices that are paid beforehand would be worth $") for line in lines)


def test_without_another_price_nothing_is_said_of_foresight(tmp_path: Path) -> None:
    """Proves: a site that decides on what it pays says nothing, not 0. Broken: an entry."""
    assert insights({}, DAY, tmp_path) == []


@pytest.mark.parametrize(("resale", "a_day"), [("spot", 420), ("none", 0)])
def test_ignoring_resale(resale: str, a_day: float, tmp_path: Path) -> None:
    """Proves: run whenever they earn more than the block's 50 $ machines lose 20 an hour at 120 and 50 at 150 that its
    resale would bring, 420 a day. Where it cannot be sold they earn more than 50 in any case, and nothing is lost.
    Broken: 1,620, all that the block and the machines earn; 120 if they bought at 20 although the block is paid."""
    [found] = insights({"sites.one.contracts.ppa": BLOCK | {"resale": resale}}, DAY, tmp_path)
    assert found.ignoring_resale_costs_usd_m == about(a_day * JANUARY)
    assert found.foresight_is_worth_usd_m is None
    assert len(insight_lines([found])) == (1 if a_day else 0)


PEAKS = {"kind": "coincident_peak", "rate_usd_per_kw_year": 12, "months": [1], "weekdays_only": False}


@pytest.mark.parametrize("success", [1.0, 0.75])
def test_what_halls_cannot_avoid(success: float, tmp_path: Path) -> None:
    """Proves: 12,000 $ per MW fall on 124 hours of January, 97 $ a MWh, more than the 80 that they earn, so machines of
    1,000 MW avoid 12 USD m x success by standing still; halls of 100 MW cannot avoid 1.2 x success. Broken: 12 whatever
    the success, 1.2 if halls were asked for what is sure to be charged anyway, 0 if they were left out."""
    rule = PEAKS | {"success": success, "rate_usd_per_kw_year": 12 / success}
    changes = {"leases.tenant": LEASE, "sites.one.delivery.peak": rule}
    [found] = insights(changes, {"prices": flat(20)}, tmp_path)
    assert found.halls_cannot_avoid_usd_m == about(1.2)
    assert found.peak_charges_avoided_usd_m == about(12.0)
    assert found.foresight_is_worth_usd_m is None
    assert len(insight_lines([found])) == 2


def test_without_halls_there_is_nothing_that_they_cannot_avoid(tmp_path: Path) -> None:
    """Proves: 0 without halls; and machines avoid nothing where the charge is less than they earn. Broken: 1.2, 12."""
    [found] = insights({"sites.one.delivery.peak": PEAKS | {"rate_usd_per_kw_year": 3}}, {"prices": flat(20)}, tmp_path)
    assert found.halls_cannot_avoid_usd_m == 0.0
    assert found.peak_charges_avoided_usd_m == about(0.0)


def test_less_than_a_dollar_of_peaks_is_not_told(tmp_path: Path) -> None:
    """Proves: what rounding leaves of nothing makes no line. Broken: "machines avoid $0.0k of peak charges"."""
    found = insights({"sites.one.delivery.peak": PEAKS | {"rate_usd_per_kw_year": 3}}, {"prices": flat(20)}, tmp_path)
    assert insight_lines(found) == []
