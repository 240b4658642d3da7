"""The audit of a plan folder: recompute everything from case, prices and decisions, compare, and report.

Independent of the code that makes plans: it knows the case, the price reader and the contract in docs/figures.md.
Whatever is wrong with the plan is a finding in the report; checksums count for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optimizer.case.case import Case
from optimizer.case.network_file import NetworkFile, read_network_file
from optimizer.case.price_file import PriceFile
from optimizer.errors import CaseError, WattforkError
from optimizer.market.prices import PriceFileProblems, PriceSeries, read_prices
from optimizer.plan.audit.balances import check_balances
from optimizer.plan.audit.capital import check_capital
from optimizer.plan.audit.certified import check_certificate, stated_rows
from optimizer.plan.audit.compare import compare_table, settle_ties
from optimizer.plan.audit.decided import read_decisions
from optimizer.plan.audit.dispatched import check_dispatch, read_dispatch
from optimizer.plan.audit.files import SUMMARY_FILE, Table, read_json, read_table
from optimizer.plan.audit.measures import check_measures
from optimizer.plan.audit.recompute.figures import Figures, figures_of, files_used, markets_used
from optimizer.plan.audit.recompute.new_money import dilutes, promises
from optimizer.plan.audit.recompute.tables import COLUMNS, tables_of
from optimizer.plan.audit.recompute.timeline import CannotRecompute, timeline_of
from optimizer.plan.audit.result import AuditReport, Collector, differs, says, shown
from optimizer.plan.audit.rules import check_case, check_headroom
from optimizer.plan.audit.rules_companies import check_companies, check_owners
from optimizer.plan.audit.rules_decided import check_decided
from optimizer.plan.audit.rules_given import check_given
from optimizer.plan.audit.rules_lines import check_sweep
from optimizer.plan.audit.rules_money import check_money
from optimizer.plan.audit.statements import check_statements

INPUTS = "inputs"
CASE_FILE = "inputs/case.json"
INTRINSIC = "equity_intrinsic_to_market"
INTRINSIC_TOLERANCE = 0.002
GAP_TOLERANCE = 1e-6
OPERATING = ("mining", "contracts", "flexibility", "delivery")
"""Rows of value.csv that rest on the hours of the sites."""


def audit_folder(plan_folder: Path) -> AuditReport:
    """Audit a plan with the case, the prices and the network path that lie in its own folder under ``inputs/``."""
    collector = Collector()
    content = read_json(plan_folder, CASE_FILE, collector)
    if content is None:
        return collector.report(math.nan, math.nan)
    try:
        case = Case.model_validate(content)
    except ValueError as error:
        collector.fault(CASE_FILE, None, "", f"is no case: {' '.join(str(error).split())}")
        return collector.report(math.nan, math.nan)
    return audit_plan(case, plan_folder / INPUTS, plan_folder)


def audit_plan(case: Case, prices_folder: Path, plan_folder: Path, *, feasibility: bool = True) -> AuditReport:
    """Audit the plan in ``plan_folder`` as an answer to ``case``, whose files of prices and of the network lie in
    ``prices_folder``.

    Without ``feasibility`` a broken limit (terms of what is decided, megawatts, cash, given decisions) is a note: for
    plans that are only there to compare with. Raises nothing for what is wrong with files or figures.
    """
    collector = Collector(limits_bind=feasibility)
    tables = {
        file: table
        for file, columns in COLUMNS.items()
        if (table := read_table(plan_folder, file, columns, collector)) is not None
    }
    summary = read_json(plan_folder, SUMMARY_FILE, collector)
    value = operating = math.nan
    inputs = _read_inputs(case, prices_folder, collector)
    if inputs is not None and "decisions.csv" in tables:
        try:
            value, operating = _recompute_and_compare(case, inputs, tables, summary, collector)
        except CannotRecompute as error:
            collector.fault(CASE_FILE, None, "", f"cannot be recomputed: {error}")
        except (ArithmeticError, ValueError, LookupError) as error:
            # A case that passed its own checks does not lead here; whatever does must not pass as a sound plan.
            collector.fault(CASE_FILE, None, "", f"cannot be recomputed: {type(error).__name__}: {error}")
    if summary is not None:
        _check_summary(summary, value, collector)
    return collector.report(value, operating)


@dataclass(frozen=True, eq=False)
class _Inputs:
    """What the files that a case names hold: prices by market, other price files, and the path of the network if it
    names one."""

    prices: Mapping[str, PriceSeries]
    files: Mapping[PriceFile, PriceSeries]
    network: NetworkFile | None


def _read_inputs(case: Case, folder: Path, collector: Collector) -> _Inputs | None:
    """Read every file that the plan's figures rest on; None if one cannot be."""
    prices: dict[str, PriceSeries] = {}
    whole = True
    for name in markets_used(case):
        market = case.market.power.get(name)
        if market is None:
            collector.fault(CASE_FILE, None, "", f"there is no power market {name!r}")
            whole = False
            continue
        series = _read_prices(market, folder, collector)
        if series is not None:
            prices[name] = series
        whole = whole and series is not None
    files: dict[PriceFile, PriceSeries] = {}
    for file in files_used(case):
        series = _read_prices(file, folder, collector)
        if series is not None:
            files[file] = series
        whole = whole and series is not None
    network, path = None, case.market.network.path
    if path is not None:
        collector.checks += 1
        try:
            network = read_network_file(path, folder)
        except CaseError as error:
            for problem in error.problems:
                collector.fault(f"{INPUTS}/{path}", problem.line, "", problem.message)
            whole = False
        except (OSError, ValueError) as error:
            collector.fault(f"{INPUTS}/{path}", None, "", f"cannot be read: {' '.join(str(error).split())}")
            whole = False
    return _Inputs(prices, files, network) if whole else None


