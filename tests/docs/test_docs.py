"""What the documents say is so: pages are fresh, snippets load, commands and links exist, figures are of today."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import click
import pytest

from optimizer import api
from optimizer.case.load import load_case
from optimizer.cli.main import group, main
from optimizer.errors import InfeasibleError

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.glob("*.md"), *ROOT.glob("cases/*/README.md")])
QUICKSTART = ROOT / "cases" / "quickstart"
FENCE = re.compile(r"^```([\w-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def script(name: str) -> ModuleType:
    """A generator of docs, imported."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def blocks(page: Path, kind: str) -> list[str]:
    """Fenced blocks of a kind."""
    return [text for marked, text in FENCE.findall(page.read_text("utf-8")) if marked == kind]


def plain(text: str) -> str:
    return " ".join(text.split())


# ---------------------------------------------------------------- generated pages


def test_mathematics_is_fresh() -> None:
    fresh = script("build_mathematics").page()
    assert (DOCS / "mathematics.md").read_text("utf-8") == fresh, "run python docs/build_mathematics.py"


def test_mathematics_has_every_rule() -> None:
    from models.build import FAMILIES

    text = (DOCS / "mathematics.md").read_text("utf-8")
    rules = sum((Path(family.__file__ or "").read_text("utf-8").count("$$") // 2) for family in FAMILIES)
    assert text.count("```math") == rules > 20
    assert "$$" not in text


def test_data_flow_is_fresh_and_whole() -> None:
    text = (DOCS / "data_flow.svg").read_text("utf-8")
    assert text == script("build_data_flow").picture(), "run python docs/build_data_flow.py"
    ElementTree.fromstring(text)
    for place in re.findall(r"optimizer/[\w/]+", text):
        assert (ROOT / place).is_dir(), place


# ---------------------------------------------------------------- commands and links


def commands() -> Iterator[tuple[str, str]]:
    """Every line in a document that begins with wattfork or make, in a block or as inline code, and where it is."""
    for page in PAGES:
        text = page.read_text("utf-8")
        lines = [line for kind in ("sh", "console") for block in blocks(page, kind) for line in block.splitlines()]
        lines += re.findall(r"^ {4}(wattfork .+)$", text, re.MULTILINE)
        lines += re.findall(r"`((?:wattfork|make) [^`\n]+)`", text)
        for line in lines:
            said = line.strip().removeprefix("$ ").removeprefix(".venv/bin/")
            if said.startswith(("wattfork ", "make ")):
                yield page.relative_to(ROOT).as_posix(), said


@pytest.mark.parametrize(("page", "line"), sorted(set(commands())))
def test_commands_and_options_exist(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    if words[0] == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
        assert set(words[1:]) <= set(targets)
        return
    context = click.Context(group, info_name="wattfork")
    command = group.get_command(context, words[1])  # type: ignore[attr-defined]
    assert command is not None, f"{page}: there is no command {words[1]}"
    below = click.Context(command, info_name=words[1], parent=context, help_option_names=["-h", "--help"])
    _, rest, _ = command.make_parser(below).parse_args(words[2:])
    assert rest == [], f"{page}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http://", "https://")):
            continue
        file, _, anchor = target.partition("#")
        place = (page.parent / file).resolve() if file else page
        assert place.exists(), f"{page.name}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", place.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_readme_is_short_and_leads_to_every_page() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) < 150
    for page in DOCS.glob("*.md"):
        assert f"(docs/{page.name})" in text, page.name


# ---------------------------------------------------------------- snippets


WITH_SNIPPETS = (
    "writing_a_case.md", "power_contracts.md", "delivery_charges.md", "flexibility.md", "instruments_tenant.md",
)  # fmt: skip


def snippets() -> list[Any]:
    found = []
    for page in WITH_SNIPPETS:
        text = (DOCS / page).read_text("utf-8")
        for match in FENCE.finditer(text):
            if match[1] == "yaml":
                line = text.count("\n", 0, match.start()) + 1
                found.append(pytest.param(match[2], id=f"{page} line {line}"))
    return found


@pytest.fixture
def beside_quickstart(tmp_path: Path) -> Path:
    """A folder for a case that may say ``extends: ../quickstart/case.yaml``."""
    shutil.copytree(QUICKSTART, tmp_path / "quickstart")
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"


@pytest.mark.parametrize("snippet", snippets())
def test_yaml_snippets_load(snippet: str, beside_quickstart: Path) -> None:
    case = beside_quickstart / "case.yaml"
    base = "" if snippet.startswith("extends:") else "extends: ../quickstart/case.yaml\n"
    case.write_text(base + snippet, "utf-8")
    # The quickstart itself holds bitcoin, and has assumed values.
    expected = ("btc_growth", "assumed")
    odd = [text for text in map(str, load_case(case).warnings) if not any(word in text for word in expected)]
    assert odd == []


def test_csv_snippet_is_a_file_of_decisions(tmp_path: Path) -> None:
    (text,) = blocks(DOCS / "writing_a_case.md", "csv")
    (tmp_path / "given.csv").write_text(text, "utf-8")
    given = load_case(QUICKSTART, given_csv=tmp_path / "given.csv").case.given
    assert given.sign
    assert given.unplug


