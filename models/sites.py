"""Constraint family: megawatts of the sites. Machines and halls share the buildings and the grid connection."""

from __future__ import annotations

import pyomo.environ as pyo

from models.instance import Instance


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add the megawatt limits to the model."""
    model.MEGAWATT_ROWS = pyo.RangeSet(0, len(instance.limits.name) - 1)
    model.sites_megawatts = pyo.Constraint(model.MEGAWATT_ROWS, rule=lambda m, r: megawatts(m, instance, r))


def megawatts(model: pyo.ConcreteModel, instance: Instance, row: int) -> object:
    r"""At every instant, what stands at a site fits into what is there.

    One row for each instant at which something changes, once for the mine's buildings (machines present and
    buildings given up) and once for the energised megawatts (machines present and *reserved* hosting megawatts,
    not used ones: a hall reserves 1.35 to 1.52 meter MW per IT MW and uses 1.15 to 1.3).
    Without the rule eight halls are signed where five fit.

    $$ \sum_c w_{r,c} \, \text{installed}_{c,n(r)} + \sum_{o:\, n(o) \preceq n(r)} g_{r,o} \, \text{halls}_o \le M_r $$
    """
    limits = instance.limits
    node = int(limits.node[row])
    lots, options = limits.lot_mw_per_eh[[row], :].tocoo(), limits.option_mw_per_hall[[row], :].tocoo()
    used = sum(float(mw) * model.installed[int(c), node] for c, mw in zip(lots.coords[1], lots.data, strict=True))
    used += sum(float(mw) * model.halls[int(o)] for o, mw in zip(options.coords[1], options.data, strict=True))
    if isinstance(used, int | float):
        return pyo.Constraint.Skip
    return used <= float(limits.allowed_mw[row])
