"""The map of a sweep on the page, read back from the sweep's table; and the command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from optimizer.cli.main import main
from optimizer.errors import CallError, ExitCode
from optimizer.report.page import report_page
from tests.report.pages import Parsed

PRICE, RENT = "market.network.btc_usd", "offers.*.rate_usd_per_kw_month"
HALLS = "2027-04-01 sign cloud_tenant at west_one: 3 halls; 2027-04-01 unplug west_one.s19_xp at west_one: 1.60 EH/s"


def sweep(place: Path, varied: dict[str, list[float]] | None = None) -> Path:
    """Four points: halls are signed at a rent of 140; between 100 and 140 at a price of 90,000 one more was solved."""
    varied = varied or {PRICE: [90000.0, 110000.0], RENT: [100.0, 140.0]}
    lines = [f"point,{PRICE},{RENT},value_usd_m,bound_usd_m,gap,status,region,it_mw_signed,decisions,problem"]
    lines += [
        "1,90000,100,250,250,0,optimal,1,0,,",
        f"2,90000,140,300,300,0,optimal,2,36,{HALLS},",
        "3,110000,100,320,320,0,optimal,1,0,,",
        f"4,110000,140,360,361,0.003,time limit,2,36,{HALLS},",
        f"5,90000,120,251,251,0,optimal,2,36,{HALLS},",
    ]
    place.mkdir(exist_ok=True)
    (place / "sweep.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (place / "sweep.run.json").write_text(json.dumps({"varied": varied}), encoding="utf-8")
    return place


def test_map_is_drawn_with_its_finding_and_points(plan_folder: Path, tmp_path: Path) -> None:
    parsed = Parsed(report_page(plan_folder, [sweep(tmp_path / "sweep")]))
    table = parsed.by_finding("At today's values: host (Cloud Tenant at West One: 3 halls)")
    assert [row[0] for row in table[1:]] == ["1", "2", "3", "4", "5"]
    assert table[1][3:] == ["250", "as today (nothing signed)"]
    # Between 100 and 120 the choice changes at 90,000, between 100 and 140 at 110,000: at today's price of 107,153
    # that is about 119. Without the point between it would be 120 everywhere.
    data = next(text for _, attrs, text in parsed.code if attrs.get("id") == "data")
    assert "about $119/kW-month" in json.loads(data)["map1"]["spec"]["description"]


def test_a_sweep_without_a_map_is_told(plan_folder: Path, tmp_path: Path) -> None:
    place = sweep(tmp_path / "sweep", {PRICE: [90000.0, 110000.0]})
    with pytest.raises(CallError, match="no sweep over two inputs"):
        report_page(plan_folder, [place])
    (place / "sweep.run.json").write_text("[]", encoding="utf-8")
    with pytest.raises(CallError, match="no sweep over numbers"):
        report_page(plan_folder, [place])
    with pytest.raises(CallError, match="cannot be read"):
        report_page(plan_folder, [tmp_path / "nothing"])


def test_command_writes_the_page_beside_whatever_else(
    plan_folder: Path, page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "board"
    assert main(["report", str(plan_folder), "-o", str(out)]) == ExitCode.DONE
    assert (out / "report.html").read_text("utf-8") == page
    assert str(out / "report.html") in capsys.readouterr().out
    assert main(["report", str(plan_folder), "-o", str(out), "-q"]) == ExitCode.DONE
    assert capsys.readouterr().out == ""


def test_command_leaves_what_is_not_its_own(
    plan_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "report.html"
    own.write_text("<p>mine</p>", encoding="utf-8")
    assert main(["report", str(plan_folder), "-o", str(tmp_path)]) == ExitCode.WRONG_INPUT
    assert own.read_text("utf-8") == "<p>mine</p>"
    assert "it is left alone" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["report.html"]


def test_command_without_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path / "none"), "-o", str(tmp_path / "out")]) == ExitCode.WRONG_INPUT
    assert "holds no plan" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
