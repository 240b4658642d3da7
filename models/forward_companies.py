"""Companies below the parent without a solver: their cash, node by node, from decisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.forward_money import Fenced
from models.instance import Instance
from models.tree import Floats

if TYPE_CHECKING:
    from models.forward import Decisions


@dataclass(frozen=True)
class CompanyStates:
    """Shapes (G, N): ``flows_usd_m`` of its sites, ``cash_usd_m`` at the end of the node, ``withheld_usd_m`` of what is
    paid up."""

    flows_usd_m: Floats
    cash_usd_m: Floats
    withheld_usd_m: Floats

    @property
    def total_usd_m(self) -> Floats:
        """(N,) cash of all companies."""
        return np.asarray(self.cash_usd_m.sum(axis=0))


def companies(
    instance: Instance, decisions: Decisions, installed: Floats, sales: Floats, fences: Fenced
) -> CompanyStates:
    """Cash of companies; arrays without rows if there are none."""
    tree, own = instance.tree, instance.companies
    if own is None:
        nothing = np.zeros((0, len(tree)))
        return CompanyStates(nothing, nothing, nothing)
    flows = np.array([_flows(instance, decisions, installed, sales, fences, g) for g in range(len(own.name))])
    moved = decisions.fund_usd_m - decisions.upstream_usd_m + flows
    cash = np.zeros(flows.shape)
    for n in range(len(tree)):
        parent = int(tree.parent[n])
        cash[:, n] = (cash[:, parent] if parent >= 0 else own.opening_usd_m) + moved[:, n]
    return CompanyStates(flows, cash, own.withholding[:, None] * decisions.upstream_usd_m)


def _flows(
    instance: Instance, decisions: Decisions, installed: Floats, sales: Floats, fences: Fenced, g: int
) -> Floats:
    own, places, hosting, tree = instance.companies, instance.places, instance.hosting, instance.tree
    assert own is not None
    halls = np.where(own.option[g], decisions.halls, 0).astype(float)
    total = own.fixed_usd_m[g] + halls @ hosting.cash_usd_m_per_hall
    total = total + (halls > 0).astype(float) @ hosting.cash_usd_m_per_signature
    total = total + (places.margin_usd_m_per_eh * installed * own.place[g][:, None]).sum(axis=0)
    if instance.builds is not None:
        total = total + np.where(own.build[g], decisions.built, 0).astype(float) @ instance.builds.cash_usd_m
    trade, lots = instance.trade, instance.lots
    if trade is not None:
        ordered = (lots.order_node >= 0) & own.lot[g]
        np.subtract.at(total, lots.order_node[ordered], (trade.order_cost_usd_m_per_eh * decisions.order_eh)[ordered])
        total = total - (trade.plug_cost_usd_m_per_eh[places.lot] * own.place[g]) @ decisions.plug_eh
        total = total + sales[own.lot[g]].sum(axis=0)
    held = np.zeros(len(tree))
    if instance.tranches is not None:
        option = instance.tranches.option
        mine = np.where((option >= 0) & own.option[g][np.maximum(option, 0)], decisions.draw_usd_m, 0.0)
        held += mine @ instance.tranches.held
        total = total + mine @ instance.tranches.cash
    if instance.fences is not None:
        # Also what a debt of the start locks up where nothing can be drawn.
        held += fences.locked_usd_m[own.option[g][instance.fences.option]].sum(axis=0)
    total = total + np.where(tree.parent >= 0, held[tree.parent], 0.0) - held
    return np.asarray(total)


def withheld_value(instance: Instance, states: CompanyStates) -> float:
    """What is lost of what is paid up, discounted and weighted: positive."""
    if instance.companies is None:
        return 0.0
    return float(states.withheld_usd_m.sum(axis=0) @ instance.companies.withheld_factor)
