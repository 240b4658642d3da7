"""The benchmark of Dask workers leaves nothing running, however it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sweep.dask_jobs import wait_until

ROOT = Path(__file__).parents[2]


def children_of(process_id: int) -> list[int]:
    """Processes that a process of this machine has started."""
    return [int(each) for each in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()]


def lives(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are found in /proc")
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_scheduler_and_worker_end_with_the_benchmark(sent: signal.Signals) -> None:
    """Proves: terminated from outside the benchmark ends its scheduler and worker and says so by its code, 143; killed,
    they end by themselves. Broken: both live on, a Python each, until somebody looks for them."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.dask_workers", "--points", "1000", "--rounds", "1"],
        cwd=ROOT, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until(lambda: len(children_of(process.pid)) == 2)
        children = children_of(process.pid)
        process.send_signal(sent)
        assert process.wait(30) == (143 if sent is signal.SIGTERM else -9)
        wait_until(lambda: not any(lives(child) for child in children))
    finally:
        process.kill()
        process.wait()
