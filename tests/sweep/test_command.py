"""``wattfork sweep`` from the command line to the files."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from optimizer.cli.main import main
from optimizer.sweep.progress import SweepProgress
from tests.sweep.here import Here


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
        (["--vary", "offers.lease.halls.max=1:2:3"], "takes whole numbers only (got 1.5)"),
        (["--vary", "offers.lease.term=1,2"], "not a number"),
        (
            ["--vary", "market.power.*.scale=1", "--workers", "2", "--dask", "tcp://a:1"],
            "--workers cannot be together with --dask",
        ),
        (["--vary", "market.power.*.scale=1", "--fresh", "--no-store"], "--fresh cannot be together with --no-store"),
        (["--vary", "market.power.*.scale=1,2", "--refine", "1"], "grid of two directions with numbers"),
        (["--vary", "market.power.*.scale=1:2", "--sample", "4", "--border-gap", "0"], "grid of two directions"),
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


BITCOIN, RATE = "market.network.btc_usd", "offers.lease.rate_usd_per_kw_month"
PLANE = ["--vary", f"{BITCOIN}=60000:140000:3", "--vary", f"{RATE}=20:80:4"]


def test_a_map_with_all_that_belongs_to_it(case_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: map in letters, finding, regret and places of files on the terminal; tables and pictures beside the
    table. Broken: a file that is missing, or half of the points in the Parquet file."""
    arguments = ["sweep", str(case_file), *PLANE, "--twins", "--regret", "--picture", "--parquet", "--workers", "1"]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    folder = case_file.parent
    assert sorted(path.name for path in folder.iterdir()) == [
        "case.yaml", "plans.csv", "prices.csv", "regret.csv", "regret.svg", "sweep.csv", "sweep.html",
        "sweep.parquet", "sweep.points", "sweep.run.json", "sweep.svg",
    ]  # fmt: skip
    rows = read_rows(folder / "sweep.csv")
    assert len(rows) > 12
    assert "today's values are not on this map" in said
    assert " loses least at its worst" in said
    assert "bitcoin price ($)" in said
    assert said.splitlines()[-4:] == [
        f"Page      {folder / 'sweep.html'}",
        f"Picture   {folder / 'sweep.svg'}", f"Picture   {folder / 'regret.svg'}", f"Table     {folder / 'sweep.csv'}",
    ]  # fmt: skip
    assert parquet.read_table(folder / "sweep.parquet").num_rows == len(rows)
    for name in ("sweep.svg", "regret.svg"):
        assert (folder / name).read_text("utf-8").startswith('<svg role="img"')
    # All of it again from what was kept, and over the files of before.
    assert main(arguments) == 0
    assert f"Kept      {len(rows)} of {len(rows)} points were solved before" in capsys.readouterr().out


def test_borders_are_halved_twice_unless_said_otherwise(case_file: Path) -> None:
    """Proves: 0 leaves the grid alone, a named sweep's own number counts. Broken: 12 rows in all three."""
    data = json.loads(case_file.read_text("utf-8"))
    vary = {BITCOIN: [60000, 140000, 3], RATE: [20, 80, 4]}
    case_file.write_text(json.dumps(data | {"sweeps": {"map": {"vary": vary, "refine": 1, "twins": True}}}), "utf-8")
    counts = []
    for asked in ([*PLANE], [*PLANE, "--refine", "0"], ["--name", "map"], ["--name", "map", "--refine", "0"]):
        assert main(["sweep", str(case_file), *asked, "-q", "--workers", "1"]) == 0
        rows = read_rows(case_file.parent / "sweep.csv")
        counts.append(len(rows))
        assert ("status_quo_usd_m" in rows[0]) == ("--name" in asked)
    assert counts[1] == counts[3] == 12
    assert counts[0] - 12 == 2 * (counts[2] - 12) > 0


