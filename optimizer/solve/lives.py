"""Lots of machines that may be ordered, as *lives*: ordered, running until a node, sold at a node.

Where such a lot can only be ordered, run, leave and be sold, it is a cone, and its edges are lives. What runs of like
lots (one site, the same earnings) is one *stock* by node: what stood before, what begins, less what leaves. So a life
touches its beginning, its end and its money, and not every node in between.

Where more cash earlier might do harm (there is tax on what is sold, say), lives end in store, and it stays open when
they are sold: nothing is left out then. Lots that are sold alike, at other sites, share one store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from models.instance import Instance
from models.tree import Ints
from optimizer.solve.bridge import BoolArray, FloatArray, StandardForm
from optimizer.solve.stores import NO_COLUMN, Columns, Entries, shared_stores

Moves = list[tuple[int, float]]
"""Columns of the model and by how much each moves when one EH/s more lives a life."""

ALIKE = 1e-11
"""Relative: earnings that differ by less are the same."""

NO_STOCK = -1


@dataclass(frozen=True)
class Stock:
    """What runs of like lots at a node. ``column``: that of the model which says what 1 EH/s of it does there."""

    column: int
    before: int | None
    """The stock of the node before."""


@dataclass(frozen=True, eq=False)
class Lives:
    """All lives, Z of them, as arrays; they have M moves together."""

    order: Ints
    """(Z,) the column of the model that says what is ordered."""
    begins: Ints
    """(Z,) the stock from which on it stands; `NO_STOCK` where what runs is among its moves."""
    ends: Ints
    """(Z,) the stock from which on it stands no more; `NO_STOCK` where it stands until the stocks end."""
    life: Ints
    """(M,) whose move it is."""
    column: Ints
    """(M,) the column of the model that moves when one EH/s more lives this life."""
    amount: FloatArray
    """(M,) by how much."""
    stocks: tuple[Stock, ...]
    gone: BoolArray
    """(n,) columns of the model in whose place they stand."""
    stored_at: tuple[tuple[int, int], ...] = ()
    """(lot, the like lot in whose store it lies)."""


@dataclass
class _Book:
    """Lives as they are found."""

    order: list[int] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    size: list[int] = field(default_factory=list)
    column: list[int] = field(default_factory=list)
    amount: list[float] = field(default_factory=list)

    def add(self, order: int, moves: Moves, begins: int = NO_STOCK, ends: int = NO_STOCK) -> None:
        """One life, with what moves beside the order."""
        self.order.append(order)
        self.begins.append(begins)
        self.ends.append(ends)
        self.size.append(1 + len(moves))
        self.column.append(order)
        self.amount.append(1.0)
        for column, amount in moves:
            self.column.append(column)
            self.amount.append(amount)

    def lives(self, stocks: Sequence[Stock], gone: BoolArray, stored_at: Mapping[int, int]) -> Lives:
        """All of them."""
        order, begins, ends, size, column = (
            np.array(each, dtype=np.int64) for each in (self.order, self.begins, self.ends, self.size, self.column)
        )
        life, amount = np.repeat(np.arange(len(order)), size), np.array(self.amount, dtype=np.float64)
        return Lives(order, begins, ends, life, column, amount, tuple(stocks), gone, tuple(stored_at.items()))


def lives_of(instance: Instance, form: StandardForm) -> Lives:
    """All lives of all lots that are cones; none where they may not stand in the place of lots."""
    gone, book = np.zeros(form.column_count, dtype=bool), _Book()
    if len(instance.tree.leaves) != 1 or instance.trade is None:
        return book.lives((), gone, {})
    place, stand = Columns.of(instance, form), _stands(instance)
    lots = _cones(instance, place, stand)
    entries = Entries(form)
    stores = {} if _may_shrink(instance) else shared_stores(instance, entries, lots, place)
    for lot in lots:
        # Where like lots lie, columns of the store stay.
        store = () if stores.get(lot) == lot else (place.stored[lot], place.sell[lot].ravel())
        own = np.concatenate([place.order[[lot]], place.installed[stand[lot]], place.unplug[stand[lot]], *store])
        gone[own[own != NO_COLUMN]] = True
    stocks: list[Stock] = []
    for like, runs in _alike(instance, entries, lots, place, stand):
        at = _stocks(like, runs, place, stand, stocks) if len(like) > 1 else {}
        for lot in like:
            endings = (_into_store if stores else _endings)(instance, lot, int(stand[lot]), place)
            _add_lives(book, instance, lot, int(stand[lot]), place, runs[lot] if at else [], at, stocks, endings)
    return book.lives(stocks, gone, stores)


def _stands(instance: Instance) -> Ints:
    """(L,) the first place at which a lot may stand; -1 if there is none."""
    lot = instance.places.lot
    first = np.full(len(instance.lots.name), -1, dtype=np.int64)
    first[lot[::-1]] = np.arange(len(lot))[::-1]
    return first


def _cones(instance: Instance, place: Columns, stand: Ints) -> list[int]:
    """Lots that may be ordered and can do no more than be ordered, run, leave and be sold."""
    places, bounds = instance.places, instance.bounds
    once = np.bincount(places.lot, minlength=len(stand)) == 1
    lots = np.flatnonzero((instance.lots.order_node >= 0) & once)
    at, most = stand[lots], instance.lots.order_max_eh[lots][:, None]
    (least_left, most_left), (least_sold, most_sold) = bounds.unplug_eh, bounds.sell_eh
    more = (
        ~places.home[at]
        | (bounds.plug_eh[1][at] > 0).any(axis=1)
        | (least_left[at] > 0).any(axis=1)
        | ((most_left[at] > 0) & (most_left[at] < most)).any(axis=1)
        | (bounds.order_eh[0][lots] > 0)
        | (least_sold[lots] > 0).any(axis=1)
        | ((most_sold[lots] > 0) & (most_sold[lots] < most)).any(axis=1)
        | ((place.sell[lots] != NO_COLUMN).any(axis=1) & ~places.exists[at]).any(axis=1)
    )
    found: list[int] = lots[~more].tolist()
    return found


@dataclass
class _Like:
    """Lots whose running earns and takes the same."""

    members: list[int]
    runs: dict[int, list[int]]
    site: int
    known: Ints
    """(N,) a column of what runs of any of them, of its last node none; `NO_COLUMN` where none does."""


def _alike(
    instance: Instance, entries: Entries, lots: list[int], place: Columns, stand: Ints
) -> list[tuple[list[int], dict[int, list[int]]]]:
    """The lots in sets whose running earns and takes the same at every node at which more than one of them runs, and
    the nodes at which each lot runs (not those at which it only is on its way). The last node of a lot may differ:
    what it is worth at the end depends on its age."""
    sets: list[_Like] = []
    for lot in lots:
        columns, site = place.installed[stand[lot]], int(instance.places.site[stand[lot]])
        nodes = np.flatnonzero(instance.places.exists[stand[lot]])
        nodes = nodes[entries.is_something[columns[nodes]]]
        alone = not len(nodes) or int(nodes[-1] - nodes[0]) != len(nodes) - 1
        first = nodes[:-1]
        for each in sets if not alone else ():
            if each.site != site or not each.runs[each.members[0]]:
                continue
            both = first[each.known[first] != NO_COLUMN]
            if entries.same(each.known[both], columns[both], ALIKE):
                each.members.append(lot)
                each.runs[lot] = nodes.tolist()
                more = first[each.known[first] == NO_COLUMN]
                each.known[more] = columns[more]
                break
        else:
            known: Ints = np.full(len(columns), NO_COLUMN, dtype=np.int64)
            known[first] = columns[first]
            sets.append(_Like([lot], {lot: [] if alone else nodes.tolist()}, site, known))
    return [(each.members, each.runs) for each in sets]


def _stocks(
    like: list[int], runs: dict[int, list[int]], place: Columns, stand: Ints, stocks: list[Stock]
) -> dict[int, int]:
    """Stocks of like lots, added to ``stocks``: node -> number."""
    columns: dict[int, int] = {}
    for few in (slice(0, -1), slice(-1, None)):
        for lot in like:
            installed = place.installed[stand[lot]].tolist()
            for n in runs[lot][few]:
                columns.setdefault(n, installed[n])
    at: dict[int, int] = {}
    for n in sorted(columns):
        at[n] = len(stocks)
        stocks.append(Stock(columns[n], at.get(n - 1)))
    return at


def _may_shrink(instance: Instance) -> bool:
    """Whether more cash earlier can do no harm, and nothing but cash and value is asked for."""
    harmless = (
        (instance.lines is None or not (instance.lines.sweep > 0).any())
        and instance.fences is None
        and instance.companies is None
        and instance.income_tax is None
        and instance.maximise == "value"
        and instance.measure_at_least is None
    )
    return harmless


def _add_lives(
    book: _Book,
    instance: Instance,
    lot: int,
    stand: int,
    place: Columns,
    runs: list[int],
    at: dict[int, int],
    stocks: list[Stock],
    endings: list[tuple[int, Moves]],
) -> None:
    """Every life of a lot: one that runs to the end, and those of ``endings``.

    ``runs`` are the nodes at which it is part of the stocks ``at``; none if it is no part of any.
    """
    nodes, installed = np.flatnonzero(instance.places.exists[stand]).tolist(), place.installed[stand].tolist()
    order = int(place.order[lot])
    for leaves, rest in [(nodes[-1] + 1, []), *endings]:
        if not runs:
            book.add(order, [*((installed[n], 1.0) for n in nodes if n < leaves), *rest])
        elif leaves <= runs[0]:
            book.add(order, rest)
        else:
            last = runs[-1]
            differs = [(installed[last], 1.0), (stocks[at[last]].column, -1.0)]
            rest = rest if leaves <= last else [*rest, *differs]
            book.add(order, rest, at[runs[0]], at.get(min(leaves, last + 1), NO_STOCK))


def _into_store(instance: Instance, lot: int, stand: int, place: Columns) -> list[tuple[int, Moves]]:
    """(the node at which it leaves, that it does): what is done with it later is decided in store."""
    leaves = instance.places.exists[stand] & (place.unplug[stand] != NO_COLUMN)
    return [(n, [(int(place.unplug[stand, n]), 1.0)]) for n in np.flatnonzero(leaves).tolist()]


def _endings(instance: Instance, lot: int, stand: int, place: Columns) -> list[tuple[int, Moves]]:
    """(the node at which it leaves, what is done with it from there on): all that may be best."""
    nodes = np.flatnonzero(instance.places.exists[stand]).tolist()
    sales, stores = _Sales.of(instance, lot, place), place.stored[lot].tolist()
    result: list[tuple[int, Moves]] = []
    for leaves, [left] in _into_store(instance, lot, stand, place):
        later = [n for n in nodes if n >= leaves]
        for sold in sales.best(later):
            stored = [(stores[n], 1.0) for n in later if sold is None or n < sold]
            sale = [(sales.columns[sold], 1.0)] if sold is not None else []
            result.append((leaves, [left, *stored, *sale]))
    return result


@dataclass(frozen=True)
class _Sales:
    """What sales of a lot bring, in the best tier, by node."""

    columns: list[int]
    """`NO_COLUMN` where it cannot be sold."""
    cash: list[float]
    value: list[float]
    growth: list[float]
    """Of cash, at least 1."""
    leaf: int
    left: float
    """What it is worth at the end if it was not sold."""

    @classmethod
    def of(cls, instance: Instance, lot: int, place: Columns) -> _Sales:
        trade, leaf = instance.trade, int(instance.tree.leaves[0])
        assert trade is not None
        factors = trade.tier_factor[trade.type_of_lot[lot]]
        tier = int(np.argmax(factors))
        cash = trade.sell_usd_m_per_eh[lot] * factors[tier]
        return cls(
            columns=place.sell[lot, tier].tolist(),
            cash=cash.tolist(),
            value=(cash * trade.instant_factor).tolist(),
            growth=np.maximum(instance.cash.growth, 1.0).tolist(),
            leaf=leaf,
            left=float(trade.end_value_usd_m_per_eh[lot, leaf]),
        )

    def best(self, later: list[int]) -> list[int | None]:
        """Nodes of the sales that no earlier one beats in value and in cash; None for never."""
        result: list[int | None] = []
        best_value, best_cash = -np.inf, -np.inf
        for n in later:
            best_cash *= self.growth[n]
            if self.columns[n] == NO_COLUMN:
                continue
            cash, value = self.cash[n], self.value[n]
            if value > best_value or cash > best_cash:
                result.append(n)
            best_value, best_cash = max(best_value, value), max(best_cash, cash)
        left = self.left if later and later[-1] == self.leaf else 0.0
        if left > best_value or not result:
            result.append(None)
        return result
