"""YAML text becomes plain data with the place of every key and value, or an error that names its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.case.yaml_file import LARGEST_BYTES, dotted, parse_yaml, read_yaml
from optimizer.errors import CaseError

LOADERS = [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)]
BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("2025-07", "2025-07"),
        ("2025-07-15", "2025-07-15"),
        ("12:30", "12:30"),
        ("010", 10),
        ("0o10", "0o10"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("-3", -3),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("3.", 3.0),
        ("123456789012345678901", 123456789012345678901.0),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("'3'", "3"),
        ("!!str 3", "3"),
        ("!!float 3", 3),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any, loader: Any) -> None:
    found = parse_yaml(f"a: {text}\n", "f", loader).data["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("loader", LOADERS)
def test_keys_are_text_and_have_places(loader: Any) -> None:
    text = "on: 1\n2026: {2026-07: x,\n  b: [1,\n   2]}\nc:\n  - d: 5\n"
    document = parse_yaml(text, "f", loader)
    assert document.data == {"on": 1, "2026": {"2026-07": "x", "b": [1, 2]}, "c": [{"d": 5}]}
    assert document.keys[("2026", "2026-07")] == ("f", 2, 8)
    assert document.values[("2026", "2026-07")] == ("f", 2, 17)
    assert document.values[("2026", "b", 1)] == ("f", 4, 4)
    assert document.keys[("c", 0, "d")] == ("f", 6, 5)
    assert document.values[()] == ("f", 1, 1)


def test_alias_has_the_place_of_its_value() -> None:
    document = parse_yaml("a: &x {b: 1}\nc: *x\n", "f")
    assert document.data["c"] == {"b": 1}
    assert document.values[("c", "b")] == ("f", 1, 11)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "f:3:1: 'a' is already said at line 1; keep one of the two"),
        ("2026: 1\n'2026': 2\n", "f:2:1: '2026' is already said at line 1; keep one of the two"),
        ("a: .inf\n", "f:1:4: .inf is not a number that a plan can be made with; numbers are finite"),
        ("a: .NaN\n", "f:1:4: .NaN is not a number that a plan can be made with; numbers are finite"),
        ("a: 1e999\n", "f:1:4: a number too large to compute with; numbers are finite"),
        (f"a: {'9' * 6000}\n", "f:1:4: a number too large to compute with; numbers are finite"),
        ("a: !mw 3\n", "f:1:4: the tag !mw means nothing here; take it out"),
        ("a: !!set {x}\n", "f:1:4: the tag !!set means nothing here; take it out"),
        ("a: !!python/name:os.system x\n", "f:1:4: the tag !!python/name:os.system means nothing here; take it out"),
        ("a: !!int x\n", "f:1:4: 'x' is not what the tag !!int says; take the tag out"),
        ("? [a, b]\n: 3\n", "f:1:3: a key is a name, not a list"),
        ("'': 3\n", "f:1:1: a key is missing before ':'"),
        ("a: &x {}\nb: {<<: *x}\n", "f:2:5: merge keys (<<) are not known here; use extends, or write the values out"),
        ("a: 1\n---\nb: 2\n", "f:2:1: a second document begins; one file holds one case: take out the '---'"),
        ("", "f:1:1: the file is empty; a case begins with 'case: its title'"),
        ("# nothing\n", "f:1:1: the file is empty; a case begins with 'case: its title'"),
        ("- 1\n", "f:1:1: a case file is a mapping of sections, such as 'case: its title', not a list"),
        ("word\n", "f:1:1: a case file is a mapping of sections, such as 'case: its title', not a single value"),
        ("a:\n\tb: 2\n", "f:2:1: a tab; indent with spaces"),
        ("a: {b: 1}\n  \tc: 2\n", "f:2:3: a tab; indent with spaces"),
        ("a: @x\n", "f:1:4: '@' cannot stand here; put text that begins so in quotes"),
        ("a: *x\n", "f:1:4: *x stands for nothing above it; mark its value with &x"),
        ("a: &x [*x]\n", "f:1:8: nested deeper than 30: *x stands inside its own value"),
        (BOMB, "f:6:17: more than 200000 values once aliases are written out"),
        ("- " * 200, "f:1:61: nested deeper than 30"),
        ("a: [1,\nb: 3\n", "f:3:1: a list or mapping in brackets that is not closed, or lacks a comma"),
        ('a: "x\n', "f:2:1: text in quotes that is not closed"),
        ("a: b\n- c\n", "f:2:1: no key where one must stand; is the line above indented alike, and closed?"),
        ("a: \x07\n", "f:1:4: a control character (U+0007); a case file is plain text"),
        ('a: "\\x07"\n', "f:1:4: a control character is written here; a case has no use for one"),
    ],
)
def test_faults_are_named_with_their_place(text: str, said: str, loader: Any) -> None:
    with pytest.raises(CaseError) as caught:
        parse_yaml(text, "f", loader)
    assert str(caught.value) == said


def test_colon_in_text_is_explained() -> None:
    with pytest.raises(CaseError, match=r"f:1:5: a ':' where no key can stand: .*\(put it in quotes\)"):
        parse_yaml("a: x: y\n", "f")


def test_all_faults_are_said_at_once_in_order() -> None:
    with pytest.raises(CaseError) as caught:
        parse_yaml("a: .inf\na: 2\nb: !x 3\n? {}\n: 4\n", "f")
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [(1, 4), (2, 1), (3, 4), (4, 3)]


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("sign", ["[", "{", "- ", "a: [", "? ", "&a [*a, "])
def test_any_depth_is_refused_quickly(sign: str, loader: Any) -> None:
    with pytest.raises(CaseError):
        parse_yaml(sign * 5000, "f", loader)


@pytest.mark.parametrize("depth", [30, 31])
def test_thirty_levels_are_the_limit(depth: int) -> None:
    text = "a: " + "[" * (depth - 1) + "]" * (depth - 1)
    if depth == 30:
        parse_yaml(text, "f")
    else:
        with pytest.raises(CaseError, match="nested deeper than 30"):
            parse_yaml(text, "f")


def test_depth_counts_what_aliases_bring() -> None:
    with pytest.raises(CaseError, match="f:2:24: nested deeper than 30"):
        parse_yaml("a: &x " + "[" * 10 + "]" * 10 + "\nb: " + "[" * 20 + "*x" + "]" * 20, "f")


def test_files_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    for content, said in (
        (b"a: 1\nb: \xff\n", "f:2:4: not UTF-8: byte 0xff; save the file as UTF-8"),
        ("a: 1".encode("utf-16"), "f:1:1: UTF-16 text; save the file as UTF-8"),
    ):
        path.write_bytes(content)
        with pytest.raises(CaseError) as caught:
            read_yaml(path, "f")
        assert str(caught.value) == said
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_yaml(path, "f").keys == {("a",): ("f", 1, 1)}
    path.write_bytes(b"a: " + b"x" * LARGEST_BYTES)
    with pytest.raises(CaseError, match=r"f: 5.0 MB are too much for a case file \(5 MB\)"):
        read_yaml(path, "f")
    with pytest.raises(CaseError, match="f: a folder or a device, not a file"):
        read_yaml(tmp_path, "f")
    with pytest.raises(CaseError, match="f: there is no such file"):
        read_yaml(tmp_path / "none", "f")


def test_dotted() -> None:
    assert dotted(("sites", "odessa", "contracts", 1, "mw")) == "sites.odessa.contracts[1].mw"
    assert dotted(()) == ""


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab:-[]{},&*!?|>'\"#%@` \n\t0.\\~<=é\U0001f600", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for loader in LOADERS:
        try:
            document = parse_yaml(text, "f", loader)
        except CaseError:
            continue
        assert document.keys.keys() <= document.values.keys()
