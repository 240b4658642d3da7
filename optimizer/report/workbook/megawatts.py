"""Megawatts by use and site, as formulas over the allocation."""

from __future__ import annotations

from optimizer.report.workbook.facts import Facts
from optimizer.report.workbook.grid import NAMED, Grid, Line
from optimizer.report.workbook.periods import Period
from optimizer.report.workbook.tables import NameCell, first_seen
from optimizer.report.workbook.term import Term
from optimizer.report.workbook.words import spoken

SHEET = "Megawatts"
USES = ("mining", "hosting", "free")


def megawatts_statement(facts: Facts) -> Grid | None:
    """Mean megawatts by use over all sites: machines, each tenant, free; and by site. None without any."""
    table = facts.tables["allocation"]
    if not table:
        return None
    uses = list(zip(table.column("use"), table.column("item"), strict=True))
    tenants = first_seen(item for use, item in uses if use == "hosting")
    sites = first_seen(table.column("site"))
    how = "allocation: meter MW"
    lines = [Line("mining", "Mining", "MW", how)]
    lines += [Line(f"tenant.{at}", spoken(name), "MW", how, names=(name,)) for at, name in enumerate(tenants)]
    lines += [Line("free", "Free", "MW", how), Line("all", "Energised", "MW", "sum", "total")]
    for at, site in enumerate(sites):
        lines.append(Line(f"site.{at}", spoken(site), unit="", style="heading", names=(site,)))
        lines += [Line(f"site.{at}.{use}", use.capitalize(), "MW", how) for use in USES]
    grid = Grid(SHEET, "Mean megawatts at the meter by use.", facts.periods, lines, NAMED)

    def of(period: Period, **names: NameCell) -> Term:
        return table.of_name("meter_mw", period, **names)

    for period in facts.periods:
        n = period.number
        grid.put("mining", n, of(period, use=_use("mining")))
        for at, _ in enumerate(tenants):
            key = f"tenant.{at}"
            grid.put(key, n, of(period, use=_use("hosting"), item=grid.named(key)))
        grid.put("free", n, of(period, use=_use("free")))
        grid.put("all", n, grid.down("mining", "free", n))
        for at, _ in enumerate(sites):
            for use in USES:
                key = f"site.{at}.{use}"
                grid.put(key, n, of(period, site=grid.named(f"site.{at}"), use=_use(use)))
    return grid


def _use(use: str) -> NameCell:
    """A use is a word of ours, and stands in the formula itself."""
    return NameCell(f'"{use}"', use)
