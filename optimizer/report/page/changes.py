"""What would change it: a tornado of the plan as it is, what more would be worth, offers refused, machines, sweeps."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.plan.table import Cell
from optimizer.report.page.chart import (
    BAD,
    GOOD,
    MONEY,
    Chart,
    Column,
    Listing,
    Section,
    Sentences,
    View,
    amount_axis,
    hover,
    sheet,
)
from optimizer.report.page.flips import Moved, flips, moved_inputs, nearest_offer
from optimizer.report.page.plan import PagePlan, Row, num
from optimizer.report.page.words import (
    Said,
    count,
    figure,
    listing,
    lot,
    money_cell,
    month,
    name,
    raw,
    said,
    share,
    usd,
)

ASK_MAP = "'wattfork sweep' over two inputs finds where another plan is best; its map is drawn here with --sweep."
MOST_BARS = 12
ASK = "'wattfork explain' on this plan's folder adds what each input, limit and refused offer would change."


def section(plan: PagePlan, maps: Sequence[Chart] = ()) -> Section:
    """The whole part. ``maps``: strategy maps of the sweeps that are given."""
    items: list[Chart | Listing | Sentences] = []
    moves = moved_inputs(plan.optional("explain/moves"))
    if any(each.worth is not None for each in moves):
        items.append(_tornado(plan, moves))
    worth = plan.optional("explain/worth")
    if worth:
        items.append(_worth(worth))
    offers = plan.optional("explain/offers")
    if offers:
        items.append(_offers(offers))
    cohorts = plan.optional("explain/cohorts")
    if cohorts:
        items.append(_cohorts(cohorts))
    items += maps
    missing = [said(words) for words, there in ((ASK, plan.explained), (ASK_MAP, bool(maps))) if not there]
    if missing:
        items.append(Sentences("Not on this page yet", tuple(missing)))
    return Section("changes", "What would change it", (_answer(plan),), tuple(items))


def _answer(plan: PagePlan) -> Said:
    short, more = flips(plan)
    return more if plan.optional("explain/moves") else said(short, ". ", more)


def _both(ends: Sequence[Moved]) -> str:
    """An input and how far it is moved: ``rent of signed offers ±10%``."""
    sizes = {each.change.replace(" lower", "").replace(" higher", "") for each in ends}
    return f"{ends[0].words} ±{sizes.pop()}" if len(ends) == 2 and len(sizes) == 1 else ends[0].said


def _range(amounts: Sequence[float]) -> Said:
    return said(usd(min(amounts)), " to ", usd(max(amounts)))


# ---------------------------------------------------------------- moves of inputs


def _tornado(plan: PagePlan, moves: Sequence[Moved]) -> Chart:
    base = num(plan.summary["value_usd_m"])
    by_input: dict[str, list[Moved]] = {}
    for each in moves:
        by_input.setdefault(each.words, []).append(each)

    def swing(words: str) -> float:
        return max((abs(each.worth - base) for each in by_input[words] if each.worth is not None), default=0.0)

    ordered = sorted(by_input, key=lambda words: -swing(words))[:MOST_BARS]
    rows: list[tuple[Cell, ...]] = [
        (
            _both(by_input[words]),
            each.change,
            each.worth,
            None if each.worth is None else each.worth - base,
            each.status_quo,
            each.note if each.worth is None else "",
            base,
            "loses" if each.worth is not None and each.worth < base else "gains",
        )
        for words in ordered
        for each in by_input[words]
    ]
    spec = {
        "height": {"step": 30},
        "transform": [{"filter": {"field": "value", "valid": True}}],
        "encoding": {
            "y": {"field": "input", "type": "nominal", "sort": None, "title": None, "axis": {"ticks": False}},
            "x": amount_axis("base", f"worth of the plan as it is ({MONEY})", scale={"zero": False}),
            "x2": {"field": "value"},
            "color": {
                "field": "kind",
                "type": "nominal",
                "scale": {"domain": ["gains", "loses"], "range": [GOOD, BAD]},
                "legend": None,
            },
            "tooltip": hover(
                ("input", "Input", ""), ("at", "Moved to", ""), ("value", MONEY, ",.1f"),
                ("change", f"change ({MONEY})", "+,.1f"),
            ),
        },
        "mark": {"type": "bar", "height": 18},
    }  # fmt: skip
    columns = (
        Column("input", "Input"), Column("at", "Moved to"), Column("value", "Worth, USD m", money=True),
        Column("change", "Change, USD m", money=True), Column("kept", "Status quo then, USD m", money=True),
        Column("note", "Note"), Column("base", "", money=True, shown=False), Column("kind", "", shown=False),
    )  # fmt: skip
    ends = [each.worth for each in by_input[ordered[0]] if each.worth is not None]
    finding = said(f"Nothing moves the plan as much as {ordered[0]}: worth ", *_range([*ends, base]))
    view = View(finding, "Worth of the plan as it is when one input moves, as bars around today's worth.", tuple(rows))
    gone = [each.said for each in moves if each.worth is None]
    note = said("The plan's commitments are held, only running and money are decided anew. Not audited.")
    if gone:
        note = said(note, f" No bar where the plan cannot be paid for: {listing(gone)}.")
    return Chart("tornado", spec, columns, (view,), "input", note=note)


# ---------------------------------------------------------------- levers


def _worth(found: Sequence[Row]) -> Chart:
    kept = [row for row in found if row["resolved_usd_m"] is not None]
    top = sorted(kept, key=lambda row: -num(row["resolved_usd_m"]))[:MOST_BARS]
    rows = tuple(
        (_lever(r["lever"]), raw(r["step"], 20), raw(r["unit"], 30), r["resolved_usd_m"], raw(r["path"], 90))
        for r in top
    )
    spec = {
        "height": {"step": 26},
        "mark": {"type": "bar", "height": 16, "color": "var(--c1)"},
        "encoding": {
            "y": {"field": "lever", "type": "nominal", "sort": None, "title": None, "axis": {"ticks": False}},
            "x": amount_axis("worth", f"worth of one step ({MONEY})"),
            "tooltip": hover(
                ("lever", "What", ""), ("step", "Step", ""), ("unit", "Unit", ""), ("worth", MONEY, ",.2f")
            ),
        },
    }
    columns = (
        Column("lever", "What"), Column("step", "Step"), Column("unit", "Unit"),
        Column("worth", "Worth, USD m", money=True),
        Column("path", "In the case"),
    )  # fmt: skip
    if not top or num(top[0]["resolved_usd_m"]) < 0.05:
        finding = said("Nothing more is worth having: no step of an input adds value")
    else:
        finding = said(
            f"Most is gained by {raw(top[0]['lever'], 80)}: ", usd(top[0]["resolved_usd_m"]), " for one step"
        )
    left = len(found) - len(top)
    note = said("Commitments held. Not audited.", f" {count(left, 'more lever')} in explain/worth.csv." if left else "")
    return Chart(
        "levers",
        spec,
        columns,
        (View(finding, "What one more step of each input is worth, as bars.", rows),),
        "lever",
        note=note,
    )


# ---------------------------------------------------------------- offers and machines


def _lever(words: Cell) -> str:
    return raw(str(words).split(" (")[0].replace("_", " "), 80)


def _offers(found: Sequence[Row]) -> Listing | Sentences:
    refused = [row for row in found if not num(row.get("signed"))]
    if not refused:
        return Sentences("Every offer is taken", (said("No offer of the case is left unsigned."),))
    titles = ("Offer", "Site", "Pays, $/kW-month", "Signed at the latest at", "Best date", "Would lose", "Why not")
    rows = [
        (
            name(row["offer"]),
            name(row["site"]),
            _cents(row.get("rate_usd_per_kw_month")),
            _cents(row.get("rate_needed_usd_per_kw_month")),
            month(row["best_date"]) if row.get("best_date") else "",
            money_cell(row.get("loses_usd_m")),
            raw(row.get("why") or "", 160),
        )
        for row in refused
    ]
    # A column that says nothing of any offer is left out.
    kept = [at for at in range(len(titles)) if any(row[at] for row in rows)]
    shown = sheet([titles[at] for at in kept], [[row[at] for at in kept] for row in rows], "Offers that are not signed")
    return Listing(f"Offers not taken: {len(refused)}", shown, nearest_offer(refused))


def _cents(cell: Cell) -> str:
    return figure(num(cell), 2) if cell is not None else ""


def _cohorts(found: Sequence[Row]) -> Listing:
    """Each lot in the first and the last year in which it stands there."""
    lots: dict[tuple[str, str], list[Row]] = {}
    for row in found:
        lots.setdefault((str(row["site"]), str(row["lot"])), []).append(row)
    rows = []
    for (site, machines), own in lots.items():
        first, last = own[0], own[-1]
        rows.append(
            (
                f"{lot(machines)} at {name(site)}",
                figure(num(first["efficiency_j_per_th"])),
                f"{num(first['year']):.0f}",
                f"{num(last['year']):.0f}",
                _cents(first["breakeven_power_usd_per_mwh"]),
                _cents(last["breakeven_power_usd_per_mwh"]),
                _cents(last["power_usd_per_mwh"]),
                share(num(last["hours_run_share"])),
            )
        )
    titles = (
        "Machines", "J/TH", "From", "To", "At first runs below, $/MWh", "At last, $/MWh", "Pays then, $/MWh",
        "Hours run then",
    )  # fmt: skip
    note = said(
        "Power price below which a machine earns its power, net of the pool's fee. All years stand in "
        "explain/cohorts.csv. Not audited."
    )
    return Listing(
        "Until when machines are worth running", sheet(titles, rows, "Machines and power"), note, folded=len(rows) > 8
    )
