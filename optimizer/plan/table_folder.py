"""A folder of a few tables of its own kind (an explanation, a comparison, alternatives): whole or not at all.

What else lies in the way is left alone.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from optimizer.errors import CallError
from optimizer.plan.table import Table
from optimizer.plan.write import publish, write_tables

ELSEWHERE = "name another folder with -o"


@dataclass(frozen=True)
class Kind:
    """What such a folder is called, what it may hold, and the entry that says that it is one."""

    name: str
    """With its article, singular: ``a comparison``."""
    entries: Collection[str]
    mark: str


def check_folder(target: Path, kind: Kind) -> None:
    """CallError if a folder of this kind could not be put at ``target``. Leaves nothing behind."""
    for place in (target, *target.parents):
        if place.exists() and not place.is_dir():
            raise CallError(f"{place} is a file; a folder is needed for {kind.name}", (ELSEWHERE,))
    there = sorted(entry.name for entry in target.iterdir()) if target.is_dir() else []
    foreign = [name for name in there if name not in kind.entries]
    if foreign or (there and kind.mark not in there):
        named = ", ".join((foreign or there)[:3])
        raise CallError(f"{target} holds what is no part of {kind.name} ({named}); it is left alone", (ELSEWHERE,))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=target.parent).close()
    except OSError as error:
        raise CallError(f"cannot write in {target.parent}: {error.strerror}") from None


def stage_folder(target: Path, kind: Kind) -> Path:
    """A new hidden folder beside ``target``, in which one is put together. CallError as `check_folder`."""
    check_folder(target, kind)
    try:
        return Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise CallError(f"cannot write in {target.parent}: {error.strerror}") from None


def write_folder(target: Path, kind: Kind, tables: Mapping[str, Table]) -> None:
    """Write the tables, in the place of an earlier folder of the kind. CallError if something else is in the way."""
    stage = stage_folder(target, kind)
    try:
        write_tables(stage, tables)
        publish(stage, target)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
