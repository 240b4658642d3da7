"""A table as Parquet says what its CSV says, with types, and the same bytes every time."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from optimizer import __version__
from optimizer.errors import CallError
from optimizer.plan.table import Table, table
from optimizer.sweep.parquet import write_parquet

COLUMNS = ("point", "value_usd_m", "status", "decisions", "problem", "x")
ROWS = [
    (1, 342.123456789012, "optimal", "-lease", None, "high"),
    (2, -0.0, "optimal", "", None, 0.25),
    (3, None, "infeasible", None, None, 10),
]


@pytest.fixture
def example() -> Table:
    return table(COLUMNS, ROWS)


def test_types_values_and_names(example: Table, tmp_path: Path) -> None:
    """An untyped file would have text in all columns; a value with 12 decimals would not be that of the CSV."""
    file = tmp_path / "new" / "sweep.parquet"
    write_parquet(example, file)
    read = pyarrow.parquet.read_table(file)
    assert tuple(read.column_names) == COLUMNS
    whole, number, text = pyarrow.int64(), pyarrow.float64(), pyarrow.string()
    assert read.schema.types == [whole, number, text, text, text, text]
    assert read.column("point").to_pylist() == [1, 2, 3]
    assert read.column("value_usd_m").to_pylist() == [342.12345679, 0.0, None]
    assert str(read.column("value_usd_m")[1]) == "0.0", "a negative zero"
    assert read.column("decisions").to_pylist() == ["-lease", "", None]
    assert read.column("problem").to_pylist() == [None] * 3
    assert read.column("x").to_pylist() == ["high", "0.25", "10"]


def test_numbers_of_which_some_are_whole_are_numbers(tmp_path: Path) -> None:
    """A whole number first must not make the column one of whole numbers: 1.5 would be 1."""
    file = tmp_path / "x.parquet"
    write_parquet(table(("a", "b"), [(1, float("nan")), (1.5, 2.0)]), file)
    assert pyarrow.parquet.read_table(file).to_pydict() == {"a": [1.0, 1.5], "b": [None, 2.0]}


def test_the_same_bytes_and_who_wrote_them(example: Table, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_parquet(example, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    read = pyarrow.parquet.ParquetFile(tmp_path / "one")
    assert read.schema_arrow.metadata[b"wattfork"] == __version__.encode()
    group = read.metadata.row_group(0)
    assert {group.column(at).compression for at in range(group.num_columns)} == {"ZSTD"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_table_without_rows_is_a_file(tmp_path: Path) -> None:
    write_parquet(table(COLUMNS, []), tmp_path / "none.parquet")
    read = pyarrow.parquet.read_table(tmp_path / "none.parquet")
    assert (read.num_rows, tuple(read.column_names)) == (0, COLUMNS)


def test_what_cannot_be_written_is_one_error(example: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CallError, match=r"cannot write \S+/file/x\.parquet: "):
        write_parquet(example, tmp_path / "file" / "x.parquet")
    with pytest.raises(CallError, match="two columns of one name"):
        write_parquet(table(("a", "a"), []), tmp_path / "x.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CallError, match="needs pyarrow") as caught:
        write_parquet(example, tmp_path / "x.parquet")
    assert caught.value.details == ("pip install wattfork[parquet]",)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
