"""How bad it can get: what is thin, and what impossible would look like."""

from __future__ import annotations

from collections.abc import Sequence

from optimizer.report.page.chart import (
    Chart,
    Column,
    Listing,
    Section,
    Sentences,
    View,
    hover,
    sheet,
    time_axis,
)
from optimizer.report.page.flips import CANNOT, moved_inputs
from optimizer.report.page.paid import liquidity_finding
from optimizer.report.page.plan import PagePlan, Row, num
from optimizer.report.page.words import Said, figure, money_cell, name, named, raw, said, share, usd, when

NOTHING_USD_M = 0.05
THINNEST = 8
ROUNDING, LEAST_WORTH = 1e-6, 0.005
IMPOSSIBLE = "What impossible would look like"
LIMITS = {
    "min_cash": "Minimum cash",
    "min_liquidity": "Minimum liquidity",
    "mining_shell": "Buildings for machines",
    "energised": "Grid",
    "net_debt_to_ebitda": "Net debt to EBITDA",
    "debt_service_coverage": "Debt service coverage",
    "due_within_12_months": "Debt due within 12 months",
    "max_dilution": "Dilution",
    "max_btc_share": "Bitcoin's share of liquidity",
    "debt_to_capital": "Debt to capital",
    "facility": "Facility",
    "btc_pledged": "Bitcoin pledged",
    "lock_up": "Lock-up",
}
UNITS = {"usd_m": "$M", "mw": "MW", "btc": "BTC", "ratio": "x", "share": "", "ph_s": "PH/s"}


def section(plan: PagePlan) -> Section:
    """The whole part."""
    dear = _worth_of_cash(plan)
    items: list[Chart | Listing | Sentences] = [_thin_table(plan)]
    if dear is not None:
        items.append(dear)
    items.append(_limits(plan))
    impossible = tuple(_impossible(plan))
    if impossible:
        items.append(Sentences(IMPOSSIBLE, impossible))
    return Section("bad", "How bad it can get", (_answer(plan),), tuple(items))


def _answer(plan: PagePlan) -> Said:
    scenes = (
        "" if len(plan.scenarios) > 1 else " There is one course of prices; scenarios are not part of this plan yet."
    )
    return said(liquidity_finding(plan), f".{scenes}")


def _worth_of_cash(plan: PagePlan) -> Chart | None:
    """What one more dollar is worth in each period; None where it is never worth more than itself."""
    worth = {str(row["period"]): num(row["worth_usd_m"]) for row in plan.optional("worth_of_cash")}
    dear = max(worth, key=lambda period: worth[period], default=None)
    if dear is None or worth[dear] < LEAST_WORTH:
        return None
    columns = (
        Column("period", "Period"), Column("from", "", shown=False), Column("to", "", shown=False),
        Column("worth", "One more $ is worth, beyond itself, $"),
    )  # fmt: skip
    spec = {
        "height": 180,
        "mark": {"type": "bar"},
        "encoding": {
            "x": time_axis(),
            "x2": {"field": "to"},
            "y": {"field": "worth", "type": "quantitative", "title": "$ beyond itself", "axis": {"format": ".2~f"}},
            "y2": {"datum": 0},
            "color": {"value": "var(--c5)"},
            "tooltip": hover(("period", "Period", ""), ("worth", "one more $ is worth, beyond itself, $", ",.2f")),
        },
    }
    rows = tuple((period, *plan.bars[period], each) for period, each in worth.items())
    finding = said(f"Money is dearest in {when(dear)}: one more dollar then adds ${worth[dear]:,.2f} beyond itself")
    words = "What one more dollar is worth beyond itself, period by period, as bars."
    note = said("At today's worth. 0: money is not scarce then. Not audited.")
    return Chart("dear", spec, columns, (View(finding, words, rows),), "period", note=note)


