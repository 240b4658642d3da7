"""Facilities, treasury and tax -> arrays of the model: new money, bitcoin, and what the state takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.instance import Equity, Loans, Tax, Treasury
from models.tree import Floats
from optimizer.case.case import Case
from optimizer.case.facilities import EquityIssue, TermLoan
from optimizer.instance.finance import FixedFlows, Payment
from optimizer.instance.hosting import Option
from optimizer.market.calendar import instant_factor, node_at
from optimizer.market.market import Market


@dataclass(frozen=True)
class Draw:
    """One way to draw a term loan: a facility at a step."""

    facility: int
    name: str
    node: int
    step: float
    terms: TermLoan
    payments: tuple[Payment, ...]
    """Of one million drawn, months after the start."""


@dataclass(frozen=True)
class Issue:
    """One way to sell new shares: a facility at a step."""

    facility: int
    name: str
    node: int
    step: float
    terms: EquityIssue


def loan_payments(terms: TermLoan, step: float) -> tuple[Payment, ...]:
    """Service of one million drawn at ``step``."""
    count = terms.term // terms.interest_every
    dates = [step + j * terms.interest_every for j in range(1, count + 1)]
    repaying = (
        [t for t in dates if t > step + terms.interest_only + 1e-9] if terms.amortisation == "even" else dates[-1:]
    )
    left, payments = 1.0, []
    for t in dates:
        interest = left * terms.rate * terms.interest_every / 12
        principal = left if t == dates[-1] else 1 / len(repaying) if t in repaying else 0.0
        left -= principal
        payments.append(Payment(t, interest, principal))
    return tuple(payments)


def list_draws(case: Case, market: Market) -> tuple[Draw, ...]:
    """In the order of facilities and time."""
    draws = []
    loans = [(name, f) for name, f in case.finance.facilities.items() if isinstance(f, TermLoan)]
    for facility, (name, terms) in enumerate(loans):
        for node, step in _steps(market, terms):
            draws.append(Draw(facility, name, node, step, terms, loan_payments(terms, step)))
    return tuple(draws)


def list_issues(case: Case, market: Market) -> tuple[Issue, ...]:
    """In the order of facilities and time."""
    equities = [(name, f) for name, f in case.finance.facilities.items() if isinstance(f, EquityIssue)]
    return tuple(
        Issue(facility, name, node, step, terms)
        for facility, (name, terms) in enumerate(equities)
        for node, step in _steps(market, terms)
    )


def _steps(market: Market, terms: TermLoan | EquityIssue) -> list[tuple[int, float]]:
    tree, window = market.tree, terms.window
    steps = [(n, float(tree.start_months[n])) for n in np.flatnonzero(tree.decision).tolist()]
    return [(n, s) for n, s in steps if window.start.first <= market.start_month + s < window.end.last]


def loan_factor(terms: TermLoan, months: float) -> float:
    """Discount factor at the loan's own rate."""
    return float((1 + terms.rate * terms.interest_every / 12) ** (-months / terms.interest_every))


def loan_arrays(case: Case, market: Market, draws: tuple[Draw, ...], options: tuple[Option, ...]) -> Loans | None:
    """Cash by node and value of one million of each draw; None if nothing can be drawn."""
    loans = [(name, f) for name, f in case.finance.facilities.items() if isinstance(f, TermLoan)]
    if not draws:
        return None
    tree = market.tree
    cash, value = np.zeros((len(draws), len(tree))), np.zeros(len(draws))
    for d, draw in enumerate(draws):
        follows = tree.reaches[draw.node]
        cash[d, draw.node] += 1 - draw.terms.fee
        for payment in draw.payments:
            cash[d] -= np.where(
                node_at(tree, payment.at) & follows, payment.interest_usd_m + payment.principal_usd_m, 0.0
            )
        value[d] = -draw.terms.fee * loan_factor(draw.terms, draw.step) * float(tree.probability[draw.node])
    counts = np.array(
        [[not o.is_lease and (not f.for_offers or o.offer_name in f.for_offers) for o in options] for _, f in loans],
        dtype=bool,
    ).reshape(len(loans), len(options))
    return Loans(
        facility=np.array([d.facility for d in draws], dtype=np.int64),
        node=np.array([d.node for d in draws], dtype=np.int64),
        name=tuple(name for name, _ in loans),
        limit_usd_m=np.array([f.limit_usd_m for _, f in loans]),
        cash_per_usd_m=cash,
        value_per_usd_m=value,
        loan_to_cost=np.array([f.loan_to_cost if f.loan_to_cost is not None else np.inf for _, f in loans]),
        capex_counts=counts,
    )


def equity_arrays(case: Case, market: Market, issues: tuple[Issue, ...]) -> Equity | None:
    """Limits and discount factors of each issue; None if none is possible."""
    equities = [(name, f) for name, f in case.finance.facilities.items() if isinstance(f, EquityIssue)]
    if not issues:
        return None
    tree, opening = market.tree, case.finance.opening
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
        shares_m=opening.shares_m,
        share_price_usd=opening.share_price_usd,
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
