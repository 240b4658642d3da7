"""The folder of alternatives: a plan folder each, and ``alternatives.csv``. Whole or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path

from optimizer.errors import CallError
from optimizer.sweep.alternatives import BEST, NAMES, TABLE_FILE

PAGE = "alternatives.html"
ENTRIES = {BEST, *NAMES, TABLE_FILE, PAGE}
"""What such a folder holds, and nothing else may be in one that is replaced."""


def check_folder(target: Path) -> None:
    """CallError if alternatives could not be put at ``target``; what else lies there is left alone."""
    for place in (target, *target.parents):
        if place.exists() and not place.is_dir():
            raise CallError(f"{place} is a file; alternatives need a folder", ("name another folder with -o",))
    there = sorted(entry.name for entry in target.iterdir()) if target.is_dir() else []
    foreign = [name for name in there if name not in ENTRIES]
    if foreign or (there and TABLE_FILE not in there):
        named = ", ".join((foreign or there)[:3])
        raise CallError(
            f"{target} holds what is no part of alternatives ({named}); it is left alone",
            ("name another folder with -o",),
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=target.parent).close()
    except OSError as error:
        raise CallError(f"cannot write in {target.parent}: {error.strerror}") from None


def stage_folder(target: Path) -> Path:
    """A new hidden folder beside ``target``, in which alternatives are put together. CallError as `check_folder`."""
    check_folder(target)
    try:
        return Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise CallError(f"cannot write in {target.parent}: {error.strerror}") from None