def _thin_table(plan: PagePlan) -> Listing:
    worth = {str(row["period"]): num(row["worth_usd_m"]) for row in plan.optional("worth_of_cash")}

    def rank(row: Row) -> tuple[float, float]:
        return round(num(row["headroom_usd_m"]), 6), -worth.get(str(row["period"]), 0.0)

    rows = [
        (
            when(row["period"]),
            *(money_cell(row[key]) for key in ("closing_usd_m", "minimum_usd_m", "headroom_usd_m")),
            f"${worth[str(row['period'])]:.2f}" if str(row["period"]) in worth else "",
        )
        for row in sorted(plan.rows("cash"), key=rank)[:THINNEST]
    ]
    titles = ("Period", "Cash at the end", "Minimum", "To spare", "One more $ adds beyond itself")
    none = sum(num(row["headroom_usd_m"]) < NOTHING_USD_M for row in plan.rows("cash"))
    shown = f": {THINNEST} of {none} with nothing to spare" if none > THINNEST else ""
    return Listing(f"The thinnest periods{shown}", sheet(titles, rows, "Periods with the least cash to spare"))


def _limits(plan: PagePlan) -> Listing:
    """Each limit: how often it binds and where it is tightest (docs/figures_report.md, section 27)."""
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in plan.rows("limits"):
        found.setdefault((str(row["limit"]), str(row["item"]), str(row["unit"])), []).append(row)
    lines = []
    for order, ((limit, item, unit), rows) in enumerate(found.items()):
        if item and all(num(row["allowed"]) == 0 for row in rows):
            continue  # a site without buildings for machines: nothing is limited where nothing is ever allowed
        binding = [row for row in rows if num(row["headroom"]) <= ROUNDING * max(1.0, abs(num(row["allowed"])))]
        tight = min(rows, key=lambda row: num(row["headroom"]))
        lines.append((-len(binding), order, (limit, item, unit), rows, binding, tight))
    cells = [
        (
            f"{LIMITS.get(limit, name(limit))}{f': {name(item)}' if item else ''}",
            f"{len(binding)} of {len(rows)}",
            when(binding[0]["period"]) if binding else "",
            when(tight["period"]),
            f"{figure(num(tight['headroom']))} {UNITS.get(unit, raw(unit, 12))}".strip(),
        )
        for _, _, (limit, item, unit), rows, binding, tight in sorted(lines, key=lambda line: line[:2])
    ]
    often = [cell[0] for cell in cells if not cell[1].startswith("0 of")]
    title = f"Limits: {len(often)} of {len(cells)} bind in some period" if often else "Limits: none binds"
    titles = ("Limit", "Binds in", "First", "Tightest in", "Least left")
    return Listing(
        title,
        sheet(titles, cells, "Limits and how tight they are"),
        folded=len(cells) > 12,
    )


def _impossible(plan: PagePlan) -> Sequence[Said]:
    lines: list[Said] = []
    ends_at = plan.capital["horizon_ends"]
    ends, twin = plan.capital["runway_ends"], plan.twin("status_quo")
    if ends:
        lines.append(
            said(
                f"Without any new money the plan runs out of cash in {when(ends)}: the lenders have to be there first."
            )
        )
    else:
        lines.append(said("The plan needs no new money to stay above its minimum cash."))
    kept = plan.capital.get("runway_ends_status_quo")
    if twin is not None:
        if kept:
            lines.append(said(f"Going on as today without new money runs out of cash in {when(kept)}."))
        else:
            lines.append(said(f"Going on as today keeps its minimum cash to {when(ends_at)}, without new money."))
    breaches = next((num(row["total_usd_m"]) for row in plan.rows("value") if row["component"] == "breaches"), 0.0)
    if abs(breaches) >= NOTHING_USD_M:
        lines.append(
            said("Limits that may be broken at a price are broken; that costs ", usd(-breaches), " of the worth.")
        )
    value, beyond = num(plan.summary["value_usd_m"]), num(plan.measures["beyond_horizon_usd_m"])
    if value > 0 and beyond > 0:
        part = "More than all" if beyond > value else share(beyond / value)
        lines.append(said(f"{part} of the worth lies beyond the horizon: it is at risk if tenants leave early."))
    for each in moved_inputs(plan.optional("explain/moves")):
        if each.worth is None:
            lines.append(said(f"With {each.said} the plan as it is {CANNOT}: {named(each.note)}."))
    return lines
