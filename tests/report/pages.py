"""Plan folders for tests of the page: a solved case, and copies of it in which one thing is otherwise."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from optimizer import api

CASES = Path(__file__).parents[2] / "cases"

Edit = Callable[[str, dict[str, str]], dict[str, str] | None]
"""Name of a table and a row; the row to be written instead, None for none."""


def solved_folder(place: Path, case: str = "quickstart") -> Path:
    """A case solved, with twins and explained, as the commands write it."""
    folder = place / case
    api.solve(api.load(CASES / case)).write(folder)
    api.explain(folder).write()
    return folder


def edited(folder: Path, place: Path, edit: Edit, summary: Callable[[Any], Any] = lambda data: data) -> Path:
    """A copy of a plan folder with rows of its tables and its summary edited."""
    target = place / "edited"
    shutil.copytree(folder, target)
    for file in sorted(target.rglob("*.csv")):
        if file.parent.name == "inputs":
            continue
        name = file.relative_to(target).with_suffix("").as_posix()
        with file.open(encoding="utf-8", newline="") as stream:
            reader = csv.DictReader(stream)
            rows, columns = list(reader), list(reader.fieldnames or ())
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(new for row in rows if (new := edit(name, row)) is not None)
    said = target / "summary.json"
    said.write_text(json.dumps(summary(json.loads(said.read_text("utf-8")))), encoding="utf-8")
    return target


def renamed(names: dict[str, str]) -> Callable[[Any], Any]:
    """Whatever holds a text of ``names`` gets the other instead: rows, lists, all of a summary."""

    def change(data: Any) -> Any:
        if isinstance(data, dict):
            return {change(key): change(value) for key, value in data.items()}
        if isinstance(data, list):
            return [change(each) for each in data]
        if isinstance(data, str):
            for old, new in names.items():
                data = data.replace(old, new)
        return data

    return change


def rows_of(folder: Path, table: str) -> list[dict[str, str]]:
    """Rows of a table of a plan folder."""
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


class Parsed(HTMLParser):
    """A page taken apart: tags with their attributes, texts of scripts and styles, tables by the title of their region,
    headings, facts."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.code: list[tuple[str, dict[str, str | None], str]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.table: list[list[str]] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        if tag not in ("meta", "input", "br", "link", "img"):
            self.open.append(tag)
        if tag in ("script", "style"):
            self.code.append((tag, found, ""))
        if found.get("role") == "region":
            self.table = self.tables.setdefault(str(found["aria-label"]), [])
        if tag == "tr" and self.table is not None:
            self.table.append([])
        if tag in ("th", "td") and self.table is not None:
            self.table[-1].append("")
        if tag in ("h1", "h2", "h3", "dt", "dd", "summary", "p", "li", "option"):
            self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open[-1:] in (["script"], ["style"]):
            tag, found, text = self.code.pop()
            self.code.append((tag, found, text + data))
        for tag in self.texts:
            if tag in self.open:
                self.texts[tag][-1] += data
        if self.table and self.open[-1:] in (["th"], ["td"]):
            self.table[-1][-1] += data

    def by_finding(self, part: str) -> list[list[str]]:
        """The one table whose title holds ``part``."""
        found = [table for title, table in self.tables.items() if part in title]
        assert len(found) == 1, (part, list(self.tables))
        return found[0]
