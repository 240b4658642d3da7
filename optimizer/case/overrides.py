"""Values laid over a case by path: ``market.power.*.scale`` = 0.8. Sweeps are made of these.

A path names keys from the top, joined by dots; ``*`` stands for every name at its place, ``[2]`` or ``.2`` for an item
of a list. It must lead to something that is written in the case, or to an optional key that could be.

Not here: whether the case is still a good one afterwards.
"""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Mapping, Sequence
from typing import Any

from optimizer.case.suggest import (
    Schema,
    did_you_mean,
    kind_of,
    listed,
    raw_schema,
    shapes_at,
    shapes_of,
    shapes_of_item,
    shown,
)
from optimizer.case.yaml_file import CasePath, dotted
from optimizer.errors import Problem

OVERRIDE_FILE = "override"
"""What problems call the file of a value that was laid over."""


def apply_overrides(data: dict[str, Any], overrides: Mapping[str, object]) -> tuple[list[CasePath], list[Problem]]:
    """Change ``data`` in place; the paths that were set, and what is wrong with the overrides."""
    touched: list[CasePath] = []
    problems: list[Problem] = []
    for pattern, value in overrides.items():
        plain = _plain(value)
        if plain is None:
            message = f"needs a finite number, text or true or false (got {shown(value)})"
            problems.append(Problem(OVERRIDE_FILE, None, None, pattern, message))
            continue
        paths = paths_matching(data, pattern)
        if not paths:
            problems.append(Problem(OVERRIDE_FILE, None, None, pattern, _why_nowhere(data, pattern)))
            continue
        for path in paths:
            kinds = {kind_of(shape) for shape in shapes_at(path)}
            if kinds and kinds <= {"section", "map", "list", "nothing"}:
                message = f"is a section or a list, not a value; name one of its keys: {listed(_keys(data, path))}"
                problems.append(Problem(OVERRIDE_FILE, None, None, dotted(path), message))
                continue
            _set(data, path, plain)
            touched.append(path)
    return touched, problems


def paths_matching(data: dict[str, Any], pattern: str) -> list[CasePath]:
    """The paths of ``data`` that a pattern names, in the order of the case, with optional keys that are not written."""
    tokens = [token for token in re.split(r"[.\[\]]", pattern) if token]
    return list(dict.fromkeys(_match(data, shapes_of(raw_schema()), tokens, ()))) if tokens else []


def _match(data: Any, shapes: Sequence[Schema], tokens: Sequence[str], path: CasePath) -> list[CasePath]:
    if not tokens:
        return [path]
    token, found = tokens[0], list[CasePath]()
    if isinstance(data, list):
        for index in range(len(data)):
            inner = [shape for outer in shapes for shape in shapes_of_item(outer, index)]
            if token in ("*", str(index)):
                found += _match(data[index], inner, tokens[1:], (*path, index))
        return found
    if not isinstance(data, dict):
        return []
    for key, value in data.items():
        # A lot is written site.lot, so a key may take up several of the tokens.
        length = 1 if token == "*" else key.count(".") + 1
        if token == "*" or ".".join(tokens[:length]) == key:
            found += _match(value, shapes_at((*path, key)), tokens[length:], (*path, key))
    if not found and token != "*" and token not in data:
        for shape in shapes:
            if token in shape.get("properties", {}):
                found += _match({}, shapes_of(shape["properties"][token]), tokens[1:], (*path, token))
    return found


def _why_nowhere(data: dict[str, Any], pattern: str) -> str:
    tokens = [token for token in re.split(r"[.\[\]]", pattern) if token]
    for length in range(len(tokens) - 1, -1, -1):
        places = paths_matching(data, ".".join(tokens[:length])) if length else [()]
        if not places:
            continue
        names = list(dict.fromkeys(name for place in places for name in _keys(data, place)))
        where = f"under {'.'.join(tokens[:length])}" if length else "in the case"
        return f"there is no {tokens[length]!r} {where}; {did_you_mean(tokens[length], names)}"
    return "names nothing in the case"


def _keys(data: Any, path: CasePath) -> list[str]:
    """What is written at a path and what could be."""
    for part in path:
        if isinstance(data, dict):
            data = data.get(str(part), {})
        else:
            data = data[part] if isinstance(data, list) and isinstance(part, int) else {}
    written: list[str] = []
    if isinstance(data, dict):
        written = list(data)
    elif isinstance(data, list):
        written = [str(index) for index in range(len(data))]
    allowed = [key for shape in shapes_at(path) for key in shape.get("properties", {})]
    return list(dict.fromkeys([*written, *allowed]))


def _set(data: Any, path: CasePath, value: Any) -> None:
    for part in path[:-1]:
        data = data.setdefault(part, {}) if isinstance(data, dict) else data[part]
    data[path[-1]] = value


def _plain(value: object) -> int | float | str | bool | None:
    """The value as a plain one, None if it is no scalar or not finite. Numbers of numpy are numbers."""
    if isinstance(value, str | bool):
        return value
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real) and math.isfinite(value):
        return float(value)
    return None
