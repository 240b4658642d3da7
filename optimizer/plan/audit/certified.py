"""The certificate of a plan: what every site earns by its hours, against the model's figure and the bound on it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from optimizer.plan.audit.files import SUMMARY_FILE, Table
from optimizer.plan.audit.recompute.decision_rows import Row
from optimizer.plan.audit.result import Collector, shown

FILE = "certificate.csv"

SEPARABLE_TOLERANCE = 1e-6
"""Holds where the summary states no other: with separable sites the model is exact."""


def stated_rows(table: Table, rows: Sequence[Row]) -> list[Row]:
    """Recomputed rows with the model's figure and the bound as the file has them, and the gap that these make."""
    stated = {
        (line.cells.get("site", ""), line.cells.get("year", "")): (line.value("model_usd_m"), line.value("bound_usd_m"))
        for line in table.lines
    }
    found: list[Row] = []
    for scenario, site, year, _, earned, *_ in rows:
        model, bound = stated.get((str(site), str(year)), (None, None))
        right = float(earned) if isinstance(earned, int | float) else math.nan
        bound = right if bound is None else bound
        gap = (bound - right) / max(1.0, abs(right))
        found.append((scenario, site, year, right if model is None else model, right, bound, gap))
    return found


def check_certificate(
    table: Table | None, rows: Sequence[Row], summary: Mapping[str, Any] | None, collector: Collector
) -> None:
    """The model's figure is what the hours make, no plan of the same megawatts can earn much more, and none less."""
    tolerance = _tolerance(summary, collector)
    if table is None:
        return
    stated = summary.get("certificate") if summary is not None else None
    # A plan that says that it is not certified may be further from its bound, and is no less of a plan.
    admits = isinstance(stated, Mapping) and stated.get("passed") is False
    lines = {(line.cells.get("site", ""), line.cells.get("year", "")): line for line in table.lines}
    for _, site, year, _, earned, *_ in rows:
        line = lines.get((str(site), str(year)))
        if line is None or not isinstance(earned, int | float):
            continue
        collector.checks += 3
        allowed = tolerance * max(1.0, abs(earned))
        model, bound = line.value("model_usd_m"), line.value("bound_usd_m")
        if model is not None and abs(model - earned) > allowed and not admits:
            message = f"the model has {shown(model)}, hour by hour it is {shown(earned)}"
            collector.fault(FILE, line.number, "model_usd_m", f"{message}; they may be {shown(allowed)} apart")
        if bound is not None and bound < earned - SEPARABLE_TOLERANCE * max(1.0, abs(earned)):
            message = f"the bound {shown(bound)} is below what is earned, {shown(earned)}"
            collector.fault(FILE, line.number, "bound_usd_m", message)
        elif bound is not None and bound > earned + allowed and not admits:
            gap = (bound - earned) / max(1.0, abs(earned))
            message = f"the gap of {shown(gap)} that it leaves is above the tolerance {shown(tolerance)}"
            collector.fault(FILE, line.number, "bound_usd_m", message)


def _tolerance(summary: Mapping[str, Any] | None, collector: Collector) -> float:
    certificate = summary.get("certificate") if summary is not None else None
    if not isinstance(certificate, Mapping) or "tolerance" not in certificate:
        return SEPARABLE_TOLERANCE
    collector.checks += 1
    stated = certificate["tolerance"]
    if not isinstance(stated, int | float) or isinstance(stated, bool) or not 0 <= stated < 1:
        collector.fault(SUMMARY_FILE, None, "certificate.tolerance", f"says {stated!r}: it is a share from 0 up to 1")
        return SEPARABLE_TOLERANCE
    separable = certificate.get("separable")
    if not isinstance(separable, bool):
        collector.fault(SUMMARY_FILE, None, "certificate.separable", f"says {separable!r}: it is true or false")
    return max(float(stated), SEPARABLE_TOLERANCE)
