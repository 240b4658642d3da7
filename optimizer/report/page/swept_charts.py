"""Charts of a sweep on its page: a line along one input, a tornado, and what plans lose where another is better."""

from __future__ import annotations

from optimizer.plan.table import Cell
from optimizer.report.axis_words import clean
from optimizer.report.page.chart import (
    BAD,
    Chart,
    Column,
    Spec,
    View,
    amount_axis,
    hover,
    legend,
    line_at,
)
from optimizer.report.page.found import Line, RegretFound, Tornado
from optimizer.report.page.words import Said, begin, count, named, raw, said, usd
from optimizer.report.sweep_charts import RegretRow, TornadoBar, is_lower

MOST_NAMED = 60
LETTERS = "abcdefghijklmnopqrstuvwxyz"
"""Of changes along a line; capital ones are of plans."""
TIMES = ("never", "once", "twice")
IMPOSSIBLE = "impossible"
TWIN_COLOURS = {"mining": "var(--mining)", "hosting": "var(--good)"}
TWIN_SAID = {"mining": "Orange and dotted", "hosting": "Green and dotted"}
SIDES = ("worst", "best")
LOWER, HIGHER = "input below today's", "input above today's"


def line_finding(line: Line) -> Said:
    """From which value to which the worth goes along the input, and how often the plan changes."""
    known = sorted((p.x, p.value_usd_m) for p in line.points if p.value_usd_m is not None)
    if not known:
        return said("No value has a plan")
    (low, first), (high, last) = known[0], known[-1]
    changes = TIMES[len(line.changes)] if len(line.changes) < len(TIMES) else count(len(line.changes), "time")
    told = f"the plan changes {changes}" if line.changes else "the plan makes the same choices throughout"
    return said(
        f"{begin(raw(named(line.axis.name), 80))}: ", usd(first), f" at {line.axis.text(low)}, ", usd(last),
        f" at {line.axis.text(high)}; {told}",
    )  # fmt: skip


def line_chart(line: Line) -> Chart:
    """Worth along one input with what no plan is worth more than, the status quo, and where the plan changes."""
    twins = (
        ("mining", "All mining", any(p.all_mining_usd_m is not None for p in line.points)),
        ("hosting", "All hosting", any(p.all_hosting_usd_m is not None for p in line.points)),
    )
    columns = (
        Column("x", named(line.axis.title)), Column("value", "Worth, USD m"),
        Column("bound", "No plan is worth more than, USD m"), Column("quo", "Status quo, USD m"),
        Column("problem", "Without a plan"),
        *(Column(field, f"{words}, USD m", shown=known) for field, words, known in twins),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            p.x,
            p.value_usd_m,
            p.bound_usd_m,
            p.status_quo_usd_m,
            _why_none(p.value_usd_m, p.infeasible),
            p.all_mining_usd_m,
            p.all_hosting_usd_m,
        )
        for p in sorted(line.points, key=lambda point: point.x)
    ]
    x = {"field": "x", "type": "quantitative", "title": named(line.axis.title), "scale": {"zero": False}}
    y = amount_axis("value", "worth ($M)", scale={"zero": False})
    told = hover(
        ("x", raw(named(line.axis.name), 80), ",.6~f"), ("value", "worth ($M)", ",.1f"), ("quo", "quo ($M)", ",.1f")
    )
    valid = [{"filter": {"field": "value", "valid": True}}]
    band = {"type": "area", "color": "var(--c1)", "opacity": 0.3}
    layers: list[Spec] = [
        {"transform": valid, "mark": band, "encoding": {"x": x, "y": y, "y2": {"field": "bound"}}},
        {"transform": valid, "mark": {"type": "line", "color": "var(--c1)"}, "encoding": {"x": x, "y": y}},
        {
            "transform": valid,
            "mark": {"type": "point", "filled": True, "size": 50, "opacity": 1, "color": "var(--c1)"},
            "encoding": {"x": x, "y": y, "tooltip": told},
        },
    ]
    if any(p.status_quo_usd_m is not None for p in line.points):
        quo = {"type": "line", "color": "var(--quiet)", "strokeDash": [6, 4], "strokeWidth": 2}
        layers.insert(0, {"mark": quo, "encoding": {"x": x, "y": {"field": "quo", "type": "quantitative"}}})
    for field, _, known in twins:
        if known:
            dots = {"type": "line", "color": TWIN_COLOURS[field], "strokeDash": [2, 3], "strokeWidth": 3}
            layers.append({"mark": dots, "encoding": {"x": x, "y": {"field": field, "type": "quantitative"}}})
    for at, (where, _) in enumerate(line.changes):
        layers += _marked(where, LETTERS[at % len(LETTERS)], "var(--c4)", [4, 3])
    if line.today is not None:
        layers += _marked(line.today, "today", "var(--ink)", [1, 0])
    words = "Worth along the input as a line; dashed lines where the plan changes, one more at today's value."
    view = View(line_finding(line), words, tuple(rows))
    quo_said = " Grey and dashed: status quo." if any(p.status_quo_usd_m is not None for p in line.points) else ""
    twins_said = "".join(f" {TWIN_SAID[field]}: {words.lower()}." for field, words, known in twins if known)
    note = said(f"Solid line: the best plan; the band above it: what no plan is worth more than.{quo_said}{twins_said}")
    return Chart("line", {"height": 340, "layer": layers}, columns, (view,), "x", note=note)


