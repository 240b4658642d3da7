"""What the pages on break-evens and alternatives show is what the commands print."""

from __future__ import annotations

import csv
import re
import shlex
from pathlib import Path

import pytest

from optimizer.cli.main import main
from optimizer.sweep.alternatives import NAMES, TABLE_FILE
from optimizer.sweep.breakeven import FIRST_COLUMN

ROOT = Path(__file__).resolve().parents[2]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def shown(name: str) -> tuple[list[str], str]:
    """The first command of a page, as arguments, and what it is said to print."""
    text = page(name)
    command = re.search(r"^    wattfork (.+)$", text, re.MULTILINE)
    printed = re.search(r"^```text\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert command is not None
    assert printed is not None
    return shlex.split(command[1]), printed[1]


@pytest.mark.parametrize("name", ["breakeven.md", "alternatives.md"])
def test_the_page_shows_what_the_command_prints(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Proves: every line of the worked example. Broken: the first line that the command does not print."""
    monkeypatch.chdir(ROOT)
    arguments, printed = shown(name)
    workers = ["--workers", "1"] if arguments[0] == "breakeven" else []
    assert main([*arguments, "-o", str(tmp_path / "out"), *workers]) == 0
    assert capsys.readouterr().out.startswith(printed)


def test_the_pages_name_every_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: each column of the two tables stands on its page, and each kind of alternative. Broken: one."""
    text = page("alternatives.md")
    assert [name for name in NAMES if f"| `{name}` |" not in text] == []
    assert f"`{FIRST_COLUMN}`" in page("breakeven.md")
    monkeypatch.chdir(ROOT)
    case = "cases/quickstart"
    rate = "offers.cloud_tenant.rate_usd_per_kw_month"
    search = ["breakeven", case, "--of", rate, "--for", "any", "--between", "120:130", "--scan", "2", "--workers", "1"]
    assert main([*search, "-q", "-o", str(tmp_path / "one.csv")]) == 0
    plans = ["alternatives", case, "--within", "0%", "--only", "fewest_sites", "-q"]
    assert main([*plans, "-o", str(tmp_path / "plans")]) == 0
    for file, name in ((tmp_path / "one.csv", "breakeven.md"), (tmp_path / "plans" / TABLE_FILE, "alternatives.md")):
        with file.open(encoding="utf-8", newline="") as stream:
            columns = next(csv.reader(stream))
        assert [column for column in columns if f"`{column}`" not in page(name)] == []
