"""Which points a sweep solves: a grid, one direction at a time (tornado), a sample, or a scheme for sensitivities.

`design` makes them of what was asked, `named_design` of a sweep that the case names. Everything is judged before
anything is solved. docs/figures_sweep.md, section 20.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from scipy.stats import qmc

from models.tree import Floats
from optimizer.case.load import LoadedCase, load_case
from optimizer.case.suggest import did_you_mean
from optimizer.case.sweeps import NamedSweep, tidy
from optimizer.errors import CallError
from optimizer.sweep.directions import HINT, Direction, Overlays, Vary, directions_of, parse_vary
from optimizer.sweep.sensitivity import saltelli
from optimizer.sweep.vary import (
    MOST_POINTS,
    Point,
    Setting,
    Target,
    hold_count,
    hold_whole,
    make_grid,
    settings_of,
    targets_of,
)

Kind = Literal["grid", "tornado", "sample", "sensitivity"]
Method = Literal["sobol", "lhs"]


@dataclass(frozen=True)
class Design:
    """The points of a sweep in the order of their numbers, and the directions that their values are in.

    ``overlays``: the other cases by the name that points have them under, loaded and checked. ``seed``: of what was
    drawn.
    """

    kind: Kind
    directions: tuple[Direction, ...]
    points: tuple[Point, ...]
    overlays: Mapping[str, LoadedCase]
    seed: int = 0

    @property
    def varied(self) -> tuple[Vary, ...]:
        """The directions of numbers."""
        return tuple(each for each in self.directions if isinstance(each, Vary))


def design(
    loaded: LoadedCase,
    varied: Sequence[str | Vary] = (),
    *,
    overlays: Sequence[str] = (),
    tornado: bool = False,
    sample: int | None = None,
    method: Method = "sobol",
    sensitivity: int | None = None,
    seed: int = 0,
    given_csv: Path | None = None,
    beside: bool = False,
) -> Design:
    """The points that are asked for: a grid, unless ``tornado``, ``sample`` or ``sensitivity`` (how many) is.

    ``varied`` as `parse_vary` reads them. ``overlays``: case files, relative to the current folder or to that of the
    case (of the case alone if ``beside``); ``given_csv`` is laid over them as over the case. Raises CallError and
    CaseError with what is wrong.
    """
    directions = tuple(parse_vary(each) if isinstance(each, str) else each for each in varied)
    kinds: list[Kind] = []
    kinds += ["tornado"] if tornado else []
    kinds += ["sample"] if sample is not None else []
    kinds += ["sensitivity"] if sensitivity is not None else []
    if len(kinds) > 1:
        raise CallError(f"a sweep is either a {kinds[0]} or a {kinds[1]}")
    kind: Kind = kinds[0] if kinds else "grid"
    if not directions and (not overlays or kind in ("sample", "sensitivity")):
        raise CallError("nothing to vary", (HINT,))
    if overlays and kind in ("sample", "sensitivity"):
        raise CallError(f"other cases go with grids and tornados, not with a {kind}")
    others = load_overlays(loaded, overlays, given_csv=given_csv, beside=beside)
    every: tuple[Direction, ...] = directions
    if others:
        every = (Overlays(loaded.path.name, tuple(others)), *directions)
    if kind == "grid":
        points = _grid(loaded, directions, others)
    elif kind == "tornado":
        points = _tornado(loaded, directions, others)
    else:
        for vary in directions:
            if len(vary.values) < 2:
                raise CallError(f"{vary.path} has one value only: a {kind} is drawn between LOW and HIGH", (HINT,))
        if sensitivity is not None:
            hold_count([sensitivity, len(directions) + 2])
            unit = saltelli(len(directions), sensitivity, seed)
        else:
            unit = _unit_sample(len(directions), sample or 0, method, seed)
        points = _drawn(loaded, directions, unit)
    return Design(kind, every, points, others, seed)


def named_design(
    loaded: LoadedCase, name: str, *, seed: int | None = None, given_csv: Path | None = None
) -> tuple[Design, NamedSweep]:
    """The points of a sweep that the case names, and what the case says of it; ``seed`` in place of the case's.

    Raises CallError if there is no such sweep, and as `design`.
    """
    sweeps = loaded.case.sweeps
    if name not in sweeps:
        raise CallError(f"the case has no sweep {name!r}; {did_you_mean(name, list(sweeps))}")
    named = sweeps[name]
    found = design(
        loaded,
        directions_of(named),
        overlays=named.cases,
        tornado=named.tornado,
        sample=named.sample,
        method=named.method,
        sensitivity=named.sensitivity,
        seed=named.seed if seed is None else seed,
        given_csv=given_csv,
        beside=True,
    )
    return found, named


# ---------------------------------------------------------------- other cases


def load_overlays(
    loaded: LoadedCase, names: Sequence[str], *, given_csv: Path | None = None, beside: bool = False
) -> dict[str, LoadedCase]:
    """Case files that extend a case, by the name as it was given. CallError for one that is none.

    They are looked for in the current folder (not if ``beside``), then in that of the case and of what it extends.
    """
    base = loaded.path.resolve()
    found: dict[str, LoadedCase] = {}
    for name in names:
        if name in found:
            raise CallError(f"the case {name} is named twice")
        overlay = load_case(_find(name, loaded, beside), given_csv=given_csv)
        if overlay.path.resolve() == base:
            raise CallError(f"{name} is the case itself, which is solved in any case")
        if base not in [file.resolve() for file in overlay.files]:
            raise CallError(
                f"{name} does not extend {loaded.path}",
                ("another case of a sweep begins with extends: and changes what differs",),
            )
        found[name] = overlay
    return found


def _find(name: str, loaded: LoadedCase, beside: bool) -> Path:
    folders = [loaded.path.parent, *(file.parent for file in loaded.files)]
    for folder in folders if beside else [Path(), *folders]:
        if (folder / name).exists():
            return folder / name
    return loaded.path.parent / name


# ---------------------------------------------------------------- grids


def _grid(loaded: LoadedCase, directions: Sequence[Vary], others: Mapping[str, LoadedCase]) -> tuple[Point, ...]:
    """The grid of numbers of the case itself, then of each other case."""
    if not others:
        return make_grid(loaded, directions)
    cases: list[tuple[str | None, LoadedCase]] = [(None, loaded), *others.items()]
    hold_count([len(cases), *(len(vary.values) for vary in directions)])
    found: list[Point] = []
    for rank, (name, case) in enumerate(cases):
        plain = (Point(1, (), {}),)
        for point in make_grid(case, directions, where=name or "") if directions else plain:
            found.append(
                replace(
                    point,
                    number=len(found) + 1,
                    values=(loaded.path.name if name is None else name, *point.values),
                    overlay=name,
                    place=(rank / (len(cases) - 1), *point.place),
                )
            )
    return tuple(found)


# ---------------------------------------------------------------- one at a time


MIDDLE = 0.5
"""Where a point of a tornado stands in the directions in which it is as the case is."""


def _tornado(loaded: LoadedCase, directions: Sequence[Vary], others: Mapping[str, LoadedCase]) -> tuple[Point, ...]:
    """The case's own point, each other case, then each value of each direction, all else as in the case."""
    targets = targets_of(loaded, directions)
    hold_whole(targets, directions)
    own: tuple[float | str, ...] = tuple("" if each[0].own is None else each[0].own for each in targets)
    middle = (MIDDLE,) * len(directions)
    if others:
        own, middle = (loaded.path.name, *own), (0.0, *middle)
    found = [Point(1, own, {}, place=middle)]
    for rank, name in enumerate(others, start=1):
        there = (rank / len(others), *middle[1:])
        found.append(Point(len(found) + 1, (name, *own[1:]), {}, overlay=name, place=there))
    before = len(own) - len(directions)
    for d, vary in enumerate(directions, start=before):
        last = len(vary.values) - 1
        for rank, setting in enumerate(settings_of(targets[d - before], vary)):
            values = (*own[:d], vary.values[rank], *own[d + 1 :])
            place = (*middle[:d], rank / last if last else MIDDLE, *middle[d + 1 :])
            found.append(Point(len(found) + 1, values, dict(setting), place=place))
    hold_count([len(found)])
    return tuple(found)


