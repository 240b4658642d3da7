"""The JSON Schema of case files takes what the reader takes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from optimizer.case.json_schema import case_json_schema
from optimizer.case.yaml_file import parse_yaml
from optimizer.cli.main import main

SCHEMA = case_json_schema()


def valid(value: Any, schema: Any, root: dict[str, Any]) -> bool:
    """The keywords that our schemas use, and no others: an unknown one fails the test."""
    if schema is True:
        return True
    known = {"$ref", "anyOf", "oneOf", "type", "enum", "const", "pattern", "minimum", "maximum", "exclusiveMinimum",
             "exclusiveMaximum", "minLength", "minItems", "maxItems", "minProperties", "items", "properties",
             "prefixItems", "required",
             "additionalProperties", "patternProperties", "propertyNames", "title", "description", "default",
             "discriminator", "$schema", "$defs"}  # fmt: skip
    assert set(schema) <= known, set(schema) - known
    if "$ref" in schema and not valid(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root):
        return False
    for several in ("anyOf", "oneOf"):
        if several in schema and not any(valid(value, part, root) for part in schema[several]):
            return False
    types = {"object": dict, "array": list, "string": str, "number": (int, float), "integer": int, "boolean": bool,
             "null": type(None)}  # fmt: skip
    if "type" in schema:
        if not isinstance(value, types[schema["type"]]):
            return False
        if isinstance(value, bool) and schema["type"] != "boolean":
            return False
    if value not in schema.get("enum", [value]) or value != schema.get("const", value):
        return False
    if isinstance(value, str):
        return bool(re.search(schema.get("pattern", ""), value)) and len(value) >= schema.get("minLength", 0)
    if isinstance(value, int | float):
        return (
            schema.get("minimum", value) <= value <= schema.get("maximum", value)
            and ("exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"])
            and ("exclusiveMaximum" not in schema or value < schema["exclusiveMaximum"])
        )
    if isinstance(value, list):
        first = schema.get("prefixItems", [])
        rules = [*first, *[schema.get("items", True)] * (len(value) - len(first))]
        sizes = schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value))
        return sizes and all(valid(item, rule, root) for item, rule in zip(value, rules, strict=False))
    if isinstance(value, dict):
        if not set(schema.get("required", [])) <= set(value) or len(value) < schema.get("minProperties", 0):
            return False
        for key, item in value.items():
            rules = [schema["properties"][key]] if key in schema.get("properties", {}) else []
            patterns = schema.get("patternProperties", {}).items()
            rules = rules or [rule for pattern, rule in patterns if re.search(pattern, key)]
            rules = rules or [schema.get("additionalProperties", True)]
            if not all(rule is not False and valid(item, rule, root) for rule in rules):
                return False
    return True


def test_it_takes_the_case_and_not_a_spoiled_one(case_text: str) -> None:
    assert valid(parse_yaml(case_text, "f").data, SCHEMA, SCHEMA)
    for old, new in (
        ("pue: 1.25", "pue: yes"),
        ("pue: 1.25", "pu: 1.25"),
        ("pue: 1.25", "pue: {value: 1.25, sorce: x}"),
        ("start: 2025-07", "start: 2025"),
        ("from: 2025-10", "start: 2025-10"),
        ("takes: mining_shell", "takes: shell"),
        ("case: Odessa or not\n", ""),
    ):
        spoiled = case_text.replace(old, new)
        assert spoiled != case_text
        assert not valid(parse_yaml(spoiled, "f").data, SCHEMA, SCHEMA), new


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pue: 1.25", "pue: {value: 1.25, source: s, assumed: true, note: n}"),
        ("lead: 5 quarters", "lead: {value: 5 quarters}"),
        ("start: 2025-07,", "start: {value: 2025-07, note: n},"),
        ("steps: [8 quarters", "steps: [{value: 8 quarters, assumed: true}"),
        ("{2022-11: 207}", "{2022-11: {value: 207, source: s}}"),
        ("mining_shell_mw: 207", "mining_shell_mw: {value: {2022-11: 207}, source: s}"),
        ("2026: 31", "2026: {value: 31, source: s}"),
        ("cash_usd_m: 62.7", "cash_usd_m: {value: 62.7, currency: CAD}"),
    ],
)
def test_any_value_may_have_its_provenance(old: str, new: str, case_text: str) -> None:
    assert case_text.count(old) == 1
    assert valid(parse_yaml(case_text.replace(old, new), "f").data, SCHEMA, SCHEMA)


def test_all_about_power_is_taken_and_not_a_spoiled_one(power_text: str) -> None:
    """Proves: kinds, lists of two and optional kinds are in the schema. Broken: an editor underlines what loads."""
    assert valid(parse_yaml(power_text, "f").data, SCHEMA, SCHEMA)
    overlay = case_json_schema(overlay=True)
    assert valid(parse_yaml(power_text, "f").data, overlay, overlay)
    for old, new, good in (
        ("success: 0.9", "success: 0.9, hours: [15, 19]", True),
        ("success: 0.9", "success: 0.9, hours: {value: [15, {value: 19, source: s}], assumed: true}", True),
        ("tariff: {kind: fixed, price_usd_per_mwh: 40}", "tariff: null", True),
        ("resale: {share: 0.9}", "resale: {value: spot, source: s}", True),
        ("success: 0.9", "success: 0.9, hours: [15]", False),
        ("success: 0.9", "success: 0.9, hours: [15, 25]", False),
        ("kind: swing, mw: 20", "kind: swing, mw: 20, hours: 5x16", False),
        ("kind: demand,", "kind: demnd,", False),
        ("tariff: {kind: fixed, price_usd_per_mwh: 40}", "tariff: {kind: fixed}", False),
    ):
        assert power_text.count(old) == 1, old
        assert valid(parse_yaml(power_text.replace(old, new), "f").data, SCHEMA, SCHEMA) == good, new


def test_all_about_money_is_taken_and_not_a_spoiled_one(money_text: str) -> None:
    """Proves: every instrument, and limits as a number or a section, are in the schema. Broken: an editor underlines
    what loads, or lets pass what does not."""
    assert valid(parse_yaml(money_text, "f").data, SCHEMA, SCHEMA)
    overlay = case_json_schema(overlay=True)
    assert valid(parse_yaml(money_text, "f").data, overlay, overlay)
    for old, new, good in (
        ("max_dilution: 0.5", "max_dilution: {limit: 0.5, from: 2026-01, priced: 30}", True),
        ("max_dilution: 0.5", "max_dilution: {value: 0.5, assumed: true}", True),
        ("max_dilution: 0.5", "max_dilution: {limit: {value: 0.5, source: s}}", True),
        ("rate: {2024-01: 0.21, 2028-01: 0.25}", "rate: 0.21", True),
        ("amortisation: even, project", "amortisation: {2026-01: 5}, project", True),
        ("max_dilution: 0.5", "max_dilution: {from: 2026-01}", False),
        ("debt_to_capital: 0.6", "debt_to_capital: 60", False),
        ("debt_to_capital: 0.6", "debt_to_capital: {limit: 60}", False),
        ("kind: sweep_loan,", "kind: sweep,", False),
        ("ltv_at_draw: 0.5, ", "", False),
    ):
        assert money_text.count(old) == 1, old
        assert valid(parse_yaml(money_text.replace(old, new), "f").data, SCHEMA, SCHEMA) == good, new


def test_overlays_may_say_little(case_text: str) -> None:
    overlay = case_json_schema(overlay=True)
    data = parse_yaml("extends: case.yaml\noffers: {lease: {pue: 1.3, sign: {to: null}}, other: null}\n", "f").data
    assert valid(data, overlay, overlay)
    assert not valid(data, SCHEMA, SCHEMA)
    assert valid(parse_yaml(case_text, "f").data, overlay, overlay)


def test_the_command_prints_it_alike_every_time(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    first = capsys.readouterr().out
    assert main(["schema"]) == 0
    assert capsys.readouterr().out == first
    assert json.loads(first) == SCHEMA
    assert '"default": "6 months"' in first
    assert main(["schema", "--overlay"]) == 0


def test_every_case_of_the_project_is_taken() -> None:
    for path in sorted((Path(__file__).parents[2] / "cases").glob("*/case.yaml")):
        assert valid(parse_yaml(path.read_text("utf-8"), str(path)).data, SCHEMA, SCHEMA), path