@pytest.mark.parametrize("design", [["--vary", f"{RATE}=20,60,100"], ["--tornado", "--vary", f"{RATE}=20:100"]])
def test_pictures_of_a_line_and_of_a_tornado(case_file: Path, design: list[str]) -> None:
    """Proves: each has a picture of its own kind. Broken: none, or the same."""
    assert main(["sweep", str(case_file), *design, "--picture", "-q", "--workers", "1"]) == 0
    drawn = (case_file.parent / "sweep.svg").read_text("utf-8")
    assert ("Tornado chart of Small" in drawn) == ("--tornado" in design)
    assert ("Value of Small along" in drawn) == ("--tornado" not in design)


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("sweep.svg", ["--picture"], "is not of an earlier sweep"),
        ("sweep.parquet", ["--parquet"], "is not of an earlier sweep"),
        ("regret.csv", ["--regret"], "is not an earlier table of regret"),
        ("plans.csv", ["--regret"], "is not an earlier table of plans"),
        ("sweep.points", [], "cannot write to"),
    ],
)
def test_nothing_takes_the_place_of_another_file(
    case_file: Path, capsys: pytest.CaptureFixture[str], name: str, options: list[str], said: str
) -> None:
    """Proves: what is not ours stays, and nothing is solved. Broken: the file is gone after an hour of solving."""
    (case_file.parent / name).write_text("mine\n", "utf-8")
    assert main(["sweep", str(case_file), "--vary", f"{RATE}=20,60", *options]) == 2
    assert said in capsys.readouterr().err
    assert (case_file.parent / name).read_text("utf-8") == "mine\n"
    assert sorted(path.name for path in case_file.parent.iterdir()) == sorted(["case.yaml", "prices.csv", name])


def test_a_bad_corner_of_a_map(case_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: an infeasible corner and values that the case does not take are rows that say why, x and - on the map,
    and the rest is solved. Broken: a traceback, or an end at the first of them."""
    asked = ["--vary", "offers.lease.halls.min=1,2,3", "--vary", "finance.limits.min_cash_usd_m=10,20,500"]
    assert main(["sweep", str(case_file), *asked, "--workers", "1"]) == 2
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    rows = read_rows(case_file.parent / "sweep.csv")
    assert [row["status"] for row in rows[:9]] == ["optimal", "optimal", "infeasible"] * 2 + ["wrong input"] * 3
    assert {row["status"] for row in rows[9:]} <= {"optimal", "infeasible"}
    assert "minimum cash" in rows[2]["problem"]
    assert "offers.lease.halls" in rows[8]["problem"]
    assert all((row["value_usd_m"] == "") == (row["status"] != "optimal") for row in rows)
    marks = ("$500M ", "$20M ", "$10M ")
    letters = [line.split()[-3:] for line in said.out.splitlines() if line.lstrip().startswith(marks)]
    # The case as it is stands in the corner at the left below.
    assert letters == [["x", "x", "-"], ["A", "A", "-"], ["A*", "A", "-"]]


def test_a_scheduler_solves_in_place_of_processes(case_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: --dask hands all points to the queue at that address, and the table is the same. Broken: processes of
    this machine, or other bytes."""
    at = []

    class Queue:
        def __init__(self, address: str) -> None:
            at.append(address)
            self.run_jobs = Here()

    monkeypatch.setattr("optimizer.sweep.dask_queue.DaskQueue", Queue)
    tables = []
    for more in (["--dask", "tcp://10.0.0.1:8786"], ["--workers", "1"]):
        asked = ["--vary", f"{RATE}=20,60,100", "--no-store", "-q", *more]
        assert main(["sweep", str(case_file), *asked]) == 0
        tables.append((case_file.parent / "sweep.csv").read_bytes())
    assert at == ["tcp://10.0.0.1:8786"]
    assert tables[0] == tables[1]
    assert not (case_file.parent / "sweep.points").exists()


def test_an_address_that_is_none(case_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: one error, nothing written. Broken: a traceback of Dask's."""
    assert main(["sweep", str(case_file), "--vary", f"{RATE}=20", "--dask", "here"]) == 2
    assert "not the address of a Dask scheduler: 'here'" in capsys.readouterr().err
    assert not (case_file.parent / "sweep.csv").exists()


def test_a_sample_has_a_page_and_no_picture(case_file: Path) -> None:
    """Proves: a sample with --picture gets its page, and a picture of an earlier sweep of that name goes. Broken: an
    error, or the line of another sweep beside the sample's table."""
    call = ["sweep", str(case_file), "--picture", "--workers", "1", "-q"]
    assert main([*call, "--vary", "market.power.*.scale=1,2"]) == 0
    assert (case_file.parent / "sweep.svg").exists()
    assert main([*call, "--vary", "market.power.*.scale=1:2", "--sample", "4"]) == 0
    assert not (case_file.parent / "sweep.svg").exists()
    assert "nine points of ten between" in (case_file.parent / "sweep.html").read_text("utf-8")
