"""What an audit found: the report, its findings, and the collector that the checks write into."""

from __future__ import annotations

from dataclasses import dataclass, field

from optimizer.errors import AuditError

MOST_FINDINGS = 200


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a plan. ``row`` is the line of the file, its header being line 1."""

    file: str
    row: int | None
    column: str
    message: str

    def __str__(self) -> str:
        """``mining.csv:14 btc: says 12.5, recomputed 12.7``, without the parts that are not known."""
        place = self.file if self.row is None else f"{self.file}:{self.row}"
        return f"{place} {self.column}: {self.message}" if self.column else f"{place}: {self.message}"


@dataclass(frozen=True)
class AuditReport:
    """The outcome of an audit.

    findings: what is wrong, the first 200; ``left_out`` counts the rest. notes: worth knowing, but no fault.
    cells_compared: cells of tables held against recomputed ones. checks: other checks carried out.
    value_usd_m: value of the plan as recomputed; NaN if that was not possible. operating: the part of it that
    is the present value of mining, power contracts, flexibility and machines' delivery, over every hour, USD m.
    """

    findings: tuple[Finding, ...]
    cells_compared: int
    checks: int
    value_usd_m: float
    operating: float
    notes: tuple[Finding, ...] = ()
    left_out: int = 0

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings

    def raise_if_failed(self) -> None:
        """Raise AuditError with all findings as its details, if there are any."""
        if self.passed:
            return
        count = len(self.findings) + self.left_out
        details = [str(finding) for finding in self.findings]
        if self.left_out:
            details.append(f"and {self.left_out} more")
        raise AuditError(f"The audit found {count} {'fault' if count == 1 else 'faults'} in the plan.", details)


@dataclass
class Collector:
    """Takes findings as they come. With ``limits_bind`` off, a broken limit is a note and no finding."""

    limits_bind: bool = True
    findings: list[Finding] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    left_out: int = 0
    cells: int = 0
    checks: int = 0

    def fault(self, file: str, row: int | None, column: str, message: str) -> None:
        """A figure or the form of a file is wrong."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(file, row, column, message))
        else:
            self.left_out += 1

    def breach(self, file: str, row: int | None, column: str, message: str) -> None:
        """The plan does what it may not."""
        if self.limits_bind:
            self.fault(file, row, column, message)
        else:
            self.note(file, row, column, message)

    def note(self, file: str, row: int | None, column: str, message: str) -> None:
        """Worth knowing."""
        if len(self.notes) < MOST_FINDINGS:
            self.notes.append(Finding(file, row, column, message))

    def report(self, value_usd_m: float, operating: float) -> AuditReport:
        """All that was collected."""
        return AuditReport(
            findings=tuple(self.findings),
            cells_compared=self.cells,
            checks=self.checks,
            value_usd_m=value_usd_m,
            operating=operating,
            notes=tuple(self.notes),
            left_out=self.left_out,
        )


def shown(number: float) -> str:
    """A number as messages show it."""
    return f"{number:.10g}"


def differs(stated: float, recomputed: float) -> bool:
    """Whether a stated figure is not the recomputed one: apart by more than a millionth, of itself if it is large."""
    return not abs(stated - recomputed) <= 1e-6 * max(1.0, abs(recomputed))


def says(stated: float, recomputed: float) -> str:
    """Message of a figure that differs."""
    return f"says {shown(stated)}, recomputed {shown(recomputed)}"
