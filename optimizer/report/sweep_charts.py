"""Charts of sweeps beside the strategy map: tornado, value along one direction, and regret of plans, as Vega-Lite.

Plain data in, a specification out; names of the case are values only. Not here: how a specification is drawn (`draw`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.errors import CallError
from optimizer.report.axis_words import Axis, clean, money
from optimizer.report.draw import INK, SOFT, Canvas, Spec, wrapped
from optimizer.report.map_data import LETTERS
from optimizer.report.strategy_map import CROSS, NONE, WHITE

WIDTH = 640
LOWER, HIGHER = "#EE8866", "#77AADD"
"""Inputs below and above today's."""
LINE, QUO, CHANGE = "#004488", "#882255", "#8a6d1f"
MINING, HOSTING = "#B8601A", "#117733"
TWINS = ("orange: all mining", "green: all hosting")
LONGEST_NAME = 28
ROW = 34
MOST_NUMBERED = 30
"""Columns of a heat map that have room for their points' numbers."""
MOST_RULED = 60
"""Columns of a heat map that still have room for a rule between them, and for a cross."""


@dataclass(frozen=True)
class TornadoBar:
    """One direction: at which input the case is worth least and most, in USD m; None where no value of it has a plan.

    ``base``: the input as the case says it, None where it says none or several. ``without_plan``: values of it that
    have no plan.
    """

    axis: Axis
    worst: tuple[float, float] | None
    best: tuple[float, float] | None
    base: float | None = None
    without_plan: int = 0

    @property
    def swing(self) -> float:
        """USD m from the worst to the best."""
        return self.best[1] - self.worst[1] if self.worst and self.best else 0.0


@dataclass(frozen=True)
class DirectionPoint:
    """A point along one direction; figures in USD m, None without a plan."""

    x: float
    value_usd_m: float | None
    bound_usd_m: float | None = None
    status_quo_usd_m: float | None = None
    infeasible: bool = False
    all_mining_usd_m: float | None = None
    all_hosting_usd_m: float | None = None


@dataclass(frozen=True)
class RegretRow:
    """A plan at every point: what it loses there in USD m, None where it is impossible."""

    number: int
    words: str
    regrets: tuple[float | None, ...]
    worst_usd_m: float | None
    todays: bool = False
    """Whether it is the plan of the case as it stands."""


def tornado_spec(case_name: str, bars: Sequence[TornadoBar], base_usd_m: float) -> Spec:
    """Bars by swing, the largest on top, with the inputs and the values at both ends."""
    canvas = Canvas()
    ordered = sorted(bars, key=lambda bar: -bar.swing)
    shown = [bar for bar in ordered if bar.worst and bar.best]
    if not shown:
        raise CallError("a tornado needs at least one direction that has a plan")
    rows: list[dict[str, Any]] = []
    ends: list[dict[str, Any]] = []
    for at, bar in enumerate(ordered):
        if bar.worst is None or bar.best is None:
            continue
        for (given, worth), side in ((bar.worst, -1), (bar.best, 1)):
            low, high = sorted((worth, base_usd_m))
            colour = LOWER if is_lower(bar, given) else HIGHER
            rows.append({"low": low, "high": high, "row": at, "end": at + 0.62, "colour": colour})
            said = f"{bar.axis.text(given)}: {money(worth)}"
            ends.append({"at": low if side < 0 else high, "row": at + 0.31, "said": said, "side": side})
    names = [{"row": at + 0.31, "said": _bar_name(bar)} for at, bar in enumerate(ordered)]
    low, high = min(row["low"] for row in rows), max(row["high"] for row in rows)
    room = 0.42 * max(high - low, 1e-6)
    x = canvas.alt.X(
        "low:Q",
        title="value ($M)",
        axis=canvas.alt.Axis(tickCount=6),
        scale=canvas.alt.Scale(domain=[low - room, high + room], nice=False, zero=False),
    )
    y = _rows_axis(canvas, "row:Q", len(ordered))
    layers = [
        canvas.chart(rows)
        .mark_rect(aria=False, stroke=SOFT, strokeWidth=0.6)
        .encode(x=x, x2="high:Q", y=y, y2="end:Q", fill=canvas.alt.Fill("colour:N", scale=None, legend=None)),
        canvas.chart([{"low": base_usd_m}]).mark_rule(color=INK, strokeWidth=1.5, aria=False).encode(x=x),
    ]
    for side, align, dx in ((-1, "right", -6), (1, "left", 6)):
        texts = [{"low": end["at"], "row": end["row"], "said": end["said"]} for end in ends if end["side"] == side]
        mark = canvas.chart(texts).mark_text(align=align, dx=dx, baseline="middle", fontSize=11, color=INK)
        layers.append(mark.encode(x=x, y=y, text="said:N"))
    mark = canvas.chart(names).mark_text(align="right", dx=-8, baseline="middle", fontSize=12, color=INK, limit=320)
    layers.append(mark.encode(x=canvas.alt.value(0), y=y, text="said:N"))
    first = shown[0]
    title = f"{_upper(first.axis.name)} moves the value most: by {money(first.swing)}"
    second = f"{money(base_usd_m)} as the case stands (line); orange: input below today's, blue: above"
    chart = canvas.alt.layer(*layers).properties(
        width=WIDTH - 130, height=ROW * len(ordered), title=_title(canvas, title, second, case_name)
    )
    told = ". ".join(
        f"{_bar_name(bar)}: {bar.axis.text(bar.worst[0])} {money(bar.worst[1])}, "
        f"{bar.axis.text(bar.best[0])} {money(bar.best[1])}"
        for bar in shown
        if bar.worst and bar.best
    )
    return canvas.spec(chart, f"Tornado chart of {case_name}. {title}. {told}.")


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def is_lower(bar: TornadoBar, given: float) -> bool:
    """Whether an input is below today's; where the case has no one number, whether it is the lower end of the bar."""
    if bar.base is None and not bar.axis.relative:
        assert bar.worst
        assert bar.best
        return given <= min(bar.worst[0], bar.best[0])
    return given < (1.0 if bar.base is None else bar.base)


