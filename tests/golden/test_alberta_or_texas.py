"""The case alberta_or_texas solved: its value and its decisions, pinned.

Values change when the rules or the case change, and each change gets a dated reason here:

* 2026-11-25: first values.
* 2026-11-25: Alberta bills its peaks in the month in which they are measured: 55.272 became 52.141, the halls wait from
  October 2026 to January 2027 (cash), and Texas gets 2.50 EH/s in place of 1.53.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer import api

FOLDER = Path(__file__).resolve().parents[2] / "cases" / "alberta_or_texas"
OPTIONS = api.SolveOptions(relative_gap=1e-4, time_limit_seconds=60)

VALUE_USD_M = 52.141


def test_plan() -> None:
    """Proves: two currencies, a group of offers, contract offers, peaks, demand charge, reserves and demand response
    in one plan: both halls in Alberta, machines at both sites, both contracts. Broken: another value than 52.141, as
    with the Canadian dollar at par, two tenants, peaks of Alberta that are billed a year later (55.272), or contracts
    that cannot be signed (50.889)."""
    result = api.solve(api.load(FOLDER), OPTIONS, twins=False)
    assert result.plan.value_usd_m == pytest.approx(VALUE_USD_M, rel=1e-4)
    rows = result.plan.tables["decisions"].dicts()
    taken = {(str(row["decision"]), str(row["item"])): row for row in rows}
    halls = taken["sign", "halls_in_alberta"]
    assert (str(halls["date"]), halls["site"], halls["amount"]) == ("2027-01-01", "brooks", 2)
    assert ("sign", "halls_in_texas") not in taken
    assert {item for decision, item in taken if decision == "contract"} == {"on_peak_block", "ppa"}
    assert {item for decision, item in taken if decision == "buy"} == {"s21_xp", "s21_xp_duty_paid"}
