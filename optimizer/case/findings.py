"""What a check finds, and how it gets its place in the text.

A check knows a path of the case and what is wrong there; it never sees a file. ``Places`` turns its findings into
problems with file, line and column. Nothing here judges anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from optimizer.case.yaml_file import CasePath, Position, dotted
from optimizer.errors import Problem


@dataclass(frozen=True)
class Finding:
    """Something to say about a path of the case. ``at_key``: it concerns the key (or the section) and not its value."""

    path: CasePath
    message: str
    at_key: bool = False


@dataclass(frozen=True)
class Places:
    """Where every key and value of a case was written. Without ``keys`` and ``values`` only paths are known."""

    file: str = ""
    keys: dict[CasePath, Position] = field(default_factory=dict)
    values: dict[CasePath, Position] = field(default_factory=dict)

    def of(self, path: CasePath, at_key: bool = False) -> Position:
        """The place of a path; of something that is not written, the place of the nearest section around it."""
        first, second = (self.keys, self.values) if at_key else (self.values, self.keys)
        found = first.get(path) or second.get(path)
        for length in range(len(path) - 1, -1, -1):
            if found is not None:
                return found
            found = self.keys.get(path[:length]) or self.values.get(path[:length])
        return found or Position(self.file)

    def problem(self, finding: Finding, severity: Literal["error", "warning"] = "error") -> Problem:
        """The finding as a problem."""
        return Problem(*self.of(finding.path, finding.at_key), dotted(finding.path), finding.message, severity)

    def problems(
        self, findings: Iterable[Finding], severity: Literal["error", "warning"] = "error"
    ) -> tuple[Problem, ...]:
        """All findings as problems, each once, in the order of the text."""
        problems = dict.fromkeys(self.problem(finding, severity) for finding in findings)
        order = {position.file: -index for index, position in enumerate(self.values.values())}
        return tuple(
            sorted(
                problems,
                key=lambda problem: (order.get(problem.file, 0), problem.file, problem.line or 0, problem.column or 0),
            )
        )
