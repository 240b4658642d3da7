"""The strategy map as a picture: which plan is best where, over two inputs, as a Vega-Lite specification by Altair.

All places and lengths are numbers of the data; names of the case go in as values and never as fields, expressions or
markup. The same map gives the same specification.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from optimizer.report.axis_words import clean
from optimizer.report.draw import INK, SOFT, Canvas, Spec, wrapped
from optimizer.report.map_data import INFEASIBLE, MapRegion, StrategyMap
from optimizer.report.map_geometry import Place, Segment, Spot, hatch

WIDTH, HEIGHT = 640, 460
"""Of the map itself, in pixels of the SVG."""

STAY = "#EEDD88"
COLOURS = ("#77AADD", "#44BB99", "#EE8866", "#99DDFF", "#BBCC33", "#FFAABB", "#AAAA00")
OTHER, NONE, WHITE = "#F3F1EC", "#D5D5D5", "#FFFFFF"
"""The light scheme of Paul Tol: told apart with any colour vision, and light enough for dark lines and letters.

``STAY`` is a region that signs nothing, the others follow in the order of their numbers; of more than seven those of
fewest points are ``OTHER``. ``NONE`` is infeasible.
"""

CROSS = "M-1,-1L1,1M1,-1L-1,1"
DOT, REFINED, LETTER, ROW = 9, 22, 17, 21
MARGIN = 0.03
"""Part of the map's width and height left free around it, so that marks on the rim are whole."""

VALUE_LINE, TWINS_LINE = "value = status quo", "all mining = all hosting"
DASHES = {VALUE_LINE: [7, 4], TWINS_LINE: [2, 3]}
LINE_COLOURS = {VALUE_LINE: "#882255", TWINS_LINE: "#004488"}


def map_spec(drawn: StrategyMap) -> Spec:
    """The picture of a map: title with the finding, the map, and what its marks mean. CallError without the extra."""
    canvas = Canvas()
    alt = canvas.alt
    title, second = drawn.finding()
    chart = alt.vconcat(_map(drawn, canvas), _legend(drawn, canvas)).properties(
        title=alt.TitleParams(
            text=wrapped(clean(title, 180), 68)[:3], subtitle=[*wrapped(second, 102), clean(drawn.case_name, 96)]
        )
    )
    return canvas.spec(chart, description(drawn))


def description(drawn: StrategyMap) -> str:
    """The map in sentences, for those who do not see it."""
    title, second = drawn.finding()
    parts = [
        f"Strategy map of {drawn.case_name}: {drawn.x.title} to the right from {drawn.x.text(drawn.xs[0])} to "
        f"{drawn.x.text(drawn.xs[-1])}, {drawn.y.title} upwards from {drawn.y.text(drawn.ys[0])} to "
        f"{drawn.y.text(drawn.ys[-1])}",
        title,
        second,
        *(
            f"Region {region.letter}, {drawn.counts[region.number]} of {len(drawn.grid)} points: {region.label}"
            for region in drawn.regions
        ),
    ]
    return ". ".join(parts) + "."


def colours(regions: Iterable[MapRegion], counts: Mapping[int, int]) -> dict[int, str]:
    """A colour by number of region."""
    ordered = sorted(regions, key=lambda region: region.number)
    found = {region.number: STAY if region.words == "nothing signed" else OTHER for region in ordered}
    signing = [number for number, colour in found.items() if colour == OTHER]
    most = sorted(signing, key=lambda number: (-counts[number], number))[: len(COLOURS)]
    return {**found, **dict(zip(sorted(most), COLOURS, strict=False))}


