"""Programs in which sites that are alike stand as one: half the columns, the same linear program, bounds that hold.

Columns that cannot be told apart (`symmetry`) become one column, their sum, and their rows one row. Every plan of the
compact program is a plan of the folded one, at the same value, so that its bounds hold; not the other way round: what
two sites have is pooled. Sums of whole columns stay whole, so there is a tree of them: for the dates of an offer at
``k`` sites, whole columns say how many of them are signed up to each date, and a split is a bound of one column.

There are two such programs. In the first all is folded. In the second halls and buildings stand site by site, and only
machines and contracts are folded: it is half as large again, and its plans are nearly those of the compact program.
What the machines of all sites take is split by site there by a column for each row on megawatts (``used``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse

from optimizer.solve.branching import CONTRACT
from optimizer.solve.bridge import BoolArray, FloatArray, make_form
from optimizer.solve.compact import Compact, Group
from optimizer.solve.names import is_of
from optimizer.solve.symmetry import Places, colours

MONEY = ("issue", "draw")
"""Columns whose costs depend on what a share is worth; never folded."""

SMALLER = 0.75
"""A folded program has at most so many of the columns: less is not worth the trouble."""


@dataclass(frozen=True)
class Alike:
    """Offers at sites that are alike, by the columns of a folded program."""

    groups: tuple[int, ...]
    """Which of the compact program's."""
    choices: tuple[int, ...]
    """For each date how many are signed at it; empty where each site stands for itself."""
    until: tuple[int, ...]
    """For each date how many are signed up to it."""
    total: int
    """What is taken at all sites, in halls; -1 where nobody counts."""
    amounts: tuple[int, ...]
    least: int
    """How much is taken at least by one that is signed."""


@dataclass(frozen=True, eq=False)
class Fold:
    """``program`` is folded from another one of n columns: ``column`` (n,) says in which column each of them is,
    ``count`` how many are in the same, and ``first`` (k,) one of each of the first k columns. The others are sums of
    them: ``sums`` (columns, n) gives all of them, but for what is no sum, 0."""

    program: Compact
    column: Places
    count: Places
    first: Places
    sums: scipy.sparse.csr_array
    alike: tuple[Alike, ...]

    def costs(self, costs: FloatArray) -> FloatArray:
        """(columns,) from those of the program that was folded (n,)."""
        return np.append(costs[self.first], np.zeros(self.program.form.column_count - len(self.first)))

    def whole(self, values: FloatArray) -> FloatArray:
        """(whole columns,) of the folded program from all columns (n,) of the other, of which whole ones are used."""
        return np.asarray(self.sums @ values)[self.program.form.integer]


def folds(program: Compact) -> tuple[Fold, Fold] | None:
    """The two folded programs; None where no sites are alike, or little is won by it."""
    form = program.form
    found = colours(form, is_of(form.column_names, *MONEY), SMALLER * form.column_count)
    if found is None:
        return None
    column, row = found
    same = _same_groups(program, column)
    if not same:
        return None
    all_of_it = _folded(program, column, row, same, np.zeros(form.column_count, dtype=np.bool_))
    by_site = _folded(program, column, row, same, _by_site(program))
    return (all_of_it, by_site) if all_of_it is not None and by_site is not None else None


def _same_groups(program: Compact, column: Places) -> list[tuple[int, ...]]:
    """Groups whose choices cannot be told apart, date by date; none where anything else is folded with them."""
    found: dict[tuple[int, ...], list[int]] = {}
    for g, group in enumerate(program.groups):
        found.setdefault(tuple(column[list(group.choices)].tolist()), []).append(g)
    count = np.bincount(column)
    right = all((count[list(key)] == len(same)).all() and len(set(key)) == len(key) for key, same in found.items())
    return [tuple(same) for same in found.values()] if right and len(found) < len(program.groups) else []


def _by_site(program: Compact) -> BoolArray:
    """(n,) what stands site by site: offers, and whole columns other than whether a contract is signed."""
    form = program.form
    apart = form.integer & ~is_of(form.column_names, CONTRACT)
    for group in program.groups:
        apart[[*group.choices, *group.sizes, *group.amounts, group.signed]] = True
    return apart


