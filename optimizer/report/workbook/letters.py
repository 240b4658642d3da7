"""Names of columns in a sheet."""

from __future__ import annotations


def column_letter(column: int) -> str:
    """``A`` of 0, ``AA`` of 26."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
