"""Charges for grid and capacity, against numbers reckoned on paper. The site is that of ``test_figures``.

Its machines take 24 MW at full running; a MWh brings 79.667 and costs 30 at the meter, so that it gains 49.667. January
2025 has 744 hours, of which 4 on each of 23 working days, 92 in all, are candidates for a peak.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

from optimizer.case.delivery import CoincidentPeak
from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.delivery import billing_months, opening_billed
from optimizer.plan.audit.run import audit_folder

from .conftest import RUNNING

NOTHING = Decisions(())
LEASE: dict[str, Any] = {"leases": {"tenant": RUNNING}}
"""Halls that take 10.8 MW until July 2026; the tenant pays the power."""
# 15 dollars a kW for each of four months.
PEAK: dict[str, Any] = {"kind": "coincident_peak", "rate_usd_per_kw_year": 60, "months": [1, 2, 7, 8]}
DEMAND: dict[str, Any] = {"kind": "demand", "rate_usd_per_kw_month": 2}
TWO_YEARS: dict[str, Any] = {"horizon.steps": ["8 quarters"]}


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def charge(**terms: Any) -> dict[str, Any]:
    return {"sites.west.delivery": terms}


def peaks(limit: float, months: int = 12) -> dict[tuple[int, str, str], float]:
    return {(month, "peak", "grid"): limit for month in range(months)}


def rows_of(plan: Any, use: str = "mining") -> list[Any]:
    return [row for row in plan.rows("delivery.csv") if row["use"] == use]


def test_peaks_are_avoided(make_plan: Any) -> None:
    """Proves: if the peak surely falls into a candidate hour, 15,000 a MW over 92 hours are 163.04 a MWh, more than is
    gained: machines stand still in these hours of January, and in no others; 24 * 15,000 are avoided, none accrues.
    Broken: 744 hours; 31 days of candidates."""
    plan = make_plan({"horizon.steps": ["3 months"]} | charge(tcos=PEAK), NOTHING)
    assert [row["mwh"] for row in plan.rows("mining.csv")] == [close(24 * 652), close(24 * (672 - 80)), close(24 * 744)]
    rows = rows_of(plan)
    assert [row["avoided_usd_m"] for row in rows] == [close(0.36), close(0.36), 0]
    assert [(row["accrued_usd_m"], row["paid_usd_m"]) for row in rows] == [(close(0), 0)] * 3


def test_peaks_that_are_not_sure(make_plan: Any) -> None:
    """Proves: half of it is on the 652 other hours, 11.50 a MWh, less than is gained: they run and accrue 7,500 a MW.
    Candidates at 81.52 stand still. At a rate of 30, half of it, at 40.76 they run as well, and all of 7,500 accrues.
    Broken: 15,000 (no success); nothing."""
    changes = {"horizon.steps": ["1 month"]}
    plan = make_plan(changes | charge(tcos=PEAK | {"success": 0.5}), NOTHING)
    assert plan.rows("mining.csv")[0]["mwh"] == close(24 * 652)
    assert rows_of(plan)[0]["accrued_usd_m"] == close(24 * 0.0075)
    assert rows_of(plan)[0]["avoided_usd_m"] == close(24 * 0.0075)
    plan = make_plan(changes | charge(tcos=PEAK | {"success": 0.5, "rate_usd_per_kw_year": 30}), NOTHING)
    assert plan.rows("mining.csv")[0]["mwh"] == close(24 * 744)
    assert (rows_of(plan)[0]["accrued_usd_m"], rows_of(plan)[0]["avoided_usd_m"]) == (close(24 * 0.0075), close(0))


def test_months_without_a_candidate(make_plan: Any) -> None:
    """Proves: where all hours are candidates, or the hours of all days, all of the rate falls on those there are:
    15,000 over 744 hours at any success. Broken: half of it lost."""
    every = PEAK | {"hours": [0, 24], "weekdays_only": False, "success": 0.5}
    plan = make_plan({"horizon.steps": ["1 month"]} | charge(tcos=every), NOTHING)
    assert rows_of(plan)[0]["accrued_usd_m"] == close(24 * 0.015)


def test_peaks_are_billed_in_the_next_year(make_plan: Any) -> None:
    """Proves: what accrues in January, February, July and August 2025, 4 * 24 * 0.015 / 2, is paid in twelve parts from
    March 2026 on: 1 of 12 in the first quarter, 3 in each later one, 2 after the horizon, which count as beyond. What
    2026 accrues is all beyond. The opening 1.2 of 2024 was due from March 2025: ten parts by December, and two more.
    Broken: paid at once; lost after the horizon; opening spread from January."""
    terms = PEAK | {"success": 0.5, "rate_usd_per_kw_year": 30, "billed_from": 3, "opening_usd_m": 1.2}
    plan = make_plan(TWO_YEARS | charge(tcos=terms), NOTHING)
    accrued = [close(24 * 0.015), 0, close(24 * 0.015), 0]
    assert [row["accrued_usd_m"] for row in rows_of(plan)] == accrued * 2
    part = 4 * 24 * 0.0075 / 12
    paid = [0.1, 0.3, 0.3, 0.3, 0.2 + part, 3 * part, 3 * part, 3 * part]
    assert [row["paid_usd_m"] for row in rows_of(plan)] == [close(each) for each in paid]
    assert [row["delivery_usd_m"] for row in plan.rows("cash.csv")] == [close(-each) for each in paid]
    value = next(row for row in plan.rows("value.csv") if row["component"] == "delivery")
    assert value["within_horizon_usd_m"] == close(-1.2 - 10 * part)
    assert value["beyond_horizon_usd_m"] == close(-2 * part - 12 * part)


def test_opening_amounts_in_the_middle_of_billing() -> None:
    """Proves: at a start in July the amount is what is still to be billed in the six months left, evenly.
    What June accrued before it is billed in the whole next year. Broken: twelve parts, half of it lost; June's
    0.24 billed in the six months left."""
    terms = CoincidentPeak.model_validate(PEAK | {"opening_usd_m": 1.2, "accrued_this_year_usd_m": 0.24})
    paid = opening_billed(terms, 12 * 2025 + 6, 24)
    assert [float(each) for each in paid[:7]] == [close(0.2)] * 6 + [close(0.02)]
    assert paid.sum() == close(1.44)
    assert billing_months(terms, 12 * 2025 + 3) == range(12 * 2026, 12 * 2027)
    at_once = CoincidentPeak.model_validate(PEAK | {"billed": "in_month"})
    assert billing_months(at_once, 12 * 2025 + 3) == range(12 * 2025 + 3, 12 * 2025 + 4)


def test_later_money_weighs_less(make_plan: Any) -> None:
    """Proves: at 200 % a year for mining a charge on January is paid, on average, 17.5 months later, by parts: the
    factor on c0 makes 40.76 * 0.2 a MWh; a rate of 145 makes 197.0 and 39.3 at once, so that machines run in all
    hours, and at 190 they do not. Broken: they stand still at 145."""
    rate = {"horizon.steps": ["1 month"], "discount.mining": 2.0}
    ratio = 3**-1 * sum(3 ** (-month / 12) for month in range(12)) / 12
    for yearly, hours in ((145, 744), (190, 652)):
        c0 = yearly / 4 * 1000 * 0.5 / 92
        assert (c0 * ratio < 245 / 3 - 32) == (hours == 744)
        plan = make_plan(rate | charge(tcos=PEAK | {"success": 0.5, "rate_usd_per_kw_year": yearly}), NOTHING)
        assert plan.rows("mining.csv")[0]["mwh"] == close(24 * hours)
    # Of what accrues at 190 (7,500 * 190 / 60 a MW on the other hours), discounted as it is paid.
    accrued = 24 * 0.0075 * 190 / 60
    value = next(row for row in plan.rows("value.csv") if row["component"] == "delivery")
    first_month = 12 * (1 - 3 ** (-1 / 12)) / math.log(3)
    assert value["total_usd_m"] == close(-accrued * ratio * first_month)
    (site,) = plan.rows("certificate.csv")
    margin = plan.rows("mining.csv")[0]["margin_usd_m"] * first_month
    assert site["redispatched_usd_m"] == close(margin - accrued * ratio * first_month)


def test_halls_bear_their_part_of_peaks(make_plan: Any) -> None:
    """Proves: halls never stand still: 10.8 MW * 15,000 in each of the four months of 2025 and two of 2026, paid in the
    next year, also after the lease; the tenant pays the power, so it comes back. With a fixed price of power it does
    not. Broken: part of the mine's charges; lost after the contract; recovered with a fixed price."""
    plan = make_plan(LEASE | TWO_YEARS | charge(tcos=PEAK), NOTHING)
    rows = rows_of(plan, "hosting: tenant")
    of_month = 10.8 * 0.015
    assert [(row["period"], row["accrued_usd_m"]) for row in rows] == [
        ("2025Q1", close(2 * of_month)), ("2025Q3", close(2 * of_month)), ("2026Q1", close(2 * of_month)),
        *((f"2026Q{quarter}", 0) for quarter in (2, 3, 4)),
    ]  # fmt: skip
    assert [(row["paid_usd_m"], row["recovered_usd_m"]) for row in rows[2:]] == [(close(of_month), close(of_month))] * 4
    hosting = plan.rows("hosting.csv")[4]
    assert (hosting["delivery_cost_usd_m"], hosting["delivery_recovered_usd_m"]) == (close(of_month), close(of_month))
    cash = plan.rows("cash.csv")[4]
    assert (cash["hosting_delivery_usd_m"], cash["delivery_recovered_usd_m"]) == (close(-of_month), close(of_month))
    fixed = {"leases": {"tenant": RUNNING | {"power": {"paid_by": "tenant", "price_usd_per_mwh": 50}}}}
    other = make_plan(fixed | TWO_YEARS | charge(tcos=PEAK), NOTHING)
    row = other.rows("hosting.csv")[4]
    assert (row["delivery_cost_usd_m"], row["delivery_recovered_usd_m"]) == (close(of_month), 0)

    def beyond(plan: Any) -> float:
        return float(
            next(row for row in plan.rows("value.csv") if row["component"] == "hosting: tenant")["beyond_horizon_usd_m"]
        )

    assert beyond(other) == close(-2 * of_month)
    assert beyond(plan) == close(0)


