"""``wattfork solve`` and ``wattfork audit`` through the command line, on the quickstart case."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from optimizer import api
from optimizer.cli.main import main
from optimizer.errors import SolverError
from optimizer.solve.highs import Status

QUICKSTART = Path(__file__).parents[2] / "cases" / "quickstart"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan of the quickstart case."""
    target = tmp_path_factory.mktemp("solved") / "plan"
    assert main(["solve", str(QUICKSTART), "-o", str(target), "-q", "--no-twins"]) == 0
    return target


def test_a_folder_that_holds_more_than_a_plan_is_left_alone(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: a memo beside the CSV files survives, and the command says so. Broken: exit 0, memo gone."""
    memo = plan / "memo.txt"
    memo.write_text("for the board", encoding="utf-8")
    try:
        assert main(["solve", str(QUICKSTART), "-o", str(plan), "-q", "--no-twins"]) == 2
        assert "memo.txt" in capsys.readouterr().err
        assert memo.read_text(encoding="utf-8") == "for the board"
    finally:
        memo.unlink()


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (Status.GAP_LEFT, "came to its end before the gap was closed; more time does not close it"),
        (Status.TIME_LIMIT, "was stopped (time limit) before the gap was closed"),
    ],
)
def test_a_gap_that_is_left_is_told_from_a_lack_of_time(
    status: Status, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves: where the search ended by itself above the gap nobody is told to wait; the exit code is 4 both times.
    Broken: "stopped (time limit)" of a search that no time would help, or exit 0."""
    whole = api.solve_certified

    def ended(*arguments: object, **named: object) -> object:
        found = whole(*arguments, **named)  # type: ignore[arg-type]
        return replace(found, solution=replace(found.solution, status=status))

    monkeypatch.setattr(api, "solve_certified", ended)
    assert main(["solve", str(QUICKSTART), "-o", str(tmp_path / "plan"), "--no-twins", "--no-report"]) == 4
    assert f"the search {said}" in capsys.readouterr().out
    assert json.loads((tmp_path / "plan" / "summary.json").read_text(encoding="utf-8"))["status"] == status.value


def test_a_file_in_the_way_is_said_before_solving(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: a plan cannot lie in a file. Broken: the whole solve first, or a traceback."""
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert main(["solve", str(QUICKSTART), "-o", str(tmp_path / "file" / "plan"), "-q"]) == 2
    assert "is a file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("thinnest_headroom_usd_m", 50.0),
        ("beyond_horizon_usd_m", 5.0),
        ("value_usd_per_share", 9.0),
        ("value_at_wacc_usd_m", None),
        ("new_shares_m", 0.5),
        ("capex_usd_m", 1.0),
        ("it_mw_signed", 48.0),
        ("peak_debt_usd_m", 0.0),
    ],
)
def test_headline_figures_are_audited(plan: Path, name: str, wrong: object, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: a headline figure changed by hand fails the audit, which names it. Broken: "everything agrees"."""
    file = plan / "summary.json"
    text = file.read_text(encoding="utf-8")
    summary = json.loads(text)
    assert main(["audit", str(plan), "-q"]) == 0
    summary["measures"][name] = wrong
    file.write_text(json.dumps(summary), encoding="utf-8")
    try:
        assert main(["audit", str(plan)]) == 5
        assert f"measures.{name}" in capsys.readouterr().err
    finally:
        file.write_text(text, encoding="utf-8")


def test_a_missing_price_file_has_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: solve names file, line and column of what names the price file, as check does; without its place the
    line would begin with the name of the missing file."""
    quickstart = Path("cases/quickstart/case.yaml").resolve()
    text = f"extends: {quickstart}\ncase: no file\nmarket: {{power: {{west: {{file: nothere.csv}}}}}}\n"
    (tmp_path / "case.yaml").write_text(text)
    said = []
    for command in (["check", str(tmp_path)], ["solve", str(tmp_path), "-q", "-o", str(tmp_path / "out")]):
        assert main(command) == 2
        said.append(capsys.readouterr().err.strip())
    assert said[0] == said[1]
    assert said[1] == f"{tmp_path}/case.yaml:3:31 market.power.west.file: nothere.csv: there is no such file"


@pytest.mark.parametrize(("stopped", "code"), [(True, 130), (False, 1)])
def test_ctrl_c_before_there_is_a_plan(
    stopped: bool, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Proves: a search that was stopped by hand with no plan ends with 130 and is not told to take more time; one that
    found nothing by itself ends with 1, as before. No folder is left by either."""

    def search(*_: object, stop: threading.Event, **__: object) -> None:
        if stopped:
            stop.set()
        raise SolverError("no plan was found", ("give more time with --time-limit",))

    monkeypatch.setattr(api, "solve", search)
    assert main(["solve", "cases/quickstart", "-q", "-o", str(tmp_path / "out")]) == code
    assert ("--time-limit" in capsys.readouterr().err) is not stopped
    assert not list(tmp_path.iterdir())
