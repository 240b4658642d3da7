"""Jobs worked through by the workers of a Dask scheduler, on any number of machines; for callers the same as the pool.

The only module that imports Dask, and only when it is called. It makes the connection; `optimizer.sweep.dask_run` hands
out the jobs, and `optimizer.sweep.dask_worker` is what runs on the workers.
"""

from __future__ import annotations

import contextlib
import logging
import pickle
import re
import sys
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, TypeVar

from optimizer.errors import CallError
from optimizer.pool import Done
from optimizer.sweep.dask_run import CONNECT_SECONDS, DaskRun, check_scheduler

SharedT = TypeVar("SharedT")
JobT = TypeVar("JobT")
AnswerT = TypeVar("AnswerT")

WORKERS_SECONDS = 60.0
"""How long to wait while there is no worker at all."""

_ADDRESS = re.compile(r"(tcp|tls)://[^/\s]+:\d{1,5}")

_TLS_HELP = ("Dask reads ca-file, client.cert and client.key below distributed.comm.tls, see docs/dask.md",)


def run_jobs_on_dask(
    work: Callable[[SharedT, JobT], AnswerT],
    shared: SharedT,
    jobs: Sequence[JobT],
    *,
    address: str,
    limit_seconds: float | None = None,
    warm_up: Callable[[], None] | None = None,
    wait_seconds: float = WORKERS_SECONDS,
    say: Callable[[str], None] | None = None,
) -> Generator[Done[AnswerT] | None, None, None]:
    """``work(shared, job)`` for every job, once: see `DaskQueue`."""
    queue = DaskQueue(address, wait_seconds=wait_seconds, say=say)
    yield from queue.run_jobs(work, shared, jobs, limit_seconds=limit_seconds, warm_up=warm_up)


class DaskQueue:
    """The workers of the scheduler at ``address`` (tcp:// or tls://), for one list of jobs after another.

    ``say`` is told what a person should know (default: a line on stderr). While there is no worker it waits
    ``wait_seconds``.
    """

    def __init__(
        self, address: str, *, wait_seconds: float = WORKERS_SECONDS, say: Callable[[str], None] | None = None
    ) -> None:
        self._address, self._wait_seconds, self._say = address, wait_seconds, say or _say
        self._refused: set[str] = set()
        self._ever, self._lost = False, ""

    def run_jobs(
        self,
        work: Callable[[SharedT, JobT], AnswerT],
        shared: SharedT,
        jobs: Sequence[JobT],
        *,
        limit_seconds: float | None = None,
        warm_up: Callable[[], None] | None = None,
    ) -> Generator[Done[AnswerT] | None, None, None]:
        """As `optimizer.pool.run_jobs`: yields each `Done` as it comes, and None now and then.

        ``work`` and ``warm_up`` are functions of modules that the workers can import; closing the iterator ends what
        runs. The differences: a job whose worker died is given to another one, until `MOST_DEATHS` have died of it;
        workers may come and go; what is shared is sent to each worker once, not again with the next list. A worker
        under a nanny (Dask's default) is started anew when its job runs longer than ``limit_seconds`` or is not wanted
        any more; without one it is left alone until it has finished that job.

        Raises CallError if Dask is not installed, no scheduler answers, no worker ever comes, or a worker that is there
        at the beginning has several threads or other versions; one that comes later is not used. Once a worker could be
        used nothing is raised: without scheduler or workers the jobs that are left are Done with a failure.
        """
        if self._lost:
            yield from (Done(index, None, self._lost, 0.0) for index in range(len(jobs)))
        elif jobs:
            duty = pickle.dumps((work, shared, warm_up))
            try:
                with _connected(self._address) as client:
                    check_scheduler(client, self._address)
                    yield from self._run(client, duty, jobs, limit_seconds)
            except CallError as error:
                # Of the connection: afterwards there are none any more.
                if not self._ever:
                    raise
                self._lost = error.message
                self._say(f"{self._lost}; {len(jobs)} jobs are left undone")
                yield from (Done(index, None, self._lost, 0.0) for index in range(len(jobs)))

    def _run(
        self, client: Any, duty: bytes, jobs: Sequence[Any], limit_seconds: float | None
    ) -> Generator[Done[AnswerT] | None, None, None]:
        run: DaskRun[AnswerT] = DaskRun(
            client,
            self._address,
            duty,
            list(jobs),
            limit_seconds,
            self._wait_seconds,
            self._say,
            self._refused,
            self._ever,
        )
        try:
            yield from run.answers()
        finally:
            self._ever, self._lost = run.ever, run.lost
            run.stop()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise CallError("Dask is not installed here", ("pip install wattfork[dask]",)) from None
    return distributed


@contextlib.contextmanager
def _connected(address: str) -> Iterator[Any]:
    """A client of the scheduler. CallError if there is none."""
    distributed = _distributed()
    if not _ADDRESS.fullmatch(address):
        raise CallError(f"not the address of a Dask scheduler: {address!r}", ("tcp://HOST:PORT or tls://HOST:PORT",))
    security = _security(distributed, address)
    with _quiet():
        try:
            # Dask warns of other versions; we refuse them, by name.
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                client = distributed.Client(
                    address, timeout=CONNECT_SECONDS, security=security, set_as_default=False, name="wattfork"
                )
        except (OSError, ValueError, ImportError) as error:
            why = " ".join(str(error).split()) or type(error).__name__
            raise CallError(f"no Dask scheduler answers at {address}", (why,)) from None
        try:
            yield client
        finally:
            with contextlib.suppress(OSError, TimeoutError):
                client.close(CONNECT_SECONDS)


def _security(distributed: Any, address: str) -> Any:
    """TLS as Dask's configuration says. CallError if that and the address do not go together."""
    security = distributed.Security()
    try:
        configured = security.get_connection_args("client")
    except (OSError, ValueError) as error:
        raise CallError(f"Dask's TLS configuration is wrong: {error}", _TLS_HELP) from None
    if address.startswith("tls:") and configured["ssl_context"] is None:
        raise CallError(f"no certificates are configured for {address}", _TLS_HELP)
    if address.startswith("tcp:") and configured["require_encryption"]:
        raise CallError(f"Dask is configured to require encryption, and {address} has none", ("use tls://HOST:PORT",))
    return security


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without Dask's own account of lost connections: what a person needs of it, we say."""
    loggers = [logging.getLogger(f"distributed.{name}") for name in ("client", "core", "comm", "batched", "utils")]
    former = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, former, strict=True):
            logger.setLevel(level)
