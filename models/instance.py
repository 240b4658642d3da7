"""What a model needs, as frozen arrays on the nodes of the tree: the only input of ``models``.

Prices, hours, dates and contracts have been turned into coefficients before (``optimizer.instance`` does it from a
case; tests do it by hand). Money is in USD millions, hash rate in EH/s, power in meter MW. ``value`` coefficients
are discounted and carry the probability of their node; ``cash`` coefficients are neither.

Letters in shapes: N nodes, L lots of machines, P places of lots (a lot at a site), O hosting options (offer x site x
node of signature), R rows of megawatt limits, U build options, D tranches, K lines, E equity issues, T tiers of the
market for used machines; inside ``SiteOperations``: U uses, V levers, Q signings, R rows.

Parts that a case does not have are None; their constraint families then add nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from models.capital import Companies, Covenants, Lines, RingFences, Tranches
from models.entries import Entries, by_column, by_row
from models.income_tax_arrays import IncomeTax
from models.tree import Bools, Floats, Ints, Tree


@dataclass(frozen=True)
class Lots:
    """Machines of one type that came or come together: there at the start, arriving, or ordered by the plan."""

    name: tuple[str, ...]
    """(L,) written site.lot."""
    eh_s: Floats
    """(L,) hash rate without a decision; 0 for lots that have to be ordered."""
    order_node: Ints
    """(L,) node at which the lot can be ordered, -1 for lots that are there or arrive anyway."""
    order_max_eh: Floats
    """(L,) most that can be ordered; 0 for the others."""


@dataclass(frozen=True)
class Places:
    """A lot at a site where it can stand."""

    lot: Ints
    """(P,)"""
    site: Ints
    """(P,)"""
    home: Bools
    """(P,) whether it stands there without a decision."""
    exists: Bools
    """(P, N) nodes in which something can stand there: from the order on, until the life ends."""
    margin_usd_m_per_eh: Floats
    """(P, N) cash margin in the node per EH/s installed, all power bought at the market."""
    value_usd_m_per_eh: Floats
    """(P, N) the same less the charges that accrue, discounted (charges as they are paid) and weighted."""
    later_usd_m_per_eh: sparse.csr_array
    """(P * N, N) cash by node, per EH/s installed at place p in node n (row p * N + n): charges paid later."""
    btc_per_eh: Floats
    """(P, N) coins mined, after the pool's fee."""

    @cached_property
    def of_lot(self) -> dict[int, list[int]]:
        """By lot: its places."""
        found: dict[int, list[int]] = {}
        for place, lot in enumerate(self.lot.tolist()):
            found.setdefault(lot, []).append(place)
        return found

    @cached_property
    def later_in(self) -> list[Entries]:
        """By node: the rows of ``later_usd_m_per_eh`` with an amount in it."""
        return by_column(self.later_usd_m_per_eh)


@dataclass(frozen=True)
class Trade:
    """Buying, moving and selling machines."""

    type_of_lot: Ints
    """(L,) machine type; lots of one type share the market's depth."""
    order_cost_usd_m_per_eh: Floats
    """(L,) paid at the order node."""
    order_value_usd_m_per_eh: Floats
    """(L,) negative: the cost, discounted and weighted."""
    order_depth_eh: Floats
    """(type,) most of a type that can be ordered at one node."""
    plug_cost_usd_m_per_eh: Floats
    """(L,)"""
    instant_factor: Floats
    """(N,) discount factor x probability of a payment at the first instant of the node."""
    can_plug: Bools
    """(L, N) the lot has arrived, a decision can be taken, and it was not bought by the plan."""
    sell_usd_m_per_eh: Floats
    """(L, N) resale price, before the factor of a tier; 0 where nothing can be sold."""
    tier_factor: Floats
    """(type, T) part of the resale price paid; 0 for tiers that do not exist."""
    tier_depth_eh: Floats
    """(type, T, N)"""
    end_value_usd_m_per_eh: Floats
    """(L, N) in leaves: value at the horizon of what is installed or in store, discounted and weighted, before tax."""
    end_tax_usd_m_per_eh: Floats
    """(L, N) in leaves: tax on it, not negative, discounted and weighted."""


