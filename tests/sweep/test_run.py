"""Sweeps of a small case: each point as if solved alone, the same bytes for any number of processes, failures too."""

from __future__ import annotations

import copy
import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer import api
from optimizer.case.load import case_from_data
from optimizer.errors import CallError, CaseError, ExitCode
from optimizer.market.prices import read_prices
from optimizer.plan.audit.result import AuditReport, Finding
from optimizer.sweep import point as point_module
from optimizer.sweep.campaign import Swept
from optimizer.sweep.designs import design
from optimizer.sweep.further import Further
from optimizer.sweep.point import Job, Outcome, PointOptions, Shared, series_key, solve_point
from optimizer.sweep.price import PricedPoint, price_point
from optimizer.sweep.run import Sweep, run_file, run_sweep, table_file
from optimizer.sweep.vary import Point, Vary
from tests.sweep.conftest import CASE, price_text
from tests.sweep.fakes import figures, sign
from tests.sweep.here import Here


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
        "region", "proof", "value_usd_per_share", "it_mw_signed", "decisions", "first_period_mining_mw",
        "first_period_hosting_mw", "thinnest_headroom_usd_m", "thinnest_period", "peak_funding_usd_m", "problem",
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
    assert series_key(hub, loaded.folder) == series_key(far, loaded.folder)


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


def test_what_was_asked_beyond_the_points_and_failed_counts() -> None:
    """Proves: a price that is missing is a failure, though all points are solved. Broken: exit code 0."""
    assert replace(sweep_with("optimal"), problems=("point 1: no twins: died",)).exit_code() is ExitCode.FAILED


RATE, BITCOIN = "offers.lease.rate_usd_per_kw_month", "market.network.btc_usd"
PLANE = [f"{BITCOIN}=60000:140000:3", f"{RATE}=20:80:4"]


