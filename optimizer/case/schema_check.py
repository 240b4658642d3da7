"""Plain data against the schema of a case, every fault in words of the field.

pydantic does the judging; here its errors are placed and said anew. Of a value that may be one of several kinds only
the kind that was meant is reported. Stricter than pydantic in one thing: true and text in quotes are no numbers.

Not here: whether names refer to something and figures fit together (``optimizer.case.references``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from optimizer.case.base import parse_date
from optimizer.case.case import Case
from optimizer.case.findings import Finding
from optimizer.case.provenance import WRAPPER_KEYS
from optimizer.case.suggest import (
    Schema,
    closest,
    has_date_keys,
    kind_of,
    listed,
    meaning_of,
    raw_schema,
    shapes_at,
    shapes_of,
    shapes_of_item,
    shown,
    unknown_key,
    wanted_at,
)
from optimizer.case.yaml_file import CasePath

NAME_RULE = "a name has letters, digits, '_', '-' and spaces, at most 61, and begins with a letter, digit or '_'"


def check_schema(data: dict[str, Any]) -> tuple[Case | None, list[Finding]]:
    """The case, or what is wrong with the data. Never raises, whatever the data are."""
    findings = _too_lax(data)
    already = {finding.path for finding in findings}
    case: Case | None = None
    try:
        case = Case.model_validate(data)
    except ValidationError as error:
        faults = [_Fault(dict(item), data) for item in error.errors(include_url=False)]
        findings += [found for found in _say_all(faults) if found.path not in already]
    return (None, findings) if findings else (case, [])


# ---------------------------------------------------------------- what pydantic would let pass


def _too_lax(data: dict[str, Any]) -> list[Finding]:
    findings: list[Finding] = []

    def visit(value: Any, shapes: Sequence[Schema], path: CasePath) -> None:
        kinds = {kind_of(shape) for shape in shapes}
        if isinstance(value, bool):
            if kinds and "boolean" not in kinds:
                findings.append(Finding(path, _mismatch(path, value)))
        elif isinstance(value, str):
            if kinds & {"number", "integer"} and not kinds & {"text", "date", "duration", "choice"}:
                findings.append(Finding(path, _mismatch(path, value)))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                visit(item, [found for shape in shapes for found in shapes_of_item(shape, index)], (*path, index))
        elif isinstance(value, dict):
            if shapes and all("properties" in shape for shape in shapes if kind_of(shape) != "nothing"):
                # pydantic would also take Python's names, such as start for from, and two of them in silence.
                known = [key for shape in shapes for key in shape.get("properties", {})]
                strange = [(*path, key) for key in value if key not in known]
                findings.extend(Finding(here, unknown_key(here), at_key=True) for here in strange)
            if any(has_date_keys(shape) for shape in shapes):
                findings.extend(_dates_twice(value, path))
            for key, item in value.items():
                visit(item, _inside(shapes, key), (*path, key))

    visit(data, shapes_of(raw_schema()), ())
    return findings


def _inside(shapes: Sequence[Schema], key: str) -> list[Schema]:
    """What may stand under a key of a mapping with these shapes; `shapes_at` from one step to the next."""
    inner: list[Schema] = []
    for shape in shapes:
        if key in shape.get("properties", {}):
            inner += shapes_of(shape["properties"][key])
            continue
        others = [*shape.get("patternProperties", {}).values(), shape.get("additionalProperties")]
        inner += [found for other in others if isinstance(other, dict) for found in shapes_of(other)]
    return inner


def _dates_twice(value: dict[str, Any], path: CasePath) -> list[Finding]:
    findings, seen = [], dict[float, str]()
    for key in value:
        try:
            instant = parse_date(key).first
        except ValueError:
            continue
        if instant in seen:
            findings.append(Finding((*path, key), f"{key!r} is the same date as {seen[instant]!r}", at_key=True))
        seen.setdefault(instant, key)
    return findings


# ---------------------------------------------------------------- what pydantic found

# "It is not of this kind", which says nothing where another kind was meant.
_MISMATCHES = {
    "dict_type", "mapping_type", "model_type", "model_attributes_type", "list_type", "tuple_type", "iterable_type",
    "float_type", "float_parsing", "int_type", "int_parsing", "int_parsing_size", "string_type", "bool_type",
    "bool_parsing", "literal_error", "is_instance_of", "none_required",
}  # fmt: skip


class _Fault:
    """An error of pydantic with its place in the data: ``path``, the value there, and where a choice of kinds began."""

    def __init__(self, error: dict[str, Any], data: dict[str, Any]) -> None:
        self.type: str = error["type"]
        self.text: str = error["msg"]
        self.context: dict[str, Any] = error.get("ctx") or {}
        self.at_key = False
        self.choice: CasePath | None = None
        self.ends_at_choice = False
        path: list[str | int] = []
        current: Any = data
        location: tuple[Any, ...] = error["loc"]
        for index, part in enumerate(location):
            last = index == len(location) - 1
            if part == "[key]" and last:
                self.at_key = True
            elif (isinstance(current, dict) and part in current) or (
                isinstance(current, list) and isinstance(part, int) and 0 <= part < len(current)
            ):
                current = current[part]
                path.append(part)
                self.ends_at_choice = False
            elif self.type == "missing" and last:
                path.append(part)
                current = None
                self.ends_at_choice = False
            else:
                # The name that pydantic gives to one kind of several; it is not in the data.
                self.choice = tuple(path)
                self.ends_at_choice = True
        self.path: CasePath = tuple(path)
        self.value: Any = current


def _say_all(faults: list[_Fault]) -> list[Finding]:
    findings: list[Finding] = []
    said: set[CasePath] = set()
    for fault in faults:
        if fault.choice is None:
            findings += _say(fault)
            continue
        if fault.choice in said:
            continue
        said.add(fault.choice)
        together = [other for other in faults if other.choice == fault.choice]
        meant = [other for other in together if not (other.ends_at_choice and other.type in _MISMATCHES)]
        for other in meant or together[:1]:
            findings += _say(other)
    return findings


def _say(fault: _Fault) -> list[Finding]:
    path, value, limit = fault.path, fault.value, fault.context
    about_whole = isinstance(value, dict | list) or value is None
    if fault.type == "missing":
        meaning = meaning_of(path)
        return [Finding(path, f"is missing; expected {wanted_at(path)}" + (f" ({meaning})" if meaning else ""))]
    if fault.type == "extra_forbidden":
        return [Finding(path, unknown_key(path), at_key=True)]
    if fault.at_key:
        return [Finding(path, _key_message(fault), at_key=True)]
    if fault.type in _MISMATCHES:
        # Of a thing that comes in kinds only this one's choices count, and pydantic knows which kind it was.
        choices = [] if fault.ends_at_choice else re.findall(r"'([^']*)'", str(limit.get("expected", "")))
        return [Finding(path, _mismatch(path, value, choices), at_key=about_whole)]
    if fault.type in ("union_tag_not_found", "union_tag_invalid"):
        key = str(limit.get("discriminator", "'kind'")).strip("'")
        kinds = str(limit.get("expected_tags") or listed(_kinds(path, key)))
        got = f" (got {limit['tag']!r})" if "tag" in limit else ""
        guess = closest(str(limit["tag"]), [kind.strip("'") for kind in kinds.split(", ")]) if got else None
        got += f"; did you mean {guess!r}?" if guess else ""
        return [
            Finding((*path, key) if got else path, f"{'' if got else key + ' '}must be one of {kinds}{got}", not got)
        ]
    for sign, words in _BOUNDS.items():
        if fault.type == sign:
            bound = next(iter(limit.values()))
            return [Finding(path, f"must be {words} {bound:.10g} (got {shown(value)}){_share_hint(fault, bound)}")]
    if fault.type == "too_short":
        # A list of which some items were refused counts as short, too: that is said by the items.
        short = not isinstance(value, dict | list) or len(value) < limit.get("min_length", 1)
        return [Finding(path, f"is empty; expected {wanted_at(path)}, at least one", at_key=True)] if short else []
    if fault.type == "string_too_short":
        return [Finding(path, "must not be empty")]
    if fault.type == "int_from_float":
        return [Finding(path, f"needs a whole number (got {shown(value)})")]
    if fault.type == "string_pattern_mismatch":
        return [Finding(path, f"must look like {limit.get('pattern')} (got {shown(value)})")]
    if fault.type in ("value_error", "assertion_error"):
        return [Finding(path, _PYDANTICS_OWN.sub("", fault.text), at_key=about_whole)]
    return [Finding(path, f"{fault.text[:1].lower()}{fault.text[1:]} (got {shown(value)})", at_key=about_whole)]


_PYDANTICS_OWN = re.compile(r"^(Value error|Assertion failed), ")
_BOUNDS = {
    "greater_than_equal": "at least",
    "greater_than": "above",
    "less_than_equal": "at most",
    "less_than": "below",
}
_NO_SHARES = {"pue", "gross_per_it", "mining_overhead"}


def _kinds(path: CasePath, key: str) -> list[str]:
    shapes = [shape.get("properties", {}).get(key, {}) for shape in shapes_at(path)]
    return [repr(shape["const"]) for shape in shapes if "const" in shape]


def _share_hint(fault: _Fault, bound: float) -> str:
    """Somebody wrote 12 for 12 %."""
    value, key = fault.value, fault.path[-1] if fault.path else ""
    too_much = fault.type in ("less_than_equal", "less_than")
    if not too_much or bound > 10 or key in _NO_SHARES or not isinstance(value, int | float) or value > 100:
        return ""
    return f"; it is a share: {value / 100:.6g} is {value:.6g} %"


def _key_message(fault: _Fault) -> str:
    key = fault.path[-1] if fault.path else ""
    if fault.type == "string_pattern_mismatch":
        if fault.path[:2] == ("finance", "ebitda_before_usd_m"):
            return f"must be a quarter (2025-Q2) or a month (2025-06) (got {key!r})"
        if "Q[1-4]" in str(fault.context.get("pattern")):
            return f"must be a year (2026), a quarter (2026-Q3) or a month (2026-07) (got {key!r})"
        if fault.path[:1] == ("currencies",):
            return f"a currency is written in three capital letters, such as CAD (got {key!r})"
        dot = " without dots" if "." in str(key) else ""
        return f"{key!r} cannot be a name{dot}: {NAME_RULE}"
    return fault.text.removeprefix("Value error, ")


def _mismatch(path: CasePath, value: Any, only: Sequence[str] = ()) -> str:
    """It is of the wrong kind altogether; ``only`` are the choices, where not all that the schema knows are meant."""
    wanted = " or ".join(repr(choice) for choice in only) or wanted_at(path)
    if value is None:
        return f"is empty; expected {wanted}"
    if isinstance(value, dict) and "value" in value:
        strange = [key for key in value if key not in WRAPPER_KEYS]
        if strange:
            return f"beside value there may be source, assumed, note and currency, not {listed(strange)}"
    choices = [str(choice) for shape in shapes_at(path) for choice in shape.get("enum") or [shape.get("const", "")]]
    guess = closest(value, only or [choice for choice in choices if choice]) if isinstance(value, str) else None
    hint = f"; did you mean {guess!r}?" if guess else ""
    if isinstance(value, str) and "a number" in wanted + wanted.replace("whole ", ""):
        hint = _number_hint(value) or hint
    verb = "must be" if wanted.startswith("'") else "needs"
    return f"{verb} {wanted} (got {shown(value)}){hint}"


def _number_hint(text: str) -> str:
    bare = text.strip()
    if re.fullmatch(r"[-+]?\d*\.?\d+([eE][-+]?\d+)?", bare):
        return "; write it without quotes"
    if match := re.fullmatch(r"([-+]?\d*\.?\d+) ?%", bare):
        return f"; {match[1]} % is written {float(match[1]) / 100:.6g}"
    if re.fullmatch(r"[-+]?\d{1,3}([,_' ]\d{3})+(\.\d+)?", bare):
        return f"; write {re.sub('[^0-9.+-]', '', bare)}"
    if match := re.fullmatch(r"[$€]? ?([-+]?\d*\.?\d+) ?[A-Za-z$€/]+", bare):
        return f"; write {match[1]}, the unit stands in the key's name"
    return ""
