"""The picture of the page on strategy maps is what the quickstart case gives."""

from __future__ import annotations

import importlib.util
import xml.etree.ElementTree as ET
from pathlib import Path
from types import ModuleType

import pytest

from optimizer import api
from optimizer.case.load import load_case
from optimizer.report.text_map import text_map
from optimizer.sweep.directions import parse_vary
from optimizer.sweep.vary import make_grid

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_strategy_map", DOCS / "build_strategy_map.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def marks_and_words(svg: str) -> list[str]:
    """What is drawn and said, without where fonts of a machine put it."""
    root = ET.fromstring(svg)
    paths = [each.attrib["d"] for each in root.iter("{http://www.w3.org/2000/svg}path") if "d" in each.attrib]
    return [*paths, *("".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text"))]


def test_picture_is_drawn_from_what_was_found(builder: ModuleType) -> None:
    """Proves: the SVG is that of the JSON. Broken: another colour, word or border than the JSON has."""
    there = builder.PICTURE.read_text("utf-8")
    assert marks_and_words(there) == marks_and_words(builder.picture()), "run python docs/build_strategy_map.py --draw"
    assert builder.written(builder.read_map(builder.FOUND.read_text("utf-8"))) == builder.FOUND.read_text("utf-8")


@pytest.mark.parametrize("number", [1, 26, 43])
def test_what_was_found_is_what_is_solved(builder: ModuleType, number: int) -> None:
    """Proves: values of a corner, of the middle and of the other corner are those of the case today. Broken: a map of
    an earlier state of the program."""
    drawn = builder.read_map(builder.FOUND.read_text("utf-8"))
    grid = make_grid(load_case(builder.CASE), [parse_vary(text) for text in builder.VARIED])
    point, kept = grid[number - 1], drawn.points[number - 1]
    assert (point.number, point.values) == (kept.number, (kept.x, kept.y))
    result = api.solve(load_case(builder.CASE, overrides=point.overrides), twins=False)
    assert result.solution.value_usd_m == pytest.approx(kept.value_usd_m, rel=3e-4)
    assert kept.closed


def test_page_says_what_the_map_says(builder: ModuleType) -> None:
    """Proves: the letters and the numbers of the page are those of the map. Broken: a page beside another picture."""
    page = (DOCS / "strategy_map.md").read_text("utf-8")
    drawn = builder.read_map(builder.FOUND.read_text("utf-8"))
    lines = text_map(drawn)
    begin = lines.index("") + 1
    letters = "\n".join(lines[begin : lines.index("", begin)])
    assert letters in page
    title, second = drawn.finding()
    assert title == "At today's values: mine and host (cloud_tenant 3 halls at west_one)"
    for said in ("$87,500", "$138,000", "$108"):
        assert said in second
        assert said in page
    assert "`*` is the point nearest to today" in page
    assert "\n*  the point nearest to today's values" in "\n".join(lines)
