"""The page of a break-even: where, as one input moves, the best plan begins or ceases to do something."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.plan.table import Cell
from optimizer.report.page.chart import (
    BAD,
    GOOD,
    Chart,
    Column,
    Listing,
    Section,
    Spec,
    View,
    amount_axis,
    hover,
    legend,
    line_at,
    sheet,
)
from optimizer.report.page.facts import Fact
from optimizer.report.page.found import BreakEvenFound, BreakEvenPoint
from optimizer.report.page.html import AMOUNTS, Page, page_text
from optimizer.report.page.keys import keys_listing
from optimizer.report.page.plan import Row, num
from optimizer.report.page.words import Said, begin, count, figure, money_cell, named, raw, said, usd

KIND = "Break-even"
DIGITS = 7


def page_of(found: BreakEvenFound) -> str:
    """The page of a break-even."""
    flips = list(found.table.dicts())
    answer = _answer(found, flips)
    span = f"{_at(found, found.low)} to {_at(found, found.high)}"
    page = Page(
        kind=KIND,
        title=raw(found.case_name, 300),
        sub=f"Asked: where {raw(named(found.has), 120)}, by {raw(named(found.axis.title), 90)} from {span}. {AMOUNTS}",
        facts=_facts(found, flips, answer),
        sections=[_scan(found, flips, answer), _flips(found, flips), _points(found)],
        made="the points of this search",
    )
    return page_text(page)


def _at(found: BreakEvenFound, value: float) -> str:
    return found.axis.text(value, DIGITS)


def _answer(found: BreakEvenFound, flips: Sequence[Row]) -> str:
    """The finding in a sentence without its stop."""
    answered = [point for point in found.points if point.has is not None]
    has, has_not = raw(named(found.has), 120), raw(named(found.has_not), 120)
    if not answered:
        return "No value has a plan"
    if not flips:
        return f"Nothing flips: {has if answered[0].has else has_not} at all {len(answered)} values that have a plan"
    if len(flips) == 1 and flips[0]["has_after"] == "yes":
        return begin(f"{has} from {_at(found, num(flips[0]['to']))} on")
    if len(flips) == 1:
        return begin(f"{has} up to {_at(found, num(flips[0]['from']))}")
    return begin(f"{count(len(flips), 'flip')}: whether {has} turns more than once")


def _facts(found: BreakEvenFound, flips: Sequence[Row], answer: str) -> list[Fact]:
    facts = [Fact("finding", raw(begin(named(found.axis.name)), 90), said(answer), _sides(found, flips))]
    own = [point for point in found.points if point.at == found.own and point.has is not None]
    if own and found.own is not None:
        words = raw(begin(named(found.has if own[0].has else found.has_not)), 120)
        facts.append(Fact("own", f"As the case stands, {_at(found, found.own)}", said(words)))
    one = len(flips) <= 1
    hides = f"Of {found.scanned} values that were scanned; two flips between the same neighbours would hide."
    if found.interrupted:
        hides += " The search was interrupted: there may be more."
    facts.append(Fact("monotone", "Monotone", said("Yes, at the scan" if one else "No, at the scan"), said(hides)))
    without = sum(1 for point in found.points if point.has is None)
    plans = said("All have a plan." if not without else f"{begin(count(without, 'value has', 'values have'))} no plan.")
    facts.append(Fact("points", "Values solved", said(str(len(found.points))), plans))
    return facts


def _sides(found: BreakEvenFound, flips: Sequence[Row]) -> Said:
    if len(flips) != 1:
        return ()
    row = flips[0]
    return said(
        f"At {_at(found, num(row['from']))} the best plan is worth ", usd(num(row["value_before_usd_m"])),
        f", at {_at(found, num(row['to']))} ", usd(num(row["value_after_usd_m"])), ".",
    )  # fmt: skip


def _scan(found: BreakEvenFound, flips: Sequence[Row], answer: str) -> Section:
    columns = (
        Column("at", named(found.axis.title)), Column("answer", "Answer"), Column("value", "Worth, USD m"),
        Column("bound", "No plan is worth more than, USD m"), Column("quo", "Status quo, USD m"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (point.at, _words(found, point), point.value_usd_m, point.bound_usd_m, point.status_quo_usd_m)
        for point in sorted(found.points, key=lambda point: point.at)
    ]
    words = "Worth of the best plan along the input, a point for each value that was solved; dashed lines at the flips."
    view = View(said(answer), words, tuple(rows))
    note = said("Dashed: where the answer turns.") if flips else ()
    items: tuple[Chart, ...] = ()
    if any(point.value_usd_m is not None for point in found.points):
        items = (Chart("scan", _spec(found, flips), columns, (view,), "at", note=note),)
    return Section("scan", "The scan", (), items)


def _words(found: BreakEvenFound, point: BreakEvenPoint) -> str:
    if point.has is None:
        return "no plan"
    return raw(named(found.has if point.has else found.has_not), 120)


def _spec(found: BreakEvenFound, flips: Sequence[Row]) -> Spec:
    x = {"field": "at", "type": "quantitative", "title": named(found.axis.title), "scale": {"zero": False}}
    y = amount_axis("value", "worth of the best plan ($M)", scale={"zero": False})
    valid = [{"filter": {"field": "value", "valid": True}}]
    kinds = [raw(named(found.has), 120), raw(named(found.has_not), 120)]
    colour = {
        "field": "answer", "type": "nominal", "scale": {"domain": kinds, "range": [GOOD, BAD]}, "legend": legend(1),
    }  # fmt: skip
    told = hover(("at", named(found.axis.name), ",.6~f"), ("answer", "Answer", ""), ("value", "$M", ",.1f"))
    layers: list[Spec] = [
        {"transform": valid, "mark": {"type": "line", "color": "var(--quiet)"}, "encoding": {"x": x, "y": y}},
        {
            "transform": valid,
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
            "encoding": {"x": x, "y": y, "color": colour, "tooltip": told},
        },
    ]
    if any(point.status_quo_usd_m is not None for point in found.points):
        quo = {"type": "line", "color": "var(--quiet)", "strokeDash": [2, 3]}
        layers.insert(0, {"mark": quo, "encoding": {"x": x, "y": {"field": "quo", "type": "quantitative"}}})
    if found.least_usd_m is not None:
        layers.append(line_at({"y": {"datum": found.least_usd_m}}, "var(--ink)"))
    layers += [
        line_at({"x": {"datum": (num(row["from"]) + num(row["to"])) / 2}}, "var(--ink)", (5, 4)) for row in flips
    ]
    return {"height": 320, "layer": layers}


def _flips(found: BreakEvenFound, flips: Sequence[Row]) -> Section:
    cells = [
        (
            f"Flip {int(num(row['flip']))}",
            _at(found, num(row["from"])),
            _at(found, num(row["to"])),
            raw(named(found.has if row["has_after"] == "yes" else found.has_not), 120),
            money_cell(row["value_before_usd_m"]),
            money_cell(row["value_after_usd_m"]),
            str(row["tied"]),
            raw(named(row["problem"] or ""), 200),
        )
        for row in flips
    ]
    titles = ("Flip", "Between", "and", "From there on", "Worth before", "Worth after", "Tied", "Problem")
    narrow = f"Narrowed to {figure(found.tolerance, 6).rstrip('0').rstrip('.')}."
    tied = " Tied: the two plans differ in worth by less than is unproven of them." if flips else ""
    title = begin(count(len(flips), "flip"))
    note = said(f"{narrow}{tied}")
    return Section("flips", "Where it flips", (), (Listing(title, sheet(titles, cells, "Flips"), note),))


def _points(found: BreakEvenFound) -> Section:
    cells = [
        (
            _at(found, point.at),
            _words(found, point),
            money_cell(point.value_usd_m),
            raw(named(point.decides or point.problem), 400),
        )
        for point in sorted(found.points, key=lambda point: point.at)
    ]
    titles = (named(found.axis.title), "Answer", "Worth", "What is decided, or why there is no plan")
    table = sheet(titles, cells, "All values that were solved")
    texts = [found.has, *(each for point in found.points for each in (point.decides, point.problem))]
    keys = keys_listing(texts, {raw(begin(named(found.axis.title)), 90): found.axis.path})
    items = (Listing("All values", table, folded=True), *keys)
    return Section("points", "What is decided at each value", (), items)
