"""Plan -> folder: CSV tables, summary.json, run.json, and the inputs that were used. Whole or not at all.

A plan folder carries the resolved case and its price files, so that it can be audited anywhere and for ever. Everything
but ``run.json`` (seconds, host) is the same, byte for byte, when the same case is solved again.
"""

from __future__ import annotations

import copy
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optimizer.errors import CallError
from optimizer.plan.table import Table

PLAN_VERSION = 1


def stage_folder(target: Path) -> Path:
    """A new hidden folder beside ``target``, in which a plan is put together. CallError if ``target`` is in the way."""
    if target.exists() and not target.is_dir():
        raise CallError(f"{target} is a file; a plan needs a folder")
    if target.is_dir() and any(target.iterdir()) and not (target / "summary.json").is_file():
        raise CallError(
            f"{target} holds something that is not a plan; it is left alone", ("name another folder with -o",)
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise CallError(f"cannot write beside {target}: {error.strerror}") from None


def publish(stage: Path, target: Path) -> None:
    """Put the staged folder in the place of ``target``; an earlier plan there is replaced as a whole."""
    stage.chmod(0o755)
    old = None
    if target.is_dir():
        old = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
        os.replace(target, old / "plan")
    os.replace(stage, target)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)


def write_tables(folder: Path, tables: Mapping[str, Table]) -> None:
    """One CSV file a table."""
    for name, table in tables.items():
        write_text(folder / f"{name}.csv", table.text())


def write_inputs(folder: Path, data: Mapping[str, Any], case_folder: Path) -> dict[str, Any]:
    """Copy the price files and write the case that names the copies. Returns the case as written."""
    inputs = folder / "inputs"
    inputs.mkdir()
    resolved = copy.deepcopy(dict(data))
    taken: dict[str, Path] = {}
    for name, market in resolved["market"]["power"].items():
        source = (case_folder / market["file"]).resolve()
        copied = source.name
        if taken.get(copied, source) != source:
            copied = f"{name}_{source.name}"
        if copied not in taken:
            shutil.copyfile(source, inputs / copied)
            taken[copied] = source
        market["file"] = copied
    network = resolved["market"]["network"]
    if network.get("path"):
        source = case_folder / network["path"]
        copied = source.name if source.name not in taken else f"network_{source.name}"
        shutil.copyfile(source, inputs / copied)
        network["path"] = copied
    write_json(inputs / "case.json", resolved)
    return resolved


def write_json(path: Path, content: object) -> None:
    """JSON as people can read and compare it: indented, in the order given, LF."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """UTF-8 with LF on every system."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
