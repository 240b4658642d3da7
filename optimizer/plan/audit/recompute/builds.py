"""What is built at the sites, and what that costs. Section 5 of docs/figures.md, "Builds"."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from optimizer.case.case import Case
from optimizer.plan.audit.recompute.blocks import Block
from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.timeline import Array, Timeline, instant_factor, mean_factors


@dataclass(frozen=True, eq=False)
class Built:
    """What one decision builds; money is the company's share, USD m, costs positive.

    cost: (M,) by month from the start of the plan to the end of the horizon or of the works. at_once: paid ``after``
    months, in the moment of the decision. operating: (N,) by planned month. energised, mining_shell: meter MW in use.
    """

    site: str
    cost: Array
    at_once: float
    after: int
    operating: Array
    energised: Block
    mining_shell: Block

    @property
    def total(self) -> float:
        """Cost in all."""
        return self.at_once + float(self.cost.sum())

    def cost_within(self, months: int) -> Array:
        """Cost by planned month, (N,), with what is paid at once."""
        cost = self.cost[:months].copy()
        cost[self.after] += self.at_once
        return cost

    def cost_after(self, months: int) -> float:
        """Cost that falls after the first ``months`` months."""
        return float(self.cost[months:].sum())

    def value(self, mining: float, corporate: float) -> tuple[float, float]:
        """Present value within and beyond the horizon at the rates of mining (works) and of overheads (running)."""
        months = len(self.operating)
        discounted = self.cost * mean_factors(mining, len(self.cost))
        within = float(discounted[:months].sum()) + self.at_once * instant_factor(mining, self.after)
        running = float(self.operating @ mean_factors(corporate, months))
        return -within - running, -float(discounted[months:].sum())


def builds_of(case: Case, timeline: Timeline, decisions: Decisions) -> tuple[Built, ...]:
    """All builds, in time."""
    found: list[Built] = []
    for each in decisions.of("build"):
        site = case.sites[each.site]
        terms, after = site.builds[each.item], each.at - timeline.start
        cost = np.zeros(max(timeline.months, after + terms.lead))
        total = each.amount * terms.cost_usd_m * site.share
        cost[after : after + terms.lead] = total / max(terms.lead, 1)
        operating = np.zeros(timeline.months)
        operating[after + terms.lead :] = each.amount * terms.operating_cost_usd_m_per_year / 12 * site.share
        ready = each.at + terms.lead
        found.append(
            Built(
                site=each.site,
                cost=cost,
                at_once=0.0 if terms.lead else total,
                after=after,
                operating=operating,
                energised=Block(ready, math.inf, each.amount * terms.energised_mw),
                mining_shell=Block(ready, math.inf, each.amount * terms.mining_shell_mw),
            )
        )
    return tuple(found)
