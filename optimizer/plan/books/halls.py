"""Halls in the books: of leases and signatures, by period (docs/figures_capital.md, section 17)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.tree import Floats
from optimizer.case.offers import Lease
from optimizer.market.calendar import node_at
from optimizer.plan.build import Plan, SignedOffer


@dataclass(frozen=True)
class HallBook:
    """Halls of a signature or lease, or of all. Arrays (N,) by period, USD m."""

    opening_usd_m: float
    added: Floats
    """Capex, signing cost, interest capitalised."""
    depreciation: Floats
    residual: Floats
    """Received at the end."""
    forgiven: Floats
    """What is still owed to the tenant for capex at the end, and never paid."""
    gain: Floats
    """Residual less what is left in the books then, and what is forgiven."""
    value: Floats
    """At the end of the period."""


def hall_books(plan: Plan) -> HallBook:
    """All leases and signatures together."""
    books = [hall_book(plan, offer) for offer in plan.signed]
    nothing = np.zeros(len(plan.prepared.market.tree))
    names = ("added", "depreciation", "residual", "forgiven", "gain", "value")
    totals = {name: sum((getattr(book, name) for book in books), start=nothing) for name in names}
    return HallBook(opening_usd_m=sum(book.opening_usd_m for book in books), **totals)


def hall_book(plan: Plan, offer: SignedOffer) -> HallBook:
    """One signature or lease: written off from the first rent to the end, down to its residual."""
    tree, terms, flows = plan.prepared.market.tree, offer.option.terms, offer.option.flows
    opening = terms.book_usd_m if isinstance(terms, Lease) else 0.0
    added = offer.capex + offer.signing_cost + capitalised_interest(plan, offer.index)
    last_value = offer.halls * flows.residual
    ends = node_at(tree, flows.rent_until) & tree.reaches[offer.option.node]
    lent = float(flows.lent.sum()) + flows.lent_at_once
    forgiven = np.where(ends, offer.halls * max(0.0, lent - float(flows.lent_credit.sum())), 0.0)
    depreciation, gain, value = np.zeros(len(tree)), np.zeros(len(tree)), np.zeros(len(tree))
    for n in range(len(tree)):
        parent = int(tree.parent[n])
        before = (float(value[parent]) if parent >= 0 else opening) + float(added[n])
        begin, end = float(tree.start_months[n]), float(tree.start_months[n] + tree.length_months[n])
        share = even_share(begin, end, flows.rent_from, flows.rent_until)
        depreciation[n] = max(0.0, before - last_value) * share
        value[n] = before - depreciation[n]
        if ends[n]:
            gain[n], value[n] = float(offer.residual[n] + forgiven[n]) - value[n], 0.0
    return HallBook(opening, added, depreciation, offer.residual, forgiven, gain, value)


def even_share(begin: float, end: float, starts: float, stops: float) -> float:
    """The part of what is left at ``begin`` that is written off by ``end``, evenly over the rest of [starts, stops)."""
    starts = max(begin, starts)
    if stops - starts <= 1e-9:
        return 0.0
    return min(1.0, max(0.0, min(end, stops) - starts) / (stops - starts))


def capitalised_interest(plan: Plan, option: int) -> Floats:
    """(N,) interest of project loans that is added to what is owed for a hosting option."""
    nothing = np.zeros(len(plan.prepared.market.tree))
    parts = (owed.capitalised_by_option[option] for owed in plan.owed if option in owed.capitalised_by_option)
    return sum(parts, start=nothing)
