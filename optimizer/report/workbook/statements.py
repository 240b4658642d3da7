"""All statements of a plan, made in the order in which they depend on each other."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.report.workbook.balance import LINES as BALANCE
from optimizer.report.workbook.balance import balance_sheet
from optimizer.report.workbook.cash import FLOWS, cash_statement
from optimizer.report.workbook.coin import coin_statement
from optimizer.report.workbook.debt import debt_statement
from optimizer.report.workbook.facts import Facts
from optimizer.report.workbook.grid import Grid
from optimizer.report.workbook.income import LINES as INCOME
from optimizer.report.workbook.income import income_statement
from optimizer.report.workbook.limits import limits_statement
from optimizer.report.workbook.megawatts import megawatts_statement
from optimizer.report.workbook.value import Listing, bridge_listing, value_listing
from optimizer.report.workbook.whole import check_whole


@dataclass(frozen=True)
class Statements:
    """Statements by period, and the value; None where the plan has nothing for one."""

    cash: Grid
    income: Grid | None
    balance: Grid | None
    debt: Grid | None
    limits: Grid | None
    coin: Grid | None
    megawatts: Grid | None
    value: Listing
    bridge: Listing | None

    @property
    def grids(self) -> list[Grid]:
        """Statements and covenants by period, in the order of their sheets."""
        every = (self.cash, self.income, self.balance, self.debt, self.limits)
        return [grid for grid in every if grid is not None]

    @property
    def beside(self) -> list[Grid]:
        """What stands beside the statements, by period."""
        return [grid for grid in (self.megawatts, self.coin) if grid is not None]

    @property
    def listings(self) -> list[Listing]:
        """The others, in the order of their sheets."""
        return [listing for listing in (self.value, self.bridge) if listing is not None]


def make_statements(facts: Facts) -> Statements:
    """All of them. CallError if the folder's tables are not whole."""
    columns = {
        "cash": ("opening", *(key for key, _ in FLOWS), "closing", "minimum", "headroom"),
        "income": tuple(key for key, _, _ in INCOME),
        "balance": tuple(key for key, _, _ in BALANCE),
    }
    check_whole(facts.plan.folder, facts.tables, facts.periods, columns)
    debt = debt_statement(facts)
    cash = cash_statement(facts, debt)
    income = income_statement(facts, cash, debt)
    value = value_listing(facts)
    return Statements(
        cash=cash,
        income=income,
        balance=balance_sheet(facts, cash, debt, income),
        debt=debt,
        limits=limits_statement(facts, cash, debt),
        coin=coin_statement(facts, cash, income),
        megawatts=megawatts_statement(facts),
        value=value,
        bridge=bridge_listing(facts, value),
    )
