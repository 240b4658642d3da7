"""Sweeps of a small case: each point as if solved alone, the same bytes for any number of processes, failures too."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from optimizer import api
from optimizer.case.load import case_from_data
from optimizer.errors import CallError, CaseError, ExitCode
from optimizer.market.prices import read_prices
from optimizer.plan.audit.result import AuditReport, Finding
from optimizer.sweep import point as point_module
from optimizer.sweep.campaign import Swept
from optimizer.sweep.point import Job, Outcome, PointOptions, Shared, series_key, solve_point
from optimizer.sweep.run import Sweep, run_file, run_sweep, table_file
from optimizer.sweep.vary import Point, Vary


def rows_of(sweep: Sweep) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(sweep.table().text())))


def outcome_of(load_small, overrides: dict[str, float], options: PointOptions | None = None) -> Outcome:
    loaded = load_small()
    shared = Shared({None: loaded.data}, {None: loaded.folder}, {}, options or PointOptions())
    return solve_point(shared, Job(Point(1, (), overrides)))


def test_a_sweep_is_its_points_solved_alone(load_small) -> None:
    loaded = load_small()
    texts = ["market.power.*.scale=0.8:1.2:3", "finance.opening.cash_usd_m=60,200"]
    sweep = run_sweep(loaded, texts, workers=2)
    assert sweep.exit_code() is ExitCode.DONE
    rows = rows_of(sweep)
    assert list(rows[0]) == [
        "point", "market.power.*.scale", "finance.opening.cash_usd_m", "value_usd_m", "bound_usd_m", "gap", "status",
        "value_usd_per_share", "it_mw_signed", "decisions", "first_period_mining_mw", "first_period_hosting_mw",
        "thinnest_headroom_usd_m", "thinnest_period", "peak_funding_usd_m", "problem",
    ]  # fmt: skip
    assert [(row["point"], row["market.power.*.scale"], row["finance.opening.cash_usd_m"]) for row in rows] == [
        ("1", "0.8", "60"), ("2", "0.8", "200"), ("3", "1", "60"), ("4", "1", "200"), ("5", "1.2", "60"),
        ("6", "1.2", "200"),
    ]  # fmt: skip
    for row in rows:
        own = {
            "market.power.*.scale": float(row["market.power.*.scale"]),
            "finance.opening.cash_usd_m": float(row["finance.opening.cash_usd_m"]),
        }
        alone = api.solve(case_from_data(loaded.data, loaded.folder, overrides=own), twins=False)
        summary = alone.summary()
        assert row["status"] == "optimal"
        assert float(row["value_usd_m"]) == pytest.approx(summary["value_usd_m"], abs=1e-7)
        assert float(row["bound_usd_m"]) >= float(row["value_usd_m"])
        for name in ("value_usd_per_share", "it_mw_signed", "thinnest_headroom_usd_m", "peak_funding_usd_m"):
            assert float(row[name]) == pytest.approx(summary["measures"][name], abs=1e-7), name
        assert row["thinnest_period"] == summary["measures"]["thinnest_period"]
        first = [r for r in alone.plan.tables["allocation"].dicts() if r["period"] == "2025Q1"]
        for use in ("mining", "hosting"):
            expected = sum(float(r["meter_mw"] or 0) for r in first if r["use"] == use)
            assert float(row[f"first_period_{use}_mw"]) == pytest.approx(expected, abs=1e-7)
    # More money can only help, dearer power only hurt.
    value = {
        (row["market.power.*.scale"], row["finance.opening.cash_usd_m"]): float(row["value_usd_m"]) for row in rows
    }
    assert value["0.8", "200"] > value["1", "200"] > value["1.2", "200"]
    assert {row["decisions"].partition(";")[0][11:] for row in rows} >= {"sign lease at west: 2 halls"}


def test_the_same_bytes_for_any_number_of_processes(load_small, tmp_path: Path) -> None:
    texts = ["market.network.btc_usd=x0.5:x1.5:5"]
    for workers in (1, 2):
        run_sweep(load_small(), texts, workers=workers).write(tmp_path / f"{workers}.csv")
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()
    rows = list(csv.DictReader(io.StringIO((tmp_path / "1.csv").read_text("utf-8"))))
    assert [row["market.network.btc_usd (factor)"] for row in rows] == ["0.5", "0.75", "1", "1.25", "1.5"]
    # What bitcoin brings is a miner's income: more of it never hurts.
    values = [float(row["value_usd_m"]) for row in rows]
    assert values == sorted(values)
    run = json.loads((tmp_path / "2.run.json").read_text("utf-8"))
    assert run["workers"] == 2
    assert run["options"]["relative_gap"] == 1e-4
    assert list(run["point_seconds"]) == ["1", "2", "3", "4", "5"]
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "prices.csv") == [
        "1.csv", "1.run.json", "2.csv", "2.run.json",
    ]  # fmt: skip


def test_points_without_a_plan_are_rows(load_small) -> None:
    sweep = run_sweep(load_small(), ["sites.west.uptime=0.9,2", "finance.limits.min_cash_usd_m=10,500"], workers=1)
    good, infeasible, wrong, _ = rows_of(sweep)
    assert (good["status"], good["problem"]) == ("optimal", "")
    assert infeasible["status"] == "infeasible"
    assert "minimum cash" in infeasible["problem"]
    assert "\n" not in infeasible["problem"]
    assert wrong["status"] == "wrong input"
    assert "sites.west.uptime" in wrong["problem"]
    for row in (infeasible, wrong):
        assert {row[name] for name in ("value_usd_m", "bound_usd_m", "gap", "decisions", "it_mw_signed")} == {""}
    assert sweep.exit_code() is ExitCode.WRONG_INPUT
    assert [point["value_usd_m"] is None for point in sweep.data()["points"]] == [False, True, True, True]
    json.dumps(sweep.data(), allow_nan=False)


def test_price_files_are_read_once(load_small, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_small()
    read: list[str] = []

    def counted(spec, folder):
        read.append(spec.file)
        return read_prices(spec, folder)

    monkeypatch.setattr(point_module, "read_prices", counted)
    shared = Shared({None: loaded.data}, {None: loaded.folder}, {}, PointOptions())
    for scale in (0.8, 1.0, 1.2):
        assert solve_point(shared, Job(Point(1, (scale,), {"market.power.hub.scale": scale}))).status == "optimal"
    # Both markets read the same of the same file.
    assert read == ["prices.csv"]
    # What changes how it is read makes it read again.
    assert solve_point(shared, Job(Point(1, (30,), {"market.power.hub.interval_minutes": 30}))).status == "wrong input"
    assert read == ["prices.csv"] * 2
    hub, far = loaded.case.market.power.values()
    assert series_key(hub) == series_key(far)


def test_what_is_wrong_with_the_case_is_said_at_once(load_small) -> None:
    loaded = load_small({"market.power.hub.file": "none.csv"})
    with pytest.raises(CaseError, match=r"none\.csv"):
        run_sweep(loaded, ["market.network.btc_usd=1e5"])
    with pytest.raises(CaseError, match="did you mean"):
        run_sweep(load_small(), ["market.network.btc_us=1e5"])


def test_audited_points(load_small, monkeypatch: pytest.MonkeyPatch) -> None:
    overrides = {"market.power.hub.scale": 1.1}
    audited = PointOptions(audit=True)
    assert outcome_of(load_small, overrides, audited) == outcome_of(load_small, overrides)
    bad = AuditReport((Finding("cash.csv", 3, "closing_usd_m", "says 1, recomputed 2"),), 1, 1, 1.0, 0.0)
    monkeypatch.setattr("optimizer.plan.audit.run.audit_folder", lambda folder: bad)
    outcome = outcome_of(load_small, overrides, audited)
    assert outcome.status == "audit failed"
    assert outcome.problem == "the audit does not agree: cash.csv:3 closing_usd_m: says 1, recomputed 2"
    assert outcome.figures is not None


def test_a_fault_of_the_program_is_an_outcome(load_small, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("by\nzero")

    monkeypatch.setattr(point_module, "_figures", broken)
    assert outcome_of(load_small, {}) == Outcome("failed", "ZeroDivisionError: by zero")


def sweep_with(*statuses: str, interrupted: bool = False) -> Sweep:
    points = tuple(
        Swept(Point(number, (1.0,), {}), Outcome(status), 0.0) for number, status in enumerate(statuses, start=1)
    )
    return Sweep("c", (Vary("a", (1.0,)),), points, 9, interrupted, {}, 0.0, 1)


@pytest.mark.parametrize(
    ("statuses", "interrupted", "code"),
    [
        (["optimal", "optimal"], False, 0),
        (["optimal", "infeasible"], False, 0),
        (["infeasible", "infeasible"], False, 3),
        (["optimal", "time limit"], False, 4),
        (["infeasible", "time limit"], False, 4),
        (["optimal", "no plan"], False, 1),
        (["time limit", "failed", "wrong input"], False, 1),
        (["wrong input", "infeasible"], False, 2),
        (["failed", "audit failed"], False, 5),
        (["optimal"], True, 4),
        (["infeasible"], True, 4),
        ([], True, 130),
    ],
)
def test_exit_codes(statuses: list[str], interrupted: bool, code: int) -> None:
    assert sweep_with(*statuses, interrupted=interrupted).exit_code() == code


def test_interrupted_after_some_points(load_small) -> None:
    def interrupt(done: int, total: int, seconds: float) -> None:
        assert total == 400
        assert seconds > 0
        if done >= 2:
            raise KeyboardInterrupt

    sweep = run_sweep(load_small(), ["market.power.*.scale=0.8:1.2:400"], workers=1, on_progress=interrupt)
    assert sweep.interrupted
    # The first, and then the middle.
    assert [swept.point.number for swept in sweep.points] == [1, 257]
    assert sweep.exit_code() is ExitCode.STOPPED


def test_where_the_table_goes(load_small, tmp_path: Path) -> None:
    loaded = load_small()
    assert table_file(None, loaded) == tmp_path / "sweep.csv"
    assert table_file(tmp_path / "new" / "folder", loaded) == tmp_path / "new" / "folder" / "sweep.csv"
    assert table_file(tmp_path / "other" / "x.csv", loaded) == tmp_path / "other" / "x.csv"
    assert run_file(tmp_path / "x.csv") == tmp_path / "x.run.json"
    (tmp_path / "odd.csv").mkdir()
    assert table_file(tmp_path / "odd.csv", loaded) == tmp_path / "odd.csv" / "sweep.csv"
    (tmp_path / "old.csv").write_text("point,a,value_usd_m\n", "utf-8")
    assert table_file(tmp_path / "old.csv", loaded) == tmp_path / "old.csv"
    # Never over the prices, or anything else that is not ours.
    with pytest.raises(CallError, match="not an earlier sweep"):
        table_file(tmp_path / "prices.csv", loaded)
    with pytest.raises(CallError, match="cannot write"):
        table_file(tmp_path / "prices.csv" / "below", loaded)


def test_who_hands_out_the_points_does_not_load_the_solver() -> None:
    script = "import sys, optimizer.sweep.run, optimizer.sweep.words; sys.exit('highspy' in sys.modules)"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", script], cwd=root, env=os.environ, check=False).returncode == 0
