"""Solution -> Plan: what the decisions that were found do, period by period. Rules in docs/figures.md.

Everything is computed forward from the rounded decisions; nothing here asks the solver. Tables are in ``tables.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.forward import Decisions, States
from models.forward_money import gives_shares, new_shares
from models.instance import Instance
from models.tree import Floats
from optimizer.instance.build import Prepared
from optimizer.instance.hosting import Option
from optimizer.instance.machines import by_node
from optimizer.instance.site_months import SiteMonths
from optimizer.market.calendar import node_at
from optimizer.plan.lent import all_fences, all_owed
from optimizer.plan.owed import Fence, Owed
from optimizer.plan.table import Table


@dataclass(frozen=True)
class SignedOffer:
    """A signature or lease, and what its halls do by node. Arrays (N,), for all halls together, USD m and MWh."""

    option: Option
    index: int
    halls: int
    reserved_mw: Floats
    """Mean over the node."""
    it_mw: Floats
    """Mean billed critical IT MW."""
    mwh: Floats
    rent: Floats
    operating_cost: Floats
    power_cost: Floats
    power_recovered: Floats
    delivery_cost: Floats
    """As paid."""
    delivery_recovered: Floats
    credit: Floats
    """Of the prepayment and of capex that the tenant lends."""
    prepayment: Floats
    """With what the tenant lends of capex, as it is spent."""
    signing_cost: Floats
    capex: Floats
    """The company's own: without what the tenant pays and is never credited."""
    residual: Floats

    @property
    def noi(self) -> Floats:
        """(N,) rent less operating cost, power and delivery, plus what the tenant pays of these."""
        power = self.power_cost - self.power_recovered
        return self.rent - self.operating_cost - power - self.delivery_cost + self.delivery_recovered

    @property
    def total_capex(self) -> float:
        """All of the company's capex of the signature in USD m, also what is spent after the horizon."""
        return self.halls * self.option.flows.total_capex


@dataclass(frozen=True)
class MinedPlace:
    """A lot at a place and what it does there by node. Arrays (N,)."""

    index: int
    name: str
    """The lot's name at home, its full name elsewhere."""
    site: int
    mean_eh_s: Floats
    """Mean EH/s installed and present."""
    mean_mw: Floats
    hours_run: Floats
    mwh: Floats
    btc: Floats
    revenue: Floats
    power_cost: Floats
    variable_cost: Floats

    @property
    def margin(self) -> Floats:
        return self.revenue - self.power_cost - self.variable_cost


@dataclass(frozen=True)
class Plan:
    """Decisions of a case and what follows from them."""

    prepared: Prepared
    instance: Instance
    """What was solved (given decisions, price of new shares)."""
    decisions: Decisions
    states: States
    signed: tuple[SignedOffer, ...]
    mined: tuple[MinedPlace, ...]
    months: SiteMonths
    """Every interval of every site, by month cell."""
    owed: tuple[Owed, ...]
    fences: tuple[Fence, ...]
    worth_of_cash: Floats | None
    """(N,) of one more million at the beginning of a period, beyond itself."""
    cash: Mapping[str, Floats]
    """Flows by node (N,), signed (cash out is negative), in the order and under the names of ``cash.csv``."""
    tables: Mapping[str, Table]

    @property
    def value_usd_m(self) -> float:
        return self.states.value_usd_m

    @property
    def gives_shares(self) -> bool:
        """Whether new holders are given what is worth what a share is worth."""
        return gives_shares(self.instance, self.decisions)

    @property
    def new_shares_m(self) -> float:
        """Shares sold, millions."""
        return float(new_shares(self.instance, self.decisions, with_options=False).max())


def build_plan(
    prepared: Prepared,
    instance: Instance,
    decisions: Decisions,
    states: States,
    worth_of_cash: Floats | None = None,
    tables: Callable[[Plan], Mapping[str, Table]] | None = None,
) -> Plan:
    """A plan with its tables. ``worth_of_cash`` (N,): what a solver found one more million to be worth; ``tables``: how
    they are made, in place of all of them."""
    from optimizer.plan.tables import all_tables

    months = prepared.redispatch.months(decisions, states.installed_eh_s)
    signed, mined = signed_offers(prepared, decisions), mined_places(prepared, states, months)
    owed = all_owed(prepared, instance, decisions)
    fences = all_fences(prepared, instance, decisions, states)
    bare = Plan(prepared, instance, decisions, states, signed, mined, months, owed, fences, worth_of_cash, {}, {})
    bare = replace(bare, cash=cash_flows(bare))
    return replace(bare, tables=(tables or all_tables)(bare))


