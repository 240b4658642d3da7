"""Limits of the case -> arrays of the model (docs/figures_capital.md, section 14)."""

from __future__ import annotations

import numpy as np

from models.capital import Covenant, Covenants
from models.tree import Floats
from optimizer.case.case import Case
from optimizer.case.covenants import Limits, as_limit
from optimizer.instance.capital.lines import price_at
from optimizer.instance.finance import FixedFlows
from optimizer.market.calendar import month_factors
from optimizer.market.market import Market

NAMES = (
    "min_cash_usd_m",
    "min_liquidity_usd_m",
    "net_debt_to_ebitda",
    "debt_service_coverage",
    "due_within_12_months",
    "max_dilution",
    "max_btc_share",
    "debt_to_capital",
)
"""In the order of limits.csv."""


def limit_list(case: Case, market: Market) -> tuple[Covenant, ...]:
    """The limits that a case has; that on cash always."""
    limits: Limits = case.finance.limits
    return tuple(_covenant(case, market, name) for name in NAMES if getattr(limits, name) is not None)


def _covenant(case: Case, market: Market, name: str) -> Covenant:
    tree, cells = market.tree, market.cells
    limit = as_limit(getattr(case.finance.limits, name))
    ends = market.start_month + tree.start_months + tree.length_months
    holds = np.ones(len(tree), dtype=bool) if limit.start is None else ends > limit.start.first + 1e-9
    cost: Floats | None = None
    if limit.priced is not None:
        cost = np.zeros(len(tree))
        inside = ~cells.in_tail
        factor = month_factors(case.discount.corporate, cells.month) * tree.probability[cells.node]
        np.add.at(cost, cells.node[inside], (limit.priced / 12 * factor)[inside])
    return Covenant(name, limit.limit, holds, cost)


def covenant_arrays(case: Case, market: Market, fixed: FixedFlows, most_usd_m: float) -> Covenants:
    """Limits and what they are measured with. ``most_usd_m``: more than any year earns or loses."""
    tree, opening = market.tree, case.finance.opening
    ends = np.round(tree.start_months + tree.length_months).astype(int)
    return Covenants(
        limits=limit_list(case, market),
        btc_price_usd_m=np.array([price_at(market, int(month)) / 1e6 for month in ends]),
        btc_haircut=case.finance.limits.btc_haircut,
        fixed_debt_usd_m=fixed.debt_owed,
        fixed_due_usd_m=fixed.debt_due,
        fixed_service_usd_m=fixed.interest + fixed.principal,
        last_year=last_year(market),
        ebitda_before_usd_m=ebitda_before(case, market),
        fixed_ebitda_usd_m=fixed.contracts - fixed.delivery_opening - fixed.site_cost - fixed.sga,
        most_usd_m=most_usd_m,
        shares_m=opening.shares_m,
        share_price_usd=opening.share_price_usd,
    )


def last_year(market: Market) -> Floats:
    """(N, N) share of node m that lies in the twelve months before the end of node n, for m on the way to n."""
    tree = market.tree
    begins, ends = tree.start_months, tree.start_months + tree.length_months
    overlap = np.minimum(ends[None, :], ends[:, None]) - np.maximum(begins[None, :], ends[:, None] - 12)
    share: Floats = np.where(tree.reaches.T, np.clip(overlap, 0.0, None) / tree.length_months[None, :], 0.0)
    return share


def ebitda_before(case: Case, market: Market) -> Floats:
    """(N,) EBITDA of the months before the start that lie in the twelve months before the end of each node."""
    tree = market.tree
    known: dict[int, float] = {}
    for key, amount in case.finance.ebitda_before_usd_m.items():
        year, part = key.split("-")
        first, count = (3 * (int(part[1]) - 1), 3) if part.startswith("Q") else (int(part) - 1, 1)
        for month in range(count):
            known[12 * int(year) + first + month] = amount / count
    mean = float(np.mean(list(known.values()))) if known else 0.0
    ends = np.round(tree.start_months + tree.length_months).astype(int)
    return np.array([sum(known.get(market.start_month + k, mean) for k in range(end - 12, 0)) for end in ends.tolist()])
