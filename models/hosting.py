"""Constraint family: hosting contracts. Sign or not, where, when, and with how many halls."""

from __future__ import annotations

import pyomo.environ as pyo

from models.instance import Instance


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add ``sign`` (binary by option), ``halls`` (by option) and ``hall_count`` (whole, by offer), and their rules.

    An offer is signed at most once along a path, so it is enough that its halls over all options of a path are a whole
    number: one integer an offer instead of one an option.
    """
    hosting, bounds = instance.hosting, instance.bounds
    model.OPTIONS = pyo.RangeSet(0, len(hosting.name) - 1)
    model.sign = pyo.Var(
        model.OPTIONS,
        domain=pyo.Binary,
        bounds=lambda _, o: (int(bounds.sign[0][o]), int(bounds.sign[1][o])),
    )
    model.halls = pyo.Var(
        model.OPTIONS,
        domain=pyo.NonNegativeReals,
        bounds=lambda _, o: (0, int(hosting.halls_max[o]) * int(bounds.sign[1][o])),
    )
    model.hosting_min_halls = pyo.Constraint(model.OPTIONS, rule=lambda m, o: min_halls(m, instance, o))
    model.hosting_max_halls = pyo.Constraint(model.OPTIONS, rule=lambda m, o: max_halls(m, instance, o))
    model.LEAVES = pyo.Set(initialize=[int(n) for n in instance.tree.leaves], ordered=True)
    model.OFFERS = pyo.Set(initialize=sorted({int(k) for k in hosting.offer}))
    model.hall_count = pyo.Var(
        model.OFFERS,
        model.LEAVES,
        domain=pyo.NonNegativeIntegers,
        bounds=lambda _, k, __: (0, int(hosting.halls_max[hosting.offer == k].max())),
    )
    model.hosting_whole = pyo.Constraint(
        model.OFFERS, model.LEAVES, rule=lambda m, k, leaf: whole_halls(m, instance, k, leaf)
    )
    model.EXCLUSIVE = pyo.RangeSet(0, len(instance.exclusive) - 1)
    model.hosting_once = pyo.Constraint(
        model.EXCLUSIVE, model.LEAVES, rule=lambda m, group, leaf: once(m, instance, group, leaf)
    )
    model.REQUIRED = pyo.RangeSet(0, len(bounds.sign_required) - 1)
    model.hosting_required = pyo.Constraint(
        model.REQUIRED, model.LEAVES, rule=lambda m, group, leaf: required(m, instance, group, leaf)
    )


def min_halls(model: pyo.ConcreteModel, instance: Instance, option: int) -> object:
    r"""A signed contract comes with at least its smallest size.

    A tenant who needs three halls does not take one. Without the rule the plan signs a fraction of a tenant.

    $$ \text{halls}_o \ge \underline{h}_o \, \text{sign}_o $$
    """
    return model.halls[option] >= int(instance.hosting.halls_min[option]) * model.sign[option]


def max_halls(model: pyo.ConcreteModel, instance: Instance, option: int) -> object:
    r"""Halls exist only where a contract is signed, and no more than the tenant takes.

    Without the rule halls earn rent with no signature, and no signing cost is paid.

    $$ \text{halls}_o \le \overline{h}_o \, \text{sign}_o $$
    """
    return model.halls[option] <= int(instance.hosting.halls_max[option]) * model.sign[option]


def whole_halls(model: pyo.ConcreteModel, instance: Instance, offer: int, leaf: int) -> object:
    r"""Halls come whole.

    Without the rule four and two thirds halls fill a site to the last megawatt.

    $$ \sum_{o \in k,\; n(o) \preceq \ell} \text{halls}_o = \text{count}_{k,\ell} \in \mathbb{N} $$
    """
    hosting, reaches = instance.hosting, instance.tree.reaches
    chosen = [o for o in model.OPTIONS if hosting.offer[o] == offer and reaches[hosting.node[o], leaf]]
    return sum(model.halls[o] for o in chosen) - model.hall_count[offer, leaf] == 0


def once(model: pyo.ConcreteModel, instance: Instance, group: int, leaf: int) -> object:
    r"""An offer is signed at most once along a path; so are all offers of one group.

    A tenant's need is one need, however many sites and dates it could be met at.

    $$ \sum_{o \in G,\; n(o) \preceq \ell} \text{sign}_o \le 1 \qquad \text{for every leaf } \ell $$
    """
    reaches = instance.tree.reaches
    chosen = [o for o in instance.exclusive[group] if reaches[instance.hosting.node[o], leaf]]
    if not chosen:
        return pyo.Constraint.Skip
    return sum(model.sign[o] for o in chosen) <= 1


def required(model: pyo.ConcreteModel, instance: Instance, group: int, leaf: int) -> object:
    r"""A contract that the user laid down is signed, on every path.

    $$ \sum_{o \in G,\; n(o) \preceq \ell} \text{sign}_o \ge 1 $$
    """
    reaches = instance.tree.reaches
    chosen = [o for o in instance.bounds.sign_required[group] if reaches[instance.hosting.node[o], leaf]]
    if not chosen:
        return pyo.Constraint.Infeasible
    return sum(model.sign[o] for o in chosen) >= 1
