"""An executor without processes, which remembers what it was asked to do."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from optimizer.pool import Done


class Here:
    """Works in this process, or answers by ``answer`` (work, job) without any work."""

    def __init__(self, answer: Callable[[Any, Any], Any] | None = None) -> None:
        self.answer = answer
        self.waves: list[list[Any]] = []
        """Jobs, call by call."""

    def __call__(
        self, work: Any, shared: Any, jobs: Sequence[Any], **_: Any
    ) -> Generator[Done[Any] | None, None, None]:
        self.waves.append(list(jobs))
        # The last first: nothing may depend on which is finished when.
        for index in reversed(range(len(jobs))):
            yield None
            found = work(shared, jobs[index]) if self.answer is None else self.answer(work, jobs[index])
            yield Done(index, found, "" if found is not None else "died", 0.25)

    @property
    def points(self) -> list[tuple[int, str | None]]:
        """Number and case of every point that was worked on, sorted."""
        return sorted((job.point.number, job.point.overlay) for wave in self.waves for job in wave)
