"""Columns of lots of machines in a model, what they are in its rows, and which lots may lie in one store.

Lots that are sold at the same prices, taxed alike and worth the same at the end differ in store by nothing but their
number: what is sold of them may be said to be of any.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from models.instance import Instance
from models.tree import Ints
from optimizer.solve.bridge import BoolArray, FloatArray, StandardForm
from optimizer.solve.names import KEPT, is_of, members_of

OWN_ROWS = ("machines_balance", "machines_store")
"""Rows that only say how a lot is kept."""

NO_COLUMN = -1


@dataclass(frozen=True)
class Columns:
    """Where columns of machines stand in a model, `NO_COLUMN` where there is none."""

    order: Ints
    """(L,)"""
    installed: Ints
    """(P, N)"""
    unplug: Ints
    """(P, N)"""
    stored: Ints
    """(L, N)"""
    sell: Ints
    """(L, K, N)"""

    @classmethod
    def of(cls, instance: Instance, form: StandardForm) -> Columns:
        """Of a model compiled from an instance in which machines are traded."""
        assert instance.trade is not None
        tiers = instance.trade.tier_factor.shape[1]
        return _columns(form.column_names, len(instance.lots.name), len(instance.places.lot), tiers, len(instance.tree))


@lru_cache(maxsize=KEPT)
def _columns(names: tuple[str, ...], lots: int, places: int, tiers: int, nodes: int) -> Columns:
    def table(family: str, *shape: int) -> Ints:
        found = np.full(shape, NO_COLUMN, dtype=np.int64)
        members = members_of(names, family)
        if members:
            found[tuple(np.array(list(members)).T)] = list(members.values())
        found.setflags(write=False)
        return found

    return Columns(
        order=table("order", lots),
        installed=table("installed", places, nodes),
        unplug=table("unplug", places, nodes),
        stored=table("stored", lots, nodes),
        sell=table("sell", lots, tiers, nodes),
    )


class Entries:
    """What columns of a model are, but for the rows that only say how their lot is kept."""

    def __init__(self, form: StandardForm) -> None:
        matrix = form.matrix
        if not matrix.has_sorted_indices:
            matrix = matrix.sorted_indices()
        shared = ~is_of(form.row_names, *OWN_ROWS)[matrix.indices]
        before = np.concatenate([[0], np.cumsum(shared)])
        self._begin = before[matrix.indptr[:-1]]
        self._size = before[matrix.indptr[1:]] - self._begin
        self._rows, self._amounts, self._costs = matrix.indices[shared], matrix.data[shared], form.costs
        not_nothing = np.concatenate([[0], np.cumsum(self._amounts != 0)])
        self.is_something: BoolArray = (form.costs != 0) | (
            not_nothing[self._begin + self._size] > not_nothing[self._begin]
        )
        """(n,) whether a column is anything in these rows, or has a cost."""

    def same(self, columns: Ints, others: Ints, within: float = 0.0) -> bool:
        """Whether columns are in the same rows as as many others, each as one other and with its cost, to a difference
        that is ``within`` relative."""
        if not (self._size[columns] == self._size[others]).all():
            return False
        if not _near(self._costs[columns], self._costs[others], within):
            return False
        one, other = self._places(columns), self._places(others)
        if not (self._rows[one] == self._rows[other]).all():
            return False
        return _near(self._amounts[one], self._amounts[other], within)

    def _places(self, columns: Ints) -> Ints:
        size = self._size[columns]
        shift = self._begin[columns] - (np.cumsum(size) - size)
        places: Ints = np.repeat(shift, size) + np.arange(size.sum())
        return places


def _near(one: FloatArray, other: FloatArray, within: float) -> bool:
    return bool((np.abs(one - other) <= within * (1 + np.abs(other))).all())


def shared_stores(instance: Instance, entries: Entries, lots: list[int], place: Columns) -> dict[int, int]:
    """For each lot the one in whose store it may lie: there earlier, gone when it is, and sold alike until then."""
    result: dict[int, int] = {}
    found: list[_Stored] = []
    for lot in sorted(lots, key=lambda lot: (int(instance.lots.order_node[lot]), lot)):
        own = _Stored.of(lot, place)
        other = next((other for other in found if own.is_sold_as(other, entries)), None)
        if other is None:
            found.append(own)
        result[lot] = lot if other is None else other.lot
    return result


@dataclass(frozen=True, eq=False)
class _Stored:
    """What is stored and sold of a lot. Node by node, as (N, 1 + K): the store, and what is sold in each tier."""

    lot: int
    first: int
    """The first node at which it may lie in store."""
    columns: Ints
    there: BoolArray
    written: bytes
    """``there`` once more: quick to compare."""

    @classmethod
    def of(cls, lot: int, place: Columns) -> _Stored:
        columns: Ints = np.column_stack([place.stored[lot], place.sell[lot].T])
        there = columns != NO_COLUMN
        return cls(lot, int(np.flatnonzero(there[:, 0])[0]), columns, there, there.tobytes())

    def is_sold_as(self, other: _Stored, entries: Entries) -> bool:
        """To the end of the other: what is at the end of its life must not be sold as what is not."""
        before = self.first * self.there.shape[1]
        if self.written[before:] != other.written[before:] or any(self.written[:before]):
            return False
        there = self.there[self.first :]
        return entries.same(self.columns[self.first :][there], other.columns[self.first :][there])
