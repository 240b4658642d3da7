"""Property in the books: what stands at the start, and what is built (docs/figures_capital.md, section 17)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.tree import Floats
from optimizer.plan.books.halls import even_share
from optimizer.plan.build import Plan


@dataclass(frozen=True)
class PropertyBook:
    """Arrays (N,) by period, USD m, the company's share."""

    opening_usd_m: float
    added: Floats
    depreciation: Floats
    value: Floats
    """At the end of the period."""


def property_books(plan: Plan, opening_usd_m: float) -> PropertyBook:
    """All of it together; the opening property from the start, each build from its completion on."""
    tree, books, arrays = plan.prepared.market.tree, plan.prepared.case.finance.books, plan.prepared.open.builds
    assert books is not None
    nothing = np.zeros(len(tree))
    parts = [_written_off(plan, opening_usd_m, nothing, 0.0, float(books.property_life_left))]
    for u in np.flatnonzero(plan.decisions.built):
        assert arrays is not None
        done = plan.prepared.choices.builds[u].in_use_from
        cost = -(arrays.cash_usd_m[u] + arrays.operating_usd_m[u]) * int(plan.decisions.built[u])
        parts.append(_written_off(plan, 0.0, cost, done, done + books.building_life))
    totals = {
        name: sum((getattr(part, name) for part in parts), start=nothing) for name in ("added", "depreciation", "value")
    }
    return PropertyBook(opening_usd_m, **totals)


def _written_off(plan: Plan, opening_usd_m: float, added: Floats, starts: float, stops: float) -> PropertyBook:
    """Evenly over [starts, stops)."""
    tree = plan.prepared.market.tree
    depreciation, value = np.zeros(len(tree)), np.zeros(len(tree))
    for n in range(len(tree)):
        parent = int(tree.parent[n])
        before = (float(value[parent]) if parent >= 0 else opening_usd_m) + float(added[n])
        begin, end = float(tree.start_months[n]), float(tree.start_months[n] + tree.length_months[n])
        depreciation[n] = before * even_share(begin, end, starts, stops)
        value[n] = before - depreciation[n]
    return PropertyBook(opening_usd_m, added, depreciation, value)
