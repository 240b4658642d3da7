"""The hours of standard blocks of power: 5x16, 7x8 and so on, by the clock of the market."""

from __future__ import annotations

import numpy as np

from models.tree import Bools, Ints

FIRST_DAY_HOUR, FIRST_NIGHT_HOUR, FIRST_WEEKEND_DAY = 6, 22, 5


def block_hours(shape: str, hour: Ints, weekday: Ints) -> Bools:
    """(H,) whether an interval belongs to a block, by its hour (0 to 23) and weekday (0 for Monday)."""
    day = (hour >= FIRST_DAY_HOUR) & (hour < FIRST_NIGHT_HOUR)
    working = weekday < FIRST_WEEKEND_DAY
    return {
        "7x24": np.ones(len(day), dtype=bool),
        "5x16": day & working,
        "2x16": day & ~working,
        "7x16": day,
        "7x8": ~day,
    }[shape]
