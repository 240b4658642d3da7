"""The income statement as formulas over cash, debt and the detail sheets (docs/figures_capital.md, section 17)."""

from __future__ import annotations

from collections.abc import Callable

from optimizer.report.workbook.facts import Facts
from optimizer.report.workbook.grid import Grid, Line, Style
from optimizer.report.workbook.periods import Period
from optimizer.report.workbook.term import Term, summed

SHEET = "Income statement"

EBITDA = (
    ("mining_revenue", "Mining revenue"), ("hosting_revenue", "Hosting revenue"),
    ("power_recovered", "Power and delivery recovered"), ("contracts", "Power contracts"),
    ("flexibility", "Reserves and demand response"), ("power", "Power"), ("mining_variable", "Other cost of mining"),
    ("delivery", "Delivery charges"), ("hosting_operating", "Hosting operating cost"), ("site_cost", "Site cost"),
    ("sga", "SG&A"),
)  # fmt: skip
BELOW = (
    ("stock_pay", "Stock pay"), ("moves", "Machines moved"), ("depreciation_machines", "Depreciation of machines"),
    ("depreciation_halls", "Depreciation of halls"), ("depreciation_property", "Depreciation of property"),
    ("impairment", "Impairment"), ("gain_on_machines", "Gain on machines"), ("gain_on_halls", "Gain on halls"),
    ("btc_realised", "Bitcoin, realised"), ("btc_unrealised", "Bitcoin, unrealised"),
)  # fmt: skip
LINES: tuple[tuple[str, str, Style], ...] = (
    *((key, label, "line") for key, label in EBITDA),
    ("ebitda", "EBITDA", "total"),
    *((key, label, "line") for key, label in BELOW),
    ("operating_income", "Operating income", "total"),
    ("interest_income", "Interest income", "line"),
    ("interest_expense", "Interest expense", "line"),
    ("financing_costs", "Financing costs", "line"),
    ("pretax", "Income before tax", "total"),
    ("tax", "Tax", "line"),
    ("net_income", "Net income", "total"),
    ("preferred_dividends", "Preferred dividends", "line"),
    ("to_common", "To common shares", "total"),
    ("adjusted_ebitda", "Adjusted EBITDA", "total"),
)
"""Columns of income.csv without their unit."""

_FROM_CASH = {
    "hosting_revenue": ("hosting_rent",), "power_recovered": ("power_recovered", "delivery_recovered"),
    "contracts": ("contracts",), "flexibility": ("flexibility",), "delivery": ("delivery", "hosting_delivery"),
    "hosting_operating": ("hosting_operating_cost",), "site_cost": ("site_cost", "builds_operating"), "sga": ("sga",),
    "moves": ("machines_moved",), "interest_income": ("yield",), "tax": ("tax",),
}  # fmt: skip

Rule = Callable[[Grid, Period], Term]


def income_statement(facts: Facts, cash: Grid, debt: Grid | None) -> Grid | None:
    """From revenue to what is left for common shares; None for a plan without books."""
    if not facts.tables["income"]:
        return None
    rules = _rules(facts, cash, debt)
    lines = [Line(key, label, how=rules[key][0] if key in rules else "value of income.csv", style=style)
             for key, label, style in LINES]  # fmt: skip
    grid = Grid(SHEET, "Income by period; costs are negative.", facts.periods, lines, "plan")
    for key, _, _ in LINES:
        for period in facts.periods:
            made = rules[key][1](grid, period) if key in rules else facts.given("income", f"{key}_usd_m", period.number)
            grid.put(key, period.number, made)
        grid.total(key)
    return grid


def _rules(facts: Facts, cash: Grid, debt: Grid | None) -> dict[str, tuple[str, Rule]]:
    mining = facts.tables["mining"]

    def paid_for_power(grid: Grid, period: Period) -> Term:
        return cash.over("hosting_power", period.number) - mining.in_period("power_cost_usd_m", period)

    def from_cash(keys: tuple[str, ...]) -> tuple[str, Rule]:
        return "cash statement", lambda grid, period: summed(cash.over(key, period.number) for key in keys)

    def added(first: str, last: str, *more: str) -> tuple[str, Rule]:
        def of(grid: Grid, period: Period) -> Term:
            return summed([grid.down(first, last, period.number), *(grid.at(key, period.number) for key in more)])

        return "sum of lines", of

    rules: dict[str, tuple[str, Rule]] = {key: from_cash(keys) for key, keys in _FROM_CASH.items()}
    rules |= {
        "mining_revenue": ("mining: revenue", lambda grid, period: mining.in_period("revenue_usd_m", period)),
        "mining_variable": (
            "mining: variable cost",
            lambda grid, period: -mining.in_period("variable_cost_usd_m", period),
        ),
        "power": ("mining: power cost; cash statement", paid_for_power),
        "ebitda": added("mining_revenue", "sga"),
        "operating_income": added("ebitda", "btc_unrealised"),
        "pretax": added("operating_income", "financing_costs"),
        "net_income": added("pretax", "tax"),
        "to_common": added("net_income", "preferred_dividends"),
        "adjusted_ebitda": ("sum of lines", lambda grid, period: summed(
            grid.at(key, period.number) for key in ("ebitda", "btc_realised", "btc_unrealised"))),
        "interest_expense": ("debt: paid and accrued", lambda grid, period: _interest(facts, debt, period)),
    }  # fmt: skip
    if not facts.has_drawn("capped_call"):
        rules["financing_costs"] = (
            "fees paid, and change of those not written off",
            lambda grid, period: _fees(cash, debt, period),
        )
    return rules


def _interest(facts: Facts, debt: Grid | None, period: Period) -> Term:
    """What is paid, and what has accrued more than before."""
    if debt is None or not debt.has("debts.interest"):
        return summed(())
    n = period.number
    before = facts.opening_balance("accrued_interest_usd_m") if n == 0 else debt.over("debts.accrued_interest", n - 1)
    return -(debt.over("debts.interest", n) + debt.over("debts.accrued_interest", n) - before)


def _fees(cash: Grid, debt: Grid | None, period: Period) -> Term:
    n = period.number
    cost = cash.over("fees", n)
    for group in ("debts", "shares"):
        key = f"{group}.unamortised_fees"
        if debt is not None and debt.has(key):
            cost = cost + debt.over(key, n)
            if n:
                cost = cost - debt.over(key, n - 1)
    return cost
