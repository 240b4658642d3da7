"""Rows of the tables about tax, books and returns. Section 19 of docs/figures_capital.md."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

from optimizer.plan.audit.recompute.books import BALANCE, INCOME, statements_of
from optimizer.plan.audit.recompute.books_coin import COST_PER_BTC, cost_per_btc
from optimizer.plan.audit.recompute.cash import CashPath
from optimizer.plan.audit.recompute.decision_rows import Row
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.returns import returns_of
from optimizer.plan.audit.recompute.sources_uses import sources_uses_of
from optimizer.plan.audit.recompute.timeline import Array

STATEMENT_COLUMNS: dict[str, tuple[str, ...]] = {
    "tax.csv": (
        "scenario", "year", "country", "ebitda_usd_m", "depreciation_usd_m", "other_income_usd_m", "interest_usd_m",
        "interest_idle_usd_m", "interest_deducted_usd_m", "interest_carried_usd_m", "costs_usd_m", "loss_used_usd_m",
        "losses_left_usd_m", "taxable_usd_m", "tax_usd_m",
    ),
    "income.csv": ("scenario", "period", *(f"{name}_usd_m" for name in INCOME)),
    "balance.csv": ("scenario", "period", *(f"{name}_usd_m" for name in BALANCE)),
    "cost_per_btc.csv": ("scenario", "period", "btc", *(f"{name}_usd" for name in COST_PER_BTC)),
    "returns.csv": (
        "item", "kind", "invested_usd_m", "returned_usd_m", "irr", "moic", "yield_on_cost", "payback_months",
    ),
    "sources_uses.csv": ("project", "side", "item", "usd_m"),
}  # fmt: skip

STATEMENT_KEYS: dict[str, tuple[str, ...]] = {
    "tax.csv": ("scenario", "year", "country"),
    "income.csv": ("scenario", "period"),
    "balance.csv": ("scenario", "period"),
    "cost_per_btc.csv": ("scenario", "period"),
    "returns.csv": ("item", "kind"),
    "sources_uses.csv": ("project", "side", "item"),
}
"""A row is known by these cells."""

OPENING = "opening"


def statement_rows(figures: Figures, cash: CashPath, scenario: str) -> dict[str, list[Row]]:
    """Rows of all these tables by file; none where the case has no tax or no books."""
    rows = {file: list[Row]() for file in STATEMENT_COLUMNS}
    rows["tax.csv"] = [(scenario, *row) for row in _tax(cash)]
    books = figures.case.finance.books
    if books is not None:
        names = [period.name for period in figures.timeline.periods]
        statements = statements_of(figures, books, cash)
        income = [statements.income[name] for name in INCOME]
        rows["income.csv"] = _by_period(scenario, names, income)
        rows["balance.csv"] = _by_period(scenario, [OPENING, *names], [statements.balance[name] for name in BALANCE])
        btc, usd = cost_per_btc(figures, statements.income)
        rows["cost_per_btc.csv"] = _by_period(scenario, names, [btc, *(usd[name] for name in COST_PER_BTC)])
    rows["returns.csv"] = [
        (
            each.item, each.kind, each.invested, each.returned, each.irr, each.moic, each.yield_on_cost,
            each.payback_months,
        )
        for each in returns_of(figures)
    ]  # fmt: skip
    rows["sources_uses.csv"] = list(sources_uses_of(figures, cash))
    return rows


def _tax(cash: CashPath) -> Iterator[Row]:
    for each in cash.tax_years:
        yield (
            str(each.year), each.country, each.ebitda, each.depreciation, each.other_income, each.interest,
            each.interest_idle, each.interest_deducted, each.interest_carried, each.costs, each.loss_used,
            each.losses_left, each.taxable, each.tax,
        )  # fmt: skip


def _by_period(scenario: str, names: list[str], columns: list[Array]) -> list[Row]:
    return [
        (scenario, name, *(None if isnan(column[place]) else float(column[place]) for column in columns))
        for place, name in enumerate(names)
    ]
