"""New shares, treasury and the short form of tax -> arrays of the model. Other new money is in ``capital``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.instance import Equity, Tax, Treasury
from models.tree import Floats
from optimizer.case.case import Case
from optimizer.case.facilities import EquityIssue
from optimizer.instance.finance import FixedFlows
from optimizer.market.calendar import instant_factor
from optimizer.market.market import Market


@dataclass(frozen=True)
class Issue:
    """One way to sell new shares: a facility at a step."""

    facility: int
    name: str
    node: int
    step: float
    terms: EquityIssue


def list_issues(case: Case, market: Market) -> tuple[Issue, ...]:
    """In the order of facilities and time."""
    equities = [(name, f) for name, f in case.finance.facilities.items() if isinstance(f, EquityIssue)]
    return tuple(
        Issue(facility, name, node, step, terms)
        for facility, (name, terms) in enumerate(equities)
        for node, step in _steps(market, terms)
    )


def _steps(market: Market, terms: EquityIssue) -> list[tuple[int, float]]:
    tree, window = market.tree, terms.window
    steps = [(n, float(tree.start_months[n])) for n in np.flatnonzero(tree.decision).tolist()]
    return [(n, s) for n, s in steps if window.start.first <= market.start_month + s < window.end.last]


def equity_arrays(case: Case, market: Market, issues: tuple[Issue, ...]) -> Equity | None:
    """Limits and discount factors of each issue; None if none is possible."""
    equities = [(name, f) for name, f in case.finance.facilities.items() if isinstance(f, EquityIssue)]
    if not issues:
        return None
    tree = market.tree
    step_limits = [i.terms.limit_usd_m_per_step for i in issues]
    return Equity(
        facility=np.array([i.facility for i in issues], dtype=np.int64),
        node=np.array([i.node for i in issues], dtype=np.int64),
        name=tuple(name for name, _ in equities),
        limit_usd_m=np.array([f.limit_usd_m for _, f in equities]),
        step_limit_usd_m=np.array([limit if limit is not None else np.inf for limit in step_limits], dtype=float),
        factor=np.array(
            [instant_factor(case.discount.corporate, i.step) * float(tree.probability[i.node]) for i in issues]
        ),
        cost=np.array([i.terms.cost for i in issues]),
        year=np.array([int((market.start_month + i.step) // 12) for i in issues], dtype=np.int64),
        year_limit_usd_m=np.array([f.yearly_limit_usd_m or np.inf for _, f in equities], dtype=float),
    )


def treasury_arrays(case: Case, market: Market) -> Treasury:
    """Bitcoin by policy."""
    tree, cells, treasury = market.tree, market.cells, case.finance.treasury
    price = market.network.btc_usd / 1e6
    mean = np.zeros(len(tree))
    for n in range(len(tree)):
        mean[n] = float(price[cells.month[(cells.node == n) & ~cells.in_tail]].mean())
    kept: dict[str, float] = {"hold": 1.0, "sell_share": 1 - (treasury.share or 0.0)}
    opening = case.finance.opening.btc if treasury.policy != "sell_all" else 0.0
    return Treasury(
        opening_btc=opening,
        kept_share=kept.get(treasury.policy, 0.0),
        free=treasury.policy == "sell_to_fund",
        min_btc=treasury.min_btc,
        price_usd_m=np.array([float(price[round(float(start))]) for start in tree.start_months]),
        mean_price_usd_m=mean,
    )


def tax_arrays(case: Case, market: Market, fixed: FixedFlows) -> Tax | None:
    """Tax on each calendar year's EBITDA; None without a rate."""
    tree = market.tree
    if case.finance.cash_tax_rate == 0:
        return None
    ends: Floats = tree.start_months + tree.length_months
    return Tax(
        rate=case.finance.cash_tax_rate,
        year=((market.start_month + tree.start_months) // 12).astype(np.int64),
        fixed_ebitda_usd_m=fixed.contracts - fixed.delivery_opening - fixed.site_cost - fixed.sga,
        value_factor=np.array([instant_factor(case.discount.corporate, float(t)) for t in ends]) * tree.probability,
    )
