"""Income statement, balance sheet and what a coin costs, against numbers reckoned on paper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.statement_tables import STATEMENT_COLUMNS
from optimizer.plan.audit.recompute.timeline import CannotRecompute
from optimizer.plan.audit.run import audit_folder

from .conftest import (
    COMMITTED,
    DECIDED,
    OPERATED,
    POWER_DECIDED,
    POWERED,
    SIGNED,
    TAKEN,
    WIDE,
    WINDOW,
    decided,
)

NOTHING = Decisions(())
BOOKS = {"finance.books": {"property_usd_m": 12, "stock_pay_usd_m_per_quarter": 1.5}}
NOTES = {"window": WINDOW, "limit_usd_m": 200, "interest_every": "3 months"}
PREFERRED = NOTES | {"kind": "preferred", "rate": 0.08, "fee": 0.02, "term": "6 months", "redemption": 1.1}


def close(number: float) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-9)


def held(plan: Any, item: str) -> list[float]:
    """An item of the balance sheet, at the start and at the end of each quarter."""
    return [row[f"{item}_usd_m"] for row in plan.rows("balance.csv")]


def line(plan: Any, name: str) -> list[float]:
    """A line of the income statement by quarter."""
    return [row[f"{name}_usd_m"] for row in plan.rows("income.csv")]


def test_opening(make_plan: Any) -> None:
    """Proves: cash of 300, 50 coins at 0.1, property of 12, land of 2 against debt of 40, a quarter's interest of
    0.6 and 1 owed to others: equity is 277.4. With equity given instead, property is what is lacking; below 0 it is
    an error. With both given equity is what makes it balance. Broken: interest of the half year, 1.2."""
    more = {"land_usd_m": 2, "other_liabilities_usd_m": 1}
    opening = make_plan({"finance.books": {"property_usd_m": 12} | more}, NOTHING).rows("balance.csv")[0]
    assert opening["period"] == "opening"
    assert (opening["cash_usd_m"], opening["bitcoin_usd_m"], opening["debt_usd_m"]) == (300, close(5), 40)
    assert (opening["accrued_interest_usd_m"], opening["equity_usd_m"]) == (close(0.6), close(277.4))
    assert opening["total_assets_usd_m"] == close(319)
    given = make_plan({"finance.books": {"equity_usd_m": 280} | more}, NOTHING).rows("balance.csv")[0]
    assert (given["property_usd_m"], given["equity_usd_m"]) == (close(14.6), 280)
    both = {"property_usd_m": 12, "equity_usd_m": 280} | more
    assert make_plan({"finance.books": both}, NOTHING).rows("balance.csv")[0]["equity_usd_m"] == close(277.4)
    with pytest.raises(CannotRecompute, match="property would be"):
        make_plan({"finance.books": {"equity_usd_m": 200}}, NOTHING, write=False).tables()


def test_income_of_a_quarter(make_plan: Any) -> None:
    """Proves: in the first quarter 90 days * 1,000 PH/s * 47.04 of revenue (50 a day, 96 % of the hours, 2 % to the
    pool), 51,840 MWh at 30 and 2 of other cost, 0.3 of the site, 0.9 of overheads; 1.5 of pay in shares; 0.3 of
    property; a yield of 3; interest of 0.6 as it accrues. Nothing is paid for what is not due. Broken: interest of 0
    (unpaid)."""
    plan = make_plan(BOOKS, NOTHING)
    first = {name: amounts[0] for name in _lines(plan) if (amounts := line(plan, name))}
    assert first["mining_revenue"] == close(90 * 1000 * 47.04 / 1e6)
    assert first["power"] == close(-51840 * 30 / 1e6)
    assert first["mining_variable"] == close(-51840 * 2 / 1e6)
    assert (first["site_cost"], first["sga"]) == (close(-0.3), close(-0.9))
    ebitda = 90 * 1000 * 28.608 / 1e6 - 1.2
    assert first["ebitda"] == close(ebitda)
    assert (first["stock_pay"], first["depreciation_property"]) == (close(-1.5), close(-0.3))
    assert first["operating_income"] == close(ebitda - 1.8)
    assert (first["interest_income"], first["interest_expense"]) == (close(3), close(-0.6))
    assert first["net_income"] == first["to_common"] == close(ebitda - 1.8 + 2.4)
    assert first["adjusted_ebitda"] == close(ebitda)
    assert line(plan, "interest_expense")[1:] == [close(-0.4), close(-0.4), close(-0.2)]
    assert held(plan, "accrued_interest") == [close(0.6), close(1.2), close(0.4), close(0.8), close(0.2)]
    # Pay in shares is no loss of equity.
    assert held(plan, "equity")[1] - held(plan, "equity")[0] == close(ebitda - 0.3 + 2.4)


def _lines(plan: Any) -> Iterator[str]:
    for column in plan.rows("income.csv")[0]:
        if column.endswith("_usd_m"):
            yield column.removesuffix("_usd_m")


def test_bitcoin_realised_and_not(make_plan: Any) -> None:
    """Proves: 50 coins that cost 3 and 10 kept at the mean of their months have cost (3 + 10 mean) / 60 each; 20 of
    them sold in April at 0.1 * 1.21^(1/4) realise the difference. At the end 40 coins at 0.121 are held: what they
    and the sale brought beyond 5 and what was kept is the result of the year. Broken: cost of 0.1 each; 0 realised."""
    coins = (decided("keep_btc", "bitcoin", "", 0, 10.0), decided("sell_btc", "bitcoin", "", 3, 20.0))
    books = {"finance.books": {"property_usd_m": 12, "btc_basis_usd_m": 3}, "market.network.btc_growth": 0.21}
    plan = make_plan(WIDE | books, Decisions(coins))
    mean = 0.1 * (1 + 1.21 ** (1 / 12) + 1.21 ** (1 / 6)) / 3
    brought = 20 * 0.1 * 1.21**0.25
    assert line(plan, "btc_realised") == [0, close(brought - 20 * (3 + 10 * mean) / 60), 0, 0]
    assert line(plan, "btc_unrealised")[0] == close(60 * 0.1 * 1.21**0.25 - 5 - 10 * mean)
    result = sum(line(plan, "btc_realised")) + sum(line(plan, "btc_unrealised"))
    assert result == close(40 * 0.121 - 5 - 10 * mean + brought)
    assert held(plan, "bitcoin") == [close(5), close(6 * 1.21**0.25), *(close(4 * 1.21 ** (q / 4)) for q in (2, 3, 4))]
    fair = make_plan(
        WIDE | {"finance.books": {"property_usd_m": 12}, "market.network.btc_growth": 0.21}, Decisions(coins)
    )
    assert line(fair, "btc_realised")[1] == close(brought - 20 * (5 + 10 * mean) / 60)


def test_fees_are_written_off(make_plan: Any) -> None:
    """Proves: 0.6 kept back of 30 in April is written off over its six months, and lowers what stands as debt until
    then; the interest of the second quarter, 0.6, accrues before it is paid. Broken: 0.6 in April; debt of 30 in
    July."""
    plan = make_plan(WIDE | BOOKS | {"finance.debts": {}}, Decisions((SIGNED, decided("draw", "loan", "", 3, 30.0))))
    assert line(plan, "financing_costs") == [0, close(-0.3), close(-0.3), 0]
    assert line(plan, "interest_expense") == [0, close(-0.6), close(-0.3), 0]
    assert held(plan, "debt") == [0, 0, close(29.7), close(15), 0]
    assert held(plan, "accrued_interest") == [0, 0, close(0.6), close(0.3), 0]


def test_preferred_is_no_debt(make_plan: Any) -> None:
    """Proves: 100 at 8 % paid in cash cost holders of common shares 2 a quarter as it accrues and 10 when they are
    redeemed at 1.1; the fee of 2 is written off over six months. In kind what is owed grows to 102 and 104.04, and a
    tenth of that comes on top. Neither is interest. Broken: redemption of 110 as principal of debt; interest of 2."""
    changes = BOOKS | {"finance.debts": {}}
    issue = Decisions((decided("draw", "shares", "", 3, 100.0),))
    paid = make_plan(changes | {"finance.facilities": {"shares": PREFERRED}}, issue)
    assert line(paid, "preferred_dividends") == [0, close(-2), close(-2), close(-10)]
    assert line(paid, "interest_expense") == [0, 0, 0, 0]
    assert line(paid, "financing_costs") == [0, close(-1), close(-1), 0]
    assert held(paid, "preferred") == [0, 0, close(101), close(102), 0]
    assert held(paid, "debt") == [0, 0, 0, 0, 0]
    in_kind = make_plan(changes | {"finance.facilities": {"shares": PREFERRED | {"paid_in_kind": True}}}, issue)
    assert line(in_kind, "preferred_dividends") == [0, close(-2), close(-2.04), close(-10.404)]
    assert held(in_kind, "preferred") == [0, 0, close(101), close(104.04), 0]


def test_a_capped_call_is_paid_by_equity(make_plan: Any) -> None:
    """Proves: of 100 of notes 3 are kept back and 8 buy a capped call: 97 stand as debt at once and 3 are written off,
    the 8 lower equity and never income. Broken: 11 written off; equity that does not move."""
    notes = NOTES | {
        "kind": "convertible", "rate": 0, "fee": 0.03, "term": "24 months", "premium": 0.3, "straight_rate": 0.08,
        "volatility": 0.6, "capped_call": {"cost": 0.08, "cap_premium": 1.0},
    }  # fmt: skip
    changes = BOOKS | {"finance.debts": {}, "finance.facilities": {"notes": notes}}
    plan = make_plan(changes, Decisions((decided("draw", "notes", "", 3, 100.0),)))
    assert line(plan, "financing_costs") == [0, *[close(-0.375)] * 3]
    assert held(plan, "debt")[2:] == [close(97.375), close(97.75), close(98.125)]
    without = make_plan(changes, NOTHING)
    yields = line(plan, "interest_income")[1] - line(without, "interest_income")[1]
    moved = held(plan, "equity")[2] - held(without, "equity")[2]
    assert moved == close(-8 - 0.375 + yields)


def test_halls_and_prepayments(make_plan: Any) -> None:
    """Proves: a quarter of all rent of 44.4 received in April is owed until it is credited, over 24 months from July.
    Broken: income of 11.1 in April."""
    plan = make_plan(BOOKS, Decisions((SIGNED,)))
    assert held(plan, "prepayments") == [0, 0, close(11.1), close(11.1 * 21 / 24), close(11.1 * 18 / 24)]
    assert line(plan, "hosting_revenue") == [0, 0, close(1.5), close(4.5)]


LINE = {"kind": "credit_line", "window": WINDOW, "limit_usd_m": 50, "rate": 0.07, "fee": 0.01, "undrawn_fee": 0.005}
EVERYTHING = WIDE | {
    "finance.facilities": {
        "loan": WIDE["finance.facilities"]["loan"] | {"undrawn_fee": 0.01, "fixed_cost_usd_m": 0.2},
        "shares": WIDE["finance.facilities"]["shares"],
        "convert": NOTES | {
            "kind": "convertible", "rate": 0.02, "fee": 0.03, "term": "18 months", "premium": 0.3,
            "straight_rate": 0.08, "volatility": 0.6, "capped_call": {"cost": 0.08, "cap_premium": 1.0},
        },
        "preferred": PREFERRED | {"paid_in_kind": True},
        "site": {
            "kind": "project_loan", "for_offers": ["lease"], "limit_usd_m": 500, "rate": 0.12, "term": "12 months",
            "interest_every": "3 months", "loan_to_cost": 0.8, "amortisation": "even", "fee": 0.02,
            "reserve_months": 3,
        },
        "line": LINE,
        "sweep": {
            "kind": "sweep_loan", "window": WINDOW, "limit_usd_m": 40, "rate": 0.1, "fee": 0.02, "matures": "2026-06",
            "sweep": 0.5,
        },
    },
    "finance.tax": {"rate": 0.21, "interest_limit": 0.3, "depreciation": {"halls": {"years": 5, "bonus": 0.4}}},
    "finance.cash_tax_rate": 0,
    "sites.west.fleet.S20.book_usd_m": 6,
    "leases": {"tenant": COMMITTED["leases"]["tenant"] | {"site": "east", "book_usd_m": 12, "term": "15 months"}},
    "horizon.steps": ["8 quarters"],
    "market.network.btc_growth": 0.21,
}  # fmt: skip
ALL_TAKEN = Decisions(
    (
        *TAKEN.rows,
        decided("draw", "convert", "", 3, 60.0),
        decided("draw", "preferred", "", 6, 20.0),
        decided("draw", "site / lease", "west", 3, 90.0),
        decided("commit", "loan", "", 0, 40.0),
        decided("commit", "line", "", 0, 30.0),
        decided("draw", "line", "", 3, 10.0),
        decided("repay", "line", "", 9, 4.0),
        decided("draw", "sweep", "", 0, 25.0),
        decided("repay", "sweep", "", 9, 5.0),
    )
)


@pytest.mark.parametrize(
    ("changes", "decisions", "operations"),
    [
        pytest.param({}, DECIDED, {}, id="plain"),
        pytest.param(WIDE, TAKEN, {}, id="wide"),
        pytest.param(COMMITTED, DECIDED, {}, id="committed"),
        pytest.param(POWERED, POWER_DECIDED, OPERATED, id="powered"),
        pytest.param(EVERYTHING, ALL_TAKEN, {}, id="every instrument"),
    ],
)
def test_it_balances(make_plan: Any, changes: Any, decisions: Decisions, operations: Any) -> None:
    """Proves: whatever is decided, assets are liabilities and equity to the cent at the end of every period; cash is
    that of cash.csv; and the columns of what a coin costs lead to net income. Broken: any flow that is in cash and
    in no statement, or in one twice, by its amount."""
    plan = make_plan(BOOKS | changes, decisions, operations=operations)
    rows = plan.rows("balance.csv")
    for row in rows:
        assert row["total_assets_usd_m"] == pytest.approx(row["total_liabilities_usd_m"], abs=1e-9, rel=0)
    assert [row["cash_usd_m"] for row in rows[1:]] == [row["closing_usd_m"] for row in plan.rows("cash.csv")]
    income = plan.rows("income.csv")
    for row, of_period in zip(plan.rows("cost_per_btc.csv"), income, strict=True):
        total = row["revenue_usd"] - row["with_depreciation_usd"] + row["hosting_usd"] + row["other_usd"]
        assert total == pytest.approx(of_period["net_income_usd_m"] * 1e6 / row["btc"], rel=1e-9)
    if "finance.tax" in changes:
        years = {row["year"]: row["ebitda_usd_m"] for row in plan.rows("tax.csv")}
        assert sum(years.values()) == close(sum(row["ebitda_usd_m"] for row in income))


def test_what_a_coin_costs(make_plan: Any) -> None:
    """Proves: a coin brings 100,000; power is what mining.csv says, then variable cost, the site, overheads, pay in
    shares and property are added. Without coins nothing is said. Broken: hosting's power in it; 0 where no coin is
    mined."""
    plan = make_plan(BOOKS, NOTHING)
    row, mining = plan.rows("cost_per_btc.csv")[0], plan.rows("mining.csv")[0]
    btc = mining["btc"]
    assert (row["btc"], row["revenue_usd"]) == (close(btc), close(100_000))
    assert row["power_usd"] == close(mining["power_usd_per_btc"])
    assert row["cash_usd"] == close((mining["power_cost_usd_m"] + mining["variable_cost_usd_m"] + 0.3) * 1e6 / btc)
    assert row["with_sga_usd"] - row["cash_usd"] == close(0.9e6 / btc)
    assert row["with_depreciation_usd"] - row["with_sga_usd"] == close(1.8e6 / btc)
    assert (row["hosting_usd"], row["other_usd"]) == (0, close(2.4e6 / btc))
    dark = make_plan(BOOKS | {"sites.west.uptime": 1e-12}, NOTHING).rows("cost_per_btc.csv")[0]
    assert dark["btc"] < 1e-9
    assert {dark[column] for column in dark if column.endswith("_usd")} == {None}


def test_without_books_or_tax(make_plan: Any) -> None:
    """Proves: a case without them has the tables with their headers only. Broken: a balance sheet of zeros."""
    plan = make_plan({}, NOTHING)
    for file in ("income.csv", "balance.csv", "cost_per_btc.csv", "tax.csv", "returns.csv"):
        assert plan.rows(file) == []


def test_a_cent_is_seen(make_plan: Any) -> None:
    """Proves: total assets that are two cents higher than they are, which no comparison of cells can see, are a fault;
    so is cash of the balance sheet that is not the closing of cash.csv. Broken: a report without findings."""
    plan = make_plan(BOOKS, NOTHING)
    assert audit_folder(plan.folder).findings == ()
    sound = plan.get("balance.csv")
    for column in ("total_assets_usd_m", "cash_usd_m"):
        rows = [list(row) for row in sound]
        at = rows[0].index(column)
        rows[2][at] = f"{float(rows[2][at]) + 2e-8:.8f}"
        plan.put("balance.csv", rows)
        found = audit_folder(plan.folder).findings
        assert [(each.file, each.row, each.column) for each in found] == [("balance.csv", 3, column)]


TAX = {"finance.cash_tax_rate": 0, "finance.tax": {"rate": 0.21, "depreciation": {"machines": {"years": 5}}}}


@pytest.mark.parametrize("file", STATEMENT_COLUMNS)
def test_every_changed_cell_is_found(make_plan: Any, file: str) -> None:
    """Proves: one other cell, in any column of these tables, fails the audit and is named with file, line and
    column; so does a row that is gone. Broken: a table that is only read."""
    plan = make_plan(WIDE | BOOKS | TAX, TAKEN)
    rows = plan.get(file)
    assert len(rows) > 1
    for place, column in enumerate(rows[0]):
        line = 1 + place % (len(rows) - 1)
        old = rows[line][place]
        try:
            rows[line][place] = str(float(old) * 1.001 + 0.25)
        except ValueError:
            rows[line][place] = old + "x"
        plan.put(file, rows)
        found = [(each.file, each.row, each.column) for each in audit_folder(plan.folder).findings]
        assert (file, line + 1, column) in found
        rows[line][place] = old
    plan.put(file, rows[:-1])
    assert any(each.file == file and "is missing" in each.message for each in audit_folder(plan.folder).findings)
