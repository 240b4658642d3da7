"""Constraint family: ring-fences. Cash that projects hold for service, and what a lock-up keeps from the company."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from models.debt import tranches
from models.instance import Instance
from models.linear import nonzero, once_a_node, weighted

LEAST_SHORT_USD_M = 1e-5
"""By which a test has to be failed: ten dollars, as in docs/figures_capital.md."""


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add ``locked`` (USD m by ring-fence and node), ``lock_up`` (whether) and their rules to the model."""
    fences = instance.fences
    model.FENCES = pyo.RangeSet(0, len(fences.option) - 1 if fences is not None else -1)
    if fences is None:
        return
    model.LOCK_TESTS = pyo.Set(dimen=2, initialize=[(int(j), int(n)) for j, n in np.argwhere(fences.tests)])
    model.locked = pyo.Var(model.LOCK_TESTS, domain=pyo.NonNegativeReals)
    model.lock_up = pyo.Var(model.LOCK_TESTS, domain=pyo.Binary)
    model.lock_test = pyo.Constraint(model.LOCK_TESTS, rule=lambda m, j, n: test(m, instance, j, n))
    model.lock_only = pyo.Constraint(model.LOCK_TESTS, rule=lambda m, j, n: only(m, instance, j, n))
    model.lock_signed = pyo.Constraint(model.LOCK_TESTS, rule=lambda m, j, n: signed(m, instance, j, n))
    model.lock_keeps = pyo.Constraint(model.LOCK_TESTS, rule=lambda m, j, n: keeps(m, instance, j, n))
    if instance.lines is not None and instance.lines.sweep.any():
        # A sweep makes locked cash worth having: then no more than what is left may be locked.
        model.lock_empty = pyo.Var(model.LOCK_TESTS, domain=pyo.Binary)
        model.lock_no_more = pyo.Constraint(model.LOCK_TESTS, rule=lambda m, j, n: no_more(m, instance, j, n))
        model.lock_nothing = pyo.Constraint(model.LOCK_TESTS, rule=lambda m, j, n: nothing(m, instance, j, n))
    model.lock_opens = pyo.Constraint(model.LOCK_TESTS, rule=lambda m, j, n: opens(m, instance, j, n))


def _halls(model: pyo.ConcreteModel, instance: Instance, j: int) -> Any:
    assert instance.fences is not None
    return model.halls[int(instance.fences.option[j])]


def _own(instance: Instance, j: int) -> Any:
    assert instance.fences is not None
    own = instance.tranches
    return own.option == instance.fences.option[j] if own is not None else None


def _served(model: pyo.ConcreteModel, instance: Instance, j: int, table: str, node: int) -> Any:
    fences, own = instance.fences, _own(instance, j)
    assert fences is not None
    if own is None:
        return 0.0
    column = np.where(own, getattr(fences, table)[:, node], 0.0)
    return weighted(model.draw, nonzero(column))


def test(model: pyo.ConcreteModel, instance: Instance, j: int, node: int) -> object:
    r"""Nothing goes to the parent unless the cash of twelve months covers their service so many times.

    $$ A^{12}_{j,n}\,\text{halls} - \ell_j\,S^{12}_{j,n} \ge -M_j\,z_{j,n} $$
    """
    covered = _covered(model, instance, j, node)
    return covered + _most_short(instance, j, node) * model.lock_up[j, node] >= 0


def only(model: pyo.ConcreteModel, instance: Instance, j: int, node: int) -> object:
    r"""Only where the test is failed anything is locked up.

    Without the rule a plan hides cash in a project from a sweep.

    $$ A^{12}_{j,n}\,\text{halls} - \ell_j\,S^{12}_{j,n} \le M_j\,(1 - z_{j,n}) $$
    """
    fences = instance.fences
    assert fences is not None
    most = float(fences.available_12[j, node]) * float(instance.hosting.halls_max[int(fences.option[j])])
    short = LEAST_SHORT_USD_M * model.lock_up[j, node]
    return _covered(model, instance, j, node) - most * (1 - model.lock_up[j, node]) + short <= 0


def signed(model: pyo.ConcreteModel, instance: Instance, j: int, node: int) -> object:
    r"""Where nothing is signed there is no project to lock anything up.

    The other rules imply it, but only by ten dollars against thousands of millions: without it a search ended 0.03
    below an optimum of 236.07 and called that proven.

    $$ z_{j,n} \le \text{sign}_{o(j)} $$
    """
    assert instance.fences is not None
    return model.lock_up[j, node] - model.sign[int(instance.fences.option[j])] <= 0