@dataclass(frozen=True)
class HostingOptions:
    """Every way to sign an offer: which, where and when. Leases are options that are signed already."""

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
    noi_usd_m_per_hall: Floats
    """(O, N) rent less operating cost and power, the part of cash that is EBITDA."""
    capex_usd_m_per_hall: Floats
    """(O,) all capex, for loan-to-cost."""


@dataclass(frozen=True)
class BuildOptions:
    """Every way to build something at a site, by node of the decision."""

    build: Ints
    """(U,) which build: options of one build share its maximum along a path."""
    node: Ints
    """(U,)"""
    name: tuple[str, ...]
    """(U,)"""
    most: Ints
    """(U,) how many of the build over the whole path."""
    cash_usd_m: Floats
    """(U, N) net cash of one, operating cost included."""
    operating_usd_m: Floats
    """(U, N) operating cost of one, positive: the part that is EBITDA."""
    value_usd_m: Floats
    """(U,) discounted and weighted."""
    cost_after_horizon_usd_m: Floats
    """(U,) committed cost that falls after the horizon."""


@dataclass(frozen=True)
class MegawattLimits:
    """One row for each instant at which the megawatts of a site change: what stands there fits."""

    name: tuple[str, ...]
    """(R,) for messages, such as ``energised west 2026-04``."""
    node: Ints
    """(R,) node in which the instant lies."""
    allowed_mw: Floats
    """(R,)"""
    place_mw_per_eh: sparse.csr_array
    """(R, P) meter MW per EH/s installed; 0 for places elsewhere or lots not present at that instant."""
    option_mw_per_hall: sparse.csr_array
    """(R, O) meter MW reserved (or mine buildings given up) per hall at that instant."""
    build_mw: sparse.csr_array
    """(R, U) meter MW that one build adds at that instant."""

    @cached_property
    def rows(self) -> list[tuple[Entries, ...]]:
        """By row: what stands in ``place_mw_per_eh``, ``option_mw_per_hall`` and ``build_mw``."""
        tables = (self.place_mw_per_eh, self.option_mw_per_hall, self.build_mw)
        return list(zip(*(by_row(table) for table in tables), strict=True))


