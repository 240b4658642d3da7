"""What stands in ``summary.json``: the answer, its proof, and what it rests on. The same bytes every time."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import math
import platform
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from optimizer.case.sweeps import SWEEPS
from optimizer.plan.audit.result import AuditReport
from optimizer.plan.build import Plan
from optimizer.plan.certificate import Certificate
from optimizer.plan.measures import Measures, measure
from optimizer.plan.write import PLAN_VERSION

DIGITS = 8

BROKEN = 1e-5
"""By more than this a limit is broken: ten dollars."""


def versions() -> dict[str, str]:
    """Of everything that can change a figure."""
    names = ("wattfork", "pyomo", "highspy", "numpy", "scipy", "pydantic", "tzdata")
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in names}}


def data_hash(data: Mapping[str, Any]) -> str:
    """SHA-256 of plain data of a case, however it was written; without its named sweeps, on which no plan depends."""
    plain = {key: value for key, value in data.items() if key != SWEEPS}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, allow_nan=False).encode()).hexdigest()


def rounded(content: Any) -> Any:
    """Floats rounded to eight decimals, in any nesting; None for one that could not be computed."""
    if isinstance(content, float):
        if math.isnan(content):
            return None
        return round(content, DIGITS) + 0.0
    if isinstance(content, Mapping):
        return {key: rounded(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [rounded(value) for value in content]
    return content


def measures_data(measures: Measures) -> dict[str, Any]:
    """Measures as plain data."""
    return asdict(measures)


def twin_data(
    name: str, plan: Plan, value_usd_m: float, keeps_minimum_cash: bool, bound_usd_m: float
) -> dict[str, Any]:
    """One twin: what it is worth, what the plan is worth more, and whether it can be survived."""
    measures = measure(plan)
    short = plan.states.shortfall_usd_m
    worst = int(short.argmax())
    return {
        "name": name,
        "value_usd_m": plan.value_usd_m,
        "value_at_wacc_usd_m": measures.value_at_wacc_usd_m,
        "bound_usd_m": bound_usd_m,
        "plan_is_worth_more_usd_m": value_usd_m - plan.value_usd_m,
        "keeps_minimum_cash": keeps_minimum_cash and float(short[worst]) <= 1e-5,
        "breaks": sorted({limit.kind for limit in plan.states.limits if float(limit.breach.max()) > BROKEN}),
        "shortfall_usd_m": float(short[worst]),
        "shortfall_period": plan.prepared.market.tree.label[worst] if short[worst] > 1e-5 else None,
        "it_mw_signed": measures.it_mw_signed,
        "decisions": [decision_line(row) for row in plan.tables["decisions"].dicts()],
    }


def decision_line(row: Mapping[str, Any]) -> str:
    """A decision in words: ``2027-04-01 sign cloud_tenant at west_one: 3 halls``."""
    amount, unit = float(row["amount"]), row["unit"]
    text = {
        "ph_s": f"{amount / 1000:,.2f} EH/s",
        "usd_m": f"${amount:,.1f}M",
        "btc": f"{amount:,.0f} BTC",
        "mw": f"{amount:,.4g} MW",
    }.get(unit, f"{amount:,.0f} {unit if amount != 1 else unit[:-1]}")
    where = f" at {row['site']}" if row["site"] else ""
    return f"{row['date']} {row['decision']} {row['item']}{where}: {text}"


def price_data(plan: Plan) -> dict[str, Any]:
    """What was read from each price file, and what was repaired."""
    return {
        name: {
            "currency": plan.prepared.case.market.power[name].currency or "USD",
            "sha256": path.sha256,
            "intervals": path.intervals,
            "mean_usd_per_mwh": path.mean_usd_per_mwh,
            "shape_months": [_month(path.shape.first_month), _month(path.shape.last_month)],
            "repairs": list(path.repairs),
        }
        for name, path in plan.prepared.market.power.items()
    }


def certificate_data(certificate: Certificate) -> dict[str, Any]:
    """How far the model and the hours are apart; by site and year it stands in ``certificate.csv``."""
    rows = certificate.rows
    return {
        "passed": certificate.passed,
        "separable": certificate.separable,
        "tolerance": certificate.tolerance,
        "worst_gap": certificate.worst_gap,
        "rounds": certificate.rounds,
        "model_operating_value_usd_m": sum(row.model_usd_m for row in rows),
        "redispatched_operating_value_usd_m": sum(row.redispatched_usd_m for row in rows),
        "operating_value_bound_usd_m": sum(row.bound_usd_m for row in rows),
    }


def _month(absolute: int) -> str:
    return f"{absolute // 12:04d}-{absolute % 12 + 1:02d}"


def audit_data(report: AuditReport) -> dict[str, Any]:
    """The audit's outcome."""
    return {
        "passed": report.passed,
        "cells_compared": report.cells_compared,
        "checks": report.checks,
        "value_usd_m": report.value_usd_m,
        "findings": [str(finding) for finding in report.findings],
    }


__all__ = [
    "PLAN_VERSION",
    "audit_data",
    "certificate_data",
    "data_hash",
    "measures_data",
    "price_data",
    "rounded",
    "twin_data",
    "versions",
]