@pytest.fixture(scope="module")
def studied(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    folder = tmp_path_factory.mktemp("case")
    (folder / "prices.csv").write_text(price_text(), "utf-8")
    loaded = case_from_data(copy.deepcopy(CASE), folder)
    further = Further(refine=2, twins=True, regret=True)
    return run_sweep(loaded, PLANE, PointOptions(relative_gap=1e-3), further=further, executor=Here())


def test_regions_and_where_plans_come_from(studied: Sweep) -> None:
    """Proves: rows of one region have one number, in the order of the points, and proof names the search or the
    candidates. Broken: empty columns, or a region of its own for every date."""
    rows = rows_of(studied)
    by_region: dict[str, set[bool]] = {}
    for row in rows:
        by_region.setdefault(row["region"], set()).add("sign lease" in row["decisions"])
    assert list(by_region) == [str(n + 1) for n in range(len(by_region))]
    assert len(by_region) >= 2
    assert all(len(signs) == 1 for signs in by_region.values())
    assert {row["proof"] for row in rows} == {"candidates", "search"}
    found = studied.data()["regions"]
    assert [each["region"] for each in found] == list(range(1, len(by_region) + 1))
    assert sorted(n for each in found for n in each["points"]) == [int(row["point"]) for row in rows]


def test_borders_are_points_of_the_table(studied: Sweep) -> None:
    """Proves: two rounds put points between neighbours that differ, numbered on, halfway and then a quarter of the way.
    Broken: 12 rows, or points between neighbours that agree."""
    rows = rows_of(studied)
    assert [int(row["point"]) for row in rows] == list(range(1, studied.asked + 1))
    added = rows[12:]
    steps = {20.0, 40.0, 60.0, 80.0}
    assert added
    assert len(added) % 2 == 0
    first, second = added[: len(added) // 2], added[len(added) // 2 :]
    assert {float(row[RATE]) for row in first if float(row[BITCOIN]) % 40000 == 20000} <= {30.0, 50.0, 70.0} | steps
    assert {float(row[RATE]) % 10 for row in second} & {5.0}


@pytest.mark.parametrize(("border_gap", "again"), [(1e-6, [2, 3]), (1e-3, []), (None, [])])
def test_points_next_to_a_border_are_proved_further(load_small, border_gap: float | None, again: list[int]) -> None:
    """Proves: with a smaller gap for borders the points beside one are solved once more, to that gap, and their rows
    say so; else none is. Broken: all points again, or the old gap in the table."""

    def answer(work, job):
        # Halls change between the second and the third value.
        halls = 1 if job.point.values[0] < 100000 else 2
        return Outcome("optimal", "", figures(100.0, gap=job.relative_gap / 2), sign(halls))

    here = Here(answer)
    texts = [f"{BITCOIN}=60000,80000,120000,140000", f"{RATE}=80"]
    options = PointOptions(relative_gap=1e-3)
    sweep = run_sweep(load_small(), texts, options, further=Further(border_gap=border_gap), executor=here)
    assert [[job.point.number for job in wave] for wave in here.waves[1:]] == ([again] if again else [])
    assert {n: swept.outcome.figures.gap for n, swept in enumerate(sweep.points, start=1) if swept.outcome.figures} == {
        n: 5e-7 if n in again else 5e-4 for n in (1, 2, 3, 4)
    }


def test_twins_stand_beside_their_points(studied: Sweep) -> None:
    """Proves: the plan is worth no less than each twin, and more than the status quo where it signs. Broken: columns
    of another point."""
    for row in rows_of(studied):
        worth = float(row["value_usd_m"])
        for name in ("status_quo_usd_m", "all_mining_usd_m", "all_hosting_usd_m"):
            assert row[name] != ""
            assert float(row[name]) <= worth * (1 + 1e-3)
        if "sign lease" in row["decisions"]:
            assert float(row["status_quo_usd_m"]) < worth


def test_regret_of_the_plan_of_a_point_is_nothing_there(studied: Sweep) -> None:
    """Proves: every plan at every point, never below 0, nothing at its own; the case's own plan is among them. Broken:
    a plan priced at another point."""
    assert studied.regret is not None
    assert {(cell.plan, cell.point) for cell in studied.regret.cells} == {
        (plan.number, swept.point.number) for plan in studied.regret.plans for swept in studied.points
    }
    assert all(cell.regret_usd_m is None or cell.regret_usd_m >= 0 for cell in studied.regret.cells)
    by_place = {(cell.plan, cell.point): cell.regret_usd_m for cell in studied.regret.cells}
    for plan in studied.regret.plans:
        own = [swept.point.number for swept in studied.points if swept.outcome.plan == plan.plan]
        for point in own:
            assert by_place[plan.number, point] == pytest.approx(0, abs=0.2)
    # The case as it stands (a rent of 100) is no point of the grid; it signs two halls.
    assert any("lease 2 halls" in plan.words for plan in studied.regret.plans)
    assert 0 not in {swept.point.number for swept in studied.points}


@pytest.mark.parametrize(
    ("texts", "kind", "beside"),
    [
        ([f"{BITCOIN}=90000,100000"], "grid", False),
        ([f"{BITCOIN}=90000,110000"], "grid", True),
        ([f"{BITCOIN}=x0.9,x1 & {RATE}=90,100"], "grid", False),
        ([f"{BITCOIN}=x0.9,x1 & {RATE}=90,110"], "grid", True),
        ([f"{BITCOIN}=x0.9,x1.1"], "tornado", False),
        # Two markets with different numbers: no one value is the case's own.
        (["market.power.*.scale=1,2"], "grid", True),
    ],
)
def test_the_case_as_it_stands_is_solved_once(load_small, texts: list[str], kind: Any, beside: bool) -> None:
    """Proves: its plan is compared, from the point that it is, else from one of its own, which is no row. Broken:
    solved twice, or its plan (9 halls) missing."""

    def answer(work, job):
        if work is price_point:
            return PricedPoint((90.0,) * len(job.plans))
        halls = job.point.number or 9
        return Outcome("optimal", "", figures(100.0), sign(halls))

    here, loaded = Here(answer), load_small()
    found = design(loaded, texts, tornado=kind == "tornado")
    sweep = run_sweep(
        loaded, found.directions, points=found.points, kind=kind, executor=here, further=Further(regret=True)
    )
    assert (0 in {number for number, _ in here.points}) == beside
    assert [swept.point.number for swept in sweep.points] == list(range(1, len(found.points) + 1))
    assert sweep.regret is not None
    assert any("9 halls" in plan.words for plan in sweep.regret.plans) == beside


def test_borders_are_of_a_plane_only(load_small) -> None:
    """Proves: one error before anything is solved. Broken: refinement that is silently left out."""
    for texts in (["market.power.*.scale=0.8:1.2:3"], [*PLANE, "market.power.hub.scale=1,2"]):
        with pytest.raises(CallError, match="two directions with numbers"):
            run_sweep(load_small(), texts, further=Further(refine=1), executor=Here())


def test_prices_that_failed_are_said(load_small) -> None:
    """Proves: a point whose plans could not be priced is left out of the comparison and named. Broken: plans called
    impossible there."""

    def answer(work, job):
        if work is price_point:
            return PricedPoint((), "died") if job.point.number == 2 else PricedPoint((90.0,) * len(job.plans))
        return Outcome("optimal", "", figures(100.0), sign(job.point.number))

    sweep = run_sweep(
        load_small(), ["market.power.hub.scale=1:3:3"], executor=Here(answer), further=Further(regret=True)
    )
    assert sweep.problems == ("point 2: plans of other points have no price: died",)
    assert sweep.exit_code() is ExitCode.FAILED
    assert sweep.regret is not None
    assert {cell.point for cell in sweep.regret.cells} == {1, 3}
    assert all(plan.impossible_points == 0 for plan in sweep.regret.plans)


def test_ctrl_c_during_regret_keeps_the_points(load_small) -> None:
    """Proves: all points are written, no half table of regret. Broken: nothing, or regret of a few points."""

    def answer(work, job):
        if work is price_point:
            raise KeyboardInterrupt
        return Outcome("optimal", "", figures(100.0), sign(job.point.number))

    sweep = run_sweep(
        load_small(), ["market.power.hub.scale=1:3:3"], executor=Here(answer), further=Further(regret=True)
    )
    assert (sweep.interrupted, len(sweep.points), sweep.regret) == (True, 3, None)
    assert sweep.exit_code() is ExitCode.STOPPED


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
