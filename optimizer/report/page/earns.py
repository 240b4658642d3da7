"""What it earns: a coin's price against its cost, what sites earn by year, income with and without depreciation."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from optimizer.plan.table import Cell
from optimizer.report.page.chart import (
    LINE,
    MINING,
    MONEY,
    Chart,
    Column,
    Listing,
    Section,
    View,
    amount_axis,
    colours,
    hover,
    legend,
    time_axis,
)
from optimizer.report.page.plan import PagePlan, num
from optimizer.report.page.words import Said, figure, name, said, usd, when

COIN = {
    "revenue_usd": "What a coin brings",
    "power_usd": "Power only",
    "cash_usd": "Power and sites",
    "with_sga_usd": "With overheads",
    "with_depreciation_usd": "With depreciation",
}
COIN_COLOURS = dict(zip(COIN.values(), (LINE, "var(--c3)", "var(--c1)", "var(--c5)", "var(--c2)"), strict=True))
LITTLE = 0.05
"""Of the best period's coins a day: below it fixed costs per coin say nothing, and the chart leaves the period out."""
TALLEST = 3.0
"""Times what a coin brings at most, where the chart ends."""
MACHINES = "Mining"
INCOME = {
    "ebitda_usd_m": "Before depreciation (EBITDA)",
    "operating_income_usd_m": "After depreciation (operating income)",
    "net_income_usd_m": "Net income",
}


def section(plan: PagePlan) -> Section:
    """The whole part."""
    items: list[Chart | Listing] = []
    coins = _coin_rows(plan)
    if coins:
        items.append(_coin(plan, coins))
    items.append(_sites(plan))
    books = plan.rows("income")
    if books:
        items.append(_income(plan))
    answer = _answer(plan)
    if not books:
        answer = said(answer, " The case keeps no books, so there is no income statement.")
    return Section("earns", "What it earns", (answer,), tuple(items))


def _answer(plan: PagePlan) -> Said:
    mining = sum(num(row["margin_usd_m"]) for row in plan.rows("mining"))
    halls = sum(num(row["noi_usd_m"]) for row in plan.rows("hosting"))
    return said(
        "To the horizon machines earn ", usd(mining), " after power, and halls ", usd(halls),
        " after power and running costs.",
    )  # fmt: skip


# ---------------------------------------------------------------- a coin


def _coin_rows(plan: PagePlan) -> list[tuple[str, float, dict[str, float]]]:
    """Period, coins, and USD a coin by line: from the books, or power alone where there are none."""
    books = [row for row in plan.rows("cost_per_btc") if num(row["btc"]) > 0]
    if books:
        return [(str(row["period"]), num(row["btc"]), {key: num(row[key]) for key in COIN}) for row in books]
    sums: dict[str, list[float]] = {}
    for row in plan.rows("mining"):
        held = sums.setdefault(str(row["period"]), [0.0, 0.0, 0.0])
        for at, key in enumerate(("btc", "revenue_usd_m", "power_cost_usd_m")):
            held[at] += num(row[key])
    return [
        (period, btc, {"revenue_usd": 1e6 * revenue / btc, "power_usd": 1e6 * power / btc})
        for period, (btc, revenue, power) in sums.items()
        if btc > 0
    ]


