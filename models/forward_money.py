"""Money without a solver: tranches, lines, ring-fences and breaches of limits that follow from decisions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.instance import Instance
from models.tree import Bools, Floats

if TYPE_CHECKING:
    from models.forward import Decisions, States


LOCK_TOLERANCE_USD_M = 1e-5
"""Ten dollars: a plan that is sized to pass the test passes it."""


@dataclass(frozen=True)
class Fenced:
    """What ring-fences come to. Shapes (J, N): ``locked_usd_m`` at the end of the node, ``locked_up``;
    ``trapped_usd_m`` (N,) all cash that is not the company's to spend, what debts of the start hold apart."""

    locked_usd_m: Floats
    locked_up: Bools
    trapped_usd_m: Floats


def tranche_cash(instance: Instance, decisions: Decisions) -> Floats:
    """(N,) drawn, less kept back, service, undrawn fees and fixed costs."""
    tranches = instance.tranches
    total = np.zeros(len(instance.tree))
    if tranches is None:
        return total
    total += decisions.draw_usd_m @ tranches.cash + decisions.commit_usd_m @ tranches.commit_cash
    drawn = decisions.draw_usd_m > 0
    np.subtract.at(total, tranches.node[drawn], tranches.fixed_cost_usd_m[drawn])
    return total


def line_owed(instance: Instance, decisions: Decisions) -> Floats:
    """(K, N) owed during and at the end of each node."""
    tree, lines = instance.tree, instance.lines
    if lines is None:
        return np.zeros((0, len(tree)))
    owed = np.zeros((len(lines.name), len(tree)))
    for n in range(len(tree)):
        parent = int(tree.parent[n])
        before = owed[:, parent] if parent >= 0 else 0.0
        owed[:, n] = before + decisions.line_draw[:, n] - decisions.line_repay[:, n]
    return owed


def line_undrawn(instance: Instance, decisions: Decisions) -> Floats:
    """(K, N) committed and not owed while a line is open."""
    lines = instance.lines
    if lines is None:
        return np.zeros((0, len(instance.tree)))
    idle = np.clip(decisions.line_commit[:, None] - line_owed(instance, decisions), 0.0, None)
    undrawn: Floats = np.where(lines.is_open & lines.committed[:, None], idle, 0.0)
    return undrawn


def line_costs(instance: Instance, decisions: Decisions) -> tuple[Floats, Floats]:
    """(K, N) fees on what is committed or drawn, and fees on what is committed and not owed."""
    lines = instance.lines
    fees = np.zeros((0, len(instance.tree)))
    if lines is None:
        return fees, fees
    fees = np.where(lines.committed[:, None], 0.0, lines.fee[:, None] * decisions.line_draw)
    for k in np.flatnonzero(lines.committed).tolist():
        fees[k, lines.commit_node[k]] = lines.fee[k] * decisions.line_commit[k]
    return fees, lines.undrawn * line_undrawn(instance, decisions)


def line_cash(instance: Instance, decisions: Decisions) -> Floats:
    """(N,) drawn less repaid, interest and fees."""
    lines = instance.lines
    if lines is None:
        return np.zeros(len(instance.tree))
    fees, idle = line_costs(instance, decisions)
    interest = lines.interest * line_owed(instance, decisions)
    total: Floats = (decisions.line_draw - decisions.line_repay - interest - fees - idle).sum(axis=0)
    return total


def fenced(instance: Instance, decisions: Decisions) -> Fenced:
    """What is held and locked up in ring-fences."""
    tree, fences, tranches = instance.tree, instance.fences, instance.tranches
    size, draws = len(tree), decisions.draw_usd_m
    held = draws @ tranches.held if tranches is not None else np.zeros(size)
    if fences is None:
        return Fenced(np.zeros((0, size)), np.zeros((0, size), dtype=bool), held)
    locked = np.zeros((len(fences.option), size))
    closed = np.zeros(locked.shape, dtype=bool)
    for j, o in enumerate(fences.option.tolist()):
        halls = float(decisions.halls[o])
        if halls == 0:
            continue
        own = np.where(tranches.option == o, draws, 0.0) if tranches is not None else np.zeros(0)
        service_12 = fences.fixed_service_12[j] + (own @ fences.service_12 if tranches is not None else 0.0)
        own_held = own @ tranches.held if tranches is not None else np.zeros(size)
        paid = own @ fences.service_paid if tranches is not None else np.zeros(size)
        before = np.where(tree.parent >= 0, own_held[tree.parent], 0.0)
        left = fences.available[j] * halls - fences.fixed_left[j] - paid - (own_held - before)
        covered = fences.available_12[j] * halls - fences.level[j] * service_12
        closed[j] = fences.tests[j] & (covered < -LOCK_TOLERANCE_USD_M) & (service_12 > 1e-9)
        for n in np.flatnonzero(closed[j]).tolist():
            parent = int(tree.parent[n])
            locked[j, n] = max(0.0, (locked[j, parent] if parent >= 0 else 0.0) + left[n])
    return Fenced(locked, closed, held + locked.sum(axis=0))


