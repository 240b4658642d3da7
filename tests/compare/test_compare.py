"""Two plans side by side: what differs, and whether inputs or decisions are the cause."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from optimizer import api
from optimizer.cli.main import main
from optimizer.compare import differences
from optimizer.compare.folder import NAMES, PAGE
from optimizer.errors import CallError
from optimizer.plan.written import WrittenPlan, read_written

QUICKSTART = Path("cases/quickstart/case.yaml").resolve()


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``base``; ``dear``: its power 1.5 times as dear; ``idle``: its inputs, nothing signed."""
    folder = tmp_path_factory.mktemp("plans")
    cases = {"base": {}, "dear": {"market.power.west.scale": 1.5}, "bigger": {"finance.opening.cash_usd_m": 310}}
    for name, overrides in cases.items():
        api.solve(api.load(QUICKSTART, overrides=overrides), twins=False).write(folder / name)
    forbid = folder / "forbid.csv"
    forbid.write_text("date,decision,item,site,amount,rule\n,sign,cloud_tenant,,,forbid\n")
    api.solve(api.load(QUICKSTART, given_csv=forbid), twins=False).write(folder / "idle")
    return folder


def test_a_plan_with_itself(plans: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: a plan does not differ from itself, and nothing is solved for it. Otherwise a table would have rows."""
    comparison = api.compare(plans / "base", plans / "base")
    assert set(comparison.tables) == {"inputs", "decisions", "megawatts", "value", "measures"}
    assert not any(table.rows for table in comparison.tables.values())
    assert main(["compare", str(plans / "base"), str(plans / "base")]) == 0
    assert "Nothing differs" in capsys.readouterr().out


def test_dearer_power_is_the_inputs(plans: Path) -> None:
    """Proves: with the same signature under both, all of the loss of 22.59 is by inputs, from either end.

    With the ends mixed up decisions would be -45.17.
    """
    base, dear = read_written(plans / "base"), read_written(plans / "dear")
    lost = dear.value_usd_m - base.value_usd_m
    assert lost == pytest.approx(-22.5856, abs=1e-3)
    tables = api.compare(plans / "base", plans / "dear").tables
    assert list(tables["inputs"].rows) == [("market.power.west.scale", "", "1.5")]
    rows = list(tables["why"].dicts())
    found = {(str(row["between"])[0], row["cause"]): row["usd_m"] for row in rows}
    assert found["A", "inputs"] == pytest.approx(lost, abs=1e-3)
    assert found["A", "decisions"] == pytest.approx(0, abs=1e-3)
    assert found["B", "inputs"] == pytest.approx(lost, abs=1e-3)
    assert found["B", "decisions"] == pytest.approx(0, abs=1e-3)


def test_same_inputs_are_no_cause(plans: Path) -> None:
    """Proves: what is lost by signing nothing (51.18) is decisions alone. The value table splits it by cause, and the
    parts add up to it; were a part missing they would not."""
    comparison = api.compare(plans / "base", plans / "idle")
    assert comparison.a.case_sha256 != comparison.b.case_sha256  # what is given is an input
    rows = list(comparison.tables["why"].dicts())
    by = {(str(row["between"])[0], row["cause"]): row["usd_m"] for row in rows}
    assert by["B", "decisions"] == pytest.approx(-51.1762, abs=1e-3)
    assert by["B", "inputs"] == pytest.approx(0, abs=1e-3)
    *parts, total = comparison.tables["value"].dicts()
    assert total["component"] == "total"
    assert sum(float(row["difference_usd_m"] or 0) for row in parts) == pytest.approx(-51.1762, abs=1e-3)
    assert {row["cause"] for row in parts} == {"mining", "hosting"}
    signed = next(row for row in comparison.tables["decisions"].dicts() if row["decision"] == "sign")
    assert (signed["a_date"], signed["a_amount"], signed["b_date"], signed["b_amount"]) == ("2027-04-01", 3.0, "", None)


def test_a_sum_of_money_is_the_inputs(plans: Path) -> None:
    """Proves: 100 more of opening cash is worth 100 by inputs under A's own decisions; what more can be done with it is
    decisions. Split the other way round, A's plan would be credited with what it does not do."""
    rows = list(api.compare(plans / "base", plans / "bigger").tables["why"].dicts())
    by = {(str(row["between"])[0], row["cause"]): float(row["usd_m"] or 0.0) for row in rows}
    assert by["A", "inputs"] == pytest.approx(100, abs=1e-6)
    assert by["A", "decisions"] >= -1e-6


def _plan(folder: Path, tables: dict[str, str]) -> WrittenPlan:
    folder.mkdir()
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    return WrittenPlan(folder, {"value_usd_m": 1.0, "inputs": {"case_sha256": "x"}})


def test_decisions_are_matched_by_date(tmp_path: Path) -> None:
    """Proves: equal ones are left out, the others are matched in order of date, what one lacks is empty.

    A match by position alone would show three differences, the first of them 5 against 7.
    """
    head = "date,decision,item,site,amount,unit,meter_mw,capex_usd_m\n"
    a = _plan(tmp_path / "a", {"decisions": head + "2026-01-01,buy,x,s,5,ph_s,,\n2026-04-01,buy,x,s,7,ph_s,,\n"})
    b = _plan(tmp_path / "b", {"decisions": head + "2026-04-01,buy,x,s,7,ph_s,,\n2026-07-01,sign,o,s,2,halls,,\n"})
    assert list(differences.decisions_table(a, b).rows) == [
        ("buy", "x", "s", "2026-01-01", 5.0, "", None, "ph_s"),
        ("sign", "o", "s", "", None, "2026-07-01", 2.0, "halls"),
    ]


def test_megawatts_are_means_of_years(tmp_path: Path) -> None:
    """Proves: by hand, of 2026 with 10 MW for the 90 days of one quarter: 10 x 90 / 365 = 2.4658. A mean over rows
    would say 5."""
    head = "scenario,period,from,to,site,use,item,meter_mw\n"
    quarter = "base,q1,2026-01-01,2026-03-31,s,{use},,10\nbase,rest,2026-04-01,2026-12-31,s,free,,10\n"
    a = _plan(tmp_path / "a", {"allocation": head + quarter.format(use="mining")})
    b = _plan(tmp_path / "b", {"allocation": head + quarter.format(use="free")})
    rows = {row[2]: row for row in differences.megawatts_table(a, b).rows}
    assert rows["mining"][3:] == pytest.approx((10 * 90 / 365, 0, -10 * 90 / 365))
    assert rows["free"][3:] == pytest.approx((10 * 275 / 365, 10, 10 * 90 / 365))


def test_decisions_that_do_not_exist_there(plans: Path, tmp_path: Path) -> None:
    """Proves: an offer that the other case lacks is said by its name; the rest of the comparison stands."""
    other = tmp_path / "other.yaml"
    text = QUICKSTART.read_text().replace("cloud_tenant", "another_tenant")
    other.write_text(text.replace("file: ", f"file: {QUICKSTART.parent}/"))
    api.solve(api.load(other), twins=False).write(tmp_path / "other")
    why = list(api.compare(plans / "base", tmp_path / "other").tables["why"].dicts())
    assert why[0]["usd_m"] is None
    assert "there is no offer 'cloud_tenant'" in str(why[0]["note"])


def test_written_tables(plans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: tables are written whole, replaced by the next comparison, and a foreign folder is left alone."""
    out = tmp_path / "out"
    arguments = ["compare", str(plans / "base"), str(plans / "dear"), "-o", str(out)]
    assert main(arguments) == 0
    first = {file.name: file.read_bytes() for file in out.iterdir()}
    assert set(first) == {*(f"{name}.csv" for name in NAMES), PAGE}
    assert main(arguments) == 0
    assert {file.name: file.read_bytes() for file in out.iterdir()} == first
    shown = capsys.readouterr().out
    assert "-$22.6M against A" in shown
    (out / "mine.txt").write_text("notes")
    assert main(arguments) == 2
    assert (out / "mine.txt").read_text() == "notes"
    assert "no part of a comparison (mine.txt)" in capsys.readouterr().err
    with (out / "value.csv").open() as stream:
        assert list(csv.DictReader(stream))[-1]["component"] == "total"


def test_wrong_folders(plans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: no plan, half a plan and a damaged summary are one clear line each, and no traceback."""
    assert main(["compare", str(plans / "base"), str(tmp_path / "none")]) == 2
    assert "holds no plan" in capsys.readouterr().err
    half = tmp_path / "half"
    shutil.copytree(plans / "base", half)
    (half / "decisions.csv").unlink()
    assert main(["compare", str(half), str(plans / "base")]) == 2
    assert "decisions.csv cannot be read" in capsys.readouterr().err
    (half / "summary.json").write_text("[1")
    with pytest.raises(CallError, match="cannot be read"):
        read_written(half)


def test_json(plans: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: scripts get the same tables as plain data."""
    assert main(["compare", str(plans / "base"), str(plans / "idle"), "--json", "--no-why"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["a"]["value_usd_m"] == pytest.approx(342.7205, abs=1e-3)
    assert "why" not in data
    assert data["measures"][0]["measure"] == "value_usd_m"
