"""What a model needs of money, as frozen arrays on the nodes of the tree: tranches, lines, ring-fences, limits, taxes.

Part of the instance (``models.instance``). Letters in shapes: N nodes, D tranches (a facility at a step, or for a
signature), F facilities, C commitments, R rows, O hosting options, L lots of machines, K lines, G countries, Y ends of
tax years. Rules: docs/figures_capital.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from models.entries import Entries, by_row
from models.tree import Bools, Floats, Ints


@dataclass(frozen=True)
class Tranches:
    """Every tranche that can be drawn, and what one million (of face) of it does."""

    name: tuple[str, ...]
    """(D,) as in decisions.csv."""
    facility: Ints
    """(D,)"""
    node: Ints
    """(D,) of the decision."""
    option: Ints
    """(D,) the signature that it belongs to; -1 for those of the company."""
    upper_usd_m: Floats
    """(D,) most of the tranche alone."""
    least_usd_m: Floats
    """(D,) least if drawn at all."""
    fixed_cost_usd_m: Floats
    """(D,) paid at the decision, if drawn at all."""
    fixed_value_usd_m: Floats
    """(D,) its worth, negative."""
    cash: Floats
    """(D, N) drawn, less what is kept back, less service; what is held for service in a ring-fence apart."""
    value: Floats
    """(D,) discounted at the market's rate and weighted: minus the fee where that is its own rate."""
    charge: Callable[[float], Floats]
    """(D,) never negative: what options and warrants cost today's holders per million, when a share is worth so many
    times its price."""
    charge_depends: Bools
    """(D,) whether that worth matters to it."""
    shares_m: Floats
    """(D,) shares under options and warrants per million."""
    owed: Floats
    """(D, N) principal outstanding at the end of the node."""
    is_debt: Bools
    """(D,) preferred shares are none."""
    interest: Floats
    """(D, N) interest expense, with what is capitalised: what tax may deduct. 0 for preferred shares."""
    costs: Floats
    """(D, N) kept back."""
    service: Floats
    """(D, N) interest and principal paid, what a bond takes out and bullets of projects apart."""
    due: Floats
    """(D, N) principal due within twelve months of the end of the node."""
    held: Floats
    """(D, N) in reserve and set aside at the end of the node."""
    commit_facility: Ints
    """(C,)"""
    commit_node: Ints
    """(C,)"""
    commit_upper_usd_m: Floats
    """(C,)"""
    commit_cash: Floats
    """(C, N) per million committed, as if nothing were drawn."""
    commit_value: Floats
    """(C,)"""
    row_name: tuple[str, ...]
    """(R,) ``FAMILY: where and when``: sum of tranches - commitments - halls - orders <= upper."""
    row_draw: sparse.csr_array
    """(R, D)"""
    row_commit: sparse.csr_array
    """(R, C)"""
    row_hall: sparse.csr_array
    """(R, O)"""
    row_order: sparse.csr_array
    """(R, L)"""
    row_upper: Floats
    """(R,)"""

    @cached_property
    def rows(self) -> list[tuple[Entries, ...]]:
        """By row: what stands in ``row_draw``, ``row_commit``, ``row_hall`` and ``row_order``."""
        tables = (self.row_draw, self.row_commit, self.row_hall, self.row_order)
        return list(zip(*(by_row(table) for table in tables), strict=True))

    @property
    def either_or(self) -> Ints:
        """Tranches that are nothing, or have a least size or a cost of their own."""
        return np.flatnonzero((self.least_usd_m > 0) | (self.fixed_cost_usd_m > 0))


