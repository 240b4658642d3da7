"""What to do: the decisions in time, with sizes."""

from __future__ import annotations

import datetime

from optimizer.plan.table import Cell
from optimizer.report.page.chart import Chart, Column, Listing, Section, View, colours, hover, legend, sheet, time_axis
from optimizer.report.page.facts import FIRMLY, amount, firm, signatures, window_closes
from optimizer.report.page.plan import PagePlan, Row, num
from optimizer.report.page.words import (
    Said,
    begin,
    between,
    count,
    figure,
    listing,
    lot,
    money_cell,
    month,
    mw,
    name,
    plain,
    said,
    tranche,
    usd,
    when,
)

LANES = {
    "contract": "Power contracts",
    "build": "Buildings",
    "buy": "Machines bought",
    "plug": "Machines moved in",
    "unplug": "Machines taken out",
    "sell": "Machines sold",
    "commit": "Lenders commit",
    "draw": "Loans drawn",
    "repay": "Lines repaid",
    "issue": "Shares issued",
    "fund": "Companies funded",
    "upstream": "Cash paid up",
    "sell_btc": "Bitcoin sold",
    "keep_btc": "Bitcoin kept",
}
"""Of decisions that are no signature: a lane of the time line each."""

BUILDING, EARNING, DECIDED = "being built", "earning rent", "decided"
WORDS = {
    "sign": "Sign", "contract": "Contract power", "build": "Build", "buy": "Buy machines", "plug": "Move machines in",
    "unplug": "Take machines out", "sell": "Sell machines", "commit": "Have lenders commit", "draw": "Draw loan",
    "repay": "Repay line", "issue": "Issue shares", "fund": "Fund company", "upstream": "Pay up",
    "sell_btc": "Sell bitcoin",
    "keep_btc": "Keep bitcoin",
}  # fmt: skip


def section(plan: PagePlan) -> Section:
    """The whole part."""
    found = firm(plan)
    items: list[Chart | Listing] = []
    if plan.rows("decisions"):
        items.append(_timeline(plan))
    if found:
        items.append(_firm_table(found))
    if signatures(plan):
        items.append(_last_dates(plan))
    items.append(_all_decisions(plan))
    return Section("do", "What to do", (_answer(plan, found),), tuple(items))


def _answer(plan: PagePlan, found: list[Row]) -> Said:
    signed = [row for row in found if row["decision"] == "sign"]
    if not found:
        return said("Nothing has to be signed, built or bought; the rest is how the machines run and what is sold.")
    others = [f"{WORDS[kind].lower()}: {listing(_items(found, kind), 4)}" for kind in ("contract", "build", "buy")]
    others = [words for words in others if not words.endswith(": ")]
    rest = f" Beside that, {'; '.join(others)}." if others and signed else ""
    if not signed:
        return said(f"{begin('; '.join(others))}.")
    it_mw = num(plan.measures["it_mw_signed"])
    return said(
        f"Sign {count(len(signed), 'offer')} for {figure(it_mw)} MW of critical IT. The halls cost ",
        usd(plan.measures["capex_usd_m"]),
        f" to build.{rest}",
    )


def _items(found: list[Row], kind: str) -> list[str]:
    return [f"{name(row['item'])} at {name(row['site'])} ({amount(row)})" for row in found if row["decision"] == kind]


def _timeline(plan: PagePlan) -> Chart:
    columns = (
        Column("lane", "What"),
        Column("part", "Stage"),
        Column("from", "From"),
        Column("to", "To"),
        Column("size", "Size"),
    )
    rows = [*signed_rows(plan), *other_rows(plan)]
    lanes = list(dict.fromkeys(str(row[0]) for row in rows))
    y = {
        "field": "lane",
        "type": "nominal",
        "sort": lanes,
        "title": None,
        "axis": {"grid": True, "ticks": False, "labelPadding": 10},
    }
    # Nothing is drawn at the first day of the horizon; it only lets the time line begin there.
    first = datetime.date.fromisoformat(plan.span[0])
    begin_there = {"datum": {"year": first.year, "month": first.month, "date": first.day, "utc": True}}
    told = hover(("lane", "What", ""), ("part", "Stage", ""), ("from", "From", ""), ("size", "Size", ""))
    colour = {
        "field": "part",
        "type": "nominal",
        "scale": colours(
            [BUILDING, EARNING, DECIDED], {BUILDING: "var(--c4)", EARNING: "var(--c1)", DECIDED: "var(--line)"}
        ),
        "legend": legend(),
    }
    spec = {
        "height": {"step": 30},
        "encoding": {"y": y, "color": colour, "tooltip": told},
        "layer": [
            {
                "transform": [{"filter": {"field": "part", "oneOf": [BUILDING, EARNING]}}],
                "mark": {"type": "bar", "height": 16},
                "encoding": {"x": time_axis(), "x2": {"field": "to"}},
            },
            {
                "transform": [{"filter": {"field": "part", "equal": DECIDED}}],
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 0.85},
                "encoding": {"x": time_axis()},
            },
            {"mark": {"type": "point", "opacity": 0}, "encoding": {"x": begin_there, "tooltip": {"value": None}}},
        ],
    }
    view = View(_timeline_finding(plan), "Decisions along a time line, a lane each; signed halls as bars.", tuple(rows))
    note = said(
        "A bar begins when an offer is signed and changes colour when it first pays rent. Bars end with the horizon."
    )
    return Chart("timeline", spec, columns, (view,), "lane", note=note if signed_rows(plan) else ())


