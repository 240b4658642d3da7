"""The same rules without a solver: decisions in, states and value out, node by node from the root.

Before anything is written, decisions are rounded and everything else is recomputed from them here; the solver's own
states are not used. This module decides nothing, and enforces nothing: it measures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.forward_companies import CompanyStates, companies, withheld_value
from models.forward_money import (
    Fenced,
    Measured,
    breaches_value,
    fenced,
    line_cash,
    measured,
    money_value,
    tranche_cash,
)
from models.forward_tax import Incomes, assess, beside_cash, incomes, unassessed
from models.instance import Instance, Trade
from models.tax import year_ends
from models.tree import Floats, Ints


@dataclass(frozen=True)
class Decisions:
    """What a plan decides. Shapes: ``halls`` (O,) and ``built`` (U,), whole numbers, 0 where not signed or built;
    ``unplug_eh``, ``plug_eh`` (P, N); ``sell_eh`` (L, N); ``order_eh`` (L,); ``draw_usd_m`` (D,);
    ``commit_usd_m`` (C,); ``line_draw``, ``line_repay`` (K, N); ``line_commit`` (K,); ``issue_usd_m`` (E,);
    ``sell_btc``, ``keep_btc`` (N,), both 0 where the treasury's policy leaves no choice."""

    halls: Ints
    built: Ints
    unplug_eh: Floats
    plug_eh: Floats
    sell_eh: Floats
    order_eh: Floats
    draw_usd_m: Floats
    commit_usd_m: Floats
    line_draw: Floats
    line_repay: Floats
    line_commit: Floats
    fund_usd_m: Floats
    """(G, N) from the parent to companies."""
    upstream_usd_m: Floats
    """(G, N) from companies to the parent."""
    issue_usd_m: Floats
    sell_btc: Floats
    keep_btc: Floats
    use_mw: Floats
    """(uses,) how loads stand at sites whose hours are tied, as the model found it."""
    lever: Floats
    """(levers,) megawatts elected, enrolled, signed, peaks, shortfalls."""


@dataclass(frozen=True)
class Operating:
    """What machines, contracts, reserves and delivery charges come to. Shapes (N,): ``cash_usd_m`` (EBITDA),
    ``posted_usd_m`` (credit support, no EBITDA), ``btc``."""

    cash_usd_m: Floats
    posted_usd_m: Floats
    btc: Floats
    value_usd_m: float


@dataclass(frozen=True)
class States:
    """What follows from decisions. Shapes: ``installed_eh_s`` (P, N); ``stored_eh_s`` (L, N); the rest (N,)."""

    installed_eh_s: Floats
    stored_eh_s: Floats
    sales_usd_m: Floats
    """(L, N) what sales bring."""
    operating: Operating
    btc_mined: Floats
    btc_kept: Floats
    btc_sold_from_stock: Floats
    btc_stock: Floats
    """At the end of each node."""
    ebitda_usd_m: Floats
    tax_usd_m: Floats
    cash_usd_m: Floats
    """At the end of each node."""
    required_usd_m: Floats
    """The least that cash may be there: the minimum, in leaves with what has been committed to be built later."""
    fenced: Fenced
    companies: CompanyStates
    trapped_usd_m: Floats
    """At the end of each node, in ring-fences and companies; what debts of the start hold apart."""
    limits: tuple[Measured, ...]
    """Every limit of the case, as it comes out."""
    value_usd_m: float
    megawatts_over: Floats
    """(R,) by how much each megawatt limit is exceeded (0 where it is kept)."""

    @property
    def shortfall_usd_m(self) -> Floats:
        """(N,) by how much cash falls short of what is required."""
        return np.clip(self.required_usd_m - self.cash_usd_m, 0.0, None)


def no_decisions(instance: Instance) -> Decisions:
    """Nothing signed, built, moved, bought, sold or borrowed."""
    lots, places, nodes = len(instance.lots.name), len(instance.places.lot), len(instance.tree)
    lines = len(instance.lines.name) if instance.lines else 0
    return Decisions(
        halls=np.zeros(len(instance.hosting.name), dtype=np.int64),
        built=np.zeros(len(instance.builds.name) if instance.builds else 0, dtype=np.int64),
        unplug_eh=np.zeros((places, nodes)),
        plug_eh=np.zeros((places, nodes)),
        sell_eh=np.zeros((lots, nodes)),
        order_eh=np.zeros(lots),
        draw_usd_m=np.zeros(len(instance.tranches.node) if instance.tranches else 0),
        commit_usd_m=np.zeros(len(instance.tranches.commit_node) if instance.tranches else 0),
        line_draw=np.zeros((lines, nodes)),
        line_repay=np.zeros((lines, nodes)),
        line_commit=np.zeros(lines),
        fund_usd_m=np.zeros((len(instance.companies.name) if instance.companies else 0, nodes)),
        upstream_usd_m=np.zeros((len(instance.companies.name) if instance.companies else 0, nodes)),
        issue_usd_m=np.zeros(len(instance.equity.node) if instance.equity else 0),
        sell_btc=np.zeros(nodes),
        keep_btc=np.zeros(nodes),
        use_mw=np.zeros(len(instance.operations.use_name) if instance.operations else 0),
        lever=np.zeros(len(instance.operations.lever_name) if instance.operations else 0),
    )


