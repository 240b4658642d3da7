"""What a plan's power is worth beyond its settlements: foresight, resale, and avoidance that halls cannot do.

Present value in USD m by site, of the plan as it stands; nothing here changes the plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.case.delivery import CoincidentPeak
from optimizer.market.calendar import month_factors
from optimizer.operations.parts import physical_contracts
from optimizer.plan.build import Plan

LEAST_USD_M = 5e-7


@dataclass(frozen=True)
class PowerInsight:
    """One site."""

    site: str
    foresight_is_worth_usd_m: float | None
    """What machines would earn more if the prices that are paid were known beforehand; None where they are taken to be
    known (the site decides on no other price): then foresight within the hour is in the plan's value."""
    ignoring_resale_costs_usd_m: float | None
    """What is lost by running machines whenever they earn more than the contract's price, although its MWh could be
    sold; None without contracts that deliver."""
    peak_charges_avoided_usd_m: float | None
    """Charges on peaks that machines avoid by standing still; None without such charges."""
    halls_cannot_avoid_usd_m: float | None
    """Charges in the hours in which machines would have stood still, on the load of halls (whoever pays them)."""


def power_insights(plan: Plan) -> list[PowerInsight]:
    """Of every site that has something to say."""
    prepared = plan.prepared
    cells, factor = prepared.market.cells, prepared.redispatch.factor
    found = []
    for s, (name, site) in enumerate(prepared.case.sites.items()):
        signed = any(row["decision"] == "contract" and row["site"] == name for row in plan.tables["decisions"].dicts())
        supplied = bool(physical_contracts(site)) or signed
        foresight = resale = avoided = lost = None
        if site.power.decides_on is not None or supplied:
            seen, blind = prepared.redispatch.other_ways(s, plan.decisions, plan.states.installed_eh_s)
            foresight = seen if site.power.decides_on is not None else None
            resale = blind if supplied else None
        rules = {key: rule for key, rule in site.delivery.items() if isinstance(rule, CoincidentPeak)}
        if rules:
            charges = [plan.months.charges[s, key] for key in rules if (s, key) in plan.months.charges]
            avoided = sum(float((charge.avoided * factor).sum()) for charge in charges)
            lost = 0.0
            for offer in plan.signed:
                if offer.option.site != s:
                    continue
                for key, rule in rules.items():
                    accrued = offer.halls * offer.option.flows.charges_accrued[key]
                    months = np.unique(cells.month[~cells.in_tail])
                    weight = month_factors(prepared.case.discount.mining, months)
                    lost += float((accrued[months] * weight).sum()) * rule.success
        if any(figure is not None for figure in (foresight, resale, avoided)):
            found.append(PowerInsight(name, foresight, resale, avoided, lost))
    return found


def insight_lines(insights: list[PowerInsight]) -> list[str]:
    """In words, for what is above a dollar."""
    lines = []
    for each in insights:
        if each.foresight_is_worth_usd_m is not None:
            worth = _usd_m(each.foresight_is_worth_usd_m)
            lines.append(f"{each.site}: knowing the prices that are paid beforehand would be worth {worth} more")
        if each.ignoring_resale_costs_usd_m is not None and each.ignoring_resale_costs_usd_m > LEAST_USD_M:
            cost = _usd_m(each.ignoring_resale_costs_usd_m)
            lines.append(f"{each.site}: running by the contract's price instead of its resale value would cost {cost}")
        if each.peak_charges_avoided_usd_m:
            avoided = _usd_m(each.peak_charges_avoided_usd_m)
            lines.append(f"{each.site}: machines avoid {avoided} of peak charges by standing still")
        if each.halls_cannot_avoid_usd_m:
            lost = _usd_m(each.halls_cannot_avoid_usd_m)
            lines.append(f"{each.site}: halls cannot avoid {lost} of peak charges that machines would have avoided")
    return lines


def _usd_m(amount: float) -> str:
    return f"${amount:,.1f}M" if abs(amount) >= 0.05 else f"${amount * 1000:,.1f}k"
