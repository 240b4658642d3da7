"""Ring-fences: project debt of signatures and leases, what it holds, and when distributions are locked up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from models.capital import RingFences
from models.tree import Floats
from optimizer.case.case import Case
from optimizer.case.facilities import ProjectBond, ProjectLoan
from optimizer.instance.capital.tranches import Tranche, available_between, by_node
from optimizer.instance.finance import debt_payments
from optimizer.instance.hosting import Option
from optimizer.instance.kept import written
from optimizer.market.calendar import node_at
from optimizer.market.market import Market


@dataclass(frozen=True)
class ProjectDebtTerms:
    """A debt of the start that is ring-fenced with a lease. Arrays (N,)."""

    name: str
    option: int
    level: float
    service: Floats
    """Paid, from completion on."""
    service_12: Floats
    reserve: Floats
    set_aside: Floats

    @property
    def held(self) -> Floats:
        total: Floats = self.reserve + self.set_aside
        return total


def completion(option: Option) -> float:
    """When a signature or lease earns in full, in months after the start; of leases not before the start."""
    completed = option.flows.rent_from + option.terms.ramp
    return max(0.0, float(np.floor(completed + 1e-9))) if option.is_lease else completed


def list_project_debts(case: Case, market: Market, options: tuple[Option, ...]) -> tuple[ProjectDebtTerms, ...]:
    """Debts of the start with a ring-fence, in the order of the case."""
    tree, found = market.tree, []
    ends = tree.start_months + tree.length_months
    for name, debt in case.finance.debts.items():
        if debt.project is None:
            continue
        o = next(o for o, option in enumerate(options) if option.is_lease and option.offer_name == debt.project.lease)
        completed = completion(options[o])
        paid = debt_payments(debt, market.start_month)
        last = paid[-1]
        flows = []
        for p in paid:
            bullet = p.principal_usd_m if debt.amortisation == "bullet" and p is last else 0.0
            flows.append((p.at, p.interest_usd_m + p.principal_usd_m - bullet))
        service = np.zeros(len(tree))
        service_12, reserve, aside = np.zeros(len(tree)), np.zeros(len(tree)), np.zeros(len(tree))
        q = debt.interest_every
        for at, amount in flows:
            if at >= completed - 1e-9:
                service += np.where(node_at(tree, at), amount, 0.0)
                service_12 += np.where((at >= ends - 12 - 1e-9) & (at < ends - 1e-9), amount, 0.0)
            within = (at >= ends - 1e-9) & (at < ends + debt.project.reserve_months - 1e-9)
            reserve += np.where(within & (ends >= completed - 1e-9), amount, 0.0)
            part = (ends - (at - q)) / q
            aside += np.where((part > 1e-9) & (ends <= at + 1e-9) & (ends >= completed - 1e-9), part * amount, 0.0)
        found.append(ProjectDebtTerms(name, o, debt.project.lock_up_dscr or 0.0, service, service_12, reserve, aside))
    return tuple(found)


def lock_up_level(case: Case, option: Option, debts: tuple[ProjectDebtTerms, ...], o: int) -> float:
    """The highest of all facilities that may finance the offer, and of the lease's debts; 0 without any."""
    levels = [debt.level for debt in debts if debt.option == o]
    for facility in case.finance.facilities.values():
        if isinstance(facility, ProjectLoan | ProjectBond) and option.offer_name in facility.for_offers:
            levels.append(facility.lock_up_dscr or 0.0)
    return max(levels, default=0.0)


def available_by_node(market: Market, option: Option, node: int) -> tuple[Floats, Floats]:
    """(N,) cash available for debt service per hall: of each node, and of the twelve months to its end, from
    completion on."""
    tree = market.tree
    completed = completion(option)
    ends = tree.start_months + tree.length_months
    earns = tree.reaches[node] & (ends > completed + 1e-9)
    here, year = (
        np.where(earns, available_between(option, np.maximum(completed, begins), ends), 0.0)
        for begins in (tree.start_months, ends - 12)
    )
    return here, year


def scheduled(market: Market, tranche: Tranche) -> tuple[Floats, Floats]:
    """(N,) scheduled service of a tranche: paid in each node, and in the twelve months to its end."""
    tree = market.tree
    ends = tree.start_months + tree.length_months
    amounts = tranche.table("interest") + tranche.table("principal") - tranche.table("unscheduled")
    at = tranche.table("at")
    within = (at[None, :] >= ends[:, None] - 12 - 1e-9) & (at[None, :] < ends[:, None] - 1e-9)
    year: Floats = np.where(tree.reaches[tranche.node], within @ amounts, 0.0)
    return by_node(market, tranche, amounts), year


