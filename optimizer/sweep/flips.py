"""Where along one number an answer turns from no to yes or back: scanned, then halved. It knows no case.

docs/figures_sweep.md, section 24. All flips are narrowed at once: in each round the middles of all that are still too
wide are asked for together, so that several processes have work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

SIGNIFICANT_DIGITS = 12
"""Of values between two others."""

T = TypeVar("T")


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What was found at one value. ``has`` is None where there is no answer; ``found`` is whatever was found."""

    value: float
    has: bool | None
    found: T


@dataclass(frozen=True)
class Interval(Generic[T]):
    """Two values that answer differently, next to each other of those asked.

    ``blocked``: values between them that have no answer, so that it cannot be narrowed.
    """

    before: Answer[T]
    after: Answer[T]
    blocked: tuple[Answer[T], ...] = ()

    @property
    def width(self) -> float:
        return self.after.value - self.before.value


@dataclass(frozen=True)
class Flips(Generic[T]):
    """``answers`` by rising value; ``scanned``: how many of them are of the scan; ``interrupted``: the rest was not
    asked for, and flips are as wide as they were then."""

    answers: tuple[Answer[T], ...]
    flips: tuple[Interval[T], ...]
    scanned: int
    interrupted: bool


Ask = Callable[[Sequence[float]], Iterable[Answer[T]]]
"""Answers for all of these values; those that it was kept from by Ctrl-C are missing."""


def scan_values(low: float, high: float, count: int, *, extra: float | None = None, whole: bool = False) -> list[float]:
    """``count`` values evenly from low to high, both as they are, and ``extra`` if it lies between; whole ones if they
    have to be."""
    inner = [low + (high - low) * i / (count - 1) for i in range(1, count - 1)]
    middle = [float(round(value)) if whole else float(f"{value:.{SIGNIFICANT_DIGITS}g}") for value in inner]
    found = {low, *middle, high}
    if extra is not None and low < extra < high:
        found.add(extra)
    return sorted(found)


def find_flips(ask: Ask[T], scan: Sequence[float], tolerance: float, *, whole: bool = False) -> Flips[T]:
    """Every flip between neighbours of the scan, each no wider than ``tolerance`` (of whole numbers: 1)."""
    known = {answer.value: answer for answer in ask(scan)}
    interrupted = len(known) < len(scan)
    scanned = len(known)
    flips = intervals(sorted(known.values(), key=lambda answer: answer.value))
    while not interrupted:
        middles = {i: middle for i, flip in enumerate(flips) if (middle := _middle(flip, tolerance, whole)) is not None}
        if not middles:
            break
        answers = {answer.value: answer for answer in ask(list(middles.values()))}
        known |= answers
        interrupted = len(answers) < len(middles)
        flips = [
            _half(flip, answers[middles[i]]) if i in middles and middles[i] in answers else flip
            for i, flip in enumerate(flips)
        ]
    return Flips(tuple(known[value] for value in sorted(known)), tuple(flips), scanned, interrupted)


def intervals(answers: Sequence[Answer[T]]) -> list[Interval[T]]:
    """Neighbours that answer differently; those without an answer are passed over, and block."""
    found: list[Interval[T]] = []
    last: Answer[T] | None = None
    blocked: list[Answer[T]] = []
    for answer in answers:
        if answer.has is None:
            blocked.append(answer)
            continue
        if last is not None and last.has != answer.has:
            found.append(Interval(last, answer, tuple(blocked)))
        last, blocked = answer, []
    return found


def _middle(flip: Interval[T], tolerance: float, whole: bool) -> float | None:
    """Where to ask next; None if the flip is narrow enough, or cannot be narrowed."""
    low, high = flip.before.value, flip.after.value
    if flip.blocked or flip.width <= (1.0 if whole else tolerance):
        return None
    middle = low + (high - low) / 2
    middle = float(int(middle // 1)) if whole else float(f"{middle:.{SIGNIFICANT_DIGITS}g}")
    return middle if low < middle < high else None


def _half(flip: Interval[T], middle: Answer[T]) -> Interval[T]:
    """The half in which the answer turns."""
    if middle.has is None:
        return Interval(flip.before, flip.after, (middle,))
    if middle.has == flip.before.has:
        return Interval(middle, flip.after)
    return Interval(flip.before, middle)
