"""Where a value comes from: ``{value: 36, source: "8-K 2025-11-04", assumed: false, note: "..."}`` in place of 36.

Unwraps such values before anything else looks at the data, and keeps what was said about them. ``currency`` beside them
is kept for each amount within (``optimizer.case.currency`` converts). Does not judge whether a source is good.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from optimizer.case.suggest import shown
from optimizer.case.yaml_file import CasePath, Document, Position, dotted
from optimizer.errors import Problem

WRAPPER_KEYS = ("value", "source", "assumed", "note", "currency")


@dataclass(frozen=True)
class Provenance:
    """What a case says about one of its values; ``assumed`` means that nobody has confirmed it."""

    source: str | None = None
    assumed: bool = False
    note: str | None = None


@dataclass(frozen=True)
class Currency:
    """The currency in which an amount is written, and where that was said."""

    code: str
    place: Position


@dataclass(frozen=True)
class Sheet:
    """One file, or several merged: a document whose values are bare, and what was said about them.

    ``currencies`` has an entry for each single value that is in one, also where it was said of a whole list or mapping:
    so an overlay can replace one amount of them.
    """

    document: Document
    provenance: dict[CasePath, Provenance]
    currencies: dict[CasePath, Currency] = field(default_factory=dict)


def is_wrapped(value: Any) -> bool:
    """Whether a value is written with its provenance: ``value`` and nothing but the other keys.

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

    def about(data: dict[str, Any], written: CasePath) -> dict[str, Any]:
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
        return said

    def bare(data: Any, written: CasePath, path: CasePath, currency: Currency | None = None) -> Any:
        if is_wrapped(data):
            said = about(data, written)
            if "currency" in said:
                currency = Currency(said.pop("currency"), document.values[(*written, "currency")])
            sheet.provenance[path] = Provenance(**said)
            data, written = data["value"], (*written, "value")
        sheet.document.values[path] = document.values[written]
        if isinstance(data, list):
            return [bare(item, (*written, index), (*path, index), currency) for index, item in enumerate(data)]
        if not isinstance(data, dict):
            if currency is not None:
                sheet.currencies[path] = currency
            return data
        result = {}
        for key, value in data.items():
            sheet.document.keys[(*path, key)] = document.keys[(*written, key)]
            result[key] = bare(value, (*written, key), (*path, key), currency)
        return result

    for key, value in document.data.items():
        sheet.document.keys[(key,)] = document.keys[(key,)]
        sheet.document.data[key] = bare(value, (key,), (key,))
    sheet.document.values[()] = document.values[()]
    return sheet, problems
