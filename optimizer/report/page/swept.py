"""The page of a sweep: which plan is best where, what is not proved, and which plan loses least."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from optimizer.plan.table import format_cell
from optimizer.report.map_data import LETTERS
from optimizer.report.page.chart import Chart, Listing, Section, Sentences, sheet
from optimizer.report.page.facts import Fact
from optimizer.report.page.found import PlanRegion, SweepFound
from optimizer.report.page.html import AMOUNTS, Page, page_text
from optimizer.report.page.keys import keys_listing
from optimizer.report.page.places import (
    QUANTILES,
    drawn_finding,
    input_title,
    overtaking_said,
    quantiles,
    values_of,
)
from optimizer.report.page.plan import Row, num
from optimizer.report.page.sweeps import map_chart
from optimizer.report.page.swept_charts import (
    changes_said,
    line_chart,
    line_finding,
    regret_finding,
    tornado_chart,
    tornado_finding,
)
from optimizer.report.page.swept_regret import regret_section
from optimizer.report.page.words import Said, begin, count, listing, money_cell, named, raw, said, share, usd

KIND = "Sweep"


def page_of(found: SweepFound) -> str:
    """The page of a sweep."""
    rows = list(found.table.dicts())
    sections = [_where(found)]
    if found.regret is not None:
        sections.append(regret_section(found, found.regret))
    sections += [_proof(found, rows), _points(found, rows)]
    page = Page(
        kind=KIND,
        title=raw(found.case_name, 300),
        sub=f"Varied: {listing([raw(named(each), 160) for each in found.varied])}. {AMOUNTS}",
        facts=_facts(found, rows),
        sections=sections,
        made="the points of this sweep",
    )
    return page_text(page)


def _finding(found: SweepFound) -> tuple[Said, Said]:
    """What the picture says, and a second line."""
    if found.map is not None:
        first, second = found.map.finding()
        return said(raw(named(first), 300)), said(f"{raw(named(second), 400)}.")
    if found.line is not None:
        return line_finding(found.line), ()
    if found.tornado is not None:
        return tornado_finding(found.tornado), ()
    if found.is_drawn:
        return drawn_finding(values_of(found)), ()
    most = _most(found)
    return said(f"At {most.points} of {len(found.table.rows)} points: {raw(named(most.words), 200)}"
                if most else "No point has a plan"), ()  # fmt: skip


def _most(found: SweepFound) -> PlanRegion | None:
    """The choices that are best at most points."""
    return max(found.regions, key=lambda each: (each.points, -each.number), default=None)


def _facts(found: SweepFound, rows: Sequence[Row]) -> list[Fact]:
    planless = _without_plan(rows)
    facts = [Fact("finding", _question(found), *_finding(found))]
    most = _most(found)
    seen = said(f"Most often: {raw(named(most.words), 140)}, at {most.points} of {len(rows)} points.") if most else ()
    facts.append(Fact("regions", "Different plans", said(begin(count(len(found.regions), "plan"))), seen))
    closed = "All proved" if not found.not_closed else f"{count(len(found.not_closed), 'point')} not proved"
    none = f"{begin(count(len(planless), 'point has', 'points have'))} no plan." if planless else "All have a plan."
    facts.append(Fact("points", f"{len(rows)} points", said(begin(closed)), said(none)))
    if found.unsolved:
        there = f"{count(found.unsolved, 'point is', 'points are')} not there: the same call goes on with them."
        facts.append(
            Fact(
                "ended", "Ended early", said(f"{len(rows)} of {len(rows) + found.unsolved} points"), said(begin(there))
            )
        )
    if found.regret is not None:
        facts.append(Fact("regret", "Loses least at its worst", regret_finding(found.regret)))
    return facts


def _without_plan(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row["value_usd_m"] is None]


def _where(found: SweepFound) -> Section:
    items: list[Chart | Listing | Sentences] = []
    if found.map is not None:
        items.append(map_chart(found.map, "map"))
    if found.line is not None:
        items.append(line_chart(found.line))
        overtakes = tuple(overtaking_said(found.line))
        if overtakes:
            items.append(Sentences("All hosting against all mining", overtakes))
        if found.line.changes:
            items.append(Sentences("Where the plan changes", tuple(changes_said(found.line))))
    if found.tornado is not None:
        items.append(tornado_chart(found.tornado))
    values = values_of(found)
    if found.is_drawn and values:
        cells = [(f"{part:.0%}", money_cell(worth)) for part, worth in zip(QUANTILES, quantiles(values), strict=True)]
        title = "What the best plan of each point is worth"
        items.append(
            Listing(
                title,
                sheet(("So many of the points", "Are worth less than"), cells, title),
                said("Mean: ", usd(fmean(values)), "."),
            )
        )
    if found.regions:
        items.append(_regions(found))
    return Section("where", _question(found), (), tuple(items))


def _regions(found: SweepFound) -> Listing:
    """The choices that are best somewhere. Of a map the points of the grid count, as those put between lie at borders;
    shares say how likely a plan is only where points are drawn."""
    total = sum(each.points for each in found.regions)
    rows = []
    for each in found.regions:
        row = [_letter(each.number), raw(named(each.words), 400), str(each.points)]
        if found.map is not None:
            row.insert(2, str(found.map.counts.get(each.number, 0)))
        if found.is_drawn:
            row.append(share(each.points / total))
        rows.append(tuple(row))
    titles = ["Region", "The plan", "Points" if found.map is None else "All points"]
    if found.map is not None:
        titles.insert(2, "Points of the grid")
    if found.is_drawn:
        titles.append("Of those with a plan")
    note = said("Dates, machines and money may differ within a region.")
    return Listing("Which plans there are", sheet(titles, rows, "Plans that are best somewhere"), note)


def _question(found: SweepFound) -> str:
    if found.is_drawn:
        return "What it is worth"
    return "What moves the worth" if found.tornado is not None else "Which plan is best where"


def _letter(number: int) -> str:
    return LETTERS[number - 1] if number <= len(LETTERS) else "#"


def _proof(found: SweepFound, rows: Sequence[Row]) -> Section:
    items: list[Chart | Listing | Sentences] = []
    open_ones = [row for row in rows if row["point"] in found.not_closed]
    if open_ones:
        cells = [
            (
                str(row["point"]),
                *(format_cell(row[each]) for each in found.inputs),
                money_cell(row["value_usd_m"]),
                money_cell(row["bound_usd_m"]),
                f"{num(row['gap']):.2%}",
            )
            for row in open_ones
        ]
        titles = ("Point", *(input_title(each) for each in found.inputs), "Worth", "No plan is worth more than", "Gap")
        title = "Not proved to the gap: another plan may be better there"
        items.append(Listing(title, sheet(titles, cells, "Points not proved")))
    planless = _without_plan(rows)
    if planless:
        cells = [
            (
                str(row["point"]),
                *(format_cell(row[each]) for each in found.inputs),
                str(row["status"]),
                raw(named(row["problem"] or ""), 300),
            )
            for row in planless
        ]
        titles = ("Point", *(input_title(each) for each in found.inputs), "Status", "Why")
        items.append(Listing("Points without a plan", sheet(titles, cells, "Points without a plan")))
    if found.problems:
        items.append(
            Sentences("What has no answer", tuple(said(f"{raw(named(each), 300)}.") for each in found.problems))
        )
    gap = "the gap that was asked for" if found.gap is None else f"{100 * found.gap:g}%"
    asked = gap if found.gap is None else f"{gap} of its worth, the gap that was asked for"
    proved = said(f"At every point with a plan it is proved that no other plan is worth more by over {asked}.")
    several = f"{begin(count(len(open_ones), 'point is', 'points are'))} not proved to {gap}."
    return Section("proof", "What is proved", (said(several) if open_ones else proved,), tuple(items))


def _points(found: SweepFound, rows: Sequence[Row]) -> Section:
    shown = ("point", *found.inputs, "value_usd_m", "bound_usd_m", "status", "region", "decisions")
    cells = [tuple(raw(named(format_cell(row[each])), 400) for each in shown) for row in rows]
    titles = ("Point", *(input_title(each) for each in found.inputs), "Worth, USD m", "Bound, USD m", "Status",
              "Region", "Decisions")  # fmt: skip
    title = f"All {len(rows):,} points"
    texts = [*(row[each] for row in rows for each in ("decisions", "problem")), *(each.words for each in found.regions)]
    keys = keys_listing(texts, {input_title(each): each for each in found.inputs})
    return Section("points", "Every point", (), (Listing(title, sheet(titles, cells, title), folded=True), *keys))
