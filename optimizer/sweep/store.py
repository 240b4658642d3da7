"""Results of points on disk, each under the hash of all that determines it (docs/figures_sweep.md, section 22).

A file is written whole or not at all, so a sweep that is killed at any moment finds what was finished. What is not
there, or cannot be read, was not solved.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from optimizer.errors import CallError
from optimizer.instance.whole_plan import Trail, WholeDecision
from optimizer.sweep.point import Figures, Outcome

FORM = 7
"""Of the files, and of the search whose answers are in them. Those of another form are taken for absent."""

_UNFINISHED = ".new"
_ABANDONED_SECONDS = 3600.0

T = TypeVar("T")


def canonical(data: Any) -> str:
    """The one way of writing plain data, for a hash."""
    return json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=True)


def key_of(determining: Mapping[str, Any]) -> str:
    """The SHA-256 of all that determines a result."""
    return hashlib.sha256(canonical({"form": FORM, **determining}).encode()).hexdigest()


class Store:
    """A folder of results. ``fresh``: what is there is not read, only replaced."""

    def __init__(self, folder: Path, *, fresh: bool = False) -> None:
        self.folder = folder
        self._fresh = fresh
        self._made: set[str] = set()

    def prepare(self) -> None:
        """Make the folder, and remove what killed runs left half written. CallError if nothing can be written there."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self.folder).close()
        except OSError as error:
            raise CallError(f"cannot write to {self.folder}: {error.strerror}") from None
        for file in self.folder.glob(f".*{_UNFINISHED}"):
            with contextlib.suppress(OSError):
                # A young one may be that of another sweep, which still runs.
                if time.time() - file.stat().st_mtime > _ABANDONED_SECONDS:
                    file.unlink()

    def get(self, key: str, read: Callable[[Mapping[str, Any]], T]) -> tuple[T, float] | None:
        """The answer under a key, as ``read`` makes it of plain data, and the seconds that it took; None if it is not
        there. ``read`` raises KeyError, TypeError or ValueError for what is no such answer."""
        if self._fresh and key not in self._made:
            return None
        try:
            data = json.loads(self._file(key).read_text(encoding="utf-8"))
            if data["form"] != FORM or data["key"] != key:
                return None
            return read(data["answer"]), float(data["seconds"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, answer: Mapping[str, Any], seconds: float) -> None:
        """Keep an answer, plain data. CallError if nothing can be written there."""
        text = json.dumps(
            {"form": FORM, "key": key, "seconds": seconds, "answer": answer}, ensure_ascii=False, indent=1
        )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".", suffix=_UNFINISHED, dir=self.folder)
            try:
                with open(handle, "w", encoding="utf-8", newline="\n") as stream:
                    stream.write(text + "\n")
                os.replace(name, self._file(key))
            except BaseException:
                with contextlib.suppress(OSError):
                    Path(name).unlink()
                raise
        except OSError as error:
            raise CallError(f"cannot write to {self.folder}: {error.strerror}") from None
        self._made.add(key)

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def outcome_of(data: Mapping[str, Any]) -> Outcome:
    """An outcome from plain data. Raises KeyError, TypeError or ValueError if it is none."""
    figures, plan = data["figures"], data["plan"]
    return Outcome(
        status=str(data["status"]),
        problem=str(data["problem"]),
        figures=None if figures is None else _figures(figures),
        plan=None if plan is None else tuple(WholeDecision(*each) for each in plan),
        trail=_trail(*data["trail"]),
    )


def _trail(rules: Any, splits: Any, years: Any, starts: Any, scores: Any) -> Trail:
    cuts = (None if cut is None else (str(cut[0]), int(cut[1]), int(cut[2])) for cut in splits)
    return Trail(
        tuple((str(name), int(value)) for name, value in rules),
        tuple(cuts),
        tuple((int(country), int(last)) for country, last in years),
        tuple((str(what), str(basis)) for what, basis in starts),
        tuple((str(kind), int(index), float(score)) for kind, index, score in scores),
    )


def _figures(data: Mapping[str, Any]) -> Figures:
    known = dict(data)
    known["decision_lines"] = tuple(known["decision_lines"])
    known["decisions"] = tuple(known["decisions"])
    return Figures(**known)
