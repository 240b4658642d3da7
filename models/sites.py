"""Constraint family: megawatts of the sites. Machines and halls share the buildings and the grid connection."""

from __future__ import annotations

import math
from typing import Any

import pyomo.environ as pyo

from models.instance import Instance
from models.linear import weighted


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add the megawatt limits to the model."""
    model.MEGAWATT_ROWS = pyo.RangeSet(0, len(instance.limits.name) - 1)
    model.sites_whole_halls = pyo.Constraint(model.MEGAWATT_ROWS, rule=lambda m, r: whole_halls(m, instance, r))
    model.sites_megawatts = pyo.Constraint(model.MEGAWATT_ROWS, rule=lambda m, r: megawatts(m, instance, r))


def megawatts(model: pyo.ConcreteModel, instance: Instance, row: int) -> object:
    r"""At every instant, what stands at a site fits into what is there.

    One row for each instant at which something changes, once for the mine's buildings (machines present and
    buildings given up) and once for the energised megawatts (machines present and *reserved* hosting megawatts,
    not used ones: a hall reserves 1.35 to 1.52 meter MW per IT MW and uses 1.15 to 1.3).
    Without the rule eight halls are signed where five fit.

    $$ \sum_p w_{r,p} \, \text{installed}_{p,n(r)} + \sum_{o:\, n(o) \preceq n(r)} g_{r,o} \, \text{halls}_o
       \le M_r + \sum_u b_{r,u} \, \text{built}_u $$
    """
    limits, places = instance.limits, instance.places
    node = int(limits.node[row])
    used: Any = 0.0
    present = places.exists[:, node].tolist()
    machines, halls, builds = limits.rows[row]
    for variable, amounts in (
        ("installed", [((p, node), mw) for p, mw in machines if present[p]]),
        ("halls", halls),
        ("built", [(u, -mw) for u, mw in builds]),
    ):
        if amounts:
            used += weighted(getattr(model, variable), amounts)
    if isinstance(used, int | float):
        return pyo.Constraint.Skip
    return used <= float(limits.allowed_mw[row])


def whole_halls(model: pyo.ConcreteModel, instance: Instance, row: int) -> object:
    r"""No more whole halls than fit: true already, and said again so that the relaxation knows it.

    With $g$ the smallest of the halls that compete at an instant, it cuts off fractions of halls before any branching.
    It changes no plan.

    $$ \sum_o \lfloor g_{r,o} / g \rfloor \, \text{halls}_o \le \lfloor M_r / g \rfloor $$
    """
    limits = instance.limits
    _, halls, builds = limits.rows[row]
    if not halls or builds:
        return pyo.Constraint.Skip
    smallest = min(mw for _, mw in halls)
    fit = math.floor(float(limits.allowed_mw[row]) / smallest + 1e-9)
    return weighted(model.halls, [(o, math.floor(mw / smallest + 1e-9)) for o, mw in halls]) <= fit
