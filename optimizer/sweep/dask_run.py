"""Hands jobs out to the workers of a Dask scheduler and collects the answers, whoever comes, goes or dies.

Each worker has one job at a time, tied to it by us rather than placed by the scheduler. So it is known whose job a dead
worker had: that job alone is suspected, and another worker does it. (The scheduler by itself suspects every job that
waited at the dead worker, too.) What all jobs share goes to each worker once and stays there.

Not here: the connection (`optimizer.sweep.dask_queue`), and what runs on a worker (`optimizer.sweep.dask_worker`).
"""

from __future__ import annotations

import contextlib
import pickle
import queue
import time
import uuid
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from optimizer.errors import CallError
from optimizer.pool import MOST_FAILED_STARTS, Done
from optimizer.sweep import dask_worker
from optimizer.sweep.dask_worker import Greeting, Said

AnswerT = TypeVar("AnswerT")

CONNECT_SECONDS = 5.0
"""For the scheduler to answer, at first and when the connection was lost."""

MOST_DEATHS = 3
"""Of workers that had the same job: then it is taken to be the job's fault."""

_TICK_SECONDS = 0.5
_ANSWER_SECONDS = 10.0
_SILENT_SECONDS = 3.0
"""A worker that died is started again within this, mostly: not worth a word."""

_START = "dask worker {address} --nthreads 1"


def check_scheduler(client: Any, address: str) -> None:
    """The scheduler unpacks every order, so it needs the same packages."""
    try:
        problem = _difference(client.run_on_scheduler(dask_worker.versions_here))
    except Exception as error:
        problem = _no_wattfork(error)
    if problem:
        raise CallError(f"the Dask scheduler at {address} {problem}")


def _difference(there: dict[str, str]) -> str:
    here = dask_worker.versions_here()
    different = [name for name in here if there.get(name, "none") != here[name]]
    if not different:
        return ""
    theirs = ", ".join(f"{name} {there.get(name, 'none')}" for name in different)
    ours = ", ".join(f"{name} {here[name]}" for name in different)
    return f"has {theirs}; here it is {ours}: they have to be the same"


def _no_wattfork(error: BaseException) -> str:
    return f"cannot run wattfork {dask_worker.versions_here()['wattfork']}: {' '.join(str(error).split())}"


@dataclass
class _Worker:
    """A worker and what it does. ``key`` of the order that it has, None when free; ``job`` None if that is no job."""

    address: str
    has_nanny: bool
    takes_work: bool = True
    """Neither about to leave nor short of memory."""
    prepared: bool = False
    key: str | None = None
    future: Any = None
    job: int | None = None
    began: float = 0.0

    def is_of_use(self) -> bool:
        """Gets ready, has a job, or can be given one; not so if it is stuck with one that was given up."""
        return not self.prepared or self.job is not None or (self.key is None and self.takes_work)


