"""What a model needs of income tax, as frozen arrays on the nodes of the tree (docs/figures_capital.md, section 15).

Part of the instance (``models.instance``). Letters in shapes: N nodes, G countries (``home`` first), P places, L lots
of machines, O hosting options, U build options. Money in USD m; deductions are positive.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.tree import Bools, Floats, Ints


@dataclass(frozen=True)
class IncomeTax:
    """Tax on each calendar year's taxable income, by country. A year ends with the last of its nodes on a path."""

    country: tuple[str, ...]
    """(G,) ``home`` is all that no country taxes on its own."""
    year: Ints
    """(N,)"""
    rate: Floats
    """(G, N) of a year that ends with the node: federal and state together."""
    value_factor: Floats
    """(N,) discount factor x probability at the end of the node."""
    losses_usd_m: Floats
    """(G,) of former years, not used yet."""
    loss_limit: float
    """Most of a year's taxable income that losses may take away, as a share."""
    interest_limit: float | None
    """Share of adjusted taxable income up to which interest is deducted at home; None without a limit."""
    interest_carried_usd_m: float
    """Interest of former years that is not deducted yet, at home."""
    idle_cash_rate: float
    """A year: as if idle cash earned it, so much less of own interest is deducted at home. 0 without own debt."""
    is_own: Bools
    """(D,) tranches at home that are tied to no cost: what they bring may lie idle. (All lines are.)"""
    own_paid: Floats
    """(D, N) interest that these are paid, and principal times the part of the node that has passed by then."""
    most_cash_usd_m: float
    """More cash than any plan has, trapped cash too."""
    fixed_trapped_usd_m: Floats
    """(N,) trapped at the end of the node, whatever is decided: for debts of the start."""
    month_share: Floats
    """(N,) of a year."""
    place: Ints
    """(P,) country of each place."""
    lot: Ints
    """(L,) country of each lot's home: where it is written off and what its sale is taxed."""
    option: Ints
    """(O,)"""
    build: Ints
    """(U,)"""
    fixed_ebitda_usd_m: Floats
    """(G, N) that no decision changes."""
    fixed_deduction_usd_m: Floats
    """(G, N) depreciation of what was there, or arrives anyway."""
    fixed_interest_usd_m: Floats
    """(N,) expense of debts of the start."""
    order_deduction: Floats
    """(L, N) depreciation per EH/s ordered."""
    hall_deduction: Floats
    """(O, N) per hall."""
    signature_deduction: Floats
    """(O, N) per signature."""
    build_deduction: Floats
    """(U, N) per build."""
    hall_residual: Floats
    """(O, N) what is received per hall when a contract ends."""
    btc_before_usd_m: float
    """A coin at the start, for what was held then."""
    btc_price_usd_m: Floats
    """(N,) a coin at the end of the node."""
