"""Constraint family: megawatts of the sites. Machines and halls share the buildings and the grid connection."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pyomo.environ as pyo
from scipy import sparse

from models.instance import Instance


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
    for p, mw in _row(limits.place_mw_per_eh, row):
        if places.exists[p, node]:
            used += mw * model.installed[p, node]
    for o, mw in _row(limits.option_mw_per_hall, row):
        used += mw * model.halls[o]
    for u, mw in _row(limits.build_mw, row):
        used -= mw * model.built[u]
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
    halls = list(_row(limits.option_mw_per_hall, row))
    if not halls or any(True for _ in _row(limits.build_mw, row)):
        return pyo.Constraint.Skip
    smallest = min(mw for _, mw in halls)
    fit = math.floor(float(limits.allowed_mw[row]) / smallest + 1e-9)
    return sum(math.floor(mw / smallest + 1e-9) * model.halls[o] for o, mw in halls) <= fit


def _row(matrix: sparse.csr_array, row: int) -> Iterator[tuple[int, float]]:
    begin, end = matrix.indptr[row], matrix.indptr[row + 1]
    for column, mw in zip(matrix.indices[begin:end], matrix.data[begin:end], strict=True):
        yield int(column), float(mw)
