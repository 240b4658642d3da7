"""The strategy map of a sweep that is given: its table read back, drawn as `optimizer.report.strategy_map` draws it."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from optimizer.errors import CallError
from optimizer.plan.table import Cell
from optimizer.report.axis_words import Axis
from optimizer.report.draw import GRID, INK, SOFT
from optimizer.report.map_data import MapBorder, MapPoint, MapRegion, StrategyMap
from optimizer.report.page.chart import Chart, Column, View
from optimizer.report.page.words import name, named, raw, said
from optimizer.report.strategy_map import (
    COLOURS,
    LINE_COLOURS,
    NONE,
    OTHER,
    STAY,
    TWINS_LINE,
    VALUE_LINE,
    WHITE,
    description,
    map_spec,
)

TABLE, FACTOR = "sweep.csv", " (factor)"
OPTIMAL, INFEASIBLE = "optimal", "infeasible"
SIGNING = ("sign", "build")
NOTHING_SIGNED = "nothing signed"


def sweep_map(folder: Path, case: Mapping[str, Any], number: int) -> Chart:
    """The map of a sweep's folder (or of its table). CallError if there is none over two inputs."""
    file = folder / TABLE if folder.is_dir() else folder
    rows, varied, grid = _read(file)
    return map_chart(_strategy_map(rows, varied, grid, case), f"map{number}")


def map_chart(drawn: StrategyMap, key: str) -> Chart:
    """A strategy map as a chart of a page."""
    drawn = replace(drawn, regions=tuple(replace(each, words=named(each.words)) for each in drawn.regions))
    finding, second = drawn.finding()
    columns = (
        Column("point", "Point"), Column("x", named(drawn.x.title)), Column("y", named(drawn.y.title)),
        Column("value", "Worth, USD m"),
        Column("region", "Best plan"),
    )  # fmt: skip
    words = {region.number: region.label for region in drawn.regions}
    cells: list[tuple[Cell, ...]] = [
        (str(p.number), p.x, p.y, p.value_usd_m, words[p.region] if p.region is not None else "none")
        for p in drawn.points
    ]
    view = View(said(raw(named(finding), 300)), named(description(drawn)), tuple(cells))
    # The finding stands above the chart already.
    spec = {key: _of_the_page(key, part) for key, part in map_spec(drawn).items() if key != "title"}
    spec["background"] = None
    return Chart(key, spec, columns, (view,), "point", note=said(raw(named(second), 400)), fixed=True)


PAINTS = {
    INK: "var(--ink)", SOFT: "var(--soft)", GRID: "var(--grid)", WHITE: "var(--paper)", STAY: "var(--m0)",
    OTHER: "var(--m8)", NONE: "var(--m9)", **{colour: f"var(--m{at})" for at, colour in enumerate(COLOURS, 1)},
    LINE_COLOURS[VALUE_LINE]: "var(--m-value)", LINE_COLOURS[TWINS_LINE]: "var(--m-twins)",
}  # fmt: skip
"""Names of the style sheet for the colours of a map: a page is light or dark, a picture in a file is always light."""


def _of_the_page(key: str, part: Any) -> Any:
    """A part of a map's specification in the page's colours, with names of the case as the page writes them."""
    if isinstance(part, dict):
        return {each: _of_the_page(each, inner) for each, inner in part.items()}
    if isinstance(part, list):
        return [_of_the_page(key, inner) for inner in part]
    if not isinstance(part, str):
        return part
    if key.lower().endswith(("color", "colour", "fill", "stroke")):
        return PAINTS.get(part, part)
    return named(part) if key == "title" else part


def _read(file: Path) -> tuple[list[dict[str, str]], list[str], dict[str, list[float]]]:
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, strict=True))
        run = json.loads(file.with_suffix(".run.json").read_text(encoding="utf-8"))
        grid = {str(path): [float(each) for each in values] for path, values in run["varied"].items()}
    except OSError as error:
        raise CallError(f"{error.filename} cannot be read: {error.strerror}", ("name the folder of a sweep",)) from None
    except (UnicodeDecodeError, csv.Error, ValueError, KeyError, TypeError, AttributeError):
        raise CallError(f"{file} and its run file are no sweep over numbers", ("name the folder of a sweep",)) from None
    if len(grid) != 2 or not rows or not {"point", "region", "status", *grid} <= set(rows[0]):
        raise CallError(
            f"{file} is no sweep over two inputs, so it has no map", ("sweep two inputs, as in docs/strategy_map.md",)
        )
    return rows, list(grid), grid


