"""A smaller program with the same whole numbers, whose best value is at least that of the model: for bounds and search.

Nine in ten columns of a model belong to lots of machines that the plan may order: for each node how many stand, leave,
lie in store and are sold. Where such a lot can only be ordered, run, leave and be sold, it is a cone, and its edges are
*lives*: ordered, running until a node, sold at a node. Here the lives are the columns and all rows of the lot are gone.
Two things are left out, so that few lives remain:

* what is sold of such lots takes no room in the market for used machines (the row on its depth only holds for lots
  that are there anyway), and so only the best tier is used;
* a machine is not kept in store to be sold later for less, which is never better where cash does no harm.

Rows are added that leave the plans as they are: for each set of choices of which one may be taken (the dates of an
offer) a whole column ``signed`` that says whether one is. A search that splits such a set in two by date comes much
further than one that forbids one date after the other.

Plans are never read from this form: whole numbers found with it are priced in the model itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from models.instance import Instance
from optimizer.solve.bridge import StandardForm, make_form

Life = list[tuple[int, float]]
"""Columns of the model and by how much each moves when one EH/s more lives that life."""


@dataclass(frozen=True, eq=False)
class Compact:
    """``form`` is the smaller program; ``column`` (n,) says at which of its columns a column of the model stands, -1
    where it is gone. Whole columns are never gone."""

    form: StandardForm
    column: np.ndarray
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Group:
    """Choices of which at most one is taken, by date. Columns of the smaller program."""

    choices: tuple[int, ...]
    signed: int
    """The column that is 1 where one is taken."""
    sizes: tuple[int, ...]
    """Whole columns that say how much is taken by all choices together: halls of an offer."""
    amounts: tuple[int, ...]
    """For each choice the column of its halls or megawatts."""


def compact(instance: Instance, form: StandardForm) -> Compact:
    """The smaller program of a model compiled from ``instance``; the model itself where nothing can be left out."""
    place = {name: j for j, name in enumerate(form.column_names)}
    lives: list[Life] = []
    gone: set[int] = set()
    if _may_shrink(instance):
        for lot in np.flatnonzero(instance.lots.order_node >= 0).tolist():
            own = _columns_of(instance, lot, place)
            if own is not None:
                gone.update(own)
                lives += _lives(instance, lot, place)
    lost = np.zeros(form.column_count, dtype=bool)
    lost[sorted(gone)] = True
    rows = _rows_left(form, lost)
    kept = np.flatnonzero(~lost)
    edges = _matrix(lives, form.column_count)
    coupling = form.matrix[rows, :]
    # A life sold takes no room in the market for used machines.
    deep = np.array([form.row_names[r].startswith("machines_depth[") for r in rows])
    columns = (coupling @ edges).tolil()
    columns[np.flatnonzero(deep), :] = 0.0
    order = np.array([life[0][0] for life in lives], dtype=np.intp)
    small = make_form(
        scipy.sparse.hstack([coupling[:, kept], scipy.sparse.csc_array(columns)]),
        np.concatenate([form.costs[kept], form.costs @ edges]),
        row_lower=form.row_lower[rows],
        row_upper=form.row_upper[rows],
        column_lower=np.concatenate([form.column_lower[kept], np.zeros(len(lives))]),
        column_upper=np.concatenate([form.column_upper[kept], form.column_upper[order]]),
        integer=np.concatenate([form.integer[kept], np.zeros(len(lives), dtype=bool)]),
        offset=form.offset,
        maximise=form.maximise,
        column_names=[form.column_names[j] for j in kept] + [f"life[{number}]" for number in range(len(lives))],
        row_names=[form.row_names[r] for r in rows],
    )
    column = np.full(form.column_count, -1)
    column[kept] = np.arange(len(kept))
    small, groups = _with_groups(instance, small)
    return Compact(small, column, groups)


def _with_groups(instance: Instance, form: StandardForm) -> tuple[StandardForm, tuple[Group, ...]]:
    """The form with a column ``signed`` for every set of choices, and these sets."""
    place = {name: j for j, name in enumerate(form.column_names)}
    sets = _choices(instance, place)
    if len(instance.tree.leaves) != 1 or not sets:
        return form, ()
    more, size = len(sets), form.column_count
    rows = [r for r, (choices, _, _) in enumerate(sets) for _ in choices] + list(range(more))
    columns = [j for choices, _, _ in sets for j in choices] + list(range(size, size + more))
    entries = [1.0] * (len(rows) - more) + [-1.0] * more
    ties = scipy.sparse.csc_array((entries, (rows, columns)), shape=(more, size + more))
    wide = scipy.sparse.hstack([form.matrix, scipy.sparse.csc_array((form.row_count, more))])
    zeros, ones = np.zeros(more), np.ones(more)
    larger = make_form(
        scipy.sparse.vstack([wide, ties]),
        np.append(form.costs, zeros),
        row_lower=np.append(form.row_lower, zeros),
        row_upper=np.append(form.row_upper, zeros),
        column_lower=np.append(form.column_lower, zeros),
        column_upper=np.append(form.column_upper, ones),
        integer=np.append(form.integer, ones > 0),
        offset=form.offset,
        maximise=form.maximise,
        column_names=[*form.column_names, *(f"signed[{g}]" for g in range(more))],
        row_names=[*form.row_names, *(f"signed_tie[{g}]" for g in range(more))],
    )
    groups = [Group(choices, size + g, sizes, amounts) for g, (choices, sizes, amounts) in enumerate(sets)]
    return larger, tuple(groups)


Choices = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


def _choices(instance: Instance, place: dict[str, int]) -> list[Choices]:
    """(choices, sizes, amounts) of every offer of halls and of power; an offer's choices exclude each other."""
    hosting, operations = instance.hosting, instance.operations
    leaf = int(instance.tree.leaves[0])
    result: list[Choices] = []
    exclusive = [set(group) for group in instance.exclusive]
    for offer in np.unique(hosting.offer).tolist():
        own = sorted(np.flatnonzero(hosting.offer == offer).tolist(), key=lambda o: (hosting.node[o], o))
        if len(own) < 2 or not any(set(own) <= group for group in exclusive):
            continue
        size = place.get(f"hall_count[{offer},{leaf}]")
        halls = tuple(place[f"halls[{o}]"] for o in own)
        result.append((tuple(place[f"sign[{o}]"] for o in own), () if size is None else (size,), halls))
    if operations is not None and len(operations.signing):
        for offer in np.unique(operations.signing_offer).tolist():
            mine = np.flatnonzero(operations.signing_offer == offer).tolist()
            mine.sort(key=lambda q: (operations.signing_node[q], q))
            if len(mine) > 1:
                levers = tuple(place[f"lever[{int(operations.signing[q])}]"] for q in mine)
                result.append((tuple(place[f"sign_contract[{q}]"] for q in mine), (), levers))
    return result


