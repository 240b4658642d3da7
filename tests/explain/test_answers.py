"""Questions answered by several processes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial

import pytest

from optimizer.errors import SolverError
from optimizer.explain.answers import Answers, Question
from optimizer.explain.levers import levers
from optimizer.explain.start import Start
from optimizer.explain.worth import worth_of_lever


def refuse(start: Start) -> float:
    """A question that nobody can answer."""
    raise SolverError("no answer")


def test_processes_answer_as_one_does(started: Callable[[str], Start]) -> None:
    """Proves: two processes give the answers of one, in the order of the questions, and each is told once. Broken:
    answers in the order in which they came, beside the wrong levers."""
    start = started("quickstart")
    every = levers(start.case, start.loaded.bare, start.written.rows("decisions"))[:4]
    questions = [Question(each.words, partial(worth_of_lever, lever=each)) for each in every]
    told: list[str] = []
    with contextlib.closing(Answers(start, told.append, workers=2)) as answers:
        shared = answers.to(questions)
    alone = Answers(start, workers=1).to(questions)
    assert [each.lever for each in shared] == every
    for one, other in zip(shared, alone, strict=True):
        assert one.resolved_usd_m == pytest.approx(other.resolved_usd_m, abs=1e-6)
    assert sorted(told) == sorted(each.words for each in questions)


def test_what_a_process_cannot_answer_is_said_here(started: Callable[[str], Start]) -> None:
    """Proves: a question that fails in a process is asked again by who asks, and raises there. Broken: None in its
    place, or the words of another process without their kind."""
    start = started("quickstart")
    with contextlib.closing(Answers(start, workers=2)) as answers, pytest.raises(SolverError, match="no answer"):
        answers.to([Question("first", refuse), Question("second", refuse)])
