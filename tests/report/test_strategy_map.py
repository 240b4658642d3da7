"""The strategy map: its finding, its text and its picture."""

from __future__ import annotations

import json
import os
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from optimizer.errors import CallError
from optimizer.report.draw import to_png, to_svg
from optimizer.report.map_data import MapBorder, MapPoint, MapRegion, StrategyMap
from optimizer.report.strategy_map import COLOURS, NONE, OTHER, STAY, colours, map_spec
from optimizer.report.text_map import WIDTH, text_map
from tests.report.maps import LEASE, MORE, edge_at, hostile_map, map_of
from tests.report.maps import STAY as NOTHING

GOLDEN = Path(__file__).with_name("strategy_map.json")

SMALL = map_of(
    lambda x, y: "infeasible" if (x, y) == (60, 0.6) else "failed" if (x, y) == (160, 1.6) else edge_at(100)(x, y),
    [60, 110, 160],
    [0.6, 1.1, 1.6],
    is_open=lambda x, y: (x, y) == (110, 0.6),
    today=(60, 1.1),
    twins=True,
    refined=[MapPoint(10, 85, 1.1, 2, refined=True)],
)


def test_finding_names_the_region_of_today_and_where_it_ends() -> None:
    drawn = map_of(edge_at(84, slope=10), [60, 110, 160], [0, 1, 2], today=(75, 1))
    assert drawn.finding() == (
        "At today's values: both (cloud 3 halls at west)",
        "Holds for bitcoin price up to about $94 and for all power prices shown (each alone)",
    )


def test_finding_with_both_ends_and_one_below() -> None:
    """Along the second axis the slope of the border ends it: at 105 the lease begins at 2.1."""
    drawn = map_of(edge_at(84, slope=10), [60, 110, 160], [0, 1, 2, 3], today=(105, 2.5))
    assert drawn.finding()[1].startswith(
        "Holds for bitcoin price up to about $109 and for power prices from about 2.1x up"
    )
    island = map_of(lambda x, y: 1 if 1 < x < 3 else 2, [0, 2, 4], [0, 1], today=(2, 0.5))
    assert (
        island.finding()[1] == "Holds for bitcoin price from about $1 to $3 and for all power prices shown (each alone)"
    )


def test_finding_where_one_region_is_everywhere() -> None:
    drawn = map_of(lambda x, y: 2, [60, 110], [0, 1], [LEASE], today=(75, 1))
    assert drawn.finding() == (
        "The same choice everywhere: both (cloud 3 halls at west)",
        "bitcoin price $60 to $110 and power prices 0x to 1x: all 4 points",
    )


def test_finding_without_today() -> None:
    """Values outside of the map, and a case that has none, are told the same way."""
    for today in (None, (200.0, 1.0)):
        drawn = map_of(edge_at(84), [60, 110, 160], [0, 1], today=today)
        assert drawn.finding() == (
            "At 4 of 6 points: mine (nothing signed)",
            "Points by region: A 4 and B 2 (today's values are not on this map)",
        )


def test_a_map_that_was_ended_early_says_nothing_of_today() -> None:
    """Proves: no region is said to hold today, and none is marked, while points around it are missing. Broken: "At
    today's values: mine" from two points of which today's neighbours are none."""
    drawn = replace(map_of(edge_at(84), [60, 160], [0, 2], today=(75, 1)), unsolved=5)
    assert drawn.finding() == (
        "Ended early: 4 of 9 points of the grid are solved",
        "Points by region: A 2 and B 2",
    )
    assert not any("*" in line for line in text_map(drawn))


def test_finding_where_today_has_no_plan() -> None:
    drawn = map_of(lambda x, y: "infeasible" if x < 80 else 1, [60, 110, 160], [0, 1], [NOTHING], today=(60, 0))
    assert drawn.finding() == ("At today's values no plan meets all demands", "Points by region: A 4")
    nowhere = map_of(lambda x, y: "infeasible", [60, 110], [0, 1], [], today=None)
    assert nowhere.finding()[0] == "No point has a plan"