def changes_said(line: Line) -> list[Said]:
    """Where the plan changes, letter by letter."""
    return [
        said(f"{LETTERS[at % len(LETTERS)]}, at about {line.axis.text(where, 3)}: {raw(named(text), 300)}.")
        for at, (where, text) in enumerate(line.changes)
    ]


def _why_none(value: float | None, infeasible: bool) -> str:
    if value is not None:
        return ""
    return "infeasible" if infeasible else "no answer"


def _marked(at: float, letter: str, colour: str, dash: list[int]) -> list[Spec]:
    """A vertical line with a word at its upper end."""
    x = {"datum": at}
    text = {"type": "text", "align": "left", "dx": 4, "fontWeight": "bold", "color": colour, "fontSize": 12}
    return [
        line_at({"x": x}, colour, dash),
        {
            "data": {"values": [{}]},
            "mark": text,
            "encoding": {"x": x, "y": {"value": 8}, "text": {"datum": letter}},
        },
    ]


# ---------------------------------------------------------------- tornado


def tornado_finding(tornado: Tornado) -> Said:
    """The input that moves the worth most."""
    shown = [bar for bar in tornado.bars if bar.worst and bar.best]
    if not shown:
        return said("No input has a plan at its ends")
    first = max(shown, key=lambda bar: bar.swing)
    return said(f"{begin(raw(named(first.axis.name), 80))} moves the worth most: by ", usd(first.swing))


def tornado_chart(tornado: Tornado) -> Chart:
    """A bar for each input from its worst to its best, the longest first, with the inputs written at its ends."""
    rows: list[tuple[Cell, ...]] = []
    for bar in sorted(tornado.bars, key=lambda bar: -bar.swing):
        for end, side in zip((bar.worst, bar.best), SIDES, strict=True):
            if end is None:
                continue
            given, worth = end
            base = tornado.base_usd_m
            outer = min(worth, base) if side == SIDES[0] else max(worth, base)
            kind = LOWER if is_lower(bar, given) else HIGHER
            rows.append((_input(bar), bar.axis.text(given), worth, worth - base, base, outer, side, kind))
    columns = (
        Column("input", "Input"), Column("at", "Moved to"), Column("value", "Worth, USD m"),
        Column("change", "Change, USD m"), Column("base", "", shown=False), Column("outer", "", shown=False),
        Column("side", "", shown=False), Column("kind", "", shown=False),
    )  # fmt: skip
    y = {"field": "input", "type": "nominal", "sort": None, "title": None, "axis": {"ticks": False}}
    values = [*(float(str(row[2])) for row in rows), tornado.base_usd_m]
    room = 0.16 * (max(values) - min(values)) or 1.0
    domain = [min(values) - room, max(values) + room]
    x = amount_axis("base", "worth ($M)", scale={"zero": False, "domain": domain, "nice": False})
    bars = {
        "mark": {"type": "bar", "height": 20},
        "encoding": {
            "x": x,
            "x2": {"field": "value"},
            "color": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": [LOWER, HIGHER], "range": ["var(--c2)", "var(--c1)"]},
                "legend": legend(2),
            },
            "tooltip": hover(
                ("input", "Input", ""), ("at", "Moved to", ""), ("value", "$M", ",.1f"),
                ("change", "change ($M)", "+,.1f"),
            ),
        },
    }  # fmt: skip
    spec = {"height": {"step": 34}, "encoding": {"y": y}, "layer": [bars, *(_ends(side) for side in SIDES)]}
    words = "Worth where one input moves and all else is as in the case, as bars around the case's own worth."
    anew = "; everything is decided anew at each end, where the input is written."
    note = said("The case as it stands is worth ", usd(tornado.base_usd_m), anew)
    view = View(tornado_finding(tornado), words, tuple(rows))
    return Chart("tornado", spec, columns, (view,), "input", note=note)


