"""Hosting at a site with contracts and charges, by hand, in whole plans: what the tenant gets and what is left."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from tests.hourly.builder import CASE, LEASE, OPERATIONS, about, changed, component, flat, solve_product, write_prices

# No machines: 200 MW of halls for a year at 1 $ per kW and month (2.4), power at 38, and a block at 27.
HALLS: dict[str, Any] = {
    "horizon.steps": ["4 quarters"],
    "sites.one.fleet": {},
    "sites.one.contracts.ppa": {
        "kind": "fixed_block",
        "mw": 200,
        "price_usd_per_mwh": 27,
        "until": "2025-12",
        "assignable_to_hosting": True,
    },
    "leases.tenant": LEASE | {"it_mw": 200},
}


@pytest.mark.parametrize(
    ("power", "hosting"),
    [
        pytest.param({"paid_by": "tenant"}, 2.4, id="spot"),
        pytest.param({"paid_by": "tenant", "pass_through_at": "ppa"}, 2.4 - 19.272, id="contract"),
        pytest.param({"paid_by": "tenant", "price_usd_per_mwh": 40}, 2.4 + 3.504, id="fixed"),
        pytest.param({"paid_by": "operator"}, 2.4 - 66.576, id="operator"),
    ],
)
def test_whose_the_contract_is(tmp_path: Path, power: dict[str, Any], hosting: float) -> None:
    """Proves: 200 MW x 8,760 h x (38 - 27) = 19.272 is what the contract brings; it is the tenant's where power is
    passed through at the contract (G4), so that rent is all that is left. At a fixed 40 hosting earns 2 a MWh, at the
    operator's cost it pays all of 38. Broken: 21.672 in all if the contract's value were kept and given away."""
    write_prices(tmp_path, {"prices": flat(38)})
    result = solve_product(changed(CASE, HALLS | {"leases.tenant.power": power}), tmp_path)
    assert component(result, "contracts") == about(19.272)
    assert component(result, "hosting: tenant") == about(hosting)
    assert component(result, "mining", "flexibility", "delivery") == about(0.0)


@pytest.mark.parametrize("billed", ["next_year", "in_month"])
def test_halls_bear_their_peak(tmp_path: Path, billed: str) -> None:
    """Proves: 100 MW of halls accrue 80 $ per kW in January, 8.0, and pay it over the next year at their own rate of 10
    %, though the lease is over by then (U6), or in January itself; rent is 0.1 a month. Broken: -7.87 in the next year
    and -6.84 in the month if one were taken for the other, 0.1 if it were avoided, and a charge on machines, of which
    there are none."""
    rho = math.log(1.1)
    now, later = (1 - math.exp(-rho / 12)) * 12 / rho, (math.exp(-rho) - math.exp(-2 * rho)) / rho
    peaks = {"kind": "coincident_peak", "rate_usd_per_kw_year": 80, "months": [1], "billed": billed}
    changes = {
        "discount.hosting": 0.1,
        "sites.one.fleet": {},
        "sites.one.delivery.peaks": peaks,
        "leases.tenant": LEASE | {"term": "1 month", "power": {"paid_by": "operator"}},
    }
    write_prices(tmp_path, {"prices": flat(0)})
    result = solve_product(changed(CASE, changes), tmp_path)
    paid = 8.0 * (now if billed == "in_month" else later)
    assert component(result, "hosting: tenant") == about(0.1 * now - paid)
    assert component(result, *OPERATIONS) == about(0.0)


def test_halls_bear_their_part_of_demand(tmp_path: Path) -> None:
    """Proves: of a peak of 1,100 MW at 20 $ per kW the halls' 100 MW pay 2.0, which the tenant pays back, and machines
    20: 22.32 - 20. Broken: 0.32 if machines paid for all, 0.1 - 2 for the lease if nothing came back."""
    changes = {
        "leases.tenant": LEASE | {"term": "1 month"},
        "sites.one.delivery.grid": {"kind": "demand", "rate_usd_per_kw_month": 20},
    }
    write_prices(tmp_path, {"prices": lambda at: (20, 60, 120, 150)[at.hour // 6]})
    result = solve_product(changed(CASE, changes), tmp_path)
    assert component(result, "mining") == about(22.32)
    assert component(result, "delivery") == about(-20.0)
    assert component(result, "hosting: tenant") == about(0.1)


@pytest.mark.parametrize(
    ("price", "signed"), [(50, 400.0), (90, 0.0), (80, 400.0)], ids=["cheap", "dear", "just-cheap-enough"]
)
def test_signing_a_contract(tmp_path: Path, price: float, signed: float) -> None:
    """Proves: a block of 400 MW that can be sold is worth 24 x (87.5 - price) a MW and day: at 50 and 80 all of it is
    signed at the first step, for 59 days of the plan, and at 90 nothing. Broken: 400 MW at 90, or none at 80 if a block
    had to beat the 40 $ of the hours that run."""
    offer = {
        "terms": {"kind": "fixed_block", "mw": 400, "price_usd_per_mwh": price},
        "sign": {"from": "2025-01", "to": "2025-02"},
        "tenor": "12 months",
        "credit_support_usd_m_per_mw": 0.01,
    }
    changes = {
        "horizon.steps": ["2 months"],
        "sites.one.contract_offers": {"term": offer},
        "given.otherwise": "optimise",
    }
    write_prices(tmp_path, {"prices": lambda at: (20, 60, 120, 150)[at.hour // 6]})
    result = solve_product(changed(CASE, changes), tmp_path)
    rows = [row for row in result.plan.tables["decisions"].dicts() if row["decision"] == "contract"]
    assert sum(float(row["amount"] or 0.0) for row in rows) == about(signed)
    assert [str(row["date"]) for row in rows] == (["2025-01-01"] if signed else [])
    gain = signed * 24 * (87.5 - price) * 59 / 1e6
    assert component(result, *OPERATIONS) == about(720 * 59 / 1000 + gain)
    # Cash that is posted is worth what it is.
    assert result.solution.value_usd_m == about(720 * 59 / 1000 + gain)