def _coin(plan: PagePlan, coins: Sequence[tuple[str, float, dict[str, float]]]) -> Chart:
    rows: list[tuple[Cell, ...]] = []
    paces = {period: btc / _days(plan, period) for period, btc, _ in coins}

    def drawn_of(period: str) -> bool:
        return paces[period] >= LITTLE * max(paces.values())

    for period, _, lines in coins:
        drawn = "yes" if drawn_of(period) else "no"
        begins, ends = plan.periods[period]
        rows += [(period, COIN[key], each, begins, ends, drawn) for key, each in lines.items()]
    # Depreciation on few coins would press all other lines to the floor.
    most = max(lines["revenue_usd"] for _, _, lines in coins)
    highest = max(each for period, _, lines in coins if drawn_of(period) for each in lines.values())
    top = min(highest, TALLEST * most)
    told = hover(("period", "Period", ""), ("line", "Line", ""), ("usd", "$ a coin", ",.0f"))
    names = [words for key, words in COIN.items() if key in coins[0][2]]
    spec = {
        "height": 280,
        "transform": [{"filter": {"field": "drawn", "equal": "yes"}}],
        "mark": {"type": "line", "interpolate": "step-after", "point": {"size": 30}, "clip": True},
        "encoding": {
            "x": time_axis(),
            "y": amount_axis("usd", "$ a coin", scale={"domain": [0, top]}),
            "color": {
                "field": "line",
                "type": "nominal",
                "scale": {"domain": names, "range": [COIN_COLOURS[each] for each in names]},
                "legend": {**legend(3), "symbolType": "stroke"},
            },
            "strokeWidth": {
                "condition": {"test": {"field": "line", "equal": COIN["revenue_usd"]}, "value": 3},
                "value": 1.75,
            },
            "tooltip": told,
        },
    }
    columns = (
        Column("period", "Period"), Column("line", "Line"), Column("usd", "$ a coin"),
        Column("from", "", shown=False), Column("to", "", shown=False), Column("drawn", "", shown=False),
    )  # fmt: skip
    notes = []
    if not all(drawn_of(period) for period in paces):
        notes.append("Periods that mine less than 5 % of the most a day are in the table, not in the chart.")
    if highest > top:
        notes.append("A line that leaves the chart goes on in the table.")
    note = said(" ".join(notes))
    view = View(_coin_finding(coins), "What a coin brings and costs, period by period, as lines.", tuple(rows))
    return Chart("coin", spec, columns, (view,), "period", "line", note=note)


def _days(plan: PagePlan, period: str) -> int:
    begins, ends = (datetime.date.fromisoformat(day) for day in plan.periods[period])
    return (ends - begins).days + 1


def _coin_finding(coins: Sequence[tuple[str, float, dict[str, float]]]) -> Said:
    period, _, first = coins[0]
    cost = "cash_usd" if "cash_usd" in first else "power_usd"
    words = "power and sites" if cost == "cash_usd" else "power"
    brings, costs = figure(first["revenue_usd"], 0), figure(first[cost], 0)
    start = f"In {when(period)} a coin brings ${brings} and costs ${costs} in {words}"
    short = next((each for each, _, lines in coins if lines["revenue_usd"] < lines[cost]), None)
    if short is not None:
        return said(f"{start}; from {when(short)} it costs more than it brings")
    loss = next(
        (each for each, _, lines in coins if lines["revenue_usd"] < lines.get("with_depreciation_usd", 0.0)), None
    )
    if loss is not None:
        return said(f"{start}; with depreciation it costs more than it brings from {when(loss)}")
    return said(start)


# ---------------------------------------------------------------- sites


def _sites(plan: PagePlan) -> Chart:
    sums: dict[tuple[str, str], float] = {}
    for row in plan.rows("mining"):
        key = plan.years[str(row["period"])], MACHINES
        sums[key] = sums.get(key, 0.0) + num(row["margin_usd_m"])
    for row in plan.rows("hosting"):
        key = plan.years[str(row["period"])], name(row["offer"])
        sums[key] = sums.get(key, 0.0) + num(row["noi_usd_m"])
    names = list(dict.fromkeys((MACHINES, *(each for _, each in sums))))
    years = list(dict.fromkeys(plan.years.values()))
    rows = tuple((year, each, sums.get((year, each), 0.0), at) for year in years for at, each in enumerate(names))
    spec = {
        "height": 260,
        "mark": {"type": "bar"},
        "encoding": {
            "x": {"field": "year", "type": "ordinal", "title": None, "axis": {"labelAngle": 0}},
            "y": amount_axis("amount", f"earned in the year ({MONEY})"),
            "color": {
                "field": "what",
                "type": "nominal",
                "scale": colours(names, {MACHINES: MINING}),
                "legend": legend(),
            },
            "order": {"field": "rank", "type": "quantitative"},
            "tooltip": hover(("year", "Year", ""), ("what", "From", ""), ("amount", MONEY, ",.1f")),
        },
    }
    columns = (
        Column("year", "Year"), Column("what", "From"), Column("amount", "USD m", money=True),
        Column("rank", "", shown=False),
    )  # fmt: skip
    note = said(
        "Mining: after its power. Halls: rent and recovered power less power and running costs (NOI). ",
        part_years(plan),
    )
    view = View(_sites_finding(sums, years), "Margin of machines and income of halls by year, stacked.", rows)
    return Chart("sites", spec, columns, (view,), "year", "what", note=note)


