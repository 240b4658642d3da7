"""Solution -> Plan: tidy tables and measures of the decisions that were found. Rules in docs/figures.md.

Everything is computed forward from the rounded decisions; nothing here asks the solver.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from models.forward import Decisions, States
from models.tree import Floats
from optimizer.instance.build import Prepared, by_node
from optimizer.instance.hosting import Option
from optimizer.market.calendar import node_at
from optimizer.plan.table import Table

_MONEY = ("btc", "revenue_usd_m", "power_cost_usd_m", "variable_cost_usd_m")


@dataclass(frozen=True)
class SignedOffer:
    """A signature of the plan, and what its halls do by node. Arrays (N,), for all halls together, USD m and MWh."""

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
    credit: Floats
    prepayment: Floats
    signing_cost: Floats
    capex: Floats
    residual: Floats

    @property
    def noi(self) -> Floats:
        """(N,) rent less operating cost and power, plus what the tenant pays of it."""
        return self.rent - self.operating_cost - self.power_cost + self.power_recovered

    @property
    def total_capex(self) -> float:
        """All capex of the signature in USD m, also what is spent after the horizon."""
        return self.halls * (float(self.option.flows.capex.sum()) + self.option.flows.paid_capex)


@dataclass(frozen=True)
class MinedLot:
    """A lot and what it does by node. Arrays (N,)."""

    index: int
    present: Floats
    """Share of the node in which the lot is there."""
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
class Resale:
    """What the physical blocks of a site sell, by node. Arrays (N,)."""

    site: int
    sold_mwh: Floats
    result_usd_m: Floats
    """Company's share: spot less fee less the blocks' price, on what is sold."""


@dataclass(frozen=True)
class Plan:
    """Decisions of a case and what follows from them."""

    prepared: Prepared
    decisions: Decisions
    states: States
    signed: tuple[SignedOffer, ...]
    mined: tuple[MinedLot, ...]
    resale: tuple[Resale, ...]
    cash: Mapping[str, Floats]
    """Flows by node (N,), signed (cash out is negative), in the order and under the names of ``cash.csv``."""
    tables: Mapping[str, Table]

    @property
    def value_usd_m(self) -> float:
        return self.states.value_usd_m


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
        result.append(
            SignedOffer(
                option=option,
                index=o,
                halls=halls,
                reserved_mw=np.where(
                    follows, option.gross_mw * halls * overlap_share(prepared, flows.taken_from, flows.rent_until), 0.0
                ),
                it_mw=mw * nodes(flows.billed) / tree.length_months,
                mwh=halls * nodes(flows.mwh),
                rent=halls * nodes(flows.rent),
                operating_cost=halls * nodes(flows.operating_cost),
                power_cost=halls * nodes(flows.power_cost),
                power_recovered=halls * nodes(flows.power_recovered),
                credit=halls * nodes(flows.credit),
                prepayment=at(flows.signed, halls * flows.prepayment),
                signing_cost=at(flows.signed, flows.signing_cost),
                capex=halls * nodes(flows.capex) + at(flows.signed, halls * flows.paid_capex),
                residual=at(flows.rent_until, halls * flows.residual),
            )
        )
    return tuple(result)


def mined_lots(prepared: Prepared, states: States) -> tuple[MinedLot, ...]:
    """What every lot does with what is installed of it."""
    market, mining = prepared.market, prepared.operations.mining
    blocks = prepared.instance.blocks
    planned = ~market.cells.in_tail
    per_eh = {name: by_node(getattr(mining, name), market, planned) for name in ("mwh", *_MONEY)}
    result = []
    for c, lot in enumerate(prepared.operations.lots):
        installed = states.installed_eh_s[c]
        present = overlap_share(prepared, lot.present_from, lot.present_until)
        # What is different for the part of its load that lies inside a block.
        extra = {name: np.zeros(len(market.tree)) for name in ("hours", *_MONEY)}
        for k in np.flatnonzero(blocks.place_lot == c):
            segment = prepared.operations.blocks[blocks.place_segment[k]]
            entry = next(entry for entry in segment.lots if entry.lot == c)
            for name, by_node_extra in extra.items():
                inside, outside = getattr(entry.inside, name), getattr(entry.outside, name)
                by_node_extra[segment.node] += states.inside_mw[k] * (sum(inside.values()) - sum(outside.values()))
        mwh = installed * per_eh["mwh"][c] + extra["hours"]
        capacity = installed * lot.mw_per_eh
        result.append(
            MinedLot(
                index=c,
                present=present,
                mean_eh_s=installed * present,
                mean_mw=installed * present * lot.mw_per_eh,
                hours_run=np.divide(mwh, capacity, out=np.zeros_like(mwh), where=capacity > 0),
                mwh=mwh,
                btc=installed * per_eh["btc"][c] + extra["btc"],
                revenue=installed * per_eh["revenue_usd_m"][c] + extra["revenue_usd_m"],
                power_cost=installed * per_eh["power_cost_usd_m"][c] + extra["power_cost_usd_m"],
                variable_cost=installed * per_eh["variable_cost_usd_m"][c] + extra["variable_cost_usd_m"],
            )
        )
    return tuple(result)


def resales(prepared: Prepared, states: States) -> tuple[Resale, ...]:
    """What is sold of each site's blocks."""
    blocks = prepared.instance.blocks
    size = len(prepared.market.tree)
    found: dict[int, Resale] = {}
    for b, segment in enumerate(prepared.operations.blocks):
        entry = found.setdefault(segment.site, Resale(segment.site, np.zeros(size), np.zeros(size)))
        entry.sold_mwh[segment.node] += segment.capacity_mw * sum(segment.hours.values())
        entry.result_usd_m[segment.node] += sum(segment.unused_usd_m.values())
        for place, k in enumerate(np.flatnonzero(blocks.place_segment == b)):
            inside = segment.lots[place].inside
            entry.sold_mwh[segment.node] -= states.inside_mw[k] * sum(inside.hours.values())
            entry.result_usd_m[segment.node] -= states.inside_mw[k] * sum(inside.lost_resale_usd_m.values())
    return tuple(found[site] for site in sorted(found))


