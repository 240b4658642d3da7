"""Time lines of several plans on one axis: a lane each, one plan above the other."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from optimizer.plan.table import Cell
from optimizer.report.page.chart import Chart, Column, View, colours, hover, legend, time_axis
from optimizer.report.page.plan import PagePlan
from optimizer.report.page.todo import BUILDING, DECIDED, EARNING, LANES, other_rows, signed_rows
from optimizer.report.page.words import Said, listing, said

NOT_DECIDED = "not decided"
ALIKE = "both", "all"
"""What stands for the plans where a lane is the same in all: of two, of more."""

Lane = tuple[tuple[Cell, ...], ...]
"""Stage, first day, last day and size of all that a plan has in a lane."""


def lanes_chart(plans: Sequence[tuple[str, PagePlan]], finding: Said) -> Chart | None:
    """Decisions of ``plans`` (a short name and a plan each). A lane that is the same in all is shown once.

    None where no plan decides anything.
    """
    found = [(key, _lanes(plan)) for key, plan in plans]
    rows: list[tuple[Cell, ...]] = []
    for lane in _ordered([lanes for _, lanes in found]):
        own = [(key, lanes.get(lane, ())) for key, lanes in found]
        if all(each == own[0][1] for _, each in own):
            own = [(ALIKE[len(own) > 2], own[0][1])]
        for key, parts in own:
            shown = parts or ((NOT_DECIDED, "", "", ""),)
            rows += [(f"{key}: {lane}", key, lane, *part) for part in shown]
    if not rows:
        return None
    columns = (
        Column("row", "Plan and lane", shown=False), Column("plan", "Plan"), Column("lane", "What"),
        Column("part", "Stage"), Column("from", "From"), Column("to", "To"), Column("size", "Size"),
    )  # fmt: skip
    begins = min(plan.span[0] for _, plan in plans)
    view = View(finding, "Decisions of the plans along one time line, a lane for each plan.", tuple(rows))
    note = said(
        f"Above one another: {listing([key for key, _ in plans], len(plans))}. A lane that is the same in "
        f"{'both' if len(plans) == 2 else 'all'} is shown once. A bar begins at the signature and changes colour when "
        "it first pays rent."
    )
    return Chart("lanes", _spec([str(row[0]) for row in rows], begins), columns, (view,), "row", note=note)


def _lanes(plan: PagePlan) -> dict[str, Lane]:
    found: dict[str, list[tuple[Cell, ...]]] = {}
    for lane, *rest in [*signed_rows(plan), *other_rows(plan)]:
        found.setdefault(str(lane), []).append(tuple(rest))
    return {lane: tuple(parts) for lane, parts in found.items()}


def _ordered(found: Sequence[dict[str, Lane]]) -> list[str]:
    """Signed halls by the first date at which any plan signs them, then what else is decided, kind by kind."""
    order = {lane: at for at, lane in enumerate(LANES.values())}
    lanes = {lane: min(str(lanes[lane][0][1]) for lanes in found if lane in lanes) for each in found for lane in each}
    return sorted(lanes, key=lambda lane: (order.get(lane, -1), lanes[lane] if lane not in order else ""))


def _spec(rows: Sequence[str], begins: str) -> dict[str, object]:
    # Nothing is drawn at the first day; it only lets the time line begin there.
    first = datetime.date.fromisoformat(begins)
    begin_there = {"datum": {"year": first.year, "month": first.month, "date": first.day, "utc": True}}
    lanes = {"grid": True, "ticks": False, "labelPadding": 10}
    lanes_of = {"field": "row", "type": "nominal", "sort": list(dict.fromkeys(rows)), "title": None, "axis": lanes}
    stages = {BUILDING: "var(--c4)", EARNING: "var(--c1)", DECIDED: "var(--line)"}
    return {
        "height": {"step": 26},
        "encoding": {
            "y": lanes_of,
            "color": {
                "field": "part",
                "type": "nominal",
                "scale": colours(list(stages), stages),
                "legend": legend(),
            },
            "tooltip": hover(("row", "What", ""), ("part", "Stage", ""), ("from", "From", ""), ("size", "Size", "")),
        },
        "layer": [
            {
                "transform": [{"filter": {"field": "part", "oneOf": [BUILDING, EARNING]}}],
                "mark": {"type": "bar", "height": 14},
                "encoding": {"x": time_axis(), "x2": {"field": "to"}},
            },
            {
                "transform": [{"filter": {"field": "part", "equal": DECIDED}}],
                "mark": {"type": "point", "filled": True, "size": 60, "opacity": 0.85},
                "encoding": {"x": time_axis()},
            },
            {"mark": {"type": "point", "opacity": 0}, "encoding": {"x": begin_there, "tooltip": {"value": None}}},
        ],
    }
