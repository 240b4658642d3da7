"""The JSON Schema of case files, for editors and for other programs.

pydantic's schema of `Case`, widened by what the reader accepts besides: any value with its provenance and its currency
in place of the bare one, and ``extends``. The schema of overlays demands no key and lets any be taken out. Judging a
case is not done with this: ``optimizer.case.load`` says more, and with places.
"""

from __future__ import annotations

import copy
from typing import Any

from optimizer.case.suggest import Schema, is_section, raw_schema, shapes_of

_TEXTS = ("title", "description", "default")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def case_json_schema(*, overlay: bool = False) -> dict[str, Any]:
    """JSON Schema (2020-12) of a case file, keys by alias; the same every time.

    ``overlay`` gives that of a file which extends another: nothing is required, and null takes a key out.
    """
    raw = copy.deepcopy(raw_schema())
    definitions = {name: _widened(part, overlay) for name, part in sorted(raw.pop("$defs").items())}
    whole = _widened(raw, overlay)
    extends = {"type": "string", "description": "Another case file, which this one changes. Relative to this file."}
    whole["properties"] = {"extends": extends, **whole["properties"]}
    if "required" in whole:
        # Whatever is missing here may stand in the file that this one extends.
        whole["anyOf"] = [{"required": ["extends"]}, {"required": whole.pop("required")}]
    whole.pop("title", None)
    return {"$schema": DIALECT, "title": "wattfork case", **whole, "$defs": definitions}


def _widened(section: Schema, overlay: bool) -> Schema:
    result = {key: value for key, value in section.items() if not (overlay and key == "required")}
    result["properties"] = {key: _value(value, overlay) for key, value in section.get("properties", {}).items()}
    return result


def _value(schema: Schema, overlay: bool) -> Schema:
    """A property, an item or an entry, as an overlay may have it: there, null takes out what the other file says."""
    schema = _bare_or_told(schema, overlay)
    if not overlay:
        return schema
    texts: Schema = {key: schema[key] for key in _TEXTS if key in schema}
    rest = {key: item for key, item in schema.items() if key not in texts and key != "minProperties"}
    return {**texts, "anyOf": [rest, {"type": "null"}]}


def _bare_or_told(schema: Schema, overlay: bool) -> Schema:
    """Sections as they are, anything else bare or with its provenance."""
    if isinstance(schema.get("additionalProperties"), dict):
        return {**schema, "additionalProperties": _value(schema["additionalProperties"], overlay)}
    if "oneOf" in schema:
        # Kinds of a thing, told apart by a key that an overlay need not repeat; more than one may fit then.
        return {"anyOf": schema["oneOf"]}
    if "$ref" in schema or not schema:
        return schema
    texts: Schema = {key: schema[key] for key in _TEXTS if key in schema}
    durations = [shape for shape in shapes_of(schema) if "quarters" in shape.get("pattern", "")]
    if durations and isinstance(texts.get("default"), int):
        texts["default"] = f"{texts['default']} months"
    bare = {key: value for key, value in schema.items() if key not in texts}
    bare_kinds = bare.pop("anyOf", None) or [bare]
    kinds = [_entries(kind, overlay) for kind in bare_kinds]
    plain = [kind for kind in kinds if "$ref" not in kind and "oneOf" not in kind and not is_section(kind)]
    if all(kind.get("type") == "null" for kind in plain):
        return schema
    inner = plain[0] if len(plain) == 1 else {"anyOf": plain}
    return {**texts, "anyOf": [*kinds, _wrapped(inner)]}


def _wrapped(inner: Schema) -> Schema:
    # Written out each time: not every editor follows a reference that has neighbours.
    text = {"type": "string"}
    said = {"source": text, "assumed": {"type": "boolean"}, "note": text, "currency": text}
    properties = {"value": inner, **said}
    return {"type": "object", "properties": properties, "required": ["value"], "additionalProperties": False}


def _entries(kind: Schema, overlay: bool) -> Schema:
    """Items of lists and entries of maps by date may carry their provenance as well."""
    if "items" in kind:
        return {**kind, "items": _bare_or_told(kind["items"], overlay)}
    if "prefixItems" in kind:
        return {**kind, "prefixItems": [_bare_or_told(item, overlay) for item in kind["prefixItems"]]}
    if "patternProperties" in kind:
        entries = {pattern: _value(value, overlay) for pattern, value in kind["patternProperties"].items()}
        return {**kind, "patternProperties": entries}
    return kind
