"""What would change it: a tornado of the plan as it is, what more would be worth, offers refused, machines, sweeps."""

from __future__ import annotations

from collections.abc import Sequence, Set

from optimizer.plan.table import Cell
from optimizer.report.page.chart import (
    BAD,
    MONEY,
    Chart,
    Column,
    Listing,
    Section,
    Sentences,
    Spec,
    View,
    amount_axis,
    hover,
    legend,
    sheet,
)
from optimizer.report.page.flips import (
    CANNOT,
    Moved,
    flips,
    moved_inputs,
    nearest_offer,
)
from optimizer.report.page.plan import PagePlan, Row, num
from optimizer.report.page.tested import interest_said, tested, thresholds
from optimizer.report.page.words import (
    Money,
    Said,
    count,
    figure,
    listing,
    lot,
    money_cell,
    month,
    name,
    named,
    raw,
    said,
    share,
    usd,
)
from optimizer.report.page.worth import at_one_rate_flips

ASK_MAP = "'wattfork sweep' over two inputs finds where another plan is best; its map is drawn here with --sweep."
MOST_BARS = 12
NOTHING_USD_M = 0.05
LOWER, HIGHER = "input lower", "input higher, or later"
BOX = 1.6
"""How long the box of an end that cannot be paid for is: so many times the longest bar, to have room for its text."""
ASK = "'wattfork explain' on this plan's folder adds what each input, limit and refused offer would change."


def section(plan: PagePlan, maps: Sequence[Chart] = ()) -> Section:
    """The whole part. ``maps``: strategy maps of the sweeps that are given."""
    items: list[Chart | Listing | Sentences] = []
    moves = moved_inputs(plan.optional("explain/moves"))
    if any(each.worth is not None for each in moves):
        items.append(_tornado(plan, moves))
    if moves:
        items += [tested(plan, moves), thresholds(plan)]
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
    more = said(more, at_one_rate_flips(plan))
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

    # What makes the plan impossible to pay for moves it more than what only makes it worth less.
    def rank(words: str) -> tuple[bool, float]:
        return all(each.worth is not None for each in by_input[words]), -swing(words)

    moving = sorted(by_input, key=lambda words: -swing(words))
    ordered = sorted(by_input, key=rank)[:MOST_BARS]
    reach = max((swing(words) for words in by_input), default=0.0) or max(1.0, 0.1 * abs(base))
    reach *= BOX
    rows: list[tuple[Cell, ...]] = [
        (
            _both(by_input[words]),
            each.change,
            each.worth,
            None if each.worth is None else each.worth - base,
            each.status_quo,
            f"{CANNOT}: {each.note}" if each.worth is None else "",
            base,
            "gone" if each.worth is None else LOWER if each.end == "low" else HIGHER,
            base + _side(each, by_input[words], base) * reach if each.worth is None else None,
            f"{each.change} {CANNOT}:" if each.worth is None else "",
            f"{CANNOT}:" if each.worth is None else "",
            each.limit if each.worth is None else "",
        )
        for words in ordered
        for each in by_input[words]
    ]
    spec = {
        "height": {"step": 36},
        "encoding": {
            "y": {"field": "input", "type": "nominal", "sort": None, "title": None, "axis": {"ticks": False}},
            "x": amount_axis("base", f"worth of the plan as it is ({MONEY})", scale={"zero": False}),
        },
        "layer": [
            {
                "transform": [{"filter": {"field": "value", "valid": True}}],
                "mark": {"type": "bar", "height": 18},
                "encoding": {
                    "x2": {"field": "value"},
                    "color": {
                        "field": "kind",
                        "type": "nominal",
                        "scale": {"domain": [LOWER, HIGHER], "range": ["var(--c2)", "var(--c1)"]},
                        "legend": legend(2),
                    },
                    "tooltip": hover(
                        ("input", "Input", ""), ("at", "Moved to", ""), ("value", MONEY, ",.1f"),
                        ("change", f"change ({MONEY})", "+,.1f"),
                    ),
                },
            },
            *_impossible_marks({num(row[8]) > base for row in rows if row[8] is not None}),
        ],
    }  # fmt: skip
    columns = (
        Column("input", "Input"), Column("at", "Moved to"), Column("value", "Worth, USD m", money=True),
        Column("change", "Change, USD m", money=True), Column("kept", "Status quo then, USD m", money=True),
        Column("note", "Note"), Column("base", "", money=True, shown=False), Column("kind", "", shown=False),
        Column("edge", "", money=True, shown=False), Column("told", "", shown=False),
        Column("brief", "", shown=False), Column("limit", "", shown=False),
    )  # fmt: skip
    ends = [each.worth for each in by_input[moving[0]] if each.worth is not None]
    finding = said(f"Nothing moves the worth as much as {moving[0]}: ", *_range([*ends, base]))
    view = View(finding, "Worth of the plan as it is when one input moves, as bars around today's worth.", tuple(rows))
    gone = [each.said for each in moves if each.worth is None]
    if gone:
        view = View(said(finding, f"; it {CANNOT} with {listing(gone)}"), view.description, view.rows)
    note = said("The plan's commitments are held, only running and money are decided anew. Not audited.")
    note = said(note, interest_said(plan, moves))
    if gone:
        note = said(note, " A dashed box instead of a bar: the plan cannot be paid for there, and what it breaks.")
    return Chart("tornado", spec, columns, (view,), "input", note=note)


