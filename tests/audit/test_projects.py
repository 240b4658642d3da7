"""Loans on single projects, bonds that take them out, and what a ring-fence keeps, against numbers on paper.

14 on two halls at 3 % a quarter, drawn over three months, repaid in four equal parts of 3.5 from October on.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from optimizer.plan.audit.recompute.options import call
from optimizer.plan.audit.recompute.owed import owed_by_signature
from optimizer.plan.audit.recompute.project_loans import sculpted
from optimizer.plan.audit.recompute.tables import COLUMNS
from optimizer.plan.audit.run import audit_folder

from .capital import (
    BACKSTOP,
    BANK,
    BOND,
    LEND,
    NOTHING,
    PLAIN,
    cash,
    close,
    columns,
    decisions,
    financing,
    owed,
    signed,
    with_facilities,
)
from .conftest import RUNNING, decided

SHARE_DRAWN = 9 / (2 * 1.0201 + 3 * 1.01 + 4)
"""Of what is owed at completion: 2/9 bear interest for two months, 3/9 for one."""
TAKEN_OUT = (decided("draw", "bank > bond / lease", "west", 3, 14.0), decided("draw", "bond / lease", "west", 3, 15.0))
FENCED = ("available", "service", "reserve", "set_aside", "locked", "to_parent")


def fence(plan: Any, name: str = "lease") -> list[tuple[Any, ...]]:
    return columns(plan, "projects.csv", "offer", name, *(f"{column}_usd_m" for column in FENCED))


def findings(plan: Any) -> list[str]:
    return [str(each) for each in audit_folder(plan.folder).findings]


def test_sculpted() -> None:
    """Proves: of cash of 1 and 2 at 10 % the same share of each serves a loan of 1: 1 / (1/1.1 + 2/1.21). Where the
    first payment has 0.05 it is interest alone, and the other two are equal: 1.21 / 2.1. Without any cash all is paid
    at the end. Broken: principal of -0.05; less than 1 repaid."""
    share = 1 / (1 / 1.1 + 2 / 1.21)
    assert sculpted([1, 2], 0.1) == [close(share - 0.1), close(1 - share + 0.1)]
    assert sculpted([0.05, 1, 1], 0.1) == [0, close(1.21 / 2.1 - 0.1), close(1.1 - 1.21 / 2.1)]
    assert sculpted([1, 1, -1], 0.1) == [close(1.21 / 2.1 - 0.1), close(1.1 - 1.21 / 2.1), close(0)]
    assert sculpted([-1, -1], 0.1) == [0, 1]


def test_a_loan_on_a_project(make_plan: Any) -> None:
    """Proves: 14 is owed at completion in July, of which the part that is interest is capitalised; 0.28 of fee is paid
    with the signature. The first payment, in October, is 0.42 and 3.5. At its own cost it is worth minus the fee, a
    quarter away. Fees are written off from the signature to July 2026. Broken: 14 drawn; 4.2 of interest by month."""
    plan = make_plan(with_facilities(bank=BANK), signed(LEND))
    lent = 14 * SHARE_DRAWN
    assert owed(plan, "bank", "drawn", "capitalised", "interest", "principal", "closing") == [
        (0, 0, 0, 0, 0), (close(lent), close(14 - lent), 0, 0, close(14)), (0, 0, 0, 0, close(14)),
        (0, 0, close(0.42), close(3.5), close(10.5)),
    ]  # fmt: skip
    assert owed(plan, "bank", "accrued_interest", "unamortised_fees", "due_12_months")[1:] == [
        (0, close(0.28 * 12 / 15), close(10.5)), (close(0.42), close(0.28 * 9 / 15), close(14)),
        (close(0.315), close(0.28 * 6 / 15), close(10.5)),
    ]  # fmt: skip
    assert cash(plan, "fees")[1] == (close(-0.28),)
    assert financing(plan) == close(-0.28 / 1.03)
    row = plan.rows("decisions.csv")[1]
    assert (row["decision"], row["item"], row["site"], row["amount"]) == ("draw", "bank / lease", "west", 14)
    assert [each.offer for each in owed_by_signature(plan.figures())] == ["lease"]


def test_the_ring_fence(make_plan: Any) -> None:
    """Proves: six months of service are kept from completion on: October's 3.92 at the end of June, October's and
    January's (3.815) at the end of September, when October's is set aside in full as well. What is left of 6 a quarter
    goes up; at first the parent pays in. Trapped cash is not the company's. Broken: a reserve of the bullet; 6 up."""
    plan = make_plan(with_facilities(bank=BANK), signed(LEND))
    assert fence(plan) == [
        (0, 0, close(3.92), 0, 0, close(-3.92)),
        (close(6), 0, close(7.735), close(3.92), 0, close(-1.735)),
        (close(6), close(3.92), close(7.525), close(3.815), 0, close(2.395)),
    ]
    assert [row["dscr"] for row in plan.rows("projects.csv")] == [None, None, close(12 / 3.92)]
    assert [row[0] for row in cash(plan, "trapped")] == [0, close(-3.92), close(-7.735), close(0.315)]
    assert findings(plan) == []


