"""What the workers of `test_dask` do. A module of its own, because they import it and shall not import the tests."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 30.0


class Counted:
    """What jobs share; knows how often it was unpacked in this process."""

    unpacked = 0

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        Counted.unpacked += 1


def work(shared: Counted, job: str) -> tuple[str, int, int]:
    """Does what the job says; answers with the job, the process and how often it had to unpack what is shared."""
    what = job.partition(" ")[0]
    if what == "raise":
        raise ValueError("not\nthis one")
    if what == "kill":
        with (shared.folder / "deaths").open("a") as deaths:
            deaths.write(f"{os.getpid()}\n")
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "hang":
        (shared.folder / "hangs").write_text(str(os.getpid()))
        time.sleep(PATIENCE_SECONDS)
    if what == "unpicklable":
        return lambda: None  # type: ignore[return-value]
    if what == "meet":
        (shared.folder / f"{os.getpid()}.met").touch()
        wait_until(lambda: len(list(shared.folder.glob("*.met"))) >= 2)
    if what == "slow":
        time.sleep(0.05)
    return job, os.getpid(), Counted.unpacked


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