def _map(drawn: StrategyMap, canvas: Canvas) -> Any:
    xs, ys = drawn.xs, drawn.ys
    x_room, y_room = MARGIN * (xs[-1] - xs[0]), MARGIN * (ys[-1] - ys[0])
    x = canvas.alt.X(
        "x:Q",
        title=drawn.x.title,
        scale=canvas.alt.Scale(domain=[xs[0] - x_room, xs[-1] + x_room], nice=False, zero=False),
    )
    y = canvas.alt.Y(
        "y:Q",
        title=drawn.y.title,
        scale=canvas.alt.Scale(domain=[ys[0] - y_room, ys[-1] + y_room], nice=False, zero=False),
    )
    paint = colours(drawn.regions, drawn.counts)
    layers = [
        _areas(drawn, paint, canvas, x, y),
        *_rules(canvas, x, y, _hatching(drawn), color=INK, strokeWidth=0.7, opacity=0.5),
        *_rules(canvas, x, y, drawn.tiles.borders(_both_regions), color=INK, strokeWidth=1.6, strokeCap="round"),
    ]
    for name, lines in _value_lines(drawn).items():
        layers += _rules(
            canvas, x, y, lines, color=LINE_COLOURS[name], strokeWidth=2.2, strokeDash=DASHES[name], strokeCap="butt"
        )
    layers += _points(drawn, paint, canvas, x, y)
    layers += _letters(drawn, canvas, x, y)
    layers += _today(drawn, canvas, x, y)
    return canvas.alt.layer(*layers).properties(width=WIDTH, height=HEIGHT)


def _areas(drawn: StrategyMap, paint: Mapping[int, str], canvas: Canvas, x: Any, y: Any) -> Any:
    rows = []
    for cell, place in enumerate(drawn.tiles.labels):
        label = drawn.tiles.labels[place]
        colour = paint[label] if isinstance(label, int) else NONE if label == INFEASIBLE else WHITE
        outline = drawn.tiles.area(place)
        rows += [
            {"x": spot[0], "y": spot[1], "cell": cell, "step": step, "colour": colour}
            for step, spot in enumerate((*outline, outline[0]))
        ]
    # A thin line of the same colour closes the seams that a screen would show between areas.
    return (
        canvas.chart(rows)
        .mark_line(filled=True, strokeWidth=0.8, aria=False)
        .encode(
            x=x,
            y=y,
            order=canvas.alt.Order("step:Q"),
            detail="cell:N",
            fill=canvas.alt.Fill("colour:N", scale=None, legend=None),
            stroke=canvas.alt.Stroke("colour:N", scale=None, legend=None),
        )
    )


def _hatching(drawn: StrategyMap) -> list[Segment]:
    box = ((drawn.xs[0], drawn.ys[0]), (drawn.xs[-1], drawn.ys[-1]))
    found = []
    for place in drawn.tiles.labels:
        point = drawn.grid.get(place)
        if point is not None and point.region is not None and not point.closed:
            found += hatch(drawn.tiles.area(place), box, WIDTH / HEIGHT, rules=110)
    return found


def _value_lines(drawn: StrategyMap) -> dict[str, list[Segment]]:
    found = {VALUE_LINE: drawn.status_quo_line(), TWINS_LINE: drawn.mining_hosting_line()}
    return {name: lines for name, lines in found.items() if lines}


def _both_regions(one: object, other: object) -> bool:
    return isinstance(one, int) and isinstance(other, int)


def _rules(canvas: Canvas, x: Any, y: Any, lines: Sequence[Segment], **look: Any) -> list[Any]:
    if not lines:
        return []
    rows = [{"x": a[0], "y": a[1], "x2": b[0], "y2": b[1]} for a, b in lines]
    return [canvas.chart(rows).mark_rule(aria=False, **look).encode(x=x, y=y, x2="x2:Q", y2="y2:Q")]


