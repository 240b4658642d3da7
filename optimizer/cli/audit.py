"""``wattfork audit PLAN``: recompute a written plan from its inputs and decisions, without the optimiser."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("audit")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but findings.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def command(plan: Path, quiet: bool, as_json: bool) -> int:
    """Rebuild every table of PLAN (a plan folder) over every hour and compare each cell and the value.

    Exit code 0: everything agrees; 2: there is no plan; 5: something does not agree, and which file and row.
    """
    import json

    from optimizer.errors import AuditError, CallError, ExitCode
    from optimizer.plan.audit.run import audit_folder

    if not (plan / "summary.json").is_file():
        raise CallError(f"{plan} holds no plan (there is no summary.json)")
    report = audit_folder(plan)
    if as_json:
        click.echo(
            json.dumps(
                {
                    "passed": report.passed,
                    "value_usd_m": report.value_usd_m if report.value_usd_m == report.value_usd_m else None,
                    "cells_compared": report.cells_compared,
                    "checks": report.checks,
                    "findings": [str(finding) for finding in report.findings],
                },
                indent=2,
            )
        )
        return ExitCode.DONE if report.passed else ExitCode.AUDIT_FAILED
    if not report.passed:
        findings = [str(finding) for finding in report.findings]
        raise AuditError(f"{plan}: {len(findings) + report.left_out} findings", findings)
    if not quiet:
        click.echo(
            f"{plan}: everything agrees. Value recomputed as ${report.value_usd_m:,.6f}M; "
            f"{report.cells_compared:,} cells compared, {report.checks:,} checks."
        )
        for note in report.notes:
            click.echo(f"note: {note}")
    return ExitCode.DONE
