"""Where the megawatts of two plans differ, and their other figures side by side."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.plan.table import Cell, Table, format_cell
from optimizer.report.axis_words import UNITS, plain
from optimizer.report.page.chart import (
    FREE,
    MINING,
    Chart,
    Column,
    Listing,
    Section,
    View,
    colours,
    hover,
    legend,
    sheet,
)
from optimizer.report.page.plan import num
from optimizer.report.page.words import (
    Said,
    begin,
    count,
    figure,
    listing,
    money_cell,
    mw,
    name,
    raw,
    said,
    share,
    when,
)

SAME_MW = 0.05
"""Amounts that differ by less read the same."""
MW = ("a_mw", "b_mw", "difference_mw")
USES = {"mining": "mines", "hosting": "hosts"}
IN_MONEY = ("funded_by",)
"""Measures in USD m whose names do not say so."""
WRITTEN = {
    "it mw": "IT MW",
    "wacc": "WACC",
    "net debt to ebitda": "net debt / EBITDA",
    " shares m": " shares",
    "convertibles m": "convertibles",
}


def megawatts(table: Table) -> Section:
    """The part on megawatts, from ``megawatts.csv``."""
    found = list(table.dicts())
    columns = Column("year", "Year"), Column("use", "Use"), Column("difference", "B less A, MW")
    sums: dict[tuple[str, str], float] = {}
    for row in found:
        key = str(int(num(row["year"]))), str(row["use"])
        sums[key] = sums.get(key, 0.0) + num(row["difference_mw"])
    rows: list[tuple[Cell, ...]] = [(year, name(use), more) for (year, use), more in sorted(sums.items())]
    uses = list(dict.fromkeys(str(row[1]) for row in rows))
    known = {"Mining": MINING, "Free": FREE, "Hosting": "var(--c1)"}
    spec = {
        "height": 300,
        "mark": {"type": "bar"},
        "encoding": {
            "x": {"field": "year", "type": "ordinal", "title": None, "axis": {"labelAngle": 0}},
            "y": {"field": "difference", "type": "quantitative", "title": "B less A (MW)", "axis": {"format": ",~f"}},
            "color": {
                "field": "use",
                "type": "nominal",
                "scale": colours(uses, {use: colour for use, colour in known.items() if use in uses}),
                "legend": legend(),
            },
            "tooltip": hover(("year", "Year", ""), ("use", "Use", ""), ("difference", "B less A (MW)", "+,.1f")),
        },
    }
    words = "By year and use, how many megawatts more or fewer B has than A, as bars above and below zero."
    view = View(_megawatts_finding(sums), words, tuple(rows))
    note = said(
        "All sites together, means over the days of each year that a plan covers; free: neither mining nor let."
    )
    chart = Chart("megawatts", spec, columns, (view,), "year", series="use", note=note)
    cells = [
        (str(int(num(row["year"]))), name(row["site"]), name(row["use"]), *(format_cell(row[each]) for each in MW))
        for row in found
    ]
    listed = sheet(("Year", "Site", "Use", "A, MW", "B, MW", "B less A, MW"), cells, "Megawatts that differ, by site")
    return Section("megawatts", "Where the megawatts go", (), (chart, Listing("Site by site", listed, folded=True)))


def _megawatts_finding(sums: Mapping[tuple[str, str], float]) -> Said:
    """For mining and hosting the year in which B differs most from A, all sites together."""
    parts = []
    for use, verb in USES.items():
        most = max((key for key in sums if key[1] == use), key=lambda key: abs(sums[key]), default=None)
        if most is not None and abs(sums[most]) >= SAME_MW:
            parts.append(f"{verb} {mw(abs(sums[most]))} {'more' if sums[most] > 0 else 'less'} in {most[0]}")
    if not parts:
        return said("Mining and hosting use as much in A as in B")
    return said(f"B {listing(parts)} than A, each at its most")


def measures(table: Table) -> Listing:
    """The table of other figures, from ``measures.csv``."""
    cells, seen = [], set()
    for row in table.dicts():
        key = str(row["measure"]).removeprefix("capital.")
        if key not in seen:
            cells.append((measure(key), *(amount(key, row[each]) for each in ("a", "b", "difference"))))
        seen.add(key)
    title = begin(f"{count(len(cells), 'figure')} differ{'s' if len(cells) == 1 else ''}")
    return Listing(title, sheet(("Figure", "A", "B", "B less A"), cells, "Figures that differ"))


def _unit(key: str) -> str:
    """The unit of a measure; of one in parts (``maturities_usd_m.2028``) that of its first word."""
    head = key.partition(".")[0]
    if head in IN_MONEY:
        return "usd_m"
    return next((unit for unit in UNITS if head.endswith(f"_{unit}")), "")


def measure(key: str) -> str:
    """``peak_funding_usd_m`` is Peak funding, ``maturities_usd_m.2028`` Maturities: 2028."""
    head, _, part = key.partition(".")
    unit = _unit(key)
    words = head.replace("_usd_per_share", "_a_share").removesuffix(f"_{unit}").replace("_", " ")
    for short, written in WRITTEN.items():
        words = words.replace(short, written)
    return raw(begin(f"{words}: {name(part)}" if part else words), 90)


def amount(key: str, cell: Cell) -> str:
    """A measure's amount with its unit, a period in words; empty where there is none."""
    if cell is None or isinstance(cell, str):
        return when(cell) if cell else ""
    unit = _unit(key)
    if unit == "usd_m":
        return money_cell(cell)
    if key.endswith("_to_ebitda"):
        return f"{cell:,.1f}x"
    if key.startswith("periods_"):
        return f"{cell:,.0f} periods" if cell != 1 else "1 period"
    if key.endswith("per_share"):
        return f"${cell:,.2f}".replace("$-", "-$")
    if key.endswith(("_share", "dilution")):
        return share(cell)
    if key.endswith("_m"):
        return f"{figure(cell)} million"
    return f"{figure(cell)} {UNITS[unit]}" if unit else plain(cell, 5)
