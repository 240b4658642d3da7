"""``returns.csv``: what each signature and each purchase of machines earns on what it costs.

docs/figures_capital.md, section 18. Before financing and tax; nothing here is discounted.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.optimize import brentq

from models.tree import Floats
from optimizer.instance.machines import is_there
from optimizer.plan.books.machines import resale_usd_m_per_eh
from optimizer.plan.build import Plan, SignedOffer
from optimizer.plan.table import Cell, Table, table

PAID_BACK = -1e-9
"""A sum of flows from here on is none that is missing."""
LOG_RATES = np.linspace(np.log(1e-4), np.log(1e4), 4001)
"""Among them monthly rates are looked for, as the logarithm of 1 + rate."""


def returns_table(plan: Plan) -> Table:
    """Signatures in time, then purchases in time."""
    rows: list[tuple[Cell, ...]] = []
    for offer in plan.signed:
        if not offer.option.is_lease:
            flows = hosting_flows(offer)
            rows.append((offer.option.offer_name, "hosting", *_figures(flows, yield_on_cost(offer))))
    for c, name in _purchases(plan):
        rows.append((name, "machines", *_figures(machine_flows(plan, c), None)))
    columns = (
        "item", "kind", "invested_usd_m", "returned_usd_m", "irr", "moic", "yield_on_cost", "payback_months",
    )  # fmt: skip
    return table(columns, rows)


def _purchases(plan: Plan) -> Iterator[tuple[int, str]]:
    for c in np.flatnonzero(plan.decisions.order_eh).tolist():
        yield c, plan.prepared.operations.lots[c].full_name


def hosting_flows(offer: SignedOffer) -> Floats:
    """(T,) net cash of a signature by months after it: what accrues in a month stands at its end."""
    flows = offer.option.flows
    signed = round(flows.signed)
    cash = np.zeros(len(flows.net) + 2 - signed)
    cash[1 : len(flows.net) + 1 - signed] += offer.halls * flows.net[signed:]
    for at, amount in flows.instants():
        cash[round(at) - signed] += offer.halls * amount
    cash[0] -= flows.signing_cost
    return cash


def yield_on_cost(offer: SignedOffer) -> float | None:
    """NOI of the first twelve months from completion over capex and signing cost."""
    flows = offer.option.flows
    completed = round(flows.rent_from + offer.option.terms.ramp)
    cost = offer.total_capex + flows.signing_cost
    return offer.halls * float(flows.noi[completed : completed + 12].sum()) / cost if cost > 0 else None


def machine_flows(plan: Plan, c: int) -> Floats:
    """(T,) price, margins at the ends of periods, sales and what is left at the horizon, by months after the order."""
    prepared, trade, states = plan.prepared, plan.prepared.open.trade, plan.states
    assert trade is not None
    tree, lot = prepared.market.tree, prepared.operations.lots[c]
    starts, ends = np.round(tree.start_months).astype(int), np.round(tree.start_months + tree.length_months).astype(int)
    ordered = int(starts[lot.order_node])
    cash = np.zeros(int(ends.max()) - ordered + 1)
    cash[0] -= float(trade.order_cost_usd_m_per_eh[c] * plan.decisions.order_eh[c])
    places = np.flatnonzero(prepared.open.places.lot == c)
    after = np.flatnonzero(tree.reaches[lot.order_node])
    for n in after:
        cash[ends[n] - ordered] += sum(float(place.margin[n]) for place in plan.mined if place.index in places)
        cash[starts[n] - ordered] += float(states.sales_usd_m[c, n])
        at = float(ends[n])
        if n in tree.leaves and lot.present_from < at - 1e-9 and is_there(lot, at):
            left = float(states.installed_eh_s[places, n].sum() + states.stored_eh_s[c, n])
            cash[-1] += left * resale_usd_m_per_eh(plan, lot, at)
    return cash


def _figures(cash: Floats, on_cost: float | None) -> tuple[Cell, ...]:
    """invested, returned, irr, moic, yield on cost, payback."""
    payback = payback_months(cash)
    until = cash if payback is None else cash[: payback + 1]
    invested = -float(until[until < 0].sum()) + 0.0
    returned, spent = float(cash[cash > 0].sum()), -float(cash[cash < 0].sum())
    return invested, returned, irr(cash), returned / spent if spent > 0 else None, on_cost, payback


def payback_months(cash: Floats) -> int | None:
    """When the sum of flows is 0 or more and stays so; None if it never does."""
    missing = np.flatnonzero(np.cumsum(cash) < PAID_BACK)
    if len(missing) == 0:
        return 0
    return int(missing[-1]) + 1 if missing[-1] + 1 < len(cash) else None


def irr(cash: Floats) -> float | None:
    """Rate a year at which monthly flows are worth nothing; None where there is none.

    Of several the least at which their value falls from above 0: more demanded of the money makes them worth less.
    """
    months = np.flatnonzero(cash)
    if len(months) == 0 or cash[months].min() >= 0 or cash[months].max() <= 0:
        return None

    def value(log_rate: float) -> float:
        # Seen from the end where rates are negative, so that no factor grows beyond what a double holds.
        seen_from = float(months[-1]) if log_rate < 0 else float(months[0])
        return float((cash[months] * np.exp(-log_rate * (months - seen_from))).sum())

    values = np.array([value(rate) for rate in LOG_RATES])
    falls = np.flatnonzero((values[:-1] > 0) & (values[1:] <= 0))
    if len(falls) == 0:
        return None
    low, high = LOG_RATES[falls[0]], LOG_RATES[falls[0] + 1]
    return float(np.expm1(12 * brentq(value, low, high, xtol=1e-15, rtol=1e-14)))
