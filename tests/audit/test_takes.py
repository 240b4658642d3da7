"""Minimum takes, against numbers reckoned on paper.

Spot is 100 at all times: a MWh costs (100 + 4) * 1.25 = 130 at the meter and brings 79.667, so that nothing runs by
itself and 50.333 a MWh make it even. The machines take 24 MW; half of 24 MW has to be taken. A MWh short costs 60.
"""

from __future__ import annotations

from typing import Any

import pytest

from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.run import audit_folder

from .conftest import RUNNING

NOTHING = Decisions(())
TAKE: dict[str, Any] = {
    "kind": "minimum_take", "mw": 24, "share": 0.5, "over": "quarter", "shortfall_usd_per_mwh": 60, "until": "2026-06",
}  # fmt: skip
EVEN = 130 - (49 / 24 / 0.025 - 2)
HOURS = [2160, 2184, 2208, 2208]


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def taken(make_plan: Any, prices: dict[int, float], share: float = 0.0, **terms: Any) -> Any:
    """A plan with a price of the take, and a share of what is just even, by month."""
    changes = terms.pop("changes", {})
    operations = {(month, "take_price", "take"): price for month, price in prices.items()}
    operations |= {(month, "take_share", "take"): share for month in range(12)}
    return make_plan(
        {"sites.west.contracts": {"take": TAKE | terms}} | changes, NOTHING, operations=operations,
        price=lambda at: 100.0,
    )  # fmt: skip


def found(plan: Any) -> list[str]:
    """Findings of the audit, without rows of dispatch that a test has not set."""
    return [str(each) for each in audit_folder(plan.folder).findings]


def test_nothing_is_taken(make_plan: Any) -> None:
    """Proves: short of 12 MW in every hour of a quarter, 60 each, paid in its last month; the rows of dispatch.csv are
    there in all months. Broken: paid at once; 24 MW; nothing (no machines, no shortfall)."""
    plan = taken(make_plan, {})
    rows = plan.rows("contracts.csv")
    assert [row["mwh"] for row in rows] == [close(12 * hours) for hours in HOURS]
    assert [row["unused_mwh"] for row in rows] == [close(12 * hours) for hours in HOURS]
    assert [(row["mining_mwh"], row["paid_usd_m"]) for row in rows] == [(0, 0)] * 4
    assert [row["result_usd_m"] for row in rows] == [close(-12 * hours * 60 / 1e6) for hours in HOURS]
    dispatch = plan.rows("dispatch.csv")
    assert [(row["month"], row["kind"], row["unit"]) for row in dispatch[:3]] == [
        ("2025-01", "take_price", "usd_per_mwh"),
        ("2025-01", "take_share", "share"),
        ("2025-02", "take_price", "usd_per_mwh"),
    ]
    assert len(dispatch) == 24
    assert found(plan) == []


def test_shortfalls_are_paid_in_the_last_month(make_plan: Any) -> None:
    """Proves: by month, the quarter is paid for in March. Broken: a third in each month."""
    rows = taken(make_plan, {}, changes={"horizon.steps": ["6 months"]}).rows("cash.csv")
    paid = -12 * 2160 * 60 / 1e6
    assert [row["contracts_usd_m"] for row in rows] == [0, 0, close(paid), 0, 0, close(-12 * 2184 * 60 / 1e6)]


def test_machines_run_at_a_loss(make_plan: Any) -> None:
    """Proves: at 60 all run, which the shortfall price allows; at 50.333 half of it as half of what is even runs, and
    the minimum is just met, also with the price as it is written, to eight digits. Their margin is the loss of 50.333
    a MWh. Broken: all or nothing at a tie; nothing at the written price; the take price in the margin."""
    full = taken(make_plan, dict.fromkeys(range(12), 60))
    assert [row["mining_mwh"] for row in full.rows("contracts.csv")] == [close(24 * hours) for hours in HOURS]
    assert full.rows("mining.csv")[0]["margin_usd_m"] == close(-24 * 2160 * EVEN / 1e6)
    assert found(full) == []
    half = taken(make_plan, dict.fromkeys(range(12), EVEN), 0.5)
    rows = half.rows("contracts.csv")
    assert [(row["mining_mwh"], row["unused_mwh"]) for row in rows] == [
        (close(12 * hours), close(0)) for hours in HOURS
    ]
    assert [row["result_usd_m"] for row in rows] == [close(0)] * 4
    assert found(half) == []