def test_a_region_of_many_words_is_told_whole_or_ends_in_dots() -> None:
    """Proves: a company with many leases reads at how many points its plan is best, and what is too long ends in dots.
    Broken: a second line that ends at "7 halls at", and no number of points."""
    leases = ", ".join(f"a_tenant_{n} 7 halls at barber_lake_{n}" for n in range(6))
    texts = [
        " ".join(texts_of(to_svg(map_spec(map_of(lambda x, y: 2, [0, 1], [0, 1], [replace(LEASE, words=words)])))))
        for words in (leases, leases * 3)
    ]
    assert all("4 of 4 points" in text for text in texts)
    assert "barber_lake_5" in texts[0]
    assert "..." in texts[1]


def test_one_value_along_a_direction_makes_no_map() -> None:
    with pytest.raises(CallError, match="at least two values along each"):
        map_spec(map_of(edge_at(1), [60], [0, 1]))


# ---------------------------------------------------------------- text


def test_text_map() -> None:
    assert text_map(SMALL) == [
        "At today's values: both (cloud 3 halls at west)",
        "Holds for bitcoin price up to about $100 and for power prices from about 0.85x up (each alone)",
        "",
        "power prices (x)",
        "          1.6x B   A   -",
        "          1.1x B*  A   A",
        "          0.6x x   A?  A",
        "               $60     $160",
        "               bitcoin price ($)",
        "",
        "A  mine (nothing signed), 5 points",
        "B  both (cloud 3 halls at west), 2 points",
        "*  today's values",
        "?  not closed within its gap: another plan may be better there",
        "x  infeasible: no plan meets all demands",
        "-  no answer",
    ]


def test_text_map_of_a_large_grid_leaves_points_out_and_says_so() -> None:
    drawn = map_of(edge_at(50), [float(n) for n in range(100)], [float(n) for n in range(90)], today=(50.5, 1))
    lines = text_map(drawn)
    assert max(map(len, lines)) <= WIDTH
    assert lines[-1] == "Not every point is shown; all are in the table."
    assert "*  the point nearest to today's values" in lines
    assert len(lines) < 60


def test_text_map_of_hostile_names_stays_narrow_and_harmless() -> None:
    lines = text_map(hostile_map())
    assert max(map(len, lines)) <= WIDTH
    assert all(line.isprintable() for line in lines)


# ---------------------------------------------------------------- picture


