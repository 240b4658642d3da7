"""Constraint family: blocks of power at a fixed price, delivered to a mine that may sell what it does not use."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo

from models.instance import Instance


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add ``inside`` (MW of a lot's load inside the block of a segment) and its two bounds to the model."""
    blocks = instance.blocks
    model.SEGMENTS = pyo.RangeSet(0, len(blocks.name) - 1)
    model.PLACES = pyo.RangeSet(0, len(blocks.place) - 1)
    model.inside = pyo.Var(model.PLACES, domain=pyo.NonNegativeReals)
    model.block_capacity = pyo.Constraint(model.SEGMENTS, rule=lambda m, b: capacity(m, instance, b))
    model.block_load = pyo.Constraint(model.PLACES, rule=lambda m, k: load(m, instance, k))


def capacity(model: pyo.ConcreteModel, instance: Instance, segment: int) -> object:
    r"""Loads inside a block share its megawatts.

    Without the rule every machine would have the block's price, and the same MWh would be used twice.

    $$ \sum_{k \in b} \text{inside}_k \le Q_b $$
    """
    places = np.flatnonzero(instance.blocks.place_segment == segment)
    if len(places) == 0:
        return pyo.Constraint.Skip
    return sum(model.inside[int(k)] for k in places) <= float(instance.blocks.capacity_mw[segment])


def load(model: pyo.ConcreteModel, instance: Instance, place: int) -> object:
    r"""Only what is installed can use a block; the rest is sold at spot.

    Without the rule a block without machines would earn what machines earn.

    $$ \text{inside}_k \le \ell_k \, \text{installed}_{p(k), n(k)} $$
    """
    blocks = instance.blocks
    node = int(blocks.node[blocks.place_segment[place]])
    installed = model.installed[int(blocks.place[place]), node]
    return model.inside[place] - float(blocks.load_mw_per_eh[place]) * installed <= 0
