"""What is varied: ``PATH=LOW:HIGH:N`` as text, the grid of points it makes of a case, and what is wrong with it.

All of it is judged before anything is solved. Not here: whether a case takes a value (a rent of -3, say): that is found
when its point is solved, and is the outcome of that point.
"""

from __future__ import annotations

import copy
import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from optimizer.case.load import LoadedCase
from optimizer.case.overrides import apply_overrides, paths_matching
from optimizer.case.suggest import kind_of, shapes_at, shown
from optimizer.case.yaml_file import CasePath, dotted
from optimizer.errors import CallError, CaseError, Problem

MOST_POINTS = 10_000
VARY_FILE = "vary"
"""What problems call the file of a path that is varied."""

SIGNIFICANT_DIGITS = 12
"""Of a value between LOW and HIGH: 0.6:1.6:11 shall give 0.7 and not 0.7000000000000001."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_FORMS = "write PATH=LOW:HIGH:N, PATH=a,b,c, or factors as in PATH=x0.8:x1.2:5"


@dataclass(frozen=True)
class Vary:
    """One direction of a sweep: the values that ``path`` (a pattern) takes in turn.

    ``relative``: the values are factors, by which what the case says is multiplied.
    """

    path: str
    values: tuple[float, ...]
    relative: bool = False

    @property
    def column(self) -> str:
        """The name of its column in the table."""
        return f"{self.path} (factor)" if self.relative else self.path


@dataclass(frozen=True)
class Point:
    """One case to solve. ``number`` counts from 1; ``values`` are in the order of the directions."""

    number: int
    values: tuple[float, ...]
    overrides: Mapping[str, float]
    """Values by path, as `optimizer.case.load` takes them."""


def parse_vary(text: str) -> Vary:
    """Read ``PATH=LOW:HIGH:N``, ``PATH=a,b,c`` or either with factors. CallError if it is none of these."""
    path, equals, values = text.partition("=")
    path, values = path.strip(), values.strip()
    if not equals or not path or not values:
        raise CallError(f"cannot read what to vary: {text!r}", (_FORMS,))
    if ":" in values:
        return _evenly(path, values, text)
    parts = [part.strip() for part in values.split(",")]
    return Vary(path, tuple(_number(part, text) for part in parts), _all_factors(parts, text))


def _evenly(path: str, values: str, text: str) -> Vary:
    parts = [part.strip() for part in values.split(":")]
    if len(parts) != 3:
        raise CallError(f"cannot read what to vary: {text!r} has {len(parts)} parts, not LOW:HIGH:N", (_FORMS,))
    low, high = _number(parts[0], text), _number(parts[1], text)
    if not re.fullmatch(r"\d+", parts[2]) or int(parts[2]) < 1:
        raise CallError(f"cannot read what to vary: {parts[2]!r} in {text!r} is no number of values (1 or more)")
    # Before the values are made: they would be too many for any memory.
    count = int(parts[2]) if len(parts[2]) < 9 else 10**9
    if count > MOST_POINTS:
        raise CallError(f"{text!r} asks for {count:,} values; a sweep has {MOST_POINTS:,} points at most")
    return Vary(path, _spread(low, high, count), _all_factors(parts[:2], text))


def _spread(low: float, high: float, count: int) -> tuple[float, ...]:
    """``count`` values from low to high, both exactly as written."""
    between = (low + (high - low) * (index / (count - 1)) for index in range(1, count - 1))
    ends = (low, high) if count > 1 else (low,)
    return (ends[0], *(float(f"{value:.{SIGNIFICANT_DIGITS}g}") for value in between), *ends[1:])


def _number(part: str, text: str) -> float:
    bare = part.removeprefix("x")
    value = float(bare) if _NUMBER.fullmatch(bare) else math.nan
    if not math.isfinite(value):
        raise CallError(f"cannot read what to vary: {part!r} in {text!r} is no number", (_FORMS,))
    return value


def _all_factors(parts: Sequence[str], text: str) -> bool:
    factors = {part.startswith("x") for part in parts}
    if len(factors) > 1:
        raise CallError(f"cannot read what to vary: either all values of {text!r} are factors (x0.9) or none is")
    return factors.pop()


def make_grid(loaded: LoadedCase, directions: Sequence[Vary]) -> tuple[Point, ...]:
    """Every combination of the values, the last direction running fastest.

    Raises CallError for a grid that makes no sense, CaseError with every path that leads to no numbers.
    """
    if not directions or not all(vary.values for vary in directions):
        raise CallError("nothing to vary", (_FORMS,))
    count = math.prod(len(vary.values) for vary in directions)
    if count > MOST_POINTS:
        factors = " x ".join(str(len(vary.values)) for vary in directions)
        raise CallError(f"{factors} = {count:,} points are more than the {MOST_POINTS:,} that a sweep may have")
    problems: list[Problem] = []
    settings = [_settings(loaded, vary, problems) for vary in directions]
    if problems:
        raise CaseError(dict.fromkeys(problems))
    _refuse_overlap(directions, settings)
    return tuple(
        Point(
            number=number,
            values=tuple(vary.values[at] for vary, at in zip(directions, place, strict=True)),
            overrides={path: value for each, at in zip(settings, place, strict=True) for path, value in each[at]},
        )
        for number, place in enumerate(itertools.product(*(range(len(vary.values)) for vary in directions)), start=1)
    )


Setting = tuple[tuple[str, float], ...]
"""(path, value) for all places of one direction."""


def _settings(loaded: LoadedCase, vary: Vary, problems: list[Problem]) -> list[Setting]:
    """The setting for each value of a direction; ``problems`` gains what is wrong with it."""

    def wrong(path: str, message: str) -> None:
        problems.append(Problem(VARY_FILE, None, None, path, message))

    _, found = apply_overrides(copy.deepcopy(loaded.bare), {vary.path: 1.0})
    problems += [replace(problem, file=VARY_FILE) for problem in found]
    if found:
        return []
    paths = paths_matching(loaded.bare, vary.path)
    for path in paths:
        kinds = {kind_of(shape) for shape in shapes_at(path)}
        if not kinds & {"number", "integer"}:
            wrong(dotted(path), f"takes {' or '.join(sorted(kinds - {'nothing'})) or 'no value'}, not a number")
    if not vary.relative:
        base = dict.fromkeys(paths, 1.0)
    else:
        base = {path: value for path in paths if (value := _value_at(loaded, path, wrong)) is not None}
    # Rounded as the values are: 15 x 1.1 is 16.5.
    settings = [
        tuple((dotted(path), _tidy(start * value) if vary.relative else value) for path, start in base.items())
        for value in vary.values
    ]
    whole = {dotted(path) for path in paths if _wants_whole(path)}
    for name, value in dict.fromkeys(pair for setting in settings for pair in setting):
        if name in whole and value != round(value):
            wrong(name, f"takes whole numbers only (got {shown(value)})")
    return settings


def _tidy(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def _wants_whole(path: CasePath) -> bool:
    kinds = {kind_of(shape) for shape in shapes_at(path)}
    return "integer" in kinds and "number" not in kinds


def _value_at(loaded: LoadedCase, path: CasePath, wrong: Any) -> float | None:
    """What the case says at a path, or the default where it says nothing."""
    value = _walk(loaded.bare, path)
    if value is None:
        value = _walk(loaded.case.model_dump(mode="json", by_alias=True), path)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, dict | list):
        wrong(dotted(path), f"is {shown(value)}; for factors name its entries: {dotted(path)}.*")
    else:
        wrong(dotted(path), f"is {shown(value)} in the case: there is no number that a factor could multiply")
    return None


def _walk(data: Any, path: CasePath) -> Any:
    for part in path:
        if isinstance(data, dict):
            data = data.get(part)
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return None
    return data


def _refuse_overlap(directions: Sequence[Vary], settings: Sequence[Sequence[Setting]]) -> None:
    """Two directions that set one place, or a place within the other's, would hide each other."""
    taken: dict[str, str] = {}
    for vary, each in zip(directions, settings, strict=True):
        for path, _ in each[0]:
            tokens = re.split(r"[.\[\]]+", path.rstrip("]"))
            for other, by in taken.items():
                others = re.split(r"[.\[\]]+", other.rstrip("]"))
                shorter = min(len(tokens), len(others))
                if tokens[:shorter] == others[:shorter]:
                    raise CallError(f"{by} and {vary.path} both set {max(path, other, key=len)}")
        taken |= {path: vary.path for path, _ in each[0]}