def _covered(model: pyo.ConcreteModel, instance: Instance, j: int, node: int) -> Any:
    """Cash available in twelve months, less so many times their service."""
    fences = instance.fences
    assert fences is not None
    level = float(fences.level[j])
    service = _served(model, instance, j, "service_12", node) + float(fences.fixed_service_12[j, node])
    return float(fences.available_12[j, node]) * _halls(model, instance, j) - level * service


def _most_short(instance: Instance, j: int, node: int) -> float:
    """More than service can exceed the cash available."""
    fences, own = instance.fences, _own(instance, j)
    assert fences is not None
    service = float(fences.fixed_service_12[j, node])
    if own is not None and instance.tranches is not None:
        drawn = np.where(own, instance.tranches.upper_usd_m, 0.0)
        service += float(drawn @ fences.service_12[:, node])
    return float(fences.level[j]) * service


def left(model: pyo.ConcreteModel, instance: Instance, j: int, node: int) -> Any:
    """What a project's cash leaves after its service and what it holds more for later service."""
    fences = instance.fences
    assert fences is not None
    parent, own = int(instance.tree.parent[node]), _own(instance, j)
    total = float(fences.available[j, node]) * _halls(model, instance, j) - float(fences.fixed_left[j, node])
    total -= _served(model, instance, j, "service_paid", node)
    total -= tranches.by_node(model, instance, "held", node, own)
    if parent >= 0:
        total += tranches.by_node(model, instance, "held", parent, own)
    return total


def keeps(model: pyo.ConcreteModel, instance: Instance, j: int, node: int) -> object:
    r"""Locked up, what is left stays in the project; what is short comes out of what is locked before the parent pays.

    $$ K_{j,n} \ge K_{j,\text{parent}(n)} + \text{left}_{j,n} - M_j\,(1 - z_{j,n}) $$
    """
    fences = instance.fences
    assert fences is not None
    parent = int(instance.tree.parent[node])
    before = model.locked[j, parent] if (j, parent) in model.LOCK_TESTS else 0.0
    most = 2 * float(fences.most_usd_m[j])
    kept = before + left(model, instance, j, node)
    return model.locked[j, node] - kept + most * (1 - model.lock_up[j, node]) >= 0


def no_more(model: pyo.ConcreteModel, instance: Instance, j: int, node: int) -> object:
    r"""No more is locked up than was before and what is left ...

    Without the rule cash that the parent could have paid is hidden in a project from a sweep.

    $$ K_{j,n} \le K_{j,\text{parent}(n)} + \text{left}_{j,n} + M_j\,y_{j,n} $$
    """
    fences = instance.fences
    assert fences is not None
    parent = int(instance.tree.parent[node])
    before = model.locked[j, parent] if (j, parent) in model.LOCK_TESTS else 0.0
    room = 2 * float(fences.most_usd_m[j]) * model.lock_empty[j, node]
    return model.locked[j, node] - before - left(model, instance, j, node) - room <= 0


def nothing(model: pyo.ConcreteModel, instance: Instance, j: int, node: int) -> object:
    r"""... and nothing where that is short.

    $$ K_{j,n} \le M_j\,(1 - y_{j,n}) $$
    """
    fences = instance.fences
    assert fences is not None
    return model.locked[j, node] - float(fences.most_usd_m[j]) * (1 - model.lock_empty[j, node]) <= 0


def opens(model: pyo.ConcreteModel, instance: Instance, j: int, node: int) -> object:
    r"""Nothing is locked where the test is passed.

    $$ K_{j,n} \le M_j\,z_{j,n} $$
    """
    fences = instance.fences
    assert fences is not None
    return model.locked[j, node] - float(fences.most_usd_m[j]) * model.lock_up[j, node] <= 0


@once_a_node
def trapped(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """Cash in ring-fences at the end of a node: held for service, and locked up (of debts of the start only that)."""
    total = tranches.by_node(model, instance, "held", node)
    if instance.fences is not None:
        total += sum(model.locked[j, node] for j in model.FENCES if (j, node) in model.LOCK_TESTS)
    return total


def cash(model: pyo.ConcreteModel, instance: Instance, node: int) -> Any:
    """What leaves the company's cash for ring-fences, negative."""
    parent = int(instance.tree.parent[node])
    before = trapped(model, instance, parent) if parent >= 0 else 0.0
    return before - trapped(model, instance, node)
