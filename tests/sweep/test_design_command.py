"""``wattfork sweep`` with other designs than grids: what it calls for, what it refuses, what it writes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from optimizer.cli.main import main
from tests.sweep.conftest import CASE, price_text

CASH = "finance.opening.cash_usd_m"
SWEEPS: dict[str, Any] = {
    "cash": {"vary": {CASH: [200, 300, 2]}, "cases": ["rich.yaml"]},
    "ends": {"vary": {CASH: [200, 300]}, "tornado": True},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "prices.csv").write_text(price_text(), "utf-8")
    (tmp_path / "case.yaml").write_text(json.dumps(CASE | {"sweeps": SWEEPS}), "utf-8")
    rich = {"extends": "case.yaml", "finance": {"opening": {"sga_usd_m_per_quarter": 0}}}
    (tmp_path / "rich.yaml").write_text(json.dumps(rich), "utf-8")
    return tmp_path


def run(folder: Path, *arguments: str) -> list[dict[str, str]]:
    assert main(["sweep", str(folder), "--workers", "1", "-q", *arguments]) == 0
    return list(csv.DictReader(io.StringIO((folder / "sweep.csv").read_text("utf-8"))))


def test_a_named_sweep_is_what_the_same_call_is(folder: Path) -> None:
    """Proves: --name gives the table of --vary and --case. Broken: another table, or overlays solved as the case."""
    named = run(folder, "--name", "cash")
    assert [(row["case"], row[CASH]) for row in named] == [
        ("case.yaml", "200"), ("case.yaml", "300"), ("rich.yaml", "200"), ("rich.yaml", "300"),
    ]  # fmt: skip
    assert float(named[2]["value_usd_m"]) > float(named[0]["value_usd_m"]) + 3
    asked = run(folder, "--vary", f"{CASH}=200:300:2", "--case", str(folder / "rich.yaml"))
    assert [row["value_usd_m"] for row in asked] == [row["value_usd_m"] for row in named]


def test_a_tornado(folder: Path) -> None:
    """Proves: the case's own point and both ends. Broken: two rows."""
    assert [row[CASH] for row in run(folder, "--name", "ends")] == ["200", "200", "300"]


def test_a_sensitivity_analysis_writes_its_indices(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: cash moves the value, the scale of a market that no machine buys at does not. Broken: no file, or 0.5
    each."""
    arguments = ["--vary", f"{CASH}=200:300", "--vary", "market.power.far.scale=0.5:2", "--sensitivity", "8"]
    assert len(run(folder, *arguments)) == 8 * 4
    rows = list(csv.DictReader(io.StringIO((folder / "sensitivity.csv").read_text("utf-8"))))
    assert [row["direction"] for row in rows] == [CASH, "market.power.far.scale"]
    assert float(rows[0]["total"]) > 0.5
    assert float(rows[1]["total"]) == pytest.approx(0, abs=1e-6)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--name", "cash", "--vary", "a=1"], "--vary cannot be together with --name"),
        (["--name", "cahs"], "no sweep 'cahs'; did you mean 'cash'?"),
        (["--tornado"], "Missing option '--vary'"),
        (["--vary", f"{CASH}=1:2", "--method", "lhs"], "--method is for --sample"),
        (["--vary", f"{CASH}=1:2"], "a grid needs LOW:HIGH:N"),
        (["--vary", f"{CASH}=1:2", "--sample", "4", "--sensitivity", "4"], "either a sample or a sensitivity"),
        (["--case", "none.yaml"], "there is no such file"),
    ],
)
def test_wrong_calls(folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    """Proves: one error, exit code 2, nothing written."""
    assert main(["sweep", str(folder), *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not (folder / "sweep.csv").exists()


def test_indices_do_not_take_the_place_of_another_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: a file of that name that is none of ours is left alone, before anything is solved."""
    (folder / "sensitivity.csv").write_text("mine\n", "utf-8")
    assert main(["sweep", str(folder), "--vary", f"{CASH}=1:2", "--sensitivity", "4"]) == 2
    assert "is not an earlier sensitivity analysis" in capsys.readouterr().err
    assert (folder / "sensitivity.csv").read_text("utf-8") == "mine\n"
