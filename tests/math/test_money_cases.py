"""Whole cases with a sweep or a lock-up whose size the model has to know beforehand. Each is solved by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.capital.builder import firm, hall, laid_down, project, site_loan, window
from tests.math.builder import about
from tests.math.cases import MINE, flat, solve_case

SWEEP = {
    "kind": "sweep_loan",
    "window": window(),
    "limit_usd_m": 60,
    "rate": 0.0,
    "matures": "2027-10",
    "sweep": 1.0,
    "above_usd_m": 0,
}


@pytest.mark.parametrize("facilities", [{}, {"bank": SWEEP}], ids=["no loan", "a loan that nobody draws"])
def test_a_sweep_that_nobody_draws_changes_nothing(tmp_path: Path, facilities: dict[str, Any]) -> None:
    """Proves: 1,000 MW at 48 a PH/s and day and power at 10 earn 2.16 a day: 1,576.8 in 730 days, less a thousandth in
    the 181 in which a hall takes one of the megawatts, and 40 of the hall: 1,616.409 with or without the loan. Broken:
    1,358.72 with it, no hall, and little enough cash that a bound on it is not reached."""
    offers = {"works": project(60, 100, after="6 months")}
    data = firm(0, "8 quarters", offers=offers, facilities=facilities, more=MINE)
    done = solve_case(tmp_path, data, flat(10))
    assert done.value == about(2.16 * 730 - 0.00216 * 181 + 40, abs=1e-5)
    assert [row["decision"] for row in done.rows("decisions") if row["decision"] in ("draw", "repay")] == []


def test_a_window_over_the_issue_of_a_bond_has_service_of_both(tmp_path: Path) -> None:
    """Proves: 5 of the loan on 1 April 2025 and two payments of 11.875 of the bond that takes it out in July fall into
    the twelve months to April 2026: 28.75, which 33 do not cover 1.2 times (34.5); the bond's 23.75 alone they do. So
    the project is locked up from the fifth quarter on. Broken: from the sixth, and the audit does not agree."""
    bank = site_loan(term="60 months", amortisation="even", lock_up_dscr=1.2)
    bond = {
        "kind": "project_bond",
        "for_offers": ["hall"],
        "refinances": ["bank"],
        "after": "6 months",
        "limit_usd_m": 1000,
        "rate": 0.0,
        "term": "24 months",
        "amortisation": "even",
        "lock_up_dscr": 1.2,
        "loan_to_cost": 1.0,
    }
    drawn = {"bank > bond / hall": {"2025-01": 100}, "bond / hall": {"2025-01": 95}}
    given = laid_down(sign={"hall": {"date": "2025-01", "halls": 1}}, draw=drawn)
    facilities = {"bank": bank, "bond": bond}
    offers = {"hall": hall(2.75, "72 months", 100)}
    done = solve_case(tmp_path, firm(150, "8 quarters", facilities=facilities, offers=offers, given=given))
    assert done.column("projects", "dscr")[4] == about(33 / 28.75)
    assert done.column("projects", "locked_up") == [0, 0, 0, 0, 1, 1, 1, 1]
    assert done.value == about(150 + 72 * 2.75 - 100, abs=1e-5)
