"""Constraint family: the hours of sites whose loads share contracts, reserves and peaks, one row for each kind of MW.

Which slot a MW of load stands in decides what it earns in every hour; the sums over all hours are coefficients
(``optimizer.operations.slots``). What is left to decide are megawatts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from models.instance import Instance, SiteOperations
from models.linear import nonzero, once_a_node, weighted

FAMILIES = ("load", "halls", "supply", "award", "enrolled", "peak", "billed", "take", "hedge")


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add ``use`` and ``lever`` (MW; of a shortfall MWh) and the rows that they share to the model."""
    operations = instance.operations
    model.USES = pyo.RangeSet(0, len(operations.use_name) - 1 if operations is not None else -1)
    model.LEVERS = pyo.RangeSet(0, len(operations.lever_name) - 1 if operations is not None else -1)
    if operations is None:
        return
    lower, upper = lever_bounds(instance, operations)
    model.use = pyo.Var(model.USES, domain=pyo.NonNegativeReals)
    model.lever = pyo.Var(
        model.LEVERS,
        bounds=lambda _, v: (float(lower[v]), float(upper[v]) if np.isfinite(upper[v]) else None),
    )
    signings = range(len(operations.signing))
    model.SIGNINGS = pyo.RangeSet(0, len(operations.signing) - 1)
    model.sign_contract = pyo.Var(model.SIGNINGS, domain=pyo.Binary)
    families = np.array([name.partition(":")[0] for name in operations.row_name])
    rules = {
        "load": load,
        "halls": halls,
        "supply": supply,
        "award": award,
        "enrolled": enrolled,
        "peak": peak,
        "billed": billed,
        "take": take,
        "hedge": hedge,
    }
    for family in FAMILIES:
        rows = np.flatnonzero(families == family).tolist()
        rule = rules[family]
        index = pyo.Set(initialize=rows)
        model.add_component(f"OPERATIONS_{family}", index)
        constraint = pyo.Constraint(index, rule=lambda m, r, rule=rule: rule(m, instance, r))
        model.add_component(f"operations_{family}", constraint)
    model.contract_size = pyo.Constraint(model.SIGNINGS, rule=lambda m, q: size(m, instance, q))
    model.contract_least = pyo.Constraint(model.SIGNINGS, rule=lambda m, q: least(m, instance, q))
    offers = sorted({int(operations.signing_offer[q]) for q in signings})
    model.CONTRACT_OFFERS = pyo.Set(initialize=offers)
    model.contract_once = pyo.Constraint(
        model.CONTRACT_OFFERS, model.LEAVES, rule=lambda m, k, leaf: once(m, instance, k, leaf)
    )


def lever_bounds(instance: Instance, operations: SiteOperations) -> tuple[np.ndarray, np.ndarray]:
    """(V,) lower and upper bounds with what the user laid down."""
    lower, upper = operations.lever_lower.copy(), operations.lever_upper.copy()
    if len(operations.signing):
        lower[operations.signing], upper[operations.signing] = instance.bounds.contract_mw
    return lower, upper


def load(model: pyo.ConcreteModel, instance: Instance, row: int) -> object:
    r"""A MW of load stands in one way only; what stands in none buys all of its power at the market.

    Without the rule machines that do not exist would use contracts and earn reserves.

    $$ \sum_{\sigma} \text{use}_{k,\sigma} \le \sum_{p \in k} \ell_p \, \text{installed}_{p,n} $$
    """
    return _row(model, instance, row)


def halls(model: pyo.ConcreteModel, instance: Instance, row: int) -> object:
    r"""The same for the load of halls, which is the mean of the month.

    $$ \sum_{\sigma} \text{use}_{F,\sigma} \le \sum_o F_o \, \text{halls}_o $$
    """
    return _row(model, instance, row)


def supply(model: pyo.ConcreteModel, instance: Instance, row: int) -> object:
    r"""Loads that a set of contracts reaches share the megawatts of that set.

    Without the rule every machine would have the cheapest contract's price in every hour.

    $$ \sum_{\sigma:\, S \in \sigma} \text{use}_\sigma \le \sum_{c \in S} Q_c $$
    """
    return _row(model, instance, row)


def award(model: pyo.ConcreteModel, instance: Instance, row: int) -> object:
    r"""No more is awarded as a reserve than the program takes.

    $$ \sum_{\sigma \text{ awarded}} \text{use}_\sigma \le A $$
    """
    return _row(model, instance, row)


def enrolled(model: pyo.ConcreteModel, instance: Instance, row: int) -> object:
    r"""What is enrolled in demand response is load that stands still in events, on every day of the month.

    Without the rule the payment is earned by megawatts that run on, or are sold as a reserve at the same time.

    $$ D \le \sum_{\sigma \text{ enrolled}} \text{use}_\sigma $$
    """
    return _row(model, instance, row)


def peak(model: pyo.ConcreteModel, instance: Instance, row: int) -> object:
    r"""The peak of a month is all load that does not stand still all month, halls included.

    $$ \sum_p \ell_p\,\text{installed}_p - \sum_{\sigma \text{ dark}} \text{use}_\sigma + \sum_o F_o\,\text{halls}_o
       \le L $$
    """
    return _row(model, instance, row)


