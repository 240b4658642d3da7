"""The examples of docs/sweep.md give the points that the page says."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import click
import pytest

from optimizer import api
from optimizer.case.load import load_case
from optimizer.cli.sweep import command
from optimizer.sweep.designs import Design, design, named_design

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "sweep.md").read_text("utf-8")
QUICKSTART = ROOT / "cases" / "quickstart"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


COMMANDS = [line for block in blocks("sh") for line in block.splitlines()]
BEAR = "extends: case.yaml\nmarket: {network: {btc_usd: 60000, hashprice_usd_per_ph_day: null}}\n"


def asked(line: str, case: Path) -> Design:
    """The design of a command line of the page, for a case in its place."""
    parsed: dict[str, Any] = command.make_context("sweep", shlex.split(line)[2:]).params
    loaded = load_case(case)
    if parsed["name"] is not None:
        return named_design(loaded, parsed["name"])[0]
    return design(
        loaded,
        parsed["varied"],
        overlays=parsed["overlays"],
        tornado=parsed["tornado"],
        sample=parsed["sample"],
        method=parsed["method"] or "sobol",
        sensitivity=parsed["sensitivity"],
        seed=parsed["seed"] or 0,
    )


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """The quickstart with the named sweeps of the page, and a bear case beside it."""
    shutil.copytree(QUICKSTART, tmp_path / "quickstart")
    file = tmp_path / "quickstart" / "case.yaml"
    [sweeps] = blocks("yaml")
    file.write_text(f"{file.read_text('utf-8')}\n{sweeps}", "utf-8")
    (tmp_path / "quickstart" / "bear.yaml").write_text(BEAR, "utf-8")
    return file


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("btc_usd=x0.6:x1.4:5 &", 5),
        ("volatility=0:2:5", 15),
        ("spikes=0,1,2,4", 4),
        ("on_peak_spread & market", 5),
        ("--case bear.yaml", 6),
        ("--tornado", 5),
        ("--sample 64", 64),
        ("--sensitivity 32", 32 * 4),
        ("--name power", 18),
    ],
)
def test_commands_of_the_page(words: str, count: int, case: Path) -> None:
    """Proves: each example is a design of as many points as one would count. Broken: an error, or 25 for things that
    move together."""
    [line] = [line for line in COMMANDS if words in line]
    assert len(asked(line, case).points) == count


def test_every_command_is_counted() -> None:
    """Proves: no example of the page is left out above. Broken: a number that is not 9."""
    assert len(COMMANDS) == 9


@pytest.mark.parametrize(("name", "count"), [("power", 18), ("coin", 5), ("what_matters", 64)])
def test_named_sweeps_of_the_page(name: str, count: int, case: Path) -> None:
    """Proves: the page's section is one that the case takes, each sweep with its points."""
    assert len(named_design(load_case(case), name)[0].points) == count


def test_what_the_shape_of_prices_is_worth() -> None:
    """Proves: the page's two values of volatility are those of the quickstart. Broken: $342.7M, as without it."""
    said = " ".join(PAGE.split())
    match = re.search(
        r"with flat months the quickstart is worth \$([\d.]+)M, with swings twice as wide \$([\d.]+)M", said
    )
    assert match is not None
    for volatility, value in zip((0, 2), match.groups(), strict=True):
        loaded = load_case(QUICKSTART, overrides={"market.power.west.volatility": volatility})
        solved = api.solve(loaded, api.SolveOptions(relative_gap=1e-3), twins=False)
        assert solved.solution.value_usd_m == pytest.approx(float(value), abs=0.4)


def test_options_that_the_page_names_exist() -> None:
    """Proves: no option is invented. Broken: --refine before there is one, say."""
    known = {option for parameter in command.params if isinstance(parameter, click.Option) for option in parameter.opts}
    assert set(re.findall(r"`(--[a-z-]+)", PAGE)) <= known
