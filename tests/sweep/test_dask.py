"""Jobs on a real Dask scheduler and its workers, each a process of this machine, which are killed as machines fail."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dask
import pytest

from benchmarks.dask_workers import ENDS
from optimizer.errors import CallError
from optimizer.pool import Done
from optimizer.sweep.campaign import Campaign
from optimizer.sweep.dask_queue import CONNECT_SECONDS, DaskQueue, run_jobs_on_dask
from optimizer.sweep.point import OPTIMAL, PointOptions
from optimizer.sweep.vary import Point
from tests.sweep.dask_jobs import PATIENCE_SECONDS, Counted, wait_until, work

ROOT = Path(__file__).parents[2]


def is_running(process_id: int) -> bool:
    """Whether a process of this machine lives; one that has ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@dataclass
class Cluster:
    """A scheduler and what was started for it."""

    folder: Path
    address: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    logged: int = 0
    """Length of the log before the last process was started."""

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "DASK_CONFIG": str(self.folder)}
        # With a nanny it is the nanny that was started from here; what it starts ends with it.
        ends = "--preload-nanny" if "--nanny" in arguments else "--preload"
        with (self.folder / "log").open("ab") as log:
            self.logged = log.tell()
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments, "--host", "127.0.0.1", "--no-dashboard", ends, ENDS],
                cwd=self.folder, env=environment, stdin=subprocess.PIPE, stdout=log, stderr=log,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        file = self.folder / f"scheduler{len(self.processes)}.json"
        process = self.start("scheduler", "--port", "0", "--scheduler-file", str(file))
        wait_until(lambda: file.exists() and file.read_text().rstrip().endswith("}"))
        self.address = json.loads(file.read_text())["address"]
        return process

    def start_worker(self, *arguments: str, nanny: bool = False) -> subprocess.Popen[bytes]:
        """One that is not started again when it dies, unless it has a nanny."""
        threads = () if "--nthreads" in arguments else ("--nthreads", "1")
        kind = "--nanny" if nanny else "--no-nanny"
        return self.start("worker", self.address, *threads, *arguments, kind, "--memory-limit", "0")

    def wait_for_worker(self) -> None:
        """Until the one that was started last is there."""
        wait_until(lambda: b"Registered to" in (self.folder / "log").read_bytes()[self.logged :])

    def end(self, since: int) -> None:
        for process in self.processes[since:]:
            process.kill()
        for process in self.processes[since:]:
            process.wait()
            assert process.stdin is not None
            process.stdin.close()
        del self.processes[since:]


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    found = Cluster(tmp_path_factory.mktemp("dask"))
    try:
        found.start_scheduler()
        yield found
    finally:
        found.end(0)