def fence_arrays(
    case: Case,
    market: Market,
    options: tuple[Option, ...],
    tranches: tuple[Tranche, ...],
    debts: tuple[ProjectDebtTerms, ...],
    halls_max: np.ndarray,
) -> RingFences | None:
    """Signatures and leases whose distributions may come to be locked up; None if none can be."""
    tree = market.tree
    on_tree = written(tree)
    service = {
        d: tranche.once("scheduled", on_tree, partial(scheduled, market, tranche))
        for d, tranche in enumerate(tranches)
        if tranche.option >= 0
    }
    chosen: list[int] = []
    tests, parts = {}, {}
    for o, option in enumerate(options):
        level = lock_up_level(case, option, debts, o)
        own = [d for d in service if tranches[d].option == o]
        fixed = [debt for debt in debts if debt.option == o]
        if level == 0 or not (own or fixed):
            continue
        here, year = available_by_node(market, option, option.node)
        held = sum(2 * float(debt.service.sum() + debt.held.max()) for debt in fixed)
        year = np.clip(year, 0.0, None)
        # Loans that a bond takes out and the bond share no capacity: a window over its issue has service of both.
        worst = sum(
            (_most_service(case, tranches, service, group, len(tree)) for group in _groups(tranches, own)),
            start=np.zeros(len(tree)),
        )
        for d in own:
            amounts = tranches[d].table("interest") + tranches[d].table("principal")
            held += 2 * float(amounts.sum()) * case.finance.facilities[tranches[d].facility].limit_usd_m
        owed_12 = sum((debt.service_12 for debt in fixed), start=np.zeros(len(tree)))
        may = year < level * (worst + owed_12) + 1e-9
        may &= (worst > 1e-12) | (owed_12 > 1e-12)
        if may.any():
            chosen.append(o)
            tests[o], parts[o] = may, (here, year, level, fixed, owed_12, held)
    if not chosen:
        return None
    nodes, size = len(tree), len(tranches)
    service_12, paid = np.zeros((size, nodes)), np.zeros((size, nodes))
    for d, (in_node, in_year) in service.items():
        paid[d], service_12[d] = in_node, in_year
    return RingFences(
        option=np.array(chosen, dtype=np.int64),
        available=np.array([parts[o][0] for o in chosen]),
        fixed_left=np.array([_fixed_left(market, parts[o][3]) for o in chosen]),
        tests=np.array([tests[o] for o in chosen]),
        available_12=np.array([parts[o][1] for o in chosen]),
        service_12=service_12,
        fixed_service_12=np.array([parts[o][4] for o in chosen]),
        service_paid=paid,
        level=np.array([parts[o][2] for o in chosen]),
        # What is held is released into what is locked: it counts beside the cash of the horizon.
        most_usd_m=np.array([max(1.0, float(np.abs(parts[o][0]).sum() * halls_max[o]) + parts[o][5]) for o in chosen]),
    )


def _groups(tranches: tuple[Tranche, ...], own: list[int]) -> tuple[list[int], list[int]]:
    """Tranches of a signature that share its capacity: those that stay, and loans that a bond takes out."""
    taken = [d for d in own if tranches[d].bond is not None]
    return [d for d in own if d not in taken], taken


def _most_service(
    case: Case,
    tranches: tuple[Tranche, ...],
    service: dict[int, tuple[Floats, Floats]],
    group: list[int],
    nodes: int,
) -> Floats:
    """(N,) scheduled service per hall of twelve months, at most, of tranches that share a capacity."""
    worst: Floats = np.full(nodes, np.inf)
    for capacity in ("cost_capacity", "service_capacity"):
        most = np.zeros(len(worst))
        for d in group:
            each = min(getattr(tranches[d], capacity), case.finance.facilities[tranches[d].facility].limit_usd_m)
            most = np.maximum(most, service[d][1] * each)
        worst = np.minimum(worst, most)
    return worst


def _fixed_left(market: Market, fixed: list[ProjectDebtTerms]) -> Floats:
    """(N,) what debts of the start take from the cash of a ring-fence: service, and what is held more."""
    total = np.zeros(len(market.tree))
    for debt in fixed:
        before = np.where(market.tree.parent >= 0, debt.held[market.tree.parent], 0.0)
        total += debt.service + debt.held - before
    return total
