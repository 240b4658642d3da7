"""Hours that are made together and kept are those that would be made one month at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer.api import case_from_data
from optimizer.market.market import Market, build_market
from optimizer.operations import hours
from optimizer.operations.hours import Hours, SiteClock
from tests.hourly.builder import changed
from tests.property.power_cases import every_file, random_power

SEEDS = (3, 11, 28)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return every_file(tmp_path_factory.mktemp("kept"))


def everything(seed: int) -> Mapping[str, Any]:
    """A site at random over thirty months, with what changes on some day of it."""
    data = changed(random_power(seed), {"horizon.steps": ["10 quarters"]})
    if seed % 2 == 0:
        # Machines that run by another price than they pay: that goes with no contract.
        foresight = {"market": "ahead", "skill": 0.5}
        data = changed(
            data, {"sites.one.contracts": {}, "sites.one.flexibility": {}, "sites.one.power.decides_on": foresight}
        )
    return changed(
        data,
        {
            "sites.one.power.adder_usd_per_mwh": {"2025-06": 1.25, "2026-02": 3.5},
            "sites.one.power.tariff": {"kind": "fixed", "price_usd_per_mwh": 44.0, "until": "2025-09-12"},
            "sites.one.interruptions.spring": {
                "events_per_year": 6,
                "hours_per_event": 4,
                "discount_usd_per_mwh": 1.5,
                "from": "2026-03-05",
                "until": "2026-10-20",
            },
            "sites.one.delivery.summer": {"kind": "coincident_peak", "rate_usd_per_kw_year": 30, "success": 0.7},
        },
    )


def clock_of(folder: Path, seed: int) -> tuple[Market, SiteClock]:
    case = case_from_data(everything(seed), folder).case
    market = build_market(case, folder)
    return market, SiteClock(case, market, "one")


def same(one: Hours, other: Hours) -> bool:
    return all(getattr(one, f.name).tobytes() == getattr(other, f.name).tobytes() for f in fields(Hours))


@pytest.mark.parametrize("seed", SEEDS)
def test_hours_kept_are_hours_made_alone(folder: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: every array of every month is the same to the last bit, whether all years of a calendar month are made
    together or a month is made alone, also after what was kept was let go. Broken: False, where a month got the adder,
    the tariff, the interruption or the charge of another year."""
    market, kept = clock_of(folder, seed)
    planned = np.flatnonzero(~market.cells.in_tail).tolist()
    first = [kept.hours(cell) for cell in planned]
    assert all(kept.hours(cell) is made for cell, made in zip(planned, first, strict=True))
    monkeypatch.setattr(hours, "MOST_INTERVALS", 0)
    _, alone = clock_of(folder, seed)
    assert all(same(made, alone.hours(cell)) for cell, made in zip(planned, first, strict=True))
    kept.forget()
    assert all(same(made, kept.hours(cell)) for cell, made in zip(planned, first, strict=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_halls_pay_is_the_sum_of_their_hours(folder: Path, seed: int) -> None:
    """Proves: the cost of a MW of halls in each month, after the horizon too, is the sum of price x hours over all
    intervals. Broken: that of a month whose tariff has ended, about 44 $ times its hours."""
    market, clock = clock_of(folder, seed)
    costs = clock.firm_costs_usd()
    assert sorted(costs) == sorted({int(month) for month in market.cells.month})
    for cell, month in enumerate(market.cells.month.tolist()):
        made = clock.hours(cell)
        assert costs[month] == float((made.weight * made.firm_price).sum())


@pytest.mark.parametrize("seed", SEEDS)
def test_days_of_a_month_are_cut_out_once(folder: Path, seed: int) -> None:
    """Proves: days 3 to 9 are the same hours however often they are asked for, other days are others, and what they
    bought goes with what the month bought. Broken: hours of other days, or sums that nobody asks for any more."""
    _, clock = clock_of(folder, seed)
    month = clock.hours(4)
    week = month.part(3, 9)
    assert month.part(3, 9) is week
    assert sorted(set(week.day.tolist())) == list(range(3, 10))
    assert sorted(set(month.part(3, 10).day.tolist())) == list(range(3, 11))
    assert same(week, Hours(*(getattr(month, f.name)[..., (month.day >= 3) & (month.day <= 9)] for f in fields(Hours))))
    week.bought(50.0)
    month.forget_bought()
    assert not week._bought
