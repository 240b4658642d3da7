"""Constraint family: tax in cash by calendar year. Here is the short form, one effective rate on EBITDA without losses
carried forward; what is due with all rules of income tax is in ``income_tax``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from models import machines
from models.instance import Instance
from models.linear import nonzero, weighted
from models.power import site_operations


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add ``tax`` (USD m, in the last node of each year) and what it is at least to the model."""
    is_taxed = instance.tax is not None or instance.income_tax is not None
    model.TAX_NODES = pyo.Set(initialize=year_ends(instance) if is_taxed else [])
    if not is_taxed:
        return
    model.tax = pyo.Var(model.TAX_NODES, domain=pyo.NonNegativeReals)
    if instance.tax is not None:
        model.tax_due = pyo.Constraint(model.TAX_NODES, rule=lambda m, n: due(m, instance, n))


def year_ends(instance: Instance) -> list[int]:
    """Nodes after which another year begins, or the horizon ends."""
    tree, tax = instance.tree, instance.tax or instance.income_tax
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
    assert instance.tax is not None
    return float(instance.tax.fixed_ebitda_usd_m[node]) + decided_ebitda(model, instance, node)


def decided_ebitda(model: pyo.ConcreteModel, instance: Instance, node: int, country: int | None = None) -> Any:
    """The part of it that decisions change; with ``country`` only what is taxed there (0 is home).

    Sites that are taxed abroad have only plain power, so all that sites share by contracts and programs is at home.
    """
    hosting, builds, taxed = instance.hosting, instance.builds, instance.income_tax
    noi, standing = hosting.noi_usd_m_per_hall[:, node], None
    running = builds.operating_usd_m[:, node] if builds is not None else np.zeros(0)
    if country is not None:
        assert taxed is not None
        noi, standing = noi * (taxed.option == country), taxed.place == country
        running = running * (taxed.build == country)
    total: Any = machines.margins(model, instance, node, standing)
    if not country:
        total += site_operations.cash(model, instance, node, posted=False)
    total += weighted(model.halls, nonzero(noi))
    if builds is not None:
        total -= weighted(model.built, nonzero(running))
    return total
