"""Money tables of a plan folder: cash, debt and bitcoin, as docs/figures.md section 12 lays them down."""

from __future__ import annotations

import numpy as np

from optimizer.plan.build import Plan, opening_cash
from optimizer.plan.table import Cell, Table, table

TINY = 1e-9


def money_tables(plan: Plan) -> dict[str, Table]:
    """Cash, debt, ring-fences and treasury, by file name without ending."""
    return {
        "cash": cash_table(plan),
        "debt": debt_table(plan),
        "projects": projects_table(plan),
        "companies": companies_table(plan),
        "treasury": treasury_table(plan),
        "worth_of_cash": worth_of_cash_table(plan),
    }


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
    """What each debt and facility owes and pays."""
    rows: list[tuple[Cell, ...]] = []
    parent = plan.prepared.market.tree.parent
    for n, key in enumerate(_node_keys(plan)):
        for owed in plan.owed:
            opening = float(owed.closing[parent[n]]) if parent[n] >= 0 else owed.opening_usd_m
            figures = (
                owed.drawn, owed.capitalised, owed.interest, owed.principal, owed.closing, owed.accrued,
                owed.unamortised, owed.due,
            )  # fmt: skip
            rows.append((*key, owed.name, opening, *(float(figure[n]) for figure in figures)))
    columns = (
        "scenario", "period", "debt", "opening_usd_m", "drawn_usd_m", "capitalised_usd_m", "interest_usd_m",
        "principal_usd_m", "closing_usd_m", "accrued_interest_usd_m", "unamortised_fees_usd_m", "due_12_months_usd_m",
    )  # fmt: skip
    return table(columns, rows)


def projects_table(plan: Plan) -> Table:
    """Ring-fences: cash for service, what is held and what goes to the parent."""
    tree = plan.prepared.market.tree
    rows: list[tuple[Cell, ...]] = []
    for n, key in enumerate(_node_keys(plan)):
        for fence in plan.fences:
            node = plan.prepared.options[fence.option].node
            if not tree.reaches[node, n]:
                continue
            before = float(fence.trapped[tree.parent[n]]) if tree.parent[n] >= 0 else 0.0
            available, service = float(fence.available[n]), float(fence.service[n])
            dscr = float(fence.dscr[n])
            rows.append(
                (
                    *key,
                    fence.name,
                    available,
                    service,
                    None if np.isnan(dscr) else dscr,
                    float(fence.reserve[n]),
                    float(fence.set_aside[n]),
                    float(fence.locked[n]),
                    int(fence.locked_up[n]),
                    available - service - (float(fence.trapped[n]) - before),
                )
            )
    columns = (
        "scenario", "period", "offer", "available_usd_m", "service_usd_m", "dscr", "reserve_usd_m", "set_aside_usd_m",
        "locked_usd_m", "locked_up", "to_parent_usd_m",
    )  # fmt: skip
    return table(columns, rows)


def companies_table(plan: Plan) -> Table:
    """Companies below the parent: what their sites earn, what the parent pays in, what they pay up."""
    tree, below, own = plan.prepared.market.tree, plan.states.companies, plan.instance.companies
    rows: list[tuple[Cell, ...]] = []
    for n, key in enumerate(_node_keys(plan)):
        parent = int(tree.parent[n])
        for g, name in enumerate(own.name if own is not None else ()):
            assert own is not None
            figures = (
                below.cash_usd_m[g, parent] if parent >= 0 else own.opening_usd_m[g],
                below.flows_usd_m[g, n],
                plan.decisions.fund_usd_m[g, n],
                plan.decisions.upstream_usd_m[g, n],
                below.withheld_usd_m[g, n],
                below.cash_usd_m[g, n],
                own.minimum_usd_m[g],
            )
            rows.append((*key, name, *(float(figure) for figure in figures)))
    columns = (
        "scenario", "period", "company", "opening_usd_m", "flows_usd_m", "fund_usd_m", "upstream_usd_m",
        "withheld_usd_m", "closing_usd_m", "minimum_usd_m",
    )  # fmt: skip
    return table(columns, rows)


def worth_of_cash_table(plan: Plan) -> Table:
    """What one more million would be worth, by period."""
    worth = plan.worth_of_cash
    labels = plan.prepared.market.tree.label
    rows: list[tuple[Cell, ...]] = (
        [(label, float(w)) for label, w in zip(labels, worth, strict=True)] if worth is not None else []
    )
    return table(("period", "worth_usd_m"), rows)


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