@dataclass(frozen=True)
class Lines:
    """Balances that move by node: revolving lines, lines on bitcoin, loans with a cash sweep."""

    name: tuple[str, ...]
    """(K,)"""
    is_open: Bools
    """(K, N) something may be owed."""
    can_draw: Bools
    """(K, N)"""
    limit_usd_m: Floats
    """(K,)"""
    committed: Bools
    """(K,) whether a commitment is decided (at ``commit_node``); else draws in all stay within the limit."""
    commit_node: Ints
    """(K,)"""
    interest: Floats
    """(K, N) per million owed during the node."""
    undrawn: Floats
    """(K, N) per million committed and not owed."""
    fee: Floats
    """(K,) per million committed (at its node), or drawn."""
    fee_value: Floats
    """(K, N) per million drawn at the node (of committed ones: committed), positive."""
    undrawn_value: Floats
    """(K, N) per million committed and not owed, positive."""
    coins_per_usd_m: Floats
    """(K, N) coins pledged per million owed; 0 for lines without."""
    sweep: Floats
    """(K,) share of cash above ``sweep_above_usd_m`` that is repaid at least; 0 for lines without."""
    sweep_above_usd_m: Floats
    """(K,)"""
    sweep_most_usd_m: float
    """More cash than any plan has (for the rule of the sweep)."""
    counts_undrawn: Bools
    """(K,) whether what is committed and not owed counts as liquidity."""
    due: Floats
    """(K, N) 1 where what is owed falls due within twelve months of the end of the node."""


@dataclass(frozen=True)
class RingFences:
    """Signatures (options) whose cash may be locked up. Arrays by option."""

    option: Ints
    """(J,)"""
    available: Floats
    """(J, N) cash available for debt service per hall, from completion on."""
    fixed_left: Floats
    """(J, N) what debts of the start pay, and hold more, in the ring-fence: positive."""
    tests: Bools
    """(J, N) whether distributions are tested: after completion, with service in the twelve months."""
    available_12: Floats
    """(J, N) of twelve months to the end of the node, at least 0."""
    service_12: Floats
    """(D, N) of tranches: of twelve months."""
    fixed_service_12: Floats
    """(J, N) of debts of the start."""
    service_paid: Floats
    """(D, N) scheduled service paid in the node."""
    level: Floats
    """(J,) lock-up level."""
    most_usd_m: Floats
    """(J,) more than can ever be locked up."""


@dataclass(frozen=True)
class Covenant:
    """One limit of the case, by node."""

    kind: str
    """Its name in ``finance.limits``."""
    limit: float
    holds: Bools
    """(N,)"""
    cost: Floats | None
    """(N,) value lost per unit of breach; None where it is hard."""


@dataclass(frozen=True)
class Covenants:
    """Limits on the company's money, and what they are measured with."""

    limits: tuple[Covenant, ...]
    btc_price_usd_m: Floats
    """(N,) at the end of the node."""
    btc_haircut: float
    fixed_debt_usd_m: Floats
    """(N,) principal of debts of the start."""
    fixed_due_usd_m: Floats
    """(N,) of them, due within twelve months."""
    fixed_service_usd_m: Floats
    """(N,)"""
    last_year: Floats
    """(N, N) how much of node m's EBITDA or service lies within the twelve months to the end of node n (row n)."""
    ebitda_before_usd_m: Floats
    """(N,) of the part of these twelve months that lies before the start."""
    fixed_ebitda_usd_m: Floats
    """(N,) what no decision changes."""
    most_usd_m: float
    """More than a year's EBITDA can be (in absolute terms), than any plan commits or is short of."""
    shares_m: float
    share_price_usd: float


def no_charge(size: int) -> Callable[[float], Floats]:
    """Nothing is charged for options."""
    return lambda _worth: np.zeros(size)


@dataclass(frozen=True)
class Companies:
    """Companies below the parent, whose cash is theirs until it is paid up. G companies, U builds."""

    name: tuple[str, ...]
    """(G,)"""
    opening_usd_m: Floats
    """(G,)"""
    minimum_usd_m: Floats
    """(G,)"""
    withholding: Floats
    """(G,) lost of what is paid up."""
    withheld_factor: Floats
    """(N,) discount factor x probability at the first instant of the node."""
    fixed_usd_m: Floats
    """(G, N) what no decision changes: cost of its sites, dues on arriving lots."""
    place: Bools
    """(G, P) places of lots at its sites."""
    option: Bools
    """(G, O)"""
    build: Bools
    """(G, U)"""
    lot: Bools
    """(G, L) lots whose home is one of its sites: ordered and sold by it."""
