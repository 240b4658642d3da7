"""What a plan decides about money can be given back, by the names of decisions.csv; what cannot be decided is said."""

# Messages stand on one line, as they are said.
# ruff: noqa: E501

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer.case.load import LoadedCase, load_case
from optimizer.case.references_given_money import project_names
from optimizer.errors import CaseError

Load = Callable[..., LoadedCase]
HEADER = "date,decision,item,site,amount,unit,meter_mw,capex_usd_m\n"
ROWS = [
    "2025-10-01,sign,lease,odessa,3,halls,104.4,684",
    "2025-10-01,commit,revolver,,40,usd_m,0,0",
    "2025-10-01,commit,coins,,60,usd_m,0,0",
    "2026-01-01,commit,bank,,100,usd_m,0,0",
    "2025-10-01,draw,notes,,299.99999999,usd_m,0,0",
    "2025-10-01,draw,guessed,,30,usd_m,0,0",
    "2025-10-01,draw,preferred,,40,usd_m,0,0",
    "2025-10-01,draw,sweeper,,50,usd_m,0,0",
    "2026-07-01,draw,bank,,10,usd_m,0,0",
    "2025-10-01,draw,site_loan / lease,odessa,100,usd_m,0,0",
    "2025-10-01,draw,site_loan + backstop / lease,odessa,100,usd_m,0,0",
    "2025-10-01,draw,site_loan > bond / lease,odessa,200,usd_m,0,0",
    "2025-10-01,draw,site_loan + backstop > bond / lease,odessa,300,usd_m,0,0",
    "2025-10-01,draw,bond / lease,odessa,500,usd_m,0,0",
    "2028-01-01,draw,revolver,,40,usd_m,0,0",
    "2028-10-01,repay,revolver,,10,usd_m,0,0",
    # What is owed at the end of the window (June 2029) is repaid in the first period after it.
    "2029-07-01,repay,revolver,,30,usd_m,0,0",
    "2026-10-01,repay,sweeper,,12.5,usd_m,0,0",
    "2029-01-01,repay,sweeper,,37.5,usd_m,0,0",
    "2025-10-01,draw,coins,,20,usd_m,0,0",
    "2025-10-01,issue,atm,,50,usd_m,0,0",
    "2025-10-01,fund,nordic,,5,usd_m,0,0",
    # In a year that is one step a company pays by quarter.
    "2028-01-01,upstream,nordic,,2.5,usd_m,0,0",
]


def given(text: str, money_text: str, tmp_path: Path) -> LoadedCase:
    case, rows = tmp_path / "case.yaml", tmp_path / "decisions.csv"
    case.write_text(money_text, "utf-8")
    rows.write_text(HEADER + text, "utf-8")
    return load_case(case, given_csv=rows)


def test_every_decision_about_money_can_be_given_back(money_text: str, tmp_path: Path) -> None:
    """Proves: rows of all facilities as decisions.csv has them load, amounts to the last digit. Broken: an error that a
    decision or a name is not known, or a repayment after the window refused."""
    loaded = given("\n".join(ROWS) + "\n", money_text, tmp_path)
    laid = loaded.case.given
    draws = {name: sum(amounts.values()) for name, amounts in laid.draw.items() if not isinstance(amounts, str)}
    assert draws["notes"] == 299.99999999
    assert draws["site_loan + backstop > bond / lease"] == 300
    assert len(draws) == 12
    repaid = laid.repay["revolver"]
    assert not isinstance(repaid, str)
    assert {str(date): amount for date, amount in repaid.items()} == {"2028-10-01": 10, "2029-07-01": 30}
    assert set(laid.commit) == {"revolver", "coins", "bank"}
    assert set(laid.issue) == {"atm"}
    paid_in, paid_up = laid.fund["nordic"], laid.upstream["nordic"]
    assert not isinstance(paid_in, str)
    assert not isinstance(paid_up, str)
    assert [{str(date): amount for date, amount in paid.items()} for paid in (paid_in, paid_up)] == [
        {"2025-10-01": 5},
        {"2028-01-01": 2.5},
    ]


