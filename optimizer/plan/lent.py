"""Plan decisions -> what is owed by debt and facility, and what ring-fences hold (``owed.Owed``, ``owed.Fence``)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from models.forward import Decisions, States
from models.forward_money import line_costs, line_owed
from models.instance import Instance
from models.tree import Floats
from optimizer.case.facilities import Convertible, EquityIssue, Facility, Line, SweepLoan
from optimizer.case.finance import Debt
from optimizer.instance.build import Prepared
from optimizer.instance.capital.arrays import undrawn_fee
from optimizer.instance.capital.fences import available_by_node, lock_up_level, scheduled
from optimizer.instance.capital.tranches import Tranche, by_node
from optimizer.instance.finance import debt_accrued, debt_due, debt_owed, debt_payments
from optimizer.market.calendar import node_at
from optimizer.plan.owed import Fence, Owed


@dataclass
class _Sums:
    """Arrays (N,) of one facility as they are added up."""

    size: int
    arrays: dict[str, Floats] = field(default_factory=dict)
    by_option: dict[int, Floats] = field(default_factory=dict)

    def add(self, name: str, amounts: Floats) -> None:
        self.arrays[name] = self[name] + amounts

    def __getitem__(self, name: str) -> Floats:
        return self.arrays.get(name, np.zeros(self.size))

    def owed(self, name: str, kind: str, opening: float = 0.0, accrued_opening: float = 0.0) -> Owed:
        return Owed(
            name=name,
            kind=kind,
            is_debt=kind != "preferred",
            opening_usd_m=opening,
            drawn=self["drawn"],
            capitalised=self["capitalised"],
            interest=self["interest"],
            principal=self["principal"],
            closing=self["closing"],
            accrued_opening_usd_m=accrued_opening,
            accrued=self["accrued"],
            unamortised=self["unamortised"],
            due=self["due"],
            fees=self["fees"],
            capped_calls=self["capped_calls"],
            fixed_costs=self["fixed_costs"],
            undrawn_fees=self["undrawn_fees"],
            above_par=self["above_par"],
            capitalised_by_option=self.by_option,
        )


def all_owed(prepared: Prepared, instance: Instance, decisions: Decisions) -> tuple[Owed, ...]:
    """Debts, then every facility but equity, in the order of the case."""
    case = prepared.case
    found = [_debt(prepared, name, debt) for name, debt in case.finance.debts.items()]
    lines = {line.name: k for k, line in enumerate(prepared.choices.money.lines)}
    for name, facility in case.finance.facilities.items():
        if isinstance(facility, EquityIssue):
            continue
        sums = _Sums(len(prepared.market.tree))
        if name in lines:
            _line(prepared, instance, decisions, lines[name], sums)
        else:
            _tranches(prepared, decisions, name, facility, sums)
        found.append(sums.owed(name, facility.kind))
    return tuple(found)


def _debt(prepared: Prepared, name: str, debt: Debt) -> Owed:
    market = prepared.market
    tree, start = market.tree, market.start_month
    ends = tree.start_months + tree.length_months
    sums = _Sums(len(tree))
    for payment in debt_payments(debt, start):
        here = node_at(tree, payment.at)
        sums.add("interest", np.where(here, payment.interest_usd_m, 0.0))
        sums.add("principal", np.where(here, payment.principal_usd_m, 0.0))
    sums.add("closing", debt_owed(debt, start, ends))
    sums.add("accrued", debt_accrued(debt, start, ends))
    sums.add("due", debt_due(debt, start, ends))
    return sums.owed(name, "debt", debt.principal_usd_m, float(debt_accrued(debt, start, np.zeros(1))[0]))


def _tranches(prepared: Prepared, decisions: Decisions, name: str, facility: Facility, sums: _Sums) -> None:
    market, money = prepared.market, prepared.choices.money
    tree = market.tree
    ends = tree.start_months + tree.length_months
    for d in np.flatnonzero(decisions.draw_usd_m).tolist():
        tranche, amount = money.tranches[d], float(decisions.draw_usd_m[d])
        if tranche.facility != name:
            continue
        follows = tree.reaches[tranche.node]
        for figure in ("drawn", "capitalised", "interest", "principal", "above_par"):
            moved = amount * by_node(market, tranche, tranche.table(figure))
            sums.add(figure, moved)
            if figure == "capitalised" and tranche.option >= 0:
                sums.by_option[tranche.option] = sums.by_option.get(tranche.option, np.zeros(len(tree))) + moved
        kept, capped = tranche.kept_back, 0.0
        if isinstance(facility, Convertible) and facility.capped_call is not None:
            capped = facility.capped_call.cost
        fees = by_node(market, tranche, tranche.table("kept_back"))
        sums.add("fees", amount * fees * ((kept - capped) / kept if kept else 0.0))
        sums.add("capped_calls", amount * fees * (capped / kept if kept else 0.0))
        sums.add("closing", np.where(follows, amount * tranche.owed_at(ends), 0.0))
        sums.add("accrued", np.where(follows, amount * tranche.accrued_at(ends), 0.0))
        sums.add("unamortised", np.where(follows, amount * (kept - capped) * tranche.unamortised_at(ends), 0.0))
        due = np.where(follows & (ends > tranche.decided), tranche.due_within(ends, 12.0), 0.0)
        sums.add("due", amount * due)
        if tranche.fixed_cost_usd_m:
            sums.add("fixed_costs", np.where(np.arange(len(tree)) == tranche.node, tranche.fixed_cost_usd_m, 0.0))
    for c, commitment in enumerate(money.commitments):
        if commitment.facility != name:
            continue
        paid, _ = undrawn_fee(market, commitment, commitment.node, commitment.decided)
        sums.add("undrawn_fees", float(decisions.commit_usd_m[c]) * paid)
        for d in np.flatnonzero(decisions.draw_usd_m).tolist():
            tranche = money.tranches[d]
            if tranche.facility == name and tree.reaches[commitment.node, tranche.node]:
                saved, _ = undrawn_fee(market, commitment, tranche.node, tranche.decided)
                sums.add("undrawn_fees", -float(decisions.draw_usd_m[d]) * saved)


def _line(prepared: Prepared, instance: Instance, decisions: Decisions, k: int, sums: _Sums) -> None:
    lines = instance.lines
    assert lines is not None
    owed = line_owed(instance, decisions)[k]
    fees, idle = line_costs(instance, decisions)
    terms = prepared.choices.money.lines[k].terms
    sums.add("drawn", decisions.line_draw[k])
    sums.add("principal", decisions.line_repay[k])
    sums.add("interest", lines.interest[k] * owed)
    sums.add("closing", owed)
    sums.add("fees", fees[k])
    sums.add("undrawn_fees", idle[k])
    sums.add("due", lines.due[k] * owed)
    # Fees of lines are written off evenly until the line ends; from where they are paid.
    tree = prepared.market.tree
    ends = tree.start_months + tree.length_months
    until = _ends(prepared, terms)
    for n in np.flatnonzero(fees[k]).tolist():
        begin = float(tree.start_months[n])
        left = np.clip((until - ends) / (until - begin), 0.0, 1.0) if until > begin else np.zeros(len(tree))
        sums.add("unamortised", np.where(tree.reaches[n], fees[k, n] * left, 0.0))


def _ends(prepared: Prepared, terms: Line) -> float:
    """Months after the start at which a line ends."""
    start = prepared.market.start_month
    return (terms.matures.first if isinstance(terms, SweepLoan) else terms.window.end.last) - start


def all_fences(prepared: Prepared, instance: Instance, decisions: Decisions, states: States) -> tuple[Fence, ...]:
    """Ring-fences of leases with project debt, then of signatures with project finance, in time."""
    market, money, case = prepared.market, prepared.choices.money, prepared.case
    tree = market.tree
    ends = tree.start_months + tree.length_months
    found = []
    order = sorted(
        range(len(prepared.options)),
        key=lambda o: (not prepared.options[o].is_lease, prepared.options[o].flows.signed, o),
    )
    for o in order:
        option = prepared.options[o]
        halls = float(decisions.halls[o])
        drawn = [d for d in np.flatnonzero(decisions.draw_usd_m).tolist() if money.tranches[d].option == o]
        debts = [debt for debt in money.project_debts if debt.option == o]
        if halls == 0 or not (drawn or debts):
            continue
        here, year = available_by_node(market, option, option.node)
        service = sum((debt.service for debt in debts), start=np.zeros(len(tree)))
        service_12 = sum((debt.service_12 for debt in debts), start=np.zeros(len(tree)))
        reserve = sum((debt.reserve for debt in debts), start=np.zeros(len(tree)))
        aside = sum((debt.set_aside for debt in debts), start=np.zeros(len(tree)))
        for d in drawn:
            tranche, amount = money.tranches[d], float(decisions.draw_usd_m[d])
            paid, paid_12 = scheduled(market, tranche)
            service, service_12 = service + amount * paid, service_12 + amount * paid_12
            built = _holds(tranche, tree.reaches[tranche.node], ends)
            months = getattr(tranche.terms, "reserve_months", 0)
            reserve = reserve + np.where(built, amount * tranche.due_within(ends, months, scheduled=True), 0.0)
            aside = aside + np.where(built, amount * tranche.set_aside_at(ends), 0.0)
        locked, closed = np.zeros(len(tree)), np.zeros(len(tree), dtype=bool)
        if instance.fences is not None and o in instance.fences.option:
            j = int(np.flatnonzero(instance.fences.option == o)[0])
            locked, closed = states.fenced.locked_usd_m[j], states.fenced.locked_up[j]
        tested = service_12 > 1e-9
        dscr = np.divide(halls * year, service_12, out=np.full(len(tree), np.nan), where=tested)
        level = lock_up_level(case, option, money.project_debts, o)
        found.append(Fence(o, option.offer_name, halls * here, service, dscr, reserve, aside, locked, closed, level))
    return tuple(found)


def _holds(tranche: Tranche, follows: np.ndarray, ends: Floats) -> np.ndarray:
    """(N,) whether a tranche keeps anything for its service at the end of a node."""
    built: np.ndarray = follows & (ends >= tranche.flows[0].at - 1e-9) & (ends >= tranche.completed - 1e-9)
    return built
