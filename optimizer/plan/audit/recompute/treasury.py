"""Bitcoin mined, kept and sold, period by period. Section 9 of docs/figures.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.plan.audit.recompute.decisions import Kind
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.timeline import Array


@dataclass(frozen=True, eq=False)
class Treasury:
    """Bitcoin by period, (P,) each. kept is of what is mined, from_stock is sold of what was kept before.

    btc_usd: price of the period's first month; mean_usd: plain mean over its months.
    """

    opening: Array
    mined: Array
    kept: Array
    from_stock: Array
    closing: Array
    btc_usd: Array
    mean_usd: Array

    @property
    def sold(self) -> Array:
        return self.mined - self.kept + self.from_stock


def treasury(figures: Figures) -> Treasury:
    """Follow the policy of the case, and the decisions where it leaves coins to them."""
    timeline, finance = figures.timeline, figures.case.finance
    mined = timeline.by_period(np.sum([each.btc for each in figures.mined], axis=0) + np.zeros(timeline.months))
    kept, from_stock = np.zeros(len(mined)), np.zeros(len(mined))
    policy = finance.treasury
    if policy.policy == "sell_all":
        from_stock[0] = finance.opening.btc
    elif policy.policy == "hold":
        kept = mined.copy()
    elif policy.policy == "sell_share":
        kept = (1 - (policy.share or 0.0)) * mined
    elif policy.policy == "sell_to_fund":
        kept, from_stock = _decided(figures, "keep_btc"), _decided(figures, "sell_btc")
    closing = finance.opening.btc + np.cumsum(kept - from_stock)
    firsts = [period.start - timeline.start for period in timeline.periods]
    lengths = np.array([period.months for period in timeline.periods])
    price = figures.network.btc_usd
    return Treasury(
        opening=closing - kept + from_stock,
        mined=mined,
        kept=kept,
        from_stock=from_stock,
        closing=closing,
        btc_usd=price[firsts],
        mean_usd=timeline.by_period(price) / lengths,
    )


def _decided(figures: Figures, kind: Kind) -> Array:
    amounts = np.zeros(len(figures.timeline.periods))
    for each in figures.decisions.of(kind):
        place = figures.timeline.period_of(each.at)
        if place is not None:
            amounts[place] += each.amount
    return amounts