def _read_prices(file: PriceFile, folder: Path, collector: Collector) -> PriceSeries | None:
    try:
        return read_prices(file, folder)
    except (PriceFileProblems, WattforkError, OSError) as error:
        collector.fault(f"{INPUTS}/{file.file}", None, "", f"cannot be read: {' '.join(str(error).split())}")
        return None


def _recompute_and_compare(
    case: Case, inputs: _Inputs, tables: Mapping[str, Table], summary: Mapping[str, Any] | None, collector: Collector
) -> tuple[float, float]:
    """Compare all tables and check all rules; return the value and the part of it that is operations, USD m."""
    timeline = timeline_of(case.horizon)
    decisions, lines = read_decisions(tables["decisions.csv"], case, timeline, collector)
    dispatch, dispatch_lines = read_dispatch(tables.get("dispatch.csv"), collector)
    figures = figures_of(case, timeline, inputs.prices, decisions, inputs.network, dispatch, inputs.files)
    stated = _intrinsic_to_market(summary, collector)
    recomputed = tables_of(figures, stated)
    for file, table in tables.items():
        rows = recomputed.rows[file]
        if file == "limits.csv":
            rows = settle_ties(table, recomputed, timeline.periods)
        elif file == "certificate.csv":
            rows = stated_rows(table, rows)
        compare_table(table, rows, collector, recomputed.dust.get(file, frozenset()))
    check_balances(tables, figures, collector)
    check_statements(tables, collector)
    check_case(figures, CASE_FILE, collector)
    check_owners(case, CASE_FILE, collector)
    check_decided(figures, lines, collector)
    check_money(figures, lines, collector)
    check_sweep(figures, recomputed.cash, lines, collector)
    check_companies(figures, lines, tables.get("companies.csv"), collector)
    check_dispatch(figures, dispatch_lines, collector)
    check_certificate(tables.get("certificate.csv"), recomputed.rows["certificate.csv"], summary, collector)
    check_given(case, timeline, decisions, lines, collector)
    check_headroom(figures, recomputed, tables.get("limits.csv"), collector)
    _check_intrinsic(figures, recomputed.value_usd_m, stated, collector)
    check_measures(case, recomputed, summary, collector)
    check_capital(figures, recomputed, summary, collector)
    operating = sum(each.total for each in recomputed.components if each.name in OPERATING)
    return recomputed.value_usd_m, operating


def _intrinsic_to_market(summary: Mapping[str, Any] | None, collector: Collector) -> float | None:
    """What the plan states of the worth of a share over its market price; None if it states nothing of use."""
    if summary is None:
        return None
    collector.checks += 1
    stated = _number(summary, INTRINSIC, collector)
    if stated is not None and stated < 1:
        collector.fault(SUMMARY_FILE, None, INTRINSIC, f"says {shown(stated)}: it is at least 1")
        return None
    return stated


def _check_intrinsic(figures: Figures, value: float, stated: float | None, collector: Collector) -> None:
    """Hold what is stated against the plan's own value per share."""
    if stated is None:
        return
    collector.checks += 1
    opening = figures.case.finance.opening
    right = max(1.0, value / opening.shares_m / opening.share_price_usd) if promises(figures) else 1.0
    agrees = abs(stated - right) <= (INTRINSIC_TOLERANCE if promises(figures) else 0.0)
    # A right that is charged by expectation rests on no such figure: then none need be sought.
    if not agrees and not (stated == 1.0 and not dilutes(figures)):
        collector.fault(SUMMARY_FILE, None, INTRINSIC, says(stated, right))


def _check_summary(summary: Mapping[str, Any], value: float, collector: Collector) -> None:
    """Value, bound and gap. A plan may state no bound; then it has no gap either, and that is noted."""
    stated = _number(summary, "value_usd_m", collector)
    if stated is not None and not math.isnan(value):
        collector.checks += 1
        if differs(stated, value):
            collector.fault(SUMMARY_FILE, None, "value_usd_m", says(stated, value))
    collector.checks += 2
    if all(key in summary and summary[key] is None for key in ("bound_usd_m", "gap")):
        collector.note(SUMMARY_FILE, None, "bound_usd_m", "no bound is stated, so nothing is known of better plans")
        return
    bound, gap = _number(summary, "bound_usd_m", collector), _number(summary, "gap", collector)
    true_value = stated if math.isnan(value) else value
    if bound is None or true_value is None:
        return
    if bound < true_value - GAP_TOLERANCE * max(1.0, abs(true_value)):
        message = f"says {shown(bound)}, which is below the plan's own value {shown(true_value)}"
        collector.fault(SUMMARY_FILE, None, "bound_usd_m", message)
    right = (bound - true_value) / max(1.0, abs(true_value))
    if gap is not None and abs(gap - right) > GAP_TOLERANCE * max(1.0, abs(right)):
        collector.fault(SUMMARY_FILE, None, "gap", says(gap, right))


def _number(summary: Mapping[str, Any], key: str, collector: Collector) -> float | None:
    found = summary.get(key)
    if isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found):
        return float(found)
    collector.fault(
        SUMMARY_FILE, None, key, "is missing" if key not in summary else f"says {found!r}, which is no number"
    )
    return None
