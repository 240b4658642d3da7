"""Writes docs/strategy_map.svg, the picture of strategy_map.md: ``python docs/build_strategy_map.py``.

The quickstart case over the bitcoin price and the rent is solved, which takes minutes, and what was found goes to
strategy_map.json; the picture is drawn from that. ``--draw`` only draws what is there.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from optimizer import api
from optimizer.case.load import LoadedCase, load_case
from optimizer.cli.sweep_pictures import strategy_map_of
from optimizer.report.axis_words import Axis
from optimizer.report.draw import to_svg
from optimizer.report.map_data import MapBorder, MapPoint, MapRegion, StrategyMap
from optimizer.report.strategy_map import map_spec
from optimizer.sweep.campaign import Campaign, Swept, local_executor
from optimizer.sweep.directions import parse_vary
from optimizer.sweep.point import PointOptions
from optimizer.sweep.refine import Refined, refine, start
from optimizer.sweep.regions import grid_of
from optimizer.sweep.vary import Point, make_grid

CASE = Path(__file__).parents[1] / "cases" / "quickstart"
PICTURE = Path(__file__).with_name("strategy_map.svg")
FOUND = Path(__file__).with_name("strategy_map.json")
VARIED = ("market.network.btc_usd=60000:180000:7", "offers.*.rate_usd_per_kw_month=85:145:7")
ROUNDS = 2


def solved() -> tuple[LoadedCase, Refined]:
    """The grid and what is between its points."""
    loaded = load_case(CASE)
    directions = [parse_vary(text) for text in VARIED]
    campaign = Campaign(loaded, PointOptions(), executor=local_executor(1))

    def solve(points: Any) -> list[Swept]:
        return [swept for swept in campaign.solve(points) if swept is not None]

    points = solve(make_grid(loaded, directions))
    grid = grid_of(points)
    assert grid is not None
    return loaded, refine(start(grid, points), solve, rounds=ROUNDS, last_number=len(points))


def twins_at(point: Point) -> dict[str, float | None]:
    """Values (USD m) of the twins at a point."""
    result = api.solve(load_case(CASE, overrides=point.overrides))
    return {twin.name: twin.solution.value_usd_m for twin, _ in result.twins}


def found_map() -> StrategyMap:
    """All of it, solved anew."""
    loaded, refined = solved()
    own = {number for column in refined.grid.numbers for number in column}
    twins = {number: twins_at(swept.point) for number, swept in refined.known.items() if number in own}
    return strategy_map_of(loaded, [parse_vary(text) for text in VARIED], refined, twins)


def read_map(text: str) -> StrategyMap:
    """A map as it was written."""
    data = json.loads(text)
    today = data["today"]
    return StrategyMap(
        case_name=data["case_name"],
        x=Axis(data["x"]["path"], data["x"]["relative"]),
        y=Axis(data["y"]["path"], data["y"]["relative"]),
        points=tuple(MapPoint(**each) for each in data["points"]),
        regions=tuple(MapRegion(**each) for each in data["regions"]),
        borders=tuple(MapBorder(**each) for each in data["borders"]),
        today=None if today is None else (today[0], today[1]),
    )


def written(drawn: StrategyMap) -> str:
    """A map as JSON, one point a line, numbers to six decimals."""
    data = json.loads(json.dumps(asdict(drawn)), parse_float=lambda text: round(float(text), 6))
    lines = []
    for key, value in data.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in value)
            lines.append(f" {json.dumps(key)}: [\n  {rows}\n ]")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def picture() -> str:
    """The SVG of what was found."""
    return to_svg(map_spec(read_map(FOUND.read_text("utf-8"))))


if __name__ == "__main__":
    if "--draw" not in sys.argv[1:]:
        FOUND.write_text(written(found_map()), encoding="utf-8", newline="\n")
    PICTURE.write_text(picture(), encoding="utf-8", newline="\n")
    sys.stdout.write(f"wrote {PICTURE.name}\n")