def rows_of(spec: dict[str, Any], layer: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = spec["datasets"][layer["data"]["name"]]
    return rows


def layers_of(spec: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    """Layers of the map itself of one kind of mark."""
    return (layer for layer in spec["vconcat"][0]["layer"] if layer["mark"]["type"] == kind)


def texts_of(svg: str) -> list[str]:
    root = ET.fromstring(svg)
    return ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")]


def test_specification_is_as_it_was() -> None:
    """Every number and word of a small map with all kinds of points. After a change that is meant, run this with
    WATTFORK_UPDATE_GOLDEN=1 and look at the picture."""
    spec = map_spec(SMALL)
    spec.pop("$schema")  # of whichever Altair is there
    text = json.dumps(spec, indent=1, ensure_ascii=False) + "\n"
    if os.environ.get("WATTFORK_UPDATE_GOLDEN"):
        GOLDEN.write_text(text, "utf-8")
    assert json.loads(text) == json.loads(GOLDEN.read_text("utf-8"))


def test_same_map_same_bytes() -> None:
    assert to_svg(map_spec(SMALL)) == to_svg(map_spec(SMALL))


def test_picture_says_what_it_shows() -> None:
    svg = to_svg(map_spec(SMALL))
    texts = texts_of(svg)
    for words in (
        "At today's values: both (cloud 3 halls at west)", "bitcoin price ($)", "power prices (x)", "today",
        "A – mine (nothing signed), 5 of 9 points", "infeasible: no plan meets all demands", "no answer",
        "hatched: not closed within its gap, another plan may be better there", "value = status quo",
        "all mining = all hosting",
    ):  # fmt: skip
        assert words in texts
    label = ET.fromstring(svg).attrib["aria-label"]
    assert "Region B, 2 of 9 points: both (cloud 3 halls at west)" in label
    assert "Holds for bitcoin price up to about $100" in label
    assert to_png(map_spec(SMALL)).startswith(b"\x89PNG")


def test_what_is_not_there_is_not_in_the_legend() -> None:
    texts = texts_of(to_svg(map_spec(map_of(edge_at(84), [60, 110], [0, 1]))))
    assert not any(
        re.search("hatched|infeasible|no answer|status quo|all hosting|solved between|today$", t) for t in texts
    )


def test_areas_have_the_colour_of_their_region() -> None:
    spec = map_spec(SMALL)
    [areas] = layers_of(spec, "line")
    by_cell: dict[int, set[str]] = {}
    for row in rows_of(spec, areas):
        by_cell.setdefault(row["cell"], set()).add(row["colour"])
    paint = {place: by_cell[cell] for cell, place in enumerate(SMALL.tiles.labels)}
    assert paint[0, 0] == {NONE}
    assert paint[0, 1] == {COLOURS[0]}
    assert paint[1, 0] == {STAY}
    assert paint[2, 2] == {"#FFFFFF"}


def test_only_the_open_point_is_hatched() -> None:
    spec = map_spec(SMALL)
    hatching = [layer for layer in layers_of(spec, "rule") if layer["mark"].get("opacity") == 0.5]
    rows = [row for layer in hatching for row in rows_of(spec, layer)]
    assert len(rows) > 10
    middles = [((row["x"] + row["x2"]) / 2, (row["y"] + row["y2"]) / 2) for row in rows]
    assert {SMALL.tiles.place_at(spot) for spot in middles} == {(1, 0)}


def test_colours_go_to_the_regions_of_most_points_in_the_order_of_numbers() -> None:
    """Given in the order of numbers alone, regions of one or two points would take them from larger ones."""
    regions = [MapRegion(1, "both", "one"), MapRegion(2, "mine", "nothing signed"), MapRegion(3, "host", "three")]
    assert colours(regions, {1: 3, 2: 1, 3: 2}) == {1: COLOURS[0], 2: STAY, 3: COLOURS[1]}
    many = [MapRegion(n, "both", f"halls {n}") for n in range(1, 12)]
    found = colours(many, {region.number: region.number for region in many})
    assert found == {**dict.fromkeys((1, 2, 3, 4), OTHER), **dict(zip(range(5, 12), COLOURS, strict=True))}


def test_two_borders_between_neighbours_meet_in_the_middle() -> None:
    """A region that only points between others have: its letter is in the legend, and both borders count."""
    points = [MapPoint(n + 1, x, y, 1 if x else 2) for n, (x, y) in enumerate([(0, 0), (0, 1), (4, 0), (4, 1)])]
    between = MapPoint(5, 2, 0, 3, refined=True)
    borders = (MapBorder(1, 3, 1.0), MapBorder(1, 3, 2.0), MapBorder(2, 4, 2.0))
    drawn = StrategyMap("c", SMALL.x, SMALL.y, (*points, between), (NOTHING, LEASE, MORE), borders)
    assert drawn.tiles.marks == {((0, 0), 0): 1.5, ((0, 1), 0): 2.0}
    assert "C  host (cloud 5 halls at west, contract ppa at west), only between points of the grid" in text_map(drawn)
    map_spec(drawn)


def test_no_name_becomes_markup_an_expression_or_a_request() -> None:
    spec = map_spec(hostile_map())
    svg = to_svg(spec)
    root = ET.fromstring(svg)
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names <= {"svg", "g", "rect", "path", "text", "line", "defs", "clipPath", "style", "title", "tspan"}, names
    assert not any(name.lower().startswith("on") or "href" in name for e in root.iter() for name in e.attrib)
    assert any("<script>alert(1)</script>&amp;" in text for text in texts_of(svg))
    keys = set(_keys(spec))
    assert not keys & {"url", "expr", "signal", "transform", "params", "href", "labelExpr"}


def _keys(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from _keys(value)
    elif isinstance(data, list):
        for value in data:
            yield from _keys(value)


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = map_spec(SMALL)
    for name in ("altair", "vl_convert"):
        monkeypatch.setitem(sys.modules, name, None)
    for call in (lambda: map_spec(SMALL), lambda: to_svg(spec), lambda: to_png(spec)):
        with pytest.raises(CallError) as raised:
            call()
        assert raised.value.details == ("pip install 'wattfork[report]'",)
    # The text map needs nothing of it.
    assert text_map(SMALL)
