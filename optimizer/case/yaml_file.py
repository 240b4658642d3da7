"""Text of a YAML file to plain data, with the line and column of every key and every value.

The values are those of YAML 1.2's core schema without octal and hexadecimal numbers: ``2025-07``, ``no``, ``on`` and
``12:30`` are text, ``010`` is ten. Keys are always text, as written. Whatever a case file has no use for is refused
with its place: two keys alike, tags, merge keys, infinite numbers, several documents, files that unfold without end.

Not here: what the data mean (``optimizer.case.load``) and files that extend others (``optimizer.case.overlays``).

The parser's events are put together here, with a stack of our own: neither deep nesting nor an alias that stands
for itself can exhaust Python's, and a file is given up as soon as it has grown too large.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from optimizer.errors import CaseError, Problem

LARGEST_BYTES = 5_000_000
LARGEST_NODES = 200_000
DEEPEST = 30

CasePath = tuple[str | int, ...]
"""Where in a case: names of keys, and places in lists from 0."""


class Position(NamedTuple):
    """A place in a file; line and column count from 1 and are None where there is no text."""

    file: str
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True)
class Document:
    """Plain data (dict, list, str, int, float, bool, None) and where each key and each value was written.

    ``keys`` has no entries for items of lists. ``values[()]`` is the whole. Both know every path of ``data``.
    """

    data: dict[str, Any]
    keys: dict[CasePath, Position]
    values: dict[CasePath, Position]


def dotted(path: CasePath) -> str:
    """``sites.odessa.contracts[1].mw`` for the path ("sites", "odessa", "contracts", 1, "mw")."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def read_yaml(path: Path, shown: str) -> Document:
    """Read a file; problems call it ``shown``. Raises CaseError with every problem that could be found."""
    try:
        if not path.is_file():
            what = "a folder or a device, not a file" if path.exists() else "there is no such file"
            raise CaseError.single(what, file=shown)
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            message = f"{size / 1e6:.1f} MB are too much for a case file ({LARGEST_BYTES / 1e6:.0f} MB)"
            raise CaseError.single(f"{message}; keep prices in CSV files", file=shown)
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CaseError.single(f"cannot be opened: {reason}", file=shown) from None
    return parse_yaml(_decode(content, shown), shown)


