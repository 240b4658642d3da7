"""What a model needs, as frozen arrays on the nodes of the tree: the only input of ``models``.

Prices, hours, dates and contracts have been turned into coefficients before (``optimizer.instance`` does it from a
case; tests do it by hand). Money is in USD millions, hash rate in EH/s, power in meter MW. ``value`` coefficients
are discounted and carry the probability of their node; ``cash`` coefficients are neither.

L lots of machines, O hosting options (offer x site x node of signature), N nodes, R rows of megawatt limits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from models.tree import Bools, Floats, Ints, Tree


@dataclass(frozen=True)
class Lots:
    """Machines that are there or arrive without a decision; they may be retired."""

    name: tuple[str, ...]
    """(L,) written site.lot."""
    eh_s: Floats
    """(L,) hash rate at most installed."""
    margin_usd_m_per_eh: Floats
    """(L, N) cash margin in the node per EH/s installed."""
    value_usd_m_per_eh: Floats
    """(L, N) the same, discounted and weighted."""


@dataclass(frozen=True)
class HostingOptions:
    """Every way to sign an offer: which, where and when."""

    offer: Ints
    """(O,) which offer: options of one offer exclude each other along a path."""
    site: Ints
    """(O,)"""
    node: Ints
    """(O,) node at whose first instant it is signed."""
    name: tuple[str, ...]
    """(O,) for messages, such as ``hyperscaler at west in 2026Q1``."""
    mw_it_per_hall: Floats
    """(O,) critical IT MW."""
    halls_min: Ints
    """(O,) at least so many if signed."""
    halls_max: Ints
    """(O,)"""
    cash_usd_m_per_hall: Floats
    """(O, N) net cash in each node; zero where the node of signature does not lead to."""
    cash_usd_m_per_signature: Floats
    """(O, N)"""
    value_usd_m_per_hall: Floats
    """(O,) discounted and weighted, to the end of the contract."""
    value_usd_m_per_signature: Floats
    """(O,)"""
    capex_after_horizon_usd_m_per_hall: Floats
    """(O,) committed capex that falls after the horizon: cash for it must be there at the end."""


@dataclass(frozen=True)
class MegawattLimits:
    """One row for each instant at which the megawatts of a site change: what stands there fits."""

    name: tuple[str, ...]
    """(R,) for messages, such as ``energised west 2026-04``."""
    node: Ints
    """(R,) node in which the instant lies."""
    allowed_mw: Floats
    """(R,)"""
    lot_mw_per_eh: sparse.csr_array
    """(R, L) meter MW per EH/s installed; 0 for lots elsewhere or not present at that instant."""
    option_mw_per_hall: sparse.csr_array
    """(R, O) meter MW reserved (or mine buildings given up) per hall at that instant."""


@dataclass(frozen=True)
class Blocks:
    """Fixed blocks of power that are delivered: B segments in which nothing comes or goes, K places of lots in them.

    A place says what a MW of a lot's load gains inside the block over buying at the market, summed over all hours.
    """

    name: tuple[str, ...]
    """(B,) for messages, such as ``block odessa 2026Q1``."""
    node: Ints
    """(B,)"""
    capacity_mw: Floats
    """(B,)"""
    place_segment: Ints
    """(K,) in the order in which places fill a segment: the best first."""
    place_lot: Ints
    """(K,)"""
    load_mw_per_eh: Floats
    """(K,) MW of load per EH/s installed."""
    gain_usd_m_per_mw: Floats
    """(K,) never negative."""
    gain_value_usd_m_per_mw: Floats
    """(K,) the same, discounted and weighted."""


@dataclass(frozen=True)
class Cash:
    """The company's cash, as far as it does not depend on decisions."""

    opening_usd_m: float
    growth: Floats
    """(N,) what one dollar at the beginning of the node is at its end (1 + interest on cash)."""
    fixed_usd_m: Floats
    """(N,) flows that no decision changes: overheads, debt service, deliveries due."""
    minimum_usd_m: Floats
    """(N,) least cash at the end of the node."""


@dataclass(frozen=True)
class DecisionBounds:
    """What the user laid down, as bounds; the defaults leave everything open."""

    sign_lower: Ints
    sign_upper: Ints
    """(O,) 0 or 1."""
    retire_lower_eh: Floats
    retire_upper_eh: Floats
    """(L, N)"""
    sign_required: tuple[tuple[int, ...], ...] = ()
    """Sets of options of which one has to be signed (on every path of the tree)."""


@dataclass(frozen=True)
class Instance:
    """Everything a model needs. Two instances with equal arrays have the same optimum."""

    tree: Tree
    lots: Lots
    hosting: HostingOptions
    exclusive: tuple[tuple[int, ...], ...]
    """Sets of options of which at most one is signed along a path: the options of an offer, of a group."""
    limits: MegawattLimits
    blocks: Blocks
    cash: Cash
    bounds: DecisionBounds
    value_constant_usd_m: float = 0.0
    """The part of the value that no decision changes."""
    waive_minimum_cash: bool = False
    """Leave the minimum cash rows out: for a twin that cannot keep it and is reported with its shortfall."""
    maximise: str = "value"
    """``value``, or ``it_mw`` for the most critical IT MW signed."""
    it_mw_at_least: float | None = None
    """With it, at least so many critical IT MW are signed (expected over the tree)."""


def open_bounds(tree: Tree, lots: Lots, hosting: HostingOptions) -> DecisionBounds:
    """Bounds that lay nothing down: any option may be signed, any machine retired at any decision node."""
    options = len(hosting.name)
    retire = np.where(tree.decision[None, :], lots.eh_s[:, None], 0.0)
    return DecisionBounds(
        sign_lower=np.zeros(options, dtype=np.int64),
        sign_upper=np.ones(options, dtype=np.int64),
        retire_lower_eh=np.zeros((len(lots.name), len(tree))),
        retire_upper_eh=retire,
    )


def no_blocks() -> Blocks:
    """No block of power at all."""
    whole, real = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Blocks((), whole, real, whole, whole, real, real, real)


__all__ = [
    "Blocks",
    "Bools",
    "Cash",
    "DecisionBounds",
    "Floats",
    "HostingOptions",
    "Instance",
    "Ints",
    "Lots",
    "MegawattLimits",
    "Tree",
    "no_blocks",
    "open_bounds",
]
