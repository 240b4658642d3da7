"""Smaller constants in the rule that a loss allows no net debt: as large as needed, not as large as imaginable.

The model writes "a year's profit counts, a loss counts as nothing" with a constant that no plan comes near. A linear
program then has the whole profit with a thousandth of the switch, so the limit on net debt over EBITDA says nothing in
it. Here the constant is what a year may lose at most, and what of profit the limit may ask for at most. Both leave
every plan as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import scipy.sparse

from optimizer.solve.bridge import FloatArray, StandardForm
from optimizer.solve.names import families_of, index_of, place_of

ROOM = 1e-6
"""USD m by which a constant is taken larger than needed."""

LEAST_CASH = "limit_min_cash_usd_m"
"""Rows on the least cash."""


def with_tight_profits(form: StandardForm) -> StandardForm:
    """The form with the least constants in the rows ``profit_at_most`` and ``profit_or_none``, where there are any."""
    row, column = place_of(form.row_names), place_of(form.column_names)
    nodes = [index_of(form.column_names[j])[0] for j in families_of(form.column_names).get("year_gains", ())]
    if not nodes:
        return form
    matrix = form.matrix.copy()
    by_row = scipy.sparse.csr_array(form.matrix)
    lower, upper = _defined(form, by_row, column)
    row_upper = form.row_upper.copy()
    for n in nodes:
        gains, profit = column[f"year_gains[{n}]"], column.get(f"year_profit[{n}]")
        at_most, or_none = row.get(f"profit_at_most[{n}]"), row.get(f"profit_or_none[{n}]")
        if profit is None or at_most is None or or_none is None:
            continue
        loss = _largest_loss(by_row, at_most, {profit, gains}, row_upper[at_most], lower, upper)
        if loss < -by_row[or_none, gains]:
            row_upper[at_most] += loss - by_row[at_most, gains]
            put(matrix, at_most, gains, loss)
        needed = _most_needed(form, by_row, profit, {at_most, or_none}, lower, upper)
        if needed < -by_row[or_none, gains]:
            put(matrix, or_none, gains, -needed)
    row_upper.setflags(write=False)
    return replace(form, matrix=matrix, row_upper=row_upper)


def put(matrix: scipy.sparse.csc_array, r: int, j: int, amount: float) -> None:
    """Another amount where there is one."""
    begin, end = matrix.indptr[j], matrix.indptr[j + 1]
    matrix.data[begin + np.flatnonzero(matrix.indices[begin:end] == r)] = amount


def _largest_loss(
    by_row: scipy.sparse.csr_array, r: int, apart: set[int], most: float, lower: FloatArray, upper: FloatArray
) -> float:
    """What a year may lose: ``profit - year + M gains <= M + before``, so minus the least of year and before."""
    gains_at_most = 0.0
    least = 0.0
    for j, amount in _entries(by_row, r):
        if j in apart:
            gains_at_most = max(gains_at_most, amount)
        else:
            least += -amount * (lower[j] if amount < 0 else upper[j])
    return max(0.0, -(least + most - gains_at_most)) + ROOM


def _most_needed(
    form: StandardForm,
    by_row: scipy.sparse.csr_array,
    profit: int,
    apart: set[int],
    lower: FloatArray,
    upper: FloatArray,
) -> float:
    """More profit than this no limit asks for: all other rows in which it stands are ``... + a profit >= b``."""
    needed = 0.0
    own = form.matrix[:, [profit]].tocoo()
    for r, amount in zip(own.row.tolist(), own.data.tolist(), strict=True):
        if r in apart:
            continue
        if amount <= 0 or np.isfinite(form.row_upper[r]):
            return np.inf
        rest = sum(a * (lower[j] if a > 0 else upper[j]) for j, a in _entries(by_row, r) if j != profit)
        needed = max(needed, (form.row_lower[r] - rest) / amount)
    return needed + ROOM


def _entries(by_row: scipy.sparse.csr_array, r: int) -> list[tuple[int, float]]:
    part = slice(by_row.indptr[r], by_row.indptr[r + 1])
    return list(zip(by_row.indices[part].tolist(), by_row.data[part].tolist(), strict=True))


def _defined(
    form: StandardForm, by_row: scipy.sparse.csr_array, column: Mapping[str, int]
) -> tuple[FloatArray, FloatArray]:
    """(n,) bounds of all columns: EBITDA and debt of a node by the rows that define them, cash by its least."""
    lower, upper = form.column_lower.copy(), form.column_upper.copy()
    families = families_of(form.row_names)
    facility = {
        j: (limit, float(form.row_upper[limit]))
        for limit in families.get("draws_facility_limit", ())
        for j, amount in _entries(by_row, limit)
        if amount == 1.0 and lower[j] >= 0
    }
    defines = {"ebitda_total": "node_ebitda", "debt_total": "debt"}
    for r in sorted(r for family in (LEAST_CASH, *defines) for r in families.get(family, ())):
        kind, _, rest = form.row_names[r].partition("[")
        if kind in defines:
            j = column[f"{defines[kind]}[{rest}"]
            low, high = _range(form, by_row, r, j, lower, upper, facility)
            lower[j], upper[j] = max(lower[j], low), min(upper[j], high)
        elif by_row.indptr[r + 1] - by_row.indptr[r] == 1:
            (j, amount) = _entries(by_row, r)[0]
            if amount > 0:
                lower[j] = max(lower[j], form.row_lower[r] / amount)
    return lower, upper


def _range(
    form: StandardForm,
    by_row: scipy.sparse.csr_array,
    r: int,
    defined: int,
    lower: FloatArray,
    upper: FloatArray,
    facility: Mapping[int, tuple[int, float]],
) -> tuple[float, float]:
    """Least and most of a column of which a row says ``column + rest == constant``; what a facility lends in all counts
    once, not for each of its dates. ``facility``: for each column that draws on one, the row on it and the most."""
    most_of: dict[int, tuple[float, float]] = {}
    low = high = float(form.row_upper[r])
    for j, amount in _entries(by_row, r):
        if j == defined:
            continue
        if j in facility:
            group, limit = facility[j]
            before = most_of.get(group, (0.0, 0.0))
            most_of[group] = (min(before[0], amount * limit), max(before[1], amount * limit))
            continue
        ends = (amount * lower[j], amount * upper[j]) if amount > 0 else (amount * upper[j], amount * lower[j])
        low, high = low - ends[1], high - ends[0]
    return low - sum(most for _, most in most_of.values()), high - sum(least for least, _ in most_of.values())
