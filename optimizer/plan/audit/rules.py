"""What a plan may not do, whatever it decides: what the case may not say, and limits on megawatts and cash."""

from __future__ import annotations

from optimizer.plan.audit.files import Table
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.tables import Tables
from optimizer.plan.audit.result import Collector, shown

TOLERANCE_MW = 1e-5
TOLERANCE_CASH = 1e-5
"""USD m."""


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
    for loan in figures.loans:
        collector.checks += 1
        if loan.name in case.finance.debts:
            collector.fault(file, None, "", f"{loan.name} is the name of a debt and of a loan")
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
        closing, minimum = float(recomputed.cash.closing[place]), float(recomputed.cash.minimum[place])
        if closing < minimum - TOLERANCE_CASH:
            message = f"cash closes at {shown(closing)}, the minimum is {shown(minimum)} in {period.name}"
            collector.breach("limits.csv", rows.get((period.name, "min_cash", "")), "headroom", message)
