"""Measures of a plan: what a reader wants first. All from the plan's own tables of states, nothing solved here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.tree import Floats
from optimizer.plan.build import Plan


@dataclass(frozen=True)
class Measures:
    """USD millions unless the name says otherwise; periods by label."""

    value_usd_m: float
    value_usd_per_share: float
    value_at_wacc_usd_m: float | None
    beyond_horizon_usd_m: float
    """Part of the value that lies after the horizon."""
    peak_funding_usd_m: float
    """Most that the plan has eaten up by the end of a period: cash of the start that is gone, and new money less what
    of it is repaid."""
    peak_funding_period: str
    new_loans_usd_m: float
    new_equity_usd_m: float
    thinnest_headroom_usd_m: float
    """Least distance of cash from what is required."""
    thinnest_period: str
    """The first one, of those within a dollar."""
    periods_at_thinnest: int
    """How many they are."""
    peak_debt_usd_m: float
    """Debts and loans together, at the end of a period."""
    peak_debt_period: str
    capex_usd_m: float
    it_mw_signed: float
    new_shares_m: float
    """Sold; what they and options come to of today's shares is ``dilution`` of ``plan.capital``."""
    peak_net_debt_to_ebitda: float | None
    """Largest ratio of net debt to EBITDA of the last four quarters, over the ends of full years; None without debt
    or while EBITDA is not positive."""


def measure(plan: Plan) -> Measures:
    """The measures of a plan."""
    tree = plan.prepared.market.tree
    states, finance = plan.states, plan.prepared.case.finance
    closing = states.cash_usd_m
    new_money = np.cumsum(plan.cash["drawn_usd_m"] + plan.cash["equity_usd_m"] - _repaid(plan))
    funded = finance.opening.cash_usd_m - closing + new_money
    peak = int(np.argmax(funded))
    headroom = closing - states.required_usd_m
    thinnest = headroom < headroom.min() + 2e-5
    thin = int(np.argmax(thinnest))
    debt = _debt(plan)
    indebted = int(np.argmax(debt))
    total = list(plan.tables["value"].dicts())[-1]
    beyond, at_wacc = total["beyond_horizon_usd_m"], total["at_wacc_usd_m"]
    return Measures(
        value_usd_m=states.value_usd_m,
        value_usd_per_share=states.value_usd_m / finance.opening.shares_m,
        value_at_wacc_usd_m=float(at_wacc) if at_wacc is not None else None,
        beyond_horizon_usd_m=float(beyond or 0.0),
        peak_funding_usd_m=max(0.0, float(funded[peak])),
        peak_funding_period=tree.label[peak],
        new_loans_usd_m=float(plan.cash["drawn_usd_m"].sum()),
        new_equity_usd_m=float(plan.cash["equity_usd_m"].sum()),
        thinnest_headroom_usd_m=float(headroom[thin]),
        thinnest_period=tree.label[thin],
        periods_at_thinnest=int(thinnest.sum()),
        peak_debt_usd_m=float(debt[indebted]),
        peak_debt_period=tree.label[indebted],
        capex_usd_m=sum(offer.total_capex for offer in plan.signed),
        it_mw_signed=sum(offer.halls * offer.option.hall_mw_it for offer in plan.signed if not offer.option.is_lease),
        new_shares_m=plan.new_shares_m,
        peak_net_debt_to_ebitda=_peak_leverage(plan),
    )


def ebitda(plan: Plan) -> Floats:
    """(N,) mining margin, contracts, reserves, delivery and NOI of hosting, less the fixed cost of sites and SG&A."""
    names = (
        "mining_margin_usd_m", "contracts_usd_m", "flexibility_usd_m", "delivery_usd_m", "builds_operating_usd_m",
        "hosting_rent_usd_m", "hosting_operating_cost_usd_m", "hosting_power_usd_m", "power_recovered_usd_m",
        "hosting_delivery_usd_m", "delivery_recovered_usd_m", "site_cost_usd_m", "sga_usd_m",
    )  # fmt: skip
    return sum((plan.cash[name] for name in names), start=np.zeros(len(plan.prepared.market.tree)))


def _debt(plan: Plan) -> Floats:
    """(N,) debts and loans at the end of each period."""
    owed = [each.closing for each in plan.owed if each.is_debt]
    return sum(owed, start=np.zeros(len(plan.prepared.market.tree)))


def _repaid(plan: Plan) -> Floats:
    """(N,) principal of new loans that is repaid."""
    new = [owed for owed in plan.owed if owed.kind != "debt"]
    return sum((owed.principal for owed in new), start=np.zeros(len(plan.prepared.market.tree)))


def _peak_leverage(plan: Plan) -> float | None:
    """Over the nodes that end a full year since the start."""
    tree, debt = plan.prepared.market.tree, _debt(plan)
    if not debt.any():
        return None
    earned, worst = ebitda(plan), None
    ends = tree.start_months + tree.length_months
    for n in range(len(tree)):
        year = tree.reaches[:, n] & (ends > ends[n] - 12 + 1e-9)
        if abs(float(tree.length_months[year].sum()) - 12) < 1e-9 and float(earned[year].sum()) > 0:
            ratio = float((debt[n] - plan.states.cash_usd_m[n]) / earned[year].sum())
            worst = ratio if worst is None else max(worst, ratio)
    return worst
