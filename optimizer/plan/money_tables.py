"""Money tables of a plan folder: cash, debt and bitcoin, as docs/figures.md section 12 lays them down."""

from __future__ import annotations

import numpy as np

from optimizer.instance.finance import debt_payments
from optimizer.plan.build import Plan, opening_cash
from optimizer.plan.table import Cell, Table, table

TINY = 1e-9


def money_tables(plan: Plan) -> dict[str, Table]:
    """Cash, debt and treasury, by file name without ending."""
    return {"cash": cash_table(plan), "debt": debt_table(plan), "treasury": treasury_table(plan)}


def _node_keys(plan: Plan) -> list[tuple[str, str]]:
    tree = plan.prepared.market.tree
    return list(zip(tree.scenario, tree.label, strict=True))


def cash_table(plan: Plan) -> Table:
    """From opening to closing cash, and its headroom."""
    opening, closing, required = (
        opening_cash(plan.prepared, plan.states),
        plan.states.cash_usd_m,
        plan.states.required_usd_m,
    )
    rows: list[tuple[Cell, ...]] = [
        (
            *key,
            float(opening[n]),
            *(float(flow[n]) for flow in plan.cash.values()),
            float(closing[n]),
            float(required[n]),
            float(closing[n] - required[n]),
        )
        for n, key in enumerate(_node_keys(plan))
    ]
    columns = ("scenario", "period", "opening_usd_m", *plan.cash, "closing_usd_m", "minimum_usd_m", "headroom_usd_m")
    return table(columns, rows)


def debt_table(plan: Plan) -> Table:
    """Interest, principal and what is left of each debt."""
    market = plan.prepared.market
    tree = market.tree
    rows: list[tuple[Cell, ...]] = []
    debts = plan.prepared.case.finance.debts
    payments = {name: debt_payments(debt, market.start_month) for name, debt in debts.items()}
    left = {name: np.zeros(len(tree)) for name in debts}
    lent = {loan.name: np.zeros(len(tree)) for loan in plan.loans}
    for n, key in enumerate(_node_keys(plan)):
        end = float(tree.start_months[n] + tree.length_months[n])
        for name, debt in debts.items():
            parent = int(tree.parent[n])
            opening = float(left[name][parent]) if parent >= 0 else debt.principal_usd_m
            here = [p for p in payments[name] if tree.start_months[n] <= p.at + TINY < end]
            principal = sum(p.principal_usd_m for p in here)
            left[name][n] = opening - principal
            interest = sum(p.interest_usd_m for p in here)
            rows.append((*key, name, opening, 0.0, interest, principal, opening - principal))
        for loan in plan.loans:
            parent = int(tree.parent[n])
            opening = float(lent[loan.name][parent]) if parent >= 0 else 0.0
            drawn, interest, principal = float(loan.drawn[n]), float(loan.interest[n]), float(loan.principal[n])
            lent[loan.name][n] = opening + drawn - principal
            rows.append((*key, loan.name, opening, drawn, interest, principal, float(lent[loan.name][n])))
    columns = (
        "scenario", "period", "debt", "opening_usd_m", "drawn_usd_m", "interest_usd_m", "principal_usd_m",
        "closing_usd_m",
    )  # fmt: skip
    return table(columns, rows)


def treasury_table(plan: Plan) -> Table:
    """Bitcoin: opening, mined, sold, closing."""
    prepared, tree, states = plan.prepared, plan.prepared.market.tree, plan.states
    held = prepared.case.finance.opening.btc
    all_sold = prepared.case.finance.treasury.policy == "sell_all"
    rows: list[tuple[Cell, ...]] = []
    for n, key in enumerate(_node_keys(plan)):
        parent = int(tree.parent[n])
        opening = float(states.btc_stock[parent]) if parent >= 0 else held
        mined, kept = float(states.btc_mined[n]), float(states.btc_kept[n])
        sold = mined - kept + float(states.btc_sold_from_stock[n]) + (held if all_sold and parent < 0 else 0.0)
        price = float(prepared.market.network.btc_usd[round(float(tree.start_months[n]))])
        rows.append((*key, opening, mined, sold, float(states.btc_stock[n]), price))
    columns = ("scenario", "period", "opening_btc", "mined_btc", "sold_btc", "closing_btc", "btc_usd")
    return table(columns, rows)