def test_demand(make_plan: Any) -> None:
    """Proves: at a peak of 20 only 20 of 24 MW run; 0.8 of an opening peak of 40 is billed for eleven months, 32 at
    2,000, then 20; in the twelfth month no month before the start is among the eleven.
    Broken: 24 MW; 40 MW; a twelfth at 32."""
    terms = DEMAND | {"ratchet": 0.8, "opening_peak_mw": 40}
    plan = make_plan({"horizon.steps": ["12 months"]} | charge(grid=terms), NOTHING, operations=peaks(20.0))
    assert plan.rows("mining.csv")[0]["mwh"] == close(20 * 744)
    rows = rows_of(plan)
    assert [row["paid_usd_m"] for row in rows] == [close(0.064)] * 11 + [close(0.04)]
    assert [row["accrued_usd_m"] for row in rows] == [row["paid_usd_m"] for row in rows]
    assert {row["avoided_usd_m"] for row in rows} == {0}
    assert audit_folder(plan.folder).findings == ()


def test_the_best_machines_run_below_the_peak(make_plan: Any) -> None:
    """Proves: of S30 with 18 MW and S20 with 24, at a peak of 30 S20 runs whole and S30 with 6. Contracted are 35.
    Broken: both by three quarters; the first of the case."""
    changes: dict[str, Any] = {
        "horizon.steps": ["1 month"],
        "machines.S30": {"efficiency_j_per_th": 30},
        "sites.west.fleet": {"S30": {"ph_s": 500}, "S20": {"ph_s": 1000}},
    }
    plan = make_plan(changes | charge(grid=DEMAND | {"contracted_mw": 35}), NOTHING, operations=peaks(30.0))
    assert [row["mwh"] for row in plan.rows("mining.csv")] == [close(6 * 744), close(24 * 744)]
    assert rows_of(plan)[0]["paid_usd_m"] == close(0.07)