def _bar_name(bar: TornadoBar) -> str:
    name = clean(bar.axis.name, LONGEST_NAME)
    if not bar.without_plan:
        return name
    return f"{name} ({bar.without_plan} without a plan)"


def direction_spec(
    case_name: str,
    axis: Axis,
    points: Sequence[DirectionPoint],
    changes: Sequence[tuple[float, str]] = (),
    today: float | None = None,
) -> Spec:
    """Value along one direction with its bound, the status quo, and where the plan changes: (between which, what)."""
    canvas = Canvas()
    ordered = sorted(points, key=lambda point: point.x)
    valued = [
        {"x": p.x, "y": p.value_usd_m, "bound": p.bound_usd_m if p.bound_usd_m is not None else p.value_usd_m}
        for p in ordered
        if p.value_usd_m is not None
    ]
    if not valued:
        raise CallError("no point of this direction has a plan")
    quo = [{"x": p.x, "y": p.status_quo_usd_m} for p in ordered if p.status_quo_usd_m is not None]
    mining = [{"x": p.x, "y": p.all_mining_usd_m} for p in ordered if p.all_mining_usd_m is not None]
    hosting = [{"x": p.x, "y": p.all_hosting_usd_m} for p in ordered if p.all_hosting_usd_m is not None]
    twins = ((MINING, mining), (HOSTING, hosting))
    amounts = [float(row[key] or 0.0) for row in valued for key in ("y", "bound")]
    amounts += [float(row["y"] or 0) for row in (*quo, *mining, *hosting)]
    low, high = min(amounts), max(amounts)
    room = 0.12 * (high - low) or 1.0
    ends = ordered[0].x, ordered[-1].x
    wide = 0.03 * (ends[1] - ends[0]) or 1.0
    x = canvas.alt.X(
        "x:Q", title=axis.title, scale=canvas.alt.Scale(domain=[ends[0] - wide, ends[1] + wide], nice=False, zero=False)
    )
    y = canvas.alt.Y(
        "y:Q", title="value ($M)", scale=canvas.alt.Scale(domain=[low - room, high + room], nice=False, zero=False)
    )
    layers = [canvas.chart(valued).mark_area(color=HIGHER, opacity=0.45, aria=False).encode(x=x, y=y, y2="bound:Q")]
    marked = [{"x": at, "letter": _letter(n), "y": high + 0.6 * room} for n, (at, _) in enumerate(changes)]
    if marked:
        rule = canvas.chart(marked).mark_rule(color=CHANGE, strokeDash=[3, 3], strokeWidth=1.3, aria=False)
        text = canvas.chart(marked).mark_text(fontWeight="bold", color=CHANGE, align="left", dx=4, aria=False)
        layers += [rule.encode(x=x), text.encode(x=x, y=y, text="letter:N")]
    if quo:
        mark = canvas.chart(quo).mark_line(color=QUO, strokeDash=[7, 4], strokeWidth=2, aria=False)
        layers.append(mark.encode(x=x, y=y))
    for colour, along in twins:
        mark = canvas.chart(along).mark_line(color=colour, strokeDash=[2, 3], strokeWidth=2, aria=False)
        layers += [mark.encode(x=x, y=y)] if along else []
    layers.append(canvas.chart(valued).mark_line(color=LINE, strokeWidth=2.2, aria=False).encode(x=x, y=y))
    layers.append(canvas.chart(valued).mark_point(filled=True, color=LINE, size=34, opacity=1).encode(x=x, y=y))
    crossed = [{"x": p.x, "y": low - 0.5 * room} for p in ordered if p.infeasible]
    if crossed:
        mark = canvas.chart(crossed).mark_point(shape=CROSS, size=60, color=SOFT, strokeWidth=1.8)
        layers.append(mark.encode(x=x, y=y))
    if today is not None and ends[0] <= today <= ends[1]:
        at = [{"x": today, "y": low - 0.55 * room, "said": "today"}]
        layers.append(canvas.chart(at).mark_rule(color=INK, strokeWidth=1, aria=False).encode(x=x))
        text = canvas.chart(at).mark_text(align="left", dx=5, fontWeight="bold", color=INK, aria=False)
        layers.append(text.encode(x=x, y=y, text="said:N"))
    first, last = valued[0], valued[-1]
    title = (
        f"{_upper(axis.name)}: {money(float(first['y'] or 0))} at {axis.text(float(first['x'] or 0))} to "
        f"{money(float(last['y'] or 0))} at {axis.text(float(last['x'] or 0))}"
    )
    keys = ["blue: value, and what no plan is worth more than"]
    keys += ["dashed: status quo"] if quo else []
    keys += [f"dotted {words}" for words, along in zip(TWINS, (mining, hosting), strict=True) if along]
    keys += ["crosses: infeasible"] if crossed else []
    told = [f"{_letter(n)} at about {axis.text(at, 3)}: {text}" for n, (at, text) in enumerate(changes)]
    chart = canvas.alt.vconcat(
        canvas.alt.layer(*layers).properties(width=WIDTH, height=340), *([_list(canvas, told)] if told else [])
    ).properties(title=_title(canvas, title, "; ".join(keys), case_name))
    said = "; ".join(told) or "the plan makes the same choices at every point"
    return canvas.spec(chart, f"Value of {case_name} along {axis.title}. {title}. {said}.")


