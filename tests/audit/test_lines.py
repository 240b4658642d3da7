"""Lines, whose balances move by period, against numbers reckoned on paper; and what their terms forbid."""

from __future__ import annotations

import re
from typing import Any

import pytest

from optimizer.plan.audit.run import audit_folder

from .capital import COINS, REVOLVER, SWEEP, cash, close, decisions, financing, owed, with_facilities
from .conftest import decided

COMMITTED = decided("commit", "revolver", "", 3, 30.0)
MOVES = (COMMITTED, decided("draw", "revolver", "", 3, 20.0), decided("repay", "revolver", "", 9, 20.0))
SWEPT = (decided("draw", "sweep", "", 0, 20.0), decided("repay", "sweep", "", 3, 20.0))
PLEDGED = (
    decided("commit", "coins", "", 0, 2.0), decided("draw", "coins", "", 0, 1.0), decided("repay", "coins", "", 6, 0.5),
)  # fmt: skip


def limits(plan: Any, limit: str, item: str) -> list[tuple[float, float]]:
    rows = [row for row in plan.rows("limits.csv") if row["limit"] == limit and row["item"] == item]
    return [(row["used"], row["allowed"]) for row in rows]


def findings(plan: Any) -> list[str]:
    return [str(each) for each in audit_folder(plan.folder).findings]


def test_a_credit_line(make_plan: Any) -> None:
    """Proves: 30 are committed in April for 0.3, written off until the end of September; 20 owed cost 0.2 a month and
    the 10 left 0.005. It is worth minus its fees at 1 % a month: 0.3 after three months, 0.005 after each of the next
    four to nine. In the last quarter nothing is owed or committed. Broken: interest on 30; a fee in October."""
    plan = make_plan(with_facilities(revolver=REVOLVER), decisions(*MOVES))
    assert owed(plan, "revolver", "opening", "drawn", "interest", "principal", "closing", "unamortised_fees") == [
        (0, 0, 0, 0, 0, 0), (0, 20, close(0.6), 0, 20, close(0.15)), (20, 0, close(0.6), 0, 20, 0),
        (20, 0, 0, 20, 0, 0),
    ]  # fmt: skip
    assert cash(plan, "drawn", "fees") == [(0, 0), (20, close(-0.315)), (0, close(-0.015)), (0, 0)]
    assert financing(plan) == close(-0.3 / 1.01**3 - sum(0.005 / 1.01**month for month in range(4, 10)))
    assert limits(plan, "facility", "revolver") == [(0, 0), (20, 30), (20, 30), (0, 0)]
    assert findings(plan) == []
    rows = [(row["date"], row["decision"], row["unit"]) for row in plan.rows("decisions.csv")]
    assert rows == [
        ("2025-04-01", "commit", "usd_m"), ("2025-04-01", "draw", "usd_m"), ("2025-10-01", "repay", "usd_m"),
    ]  # fmt: skip


def test_a_line_on_coins(make_plan: Any) -> None:
    """Proves: 1 at 0.1 a coin needs 20 coins at a half; where coins fall by 75 % a year, the low of the first quarter
    is 0.1 * 0.25^(1/4) = 0.0707 and 1 / (0.8 * 0.0707) = 17.68 is less. With a stress of 0.3 it is 25.25. 50 are
    there. Broken: 20 in both; the low of the first month alone."""
    fall = {"market.network.btc_growth": -0.75, "finance.treasury": {"policy": "hold"}}
    plan = make_plan(with_facilities(coins=COINS) | fall, decisions(*PLEDGED))
    assert limits(plan, "btc_pledged", "coins")[0] == (close(20), 50)
    stressed = make_plan(with_facilities(coins=COINS | {"stress": 0.3}) | fall, decisions(*PLEDGED))
    needed = limits(stressed, "btc_pledged", "coins")
    assert needed[0][0] == close(1 / (0.8 * 0.7 * 0.1 * 0.25**0.25))
    # The low of the second quarter is the price with which the third begins.
    assert needed[1][0] == close(1 / (0.8 * 0.7 * 0.1 * 0.25**0.5))
    assert owed(plan, "coins", "interest", "closing") == [
        (close(0.015), 1), (close(0.015), 1), (close(0.0075), 0.5), (close(0.0075), 0.5),
    ]  # fmt: skip
    assert findings(plan) == []


def test_a_loan_that_is_swept(make_plan: Any) -> None:
    """Proves: 0.4 of 20 is kept back, written off over nine months. The first quarter closes far above 280, so all 20
    are repaid in April. Worth minus its fee. Broken: 0 to repay; 20 owed in the limits after it was repaid as room."""
    plan = make_plan(with_facilities(sweep=SWEEP), decisions(*SWEPT))
    assert owed(plan, "sweep", "drawn", "interest", "principal", "closing", "unamortised_fees", "due_12_months") == [
        (20, close(0.6), 0, 20, close(0.4 * 6 / 9), 20), (0, 0, 20, 0, close(0.4 * 3 / 9), 0), (0, 0, 0, 0, 0, 0),
        (0, 0, 0, 0, 0, 0),
    ]  # fmt: skip
    assert financing(plan) == close(-0.4)
    assert limits(plan, "facility", "sweep") == [(20, 30)] * 4
    assert findings(plan) == []


