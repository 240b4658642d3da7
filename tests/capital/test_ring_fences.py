"""Cash inside a project: reserve, what is set aside, lock-up, and debts of the start with a project of their own."""

from __future__ import annotations

from typing import Any

from tests.capital.builder import Plan, firm, flows, hall, laid_down, lease, project, row, site_loan
from tests.math.builder import about


def of_project(plan: Any, name: str) -> list[float]:
    return row(plan, "projects", name)


def test_reserve_and_what_is_set_aside(plan: Plan) -> None:
    """Proves: 6 a quarter, service of 3 at its end, a reserve of three months. On the eve of the first payment it is
    set aside and held in reserve once more: 6 are held, nothing goes up; then 3 a quarter; 9 when all is repaid.
    Broken: 3 in the first quarter (one of the two), 6 (the company spends the project's money)."""
    bank = site_loan(amortisation="even", reserve_months=3)
    given = laid_down(sign={"hall": {"date": "2025-01", "halls": 1}}, draw={"bank / hall": {"2025-01": 24}})
    done = plan(
        firm(0, "10 quarters", facilities={"bank": bank}, offers={"hall": hall(2, "36 months", 24)}, given=given)
    )
    assert of_project(done, "available_usd_m") == about([6] * 10)
    assert of_project(done, "service_usd_m") == about([0] + [3] * 8 + [0])
    assert of_project(done, "set_aside_usd_m") == about([3] * 8 + [0, 0])
    assert of_project(done, "reserve_usd_m") == about([3] * 8 + [0, 0])
    assert of_project(done, "to_parent_usd_m") == about([0] + [3] * 7 + [9, 6])
    assert of_project(done, "dscr") == about([0, 4, 3, 8 / 3] + [2] * 5 + [24 / 9])
    assert flows(done, "trapped") == about([-6] + [0] * 7 + [6, 0])
    assert flows(done, "closing") == about([0, 3, 6, 9, 12, 15, 18, 21, 30, 36])


def test_half_a_payment_is_set_aside_after_half_its_time(plan: Plan) -> None:
    """Proves: service of 6 every half year: 3 set aside after a quarter, 6 after two. Broken: 0 and 6, or 3 and 3."""
    bank = site_loan(amortisation="even", interest_every="6 months")
    given = laid_down(sign={"hall": {"date": "2025-01", "halls": 1}}, draw={"bank / hall": {"2025-01": 24}})
    done = plan(
        firm(0, "10 quarters", facilities={"bank": bank}, offers={"hall": hall(2, "36 months", 24)}, given=given)
    )
    assert of_project(done, "set_aside_usd_m") == about([3, 6] * 4 + [0, 0])
    assert of_project(done, "reserve_usd_m") == about([0] * 10)
    assert of_project(done, "to_parent_usd_m") == about([3] * 8 + [6, 6])


def test_a_reserve_is_nobody_elses_cash(plan: Plan) -> None:
    """Proves: of 6 in the first quarter 6 are held and 3 go up in the second, so that a project of 6 in April is not
    paid: 24. Without a reserve 3 go up in each, and it is paid. Broken: 25, paid out of the reserve."""
    offers = {"hall": hall(2, "24 months", 24), "works": project(6, 7, at="2025-04")}

    def value(reserve: int) -> float:
        bank = site_loan(amortisation="even", reserve_months=reserve)
        return plan(firm(0, facilities={"bank": bank}, offers=offers)).value

    assert value(3) == about(24)
    assert value(0) == about(25)


def trapped(level: float | None, steps: str = "8 quarters") -> dict[str, Any]:
    """A hall that earns 3.6 a quarter and pays 3, and a project of 4.5 (worth 10) in October 2026."""
    bank = site_loan(amortisation="even")
    if level is not None:
        bank["lock_up_dscr"] = level
    offers = {"hall": hall(1.2, "36 months", 24), "works": project(4.5, 10, at="2026-10")}
    return firm(0, steps, facilities={"bank": bank}, offers=offers)


def test_a_lock_up_traps_cash(plan: Plan) -> None:
    """Proves: 14.4 a year cover service of 9 in the first four quarters by 1.6, of 12 from then by 1.2, below 1.5: 0.6
    a quarter stay in the project, and what was set aside for the last payment as well; they go up when service of
    twelve months is down to 9. The company has 2.4, not 4.8, when a project of 4.5 comes: not built, 19.2. Broken:
    24.7, built with cash that the lender holds."""
    locked = plan(trapped(1.5, "10 quarters"))
    assert of_project(locked, "locked_up") == about([0, 0, 0, 0, 1, 1, 1, 1, 1, 0])
    assert of_project(locked, "locked_usd_m") == about([0, 0, 0, 0, 0.6, 1.2, 1.8, 2.4, 6.0, 0])
    assert of_project(locked, "to_parent_usd_m") == about([0.6] * 4 + [0] * 5 + [9.6])
    assert flows(locked, "closing") == about([0.6, 1.2, 1.8, 2.4, 2.4, 2.4, 2.4, 2.4, 2.4, 12.0])
    assert locked.value == about(19.2)
    assert plan(trapped(None)).value == about(24.7)
    assert plan(trapped(1.2)).value == about(24.7)


def test_a_project_that_earns_nothing_yet_is_fed_by_its_parent(plan: Plan) -> None:
    """Proves: 1 a quarter against service of 3: the parent adds 2, and 3 before the first payment is set aside: 2 from
    10 in each quarter. Broken: 1 up (service paid by nobody), locked cash below 0."""
    bank = site_loan(amortisation="even", lock_up_dscr=1.5)
    given = laid_down(sign={"hall": {"date": "2025-01", "halls": 1}}, draw={"bank / hall": {"2025-01": 24}})
    offers = {"hall": hall(1 / 3, "36 months", 24)}
    done = plan(firm(10, facilities={"bank": bank}, offers=offers, given=given))
    assert of_project(done, "to_parent_usd_m") == about([-2] * 4)
    assert of_project(done, "locked_usd_m") == about([0] * 4)
    assert flows(done, "closing") == about([8, 6, 4, 2])


def test_a_debt_of_the_start_has_its_own_lease(plan: Plan) -> None:
    """Proves: 12 repaid in four quarters by a lease that earns 6 each, with three months' reserve: in the first quarter
    6 are held and nothing goes up, then 3. Broken: 6 and 3 (no ring-fence around debts that exist)."""
    debt = {
        "principal_usd_m": 12,
        "rate": 0.0,
        "matures": "2026-01",
        "interest_every": "3 months",
        "amortisation": "even",
        "project": {"lease": "tenant", "reserve_months": 3},
    }
    done = plan(firm(0, debts={"site": debt}, leases={"tenant": lease(2, "24 months")}))
    assert of_project(done, "set_aside_usd_m") == about([3] * 4)
    assert of_project(done, "reserve_usd_m") == about([3] * 4)
    assert of_project(done, "to_parent_usd_m") == about([0, 3, 3, 3])
    assert flows(done, "closing") == about([0, 3, 6, 9])
    assert done.value == about(48 - 12)
