"""Loaded by processes of Dask (``--preload``): they end when the process that started them is gone, however it went.

It holds the other end of their standard input, which closes with it, also when it is killed. Dask's own
``--death-timeout`` is about a scheduler that is gone, and nothing ends a scheduler whose starter is.
"""

from __future__ import annotations

import os
import threading


def _watch() -> None:
    while os.read(0, 1024):
        pass
    os._exit(1)


threading.Thread(target=_watch, name="parent", daemon=True).start()
