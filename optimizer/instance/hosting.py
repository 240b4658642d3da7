"""Hosting offers -> options: every offer at every site on every step of its window, with its flows on the tree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.instance import HostingOptions
from optimizer.case.case import Case
from optimizer.case.derived import designed
from optimizer.case.offers import Lease, Offer
from optimizer.instance.tax_rules import residual_tax, tax_after_horizon
from optimizer.market.calendar import instant_factor, month_factors, month_in
from optimizer.market.market import Market
from optimizer.operations.hosting import HallFlows, hall_flows, lease_flows
from optimizer.operations.operations import Operations


@dataclass(frozen=True)
class Option:
    """One way to sign one offer."""

    offer: int
    offer_name: str
    site: int
    site_name: str
    node: int
    terms: Offer | Lease
    flows: HallFlows

    @property
    def is_lease(self) -> bool:
        """Signed already: a commitment."""
        return isinstance(self.terms, Lease)

    @property
    def hall_mw_it(self) -> float:
        """Critical IT MW per hall (of a lease: of all its halls)."""
        return self.terms.it_mw if isinstance(self.terms, Lease) else self.terms.hall_mw_it

    @property
    def gross_mw(self) -> float:
        """Meter MW reserved per hall."""
        return self.hall_mw_it * self.terms.gross_per_it

    def energised_mw(self, instant: float) -> float:
        """Meter MW that a hall keeps from machines at an instant: all that is reserved, less the headroom that the
        tenant leaves to them once rent is paid."""
        headroom = 0.0 if isinstance(self.terms, Lease) else self.terms.headroom_to_mining
        if headroom == 0.0 or instant < self.flows.rent_from - 1e-9:
            return self.gross_mw
        return self.gross_mw - headroom * self.hall_mw_it * (self.terms.gross_per_it - self.terms.pue)

    @property
    def halls(self) -> tuple[int, int]:
        """Least and most halls if signed."""
        return (1, 1) if isinstance(self.terms, Lease) else (self.terms.halls.min, self.terms.halls.max)


def list_options(case: Case, market: Market, operations: Operations) -> tuple[Option, ...]:
    """Leases first, then offers, in the order of the case, of their sites, and of time."""
    tree = market.tree
    site_names = list(case.sites)
    options = []
    for k, (name, lease) in enumerate(case.leases.items()):
        s = site_names.index(lease.site)
        options.append(
            Option(k, name, s, lease.site, 0, lease, lease_flows(lease, s, market.start_month, operations.power))
        )
    for k, (name, offer) in enumerate(case.offers.items(), start=len(case.leases)):
        for site_name in offer.sites:
            s = site_names.index(site_name)
            for node in np.flatnonzero(tree.decision):
                signed = float(tree.start_months[node])
                if offer.sign.start.first <= market.start_month + signed < offer.sign.end.last:
                    terms = designed(case, offer)
                    flows = hall_flows(terms, s, signed, operations.power)
                    options.append(Option(k, name, s, site_name, int(node), terms, flows))
    return tuple(options)


def hosting_arrays(case: Case, market: Market, options: tuple[Option, ...]) -> HostingOptions:
    """Cash by node and value of every option, per hall and per signature."""
    tree, cells = market.tree, market.cells
    size, nodes = len(options), len(tree)
    cash_hall, cash_once = np.zeros((size, nodes)), np.zeros((size, nodes))
    value_hall, value_once, capex_after = np.zeros(size), np.zeros(size), np.zeros(size)
    noi_hall = np.zeros((size, nodes))
    planned = ~cells.in_tail
    for o, option in enumerate(options):
        flows = option.flows
        rate = option.terms.discount if option.terms.discount is not None else case.discount.hosting
        follows = tree.reaches[option.node, cells.node]
        net = np.where(follows, flows.net[cells.month], 0.0)
        weight = tree.probability[cells.node]
        np.add.at(cash_hall[o], cells.node[planned], net[planned])
        value_hall[o] = float((net * weight * month_factors(rate, cells.month)).sum())
        noi = np.where(follows, flows.noi[cells.month], 0.0)
        np.add.at(noi_hall[o], cells.node[planned], noi[planned])
        taxed = tax_after_horizon(case, market, option.site_name, flows)[cells.month] * follows
        value_hall[o] -= float((taxed * weight * month_factors(rate, cells.month))[~planned].sum())
        over = residual_tax(case, market, option.site_name, flows)
        here = follows & month_in(cells, flows.rent_until) & ~planned
        value_hall[o] -= over * instant_factor(rate, flows.rent_until) * float(weight[here].sum())
        # What the tenant lends comes as it is spent: it needs no cash at the horizon.
        in_tail = np.where(follows & ~planned, (flows.capex - flows.lent)[cells.month], 0.0)
        capex_after[o] = float(in_tail.sum() / max(1, len(np.unique(cells.node[follows & ~planned]))))
        for at, amount in flows.instants():
            factor = instant_factor(rate, at)
            for j in np.flatnonzero(follows & month_in(cells, at)):
                value_hall[o] += amount * factor * weight[j]
                if planned[j]:
                    cash_hall[o, cells.node[j]] += amount
        value_once[o] = -flows.signing_cost * float(tree.probability[option.node]) * instant_factor(rate, flows.signed)
        cash_once[o, option.node] = -flows.signing_cost
    return HostingOptions(
        offer=np.array([o.offer for o in options], dtype=np.int64),
        site=np.array([o.site for o in options], dtype=np.int64),
        node=np.array([o.node for o in options], dtype=np.int64),
        name=tuple(f"{o.offer_name} at {o.site_name} in {tree.label[o.node]}" for o in options),
        mw_it_per_hall=np.array([o.hall_mw_it for o in options]),
        halls_min=np.array([o.halls[0] for o in options], dtype=np.int64),
        halls_max=np.array([o.halls[1] for o in options], dtype=np.int64),
        cash_usd_m_per_hall=cash_hall,
        cash_usd_m_per_signature=cash_once,
        value_usd_m_per_hall=value_hall,
        value_usd_m_per_signature=value_once,
        capex_after_horizon_usd_m_per_hall=capex_after,
        noi_usd_m_per_hall=noi_hall,
        capex_usd_m_per_hall=np.array([o.flows.financed_capex for o in options]),
    )


def exclusive_sets(case: Case, options: tuple[Option, ...]) -> tuple[tuple[int, ...], ...]:
    """Options of one offer, and options of offers of one group: at most one of each is signed along a path."""
    sets: dict[str, list[int]] = {}
    for o, option in enumerate(options):
        # An offer in a group needs no set of its own: that of the group is stronger.
        if isinstance(option.terms, Lease):
            continue
        group = option.terms.group
        sets.setdefault(f"group {group}" if group else f"offer {option.offer_name}", []).append(o)
    return tuple(tuple(members) for members in sets.values())
