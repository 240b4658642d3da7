"""Shares that are issued. Section 9 of docs/figures.md."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.case.case import Case
from optimizer.case.facilities import EquityIssue
from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.timeline import instant_factor


@dataclass(frozen=True)
class Issue:
    """USD m raised at the first instant of the month ``at``, at a cost that is a share of the market price. shares_m:
    new ones, millions."""

    at: int
    usd_m: float
    cost: float
    shares_m: float

    def value(self, intrinsic_to_market: float, corporate: float, start: int) -> float:
        """NPV for today's holders, USD m."""
        lost = intrinsic_to_market / (1 - self.cost) - 1
        return -self.usd_m * lost * instant_factor(corporate, self.at - start)


def issues_of(case: Case, decisions: Decisions) -> tuple[Issue, ...]:
    """All shares that are issued, in time."""
    found: list[Issue] = []
    price = case.finance.opening.share_price_usd
    for each in decisions.of("issue"):
        facility = case.finance.facilities[each.item]
        if isinstance(facility, EquityIssue):
            new = each.amount / (price * (1 - facility.cost))
            found.append(Issue(each.at, each.amount, facility.cost, new))
    return tuple(found)
