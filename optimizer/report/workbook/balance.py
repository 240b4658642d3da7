"""The balance sheet as formulas: each item from the one before and the flows between (docs/figures_capital.md, 17)."""

from __future__ import annotations

from collections.abc import Callable

from optimizer.report.workbook.facts import Facts
from optimizer.report.workbook.grid import START, Grid, Line, Style
from optimizer.report.workbook.term import TO_THE_DOLLAR, Term, number, rounded, summed

SHEET = "Balance sheet"

LINES: tuple[tuple[str, str, Style], ...] = (
    ("cash", "Cash", "line"),
    ("trapped", "Trapped cash", "line"),
    ("bitcoin", "Bitcoin at fair value", "line"),
    ("collateral", "Credit support of contracts", "line"),
    ("machines", "Machines", "line"),
    ("halls", "Halls", "line"),
    ("property", "Property", "line"),
    ("land", "Land", "line"),
    ("investments", "Investments", "line"),
    ("other_assets", "Other assets", "line"),
    ("total_assets", "Assets", "total"),
    ("debt", "Debt, less fees not written off", "line"),
    ("accrued_interest", "Accrued interest", "line"),
    ("prepayments", "Prepayments of tenants", "line"),
    ("preferred", "Preferred shares", "line"),
    ("other_liabilities", "Other liabilities", "line"),
    ("equity", "Equity", "line"),
    ("total_liabilities", "Liabilities and equity", "total"),
)
"""Columns of balance.csv without their unit."""
_CONSTANT = ("land", "investments", "other_assets", "other_liabilities")

Rule = Callable[[Grid, int], Term]


def balance_sheet(facts: Facts, cash: Grid, debt: Grid | None, income: Grid | None) -> Grid | None:
    """The start, then the end of each period; None for a plan without books."""
    if income is None or not facts.tables["balance"]:
        return None
    rules = _rules(facts, cash, debt, income)
    lines = [Line(key, label, how=rules[key][0] if key in rules else "value of balance.csv", style=style)
             for key, label, style in LINES]  # fmt: skip
    lines.append(Line("check", "Assets less liabilities and equity", how="check: 0", style="memo"))
    grid = Grid(SHEET, "What the company has and owes at the end of each period.", facts.periods, lines, "opening")
    for key, _, _ in LINES:
        for n in range(START, len(facts.periods)):
            if key.startswith("total"):
                first = "cash" if key == "total_assets" else "debt"
                last = "other_assets" if key == "total_assets" else "equity"
                grid.put(key, n, grid.down(first, last, n))
            elif n == START:
                grid.put(key, n, facts.opening_balance(f"{key}_usd_m"))
            else:
                stated = number(facts.stated("balance", f"{key}_usd_m")[n + 1])
                grid.put(key, n, rules[key][1](grid, n) if key in rules else stated)
    for n in range(START, len(facts.periods)):
        apart = grid.at("total_assets", n) - grid.at("total_liabilities", n)
        grid.put("check", n, rounded(apart, TO_THE_DOLLAR))
    return grid


def _rules(facts: Facts, cash: Grid, debt: Grid | None, income: Grid) -> dict[str, tuple[str, Rule]]:
    def rolled(key: str, how: str, adds: tuple[str, ...] = (), takes: tuple[str, ...] = ()) -> tuple[str, Rule]:
        """What was there before, with lines of income added and lines of cash taken off (cash out is negative)."""

        def of(grid: Grid, n: int) -> Term:
            found = grid.at(key, n - 1) + summed(income.over(line, n) for line in adds)
            for line in takes:
                found = found - cash.over(line, n)
            return found

        return how, of

    written_off = ("depreciation_machines", "impairment", "gain_on_machines")
    bought = ("machines_bought", "machines_sold", "arriving_due")
    rules: dict[str, tuple[str, Rule]] = {
        "cash": ("cash statement: closing", lambda grid, n: cash.over("closing", n)),
        "trapped": rolled("trapped", "before, and cash trapped", takes=("trapped",)),
        "bitcoin": ("treasury: coins at the price then", lambda grid, n: _coins(facts, n)),
        "collateral": rolled("collateral", "before, and paid", takes=("collateral",)),
        "machines": rolled("machines", "before, bought, sold, written off", written_off, bought),
        "property": rolled("property", "before, built, written off", ("depreciation_property",), ("builds",)),
        "debt": ("debt roll-forward", lambda grid, n: _owed(debt, n, "debts", "closing", "-unamortised_fees")),
        "accrued_interest": ("debt roll-forward", lambda grid, n: _owed(debt, n, "debts", "accrued_interest")),
        "preferred": ("debt roll-forward", lambda grid, n: _owed(
            debt, n, "shares", "closing", "accrued_interest", "-unamortised_fees")),
        **{key: ("sum of lines", lambda grid, n: summed(())) for key in ("total_assets", "total_liabilities")},
        **{key: rolled(key, "constant") for key in _CONSTANT},
    }  # fmt: skip
    # What a tenant lent and is never paid back ends in the gain on halls; no table has it alone.
    if not facts.has_tenant_capex:
        spent = ("capex", "signing_cost", "residual")
        rules["halls"] = (
            "before, capex, interest capitalised, written off",
            lambda grid, n: (
                rolled("halls", "", ("depreciation_halls", "gain_on_halls"), spent)[1](grid, n)
                + _owed(debt, n, "debts", "capitalised")
            ),
        )
        rules["prepayments"] = (
            "before, received, credited",
            lambda grid, n: grid.at("prepayments", n - 1) + cash.over("prepayment", n) + cash.over("hosting_credit", n),
        )
    if not facts.has_drawn("capped_call"):
        rules["equity"] = (
            "before, to common, stock pay, issued",
            lambda grid, n: grid.at("equity", n - 1) + income.over("to_common", n) - income.over("stock_pay", n)
            + cash.over("equity", n),
        )  # fmt: skip
    return rules


def _coins(facts: Facts, n: int) -> Term:
    """Coins at the price of the next period's first month; of the last period the value: no sheet has that price."""
    price = facts.btc_usd_at_end(facts.periods[n])
    if price is None:
        return number(facts.stated("balance", "bitcoin_usd_m")[n + 1])
    return facts.tables["treasury"].in_period("closing_btc", facts.periods[n]) * price * number(1e-6)


def _owed(debt: Grid | None, n: int, group: str, *parts: str) -> Term:
    found = summed(())
    for part in parts:
        key = f"{group}.{part.removeprefix('-')}"
        if debt is not None and debt.has(key):
            found = found - debt.over(key, n) if part.startswith("-") else found + debt.over(key, n)
    return found
