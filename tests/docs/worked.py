"""Worked tables of a page: its sections, the lines of a case in them, tables, and the sums written in their cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SUM = re.compile(r"(?<![\w.,])(\(?-?\d[\d.,]*(?:\)?[ ]*[-+*x/][ ]*\(*-?\d[\d.,]*\)*)+) (?:=|is) (-?\d[\d.,]*\d|\d)")
"""``10 x (80 - 24.96) = 550.40``"""
CELL_SUM = re.compile(r"^(?:[^:]*: )?([\d(][\d.,x+\-*/() ]*) = (-?[\d.,]+)$")


def section(page: str, heading: str) -> str:
    """The text below a heading, up to the next one of its kind."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"{page} has no section {heading!r}"
    return found[1]


def headings(page: str) -> list[str]:
    """Of all sections."""
    return re.findall(r"^## (.+)$", (ROOT / "docs" / page).read_text("utf-8"), re.MULTILINE)


def lines_of_case(text: str) -> dict[str, Any]:
    """The first lines of a case in a section."""
    found = FENCE.search(text)
    assert found is not None
    data: dict[str, Any] = yaml.safe_load(found[1])
    return data


def tables(text: str) -> list[list[list[str]]]:
    """All tables: rows of cells, header first, without the rule below it."""
    found: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if not all(set(cell) <= {"-"} and cell for cell in cells):
                found[-1].append(cells)
        elif found[-1]:
            found.append([])
    return [table for table in found if table]


def number(text: str) -> float:
    """``1,960.00``"""
    return float(text.replace(",", ""))


def sums(text: str) -> Iterator[tuple[str, str]]:
    """What is written as a sum, and what is written as its result, wherever it stands."""
    for line in text.splitlines():
        for found in SUM.finditer(line.replace("**", "")):
            yield found[1], found[2]


def reckoned(written: str) -> float:
    """The value of a sum of plain numbers."""
    plain = written.replace(",", "").replace(" x ", " * ")
    assert re.fullmatch(r"[\d.()+\-*/ ]+", plain), written
    return float(eval(plain, {"__builtins__": {}}))


def result_of(cell: str) -> float | None:
    """The number that a cell of a table comes to, if it is one: ``sell: 10 x (88 - 50) = 380.00``, ``0.00``."""
    found = re.search(r"(?:^|[=:] )(-?[\d,]+\.\d\d)$", cell)
    return number(found[1]) if found else None


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Maps merged by key, as ``extends`` does; None takes a key out."""
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result
