"""How it is paid: who brings the money for each project, cash against its minimum, debt, and when it falls due."""

from __future__ import annotations

from optimizer.plan.table import Cell
from optimizer.report.page.belongs import belongs
from optimizer.report.page.chart import (
    BAD,
    FLOOR,
    MONEY,
    QUIET,
    Chart,
    Column,
    Listing,
    Section,
    Spec,
    View,
    amount_axis,
    colours,
    hover,
    legend,
    sheet,
    time_axis,
)
from optimizer.report.page.plan import PagePlan, num
from optimizer.report.page.words import Said, begin, count, listing, money_cell, name, said, share, usd, when

NOTHING_USD_M = 0.05
COMPANY = "company"
OWN, ITSELF = "company_cash", "The company itself"


def section(plan: PagePlan) -> Section:
    """The whole part."""
    items: list[Chart | Listing] = []
    if any(row["project"] != COMPANY for row in plan.rows("sources_uses")):
        items.append(_sources(plan))
    if plan.capital["funded_by"]:
        items.insert(0, belongs(plan))
    items.append(_liquidity(plan))
    if any(num(row["closing_usd_m"]) > NOTHING_USD_M for row in plan.rows("debt")):
        items.append(_debt(plan))
    if plan.capital["maturities_usd_m"]:
        items.append(_maturities(plan))
    items.append(_company(plan))
    return Section("paid", "How it is paid", (_answer(plan),), tuple(items))


def _answer(plan: PagePlan) -> Said:
    funded = plan.capital["funded_by"]
    if not funded:
        return said("From the company's own cash and what it earns: no loan is drawn and no share is issued.")
    total = sum(num(amount) for amount in funded.values())
    parts: Said = ()
    for each, amount in funded.items():
        parts = said(parts, ", " if parts else "", f"{name(each)} ", usd(amount))
    out = num(plan.capital["pays_out_loans_usd_m"])
    rolled = said(" ", usd(out), " of it only replaces earlier loans.") if out >= NOTHING_USD_M else ()
    return said("New money of ", usd(total), ": ", parts, ".", rolled)


def _sources(plan: PagePlan) -> Chart:
    rows: list[tuple[Cell, ...]] = [
        (name(row["project"]), ITSELF if row["item"] == OWN else name(row["item"]), num(row["usd_m"]))
        for row in plan.rows("sources_uses")
        if row["side"] == "source" and row["project"] != COMPANY and num(row["usd_m"]) > 1e-9
    ]
    items = list(dict.fromkeys(str(row[1]) for row in rows))
    spec = {
        "height": {"step": 38},
        "mark": {"type": "bar", "height": 22},
        "encoding": {
            "y": {"field": "project", "type": "nominal", "sort": None, "title": None, "axis": {"ticks": False}},
            "x": amount_axis("amount", f"money over the project's life ({MONEY})"),
            "color": {
                "field": "source",
                "type": "nominal",
                "scale": _lenders(plan, items),
                "legend": legend(),
            },
            "order": {"field": "rank", "type": "quantitative"},
            "tooltip": hover(("project", "Project", ""), ("source", "Source", ""), ("amount", MONEY, ",.1f")),
        },
    }
    columns = (
        Column("project", "Project"),
        Column("source", "Source"),
        Column("amount", "USD m", money=True),
        Column("rank", "", shown=False),
    )
    ranked = tuple((*row, items.index(str(row[1]))) for row in rows)
    view = View(_sources_finding(plan), "Sources of money of each project, stacked.", ranked)
    note = said(
        "Over each project's life; loans that replace earlier ones count too. What the company itself pays comes from "
        "its cash, and from loans and shares that it raises as a whole.",
        _interest_added(plan),
    )
    return Chart("sources", spec, columns, (view,), "project", "source", note=note)


def _interest_added(plan: PagePlan) -> Said:
    """Why loans are larger here than in what is drawn of them: interest is added to them until halls are complete."""
    added = sum(
        num(row["usd_m"])
        for row in plan.rows("sources_uses")
        if row["side"] == "use" and row["project"] != COMPANY and row["item"] == "interest_capitalised"
    )
    if added < NOTHING_USD_M:
        return ()
    return said(" Loans stand here with the interest that is added to them until the halls are complete, ", usd(added),
                " in all: no cash, and so not in what is said of new money above.")  # fmt: skip