def machines(instance: Instance, decisions: Decisions) -> Floats:
    """(P, N) EH/s installed."""
    return _machines(instance, decisions)[0]


def forward(instance: Instance, decisions: Decisions) -> States:
    """States and value of these decisions, with every hour gone through where the instance can do that."""
    tree = instance.tree
    installed, stored = _machines(instance, decisions)
    operate = instance.operate or (lambda these, standing: as_modelled(instance, these, standing))
    operating: Operating = operate(decisions, installed)
    sales = sale_proceeds(instance, decisions.sell_eh)
    operations, ebitda = _operations(instance, decisions, operating)
    mined, kept, sold, stock, btc_cash = _bitcoin(instance, decisions, operating.btc)
    flows = instance.cash.fixed_usd_m + operations + sales.sum(axis=0) + btc_cash
    fences = fenced(instance, decisions)
    trapped_before = np.where(tree.parent >= 0, fences.trapped_usd_m[tree.parent], 0.0)
    flows = flows + _machine_costs(instance, decisions) + _money(instance, decisions)
    flows = flows + trapped_before - fences.trapped_usd_m
    below = companies(instance, decisions, installed, sales, fences)
    if instance.companies is not None:
        opening_below = float(instance.companies.opening_usd_m.sum())
        below_before = np.where(tree.parent >= 0, below.total_usd_m[tree.parent], opening_below)
        flows = flows + below_before - below.total_usd_m - below.withheld_usd_m.sum(axis=0)
    trapped = fences.trapped_usd_m + below.total_usd_m
    income = None
    if instance.income_tax is not None:
        income = incomes(instance, decisions, installed, sales, ebitda, stock, btc_cash)
    balance, tax = _cash_and_tax(instance, decisions, flows, trapped, ebitda, income)
    states = States(
        installed_eh_s=installed,
        stored_eh_s=stored,
        sales_usd_m=sales,
        operating=operating,
        btc_mined=mined,
        btc_kept=kept,
        btc_sold_from_stock=sold,
        btc_stock=stock,
        ebitda_usd_m=ebitda,
        tax_usd_m=tax,
        cash_usd_m=balance,
        required_usd_m=_required(instance, decisions),
        fenced=fences,
        companies=below,
        trapped_usd_m=trapped,
        limits=(),
        value_usd_m=_value(instance, decisions, installed, stored, operating, sales, tax),
        megawatts_over=_over(instance, decisions, installed),
    )
    limits = measured(instance, decisions, states)
    lost = breaches_value(instance, limits) + withheld_value(instance, below)
    return replace(states, limits=limits, value_usd_m=states.value_usd_m - lost)


def _machines(instance: Instance, decisions: Decisions) -> tuple[Floats, Floats]:
    tree, lots, places = instance.tree, instance.lots, instance.places
    installed = np.zeros((len(places.lot), len(tree)))
    stored = np.zeros((len(lots.name), len(tree)))
    lives = np.zeros(stored.shape, dtype=bool)
    np.logical_or.at(lives, places.lot, places.exists)
    begins = np.where(lots.order_node >= 0, decisions.order_eh, lots.eh_s)
    for n in range(len(tree)):
        parent = int(tree.parent[n])
        alive_before = places.exists[:, parent] if parent >= 0 else np.zeros(len(places.lot), dtype=bool)
        fresh = np.where(places.home, begins[places.lot], 0.0)
        before = np.where(alive_before, installed[:, parent], fresh)
        change = decisions.plug_eh[:, n] - decisions.unplug_eh[:, n]
        installed[:, n] = np.where(places.exists[:, n], before + change, 0.0)
        # A difference of the last digits of a double is no machine.
        installed[:, n] = np.where(np.abs(installed[:, n]) < 1e-12, 0.0, installed[:, n])
        store = stored[:, parent].copy() if parent >= 0 else np.zeros(len(lots.name))
        np.subtract.at(store, places.lot, np.where(places.exists[:, n], change, 0.0))
        store -= decisions.sell_eh[:, n]
        store = np.where(np.abs(store) < 1e-12, 0.0, store)
        stored[:, n] = np.where(lives[:, n], store, 0.0)
    return installed, stored