def _timeline_finding(plan: PagePlan) -> Said:
    found = firm(plan)
    if not found:
        dates = [str(row["date"]) for row in plan.rows("decisions")]
        return said(f"No commitment; machines and money are decided from {month(dates[0])} to {month(dates[-1])}")
    signed = [row for row in found if row["decision"] == "sign"] or found
    what = "signature" if signed[0]["decision"] == "sign" else "commitment"
    first, last = month(signed[0]["date"]), month(signed[-1]["date"])
    when_said = f"in {first}" if first == last else f"between {first} and {last}"
    rent = [str(row["period"]) for row in plan.rows("hosting") if num(row["rent_usd_m"]) > 0]
    paid = f"; rent begins in {when(rent[0])}" if rent else ""
    return said(f"{begin(count(len(signed), what))} {when_said}{paid}")


def signed_rows(plan: PagePlan) -> list[tuple[Cell, ...]]:
    """A row for each stage of what is signed: lane, stage, first and last day, size."""
    rows: list[tuple[Cell, ...]] = []
    ends = plan.span[1]
    for signed in plan.rows("decisions"):
        if signed["decision"] != "sign":
            continue
        lane = f"{name(signed['item'])} at {name(signed['site'])}"
        rent = [
            str(row["period"])
            for row in plan.rows("hosting")
            if row["offer"] == signed["item"] and row["site"] == signed["site"] and num(row["rent_usd_m"]) > 0
        ]
        earns = plan.periods[rent[0]][0] if rent and rent[0] in plan.periods else ends
        size = f"{amount(signed)}, {mw(signed['meter_mw'])}"
        rows.append((lane, BUILDING, str(signed["date"]), earns, size))
        if earns < ends:
            rows.append((lane, EARNING, earns, ends, size))
    return rows


def other_rows(plan: PagePlan) -> list[tuple[Cell, ...]]:
    """A row for each lane and date, what falls on one date together."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in plan.rows("decisions"):
        lane = LANES.get(str(row["decision"]))
        if lane is not None:
            words = f"{_item(row)} {amount_or_money(row)}"
            found.setdefault((lane, str(row["date"])), []).append(words)
    order = {lane: at for at, lane in enumerate(LANES.values())}
    return [
        (lane, DECIDED, date, date, listing(words, 5))
        for (lane, date), words in sorted(found.items(), key=lambda each: (order[each[0][0]], each[0][1]))
    ]


def _item(row: Row) -> str:
    kind = row["decision"]
    if kind in ("plug", "unplug", "sell"):
        where = f" at {name(row['site'])}" if row["site"] else ""
        return lot(row["item"]) + where
    return tranche(row["item"])


def amount_or_money(row: Row) -> str:
    """The size of a decision, money as ``$1,264.6M``."""
    return money_cell(row["amount"]) if row["unit"] == "usd_m" else amount(row)


def _firm_table(found: list[Row]) -> Listing:
    titles = ("When", "What", "Where", "Size", "At the meter", "Cost to build")
    rows = [
        (
            month(row["date"]),
            f"{FIRMLY[str(row['decision'])]} {name(row['item'])}",
            name(row["site"]) if row["site"] else "",
            amount(row),
            mw(row["meter_mw"]),
            money_cell(row["capex_usd_m"]),
        )
        for row in found
    ]
    return Listing("What binds the company", sheet(titles, rows, "Signatures, contracts, buildings and purchases"))


def _last_dates(plan: PagePlan) -> Listing:
    """When the window of each signature closes, and what waiting costs, which was asked of the first alone."""
    waiting = plan.summary.get("waiting")
    first = (waiting["offer"], waiting["site"]) if isinstance(waiting, dict) else None
    rows = []
    for row in signatures(plan):
        asked = isinstance(waiting, dict) and (row["item"], row["site"]) == first
        costs = [
            plain(between(*waiting[key])) if asked and isinstance(waiting, dict) else "not asked"
            for key in ("later_costs_usd_m", "never_costs_usd_m")
        ]
        closes = window_closes(plan, row)
        rows.append((
            f"{name(row['item'])} at {name(row['site'])}", month(row["date"]), month(closes) if closes else "not said",
            *costs,
        ))  # fmt: skip
    titles = ("Signature", "Planned", "Window closes", "Later than planned costs", "Never costs")
    note = said(
        "Windows are those of the case. What waiting costs was worked out for the first signature only, with all else "
        "decided anew; to ask it of another, begin its window (sign.from) later in the case and solve again."
        if first is not None
        else "Windows are those of the case. What waiting costs was not computed."
    )
    return Listing("Last dates", sheet(titles, rows, "Windows of the signatures"), note)


def _all_decisions(plan: PagePlan) -> Listing:
    rows = [
        (
            str(row["date"]),
            WORDS.get(str(row["decision"]), str(row["decision"])),
            _item(row),
            name(row["site"]) if row["site"] else "",
            amount_or_money(row),
        )
        for row in plan.rows("decisions")
    ]
    title = f"All {len(rows):,} decisions, with machines and money" if rows else "There are no decisions"
    note: Said = ()
    if any(row["decision"] == "draw" and " / " in str(row["item"]) for row in plan.rows("decisions")):
        note = said(
            "Money for a project is agreed with its signature, at that date and in all; it flows as halls are built; "
            "what replaces another loan (written after its name) when that one is paid out: see debt.csv."
        )
    return Listing(title, sheet(("Date", "What", "Of what", "Where", "Size"), rows, "All decisions"), note, folded=True)
