"""Amounts that hold for a stretch of time, such as megawatts installed, reserved or energised.

Whatever is level over time is a set of blocks: machines between two retirements, halls from the day that their space is
taken, a site's connection between two dates. Sums, means and the instants of change then have one form for all.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from optimizer.case.sites import Levels
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT


@dataclass(frozen=True)
class Block:
    """``amount`` during ``[start, end)``, in month coordinates."""

    start: float
    end: float
    amount: float


def overlap(start: float, end: float, low: float, high: float) -> float:
    """Length of what ``[start, end)`` and ``[low, high)`` have in common."""
    return max(0.0, min(end, high) - max(start, low))


def total_at(blocks: Iterable[Block], instant: float) -> float:
    """Sum of the amounts that hold at the instant."""
    return math.fsum(
        block.amount for block in blocks if block.start - SAME_INSTANT <= instant < block.end - SAME_INSTANT
    )


def mean_over(blocks: Iterable[Block], low: float, high: float) -> float:
    """Mean of the sum over ``[low, high)``."""
    return math.fsum(block.amount * overlap(block.start, block.end, low, high) for block in blocks) / (high - low)


def changes(blocks: Iterable[Block], low: float, high: float) -> list[float]:
    """``low`` and every instant in ``[low, high)`` at which a block begins or ends, in order, each once."""
    found = [low]
    for instant in sorted(edge for block in blocks for edge in (block.start, block.end)):
        if found[-1] + SAME_INSTANT < instant < high - SAME_INSTANT:
            found.append(instant)
    return found


def blocks_of_levels(levels: Levels) -> tuple[Block, ...]:
    """A level for all time, or levels by the date from which each holds; nothing before the first date."""
    if isinstance(levels, int | float):
        return (Block(-math.inf, math.inf, float(levels)),)
    dated: Sequence[tuple[float, float]] = sorted((date.first, float(amount)) for date, amount in levels.items())
    ends = [start for start, _ in dated[1:]] + [math.inf]
    return tuple(Block(start, end, amount) for (start, amount), end in zip(dated, ends, strict=True))
