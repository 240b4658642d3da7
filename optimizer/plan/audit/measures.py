"""The headline figures of ``summary.json``, recomputed from the recomputed tables.

Twins and the cost of waiting are other plans and are not audited here; they are in the summary only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from optimizer.case.case import Case
from optimizer.plan.audit.files import SUMMARY_FILE
from optimizer.plan.audit.recompute.tables import COLUMNS, Tables
from optimizer.plan.audit.result import Collector, differs, says

HEADROOM_TOLERANCE = 1e-4


def check_measures(case: Case, tables: Tables, summary: Mapping[str, Any] | None, collector: Collector) -> None:
    """Hold each measure that is stated against what the tables say."""
    stated = summary.get("measures") if summary is not None else None
    if not isinstance(stated, Mapping):
        return
    for name, right in _measures(case, tables):
        if name not in stated:
            continue
        collector.checks += 1
        says_so = stated[name]
        number = isinstance(says_so, int | float) and not isinstance(says_so, bool)
        if right is None or not number:
            if says_so is not right:
                message = f"says {says_so!r}, recomputed {right!r}"
                collector.fault(SUMMARY_FILE, None, f"measures.{name}", message)
        elif differs(float(says_so), right) and abs(float(says_so) - right) > HEADROOM_TOLERANCE:
            collector.fault(SUMMARY_FILE, None, f"measures.{name}", says(float(says_so), right))


def _measures(case: Case, tables: Tables) -> Iterator[tuple[str, float | None]]:
    opening = case.finance.opening
    total = _rows(tables, "value.csv")[-1]
    yield "value_usd_m", tables.value_usd_m
    yield "value_usd_per_share", tables.value_usd_m / opening.shares_m
    wacc = total["at_wacc_usd_m"]
    yield "value_at_wacc_usd_m", float(wacc) if isinstance(wacc, int | float) else None
    yield "beyond_horizon_usd_m", float(total["beyond_horizon_usd_m"])
    cash = _rows(tables, "cash.csv")
    yield "thinnest_headroom_usd_m", min(float(row["headroom_usd_m"]) for row in cash)
    yield "new_loans_usd_m", sum(float(row["drawn_usd_m"]) for row in cash)
    yield "new_equity_usd_m", sum(float(row["equity_usd_m"]) for row in cash)
    decided = _rows(tables, "decisions.csv")
    signed = [row for row in decided if row["decision"] == "sign"]
    yield "it_mw_signed", sum(float(row["amount"]) * case.offers[str(row["item"])].hall_mw_it for row in signed)
    left = sum(lease.capex_left_usd_m for lease in case.leases.values())
    yield "capex_usd_m", sum(float(row["capex_usd_m"]) for row in signed) + left
    shares = 0.0
    for row in decided:
        if row["decision"] == "issue":
            facility = case.finance.facilities[str(row["item"])]
            cost = facility.cost if facility.kind == "equity" else 0.0
            shares += float(row["amount"]) / (opening.share_price_usd * (1 - cost))
    yield "new_shares_m", shares
    debt: dict[str, float] = {}
    facilities = case.finance.facilities
    preferred = [name for name, facility in facilities.items() if facility.kind == "preferred"]
    for row in (row for row in _rows(tables, "debt.csv") if row["debt"] not in preferred):
        debt[str(row["period"])] = debt.get(str(row["period"]), 0.0) + float(row["closing_usd_m"])
    yield "peak_debt_usd_m", max(debt.values(), default=0.0)


def _rows(tables: Tables, file: str) -> list[dict[str, Any]]:
    return [dict(zip(COLUMNS[file], row, strict=True)) for row in tables.rows[file]]