def test_halls_count(make_plan: Any) -> None:
    """Proves: halls of 10.8 MW are taken from the 12 that have to be. Broken: short of 12."""
    rows = taken(make_plan, {}, changes={"leases": {"tenant": RUNNING}}).rows("contracts.csv")
    assert [row["hosting_mwh"] for row in rows] == [close(10.8 * hours) for hours in HOURS]
    assert [row["unused_mwh"] for row in rows] == [close(1.2 * hours) for hours in HOURS]


def test_windows_lie_in_the_contract(make_plan: Any) -> None:
    """Proves: from February to May 2025 a window is 59 days (1,416 hours) of the first quarter and one 61 days (1,464
    hours) of the second; what runs in these months is taken, and dispatch.csv has two rows for each of the four. By
    year there is one window of 2,880 hours, which ends in May: nothing is required in the first quarter.
    Broken: 2,160 and 2,184 hours; a window that ends in June or in December (no row, or one of the third quarter)."""
    during = {"from": "2025-02", "until": "2025-05"}
    plan = taken(make_plan, dict.fromkeys(range(1, 5), 60), **during)
    rows = plan.rows("contracts.csv")
    assert [(row["period"], row["mwh"], row["mining_mwh"]) for row in rows] == [
        ("2025Q1", close(12 * 1416), close(24 * 1416)),
        ("2025Q2", close(12 * 1464), close(24 * 1464)),
    ]
    months = ["2025-02", "2025-03", "2025-04", "2025-05"]
    assert [row["month"] for row in plan.rows("dispatch.csv")] == [month for month in months for _ in range(2)]
    # Nothing is taken in April and May: the second window alone is short, the year is just met by February and March.
    rows = taken(make_plan, {1: 60, 2: 60}, **during).rows("contracts.csv")
    assert [row["unused_mwh"] for row in rows] == [0, close(12 * 1464)]
    rows = taken(make_plan, {1: 60, 2: 60}, **during, over="year").rows("contracts.csv")
    assert [(row["mwh"], row["mining_mwh"]) for row in rows] == [(0, close(24 * 1416)), (close(12 * 2880), 0)]
    assert [row["unused_mwh"] for row in rows] == [0, close(12 * 2880 - 24 * 1416)]


WRONG = [
    (dict.fromkeys(range(12), 61), 0.0, r"61 is more than a MWh short costs, 60"),
    ({0: -1}, 0.0, r"take_price -1 of take in 2025-01: a price is at least 0"),
    (dict.fromkeys(range(12), 40), 0.0, r"the window of take is short of 25920 MWh, so it is 60"),
    (dict.fromkeys(range(12), EVEN), 0.4, r"the window of take is short of 5184 MWh, so it is 60"),
    ({}, 1.1, r"take_share 1.1 of take in 2025-01: a share is at most 1"),
]


@pytest.mark.parametrize(("prices", "share", "message"), WRONG)
def test_prices_that_may_not_be(make_plan: Any, prices: dict[int, float], share: float, message: str) -> None:
    """Proves: no greater loss than a shortfall is; a price without the minimum met is that of the shortfall; a share
    is one. Broken: a pass."""
    report = found(taken(make_plan, prices, share))
    assert any(message in each for each in report), report
    assert all(each.startswith("dispatch.csv:") for each in report)


def test_the_price_in_money_of_the_month(make_plan: Any) -> None:
    """Proves: at 21 % a year, 60 paid in March are 60 * 1.21^(-2/12) in January: more is too much, and with the minimum
    not met less is too little. Broken: 60 in January passes."""
    rate = {"discount.mining": 0.21}
    right = {month: 60 * 1.21 ** (-((2 - month) % 3) / 12) for month in range(12)}
    # 130 - 79.667 is below all of these, so that all machines run.
    assert found(taken(make_plan, right, changes=rate)) == []
    report = found(taken(make_plan, right | {0: 60.0}, changes=rate))
    assert len(report) == 1
    assert "dispatch.csv:2 amount: 60 is more than a MWh short costs, 58.1" in report[0]
