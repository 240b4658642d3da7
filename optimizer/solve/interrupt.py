"""Ctrl-C while a solve is at work: the first one asks it to end with the plan it has, the second one leaves.

Not here: how HiGHS is told to stop, which ``highs.py`` does when the event is set. Nothing here knows a solver.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class InterruptGuard:
    """Within it, the first Ctrl-C sets `stop`, so that the solve ends with the plan it has; a second one raises
    KeyboardInterrupt. The former handler comes back at the end.

    Does nothing outside the main thread, where Python handles no signals. For a program's outermost layer: a library
    must not change what Ctrl-C does unasked.
    """

    def __init__(self, stop: threading.Event | None = None) -> None:
        self.stop = threading.Event() if stop is None else stop
        self._interrupts = 0
        self._former: Any = None

    def __enter__(self) -> InterruptGuard:
        if threading.current_thread() is threading.main_thread():
            former = signal.getsignal(signal.SIGINT)
            # None: a handler that was not set from Python and could not be put back.
            if former is not None:
                self._former = former
                signal.signal(signal.SIGINT, self._on_interrupt)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._former is not None:
            signal.signal(signal.SIGINT, self._former)
            self._former = None

    def _on_interrupt(self, number: int, frame: FrameType | None) -> None:
        self._interrupts += 1
        if self._interrupts > 1:
            raise KeyboardInterrupt
        self.stop.set()
