"""Every form of contract and charge, and mixtures of them, against all hours of real prices.

Three ways come to one number: the product's plan, the full linear program with a variable for each hour, and the value
function, which knows no hours but only prices at which supply meets load.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from optimizer.case.case import Case
from tests.hourly.builder import OPERATIONS, changed, component, installed_in, solve_product
from tests.hourly.full_lp import solve_hours, solve_year
from tests.hourly.hours import site_months
from tests.hourly.mixtures import BASE, FORMS, SIGNED, everything, form, mixtures, write_files
from tests.hourly.site_month import SiteYear
from tests.hourly.value_function import Levers, month_value, spread_value, year_value

CASES = everything()
RELATIVE = 1e-6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("prices")
    write_files(made)
    return made


@cache
def by_hours(name: str, folder: Path) -> tuple[SiteYear, float]:
    """A case by the full linear program, with the machines of its fleet."""
    year = site_months(Case.model_validate(CASES[name]), folder, signed=SIGNED.get(name))
    return year, solve_year(year).value_usd_m


def same(found: float, expected: float) -> bool:
    return abs(found - expected) <= RELATIVE * max(1.0, abs(expected))


def _of(site: Mapping[str, Any], part: str) -> list[dict[str, Any]]:
    return list(site.get(part, {}).values())


def too_much(name: str) -> bool:
    """A ratchet and a minimum take tie all months together in two ways: more than the value function can do."""
    site = CASES[name]["sites"]["west"]
    ratchet = any(charge.get("ratchet") for charge in _of(site, "delivery"))
    return (ratchet and any(term["kind"] == "minimum_take" for term in _of(site, "contracts"))) or (
        "decides_on" in site["power"] and any(charge["kind"] == "demand" for charge in _of(site, "delivery"))
    )


@pytest.mark.parametrize("name", [name for name in CASES if not too_much(name)])
def test_two_yardsticks_agree(folder: Path, name: str) -> None:
    """Proves: a program with a variable for each hour and a value function without any come to the same number.
    Broken: a yardstick that is wrong in a form, and with it whatever is measured by it."""
    year, value = by_hours(name, folder)
    assert same(value, year_value(year))


@pytest.mark.parametrize("name", list(CASES))
def test_the_product_agrees_with_all_hours(folder: Path, name: str) -> None:
    """Proves: what the product says that operations are worth is the best that its machines could do in every hour, and
    its certificate says no less. Broken: less, where an action of some hour is not the best; more, where an hour is
    used twice; a bound below what can be earned."""
    result = solve_product(CASES[name], folder)
    year, best = by_hours(name, folder)
    installed = installed_in(result)
    fleet = year.site.fleet
    if any(ph_s != [fleet[lot].ph_s] * len(year.months) for lot, ph_s in installed.items()):
        case = Case.model_validate(CASES[name])
        best = solve_hours(case, folder, installed=installed, signed=SIGNED.get(name)).value_usd_m
    found = component(result, *OPERATIONS)
    assert same(found, best), f"{found:.8f} by the product, {best:.8f} by hours"
    bound = sum(float(row["bound_usd_m"] or 0.0) for row in result.plan.tables["certificate"].dicts())
    # What had accrued before the start is no choice, and no part of the certificate.
    assert bound >= best + year.opening_usd / 1e6 - RELATIVE * max(1.0, abs(best))


SEEDS = ((3, "mixture_5"), (21, "mixture_7"), (6, "mixture_3"))
HARD = {f"{seed}/{name}": mixtures(seed)[name] for seed, name in SEEDS}
"""Demand charges with minimum takes, and with a profile: many hours want a peak of their own."""
LONGEST = "6/mixture_3"
HARD |= {f"{LONGEST}/half a year": changed(HARD[LONGEST], {"horizon.steps": ["6 months"]})}


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.soak) if n == LONGEST else n for n in HARD])
def test_a_certificate_covers_what_is_missed(folder: Path, name: str) -> None:
    """Proves: where the peak is not quite the best one, the best of all hours lies between what the plan makes and the
    bound of its certificate, within a ten-thousandth. Broken: a bound below what can be earned, or a plan that
    claims more than that."""
    result = solve_product(HARD[name], folder)
    case = Case.model_validate(HARD[name])
    year = site_months(case, folder, installed=installed_in(result))
    best = solve_year(year).value_usd_m
    slack = RELATIVE * max(1.0, abs(best))
    bound = sum(float(row["bound_usd_m"] or 0.0) for row in result.plan.tables["certificate"].dicts())
    assert component(result, *OPERATIONS) == pytest.approx(best, rel=1e-4)
    assert component(result, *OPERATIONS) <= best + slack
    assert best <= bound - year.opening_usd / 1e6 + slack


def test_mixtures_are_mixed() -> None:
    """Proves: ten mixtures of a year, the same each time, which hold every kind of charge and most kinds of contracts.
    Broken: a generator that draws the same few."""
    mixed = mixtures()
    assert len(mixed) == 10
    assert mixed == mixtures()
    sites = [data["sites"]["west"] for data in mixed.values()]
    kinds = {
        term["kind"] for site in sites for part in ("contracts", "delivery", "flexibility") for term in _of(site, part)
    }
    assert {"fixed_block", "generation", "minimum_take", "coincident_peak", "demand"} <= kinds
    assert {"ancillary", "demand_response"} <= kinds
    assert sum("decides_on" in site["power"] for site in sites) >= 2
    for site in sites:
        physical = [c for c in _of(site, "contracts") if c["kind"] != "minimum_take" and "settles_at" not in c]
        assert len(physical) <= 3
        assert len(physical) <= 1 or not any("profile" in c for c in physical)
        assert not physical or "decides_on" not in site["power"]


@pytest.mark.parametrize("name", ["block", "block_large", "block_kept", "block_half"])
def test_a_block_by_one_threshold_a_month(folder: Path, name: str) -> None:
    """Proves: with one block the least over thresholds of whole months is the sum of the hours' own least ones (which
    is what lets a month be a few coefficients). Broken: a month that needs a threshold for each hour."""
    year = site_months(Case.model_validate(form(name)), folder)
    for month in year.months:
        assert spread_value(month) == pytest.approx(month_value(month, Levers()), rel=1e-12)


LEVERS = [Levers(peak_mw=peak, enrolled_mw=enrolled) for peak in (None, 64.0, 45.0) for enrolled in (0.0, 3.0, 20.0)]


@pytest.mark.parametrize("levers", LEVERS, ids=str)
def test_given_levers(folder: Path, levers: Levers) -> None:
    """Proves: with the peak and the MW enrolled given both yardsticks dispatch every hour alike, reserves and peak
    hours included. Broken: levers that are right only where they are best."""
    changes = FORMS["reserves"] | FORMS["peaks"] | FORMS["generation"] | FORMS["response"]
    if levers.peak_mw is not None:
        changes = changes | {"sites.west.delivery.grid": {"kind": "demand", "rate_usd_per_kw_month": 0}}
    year = site_months(Case.model_validate(changed(BASE, changes)), folder)
    lp = solve_year(year, enrolled_mw=levers.enrolled_mw, peak_mw=levers.peak_mw)
    usd = sum(month_value(month, levers) for month in year.months) - year.opening_usd
    assert same(lp.value_usd_m, usd / 1e6)
