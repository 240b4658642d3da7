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
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from optimizer.errors import CallError
from optimizer.plan.table import Table

PLAN_VERSION = 1


PLAN_FILES = {
    "decisions.csv", "allocation.csv", "machines.csv", "mining.csv", "hosting.csv", "power.csv", "cash.csv", "debt.csv",
    "dispatch.csv", "contracts.csv", "flexibility.csv", "delivery.csv", "certificate.csv", "treasury.csv", "limits.csv",
    "projects.csv", "companies.csv", "tax.csv", "income.csv", "balance.csv", "cost_per_btc.csv", "returns.csv",
    "sources_uses.csv", "worth_of_cash.csv", "value.csv", "summary.json", "run.json", "inputs",
}  # fmt: skip
"""What a plan folder holds."""

SOURCES = "sources.json"
PAGE, WORKBOOK = "report.html", "report.xlsx"

BESIDE = {"bridge.csv", "explain", PAGE, WORKBOOK}
"""What may lie in one too. Nothing else may be in a folder that is replaced."""


def check_target(target: Path) -> None:
    """CallError if a plan could not be put at ``target``; what else lies there is left alone. Leaves nothing behind."""
    os.rmdir(stage_folder(target))


def stage_folder(target: Path) -> Path:
    """A new hidden folder beside ``target``, in which a plan is put together. CallError if ``target`` is in the way."""
    if target.exists() and not target.is_dir():
        raise CallError(f"{target} is a file; a plan needs a folder")
    for parent in target.parents:
        if parent.exists() and not parent.is_dir():
            raise CallError(f"{parent} is a file; a plan cannot lie in it", ("name another folder with -o",))
    there = sorted(entry.name for entry in target.iterdir()) if target.is_dir() else []
    foreign = [name for name in there if name not in PLAN_FILES | BESIDE]
    if foreign or (there and "summary.json" not in there):
        named = ", ".join((foreign or there)[:3])
        raise CallError(
            f"{target} holds what is no part of a plan ({named}); it is left alone", ("name another folder with -o",)
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise CallError(f"cannot write in {target.parent}: {error.strerror}") from None


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


def write_inputs(
    folder: Path,
    data: Mapping[str, Any],
    case_folder: Path,
    sources: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Copy the price files and write the case that names the copies, and what it says of its values' ``sources`` by
    path. Returns the case as written."""
    inputs = folder / "inputs"
    inputs.mkdir()
    resolved = copy.deepcopy(dict(data))
    taken: dict[str, Path] = {}
    for path, node in _named_files(resolved):
        source = (case_folder / node["file"]).resolve()
        copied = source.name
        if taken.get(copied, source) != source:
            copied = f"{path.replace('.', '_')}_{source.name}"
        if copied not in taken:
            shutil.copyfile(source, inputs / copied)
            taken[copied] = source
        node["file"] = copied
    network = resolved["market"]["network"]
    if network.get("path"):
        source = case_folder / network["path"]
        copied = source.name if source.name not in taken else f"network_{source.name}"
        shutil.copyfile(source, inputs / copied)
        network["path"] = copied
    write_json(inputs / "case.json", resolved)
    if sources is not None:
        write_json(inputs / SOURCES, sources)
    return resolved


def _named_files(data: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every entry of a case that names a file of prices or shares, by its dotted path."""
    if isinstance(data, dict):
        if isinstance(data.get("file"), str):
            yield path, data
        for key, value in data.items():
            yield from _named_files(value, f"{path}.{key}" if path else str(key))


def write_json(path: Path, content: object) -> None:
    """JSON as people can read and compare it: indented, in the order given, LF."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """UTF-8 with LF on every system."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
