"""What bitcoin brings beside being mined: at fair value, by period. Section 17 of docs/figures_capital.md."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.timeline import Array
from optimizer.plan.audit.recompute.treasury import treasury


@dataclass(frozen=True, eq=False)
class BitcoinResult:
    """USD m. opening: what the coins of the start stand for. value: at the end of each period, (P,). realised: on what
    is sold from stock, against its mean cost, (P,). total: with what is not realised, (P,).
    """

    opening: float
    value: Array
    realised: Array
    total: Array


def bitcoin_result(figures: Figures) -> BitcoinResult:
    """Follow the stock at fair value and at its mean cost."""
    finance, timeline, coins = figures.case.finance, figures.timeline, treasury(figures)
    opening = finance.opening.btc * figures.case.market.network.btc_usd / 1e6
    ends = [period.end - timeline.start for period in timeline.periods]
    value = coins.closing * figures.network.btc_usd[ends] / 1e6
    brought, kept = coins.from_stock * coins.btc_usd / 1e6, coins.kept * coins.mean_usd / 1e6
    total = np.diff(value, prepend=opening) - kept + brought

    basis = None if finance.books is None else finance.books.btc_basis_usd_m
    cost, realised = opening if basis is None else basis, np.zeros(len(ends))
    for place, (stock, sold) in enumerate(zip(coins.opening, coins.from_stock, strict=True)):
        cost_of_sold = cost * float(sold / stock) if stock > 0 else 0.0
        realised[place] = float(brought[place]) - cost_of_sold
        cost += float(kept[place]) - cost_of_sold
    return BitcoinResult(opening, value, realised, total)
