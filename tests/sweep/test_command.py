"""``wattfork sweep`` from the command line to the files."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
from pathlib import Path

import pytest

from optimizer.cli.main import main
from optimizer.sweep.progress import SweepProgress


def read_rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8"))))


@pytest.fixture
def case_file(load_small, tmp_path: Path) -> Path:
    loaded = load_small()
    file = tmp_path / "case.yaml"
    file.write_text(json.dumps(loaded.data), "utf-8")  # JSON is YAML
    return file


def test_a_sweep_prints_its_table_and_writes_it(case_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["sweep", str(case_file.parent), "--vary", "offers.lease.rate_usd_per_kw_month=20:100:3"])
    said = capsys.readouterr()
    assert code == 0
    assert max(len(line) for line in said.out.splitlines()[:-1]) <= 100
    assert "Varied    offers.lease.rate_usd_per_kw_month: 20, 60, 100" in said.out
    assert "sign nothing, keep every machine" in said.out
    assert "signs lease" in said.out
    file = case_file.parent / "sweep.csv"
    assert said.out.splitlines()[-1] == f"Table     {file}"
    rows = read_rows(file)
    assert [row["offers.lease.rate_usd_per_kw_month"] for row in rows] == ["20", "60", "100"]
    assert rows[0]["decisions"] == ""
    assert "sign lease at west: 2 halls" in rows[2]["decisions"]
    assert (case_file.parent / "sweep.run.json").is_file()


def test_json_for_programs(case_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["sweep", str(case_file), "--vary", "finance.limits.min_cash_usd_m=500,600", "--workers", "1", "--json"]
    assert main([*arguments, "-o", str(case_file.parent / "out")]) == 3
    said = json.loads(capsys.readouterr().out)
    assert said["varied"] == [{"path": "finance.limits.min_cash_usd_m", "values": [500, 600], "factors": False}]
    assert [point["status"] for point in said["points"]] == ["infeasible", "infeasible"]
    assert said["file"] == str(case_file.parent / "out" / "sweep.csv")


def test_quiet_says_nothing(case_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", str(case_file), "--vary", "market.network.btc_usd=1e5", "-q", "--workers", "1"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing option '--vary'"),
        (["--vary", "market.power.hubb.scale=1"], "did you mean 'hub'?"),
        (["--vary", "market.power.hub.scale"], "write PATH=LOW:HIGH:N"),
        (["--vary", "market.power.*.scale=1:2:101", "--vary", "market.network.btc_usd=1:2:100"], "10,100 points"),
        (["--vary", "market.power.*.scale=1", "-o", "PRICES"], "not an earlier sweep"),
        (["--vary", "market.power.*.scale=1", "--workers", "0"], "--workers"),
    ],
)
def test_wrong_calls_solve_nothing(
    case_file: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    prices = str(case_file.parent / "prices.csv")
    assert main(["sweep", str(case_file), *(prices if each == "PRICES" else each for each in arguments)]) == 2
    assert said in capsys.readouterr().err
    assert sorted(path.name for path in case_file.parent.iterdir()) == ["case.yaml", "prices.csv"]


def test_a_case_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", str(tmp_path / "none.yaml"), "--vary", "a=1"]) == 2
    assert "there is no such file" in capsys.readouterr().err


def test_given_decisions_are_laid_down(case_file: Path) -> None:
    given = case_file.parent / "given.csv"
    given.write_text("date,decision,item,site,amount\n2025-07-01,sign,lease,west,1\n", "utf-8")
    arguments = ["sweep", str(case_file), "--vary", "market.network.btc_usd=1e5", "--given", str(given), "-q"]
    assert main([*arguments, "--workers", "1"]) == 0
    (row,) = read_rows(case_file.parent / "sweep.csv")
    assert row["decisions"].startswith("2025-07-01 sign lease at west: 1 hall")


@pytest.mark.parametrize(("after", "code", "least"), [(2, 4, 2), (0, 130, 0)])
def test_interrupt_writes_what_is_finished(
    case_file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    after: int,
    code: int,
    least: int,
) -> None:
    def interrupt(self: SweepProgress, done: int, total: int, seconds: float) -> None:
        if done >= after:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(SweepProgress, "__call__", interrupt)
    arguments = ["sweep", str(case_file), "--vary", "market.power.*.scale=0.8:1.2:500", "--workers", "1"]
    assert main(arguments) == code
    file = case_file.parent / "sweep.csv"
    assert file.exists() == bool(least)
    said = capsys.readouterr().err
    assert "interrupted" in said
    assert "Traceback" not in said
    if least:
        assert least <= len(read_rows(file)) < 500