def _side(gone: Moved, ends: Sequence[Moved], base: float) -> int:
    """On which side of today's worth a mark stands: away from the other end's bar; else to the left for the low end."""
    other = next((each.worth for each in ends if each is not gone and each.worth is not None), None)
    if other is None or abs(other - base) < NOTHING_USD_M:
        return 1 if len(ends) > 1 and gone.end == "high" else -1
    return -1 if other > base else 1


def _impossible_marks(to_the_right: Set[bool]) -> list[Spec]:
    """Layers of the ends at which the plan cannot be paid for: a dashed box where a bar would be, and why.

    ``to_the_right``: on which sides of today's worth there are any.
    """
    if not to_the_right:
        return []
    gone = [{"filter": {"field": "kind", "equal": "gone"}}]
    box = {
        "type": "bar", "height": 30, "fill": "var(--shade)", "stroke": BAD, "strokeDash": [4, 3], "strokeWidth": 1.5,
    }  # fmt: skip
    told = hover(("input", "Input", ""), ("at", "Moved to", ""), ("note", "Why", ""))
    layers: list[Spec] = [
        {"transform": gone, "mark": box, "encoding": {"x2": {"field": "edge"}, "tooltip": told}},
    ]
    for right in sorted(to_the_right):
        side, align = ("datum.edge > datum.base", "right") if right else ("datum.edge < datum.base", "left")
        for field, dy in (("told", -7), ("limit", 7)):
            text = {
                "type": "text", "align": align, "dx": 5 if align == "left" else -5, "dy": dy, "fontSize": 11,
                "color": "var(--ink)",
            }  # fmt: skip
            layers.append({
                "transform": [*gone, {"filter": side}],
                "mark": text,
                "encoding": {
                    "x": amount_axis("edge", f"worth of the plan as it is ({MONEY})"),
                    "text": {"field": field, "type": "nominal"},
                    "tooltip": told,
                },
            })  # fmt: skip
    return layers


# ---------------------------------------------------------------- levers


def _worth(found: Sequence[Row]) -> Chart:
    kept = [row for row in found if row["resolved_usd_m"] is not None]
    top = sorted(kept, key=lambda row: -num(row["resolved_usd_m"]))[:MOST_BARS]
    rows = tuple(
        (_lever(r["lever"]), num(r["step"]), raw(r["unit"], 30), r["resolved_usd_m"], raw(r["path"], 90)) for r in top
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
        finding = said(f"Most is gained by {_lever(top[0]['lever'])}: ", usd(top[0]["resolved_usd_m"]), " for one step")
    left = len(found) - len(top)
    note = said(
        "Commitments held. Not audited.",
        f" {count(left, 'more lever')} in explain/worth.csv." if left else "",
        *_best_grid(kept),
        " A loan is valued at its own rate, and interest saves tax: less of it may be worth little, or less than none.",
    )
    return Chart(
        "levers",
        spec,
        columns,
        (View(finding, "What one more step of each input is worth, as bars.", rows),),
        "lever",
        note=note,
    )


def _best_grid(found: Sequence[Row]) -> tuple[str | Money, ...]:
    """What a MW of grid is worth where it is worth most: everybody asks."""
    grid = [row for row in found if str(row["lever"]).startswith("one more MW of grid at ")]
    if not grid:
        return ()
    best = max(grid, key=lambda row: num(row["resolved_usd_m"]))
    site = name(str(best["path"]).split(".")[1])
    worth = num(best["resolved_usd_m"])
    if worth < 0.05:
        return (" One more MW of grid is worth nothing at any site.",)
    return (f" One more MW of grid is worth most at {site}: ", usd(worth), ".")


# ---------------------------------------------------------------- offers and machines


def _lever(words: Cell) -> str:
    return raw(named(str(words).split(" (")[0]), 80)


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
            raw(named(row.get("why") or ""), 160),
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
