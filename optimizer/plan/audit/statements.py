"""What ties the statements of a plan together, from its own cells: to the cent, whatever the figures are."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.plan.audit.files import Line, Table
from optimizer.plan.audit.result import Collector, shown

A_CENT = 1.5e-8
"""USD m. Written with 8 decimals, two figures that are one may differ by the last of them."""

BALANCE = "balance.csv"


def check_statements(tables: Mapping[str, Table], collector: Collector) -> None:
    """The balance sheet balances; its cash, and the tax of the income statement, are those of cash.csv."""
    balance = tables.get(BALANCE)
    if balance is None:
        return
    for line in balance.lines:
        _same(BALANCE, line, "total_assets_usd_m", line.value("total_liabilities_usd_m"), "liabilities are", collector)
    cash = {line.cells.get("period"): line for line in (tables["cash.csv"].lines if "cash.csv" in tables else ())}
    for line in balance.lines:
        if (of_period := cash.get(line.cells.get("period"))) is not None:
            closing = of_period.value("closing_usd_m")
            _same(BALANCE, line, "cash_usd_m", closing, "cash.csv closes with", collector)
    for line in tables["income.csv"].lines if "income.csv" in tables else ():
        if (of_period := cash.get(line.cells.get("period"))) is not None:
            _same("income.csv", line, "tax_usd_m", of_period.value("tax_usd_m"), "cash.csv has", collector)


def _same(file: str, line: Line, column: str, other: float | None, said: str, collector: Collector) -> None:
    stated = line.value(column)
    if stated is None or other is None:
        return
    collector.checks += 1
    if not abs(stated - other) <= A_CENT:
        collector.fault(file, line.number, column, f"says {shown(stated)}, {said} {shown(other)}")
