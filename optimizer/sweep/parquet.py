"""A table as a Parquet file: the same rows and names as the CSV, with types, for programs that read millions of rows.

Needs pyarrow, which is imported only here and only when a file is written.
"""

from __future__ import annotations

import importlib
import math
import os
import tempfile
from pathlib import Path
from typing import Any

from optimizer import __version__
from optimizer.errors import CallError
from optimizer.plan.table import DECIMALS, Cell, Table, format_cell

VERSION_KEY = "wattfork"
"""Of the file's metadata: the version that wrote it."""


def write_parquet(table: Table, file: Path) -> None:
    """Write a table, whole or not at all; the same table gives the same bytes with the same pyarrow.

    A column of whole numbers is int64, one of numbers double, any other text; where a cell is None there is none. A
    column with nothing in it is text. Numbers have as many decimals as in CSV, text is as it is (CSV may put an
    apostrophe before it). Units stay in the columns' names. Raises CallError if pyarrow is not installed, if two
    columns have one name, or if the file cannot be written.
    """
    content = _bytes(table)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
        try:
            with open(handle, "wb") as stream:
                stream.write(content)
            Path(name).chmod(0o644)
            os.replace(name, file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CallError(f"cannot write {file}: {error.strerror}") from None


def _bytes(table: Table) -> bytes:
    try:
        arrow, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise CallError(
            "a Parquet file needs pyarrow, which is not installed", ("pip install wattfork[parquet]",)
        ) from None
    # Many readers refuse such a file, or take either column.
    if len(set(table.columns)) < len(table.columns):
        raise CallError("a Parquet file cannot have two columns of one name")
    arrays = [_array(arrow, [row[at] for row in table.rows]) for at in range(len(table.columns))]
    fields = [arrow.field(name, array.type) for name, array in zip(table.columns, arrays, strict=True)]
    written = arrow.Table.from_arrays(arrays, schema=arrow.schema(fields, metadata={VERSION_KEY: __version__}))
    sink = arrow.BufferOutputStream()
    parquet.write_table(written, sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _array(arrow: Any, cells: list[Cell]) -> Any:
    present = [cell for cell in cells if cell is not None]
    if present and all(isinstance(cell, int) for cell in present):
        return arrow.array(cells, arrow.int64())
    if present and not any(isinstance(cell, str) for cell in present):
        return arrow.array([None if cell is None else _number(float(cell)) for cell in cells], arrow.float64())
    return arrow.array(
        [cell if cell is None or isinstance(cell, str) else format_cell(cell) for cell in cells], arrow.string()
    )


def _number(value: float) -> float | None:
    """Rounded as in CSV, without a negative zero; None for what is no number."""
    return None if math.isnan(value) else round(value, DECIMALS) + 0.0
