"""What the schema knows about a path of a case: which keys there are, what kind of value, what each is called.

For messages only: what was meant by an unknown key, what is expected where something is missing. It reads the JSON
Schema of `Case`, so it needs no telling when a section gains a key. Nothing here judges a value.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from optimizer.case.case import Case
from optimizer.case.yaml_file import CasePath

Schema = dict[str, Any]


@lru_cache(maxsize=1)
def raw_schema() -> Schema:
    """JSON Schema of a case as pydantic writes it, keys by alias. Not to be changed."""
    return Case.model_json_schema(by_alias=True)


def shapes_of(schema: Schema) -> list[Schema]:
    """The alternatives of a schema, references followed; an optional value has {"type": "null"} among them."""
    if "$ref" in schema:
        return shapes_of(raw_schema()["$defs"][schema["$ref"].removeprefix("#/$defs/")])
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return [shape for part in schema[several] for shape in shapes_of(part)]
    return [schema]


def shapes_at(path: CasePath) -> list[Schema]:
    """What may stand at a path; nothing where the schema knows no such place."""
    shapes = shapes_of(raw_schema())
    for part in path:
        inner: list[Schema] = []
        for shape in shapes:
            if isinstance(part, int):
                inner += shapes_of_item(shape, part)
                continue
            if part in shape.get("properties", {}):
                inner += shapes_of(shape["properties"][part])
            elif isinstance(shape.get("additionalProperties"), dict):
                inner += shapes_of(shape["additionalProperties"])
            else:
                inner += [found for value in shape.get("patternProperties", {}).values() for found in shapes_of(value)]
        shapes = inner
    return shapes


def shapes_of_item(shape: Schema, index: int = 0) -> list[Schema]:
    """What may stand at a place in a list; nothing where the shape is no list."""
    if "items" in shape:
        return shapes_of(shape["items"])
    first = shape.get("prefixItems", [])
    return shapes_of(first[index]) if index < len(first) else []


def is_section(shape: Schema) -> bool:
    """Whether a mapping has fixed keys (a section) rather than names of the user's choice."""
    return "properties" in shape


def keys_at(path: CasePath) -> list[str]:
    """Fixed keys that may stand in the section at a path, none where names are free."""
    return [key for shape in shapes_at(path) if is_section(shape) for key in shape["properties"]]


def kind_of(shape: Schema) -> str:
    """One word for what a shape wants: number, integer, text, date, duration, choice, list, section, map, nothing."""
    if "enum" in shape or "const" in shape:
        return "choice"
    if is_section(shape):
        return "section"
    if shape.get("type") == "string":
        pattern = shape.get("pattern", "")
        return "duration" if "quarters" in pattern else "date" if r"\d{4}-\d{2}(" in pattern else "text"
    kinds = {"object": "map", "array": "list", "null": "nothing"}
    kind = str(shape.get("type", "text"))
    return kinds.get(kind, kind)


def has_date_keys(shape: Schema) -> bool:
    """Whether a mapping has dates as keys."""
    return any(r"\d{4}-\d{2}(" in pattern for pattern in shape.get("patternProperties", {}))


def wanted_at(path: CasePath) -> str:
    """What should stand at a path, in words: "a number", "a date such as 2025-07"."""
    words: list[str] = []
    for shape in shapes_at(path):
        kind = kind_of(shape)
        if kind == "choice":
            choices = shape.get("enum") or [shape["const"]]
            text = " or ".join(repr(choice) for choice in choices)
        elif kind == "section":
            text = "a section with " + listed(shape.get("required") or list(shape["properties"]))
        elif kind == "map":
            text = "values by date, such as {2025-07: ...}" if has_date_keys(shape) else "entries by name"
        elif kind == "list":
            inner = kind_of(next(iter(shapes_of_item(shape)), {}))
            text = _WANTED_LISTS.get(inner, "a list")
            if "prefixItems" in shape:
                text = f"{text} of {len(shape['prefixItems'])}"
        else:
            text = _WANTED.get(kind, "")
        if text and text not in words:
            words.append(text)
    return ", or ".join(words) or "a value"