def _points(drawn: StrategyMap, paint: Mapping[int, str], canvas: Canvas, x: Any, y: Any) -> list[Any]:
    """Every point that was solved: small dots on the grid, rings in the colour of their region between its points."""
    on_grid = [{"x": p.x, "y": p.y} for p in drawn.grid.values() if p.region is not None]
    between = [
        {"x": p.x, "y": p.y, "colour": paint[p.region]} for p in drawn.points if p.refined and p.region is not None
    ]
    # Points between others only if they have their own cross: an infeasible one lies in the area of its neighbours.
    crossed = [{"x": p.x, "y": p.y} for p in drawn.points if p.infeasible]
    layers = []
    if on_grid:
        chart = canvas.chart(on_grid)
        layers.append(chart.mark_point(filled=True, size=DOT, color=INK, opacity=0.55, aria=False).encode(x=x, y=y))
    if between:
        chart = canvas.chart(between).mark_point(
            filled=True, size=REFINED, stroke=INK, strokeWidth=0.8, opacity=1, aria=False
        )
        layers.append(chart.encode(x=x, y=y, fill=canvas.alt.Fill("colour:N", scale=None, legend=None)))
    if crossed:
        chart = canvas.chart(crossed)
        layers.append(chart.mark_point(shape=CROSS, size=50, color=SOFT, strokeWidth=1.6, aria=False).encode(x=x, y=y))
    return layers


def _letters(drawn: StrategyMap, canvas: Canvas, x: Any, y: Any) -> list[Any]:
    """One in every piece of a region."""
    rows = []
    for label, places in drawn.tiles.pieces():
        if isinstance(label, int):
            x_at, y_at = _letter_spot(drawn, places)
            rows.append({"x": x_at, "y": y_at, "letter": drawn.region(label).letter})
    return [
        canvas.chart(rows)
        .mark_text(fontSize=LETTER, fontWeight="bold", aria=False, **halo)
        .encode(x=x, y=y, text="letter:N")
        for halo in _halo()
        if rows
    ]


def _halo() -> tuple[dict[str, Any], dict[str, Any]]:
    """Text is drawn twice, first as a white rim, so that it can be read on lines and hatching."""
    return {"color": WHITE, "stroke": WHITE, "strokeWidth": 3.5, "opacity": 0.9}, {"color": INK}


def _letter_spot(drawn: StrategyMap, places: Collection[Place]) -> Spot:
    """Inside the area of the point that has most of its piece around it, not where today's mark is if it can be."""
    mine = set(places)
    today = None if drawn.today is None else drawn.tiles.place_at(drawn.today)
    middle = (sum(i for i, _ in places) / len(places), sum(j for _, j in places) / len(places))

    def rank(place: Place) -> tuple[bool, int, float, Place]:
        i, j = place
        around = sum((i + a, j + b) in mine for a in (-2, -1, 0, 1, 2) for b in (-2, -1, 0, 1, 2))
        return place == today, -around, (i - middle[0]) ** 2 + (j - middle[1]) ** 2, place

    area = drawn.tiles.area(min(places, key=rank))
    return sum(spot[0] for spot in area) / len(area), sum(spot[1] for spot in area) / len(area)


def _today(drawn: StrategyMap, canvas: Canvas, x: Any, y: Any) -> list[Any]:
    if drawn.today is None or drawn.tiles.place_at(drawn.today) is None:
        return []
    data = [{"x": drawn.today[0], "y": drawn.today[1], "label": "today"}]
    right = drawn.today[0] > drawn.xs[0] + 0.85 * (drawn.xs[-1] - drawn.xs[0])
    mark = canvas.chart(data).mark_point(
        shape="diamond", filled=True, size=150, color=INK, stroke=WHITE, strokeWidth=1.5, opacity=1, aria=False
    )
    place = {"align": "right" if right else "left", "dx": -10 if right else 10, "dy": 12, "fontSize": 13}
    words = [
        canvas.chart(data).mark_text(fontWeight="bold", aria=False, **place, **halo).encode(x=x, y=y, text="label:N")
        for halo in _halo()
    ]
    return [mark.encode(x=x, y=y), *words]


