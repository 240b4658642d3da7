"""Constraint family: tax in cash on each calendar year's EBITDA. A narrow first form: one effective rate, no losses
carried forward."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from models.instance import Instance
from models.power import site_operations


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add ``tax`` (USD m, in the last node of each year) and what it is at least to the model."""
    tax = instance.tax
    model.TAX_NODES = pyo.Set(initialize=year_ends(instance) if tax is not None else [])
    if tax is None:
        return
    model.tax = pyo.Var(model.TAX_NODES, domain=pyo.NonNegativeReals)
    model.tax_due = pyo.Constraint(model.TAX_NODES, rule=lambda m, n: due(m, instance, n))


def year_ends(instance: Instance) -> list[int]:
    """Nodes after which another year begins, or the horizon ends."""
    tree, tax = instance.tree, instance.tax
    assert tax is not None
    last = []
    for n in range(len(tree)):
        children = np.flatnonzero(tree.parent == n)
        if len(children) == 0 or (tax.year[children] != tax.year[n]).any():
            last.append(n)
    return last


def due(model: pyo.ConcreteModel, instance: Instance, node: int) -> object:
    r"""Tax is at least the rate on the year's EBITDA; a loss is not refunded.

    $$ \text{tax}_n \ge \tau \sum_{m \preceq n,\; \text{year}(m) = \text{year}(n)} \text{EBITDA}_m $$
    """
    tree, tax = instance.tree, instance.tax
    assert tax is not None
    nodes = np.flatnonzero(tree.reaches[:, node] & (tax.year == tax.year[node])).tolist()
    return model.tax[node] - tax.rate * sum(ebitda(model, instance, m) for m in nodes) >= 0


def ebitda(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """Mining margin, contracts, reserves, delivery charges as paid and NOI of hosting, less overheads."""
    places, hosting, builds = instance.places, instance.hosting, instance.builds
    assert instance.tax is not None
    total: Any = float(instance.tax.fixed_ebitda_usd_m[node])
    total += sum(
        float(places.margin_usd_m_per_eh[p, node]) * model.installed[p, node]
        for p in np.flatnonzero(places.margin_usd_m_per_eh[:, node] * places.exists[:, node]).tolist()
    )
    total += site_operations.cash(model, instance, node, posted=False)
    total += sum(
        float(hosting.noi_usd_m_per_hall[o, node]) * model.halls[o]
        for o in np.flatnonzero(hosting.noi_usd_m_per_hall[:, node]).tolist()
    )
    if builds is not None:
        total -= sum(
            float(builds.operating_usd_m[u, node]) * model.built[u]
            for u in np.flatnonzero(builds.operating_usd_m[:, node]).tolist()
        )
    return total
