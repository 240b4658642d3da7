"""From a case file, or plain data, to a `Case` that has been checked.

The one way in: it reads the file and what that extends, lays overrides and given decisions over it, holds the result
against the schema, then against itself, and says everything that is wrong at once. Price files are not opened here.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from optimizer.case.case import Case
from optimizer.case.currency import as_written, in_us_dollars
from optimizer.case.findings import Finding, Places
from optimizer.case.given_file import read_given
from optimizer.case.overlays import read_layers
from optimizer.case.overrides import OVERRIDE_FILE, apply_overrides
from optimizer.case.plausibility import judge
from optimizer.case.provenance import Currency, Provenance, unwrap
from optimizer.case.references import check_references
from optimizer.case.schema_check import check_schema
from optimizer.case.yaml_file import CasePath, Document, Position, dotted, walk
from optimizer.errors import CaseError, Problem

CASE_FILE = "case.yaml"
"""What is loaded of a folder."""


@dataclass(frozen=True)
class LoadedCase:
    """A checked case and where it came from.

    ``bare`` is what `Case.model_validate` takes: plain, merged, with overrides and given decisions laid over it, every
    amount in US dollars. ``data`` is the same with amounts in other currencies as they are written, with their
    currency: what `case_from_data` takes, so that rates can still be laid over it. Without such amounts they are
    equal. ``folder`` is what the price files are relative to, ``path`` the case file; ``files`` all YAML files read,
    the case file first. ``provenance`` by dotted path. ``warnings`` do not hinder a solve. Not to be changed.
    """

    case: Case
    data: dict[str, Any]
    bare: dict[str, Any]
    folder: Path
    path: Path
    files: tuple[Path, ...]
    provenance: Mapping[str, Provenance]
    warnings: tuple[Problem, ...]
    assumed_count: int
    places: Places = field(default_factory=Places, repr=False)

    @property
    def sources(self) -> dict[str, dict[str, Any]]:
        """What the case says of its values by path, in rising order: source, assumed, note, as far as it says them."""
        return {
            path: {key: value for key, value in asdict(said).items() if value}
            for path, said in sorted(self.provenance.items())
        }

    def problem(self, path: CasePath, message: str) -> Problem:
        """A problem at a path of this case, with its place in the text."""
        return self.places.problem(Finding(path, message))

    def placed(self, error: CaseError) -> CaseError:
        """The same problems, those without a place in a file at their place in the text of this case."""
        return CaseError(
            self.problem(tuple(problem.path.split(".")), problem.message) if not problem.file else problem
            for problem in error.problems
        )


def load_case(
    path: Path,
    *,
    overrides: Mapping[str, object] | None = None,
    given_csv: Path | None = None,
    given_otherwise: str | None = None,
) -> LoadedCase:
    """Load a case file (of a folder: its ``case.yaml``) and check it.

    ``overrides`` are values by path, see `optimizer.case.overrides`. ``given_csv`` is a file of decisions, whose rows
    replace what ``given`` says of the same offers and lots. ``given_otherwise`` sets ``given.otherwise``.
    Raises `CaseError` with every problem that could be found.
    """
    path = Path(path)
    try:
        if path.is_dir():
            if not (path / CASE_FILE).is_file():
                raise CaseError.single(f"a folder without {CASE_FILE}", file=os.path.normpath(path))
            path = path / CASE_FILE
    except (OSError, ValueError):
        pass  # said when the file is read
    merged = read_layers(path, os.path.normpath(path))
    document = merged.sheet.document
    places = Places(os.path.normpath(path), document.keys, document.values)
    draft = _Draft(document.data, places, merged.sheet.provenance, merged.sheet.currencies)
    return _finish(draft, path.parent, path, merged.files, overrides, given_csv, given_otherwise)


def case_from_data(
    data: Mapping[str, Any],
    folder: Path,
    *,
    overrides: Mapping[str, object] | None = None,
    given_csv: Path | None = None,
    given_otherwise: str | None = None,
) -> LoadedCase:
    """The same for plain data, such as ``LoadedCase.data``: problems have paths but no lines. ``data`` stays as it is.

    Raises `CaseError`.
    """
    plain = copy.deepcopy(dict(data))
    nowhere = {path: Position("") for path, _ in walk(plain)}
    sheet, problems = unwrap(Document(plain, dict(nowhere), dict(nowhere)))
    if problems:
        raise CaseError(problems)
    draft = _Draft(sheet.document.data, Places(), sheet.provenance, sheet.currencies)
    return _finish(draft, Path(folder), Path(folder) / CASE_FILE, (), overrides, given_csv, given_otherwise)


@dataclass
class _Draft:
    """A case on its way: what becomes of it is decided by the functions below, in order."""

    data: dict[str, Any]
    places: Places
    provenance: dict[CasePath, Provenance]
    currencies: dict[CasePath, Currency]
    problems: list[Problem] = field(default_factory=list)

    def put_aside(self, path: CasePath) -> None:
        """Forget what was known about a path and all below it."""
        for known in (self.places.keys, self.places.values, self.provenance, self.currencies):
            for old in [old for old in known if old[: len(path)] == path]:
                del known[old]


def _finish(
    draft: _Draft,
    folder: Path,
    path: Path,
    files: tuple[Path, ...],
    overrides: Mapping[str, object] | None,
    given_csv: Path | None,
    given_otherwise: str | None,
) -> LoadedCase:
    touched: list[CasePath] = []
    if overrides:
        touched, problems = apply_overrides(draft.data, overrides)
        draft.problems += problems
        for changed in touched:
            draft.put_aside(changed)
            draft.places.keys[changed] = draft.places.values[changed] = Position(OVERRIDE_FILE)
    if given_csv is not None:
        _lay_down(draft, given_csv)
    if given_otherwise is not None:
        _set_given(draft, ("given", "otherwise"), given_otherwise, Position("given otherwise"))
    bare, converted, problems = in_us_dollars(draft.data, draft.currencies)
    case, findings = check_schema(bare)
    errors = [*draft.problems, *problems, *draft.places.problems(_with_amounts(findings, converted))]
    warnings: list[Finding] = []
    if case is not None:
        # A value laid over the case may leave others behind that were right for what is written.
        wrong, doubtful = check_references(case, varied=touched)
        errors += draft.places.problems(_with_amounts(wrong, converted))
        warnings += doubtful
    if errors or case is None:
        raise CaseError(dict.fromkeys(errors))
    assumed = [dotted(place) for place, said in draft.provenance.items() if said.assumed]
    warnings = _with_amounts([*warnings, *judge(case)], converted)
    return LoadedCase(
        case=case,
        data=as_written(draft.data, draft.currencies),
        bare=bare,
        folder=folder,
        path=path,
        files=files,
        provenance={dotted(place): said for place, said in draft.provenance.items()},
        warnings=(*draft.places.problems(warnings, "warning"), *_count_assumed(assumed, draft.places.file)),
        assumed_count=len(assumed),
        places=draft.places,
    )


def _with_amounts(findings: Iterable[Finding], converted: Mapping[CasePath, str]) -> list[Finding]:
    """Findings about amounts in other currencies say what was written, since they speak of US dollars."""
    return [
        replace(found, message=f"{found.message} ({converted[found.path]})") if found.path in converted else found
        for found in findings
    ]


def _count_assumed(assumed: Iterable[str], file: str) -> tuple[Problem, ...]:
    names = list(assumed)
    if not names:
        return ()
    verb = "1 value is assumed" if len(names) == 1 else f"{len(names)} values are assumed"
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return (Problem(file, None, None, "", f"{verb}: {', '.join(names[:8])}{more}", "warning"),)


def _lay_down(draft: _Draft, given_csv: Path) -> None:
    given = read_given(Path(given_csv), os.path.normpath(given_csv))
    draft.problems += given.problems
    for key, value in given.entries.items():
        _set_given(draft, ("given", *key), value, given.places[("given", *key)])
    draft.places.keys.update(given.places)
    draft.places.values.update(given.places)


def _set_given(draft: _Draft, path: CasePath, value: Any, place: Position) -> None:
    """Put a value into the section ``given``, which may be missing or not even be a section (the schema will say)."""
    target: Any = draft.data
    for part in path[:-1]:
        target = target.setdefault(part, {}) if isinstance(target, dict) else None
        if target is None:
            return
    if isinstance(target, dict):
        draft.put_aside(path)
        target[path[-1]] = value
        draft.places.keys[path] = draft.places.values[path] = place
