"""Columns of lots of machines in a model, what they are in its rows, and which lots may lie in one store.

Lots that are sold at the same prices, taxed alike and worth the same at the end differ in store by nothing but their
number: what is sold of them may be said to be of any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse

from models.instance import Instance
from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.names import is_of, members_of

OWN_ROWS = ("machines_balance", "machines_store")
"""Rows that only say how a lot is kept."""

Running = tuple[np.ndarray, FloatArray]
"""Rows of the model, and what 1 EH/s that runs or is sold at a node is in them."""

Members = Mapping[tuple[int, ...], int]
"""Columns of a family by index."""


@dataclass(frozen=True)
class Columns:
    """Columns of machines in a model: by (lot,), (place, node), (lot, node) and (lot, tier, node)."""

    order: Members
    installed: Members
    unplug: Members
    stored: Members
    sell: Members

    @classmethod
    def of(cls, form: StandardForm) -> Columns:
        """Of a model."""
        names = form.column_names
        return cls(*(members_of(names, family) for family in ("order", "installed", "unplug", "stored", "sell")))


class Entries:
    """What columns of a model are, but for the rows that only say how their lot is kept; costs are one row more."""

    def __init__(self, form: StandardForm) -> None:
        shared = np.flatnonzero(~is_of(form.row_names, *OWN_ROWS))
        costs = scipy.sparse.csr_array(form.costs[None, :])
        self._matrix = scipy.sparse.csc_array(scipy.sparse.vstack([form.matrix[shared, :], costs]))
        self._matrix.sort_indices()

    def of(self, column: int) -> Running:
        """Its rows, and what it is in them."""
        own = slice(self._matrix.indptr[column], self._matrix.indptr[column + 1])
        return self._matrix.indices[own], self._matrix.data[own]


def of_store(instance: Instance, lot: int, place: Columns) -> dict[tuple[str, int, int], int]:
    """Columns of what is stored and sold of a lot: by what it is, tier and node."""
    assert instance.trade is not None
    nodes, tiers = range(len(instance.tree)), range(instance.trade.tier_factor.shape[1])
    found = {("stored", 0, n): place.stored[lot, n] for n in nodes if (lot, n) in place.stored}
    found |= {("sell", k, n): place.sell[lot, k, n] for n in nodes for k in tiers if (lot, k, n) in place.sell}
    return found


def shared_stores(instance: Instance, entries: Entries, lots: list[int], place: Columns) -> dict[int, int]:
    """For each lot the one in whose store it may lie: there earlier, gone when it is, and sold alike until then."""
    result: dict[int, int] = {}
    found: list[tuple[int, dict[tuple[str, int, int], bytes]]] = []
    for lot in sorted(lots, key=lambda lot: (int(instance.lots.order_node[lot]), lot)):
        own = {key: _written(entries.of(j)) for key, j in of_store(instance, lot, place).items()}
        first = min(n for kind, _, n in own if kind == "stored")
        for other, known in found:
            # To the end of the other: what is at the end of its life must not be sold as what is not.
            if {key: text for key, text in known.items() if key[2] >= first} == own:
                result[lot] = other
                break
        else:
            found.append((lot, own))
            result[lot] = lot
    return result


def _written(running: Running) -> bytes:
    return running[0].tobytes() + running[1].tobytes()
