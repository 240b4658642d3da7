"""A market that changes its prices gives the plan of a file in which the changed prices stand, whoever uses them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from optimizer import api
from tests.hourly.builder import CASE, LEASE, changed, component, market, solve_product, write_prices
from tests.market.changed_by_hand import changed_month, is_on_peak

VARIED = {"volatility": 1.5, "on_peak_spread": 0.5, "spikes": 2.0, "scale": 1.1}
START = datetime(2025, 1, 1, tzinfo=UTC)
INSTANTS = [START + timedelta(hours=h) for h in range(8760)]


def as_in_file(at: datetime) -> float:
    """Dear evenings, dearer on working days, and one spike in every week."""
    if at.weekday() == 2 and at.hour == 18:
        return 900.0
    return (20, 60, 95, 110)[at.hour // 6] + (25 if is_on_peak(at) else 0) + at.day / 10


def changed_prices(varied: Mapping[str, float]) -> dict[datetime, float]:
    """What the file would say with all changes made: month by month, then times scale, then the basis."""
    found: dict[datetime, float] = {}
    shape = {key: varied.get(key, 1.0) for key in ("volatility", "on_peak_spread", "spikes")}
    for month in range(1, 13):
        inside = [at for at in INSTANTS if at.month == month]
        new = changed_month([as_in_file(at) for at in inside], [is_on_peak(at) for at in inside], **shape)
        found |= dict(zip(inside, new, strict=True))
    scale, basis = varied.get("scale", 1.0), varied.get("basis_usd_per_mwh", 0.0)
    return {at: scale * price + basis for at, price in found.items()}


OTHER = {"market.power.other": market("flat")}
BLOCK = {"kind": "fixed_block", "mw": 400, "price_usd_per_mwh": 70, "until": "2025-12"}
USES: dict[str, dict[str, Any]] = {
    "mining": {},
    "part of a month": {"market.network.halvings": ["2025-01-12"]},
    "losses and wires": {
        "sites.one.power.adder_usd_per_mwh": 3,
        "sites.one.power.losses": 0.05,
        "sites.one.power.wires_usd_per_mwh": 2,
    },
    "floor and cap": {"sites.one.power.floor_usd_per_mwh": 50, "sites.one.power.cap_usd_per_mwh": 120},
    "split": OTHER | {"sites.one.power.market": "other", "sites.one.power.split": {"market": "hub", "share": 0.6}},
    "decides on it": OTHER
    | {"sites.one.power.market": "other", "sites.one.power.decides_on": {"market": "hub", "skill": 0.25}},
    "decides on another": OTHER | {"sites.one.power.decides_on": {"market": "other", "skill": 0.5}},
    "settlement": OTHER
    | {"sites.one.power.market": "other", "sites.one.contracts.swap": BLOCK | {"settles_at": "hub"}},
    "resale at spot": {"sites.one.contracts.ppa": BLOCK},
    "interruptions": {
        "sites.one.interruptions.cut": {
            "events_per_year": 60,
            "hours_per_event": 3,
            "until": "2025-12",
            "discount_usd_per_mwh": 4,
        }
    },
    "halls that the company supplies": {"leases.old": LEASE | {"power": {"paid_by": "operator"}}},
}


@pytest.fixture
def values(tmp_path: Path) -> Any:
    """(with the market's changes, with a file that has them, with neither): USD m."""

    def ask(changes: Mapping[str, Any], varied: Mapping[str, float]) -> tuple[float, float, float]:
        new = changed_prices(varied)
        write_prices(tmp_path, {"prices": as_in_file, "changed": lambda at: new[at], "flat": lambda _: 80.0})
        places = {f"market.power.hub.{key}": value for key, value in varied.items()}
        cases = (changes | places, changes | {"market.power.hub.file": "changed.csv"}, changes)
        first, second, third = (component(solve_product(changed(CASE, each), tmp_path), "total") for each in cases)
        return first, second, third

    return ask


@pytest.mark.parametrize("use", list(USES))
def test_all_who_use_a_market_see_its_changes(use: str, values: Any) -> None:
    """Proves: hour by hour the same prices as if they stood in the file. Broken: the third value, of the file as it is,
    or one in between if only some of the changes were seen."""
    varied, in_file, without = values(USES[use], VARIED)
    assert varied == pytest.approx(in_file, rel=1e-7)
    assert abs(varied - without) > 1e-3


@pytest.mark.parametrize("use", list(USES))
def test_all_who_use_a_market_see_its_basis(use: str, values: Any) -> None:
    """Proves: the basis is on every price, after the scale. Broken: 4.4 for 4 if it were scaled, or nothing."""
    varied, in_file, without = values(USES[use], {"scale": 1.1, "basis_usd_per_mwh": 4.0})
    assert varied == pytest.approx(in_file, rel=1e-7)
    assert abs(varied - without) > 1e-3


@pytest.mark.parametrize("use", list(USES))
def test_the_audit_comes_to_the_same(use: str, tmp_path: Path) -> None:
    """Proves: a plan at changed prices, brought to a forward level, is confirmed. Broken: an AuditError that names what
    power costs, as of the prices in the file."""
    write_prices(tmp_path, {"prices": as_in_file, "flat": lambda _: 80.0})
    varied = VARIED | {"basis_usd_per_mwh": 4.0}
    places = {f"market.power.hub.{key}": value for key, value in varied.items()}
    level = {"market.power.hub.forward_usd_per_mwh": {"2025": 75}}
    solve_product(changed(CASE, USES[use] | places | level), tmp_path).write(tmp_path / "plan")


def test_a_plan_at_neutral_values_is_the_same_bytes(tmp_path: Path) -> None:
    """Proves: writing the defaults out changes no table. Broken: any file but the inputs differs."""
    write_prices(tmp_path, {"prices": as_in_file})
    neutral = {"volatility": 1, "on_peak_spread": 1, "spikes": 1, "basis_usd_per_mwh": 0}
    places = {f"market.power.hub.{key}": value for key, value in neutral.items()}
    for name, changes in (("plain", {}), ("neutral", places)):
        api.solve(api.case_from_data(changed(CASE, changes), tmp_path), twins=False).write(tmp_path / name)
    tables = sorted(file.name for file in (tmp_path / "plain").glob("*.csv"))
    assert len(tables) > 10
    for name in tables:
        assert (tmp_path / "plain" / name).read_bytes() == (tmp_path / "neutral" / name).read_bytes()