def as_modelled(instance: Instance, decisions: Decisions, installed: Floats) -> Operating:
    """What the model's coefficients make of machines, uses and levers."""
    places, operations = instance.places, instance.operations
    nodes = len(instance.tree)
    cash = (places.margin_usd_m_per_eh * installed).sum(axis=0) + installed.reshape(-1) @ places.later_usd_m_per_eh
    btc = (places.btc_per_eh * installed).sum(axis=0)
    value = float((places.value_usd_m_per_eh * installed).sum())
    posted = np.zeros(nodes)
    if operations is not None:
        use, lever, halls = decisions.use_mw, decisions.lever, decisions.halls.astype(float)
        cash = cash + use @ operations.use_cash + lever @ operations.lever_cash + halls @ operations.hall_cash
        posted = lever @ operations.lever_posted
        btc = btc + use @ operations.use_btc
        value += float(operations.use_value @ use + operations.lever_value @ lever + operations.hall_value @ halls)
    return Operating(np.asarray(cash), np.asarray(posted), np.asarray(btc), value)


def sale_proceeds(instance: Instance, sell_eh: Floats) -> Floats:
    """(L, N) what sales bring: the lots of a type fill the tiers in the order of their price, dearest first."""
    proceeds = np.zeros_like(sell_eh)
    trade = instance.trade
    if trade is None:
        return proceeds
    for n in np.flatnonzero(sell_eh.any(axis=0)):
        room = trade.tier_depth_eh[:, :, n].copy()
        sellers = np.flatnonzero(sell_eh[:, n])
        for c in sorted(sellers.tolist(), key=lambda c: (-trade.sell_usd_m_per_eh[c, n], c)):
            proceeds[c, n] = _sold(trade, int(c), int(n), float(sell_eh[c, n]), room)
    return proceeds


def _sold(trade: Trade, lot: int, node: int, amount: float, room: Floats) -> float:
    kind, total = int(trade.type_of_lot[lot]), 0.0
    for k in range(trade.tier_factor.shape[1]):
        part = min(amount, room[kind, k])
        room[kind, k] -= part
        amount -= part
        total += part * trade.tier_factor[kind, k]
    return total * float(trade.sell_usd_m_per_eh[lot, node])


def _operations(instance: Instance, decisions: Decisions, operating: Operating) -> tuple[Floats, Floats]:
    """Net cash of operations, halls and builds by node, and EBITDA."""
    hosting, builds = instance.hosting, instance.builds
    halls, signed = decisions.halls.astype(float), (decisions.halls > 0).astype(float)
    cash = operating.cash_usd_m + operating.posted_usd_m
    cash = cash + halls @ hosting.cash_usd_m_per_hall + signed @ hosting.cash_usd_m_per_signature
    ebitda = operating.cash_usd_m + halls @ hosting.noi_usd_m_per_hall
    if builds is not None:
        built = decisions.built.astype(float)
        cash = cash + built @ builds.cash_usd_m
        ebitda = ebitda - built @ builds.operating_usd_m
    if instance.income_tax is not None:
        return cash, ebitda + instance.income_tax.fixed_ebitda_usd_m.sum(axis=0)
    known = instance.tax or instance.covenants
    return cash, ebitda + (known.fixed_ebitda_usd_m if known is not None else 0.0)


