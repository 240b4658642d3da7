"""``capital`` of ``summary.json`` against what follows from the plan. What is said of other plans is not audited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from optimizer.plan.audit.files import SUMMARY_FILE
from optimizer.plan.audit.recompute.answers import funding_need, maturities
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.new_money import dilution_before
from optimizer.plan.audit.recompute.tables import Tables
from optimizer.plan.audit.recompute.timeline import Array
from optimizer.plan.audit.result import Collector, differs, says

SAME_USD_M = 1e-5
"""Sums of money nearer than this may change their order when decisions are rounded."""


def check_capital(figures: Figures, tables: Tables, summary: Mapping[str, Any] | None, collector: Collector) -> None:
    """Hold each answer that is stated against the recomputed one."""
    stated = summary.get("capital") if summary is not None else None
    if not isinstance(stated, Mapping):
        return
    need = funding_need(figures, tables.cash)
    for name, right in _numbers(figures, tables, need):
        if name in stated:
            collector.checks += 1
            _compare(f"capital.{name}", stated[name], right, collector)
    headroom = tables.cash.closing - tables.cash.minimum
    _check_period("thinnest_period", stated, -headroom, True, figures, collector)
    _check_period("peak_funding_need_period", stated, need, bool(need.max() > SAME_USD_M), figures, collector)
    _check_runway(stated, need, figures, collector)
    due, said = maturities(figures), stated.get("maturities_usd_m")
    if isinstance(said, Mapping):
        for year in sorted({*(str(each) for each in due), *said}):
            collector.checks += 1
            _compare(f"capital.maturities_usd_m.{year}", said.get(year, 0.0), due.get(int(year), 0.0), collector)


def _numbers(figures: Figures, tables: Tables, need: Array) -> Iterator[tuple[str, float]]:
    shares = dilution_before(figures, figures.timeline.end)
    opening = figures.case.finance.opening
    yield "peak_funding_need_usd_m", max(0.0, float(need.max()))
    yield "thinnest_headroom_usd_m", float((tables.cash.closing - tables.cash.minimum).min())
    yield "shares_m", opening.shares_m
    yield "new_shares_m", shares.new_m
    yield "shares_under_convertibles_m", shares.under_convertibles_m
    yield "warrants_m", shares.warrants_m
    yield "dilution", shares.total_m / opening.shares_m
    yield "value_usd_per_share", tables.value_usd_m / opening.shares_m


def _compare(column: str, stated: object, right: float, collector: Collector) -> None:
    if not isinstance(stated, int | float) or isinstance(stated, bool):
        collector.fault(SUMMARY_FILE, None, column, f"says {stated!r}, which is no number")
    elif differs(float(stated), right) and (not column.endswith("usd_m") or abs(float(stated) - right) > SAME_USD_M):
        collector.fault(SUMMARY_FILE, None, column, says(float(stated), right))


def _place(name: object, figures: Figures) -> int | None:
    names = [period.name for period in figures.timeline.periods]
    return names.index(name) if isinstance(name, str) and name in names else None


def _check_period(
    key: str, stated: Mapping[str, Any], amounts: Array, there_is_one: bool, figures: Figures, collector: Collector
) -> None:
    """The period in which an amount is highest; none where there is nothing of it."""
    if key not in stated:
        return
    collector.checks += 1
    place = _place(stated[key], figures)
    right = figures.timeline.periods[int(np.argmax(amounts))].name if there_is_one else None
    if place is None or not there_is_one:
        # What is next to nothing may count as one or the other.
        wrong = stated[key] is not None or (there_is_one and amounts.max() > 2 * SAME_USD_M)
    else:
        wrong = float(amounts[place]) < float(amounts.max()) - SAME_USD_M
    if wrong:
        collector.fault(SUMMARY_FILE, None, f"capital.{key}", f"says {stated[key]!r}, recomputed {right!r}")


def _check_runway(stated: Mapping[str, Any], need: Array, figures: Figures, collector: Collector) -> None:
    """The first period that facilities alone keep above the minimum."""
    if "runway_ends" not in stated:
        return
    collector.checks += 1
    short = np.flatnonzero(need > SAME_USD_M)
    place = _place(stated["runway_ends"], figures)
    if place is None:
        wrong = stated["runway_ends"] is not None or bool(len(short))
    else:
        wrong = float(need[place]) < -SAME_USD_M or bool(np.any(short < place))
    if wrong:
        right = figures.timeline.periods[int(short[0])].name if len(short) else None
        message = f"says {stated['runway_ends']!r}, recomputed {right!r}"
        collector.fault(SUMMARY_FILE, None, "capital.runway_ends", message)