@dataclass(frozen=True)
class SiteOperations:
    """Sites whose hours are tied to each other or to contracts: ways for a MW of load to stand, and levers.

    U uses (a MW of a kind of load in a part of a month that stands otherwise than buying all of its power at the
    market), V levers (megawatts elected, enrolled, signed, the peak that is allowed, a shortfall), R rows
    ``uses + levers + machines installed + halls <= upper``.
    """

    use_name: tuple[str, ...]
    """(U,)"""
    use_cash: sparse.csr_array
    """(U, N) cash by node of one MW more than at the market, EBITDA all of it."""
    use_value: Floats
    """(U,) discounted and weighted."""
    use_btc: sparse.csr_array
    """(U, N) coins mined more."""
    lever_name: tuple[str, ...]
    """(V,)"""
    lever_lower: Floats
    """(V,)"""
    lever_upper: Floats
    """(V,)"""
    lever_cash: sparse.csr_array
    """(V, N) cash by node that is EBITDA."""
    lever_posted: sparse.csr_array
    """(V, N) cash by node that is not: credit support posted and returned."""
    lever_value: Floats
    """(V,)"""
    signing: Ints
    """(Q,) levers that are MW of contract offers."""
    signing_node: Ints
    """(Q,)"""
    signing_offer: Ints
    """(Q,) which offer: at most one signing of an offer along a path."""
    signing_least: Floats
    """(Q,) least MW if signed."""
    row_name: tuple[str, ...]
    """(R,) ``FAMILY: where and when``."""
    row_use: sparse.csr_array
    """(R, U)"""
    row_lever: sparse.csr_array
    """(R, V)"""
    row_place: sparse.csr_array
    """(R, P * N) by place and node: p * N + n."""
    row_hall: sparse.csr_array
    """(R, O)"""
    row_sign: sparse.csr_array
    """(R, Q) on whether a contract offer is signed."""
    row_upper: Floats
    """(R,)"""
    hall_cash: sparse.csr_array
    """(O, N) what a hall takes over of charges that levers carry as a whole."""
    hall_value: Floats
    """(O,)"""

    @cached_property
    def rows(self) -> list[tuple[Entries, ...]]:
        """By row: what stands in ``row_use``, ``row_lever``, ``row_place``, ``row_hall`` and ``row_sign``."""
        tables = (self.row_use, self.row_lever, self.row_place, self.row_hall, self.row_sign)
        return list(zip(*(by_row(table) for table in tables), strict=True))

    @cached_property
    def use_cash_in(self) -> list[Entries]:
        """By node: the uses with an amount in ``use_cash``; the same of the other tables below."""
        return by_column(self.use_cash)

    @cached_property
    def use_btc_in(self) -> list[Entries]:
        return by_column(self.use_btc)

    @cached_property
    def lever_cash_in(self) -> list[Entries]:
        return by_column(self.lever_cash)

    @cached_property
    def lever_posted_in(self) -> list[Entries]:
        return by_column(self.lever_posted)

    @cached_property
    def hall_cash_in(self) -> list[Entries]:
        return by_column(self.hall_cash)


@dataclass(frozen=True)
class Equity:
    """Every issue of new shares: facility x node."""

    facility: Ints
    """(E,)"""
    node: Ints
    """(E,)"""
    name: tuple[str, ...]
    """(facility,)"""
    limit_usd_m: Floats
    """(facility,) in all, along a path."""
    step_limit_usd_m: Floats
    """(E,)"""
    factor: Floats
    """(E,) discount factor x probability at the issue."""
    cost: Floats
    """(E,) discount and fees as a share of the market price."""
    year: Ints
    """(E,) calendar year of the issue."""
    year_limit_usd_m: Floats
    """(facility,) in a calendar year."""

    def value_at(self, worth: float) -> Floats:
        """(E,) never positive: what an issue costs today's holders per million raised, when a share is worth so many
        times what it sells for."""
        charge: Floats = -(worth / (1 - self.cost) - 1) * self.factor
        return charge


@dataclass(frozen=True)
class Treasury:
    """Bitcoin: what is mined, kept and sold from stock."""

    opening_btc: float
    kept_share: float
    """Of mined coins that is kept by policy; ignored where ``free`` is True."""
    free: bool
    """Whether the plan decides what is kept and sold (sell to fund)."""
    min_btc: float
    price_usd_m: Floats
    """(N,) of a coin at the first instant of the node, for sales from stock."""
    mean_price_usd_m: Floats
    """(N,) mean over the node, for coins kept."""


@dataclass(frozen=True)
class Tax:
    """Tax on each year's EBITDA, paid at the end of its last node."""

    rate: float
    year: Ints
    """(N,)"""
    fixed_ebitda_usd_m: Floats
    """(N,) the part that no decision changes (contracts unused, overheads)."""
    value_factor: Floats
    """(N,) discount factor x probability at the end of the node."""


@dataclass(frozen=True)
class Cash:
    """The company's cash, as far as it does not depend on decisions."""

    opening_usd_m: float
    growth: Floats
    """(N,) what one dollar at the beginning of the node is at its end (1 + interest on cash)."""
    fixed_usd_m: Floats
    """(N,) flows that no decision changes: overheads, debt service, deliveries due, contracts unused."""
    minimum_usd_m: Floats
    """(N,) least cash at the end of the node."""