def _bitcoin(instance: Instance, decisions: Decisions, mined: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Coins mined, kept, sold from stock and in stock, and the cash of it, by node."""
    tree, treasury = instance.tree, instance.treasury
    nothing = np.zeros(len(tree))
    if treasury is None:
        return mined, nothing, nothing, nothing, nothing
    kept = decisions.keep_btc if treasury.free else treasury.kept_share * mined
    sold = decisions.sell_btc if treasury.free else nothing
    stock = np.zeros(len(tree))
    for n in range(len(tree)):
        parent = int(tree.parent[n])
        before = stock[parent] if parent >= 0 else treasury.opening_btc
        stock[n] = before - sold[n] + kept[n]
    return mined, kept, sold, stock, treasury.price_usd_m * sold - treasury.mean_price_usd_m * kept


def _cash_and_tax(
    instance: Instance, decisions: Decisions, flows: Floats, trapped: Floats, ebitda: Floats, income: Incomes | None
) -> tuple[Floats, Floats]:
    """(N,) cash at the end of each node, and tax. With income tax the two depend on each other: a year's interest
    counts less where cash lies idle in it."""
    tree = instance.tree
    cash, tax = np.zeros(len(tree)), _tax(instance, ebitda)
    liquid, ends = trapped.copy(), set[int]()
    if income is not None:
        liquid, ends = liquid + beside_cash(instance, decisions), set(year_ends(instance))
        years = unassessed(instance)
    for n in range(len(tree)):
        parent = int(tree.parent[n])
        opening = cash[parent] if parent >= 0 else instance.cash.opening_usd_m
        cash[n] = instance.cash.growth[n] * opening + flows[n]
        liquid[n] += cash[n]
        if income is not None and n in ends:
            tax[n] = assess(instance, income, years, n, liquid)
        cash[n] -= tax[n]
    return cash, tax


def _tax(instance: Instance, ebitda: Floats) -> Floats:
    tax = np.zeros(len(instance.tree))
    if instance.tax is None:
        return tax
    for n in year_ends(instance):
        nodes = instance.tree.reaches[:, n] & (instance.tax.year == instance.tax.year[n])
        tax[n] = instance.tax.rate * max(0.0, float(ebitda[nodes].sum()))
    return tax


def _machine_costs(instance: Instance, decisions: Decisions) -> Floats:
    """Machines ordered and moved, by node (never positive)."""
    total = np.zeros(len(instance.tree))
    trade, lots = instance.trade, instance.lots
    if trade is None:
        return total
    ordered = lots.order_node >= 0
    np.subtract.at(total, lots.order_node[ordered], (trade.order_cost_usd_m_per_eh * decisions.order_eh)[ordered])
    return total - trade.plug_cost_usd_m_per_eh[instance.places.lot] @ decisions.plug_eh


def _money(instance: Instance, decisions: Decisions) -> Floats:
    """Tranches and lines drawn and served, shares issued, by node."""
    total = tranche_cash(instance, decisions) + line_cash(instance, decisions)
    if instance.equity is not None:
        np.add.at(total, instance.equity.node, decisions.issue_usd_m)
    return total


def _required(instance: Instance, decisions: Decisions) -> Floats:
    tree, hosting, builds = instance.tree, instance.hosting, instance.builds
    required = instance.cash.minimum_usd_m.astype(float).copy()
    for leaf in tree.leaves:
        committed = hosting.capex_after_horizon_usd_m_per_hall * decisions.halls
        required[leaf] += float(committed[tree.reaches[hosting.node, leaf]].sum()) if len(committed) else 0.0
        if builds is not None:
            later = builds.cost_after_horizon_usd_m * decisions.built
            required[leaf] += float(later[tree.reaches[builds.node, leaf]].sum())
    return required


def _value(
    instance: Instance,
    decisions: Decisions,
    installed: Floats,
    stored: Floats,
    operating: Operating,
    sales: Floats,
    tax: Floats,
) -> float:
    hosting, trade, places = instance.hosting, instance.trade, instance.places
    value = (
        instance.value_constant_usd_m
        + operating.value_usd_m
        + float(hosting.value_usd_m_per_hall @ decisions.halls)
        + float(hosting.value_usd_m_per_signature @ (decisions.halls > 0))
    )
    if trade is not None:
        here = stored.copy()
        np.add.at(here, places.lot, installed)
        value += float(trade.order_value_usd_m_per_eh @ decisions.order_eh)
        value -= float(
            (trade.plug_cost_usd_m_per_eh[places.lot][:, None] * decisions.plug_eh * trade.instant_factor).sum()
        )
        value += float((sales * trade.instant_factor).sum())
        value += float(((trade.end_value_usd_m_per_eh - trade.end_tax_usd_m_per_eh) * here).sum())
    if instance.builds is not None:
        value += float(instance.builds.value_usd_m @ decisions.built)
    value += money_value(instance, decisions)
    taxed = instance.tax or instance.income_tax
    if taxed is not None:
        value -= float(taxed.value_factor @ tax)
    return value


def _over(instance: Instance, decisions: Decisions, installed: Floats) -> Floats:
    limits = instance.limits
    used = np.asarray(limits.option_mw_per_hall @ decisions.halls.astype(float), dtype=float)
    if len(decisions.built):
        used = used - limits.build_mw @ decisions.built.astype(float)
    by_place = limits.place_mw_per_eh.tocoo()
    rows, columns = by_place.coords
    np.add.at(used, rows, by_place.data * installed[columns, limits.node[rows]])
    over: Floats = np.clip(used - limits.allowed_mw, 0.0, None)
    return over
