"""Case files that extend others: ``extends: base.yaml`` takes that file and changes what is written here.

Mappings merge by key, to any depth; anything else (a number, text, a list) takes the place of what was there. A key
with nothing (``key:`` or ``key: null``) is taken out. Every value keeps the place and the provenance of the file that
supplied it. The price files that a case names stand beside the file that names them, so their paths are rewritten
relative to the folder of the case that is loaded.

Not here: what the merged data mean.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optimizer.case.provenance import Provenance, Sheet, unwrap
from optimizer.case.yaml_file import CasePath, Document, Position, read_yaml
from optimizer.errors import CaseError, Problem

LONGEST_CHAIN = 10


@dataclass(frozen=True)
class Merged:
    """A case file with all that it extends. ``files``: those that were read, the case itself first."""

    sheet: Sheet
    files: tuple[Path, ...]


def read_layers(path: Path, shown: str) -> Merged:
    """Read a case file and the files it extends, and merge them. Raises CaseError; problems call it ``shown``."""
    sheets: list[Sheet] = []
    files: list[Path] = []
    problems: list[Problem] = []
    names: list[str] = []
    asked_at: Position | None = None
    while True:
        real = Path(os.path.realpath(path))
        if real in [Path(os.path.realpath(file)) for file in files]:
            message = "goes round in a circle: " + " -> ".join([*names, shown])
            raise CaseError([*problems, _extends_problem(asked_at, message)])
        if len(files) > LONGEST_CHAIN:
            message = f"more than {LONGEST_CHAIN} files, each extending the next"
            raise CaseError([*problems, _extends_problem(asked_at, message)])
        try:
            document = read_yaml(path, shown)
        except CaseError as error:
            if asked_at is None or error.problems[0].message != "there is no such file":
                raise CaseError([*problems, *error.problems]) from None
            raise CaseError([*problems, _extends_problem(asked_at, f"there is no such file: {shown}")]) from None
        sheet, wrong = unwrap(document)
        problems += wrong
        sheets.append(sheet)
        files.append(path)
        names.append(shown)
        _point_price_files(sheet, path.parent, files[0].parent)
        if "extends" not in sheet.document.data:
            break
        asked_at = sheet.document.values[("extends",)]
        base = sheet.document.data.pop("extends")
        if not isinstance(base, str) or not base.strip():
            raise CaseError([*problems, _extends_problem(asked_at, "must be the name of a file, such as base.yaml")])
        path = Path(os.path.normpath(path.parent / base))
        shown = os.path.normpath(os.path.join(os.path.dirname(shown), base))
    if problems:
        raise CaseError(problems)
    merged = sheets.pop()
    while sheets:
        merged = merge(merged, sheets.pop())
    return Merged(merged, tuple(files))


def _extends_problem(place: Position | None, message: str) -> Problem:
    return Problem(*(place or Position("")), "extends", message)


def _point_price_files(sheet: Sheet, folder: Path, top: Path) -> None:
    """Rewrite the files that a base in another folder names, so that they are found from the top folder."""
    if os.path.realpath(folder) == os.path.realpath(top):
        return

    def point(section: Any, key: str) -> None:
        if isinstance(section, dict) and isinstance(section.get(key), str) and section[key]:
            section[key] = Path(os.path.relpath(folder / section[key], top)).as_posix()

    for pattern, key in _FILES:
        for section in _sections(sheet.document.data, pattern):
            point(section, key)


# Where a case names files: the section, with * for every name, and its key.
_FILES = (
    (("market", "power", "*"), "file"),
    (("market", "network"), "path"),
    (("sites", "*", "contracts", "*", "profile"), "file"),
    (("sites", "*", "contract_offers", "*", "terms", "profile"), "file"),
    (("sites", "*", "flexibility", "*", "prices"), "file"),
)


def _sections(data: Any, pattern: tuple[str, ...]) -> Iterable[Any]:
    if not pattern:
        yield data
    elif isinstance(data, dict):
        for key in data if pattern[0] == "*" else [pattern[0]]:
            yield from _sections(data.get(key), pattern[1:])


def merge(base: Sheet, overlay: Sheet) -> Sheet:
    """Both together, the overlay winning. Keys come in the order of the base, new ones after them."""
    gone: set[CasePath] = set()
    removed: set[CasePath] = set()

    def both(below: dict[str, Any], above: dict[str, Any], path: CasePath) -> dict[str, Any]:
        result = dict(below)
        for key, value in above.items():
            here = (*path, key)
            if value is None and key in result:
                del result[key]
                gone.add(here)
                removed.add(here)
            elif isinstance(value, dict) and isinstance(result.get(key), dict):
                result[key] = both(result[key], value, here)
            else:
                if key in result:
                    gone.add(here)
                result[key] = value
        return result

    def kept(path: CasePath, without: set[CasePath]) -> bool:
        return not without or not any(path[:length] in without for length in range(1, len(path) + 1))

    data = both(base.document.data, overlay.document.data, ())

    def joined(below: dict[CasePath, Any], above: dict[CasePath, Any]) -> dict[CasePath, Any]:
        result = {path: value for path, value in below.items() if kept(path, gone)}
        result.update((path, value) for path, value in above.items() if kept(path, removed))
        return result

    provenance: dict[CasePath, Provenance] = joined(base.provenance, overlay.provenance)
    keys = joined(base.document.keys, overlay.document.keys)
    values = joined(base.document.values, overlay.document.values)
    return Sheet(Document(data, keys, values), provenance, joined(base.currencies, overlay.currencies))
