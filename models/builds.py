"""Constraint family: what is built at a site, such as a phase of its grid connection or mining halls."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo

from models.instance import Instance


def add(model: pyo.ConcreteModel, instance: Instance) -> None:
    """Add ``built`` (whole numbers by option) and the maximum of each build to the model."""
    builds = instance.builds
    model.BUILDS = pyo.RangeSet(0, len(builds.name) - 1 if builds is not None else -1)
    if builds is None:
        return
    lower, upper = instance.bounds.builds
    model.built = pyo.Var(model.BUILDS, domain=pyo.Integers, bounds=lambda _, u: (int(lower[u]), int(upper[u])))
    model.BUILD_KINDS = pyo.Set(initialize=sorted({int(b) for b in builds.build}))
    model.builds_most = pyo.Constraint(
        model.BUILD_KINDS, model.LEAVES, rule=lambda m, kind, leaf: most(m, instance, kind, leaf)
    )


def most(model: pyo.ConcreteModel, instance: Instance, kind: int, leaf: int) -> object:
    r"""Along a path a build is made no more often than it can be.

    $$ \sum_{u \in k,\; n(u) \preceq \ell} \text{built}_u \le \overline{b}_k $$
    """
    builds = instance.builds
    assert builds is not None
    chosen = [int(u) for u in np.flatnonzero(builds.build == kind) if instance.tree.reaches[builds.node[u], leaf]]
    if not chosen:
        return pyo.Constraint.Skip
    return sum(model.built[u] for u in chosen) <= int(builds.most[chosen[0]])
