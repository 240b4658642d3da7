"""Constraint family: lines, balances that move by node: revolving ones, ones on bitcoin, loans with a cash sweep
(whose rule is in ``sweeps``)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from models.instance import Instance
from models.linear import at_node, weighted


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add ``line_owed``, ``line_draw``, ``line_repay`` (USD m by line and node), ``line_commit`` and their balance to
    the model."""
    lines = instance.lines
    model.LINES = pyo.RangeSet(0, len(lines.name) - 1 if lines is not None else -1)
    if lines is None:
        return
    bounds = instance.bounds
    model.line_owed = pyo.Var(
        model.LINES,
        model.NODES,
        bounds=lambda _, k, n: (0.0, float(lines.limit_usd_m[k]) if lines.is_open[k, n] else 0),
    )
    model.line_draw = pyo.Var(
        model.LINES,
        model.NODES,
        bounds=lambda _, k, n: (float(bounds.line_draw[0][k, n]), float(bounds.line_draw[1][k, n])),
    )
    model.line_repay = pyo.Var(
        model.LINES,
        model.NODES,
        bounds=lambda _, k, n: (float(bounds.line_repay[0][k, n]), float(bounds.line_repay[1][k, n])),
    )
    model.line_commit = pyo.Var(
        model.LINES, bounds=lambda _, k: (float(bounds.line_commit[0][k]), float(bounds.line_commit[1][k]))
    )
    model.line_balance = pyo.Constraint(model.LINES, model.NODES, rule=lambda m, k, n: balance(m, instance, k, n))
    model.line_within = pyo.Constraint(model.LINES, model.NODES, rule=lambda m, k, n: within(m, instance, k, n))
    model.line_limit = pyo.Constraint(model.LINES, model.LEAVES, rule=lambda m, k, leaf: limit(m, instance, k, leaf))


def balance(model: pyo.ConcreteModel, instance: Instance, line: int, node: int) -> object:
    r"""What is owed is what was owed, plus what is drawn, less what is repaid.

    $$ B_{k,n} = B_{k,\text{parent}(n)} + \text{draw}_{k,n} - \text{repay}_{k,n} $$
    """
    parent = int(instance.tree.parent[node])
    before = model.line_owed[line, parent] if parent >= 0 else 0.0
    return model.line_owed[line, node] == before + model.line_draw[line, node] - model.line_repay[line, node]


def within(model: pyo.ConcreteModel, instance: Instance, line: int, node: int) -> object:
    r"""No more is owed than was committed.

    $$ B_{k,n} \le C_k $$
    """
    lines = instance.lines
    assert lines is not None
    if not lines.committed[line] or not lines.is_open[line, node]:
        return pyo.Constraint.Skip
    return model.line_owed[line, node] - model.line_commit[line] <= 0


def limit(model: pyo.ConcreteModel, instance: Instance, line: int, leaf: int) -> object:
    r"""A loan with a sweep is not drawn again: all draws together stay within its limit.

    $$ \sum_{n \preceq \ell} \text{draw}_{k,n} \le \overline{L}_k $$
    """
    lines = instance.lines
    assert lines is not None
    if lines.committed[line]:
        return pyo.Constraint.Skip
    nodes = np.flatnonzero(lines.can_draw[line] & instance.tree.reaches[:, leaf]).tolist()
    if not nodes:
        return pyo.Constraint.Skip
    return sum(model.line_draw[line, n] for n in nodes) <= float(lines.limit_usd_m[line])


def owed(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """All that is owed on lines during and at the end of a node."""
    if instance.lines is None:
        return 0.0
    return sum(model.line_owed[k, node] for k in model.LINES if instance.lines.is_open[k, node])


def pledged(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """Coins pledged during a node."""
    lines = instance.lines
    if lines is None:
        return 0.0
    column = np.where(lines.is_open[:, node], lines.coins_per_usd_m[:, node], 0.0)
    return weighted(model.line_owed, at_node(column, node))


def undrawn(model: pyo.ConcreteModel, instance: Instance, node: int, *, for_a_year: bool = False) -> Any:
    """What is committed and not owed, of lines that count as liquidity; of those only that stand another year."""
    lines = instance.lines
    if lines is None:
        return 0.0
    here = np.flatnonzero(lines.counts_undrawn & lines.is_open[:, node] & ~(for_a_year & (lines.due[:, node] > 0)))
    return sum(model.line_commit[k] - model.line_owed[k, node] for k in here.tolist())


def due(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """What is owed on lines and falls due within a year of the end of a node."""
    lines = instance.lines
    if lines is None:
        return 0.0
    return weighted(model.line_owed, at_node(lines.due[:, node], node))


def interest(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """Interest on lines in a node."""
    lines = instance.lines
    if lines is None:
        return 0.0
    return weighted(model.line_owed, at_node(lines.interest[:, node], node))


def costs(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """Fees of lines in a node: on what is committed or drawn, and on what is committed and not owed."""
    lines = instance.lines
    if lines is None:
        return 0.0
    total: Any = 0.0
    for k in model.LINES:
        fee, idle = float(lines.fee[k]), float(lines.undrawn[k, node])
        if not lines.committed[k]:
            total += fee * model.line_draw[k, node] if fee and lines.can_draw[k, node] else 0.0
            continue
        if fee and lines.commit_node[k] == node:
            total += fee * model.line_commit[k]
        if idle:
            total += idle * (model.line_commit[k] - model.line_owed[k, node])
    return total


def cash(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """Drawn less repaid, interest and fees."""
    lines = instance.lines
    if lines is None:
        return 0.0
    total: Any = sum(model.line_draw[k, node] for k in model.LINES if lines.can_draw[k, node])
    total -= sum(model.line_repay[k, node] for k in model.LINES)
    return total - interest(model, instance, node) - costs(model, instance, node)


def value(model: pyo.ConcreteModel, instance: Instance) -> Any:
    """Minus the fees: lines are valued at their own cost."""
    lines = instance.lines
    if lines is None:
        return 0.0
    total: Any = 0.0
    for k in model.LINES:
        if lines.committed[k]:
            total -= float(lines.fee_value[k, lines.commit_node[k]]) * model.line_commit[k]
        for n in model.NODES:
            fee, idle = float(lines.fee_value[k, n]), float(lines.undrawn_value[k, n])
            if not lines.committed[k] and fee and lines.can_draw[k, n]:
                total -= fee * model.line_draw[k, n]
            if idle:
                total -= idle * (model.line_commit[k] - model.line_owed[k, n])
    return total