def test_a_lock_up(make_plan: Any) -> None:
    """Proves: 12 over 3.92 is less than 4 times: 2.395 stay below, and 0 goes up. A level that another facility for the
    same offer has counts too. Broken: 2.395 up."""
    strict = BANK | {"lock_up_dscr": 4}
    for facilities in ({"bank": strict}, {"bank": BANK, "other": strict}):
        plan = make_plan(with_facilities(**facilities), signed(LEND))
        assert fence(plan)[2] == (close(6), close(3.92), close(7.525), close(3.815), close(2.395), close(0))
        assert [row["locked_up"] for row in plan.rows("projects.csv")] == [0, 0, 1]
        tested = [row for row in plan.rows("limits.csv") if row["limit"] == "lock_up"]
        assert [(row["item"], row["used"], row["allowed"], row["unit"]) for row in tested] == [
            ("lease", close(12 / 3.92), 4, "times")
        ]
        assert cash(plan, "trapped")[3] == (close(0.315 - 2.395),)
        # It is no fault to be locked up.
        assert findings(plan) == []


def test_a_debt_of_the_start_locks_its_lease(make_plan: Any) -> None:
    """Proves: a lease brings 0.5 a month; its debt of 4 pays 2.12 in March and 2.06 in June 2025, a third of which is
    set aside at the end of March. At a level of 3 what is left stays below until no service lies in twelve months: at
    the end of June 2026, when all of it goes up. What is lacking in June is taken from what was locked before.
    Broken: the parent pays 0.15 in June; 3.2 locked for ever."""
    debt = {"principal_usd_m": 4, "rate": 0.12, "interest_every": "3 months", "matures": "2025-06"}
    debt |= {"amortisation": "even", "project": {"lease": "tenant", "lock_up_dscr": 3}}
    changes = {
        "horizon.steps": ["6 quarters"],
        "finance.debts": {"site": debt},
        "leases": {"tenant": RUNNING | {"escalator": 0, "operating_cost_usd_m_per_mw_it_year": 0.6}},
    }
    plan = make_plan(PLAIN | changes, NOTHING)
    found = fence(plan, "tenant")
    set_aside = 2.06 / 3
    assert found[0] == (close(1.5), close(2.12), 0, close(set_aside), 0, close(1.5 - 2.12 - set_aside))
    assert found[1] == (close(1.5), close(2.06), 0, 0, close(1.5 - 2.06 + set_aside), close(0))
    assert [row[4] for row in found[2:5]] == [close(1.5 * n - 0.56 + set_aside) for n in (1, 2, 3)]
    assert found[5] == (close(1.5), 0, 0, 0, 0, close(1.5 * 4 - 0.56 + set_aside))
    assert [row["locked_up"] for row in plan.rows("projects.csv")] == [1, 1, 1, 1, 1, 0]
    assert findings(plan) == []


