"""From directions to points: the places of a case that they set, the grid of all their values, and what is wrong.

All of it is judged before anything is solved. Not here: whether a case takes a value (a rent of -3, say): that is found
when its point is solved, and is the outcome of that point. Other designs than grids are in `optimizer.sweep.designs`.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.case.load import LoadedCase
from optimizer.case.suggest import kind_of, shapes_at, shown
from optimizer.case.sweeps import MOST_POINTS, SIGNIFICANT_DIGITS, numbers_at, tidy
from optimizer.case.yaml_file import CasePath, dotted
from optimizer.errors import CallError, CaseError, Problem
from optimizer.sweep.directions import HINT, Vary, parse_vary

__all__ = ["MOST_POINTS", "SIGNIFICANT_DIGITS", "Point", "Vary", "make_grid", "parse_vary"]

VARY_FILE = "vary"
"""What problems call the file of a path that is varied."""


@dataclass(frozen=True)
class Point:
    """One case to solve. ``number`` counts from 1; ``values`` are in the order of the directions."""

    number: int
    values: tuple[float | str, ...]
    """Text: a case file, or nothing where the case has no one number of its own (tornados)."""
    overrides: Mapping[str, float]
    """Values by path, as `optimizer.case.load` takes them."""
    overlay: str | None = None
    """The case file that is solved in place of the case itself, as it was given."""
    place: tuple[float, ...] = ()
    """From 0 to 1 by direction: where the value stands in the list of its direction, or between LOW and HIGH."""


Setting = tuple[tuple[str, float], ...]
"""(path, value) for all places of one direction."""


@dataclass(frozen=True)
class Target:
    """Where the values of one clause go in a case: by path the number that a factor multiplies (None: as it is)."""

    clause: Vary
    base: Mapping[str, float | None]
    whole: frozenset[str]
    """Paths that take whole numbers only."""
    own: float | None
    """What the case has there: 1 for factors; None if there is no number, or more than one."""

    def setting(self, value: float, *, rounding: bool = False) -> Setting:
        """What a value sets; ``rounding`` makes whole numbers of what has to be whole (halves up)."""
        found = ((path, value if start is None else tidy(start * value)) for path, start in self.base.items())
        return tuple(
            (path, float(math.floor(number + 0.5)) if rounding and path in self.whole else number)
            for path, number in found
        )


def make_grid(loaded: LoadedCase, directions: Sequence[Vary], where: str = "") -> tuple[Point, ...]:
    """Every combination of the values, the last direction running fastest. ``where`` names the case in problems.

    Raises CallError for a grid that makes no sense, CaseError with every path that leads to no numbers.
    """
    refuse_ranges(directions)
    lengths = [len(vary.values) for vary in directions]
    hold_count(lengths)
    targets = targets_of(loaded, directions, where)
    hold_whole(targets, directions)
    settings = [settings_of(each, vary) for each, vary in zip(targets, directions, strict=True)]
    return tuple(
        Point(
            number=number,
            values=tuple(vary.values[at] for vary, at in zip(directions, ranks, strict=True)),
            overrides={path: value for each, at in zip(settings, ranks, strict=True) for path, value in each[at]},
            place=places_of(ranks, lengths),
        )
        for number, ranks in enumerate(itertools.product(*(range(length) for length in lengths)), start=1)
    )


def refuse_ranges(directions: Sequence[Vary]) -> None:
    """CallError for a grid of nothing, or of LOW:HIGH without a count."""
    if not directions or not all(vary.values for vary in directions):
        raise CallError("nothing to vary", (HINT,))
    for vary in directions:
        if vary.between:
            raise CallError(f"{vary.path} has no number of values: a grid needs LOW:HIGH:N", (HINT,))


def hold_count(lengths: Sequence[int]) -> None:
    """CallError if a grid of so many values a direction is too large."""
    count = math.prod(lengths)
    if count > MOST_POINTS:
        factors = " x ".join(str(length) for length in lengths)
        raise CallError(f"{factors} = {count:,} points are more than the {MOST_POINTS:,} that a sweep may have")


def places_of(ranks: Sequence[int], lengths: Sequence[int]) -> tuple[float, ...]:
    """From 0 to 1: the rank in each list over its length less one."""
    return tuple(rank / (length - 1) if length > 1 else 0.0 for rank, length in zip(ranks, lengths, strict=True))


def targets_of(loaded: LoadedCase, directions: Sequence[Vary], where: str = "") -> list[tuple[Target, ...]]:
    """The places of every clause, by direction.

    Raises CaseError with all that is wrong with the paths (``where`` names the case, if it is not the only one), and
    CallError if two clauses set one place.
    """
    problems: list[Problem] = []
    targets = [
        tuple(
            target
            for clause in vary.clauses
            if (target := _target(loaded, clause, problems, f" (in {where})" if where else "")) is not None
        )
        for vary in directions
    ]
    if problems:
        raise CaseError(dict.fromkeys(problems))
    _refuse_overlap([target for each in targets for target in each])
    return targets


def hold_whole(targets: Sequence[Sequence[Target]], directions: Sequence[Vary]) -> None:
    """CaseError for every value that would put a part of a whole number where only whole ones are taken."""
    found = [
        (path, value)
        for each, vary in zip(targets, directions, strict=True)
        for target, clause in zip(each, vary.clauses, strict=True)
        for number in clause.values
        for path, value in target.setting(number)
        if path in target.whole and value != round(value)
    ]
    if found:
        raise CaseError(
            Problem(VARY_FILE, None, None, path, f"takes whole numbers only (got {shown(value)})")
            for path, value in dict.fromkeys(found)
        )


def settings_of(targets: Sequence[Target], vary: Vary) -> list[Setting]:
    """What a direction sets with each of its values, all clauses together."""
    by_clause = zip(targets, vary.clauses, strict=True)
    each = [[target.setting(value) for value in clause.values] for target, clause in by_clause]
    return [tuple(itertools.chain.from_iterable(together)) for together in zip(*each, strict=True)]


def _target(loaded: LoadedCase, clause: Vary, problems: list[Problem], where: str) -> Target | None:
    """The places of a clause; None, and ``problems`` gains why, if there is nothing to set."""

    def wrong(path: str, message: str) -> None:
        problems.append(Problem(VARY_FILE, None, None, path, message + where))

    paths, found = numbers_at(loaded.bare, clause.path)
    for name, message in found:
        wrong(name, message)
    if found:
        return None
    said = {path: _said(loaded, path) for path in paths}
    base: dict[str, float | None] = {dotted(path): None for path in paths}
    if clause.relative:
        for path, value in said.items():
            if not _is_number(value):
                wrong(dotted(path), _no_factor(path, value))
                continue
            base[dotted(path)] = float(value)
    numbers = {float(value) if _is_number(value) else None for value in said.values()}
    own = 1.0 if clause.relative else numbers.pop() if len(numbers) == 1 else None
    return Target(clause, base, frozenset(dotted(path) for path in paths if _wants_whole(path)), own)


def _wants_whole(path: CasePath) -> bool:
    kinds = {kind_of(shape) for shape in shapes_at(path)}
    return "integer" in kinds and "number" not in kinds


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _no_factor(path: CasePath, value: Any) -> str:
    if isinstance(value, dict | list):
        return f"is {shown(value)}; for factors name its entries: {dotted(path)}.*"
    return f"is {shown(value)} in the case: there is no number that a factor could multiply"


def _said(loaded: LoadedCase, path: CasePath) -> Any:
    """What the case says at a path, or the default where it says nothing."""
    value = _walk(loaded.bare, path)
    return value if value is not None else _walk(loaded.case.model_dump(mode="json", by_alias=True), path)


def _walk(data: Any, path: CasePath) -> Any:
    for part in path:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data


def _refuse_overlap(targets: Iterable[Target]) -> None:
    """Two clauses that set one place, or a place within the other's, would hide each other."""
    taken: dict[str, str] = {}
    for target in targets:
        for path in target.base:
            tokens = re.split(r"[.\[\]]+", path.rstrip("]"))
            for other, by in taken.items():
                others = re.split(r"[.\[\]]+", other.rstrip("]"))
                shorter = min(len(tokens), len(others))
                if tokens[:shorter] == others[:shorter]:
                    raise CallError(f"{by} and {target.clause.path} both set {max(path, other, key=len)}")
        taken |= dict.fromkeys(target.base, target.clause.path)
