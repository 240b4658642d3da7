"""What stands in the rows, or in the columns, of a sparse table."""

from __future__ import annotations

from itertools import pairwise

from scipy import sparse

Entries = list[tuple[int, float]]
"""(row, amount) of a column of a sparse table, or (column, amount) of a row."""


def by_row(matrix: sparse.csr_array) -> list[Entries]:
    """By row: (column, amount), in the order in which they are kept."""
    ends, columns, amounts = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
    return [list(zip(columns[a:b], amounts[a:b], strict=True)) for a, b in pairwise(ends)]


def by_column(matrix: sparse.csr_array) -> list[Entries]:
    """By column: (row, amount) of what is not zero, in the order of the rows."""
    columns = sparse.csc_array(matrix)
    columns.sort_indices()
    ends, rows, amounts = columns.indptr.tolist(), columns.indices.tolist(), columns.data.tolist()
    return [
        [(row, amount) for row, amount in zip(rows[a:b], amounts[a:b], strict=True) if amount]
        for a, b in pairwise(ends)
    ]
