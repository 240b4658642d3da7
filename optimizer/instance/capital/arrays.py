"""Tranches -> arrays of the model: cash, value, debt and the rows that limit them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache, partial

import numpy as np
from scipy import sparse

from models.capital import Tranches
from models.instance import HostingOptions, Lots, Trade
from models.tree import Floats
from optimizer.case.case import Case
from optimizer.case.facilities import Convertible, Preferred, ProjectBond, ProjectLoan, TermLoan
from optimizer.instance.capital.tranches import Tranche, by_node, falls_in
from optimizer.instance.kept import written
from optimizer.market.market import Market
from optimizer.operations.mining import Lot


@dataclass(frozen=True)
class Commitment:
    """What a loan with an undrawn fee may commit: at the first step of its window."""

    facility: str
    node: int
    decided: float
    terms: TermLoan
    months: tuple[int, ...]
    """For which the fee is paid, on what is not drawn by the end of each."""


def list_commitments(case: Case, market: Market, tranches: tuple[Tranche, ...]) -> tuple[Commitment, ...]:
    """One a loan with an undrawn fee (and path of the tree)."""
    found = []
    for name, terms in case.finance.facilities.items():
        own = [t for t in tranches if t.facility == name]
        if not isinstance(terms, TermLoan) or terms.undrawn_fee == 0 or not own:
            continue
        first = min(t.decided for t in own)
        until = terms.window.end.last - market.start_month
        months = tuple(range(round(first), int(np.ceil(until - 1e-9))))
        nodes = sorted({t.node for t in own if t.decided == first})
        found += [Commitment(name, node, first, terms, months) for node in nodes]
    return tuple(found)


def _fee_factor(terms: TermLoan, months: float) -> float:
    rate = terms.rate if terms.market_rate is None else terms.market_rate
    return float((1 + rate * terms.interest_every / 12) ** (-months / terms.interest_every))


def undrawn_fee(market: Market, commitment: Commitment, node: int, since: float) -> tuple[Floats, float]:
    """(N,) fee per million committed from ``since`` on, as it is paid; and its worth."""
    tree, terms = market.tree, commitment.terms
    paid, value = np.zeros(len(tree)), 0.0
    begins, ends = tree.start_months, tree.start_months + tree.length_months
    for k in commitment.months:
        if k < since - 1e-9:
            continue
        amount = terms.undrawn_fee / 12
        here = (begins <= k + 1 + 1e-9) & (k + 1 + 1e-9 < ends) & tree.reaches[node]
        paid += np.where(here, amount, 0.0)
        value += amount * _fee_factor(terms, k + 1)
    return paid, value


@dataclass
class _Rows:
    """Rows ``tranches - commitments - halls - orders <= upper`` as they are collected."""

    names: list[str] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    entries: dict[str, list[tuple[int, int, float]]] = field(
        default_factory=lambda: {"draw": [], "commit": [], "hall": [], "order": []}
    )

    def add(self, name: str, upper: float, **parts: dict[int, float]) -> None:
        row = len(self.names)
        self.names.append(name)
        self.upper.append(upper)
        for kind, coefficients in parts.items():
            self.entries[kind] += [(row, index, value) for index, value in coefficients.items() if value]

    def matrix(self, kind: str, columns: int) -> sparse.csr_array:
        entries = self.entries[kind]
        rows, indices, values = zip(*entries, strict=True) if entries else ((), (), ())
        shape = (len(self.names), columns)
        return sparse.csr_array((np.array(values, dtype=float), (np.array(rows, int), np.array(indices, int))), shape)


def tranche_arrays(
    case: Case,
    market: Market,
    tranches: tuple[Tranche, ...],
    commitments: tuple[Commitment, ...],
    hosting: HostingOptions,
    lots: Lots,
    own_lots: tuple[Lot, ...],
    trade: Trade | None,
) -> Tranches | None:
    """Everything that can be drawn; None if nothing can."""
    if not tranches:
        return None
    tree, opening = market.tree, case.finance.opening
    size, nodes = len(tranches), len(tree)
    probability = tree.probability[[t.node for t in tranches]]
    facilities = list(case.finance.facilities)
    arrays = {name: np.zeros((size, nodes)) for name in ("cash", "owed", "interest", "costs", "service", "due", "held")}
    on_tree = written(tree)
    for d, tranche in enumerate(tranches):
        for name, row in tranche.once("arrays", on_tree, partial(_by_node, market, tranche)).items():
            arrays[name][d] = row
    commit_cash, commit_value = np.zeros((len(commitments), nodes)), np.zeros(len(commitments))
    value = np.array([t.value for t in tranches])
    for c, commitment in enumerate(commitments):
        paid, worth = undrawn_fee(market, commitment, commitment.node, commitment.decided)
        commit_cash[c], commit_value[c] = -paid, -worth * float(tree.probability[commitment.node])
        for d, tranche in enumerate(tranches):
            if tranche.facility == commitment.facility and tree.reaches[commitment.node, tranche.node]:
                saved, worth = undrawn_fee(market, commitment, tranche.node, tranche.decided)
                arrays["cash"][d] += saved
                arrays["costs"][d] -= saved
                value[d] += worth
    rows = _rows(case, market, tranches, commitments, hosting, lots, own_lots, trade)
    price = opening.share_price_usd
    depends = [t.shares_m(price) > 0 and not (isinstance(t.terms, Convertible) and t.terms.leaves) for t in tranches]

    @lru_cache(maxsize=64)
    def charge(worth: float) -> Floats:
        charged: Floats = np.array([t.charge(price, worth) for t in tranches]) * probability
        charged.setflags(write=False)
        return charged

    halls = hosting.halls_max.astype(float)
    upper = np.array(
        [
            min(
                case.finance.facilities[t.facility].limit_usd_m,
                min(t.cost_capacity, t.service_capacity) * halls[t.option] if t.option >= 0 else np.inf,
            )
            for t in tranches
        ]
    )
    fixed = np.array([t.fixed_cost_usd_m for t in tranches])
    return Tranches(
        name=tuple(t.name for t in tranches),
        facility=np.array([facilities.index(t.facility) for t in tranches], dtype=np.int64),
        node=np.array([t.node for t in tranches], dtype=np.int64),
        option=np.array([t.option for t in tranches], dtype=np.int64),
        upper_usd_m=upper,
        least_usd_m=np.array([t.least_usd_m for t in tranches]),
        fixed_cost_usd_m=fixed,
        fixed_value_usd_m=-fixed * np.array([t.factor(t.decided) for t in tranches]) * probability,
        cash=arrays["cash"],
        value=value * probability,
        charge=charge,
        charge_depends=np.array(depends, dtype=bool),
        shares_m=np.array([t.shares_m(price) for t in tranches]),
        owed=arrays["owed"],
        is_debt=np.array([t.is_debt for t in tranches]),
        interest=arrays["interest"],
        costs=arrays["costs"],
        service=arrays["service"],
        due=arrays["due"],
        held=arrays["held"],
        commit_facility=np.array([facilities.index(c.facility) for c in commitments], dtype=np.int64),
        commit_node=np.array([c.node for c in commitments], dtype=np.int64),
        commit_upper_usd_m=np.array([c.terms.limit_usd_m for c in commitments]),
        commit_cash=commit_cash,
        commit_value=commit_value,
        row_name=tuple(rows.names),
        row_draw=rows.matrix("draw", size),
        row_commit=rows.matrix("commit", len(commitments)),
        row_hall=rows.matrix("hall", len(hosting.name)),
        row_order=rows.matrix("order", len(lots.name)),
        row_upper=np.array(rows.upper),
    )


def _by_node(market: Market, tranche: Tranche) -> dict[str, Floats]:
    """(N,) what the arrays of tranches have of one; what is not among them is 0."""
    tree = market.tree
    ends: Floats = tree.start_months + tree.length_months
    flows = {name: tranche.table(name) for name in ("drawn", "kept_back", "interest", "principal", "above_par")}
    served = flows["interest"] + flows["principal"] + flows["above_par"]
    here, follows = falls_in(market, tranche), tree.reaches[tranche.node]
    found: dict[str, Floats] = {
        "cash": by_node(market, tranche, flows["drawn"] - flows["kept_back"] - served, here),
        "owed": np.where(follows, tranche.owed_at(ends), 0.0),
        "costs": by_node(market, tranche, flows["kept_back"], here),
        "due": np.where(follows & (ends > tranche.decided), tranche.due_within(ends, 12.0), 0.0),
    }
    if not isinstance(tranche.terms, Preferred):
        begins = tranche.accrued_at(tree.start_months)
        expense = by_node(market, tranche, flows["interest"] + tranche.table("capitalised"), here)
        found["interest"] = expense + np.where(follows, tranche.accrued_at(ends) - begins, 0.0)
        found["service"] = by_node(market, tranche, served - tranche.table("unscheduled"), here)
    if isinstance(tranche.terms, ProjectLoan | ProjectBond):
        reserve = tranche.due_within(ends, tranche.terms.reserve_months, scheduled=True)
        built = follows & (ends >= tranche.flows[0].at - 1e-9) & (ends >= tranche.completed - 1e-9)
        found["held"] = np.where(built, reserve + tranche.set_aside_at(ends), 0.0)
    return found


def _rows(
    case: Case,
    market: Market,
    tranches: tuple[Tranche, ...],
    commitments: tuple[Commitment, ...],
    hosting: HostingOptions,
    lots: Lots,
    own_lots: tuple[Lot, ...],
    trade: Trade | None,
) -> _Rows:
    tree, rows = market.tree, _Rows()
    for name, terms in case.finance.facilities.items():
        own = [d for d, t in enumerate(tranches) if t.facility == name]
        for leaf in tree.leaves.tolist():
            here = [d for d in own if tree.reaches[tranches[d].node, leaf]]
            if not here:
                continue
            most = terms.limit_usd_m
            if isinstance(terms, Convertible) and terms.market_cap_share is not None:
                opening = case.finance.opening
                most = min(most, terms.market_cap_share * opening.shares_m * opening.share_price_usd)
            committed = {c: -1.0 for c, own_c in enumerate(commitments) if own_c.facility == name}
            rows.add(
                f"facility limit: {name}", 0.0 if committed else most, draw=dict.fromkeys(here, 1.0), commit=committed
            )
            backed = [d for d in here if tranches[d].backed]
            if isinstance(terms, ProjectLoan) and terms.backstop is not None and backed:
                rows.add(f"backstop limit: {name}", terms.backstop.limit_usd_m, draw=dict.fromkeys(backed, 1.0))
        if isinstance(terms, TermLoan) and terms.loan_to_cost is not None:
            for node in sorted({tranches[d].node for d in own}):
                drawn = {d: 1.0 for d in own if tree.reaches[tranches[d].node, node]}
                share = -terms.loan_to_cost
                halls, orders = _financed(terms, tree.reaches[:, node], case, hosting, lots, own_lots, trade)
                rows.add(
                    f"loan to cost: {name} in {tree.label[node]}",
                    0.0,
                    draw=drawn,
                    hall={o: share * cost for o, cost in halls.items()},
                    order={c: share * cost for c, cost in orders.items()},
                )
    limits = {name: terms.limit_usd_m for name, terms in case.finance.facilities.items()}
    _project_rows(tranches, hosting, limits, rows)
    return rows


def _financed(
    terms: TermLoan,
    so_far: np.ndarray,
    case: Case,
    hosting: HostingOptions,
    lots: Lots,
    own_lots: tuple[Lot, ...],
    trade: Trade | None,
) -> tuple[dict[int, float], dict[int, float]]:
    """Capex per hall, and price per EH/s, of what counts for a loan's loan-to-cost on the way to a node."""
    offers = list(terms.for_offers) if terms.for_offers or terms.for_machines else list(case.offers)
    leases = len(case.leases)
    names = list(case.offers)
    halls = {
        o: float(hosting.capex_usd_m_per_hall[o])
        for o in range(len(hosting.name))
        if hosting.offer[o] >= leases and names[hosting.offer[o] - leases] in offers and so_far[hosting.node[o]]
    }
    orders = {}
    if trade is not None:
        for c, lot in enumerate(own_lots):
            if lot.order_node >= 0 and lot.machine in terms.for_machines and so_far[lot.order_node]:
                orders[c] = float(trade.order_cost_usd_m_per_eh[c])
    return halls, orders


