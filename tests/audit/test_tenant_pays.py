"""Capex that the tenant pays, recomputed by the audit, against numbers reckoned on paper.

Two halls of 10 MW IT are signed in April 2025: capex of 20 x 8 x 1.25 = 200 over three months, rent from July 2025 for
24 months, through a ramp of six months, 44.4 in all, of which 1.5, 4.5 and 38.4 after the horizon.
"""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.timeline import CannotRecompute

from .conftest import SIGNED, decided

ONLY = Decisions((SIGNED,))


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def pays(usd_m: float, credited: float, **more: Any) -> dict[str, Any]:
    """Terms by MW of critical IT, and other terms of the offer."""
    terms = {"usd_m_per_mw_it": usd_m, "credited_usd_m_per_mw_it": credited}
    return {f"offers.lease.{name}": value for name, value in more.items()} | {"offers.lease.tenant_capex": terms}


def total(plan: Any) -> float:
    """The contract's value, which is not discounted."""
    [row] = [row for row in plan.rows("value.csv") if row["component"] == "hosting: lease"]
    return float(row["within_horizon_usd_m"] + row["beyond_horizon_usd_m"])


def test_what_the_tenant_lends_and_what_it_gives(make_plan: Any) -> None:
    """Proves: of 200 the tenant pays 80: 20 are received with the 11.1 of prepayment, 60 are no capex. Half of the rent
    is credited: 0.75 and 2.25, beside 11.1 / 8 a quarter. All 20 go back in time: the value is lower by them and higher
    by 80. Broken: capex of 200 or 120; 80 received; 20 credited evenly, 2.5 a quarter."""
    without, plan = make_plan({}, ONLY), make_plan(pays(4, 1), ONLY)
    rows = [row for row in plan.rows("hosting.csv") if row["offer"] == "lease"]
    assert [row["capex_usd_m"] for row in rows] == [close(140), 0, 0]
    assert [row["prepayment_usd_m"] for row in rows] == [close(31.1), 0, 0]
    assert [row["credit_usd_m"] for row in rows] == [0, close(11.1 / 8 + 0.75), close(11.1 / 8 + 2.25)]
    [sign] = plan.rows("decisions.csv")
    assert sign["capex_usd_m"] == close(140)
    _, second, third, _ = plan.rows("cash.csv")
    assert (second["prepayment_usd_m"], second["capex_usd_m"]) == (close(31.1), close(-140))
    assert third["hosting_credit_usd_m"] == close(-11.1 / 8 - 0.75)
    assert total(plan) - total(without) == close(60)


def test_what_is_left_at_the_end_is_never_paid(make_plan: Any) -> None:
    """Proves: of 24 received half of 44.4 of rent, 22.2, goes back: 80 - 22.2 better than without. Broken: 80 - 24."""
    without, plan = make_plan({}, ONLY), make_plan(pays(4, 1.2), ONLY)
    assert total(plan) - total(without) == close(80 - 22.2)


def test_no_more_than_all_of_it(make_plan: Any) -> None:
    """Proves: 4 of the design and a quarter of contingency are 100, all of which the tenant pays, a quarter of it to be
    credited. Broken: 40 received, a capex of -20 (more paid than there is); 20 (contingency left out)."""
    design = {
        "hall_designs": {"lean": {"uptime_nines": 3, "gross_per_it": 1.5, "pue": 1.2, "capex_usd_m_per_mw_it": 4}}
    }
    plan = make_plan(design | pays(8, 2, design="lean", prepayment=0), ONLY)
    row = plan.rows("hosting.csv")[0]
    assert (row["capex_usd_m"], row["prepayment_usd_m"]) == (close(25), close(25))


def test_without_a_lead_it_is_received_at_signature(make_plan: Any) -> None:
    """Proves: without a lead 140 are spent and 20 received on the first of April, when rent begins; half of the 1.5 of
    the first quarter is credited. Broken: nothing received, credit from July only."""
    row = make_plan(pays(4, 1, lead="0 months", prepayment=0), ONLY).rows("hosting.csv")[0]
    assert (row["capex_usd_m"], row["prepayment_usd_m"]) == (close(140), close(20))
    assert row["credit_usd_m"] == close(0.75)


def test_the_minimum_at_the_horizon_is_without_it(make_plan: Any) -> None:
    """Proves: over a lead of 12 months with [1] three months of 200 fall after the horizon, 50, of which the tenant
    gives 15 and lends 5: the minimum of 10 becomes 40. Broken: 60, 45."""
    plan = make_plan(pays(4, 1, lead="12 months", capex_shares=[1]), ONLY)
    assert [row["minimum_usd_m"] for row in plan.rows("cash.csv")] == [10, 10, 10, close(40)]


def test_loan_to_cost_is_without_what_the_tenant_pays(make_plan: Any) -> None:
    """Proves: of 200 the tenant gives 60 and lends 20: a fifth of 120 may be drawn. Broken: 28 (of 140); 40."""
    loan = {
        "kind": "term_loan", "window": {"from": "2025-01", "to": "2025-12"}, "limit_usd_m": 50, "rate": 0.08,
        "term": "6 months", "interest_every": "3 months", "loan_to_cost": 0.2,
    }  # fmt: skip
    decisions = Decisions((SIGNED, decided("draw", "loan", "", 3, 20.0)))
    plan = make_plan(pays(4, 1) | {"finance.facilities": {"loan": loan}}, decisions)
    row = [row for row in plan.rows("limits.csv") if row["limit"] == "facility"][1]
    assert (row["used"], row["allowed"]) == (close(20), close(24))


def test_terms_that_cannot_be(make_plan: Any) -> None:
    """Proves: the audit does not take the schema's word that what is credited is part of what is paid."""
    plan = make_plan(pays(4, 1), ONLY, write=False)
    terms = plan.case.offers["lease"].tenant_capex.model_copy(update={"credited_usd_m_per_mw_it": 5.0})
    offers = {"lease": plan.case.offers["lease"].model_copy(update={"tenant_capex": terms})}
    plan.case = plan.case.model_copy(update={"offers": offers})
    with pytest.raises(CannotRecompute, match="more of its capex"):
        plan.figures()