def _legend(drawn: StrategyMap, canvas: Canvas) -> Any:
    """Rows of a sample and its words, drawn as a chart of its own so that long names have the whole width."""
    rows: list[tuple[str, str, list[str]]] = []
    paint = colours(drawn.regions, drawn.counts)
    for region in drawn.regions:
        count = drawn.counts[region.number]
        where = f"{count} of {len(drawn.grid)} points" if count else "only between points of the grid"
        rows.append(("area", paint[region.number], wrapped(f"{region.letter} – {region.label}, {where}", 88)))
    labels = drawn.tiles.labels.values()
    if any(point.region is not None and not point.closed for point in drawn.grid.values()):
        rows.append(("hatch", WHITE, ["hatched: not closed within its gap, another plan may be better there"]))
    if any(label == INFEASIBLE for label in labels):
        rows.append(("cross", NONE, ["infeasible: no plan meets all demands"]))
    if any(not isinstance(label, int) and label != INFEASIBLE for label in labels):
        rows.append(("area", WHITE, ["no answer"]))
    rows += [("line", name, [name]) for name in _value_lines(drawn)]
    if any(point.refined for point in drawn.points):
        rows.append(("ring", WHITE, ["solved between points of the grid, to find the border"]))
    return _drawn_rows(rows, canvas)


def _drawn_rows(rows: Sequence[tuple[str, str, list[str]]], canvas: Canvas) -> Any:
    tops, height = [], 0.0
    for _, _, lines in rows:
        tops.append(height)
        height += 1.0 + 0.75 * (len(lines) - 1)
    x = canvas.alt.X("x:Q", axis=None, scale=canvas.alt.Scale(domain=[0, WIDTH], nice=False))
    y = canvas.alt.Y("y:Q", axis=None, scale=canvas.alt.Scale(domain=[height, 0], nice=False))
    layers: list[Any] = []
    for top, (kind, paint, lines) in zip(tops, rows, strict=True):
        layers += _sample(kind, paint, top + 0.5, canvas, x, y)
        texts = [{"x": 34, "y": top + 0.5 + 0.75 * at, "words": line} for at, line in enumerate(lines)]
        layers.append(
            canvas.chart(texts)
            .mark_text(align="left", baseline="middle", fontSize=12, color=INK, limit=WIDTH - 34)
            .encode(x=x, y=y, text="words:N")
        )
    return canvas.alt.layer(*layers).properties(width=WIDTH, height=ROW * height)


def _sample(kind: str, paint: str, at: float, canvas: Canvas, x: Any, y: Any) -> list[Any]:
    data = [{"x": 13, "y": at, "x2": 26, "x0": 0, "low": at - 0.36, "high": at + 0.36}]
    if kind == "line":
        rule = canvas.chart([{"x": 0, "y": at, "x2": 26}])
        look = rule.mark_rule(color=LINE_COLOURS[paint], strokeWidth=2.2, strokeDash=DASHES[paint], aria=False)
        return [look.encode(x=x, y=y, x2="x2:Q")]
    if kind == "ring":
        ring = canvas.chart(data).mark_point(
            filled=True, size=REFINED + 12, fill=paint, stroke=INK, strokeWidth=0.9, opacity=1, aria=False
        )
        return [ring.encode(x=x, y=y)]
    box = [{"x": 0, "x2": 26, "y": at - 0.36, "y2": at + 0.36}]
    area = canvas.chart(box).mark_rect(color=paint, stroke=SOFT, strokeWidth=0.7, aria=False)
    layers = [area.encode(x=x, y=y, x2="x2:Q", y2="y2:Q")]
    if kind == "cross":
        layers.append(canvas.chart(data).mark_point(shape=CROSS, size=50, color=SOFT, strokeWidth=1.6).encode(x=x, y=y))
    if kind == "hatch":
        outline = [(0.0, at - 0.36), (26.0, at - 0.36), (26.0, at + 0.36), (0.0, at + 0.36)]
        lines = hatch(outline, ((0.0, at + 0.36), (26.0, at - 0.36)), 26 / (0.72 * ROW), rules=7)
        layers += _rules(canvas, x, y, lines, color=INK, strokeWidth=0.7, opacity=0.5)
    return layers