@pytest.fixture(scope="module")
def nanny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler with one worker that is started again whenever it dies, at the same address."""
    found = Cluster(tmp_path_factory.mktemp("nanny"))
    try:
        found.start_scheduler()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        found.start_worker("--worker-port", str(port), nanny=True)
        yield found
    finally:
        found.end(0)


@pytest.fixture
def cluster(scheduler: Cluster) -> Iterator[Cluster]:
    """The scheduler, without any worker; those that the test starts are ended with it."""
    try:
        yield scheduler
    finally:
        scheduler.end(1)


def run(cluster: Cluster, folder: Path, jobs: list[str], **options: Any) -> list[Done[tuple[str, int, int]]]:
    """All that is found, in the order of the jobs."""
    running = run_jobs_on_dask(work, Counted(folder), jobs, address=cluster.address, **options)
    return sorted((done for done in running if done is not None), key=lambda done: done.index)


def test_a_killed_worker_loses_nothing_and_a_new_one_is_used(cluster: Cluster, tmp_path: Path) -> None:
    """40 jobs, 40 answers. A lost job would give 39; a job given to both, 41. What is shared is unpacked once."""
    workers = {process.pid: process for process in (cluster.start_worker(), cluster.start_worker())}
    # The first two need two workers at once, and so do the last two: one was killed, and one came.
    jobs = ["meet", "meet", *(f"slow {number}" for number in range(36)), "meet again", "meet again"]
    found: list[Done[tuple[str, int, int]]] = []
    killed = 0
    for done in run_jobs_on_dask(work, Counted(tmp_path), jobs, address=cluster.address):
        if done is None:
            continue
        found.append(done)
        if len(found) == 10:
            assert done.answer is not None
            killed = done.answer[1]
            workers[killed].send_signal(signal.SIGKILL)
            for file in tmp_path.glob("*.met"):
                file.unlink()
            new = cluster.start_worker()
    assert sorted(done.index for done in found) == list(range(40))
    assert {done.failure for done in found} == {""}
    assert all(done.answer is not None and done.answer[0] == jobs[done.index] for done in found)
    by_process: dict[int, set[int]] = {}
    for done in found:
        assert done.answer is not None
        by_process.setdefault(done.answer[1], set()).add(done.answer[2])
    assert set(by_process) == {*workers, new.pid}
    assert list(by_process.values()) == [{1}, {1}, {1}]
    assert workers[killed].wait() == -signal.SIGKILL


def test_what_a_job_does_wrong_is_its_own_failure(nanny: Cluster, tmp_path: Path) -> None:
    """The job that kills is tried by three processes, not by two or four; the others are answered."""
    found = run(nanny, tmp_path, ["a", "raise", "kill", "unpicklable", "b"])
    assert [done.answer and done.answer[0] for done in found] == ["a", None, None, None, "b"]
    assert found[1].failure == "ValueError: not this one"
    assert "3 workers died while they solved it (tcp://127.0.0.1:" in found[2].failure
    assert len(set((tmp_path / "deaths").read_text().split())) == 3
    assert "pickle" in found[3].failure


def test_a_job_that_hangs_is_given_up_and_its_process_ended(nanny: Cluster, tmp_path: Path) -> None:
    found = run(nanny, tmp_path, ["hang", "a"], limit_seconds=2.0)
    assert found[0].failure == "gave no answer within 2 s"
    assert found[1].answer is not None
    assert found[1].answer[1] != int((tmp_path / "hangs").read_text())


def test_closing_it_ends_what_runs(nanny: Cluster, tmp_path: Path) -> None:
    running = run_jobs_on_dask(work, Counted(tmp_path), ["a", "hang"], address=nanny.address)
    with contextlib.closing(running):
        for _ in running:
            if (tmp_path / "hangs").exists():
                break
    hanging = int((tmp_path / "hangs").read_text())
    assert not is_running(hanging)


def test_without_a_nanny_a_worker_that_is_stuck_is_not_waited_for(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is the only one, so the job after it has nobody."""
    cluster.start_worker()
    cluster.wait_for_worker()
    found = run(cluster, tmp_path, ["hang", "a"], limit_seconds=2.0, wait_seconds=1.0)
    assert [done.failure for done in found] == [
        "gave no answer within 2 s",
        f"no Dask worker at {cluster.address} within 1 s",
    ]
    assert f"waiting 1 s for one (dask worker {cluster.address} --nthreads 1)" in capsys.readouterr().err


def test_points_need_no_files_at_the_workers(cluster: Cluster, load_small: Callable[..., Any]) -> None:
    """The case and its prices travel: here nobody has a file any more when the points are solved, in two waves."""
    loaded = load_small()
    btc = [100000.0, 90000.0, 80000.0, 70000.0, 60000.0]
    points = [Point(i + 1, (usd,), {"market.network.btc_usd": usd}, place=(i / 4,)) for i, usd in enumerate(btc)]

    def in_this_process(work: Any, shared: Any, jobs: Any, **_: Any) -> Iterator[Done[Any]]:
        for index, job in enumerate(jobs):
            yield Done(index, work(shared, job), "", 0.0)

    on_dask = DaskQueue(cluster.address).run_jobs
    there, here = (Campaign(loaded, PointOptions(), executor=each) for each in (on_dask, in_this_process))
    (loaded.folder / "prices.csv").unlink()
    cluster.start_worker()
    found = {swept.point.number: swept.outcome for swept in there.solve(points) if swept is not None}
    expected = {swept.point.number: swept.outcome for swept in here.solve(points) if swept is not None}
    assert [outcome.status for outcome in expected.values()] == [OPTIMAL] * 5
    assert found == expected


def test_a_second_call_sends_nothing_that_is_there(cluster: Cluster, tmp_path: Path) -> None:
    """As for the next wave of a sweep: unpacked once, not twice."""
    cluster.start_worker()
    assert [done.answer and done.answer[2] for done in run(cluster, tmp_path, ["a", "b"])] == [1, 1]
    assert [done.answer and done.answer[2] for done in run(cluster, tmp_path, ["c"])] == [1]


def test_a_worker_with_several_threads_is_refused(cluster: Cluster, tmp_path: Path) -> None:
    cluster.start_worker("--nthreads", "2")
    with pytest.raises(CallError, match=r"worker tcp://127.0.0.1:\d+ has 2 threads; it has to have one") as caught:
        run(cluster, tmp_path, ["a"])
    assert caught.value.details == (f"start it with: dask worker {cluster.address} --nthreads 1",)


