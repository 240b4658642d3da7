"""Linear programs that go round in circles are ended, by counting, and solved from the beginning."""

from __future__ import annotations

import signal
import threading
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from optimizer.solve import simplex
from optimizer.solve.bounds import compact_of
from optimizer.solve.highs import SolveOptions
from optimizer.solve.pricing import WarmProgram
from optimizer.solve.simplex import Answer, Asked, Simplex, _Watch
from tests.solve.companies import company

EXACT = SolveOptions(relative_gap=0.0, absolute_gap_usd_m=1e-6)


def asked(steps: list[int]) -> list[int]:
    """At which of these questions, each after so many steps of a simplex method, a program is ended."""
    watch = _Watch(threading.Event())
    ended = []
    for number, step in enumerate(steps):
        answer = SimpleNamespace(user_interrupt=False)
        watch._ask(None, "", SimpleNamespace(simplex_iteration_count=step), answer, None)
        if answer.user_interrupt:
            ended.append(number)
    return ended


def test_a_program_that_makes_steps_is_not_ended() -> None:
    """Proves: 3,000 steps, asked about once each, twice at every hundredth and 20 times at the last, go on to their
    end. Broken: a limit of 40 questions in all, and the 41st ends it."""
    steps = [step for step in range(3000) for _ in range(2 if step % 100 == 0 else 1)]
    assert asked([*steps, *[3000] * 20]) == []


def test_a_program_that_stays_where_it_is_is_ended() -> None:
    """Proves: at step 10 the 42nd question again (40, and a tenth of ten steps) ends it, also where it had made a step
    in between. Broken: it is asked for ever, or only at one and the same step."""
    steps = [*range(9), *[9] * 21, *[10] * 23]
    assert asked(steps) == [len(steps) - 1]
    assert asked(steps[:-1]) == []


@pytest.mark.parametrize("seed", range(3))
def test_an_ended_program_has_the_answer_of_a_cold_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: with every program ended at its first question each is solved from the beginning, and the bounds of
    halves of the choices are those of programs that were left alone. Broken: an ended program counts as one without a
    plan, and minus infinity stands in the place of a bound."""
    form = compact_of(company(seed))[1].form
    cold: list[Asked] = []
    usual = Simplex._from_the_beginning

    def counted(self: Simplex, asked: Asked, abort: threading.Event) -> Answer:
        cold.append(asked)
        return usual(self, asked, abort)

    def bounds() -> list[float]:
        program = WarmProgram(form, EXACT)
        low, high = form.column_lower[program.whole], form.column_upper[program.whole]
        found = [program.bound().objective]
        for place in range(0, len(low), 3):
            less, more = high.copy(), low.copy()
            less[place], more[place] = low[place], high[place]
            found += [program.bound(low, less).objective, program.bound(more, high).objective]
        return found

    monkeypatch.setattr(Simplex, "_from_the_beginning", counted)
    left_alone = bounds()
    assert not cold
    monkeypatch.setattr(simplex, "UNWATCHED_SECONDS", 0.0)
    monkeypatch.setattr(simplex, "LOST", -1)
    monkeypatch.setattr(simplex, "LOST_A_STEP", 0.0)
    ended = bounds()
    assert len(cold) > len(ended) // 2
    assert np.isfinite(left_alone).sum() > len(left_alone) // 2
    assert ended == pytest.approx(left_alone, abs=1e-6)


def test_ctrl_c_in_the_middle_of_a_program_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: Ctrl-C while HiGHS asks whether it shall go on is raised where the program was asked for, and the next
    program has its answer. Broken: it is swallowed, the program counts as lost, and the search goes on."""
    form = compact_of(company(1))[1].form
    program, usual = WarmProgram(form, EXACT), _Watch._ask
    best = WarmProgram(form, EXACT).bound().objective

    def interrupted(self: _Watch, kind: Any, message: str, state: Any, answer: Any, data: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        usual(self, kind, message, state, answer, data)

    def ask() -> None:
        program.bound()
        # Where it was handled a moment too late.
        time.sleep(1.0)

    with monkeypatch.context() as patched:
        patched.setattr(simplex, "UNWATCHED_SECONDS", 0.0)
        patched.setattr(_Watch, "_ask", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ask()
    assert program.bound().objective == pytest.approx(best)
