"""Whether a folder's tables are whole: the columns that statements ask for, and a row for each period."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from optimizer.errors import CallError
from optimizer.report.workbook.periods import Period
from optimizer.report.workbook.tables import Table

MONEY = "_usd_m"
NEEDED: dict[str, tuple[str, ...]] = {
    "decisions": ("date", "decision", "item", "site", "amount", "unit", "meter_mw", "capex_usd_m"),
    "allocation": ("period", "site", "use", "item", "meter_mw"),
    "mining": ("period", "btc", "revenue_usd_m", "power_cost_usd_m", "variable_cost_usd_m", "margin_usd_m"),
    "hosting": (
        "period", "rent_usd_m", "operating_cost_usd_m", "power_cost_usd_m", "power_recovered_usd_m",
        "delivery_cost_usd_m", "delivery_recovered_usd_m", "noi_usd_m", "credit_usd_m", "prepayment_usd_m",
        "signing_cost_usd_m", "capex_usd_m", "residual_usd_m",
    ),
    "power": ("period", "use", "cost_usd_m"),
    "contracts": ("period", "result_usd_m"),
    "flexibility": ("period", "income_usd_m"),
    "delivery": ("period", "use", "paid_usd_m"),
    "treasury": ("period", "opening_btc", "mined_btc", "sold_btc", "closing_btc", "btc_usd"),
    "debt": (
        "period", "debt", "opening_usd_m", "drawn_usd_m", "capitalised_usd_m", "interest_usd_m", "principal_usd_m",
        "closing_usd_m", "accrued_interest_usd_m", "unamortised_fees_usd_m", "due_12_months_usd_m",
    ),
    "projects": ("period", "reserve_usd_m", "set_aside_usd_m", "locked_usd_m"),
    "companies": (
        "period", "opening_usd_m", "flows_usd_m", "fund_usd_m", "upstream_usd_m", "withheld_usd_m", "closing_usd_m",
    ),
    "limits": ("period", "limit", "item", "used", "allowed", "headroom", "unit"),
    "tax": ("year", "tax_usd_m"),
    "sources_uses": ("project", "side", "item", "usd_m"),
    "value": ("component", "within_horizon_usd_m", "beyond_horizon_usd_m", "total_usd_m", "at_wacc_usd_m"),
    "bridge": ("cause", "component", "status_quo_usd_m", "plan_usd_m"),
}  # fmt: skip
"""Columns that statements and checks ask for, by table."""
ALWAYS = ("cash", "value")
"""Tables that no plan is without."""


def check_whole(
    folder: Path, tables: Mapping[str, Table], periods: Sequence[Period], lines: Mapping[str, Sequence[str]]
) -> None:
    """CallError naming the first file that lacks a column or a row. ``lines``: columns of the statements, no unit."""
    needed = NEEDED | {name: tuple(f"{line}{MONEY}" for line in keys) for name, keys in lines.items()}
    for name, table in tables.items():
        if not table and name not in ALWAYS:
            continue
        missing = [column for column in needed.get(name, ()) if column not in table.columns]
        if missing:
            raise _broken(folder, name, f"it has no column {missing[0]}")
    named = [period.name for period in periods]
    for name, first in (("cash", []), ("treasury", []), ("income", []), ("balance", ["opening"])):
        if tables[name] and tables[name].column("period") != [*first, *named]:
            raise _broken(folder, name, "its periods are not one after the other, or not those of cash.csv")


def _broken(folder: Path, name: str, why: str) -> CallError:
    return CallError(f"{folder / name}.csv is not as a plan has it: {why}", ("solve the case again",))