def _lenders(plan: PagePlan, names: list[str]) -> Spec:
    """A scale in which a loan has the same colour on every chart of the part."""
    lent = [name(row["debt"]) for row in plan.rows("debt") if num(row["closing_usd_m"]) > NOTHING_USD_M]
    brought = [name(each) for each in plan.capital["funded_by"]]
    every = [each for each in dict.fromkeys([*lent, *brought, *names]) if each != ITSELF]
    paints = dict(zip(every, colours(every)["range"], strict=True))
    return colours(names, {**paints, ITSELF: QUIET})


def _sources_finding(plan: PagePlan) -> Said:
    found = [r for r in plan.rows("sources_uses") if r["side"] == "source" and r["project"] != COMPANY]
    total = sum(num(row["usd_m"]) for row in found)
    own = sum(num(row["usd_m"]) for row in found if row["item"] == OWN)
    if total <= 0:
        return said("The projects need no money")
    return said(f"The company itself pays {share(own / total)} of the projects' money: ", usd(own), " of ", usd(total))


def _liquidity(plan: PagePlan) -> Chart:
    columns = (
        Column("period", "Period"),
        Column("from", "From", shown=False),
        Column("to", "To", shown=False),
        Column("cash", "Cash at the end, USD m", money=True),
        Column("minimum", "Minimum, USD m", money=True),
        Column("headroom", "Above the minimum, USD m", money=True),
    )
    told = hover(
        ("period", "Period", ""), ("cash", f"cash ({MONEY})", ",.1f"), ("minimum", f"minimum ({MONEY})", ",.1f"),
        ("headroom", f"above it ({MONEY})", ",.1f"),
    )  # fmt: skip
    spec = {
        "height": 260,
        "encoding": {"x": time_axis(), "x2": {"field": "to"}},
        "layer": [
            {
                "mark": {"type": "bar"},
                "encoding": {
                    "y": amount_axis("cash", f"cash at the end of each period ({MONEY})", stack=None),
                    "y2": {"datum": 0},
                    "color": {
                        "condition": {"test": "datum.headroom < 0.05", "value": BAD},
                        "value": "var(--c1)",
                    },
                    "tooltip": told,
                },
            },
            {
                "mark": {"type": "rule", "color": FLOOR, "strokeWidth": 2, "strokeDash": [5, 3]},
                "encoding": {"y": {"field": "minimum", "type": "quantitative"}, "color": {"value": FLOOR}},
            },
        ],
    }
    views = tuple(_liquidity_view(plan.in_scenario(scenario)) for scenario in plan.scenarios)
    note = said("Dashed: the minimum that has to stay. Red: periods with nothing to spare.")
    return Chart("liquidity", spec, columns, views, "period", note=note)


def _liquidity_view(plan: PagePlan) -> View:
    rows = [
        (
            str(row["period"]),
            *plan.bars[str(row["period"])],
            num(row["closing_usd_m"]),
            num(row["minimum_usd_m"]),
            num(row["headroom_usd_m"]),
        )
        for row in plan.rows("cash")
    ]
    return View(
        liquidity_finding(plan),
        "Cash at the end of each period, against the minimum.",
        tuple(rows),
        "",
        plan.scenario_key,
    )


def liquidity_finding(plan: PagePlan) -> Said:
    """``Cash is thinnest in 2027Q3: $12.0M above the minimum``."""
    rows = plan.rows("cash")
    thin = min(rows, key=lambda row: num(row["headroom_usd_m"]))
    least = num(thin["headroom_usd_m"])
    if abs(least) < NOTHING_USD_M:
        tight = [row for row in rows if num(row["headroom_usd_m"]) < NOTHING_USD_M]
        return said(f"Cash is at its minimum in {count(len(tight), 'period')}, first in {when(tight[0]['period'])}")
    if least < 0:
        return said(f"Cash falls short in {when(thin['period'])}: ", usd(-least), " below the minimum")
    return said(f"Cash is thinnest in {when(thin['period'])}: ", usd(least), " above the minimum")


