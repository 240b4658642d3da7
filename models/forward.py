"""The same rules without a solver: decisions in, states and value out, node by node from the root.

Before anything is written, decisions are rounded and everything else is recomputed from them here; the solver's own
states are not used. This module decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.instance import Instance
from models.tree import Floats, Ints


@dataclass(frozen=True)
class Decisions:
    """What a plan decides. Shapes: ``halls`` (O,), whole numbers, 0 where not signed; ``retire_eh_s`` (L, N)."""

    halls: Ints
    retire_eh_s: Floats


@dataclass(frozen=True)
class States:
    """What follows from decisions. Shapes: ``installed_eh_s`` (L, N); ``cash_usd_m``, ``required_usd_m`` (N,)."""

    installed_eh_s: Floats
    inside_mw: Floats
    """(K,) load of each place inside its block."""
    cash_usd_m: Floats
    """At the end of each node."""
    required_usd_m: Floats
    """The least that cash may be there: the minimum, in leaves with what has been committed to be built later."""
    value_usd_m: float
    megawatts_over: Floats
    """(R,) by how much each megawatt limit is exceeded (0 where it is kept)."""

    @property
    def shortfall_usd_m(self) -> Floats:
        """(N,) by how much cash falls short of what is required."""
        return np.clip(self.required_usd_m - self.cash_usd_m, 0.0, None)


def no_decisions(instance: Instance) -> Decisions:
    """Nothing signed, nothing retired."""
    return Decisions(
        halls=np.zeros(len(instance.hosting.name), dtype=np.int64),
        retire_eh_s=np.zeros((len(instance.lots.name), len(instance.tree))),
    )


def forward(instance: Instance, decisions: Decisions) -> States:
    """States and value of these decisions. Limits are measured, not enforced."""
    tree, lots, hosting, cash, blocks = instance.tree, instance.lots, instance.hosting, instance.cash, instance.blocks
    halls = decisions.halls.astype(float)
    signed = (decisions.halls > 0).astype(float)
    installed = np.zeros((len(lots.name), len(tree)))
    inside = np.zeros(len(blocks.place_lot))
    balance = np.zeros(len(tree))
    for n in range(len(tree)):
        parent = int(tree.parent[n])
        before = installed[:, parent] if parent >= 0 else lots.eh_s
        installed[:, n] = before - decisions.retire_eh_s[:, n]
        here = np.flatnonzero(blocks.node[blocks.place_segment] == n)
        _fill(instance, installed[:, n], here, inside)
        opening = balance[parent] if parent >= 0 else cash.opening_usd_m
        balance[n] = (
            cash.growth[n] * opening
            + cash.fixed_usd_m[n]
            + lots.margin_usd_m_per_eh[:, n] @ installed[:, n]
            + blocks.gain_usd_m_per_mw[here] @ inside[here]
            + hosting.cash_usd_m_per_hall[:, n] @ halls
            + hosting.cash_usd_m_per_signature[:, n] @ signed
        )
    required = cash.minimum_usd_m.astype(float).copy()
    for leaf in tree.leaves:
        follows = tree.reaches[hosting.node, leaf] if len(halls) else np.zeros(0, dtype=bool)
        required[leaf] += float((hosting.capex_after_horizon_usd_m_per_hall * halls)[follows].sum())
    value = (
        instance.value_constant_usd_m
        + float((lots.value_usd_m_per_eh * installed).sum())
        + float(blocks.gain_value_usd_m_per_mw @ inside)
        + float(hosting.value_usd_m_per_hall @ halls)
        + float(hosting.value_usd_m_per_signature @ signed)
    )
    limits = instance.limits
    used = limits.option_mw_per_hall @ halls
    by_lot = limits.lot_mw_per_eh.tocoo()
    np.add.at(used, by_lot.coords[0], by_lot.data * installed[by_lot.coords[1], limits.node[by_lot.coords[0]]])
    return States(
        installed_eh_s=installed,
        inside_mw=inside,
        cash_usd_m=balance,
        required_usd_m=required,
        value_usd_m=value,
        megawatts_over=np.clip(used - limits.allowed_mw, 0.0, None),
    )


def _fill(instance: Instance, installed_eh_s: Floats, places: Ints, inside_mw: Floats) -> None:
    """Fill the blocks of one node with the loads of what is installed, in the order of the places."""
    blocks = instance.blocks
    room = blocks.capacity_mw.copy()
    for k in places:
        segment = blocks.place_segment[k]
        inside_mw[k] = min(room[segment], blocks.load_mw_per_eh[k] * installed_eh_s[blocks.place_lot[k]])
        room[segment] -= inside_mw[k]
