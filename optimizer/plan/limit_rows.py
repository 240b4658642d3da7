"""Rows of limits.csv that are about money: covenants, facilities, pledged coins, lock-ups."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from models.forward_money import line_owed
from optimizer.case.facilities import BtcLine, Convertible, EquityIssue, Facility, Line, TermLoan
from optimizer.plan.build import Plan
from optimizer.plan.table import Cell


def covenant_rows(plan: Plan, node: int) -> Iterator[tuple[Cell, ...]]:
    """(limit, item, used, allowed, headroom, unit) of the case's limits where they hold; that on cash first."""
    for limit in plan.states.limits:
        if not limit.holds[node]:
            continue
        used, allowed = float(limit.used[node]), float(limit.allowed[node])
        headroom = allowed - used if limit.at_most else used - allowed
        unit = "share" if limit.kind == "max_dilution" else "usd_m"
        yield limit.kind.removesuffix("_usd_m"), "", used, allowed, headroom, unit


def money_rows(plan: Plan, node: int) -> Iterator[tuple[Cell, ...]]:
    """(limit, item, used, allowed, headroom, unit) of facilities, then pledged coins, then lock-ups."""
    for name, facility in plan.prepared.case.finance.facilities.items():
        used, allowed = _facility(plan, name, facility, node)
        yield "facility", name, used, allowed, allowed - used, "usd_m"
    case = plan.prepared.case
    if any(isinstance(facility, BtcLine) for facility in case.finance.facilities.values()):
        parent = int(plan.prepared.market.tree.parent[node])
        opening = plan.prepared.open.treasury.opening_btc if plan.prepared.open.treasury is not None else 0.0
        before = float(plan.states.btc_stock[parent]) if parent >= 0 else opening
        there = before - float(plan.states.btc_sold_from_stock[node])
        lines, owed = plan.instance.lines, line_owed(plan.instance, plan.decisions)
        open_lines = [line.name for line in plan.prepared.choices.money.lines]
        for name, facility in case.finance.facilities.items():
            if isinstance(facility, BtcLine):
                pledged = 0.0
                if lines is not None and name in open_lines:
                    k = open_lines.index(name)
                    pledged = float(lines.coins_per_usd_m[k, node] * owed[k, node])
                yield "btc_pledged", name, pledged, there, there - pledged, "btc"
    for fence in plan.fences:
        dscr = float(fence.dscr[node])
        if fence.level > 0 and not np.isnan(dscr):
            yield "lock_up", fence.name, dscr, fence.level, dscr - fence.level, "times"


def _facility(plan: Plan, name: str, facility: Facility, node: int) -> tuple[float, float]:
    """(drawn, issued or owed, allowed) of a facility at the end of a node."""
    prepared, decisions = plan.prepared, plan.decisions
    reaches = prepared.market.tree.reaches
    if isinstance(facility, EquityIssue):
        issues = [
            (i.node, float(decisions.issue_usd_m[e])) for e, i in enumerate(prepared.choices.issues) if i.name == name
        ]
        return sum(amount for step, amount in issues if reaches[step, node]), facility.limit_usd_m
    if isinstance(facility, Line):
        lines = [line.name for line in prepared.choices.money.lines]
        if name not in lines:
            return 0.0, 0.0 if facility.kind != "sweep_loan" else facility.limit_usd_m
        k = lines.index(name)
        if facility.kind == "sweep_loan":
            return float(decisions.line_draw[k][reaches[:, node]].sum()), facility.limit_usd_m
        committed = float(decisions.line_commit[k]) if prepared.choices.money.lines[k].is_open[node] else 0.0
        return float(line_owed(plan.instance, decisions)[k, node]), committed
    drawn = sum(
        float(decisions.draw_usd_m[d])
        for d, tranche in enumerate(prepared.choices.money.tranches)
        if tranche.facility == name and reaches[tranche.node, node]
    )
    return drawn, _allowed(plan, facility, node)


def _allowed(plan: Plan, facility: Facility, node: int) -> float:
    opening = plan.prepared.case.finance.opening
    allowed = facility.limit_usd_m
    if isinstance(facility, Convertible) and facility.market_cap_share is not None:
        allowed = min(allowed, facility.market_cap_share * opening.shares_m * opening.share_price_usd)
    if isinstance(facility, TermLoan) and facility.loan_to_cost is not None:
        allowed = min(allowed, facility.loan_to_cost * _cost_so_far(plan, facility, node))
    return allowed


def _cost_so_far(plan: Plan, facility: TermLoan, node: int) -> float:
    """Capex of signatures and price of machines ordered so far that count for a loan-to-cost."""
    prepared, reaches = plan.prepared, plan.prepared.market.tree.reaches
    any_offer = not facility.for_offers and not facility.for_machines
    cost = sum(
        offer.halls * offer.option.flows.financed_capex
        for offer in plan.signed
        if not offer.option.is_lease
        and reaches[offer.option.node, node]
        and (any_offer or offer.option.offer_name in facility.for_offers)
    )
    trade = prepared.open.trade
    if trade is not None and facility.for_machines:
        for c, lot in enumerate(prepared.choices.lots):
            if lot.order_node >= 0 and lot.machine in facility.for_machines and reaches[lot.order_node, node]:
                cost += float(trade.order_cost_usd_m_per_eh[c] * plan.decisions.order_eh[c])
    return cost