def _strategy_map(
    rows: Sequence[Mapping[str, str]],
    varied: Sequence[str],
    grid: Mapping[str, Sequence[float]],
    case: Mapping[str, Any],
) -> StrategyMap:
    points: list[MapPoint] = []
    regions: dict[int, MapRegion] = {}
    for row in rows:
        x, y = (float(row[path]) for path in varied)
        region = int(float(row["region"])) if row["region"] else None
        if region is not None:
            regions.setdefault(region, _region(region, row))
        points.append(
            MapPoint(
                number=int(row["point"]),
                x=x,
                y=y,
                region=region,
                closed=row["status"] == OPTIMAL,
                infeasible=row["status"] == INFEASIBLE,
                refined=not (x in grid[varied[0]] and y in grid[varied[1]]),
                value_usd_m=_number(row, "value_usd_m"),
                bound_usd_m=_number(row, "bound_usd_m"),
                status_quo_usd_m=_number(row, "status_quo_usd_m"),
                all_mining_usd_m=_number(row, "all_mining_usd_m"),
                all_hosting_usd_m=_number(row, "all_hosting_usd_m"),
            )
        )
    own = [_own(case, path, values) for path, values in grid.items()]
    return StrategyMap(
        case_name=str(case.get("case", "")),
        x=axis_of(varied[0]),
        y=axis_of(varied[1]),
        points=tuple(points),
        regions=tuple(regions[number] for number in sorted(regions)),
        borders=tuple(_borders(points, grid, varied)),
        today=None if own[0] is None or own[1] is None else (own[0], own[1]),
        unsolved=math.prod(len(set(values)) for values in grid.values())
        - len({(point.x, point.y) for point in points if not point.refined}),
    )


def _region(number: int, row: Mapping[str, str]) -> MapRegion:
    """What a region is called and signs, from the decisions of its first point."""
    signs = []
    for decision in row.get("decisions", "").split("; "):
        _, _, words = decision.partition(" ")
        kind, _, what = words.partition(" ")
        if kind in SIGNING:
            item, _, size = what.partition(": ")
            offer, _, site = item.partition(" at ")
            signs.append(f"{name(offer)} at {name(site)}: {size}" if site else f"{name(offer)}: {size}")
    if not signs:
        return MapRegion(number, "as today", NOTHING_SIGNED)
    return MapRegion(number, "host" if _number(row, "it_mw_signed") else "build", ", ".join(signs))


def _borders(points: Sequence[MapPoint], grid: Mapping[str, Sequence[float]], varied: Sequence[str]) -> list[MapBorder]:
    """Where the region changes between neighbours of the grid: in the middle of the two points nearest to it."""
    at = {(point.x, point.y): point for point in points}
    xs, ys = (sorted(grid[path]) for path in varied)
    pairs = [((a, y), (b, y), 0) for y in ys for a, b in pairwise(xs)]
    pairs += [((x, a), (x, b), 1) for x in xs for a, b in pairwise(ys)]
    found = []
    for low, high, along in pairs:
        if low not in at or high not in at or at[low].region == at[high].region:
            continue
        line = _between(at, low, high, along)
        for (here, one), (there, other) in pairwise(line):
            if one.region != other.region:
                found.append(MapBorder(at[low].number, at[high].number, (here + there) / 2))
    return found


def _between(
    at: Mapping[tuple[float, float], MapPoint], low: tuple[float, float], high: tuple[float, float], along: int
) -> list[tuple[float, MapPoint]]:
    line = [
        (place[along], point)
        for place, point in at.items()
        if place[1 - along] == low[1 - along] and low[along] <= place[along] <= high[along]
    ]
    return sorted(line, key=lambda each: each[0])


def axis_of(column: str) -> Axis:
    """The direction that a column of a sweep's table stands for."""
    first, *linked = column.split(" & ")
    return Axis(
        first.removesuffix(FACTOR),
        first.endswith(FACTOR),
        tuple(Axis(each.removesuffix(FACTOR), each.endswith(FACTOR)) for each in linked),
    )


def _own(case: Mapping[str, Any], column: str, values: Sequence[float]) -> float | None:
    """The case's own value along a direction, None where it has no one number or lies outside."""
    if " & " in column:
        return None
    if column.endswith(FACTOR):
        own: float | None = 1.0
    else:
        found = set(_leaves(case, column.split(".")))
        own = found.pop() if len(found) == 1 else None
    return own if own is not None and min(values) <= own <= max(values) else None


def _leaves(data: Any, path: Sequence[str]) -> list[float]:
    if not path:
        return [float(data)] if isinstance(data, int | float) else []
    if not isinstance(data, Mapping):
        return []
    heads = data.values() if path[0] == "*" else [data[path[0]]] if path[0] in data else []
    return [leaf for head in heads for leaf in _leaves(head, path[1:])]


def _number(row: Mapping[str, str], column: str) -> float | None:
    cell = row.get(column) or ""
    return float(cell) if cell else None
