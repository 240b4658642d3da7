"""Lots and places -> arrays of the model: what stands where and earns what, and the terms of buying and selling."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import sparse

from models.instance import Lots, Places, Trade
from models.tree import Bools, Floats
from optimizer.case.case import Case
from optimizer.case.machines import Machine
from optimizer.instance.tax_rules import country_of, rate_at, written_off
from optimizer.market.calendar import instant_factor, month_factors
from optimizer.market.market import Market
from optimizer.operations.mining import Lot
from optimizer.operations.operations import Operations

EPSILON = 1e-9


def lot_arrays(case: Case, operations: Operations) -> Lots:
    """What is there, and what can be ordered."""
    ordered = [lot.order_node >= 0 for lot in operations.lots]
    most = [
        _purchase_limit(case.machines[lot.machine]) / 1000 if is_ordered else 0.0
        for lot, is_ordered in zip(operations.lots, ordered, strict=True)
    ]
    return Lots(
        name=tuple(lot.full_name for lot in operations.lots),
        eh_s=np.array([lot.ph_s / 1000 for lot in operations.lots]),
        order_node=np.array([lot.order_node for lot in operations.lots], dtype=np.int64),
        order_max_eh=np.array(most),
    )


def _purchase_limit(machine: Machine) -> float:
    return machine.buy.max_ph_s_per_step if machine.buy is not None else 0.0


def place_arrays(case: Case, market: Market, operations: Operations) -> Places:
    """Margins by node, as cash and as value, per EH/s at each place."""
    tree, cells = market.tree, market.cells
    margin, charges = operations.mining.margin_usd_m, operations.mining.peak_charge_usd_m
    probability = tree.probability[cells.node]
    value = margin * probability * month_factors(case.discount.mining, cells.month)
    later: list[tuple[int, int, float]] = []
    paid, nodes, months = PaidIn(market), cells.node.tolist(), cells.month.tolist()
    for s, clock in enumerate(operations.clocks):
        billing = clock.peak_billing
        here = [p for p, place in enumerate(operations.places) if place.site == s]
        charged = np.flatnonzero(charges[here].any(axis=0)).tolist() if billing is not None else []
        if billing is None or not charged:
            continue
        factor = np.array([billing.factor(months[cell]) for cell in charged])
        value[np.ix_(here, charged)] -= charges[np.ix_(here, charged)] * factor * probability[charged]
        shares = {cell: paid.after(nodes[cell], billing.months(months[cell])) for cell in charged}
        for p in here:
            for cell in np.flatnonzero(charges[p]).tolist():
                row, charge = p * len(tree) + nodes[cell], float(charges[p, cell])
                later += [(row, n, -charge * share) for n, share in shares[cell]]
    lots = operations.lots
    exists = np.zeros((len(operations.places), len(tree)), dtype=bool)
    for p, place in enumerate(operations.places):
        lot = lots[place.lot]
        after_order = tree.reaches[lot.order_node] if lot.order_node >= 0 else np.ones(len(tree), dtype=bool)
        exists[p] = after_order & (tree.start_months < lot.present_until - EPSILON)
    return Places(
        lot=np.array([place.lot for place in operations.places], dtype=np.int64),
        site=np.array([place.site for place in operations.places], dtype=np.int64),
        home=np.array([place.home for place in operations.places], dtype=bool),
        exists=exists,
        margin_usd_m_per_eh=by_node(margin, market) * exists,
        value_usd_m_per_eh=by_node(value, market) * exists,
        later_usd_m_per_eh=_later(later, exists),
        btc_per_eh=by_node(operations.mining.btc, market) * exists,
    )


def _later(entries: list[tuple[int, int, float]], exists: Bools) -> sparse.csr_array:
    """(P * N, N) charges that are paid later, of places that can hold machines."""
    places, nodes = exists.shape
    stands = exists.reshape(-1).tolist()
    there = [entry for entry in entries if stands[entry[0]]]
    row, column, data = ([entry[i] for entry in there] for i in range(3))
    found = sparse.csr_array((np.array(data, dtype=float), (row, column)), shape=(places * nodes, nodes))
    found.sum_duplicates()
    return found


class PaidIn:
    """The nodes in which months after the start lie, found once for each node and months."""

    def __init__(self, market: Market) -> None:
        self.tree = market.tree
        self._known: dict[tuple[int, range], list[tuple[int, float]]] = {}

    def after(self, node: int, months: range) -> list[tuple[int, float]]:
        """(node, share) of what is paid evenly in some months, along the paths that follow a node."""
        if (node, months) not in self._known:
            tree, each = self.tree, np.array(months)
            starts, ends = tree.start_months[:, None], (tree.start_months + tree.length_months)[:, None]
            inside = ((starts <= each) & (each < ends)).sum(axis=1)
            found = np.flatnonzero(tree.reaches[node] & (inside > 0)).tolist()
            self._known[node, months] = [(n, float(inside[n] / len(each))) for n in found]
        return self._known[node, months]


def by_node(cells_values: Floats, market: Market) -> Floats:
    """(X, J) by month cell -> (X, N) sums by node; the tail does not count."""
    planned: Bools = ~market.cells.in_tail
    result = np.zeros((cells_values.shape[0], len(market.tree)))
    # One month cell after the other, all rows at once: each sum is made in the order of time.
    np.add.at(result.T, market.cells.node[planned], cells_values[:, planned].T)
    return result


def new_price_usd_per_th(machine: Machine, market: Market, month: int) -> float:
    """Price of a new machine at the first instant of a month after the start."""
    assert machine.price_usd_per_th is not None
    network = market.network
    follows = machine.price_follows_hashprice
    relative = network.hashprice(month, 1) / network.hashprice(0, 1)
    grown = machine.price_usd_per_th * (1 + machine.price_growth) ** (month / 12)
    return float(grown * (1 - follows + follows * relative))


def resale_usd_per_th(machine: Machine, market: Market, lot: Lot, month: int) -> float:
    """Resale price of a lot at the first instant of a month, before the factor of a tier; 0 if it cannot be sold."""
    if machine.resale is None or machine.price_usd_per_th is None:
        return 0.0
    return _resale(machine, lot, month, new_price_usd_per_th(machine, market, month))


def _resale(machine: Machine, lot: Lot, month: int, new_usd_per_th: float) -> float:
    """The same at a price of a new machine."""
    if machine.resale is None:
        return 0.0
    worn = 1.0
    if machine.life is not None:
        worn = max(0.0, 1 - (month - lot.age_from) / machine.life)
    return machine.resale.share * new_usd_per_th * worn


def is_there(lot: Lot, months: float) -> bool:
    """Whether a lot has arrived and its life has not ended at an instant."""
    return lot.present_from <= months + EPSILON < lot.present_until


def tax_on_machine(case: Case, market: Market, lot: Lot, worth: float) -> float:
    """Tax on what an EH/s of a lot is worth at the horizon, USD m: on what that is more than has not been written off.

    Without it machines would be bought in the last quarter, written off at once and counted at their price.
    """
    tax = case.finance.tax
    if tax is None:
        return 0.0
    months = round(float((market.tree.start_months + market.tree.length_months).max()))
    basis, service = 0.0, 0.0
    if lot.order_node >= 0:
        at = round(float(market.tree.start_months[lot.order_node]))
        basis, service = new_price_usd_per_th(case.machines[lot.machine], market, at) * lot.share, lot.present_from
    elif lot.due_at is not None and lot.ph_s > 0:
        basis, service = lot.due_usd_m / lot.ph_s * 1000, lot.due_at
    left = 1 - float(written_off(tax.depreciation.machines, service, market.start_month, months).sum())
    last = market.start_month + float(market.tree.start_months.max())
    return rate_at(tax, country_of(tax, lot.site_name), last) * max(0.0, worth - basis * left)


def trade_arrays(case: Case, market: Market, operations: Operations) -> Trade | None:
    """Terms of buying, moving and selling; None where there are no machines.

    A machine of 1 TH/s costs as many dollars as an EH/s costs millions.
    """
    tree, lots = market.tree, operations.lots
    machines = list(case.machines.values())
    if not lots:
        return None
    kinds = {name: k for k, name in enumerate(case.machines)}
    starts = [round(float(start)) for start in tree.start_months]
    factor = np.array([instant_factor(case.discount.mining, k) for k in starts]) * tree.probability
    tiers = max((len(m.resale.tiers) for m in machines if m.resale is not None), default=1)
    tier_factor, tier_depth = np.zeros((len(machines), tiers)), np.zeros((len(machines), tiers, len(tree)))
    months = step_months(market)
    for k, machine in enumerate(machines):
        for t, tier in enumerate(machine.resale.tiers if machine.resale is not None else ()):
            tier_factor[k, t] = tier.factor
            tier_depth[k, t] = tier.ph_s_per_quarter / 1000 * months / 3
    size = (len(lots), len(tree))
    can_plug, sell, end, taxed = np.zeros(size, dtype=bool), np.zeros(size), np.zeros(size), np.zeros(size)
    cost, value, plug = np.zeros(len(lots)), np.zeros(len(lots)), np.zeros(len(lots))
    horizon = tree.start_months + tree.length_months

    @cache
    def new_price(name: str, month: int) -> float:
        has_price = case.machines[name].price_usd_per_th is not None
        return new_price_usd_per_th(case.machines[name], market, month) if has_price else 0.0

    for c, lot in enumerate(lots):
        machine = case.machines[lot.machine]
        plug[c] = machine.move_usd_per_th * lot.share
        if lot.order_node >= 0:
            n = lot.order_node
            cost[c] = new_price(lot.machine, starts[n]) * lot.share
            value[c] = -cost[c] * factor[n]
        reached = tree.reaches[lot.order_node] if lot.order_node >= 0 else np.ones(len(tree), dtype=bool)
        for n in np.flatnonzero(tree.decision & reached).tolist():
            if is_there(lot, starts[n]):
                can_plug[c, n] = lot.order_node < 0
                sell[c, n] = _resale(machine, lot, starts[n], new_price(lot.machine, starts[n])) * lot.share
        for leaf in tree.leaves.tolist():
            at = round(float(horizon[leaf]))
            if reached[leaf] and machine.resale is not None and is_there(lot, at) and lot.present_from < at - EPSILON:
                worth = (
                    _resale(machine, lot, at, new_price(lot.machine, at)) * machine.resale.tiers[-1].factor * lot.share
                )
                factor_at_end = instant_factor(case.discount.mining, at) * tree.probability[leaf]
                end[c, leaf] = worth * factor_at_end
                taxed[c, leaf] = tax_on_machine(case, market, lot, worth) * factor_at_end
    return Trade(
        type_of_lot=np.array([kinds[lot.machine] for lot in lots], dtype=np.int64),
        order_cost_usd_m_per_eh=cost,
        order_value_usd_m_per_eh=value,
        order_depth_eh=np.array([_purchase_limit(m) / 1000 for m in machines]),
        plug_cost_usd_m_per_eh=plug,
        instant_factor=factor,
        can_plug=can_plug,
        sell_usd_m_per_eh=sell,
        tier_factor=tier_factor,
        tier_depth_eh=tier_depth,
        end_value_usd_m_per_eh=end,
        end_tax_usd_m_per_eh=taxed,
    )


def step_months(market: Market) -> Floats:
    """(N,) months from each node to the next step, or to the horizon (0 for nodes at which nothing is decided)."""
    tree = market.tree
    months = np.zeros(len(tree))
    for n in range(len(tree)):
        # Along one path the nodes that share a decision node make up its step; branches of a step are equally long.
        step = int(tree.decision_node[n])
        end = float(tree.start_months[n] + tree.length_months[n])
        months[step] = max(months[step], end - float(tree.start_months[step]))
    return months
