"""A written plan folder, read back as it stands: tables as text cells, and the summary. Nothing is computed here."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optimizer.errors import CallError
from optimizer.plan.write import SOURCES

Row = Mapping[str, str]

INPUTS, CASE_FILE = "inputs", "case.json"


@dataclass(frozen=True)
class WrittenPlan:
    """A plan folder. ``summary`` is its ``summary.json``."""

    folder: Path
    summary: Mapping[str, Any]

    @property
    def title(self) -> str:
        return str(self.summary.get("case", self.folder.name))

    @property
    def value_usd_m(self) -> float:
        return float(self.summary["value_usd_m"])

    @property
    def case_sha256(self) -> str:
        return str(self.summary["inputs"]["case_sha256"])

    @property
    def case_file(self) -> Path:
        return self.folder / INPUTS / CASE_FILE

    @property
    def case(self) -> Mapping[str, Any]:
        """The case as it was resolved. CallError if it cannot be read."""
        try:
            found = json.loads(self.case_file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise CallError(f"{self.case_file} cannot be read: {error}", ("solve the case again",)) from None
        return found if isinstance(found, dict) else {}

    @property
    def sources(self) -> Mapping[str, Mapping[str, Any]]:
        """What the case says of its values, by path: source, assumed, note. Empty in a folder that does not hold it."""
        try:
            found = json.loads((self.folder / INPUTS / SOURCES).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {path: said for path, said in found.items() if isinstance(said, dict)} if isinstance(found, dict) else {}

    def has(self, name: str) -> bool:
        """Whether there is a table of this name."""
        return (self.folder / f"{name}.csv").is_file()

    def rows(self, name: str) -> list[Row]:
        """Rows of a table by column, cells as text. CallError if the file is missing or is no table."""
        file = self.folder / f"{name}.csv"
        try:
            with file.open(encoding="utf-8", newline="") as stream:
                return list(csv.DictReader(stream, strict=True))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise CallError(f"{file} cannot be read: {error}", ("solve the case again",)) from None


def read_written(folder: Path) -> WrittenPlan:
    """Open a plan folder. Raises CallError if it holds none."""
    file = folder / "summary.json"
    if not file.is_file():
        raise CallError(f"{folder} holds no plan (there is no summary.json)")
    try:
        summary = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CallError(f"{file} cannot be read: {error}") from None
    if not isinstance(summary, dict) or not {"value_usd_m", "inputs"} <= set(summary):
        raise CallError(f"{file} is no summary of a plan")
    return WrittenPlan(folder, summary)