def part_years(plan: PagePlan) -> str:
    """Which years are not whole within the horizon, as a sentence; empty where all are."""
    begins, ends = plan.span
    cut = [
        y for y, whole in ((begins[:4], begins.endswith("-01-01")), (ends[:4], ends.endswith("-12-31"))) if not whole
    ]
    return f"Not whole years: {' and '.join(dict.fromkeys(cut))}." if cut else ""


def _sites_finding(sums: dict[tuple[str, str], float], years: list[str]) -> Said:
    mining = {year: sums.get((year, MACHINES), 0.0) for year in years}
    halls = {year: sum(each for (of, what), each in sums.items() if of == year and what != MACHINES) for year in years}
    over = next((year for year in years if halls[year] > max(mining[year], 0.0)), None)
    if over is None:
        best = max(years, key=lambda year: mining[year])
        return said(f"Machines earn most in {best}: ", usd(mining[best]))
    best = max(years, key=lambda year: halls[year])
    return said(f"From {over} halls earn more than machines; the most in {best}: ", usd(halls[best]))


# ---------------------------------------------------------------- books


def _income(plan: PagePlan) -> Chart:
    sums: dict[tuple[str, str], float] = {}
    for row in plan.rows("income"):
        for key, words in INCOME.items():
            place = plan.years[str(row["period"])], words
            sums[place] = sums.get(place, 0.0) + num(row[key])
    years = list(dict.fromkeys(plan.years.values()))
    names = list(INCOME.values())
    rows = tuple((year, each, sums.get((year, each), 0.0)) for year in years for each in names)
    spec = {
        "height": 260,
        "mark": {"type": "bar"},
        "encoding": {
            "x": {"field": "year", "type": "ordinal", "title": None, "axis": {"labelAngle": 0}},
            "xOffset": {"field": "line", "type": "nominal", "sort": names},
            "y": amount_axis("amount", f"of the year ({MONEY})"),
            "color": {
                "field": "line",
                "type": "nominal",
                "scale": {"domain": names, "range": ["var(--c1)", "var(--c5)", LINE]},
                "legend": legend(3),
            },
            "tooltip": hover(("year", "Year", ""), ("line", "Line", ""), ("amount", MONEY, ",.1f")),
        },
    }
    columns = (Column("year", "Year"), Column("line", "Line"), Column("amount", "USD m", money=True))
    view = View(_income_finding(sums, years), "EBITDA, operating income and net income by year, as bars.", rows)
    return Chart("income", spec, columns, (view,), "year", "line", note=said(part_years(plan)))


def _income_finding(sums: dict[tuple[str, str], float], years: list[str]) -> Said:
    before, after, net = INCOME.values()
    lost = [year for year in years if sums[year, net] < 0]
    worst = min(years, key=lambda year: sums[year, net])
    if not lost:
        return said(f"Every year ends with a profit; the least is that of {worst}: ", usd(sums[worst, net]))
    # The year in which depreciation alone turns earnings into a loss is the one people stumble over.
    turned = next((year for year in lost if sums[year, before] > 0 and sums[year, after] < 0), None)
    year = turned or worst
    return said(
        f"In {year} the company earns ", usd(sums[year, before]), " before depreciation and reports a loss of ",
        usd(-sums[year, net]),
    )  # fmt: skip
