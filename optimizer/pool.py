"""A pool of processes that work through a list of jobs and survive the death of any of them.

Each process is fed one job at a time through a pipe of its own. So it is known whose job a dead process had, and that
job alone is lost: the process is replaced, the rest goes on. (The executors of the standard library give up the whole
pool, and do not say whose fault it was.) Processes are spawned, so they share nothing that a solver's threads hold,
and stay from one list of jobs to the next: to start one and to import a solver takes seconds.

Not here: what a job is.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import time
import weakref
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Generic, TypeVar

from optimizer.threads import started_with_one_thread

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
    """A process and our end of its pipe. ``duty``: what it does jobs by; ``ready``: it has said that it knows it;
    ``job``: index of what it does."""

    process: SpawnProcess
    pipe: Connection
    duty: bytes
    ready: bool = False
    job: int | None = None
    began: float = 0.0


def usable_cpus(at_most: int = 2**31) -> int:
    """CPUs that this process may run on, or ``at_most``."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        count = os.cpu_count() or 1
    return min(count, at_most)


def run_jobs(
    work: Callable[[SharedT, JobT], AnswerT],
    shared: SharedT,
    jobs: Sequence[JobT],
    *,
    workers: int,
    limit_seconds: float | None = None,
    warm_up: Callable[[], None] | None = None,
) -> Generator[Done[AnswerT] | None, None, None]:
    """One list of jobs by processes of its own, which end with it: see `Pool.run_jobs`."""
    with contextlib.closing(Pool(workers)) as pool:
        yield from pool.run_jobs(work, shared, jobs, limit_seconds=limit_seconds, warm_up=warm_up)


class Pool:
    """At most so many processes, for one list of jobs after another.

    They are started when they are needed, and end with `close`, or with the pool itself where nobody closes it.
    """

    def __init__(self, workers: int) -> None:
        self._most = workers
        self._workers: list[_Worker] = []
        weakref.finalize(self, _end_all, self._workers)

    def close(self) -> None:
        """End all processes. The next list of jobs would start new ones."""
        _end_all(self._workers)

    def run_jobs(
        self,
        work: Callable[[SharedT, JobT], AnswerT],
        shared: SharedT,
        jobs: Sequence[JobT],
        *,
        limit_seconds: float | None = None,
        warm_up: Callable[[], None] | None = None,
    ) -> Generator[Done[AnswerT] | None, None, None]:
        """``work(shared, job)`` for every job; yields each `Done` as it comes, and None now and then while none does.

        ``work`` and ``warm_up`` (called in each process before its first job) have to be functions of a module;
        ``shared`` (sent to each process once, again only after another list with other work), jobs and answers have to
        be picklable. A job that raises, takes its process down or runs longer than ``limit_seconds`` is Done with a
        failure. Closing the iterator, or an exception in whoever reads it, ends all processes that have a job.
        """
        duty = pickle.dumps((work, shared, warm_up))
        pool, most = self._workers, self._most
        waiting = list(reversed(range(len(jobs))))
        failed_starts = 0
        self._leave([worker for worker in pool if not worker.ready and worker.duty != duty])
        for worker in pool:
            _retrain(worker, duty)
        try:
            while waiting or any(worker.job is not None for worker in pool):
                busy = sum(worker.job is not None for worker in pool)
                while len(pool) < min(most, len(waiting) + busy) and failed_starts < MOST_FAILED_STARTS:
                    started = _start(duty)
                    if started is None:
                        failed_starts += 1
                    else:
                        pool.append(started)
                done: Done[AnswerT]
                for done in _hear(pool, at_once=bool(waiting) and any(map(_is_free, pool))):
                    if done.index == NO_JOB:
                        failed_starts += 1
                    else:
                        failed_starts = 0
                        yield done
                if failed_starts >= MOST_FAILED_STARTS:
                    # Those that run go on alone.
                    most, failed_starts = sum(worker.ready for worker in pool), 0
                while waiting and most == 0:
                    yield Done(waiting.pop(), None, "no process could be started to solve it", 0.0)
                for worker in pool:
                    if _is_free(worker) and waiting:
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
            self._leave([worker for worker in pool if worker.job is not None])

    def _leave(self, unwanted: list[_Worker]) -> None:
        """Go on without these processes."""
        for worker in unwanted:
            self._workers.remove(worker)
        _end_all(unwanted)


def _is_free(worker: _Worker) -> bool:
    return worker.ready and worker.job is None


def _retrain(worker: _Worker, duty: bytes) -> None:
    """Have a process that waits for jobs do them by another duty."""
    if worker.duty != duty:
        worker.duty, worker.ready = duty, False
        # If it has died meanwhile, its pipe says so the next time that we listen.
        with contextlib.suppress(OSError):
            worker.pipe.send(duty)


def _end_all(workers: list[_Worker]) -> None:
    """First all are told, then each is waited for."""
    for worker in workers:
        worker.process.terminate()
    while workers:
        _end(workers.pop())


def _overdue(pool: list[_Worker], limit_seconds: float | None) -> list[_Worker]:
    if limit_seconds is None:
        return []
    now = time.monotonic()
    return [worker for worker in pool if worker.job is not None and now - worker.began > limit_seconds]


def _hear(pool: list[_Worker], *, at_once: bool) -> list[Done[AnswerT]]:
    """What the processes say, after a moment if nothing yet (not ``at_once``); those that died leave the pool.

    `NO_JOB` of one that died before it was ready for any.
    """
    found: list[Done[AnswerT]] = []
    heard = wait([worker.pipe for worker in pool], timeout=0 if at_once else _TICK_SECONDS)
    for worker in [worker for worker in pool if worker.pipe in heard]:
        seconds = time.monotonic() - worker.began
        try:
            said = worker.pipe.recv()
        except (EOFError, OSError):
            # The system closed the other end, so it is dead or dying.
            pool.remove(worker)
            _end(worker)
            if worker.job is not None:
                found.append(Done(worker.job, None, _death(worker.process.exitcode), seconds))
            elif not worker.ready:
                found.append(Done(NO_JOB, None, "", seconds))
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
        worker.pipe.send((jobs[index],))


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
        with _interrupts_held(), started_with_one_thread():
            process.start()
    except OSError:
        ours.close()
        return None
    finally:
        # Only the process itself may hold its end: then the end of the process is the end of the pipe.
        theirs.close()
    return _Worker(process, ours, duty)


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
    with contextlib.suppress(EOFError, OSError):
        while True:
            duty = _serve_duty(pipe, duty)


def _serve_duty(pipe: Connection, duty: bytes) -> bytes:
    """Do jobs until another duty comes, which is returned. EOFError or OSError when nobody is at the other end."""
    work, shared, warm_up = pickle.loads(duty)
    if warm_up is not None:
        warm_up()
    pipe.send(None)
    while True:
        said = pipe.recv()
        if isinstance(said, bytes):
            return said
        (job,) = said
        try:
            answer, failure = work(shared, job), ""
        except Exception as error:
            answer, failure = None, " ".join(f"{type(error).__name__}: {error}".split())
        pipe.send((answer, failure))
