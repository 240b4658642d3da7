"""``wattfork new``: a folder that checks and solves at once, or nothing at all; also from an installed wheel."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from optimizer.cli import new
from optimizer.cli.main import main
from optimizer.errors import CallError

ROOT = Path(__file__).resolve().parents[2]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


SHORTER = {"everything": ("  steps: [8 quarters, 4 years]", "  steps: [4 quarters, 1 years]")}
"""Of a template that takes a minute to solve as it stands: its horizon, and one that has all the same sections."""


@pytest.mark.parametrize(
    ("template", "whole"),
    [
        *((template, template not in SHORTER) for template in new.TEMPLATES),
        *(pytest.param(template, True, marks=pytest.mark.soak) for template in SHORTER),
    ],
)
def test_what_is_started_checks_and_solves(
    template: str, whole: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proves: what is started is whole, checks as it stands, and solves to a plan that passes its audit; the longest
    over two years here and over its six in ``make soak``. Broken: an exit code of 1 or 2, or an audit that fails."""
    monkeypatch.chdir(tmp_path)
    assert main(["new", "mine", "--template", template]) == 0
    said = capsys.readouterr().out
    assert "now: wattfork check mine" in said
    assert names(tmp_path) == {"mine"}
    assert names(tmp_path / "mine") >= {"case.yaml", "case.schema.json", Path(new.PRICES).name}
    assert (tmp_path / "mine" / "case.yaml").read_text("utf-8").startswith(new.SCHEMA_LINE)
    assert not any(path.is_symlink() for path in (tmp_path / "mine").iterdir())
    assert main(["check", "mine", "-q"]) == 0
    if not whole:
        text = (tmp_path / "mine" / "case.yaml").read_text("utf-8")
        assert SHORTER[template][0] in text
        (tmp_path / "mine" / "case.yaml").write_text(text.replace(*SHORTER[template]), "utf-8")
    assert main(["solve", "mine", "--no-twins", "-q"]) == 0
    summary = json.loads((tmp_path / "mine" / "plan" / "summary.json").read_text("utf-8"))
    assert summary["status"] == "optimal"
    assert summary["audit"]["passed"]


def test_schema_beside_the_case_is_that_of_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", str(tmp_path / "mine"), "-q"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["schema"]) == 0
    assert (tmp_path / "mine" / new.SCHEMA_FILE).read_text("utf-8") == capsys.readouterr().out


def test_list_says_every_template(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(new.TEMPLATES)


def test_template_everything_uses_every_section(tmp_path: Path) -> None:
    from typing import get_args

    from optimizer.case.case import Case
    from optimizer.case.covenants import Limits
    from optimizer.case.facilities import ByProject, ByStep, EquityIssue, Line
    from optimizer.case.finance import Debt, Finance
    from optimizer.case.load import load_case
    from optimizer.case.power import SitePower
    from optimizer.case.sites import Site

    new.start_case(tmp_path / "mine", "everything")
    data = load_case(tmp_path / "mine").data
    unused = set(Case.model_fields) - set(data)
    assert unused == set()
    assert {key for site in data["sites"].values() for key in site} >= set(Site.model_fields)
    kinds = {
        entry["kind"]
        for site in data["sites"].values()
        for section in ("contracts", "delivery", "flexibility")
        for entry in site.get(section, {}).values()
    }
    finance = data["finance"]
    assert set(Finance.model_fields) - set(finance) == {"cash_tax_rate"}
    assert set(finance["limits"]) == set(Limits.model_fields)
    used = {(facility["kind"], key) for facility in finance["facilities"].values() for key in facility}
    known = {
        (get_args(kind.model_fields["kind"].annotation)[0], key)
        for kind in (*get_args(ByStep), *get_args(ByProject), *get_args(Line), EquityIssue)
        for key in kind.model_fields
    }
    assert {kind for kind, _ in known} == {kind for kind, _ in used}
    assert {key for _, key in known} == {key for _, key in used}
    assert {key for debt in finance["debts"].values() for key in debt} == set(Debt.model_fields)
    contracts = {"fixed_block", "monthly_election", "swing", "heat_rate", "generation", "minimum_take"}
    assert kinds == contracts | {"coincident_peak", "demand", "ancillary", "demand_response"}
    assert {key for site in data["sites"].values() for key in site["power"]} == set(SitePower.model_fields) - {"tariff"}


def test_an_empty_folder_is_used_and_stays_the_same_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tmp_path.stat().st_ino
    monkeypatch.chdir(tmp_path)
    assert main(["new", ".", "-q"]) == 0
    assert "case.yaml" in names(tmp_path)
    assert tmp_path.stat().st_ino == before


def test_what_is_there_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    assert main(["new", str(tmp_path)]) == 2
    assert "is not empty" in capsys.readouterr().err
    assert main(["new", str(tmp_path / "notes.txt")]) == 2
    assert "is a file" in capsys.readouterr().err
    assert main(["new", str(tmp_path / "notes.txt" / "below")]) == 2
    assert main(["new"]) == 2
    assert main(["new", str(tmp_path / "x"), "--template", "quickstrat"]) == 2
    assert names(tmp_path) == {"notes.txt"}
    assert (tmp_path / "notes.txt").read_text("utf-8") == "mine"


def test_nothing_is_left_when_it_fails_half_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(new.TEMPLATES, "broken", new.Template("", ("quickstart/case.yaml", "quickstart/no_such.csv")))
    with pytest.raises(CallError, match=r"no_such\.csv"):
        new.start_case(tmp_path / "mine", "broken")
    assert names(tmp_path) == set()
    (tmp_path / "empty").mkdir()
    with pytest.raises(CallError):
        new.start_case(tmp_path / "empty", "broken")
    assert names(tmp_path) == {"empty"}
    assert names(tmp_path / "empty") == set()


def test_wheel_brings_the_templates(tmp_path: Path) -> None:
    source = tmp_path / "source"
    skip = shutil.ignore_patterns("__pycache__", "plan")
    for name in ("optimizer", "models", "cases"):
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=skip)
    shutil.copyfile(ROOT / "pyproject.toml", source / "pyproject.toml")
    if (ROOT / "README.md").is_file():
        shutil.copyfile(ROOT / "README.md", source / "README.md")
    build = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*build, "-q", "-w", str(tmp_path), str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}
    for template in new.TEMPLATES.values():
        for file in template.files:
            assert packed[f"optimizer/cli/templates/{file}"] == (new.FOLDER / file).read_bytes()
    assert not any(name.startswith(("cases/", "tests/", "docs/")) for name in packed)
