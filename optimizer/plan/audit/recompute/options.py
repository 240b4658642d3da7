"""What the right to buy a share is worth. Section 13 of docs/figures_capital.md, "Convertibles"."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array

STEPS = 240
"""Of the lattice."""


def call(share: float, strike: float, months: float, volatility: float, risk_free: float) -> float:
    """European call of Black and Scholes on a share without dividends, USD; life in months."""
    years = months / 12
    discounted = strike * math.exp(-risk_free * years)
    deviation = volatility * math.sqrt(max(years, 0.0))
    if deviation <= 0 or share <= 0:
        return max(0.0, share - discounted)
    upper = math.log(share / discounted) / deviation + deviation / 2
    return float(share * ndtr(upper) - discounted * ndtr(upper - deviation))


def callable_call(
    share: float,
    strike: float,
    months: int,
    volatility: float,
    risk_free: float,
    after: int,
    above: float,
    floor: Callable[[float], float],
) -> float:
    """The same on a lattice, USD, where the issuer may end it ``after`` months once the share stands at ``above`` times
    the strike: the holder then has no more than the share less the strike times ``floor``, by months so far."""
    step = months / 12 / STEPS
    up = math.exp(volatility * math.sqrt(step))
    chance = (math.exp(risk_free * step) - 1 / up) / (up - 1 / up)
    discount = math.exp(-risk_free * step)

    def shares(at: int) -> Array:
        return np.asarray(share * up ** (2.0 * np.arange(at + 1) - at))

    worth = np.maximum(0.0, shares(STEPS) - strike)
    for at in range(STEPS - 1, -1, -1):
        worth = discount * (chance * worth[1:] + (1 - chance) * worth[:-1])
        so_far = months * at / STEPS
        if so_far >= after - SAME_INSTANT:
            stands = shares(at)
            called = np.minimum(worth, np.maximum(0.0, stands - strike * floor(so_far)))
            worth = np.where(stands >= above * strike * (1 - 1e-12), called, worth)
    return float(worth[0])
