"""Columns and rows of a program that cannot be told apart: what sites have in common that are alike in every number.

Colours are refined until columns of one colour have the same coefficients in rows of every colour, and the other way
round. Two columns of one colour may still differ (they need not be images of each other), but their sums obey the sums
of the rows, which is all that `folding` needs. Numbers are compared to the last digit: what is only nearly alike keeps
its own colour.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from optimizer.solve.bridge import BoolArray, StandardForm

Places = npt.NDArray[np.intp]


def colours(form: StandardForm, own: BoolArray, most: float = np.inf) -> tuple[Places, Places] | None:
    """(n,) and (m,) the colours of columns and rows, numbered by where they first stand. Columns that are ``own`` (n,)
    keep a colour of their own. None where columns have more than ``most`` colours."""
    entries = form.matrix.tocoo()
    rows, columns = entries.coords
    amounts = _mixed(_bits(entries.data))
    alone = np.where(own, np.arange(1, form.column_count + 1), 0)
    column = _numbered(form.costs, form.column_lower, form.column_upper, form.integer, alone)
    row = _numbered(form.row_lower, form.row_upper)
    while True:
        finer_column = _numbered(column, _sums(columns, _mixed(row)[rows], amounts, form.column_count))
        finer_row = _numbered(row, _sums(rows, _mixed(finer_column)[columns], amounts, form.row_count))
        if finer_column.max(initial=0) >= most:
            return None
        done = finer_column.max(initial=0) == column.max(initial=0) and finer_row.max(initial=0) == row.max(initial=0)
        column, row = finer_column, finer_row
        if done:
            return column, row


def _numbered(*keys: npt.ArrayLike) -> Places:
    """Equal keys have equal numbers; these rise with where a key first stands. Different ones may share a number by
    accident, as in `_sums`."""
    mixed = _mixed(_bits(keys[0]))
    for key in keys[1:]:
        with np.errstate(over="ignore"):
            mixed = _mixed(mixed * np.uint64(3) + _bits(key))
    _, first, number = np.unique(mixed, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[number]


def _bits(key: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    """Numbers as they are to the last digit; 0.0 and -0.0 are one."""
    numbers = np.asarray(key)
    if np.issubdtype(numbers.dtype, np.floating):
        return (numbers.astype(np.float64) + 0.0).view(np.uint64)
    return numbers.astype(np.uint64)


def _sums(
    places: npt.NDArray[np.int32], one: npt.NDArray[np.uint64], other: npt.NDArray[np.uint64], size: int
) -> npt.NDArray[np.uint64]:
    """For each place a number that is the same where the same pairs stand. Different ones may share it by accident:
    `folding` looks whether what came of it is right."""
    found = np.zeros(size, dtype=np.uint64)
    with np.errstate(over="ignore"):
        np.add.at(found, places, _mixed(one * np.uint64(3) + other))
    return found


def _mixed(numbers: npt.NDArray[np.generic]) -> npt.NDArray[np.uint64]:
    """Whole numbers spread over all of 64 bits (the last steps of the generator SplitMix64)."""
    with np.errstate(over="ignore"):
        bits = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