def test_names_of_project_finance(load_money: Load) -> None:
    """Proves: five names for one loan with a backstop and one bond, each with the most that it can be. Broken: a name that
    the plan writes is unknown; 700 in place of 400 under the backstop."""
    assert project_names(load_money().case) == {
        "site_loan / lease": ("lease", 700),
        "site_loan > bond / lease": ("lease", 700),
        "site_loan + backstop / lease": ("lease", 400),
        "site_loan + backstop > bond / lease": ("lease", 400),
        "bond / lease": ("lease", 700),
    }


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2025-10-01,draw,site_lone / lease,odessa,100", "given.draw.site_lone / lease: there is no facility to draw 'site_lone / lease'; did you mean 'site_loan / lease'?"),
        ("2025-10-01,draw,site_loan,,100", "given.draw.site_loan: there is no facility to draw 'site_loan'; did you mean 'site_loan / lease'?"),
        ("2025-10-01,draw,atm,,100", "given.draw.atm: there is no facility to draw 'atm'; there are "),
        ("2025-10-01,issue,notes,,100", "given.issue.notes: there is no equity facility 'notes'; there is only 'atm'"),
        ("2025-10-01,repay,bank,,10", "given.repay.bank: there is no line to repay 'bank'; there are revolver, coins, sweeper"),
        ("2025-10-01,commit,notes,,10", "given.commit.notes: there is no line or loan with an undrawn fee 'notes'; there are bank, revolver, coins"),
        ("2025-10-01,commit,revolver,,51", "given.commit.revolver: makes 51 USD m in all, but there are 50"),
        ("2026-01-01,commit,revolver,,50", "given.commit.revolver.2026-01-01: 2026-01-01 is not when it is committed: at the first step of its window, 2025-10"),
        ("2025-10-01,draw,site_loan + backstop / lease,odessa,401", "given.draw.site_loan + backstop / lease: makes 401 USD m in all, but there are 400"),
        ("2027-01-01,draw,site_loan / lease,odessa,100", "given.draw.site_loan / lease.2027-01-01: 2027-01-01 falls on the nearest step, 2027-01, but the window is 2025-10 to 2026-10"),
        ("2029-07-01,draw,revolver,,10", "given.draw.revolver.2029-07-01: 2029-07-01 falls on the nearest period, 2029-07, but the window is 2025-10 to 2029-06"),
        ("2025-07-01,repay,revolver,,10", "given.repay.revolver.2025-07-01: 2025-07-01 falls on the nearest period, 2025-07, but the window is 2025-10 to 2029-06"),
        ("2031-07-01,repay,sweeper,,10", "given.repay.sweeper.2031-07-01: 2031-07-01 is outside the plan, which goes from 2025-07 to 2031-06"),
        ("2026-07-01,draw,bank,,9", "given.draw.bank.2026-07-01: a draw is nothing or at least 10 (got 9)"),
        ("2025-10-01,fund,nordik,,10", "given.fund.nordik: there is no company 'nordik'; did you mean 'nordic'?"),
        ("2025-10-01,upstream,bank,,10", "given.upstream.bank: there is no company 'bank'; there is only 'nordic'"),
        ("2031-07-01,upstream,nordic,,10", "given.upstream.nordic.2031-07-01: 2031-07-01 is outside the plan, which goes from 2025-07 to 2031-06"),
        ("2025-07-01,fund,,,9", "no item: name the company"),
        ("2026-07-01,repaid,bank,,9", "decision 'repaid' is not known; did you mean 'repay'?"),
        ("2026-07-01,repay,,,9", "no item: name the line"),
    ],
)  # fmt: skip
def test_faults_of_given_money(row: str, message: str, money_text: str, tmp_path: Path) -> None:
    """Proves: what no plan could decide is said at its line. Broken: no error, and a plan that lacks it in silence."""
    with pytest.raises(CaseError) as caught:
        given(f"{row},usd_m,0,0\n", money_text, tmp_path)
    (problem,) = caught.value.problems
    assert problem.line == 2
    text = f"{problem.path}: {problem.message}" if problem.path else problem.message
    assert text.startswith(message)


def test_lines_move_by_period(load_money: Load) -> None:
    """Proves: in a year that is one step (from July 2027) a line may be drawn in January 2028, and the date nearest to it is
    a quarter's. Broken: 'falls on the nearest step'."""
    load_money(("finance:\n", "given: {draw: {revolver: {2027-12: 5}}, repay: {revolver: {2028-04: 5}}}\nfinance:\n"))


def test_forbidden_is_for_all_of_them(load_money: Load) -> None:
    """Proves: each kind may be forbidden by name. Broken: an error of the schema."""
    laid = "{draw: {bank: forbidden, bond / lease: forbidden}, repay: {coins: forbidden}, commit: {coins: forbidden}, upstream: {nordic: forbidden}}"
    assert load_money(("finance:\n", f"given: {laid}\nfinance:\n")).case.given.draw["bond / lease"] == "forbidden"


def test_money_goes_one_way_at_a_time(load_money: Load, expect_money_errors: Callable[..., None]) -> None:
    """Proves: what is paid in and up in one quarter (February and the first of January are the same) is refused, in two
    it is taken. Broken: a plan that shows 3 paid in where 5 in and 2 up were given."""
    laid = "given: {fund: {nordic: {2026-01: 5}}, upstream: {nordic: {«2026-02: 2}}}"
    expect_money_errors(
        [("finance:\n", f"{laid}\nfinance:\n")],
        "given.upstream.nordic.2026-02: 'nordic' is also paid money in this period (given.fund); give the difference alone",
    )
    load_money(("finance:\n", laid.replace("«2026-02", "2026-04") + "\nfinance:\n"))