def overlap_share(prepared: Prepared, begin: float, end: float) -> Floats:
    """(N,) share of each node's time in [begin, end), months after the start."""
    tree = prepared.market.tree
    starts, ends = tree.start_months, tree.start_months + tree.length_months
    share: Floats = np.clip(np.minimum(ends, end) - np.maximum(starts, begin), 0.0, None) / tree.length_months
    return share


def signed_offers(prepared: Prepared, decisions: Decisions) -> tuple[SignedOffer, ...]:
    """Leases, then signatures, in time and in the order of the case."""
    market = prepared.market
    tree, cells = market.tree, market.cells
    chosen = np.flatnonzero(decisions.halls).tolist()
    chosen.sort(key=lambda o: (not prepared.options[o].is_lease, prepared.options[o].flows.signed, o))
    result = []
    for o in chosen:
        option, halls = prepared.options[o], int(decisions.halls[o])
        flows = option.flows
        here = ~cells.in_tail & tree.reaches[option.node, cells.node]
        follows = tree.reaches[option.node]

        def nodes(monthly: Floats, here: np.ndarray = here) -> Floats:
            result = np.zeros(len(tree))
            np.add.at(result, cells.node[here], monthly[cells.month[here]])
            return result

        def at(instant: float, amount: float, follows: np.ndarray = follows) -> Floats:
            return np.where(node_at(tree, instant) & follows, amount, 0.0)

        mw = option.hall_mw_it * halls
        reserved = option.gross_mw * halls * overlap_share(prepared, flows.taken_from, flows.rent_until)
        headroom = (option.gross_mw - option.energised_mw(flows.rent_from)) * halls
        reserved = reserved - headroom * overlap_share(
            prepared, max(flows.rent_from, flows.taken_from), flows.rent_until
        )
        result.append(
            SignedOffer(
                option=option,
                index=o,
                halls=halls,
                reserved_mw=np.where(follows, reserved, 0.0),
                it_mw=mw * nodes(flows.billed) / tree.length_months,
                mwh=halls * nodes(flows.mwh),
                rent=halls * nodes(flows.rent),
                operating_cost=halls * nodes(flows.operating_cost),
                power_cost=halls * nodes(flows.power_cost),
                power_recovered=halls * nodes(flows.power_recovered),
                delivery_cost=halls * nodes(flows.delivery_cost),
                delivery_recovered=halls * nodes(flows.delivery_recovered),
                credit=halls * nodes(flows.credit),
                prepayment=at(flows.signed, halls * (flows.prepayment + flows.lent_at_once))
                + halls * nodes(flows.lent),
                signing_cost=at(flows.signed, flows.signing_cost),
                capex=halls * nodes(flows.capex) + at(flows.signed, halls * flows.paid_capex),
                residual=at(flows.rent_until, halls * flows.residual),
            )
        )
    return tuple(result)


def mined_places(prepared: Prepared, states: States, months: SiteMonths) -> tuple[MinedPlace, ...]:
    """What every lot does at each place with what is installed of it there."""
    market, operations = prepared.market, prepared.operations
    by_period = {
        name: by_node(getattr(months, name), market)
        for name in ("mwh", "btc", "revenue", "power_cost", "variable_cost")
    }
    result = []
    for p, place in enumerate(operations.places):
        lot = operations.lots[place.lot]
        installed = states.installed_eh_s[p]
        present = overlap_share(prepared, lot.present_from, lot.present_until)
        mwh, capacity = by_period["mwh"][p], installed * place.mw_per_eh
        result.append(
            MinedPlace(
                index=p,
                name=lot.name if place.home else lot.full_name,
                site=place.site,
                mean_eh_s=installed * present,
                mean_mw=installed * present * place.mw_per_eh,
                hours_run=np.divide(mwh, capacity, out=np.zeros_like(mwh), where=capacity > 0),
                mwh=mwh,
                btc=by_period["btc"][p],
                revenue=by_period["revenue"][p],
                power_cost=by_period["power_cost"][p],
                variable_cost=by_period["variable_cost"][p],
            )
        )
    return tuple(result)


def period_sums(prepared: Prepared, monthly: Floats) -> Floats:
    """(J,) by month cell -> (N,) by period, within the horizon."""
    sums: Floats = by_node(monthly[None, :], prepared.market)[0]
    return sums


def delivery_paid(plan: Plan) -> Floats:
    """(N,) delivery charges of machines as they are paid, what accrued before the start included."""
    total = plan.prepared.fixed.delivery_opening.copy()
    for (site, name), charge in plan.months.charges.items():
        total += plan.prepared.redispatch.due.by_node(site, name, charge.accrued)
    return total


