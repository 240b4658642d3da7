"""How far a solve has come, and how to show it while it runs.

`Progress` is what a solve reports; `TerminalProgress` shows it on standard error. Nothing here knows the solver, and
a solve without a listener pays nothing.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, TextIO

# Shorter solves show nothing: a line that flashes by tells nobody anything.
_QUIET_SECONDS = 1.0

_REFRESHES_PER_SECOND = 4


@dataclass(frozen=True)
class Progress:
    """State of a search with integers after `seconds`.

    `incumbent` is the objective of the best plan so far and `bound` the best that is still possible, both in USD
    millions; `gap` is their distance as a fraction of the incumbent. None: not known yet. `nodes` searched so far.
    """

    seconds: float
    incumbent: float | None
    bound: float | None
    gap: float | None
    nodes: int


class TerminalProgress:
    """Shows a running solve on standard error; pass it as ``on_progress`` and use it as a context manager.

    On a terminal: one line that is renewed by a thread of its own (a solver may be silent for long) and removed at the
    end. With `json_lines`: one JSON object a line instead, at most one a second, for programs. Otherwise, and always
    when `quiet`, nothing. The first second of a solve shows nothing in any case.
    """

    def __init__(self, *, quiet: bool = False, json_lines: bool = False, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._json = json_lines and not quiet
        self._live = not quiet and not json_lines and self._stream.isatty()
        self._lock = threading.Lock()
        self._latest: Progress | None = None
        self._began = 0.0
        self._last_line = 0.0
        self._ended = False
        self._timer: threading.Timer | None = None
        self._display: Any = None

    def __enter__(self) -> TerminalProgress:
        self._began = self._last_line = time.monotonic()
        if self._live:
            self._timer = threading.Timer(_QUIET_SECONDS, self._show)
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._ended = True
            display, self._display = self._display, None
        if self._timer is not None:
            self._timer.cancel()
        if display is not None:
            display.stop()

    def __call__(self, progress: Progress) -> None:
        """Take note of `progress`. May be called from any thread."""
        self._latest = progress
        if not self._json:
            return
        with self._lock:
            now = time.monotonic()
            if self._ended or now - self._last_line < _QUIET_SECONDS:
                return
            self._last_line = now
            self._stream.write(json.dumps(_finite(progress)) + "\n")
            self._stream.flush()

    def line(self) -> str:
        """What the terminal shows now."""
        return progress_line(time.monotonic() - self._began, self._latest)

    def _show(self) -> None:
        # rich is slow to import, so only a solve that lasts pays for it.
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        display = Live(
            console=Console(file=self._stream),
            get_renderable=lambda: Text(self.line(), no_wrap=True, overflow="ellipsis"),
            refresh_per_second=_REFRESHES_PER_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with self._lock:
            if not self._ended:
                display.start()
                self._display = display


def progress_line(seconds: float, latest: Progress | None) -> str:
    """One line for people, such as ``solving  12 s  plan 512.3  bound 515.0  gap 0.53 %``; money in USD millions."""
    parts = [f"solving  {seconds:.0f} s"]
    if latest is not None:
        parts.append("no plan yet" if latest.incumbent is None else f"plan {latest.incumbent:.1f}")
        if latest.bound is not None:
            parts.append(f"bound {latest.bound:.1f}")
        if latest.gap is not None and latest.gap < 10.0:
            parts.append(f"gap {100.0 * latest.gap:.2f} %")
    return "  ".join(parts)


def _finite(progress: Progress) -> dict[str, float | int | None]:
    """JSON knows no infinity."""
    record: dict[str, float | int | None] = asdict(progress)
    if progress.gap is not None and progress.gap == float("inf"):
        record["gap"] = None
    return record
