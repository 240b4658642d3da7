"""A smaller program with the same whole numbers, whose best value is at least that of the model: for bounds and search.

Nine in ten columns of a model belong to lots of machines that the plan may order: for each node how many stand, leave,
lie in store and are sold. Where such a lot can only be ordered, run, leave and be sold, *lives* are the columns
(``lives``), and all rows of the lot are gone. Two things are left out, so that few lives remain:

* what is sold of such lots takes no room in the market for used machines (the row on its depth only holds for lots
  that are there anyway), and so only the best tier is used;
* a machine is not kept in store to be sold later for less, which is never better where cash does no harm.

Columns and rows that say nothing go (``idle``), constants become as small as they may be (``tighten``, ``hedges``).

Rows are added that leave the plans as they are: for each set of choices of which one may be taken (the dates of an
offer) a whole column ``signed`` that says whether one is. A search that splits such a set in two by date comes much
further than one that forbids one date after the other.

Plans are never read from this form: whole numbers found with it are priced in the model itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy.sparse

from models.instance import Instance
from optimizer.solve.bridge import StandardForm, make_form
from optimizer.solve.hedges import with_tight_hedges
from optimizer.solve.idle import without_idle
from optimizer.solve.lives import Lives, Moves, Stock, lives_of
from optimizer.solve.names import is_of, members_of, place_of
from optimizer.solve.tighten import with_tight_profits

NOTHING = 1e-13
"""A cost that is less is what rounding left of a sum; simplex methods take it for one, and may go round in circles."""


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
    least: int = 0
    """How much is taken at least where one is taken, in the columns ``sizes``."""


def compact(instance: Instance, form: StandardForm) -> Compact:
    """The smaller program of a model compiled from ``instance``; the model itself where nothing can be left out."""
    form = with_tight_hedges(instance, form)
    found = lives_of(instance, form)
    small, column = _with_lives(form, found) if found.gone else (form, np.arange(form.column_count))
    more = small.column_count
    small, left = without_idle(with_tight_profits(small))
    at = np.full(more + 1, -1)
    at[left] = np.arange(len(left))
    small = replace(small, costs=np.where(np.abs(small.costs) < NOTHING, 0.0, small.costs))
    small, groups = _with_groups(instance, small)
    return Compact(small, np.where(column >= 0, at[column], -1), groups)


def _with_lives(form: StandardForm, found: Lives) -> tuple[StandardForm, np.ndarray]:
    """The form with lives in the place of lots, and (n,) where its columns stand in it, -1 where they are gone."""
    lost = np.zeros(form.column_count, dtype=bool)
    lost[sorted(found.gone)] = True
    rows = _rows_left(form, lost)
    kept = np.flatnonzero(~lost)
    edges = _matrix([life.columns for life in found.lives], form.column_count)
    stocks = np.array([stock.column for stock in found.stocks], dtype=np.intp)
    coupling = scipy.sparse.csc_array(_shared_stores(form, found) @ form.matrix)[rows, :]
    # A life sold takes no room in the market for used machines.
    shallow = scipy.sparse.diags_array(1.0 - is_of(form.row_names, "machines_depth")[rows])
    columns = shallow @ coupling @ edges
    ties = scipy.sparse.hstack(
        [scipy.sparse.csc_array((len(stocks), len(kept))), _life_ties(found), _stock_ties(found.stocks)]
    )
    order = np.array([life.columns[0][0] for life in found.lives], dtype=np.intp)
    more, levels = len(found.lives), len(stocks)
    limited = _limited_by_bounds(form, np.unique(order))
    ordered = scipy.sparse.csc_array(limited[:, None] == order[None, :], dtype=np.float64)
    nothing = scipy.sparse.csc_array((len(limited), len(kept)))
    small = make_form(
        scipy.sparse.vstack(
            [
                scipy.sparse.hstack([coupling[:, kept], scipy.sparse.csc_array(columns), coupling[:, stocks]]),
                ties,
                scipy.sparse.hstack([nothing, ordered, scipy.sparse.csc_array((len(limited), levels))]),
            ]
        ),
        np.concatenate([form.costs[kept], form.costs @ edges, form.costs[stocks]]),
        row_lower=np.concatenate([form.row_lower[rows], np.zeros(levels), np.full(len(limited), -np.inf)]),
        row_upper=np.concatenate([form.row_upper[rows], np.zeros(levels), form.column_upper[limited]]),
        column_lower=np.concatenate([form.column_lower[kept], np.zeros(more + levels)]),
        column_upper=np.concatenate([form.column_upper[kept], form.column_upper[order], np.full(levels, np.inf)]),
        integer=np.concatenate([form.integer[kept], np.zeros(more + levels, dtype=bool)]),
        offset=form.offset,
        maximise=form.maximise,
        column_names=[form.column_names[j] for j in kept]
        + [f"life[{number}]" for number in range(more)]
        + [f"stock[{number}]" for number in range(levels)],
        row_names=[
            *(form.row_names[r] for r in rows),
            *(f"stock_tie[{number}]" for number in range(levels)),
            *(f"order_most[{number}]" for number in range(len(limited))),
        ],
    )
    column = np.full(form.column_count, -1)
    column[kept] = np.arange(len(kept))
    return small, column


def _shared_stores(form: StandardForm, found: Lives) -> scipy.sparse.csc_array:
    """(rows, rows): each row as it is, but what comes into the store of a lot comes into that in which it lies."""
    rows, to = members_of(form.row_names, "machines_store"), np.arange(form.row_count)
    other = {lot: at for lot, at in found.stored_at if lot != at}
    for (lot, node), r in rows.items():
        if lot in other:
            to[r] = rows[other[lot], node]
    return scipy.sparse.csc_array((np.ones(len(to)), (to, np.arange(len(to)))), shape=(len(to), len(to)))


def _limited_by_bounds(form: StandardForm, orders: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Those of the columns of orders whose upper bound says more than the row on what can be had: all lives of a lot
    together are at most that."""
    limited = []
    for j in orders.tolist():
        entries = slice(form.matrix.indptr[j], form.matrix.indptr[j + 1])
        had = [
            form.row_upper[r] / amount
            for r, amount in zip(form.matrix.indices[entries].tolist(), form.matrix.data[entries].tolist(), strict=True)
            if form.row_names[r].startswith("machines_supply[") and amount > 0
        ]
        if form.column_upper[j] < min(had, default=np.inf) * (1 - 1e-12):
            limited.append(j)
    return np.array(limited, dtype=np.intp)