def _debt(plan: PagePlan) -> Chart:
    rows: list[tuple[Cell, ...]] = []
    for period, (begins, ends) in plan.bars.items():
        at = 0.0
        for row in plan.rows("debt"):
            if row["period"] == period:
                owed = num(row["closing_usd_m"])
                rows.append((period, name(row["debt"]), owed, begins, ends, at, at + owed))
                at += owed
    owing = {str(row[1]) for row in rows if num(row[2]) > 1e-9}
    kept = tuple(row for row in rows if row[1] in owing)
    names = list(dict.fromkeys(str(row[1]) for row in kept))
    spec = {
        "height": 240,
        "mark": {"type": "bar"},
        "encoding": {
            "x": time_axis(),
            "x2": {"field": "to"},
            "y": amount_axis("low", f"owed at the end of each period ({MONEY})"),
            "y2": {"field": "high"},
            "color": {"field": "debt", "type": "nominal", "scale": _lenders(plan, names), "legend": legend()},
            "tooltip": hover(("period", "Period", ""), ("debt", "Debt", ""), ("owed", MONEY, ",.1f")),
        },
    }
    columns = (
        Column("period", "Period"), Column("debt", "Debt"), Column("owed", "USD m", money=True),
        Column("from", "", shown=False), Column("to", "", shown=False),
        Column("low", "", money=True, shown=False), Column("high", "", money=True, shown=False),
    )  # fmt: skip
    finding = said(
        "Debt peaks at ", usd(plan.measures["peak_debt_usd_m"]), f" in {when(plan.measures['peak_debt_period'])}"
    )
    view = View(finding, "What is owed at the end of each period, by debt, stacked.", kept)
    return Chart("debt", spec, columns, (view,), "period", "debt")


def _maturities(plan: PagePlan) -> Chart:
    due = {str(year): num(amount) for year, amount in plan.capital["maturities_usd_m"].items()}
    wall = max(due, key=lambda year: due[year])
    spec = {
        "height": 220,
        "mark": {"type": "bar"},
        "encoding": {
            "x": {"field": "year", "type": "ordinal", "title": None, "axis": {"labelAngle": 0, "labelOverlap": True}},
            "y": amount_axis("due", f"principal due ({MONEY})"),
            "color": {"condition": {"test": {"field": "year", "equal": wall}, "value": BAD}, "value": "var(--c1)"},
            "tooltip": hover(("year", "Year", ""), ("due", MONEY, ",.1f")),
        },
    }
    columns = (Column("year", "Year"), Column("due", "Principal due, USD m", money=True))
    finding = said(f"Most principal falls due in {wall}: ", usd(due[wall]), " of ", usd(sum(due.values())))
    view = View(finding, "Principal due by calendar year, as bars.", tuple(due.items()))
    note = said("Years beyond the horizon too. Loans that the plan itself pays out with new ones are left out.")
    return Chart("maturities", spec, columns, (view,), "year", note=note)


USE_WORDS = {
    "sga": "overheads", "interest_capitalised": "interest while building", "loans_taken_out": "earlier loans paid out",
    "signing_cost": "signing", "capex": "building halls", "reserve": "reserves", "trapped": "cash kept in projects",
    "yield": "interest on cash", "drawn": "loans drawn", "equity": "shares issued", "residual": "halls' residual value",
    "change_of_cash": "more cash at the end", "builds": "other buildings", "collateral": "credit support",
}  # fmt: skip


def _company(plan: PagePlan) -> Listing:
    rows = [
        (
            "All of the company" if row["project"] == COMPANY else name(row["project"]),
            begin(str(row["side"])),
            begin(USE_WORDS.get(str(row["item"]), name(row["item"]))),
            money_cell(row["usd_m"]),
        )
        for row in plan.rows("sources_uses")
        if abs(num(row["usd_m"])) >= NOTHING_USD_M
    ]
    projects = listing(dict.fromkeys(row[0] for row in rows), 8)
    return Listing(
        "Sources and uses of money, line by line",
        sheet(("Of", "Side", "Item", "Amount"), rows, f"Sources and uses: {projects}"),
        folded=True,
    )
