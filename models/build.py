"""Puts the constraint families together to one Pyomo model; nothing else does."""

from __future__ import annotations

import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC

from models import (
    builds,
    cash,
    companies,
    covenants,
    equity,
    hosting,
    income_tax,
    machines,
    measures,
    objective,
    ring_fences,
    sites,
    tax,
    treasury,
)
from models.debt import lines, sweeps, tranches
from models.instance import Instance
from models.linear import forget
from models.power import site_operations

FAMILIES = (
    machines,
    hosting,
    builds,
    sites,
    site_operations,
    tranches,
    equity,
    lines,
    ring_fences,
    companies,
    treasury,
    tax,
    cash,
    income_tax,
    sweeps,
    covenants,
    measures,
    objective,
)
"""In the order in which they are added: each may use the variables and sets of those before it."""


def empty() -> pyo.ConcreteModel:
    """A model without families."""
    return pyo.ConcreteModel(name="wattfork")


def build(instance: Instance) -> pyo.ConcreteModel:
    """The mixed-integer program of an instance, to be maximised."""
    model = empty()
    # A hundred thousand objects that all stay: to look for rubbish among them takes a quarter of the time.
    with PauseGC():
        for family in FAMILIES:
            family.add(model, instance)
        forget(model)
    return model
