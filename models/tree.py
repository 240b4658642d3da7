"""The tree of nodes on which every decision and state lives.

A node is a stretch of time with a parent and a probability. A deterministic plan is a tree with one path. Nothing in
the model is indexed by scenario and period, so nobody can use information that is not there yet. Nodes may
differ in length. This module knows no power, no machines and no money.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Tree:
    """Nodes 0..N-1, each after its parent; node 0 is the root.

    Shapes: all arrays (N,). Units: ``start_months`` and ``length_months`` in months from the first instant of the
    plan (they may be fractions). ``probability`` is that of reaching the node; those of the leaves add up to 1.
    ``decision`` is True where decisions may be taken (at the node's first instant).
    """

    parent: Ints
    probability: Floats
    start_months: Floats
    length_months: Floats
    decision: Bools
    label: tuple[str, ...]
    scenario: tuple[str, ...]

    def __post_init__(self) -> None:
        size = len(self.label)
        arrays = (self.parent, self.probability, self.start_months, self.length_months, self.decision)
        if size == 0 or any(len(array) != size for array in arrays) or len(self.scenario) != size:
            raise ValueError("a tree needs at least one node and arrays of equal length")
        if self.parent[0] != -1 or any(not 0 <= self.parent[n] < n for n in range(1, size)):
            raise ValueError("node 0 is the root, and every other node comes after its parent")
        if abs(float(self.probability[self.leaves].sum()) - 1.0) > 1e-9:
            raise ValueError("the probabilities of the leaves must add up to 1")

    def __len__(self) -> int:
        return len(self.label)

    @cached_property
    def reaches(self) -> Bools:
        """(N, N): ``reaches[a, b]`` is True when ``a`` is ``b`` or one of its ancestors."""
        size = len(self.parent)
        matrix = np.eye(size, dtype=bool)
        for node in range(1, size):
            matrix[:, node] |= matrix[:, self.parent[node]]
        return matrix

    @cached_property
    def leaves(self) -> Ints:
        """Nodes without children."""
        return np.setdiff1d(np.arange(len(self.parent)), self.parent[1:])

    @cached_property
    def decision_node(self) -> Ints:
        """(N,): the latest node on the way to each node at which decisions may be taken."""
        found = np.zeros(len(self.parent), dtype=np.int64)
        for node in range(len(self.parent)):
            found[node] = node if self.decision[node] or node == 0 else found[self.parent[node]]
        return found


def path(lengths_months: list[float], decision: list[bool] | None = None, labels: list[str] | None = None) -> Tree:
    """A tree with one path (a deterministic plan) of nodes with these lengths."""
    size = len(lengths_months)
    length = np.array(lengths_months, dtype=float)
    return Tree(
        parent=np.arange(-1, size - 1),
        probability=np.ones(size),
        start_months=np.concatenate([[0.0], np.cumsum(length)[:-1]]),
        length_months=length,
        decision=np.ones(size, dtype=bool) if decision is None else np.array(decision, dtype=bool),
        label=tuple(labels or [str(n) for n in range(size)]),
        scenario=("base",) * size,
    )
