"""What holds for companies below the parent: they pay up what they have, and keep what they must. Section 13 of
docs/figures_capital.md, "Companies".
"""

from __future__ import annotations

from optimizer.case.case import Case
from optimizer.plan.audit.decided import FILE, Lines
from optimizer.plan.audit.files import Table
from optimizer.plan.audit.recompute.companies import companies_of
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.result import Collector, shown
from optimizer.plan.audit.rules import LARGE_USD_M, TOLERANCE_CASH

NOT_PLAIN = ("contracts", "contract_offers", "delivery", "flexibility")
"""Parts of a site whose money is not told apart by company."""


def check_owners(case: Case, file: str, collector: Collector) -> None:
    """Whose a site is, as far as figures rest on it. It is a fault of the case, whatever the plan is for."""
    owners: dict[str, str] = {}
    for name, company in case.finance.companies.items():
        for site_name in company.sites:
            collector.checks += 3
            site, owner = case.sites[site_name], owners.setdefault(site_name, name)
            if owner != name:
                collector.fault(file, None, "", f"{site_name} belongs to {owner} and to {name}")
            if site.share != 1:
                message = f"{site_name} belongs to company {name}, and the group has {shown(site.share)} of it"
                collector.fault(file, None, "", message)
            parts = [part for part in NOT_PLAIN if getattr(site, part)]
            parts += ["power.decides_on"] if site.power.decides_on is not None else []
            if parts:
                message = f"{site_name} belongs to company {name} and has {', '.join(parts)}: its power is to be plain"
                collector.fault(file, None, "", message)


def check_companies(figures: Figures, lines: Lines, table: Table | None, collector: Collector) -> None:
    """What is paid up was there before the period, and what has to stay is there at its end."""
    rows = {
        (line.cells.get("period"), line.cells.get("company")): line.number for line in (table.lines if table else ())
    }
    paid_up = {(each.item, each.at): lines[each] for each in figures.decisions.of("upstream")}
    for path in companies_of(figures):
        least = path.company.min_cash_usd_m
        for place, period in enumerate(figures.timeline.periods):
            collector.checks += 2
            upstream, before, closing = (float(each[place]) for each in (path.upstream, path.opening, path.closing))
            if upstream > 0 and upstream > before + _rounding(before):
                message = f"{path.name} pays up {shown(upstream)} USD m in {period.name}: it has {shown(before)} before"
                collector.breach(FILE, paid_up.get((path.name, period.start)), "amount", message)
            if closing < least - _rounding(least):
                message = f"{path.name} closes {period.name} with {shown(closing)} USD m, it keeps {shown(least)}"
                collector.breach("companies.csv", rows.get((period.name, path.name)), "closing_usd_m", message)


def _rounding(usd_m: float) -> float:
    """What of a company's cash is rounding, whichever rule it is held against."""
    return TOLERANCE_CASH * max(1.0, usd_m / LARGE_USD_M)