def cash_flows(plan: Plan) -> dict[str, Floats]:
    """The lines between opening and closing cash, by node; cash out is negative."""
    prepared, states, decisions = plan.prepared, plan.states, plan.decisions
    tree, fixed, cash = prepared.market.tree, prepared.fixed, prepared.open.cash
    trade, treasury, lots = prepared.open.trade, prepared.open.treasury, prepared.open.lots
    zero = np.zeros(len(tree))

    def total(name: str) -> Floats:
        return sum((getattr(offer, name) for offer in plan.signed), start=zero)

    def lent(*names: str, debt: bool | None = None) -> Floats:
        chosen = [owed for owed in plan.owed if debt is None or owed.is_debt == debt]
        return sum((getattr(owed, name) for owed in chosen for name in names), start=zero)

    bought, moved = zero.copy(), zero
    if trade is not None:
        ordered = lots.order_node >= 0
        np.add.at(bought, lots.order_node[ordered], (trade.order_cost_usd_m_per_eh * decisions.order_eh)[ordered])
        moved = trade.plug_cost_usd_m_per_eh[prepared.open.places.lot] @ decisions.plug_eh
    builds, running = zero, zero
    if prepared.open.builds is not None:
        running = decisions.built @ prepared.open.builds.operating_usd_m
        builds = decisions.built @ prepared.open.builds.cash_usd_m + running
    issued = zero.copy()
    if plan.instance.equity is not None:
        np.add.at(issued, plan.instance.equity.node, decisions.issue_usd_m)
    trapped = sum((fence.trapped for fence in plan.fences), start=zero)
    trapped = trapped + states.companies.total_usd_m
    below = plan.instance.companies
    trapped_before = np.where(
        tree.parent >= 0, trapped[tree.parent], float(below.opening_usd_m.sum()) if below is not None else 0.0
    )
    sold, kept = zero, zero
    if treasury is not None:
        sold = treasury.price_usd_m * states.btc_sold_from_stock
        kept = treasury.mean_price_usd_m * states.btc_kept
    return {
        "yield_usd_m": (cash.growth - 1) * opening_cash(prepared, states),
        "mining_margin_usd_m": sum((place.margin for place in plan.mined), start=zero),
        "contracts_usd_m": sum((period_sums(prepared, c.result) for c in plan.months.contracts.values()), start=zero),
        "flexibility_usd_m": sum((period_sums(prepared, p.income) for p in plan.months.programs.values()), start=zero),
        "delivery_usd_m": -delivery_paid(plan),
        "collateral_usd_m": states.operating.posted_usd_m,
        "machines_bought_usd_m": -bought,
        "machines_moved_usd_m": -moved,
        "machines_sold_usd_m": states.sales_usd_m.sum(axis=0),
        "builds_usd_m": builds,
        "builds_operating_usd_m": -running,
        "hosting_rent_usd_m": total("rent"),
        "hosting_credit_usd_m": -total("credit"),
        "hosting_operating_cost_usd_m": -total("operating_cost"),
        "hosting_power_usd_m": -total("power_cost"),
        "power_recovered_usd_m": total("power_recovered"),
        "hosting_delivery_usd_m": -total("delivery_cost"),
        "delivery_recovered_usd_m": total("delivery_recovered"),
        "prepayment_usd_m": total("prepayment"),
        "signing_cost_usd_m": -total("signing_cost"),
        "capex_usd_m": -total("capex"),
        "residual_usd_m": total("residual"),
        "site_cost_usd_m": -fixed.site_cost,
        "sga_usd_m": -fixed.sga,
        "arriving_due_usd_m": -fixed.arriving_due,
        "interest_usd_m": -lent("interest", debt=True),
        "principal_usd_m": -lent("principal", "above_par"),
        "drawn_usd_m": lent("drawn"),
        "fees_usd_m": -lent("fees", "capped_calls", "fixed_costs", "undrawn_fees"),
        "dividends_usd_m": -lent("interest", debt=False),
        "trapped_usd_m": trapped_before - trapped,
        "equity_usd_m": issued,
        "tax_usd_m": -states.tax_usd_m - states.companies.withheld_usd_m.sum(axis=0),
        "btc_sold_usd_m": fixed.btc_sold + sold,
        "btc_kept_usd_m": -kept,
    }


def opening_cash(prepared: Prepared, states: States) -> Floats:
    """(N,) cash at the beginning of each node."""
    parent = prepared.market.tree.parent
    return np.where(parent >= 0, states.cash_usd_m[parent], prepared.open.cash.opening_usd_m)
