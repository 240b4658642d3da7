"""The page of a sweep: which plan is best where, what is not proved, and which plan loses least."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.plan.table import format_cell
from optimizer.report.map_data import LETTERS
from optimizer.report.page.chart import Chart, Listing, Section, Sentences, sheet
from optimizer.report.page.facts import Fact
from optimizer.report.page.found import RegretFound, SweepFound
from optimizer.report.page.html import AMOUNTS, Page, page_text
from optimizer.report.page.keys import keys_listing
from optimizer.report.page.plan import Row, num
from optimizer.report.page.sweeps import axis_of, map_chart
from optimizer.report.page.swept_charts import (
    changes_said,
    line_chart,
    line_finding,
    regret_chart,
    regret_finding,
    tornado_chart,
    tornado_finding,
)
from optimizer.report.page.words import Said, begin, count, listing, money_cell, named, raw, said, share

KIND = "Sweep"


def page_of(found: SweepFound) -> str:
    """The page of a sweep."""
    rows = list(found.table.dicts())
    sections = [_where(found)]
    if found.regret is not None:
        sections.append(_regret(found.regret))
    sections += [_proof(found, rows), _points(found, rows)]
    page = Page(
        kind=KIND,
        title=raw(found.case_name, 300),
        sub=f"Varied: {listing([raw(each, 160) for each in found.varied])}. {AMOUNTS}",
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
    return (regret_finding(found.regret), ()) if found.regret is not None else (said("No picture of such a sweep"), ())


def _facts(found: SweepFound, rows: Sequence[Row]) -> list[Fact]:
    planless = _without_plan(rows)
    facts = [Fact("finding", _question(found), *_finding(found))]
    most = max(found.regions, key=lambda each: (each.points, -each.number), default=None)
    seen = said(f"Most often: {raw(named(most.words), 140)}, at {most.points} of {len(rows)} points.") if most else ()
    facts.append(Fact("regions", "Different plans", said(begin(count(len(found.regions), "plan"))), seen))
    closed = "All proved" if not found.not_closed else f"{count(len(found.not_closed), 'point')} not proved"
    none = f"{begin(count(len(planless), 'point has', 'points have'))} no plan." if planless else "All have a plan."
    facts.append(Fact("points", f"{len(rows)} points", said(begin(closed)), said(none)))
    if found.regret is not None and (found.map or found.line or found.tornado):
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
        if found.line.changes:
            items.append(Sentences("Where the plan changes", tuple(changes_said(found.line))))
    if found.tornado is not None:
        items.append(tornado_chart(found.tornado))
    if found.regions:
        total = sum(each.points for each in found.regions)
        cells = [
            (_letter(each.number), raw(named(each.words), 400), str(each.points), share(each.points / total))
            for each in found.regions
        ]
        table = sheet(("Region", "The plan", "Points", "Of those with a plan"), cells, "Plans that are best somewhere")
        items.append(Listing("Which plans there are", table))
    return Section("where", _question(found), (), tuple(items))


def _question(found: SweepFound) -> str:
    return "What moves the worth" if found.tornado is not None else "Which plan is best where"


def _letter(number: int) -> str:
    return LETTERS[number - 1] if number <= len(LETTERS) else "#"


def _regret(regret: RegretFound) -> Section:
    cells = [
        (
            f"Plan {int(num(row['plan']))}",
            raw(named(row["words"]), 400),
            "" if row["best_points"] is None else str(int(num(row["best_points"]))),
            money_cell(row["worst_regret_usd_m"]),
            "" if row["worst_point"] is None else str(int(num(row["worst_point"]))),
            money_cell(row["mean_regret_usd_m"]),
            str(int(num(row["impossible_points"]))),
        )
        for row in regret.table.dicts()
    ]
    titles = ("Plan", "Signs and builds", "Best at", "Loses at worst", "At point", "On average", "Impossible at")
    table = Listing("What each plan loses", sheet(titles, cells, "Regret of each plan"))
    answer = said(
        "A plan is laid down with its dates at every point; what it is worth less than the best is its regret."
    )
    items: tuple[Chart | Listing, ...] = (regret_chart(regret), table) if regret.rows and regret.points else (table,)
    return Section("regret", "Which plan loses least", (answer,), items)


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
        titles = ("Point", *(_input(each) for each in found.inputs), "Worth", "No plan is worth more than", "Gap")
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
        titles = ("Point", *(_input(each) for each in found.inputs), "Status", "Why")
        items.append(Listing("Points without a plan", sheet(titles, cells, "Points without a plan")))
    if found.problems:
        items.append(
            Sentences("What has no answer", tuple(said(f"{raw(named(each), 300)}.") for each in found.problems))
        )
    proved = said("Every point with a plan is proved to the gap that was asked for.")
    several = f"{begin(count(len(open_ones), 'point is', 'points are'))} not proved to the gap that was asked for."
    return Section("proof", "What is proved", (said(several) if open_ones else proved,), tuple(items))


def _points(found: SweepFound, rows: Sequence[Row]) -> Section:
    shown = ("point", *found.inputs, "value_usd_m", "bound_usd_m", "status", "region", "decisions")
    cells = [tuple(raw(named(format_cell(row[each])), 400) for each in shown) for row in rows]
    titles = ("Point", *(_input(each) for each in found.inputs), "Worth, USD m", "Bound, USD m", "Status", "Region",
              "Decisions")  # fmt: skip
    title = f"All {len(rows):,} points"
    texts = [*(row[each] for row in rows for each in ("decisions", "problem")), *(each.words for each in found.regions)]
    keys = keys_listing(texts, {_input(each): each for each in found.inputs})
    return Section("points", "Every point", (), (Listing(title, sheet(titles, cells, title), folded=True), *keys))


def _input(column: str) -> str:
    """A column of what is varied, in words: ``market.network.btc_usd (factor)`` is bitcoin price (x today's)."""
    return raw(begin(named(axis_of(column).title)), 80)
