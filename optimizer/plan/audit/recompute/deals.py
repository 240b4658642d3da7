"""What machines cost and bring: orders, plugging in, sales, and what is left of them at the horizon. Section 5 of
docs/figures.md, "Machines". All of it is the share of the lot's home site.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.case.case import Case
from optimizer.case.machines import Machine, ResaleTier
from optimizer.plan.audit.recompute.decisions import Decision, Decisions, bought_name
from optimizer.plan.audit.recompute.lots import Lot
from optimizer.plan.audit.recompute.network import NetworkPath
from optimizer.plan.audit.recompute.timeline import Array, CannotRecompute, Timeline

USD_M_PER_PH_S = 1000 / 1e6
"""USD m of a PH/s at 1 USD a TH."""

SAME_PRICE_DIGITS = 9
"""Resale prices in USD a TH that are the same in so many digits are equal."""


@dataclass(frozen=True, eq=False)
class Deals:
    """All deals with machines. bought, moved, sold: (N,) by the month at whose first instant they are made, USD m.

    paid: USD m of each single decision, negative for what it brings. left: what all machines count at the horizon.
    """

    bought: Array
    moved: Array
    sold: Array
    paid: Mapping[Decision, float]
    left_usd_m: float


def new_usd_per_th(name: str, machine: Machine, network: NetworkPath, month: int) -> float:
    """Price of a new machine ``month`` months after the start. Raises CannotRecompute if the case has none."""
    if machine.price_usd_per_th is None:
        raise CannotRecompute(f"machine {name} has no price")
    follows = machine.price_follows_hashprice
    hashprice = float(network.hashprice_usd_per_ph_day[month][0] / network.hashprice_usd_per_ph_day[0][0])
    grown = machine.price_usd_per_th * math.pow(1 + machine.price_growth, month / 12)
    return grown * (1 - follows + follows * hashprice)


def used_usd_per_th(lot: Lot, network: NetworkPath, start: int, month: int) -> float:
    """Resale price of a lot ``month`` months after the start; 0 for a type that nobody takes."""
    if lot.machine.resale is None:
        return 0.0
    price = lot.machine.resale.share * new_usd_per_th(lot.machine_name, lot.machine, network, month)
    if lot.machine.life is None:
        return price
    age = start + month - lot.life_from
    return price * max(0.0, 1 - age / lot.machine.life) if lot.machine.life > 0 else 0.0


def months_of_step(timeline: Timeline, step: int) -> int:
    """Months from the first instant of a step to the next step or to the horizon."""
    later = [each for each in (*timeline.steps, timeline.end) if each > step]
    return min(later) - step


def depth_ph_s(tier: ResaleTier, timeline: Timeline, step: int) -> float:
    """What a tier of the market takes at a step."""
    return tier.ph_s_per_quarter * months_of_step(timeline, step) / 3


def deals_of(case: Case, timeline: Timeline, decisions: Decisions, lots: Sequence[Lot], network: NetworkPath) -> Deals:
    """Everything that is bought, moved and sold. ``network`` reaches to the month after the horizon."""
    by_name = {lot.full_name: lot for lot in lots}
    bought, moved, sold = (np.zeros(timeline.months) for _ in range(3))
    paid: dict[Decision, float] = {}
    for order in decisions.of("buy"):
        lot, month = by_name[f"{order.site}.{bought_name(order.item, order.at)}"], order.at - timeline.start
        price = new_usd_per_th(order.item, lot.machine, network, month)
        paid[order] = order.amount * price * USD_M_PER_PH_S * case.sites[lot.home].share
        bought[month] += paid[order]
    for move in decisions.of("plug"):
        lot = by_name[move.item]
        paid[move] = move.amount * lot.machine.move_usd_per_th * USD_M_PER_PH_S * case.sites[lot.home].share
        moved[move.at - timeline.start] += paid[move]
    for sale, usd_m in _sales(case, timeline, decisions, lots, network).items():
        paid[sale] = -usd_m
        sold[sale.at - timeline.start] += usd_m
    left = sum(left_of(case, timeline, lot, network) for lot in lots)
    return Deals(bought, moved, sold, paid, left)


def _sales(
    case: Case, timeline: Timeline, decisions: Decisions, lots: Sequence[Lot], network: NetworkPath
) -> dict[Decision, float]:
    """What each sale brings, USD m: lots of one type and step fill the market from its best tier on."""
    places = {lot.full_name: place for place, lot in enumerate(lots)}
    markets: dict[tuple[str, int], list[tuple[float, int, Decision]]] = {}
    for sale in decisions.of("sell"):
        lot = lots[places[sale.item]]
        price = used_usd_per_th(lot, network, timeline.start, sale.at - timeline.start)
        entry = (-round(price, SAME_PRICE_DIGITS), places[sale.item], sale)
        markets.setdefault((lot.machine_name, sale.at), []).append(entry)
    brought: dict[Decision, float] = {}
    for (machine, at), sales in markets.items():
        resale = case.machines[machine].resale
        tiers = [] if resale is None else [[depth_ph_s(tier, timeline, at), tier.factor] for tier in resale.tiers]
        for _, place, sale in sorted(sales, key=lambda entry: entry[:2]):
            lot, ph_s, factored = lots[place], sale.amount, 0.0
            for tier in tiers:
                taken = min(ph_s, tier[0])
                factored += taken * tier[1]
                ph_s, tier[0] = ph_s - taken, tier[0] - taken
            price = used_usd_per_th(lot, network, timeline.start, at - timeline.start)
            brought[sale] = factored * price * USD_M_PER_PH_S * case.sites[lot.home].share
    return brought


def left_of(case: Case, timeline: Timeline, lot: Lot, network: NetworkPath) -> float:
    """What a lot counts at the horizon: as if the last tier took all of it."""
    resale = lot.machine.resale
    if resale is None or not lot.present_at(timeline.end):
        return 0.0
    price = used_usd_per_th(lot, network, timeline.start, timeline.months)
    return lot.ph_s_at_end * price * USD_M_PER_PH_S * resale.tiers[-1].factor * case.sites[lot.home].share
