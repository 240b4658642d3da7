"""The folder of a comparison: its tables. Whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from optimizer.errors import CallError
from optimizer.plan.table import Table
from optimizer.plan.write import publish, write_tables

NAMES = ("inputs", "decisions", "megawatts", "value", "measures", "why")
PAGE = "compare.html"
ENTRIES = {*(f"{name}.csv" for name in NAMES), PAGE}


def write_folder(target: Path, tables: Mapping[str, Table]) -> None:
    """Write the tables, in the place of an earlier comparison. CallError if something else is in the way."""
    for place in (target, *target.parents):
        if place.exists() and not place.is_dir():
            raise CallError(f"{place} is a file; a comparison needs a folder", ("name another folder with -o",))
    there = sorted(entry.name for entry in target.iterdir()) if target.is_dir() else []
    foreign = [name for name in there if name not in ENTRIES]
    if foreign or (there and "measures.csv" not in there):
        named = ", ".join((foreign or there)[:3])
        raise CallError(
            f"{target} holds what is no part of a comparison ({named}); it is left alone",
            ("name another folder with -o",),
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise CallError(f"cannot write in {target.parent}: {error.strerror}") from None
    try:
        write_tables(stage, tables)
        publish(stage, target)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