BROKEN = [
    (REVOLVER, (COMMITTED, decided("draw", "revolver", "", 3, 31.0)), "31 USD m .* in 2025Q2: committed are 30"),
    (REVOLVER, MOVES[:2], "20 USD m of revolver are owed in 2025Q4: it is outside its window"),
    (REVOLVER, (COMMITTED, decided("draw", "revolver", "", 0, 1.0)), "drawn 2025-01-01, outside its window"),
    (REVOLVER, (decided("commit", "revolver", "", 3, 41.0),), "41 USD m of revolver: it is at most 40"),
    (REVOLVER, (decided("commit", "revolver", "", 6, 30.0),), "committed 2025-07-01, not at the beginning"),
    (REVOLVER, (*MOVES[:2], decided("repay", "revolver", "", 9, 21.0)), "repays 1 USD m of revolver more than is owed"),
    (REVOLVER, (decided("repay", "revolver", "", 6, 1.0),), "repays 1 USD m of revolver more than is owed in 2025Q3"),
    (SWEEP, (decided("draw", "sweep", "", 0, 31.0), decided("repay", "sweep", "", 3, 31.0)), "31 USD m of sweep in"),
    (SWEEP, SWEPT[:1], "repays 0 USD m of sweep in 2025Q2: it takes"),
    (SWEEP | {"sweep": 0}, SWEPT[:1], "20 USD m of sweep are owed in 2025Q4: it has matured"),
    (COINS, (decided("commit", "coins", "", 0, 9.0), decided("draw", "coins", "", 0, 3.0)), "60 BTC are pledged"),
]


@pytest.mark.parametrize(("terms", "rows", "message"), BROKEN)
def test_broken_terms_are_found(make_plan: Any, terms: dict[str, Any], rows: Any, message: str) -> None:
    """Proves: more than is committed, owed outside the window, repaid beyond zero, not swept, not pledged: each is
    named. Broken: the plan passes."""
    name = rows[0].item
    plan = make_plan(with_facilities(**{name: terms}), decisions(*rows))
    found = findings(plan)
    assert any(re.search(message, each) for each in found), found


def test_lines_that_are_laid_down(make_plan: Any) -> None:
    """Proves: where the rest is nothing, a line is drawn as laid down, by period, and may be repaid at any time; a
    draw in a quarter that is not named is found, also where the rest is optimised. Broken: repaying is found."""
    given = {"commit": {"revolver": {"2025-04": 30}}, "draw": {"revolver": {"2025-04": 20}}, "otherwise": "nothing"}
    plan = make_plan(with_facilities(revolver=REVOLVER) | {"given": given}, decisions(*MOVES))
    assert findings(plan) == []
    more = (*MOVES[:2], decided("draw", "revolver", "", 6, 5.0), decided("repay", "revolver", "", 9, 25.0))
    open_given = given | {"otherwise": "optimise"}
    plan = make_plan(with_facilities(revolver=REVOLVER) | {"given": open_given}, decisions(*more))
    assert any("given: draw 0 of revolver on 2025-07-01, the plan has 5" in each for each in findings(plan))
    fixed = open_given | {"repay": {"revolver": {"2025-10": 20}}}
    plan = make_plan(with_facilities(revolver=REVOLVER) | {"given": fixed}, decisions(*MOVES))
    assert findings(plan) == []
    less = open_given | {"commit": {"revolver": {"2025-04": 29}}}
    plan = make_plan(with_facilities(revolver=REVOLVER) | {"given": less}, decisions(*MOVES))
    assert any("given: commit 29 of revolver on 2025-04-01, the plan has 30" in each for each in findings(plan))


def test_a_line_inside_a_long_step(make_plan: Any) -> None:
    """Proves: in a plan of one step a line of April is committed, drawn and repaid by quarter.
    Broken: no step for it."""
    changes = with_facilities(revolver=REVOLVER) | {"horizon.steps": ["1 year"]}
    plan = make_plan(changes, decisions(*MOVES))
    assert cash(plan, "drawn", "fees") == [(0, 0), (20, close(-0.315)), (0, close(-0.015)), (0, 0)]
    assert findings(plan) == []


SENSELESS = [
    (["2025-04-01", "repay", "sweep", "", "1", "usd_m", "0", "0"], "item", "no line 'sweep'"),
    (["2025-04-01", "commit", "sweep", "", "1", "usd_m", "0", "0"], "item", "no facility 'sweep' to commit"),
    (["2025-02-01", "repay", "revolver", "", "1", "usd_m", "0", "0"], "date", "not the first instant of a period"),
    (["2025-05-01", "commit", "revolver", "", "1", "usd_m", "0", "0"], "date", "not the first instant of a period"),
]


@pytest.mark.parametrize(("row", "column", "message"), SENSELESS)
def test_senseless_rows_are_found(make_plan: Any, row: list[str], column: str, message: str) -> None:
    """Proves: what cannot be is named by line and column. Broken: a traceback, or a pass."""
    plan = make_plan(with_facilities(revolver=REVOLVER), decisions())
    plan.put("decisions.csv", [plan.get("decisions.csv")[0], row])
    assert any(each.startswith(f"decisions.csv:2 {column}: ") and message in each for each in findings(plan))
