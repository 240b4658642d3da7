"""``wattfork breakeven`` from the command line to the file, on the small case of this folder."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from optimizer.cli.main import main

RATE = "offers.lease.rate_usd_per_kw_month"


@pytest.fixture
def case_file(load_small, tmp_path: Path) -> Path:
    file = tmp_path / "case.yaml"
    file.write_text(json.dumps(load_small().data), "utf-8")
    return file


def test_a_break_even_is_told_and_written(case_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: the flip stands in the file and on the terminal, within 100 columns, code 0; from the store the second
    call gives the same bytes, and JSON says the same. Broken: two flips, other bytes."""
    arguments = ["breakeven", str(case_file.parent), "--of", RATE, "--for", "lease", "--between", "20:100"]
    arguments += ["--to", "10", "--scan", "3", "--workers", "1"]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert max(len(line) for line in said.splitlines()[:-1]) <= 100
    assert "lease is signed from" in said
    file = case_file.parent / "breakeven.csv"
    assert said.splitlines()[-1] == f"Table     {file}"
    text = file.read_text("utf-8")
    [row] = csv.DictReader(io.StringIO(text))
    assert (row["has_before"], row["has_after"]) == ("no", "yes")
    assert 0 < float(row["to"]) - float(row["from"]) <= 10
    assert main([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert file.read_text("utf-8") == text
    assert told["flips"][0]["from"] == float(row["from"])
    assert told["flips"][0]["has_after"] is True
    assert told["monotone_at_scan"] is True
    assert len(told["points"]) == told["scanned"] + 2


def test_where_no_value_has_a_plan(case_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: a minimum that no plan keeps anywhere is code 3, and said. Broken: 0, "nothing flips"."""
    arguments = ["breakeven", str(case_file), "--of", "finance.limits.min_cash_usd_m", "--for", "any"]
    assert main([*arguments, "--between", "500:600", "--scan", "2", "--workers", "1"]) == 3
    assert "no value has a plan" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--of", RATE, "--for", "leas", "--between", "1:2"], "did you mean 'lease'?"),
        (["--of", "offers.leas.rate_usd_per_kw_month", "--for", "lease", "--between", "1:2"], "did you mean 'lease'?"),
        (["--of", RATE, "--for", "lease", "--between", "2:2"], "no width"),
        (["--of", RATE, "--for", "lease"], "Missing option '--between'"),
        (["--of", RATE, "--for", "lease", "--between", "1:2", "-o", "PRICES"], "not an earlier break-even"),
    ],
)
def test_wrong_calls_solve_nothing(
    case_file: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    """Proves: code 2, one sentence, nothing written. Broken: a table, or a traceback."""
    prices = str(case_file.parent / "prices.csv")
    assert main(["breakeven", str(case_file), *(prices if each == "PRICES" else each for each in arguments)]) == 2
    assert said in capsys.readouterr().err
    assert sorted(path.name for path in case_file.parent.iterdir()) == ["case.yaml", "prices.csv"]
