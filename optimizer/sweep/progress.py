"""How far a sweep is, as one line on a terminal that is written over and removed at the end."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TextIO

# Shorter sweeps show nothing.
_QUIET_SECONDS = 1.0
_LEAST_PAUSE_SECONDS = 0.25

_ERASE = "\r\x1b[K"


class SweepProgress:
    """Pass it as ``on_progress`` and use it as a context manager. Silent when ``quiet`` and off a terminal."""

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._live = not quiet and self._stream.isatty()
        self._shown = False
        self._last = 0.0

    def __enter__(self) -> SweepProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._stream.write(_ERASE)
            self._stream.flush()

    def __call__(self, done: int, total: int, seconds: float) -> None:
        """``done`` of ``total`` points are finished after ``seconds``."""
        now = time.monotonic()
        if not self._live or seconds < _QUIET_SECONDS or now - self._last < _LEAST_PAUSE_SECONDS:
            return
        self._last, self._shown = now, True
        self._stream.write(_ERASE + progress_text(done, total, seconds))
        self._stream.flush()


def progress_text(done: int, total: int, seconds: float) -> str:
    """``sweep  12 of 110 points  35 s  about 4 min left``."""
    text = f"sweep  {done} of {total} points  {_duration(seconds)}"
    return f"{text}  about {_duration(seconds / done * (total - done))} left" if 0 < done < total else text


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
