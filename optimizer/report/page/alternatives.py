"""The page of alternatives: what each plan gives up, how far it goes, and what it decides otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.plan.table import Cell
from optimizer.report.page.chart import (
    MONEY,
    QUIET,
    TOTAL,
    Chart,
    Column,
    Listing,
    Section,
    Sentences,
    View,
    amount_axis,
    beside,
    hover,
    sheet,
)
from optimizer.report.page.facts import Fact
from optimizer.report.page.found import AlternativesFound
from optimizer.report.page.html import AMOUNTS, Page, page_text
from optimizer.report.page.keys import decided_keys, keys_listing
from optimizer.report.page.lanes import lanes_chart
from optimizer.report.page.plan import PagePlan, Row, num
from optimizer.report.page.words import (
    Said,
    begin,
    count,
    figure,
    listing,
    money_cell,
    month,
    named,
    raw,
    said,
    share,
    usd,
)

KIND = "Alternatives"
BEST = "best"
TITLES = {
    BEST: "Best plan",
    "most_hosting": "Most hosting",
    "least_debt": "Least debt",
    "latest_start": "Latest start",
    "fewest_sites": "Fewest sites",
    "least_hosting": "Least hosting",
}


def page_of(found: AlternativesFound, plans: Sequence[tuple[str, PagePlan]]) -> str:
    """The page of alternatives; ``plans``: their names and plans, the best first."""
    rows = list(found.table.dicts())
    sections = [_plans(found, rows), _decided(rows, plans)]
    if found.missing:
        lines = tuple(said(f"{TITLES[name]}: {raw(named(why), 300)}.") for name, why in found.missing.items())
        sections.append(Section("missing", "What was not found", (), (Sentences("No plan in time", lines),)))
    page = Page(
        kind=KIND,
        title=raw(found.case_name, 300),
        sub=f"Plans that give up at most {share(found.within)} of the best plan's worth. {AMOUNTS}",
        facts=_facts(found, rows),
        sections=sections,
        made="the folders of these plans and the table beside this page",
    )
    return page_text(page)


def _title(row: Row) -> str:
    return TITLES[str(row["plan"])]


def _also(row: Row) -> list[str]:
    """Its other names within a sentence."""
    return [TITLES[name].lower() for name in str(row["names"]).split("; ") if name != row["plan"]]


def _facts(found: AlternativesFound, rows: Sequence[Row]) -> list[Fact]:
    best, others = rows[0], rows[1:]
    floor = said("Every plan here is worth at least ", usd(found.floor_usd_m), ".")
    if others:
        dear = [said(f"{_title(row).lower()} gives up ", usd(num(row["gives_up_usd_m"]))) for row in others]
        more = said(*(part for at, each in enumerate(dear) for part in ("; " if at else "", *each)))
        first = more[1] if isinstance(more[1], str) else ""
        answer = said(begin(first), *more[2:])
    else:
        answer = said("No other plan goes further in any respect")
    facts = [
        Fact("finding", f"Beside the best plan, {count(len(others), 'other plan')}", answer, floor),
        Fact("best", "Best plan", said(usd(num(best["value_usd_m"]))), said(_extremes(best))),
    ]
    open_ones = [_title(row) for row in rows if row["proven"] != "yes"]
    proof = "All proven" if not open_ones else f"Not proven: {listing(open_ones)}"
    facts.append(Fact("proof", "Proof", said(proof), said("To the gap, that no plan goes further or is worth more.")))
    return facts


def _extremes(row: Row) -> str:
    also = _also(row)
    return f"It is also the one with {listing(also)}." if also else "In each respect another plan goes further."


def _plans(found: AlternativesFound, rows: Sequence[Row]) -> Section:
    cells = [
        (
            _title(row),
            begin(", ".join(_also(row))),
            money_cell(row["value_usd_m"]),
            money_cell(row["gives_up_usd_m"]),
            share(num(row["gives_up_share"])),
            figure(num(row["it_mw_signed"])),
            money_cell(row["debt_usd_m"]),
            month(row["first_signature"]),
            figure(num(row["sites_with_hosting"]), 0),
            str(row["proven"]),
        )
        for row in rows
    ]
    titles = ("Plan", "Also", "Worth", "Gives up", "Share", "IT MW", "Debt", "First signature", "Sites", "Proven")
    table = Listing("What each has", sheet(titles, cells, "Plans and what they have"))
    note = said("IT MW and sites: signed for hosting. A bound beyond which no plan goes stands in alternatives.csv.")
    answer = said(
        f"{begin(count(len(rows), 'plan is', 'plans are'))} worth enough and the furthest in some respect. "
        "What a plan gives up is its price."
    )
    return Section("plans", "The plans", (answer,), (_values(found, rows), Listing(table.title, table.sheet, note)))


def _values(found: AlternativesFound, rows: Sequence[Row]) -> Chart:
    columns = (
        Column("plan", "Plan"), Column("value", "Worth, USD m"), Column("gives_up", "Gives up, USD m"),
        Column("share", "Gives up, share"), Column("it_mw", "IT MW signed"), Column("debt", "Debt, USD m"),
    )  # fmt: skip
    cells: list[tuple[Cell, ...]] = [
        (_title(r), r["value_usd_m"], r["gives_up_usd_m"], r["gives_up_share"], r["it_mw_signed"], r["debt_usd_m"])
        for r in rows
    ]
    colour = {"condition": {"test": {"field": "plan", "equal": TITLES[BEST]}, "value": TOTAL}, "value": QUIET}
    floor = {"type": "tick", "thickness": 2, "size": 32, "color": "var(--bad)"}
    spec = {
        "height": {"step": 40},
        "encoding": {
            "y": {"field": "plan", "type": "nominal", "sort": None, "title": None, "axis": {"ticks": False}},
        },
        "layer": [
            {
                "mark": {"type": "bar", "height": 22},
                "encoding": {
                    "x": amount_axis("value", f"worth today ({MONEY})"),
                    "color": colour,
                    "tooltip": hover(
                        ("plan", "Plan", ""), ("value", MONEY, ",.1f"), ("gives_up", f"gives up ({MONEY})", ",.1f")
                    ),
                },
            },
            {**beside("value"), "encoding": {**beside("value")["encoding"], "x": amount_axis("value", "")}},
            {"mark": floor, "encoding": {"x": {"datum": found.floor_usd_m}, "tooltip": {"value": None}}},
        ],
    }
    dear = [row for row in rows[1:] if num(row["gives_up_usd_m"]) > 0]
    finding: Said = said("The best plan is worth ", usd(num(rows[0]["value_usd_m"])))
    if dear:
        low, high = (pick(dear, key=lambda row: num(row["gives_up_usd_m"])) for pick in (min, max))
        shares = list(dict.fromkeys(share(num(row["gives_up_share"])) for row in (low, high)))
        who = f"{_title(dear[0])} gives" if len(dear) == 1 else f"{begin(count(len(dear), 'other'))} give"
        finding = said(f"{who} up {' to '.join(shares)} of ", usd(num(rows[0]["value_usd_m"])))
    words = "Worth of each plan as bars; a mark at what it has to be worth at least."
    note = said("The red mark: what a plan has to be worth at least, ", usd(found.floor_usd_m), ".")
    return Chart("values", spec, columns, (View(finding, words, tuple(cells)),), "plan", note=note)


def _decided(rows: Sequence[Row], plans: Sequence[tuple[str, PagePlan]]) -> Section:
    items: list[Chart | Listing | Sentences] = []
    others = [row for row in rows[1:] if row["differs"]]
    finding = said(
        f"{begin(count(len(others), 'plan decides', 'plans decide'))} otherwise than the best"
        if others
        else "No plan decides otherwise than the best"
    )
    chart = lanes_chart([(TITLES[name], plan) for name, plan in plans], finding)
    if chart is not None:
        items.append(chart)
    if others:
        cells = [(_title(row), raw(named(part), 200)) for row in others for part in str(row["differs"]).split("; ")]
        table = sheet(("Plan", "Otherwise than the best plan"), cells, "Decisions that differ from the best plan")
        items.append(Listing("What each decides otherwise", table))
    items += keys_listing((), decided_keys([plan for _, plan in plans]))
    return Section("do", "What is decided otherwise", (), tuple(items))
