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
from optimizer.solve.bridge import FloatArray, StandardForm, make_form
from optimizer.solve.hedges import with_tight_hedges
from optimizer.solve.idle import without_idle
from optimizer.solve.lives import NO_STOCK, Lives, Stock, lives_of
from optimizer.solve.names import is_of, members_of, place_of
from optimizer.solve.stores import OWN_ROWS
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
    small, column = _with_lives(form, found) if found.gone.any() else (form, np.arange(form.column_count))
    more = small.column_count
    small, left = without_idle(with_tight_profits(small))
    at = np.full(more + 1, -1)
    at[left] = np.arange(len(left))
    small = replace(small, costs=np.where(np.abs(small.costs) < NOTHING, 0.0, small.costs))
    small, groups = _with_groups(instance, small)
    return Compact(small, np.where(column >= 0, at[column], -1), groups)


def _with_lives(form: StandardForm, found: Lives) -> tuple[StandardForm, np.ndarray]:
    """The form with lives in the place of lots, and (n,) where its columns stand in it, -1 where they are gone."""
    rows, kept = _rows_left(form, found.gone), np.flatnonzero(~found.gone)
    more, levels = len(found.order), len(found.stocks)
    edges = _matrix(found.amount, found.column, found.life, (form.column_count, more))
    stocks = np.array([stock.column for stock in found.stocks], dtype=np.intp)
    coupling = _coupling(form, found, rows)
    # A life sold takes no room in the market for used machines.
    shallow = scipy.sparse.diags_array(1.0 - is_of(form.row_names, "machines_depth")[rows])
    limited = _limited_by_bounds(form, np.unique(found.order))
    small = make_form(
        scipy.sparse.block_array(
            [
                [coupling[:, kept], shallow @ coupling @ edges, coupling[:, stocks]],
                [None, _life_ties(found), _stock_ties(found.stocks)],
                [None, _orders(limited, found.order), None],
            ],
            format="csc",
        ),
        np.concatenate([form.costs[kept], form.costs @ edges, form.costs[stocks]]),
        row_lower=np.concatenate([form.row_lower[rows], np.zeros(levels), np.full(len(limited), -np.inf)]),
        row_upper=np.concatenate([form.row_upper[rows], np.zeros(levels), form.column_upper[limited]]),
        column_lower=np.concatenate([form.column_lower[kept], np.zeros(more + levels)]),
        column_upper=np.concatenate([form.column_upper[kept], form.column_upper[found.order], np.full(levels, np.inf)]),
        integer=np.concatenate([form.integer[kept], np.zeros(more + levels, dtype=bool)]),
        offset=form.offset,
        maximise=form.maximise,
        column_names=[form.column_names[j] for j in kept.tolist()]
        + [f"life[{number}]" for number in range(more)]
        + [f"stock[{number}]" for number in range(levels)],
        row_names=[
            *(form.row_names[r] for r in rows.tolist()),
            *(f"stock_tie[{number}]" for number in range(levels)),
            *(f"order_most[{number}]" for number in range(len(limited))),
        ],
    )
    column = np.full(form.column_count, -1)
    column[kept] = np.arange(len(kept))
    return small, column


def _coupling(form: StandardForm, found: Lives, rows: npt.NDArray[np.intp]) -> scipy.sparse.csc_array:
    """(rows left, n): what columns are in each of them; what comes into the store of a lot comes into that in which it
    lies."""
    to = np.arange(form.row_count)
    other = {lot: at for lot, at in found.stored_at if lot != at}
    if other:
        stores = members_of(form.row_names, "machines_store")
        for (lot, node), r in stores.items():
            if lot in other:
                to[r] = stores[other[lot], node]
    place = np.full(form.row_count, -1)
    place[rows] = np.arange(len(rows))
    at = place[to[form.matrix.indices]]
    left = at >= 0
    ends = np.concatenate([[0], np.cumsum(left)])[form.matrix.indptr]
    coupling = scipy.sparse.csc_array((form.matrix.data[left], at[left], ends), shape=(len(rows), form.column_count))
    coupling.sum_duplicates()
    return coupling


def _limited_by_bounds(form: StandardForm, orders: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
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


def _orders(limited: npt.NDArray[np.intp], order: npt.NDArray[np.int64]) -> scipy.sparse.csc_array:
    """(orders limited, lives): 1 where a life is one of the order."""
    return scipy.sparse.csc_array(limited[:, None] == order[None, :], dtype=np.float64)


def _life_ties(found: Lives) -> scipy.sparse.csc_array:
    """(stocks, lives): a life comes into the stock where it begins, and is out of it from where it leaves on."""
    begins, ends = np.flatnonzero(found.begins != NO_STOCK), np.flatnonzero(found.ends != NO_STOCK)
    amounts = np.concatenate([np.full(len(begins), -1.0), np.ones(len(ends))])
    rows = np.concatenate([found.begins[begins], found.ends[ends]])
    return _matrix(amounts, rows, np.concatenate([begins, ends]), (len(found.stocks), len(found.order)))


def _stock_ties(stocks: tuple[Stock, ...]) -> scipy.sparse.csc_array:
    """(stocks, stocks): what stands now, less what stood before."""
    later = [(number, stock.before) for number, stock in enumerate(stocks) if stock.before is not None]
    rows = np.array([*range(len(stocks)), *(number for number, _ in later)], dtype=np.int64)
    columns = np.array([*range(len(stocks)), *(before for _, before in later)], dtype=np.int64)
    amounts = np.concatenate([np.ones(len(stocks)), np.full(len(later), -1.0)])
    return _matrix(amounts, rows, columns, (len(stocks), len(stocks)))


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


def _rows_left(form: StandardForm, lost: np.ndarray) -> npt.NDArray[np.intp]:
    """Rows other than those that only say how a lot that is gone is kept."""
    something, column = form.matrix.data != 0, np.repeat(np.arange(form.column_count), np.diff(form.matrix.indptr))
    inside = np.bincount(form.matrix.indices[something & lost[column]], minlength=form.row_count)
    every = np.bincount(form.matrix.indices[something], minlength=form.row_count)
    return np.flatnonzero(~((inside > 0) & (every == inside) & is_of(form.row_names, *OWN_ROWS)))


def _matrix(
    amounts: FloatArray, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], shape: tuple[int, int]
) -> scipy.sparse.csc_array:
    return scipy.sparse.csc_array((amounts, (rows, columns)), shape=shape)
