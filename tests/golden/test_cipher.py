"""The case cipher_2025q2 solved: its value, its signatures, and what the company did, priced.

Values change when the rules or the case change, and each change gets a dated reason here:

* 2026-11-25: first values.
* 2026-11-25: power in its real forms: summer peaks, day-ahead decisions, reserves, fees to sellers for five years.
  1,056.313 became 1,043.424, what Cipher did 1,011.214 became 1,002.390, its shortage 103 became 111.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from optimizer import api
from optimizer.errors import InfeasibleError

FOLDER = Path(__file__).resolve().parents[2] / "cases" / "cipher_2025q2"
OPTIONS = api.SolveOptions(relative_gap=1e-4, time_limit_seconds=60)

VALUE_USD_M = 1043.424
VALUE_OF_WHAT_CIPHER_DID_USD_M = 1002.390
THIRD_QUARTER = ("2025-07", "2025-08", "2025-09")


def signed(result: api.Result) -> dict[str, str]:
    rows = result.plan.tables["decisions"].dicts()
    return {str(row["item"]): str(row["date"]) for row in rows if row["decision"] == "sign"}


def test_plan() -> None:
    result = api.solve(api.load(FOLDER), OPTIONS, twins=False)
    assert result.solution.gap <= 0.01
    assert result.plan.value_usd_m == pytest.approx(VALUE_USD_M, rel=1e-4)
    quarter = [row for row in result.plan.tables["mining"].dicts() if str(row["period"]) in THIRD_QUARTER]
    assert sum(float(row["btc"] or 0) for row in quarter) == pytest.approx(879, rel=0.01)
    assert set(signed(result)) == {"fluidstack_1", "fluidstack_2", "hyperscaler_15y", "hyperscaler_stingray"}


def test_what_cipher_did_could_not_be_paid_with_what_was_known() -> None:
    """The four leases at their dates, money as the optimiser likes: still short, by what the README says."""
    with pytest.raises(InfeasibleError, match=r"minimum cash at the end of 2027Q1 .* by 111\.\d+ USD m"):
        api.solve(api.load(FOLDER, given_csv=FOLDER / "what_cipher_did.csv"), OPTIONS, twins=False)


def test_what_cipher_did_with_its_convertible() -> None:
    case = api.load(FOLDER / "september_convertible.yaml", given_csv=FOLDER / "what_cipher_did.csv")
    result = api.solve(case, OPTIONS, twins=False)
    assert result.plan.value_usd_m == pytest.approx(VALUE_OF_WHAT_CIPHER_DID_USD_M, rel=1e-4)
    assert signed(result) == {
        "fluidstack_1": "2025-10-01",
        "hyperscaler_15y": "2025-11-01",
        "fluidstack_2": "2025-11-01",
        "hyperscaler_stingray": "2026-04-01",
    }