def _project_rows(
    tranches: tuple[Tranche, ...], hosting: HostingOptions, limits: dict[str, float], rows: _Rows
) -> None:
    """What the tranches of a signature may come to: by cost, by service, and what bonds have to pay out."""
    for o in sorted({t.option for t in tranches if t.option >= 0}):
        own = [(d, t) for d, t in enumerate(tranches) if t.option == o]
        loans = [(d, t) for d, t in own if isinstance(t.terms, ProjectLoan)]
        bonds = [(d, t) for d, t in own if isinstance(t.terms, ProjectBond)]
        later = [(d, t) for d, t in loans if t.bond is None] + bonds
        where = hosting.name[o]
        for d, tranche in own:
            if not np.isfinite(min(tranche.cost_capacity, tranche.service_capacity)):
                # Nothing sizes it: it is for the signature all the same.
                rows.add(
                    f"project debt by cost: {tranche.name}", 0.0, draw={d: 1.0}, hall={o: -limits[tranche.facility]}
                )
        for when, group in (("", loans), (" once bonds are out", later if bonds else [])):
            for what, capacity in (("cost", "cost_capacity"), ("service", "service_capacity")):
                most = {d: getattr(t, capacity) for d, t in group}
                parts = {d: 1 / c for d, c in most.items() if np.isfinite(c) and c > 0}
                if parts:
                    rows.add(f"project debt by {what}: {where}{when}", 0.0, draw=parts, hall={o: -1.0})
        for name in sorted({t.facility for _, t in bonds}):
            out = {d: t.taken_out_usd_m for d, t in loans if t.bond == name}
            net = {d: -(1 - t.terms.fee) for d, t in bonds if t.facility == name}
            rows.add(f"taking out loans: {name}, {where}", 0.0, draw={**out, **net})
