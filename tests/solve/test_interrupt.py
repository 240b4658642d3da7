"""Ctrl-C while HiGHS is at work: the first one keeps the plan, the second one leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from optimizer.solve.interrupt import InterruptGuard

ROOT = Path(__file__).resolve().parents[2]

# The market-split problem again: this runs in a process of its own, which cannot see the fixtures.
SCRIPT = """
import sys, time
import numpy as np
from optimizer.solve.bridge import make_form
from optimizer.solve.highs import SolveOptions, solve_form
from optimizer.solve.interrupt import InterruptGuard

random = np.random.default_rng(1)
demand = random.integers(0, 100, (5, 40))
half = demand.sum(axis=1) // 2
form = make_form(
    np.hstack([demand, np.eye(5), -np.eye(5)]), np.r_[np.zeros(40), np.ones(10)], row_lower=half, row_upper=half,
    column_lower=np.zeros(50), column_upper=np.r_[np.ones(40), np.full(10, np.inf)], integer=[True] * 40 + [False] * 10)
told = []
def listen(progress):
    if progress.incumbent is not None and not told:
        told.append(True)
        print("solving", flush=True)
options = SolveOptions(relative_gap=0.0, time_limit_seconds=60.0)
"""

GUARDED = """
with InterruptGuard() as guard:
    found = solve_form(form, options, on_progress=listen, stop=guard.stop)
print(found.status.name, found.values is not None, flush=True)
"""

UNGUARDED = """
try:
    solve_form(form, options, on_progress=listen)
except KeyboardInterrupt:
    print("left", flush=True)
"""

# The solve is not told to stop, so that only the second Ctrl-C can end it.
TWICE = """
try:
    with InterruptGuard() as guard:
        solve_form(form, options, on_progress=listen)
except KeyboardInterrupt:
    print("left", guard.stop.is_set(), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to another process")
@pytest.mark.parametrize(
    ("script", "interrupts", "last_words"),
    [(GUARDED, 1, "INTERRUPTED True"), (UNGUARDED, 1, "left"), (TWICE, 2, "left True")],
)
def test_interrupt_reaches_a_running_solve(script: str, interrupts: int, last_words: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT + script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "solving\n"
        began = time.monotonic()
        for _ in range(interrupts):
            time.sleep(0.3)
            assert process.poll() is None
            process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20.0)
    finally:
        process.kill()
        process.communicate()
    assert out.strip() == last_words
    assert err == ""
    assert process.returncode == 0
    assert time.monotonic() - began < 10.0


def test_guard_restores_the_former_handler() -> None:
    former = signal.getsignal(signal.SIGINT)
    with InterruptGuard() as guard:
        assert signal.getsignal(signal.SIGINT) is not former
        signal.raise_signal(signal.SIGINT)
        assert guard.stop.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is former


def test_guard_does_nothing_in_other_threads() -> None:
    former = signal.getsignal(signal.SIGINT)
    seen: list[object] = []

    def work() -> None:
        with InterruptGuard():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [former]
