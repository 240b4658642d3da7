"""A tree worked on until nothing above a cutoff is left, as the search does it."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.solve.bridge import FloatArray
from optimizer.solve.prove import Tree


@dataclass(frozen=True)
class Proof:
    """``bound``: no plan is worth more. ``values``: of better plans found on the way. ``complete``: nothing is left."""

    bound: float
    values: tuple[float, ...]
    complete: bool


def proven(tree: Tree, cutoff: float, nodes: int = 10_000) -> Proof:
    """Whether anything is worth more than ``cutoff``; a plan above it raises the cutoff to its value."""
    levels = [cutoff]

    def found(value: float, whole: FloatArray) -> None:
        if value > levels[-1]:
            levels.append(value)

    complete = tree.exhaust(lambda: levels[-1], found, nodes=nodes)
    return Proof(max(levels[-1], tree.best_open), tuple(levels[1:]), complete)
