"""Megawatts by use and site, as formulas over the allocation."""

from __future__ import annotations

from optimizer.report.workbook.facts import Facts
from optimizer.report.workbook.grid import Grid, Line
from optimizer.report.workbook.periods import Period
from optimizer.report.workbook.tables import NameCell, first_seen
from optimizer.report.workbook.term import Term

SHEET = "Megawatts"


def megawatts_statement(facts: Facts) -> Grid | None:
    """Mean megawatts by use over all sites: machines, each tenant, free; and by site. None without any."""
    table = facts.tables["allocation"]
    if not table:
        return None
    uses = list(zip(table.column("use"), table.column("item"), strict=True))
    tenants = first_seen(item for use, item in uses if use == "hosting")
    sites = first_seen(table.column("site"))
    lines = [Line("mining", "mining", "MW", "allocation: meter MW")]
    lines += [Line(f"tenant.{at}", name, "MW", "allocation: meter MW") for at, name in enumerate(tenants)]
    lines += [Line("free", "free", "MW", "allocation: meter MW"), Line("all", "Energised", "MW", "sum", "total")]
    for at, site in enumerate(sites):
        lines.append(Line(f"site.{at}", site, unit="", style="heading"))
        lines += [Line(f"site.{at}.{use}", use, "MW", "allocation: meter MW") for use in ("mining", "hosting", "free")]
    grid = Grid(SHEET, "Mean megawatts at the meter by use.", facts.periods, lines)

    def of(period: Period, **names: NameCell) -> Term:
        return table.of_name("meter_mw", period, **names)

    for period in facts.periods:
        n = period.number
        grid.put("mining", n, of(period, use=grid.heading("mining")))
        for at, _ in enumerate(tenants):
            key = f"tenant.{at}"
            hosting = NameCell('"hosting"', "hosting")
            grid.put(key, n, of(period, use=hosting, item=grid.heading(key)))
        grid.put("free", n, of(period, use=grid.heading("free")))
        grid.put("all", n, grid.down("mining", "free", n))
        for at, _ in enumerate(sites):
            for use in ("mining", "hosting", "free"):
                key = f"site.{at}.{use}"
                grid.put(key, n, of(period, site=grid.heading(f"site.{at}"), use=grid.heading(key)))
    return grid
