"""Reads the files of a plan folder as they are. Whatever is wrong with their form is a finding, never an exception."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from optimizer.plan.audit.result import Collector

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")

SUMMARY_FILE = "summary.json"


@dataclass(frozen=True)
class Line:
    """A row of a table: its line in the file and its cells by column."""

    number: int
    cells: dict[str, str]

    def value(self, column: str) -> float | None:
        """The cell as a number; None if it is none."""
        return number_in(self.cells.get(column, ""))


@dataclass(frozen=True)
class Table:
    """A file of the plan: the columns that it has of those that it should have, and its rows."""

    file: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


def number_in(text: str) -> float | None:
    """The number that a cell holds, written plainly; None if it holds none or an endless one."""
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def read_table(folder: Path, file: str, columns: Sequence[str], collector: Collector) -> Table | None:
    """Read a table and hold its header against ``columns``. None if there is nothing to compare."""
    rows = _read_csv(folder / file, file, collector)
    if rows is None:
        return None
    if not rows:
        collector.fault(file, None, "", "the file is empty: not even a header")
        return None
    collector.checks += 1
    line, header = rows[0]
    known = tuple(column for column in columns if column in header)
    for column in columns:
        if column not in header:
            collector.fault(file, line, column, "the column is missing")
    for place, column in enumerate(header):
        if column not in columns:
            collector.fault(file, line, column, "there should be no such column")
        elif column in header[:place]:
            collector.fault(file, line, column, "the column is there more than once")
    if sorted(header) == sorted(columns) and list(header) != list(columns):
        collector.fault(file, line, "", f"the columns are not in their order, which is {', '.join(columns)}")
    lines: list[Line] = []
    for line, cells in rows[1:]:
        if len(cells) != len(header):
            collector.fault(file, line, "", f"has {len(cells)} cells where the header has {len(header)}")
        # A short row keeps the cells that it has, so that the rest of it can still be compared.
        padded = [*cells, *[""] * len(header)]
        lines.append(Line(line, {column: padded[header.index(column)] for column in known}))
    return Table(file, known, tuple(lines))


def _read_csv(path: Path, file: str, collector: Collector) -> list[tuple[int, list[str]]] | None:
    rows: list[tuple[int, list[str]]] = []
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            for cells in reader:
                rows.append((reader.line_num, cells))
    except FileNotFoundError:
        collector.fault(file, None, "", "the file is missing")
        return None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        collector.fault(file, len(rows) + 1, "", f"cannot be read: {error}")
        return None
    return rows


def read_json(folder: Path, file: str, collector: Collector) -> dict[str, Any] | None:
    """Read a JSON file that holds one object. None if it cannot be."""
    collector.checks += 1
    try:
        content = json.loads((folder / file).read_text(encoding="utf-8"), parse_constant=_no_constant)
    except FileNotFoundError:
        collector.fault(file, None, "", "the file is missing")
        return None
    except (OSError, ValueError, RecursionError) as error:
        collector.fault(file, None, "", f"cannot be read: {error}")
        return None
    if not isinstance(content, dict):
        collector.fault(file, None, "", "holds no object")
        return None
    return content


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