@dataclass(frozen=True)
class DecisionBounds:
    """What the user laid down, as bounds; the defaults leave everything open. Lower bounds first, then upper ones."""

    sign: tuple[Ints, Ints]
    """(O,) 0 or 1."""
    unplug_eh: tuple[Floats, Floats]
    """(P, N)"""
    plug_eh: tuple[Floats, Floats]
    """(P, N)"""
    sell_eh: tuple[Floats, Floats]
    """(L, N)"""
    order_eh: tuple[Floats, Floats]
    """(L,)"""
    builds: tuple[Ints, Ints]
    """(U,)"""
    draw_usd_m: tuple[Floats, Floats]
    """(D,)"""
    commit_usd_m: tuple[Floats, Floats]
    """(C,)"""
    line_draw: tuple[Floats, Floats]
    """(K, N)"""
    line_repay: tuple[Floats, Floats]
    """(K, N)"""
    line_commit: tuple[Floats, Floats]
    """(K,)"""
    fund_usd_m: tuple[Floats, Floats]
    """(G, N)"""
    upstream_usd_m: tuple[Floats, Floats]
    """(G, N)"""
    issue_usd_m: tuple[Floats, Floats]
    """(E,)"""
    sell_btc: tuple[Floats, Floats]
    """(N,)"""
    keep_btc: tuple[Floats, Floats]
    """(N,)"""
    contract_mw: tuple[Floats, Floats]
    """(Q,)"""
    sign_required: tuple[tuple[int, ...], ...] = ()
    """Sets of options of which one has to be signed (on every path of the tree)."""


@dataclass(frozen=True)
class Instance:
    """Everything a model needs. Two instances with equal arrays have the same optimum."""

    tree: Tree
    lots: Lots
    places: Places
    hosting: HostingOptions
    exclusive: tuple[tuple[int, ...], ...]
    """Sets of options of which at most one is signed along a path: the options of an offer, of a group."""
    limits: MegawattLimits
    cash: Cash
    bounds: DecisionBounds
    operations: SiteOperations | None = None
    operate: Callable[[Any, Floats], Any] | None = None
    """(decisions, EH/s installed (P, N)) -> ``forward.Operating``: every hour gone through, in place of coefficients.
    The model does not use it; whoever measures a plan does."""
    trade: Trade | None = None
    builds: BuildOptions | None = None
    tranches: Tranches | None = None
    lines: Lines | None = None
    fences: RingFences | None = None
    companies: Companies | None = None
    covenants: Covenants | None = None
    equity: Equity | None = None
    shares_m: float = 1.0
    """Outstanding today."""
    share_price_usd: float = 1.0
    intrinsic_to_market: float = 1.0
    """What a share is worth over what it sells for, at least 1: what new holders are given is worth that. Found by a
    fixed point over solves."""
    treasury: Treasury | None = None
    tax: Tax | None = None
    income_tax: IncomeTax | None = None
    """In place of ``tax``, with all rules; of the two a case has one at most."""
    tax_binaries: frozenset[tuple[int, int]] = frozenset()
    """(country, last node of the year) in which losses and interest are used by the rule, not as the plan likes best:
    found over solves."""
    value_constant_usd_m: float = 0.0
    """The part of the value that no decision changes."""
    waive_limits: bool = False
    """Leave all limits on money out, for a twin that cannot even keep the others without the minimum of cash."""
    waive_minimum_cash: bool = False
    """Leave the minimum cash rows out: for a twin that cannot keep it and is reported with its shortfall."""
    maximise: str = "value"
    """``value``, or the name of a measure (`models.measures`): then as much of it as there can be."""
    measure_at_least: tuple[str, float] | None = None
    """A measure by name, and how much of it there has to be."""
    value_at_least: float | None = None
    """USD millions that a plan has to be worth."""

    @cached_property
    def nodes_of_year(self) -> list[list[int]]:
        """By node: those of its year on the way to it, itself the last."""
        assert self.income_tax is not None
        reaches, year = self.tree.reaches, self.income_tax.year
        return [np.flatnonzero(reaches[:, end] & (year == year[end])).tolist() for end in range(len(year))]


