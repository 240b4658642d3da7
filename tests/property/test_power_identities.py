"""Two ways to say the same, or to cut the same in two, come to the same: years, horizons, units, names."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hourly.builder import Price, changed
from tests.property.power_cases import (
    BASE,
    FILES,
    Data,
    every_file,
    few,
    operations,
    powers,
    solve,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return every_file(tmp_path_factory.mktemp("power"))


def about(expected: float, *, coupled: bool = False) -> Any:
    """Where a minimum take is looked at through values, two plans may be worth what the certificate allows."""
    return pytest.approx(expected, rel=2e-4 if coupled else 1e-7, abs=1e-5)


def has_take(data: Data) -> bool:
    return "take" in data["sites"]["one"]["contracts"]


# ---------------------------------------------------------------- years of prices

YEARS = (2024, 2025)


def write_years(folder: Path, years: tuple[int, ...]) -> Path:
    """The files of `FILES` for some years; those of the second have other prices at the same hours."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in FILES.items():
        named: dict[str, Price] = columns if isinstance(columns, dict) else {"price": columns}
        lines = [",".join(["timestamp_utc", *named])]
        for year in years:
            at, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
            while at < end:
                # The other year is the same calendar, nine days and two hours on.
                other = at if year == YEARS[1] else at + timedelta(days=9, hours=2)
                cells = (column(other) for column in named.values())
                lines.append(",".join([f"{at:%Y-%m-%dT%H:%MZ}", *("" if c is None else f"{c:.10g}" for c in cells)]))
                at += timedelta(hours=1)
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def years(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Prices of both years, and of each alone."""
    place = tmp_path_factory.mktemp("years")
    return (
        write_years(place / "both", YEARS),
        write_years(place / "first", YEARS[:1]),
        write_years(place / "second", YEARS[1:]),
    )


def hour_by_hour(data: Data) -> Data:
    """The same site without what is decided for a whole month or counted over all of its hours or events."""
    site = copy.deepcopy(data["sites"]["one"])
    for name in ("response", "take"):
        site["flexibility"].pop(name, None)
        site["contracts"].pop(name, None)
    site["delivery"], site["interruptions"] = {}, {}
    for terms in site["contracts"].values():
        if terms["kind"] == "monthly_election":
            terms["least"] = terms["most"]
    return changed(data, {"sites.one": site})


@few(8)
@given(data=powers(peaks=False).map(hour_by_hour))
def test_two_years_of_prices_are_the_mean_of_each(data: Data, years: tuple[Path, Path, Path]) -> None:
    """Proves: a file of two years is worth the mean of what each of its years is worth alone, all hours of both
    counting half. Broken: the amounts; the value of one of the years if the other were left out, or the value of mean
    prices, which is less."""
    both, first, second = (operations(solve(data, folder)) for folder in years)
    assert both == about((first + second) / 2)
    assert abs(first - second) > 1e-3


# ---------------------------------------------------------------- stretches of the horizon


def by_itself(data: Data) -> Data:
    """The same site at no discount, without what one month does to later ones."""
    new = changed(data, {"discount": {"hosting": 0.0, "mining": 0.0, "corporate": 0.0}})
    new["sites"]["one"]["delivery"].get("grid", {}).pop("ratchet", None)
    return new


def over(data: Data, start: str, months: int) -> Data:
    """The same site over some months, without contracts that have ended before."""
    contracts = data["sites"]["one"]["contracts"]
    alive = {name: terms for name, terms in contracts.items() if terms["until"][:7] >= start}
    return changed(data, {"horizon": {"start": start, "steps": [f"{months} months"]}, "sites.one.contracts": alive})


@few(3)
@given(data=powers().map(by_itself))
def test_a_horizon_is_the_sum_of_its_years(data: Data, folder: Path) -> None:
    """Proves: without discounting the hours of 24 months are worth those of the first twelve and of the next twelve,
    with contracts, charges, programs and minimum takes by their dates. Broken: the amounts; a month if one lay in both
    or in neither."""
    whole = operations(solve(over(data, "2025-01", 24), folder))
    parts = [operations(solve(over(data, start, 12), folder)) for start in ("2025-01", "2026-01")]
    assert whole == about(sum(parts), coupled=has_take(data))


# ---------------------------------------------------------------- units and names

MONEY = {
    "btc_usd", "scale", "adder_usd_per_mwh", "cap_usd_per_mwh", "floor_usd_per_mwh", "resale_fee_usd_per_mwh",
    "variable_cost_usd_per_mwh", "price_usd_per_mwh", "gas_usd_per_mmbtu", "cost_usd_per_mwh", "price_share",
    "deployment_cost_usd_per_mwh", "payment_usd_per_kw_month", "rate_usd_per_kw_year", "rate_usd_per_kw_month",
    "shortfall_usd_per_mwh", "usd",
}  # fmt: skip


def scaled(part: Any, factor: float) -> Any:
    """The same data with all money multiplied, amounts by date too."""
    if not isinstance(part, dict):
        return part
    return {
        key: (
            {date: amount * factor for date, amount in value.items()}
            if key in MONEY and isinstance(value, dict)
            else value * factor
            if key in MONEY
            else scaled(value, factor)
        )
        for key, value in part.items()
    }


@few(8)
@given(data=powers(), factor=st.sampled_from([0.5, 1.5, 3.0]))
def test_all_money_times_a_factor(data: Data, factor: float, folder: Path) -> None:
    """Proves: prices, contract prices, charges, payments and hashprice times a factor make operations times it. Broken:
    the amounts; a price that is not in money of the case, or a limit in dollars."""
    for name in ("hub", "ahead"):
        data["market"]["power"][name]["scale"] = 1.0
    before = operations(solve(data, folder))
    after = operations(solve(scaled(data, factor), folder))
    assert after == about(before * factor, coupled=has_take(data))


def renamed(data: Data) -> Data:
    """Contracts, charges, programs and machines under other names and in another order."""
    site = data["sites"]["one"]
    new = copy.deepcopy(site)
    for section in ("contracts", "delivery", "flexibility", "interruptions"):
        new[section] = {f"z{9 - n} {section}": terms for n, terms in enumerate(reversed(site[section].values()))}
    fleet = site["fleet"]
    new["fleet"] = {f"lot {name}": fleet[name] | {"machine": name} for name in reversed(fleet)}
    return changed(data, {"sites": {"elsewhere": new}, "leases": _moved(data)})


def _moved(data: Data) -> dict[str, Data]:
    return {f"a {name}": lease | {"site": "elsewhere"} for name, lease in data.get("leases", {}).items()}


@few(8)
@given(data=powers())
def test_names_and_order_of_contracts_do_not_matter(data: Data, folder: Path) -> None:
    """Proves: the same contracts, charges and programs under other names in another order are worth the same. Broken:
    the amounts."""
    before, after = operations(solve(data, folder)), operations(solve(renamed(data), folder))
    assert after == about(before, coupled=has_take(data))


def test_names_in_different_sections_may_be_the_same(folder: Path) -> None:
    """Proves: an interruption and a program of demand response of one name keep their own events, 30 days of three
    hours and five of six. Broken: the amounts; interruptions of five days."""
    worth = []
    for name in ("response", "utility"):
        events = {"events_per_year": 30, "hours_per_event": 3}
        response = {"events_per_year": 5, "hours_per_event": 6, "mw": 200, "payment_usd_per_kw_month": 1}
        section = {
            f"sites.one.interruptions.{name}": events,
            "sites.one.flexibility.response": response | {"kind": "demand_response"},
        }
        worth.append(operations(solve(changed(BASE, section), folder)))
    assert worth[0] == about(worth[1])


# ---------------------------------------------------------------- the certificate


@few(20)
@given(data=powers())
def test_what_the_model_says_is_what_the_hours_make(data: Data, folder: Path) -> None:
    """Proves: the bound of a site and year is never below what its hours make; without a minimum take the model says
    the same to a millionth, and the plan is certified in one round. Broken: the two amounts."""
    result = solve(data, folder)
    assert result.solution.bound_usd_m >= result.solution.value_usd_m - 1e-6
    assert result.certificate.rows
    for row in result.certificate.rows:
        assert row.bound_usd_m >= row.redispatched_usd_m - 1e-9
        # Points, and corners above the curve: what the model says is never less than the truth.
        assert row.model_usd_m >= row.redispatched_usd_m - 1e-6 * row.scale
        if not has_take(data):
            assert row.model_usd_m == pytest.approx(row.redispatched_usd_m, rel=1e-6, abs=1e-6)
    assert result.certificate.separable is not has_take(data)
    assert result.certificate.passed
    if not has_take(data):
        assert result.certificate.rounds == 1
    year = sum(row.redispatched_usd_m for row in result.certificate.rows)
    assert year == about(operations(result))
