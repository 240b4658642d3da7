"""What runs on a Dask worker for `optimizer.sweep.dask_run`: who is there, what all jobs share, one job at a time.

Dask imports this module on the other machines by its name. It must not need Dask itself, nor import anything slow.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import pickle
import platform
import time
from dataclasses import dataclass
from typing import Any

import optimizer
from optimizer.threads import use_one_thread

_PACKAGES = ("highspy", "pyomo", "numpy", "distributed")
"""Of each the same version is wanted everywhere: the first three can change a figure, the last carries it home."""

_MOST_DUTIES = 4
"""Kept at once, so that sweeps which use the same workers at the same time do not drive out each other's."""

_KILL_SECONDS = 0.5
"""For the worker to end by itself. It cannot while it solves, so there is no use in more."""


@dataclass(frozen=True)
class Greeting:
    """What a worker says of itself: versions by name, and whether it is prepared for the jobs of this run."""

    versions: dict[str, str]
    is_prepared: bool


@dataclass(frozen=True)
class Said:
    """The end of a job on a worker: the answer, pickled, or why there is none. ``seconds`` of work."""

    answer: bytes | None
    failure: str
    seconds: float


_packed: dict[str, bytes] = {}
_ready: dict[str, tuple[Any, Any]] = {}


def versions_here() -> dict[str, str]:
    """Versions that have to agree, by name; "none" of what is not installed."""
    found = {"wattfork": optimizer.__version__, "Python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "none"
    return found


def digest_of(duty: bytes) -> str:
    """Name of a duty: ``(work, shared, warm_up)``, pickled."""
    return hashlib.sha256(duty).hexdigest()


def greet(digest: str) -> Greeting:
    """On a worker."""
    return Greeting(versions_here(), digest in _ready)


def receive(digest: str, duty: bytes) -> None:
    """On a worker: take a duty, to be unpacked by `prepare`."""
    _packed[digest] = duty


def prepare(digest: str) -> Said | None:
    """On a worker, before its first job: unpack the duty, which imports what it needs, and warm up."""
    began = time.monotonic()
    failure = ""
    if digest not in _ready:
        if digest not in _packed:
            return None
        try:
            # In time where the worker has not imported numpy for others.
            use_one_thread()
            work, shared, warm_up = pickle.loads(_packed.pop(digest))
            if warm_up is not None:
                warm_up()
            _ready[digest] = (work, shared)
            for former in list(_ready)[:-_MOST_DUTIES]:
                del _ready[former]
        except Exception as error:
            failure = _named(error)
    return Said(None, failure, time.monotonic() - began)


def do(digest: str, job: bytes) -> Said | None:
    """On a worker: one job. None if this process was not prepared for it, because it is younger than the order."""
    if digest not in _ready:
        return None
    work, shared = _ready[digest]
    began = time.monotonic()
    try:
        # Packed here, where an answer that cannot be is the job's own failure.
        answer, failure = pickle.dumps(work(shared, pickle.loads(job))), ""
    except Exception as error:
        answer, failure = None, _named(error)
    return Said(answer, failure, time.monotonic() - began)


async def end_worker(dask_worker: Any = None) -> None:
    """In a nanny, which gives itself as the argument: end its worker, which it then starts again."""
    await dask_worker.kill(timeout=_KILL_SECONDS, reason="wattfork")


def _named(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
