"""A solved case: its plan and all that was read to get there, as what ``summary.json`` says and as a plan folder."""

from __future__ import annotations

import platform
import shutil
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from optimizer.case.load import LoadedCase
from optimizer.errors import AuditError
from optimizer.instance.build import Prepared
from optimizer.plan.audit.result import AuditReport
from optimizer.plan.audit.run import audit_folder
from optimizer.plan.bridge import bridge_table
from optimizer.plan.build import Plan
from optimizer.plan.capital import capital_answers
from optimizer.plan.certificate import Certificate
from optimizer.plan.insight import PowerInsight, power_insights
from optimizer.plan.measures import Measures, measure
from optimizer.plan.stopwatch import Stopwatch
from optimizer.plan.summary import (
    audit_data,
    certificate_data,
    data_hash,
    measures_data,
    price_data,
    rounded,
    twin_data,
    versions,
)
from optimizer.plan.table import Table
from optimizer.plan.write import PLAN_VERSION, publish, stage_folder, write_inputs, write_json, write_tables
from optimizer.solve.highs import Status
from optimizer.solve.run import Solution
from optimizer.solve.twins import Twin, Waiting


@dataclass(frozen=True)
class Result:
    """A solved case: the plan, its twins, and what was read to get there."""

    loaded: LoadedCase
    prepared: Prepared
    solution: Solution
    plan: Plan
    twins: tuple[tuple[Twin, Plan], ...]
    waiting: Waiting | None
    watch: Stopwatch
    certificate: Certificate

    @property
    def measures(self) -> Measures:
        return measure(self.plan)

    @cached_property
    def insights(self) -> list[PowerInsight]:
        """What the power of each site is worth beyond its settlements."""
        return power_insights(self.plan)

    @cached_property
    def capital(self) -> dict[str, Any]:
        """How the plan is paid for: peak need, runway, thinnest quarter, maturities, dilution."""
        return capital_answers(self.plan, self.status_quo)

    @property
    def status_quo(self) -> Plan | None:
        """Commitments only; None where the twins were not solved."""
        return next((plan for twin, plan in self.twins if twin.name == "status_quo"), None)

    @property
    def tables(self) -> dict[str, Table]:
        """The tables of the plan, with the bridge from the status quo where that was solved."""
        bridge = {"bridge": bridge_table(self.plan, self.status_quo)} if self.status_quo is not None else {}
        return {**self.plan.tables, **bridge}

    @property
    def status(self) -> Status:
        return self.solution.status

    def summary(self, audit: AuditReport | None = None) -> dict[str, Any]:
        """What ``summary.json`` says; ``audit`` is what the audit of the written tables came to."""
        solution, case = self.solution, self.prepared.case
        slack = self.prepared.site_model.slack_usd_m
        operating = sum(
            float(row["total_usd_m"] or 0.0)
            for row in self.plan.tables["value"].dicts()
            if row["component"] in ("mining", "contracts", "flexibility", "delivery")
        )
        return {
            "case": case.case,
            "plan_version": PLAN_VERSION,
            "status": solution.status.value,
            "value_usd_m": rounded(solution.value_usd_m),
            "bound_usd_m": rounded(solution.bound_usd_m),
            "gap": rounded(solution.gap),
            "gap_usd_m": rounded(solution.gap_usd_m),
            "equity_intrinsic_to_market": _equity_price(self.plan),
            "measures": rounded(measures_data(self.measures)),
            "twins": [
                rounded(
                    twin_data(
                        twin.name,
                        plan,
                        solution.value_usd_m,
                        twin.keeps_minimum_cash,
                        twin.solution.bound_usd_m + slack,
                    )
                )
                for twin, plan in self.twins
            ],
            "waiting": rounded(_waiting_data(self.waiting)),
            "capital": rounded(self.capital),
            "certificate": {
                **rounded(certificate_data(self.certificate)),
                "operating_value_usd_m": rounded(operating),
                "audited_operating_value_usd_m": rounded(audit.operating) if audit else None,
                "upper_bound_usd_m": rounded(solution.bound_usd_m),
                "solver_value_usd_m": rounded(solution.solver_value_usd_m),
            },
            "power": [rounded(asdict(each)) for each in self.insights],
            "audit": audit_data(audit) if audit else None,
            "inputs": {
                "case_sha256": data_hash(self.loaded.bare),
                "files": [file.name for file in self.loaded.files],
                "power_prices": rounded(price_data(self.plan)),
                "assumed": self.loaded.assumed_count,
                "assumed_paths": sorted(p for p, source in self.loaded.provenance.items() if source.assumed),
                "warnings": [str(problem) for problem in self.loaded.warnings],
            },
            "versions": versions(),
        }

    def write(self, folder: str | Path) -> AuditReport:
        """Write the plan folder, audited before it takes its place.

        Raises AuditError if the audit does not agree; the plan then lies in ``FOLDER.failed-audit``.
        """
        target = Path(folder)
        stage = stage_folder(target)
        try:
            with self.watch.stage("write"):
                write_tables(stage, self.tables)
                write_inputs(stage, self.loaded.bare, self.loaded.folder, self.loaded.sources)
                write_json(stage / "summary.json", self.summary())
            with self.watch.stage("audit"):
                report = audit_folder(stage)
            with self.watch.stage("write"):
                write_json(stage / "summary.json", self.summary(report))
            write_json(stage / "run.json", self._run())
            if not report.passed:
                failed = target.with_name(target.name + ".failed-audit")
                shutil.rmtree(failed, ignore_errors=True)
                publish(stage, failed)
                raise AuditError(
                    f"the audit does not agree with the plan; it lies in {failed} for inspection",
                    [str(finding) for finding in report.findings],
                )
            publish(stage, target)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
        return report

    def _run(self) -> dict[str, Any]:
        """What differs from run to run."""
        solution = self.solution
        return {
            "seconds": {name: round(seconds, 4) for name, seconds in self.watch.seconds.items()},
            "highs": {
                "seconds": round(solution.seconds, 4),
                "nodes": solution.nodes,
                "rows": solution.rows,
                "columns": solution.columns,
                "integers": solution.integers,
            },
            "host": {"system": platform.system(), "machine": platform.machine(), "python": platform.python_version()},
            "case_file": str(self.loaded.path),
        }


def _equity_price(plan: Plan) -> float:
    """What a share is worth over what it sells for, where shares are sold."""
    return plan.instance.intrinsic_to_market if plan.gives_shares else 1.0


def _waiting_data(waiting: Waiting | None) -> dict[str, Any] | None:
    if waiting is None:
        return None
    return {
        "offer": waiting.option.offer_name,
        "site": waiting.option.site_name,
        "window_closes": str(waiting.window_closes),
        "later_costs_usd_m": list(waiting.later_usd_m),
        "never_costs_usd_m": list(waiting.never_usd_m),
    }
