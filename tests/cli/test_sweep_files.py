"""What stands beside the table of a sweep."""

from __future__ import annotations

from pathlib import Path

from optimizer.cli.sweep_files import drop_old


def test_what_an_earlier_sweep_left_goes_and_nothing_else(tmp_path: Path) -> None:
    """Proves: an old picture and Parquet file of the same name are taken away when they are not made anew; a file of
    somebody else's and the new picture stay. Otherwise a picture would show another table."""
    table = tmp_path / "sweep.csv"
    ours, parquet = tmp_path / "sweep.svg", tmp_path / "sweep.parquet"
    ours.write_text('<svg role="img" aria-label="map"></svg>')
    parquet.write_bytes(b"PAR1rest")
    drop_old(table, picture=True, parquet=True)
    assert ours.exists()
    assert parquet.exists()
    drop_old(table, picture=True, parquet=False)
    assert ours.exists()
    assert not parquet.exists()
    drop_old(table, picture=False, parquet=False)
    assert not ours.exists()
    ours.write_text("<svg>drawn by hand</svg>")
    drop_old(table, picture=False, parquet=False)
    assert ours.read_text() == "<svg>drawn by hand</svg>"
