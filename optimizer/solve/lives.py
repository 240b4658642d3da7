"""Lots of machines that may be ordered, as *lives*: ordered, running until a node, sold at a node.

Where such a lot can only be ordered, run, leave and be sold, it is a cone, and its edges are lives. What runs of like
lots (one site, the same earnings) is one *stock* by node: what stood before, what begins, less what leaves. So a life
touches its beginning, its end and its money, and not every node in between.

Where more cash earlier might do harm (there is tax on what is sold, say), lives end in store, and it stays open when
they are sold: nothing is left out then. Lots that are sold alike, at other sites, share one store.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.instance import Instance
from optimizer.solve.bridge import StandardForm
from optimizer.solve.stores import Columns, Entries, Running, of_store, shared_stores

Moves = list[tuple[int, float]]
"""Columns of the model and by how much each moves when one EH/s more lives a life."""

ALIKE = 1e-11
"""Relative: earnings that differ by less are the same."""


@dataclass(frozen=True)
class Life:
    """``columns`` begin with the order. ``begins`` and ``ends``: the stocks from which on it stands, and stands
    no more; None where what runs is in ``columns`` itself, or it stands until the stocks end."""

    columns: Moves
    begins: int | None = None
    ends: int | None = None


@dataclass(frozen=True)
class Stock:
    """What runs of like lots at a node. ``column``: that of the model which says what 1 EH/s of it does there."""

    column: int
    before: int | None
    """The stock of the node before."""


@dataclass(frozen=True)
class Lives:
    """``gone`` are the columns of the model in whose place they stand."""

    lives: tuple[Life, ...]
    stocks: tuple[Stock, ...]
    gone: frozenset[int]
    stored_at: tuple[tuple[int, int], ...] = ()
    """(lot, the like lot in whose store it lies)."""


def lives_of(instance: Instance, form: StandardForm) -> Lives:
    """All lives of all lots that are cones; none where they may not stand in the place of lots."""
    if len(instance.tree.leaves) != 1 or instance.trade is None:
        return Lives((), (), frozenset())
    place = Columns.of(form)
    columns = {lot: _columns_of(instance, lot, place) for lot in np.flatnonzero(instance.lots.order_node >= 0).tolist()}
    lots = [lot for lot, own in columns.items() if own is not None]
    entries = Entries(form)
    stores = {} if _may_shrink(instance) else shared_stores(instance, entries, lots, place)
    gone = {j for lot in lots for j in _gone(instance, lot, columns[lot] or set(), place, stores)}
    lives: list[Life] = []
    stocks: list[Stock] = []
    for like, runs in _alike(instance, entries, lots, place):
        at = _stocks(like, runs, place, {lot: _stand(instance, lot) for lot in like}, stocks) if len(like) > 1 else {}
        for lot in like:
            endings = _into_store(instance, lot, place) if stores else _endings(instance, lot, place)
            lives += _lives(instance, lot, place, runs[lot] if at else [], at, stocks, endings)
    return Lives(tuple(lives), tuple(stocks), frozenset(gone), tuple(stores.items()))


def _gone(instance: Instance, lot: int, own: set[int], place: Columns, stores: Mapping[int, int]) -> set[int]:
    """Those of the columns of a lot that lives stand for: all, or all but those of its store, where like lots lie."""
    return own - set(of_store(instance, lot, place).values()) if stores.get(lot) == lot else own


def _alike(
    instance: Instance, entries: Entries, lots: list[int], place: Columns
) -> list[tuple[list[int], dict[int, list[int]]]]:
    """The lots in sets whose running earns and takes the same at every node at which more than one of them runs, and
    the nodes at which each lot runs (not those at which it only is on its way). The last node of a lot may differ:
    what it is worth at the end depends on its age."""
    sets: list[tuple[list[int], dict[int, list[int]], dict[int, Running]]] = []
    for lot in lots:
        own = {n: entries.of(j) for n, j in _installed(instance, lot, place)}
        own = {n: running for n, running in own.items() if running[1].any()}
        nodes = sorted(own)
        alone = not nodes or nodes[-1] - nodes[0] != len(nodes) - 1
        for members, runs, known in sets:
            like = all(_equal(known[n], own[n]) for n in nodes[:-1] if n in known)
            if like and not alone and all(runs.values()) and _same_site(instance, members[0], lot):
                members.append(lot)
                runs[lot] = nodes
                known.update({n: own[n] for n in nodes[:-1] if n not in known})
                break
        else:
            sets.append(([lot], {lot: [] if alone else nodes}, {n: own[n] for n in nodes[:-1]}))
    return [(members, runs) for members, runs, _ in sets]


def _stand(instance: Instance, lot: int) -> int:
    return int(np.flatnonzero(instance.places.lot == lot)[0])


def _installed(instance: Instance, lot: int, place: Columns) -> list[tuple[int, int]]:
    """(node, column) of what stands of a lot."""
    stand = _stand(instance, lot)
    return [(n, place.installed[stand, n]) for n in np.flatnonzero(instance.places.exists[stand]).tolist()]


def _same_site(instance: Instance, first: int, second: int) -> bool:
    site = instance.places.site
    return bool(site[_stand(instance, first)] == site[_stand(instance, second)])


def _equal(first: Running, second: Running) -> bool:
    if first[0].shape != second[0].shape or not (first[0] == second[0]).all():
        return False
    return bool((np.abs(first[1] - second[1]) <= ALIKE * (1 + np.abs(second[1]))).all())


def _stocks(
    like: list[int], runs: dict[int, list[int]], place: Columns, stands: dict[int, int], stocks: list[Stock]
) -> dict[int, int]:
    """Stocks of like lots, added to ``stocks``: node -> number."""
    columns: dict[int, int] = {}
    for few in (slice(0, -1), slice(-1, None)):
        for lot in like:
            for n in runs[lot][few]:
                columns.setdefault(n, place.installed[stands[lot], n])
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


def _columns_of(instance: Instance, lot: int, place: Columns) -> set[int] | None:
    """All columns of a lot; None if it can do more than be ordered, run, leave and be sold."""
    places, bounds, size = instance.places, instance.bounds, len(instance.tree)
    stands = np.flatnonzero(places.lot == lot).tolist()
    most = float(instance.lots.order_max_eh[lot])
    if len(stands) != 1 or not places.home[stands[0]] or (bounds.plug_eh[1][stands[0]] > 0).any():
        return None
    lower, upper = bounds.unplug_eh[0][stands[0]], bounds.unplug_eh[1][stands[0]]
    if (lower > 0).any() or (upper[upper > 0] < most).any() or bounds.order_eh[0][lot] > 0:
        return None
    if (bounds.sell_eh[0][lot] > 0).any() or (bounds.sell_eh[1][lot][bounds.sell_eh[1][lot] > 0] < most).any():
        return None
    tiers = range(instance.trade.tier_factor.shape[1]) if instance.trade is not None else range(0)
    absent = np.flatnonzero(~places.exists[stands[0]]).tolist()
    if any((lot, k, n) in place.sell for k in tiers for n in absent):
        return None
    own = {place.order[(lot,)], *of_store(instance, lot, place).values()}
    for each in (place.installed, place.unplug):
        own |= {each[stands[0], n] for n in range(size) if (stands[0], n) in each}
    return own


def _lives(
    instance: Instance,
    lot: int,
    place: Columns,
    runs: list[int],
    at: dict[int, int],
    stocks: list[Stock],
    endings: list[tuple[int, Moves]],
) -> list[Life]:
    """Every life of a lot: one that runs to the end, and those of ``endings``.

    ``runs`` are the nodes at which it is part of the stocks ``at``; none if it is no part of any.
    """
    stand, installed = _stand(instance, lot), _installed(instance, lot, place)
    nodes = [n for n, _ in installed]
    order = (place.order[(lot,)], 1.0)
    result = []
    for leaves, rest in [(nodes[-1] + 1, []), *endings]:
        if not runs:
            own = [(j, 1.0) for n, j in installed if n < leaves]
            result.append(Life([order, *own, *rest]))
        elif leaves <= runs[0]:
            result.append(Life([order, *rest]))
        else:
            last = runs[-1]
            differs = [(place.installed[stand, last], 1.0), (stocks[at[last]].column, -1.0)]
            rest = rest if leaves <= last else [*rest, *differs]
            result.append(Life([order, *rest], at[runs[0]], at.get(min(leaves, last + 1))))
    return result


def _into_store(instance: Instance, lot: int, place: Columns) -> list[tuple[int, Moves]]:
    """(the node at which it leaves, that it does): what is done with it later is decided in store."""
    stand = _stand(instance, lot)
    nodes = np.flatnonzero(instance.places.exists[stand]).tolist()
    return [(n, [(place.unplug[stand, n], 1.0)]) for n in nodes if (stand, n) in place.unplug]


def _endings(instance: Instance, lot: int, place: Columns) -> list[tuple[int, Moves]]:
    """(the node at which it leaves, what is done with it from there on): all that may be best."""
    nodes = [n for n, _ in _installed(instance, lot, place)]
    result: list[tuple[int, Moves]] = []
    for leaves, [left] in _into_store(instance, lot, place):
        later = [n for n in nodes if n >= leaves]
        for sold, tier in _sales(instance, lot, later, place):
            stored = [(place.stored[lot, n], 1.0) for n in later if sold is None or n < sold]
            sale = [(place.sell[lot, tier, sold], 1.0)] if sold is not None else []
            result.append((leaves, [left, *stored, *sale]))
    return result


def _sales(instance: Instance, lot: int, later: list[int], place: Columns) -> list[tuple[int | None, int]]:
    """(node, tier) of the sales that no earlier one beats in value and in cash; (None, 0) for never."""
    trade = instance.trade
    assert trade is not None
    factors = trade.tier_factor[trade.type_of_lot[lot]]
    tier = int(np.argmax(factors))
    growth = np.maximum(instance.cash.growth, 1.0)
    result: list[tuple[int | None, int]] = []
    best_value, best_cash = -np.inf, -np.inf
    for n in later:
        best_cash *= float(growth[n])
        if (lot, tier, n) not in place.sell:
            continue
        cash = float(trade.sell_usd_m_per_eh[lot, n] * factors[tier])
        value = cash * float(trade.instant_factor[n])
        if value > best_value or cash > best_cash:
            result.append((n, tier))
        best_value, best_cash = max(best_value, value), max(best_cash, cash)
    leaf = int(instance.tree.leaves[0])
    left = float(trade.end_value_usd_m_per_eh[lot, leaf]) if later and later[-1] == leaf else 0.0
    if left > best_value or not result:
        result.append((None, 0))
    return result