# ---------------------------------------------------------------- drawn


def _unit_sample(directions: int, count: int, method: Method, seed: int) -> Floats:
    """(count, directions) points in the unit cube. Fewer of a Sobol sequence are the first of more."""
    if not 1 <= count <= MOST_POINTS:
        raise CallError(f"a sample has 1 to {MOST_POINTS:,} points (got {count:,})")
    rng = np.random.default_rng(seed)
    if method == "lhs":
        return np.asarray(qmc.LatinHypercube(directions, rng=rng).random(count), dtype=float)
    # Whole powers of 2, as a Sobol sequence is only even in these.
    drawn = qmc.Sobol(directions, rng=rng).random_base2((count - 1).bit_length())
    return np.asarray(drawn[:count], dtype=float)


def _drawn(loaded: LoadedCase, directions: Sequence[Vary], unit: Floats) -> tuple[Point, ...]:
    """Points of the unit cube as values between the first and the last of each direction."""
    targets = targets_of(loaded, directions)
    return tuple(
        Point(
            number=number,
            values=tuple(_shown(each[0], share) for each, share in zip(targets, row, strict=True)),
            overrides=dict(itertools.chain.from_iterable(_set_at(each, row) for each in _with_rank(targets))),
            place=tuple(row),
        )
        for number, row in enumerate(unit.tolist(), start=1)
    )


def _with_rank(targets: Sequence[tuple[Target, ...]]) -> Iterator[tuple[int, Target]]:
    return ((d, target) for d, each in enumerate(targets) for target in each)


def _set_at(ranked: tuple[int, Target], row: Sequence[float]) -> Setting:
    d, target = ranked
    return target.setting(_between(target.clause, row[d]), rounding=True)


def _between(clause: Vary, share: float) -> float:
    low, high = clause.values[0], clause.values[-1]
    return tidy(low + (high - low) * share)


def _shown(target: Target, share: float) -> float:
    """The value as the table has it: a whole number where all places of the direction are whole."""
    value = _between(target.clause, share)
    if target.clause.relative or not target.base or not target.whole.issuperset(target.base):
        return value
    return target.setting(value, rounding=True)[0][1]