def settled(prepared: Prepared) -> Floats:
    """(N,) what financial blocks pay, company's share."""
    total = np.zeros(len(prepared.market.tree))
    for settlement in prepared.operations.settlements:
        for cell, amount in settlement.usd_m.items():
            total[prepared.market.cells.node[cell]] += amount
    return total


def cash_flows(
    prepared: Prepared,
    states: States,
    signed: tuple[SignedOffer, ...],
    mined: tuple[MinedLot, ...],
    sold: tuple[Resale, ...],
) -> dict[str, Floats]:
    """The lines between opening and closing cash, by node; cash out is negative."""
    tree, fixed, cash = prepared.market.tree, prepared.fixed, prepared.instance.cash
    zero = np.zeros(len(tree))

    def total(name: str) -> Floats:
        return sum((getattr(offer, name) for offer in signed), start=zero)

    return {
        "yield_usd_m": (cash.growth - 1) * opening_cash(prepared, states),
        "mining_margin_usd_m": sum((lot.margin for lot in mined), start=zero),
        "contracts_usd_m": sum((entry.result_usd_m for entry in sold), start=settled(prepared)),
        "hosting_rent_usd_m": total("rent"),
        "hosting_credit_usd_m": -total("credit"),
        "hosting_operating_cost_usd_m": -total("operating_cost"),
        "hosting_power_usd_m": -total("power_cost"),
        "power_recovered_usd_m": total("power_recovered"),
        "prepayment_usd_m": total("prepayment"),
        "signing_cost_usd_m": -total("signing_cost"),
        "capex_usd_m": -total("capex"),
        "residual_usd_m": total("residual"),
        "site_cost_usd_m": -fixed.site_cost,
        "sga_usd_m": -fixed.sga,
        "arriving_due_usd_m": -fixed.arriving_due,
        "interest_usd_m": -fixed.interest,
        "principal_usd_m": -fixed.principal,
        "btc_sold_usd_m": fixed.btc_sold,
    }


def opening_cash(prepared: Prepared, states: States) -> Floats:
    """(N,) cash at the beginning of each node."""
    parent = prepared.market.tree.parent
    return np.where(parent >= 0, states.cash_usd_m[parent], prepared.instance.cash.opening_usd_m)


def build_plan(prepared: Prepared, decisions: Decisions, states: States) -> Plan:
    """All tables of a plan."""
    from optimizer.plan.tables import all_tables

    signed = signed_offers(prepared, decisions)
    mined = mined_lots(prepared, states)
    sold = resales(prepared, states)
    cash = cash_flows(prepared, states, signed, mined, sold)
    bare = Plan(prepared, decisions, states, signed, mined, sold, cash, {})
    return replace(bare, tables=all_tables(bare))
