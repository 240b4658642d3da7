"""The questions about a plan, each a program or more of its own: answered one after the other, or by several processes.

Answers do not depend on each other, so it does not matter who finds them. Those about small cases are found at once by
the process that asks: to start another one takes longer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from optimizer.explain.start import Start, read_start
from optimizer.plan.written import read_written
from optimizer.pool import Pool, usable_cpus
from optimizer.solve.highs import SolveOptions

SLOW_SECONDS = 2.0
"""From how long it takes to lay a plan down on, questions are shared among processes."""

Ask = Callable[[Start], Any]


@dataclass(frozen=True)
class Question:
    """What is asked, in words for whoever waits, and how it is answered: a function that can be sent to a process."""

    words: str
    ask: Ask


class Answers:
    """Answers questions about one plan. ``on_done`` is told of each question when it is answered."""

    def __init__(self, start: Start, on_done: Callable[[str], None] | None = None, workers: int | None = None) -> None:
        """``workers``: processes; by default as many as there are CPUs, or none where the plan is small."""
        self.start, self._on_done = start, on_done
        if workers is None:
            workers = usable_cpus() if start.seconds >= SLOW_SECONDS else 1
        self._pool = Pool(workers) if workers > 1 else None

    def close(self) -> None:
        """End its processes."""
        if self._pool is not None:
            self._pool.close()

    def to(self, questions: Sequence[Question]) -> list[Any]:
        """The answers, in the order of the questions. Raises what a question raises."""
        found: dict[int, Any] = {}
        if self._pool is not None and len(questions) > 1:
            # A plan that is laid down holds functions, so each process lays it down once itself.
            shared = (self.start.written.folder, replace(self.start.options, at_once=1))
            work = self._pool.run_jobs(_answer, shared, [each.ask for each in questions])
            with contextlib.closing(work) as answers:
                for done in answers:
                    # What a process did not answer is asked again here, and says why if it cannot be answered.
                    if done is not None and not done.failure:
                        found[done.index] = done.answer
                        self._told(questions[done.index])
        for index, question in enumerate(questions):
            if index not in found:
                found[index] = question.ask(self.start)
                self._told(question)
        return [found[index] for index in range(len(questions))]

    def _told(self, question: Question) -> None:
        if self._on_done is not None:
            self._on_done(question.words)


def _answer(shared: tuple[Path, SolveOptions], ask: Ask) -> Any:
    return ask(_start(*shared))


@cache
def _start(folder: Path, options: SolveOptions) -> Start:
    return read_start(read_written(folder), options)