def money_value(instance: Instance, decisions: Decisions) -> float:
    """Net present value of tranches, lines and new shares: what financing costs today's holders."""
    value = 0.0
    tranches, lines = instance.tranches, instance.lines
    if tranches is not None:
        worth = tranches.value - tranches.charge(instance.intrinsic_to_market)
        value += float(worth @ decisions.draw_usd_m + tranches.commit_value @ decisions.commit_usd_m)
        value += float(tranches.fixed_value_usd_m @ (decisions.draw_usd_m > 0))
    if lines is not None:
        committed = lines.fee_value[np.arange(len(lines.name)), lines.commit_node]
        value -= float(np.where(lines.committed, committed, 0.0) @ decisions.line_commit)
        value -= float((np.where(lines.committed[:, None], 0.0, lines.fee_value) * decisions.line_draw).sum())
        value -= float((lines.undrawn_value * line_undrawn(instance, decisions)).sum())
    if instance.equity is not None:
        value += float(instance.equity.value_at(instance.intrinsic_to_market) @ decisions.issue_usd_m)
    return value


def gives_shares(instance: Instance, decisions: Decisions) -> bool:
    """Whether new holders are given what is worth what a share is worth: shares, options, warrants."""
    tranches = instance.tranches
    options = tranches is not None and bool((decisions.draw_usd_m[tranches.charge_depends] > 0).any())
    return options or bool(decisions.issue_usd_m.any())


def new_shares(instance: Instance, decisions: Decisions, *, with_options: bool) -> Floats:
    """(N,) shares issued so far, millions; with those under convertibles and warrants."""
    tree, total = instance.tree, np.zeros(len(instance.tree))
    if instance.equity is not None:
        issued = decisions.issue_usd_m / (instance.share_price_usd * (1 - instance.equity.cost))
        total += issued @ tree.reaches[instance.equity.node]
    if with_options and instance.tranches is not None:
        under = decisions.draw_usd_m * instance.tranches.shares_m
        total += under @ tree.reaches[instance.tranches.node]
    return total


def debt_owed(instance: Instance, decisions: Decisions) -> Floats:
    """(N,) principal outstanding of debts, tranches (preferred shares apart) and lines."""
    assert instance.covenants is not None
    total = instance.covenants.fixed_debt_usd_m + line_owed(instance, decisions).sum(axis=0)
    if instance.tranches is not None:
        total = total + np.where(instance.tranches.is_debt, decisions.draw_usd_m, 0.0) @ instance.tranches.owed
    return np.asarray(total)


@dataclass(frozen=True)
class Measured:
    """Both sides of a limit by node: ``used`` and ``allowed``; ``at_most``: whether used may not exceed allowed."""

    kind: str
    used: Floats
    allowed: Floats
    at_most: bool
    holds: Bools

    @property
    def breach(self) -> Floats:
        """(N,) by how much it is broken."""
        over = self.used - self.allowed if self.at_most else self.allowed - self.used
        broken: Floats = np.where(self.holds, np.clip(over, 0.0, None), 0.0)
        return broken


def measured(instance: Instance, decisions: Decisions, states: States) -> tuple[Measured, ...]:
    """Every limit of the instance as the decisions have it."""
    covenants = instance.covenants
    if covenants is None:
        return ()
    tranches, lines = instance.tranches, instance.lines
    cash, stock, price = states.cash_usd_m, states.btc_stock, covenants.btc_price_usd_m
    debt, nothing = debt_owed(instance, decisions), np.zeros(len(instance.tree))
    year = covenants.last_year @ states.ebitda_usd_m + covenants.ebitda_before_usd_m
    owed = line_owed(instance, decisions)
    undrawn = standing = nothing
    service, due = covenants.fixed_service_usd_m.copy(), covenants.fixed_due_usd_m.copy()
    pledged = nothing
    if lines is not None:
        idle = np.where(lines.counts_undrawn[:, None], line_undrawn(instance, decisions), 0.0)
        undrawn, standing = idle.sum(axis=0), np.where(lines.due > 0, 0.0, idle).sum(axis=0)
        service = service + (lines.interest * owed).sum(axis=0)
        due = due + (lines.due * owed).sum(axis=0)
        pledged = (lines.coins_per_usd_m * owed).sum(axis=0)
    if tranches is not None:
        service = service + np.where(tranches.is_debt, decisions.draw_usd_m, 0.0) @ tranches.service
        due = due + decisions.draw_usd_m @ tranches.due
    market = covenants.share_price_usd * (covenants.shares_m + new_shares(instance, decisions, with_options=False))
    worth = price * stock
    sides: dict[str, Callable[[float], tuple[Floats, Floats, bool]]] = {
        "min_cash_usd_m": lambda k: (cash, states.required_usd_m, False),
        "min_liquidity_usd_m": lambda k: (
            cash + price * (1 - covenants.btc_haircut) * (stock - pledged) + undrawn,
            np.full(len(cash), k),
            False,
        ),
        "net_debt_to_ebitda": lambda k: (debt - cash, k * np.clip(year, 0.0, None), True),
        "debt_service_coverage": lambda k: (year, k * (covenants.last_year @ service), False),
        "due_within_12_months": lambda k: (due, k * (cash + standing), True),
        "max_dilution": lambda k: (
            new_shares(instance, decisions, with_options=True) / covenants.shares_m,
            np.full(len(cash), k),
            True,
        ),
        "max_btc_share": lambda k: (worth, k * (cash + worth), True),
        "debt_to_capital": lambda k: (debt, k * (debt + market), True),
    }
    return tuple(Measured(c.kind, *sides[c.kind](c.limit), holds=c.holds) for c in covenants.limits)


def breaches_value(instance: Instance, limits: tuple[Measured, ...]) -> float:
    """What breaches of priced limits cost, positive."""
    if instance.covenants is None:
        return 0.0
    return sum(
        float(covenant.cost @ each.breach)
        for covenant, each in zip(instance.covenants.limits, limits, strict=True)
        if covenant.cost is not None
    )