def test_a_backstop(make_plan: Any) -> None:
    """Proves: with it the loan pays 6 %, is worth more by what others would pay, and costs 0.5 warrants for each
    dollar: 7 calls at 30 on a share at 30. They count as dilution. Broken: -0.28 / 1.03."""
    plan = make_plan(
        with_facilities(bank=BANK | {"backstop": BACKSTOP}) | {"finance.limits.max_dilution": 0.1},
        signed(decided("draw", "bank + backstop / lease", "west", 3, 14.0)),
    )
    grown = (2 * 1.005**2 + 3 * 1.005 + 4) / 9
    draws = 14 / grown * sum(share / 9 * 1.01**-month for share, month in ((2, 1), (3, 2), (4, 3)))
    service = sum((3.5 + 0.015 * (14 - 3.5 * n)) * 1.03 ** -(n + 1) for n in range(4)) * 1.01**-3
    worth = (draws - 0.28 - service - 7 * call(30, 30, 24, 0.5, 0)) / 1.03
    assert financing(plan) == close(worth)
    used = [row["used"] for row in plan.rows("limits.csv") if row["limit"] == "max_dilution"]
    assert used == [0, close(0.07), close(0.07), close(0.07)]


def test_a_bond_takes_out_a_loan(make_plan: Any) -> None:
    """Proves: in October the loan pays 0.42 of interest and all of its 14; the bond brings 15 less 0.3 then, and pays
    nothing before January. What it takes out is no service of the project: 0.42 is. Broken: 3.5 repaid in October;
    service of 14.42."""
    plan = make_plan(with_facilities(bank=BANK, bond=BOND), signed(*TAKEN_OUT))
    assert owed(plan, "bank", "interest", "principal", "closing")[3] == (close(0.42), close(14), close(0))
    assert owed(plan, "bond", "drawn", "interest", "closing", "unamortised_fees")[2:] == [
        (0, 0, 0, 0), (15, 0, 15, close(0.3 * 9 / 12)),
    ]  # fmt: skip
    assert cash(plan, "drawn", "fees", "principal")[3][:2] == (15, close(-0.3))
    assert fence(plan)[2][:2] == (close(6), close(0.42))
    # The factor of a loan is its own, a quarter at 3 %; that of the bond 2 % a quarter, three quarters on.
    assert financing(plan) == close(-0.28 / 1.03 - 0.3 / 1.02**3)
    assert findings(plan) == []


def test_a_bond_in_equal_payments(make_plan: Any) -> None:
    """Proves: 15 at 2 % a quarter in four payments: 15 * 0.02 / (1 - 1.02^-4) each, from January on; reserve and what
    is set aside at the end of the year hold the first. Broken: 4.05 first (even)."""
    plan = make_plan(with_facilities(bond=BOND | {"refinances": [], "reserve_months": 3}), signed(TAKEN_OUT[1]))
    service = 15 * 0.02 / (1 - 1.02**-4)
    assert fence(plan)[2] == (close(6), 0, close(service), close(service), 0, close(6 - 2 * service))


BROKEN = [
    # Two halls have 6 a quarter for 1.5 times 0.28 of each dollar: 14.29.
    ({"bank": BANK}, (decided("draw", "bank / lease", "west", 3, 14.3),), r"cash available .* of 2\.002 halls"),
    ({"bank": BANK | {"dscr": None}}, (decided("draw", "bank / lease", "west", 3, 100.1),), "makes 100.1 USD m"),
    ({"bank": BANK | {"dscr": None, "loan_to_cost": 0.05}}, (LEND,), "the cost of 2.7.* halls"),
    (
        {"bank": BANK | {"backstop": BACKSTOP | {"limit_usd_m": 13}}},
        (decided("draw", "bank + backstop / lease", "west", 3, 14.0),),
        "makes 14 USD m of the backstop of bank",
    ),
    (
        {"bank": BANK, "bond": BOND},
        (TAKEN_OUT[0], decided("draw", "bond / lease", "west", 3, 14.2)),
        "bond brings 13.916 USD m for lease and has to pay out loans of 14",
    ),
    ({"bank": BANK, "bond": BOND | {"dscr": 2}}, TAKEN_OUT, "cash available .* once bonds are issued"),
]  # fmt: skip


@pytest.mark.parametrize(("facilities", "rows", "message"), BROKEN)
def test_too_much_for_a_project_is_found(make_plan: Any, facilities: Any, rows: Any, message: str) -> None:
    """Proves: each size of a loan and of a bond is a limit, by itself. Broken: the plan passes."""
    plan = make_plan(with_facilities(**facilities), signed(*rows))
    found = findings(plan)
    assert any(re.search(message, each) for each in found), found


