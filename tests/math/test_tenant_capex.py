"""Capex that the tenant pays, through whole cases, without discounting unless it says so.

The hall is that of ``test_hosting_flows``: 10 MW IT, signed in January 2025, 1 USD m of rent a month from April 2025 to
March 2027. Every plan is written, audited and read back.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import optimizer.instance.hosting as instance_hosting
from optimizer import api
from optimizer.case.offers import Offer
from optimizer.errors import AuditError, CaseError
from optimizer.operations.hosting import HallFlows, hall_flows
from optimizer.operations.tenant_capex import capex_split
from tests.math.builder import EXACT, about
from tests.math.cases import OFFER, case_data, load, solve_case
from tests.math.test_hosting_flows import THREE_YEARS, by_quarter, lease

CAPEX = {"capex_usd_m_per_mw_it": 8, "contingency": 0.25, "lead": "6 months", "capex_shares": [1, 2]}
"""100 in all: 33.33 in the first quarter, 66.67 in the second; rent from July 2025 to June 2027."""


def tenant(pays: float, credited: float = 0.0, share: float = 0.5) -> dict[str, Any]:
    """Terms by MW of critical IT."""
    terms = {"usd_m_per_mw_it": pays, "credited_usd_m_per_mw_it": credited, "credit_share_of_rent": share}
    return {"tenant_capex": terms}


def core_scientific(folder: Path, rate_usd_per_kw_month: float) -> tuple[list[float], float]:
    """Credit by quarter and value of 200 MW whose tenant pays all of 10 a MW, 1.5 of it credited at half the rent."""
    terms = {
        "hall_mw_it": 200, "rate_usd_per_kw_month": rate_usd_per_kw_month, "term": "144 months", "lead": "12 months",
        "capex_usd_m_per_mw_it": 10, **tenant(10, 1.5),
    }  # fmt: skip
    solved = lease(folder, terms, {"horizon.steps": ["4 quarters", "5 years"]})
    assert by_quarter(solved, "capex_usd_m") == about([75] * 4 + [0] * 20)
    assert by_quarter(solved, "prepayment_usd_m") == about([75] * 4 + [0] * 20)
    assert solved.rows("decisions")[0]["capex_usd_m"] == about(300)
    return by_quarter(solved, "credit_usd_m"), solved.value


def test_three_hundred_are_credited_over_fifty_months_of_small_rent(tmp_path: Path) -> None:
    """Proves: of 300 lent half of 12.15 a month is credited: 6.075 for 49 months, 2.325 in the fiftieth, then nothing.
    Value: 144 x 12.15 - 300. Broken: 2,000 of capex (the tenant's part kept), 18.225 in every quarter (no end), 300 in
    the first (all at once), 1,449.6 + 300 (never credited)."""
    credit, value = core_scientific(tmp_path, 60.75)
    assert credit == about([0] * 4 + [18.225] * 16 + [6.075 + 2.325] + [0] * 3)
    assert value == about(144 * 12.15 - 300)


def test_three_hundred_are_credited_over_twenty_five_months_at_the_rent_agreed(tmp_path: Path) -> None:
    """Proves: at 121.5 $/kW-month half of the rent of 24.3 is 12.15: 24 months, and 8.4 in the next. Broken: fifty
    months."""
    credit, value = core_scientific(tmp_path, 121.5)
    assert credit == about([0] * 4 + [36.45] * 8 + [8.4] + [0] * 11)
    assert value == about(144 * 24.3 - 300)


def test_what_rent_cannot_carry_is_never_paid(tmp_path: Path) -> None:
    """Proves: of 15 lent half of 24 months at 1 credits 12; 3 are never paid, at the end of the term neither. Broken: a
    credit of 4.5 in the last quarter (the rest at the end), a value of 9, 1.875 a quarter (evenly over the term)."""
    solved = lease(tmp_path, {"capex_usd_m_per_mw_it": 1.5, **tenant(1.5, 1.5)})
    assert by_quarter(solved, "credit_usd_m") == about([0] + [1.5] * 8 + [0] * 3)
    assert solved.value == about(24 - 12)


def test_what_is_not_credited_is_no_cash_of_the_company(tmp_path: Path) -> None:
    """Proves: of 100 the tenant pays 4 of 10 a MW, 40: 10 are lent and 30 given. The company's capex is 70, spent by
    the same shares, in decisions too; a bank lends half of the 60 that nobody else pays, 30. Broken: capex of 100
    (given part kept) or 60 (the loan taken off), 35 or 50 to be lent against, 10 of prepayment in the first quarter (at
    signature)."""
    loan = {
        "kind": "term_loan", "window": {"from": "2025-01", "to": "2025-12"}, "limit_usd_m": 500, "rate": 0.08,
        "term": "12 months", "interest_every": "3 months", "loan_to_cost": 0.5,
    }  # fmt: skip
    solved = lease(tmp_path, {**CAPEX, **tenant(4, 1)}, {"finance.facilities": {"bank": loan}})
    assert by_quarter(solved, "capex_usd_m")[:3] == about([70 / 3, 140 / 3, 0])
    assert by_quarter(solved, "prepayment_usd_m")[:3] == about([10 / 3, 20 / 3, 0])
    assert by_quarter(solved, "credit_usd_m") == about([0] * 2 + [1.5] * 6 + [1] + [0] * 3)
    assert solved.rows("decisions")[0]["capex_usd_m"] == about(70)
    assert solved.rows("limits", limit="facility")[0]["allowed"] == about(30)
    assert solved.value == about(24 - 70)
    cash = solved.rows("cash")
    assert [row["prepayment_usd_m"] + row["capex_usd_m"] for row in cash[:3]] == about([-20, -40, 0])
    assert cash[2]["hosting_credit_usd_m"] == about(-1.5)


@pytest.mark.parametrize(
    ("capex", "terms", "own", "lent"),
    [
        (8, tenant(4, 1), 0.7, 0.1),
        (8, tenant(10, 1), 0.1, 0.1),
        (4, tenant(10, 2), 0.2, 0.2),
        (8, tenant(10), 0.0, 0.0),
        (0, tenant(4, 1), 1.0, 0.0),
        (8, {}, 1.0, 0.0),
    ],
)
def test_who_pays_capex(capex: float, terms: dict[str, Any], own: float, lent: float) -> None:
    """Proves: 8 with a quarter of contingency are 10 a MW, of which 4 are 40 %; a tenant that would pay 10 of 5 pays
    all of it, a fifth to be credited; of nothing it pays nothing. Broken: 0.625 own in the first (contingency left
    out), -0.6 in the third (paid beyond what there is), a division by 0 in the fifth."""
    offer = Offer.model_validate(OFFER | {"capex_usd_m_per_mw_it": capex, "contingency": 0.25, **terms})
    split = capex_split(offer)
    assert (split.own, split.lent) == about((own, lent))
    assert split.own >= split.lent


def test_without_a_lead_the_tenant_pays_at_signature(tmp_path: Path) -> None:
    """Proves: 100 are due at once, of which the tenant gives 10 and lends 10. Broken: nothing received (a spread over
    nothing), 100 of capex."""
    solved = lease(tmp_path, {"capex_usd_m_per_mw_it": 10, "lead": "0 months", **tenant(2, 1)})
    assert by_quarter(solved, "capex_usd_m")[:2] == about([90, 0])
    assert by_quarter(solved, "prepayment_usd_m")[:2] == about([10, 0])
    assert by_quarter(solved, "credit_usd_m") == about([1.5] * 6 + [1] + [0] * 5)
    assert solved.value == about(24 - 90)


def test_it_adds_to_an_ordinary_prepayment(tmp_path: Path) -> None:
    """Proves: a quarter of the rent, 6, comes at signature and goes back at 0.75 a quarter; 9 lent come as they are
    spent and go back at half the rent, 1.5, in six quarters. Broken: 15 credited evenly, 1.125 for the loan (half of
    what rent is left), 6 or 9 alone."""
    solved = lease(tmp_path, {"capex_usd_m_per_mw_it": 0.9, "prepayment": 0.25, **tenant(0.9, 0.9)})
    assert by_quarter(solved, "prepayment_usd_m") == about([15] + [0] * 11)
    assert by_quarter(solved, "credit_usd_m") == about([0] + [2.25] * 6 + [0.75] * 2 + [0] * 3)
    assert solved.value == about(24 - 9)


def test_credit_follows_rent_through_its_ramp(tmp_path: Path) -> None:
    """Proves: rent of 0.75, 2.25 and 3 credits half of it: 0.375, 1.125, 1.5. Broken: 1.5 from the first quarter."""
    solved = lease(tmp_path, {"ramp": "6 months", "capex_usd_m_per_mw_it": 1, **tenant(1, 1)})
    assert by_quarter(solved, "credit_usd_m")[1:4] == about([0.375, 1.125, 1.5])


def test_credit_after_the_horizon_counts(tmp_path: Path) -> None:
    """Proves: with a horizon of a year 4.5 of the 10 lent are credited within it and 5.5 after it. Broken: 15 beyond
    (what is owed forgotten at the horizon), 4.5 beyond (all that is left at the end)."""
    terms = {"capex_usd_m_per_mw_it": 1, **tenant(1, 1)}
    solved = lease(tmp_path, terms, {"horizon.steps": ["4 quarters"]})
    [row] = solved.rows("value", component="hosting: hall")
    assert row["within_horizon_usd_m"] == about(9 - 4.5)
    assert row["beyond_horizon_usd_m"] == about(15 - 5.5)


@pytest.mark.parametrize("steps", ["36 months", "12 quarters", "3 years"])
def test_what_is_lent_is_discounted_month_by_month(tmp_path: Path, steps: str) -> None:
    """Proves: 12 lent to a hall that costs 12, credited with all of the rent: capex and loan are nothing on every day,
    the first twelve months of rent are the tenant's, and the value is that of 1 a month from month 24 to 36, whatever
    the periods. Broken: 0.55 more (lent at signature), 11.45 less (no loan, credited all the same)."""
    terms = {"capex_usd_m_per_mw_it": 1.2, "lead": "12 months", **tenant(1.2, 1.2, 1.0)}
    solved = lease(tmp_path, terms, {"horizon.steps": [steps], "discount.hosting": 0.1})
    assert solved.value == about(12 / math.log(1.1) * (1.1**-2 - 1.1**-3))


@pytest.mark.parametrize(("cash_usd_m", "signed"), [(50, True), (49, False)])
def test_only_the_companys_money_has_to_be_there_at_the_horizon(
    tmp_path: Path, cash_usd_m: float, signed: bool
) -> None:
    """Proves: a hall of 100 over a year, of which the tenant lends half as it is spent, needs 25 within a horizon of
    two quarters and 25 after it: it is signed with 50, not with 49. Broken: not signed with 50 (75 asked for at the
    horizon), signed with 49 (what is left of it forgotten)."""
    terms = {
        "capex_usd_m_per_mw_it": 10, "lead": "12 months", "residual_usd_m_per_mw_it": 20, **tenant(5, 5, 1.0),
    }  # fmt: skip
    changes = {"horizon.steps": ["2 quarters"], "finance.opening.cash_usd_m": cash_usd_m}
    data = case_data(changes | {"finance.limits.min_cash_usd_m": 0}, hall=terms)
    solved = solve_case(tmp_path, data)
    # 24 of rent, all of it credited; a residual of 200.
    assert solved.value == about(cash_usd_m + (200 - 50 if signed else 0))
    assert bool(solved.decided()) == signed


def test_a_hall_that_the_tenant_pays_for_needs_no_money(tmp_path: Path) -> None:
    """Proves: without cash a hall that costs 40 and brings 24 of rent and 20 at the end is signed when its tenant lends
    the 40 against 1 a month: 44 - 24. Broken: not signed in both, signed in both."""
    terms = {"capex_usd_m_per_mw_it": 4, "residual_usd_m_per_mw_it": 2}
    poor = THREE_YEARS | {"finance.limits.min_cash_usd_m": 0}
    alone = solve_case(tmp_path / "alone", case_data(poor, hall=terms))
    assert (alone.decided(), alone.value) == ([], 0)
    helped = solve_case(tmp_path / "helped", case_data(poor, hall=terms | tenant(4, 4, 1.0)))
    assert helped.decided() == [("2025-01-01", "sign", "hall", 1)]
    assert helped.value == about(44 - 24)


def test_no_more_is_credited_than_the_tenant_pays(tmp_path: Path) -> None:
    """Proves: of 1 a MW no 2 can be credited. Broken: 20 lent of 10 that are spent."""
    with pytest.raises(CaseError, match="all that the tenant pays"):
        load(tmp_path, case_data({}, hall={"capex_usd_m_per_mw_it": 8, **tenant(1, 2)}))


def given_part_kept(flows: HallFlows, offer: Any) -> HallFlows:
    """Capex as if the tenant paid nothing for good."""
    return replace(flows, capex=flows.capex * offer.capex_usd_m_per_mw_it / (offer.capex_usd_m_per_mw_it - 3))


def all_at_signature(flows: HallFlows, _: Any) -> HallFlows:
    """The loan comes on the first day."""
    return replace(flows, lent=np.zeros_like(flows.lent), prepayment=flows.prepayment + float(flows.lent.sum()))


def a_month_late(flows: HallFlows, _: Any) -> HallFlows:
    """Credit begins a month after the rent."""
    return replace(flows, credit=np.concatenate([[0.0], flows.credit[:-1]]))


def never_credited(flows: HallFlows, _: Any) -> HallFlows:
    """What is lent is a gift."""
    return replace(flows, credit=flows.credit - flows.lent_credit)


FAULTS: tuple[Callable[[HallFlows, Any], HallFlows], ...] = (
    given_part_kept, all_at_signature, a_month_late, never_credited,
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_the_audit_finds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[[HallFlows, Any], HallFlows]
) -> None:
    """Proves: a plan made with this fault is refused. Broken: it is published."""
    monkeypatch.setattr(instance_hosting, "hall_flows", lambda offer, *rest: fault(hall_flows(offer, *rest), offer))
    terms = {"capex_usd_m_per_mw_it": 8, "lead": "6 months", **tenant(4, 1)}
    data = case_data(THREE_YEARS | {"given.sign.hall": {"halls": 1}}, hall=terms)
    result = api.solve(load(tmp_path, data), EXACT, twins=False)
    with pytest.raises(AuditError):
        result.write(tmp_path / "plan")
    assert not (tmp_path / "plan").exists()
