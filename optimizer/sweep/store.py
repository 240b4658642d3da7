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
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from optimizer.errors import CallError
from optimizer.instance.whole_plan import WholeDecision
from optimizer.sweep.point import Figures, Outcome

FORM = 1
"""Of the files. Those of another form are taken for absent."""


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

    def get(self, key: str) -> tuple[Outcome, float] | None:
        """The outcome under a key and the seconds that it took; None if it is not there."""
        if self._fresh and key not in self._made:
            return None
        try:
            data = json.loads(self._file(key).read_text(encoding="utf-8"))
            if data["form"] != FORM or data["key"] != key:
                return None
            return outcome_of(data["outcome"]), float(data["seconds"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, outcome: Outcome, seconds: float) -> None:
        """Keep an outcome. CallError if nothing can be written there."""
        text = json.dumps(
            {"form": FORM, "key": key, "seconds": seconds, "outcome": asdict(outcome)}, ensure_ascii=False, indent=1
        )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".", suffix=".new", dir=self.folder)
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

    def sweep_out(self) -> None:
        """Remove what a killed run left half written."""
        for file in self.folder.glob(".*.new"):
            with contextlib.suppress(OSError):
                file.unlink()

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
    )


def _figures(data: Mapping[str, Any]) -> Figures:
    known = dict(data)
    known["decision_lines"] = tuple(known["decision_lines"])
    known["decisions"] = tuple(known["decisions"])
    return Figures(**known)
