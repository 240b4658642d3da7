"""Work that is done ahead, by threads of this process: what will probably be asked for next, while something else is.

Nothing hangs on it but time. A result is that of the work alone, whoever does it and when, and what is not asked for in
the end is left, or ended. HiGHS holds no lock of Python while it solves, so two threads solve two programs at once.
"""

from __future__ import annotations

import itertools
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Generic, TypeVar

T = TypeVar("T")

NOW, SOON, LATER = 0, 1, 2
"""What is waited for; what will be asked for next, if all goes as expected; what after that."""

MOST_AT_ONCE = 4
"""Processors that a search takes if nobody says how many: what more of them would begin is hardly ever asked for."""

_TICK_SECONDS = 0.1
"""How often a wait looks around; and how long work that is waited for stays behind other work at most."""

_LAST_WAIT_SECONDS = 10.0
"""How long Ctrl-C waits for work that is on its way."""


class Work(Generic[T]):
    """Something to be done once, by whoever comes first."""

    def __init__(self, do: Callable[[threading.Event], T]) -> None:
        """``do`` ends soon, with whatever it likes, once the event that it is given is set."""
        self._do = do
        self._abort = threading.Event()
        self._lock = threading.Lock()
        self._taken = False
        self._done = threading.Event()
        self._result: T | None = None
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Do it, unless somebody does or did, or nobody wants it any more."""
        with self._lock:
            if self._taken:
                return
            self._taken = True
        try:
            self._result = self._do(self._abort)
        except BaseException as error:
            self._failure = error
        self._done.set()

    def leave(self) -> bool:
        """It is not wanted any more. False if somebody does it or did."""
        with self._lock:
            was_taken, self._taken = self._taken, True
        return not was_taken

    def end(self) -> bool:
        """It will never be wanted again: where it is on its way it is ended. False if somebody does it or did."""
        self._abort.set()
        return self.leave()

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it is done by then."""
        return self._done.wait(seconds)

    def result(self) -> T:
        """Once it is done. Raises what it raised."""
        if self._failure is not None:
            raise self._failure
        return self._result  # type: ignore[return-value]


class Threads:
    """So many threads, which do first what is needed first."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="linear-program")
        self._waiting: queue.PriorityQueue[tuple[int, int, Work[object]]] = queue.PriorityQueue()
        self._number = itertools.count()

    def put(self, work: Work[T], when: int) -> None:
        """Let it be done. May be said again of the same, if it is needed sooner."""
        self._waiting.put((when, next(self._number), work))  # type: ignore[arg-type]
        self._pool.submit(self._next)

    def finish(self, work: Work[T]) -> T:
        """The result of what was put, which is ended when the wait for it is broken off: Python handles Ctrl-C only
        between two steps of the main thread, and a call into HiGHS is one step, however long."""
        try:
            if not work.wait(_TICK_SECONDS):
                # All threads may be at something long that nobody needs; if not, this one has nothing to do.
                threading.Thread(target=work.run, name="linear-program-now").start()
            # With a timeout, because without one Windows does not deliver Ctrl-C while waiting.
            while not work.wait(_TICK_SECONDS):
                pass
        except BaseException:
            if not work.end():
                work.wait(_LAST_WAIT_SECONDS)
            raise
        return work.result()

    def _next(self) -> None:
        self._waiting.get_nowait()[2].run()


@lru_cache(maxsize=4)
def threads(count: int) -> Threads:
    """The threads of this process; those that nobody needs wait."""
    return Threads(count)


if hasattr(os, "register_at_fork"):
    # A process that is forked has none of the threads: it takes others.
    os.register_at_fork(after_in_child=threads.cache_clear)