def _life_ties(found: Lives) -> scipy.sparse.csc_array:
    """(stocks, lives): a life comes into the stock where it begins, and is out of it from where it leaves on."""
    begins = [(life.begins, i, -1.0) for i, life in enumerate(found.lives) if life.begins is not None]
    ends = [(life.ends, i, 1.0) for i, life in enumerate(found.lives) if life.ends is not None]
    rows, columns, amounts = zip(*begins, *ends, strict=True) if begins else ((), (), ())
    return scipy.sparse.csc_array((amounts, (rows, columns)), shape=(len(found.stocks), len(found.lives)))


def _stock_ties(stocks: tuple[Stock, ...]) -> scipy.sparse.csc_array:
    """(stocks, stocks): what stands now, less what stood before."""
    ties = scipy.sparse.lil_array((len(stocks), len(stocks)))
    for number, stock in enumerate(stocks):
        ties[number, number] = 1.0
        if stock.before is not None:
            ties[number, stock.before] = -1.0
    return scipy.sparse.csc_array(ties)


def _with_groups(instance: Instance, form: StandardForm) -> tuple[StandardForm, tuple[Group, ...]]:
    """The form with a column ``signed`` for every set of choices, and these sets."""
    place = place_of(form.column_names)
    sets = _choices(instance, place)
    if len(instance.tree.leaves) != 1 or not sets:
        return form, ()
    more, size = len(sets), form.column_count
    rows = [r for r, (choices, *_) in enumerate(sets) for _ in choices] + list(range(more))
    columns = [j for choices, *_ in sets for j in choices] + list(range(size, size + more))
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
    groups = [Group(choices, size + g, sizes, most, least) for g, (choices, sizes, most, least) in enumerate(sets)]
    return larger, tuple(groups)


Choices = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], int]


def _choices(instance: Instance, place: Mapping[str, int]) -> list[Choices]:
    """(choices, sizes, amounts, least) of every offer of halls and of power; an offer's choices exclude each other."""
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
        least = int(hosting.halls_min[own].min())
        result.append((tuple(place[f"sign[{o}]"] for o in own), () if size is None else (size,), halls, least))
    if operations is not None and len(operations.signing):
        for offer in np.unique(operations.signing_offer).tolist():
            mine = np.flatnonzero(operations.signing_offer == offer).tolist()
            mine.sort(key=lambda q: (operations.signing_node[q], q))
            if len(mine) > 1:
                levers = tuple(place[f"lever[{int(operations.signing[q])}]"] for q in mine)
                result.append((tuple(place[f"sign_contract[{q}]"] for q in mine), (), levers, 0))
    return result


def _rows_left(form: StandardForm, lost: np.ndarray) -> np.ndarray:
    """Rows other than those that only say how a lot that is gone is kept."""
    entries = (form.matrix != 0).astype(np.int64)
    inside = np.asarray(entries[:, np.flatnonzero(lost)].sum(axis=1)).ravel()
    outside = np.asarray(entries.sum(axis=1)).ravel() - inside
    own = np.array([name.partition("[")[0] in ("machines_balance", "machines_store") for name in form.row_names])
    return np.flatnonzero(~((inside > 0) & (outside == 0) & own))


def _matrix(lives: list[Moves], size: int) -> scipy.sparse.csc_array:
    rows = [j for life in lives for j, _ in life]
    amounts = [amount for life in lives for _, amount in life]
    columns = [number for number, life in enumerate(lives) for _ in life]
    return scipy.sparse.csc_array((amounts, (rows, columns)), shape=(size, len(lives)))
