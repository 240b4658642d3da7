"""What options on the company's shares are worth: conversion rights, capped calls, warrants."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr

from optimizer.case.facilities import Convertible

STEPS = 240
"""Of the lattice on which a company's call is valued."""


def call_value(share_usd: float, strike_usd: float, years: float, volatility: float, risk_free: float) -> float:
    """European call of Black and Scholes on a share without dividends, in USD a share."""
    if math.isinf(strike_usd):
        return 0.0
    spread = volatility * math.sqrt(years)
    d1 = (math.log(share_usd / strike_usd) + (risk_free + volatility**2 / 2) * years) / spread
    worth = share_usd * ndtr(d1) - strike_usd * math.exp(-risk_free * years) * ndtr(d1 - spread)
    return float(worth)


def floor_value(terms: Convertible, months_left: float) -> float:
    """Coupons and principal still to come, per 1 of face, at the straight rate, in whole payment periods."""
    count = math.ceil(months_left / terms.interest_every - 1e-9)
    factor = 1 / (1 + terms.straight_rate * terms.interest_every / 12)
    coupon = terms.rate * terms.interest_every / 12
    return coupon * sum(factor**j for j in range(1, count + 1)) + factor**count


def callable_value(terms: Convertible, share_usd: float, strike_usd: float) -> float:
    """The holders' option where the company may call the notes once its share stands high enough, in USD a share.

    It calls when that is cheaper for it: what holders then have over the notes' own worth is all they get.
    """
    assert terms.call is not None
    assert terms.volatility is not None
    years = terms.term / 12
    dt = years / STEPS
    up = math.exp(terms.volatility * math.sqrt(dt))
    rise = (math.exp(terms.risk_free * dt) - 1 / up) / (up - 1 / up)
    discount = math.exp(-terms.risk_free * dt)
    shares = share_usd * up ** np.arange(-STEPS, STEPS + 1, 2).astype(float)
    worth = np.maximum(0.0, shares - strike_usd)
    for step in range(STEPS - 1, -1, -1):
        shares = share_usd * up ** np.arange(-step, step + 1, 2).astype(float)
        worth = discount * (rise * worth[1:] + (1 - rise) * worth[:-1])
        months = step * dt * 12
        if months >= terms.call.after - 1e-9:
            called = np.maximum(0.0, shares - strike_usd * floor_value(terms, terms.term - months))
            worth = np.where(shares >= terms.call.above * strike_usd, np.minimum(worth, called), worth)
    return float(worth[0])


def conversion_charge(terms: Convertible, share_price_usd: float, worth: float) -> float:
    """What the right to convert costs today's holders at issue, per 1 of face.

    ``worth``: what a share is worth over its price. Of notes that are settled by expectation: at maturity, per 1 of
    face (the price of a share now does not matter to it).
    """
    strike = share_price_usd * (1 + terms.premium)
    cap = share_price_usd * (1 + terms.capped_call.cap_premium) if terms.capped_call else math.inf
    if terms.leaves:
        charge = 0.0
        for leaf in terms.leaves.values():
            share = leaf.share_price_multiple * share_price_usd
            relief = max(0.0, min(share, cap) / strike - 1) if terms.capped_call else 0.0
            charge += leaf.probability * (max(1.0, share / strike) - 1 - relief)
        return charge
    assert terms.volatility is not None
    share, years = share_price_usd * worth, terms.term / 12
    plain = call_value(share, strike, years, terms.volatility, terms.risk_free)
    held = callable_value(terms, share, strike) if terms.call else plain
    above = call_value(share, cap, years, terms.volatility, terms.risk_free)
    relief = plain - above if terms.capped_call else 0.0
    # A call that the company may make itself and a call that it has bought are not both the holders' loss.
    return max(0.0, (held - relief) / strike)