def _letter(index: int) -> str:
    return LETTERS[index].lower() if index < len(LETTERS) else "#"


def _list(canvas: Canvas, told: Sequence[str]) -> Any:
    """The changes in words, below the chart."""
    lines = [line for text in told[:20] for line in wrapped(text, 98)[:2]]
    rows = [{"row": at + 0.5, "said": line} for at, line in enumerate(lines)]
    mark = canvas.chart(rows).mark_text(align="left", baseline="middle", fontSize=12, color=INK, limit=WIDTH)
    y = _rows_axis(canvas, "row:Q", len(lines))
    return mark.encode(x=canvas.alt.value(0), y=y, text="said:N").properties(width=WIDTH, height=18 * len(lines))


def regret_spec(case_name: str, points: Sequence[int], rows: Sequence[RegretRow], least_worst: int | None) -> Spec:
    """A row a plan, a column a point: the darker, the more the plan loses there; grey with a cross where impossible."""
    if not rows or not points:
        raise CallError("there is no plan to compare")
    canvas = Canvas()
    cells = [
        {"x": n, "x2": n + 1, "row": at, "end": at + 0.86, "regret": value, "middle": n + 0.5, "centre": at + 0.43}
        for at, row in enumerate(rows)
        for n, value in enumerate(row.regrets)
    ]
    possible = [cell for cell in cells if cell["regret"] is not None]
    x = canvas.alt.X("x:Q", axis=None, scale=canvas.alt.Scale(domain=[0, len(points)], nice=False))
    y = _rows_axis(canvas, "row:Q", len(rows))
    shade = canvas.alt.Fill(
        "regret:Q",
        # By hue and chroma, which is the default, white would begin as yellow: no loss would look like some.
        scale=canvas.alt.Scale(range=[WHITE, "#FEC44F", "#CC4C02", "#662506"], interpolate="rgb", zero=True),
        legend=canvas.alt.Legend(title="regret ($M)", orient="bottom", gradientLength=260, titleLimit=300),
    )
    look = {"stroke": None if len(points) > MOST_RULED else SOFT, "strokeWidth": 0.6, "aria": False}
    layers = []
    if possible:
        encoded = canvas.chart(possible).mark_rect(**look)
        layers.append(encoded.encode(x=x, x2="x2:Q", y=y, y2="end:Q", fill=shade))
    impossible = [cell for cell in cells if cell["regret"] is None]
    if impossible:
        layers.append(canvas.chart(impossible).mark_rect(color=NONE, **look).encode(x=x, x2="x2:Q", y=y, y2="end:Q"))
        if len(points) <= MOST_RULED:
            mark = canvas.chart(impossible).mark_point(shape=CROSS, size=36, color=SOFT, strokeWidth=1.4, aria=False)
            layers.append(mark.encode(x=canvas.alt.X("middle:Q", axis=None), y=canvas.alt.Y("centre:Q", axis=None)))
    if len(points) <= MOST_NUMBERED:
        numbers = [{"middle": n + 0.5, "said": str(point)} for n, point in enumerate(points)]
        mark = canvas.chart(numbers).mark_text(baseline="top", fontSize=11, color=SOFT)
        under = canvas.alt.value(28 * len(rows) + 1)
        layers.append(mark.encode(x=canvas.alt.X("middle:Q", axis=None), y=under, text="said:N"))
    names = [
        {"row": at + 0.43, "said": f"today's {row.number}" if row.todays else str(row.number), "worst": _worst(row)}
        for at, row in enumerate(rows)
    ]
    for align, dx, place, field in (("right", -8, 0, "said:N"), ("left", 8, WIDTH - 100, "worst:N")):
        mark = canvas.chart(names).mark_text(align=align, dx=dx, baseline="middle", fontSize=12, color=INK)
        layers.append(mark.encode(x=canvas.alt.value(place), y=y, text=field))
    told = [f"plan {row.number}{' (today)' if row.todays else ''}: {row.words}" for row in rows]
    best = next((row for row in rows if row.number == least_worst), None)
    title = "No plan is possible anywhere"
    if best is not None and best.worst_usd_m is not None:
        title = f"Plan {best.number} loses least at its worst, {money(best.worst_usd_m)}: {best.words}"
    ends = f"columns: {len(points)} points, {points[0]} to {points[-1]}; at the right: the worst"
    chart = canvas.alt.vconcat(
        canvas.alt.layer(*layers).properties(width=WIDTH - 100, height=28 * len(rows)), _list(canvas, told)
    ).properties(title=_title(canvas, title, f"Rows: plans; {ends}; grey: impossible", case_name))
    said = ". ".join(
        f"Plan {row.number}{' of today' if row.todays else ''}, worst {_worst(row)}: {row.words}" for row in rows
    )
    return canvas.spec(chart, f"Regret of plans of {case_name}. {title}. {said}.")


def _worst(row: RegretRow) -> str:
    return "impossible" if row.worst_usd_m is None else money(row.worst_usd_m)


def _rows_axis(canvas: Canvas, field: str, count: int) -> Any:
    return canvas.alt.Y(field, axis=None, scale=canvas.alt.Scale(domain=[count, 0], nice=False))


def _title(canvas: Canvas, title: str, second: str, case_name: str) -> Any:
    return canvas.alt.TitleParams(
        text=wrapped(clean(title, 180), 68)[:3], subtitle=[*wrapped(second, 102), clean(case_name, 96)]
    )