_WANTED_LISTS = {
    "number": "a list of numbers",
    "integer": "a list of whole numbers",
    "text": "a list of names",
    "date": "a list of dates",
    "duration": "a list such as [12 quarters]",
}
_WANTED = {
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "text": "text",
    "date": "a date such as 2025-07",
    "duration": "a duration such as '18 months', '5 quarters', '10 years'",
}


def meaning_of(path: CasePath) -> str:
    """First sentence of what the schema says about the key at the end of a path; empty where it says nothing."""
    for shape in shapes_at(path[:-1]):
        text = str(shape.get("properties", {}).get(path[-1], {}).get("description", ""))
        if text:
            return re.split(r"(?<=[a-z\d)])[.;:](?:\s|$)", " ".join(text.split()), maxsplit=1)[0].rstrip(".")
    return ""


@lru_cache(maxsize=1)
def sections_by_key() -> dict[str, list[str]]:
    """For each key the sections that have it, as patterns such as ``sites.*.power``."""
    found: dict[str, list[str]] = {}

    def visit(shape: Schema, place: str) -> None:
        for key, value in shape.get("properties", {}).items():
            found.setdefault(key, []).append(place)
            for inner in shapes_of(value):
                visit(inner, f"{place}.{key}".lstrip("."))
        if isinstance(shape.get("additionalProperties"), dict):
            for inner in shapes_of(shape["additionalProperties"]):
                visit(inner, f"{place}.*")

    visit(raw_schema(), "")
    return found


def unknown_key(path: CasePath) -> str:
    """What to say about a key that its section does not have."""
    key = str(path[-1])
    allowed = keys_at(path[:-1])
    places = sections_by_key().get(key, [])
    if key in allowed:
        # Of a thing that comes in kinds, each with keys of its own.
        kinds = [
            shape["properties"].get("kind", {}).get("const")
            for shape in shapes_at(path[:-1])
            if is_section(shape) and key in shape["properties"]
        ]
        return f"{key!r} is not known for this kind" + (f"; it is for {listed(kinds)}" if all(kinds) else "")
    guess = closest(key, allowed)
    if _SYNONYMS.get(key) in allowed:
        return f"{key!r} is not known here; did you mean {_SYNONYMS[key]!r}?"
    if key == "extends":
        return "extends stands at the top of a file only"
    if places and not (guess and _nearly(key, guess)):
        where = " or ".join(f"under {place}" if place else "at the top of the file" for place in places[:3])
        return f"{key!r} is not known here; it belongs {where}"
    if guess:
        return f"{key!r} is not known here; did you mean {guess!r}?"
    return f"{key!r} is not known here; known are {listed(allowed, 12)}"


# What people write for the ends of a window, and what it is called in the code.
_SYNONYMS = {"start": "from", "begin": "from", "end": "to", "until": "to"}


def _nearly(key: str, guess: str) -> bool:
    return difflib.SequenceMatcher(None, key.lower(), guess.lower()).ratio() > 0.85


def closest(word: str, names: Iterable[str]) -> str | None:
    """The name that was probably meant, whatever its case; None if no name is near."""
    lowered = {name.lower(): name for name in names}
    close = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    if close:
        return lowered[close[0]]
    # A key without its unit, or with another one, is further away than difflib looks.
    start = word.lower().rstrip("s") + "_"
    begins = [name for low, name in lowered.items() if len(word) >= 4 and low.startswith(start)]
    return begins[0] if len(begins) == 1 else None


def did_you_mean(word: str, names: Sequence[str]) -> str:
    """``did you mean 'west'?``, or else the names that there are."""
    guess = closest(word, names)
    if guess is not None:
        return f"did you mean {guess!r}?"
    if len(names) == 1:
        return f"there is only {names[0]!r}"
    return f"there are {listed(names)}" if names else "there are none"


def listed(names: Sequence[str], most: int = 10) -> str:
    """``a, b, c``, cut short if there are many."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def shown(value: object) -> str:
    """A value as it may stand in a message: short, on one line."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping" if value else "an empty mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    text = f"{value:.10g}" if isinstance(value, float) else repr(value)
    return text if len(text) <= 60 else text[:50] + "..."
