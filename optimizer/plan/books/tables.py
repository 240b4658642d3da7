"""``income.csv``, ``balance.csv`` and ``cost_per_btc.csv``; with their header only for a case without books."""

from __future__ import annotations

from optimizer.plan.books.cost import COSTS, CoinCost, coin_costs
from optimizer.plan.books.statements import BALANCE, INCOME, Statements, statements
from optimizer.plan.build import Plan
from optimizer.plan.table import Cell, Table, table


def books_tables(plan: Plan) -> dict[str, Table]:
    """The three of them, by file name without ending."""
    made = statements(plan)
    return {
        "income": income_table(plan, made),
        "balance": balance_table(plan, made),
        "cost_per_btc": cost_per_btc_table(plan, made),
    }


def income_table(plan: Plan, made: Statements | None) -> Table:
    """By period."""
    columns = ("scenario", "period", *(f"{name}_usd_m" for name in INCOME))
    if made is None:
        return table(columns, [])
    rows: list[tuple[Cell, ...]] = [
        (*key, *(float(made.income[name][n]) for name in INCOME)) for n, key in enumerate(_node_keys(plan))
    ]
    return table(columns, rows)


def balance_table(plan: Plan, made: Statements | None) -> Table:
    """At the start and at the end of each period."""
    columns = ("scenario", "period", *(f"{name}_usd_m" for name in BALANCE))
    if made is None:
        return table(columns, [])
    scenario = plan.prepared.market.tree.scenario[0]
    rows: list[tuple[Cell, ...]] = [(scenario, "opening", *(made.opening[name] for name in BALANCE))]
    rows += [(*key, *(float(made.balance[name][n]) for name in BALANCE)) for n, key in enumerate(_node_keys(plan))]
    return table(columns, rows)


def cost_per_btc_table(plan: Plan, made: Statements | None) -> Table:
    """By period; cells are empty where no coins are mined."""
    columns = ("scenario", "period", "btc", *(f"{name}_usd" for name in COSTS))
    if made is None:
        return table(columns, [])
    rows: list[tuple[Cell, ...]] = []
    for key, cost in zip(_node_keys(plan), coin_costs(plan, made), strict=True):
        rows.append((*key, cost.btc, *_cells(cost)))
    return table(columns, rows)


def _cells(cost: CoinCost) -> tuple[float | None, ...]:
    if cost.usd is None:
        return (None,) * len(COSTS)
    return tuple(cost.usd[name] for name in COSTS)


def _node_keys(plan: Plan) -> list[tuple[str, str]]:
    tree = plan.prepared.market.tree
    return list(zip(tree.scenario, tree.label, strict=True))
