"""Where a value comes from: ``{value: 36, source: "8-K 2025-11-04", assumed: false, note: "..."}`` in place of 36.

Unwraps such values before anything else looks at the data, and keeps what was said about them. Does not judge whether
a source is good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from optimizer.case.suggest import shown
from optimizer.case.yaml_file import CasePath, Document, dotted
from optimizer.errors import Problem

WRAPPER_KEYS = ("value", "source", "assumed", "note")


@dataclass(frozen=True)
class Provenance:
    """What a case says about one of its values; ``assumed`` means that nobody has confirmed it."""

    source: str | None = None
    assumed: bool = False
    note: str | None = None


@dataclass(frozen=True)
class Sheet:
    """One file, or several merged: a document whose values are bare, and what was said about them."""

    document: Document
    provenance: dict[CasePath, Provenance]


def is_wrapped(value: Any) -> bool:
    """Whether a value is written with its provenance: ``value`` and nothing but the other three keys.

    A mapping within is unwrapped only if another of the keys stands beside it: ``{value: {...}}`` alone may be an
    entry that somebody named "value".
    """
    if not isinstance(value, dict) or "value" not in value or not set(value) <= set(WRAPPER_KEYS):
        return False
    return not isinstance(value["value"], dict) or len(value) > 1


def unwrap(document: Document) -> tuple[Sheet, list[Problem]]:
    """Bare values and their provenance by path; the position of a bare value is that of the value within."""
    problems: list[Problem] = []
    sheet = Sheet(Document({}, {}, {}), {})

    def about(data: dict[str, Any], written: CasePath) -> Provenance:
        said: dict[str, Any] = {}
        for key in WRAPPER_KEYS[1:]:
            value = data.get(key)
            wanted = bool if key == "assumed" else str
            if key in data and not isinstance(value, wanted):
                what = "must be true or false" if key == "assumed" else "must be text"
                place = document.values[(*written, key)]
                problems.append(Problem(*place, dotted((*written, key)), f"{what} (got {shown(value)})"))
            elif key in data:
                said[key] = value
        return Provenance(**said)

    def bare(data: Any, written: CasePath, path: CasePath) -> Any:
        if is_wrapped(data):
            sheet.provenance[path] = about(data, written)
            data, written = data["value"], (*written, "value")
        sheet.document.values[path] = document.values[written]
        if isinstance(data, list):
            return [bare(item, (*written, index), (*path, index)) for index, item in enumerate(data)]
        if not isinstance(data, dict):
            return data
        result = {}
        for key, value in data.items():
            sheet.document.keys[(*path, key)] = document.keys[(*written, key)]
            result[key] = bare(value, (*written, key), (*path, key))
        return result

    for key, value in document.data.items():
        sheet.document.keys[(key,)] = document.keys[(key,)]
        sheet.document.data[key] = bare(value, (key,), (key,))
    sheet.document.values[()] = document.values[()]
    return sheet, problems
