"""Tornado, one direction and regret: what is drawn, in which order, and in words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from optimizer.errors import CallError
from optimizer.report.axis_words import Axis
from optimizer.report.draw import Spec, to_svg
from optimizer.report.sweep_charts import (
    HIGHER,
    LOWER,
    DirectionPoint,
    RegretRow,
    TornadoBar,
    direction_spec,
    regret_spec,
    tornado_spec,
)
from tests.report.maps import HOSTILE

POWER = Axis("market.power.*.scale")
BARS = [
    TornadoBar(POWER, (1.6, 313.8), (0.6, 363.0), 1.0),
    TornadoBar(Axis("market.network.btc_usd", True), (0.7, 201.0), (1.3, 503.0)),
    TornadoBar(Axis("finance.opening.cash_usd_m"), None, None, 210.0, 3),
]


def texts_of(spec: Spec) -> list[str]:
    root = ET.fromstring(to_svg(spec))
    return ["".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text")]


def test_tornado_is_sorted_by_swing_and_says_both_ends() -> None:
    """Power comes first as it was given; bitcoin moves more."""
    spec = tornado_spec("A case", BARS, 342.7)
    bars = spec["datasets"]["rows_0"]
    assert [(row["low"], row["high"], row["row"], row["colour"]) for row in bars] == [
        (201.0, 342.7, 0, LOWER),
        (342.7, 503.0, 0, HIGHER),
        (313.8, 342.7, 1, HIGHER),
        (342.7, 363.0, 1, LOWER),
    ]
    texts = texts_of(spec)
    for words in ("Bitcoin price moves the value most: by $302.0M", "0.7x: $201.0M", "1.3x: $503.0M", "0.6x: $363.0M",
                  "opening cash (3 without a plan)"):  # fmt: skip
        assert words in texts
    assert "power prices: 1.6x $313.8M, 0.6x $363.0M" in spec["description"]


def test_tornado_needs_a_plan() -> None:
    with pytest.raises(CallError, match="at least one direction"):
        tornado_spec("A case", BARS[2:], 342.7)


def test_direction_shows_value_bound_status_quo_and_changes() -> None:
    points = [
        DirectionPoint(1.6, None, infeasible=True),
        DirectionPoint(0.6, 363.0, 363.5, 300.0),
        DirectionPoint(1.1, 340.0, 340.0, 290.0),
    ]
    spec = direction_spec("A case", POWER, points, [(0.85, "no longer signs cloud")], today=1.0)
    assert spec["datasets"]["rows_0"] == [
        {"x": 0.6, "y": 363.0, "bound": 363.5},
        {"x": 1.1, "y": 340.0, "bound": 340.0},
    ]
    texts = texts_of(spec)
    for words in ("Power prices: $363.0M at 0.6x to $340.0M at 1.1x", "a at about 0.85x: no longer signs cloud"):
        assert words in texts
    keys = "blue: value, and what no plan is worth more than; dashed: status quo; crosses: infeasible"
    assert any(text.startswith(keys) for text in texts)
    assert "dotted" not in "".join(texts)
    twins = [replace(point, all_mining_usd_m=300.0, all_hosting_usd_m=310.0 + point.x) for point in points]
    drawn = direction_spec("A case", POWER, twins)
    said = "".join(texts_of(drawn)).replace(" ", "")
    assert "dottedorange:allmining;dottedgreen:allhosting" in said
    assert [300.0] * len(points) in [[row.get("y") for row in rows] for rows in drawn["datasets"].values()]
    alone = direction_spec("A case", POWER, [DirectionPoint(1.0, 5.0)])
    assert "the plan makes the same choices at every point" in alone["description"]
    # Of what is not there, the key says nothing: the case's name follows.
    assert "blue: value, and what no plan is worth more thanA case" in texts_of(alone)
    with pytest.raises(CallError, match="no point of this direction has a plan"):
        direction_spec("A case", POWER, points[:1])


def test_regret_names_the_plan_of_least_worst_regret_and_crosses_what_is_impossible() -> None:
    rows = [
        RegretRow(1, "cloud 3 halls", (0.0, 12.0, None), 12.0),
        RegretRow(2, "nothing signed", (3.0, 0.0, 4.0), 4.0),
    ]
    spec = regret_spec("A case", [1, 2, 3], rows, 2)
    texts = texts_of(spec)
    assert "Plan 2 loses least at its worst, $4.0M: nothing signed" in texts
    assert {"$12.0M", "$4.0M", "plan 1: cloud 3 halls", "regret ($M)"} <= set(texts)
    assert [row["x"] for row in spec["datasets"]["rows_1"]] == [2]
    none = regret_spec("A case", [1], [RegretRow(1, "cloud", (None,), None)], None)
    assert {"No plan is possible anywhere", "impossible"} <= set(texts_of(none))
    with pytest.raises(CallError, match="no plan to compare"):
        regret_spec("A case", [1], [], None)


def test_no_regret_is_white_and_columns_have_the_numbers_of_their_points() -> None:
    """Proves: the best plan of a point has no colour, and a point can be found. Broken: rgb(255, 244, 125), a yellow,
    and thirteen columns without a number."""
    spec = regret_spec("A case", [4, 17], [RegretRow(1, "cloud", (0.0, 12.0), 12.0)], 1)
    fills = set(re.findall(r'fill="(rgb\([^"]+\))"', to_svg(spec)))
    assert {"rgb(255, 255, 255)", "rgb(102, 37, 6)"} <= fills
    assert {"4", "17"} <= set(texts_of(spec))
    many = regret_spec("A case", range(1000, 1031), [RegretRow(1, "cloud", (1.0,) * 31, 1.0)], 1)
    assert "1000" not in texts_of(many)


def test_hostile_names_and_the_same_bytes_twice() -> None:
    def specs() -> list[Spec]:
        axis = Axis(f"offers.{HOSTILE}.rate_usd_per_kw_month")
        return [
            tornado_spec(HOSTILE, [TornadoBar(axis, (1, 2.0), (2, 3.0))], 2.5),
            direction_spec(HOSTILE, axis, [DirectionPoint(1, 2.0), DirectionPoint(2, 3.0)], [(1.5, HOSTILE * 9)]),
            regret_spec(HOSTILE, [1], [RegretRow(1, HOSTILE * 9, (1.0,), 1.0)], 1),
        ]

    for one, other in zip(specs(), specs(), strict=True):
        svg = to_svg(one)
        assert svg == to_svg(other)
        assert "<script" not in svg
        assert any("<script>" in text for text in texts_of(one))