def test_halls_come_first_below_the_peak(make_plan: Any) -> None:
    """Proves: of 20 MW halls have 10.8 and machines 9.2. Halls bear 21,600 a month, machines the other 18,400; after
    the horizon halls go on alone, until July 2026. By date the rate of 3 holds from its month on.
    Broken: 20 MW for machines; all borne by the mine; nothing after the horizon."""
    rate = {"rate_usd_per_kw_month": {"2025-01": 2, "2026-02-10": 3}}
    plan = make_plan(LEASE | charge(grid=DEMAND | rate), NOTHING, operations=peaks(20.0))
    assert plan.rows("mining.csv")[0]["mwh"] == close(9.2 * 2160)
    assert [row["paid_usd_m"] for row in rows_of(plan)] == [close(3 * 0.0184)] * 4
    assert [row["paid_usd_m"] for row in rows_of(plan, "hosting: tenant")] == [close(3 * 0.0216)] * 4
    (contract,) = plan.figures().hosting
    assert [float(each) for each in contract.delivery_cost[11:]] == [close(0.0216)] * 2 + [close(0.0324)] * 5


def test_a_peak_below_the_halls(make_plan: Any) -> None:
    """Proves: halls cannot be limited; nor are there more MW than the peak for machines. Broken: a pass."""
    plan = make_plan(LEASE | charge(grid=DEMAND), NOTHING, operations=peaks(10.0))
    report = audit_folder(plan.folder)
    assert {each.file for each in report.findings} == {"dispatch.csv"}
    assert "peak 10 of grid in 2025-01: the load of halls is at least 10.8" in report.findings[0].message


def test_tax_on_charges_as_paid(make_plan: Any) -> None:
    """Proves: 48,000 a month for 24 MW lower the earnings of which a quarter is tax; of a joint venture it is the
    share, 19,200 at 40 %. Broken: charges not in EBITDA; all of them."""
    changes: dict[str, Any] = {"finance.cash_tax_rate": 0.25}
    with_charge = make_plan(changes | charge(grid=DEMAND), NOTHING, operations=peaks(24.0)).rows("cash.csv")
    without = make_plan(changes, NOTHING).rows("cash.csv")
    assert with_charge[3]["tax_usd_m"] - without[3]["tax_usd_m"] == close(0.25 * 12 * 0.048)
    joint = make_plan({"sites.west.share": 0.4} | charge(grid=DEMAND), NOTHING, operations=peaks(24.0))
    assert [row["delivery_usd_m"] for row in joint.rows("cash.csv")] == [close(-3 * 0.0192)] * 4
