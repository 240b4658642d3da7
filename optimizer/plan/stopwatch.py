"""Where the time goes, by stage."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Stopwatch:
    """Seconds by stage."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time spent inside to a stage."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    def move(self, stage: str, part: str, seconds: float) -> None:
        """Count some seconds of a stage as a stage of their own."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) - seconds
        self.seconds[part] = self.seconds.get(part, 0.0) + seconds
