"""What a coin costs, from its power to the company's result (docs/figures_capital.md, section 17)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.plan.books.statements import Statements
from optimizer.plan.build import Plan

COSTS = ("revenue", "power", "cash", "with_sga", "with_depreciation", "hosting", "other", "net_income")
"""In the order of cost_per_btc.csv."""

NO_COINS = 1e-9


@dataclass(frozen=True)
class CoinCost:
    """Of one period."""

    btc: float
    usd: Mapping[str, float] | None
    """USD per coin by name of COSTS; None where no coin is mined."""


def coin_costs(plan: Plan, made: Statements) -> list[CoinCost]:
    """By period. Each cost holds the one before it; with hosting and all other a coin's revenue ends in net income."""
    income, cash = made.income, plan.cash
    nothing = np.zeros(len(plan.prepared.market.tree))
    power = sum((place.power_cost for place in plan.mined), start=nothing)
    power = power - income["contracts"] - income["flexibility"] - cash["delivery_usd_m"]
    total = {"revenue": income["mining_revenue"], "power": power}
    total["cash"] = power - income["mining_variable"] - income["site_cost"]
    total["with_sga"] = total["cash"] - income["sga"]
    total["with_depreciation"] = total["with_sga"] - sum(
        (income[name] for name in ("stock_pay", "depreciation_machines", "depreciation_property", "impairment")),
        start=nothing,
    )
    total["hosting"] = sum((offer.noi for offer in plan.signed), start=nothing)
    total["other"] = income["net_income"] - (total["revenue"] - total["with_depreciation"] + total["hosting"])
    total["net_income"] = income["net_income"]
    found = []
    for n, coins in enumerate(plan.states.btc_mined.tolist()):
        usd = {name: float(total[name][n]) * 1e6 / coins for name in COSTS} if coins >= NO_COINS else None
        found.append(CoinCost(coins, usd))
    return found
