"""Lines -> arrays of the model: balances that move by period (docs/figures_capital.md, section 13, "Lines")."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.capital import Lines
from models.tree import Bools, Floats
from optimizer.case.case import Case
from optimizer.case.facilities import BtcLine, CreditLine, Line, SweepLoan
from optimizer.market.market import Market


@dataclass(frozen=True)
class LineTerms:
    """A line of the case on the tree. Arrays (N,)."""

    name: str
    terms: Line
    is_open: Bools
    can_draw: Bools
    commit_node: int
    """First node at which it can be drawn."""

    @property
    def committed(self) -> bool:
        return not isinstance(self.terms, SweepLoan)


def list_lines(case: Case, market: Market) -> tuple[LineTerms, ...]:
    """Lines with at least one period in which something can be owed."""
    tree, found = market.tree, []
    begins = market.start_month + tree.start_months
    for name, terms in case.finance.facilities.items():
        if not isinstance(terms, CreditLine | BtcLine | SweepLoan):
            continue
        inside = (begins >= terms.window.start.first - 1e-9) & (begins < terms.window.end.last - 1e-9)
        if isinstance(terms, SweepLoan):
            can_draw = inside & tree.decision
            ends = begins + tree.length_months
            is_open = (begins >= terms.window.start.first - 1e-9) & (ends <= terms.matures.first + 1e-9)
        else:
            can_draw, is_open = inside, inside
        can_draw = can_draw & is_open
        if can_draw.any():
            found.append(LineTerms(name, terms, is_open, can_draw, int(np.flatnonzero(can_draw)[0])))
    return tuple(found)


def fee_factor(rate: float, months: Floats | float) -> Floats:
    """Discount factor at a line's own rate, by month."""
    return np.asarray((1 + rate / 12) ** (-np.asarray(months, dtype=float)))


def lowest_price_usd(market: Market) -> Floats:
    """(N,) the least coin price of the months of each node and of the first month after it."""
    tree, price = market.tree, market.network.btc_usd
    starts = np.round(tree.start_months).astype(int)
    ends = np.round(tree.start_months + tree.length_months).astype(int)
    return np.array(
        [min(float(price[first:last].min()), price_at(market, last)) for first, last in zip(starts, ends, strict=True)]
    )


def price_at(market: Market, month: int) -> float:
    """Coin price of the month that begins so many months after the start."""
    return float(market.network.btc_usd[month])


def coins_per_usd_m(terms: BtcLine, market: Market) -> Floats:
    """(N,) coins pledged for each million owed: enough at the draw, and at the lowest price before a call."""
    starts = np.round(market.tree.start_months).astype(int)
    now = market.network.btc_usd[starts]
    low = lowest_price_usd(market) * (1 - terms.stress)
    coins: Floats = np.maximum(1e6 / (terms.ltv_at_draw * now), 1e6 / (terms.ltv_call * low))
    return coins


def line_arrays(case: Case, market: Market, lines: tuple[LineTerms, ...], most_cash_usd_m: float) -> Lines | None:
    """None if there are none."""
    if not lines:
        return None
    tree = market.tree
    size, nodes = len(lines), len(tree)
    months, starts = tree.length_months, tree.start_months
    interest, undrawn = np.zeros((size, nodes)), np.zeros((size, nodes))
    fee_value, undrawn_value = np.zeros((size, nodes)), np.zeros((size, nodes))
    coins, due = np.zeros((size, nodes)), np.zeros((size, nodes))
    for k, line in enumerate(lines):
        terms = line.terms
        interest[k] = np.where(line.is_open, terms.rate / 12 * months, 0.0)
        fee_value[k] = terms.fee * fee_factor(terms.rate, starts) * tree.probability
        if not isinstance(terms, SweepLoan):
            undrawn[k] = np.where(line.is_open, terms.undrawn_fee / 12 * months, 0.0)
            for n in range(nodes):
                paid = starts[n] + np.arange(1, round(months[n]) + 1)
                worth = terms.undrawn_fee / 12 * fee_factor(terms.rate, paid).sum()
                undrawn_value[k, n] = worth * tree.probability[n] if line.is_open[n] else 0.0
        until = (terms.matures.first if isinstance(terms, SweepLoan) else terms.window.end.last) - market.start_month
        ends = starts + months
        due[k] = (until >= ends - 1e-9) & (until < ends + 12 - 1e-9)
        if isinstance(terms, BtcLine):
            coins[k] = coins_per_usd_m(terms, market)
    sweeps = [line.terms if isinstance(line.terms, SweepLoan) else None for line in lines]
    return Lines(
        name=tuple(line.name for line in lines),
        is_open=np.array([line.is_open for line in lines]),
        can_draw=np.array([line.can_draw for line in lines]),
        limit_usd_m=np.array([line.terms.limit_usd_m for line in lines]),
        committed=np.array([line.committed for line in lines]),
        commit_node=np.array([line.commit_node for line in lines], dtype=np.int64),
        interest=interest,
        undrawn=undrawn,
        fee=np.array([line.terms.fee for line in lines]),
        fee_value=fee_value,
        undrawn_value=undrawn_value,
        coins_per_usd_m=coins,
        sweep=np.array([terms.sweep if terms else 0.0 for terms in sweeps]),
        sweep_above_usd_m=np.array([terms.above_usd_m if terms else 0.0 for terms in sweeps]),
        sweep_most_usd_m=most_cash_usd_m,
        counts_undrawn=np.array([isinstance(line.terms, CreditLine) for line in lines]),
        due=due,
    )
