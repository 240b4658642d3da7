"""Puts the constraint families together to one Pyomo model; nothing else does."""

from __future__ import annotations

import pyomo.environ as pyo

from models import cash, hosting, machines, objective, sites
from models.instance import Instance
from models.power import fixed_block

FAMILIES = (machines, hosting, sites, fixed_block, cash, objective)
"""In the order in which they are added: machines makes the sets of lots and nodes that others use."""


def build(instance: Instance) -> pyo.ConcreteModel:
    """The mixed-integer program of an instance, to be maximised."""
    model = pyo.ConcreteModel(name="wattfork")
    for family in FAMILIES:
        family.add(model, instance)
    return model
