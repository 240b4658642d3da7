"""What a plan may not do, whatever it decides: what the case may not say, and limits on megawatts and money."""

from __future__ import annotations

from optimizer.case.covenants import as_limit
from optimizer.plan.audit.files import Table
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.tables import Tables
from optimizer.plan.audit.result import Collector, shown

TOLERANCE_MW = 1e-5
TOLERANCE_CASH = 1e-5
"""USD m."""
LARGE_USD_M = 1000.0
"""Of what is larger the tolerance is a share."""


def check_case(figures: Figures, file: str, collector: Collector) -> None:
    """What the case itself may not say, as far as figures rest on it. It is a fault whatever the plan is for."""
    case = figures.case
    for name, lease in case.leases.items():
        collector.checks += 2
        if name in case.offers:
            collector.fault(file, None, "", f"{name} is the name of a lease and of an offer")
        share = case.sites[lease.site].share
        if share != 1:
            message = f"lease {name} is at {lease.site}, of which the company has {shown(share)}: it needs a whole site"
            collector.fault(file, None, "", message)
    for name in case.finance.facilities:
        collector.checks += 1
        if name in case.finance.debts:
            collector.fault(file, None, "", f"{name} is the name of a debt and of a loan")
    for name, offer in case.offers.items():
        collector.checks += 1
        design = None if offer.design is None else case.hall_designs.get(offer.design)
        if design is not None and (offer.uptime_nines or 0) > design.uptime_nines:
            message = f"offer {name} promises {offer.uptime_nines} nines, its design {offer.design} has"
            collector.fault(file, None, "", f"{message} {design.uptime_nines}")


def check_headroom(figures: Figures, recomputed: Tables, limits: Table | None, collector: Collector) -> None:
    """Megawatts at every instant, and cash at the end of every period, from the recomputed figures."""
    rows = {
        (line.cells.get("period"), line.cells.get("limit"), line.cells.get("item")): line.number
        for line in (limits.lines if limits else ())
    }
    for place, period in enumerate(figures.timeline.periods):
        for each in recomputed.megawatts[place]:
            collector.checks += 1
            if each.headroom < -TOLERANCE_MW:
                message = f"{each.limit} of {each.site}: {shown(each.used)} MW used, {shown(each.allowed)} MW allowed"
                row = rows.get((period.name, each.limit, each.site))
                collector.breach("limits.csv", row, "headroom", f"{message} in {period.name}")
        collector.checks += 1
        for covenant in recomputed.covenants:
            collector.checks += 1
            if not covenant.holds[place]:
                continue
            used, allowed = float(covenant.used[place]), float(covenant.allowed[place])
            least = -TOLERANCE_CASH * max(1.0, abs(allowed) / LARGE_USD_M)
            if covenant.priced is None and covenant.headroom[place] < least:
                message = f"{covenant.name} is {shown(used)}, which may not be {'below' if covenant.least else 'above'}"
                if covenant.name == "min_cash":
                    message = f"cash closes at {shown(used)}, the minimum is"
                row = rows.get((period.name, covenant.name, ""))
                collector.breach("limits.csv", row, "headroom", f"{message} {shown(allowed)} in {period.name}")
    _check_committed(figures, recomputed, collector)


def _check_committed(figures: Figures, recomputed: Tables, collector: Collector) -> None:
    """What is committed after the horizon is there at the end, whatever it costs to have less than the minimum."""
    limit = as_limit(figures.case.finance.limits.min_cash_usd_m)
    closing, committed = float(recomputed.cash.closing[-1]), float(recomputed.cash.minimum[-1]) - limit.limit
    collector.checks += 1
    if limit.priced is not None and committed > TOLERANCE_CASH and closing < committed - TOLERANCE_CASH:
        message = f"cash closes at {shown(closing)}, {shown(committed)} are committed after the horizon"
        collector.breach("limits.csv", None, "headroom", message)
