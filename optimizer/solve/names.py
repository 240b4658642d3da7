"""Names of columns and rows, looked up: points of a sweep have the same ones, and there are ten thousand of each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np

from optimizer.solve.bridge import BoolArray

KEPT = 16
"""Of how many lists of names the places are kept: a model and what is made of it has four, with and without tax law."""


@lru_cache(maxsize=KEPT)
def place_of(names: tuple[str, ...]) -> Mapping[str, int]:
    """The place of each name."""
    return MappingProxyType({name: place for place, name in enumerate(names)})


@lru_cache(maxsize=KEPT)
def families_of(names: tuple[str, ...]) -> Mapping[str, tuple[int, ...]]:
    """The places of each family, as what stands before the bracket, in rising order."""
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        found.setdefault(name.partition("[")[0], []).append(place)
    return MappingProxyType({family: tuple(places) for family, places in found.items()})


@lru_cache(maxsize=4 * KEPT)
def members_of(names: tuple[str, ...], family: str) -> Mapping[tuple[int, ...], int]:
    """The places of a family's members by what stands in their brackets."""
    return MappingProxyType({index_of(names[place]): place for place in families_of(names).get(family, ())})


def is_of(names: tuple[str, ...], *families: str) -> BoolArray:
    """(n,) whether each name is of one of some families."""
    found = np.zeros(len(names), dtype=np.bool_)
    known = families_of(names)
    for family in families:
        found[list(known.get(family, ()))] = True
    return found


def index_of(name: str) -> tuple[int, ...]:
    """What stands in the bracket: ``unplug[3,7]`` is (3, 7)."""
    return tuple(int(part) for part in name.partition("[")[2].rstrip("]").split(","))
