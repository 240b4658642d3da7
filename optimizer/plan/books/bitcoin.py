"""Bitcoin in the books at fair value: what is realised and what is not (docs/figures_capital.md, section 17)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.tree import Floats
from optimizer.plan.build import Plan

NO_COINS = 1e-9


@dataclass(frozen=True)
class BitcoinBook:
    """Arrays (N,) by period, USD m."""

    opening_usd_m: float
    realised: Floats
    """What coins sold from stock brought, less what they had cost."""
    unrealised: Floats
    """What the rest changed in price."""
    value: Floats
    """At the end of the period, at the price then."""


def bitcoin_book(plan: Plan) -> BitcoinBook:
    """Coins in stock. Those that are mined and sold at once are revenue and never stand here."""
    prepared, states = plan.prepared, plan.states
    tree, case = prepared.market.tree, prepared.case
    books, held = case.finance.books, case.finance.opening.btc
    ends = np.round(tree.start_months + tree.length_months).astype(int)
    opening = held * case.market.network.btc_usd / 1e6
    cost_then = books.btc_basis_usd_m if books is not None and books.btc_basis_usd_m is not None else opening
    brought, booked = plan.cash["btc_sold_usd_m"], -plan.cash["btc_kept_usd_m"]
    value: Floats = states.btc_stock * prepared.market.network.btc_usd[ends] / 1e6
    realised, unrealised, cost = np.zeros(len(tree)), np.zeros(len(tree)), np.zeros(len(tree))
    sold = states.btc_sold_from_stock.copy()
    if case.finance.treasury.policy == "sell_all":
        sold[0] += held
    for n in range(len(tree)):
        parent = int(tree.parent[n])
        coins, cost_before, value_before = held, cost_then, opening
        if parent >= 0:
            coins, cost_before, value_before = (
                float(states.btc_stock[parent]),
                float(cost[parent]),
                float(value[parent]),
            )
        had_cost = cost_before * float(sold[n]) / coins if coins > NO_COINS else 0.0
        realised[n] = float(brought[n]) - had_cost
        cost[n] = cost_before - had_cost + float(booked[n])
        result = float(value[n]) - value_before - float(booked[n]) + float(brought[n])
        unrealised[n] = result - realised[n]
    return BitcoinBook(opening, realised, unrealised, value)
