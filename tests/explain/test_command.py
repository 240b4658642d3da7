"""``wattfork explain`` and the folder that it writes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from optimizer import api
from optimizer.cli.main import main
from optimizer.explain.folder import EXPLANATION
from optimizer.explain.words import explain_lines
from tests.explain.conftest import CASES


@pytest.fixture
def plan(shipped: Callable[[str], Path], tmp_path: Path) -> Path:
    """Quickstart's plan alone, in a folder of its own."""
    return Path(shutil.copytree(shipped("quickstart"), tmp_path / "plan"))


PAGE = CASES.parent / "docs" / "explain.md"


def test_the_page_shows_what_is_printed(plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: the page shows the answer of today. Broken: figures of an older case or rule."""
    results = plan.parent / "results"
    results.mkdir()
    shutil.copytree(plan, results / "quickstart")
    monkeypatch.chdir(plan.parent)
    shown = PAGE.read_text("utf-8").split("```text\n")[1].split("```")[0].rstrip().splitlines()
    assert explain_lines(api.explain("results/quickstart"))[: len(shown)] == shown


def test_the_answer_on_the_terminal(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: what binds, what more is worth, offers, machines and the bridge are told within 100 columns, and the five
    tables lie in the plan's folder, which still is a plan that may be replaced. Broken: a second run says that the
    folder holds what is no part of a plan."""
    assert main(["explain", str(plan)]) == 0
    text, waited = capsys.readouterr()
    told = [line for line in waited.splitlines() if line.startswith("explain  ")]
    assert [line.split()[1:3] for line in told] == [[str(n), "answered"] for n in range(1, len(told) + 1)]
    assert len(told) > 5
    for words in (
        "Binds     mining shell west_one: in 10 of 40 periods, 2027Q2 to 2029Q3",
        "More      cloud_tenant ready one quarter earlier: +$2.97M (predicted +$2.97M)",
        "one more MW of mining shell at west_one: +$0.69M (predicted +$0.69M)",
        "Refused   every offer is signed",
        "Machines  2 lots pay at the mean price as long as machines stand",
        "Bridge    status quo $291.5M",
        "hosting +$64.2M",
        "plan $342.7M",
        "not audited",
    ):
        assert words in text
    assert max(len(line) for line in text.splitlines()) <= 100 + len(str(plan))
    assert {entry.name for entry in (plan / "explain").iterdir()} == EXPLANATION.entries
    assert api.audit(plan).passed
    assert main(["explain", str(plan), "-q"]) == 0
    assert capsys.readouterr().out == ""
    assert api.solve(api.load(CASES / "quickstart"), twins=False).write(plan).passed
    assert not (plan / "explain").exists()


def test_json_and_another_folder(plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: --json has every table and the bridge, and -o leaves the plan's folder alone. Broken: text around it."""
    assert main(["explain", str(plan), "--json", "-o", str(tmp_path / "other")]) == 0
    data = json.loads(capsys.readouterr().out)
    assert {"limits", "worth", "moves", "offers", "cohorts", "bridge"} <= set(data)
    assert data["bridge"][-1]["difference_usd_m"] == pytest.approx(51.1762, abs=1e-3)
    assert not (plan / "explain").exists()
    assert {entry.name for entry in (tmp_path / "other").iterdir()} == EXPLANATION.entries


def test_what_is_in_the_way(plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Proves: no plan, and a folder of something else, are one clear error each, and nothing is touched. Broken: a
    traceback, or a lost file."""
    assert main(["explain", str(tmp_path)]) == 2
    assert "holds no plan" in capsys.readouterr().err
    other = tmp_path / "mine"
    other.mkdir()
    (other / "notes.txt").write_text("keep")
    assert main(["explain", str(plan), "-o", str(other)]) == 2
    assert "no part of an explanation (notes.txt)" in capsys.readouterr().err
    assert (other / "notes.txt").read_text() == "keep"
    (plan / "decisions.csv").unlink()
    assert main(["explain", str(plan)]) == 2
    assert "decisions.csv" in capsys.readouterr().err
