"""The errors that wattfork raises on purpose, and the exit codes of its commands.

Each error here is something that a user can understand and act on: the command line prints it without a traceback.
A programming mistake is not among them; it stays the exception that Python raised. Nothing here imports anything heavy.

Every error can be pickled, so that a sweep can carry it home from another process.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Literal


class ExitCode(IntEnum):
    """How a command ended, for scripts that call it."""

    DONE = 0
    """The answer asked for is there."""
    FAILED = 1
    """The solver or the program itself failed."""
    WRONG_INPUT = 2
    """The case file, its data or the call is wrong."""
    INFEASIBLE = 3
    """No plan meets all that the case demands."""
    STOPPED = 4
    """Not proven to the gap: stopped early, by time or by hand, or the search ended before. A plan was written, with
    the gap that was reached."""
    AUDIT_FAILED = 5
    """The audit came to other figures than the plan says."""
    INTERRUPTED = 130
    """Interrupted from the keyboard before there was a plan."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with what the user wrote, and where.

    ``line`` and ``column`` count from 1 and are None where a problem has no place in the text. ``path`` leads through
    the case, as in ``sites[0].contracts[1].price_usd_per_mwh``, and is empty for the file as a whole. A ``warning``
    does not hinder a solve.
    """

    file: str
    line: int | None
    column: int | None
    path: str
    message: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        """``file:line:column path: message``, without the parts that are not known."""
        place = self.file
        if self.line is not None:
            place += f":{self.line}"
            if self.column is not None:
                place += f":{self.column}"
        where = " ".join(part for part in (place, self.path) if part)
        return f"{where}: {self.message}" if where else self.message


class WattforkError(Exception):
    """Base of all errors raised on purpose.

    ``message`` is one sentence; ``details`` are further lines for people, each a sentence of its own.
    ``exit_code`` is what the command line ends with.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, message: str, details: Iterable[str] = ()) -> None:
        self.message = message
        self.details = tuple(details)
        super().__init__(message, self.details)

    def __str__(self) -> str:
        """The message alone."""
        return self.message

    def lines(self) -> tuple[str, ...]:
        """What to show to a person, line by line."""
        return (self.message, *(f"  {detail}" for detail in self.details))


class CaseError(WattforkError):
    """A case file or its data is wrong. Carries every problem that was found, in the order of the text."""

    exit_code = ExitCode.WRONG_INPUT

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        if not self.problems:
            raise ValueError("a CaseError needs at least one problem")
        super().__init__("\n".join(str(problem) for problem in self.problems))
        # The arguments that pickle calls the class with.
        self.args = (self.problems,)

    @classmethod
    def single(
        cls, message: str, *, file: str = "", line: int | None = None, column: int | None = None, path: str = ""
    ) -> CaseError:
        """An error with one problem."""
        return cls((Problem(file, line, column, path, message),))

    def lines(self) -> tuple[str, ...]:
        """One line a problem, with its place first, so that editors and terminals can jump to it."""
        return tuple(
            f"{problem} (warning)" if problem.severity == "warning" else str(problem) for problem in self.problems
        )


class CallError(WattforkError):
    """A command or a function was called in a way that makes no sense, such as on a folder that holds no plan."""

    exit_code = ExitCode.WRONG_INPUT


class InfeasibleError(WattforkError):
    """No plan meets all that the case demands. ``details`` name the demands that cannot hold together."""

    exit_code = ExitCode.INFEASIBLE


class AuditError(WattforkError):
    """The audit came to other figures than the plan. ``details`` name each figure, both values and the difference."""

    exit_code = ExitCode.AUDIT_FAILED


class SolverError(WattforkError):
    """The solver ended without an answer although the case may have one: it failed, or found nothing in the time."""

    exit_code = ExitCode.FAILED
