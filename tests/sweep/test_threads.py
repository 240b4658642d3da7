"""Libraries under numpy get one thread where the process is ours, and what the user has set stays."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from optimizer.pool import run_jobs
from optimizer.threads import VARIABLES, started_with_one_thread, use_one_thread


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def environment_of(_: None, name: str) -> str | None:
    return os.environ.get(name)


def test_processes_of_a_pool_have_one_thread_and_we_keep_ours() -> None:
    """Proves: the variable is there in the process, and not here afterwards. Broken: None there, or '1' here."""
    (done,) = [each for each in run_jobs(environment_of, None, [VARIABLES[0]], workers=1) if each is not None]
    assert done.answer == "1"
    assert not any(name in os.environ for name in VARIABLES)


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: one variable of the user's and nothing is added, as another would count before it. Broken: '1' for 3."""
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    with started_with_one_thread():
        assert [os.environ.get(name) for name in VARIABLES] == [None, "3", None, None, None]
    assert use_one_thread() == {}


@pytest.mark.parametrize(("call", "threads"), [("main()", "1"), ("main(['schema'])", "None")])
def test_only_the_command_itself_sets_them(call: str, threads: str) -> None:
    """Proves: as a command before numpy is imported; called by a program, not at all. Broken: None, or 1."""
    script = (
        "import os, sys; sys.argv = ['wattfork', 'schema']; from optimizer.cli.main import main; "
        f"assert 'numpy' not in sys.modules; {call}; print(os.environ.get('OPENBLAS_NUM_THREADS'), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.split()[-1] == threads
