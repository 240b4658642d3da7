"""A tenant that pays a contract's price while it is in force: product and audit agree on the month in which it ends."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.hourly.builder import CASE, LEASE, about, changed, solve_product, write_prices


def price(at: datetime) -> float:
    return 20.0 if at.day <= 15 else 80.0


@pytest.mark.parametrize(
    ("until", "a_hall"),
    [
        ("2025-01-31", 31 * 50),
        ("2025-01-15", 15 * 50 + 16 * 80),
    ],
)
def test_the_month_in_which_a_contract_ends(until: str, a_hall: int, tmp_path: Path) -> None:
    """Proves: a tenant of 100 MW pays 50 $ on the days of the contract and on the other days what they cost, 80 $: 15 x
    50 + 16 x 80 = 2,030 per MW and hour of the day, 4.872 USD m. Broken: 3.757 if the other days cost the mean of the
    month, 50.97; then the audit refuses the plan."""
    write_prices(tmp_path, {"prices": price})
    ppa = {"kind": "fixed_block", "mw": 100, "price_usd_per_mwh": 50, "until": until, "assignable_to_hosting": True}
    lease = changed(LEASE, {"power.pass_through_at": "ppa"})
    result = solve_product(changed(CASE, {"leases.tenant": lease, "sites.one.contracts.ppa": ppa}), tmp_path)
    [row] = list(result.plan.tables["hosting"].dicts())
    assert row["power_recovered_usd_m"] == about(100 * 24 * a_hall / 1e6)
    assert result.write(tmp_path / "plan").passed
