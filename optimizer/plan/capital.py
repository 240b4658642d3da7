"""What a plan says of its capital: who pays, how much at most, until when without, what falls due, who is diluted.

``capital`` in summary.json, docs/figures_capital.md, section 18.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from models.tree import Bools, Floats
from optimizer.case.facilities import BtcLine, Convertible, CreditLine, ProjectLoan, SweepLoan
from optimizer.instance.finance import debt_payments
from optimizer.plan.books.cost import coin_costs
from optimizer.plan.books.statements import statements
from optimizer.plan.build import Plan
from optimizer.plan.sources_uses import drawn_tranches

TOLERANCE_USD_M = 1e-5
"""Ten dollars: what a solver's tolerances may leave of a limit."""
NOTHING_USD_M = 1e-9
PERIODS_OF_COST = 4
"""Of which the cost of a coin is told."""


def capital_answers(plan: Plan, status_quo: Plan | None) -> dict[str, Any]:
    """Answers as plain data, USD m unless the name says otherwise; periods by label, None where there is none.

    ``status_quo``: the plan with commitments only, if it was made.
    """
    tree, opening = plan.prepared.market.tree, plan.prepared.case.finance.opening
    bare = plan.states.cash_usd_m - brought_by_facilities(plan)
    need = plan.states.required_usd_m - bare
    peak = int(np.argmax(need > need.max() - TOLERANCE_USD_M))
    headroom = plan.states.cash_usd_m - plan.states.required_usd_m
    thin = int(np.argmax(headroom < headroom.min() + TOLERANCE_USD_M))
    options, warrants = _under_options(plan)
    return {
        "funded_by": funded_by(plan),
        "pays_out_loans_usd_m": sum(amount * tranche.taken_out_usd_m for tranche, amount in drawn_tranches(plan)),
        "peak_funding_need_usd_m": max(0.0, float(need.max())),
        "peak_funding_need_period": tree.label[peak] if need[peak] > TOLERANCE_USD_M else None,
        "runway_ends": runway_ends(plan),
        "runway_ends_status_quo": runway_ends(status_quo) if status_quo is not None else None,
        "has_status_quo": status_quo is not None,
        "horizon_ends": tree.label[-1],
        "thinnest_headroom_usd_m": float(headroom.min()),
        "thinnest_period": tree.label[thin],
        "maturities_usd_m": maturities(plan),
        "shares_m": opening.shares_m,
        "new_shares_m": plan.new_shares_m,
        "shares_under_convertibles_m": options,
        "warrants_m": warrants,
        "dilution": (plan.new_shares_m + options + warrants) / opening.shares_m,
        "value_usd_per_share": plan.value_usd_m / opening.shares_m,
        "cost_per_btc": _first_costs(plan),
    }


def brought_by_facilities(plan: Plan) -> Floats:
    """(N,) all that new money has brought until the end of each period, less what it has cost and what it traps."""
    tree, below = plan.prepared.market.tree, plan.instance.companies
    flow = plan.cash["equity_usd_m"].copy()
    for owed in plan.owed:
        if owed.kind != "debt":
            flow += owed.drawn - owed.interest - owed.principal - owed.above_par
            flow -= owed.fees + owed.capped_calls + owed.fixed_costs + owed.undrawn_fees
    if below is not None and plan.instance.tranches is not None:
        # What is lent to projects of companies below is their cash, not the parent's.
        option = plan.instance.tranches.option
        of_company: Bools = np.logical_or.reduce(below.option, axis=0)
        theirs = (option >= 0) & of_company[np.maximum(option, 0)]
        flow -= (plan.decisions.draw_usd_m * theirs) @ plan.instance.tranches.cash
    trapped = np.zeros(len(tree))
    for fence in plan.fences:
        # What a debt of the start traps is there with or without new money.
        is_theirs = below is not None and bool(below.option[:, fence.option].any())
        if not plan.prepared.options[fence.option].is_lease and not is_theirs:
            trapped += fence.trapped
    total: Floats = tree.reaches.T.astype(float) @ flow - trapped
    return total


def runway_ends(plan: Plan) -> str | None:
    """The first period at whose end cash without all new money is below the minimum; None if there is none."""
    bare = plan.states.cash_usd_m - brought_by_facilities(plan)
    short = np.flatnonzero(bare < plan.states.required_usd_m - TOLERANCE_USD_M)
    return plan.prepared.market.tree.label[int(short[0])] if len(short) else None


def funded_by(plan: Plan) -> dict[str, float]:
    """What each facility brings before fees, in cash drawn or raised: those that are used, in the order of the case."""
    drawn = {owed.name: float(owed.drawn.sum()) for owed in plan.owed if owed.kind != "debt"}
    for issue, amount in zip(plan.prepared.choices.issues, plan.decisions.issue_usd_m.tolist(), strict=True):
        drawn[issue.name] = drawn.get(issue.name, 0.0) + amount
    names = plan.prepared.case.finance.facilities
    return {name: drawn[name] for name in names if drawn.get(name, 0.0) > TOLERANCE_USD_M}


def maturities(plan: Plan) -> dict[str, float]:
    """Principal due by calendar year, also after the horizon.

    Debts and tranches by their schedules, but for what bonds pay out; of lines what is owed at the horizon, in the
    year in which they end.
    """
    start, finance = plan.prepared.market.start_month, plan.prepared.case.finance
    due: dict[int, float] = defaultdict(float)
    for debt in finance.debts.values():
        for payment in debt_payments(debt, start):
            due[_year(plan, payment.at)] += payment.principal_usd_m
    for tranche, amount in drawn_tranches(plan):
        for flow in tranche.flows:
            due[_year(plan, flow.at)] += amount * (flow.principal + flow.above_par)
        if tranche.bond is not None:
            due[_year(plan, tranche.last_payment)] -= amount * tranche.taken_out_usd_m
    for owed in plan.owed:
        terms = finance.facilities.get(owed.name)
        if isinstance(terms, CreditLine | BtcLine):
            due[_year(plan, terms.window.end.last - start - 1e-6)] += float(owed.closing[-1])
        elif isinstance(terms, SweepLoan):
            due[_year(plan, terms.matures.first - start)] += float(owed.closing[-1])
    return {str(key): due[key] for key in sorted(due) if due[key] > NOTHING_USD_M}


def _year(plan: Plan, at: float) -> int:
    """Calendar year of an instant, months after the start."""
    return int((plan.prepared.market.start_month + at + 1e-9) // 12)


def _under_options(plan: Plan) -> tuple[float, float]:
    """Shares under convertibles, and warrants of backstops, millions."""
    price = plan.prepared.case.finance.opening.share_price_usd
    convertibles = warrants = 0.0
    for tranche, amount in drawn_tranches(plan):
        if isinstance(tranche.terms, Convertible):
            convertibles += amount * tranche.shares_m(price)
        elif isinstance(tranche.terms, ProjectLoan):
            warrants += amount * tranche.shares_m(price)
    return convertibles, warrants


def _first_costs(plan: Plan) -> list[dict[str, Any]] | None:
    """What a coin brings and costs in the first periods with coins; None without books."""
    made = statements(plan)
    if made is None:
        return None
    labels = plan.prepared.market.tree.label
    found = [(label, cost) for label, cost in zip(labels, coin_costs(plan, made), strict=True) if cost.usd is not None]
    return [{"period": label, "btc": cost.btc, **(cost.usd or {})} for label, cost in found[:PERIODS_OF_COST]]
