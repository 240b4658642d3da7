"""A small company with books, solved as a whole: what tests of statements, returns and answers put their figures into.

Machines of 50,000 PH/s draw 1,000 MW at 50 $/MWh; a day mines 25 coins of 96,000 $: revenue 2.4, power 1.2 USD m. The
quarters of 2025 have 90, 91, 92 and 92 days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer import api
from optimizer.plan.books.statements import Statements, statements
from optimizer.plan.build import Plan
from optimizer.plan.owed import Owed
from tests.math.builder import EXACT
from tests.math.cases import FLAT_50, Price, case_data, changed, load

BOOKS: dict[str, Any] = {"equity_usd_m": 500}
"""Property is what makes the balance sheet balance."""
FLEET: dict[str, Any] = {"m16": {"ph_s": 50000, "bought": "2024-01", "book_usd_m": 360}}
"""A year old, with two of its three years in the books left: 15 USD m a month."""


def company(changes: Mapping[str, Any] | None = None, **offers: Mapping[str, Any]) -> dict[str, Any]:
    """The company with other values by dotted path, and offers as changes to that of ``tests.math.cases``."""
    base = {"sites.one.fleet": FLEET, "finance.books": BOOKS, "given": {"otherwise": "nothing"}}
    return changed(case_data(base, **offers), changes or {})


def planned(folder: Path, data: Mapping[str, Any], price: Price = FLAT_50) -> Plan:
    """Its plan, without twins."""
    return api.solve(load(folder, data, price), EXACT, twins=False).plan


def stated(plan: Plan) -> Statements:
    """Its statements, which balance."""
    made = statements(plan)
    assert made is not None
    assert np.abs(made.difference).max() < 1e-6
    return made


def close(*figures: float) -> Any:
    """By period, but for what a solver's tolerances may cost."""
    return pytest.approx(figures if len(figures) > 1 else figures[0], rel=1e-6, abs=1e-6)


def owed_by(plan: Plan, name: str, kind: str, is_debt: bool = True, **flows: Any) -> Owed:
    """A facility made up for a test, with these figures by period and nothing else."""
    nothing = np.zeros(len(plan.prepared.market.tree))
    names = (
        "drawn", "capitalised", "interest", "principal", "closing", "accrued", "unamortised", "due", "fees",
        "capped_calls", "fixed_costs", "undrawn_fees", "above_par",
    )  # fmt: skip
    by_option = flows.pop("capitalised_by_option", {})
    arrays = {key: np.array(flows.pop(key), dtype=float) if key in flows else nothing for key in names}
    assert not flows
    return Owed(
        name=name,
        kind=kind,
        is_debt=is_debt,
        opening_usd_m=0.0,
        accrued_opening_usd_m=0.0,
        capitalised_by_option=by_option,
        **arrays,
    )


def with_money(plan: Plan, *facilities: Owed, fences: tuple[Any, ...] = ()) -> Plan:
    """The plan with made-up facilities beside what it owes, and ring-fences: what they pay is in its cash."""
    cash = {name: flow.copy() for name, flow in plan.cash.items()}
    for owed in facilities:
        cash["drawn_usd_m"] += owed.drawn
        cash["fees_usd_m"] -= owed.fees + owed.capped_calls + owed.fixed_costs + owed.undrawn_fees
        cash["principal_usd_m"] -= owed.principal + owed.above_par
        cash["interest_usd_m" if owed.is_debt else "dividends_usd_m"] -= owed.interest
    for fence in fences:
        cash["trapped_usd_m"] -= np.diff(fence.trapped, prepend=0.0)
    more = sum((cash[name] - plan.cash[name] for name in cash), start=np.zeros(len(plan.prepared.market.tree)))
    states = replace(plan.states, cash_usd_m=plan.states.cash_usd_m + np.cumsum(more))
    return replace(plan, cash=cash, states=states, owed=(*plan.owed, *facilities), fences=(*plan.fences, *fences))