def test_another_version_is_refused_or_not_used(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A worker of another version is an error at the beginning, and is left alone when it comes later."""
    (tmp_path / "older.py").write_text("import optimizer\n\noptimizer.__version__ = '0.0.9'\n")
    older = ("--preload", str(tmp_path / "older.py"))
    cluster.start_worker(*older)
    said = r"worker tcp://127.0.0.1:\d+ has wattfork 0\.0\.9; here it is wattfork \S+: they have to be the same"
    with pytest.raises(CallError, match=said):
        run(cluster, tmp_path, ["a"])
    cluster.end(1)
    cluster.start_worker()
    dask_queue = DaskQueue(cluster.address)
    for done in dask_queue.run_jobs(work, Counted(tmp_path), ["a", "meet"]):
        if done is not None and done.index == 0:
            cluster.start_worker(*older)
        if capsys.readouterr().err.endswith("they have to be the same; it is not used\n"):
            (tmp_path / "here.met").touch()
    assert len(list(tmp_path.glob("*.met"))) == 2
    # It is still there for the next list, is not used, and nothing is said twice.
    assert [done.failure for done in dask_queue.run_jobs(work, Counted(tmp_path), ["b"]) if done is not None] == [""]
    assert capsys.readouterr().err == ""


def test_a_scheduler_of_another_version_is_refused(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("optimizer.__version__", "0.0.8")
    with pytest.raises(CallError, match=r"the Dask scheduler at \S+ has wattfork \S+; here it is wattfork 0\.0\.8"):
        run(cluster, tmp_path, ["a"])


def test_without_any_worker_it_waits_and_says_so(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    with pytest.raises(CallError, match=f"no Dask worker at {cluster.address} within 1 s"):
        run(cluster, tmp_path, ["a"], wait_seconds=1.0)
    assert 1 <= time.monotonic() - began < PATIENCE_SECONDS
    assert capsys.readouterr().err.count("no Dask worker") == 1


def test_without_a_scheduler_the_error_names_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CONNECT_SECONDS <= 5
    monkeypatch.setattr("optimizer.sweep.dask_queue.CONNECT_SECONDS", 1.0)
    with socket.socket() as taken:
        # Bound, and nobody listens.
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(CallError, match=f"no Dask scheduler answers at {address}"):
            run(Cluster(tmp_path, address), tmp_path, ["a"])
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("address", ["localhost:8786", "tcp://", "tcp://host", "http://host:8786", "tcp://a:1/b", ""])
def test_what_is_no_address_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(CallError, match="not the address of a Dask scheduler") as caught:
        run(Cluster(tmp_path, address), tmp_path, ["a"])
    assert "tcp://HOST:PORT" in caught.value.details[0]


def test_tls_that_is_not_configured_is_named(tmp_path: Path) -> None:
    """Without asking anybody: the port is closed."""

    def said(scheme: str, **settings: Any) -> str:
        with dask.config.set({f"distributed.comm.{name}": value for name, value in settings.items()}):
            with pytest.raises(CallError) as caught:
                run(Cluster(tmp_path, f"{scheme}://127.0.0.1:1"), tmp_path, ["a"])
            return caught.value.message

    assert said("tls") == "no certificates are configured for tls://127.0.0.1:1"
    encrypted = said("tcp", **{"require-encryption": True})
    assert encrypted == "Dask is configured to require encryption, and tcp://127.0.0.1:1 has none"
    missing = str(tmp_path / "no.pem")
    wrong = said("tls", **{"tls.ca-file": missing, "tls.client.cert": missing, "tls.client.key": missing})
    assert wrong.startswith("Dask's TLS configuration is wrong: ")


def test_without_dask_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CallError, match="Dask is not installed") as caught:
        run(Cluster(tmp_path, "tcp://127.0.0.1:8786"), tmp_path, ["a"])
    assert caught.value.details == ("pip install wattfork[dask]",)


def test_a_scheduler_that_dies_leaves_failures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was answered stays; the rest is said to be lost rather than waited for."""
    monkeypatch.setattr("optimizer.sweep.dask_queue.CONNECT_SECONDS", 1.0)
    own = Cluster(tmp_path)
    try:
        process = own.start_scheduler()
        own.start_worker()
        found = []
        dask_queue = DaskQueue(own.address)
        for done in dask_queue.run_jobs(work, Counted(tmp_path), ["a", "hang", "b"]):
            if done is not None:
                found.append(done)
            if (tmp_path / "hangs").exists():
                process.kill()
    finally:
        own.end(0)
    assert [done.index for done in found] == [0, 1, 2]
    assert [done.failure for done in found] == ["", *[f"the Dask scheduler at {own.address} is gone"] * 2]
    assert "2 jobs are left undone" in capsys.readouterr().err
    # Nor is the next list an error of the call: at once, what is left fails, too.
    later = [done for done in dask_queue.run_jobs(work, Counted(tmp_path), ["c"]) if done is not None]
    assert [done.failure for done in later] == [f"the Dask scheduler at {own.address} is gone"]