def billed(model: pyo.ConcreteModel, instance: Instance, row: int) -> object:
    r"""What is billed is the peak, or the ratchet's share of an earlier one.

    $$ \rho_{m,m'} L_{m'} \le B_m, \qquad \rho_{m,m} = 1 $$
    """
    return _row(model, instance, row)


def take(model: pyo.ConcreteModel, instance: Instance, row: int) -> object:
    r"""In each window a site takes its minimum, or pays for what it is short of.

    $$ T \le \text{short} + \sum_p e_p\,\text{installed}_p + \sum_\sigma e_\sigma\,\text{use}_\sigma
       + \sum_o e_o\,\text{halls}_o $$
    """
    return _row(model, instance, row)


def hedge(model: pyo.ConcreteModel, instance: Instance, row: int) -> object:
    r"""When a contract is signed, all contracts in force are at most the load there is: a hedge, no trade.

    Without the rule a contract below the forward curve is signed to its limit by a company without load. $Q$ are the
    megawatts of contracts that exist; $M$ is large enough where nothing is signed.

    $$ \sum_{q' \text{ in force}} \text{contract}_{q'} + Q \le \sum_p \ell_p\,\text{installed}_{p,n}
       + \sum_o F_o\,\text{halls}_o + M (1 - \text{sign}_q) $$
    """
    return _row(model, instance, row)


def size(model: pyo.ConcreteModel, instance: Instance, signing: int) -> object:
    r"""$$ \text{contract}_q \le \overline{Q}_q \, \text{sign}_q $$"""
    operations = instance.operations
    assert operations is not None
    v = int(operations.signing[signing])
    return model.lever[v] - float(operations.lever_upper[v]) * model.sign_contract[signing] <= 0


def least(model: pyo.ConcreteModel, instance: Instance, signing: int) -> object:
    r"""$$ \text{contract}_q \ge \underline{Q}_q \, \text{sign}_q $$"""
    operations = instance.operations
    assert operations is not None
    v, amount = int(operations.signing[signing]), float(operations.signing_least[signing])
    if amount <= 0:
        return pyo.Constraint.Skip
    return model.lever[v] - amount * model.sign_contract[signing] >= 0


def once(model: pyo.ConcreteModel, instance: Instance, offer: int, leaf: int) -> object:
    r"""An offer is signed at most once along a path.

    $$ \sum_{q \in k,\; n(q) \preceq \ell} \text{sign}_q \le 1 $$
    """
    operations = instance.operations
    assert operations is not None
    chosen = [
        q
        for q in np.flatnonzero(operations.signing_offer == offer).tolist()
        if instance.tree.reaches[operations.signing_node[q], leaf]
    ]
    if not chosen:
        return pyo.Constraint.Skip
    return sum(model.sign_contract[q] for q in chosen) <= 1


def cash(model: pyo.ConcreteModel, instance: Instance, node: int, *, posted: bool = True) -> Any:
    """Cash of a node from uses and levers, charges of machines that are paid later, and what halls take over.

    Without ``posted`` only what is EBITDA.
    """
    total = _ebitda(model, instance, node)
    if posted and instance.operations is not None:
        total += weighted(model.lever, instance.operations.lever_posted_in[node])
    return total


@once_a_node
def _ebitda(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    operations, size = instance.operations, len(instance.tree)
    later = instance.places.later_in[node]
    total: Any = 0.0
    total += weighted(model.installed, [(divmod(index, size), amount) for index, amount in later])
    if operations is None:
        return total
    total += weighted(model.use, operations.use_cash_in[node])
    total += weighted(model.lever, operations.lever_cash_in[node])
    total += weighted(model.halls, operations.hall_cash_in[node])
    return total


def coins(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """Coins that uses mine more in a node."""
    if instance.operations is None:
        return 0.0
    return weighted(model.use, instance.operations.use_btc_in[node])


def value(model: pyo.ConcreteModel, instance: Instance) -> Any:
    """Present value of uses and levers."""
    operations = instance.operations
    if operations is None:
        return 0.0
    total: Any = weighted(model.use, nonzero(operations.use_value))
    total += weighted(model.lever, nonzero(operations.lever_value))
    return total + weighted(model.halls, nonzero(operations.hall_value))


def _row(model: pyo.ConcreteModel, instance: Instance, row: int) -> object:
    operations = instance.operations
    assert operations is not None
    nodes = len(instance.tree)
    total: Any = 0.0
    uses, levers, places, halls, signings = operations.rows[row]
    total += weighted(model.use, uses)
    total += weighted(model.lever, levers)
    total += weighted(model.installed, [(divmod(index, nodes), amount) for index, amount in places])
    total += weighted(model.sign_contract, signings)
    total += weighted(model.halls, halls)
    if isinstance(total, int | float):
        return pyo.Constraint.Skip if total <= operations.row_upper[row] + 1e-9 else pyo.Constraint.Infeasible
    return total <= float(operations.row_upper[row])