def test_bear_case_is_ten_lines_and_solves(beside_quickstart: Path) -> None:
    (bear,) = [text for text in blocks(DOCS / "writing_a_case.md", "yaml") if text.startswith("extends:")]
    assert len(bear.splitlines()) <= 10
    (beside_quickstart / "case.yaml").write_text(bear, "utf-8")
    value = api.solve(api.load(beside_quickstart), twins=False).solution.value_usd_m
    assert value < 342.7


def test_errors_shown_are_those_that_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = blocks(DOCS / "writing_a_case.md", "text")[0].splitlines()
    shutil.copytree(QUICKSTART, tmp_path / "quickstart")
    monkeypatch.chdir(tmp_path)
    wrong = {
        "a": "offers: {cloud_tenant: {rate_usd_kw_month: 125, lead: 5}}",
        "b": "sites: {west_one: {power: {market: wset}, mining_shell_mw: 80}}\n"
        "market: {network: {hashprice_usd_per_ph_day: 50}}",
        "c": "market: {power: {west: {file: prices.csv, time_zone: Central}}}",
    }
    said = ""
    for name, text in wrong.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "case.yaml").write_text(f"extends: ../quickstart/case.yaml\n{text}\n", "utf-8")
        assert main(["check", name]) == 2
        said += capsys.readouterr().err
    for line in shown:
        if line[0] in wrong and line[1] == "/":
            assert line in said.splitlines()


# ---------------------------------------------------------------- figures


@pytest.fixture(scope="module")
def quickstart() -> api.Result:
    return api.solve(api.load(QUICKSTART))


def test_readme_shows_what_the_demo_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", str(QUICKSTART), "-o", str(tmp_path / "plan")]) == 0
    printed = plain(capsys.readouterr().out)
    (shown,) = blocks(ROOT / "README.md", "text")
    for line in shown.splitlines():
        assert plain(line) in printed


def test_readme_snippet_of_python_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(QUICKSTART, tmp_path / "cases" / "quickstart")
    monkeypatch.chdir(tmp_path)
    for page in (ROOT / "README.md", DOCS / "results.md"):
        for text in blocks(page, "python"):
            exec(compile(text, page.name, "exec"), {})
    assert "342.7" in capsys.readouterr().out
    assert (tmp_path / "results" / "quickstart" / "decisions.csv").is_file()


def test_quickstart_readme_tells_the_figures_of_today(quickstart: api.Result) -> None:
    text = plain((QUICKSTART / "README.md").read_text("utf-8"))
    measures, twins = quickstart.measures, {twin.name: plan.value_usd_m for twin, plan in quickstart.twins}
    signed = quickstart.plan.signed[0]
    figures = [
        f"${measures.value_usd_m:.1f}M",
        f"${measures.value_usd_m - twins['status_quo']:.1f}M more than doing nothing new (${twins['status_quo']:.1f}M)",
        f"Every hall costs ${signed.total_capex / signed.halls:.1f}M",
        f"brings ${signed.prepayment.sum() / signed.halls:.1f}M of prepayment",
        f"Three leave ${measures.thinnest_headroom_usd_m:.1f}M to spare",
        f"${measures.beyond_horizon_usd_m:.1f}M of the value lies beyond",
        f"worth ${measures.value_at_wacc_usd_m:.1f}M",
    ]
    assert [figure for figure in figures if figure not in text] == []
    assert signed.halls == 3


def value_given(**signature: object) -> float:
    data = {**load_case(QUICKSTART).data, "given": {"sign": {"cloud_tenant": signature}}}
    return api.solve(api.case_from_data(data, QUICKSTART), twins=False).solution.value_usd_m


def test_quickstart_readme_is_right_about_why() -> None:
    text = plain((QUICKSTART / "README.md").read_text("utf-8"))
    for halls, date, short, period in ((4, "2027-04", "62.05", "2029Q2"), (5, "2027-04", "153.95", "2029Q2"),
                                       (3, "2025-07", "22.05", "2026Q3")):  # fmt: skip
        with pytest.raises(InfeasibleError, match=f"end of {period} would have to give by {short}"):
            value_given(halls=halls, date=date)
        assert f"${short}M" in text
    later = value_given(halls=2, date="2027-04") - value_given(halls=2, date="2025-07")
    assert f"${later:.1f}M less than two signed in April 2027" in text


def test_every_table_is_told_about(quickstart: api.Result) -> None:
    text = (DOCS / "results.md").read_text("utf-8")
    assert [name for name in quickstart.plan.tables if f"`{name}.csv`" not in text] == []
    assert [key for key in quickstart.summary() if f"`{key}`" not in text] == []


def test_guards_name_code_that_is_there() -> None:
    text = (DOCS / "guards.md").read_text("utf-8")
    told = re.findall(r"`(\w+)`[^`|]{0,12} in `((?:models|optimizer)/[\w/]+\.py)`", text)
    assert len(told) > 12
    for name, file in told:
        assert f"def {name}(" in (ROOT / file).read_text("utf-8"), f"{name} in {file}"
    for file in re.findall(r"`((?:models|optimizer)/[\w/]+\.py)`", text):
        assert (ROOT / file).is_file(), file