def _ends(side: str) -> Spec:
    """The inputs at the worst ends, to their left, or at the best ones, to their right."""
    left = side == SIDES[0]
    mark = {"type": "text", "align": "right" if left else "left", "dx": -5 if left else 5, "fontSize": 12,
            "color": "var(--ink)"}  # fmt: skip
    return {
        "transform": [{"filter": {"field": "side", "equal": side}}],
        "mark": mark,
        "encoding": {
            "x": {"field": "outer", "type": "quantitative"},
            "text": {"field": "at", "type": "nominal"},
        },
    }


def _input(bar: TornadoBar) -> str:
    none = f" ({bar.without_plan} without a plan)" if bar.without_plan else ""
    return f"{raw(named(clean(bar.axis.name, 60)))}{none}"


# ---------------------------------------------------------------- regret


def regret_finding(regret: RegretFound) -> Said:
    """The plan that loses least at its worst."""
    best = next((row for row in regret.rows if row.number == regret.least_worst), None)
    if best is None or best.worst_usd_m is None:
        return said("No plan is possible anywhere")
    missing = sum(1 for each in best.regrets if each is None)
    where = f"; it is impossible at {count(missing, 'point')}" if missing else ""
    worst = usd(best.worst_usd_m)
    return said(f"Plan {best.number} loses least at its worst, ", worst, f": {raw(named(best.words), 140)}{where}")


def regret_chart(regret: RegretFound) -> Chart:
    """A row a plan, a column a point: the darker, the more the plan loses there."""
    columns = (
        Column("point", "Point"), Column("plan", "Plan"), Column("regret", "Loses, USD m"),
        Column("note", "Note"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (str(point), plan_name(row.number, todays=row.todays), lost, IMPOSSIBLE if lost is None else "")
        for row in regret.rows
        for point, lost in zip(regret.points, row.regrets, strict=True)
    ]
    many = len(regret.points) > MOST_NAMED
    spec = {
        "height": {"step": 30},
        "encoding": {
            # Without the order each layer would put its own points first.
            "x": {"field": "point", "type": "ordinal", "sort": [str(each) for each in regret.points], "title": "point",
                  "axis": None if many else {"labelAngle": 0}},
            "y": {"field": "plan", "type": "nominal", "sort": list(dict.fromkeys(str(row[1]) for row in rows)),
                  "title": None, "axis": {"ticks": False}},
            "tooltip": hover(("plan", "Plan", ""), ("point", "Point", ""), ("regret", "loses ($M)", ",.1f"),
                             ("note", "Note", "")),
        },
        "layer": [
            {
                "transform": [{"filter": {"field": "regret", "valid": True}}],
                "mark": {"type": "rect", "color": BAD},
                "encoding": {
                    "opacity": {
                        "field": "regret", "type": "quantitative", "scale": {"range": [0.04, 1], "zero": True},
                        "legend": {"orient": "bottom", "title": "loses ($M)"},
                    },
                },
            },
            {
                "transform": [{"filter": {"field": "note", "equal": IMPOSSIBLE}}],
                "mark": {"type": "text", "text": "\N{MULTIPLICATION SIGN}", "fontSize": 15, "color": "var(--soft)"},
            },
        ],
    }  # fmt: skip
    words = "What each plan is worth less than the best at each point, as shades; crosses where it is impossible."
    columns_said = f" Columns: points {regret.points[0]} to {regret.points[-1]}." if many else ""
    dark = "The stronger the colour, the more a plan loses at that point; none: it is the best. Crosses: impossible."
    note = said(f"{dark}{columns_said}")
    view = View(regret_finding(regret), words, tuple(rows))
    return Chart("regret", spec, columns, (view,), "point", series="plan", note=note)


def plan_name(number: int, *, todays: bool) -> str:
    """``Plan 2``, and whether it is the plan of the case as it stands."""
    return f"Plan {number}, today's" if todays else f"Plan {number}"


def worst_said(row: RegretRow) -> str:
    """The worst that a plan loses, for a table."""
    return IMPOSSIBLE if row.worst_usd_m is None else usd(row.worst_usd_m).text()