def nothing_later(places: int, nodes: int) -> sparse.csr_array:
    """No charge is paid later than it accrues."""
    return sparse.csr_array((places * nodes, nodes))


def open_bounds(
    tree: Tree,
    lots: Lots,
    places: Places,
    hosting: HostingOptions,
    trade: Trade | None = None,
    builds: BuildOptions | None = None,
    tranches: Tranches | None = None,
    equity: Equity | None = None,
    operations: SiteOperations | None = None,
    lines: Lines | None = None,
    companies: Companies | None = None,
) -> DecisionBounds:
    """Bounds that lay nothing down: everything that the parts allow is open."""
    options, size = len(hosting.name), len(tree)
    whole = np.zeros(options, dtype=np.int64)
    most = np.where(lots.order_node >= 0, lots.order_max_eh, lots.eh_s)
    unplug = np.where(places.exists & tree.decision[None, :], most[places.lot][:, None], 0.0)
    plug, sell = np.zeros_like(unplug), np.zeros((len(lots.name), size))
    if trade is not None:
        plug = np.where(places.exists & trade.can_plug[places.lot], most[places.lot][:, None], 0.0)
        sell = np.where(trade.sell_usd_m_per_eh > 0, most[:, None], 0.0)
    built = builds.most if builds is not None else np.zeros(0, dtype=np.int64)
    drawn = tranches.upper_usd_m if tranches is not None else np.zeros(0)
    committed = tranches.commit_upper_usd_m if tranches is not None else np.zeros(0)
    below = len(companies.name) if companies is not None else 0
    line_draw, line_repay = np.zeros((0, size)), np.zeros((0, size))
    line_commit = np.zeros(0)
    if lines is not None:
        line_draw = np.where(lines.can_draw, lines.limit_usd_m[:, None], 0.0)
        line_repay = np.repeat(lines.limit_usd_m[:, None], size, axis=1)
        line_commit = np.where(lines.committed, lines.limit_usd_m, 0.0)
    issued = np.minimum(equity.limit_usd_m[equity.facility], equity.step_limit_usd_m) if equity else np.zeros(0)
    btc = (np.zeros(size), np.full(size, np.inf))
    signed = operations.lever_upper[operations.signing] if operations is not None else np.zeros(0)
    return DecisionBounds(
        sign=(whole, np.ones(options, dtype=np.int64)),
        unplug_eh=(np.zeros_like(unplug), unplug),
        plug_eh=(np.zeros_like(plug), plug),
        sell_eh=(np.zeros_like(sell), sell),
        order_eh=(np.zeros(len(lots.name)), lots.order_max_eh),
        builds=(np.zeros_like(built), built),
        draw_usd_m=(np.zeros_like(drawn), drawn),
        commit_usd_m=(np.zeros_like(committed), committed),
        line_draw=(np.zeros_like(line_draw), line_draw),
        line_repay=(np.zeros_like(line_repay), line_repay),
        line_commit=(np.zeros_like(line_commit), line_commit),
        fund_usd_m=(np.zeros((below, size)), np.full((below, size), np.inf)),
        upstream_usd_m=(np.zeros((below, size)), np.full((below, size), np.inf)),
        issue_usd_m=(np.zeros_like(issued), issued),
        sell_btc=btc,
        keep_btc=btc,
        contract_mw=(np.zeros(len(signed)), signed),
    )


__all__ = [
    "Bools",
    "BuildOptions",
    "Cash",
    "DecisionBounds",
    "Equity",
    "Floats",
    "HostingOptions",
    "Instance",
    "Ints",
    "Lots",
    "MegawattLimits",
    "Places",
    "SiteOperations",
    "Tax",
    "Trade",
    "Treasury",
    "Tree",
    "nothing_later",
    "open_bounds",
]
