"""A pool of processes that work through a list of jobs and survive the death of any of them.

Each process is fed one job at a time through a pipe of its own. So it is known whose job a dead process had, and that
job alone is lost: the process is replaced, the rest goes on. (The executors of the standard library give up the whole
pool, and do not say whose fault it was.) Processes are spawned, so they share nothing that a solver's threads hold.

Not here: what a job is.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Generic, TypeVar

SharedT = TypeVar("SharedT")
JobT = TypeVar("JobT")
AnswerT = TypeVar("AnswerT")

MOST_FAILED_STARTS = 3
"""In a row: then something is wrong with starting processes as such."""

NO_JOB = -1

_TICK_SECONDS = 0.5
_LAST_WAIT_SECONDS = 2.0


@dataclass(frozen=True)
class Done(Generic[AnswerT]):
    """The end of a job. ``answer`` is None where it failed, and ``failure`` says why; ``seconds`` of work."""

    index: int
    answer: AnswerT | None
    failure: str
    seconds: float


@dataclass
class _Worker:
    """A process and our end of its pipe. ``ready``: it has said that it is there; ``job``: index of what it does."""

    process: SpawnProcess
    pipe: Connection
    ready: bool = False
    job: int | None = None
    began: float = 0.0


def usable_cpus() -> int:
    """CPUs that this process may run on."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def run_jobs(
    work: Callable[[SharedT, JobT], AnswerT],
    shared: SharedT,
    jobs: Sequence[JobT],
    *,
    workers: int,
    limit_seconds: float | None = None,
    warm_up: Callable[[], None] | None = None,
) -> Generator[Done[AnswerT] | None, None, None]:
    """``work(shared, job)`` for every job; yields each `Done` as it comes, and None now and then while none does.

    ``work`` and ``warm_up`` (called once in each process before its first job) have to be functions of a module;
    ``shared`` (sent to each process once), jobs and answers have to be picklable. A job that raises, takes its process
    down or runs longer than ``limit_seconds`` is Done with a failure. Closing the iterator, or an exception in whoever
    reads it, ends all processes.
    """
    duty = pickle.dumps((work, shared, warm_up))
    waiting = list(reversed(range(len(jobs))))
    pool: list[_Worker] = []
    failed_starts = 0
    try:
        while waiting or any(worker.job is not None for worker in pool):
            busy = sum(worker.job is not None for worker in pool)
            while len(pool) < min(workers, len(waiting) + busy) and failed_starts < MOST_FAILED_STARTS:
                started = _start(duty)
                if started is None:
                    failed_starts += 1
                else:
                    pool.append(started)
            done: Done[AnswerT]
            for done in _hear(pool):
                if done.index == NO_JOB:
                    failed_starts += 1
                else:
                    failed_starts = 0
                    yield done
            if failed_starts >= MOST_FAILED_STARTS:
                # Those that run go on alone.
                workers, failed_starts = sum(worker.ready for worker in pool), 0
            while waiting and workers == 0:
                yield Done(waiting.pop(), None, "no process could be started to solve it", 0.0)
            for worker in pool:
                if worker.ready and worker.job is None and waiting:
                    _give(worker, waiting.pop(), jobs)
            for worker in _overdue(pool, limit_seconds):
                assert worker.job is not None
                assert limit_seconds is not None
                pool.remove(worker)
                worker.process.terminate()
                _end(worker)
                yield Done(worker.job, None, f"gave no answer within {limit_seconds:,.0f} s", limit_seconds)
            yield None
    finally:
        # First all are told, then each is waited for.
        for worker in pool:
            worker.process.terminate()
        for worker in pool:
            _end(worker)


def _overdue(pool: list[_Worker], limit_seconds: float | None) -> list[_Worker]:
    if limit_seconds is None:
        return []
    now = time.monotonic()
    return [worker for worker in pool if worker.job is not None and now - worker.began > limit_seconds]


def _hear(pool: list[_Worker]) -> list[Done[AnswerT]]:
    """Wait a moment for what the processes say; those that died leave the pool (`NO_JOB` if they had none)."""
    found: list[Done[AnswerT]] = []
    heard = wait([worker.pipe for worker in pool], timeout=_TICK_SECONDS)
    for worker in [worker for worker in pool if worker.pipe in heard]:
        seconds = time.monotonic() - worker.began
        try:
            said = worker.pipe.recv()
        except (EOFError, OSError):
            # The system closed the other end, so it is dead or dying.
            pool.remove(worker)
            _end(worker)
            index = NO_JOB if worker.job is None else worker.job
            found.append(Done(index, None, _death(worker.process.exitcode), seconds))
            continue
        if not worker.ready:
            worker.ready = True
            continue
        assert worker.job is not None
        answer, failure = said
        found.append(Done(worker.job, answer, failure, seconds))
        worker.job = None
    return found


def _give(worker: _Worker, index: int, jobs: Sequence[JobT]) -> None:
    worker.job, worker.began = index, time.monotonic()
    # If it has died meanwhile, its pipe says so the next time that we listen, and the job is marked as lost.
    with contextlib.suppress(OSError):
        worker.pipe.send(jobs[index])


def _death(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        try:
            name = signal.Signals(-exit_code).name
        except ValueError:
            name = f"signal {-exit_code}"
        hint = "; too little memory?" if -exit_code == 9 else ""
        return f"the process that solved it was killed ({name}{hint})"
    return f"the process that solved it ended by itself (exit code {exit_code})"


def _start(duty: bytes) -> _Worker | None:
    """A new process, None if the system refuses one or it died at once."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, duty), daemon=True)
    try:
        with _interrupts_held():
            process.start()
    except OSError:
        ours.close()
        return None
    finally:
        # Only the process itself may hold its end: then the end of the process is the end of the pipe.
        theirs.close()
    return _Worker(process, ours)


@contextlib.contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C reaches all processes of a terminal. Ours inherit that it is held back, and leave it to their parent."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Its start would let interrupts through again.
    resource_tracker.ensure_running()
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _end(worker: _Worker) -> None:
    """Wait for the end of a process that was told to end, or ended by itself; then force it."""
    worker.process.join(_LAST_WAIT_SECONDS)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()
    worker.pipe.close()


def _serve(pipe: Connection, duty: bytes) -> None:
    """What a process does: say that it is there, then a job, an answer, until nobody is at the other end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Libraries make locks of the default kind when they are imported. Those of this kind need no tidying up, so nobody
    # complains when the process is killed. This is why duty comes as bytes: to unpack it imports all that it needs.
    if "fork" in multiprocessing.get_all_start_methods():
        multiprocessing.set_start_method("fork", force=True)
    work, shared, warm_up = pickle.loads(duty)
    if warm_up is not None:
        warm_up()
    with contextlib.suppress(EOFError, OSError):
        pipe.send(None)
        while True:
            job = pipe.recv()
            try:
                answer, failure = work(shared, job), ""
            except Exception as error:
                answer, failure = None, " ".join(f"{type(error).__name__}: {error}".split())
            pipe.send((answer, failure))
