"""What signatures and purchases return, and sources and uses, against numbers reckoned on paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.returns import irr

from .conftest import SIGNED, TAKEN, TRADES, WIDE, decided

NOTHING = Decisions(())
AT_PAR = {
    "offers.lease.lead": "0 months", "offers.lease.ramp": "0 months", "offers.lease.escalator": 0,
    "offers.lease.contingency": 0, "offers.lease.signing_cost_usd_m": 0, "offers.lease.prepayment": 0,
    "offers.lease.operating_cost_usd_m_per_mw_it_year": 0, "offers.lease.residual_usd_m_per_mw_it": 8,
}  # fmt: skip
"""Halls that cost 8 a MW, bring 0.1 of rent a month and 8 at the end."""


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def the_return(plan: Any, item: str) -> dict[str, Any]:
    return next(row for row in plan.rows("returns.csv") if row["item"] == item)


def test_halls_that_are_a_bond_at_par(make_plan: Any) -> None:
    """Proves: 160 for two halls, 2 of rent at the end of each of 24 months and 160 at the end: 1.25 % a month,
    1.0125^12 - 1 a year. 208 come back for 160 after 24 months; the first year's 24 are 15 % of cost.
    Broken: rent at the beginning of the month (1.27 %); payback after 80 months."""
    row = the_return(make_plan(AT_PAR, Decisions((SIGNED,))), "lease")
    assert (row["kind"], row["invested_usd_m"], row["returned_usd_m"]) == ("hosting", close(160), close(208))
    assert row["irr"] == close(1.0125**12 - 1)
    assert (row["moic"], row["yield_on_cost"], row["payback_months"]) == (close(1.3), close(0.15), 24)


def test_halls_paid_by_their_tenant(make_plan: Any) -> None:
    """Proves: with all rent paid before, 48 come with the signature against 160 and nothing but the residual later.
    With a residual of 160 that is 112 for 160 over 24 months: (160 / 112)^(1/2) - 1 a year. Broken: rent and credit
    apart, as moic 2 of 208 / 160."""
    row = the_return(make_plan(AT_PAR | {"offers.lease.prepayment": 1}, Decisions((SIGNED,))), "lease")
    assert (row["invested_usd_m"], row["returned_usd_m"]) == (close(112), close(160))
    assert row["irr"] == close((160 / 112) ** 0.5 - 1)
    assert row["moic"] == close(160 / 112)


def test_halls_that_never_pay(make_plan: Any) -> None:
    """Proves: without a residual 48 come back of 160: no payback, a multiple of 0.3, a negative rate. Beyond the
    horizon counts. Broken: payback at the end; an empty rate."""
    row = the_return(make_plan(AT_PAR | {"offers.lease.residual_usd_m_per_mw_it": 0}, Decisions((SIGNED,))), "lease")
    assert (row["payback_months"], row["moic"], row["invested_usd_m"]) == (None, close(0.3), close(160))
    monthly = (1 + row["irr"]) ** (1 / 12)
    assert 2 * sum(monthly**-month for month in range(1, 25)) == pytest.approx(160, rel=1e-6)


def test_halls_that_cost_nothing(make_plan: Any) -> None:
    """Proves: without capex there is no rate, no multiple and no yield, and nothing to be paid back. Broken: a division
    by zero; an infinite rate."""
    free = {"offers.lease.capex_usd_m_per_mw_it": 0}
    row = the_return(make_plan(AT_PAR | free, Decisions((SIGNED,))), "lease")
    assert (row["irr"], row["moic"], row["yield_on_cost"]) == (None, None, None)
    assert (row["invested_usd_m"], row["payback_months"]) == (0, 0)


def test_capex_as_it_is_spent(make_plan: Any) -> None:
    """Proves: over a lead of 3 months two halls cost 200, 2, 3 and 4 ninths of it by month; 3 at signature and 11.1 of
    prepayment come first. NOI of the first year from completion in January, 6 * 1.5 + 6 * 1.7, over 203.
    Broken: yield on 200; of the year from the first rent."""
    row = the_return(make_plan({}, Decisions((SIGNED,))), "lease")
    assert row["yield_on_cost"] == close((6 * 1.5 + 6 * 1.7) / 203)


def test_machines(make_plan: Any) -> None:
    """Proves: an order of 2 in January: margins of its own machines by quarter from April on, 0.388 for half of it in
    July, and 0.2275 for the rest at the end of the year. Broken: the margin of the fleet; a value of what was sold."""
    plan = make_plan(WIDE, Decisions(TRADES))
    rows = plan.rows("returns.csv")
    assert [row["item"] for row in rows] == ["west.S20 2025-01"]
    margins = [row["margin_usd_m"] for row in plan.rows("mining.csv") if row["lot"] == "S20 2025-01"]
    assert len(margins) == 3
    (row,) = rows
    assert row["returned_usd_m"] == close(sum(margins) + 0.388 + 0.2275)
    assert (row["kind"], row["moic"], row["yield_on_cost"]) == ("machines", close(row["returned_usd_m"] / 2), None)
    flows = {0: -2.0, 6: margins[0] + 0.388, 9: margins[1], 12: margins[2] + 0.2275}
    monthly = (1 + row["irr"]) ** (1 / 12)
    assert sum(usd_m * monthly**-at for at, usd_m in flows.items()) == pytest.approx(0, abs=1e-9)


def test_of_several_rates_the_nearest_to_nothing() -> None:
    """Proves: -100, 230 and -132 a year apart are worth nothing at 10 % and at 20 %: 10 % is said. A rate below -1 is
    none; flows of one sign have none. Broken: 20 %; a fault."""
    years = np.array([0.0, 12.0, 24.0])
    assert irr(years, np.array([-100.0, 230.0, -132.0])) == pytest.approx(0.1, rel=1e-9)
    assert irr(years, np.array([100.0, 0.0, 100.0])) is None
    assert irr(np.array([0.0, 1.0]), np.array([-1.0, 4.0])) == pytest.approx(4.0**12 - 1, rel=1e-9)
    assert irr(years, np.array([-100.0, 0.0, 100.0])) == pytest.approx(0, abs=1e-12)


def test_sources_and_uses(make_plan: Any) -> None:
    """Proves: of each project and of the company uses are sources. Halls: 200 of capex and 3 of signing cost from the
    tenant's prepayment and the company. Company: the flows of cash.csv, each once.
    Broken: a flow that is left out, by its amount."""
    plan = make_plan(WIDE, TAKEN)
    rows = plan.rows("sources_uses.csv")
    for project in ("lease", "company"):
        of_project = [row for row in rows if row["project"] == project]
        uses, sources = (sum(r["usd_m"] for r in of_project if r["side"] == side) for side in ("use", "source"))
        assert uses == close(sources)
    halls = {row["item"]: row["usd_m"] for row in rows if row["project"] == "lease"}
    assert list(halls) == [
        "capex", "signing_cost", "interest_capitalised", "fees", "reserve", "loans_taken_out", "prepayment",
        "company_cash",
    ]  # fmt: skip
    assert (halls["capex"], halls["signing_cost"]) == (close(200), 3)
    assert halls["company_cash"] == close(203 - halls["prepayment"])
    company = {(row["side"], row["item"]): row["usd_m"] for row in rows if row["project"] == "company"}
    assert company["use", "machines"] == close(2.05)
    assert (company["source", "machines_sold"], company["source", "equity"]) == (close(1.2575), close(10))
    cash = plan.rows("cash.csv")
    assert company["use", "change_of_cash"] == close(cash[-1]["closing_usd_m"] - cash[0]["opening_usd_m"])


def test_sources_of_a_financed_project(make_plan: Any) -> None:
    """Proves: a loan of 100 at completion is 100 of sources; its interest until then and its fee are uses; what it
    keeps in reserve at completion too. Broken: the cash drawn in place of 100."""
    loan = {
        "kind": "project_loan", "for_offers": ["lease"], "limit_usd_m": 500, "rate": 0.12, "term": "12 months",
        "interest_every": "3 months", "loan_to_cost": 0.8, "amortisation": "even", "fee": 0.02, "reserve_months": 3,
    }  # fmt: skip
    changes = {"finance.facilities": {"site": loan}, "horizon.steps": ["8 quarters"]}
    plan = make_plan(changes, Decisions((SIGNED, decided("draw", "site / lease", "west", 3, 100.0))))
    halls = {row["item"]: row["usd_m"] for row in plan.rows("sources_uses.csv") if row["project"] == "lease"}
    grown = sum(share / 9 * 1.01 ** (8 - month) for month, share in enumerate((2, 3, 4)))
    assert (halls["site"], halls["fees"]) == (close(100), close(2))
    assert halls["interest_capitalised"] == close(100 - 100 / grown)
    # At the end of March the first payment, 25 + 3, is set aside in full, and is in the reserve of three months.
    assert halls["reserve"] == close(28 + 28)
