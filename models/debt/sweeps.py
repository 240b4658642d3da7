"""Constraint family: the cash sweep. Part of each node's cash is taken to repay a loan until it is repaid."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo

from models.instance import Instance


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add ``line_unpaid`` (whether something is still owed) and the rules of the sweep to the model."""
    lines = instance.lines
    if lines is None or not lines.sweep.any():
        return
    sweeps = [
        (k, n)
        for k in np.flatnonzero(lines.sweep).tolist()
        for n in range(len(instance.tree))
        if lines.is_open[k, n] and instance.tree.parent[n] >= 0
    ]
    model.SWEEPS = pyo.Set(dimen=2, initialize=sweeps)
    model.line_unpaid = pyo.Var(model.SWEEPS, domain=pyo.Binary)
    model.sweep_takes = pyo.Constraint(model.SWEEPS, rule=lambda m, k, n: sweep(m, instance, k, n))
    model.sweep_ends = pyo.Constraint(model.SWEEPS, rule=lambda m, k, n: repaid(m, instance, k, n))


def sweep(model: pyo.ConcreteModel, instance: Instance, line: int, node: int) -> object:
    r"""Part of the cash at the end of the node before is repaid, unless nothing is owed any more.

    $$ \text{repay}_{k,n} \ge \sigma_k\,(\text{cash}_{\text{parent}(n)}
       + \sum_g (1 - w_g)(C_{g,\text{parent}(n)} - \underline{C}_g) - a_k) - M\,(1 - z_{k,n}) $$
    """
    lines = instance.lines
    assert lines is not None
    parent, companies = int(instance.tree.parent[node]), instance.companies
    share, most = float(lines.sweep[line]), lines.sweep_most_usd_m
    below = sum(
        (1 - float(companies.withholding[g])) * (model.company_cash[g, parent] - float(companies.minimum_usd_m[g]))
        for g in model.COMPANIES
        if companies is not None
    )
    excess = share * (model.cash[parent] + below - float(lines.sweep_above_usd_m[line]))
    return model.line_repay[line, node] - excess + most * (1 - model.line_unpaid[line, node]) >= 0


def repaid(model: pyo.ConcreteModel, instance: Instance, line: int, node: int) -> object:
    r"""Only where all that was owed is repaid the sweep may take less.

    $$ B_{k,\text{parent}(n)} - \text{repay}_{k,n} \le \overline{L}_k\,z_{k,n} $$
    """
    lines = instance.lines
    assert lines is not None
    parent = int(instance.tree.parent[node])
    left = model.line_owed[line, parent] - model.line_repay[line, node]
    return left - float(lines.limit_usd_m[line]) * model.line_unpaid[line, node] <= 0
