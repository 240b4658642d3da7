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

LEAST_USD_M = 5e-4
"""What is less is not told."""


@dataclass(frozen=True)
class PowerInsight:
    """One site."""

    site: str
    foresight_is_worth_usd_m: float | None
    """What machines would earn more if the prices that are paid were known beforehand; None where they are taken to be
    known (the site decides on no other price): then foresight within the hour is in the plan's value."""
    ignoring_resale_costs_usd_m: float | None
    """What is lost by running machines by the price at which a contract bills its MWh, instead of by what a MWh is
    worth unused (what it sells for; nothing, where it is paid anyway and not sold); None without such contracts."""
    peak_charges_avoided_usd_m: float | None
    """Charges on peaks that machines avoid by standing still, as they would be billed; None without such charges. What
    they would have mined in these hours is not taken off."""
    halls_cannot_avoid_usd_m: float | None
    """The part of halls' charges that falls in candidate hours, which machines would have avoided: as billed, to the
    end of their contracts, whoever pays it."""
    tenants_pay_it: bool = False
    """Whether tenants pay all of that."""


def power_insights(plan: Plan) -> list[PowerInsight]:
    """Of every site that has something to say."""
    prepared = plan.prepared
    found = []
    for s, (name, site) in enumerate(prepared.case.sites.items()):
        signed = any(row["decision"] == "contract" and row["site"] == name for row in plan.tables["decisions"].dicts())
        supplied = bool(physical_contracts(site)) or signed
        foresight = resale = avoided = lost = None
        passed_on = False
        if site.power.decides_on is not None or supplied:
            seen, blind = prepared.redispatch.other_ways(s, plan.decisions, plan.states.installed_eh_s)
            foresight = seen if site.power.decides_on is not None else None
            resale = blind if supplied else None
        rules = {key: rule for key, rule in site.delivery.items() if isinstance(rule, CoincidentPeak)}
        if rules:
            avoided = sum(
                float(prepared.redispatch.due.values(s, key, plan.months.charges[s, key].avoided).sum())
                for key in rules
                if (s, key) in plan.months.charges
            )
            lost, passed_on = 0.0, True
            for offer in plan.signed:
                if offer.option.site != s:
                    continue
                passed_on &= bool(offer.option.flows.delivery_recovered.any())
                for key, rule in rules.items():
                    paid = offer.halls * offer.option.flows.charges_paid[key]
                    weight = month_factors(prepared.case.discount.mining, np.arange(len(paid)))
                    lost += float((paid * weight).sum()) * rule.success
        if any(figure is not None for figure in (foresight, resale, avoided)):
            found.append(PowerInsight(name, foresight, resale, avoided, lost, passed_on and bool(lost)))
    return found


def insight_lines(insights: list[PowerInsight]) -> list[str]:
    """In words, for what is above 500 dollars."""
    lines = []
    for each in insights:
        if each.foresight_is_worth_usd_m is not None and abs(each.foresight_is_worth_usd_m) > LEAST_USD_M:
            worth = _usd_m(each.foresight_is_worth_usd_m)
            lines.append(f"{each.site}: knowing the prices that are paid beforehand would be worth {worth} more")
        if each.ignoring_resale_costs_usd_m is not None and each.ignoring_resale_costs_usd_m > LEAST_USD_M:
            cost = _usd_m(each.ignoring_resale_costs_usd_m)
            lines.append(
                f"{each.site}: running by the contract's price instead of what its MWh are worth would cost {cost}"
            )
        if each.peak_charges_avoided_usd_m is not None and each.peak_charges_avoided_usd_m > LEAST_USD_M:
            avoided = _usd_m(each.peak_charges_avoided_usd_m)
            lines.append(f"{each.site}: machines avoid {avoided} of peak charges by standing still")
        if each.halls_cannot_avoid_usd_m is not None and each.halls_cannot_avoid_usd_m > LEAST_USD_M:
            lost = _usd_m(each.halls_cannot_avoid_usd_m)
            who = "; their tenants pay it" if each.tenants_pay_it else ""
            lines.append(f"{each.site}: halls cannot avoid {lost} of peak charges that machines would avoid{who}")
    return lines


def _usd_m(amount: float) -> str:
    return f"${amount:,.1f}M" if abs(amount) >= 0.05 else f"${amount * 1000:,.1f}k"