def parse_yaml(text: str, file: str, loader: Any = None) -> Document:
    """Data and positions of a text; ``file`` is what problems call it. ``loader`` is a PyYAML loader, for tests."""
    problems: list[Problem] = []
    if (odd := _NOT_PRINTABLE.search(text)) is not None:
        line, column = _place(text, odd.start())
        message = f"a control character (U+{ord(odd.group()):04X}); a case file is plain text"
        raise CaseError.single(message, file=file, line=line, column=column)
    composer = _Composer(file, problems)
    try:
        for event in yaml.parse(text, Loader=loader or _LOADER):
            if not composer.take(event):
                break
    except yaml.MarkedYAMLError as error:
        problems.append(_syntax_problem(error, text, file))
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        problems.append(Problem(file, None, None, "", f"not YAML: {' '.join(str(error).split())}"))
    root = composer.root
    if not problems and (root is None or (root.kind == "scalar" and root.value is None)):
        problems.append(Problem(file, 1, 1, "", "the file is empty; a case begins with 'case: its title'"))
    elif not problems and root is not None and root.kind != "map":
        message = "a case file is a mapping of sections, such as 'case: its title', not " + _KINDS[root.kind]
        problems.append(Problem(file, root.line, root.column, "", message))
    if problems:
        raise CaseError(sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
    assert root is not None
    document = Document({}, {}, {})
    document.data.update(_unfold(root, (), document, file))
    return document


# ---------------------------------------------------------------- the text


# What YAML lets stand in a file, negated.
_NOT_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_KINDS = {"scalar": "a single value", "list": "a list", "map": "a mapping"}


def _decode(content: bytes, file: str) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise CaseError.single("UTF-16 text; save the file as UTF-8", file=file, line=1, column=1)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode("utf-8")
        line, column = _place(before, len(before))
        message = f"not UTF-8: byte 0x{content[error.start]:02x}; save the file as UTF-8"
        raise CaseError.single(message, file=file, line=line, column=column) from None


def _place(text: str, index: int) -> tuple[int, int]:
    """Line and column, from 1, of a place in a text."""
    return text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1


# The parser's own words say which token it wanted. People want to know what to do.
_PLAINER = (
    (
        "mapping values are not allowed",
        "a ':' where no key can stand: is the line above without its ':', is this one indented too far, "
        "or is it text with a colon (put it in quotes)?",
    ),
    ("could not find expected ':'", "a key without its ':'"),
    ("did not find expected key", "no key where one must stand; is the line above indented alike, and closed?"),
    ("expected <block end>", "no key where one must stand; is the line above indented alike, and closed?"),
    ("did not find expected '-' indicator", "no '-' where a list goes on; is it indented like the items above?"),
    ("did not find expected ',' or", "a list or mapping in brackets that is not closed, or lacks a comma"),
    ("expected ',' or", "a list or mapping in brackets that is not closed, or lacks a comma"),
    ("found unexpected ':'", "a ':' inside brackets that no value follows; write null for nothing"),
    ("found unexpected end of stream", "text in quotes that is not closed"),
    ("exceeded", f"nested deeper than {DEEPEST}"),
)


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    words = error.problem or error.context or "not YAML"
    line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
    lines = text.split("\n")
    written = lines[line - 1] if line is not None and line <= len(lines) else ""
    if "\t" in written[: len(written) - len(written.lstrip())]:
        column = written.index("\t") + 1
        return Problem(file, line, column, "", "a tab; indent with spaces")
    if "cannot start any token" in words or "block sequence entries are not allowed" in words:
        rest = written[(column or 1) - 1 :].strip() if written else ""
        sign = rest[:1]
        return Problem(file, line, column, "", f"{sign!r} cannot stand here; put text that begins so in quotes")
    plain = next((plainer for start, plainer in _PLAINER if start in words), None)
    return Problem(file, line, column, "", plain or f"not YAML: {words}")


# ---------------------------------------------------------------- the tree


@dataclass
class _Node:
    """A part of the text. Aliases share it, so it holds sizes with aliases written out."""

    kind: str
    line: int
    column: int
    value: Any = None
    text: str = ""
    pairs: list[tuple[_Node, _Node]] = field(default_factory=list)
    items: list[_Node] = field(default_factory=list)
    size: int = 1
    height: int = 0
    names: dict[str, _Node] = field(default_factory=dict)
    key: _Node | None = None
    dropped: bool = False
    done: bool = False


class _Composer:
    """Puts events together to a tree and notes what is wrong. ``take`` says whether to go on."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file, self.problems = file, problems
        self.root: _Node | None = None
        self._open: list[_Node] = []
        self._anchors: dict[str, _Node] = {}
        self._documents = 0

    def _wrong(self, node: _Node, message: str) -> None:
        self.problems.append(Problem(self.file, node.line, node.column, "", message))

    def take(self, event: Any) -> bool:
        """Take one event of the parser."""
        mark = event.start_mark
        node = _Node("scalar", mark.line + 1, mark.column + 1) if mark else _Node("scalar", 1, 1)
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._wrong(node, "a second document begins; one file holds one case: take out the '---'")
                return False
        elif isinstance(event, yaml.AliasEvent):
            target = self._anchors.get(event.anchor or "")
            if target is None:
                self._wrong(node, f"*{event.anchor} stands for nothing above it; mark its value with &{event.anchor}")
            elif not target.done:
                self._wrong(node, f"nested deeper than {DEEPEST}: *{event.anchor} stands inside its own value")
                return False
            else:
                return self._attach(target, node)
            return self._attach(node, node)
        elif isinstance(event, yaml.ScalarEvent):
            node.text, node.done = event.value, True
            node.value = self._scalar(event, node)
            self._anchor(event, node)
            return self._attach(node, node)
        elif isinstance(event, yaml.CollectionStartEvent):
            node.kind = "map" if isinstance(event, yaml.MappingStartEvent) else "list"
            node.height = 1
            if event.tag not in (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
                self._wrong(node, f"the tag {_tag(event.tag)} means nothing here; take it out")
            self._anchor(event, node)
            if len(self._open) >= DEEPEST:
                self._wrong(node, f"nested deeper than {DEEPEST}")
                return False
            self._open.append(node)
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = self._open.pop()
            closed.done = True
            return self._attach(closed, closed)
        return True

    def _anchor(self, event: Any, node: _Node) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = node

    def _attach(self, node: _Node, place: _Node) -> bool:
        """Hang a finished node into what is open; ``place`` is where it is written (an alias: not where it stands)."""
        if not self._open:
            self.root = node
            return True
        parent = self._open[-1]
        if parent.kind == "map" and parent.key is None:
            parent.dropped = not self._is_good_key(parent, node, place)
            parent.key = _Node("scalar", place.line, place.column, text=node.text)
            return True
        parent.size += node.size
        parent.height = max(parent.height, node.height + 1)
        if parent.size > LARGEST_NODES:
            self._wrong(place, f"more than {LARGEST_NODES} values once aliases are written out")
            return False
        if len(self._open) + node.height > DEEPEST:
            self._wrong(place, f"nested deeper than {DEEPEST}")
            return False
        if parent.kind == "list":
            parent.items.append(node)
        elif parent.key is not None:
            if not parent.dropped:
                parent.pairs.append((parent.key, node))
            parent.key = None
        return True

    def _is_good_key(self, parent: _Node, node: _Node, place: _Node) -> bool:
        first = parent.names.get(node.text)
        if node.kind != "scalar":
            self._wrong(place, f"a key is a name, not {_KINDS[node.kind]}")
        elif not node.text.strip():
            self._wrong(place, "a key is missing before ':'")
        elif node.text == "<<":
            self._wrong(place, "merge keys (<<) are not known here; use extends, or write the values out")
        elif first is not None:
            self._wrong(place, f"{node.text!r} is already said at line {first.line}; keep one of the two")
        else:
            parent.names[node.text] = place
            return True
        return False

    def _scalar(self, event: Any, node: _Node) -> Any:
        """The value of a scalar by YAML 1.2's core schema."""
        text: str = event.value
        tag: str | None = event.tag
        if re.search("[\x00-\x08\x0b-\x1f\ud800-\udfff]", text):
            self._wrong(node, "a control character is written here; a case has no use for one")
            return ""
        plain = event.implicit[0] and tag is None
        if tag in ("!", "tag:yaml.org,2002:str") or (tag is None and not plain):
            return text
        if tag is not None and tag not in _CORE_TAGS:
            self._wrong(node, f"the tag {_tag(tag)} means nothing here; take it out")
            return text
        if _NOT_FINITE.fullmatch(text):
            self._wrong(node, f"{text} is not a number that a plan can be made with; numbers are finite")
            return 0
        value = plain_scalar(text)
        if isinstance(value, float) and math.isinf(value):
            self._wrong(node, "a number too large to compute with; numbers are finite")
            return 0
        if tag is not None and not isinstance(value, _CORE_TAGS[tag]):
            self._wrong(node, f"{text!r} is not what the tag {_tag(tag)} says; take the tag out")
        return value


_CORE_TAGS: dict[str, tuple[type, ...]] = {
    "tag:yaml.org,2002:int": (int,),
    "tag:yaml.org,2002:float": (int, float),
    "tag:yaml.org,2002:bool": (bool,),
    "tag:yaml.org,2002:null": (type(None),),
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}


def plain_scalar(text: str) -> str | int | float | bool | None:
    """What a text without quotes stands for; numbers of more than 18 digits are floats, which may be infinite."""
    if text in _WORDS:
        return None
    if text in _TRUTHS:
        return _TRUTHS[text]
    if _INTEGER.fullmatch(text) and len(text) <= 18:
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    return text


def _tag(tag: str) -> str:
    return "!!" + tag.removeprefix("tag:yaml.org,2002:") if tag.startswith("tag:yaml.org,2002:") else tag


def _unfold(node: _Node, path: CasePath, document: Document, file: str) -> Any:
    """Plain data of a node; the depth was limited before."""
    document.values[path] = Position(file, node.line, node.column)
    if node.kind == "scalar":
        return node.value
    if node.kind == "list":
        return [_unfold(item, (*path, index), document, file) for index, item in enumerate(node.items)]
    data = {}
    for key, value in node.pairs:
        document.keys[(*path, key.text)] = Position(file, key.line, key.column)
        data[key.text] = _unfold(value, (*path, key.text), document, file)
    return data


def _loader() -> Any:
    # libyaml is five times as fast and stops by itself on deep nesting; where it is not built in, Python's own will do.
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


_LOADER = _loader()


def walk(data: Any, path: CasePath = ()) -> Iterator[tuple[CasePath, Any]]:
    """Every value of plain data with its path, outer ones first."""
    yield path, data
    if isinstance(data, dict):
        for key, value in data.items():
            yield from walk(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from walk(value, (*path, index))
