"""What a program can do without: columns that bring nothing and take room, and rows that can never be broken.

Both leave the best value as it is. Where power is bought and sold at one price, for instance, all columns that say
which machine uses which contract are idle, and with them the rows on what contracts hold.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse

from optimizer.solve.bridge import BoolArray, FloatArray, StandardForm, make_form
from optimizer.solve.names import is_of

NOTHING = 1e-9
"""Entries of the matrix below this are left out by HiGHS as well."""

NO_WORTH = 1e-15
"""USD m for each unit: what rounding leaves of nothing."""

SLACK = 1e-9
"""Relative: by how much a row may be at its side and still count as kept."""


def without_idle(form: StandardForm) -> tuple[StandardForm, np.ndarray]:
    """The form without idle columns and rows, and the positions of the columns left. Whole columns all stay."""
    matrix = form.matrix.copy()
    matrix.data[np.abs(matrix.data) < NOTHING] = 0.0
    matrix.eliminate_zeros()
    lower, upper = form.column_lower.copy(), form.column_upper.copy()
    idle = _idle(form, matrix)
    upper[idle] = 0.0
    rows = np.flatnonzero(~_always_kept(matrix, lower, upper, form.row_lower, form.row_upper))
    left = np.flatnonzero(~idle)
    small = make_form(
        matrix[rows, :][:, left],
        form.costs[left],
        row_lower=form.row_lower[rows],
        row_upper=form.row_upper[rows],
        column_lower=lower[left],
        column_upper=upper[left],
        integer=form.integer[left],
        offset=form.offset,
        maximise=form.maximise,
        column_names=[form.column_names[j] for j in left.tolist()],
        row_names=[form.row_names[r] for r in rows.tolist()],
    )
    return small, left


def _idle(form: StandardForm, matrix: scipy.sparse.csc_array) -> BoolArray:
    """(n,) columns that can be nothing, are worth nothing, and only bring rows nearer to their sides."""
    at_most, at_least = np.isinf(form.row_lower), np.isinf(form.row_upper)
    free = np.where(matrix.data > 0, at_most[matrix.indices], at_least[matrix.indices])
    column = np.repeat(np.arange(form.column_count), np.diff(matrix.indptr))
    harmful_only = np.ones(form.column_count, dtype=bool)
    harmful_only[column[~free]] = False
    worth = form.costs if form.maximise else -form.costs
    # What money costs today's holders changes with the worth of a share, and is looked up by name.
    money = is_of(form.column_names, "issue", "draw")
    return (form.column_lower == 0) & ~form.integer & ~money & (worth <= NO_WORTH) & harmful_only


def _always_kept(
    matrix: scipy.sparse.csc_array, lower: FloatArray, upper: FloatArray, least: FloatArray, most: FloatArray
) -> BoolArray:
    """(m,) rows that hold whatever the columns are within their bounds. No entry of ``matrix`` is nothing."""
    column = np.repeat(np.arange(len(lower)), np.diff(matrix.indptr))
    low, high = lower[column], upper[column]
    raises = matrix.data > 0
    highest = np.bincount(matrix.indices, matrix.data * np.where(raises, high, low), minlength=len(most))
    lowest = np.bincount(matrix.indices, matrix.data * np.where(raises, low, high), minlength=len(most))
    room = SLACK * np.maximum(1.0, np.abs(np.where(np.isfinite(most), most, 0.0)))
    kept_above = np.isinf(most) | (highest <= most + room)
    room = SLACK * np.maximum(1.0, np.abs(np.where(np.isfinite(least), least, 0.0)))
    kept_below = np.isinf(least) | (lowest >= least - room)
    return kept_above & kept_below
