"""What a signature and a purchase earn, by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer.plan.returns import irr, payback_months, returns_table
from tests.plan.books_plan import close, company, planned

# A hall for 12, spent in equal parts over two months, then 1 USD m a month for two years.
SIGNED = {"given.sign": {"hall": {"date": "2025-01", "halls": 1}}, "sites.one.energised_mw": 1100}
HALL = {"capex_usd_m_per_mw_it": 1.2, "lead": "2 months"}


def row(folder: Path, changes: dict[str, Any], **offers: Any) -> dict[str, Any]:
    """The only row of returns.csv."""
    [found] = returns_table(planned(folder, company(changes, **offers))).dicts()
    return found


def test_a_hall_that_pays_twice_what_it_costs(tmp_path: Path) -> None:
    """Proves: 6 at the end of each of two months, then 24 times 1 from the third on: 12 invested, 24 returned, all back
    after 14 months, a yield of 12 / 12. At its monthly rate r an annuity of 24 is worth 6 + 6 (1 + r) after two months.
    Broken: 13 months if capex stood at the beginning of its month; a yield of 2 on all that comes back."""
    found = row(tmp_path, SIGNED, hall=HALL)
    assert (found["item"], found["kind"]) == ("hall", "hosting")
    assert (found["invested_usd_m"], found["returned_usd_m"], found["moic"]) == close(12, 24, 2)
    assert found["payback_months"] == 14
    assert found["yield_on_cost"] == close(1)
    monthly = (1 + found["irr"]) ** (1 / 12) - 1
    assert (1 - (1 + monthly) ** -24) / monthly == close(6 + 6 * (1 + monthly))


def test_prepayment_and_its_credit_count(tmp_path: Path) -> None:
    """Proves: half of the rent, 12, is received in January and credited at 0.5 a month: 12, -6, -6, then 24 times 0.5.
    The sum is never below 0: no money of the company's is in it, paid back in 0 months. Its value falls with the rate
    and never reaches 0, so it has no rate. Broken: 14 months, if only rent counted."""
    found = row(tmp_path, SIGNED, hall=HALL | {"prepayment": 0.5})
    assert (found["invested_usd_m"], found["returned_usd_m"], found["moic"]) == close(0, 24, 2)
    assert found["payback_months"] == 0
    assert found["irr"] is None


def test_the_first_year_counts_from_completion(tmp_path: Path) -> None:
    """Proves: with a ramp of six months the first full year of rent, 12, is set against 12 + 3 of signing cost. Broken:
    9 / 15, the first year from the first rent; 1, without signing cost."""
    found = row(tmp_path, SIGNED, hall=HALL | {"ramp": "6 months", "signing_cost_usd_m": 3})
    assert found["yield_on_cost"] == close(12 / 15)
    assert found["invested_usd_m"] == close(15)


MACHINES: dict[str, Any] = {
    "machines.m16": {
        "efficiency_j_per_th": 16,
        "price_usd_per_th": 14,
        "resale": {"share": 0.5, "tiers": [{"ph_s_per_quarter": 50000, "factor": 1.0}]},
        "buy": {
            "window": {"from": "2025-01", "to": "2025-01"},
            "delivery": "3 months",
            "sites": ["one"],
            "max_ph_s_per_step": 1000,
        },
    },
    "sites.one.fleet": {},
    "given.buy": {"one.m16": {"2025-01": 1000}},
    "finance.opening.cash_usd_m": 100,
}


def test_machines_that_do_not_come_back(tmp_path: Path) -> None:
    """Proves: 14 for 1,000 PH/s that earn 24,000 $ a day from April on, 6.6 in three quarters, and are worth 7 at the
    end: 13.6 of 14 returned, never paid back, a rate below 0 at which 2.184, 2.208 and 9.208 after 6, 9 and 12 months
    are worth 14. Broken: 8.76 of margin, from the order on; 6.6 without what is left."""
    found = row(tmp_path, MACHINES)
    assert (found["item"], found["kind"]) == ("one.m16 2025-01", "machines")
    assert (found["invested_usd_m"], found["returned_usd_m"], found["moic"]) == close(14, 13.6, 13.6 / 14)
    assert found["payback_months"] is None
    assert found["yield_on_cost"] is None
    year = 1 + found["irr"]
    assert year < 1
    assert 2.184 * year**-0.5 + 2.208 * year**-0.75 + 9.208 / year == close(14)


def test_machines_sold_on_the_way(tmp_path: Path) -> None:
    """Proves: half of them sold in October bring 3.5 then and leave half of what they would have earned and been worth:
    4.604. Broken: 13.6 + 3.5, sold and still there; 9.208 if what was sold went on earning."""
    sold = {"given.unplug": {"one.m16 2025-01": {"2025-10": 500}}, "given.sell": {"one.m16 2025-01": {"2025-10": 500}}}
    found = row(tmp_path, MACHINES | sold)
    assert found["returned_usd_m"] == close(2.184 + 2.208 + 3.5 + 4.604)


def test_leases_and_what_stands_there_have_no_returns(tmp_path: Path) -> None:
    """Proves: what was decided before the plan has no row. Broken: a fleet of 50,000 PH/s that earns on nothing."""
    assert returns_table(planned(tmp_path, company())).rows == ()


@pytest.mark.parametrize(
    ("flows", "monthly"),
    [
        ([-100, 110], 0.1),
        ([-100, 50], -0.5),
        # 10 - 30 v + 21 v^2 is 0 at v = (30 -+ 60^0.5) / 42.
        ([10, -30, 21], 42 / (30 + 60**0.5) - 1),
        ([-10, 30, -21], 42 / (30 - 60**0.5) - 1),
        ([-100, *[0] * 1100, 100 * 1.01**1101], 0.01),
        ([-100, 1], -0.99),
        ([10, -1, -1], None),
        ([-1, -2], None),
        ([1, 2], None),
    ],
)
def test_rates(flows: list[float], monthly: float | None) -> None:
    """Proves: of two rates the one at which the value falls from above 0 (11 % where money comes first, 89 % where it
    goes first); rates below 0, close to losing all, and over a century; none without a change of sign. Broken: the
    other one, at which a higher demand makes the same flows worth more; a number that is no rate at all."""
    found = irr(np.array(flows, dtype=float))
    if monthly is None:
        assert found is None
    else:
        assert found == pytest.approx((1 + monthly) ** 12 - 1, rel=1e-9)


@pytest.mark.parametrize(
    ("flows", "months"), [([-3, 1, 1, 1], 3), ([-3, 3, -1, 2], 3), ([-3, 2], None), ([0, 0, 1], 0), ([-3, 5, -2], 1)]
)
def test_paid_back_for_good(flows: list[float], months: int | None) -> None:
    """Proves: what has to be spent again is not paid back before that is. Broken: 1 for the second."""
    assert payback_months(np.array(flows, dtype=float)) == months