def _may_shrink(instance: Instance) -> bool:
    """Whether more cash earlier can do no harm, nothing but cash and value is asked for, and time is a single path."""
    harmless = (
        instance.lines is None
        and instance.fences is None
        and instance.companies is None
        and instance.income_tax is None
        and instance.maximise == "value"
        and instance.measure_at_least is None
    )
    return harmless and instance.trade is not None and len(instance.tree.leaves) == 1


def _columns_of(instance: Instance, lot: int, place: dict[str, int]) -> set[int] | None:
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
    if any(f"sell[{lot},{k},{n}]" in place for k in tiers for n in absent):
        return None
    names = [f"order[{lot}]"]
    for n in range(size):
        names += [f"installed[{stands[0]},{n}]", f"unplug[{stands[0]},{n}]", f"stored[{lot},{n}]"]
        names += [f"sell[{lot},{k},{n}]" for k in tiers]
    return {place[name] for name in names if name in place}


def _lives(instance: Instance, lot: int, place: dict[str, int]) -> list[Life]:
    """Every life of a lot that may be best: until when it runs, and when it is sold, if at all."""
    stand = int(np.flatnonzero(instance.places.lot == lot)[0])
    nodes = np.flatnonzero(instance.places.exists[stand]).tolist()
    order = place[f"order[{lot}]"]
    result: list[Life] = [[(order, 1.0)] + [(place[f"installed[{stand},{n}]"], 1.0) for n in nodes]]
    for leaves in nodes:
        if f"unplug[{stand},{leaves}]" not in place:
            continue
        ran = [(order, 1.0), (place[f"unplug[{stand},{leaves}]"], 1.0)]
        ran += [(place[f"installed[{stand},{n}]"], 1.0) for n in nodes if n < leaves]
        later = [n for n in nodes if n >= leaves]
        for sold, tier in _sales(instance, lot, later, place):
            stored = [(place[f"stored[{lot},{n}]"], 1.0) for n in later if sold is None or n < sold]
            sale = [(place[f"sell[{lot},{tier},{sold}]"], 1.0)] if sold is not None else []
            result.append(ran + stored + sale)
    return result


def _sales(instance: Instance, lot: int, later: list[int], place: dict[str, int]) -> list[tuple[int | None, int]]:
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
        if f"sell[{lot},{tier},{n}]" not in place:
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


def _rows_left(form: StandardForm, lost: np.ndarray) -> np.ndarray:
    """Rows other than those that only say how a lot that is gone is kept."""
    entries = (form.matrix != 0).astype(np.int64)
    inside = np.asarray(entries[:, np.flatnonzero(lost)].sum(axis=1)).ravel()
    outside = np.asarray(entries.sum(axis=1)).ravel() - inside
    own = np.array([name.partition("[")[0] in ("machines_balance", "machines_store") for name in form.row_names])
    return np.flatnonzero(~((inside > 0) & (outside == 0) & own))


def _matrix(lives: list[Life], size: int) -> scipy.sparse.csc_array:
    rows = [j for life in lives for j, _ in life]
    amounts = [amount for life in lives for _, amount in life]
    columns = [number for number, life in enumerate(lives) for _ in life]
    return scipy.sparse.csc_array((amounts, (rows, columns)), shape=(size, len(lives)))