def _folded(
    program: Compact, column: Places, row: Places, same: Sequence[tuple[int, ...]], apart: BoolArray
) -> Fold | None:
    """The program with what is not ``apart`` (n,) folded by the colours of columns and rows; None where these are not
    what they should be."""
    form, by_site = program.form, bool(apart.any())
    column = _own(column, apart)
    folded_in_row = np.asarray((form.matrix != 0).astype(np.int64)[:, np.flatnonzero(~apart)].sum(axis=1)).ravel()
    row = _own(row, folded_in_row == 0)
    first, first_row = np.unique(column, return_index=True)[1], np.unique(row, return_index=True)[1]
    count, rows = np.bincount(column), np.bincount(row)
    by_row = scipy.sparse.csr_array((np.ones(len(row)), (row, np.arange(len(row)))), shape=(len(rows), len(row)))
    summed = scipy.sparse.csc_array(by_row @ form.matrix)
    if (summed != summed[:, first[column]]).nnz:
        return None
    more = _More(program, column, len(first))
    split = more.split_by_site(row, scipy.sparse.csr_array(summed), apart) if by_site else []
    alike = tuple(more.count(same_groups, by_site=by_site) for same_groups in same)
    kept = np.setdiff1d(np.arange(len(rows)), split)
    ties, width = more.matrix(), more.width
    wide = scipy.sparse.csc_array((len(kept), width - len(first)))
    larger = make_form(
        scipy.sparse.vstack([scipy.sparse.hstack([summed[:, first].tocsr()[kept], wide]), ties]),
        np.append(form.costs[first], np.zeros(width - len(first))),
        row_lower=np.append((form.row_lower[first_row] * rows)[kept], [one.lower for one in more.rows]),
        row_upper=np.append((form.row_upper[first_row] * rows)[kept], [one.upper for one in more.rows]),
        column_lower=np.append(form.column_lower[first] * count, np.zeros(width - len(first))),
        column_upper=np.append(form.column_upper[first] * count, more.upper),
        integer=np.append(form.integer[first], more.integer),
        offset=form.offset,
        maximise=form.maximise,
        column_names=[*(form.column_names[j] for j in first), *more.names],
        row_names=[*(form.row_names[r] for r in first_row[kept]), *(one.name for one in more.rows)],
    )
    groups = tuple(_moved(group, column) for group in program.groups) if by_site else ()
    return Fold(Compact(larger, np.arange(width), groups), column, count, first, more.sums(), alike)


def _own(colour: Places, alone: BoolArray) -> Places:
    """Colours with those that are ``alone`` in one of their own, numbered by where they first stand."""
    number = np.where(alone, int(colour.max(initial=0)) + 1 + np.arange(len(colour)), colour)
    first, inverse = np.unique(number, return_index=True, return_inverse=True)[1:]
    rank = np.empty(len(first), dtype=np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse.ravel()]