@dataclass
class DaskRun(Generic[AnswerT]):
    """One list of jobs: which is where, and what is still to do."""

    client: Any
    address: str
    duty: bytes
    jobs: list[Any]
    limit_seconds: float | None
    wait_seconds: float
    say: Callable[[str], None]
    refused: set[str]
    """Addresses of workers that are not used."""
    ever: bool
    """Whether any worker could be used so far, in earlier runs too."""

    lost: str = ""
    """Why nothing is to be hoped for any more."""
    digest: str = ""
    waiting: list[int] = field(default_factory=list)
    left: int = 0
    deaths: dict[int, list[str]] = field(default_factory=dict)
    workers: dict[str, _Worker] = field(default_factory=dict)
    """By address."""
    unreached: set[str] = field(default_factory=set)
    """Addresses of workers that did not answer once."""
    finished: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)
    """Keys of orders, put by a thread of Dask's."""
    failed_starts: int = 0
    """Workers that died while they were prepared, in a row."""
    alone_since: float | None = None
    said_alone: bool = False
    lost_since: float | None = None
    looked: float = -_TICK_SECONDS

    def __post_init__(self) -> None:
        """All jobs wait, the first in front."""
        self.digest = dask_worker.digest_of(self.duty)
        self.waiting = list(reversed(range(len(self.jobs))))
        self.left = len(self.jobs)

    def answers(self) -> Generator[Done[AnswerT] | None, None, None]:
        """Each `Done` as it comes, and None now and then."""
        while self.left:
            found: list[Done[AnswerT]] = []
            if time.monotonic() - self.looked >= _TICK_SECONDS:
                found += self._look()
                found += self._overdue()
                found += self._give_up()
            self._give()
            if not found:
                found += self._hear()
            for done in found:
                self.left -= 1
                yield done
            if self.left:
                yield None

    def stop(self) -> None:
        """End what still runs, as far as can be."""
        busy = [worker for worker in self.workers.values() if worker.key is not None]
        with contextlib.suppress(OSError, TimeoutError):
            self._cancel(busy)
            self._restart(busy)

    def _look(self) -> list[Done[AnswerT]]:
        """Ask the scheduler who is there: take in who came, give the jobs of who has gone to others."""
        try:
            scheduler = self.client.sync(self.client.scheduler.identity)
        except Exception:
            # The connection is lost, or being made again.
            self.lost_since = self.lost_since or time.monotonic()
            return []
        finally:
            self.looked = time.monotonic()
        self.lost_since = None
        seats: dict[str, Any] = scheduler["workers"]
        found = []
        for worker in [worker for address, worker in self.workers.items() if address not in seats]:
            found += self._died(worker)
        for address, worker in self.workers.items():
            worker.takes_work = seats[address]["status"] == "running"
        self.refused &= set(seats)
        self._take_in({address: seat for address, seat in seats.items() if self._is_new(address)})
        return found

    def _is_new(self, address: str) -> bool:
        return address not in self.workers and address not in self.refused

    def _died(self, worker: _Worker) -> list[Done[AnswerT]]:
        self.workers.pop(worker.address, None)
        job = worker.job
        self._cancel([worker])
        if not worker.prepared:
            self.failed_starts += 1
        if job is None:
            return []
        deaths = self.deaths.setdefault(job, [])
        deaths.append(worker.address)
        if len(deaths) < MOST_DEATHS:
            self.waiting.append(job)
            return []
        where = ", ".join(dict.fromkeys(deaths))
        failure = f"{len(deaths)} workers died while they solved it ({where}; too little memory?)"
        return [Done(job, None, failure, time.monotonic() - worker.began)]

    def _take_in(self, new: dict[str, Any]) -> None:
        """Check workers that were not here before, send them what all jobs share, and let them prepare."""
        single = [address for address, seat in new.items() if seat["nthreads"] == 1]
        greetings = self._run_on(single, dask_worker.greet, self.digest)
        for address in single:
            # One that has just gone is no problem. One that is still there at the next look is.
            if isinstance(greetings.get(address), OSError) and address not in self.unreached:
                self.unreached.add(address)
                del new[address]
        problems = {address: _problem(seat, greetings.get(address)) for address, seat in new.items()}
        self._refuse({address: problem for address, problem in problems.items() if problem})
        good = [address for address, problem in problems.items() if not problem]
        without = [address for address in good if not greetings[address].is_prepared]
        answers = self._run_on(without, dask_worker.receive, self.digest, self.duty)
        for address in good:
            # One that has gone meanwhile is not missed; one that is still there is asked again.
            if not isinstance(answers.get(address), BaseException):
                worker = self.workers[address] = _Worker(address, new[address]["nanny"] is not None)
                self._order(worker, dask_worker.prepare)

    def _refuse(self, problems: dict[str, str]) -> None:
        """At the beginning an error, later a message."""
        lines = [f"worker {address} {problem}" for address, problem in problems.items()]
        if lines and not self.ever:
            more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
            raise CallError(f"{lines[0]}{more}", (f"start it with: {_START.format(address=self.address)}",))
        for line in lines:
            self.say(f"{line}; it is not used")
        self.refused.update(problems)

    def _run_on(self, addresses: list[str], function: Callable[..., Any], *arguments: Any) -> dict[str, Any]:
        """What a function returns on each worker, or the exception."""
        if not addresses:
            return {}
        try:
            found: dict[str, Any] = self.client.run(function, *arguments, workers=addresses, on_error="return")
        except OSError as error:
            return dict.fromkeys(addresses, error)
        return found

    def _give(self) -> None:
        """A job for every worker that is free."""
        if self.client.status != "running":
            return
        for worker in self.workers.values():
            if self.waiting and worker.prepared and worker.key is None and worker.takes_work:
                job = self.waiting.pop()
                self._order(worker, dask_worker.do, pickle.dumps(self.jobs[job]))
                worker.job = job

    def _order(self, worker: _Worker, function: Callable[..., Any], *arguments: Any) -> None:
        """Have a worker, and no other, call a function: a key of its own, so that no earlier answer is taken for it."""
        worker.key, worker.began = f"wattfork-{uuid.uuid4().hex}", time.monotonic()
        worker.future = self.client.submit(
            function,
            self.digest,
            *arguments,
            key=worker.key,
            workers=[worker.address],
            allow_other_workers=False,
            pure=False,
            retries=0,
        )
        worker.future.add_done_callback(lambda future: self.finished.put(future.key))

    def _hear(self) -> list[Done[AnswerT]]:
        """Wait a moment for an answer."""
        try:
            key = self.finished.get(timeout=_TICK_SECONDS)
        except queue.Empty:
            return []
        worker = next((worker for worker in self.workers.values() if worker.key == key), None)
        # Nobody's: of an order that was cancelled.
        return self._ended(worker) if worker else []

    def _ended(self, worker: _Worker) -> list[Done[AnswerT]]:
        job, future = worker.job, worker.future
        seconds = time.monotonic() - worker.began
        said: Said | None = None
        failure = ""
        if future.status == "finished":
            # Should its worker have died just now, the answer never comes.
            with contextlib.suppress(OSError, TimeoutError):
                said = future.result(timeout=_ANSWER_SECONDS)
        elif future.status == "error":
            error = future.exception(timeout=_ANSWER_SECONDS)
            # The scheduler may be set to say at the first death that it was the job's fault.
            if type(error).__name__ != "KilledWorker":
                failure = " ".join(f"{type(error).__name__}: {error}".split())
        else:
            # Cancelled by nobody here: the connection was lost, and is being made again.
            del self.workers[worker.address]
            self.waiting += [] if job is None else [job]
            return []
        if said is None and not failure:
            return self._died(worker)
        worker.key = worker.future = worker.job = None
        if not worker.prepared:
            self._prepared(worker, failure or (said.failure if said else ""))
        if job is None:
            return []
        if said is None:
            return [Done(job, None, failure, seconds)]
        answer: AnswerT | None = None if said.answer is None else pickle.loads(said.answer)
        return [Done(job, answer, said.failure, said.seconds)]

    def _prepared(self, worker: _Worker, failure: str) -> None:
        if failure:
            del self.workers[worker.address]
            self._refuse({worker.address: f"cannot do the work: {failure}"})
        else:
            worker.prepared = self.ever = True
            self.failed_starts = 0

    def _overdue(self) -> list[Done[AnswerT]]:
        limit = self.limit_seconds
        if limit is None:
            return []
        now = time.monotonic()
        late = [each for each in self.workers.values() if each.job is not None and now - each.began > limit]
        found: list[Done[AnswerT]] = []
        for worker in late:
            assert worker.job is not None
            found.append(Done(worker.job, None, f"gave no answer within {limit:,.0f} s", limit))
            # Without a nanny it stays busy until that job is finished.
            worker.job = None
        replaced = [worker for worker in late if worker.has_nanny]
        for worker in replaced:
            del self.workers[worker.address]
        self._cancel(replaced)
        self._restart(replaced)
        return found

    def _cancel(self, workers: list[_Worker]) -> None:
        futures = [worker.future for worker in workers if worker.future is not None]
        for worker in workers:
            worker.key = worker.future = None
        if futures:
            with contextlib.suppress(OSError, TimeoutError):
                self.client.cancel(futures, force=True)

    def _restart(self, workers: list[_Worker]) -> None:
        """End the processes of workers that will be started again: nothing else ends what a thread does."""
        addresses = [worker.address for worker in workers if worker.has_nanny]
        if addresses:
            # KeyError: it has gone meanwhile.
            with contextlib.suppress(OSError, TimeoutError, KeyError):
                self.client.run(dask_worker.end_worker, workers=addresses, nanny=True, on_error="ignore")

    def _give_up(self) -> list[Done[AnswerT]]:
        """Without scheduler or workers: wait, say so, and at last answer that nobody is there."""
        now = time.monotonic()
        if self.client.status == "closed" or (self.lost_since and now - self.lost_since > 2 * CONNECT_SECONDS):
            return self._abandon(f"the Dask scheduler at {self.address} is gone")
        if self.failed_starts >= MOST_FAILED_STARTS and not any(worker.prepared for worker in self.workers.values()):
            return self._abandon(f"all workers at {self.address} die before their first job")
        if any(worker.is_of_use() for worker in self.workers.values()):
            self.alone_since, self.said_alone = None, False
            return []
        self.alone_since = self.alone_since or now
        alone = now - self.alone_since
        if alone > min(_SILENT_SECONDS, self.wait_seconds / 2) and not self.said_alone:
            self.said_alone = True
            start = _START.format(address=self.address)
            self.say(f"no Dask worker at {self.address}; waiting {self.wait_seconds:,.0f} s for one ({start})")
        if alone < self.wait_seconds:
            return []
        problem = f"no Dask worker at {self.address} within {self.wait_seconds:,.0f} s"
        if not self.ever:
            raise CallError(problem, (f"start one with: {_START.format(address=self.address)}",))
        return self._abandon(problem)

    def _abandon(self, failure: str) -> list[Done[AnswerT]]:
        """Every job that has no answer fails."""
        self.lost = failure
        self.say(f"{failure}; {self.left} jobs are left undone")
        had = [worker.job for worker in self.workers.values() if worker.job is not None]
        left = sorted({*self.waiting, *had})
        self.waiting.clear()
        self.workers.clear()
        return [Done(job, None, failure, 0.0) for job in left]


def _problem(seat: dict[str, Any], greeting: Any) -> str:
    """What is wrong with a worker, empty if nothing."""
    if seat["nthreads"] != 1:
        return f"has {seat['nthreads']} threads; it has to have one, because solves do not share a process"
    if isinstance(greeting, Greeting):
        return _difference(greeting.versions)
    if isinstance(greeting, OSError):
        return f"cannot be reached from the scheduler: {' '.join(str(greeting).split())}"
    return _no_wattfork(greeting)