def test_a_loan_may_be_kept_beside_a_bond(make_plan: Any) -> None:
    """Proves: a bond may stand beside a loan that it could have taken out, as long as one cover carries both: with 1 of
    the loan kept the halls carry 15 of the bond, with 14 they do not. Broken: a finding for 1; none for 14."""
    bonds = BOND | {"dscr": 1.2}
    for kept, wrong in ((1.0, 0), (14.0, 1)):
        rows = (decided("draw", "bank / lease", "west", 3, kept), TAKEN_OUT[1])
        found = findings(make_plan(with_facilities(bank=BANK, bond=bonds), signed(*rows)))
        assert len([each for each in found if "halls once bonds are issued" in each]) == len(found) == wrong


def test_the_size_by_cost(make_plan: Any) -> None:
    """Proves: a loan of a twentieth of cost, which holds its own interest and fee, is 5 / (1 - 0.05 * (1 - g + 0.02)) a
    hall: to the cent it passes, and a cent more does not. Broken: 5 a hall."""
    most = 2 * 5 / (1 - 0.05 * (1 - SHARE_DRAWN + 0.02))
    bank = with_facilities(bank=BANK | {"dscr": None, "loan_to_cost": 0.05})
    assert findings(make_plan(bank, signed(decided("draw", "bank / lease", "west", 3, most)))) == []
    found = findings(make_plan(bank, signed(decided("draw", "bank / lease", "west", 3, most + 0.01))))
    assert any("needs the cost of" in each for each in found)


def test_project_money_goes_with_its_signature(make_plan: Any) -> None:
    """Proves: a loan for an offer that is not signed there and then is no decision; nor one by another name.
    Broken: a traceback, or a pass."""
    plan = make_plan(with_facilities(bank=BANK), signed(LEND))
    rows = plan.get("decisions.csv")
    for change, message in (
        ({0: "2025-07-01"}, "lease is not signed at this site and date"),
        ({2: "bank / other"}, "no facility 'bank / other' to draw"),
        ({3: "moon"}, "lease is not signed at this site and date"),
    ):
        changed = [change.get(place, cell) for place, cell in enumerate(rows[2])]
        plan.put("decisions.csv", [*rows[:2], changed])
        assert any(message in each for each in findings(plan))


def test_project_money_that_is_laid_down(make_plan: Any) -> None:
    """Proves: it is laid down by its name in decisions.csv, without a site. Broken: a finding for 14; none for 13."""
    for wanted, wrong in ((14, 0), (13, 1)):
        given = {"draw": {"bank / lease": {"2025-04": wanted}}}
        plan = make_plan(with_facilities(bank=BANK) | {"given": given}, signed(LEND))
        assert len([each for each in findings(plan) if "given: draw 13 of bank / lease" in each]) == wrong
        assert len(findings(plan)) == wrong


@pytest.mark.parametrize("file", ["projects.csv", "debt.csv", "limits.csv"])
def test_every_changed_cell_is_found(make_plan: Any, file: str) -> None:
    """Proves: another cell in any column of the rows of the last quarter is found in its line. Broken: no finding."""
    strict = BANK | {"lock_up_dscr": 4}
    plan = make_plan(with_facilities(bank=strict) | {"finance.limits.debt_to_capital": 0.9}, signed(LEND))
    rows = plan.get(file)
    for line in (line for line, row in enumerate(rows) if row[1] == "2025Q4"):
        for place, column in enumerate(COLUMNS[file]):
            old = rows[line][place]
            try:
                rows[line][place] = str(float(old) + 0.25)
            except ValueError:
                rows[line][place] = old + "x"
            plan.put(file, rows)
            found = [(each.file, each.row, each.column) for each in audit_folder(plan.folder).findings]
            assert (file, line + 1, column) in found
            rows[line][place] = old


def test_nothing_is_owed_without_a_decision(make_plan: Any) -> None:
    """Proves: facilities that are not used have rows of nothing, and no project. Broken: a project of the offer."""
    plan = make_plan(with_facilities(bank=BANK), signed())
    assert {row[1] for row in owed(plan, "bank", "drawn", "closing")} == {0}
    assert plan.rows("projects.csv") == []
    assert decisions().rows == ()
