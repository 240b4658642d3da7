"""Case section ``sweeps``: what to vary, by name, for ``wattfork sweep CASE --name NAME``; and how values are written.

Nothing here changes a plan. Not here: the points that a sweep makes of it (``optimizer.sweep.designs``).
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field

from optimizer.case.base import Fault, Section

if TYPE_CHECKING:
    from optimizer.case.yaml_file import CasePath

MOST_POINTS = 10_000
SWEEPS = "sweeps"

SIGNIFICANT_DIGITS = 12
"""Of a value between LOW and HIGH: 0.6:1.6:11 shall give 0.7 and not 0.7000000000000001."""

FORMS = "write LOW:HIGH:N, a,b,c, or factors as in x0.8:x1.2:5; LOW:HIGH for samples and tornados"

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


# ---------------------------------------------------------------- values as they are written


@dataclass(frozen=True)
class Values:
    """What stands to the right of a path. ``relative``: factors; ``between``: LOW and HIGH, and no count of values."""

    numbers: tuple[float, ...]
    relative: bool = False
    between: bool = False


def read_values(text: str, shown: str | None = None) -> Values:
    """Read ``LOW:HIGH:N``, ``LOW:HIGH``, ``a,b,c`` or any with factors; ValueError says what is wrong in ``shown``."""
    said = repr(text if shown is None else shown)
    if ":" not in text:
        parts = [part.strip() for part in text.split(",")]
        return Values(tuple(_number(part, said) for part in parts), _all_factors(parts, said))
    parts = [part.strip() for part in text.split(":")]
    if len(parts) not in (2, 3):
        raise ValueError(f"{said} has {len(parts)} parts, not LOW:HIGH:N")
    low, high = _number(parts[0], said), _number(parts[1], said)
    relative = _all_factors(parts[:2], said)
    if len(parts) == 2:
        return Values((low, high), relative, between=True)
    if not re.fullmatch(r"\d+", parts[2]) or int(parts[2]) < 1:
        raise ValueError(f"{parts[2]!r} in {said} is no number of values (1 or more)")
    # Before the values are made: they would be too many for any memory.
    count = int(parts[2]) if len(parts[2]) < 9 else 10**9
    if count > MOST_POINTS:
        raise ValueError(f"{said} asks for {count:,} values; a sweep has {MOST_POINTS:,} points at most")
    return Values(spread(low, high, count), relative)


def spread(low: float, high: float, count: int) -> tuple[float, ...]:
    """``count`` values from low to high, both exactly as written."""
    between = (tidy(low + (high - low) * (index / (count - 1))) for index in range(1, count - 1))
    ends = (low, high) if count > 1 else (low,)
    return (ends[0], *between, *ends[1:])


def tidy(value: float) -> float:
    """Rounded to 12 significant digits: 15 x 1.1 is 16.5."""
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def _number(part: str, said: str) -> float:
    bare = part.removeprefix("x")
    value = float(bare) if _NUMBER.fullmatch(bare) else math.nan
    if not math.isfinite(value):
        raise ValueError(f"{part!r} in {said} is no number")
    return value


def _all_factors(parts: Sequence[str], said: str) -> bool:
    factors = {part.startswith("x") for part in parts}
    if len(factors) > 1:
        raise ValueError(f"either all values of {said} are factors (x0.9) or none is")
    return factors.pop()


def _readable(text: str) -> str:
    try:
        read_values(text)
    except ValueError as error:
        raise ValueError(f"{error}; {FORMS}") from None
    return text


def _low_high(numbers: tuple[float, ...]) -> tuple[float, ...]:
    if len(numbers) not in (2, 3):
        raise ValueError("a list is [LOW, HIGH, N] or [LOW, HIGH]; write single values as text, such as 90,100,110")
    if len(numbers) == 3 and not (numbers[2] == round(numbers[2]) and 1 <= numbers[2] <= MOST_POINTS):
        raise ValueError(f"the third of a list is how many values, 1 to {MOST_POINTS:,} (got {numbers[2]:g})")
    return numbers


# ---------------------------------------------------------------- the section

Varied = (
    Annotated[str, AfterValidator(_readable)] | float | Annotated[tuple[float, ...], AfterValidator(_low_high)]
)  # fmt: skip
"""The values of a path: [LOW, HIGH, N], [LOW, HIGH], one number, or text."""


def values_of(varied: str | float | tuple[float, ...]) -> Values:
    """An entry of ``vary`` as values."""
    if isinstance(varied, str):
        return read_values(varied)
    if isinstance(varied, int | float):
        return Values((float(varied),))
    if len(varied) == 2:
        return Values(varied, between=True)
    return Values(spread(varied[0], varied[1], round(varied[2])))


class NamedSweep(Section):
    """A sweep to run by its name: what to vary, and which points to solve of it."""

    vary: Mapping[str, Varied] = Field(default_factory=dict)
    """Values by path: [LOW, HIGH, N], or text as on the command line: 100,200 or x0.8:x1.2:5. [LOW, HIGH] is enough
    for samples and tornados. Several paths make a grid, the last running fastest."""
    link: tuple[tuple[str, ...], ...] = ()
    """Groups of paths of vary that move together, such as [[sites.a.share, sites.b.share]]: one direction each, with
    the first values of all, then the second, and so on. It stands where its first path stands."""
    cases: tuple[str, ...] = ()
    """Case files that extend this one: each of them is solved as well, at every point of the grid. Relative to this
    file."""
    tornado: bool = False
    """One direction at a time, all else as in the case, in place of a grid."""
    sample: Annotated[int, Field(ge=1, le=MOST_POINTS)] | None = None
    """So many points between LOW and HIGH of every direction, in place of a grid."""
    method: Literal["sobol", "lhs"] = "sobol"
    """How a sample is drawn: a Sobol sequence, or a Latin hypercube."""
    sensitivity: Annotated[int, Field(ge=2, le=MOST_POINTS)] | None = None
    """Base sample of a sensitivity analysis (a power of 2), in place of a grid: so many points for each direction, and
    twice as many besides."""
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """Seed of samples."""
    refine: Annotated[int, Field(ge=0, le=20)] | None = None
    """How many times the borders between different plans are halved, on a grid of two directions."""
    regret: bool = False
    """Whether every plan found is also valued at every other point."""
    twins: bool = False
    """Whether the status quo, all mining and all hosting are valued at every point."""

    def faults(self) -> Iterator[Fault]:
        """Designs that exclude each other, ranges where values are needed, groups that do not fit."""
        named = [key for key in ("tornado", "sample", "sensitivity") if getattr(self, key)]
        if len(named) > 1:
            yield named[1], f"cannot be together with {named[0]}"
        if not self.vary and not self.cases:
            yield "vary", "nothing to vary"
        drawn = self.sample is not None or self.sensitivity is not None
        if drawn and not self.vary:
            yield "vary", "a sample needs something to vary"
        if drawn and self.cases:
            yield "cases", "other cases go with grids and tornados, not with samples"
        for path, varied in self.vary.items():
            values = values_of(varied)
            if not named and values.between:
                yield "vary", f"{path} has no number of values; a grid needs [LOW, HIGH, N]"
            if drawn and len(values.numbers) < 2:
                yield "vary", f"{path} has one value only; a sample is drawn between LOW and HIGH"
        yield from self._link_faults()

    def _link_faults(self) -> Iterator[Fault]:
        seen: set[str] = set()
        for group in self.link:
            for path in group:
                if path not in self.vary:
                    yield "link", f"there is no {path!r} under vary"
                elif path in seen:
                    yield "link", f"{path!r} stands there twice"
                seen.add(path)
            if len(group) < 2:
                yield "link", "a group has two paths or more"
            known = [values_of(self.vary[path]) for path in group if path in self.vary]
            if len({(len(values.numbers), values.between) for values in known}) > 1:
                counts = " and ".join(str(len(values.numbers)) for values in known)
                yield "link", f"paths that move together need as many values each (got {counts})"


# ---------------------------------------------------------------- paths


def numbers_at(data: Mapping[str, Any], pattern: str) -> tuple[list[CasePath], list[tuple[str, str]]]:
    """The places of plain data that a path names, and why a number cannot be put there: (path, message) each."""
    # Those know the case and so this section.
    from optimizer.case.overrides import apply_overrides, paths_matching
    from optimizer.case.suggest import kind_of, shapes_at
    from optimizer.case.yaml_file import dotted

    plain = copy.deepcopy(dict(data))
    sweeps = plain.pop(SWEEPS, None)
    if sweeps is not None and pattern.split(".")[0] == SWEEPS:
        return [], [(pattern, "says what is varied, and cannot be varied itself")]
    paths = paths_matching(plain, pattern)
    _, found = apply_overrides(plain, {pattern: 1.0})
    wrong = [(problem.path, problem.message) for problem in found]
    if not wrong:
        for path in paths:
            kinds = {kind_of(shape) for shape in shapes_at(path)}
            if not kinds & {"number", "integer"}:
                message = f"takes {' or '.join(sorted(kinds - {'nothing'})) or 'no value'}, not a number"
                wrong.append((dotted(path), message))
    return paths, wrong


def lost_paths(data: Mapping[str, Any], sweeps: Mapping[str, NamedSweep]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Each path of a named sweep that leads to no numbers: where it is written, and why."""
    for name, sweep in sweeps.items():
        for pattern in sweep.vary:
            for path, message in numbers_at(data, pattern)[1]:
                said = message if path == pattern else f"{path} {message}"
                yield (SWEEPS, name, "vary", pattern), said