def _moved(group: Group, column: Places) -> Group:
    def at(places: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(column[list(places)].tolist())

    return replace(
        group,
        choices=at(group.choices),
        signed=int(column[group.signed]),
        sizes=at(group.sizes),
        amounts=at(group.amounts),
    )


@dataclass(frozen=True)
class _Row:
    """Of a folded program: amounts by column."""

    amounts: dict[int, float]
    lower: float
    upper: float
    name: str


_Entries = tuple[tuple[int, float], ...]
"""Of a row: columns and their amounts."""


def _split(matrix: scipy.sparse.csr_array, r: int, apart: BoolArray) -> tuple[_Entries, _Entries]:
    """The entries of a row that are apart, and the others."""
    entries = slice(matrix.indptr[r], matrix.indptr[r + 1])
    both = sorted(zip(matrix.indices[entries].tolist(), matrix.data[entries].tolist(), strict=True))
    return tuple(one for one in both if apart[one[0]]), tuple(one for one in both if not apart[one[0]])


class _More:
    """Columns and rows that a folded program has beside sums of columns and rows."""

    def __init__(self, program: Compact, column: Places, width: int) -> None:
        self._program, self._column, self.width = program, column, width
        self.rows: list[_Row] = []
        self.names: list[str] = []
        self.upper: list[float] = []
        self.integer: list[bool] = []
        self._parts: dict[int, list[int]] = {}
        """Of which columns of the compact program a whole column is the sum."""

    def split_by_site(self, row: Places, summed: scipy.sparse.csr_array, apart: BoolArray) -> list[int]:
        """Rows on what machines and halls of a site take together, site by site: what its machines take is a column,
        and in all that is what the machines of all sites take. The folded rows (of ``summed``) that this replaces."""
        form, matrix = self._program.form, scipy.sparse.csr_array(self._program.form.matrix)
        used: dict[_Entries, int] = {}
        tied: set[tuple[_Entries, ...]] = set()
        gone = []
        for r in np.flatnonzero(np.bincount(row) > 1).tolist():
            sites = [_split(matrix, own, apart) for own in np.flatnonzero(row == r).tolist()]
            if not all(site and folded and self._is_use(folded) for site, folded in sites):
                continue
            gone.append(r)
            for own, (site, folded) in zip(np.flatnonzero(row == r).tolist(), sites, strict=True):
                if folded not in used:
                    used[folded] = self._add(f"used[{len(used)}]", np.inf, [])
                amounts = {int(self._column[j]): amount for j, amount in site} | {used[folded]: 1.0}
                self.rows.append(
                    _Row(amounts, float(form.row_lower[own]), float(form.row_upper[own]), form.row_names[own])
                )
            parts = tuple(sorted(folded for _, folded in sites))
            if parts not in tied:
                tied.add(parts)
                # In a folded row the columns of machines have the amounts of all sites.
                pooled = _split(summed, r, apart)[1]
                tie = {int(self._column[j]): amount for j, amount in pooled}
                for folded in parts:
                    tie[used[folded]] = tie.get(used[folded], 0.0) - 1.0
                self.rows.append(_Row(tie, 0.0, 0.0, f"used_tie[{len(tied)}]"))
        return gone

    def _is_use(self, entries: _Entries) -> bool:
        return all(amount >= 0 and self._program.form.column_lower[j] >= 0 for j, amount in entries)

    def count(self, groups: tuple[int, ...], *, by_site: bool) -> Alike:
        """Columns for how many of these groups are signed up to each date, and for what they take in all."""
        own = [self._program.groups[g] for g in groups]
        at, until = len(self.names), list[int]()
        for t in range(len(own[0].choices)):
            before = until[-1:]
            now = [group.choices[t] for group in own]
            parts = [j for group in own for j in group.choices[: t + 1]]
            until.append(self._add(f"until[{at},{t}]", float(len(own)), parts))
            tie = {until[-1]: 1.0} | dict.fromkeys(before, -1.0) | dict.fromkeys(self._column[now].tolist(), -1.0)
            self.rows.append(_Row(tie, 0.0, 0.0, f"until_tie[{at},{t}]"))
        sizes = [j for group in own for j in group.sizes]
        places = sorted(set(self._column[sizes].tolist())) if sizes else []
        total = places[0] if len(places) == 1 else -1
        if len(places) > 1:
            most = float(self._program.form.column_upper[sizes].sum())
            total = self._add(f"total[{at}]", most, sizes)
            self.rows.append(_Row({total: 1.0} | dict.fromkeys(places, -1.0), 0.0, 0.0, f"total_tie[{at}]"))
        amounts = sorted({j for group in own for j in self._column[list(group.amounts)].tolist()})
        choices = () if by_site else tuple(self._column[list(own[0].choices)].tolist())
        return Alike(groups, choices, tuple(until), total, tuple(amounts), own[0].least)

    def matrix(self) -> scipy.sparse.csc_array:
        """(rows, columns) of the rows."""
        entries = [(r, j, amount) for r, one in enumerate(self.rows) for j, amount in one.amounts.items()]
        rows, columns, amounts = zip(*entries, strict=True)
        return scipy.sparse.csc_array((amounts, (rows, columns)), shape=(len(self.rows), self.width))

    def sums(self) -> scipy.sparse.csr_array:
        """(columns, n) which columns of the compact program each column is the sum of."""
        size = len(self._column)
        rows = np.concatenate([self._column, *(np.full(len(parts), j) for j, parts in self._parts.items())])
        columns = np.concatenate([np.arange(size), *(np.array(parts, dtype=np.intp) for parts in self._parts.values())])
        return scipy.sparse.csr_array((np.ones(len(rows)), (rows, columns)), shape=(self.width, size))

    def _add(self, name: str, most: float, parts: list[int]) -> int:
        """A column; whole where it is the sum of whole ones."""
        self.names.append(name)
        self.upper.append(most)
        self.integer.append(bool(parts))
        self._parts[self.width] = parts
        self.width += 1
        return self.width - 1
