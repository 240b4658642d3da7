"""Constraint family: cash. Where it comes from, and how low it may fall."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from models.instance import Instance


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add ``cash`` (USD m at the end of each node), its balance and its minimum to the model."""
    model.cash = pyo.Var(model.NODES)
    model.cash_balance = pyo.Constraint(model.NODES, rule=lambda m, n: balance(m, instance, n))
    if not instance.waive_minimum_cash:
        model.cash_minimum = pyo.Constraint(model.NODES, rule=lambda m, n: minimum(m, instance, n))


def balance(model: pyo.ConcreteModel, instance: Instance, node: int) -> object:
    r"""Cash at the end of a node is cash at its beginning with interest, and every flow of the node.

    $$ \text{cash}_n = (1 + y_n)\,\text{cash}_{\text{parent}(n)} + F_n + \sum_c \mu_{c,n}\,\text{installed}_{c,n}
       + \sum_{k \in n} \gamma_k\,\text{inside}_k
       + \sum_o \left( f_{o,n}\,\text{halls}_o + s_{o,n}\,\text{sign}_o \right) $$
    """
    cash, lots, hosting = instance.cash, instance.lots, instance.hosting
    parent = int(instance.tree.parent[node])
    growth = float(cash.growth[node])
    before = growth * model.cash[parent] if parent >= 0 else growth * cash.opening_usd_m
    flows = float(cash.fixed_usd_m[node]) + sum(
        float(lots.margin_usd_m_per_eh[c, node]) * model.installed[int(c), node]
        for c in np.flatnonzero(lots.margin_usd_m_per_eh[:, node])
    )
    flows += sum(
        float(hosting.cash_usd_m_per_hall[o, node]) * model.halls[int(o)]
        for o in np.flatnonzero(hosting.cash_usd_m_per_hall[:, node])
    )
    flows += sum(
        float(hosting.cash_usd_m_per_signature[o, node]) * model.sign[int(o)]
        for o in np.flatnonzero(hosting.cash_usd_m_per_signature[:, node])
    )
    blocks = instance.blocks
    flows += sum(
        float(blocks.gain_usd_m_per_mw[k]) * model.inside[int(k)]
        for k in np.flatnonzero(blocks.node[blocks.place_segment] == node)
    )
    return model.cash[node] == before + flows


def minimum(model: pyo.ConcreteModel, instance: Instance, node: int) -> object:
    r"""Cash never falls below the minimum; at the end it also covers what has been committed to be built later.

    Without the last part a plan signs in its last quarters and counts rent for halls that it could not pay for.

    $$ \text{cash}_n \ge \underline{C}_n + [n \text{ is a leaf}] \sum_{o:\, n(o) \preceq n} k_o \, \text{halls}_o $$
    """
    cash, hosting, tree = instance.cash, instance.hosting, instance.tree
    committed: Any = 0.0
    if node in tree.leaves:
        committed = sum(
            float(hosting.capex_after_horizon_usd_m_per_hall[o]) * model.halls[int(o)]
            for o in np.flatnonzero(hosting.capex_after_horizon_usd_m_per_hall)
            if tree.reaches[hosting.node[o], node]
        )
    return model.cash[node] - committed >= float(cash.minimum_usd_m[node])
