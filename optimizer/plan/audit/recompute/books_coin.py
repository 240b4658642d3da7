"""What a coin costs, from its power alone to net income. Section 17 of docs/figures_capital.md, "cost_per_btc.csv"."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.timeline import Array
from optimizer.plan.audit.recompute.treasury import treasury

LEAST_BTC = 1e-9
"""What so few coins cost is not said."""

COST_PER_BTC = (
    "revenue", "power", "cash", "with_sga", "with_depreciation", "hosting", "other", "net_income",
)  # fmt: skip


def cost_per_btc(figures: Figures, income: Mapping[str, Array]) -> tuple[Array, dict[str, Array]]:
    """Coins mined by period, (P,), and USD per coin by column of cost_per_btc.csv, (P,) each; NaN where there are none.

    All that is not for mining stands in ``hosting`` and ``other``, so that the columns lead to net income.
    """
    timeline = figures.timeline
    nothing = np.zeros(len(timeline.periods))
    btc = treasury(figures).mined
    power = sum((timeline.by_period(each.power_cost) for each in figures.mined), nothing)
    power = power - timeline.by_period(figures.power_contracts) - timeline.by_period(figures.flexibility)
    power = power + timeline.by_period(figures.delivery)
    spent = power - income["mining_variable"] - income["site_cost"]
    with_sga = spent - income["sga"]
    written = sum(
        income[name] for name in ("stock_pay", "depreciation_machines", "depreciation_property", "impairment")
    )
    with_depreciation = with_sga - written
    hosting = sum((timeline.by_period(each.noi[: timeline.months]) for each in figures.hosting), nothing)
    usd_m = {
        "revenue": income["mining_revenue"],
        "power": power,
        "cash": spent,
        "with_sga": with_sga,
        "with_depreciation": with_depreciation,
        "hosting": hosting,
        "other": income["net_income"] - income["mining_revenue"] + with_depreciation - hosting,
        "net_income": income["net_income"],
    }
    coins = np.where(btc >= LEAST_BTC, btc, np.nan)
    return btc, {name: np.asarray(usd_m[name] * 1e6 / coins) for name in COST_PER_BTC}
