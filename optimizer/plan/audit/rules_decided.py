"""What the terms of the case allow to be decided: signatures, builds, machines, coins.

That what is moved or sold is there at all is judged in ``decided``, new money in ``rules_money``, what the user lays
down in ``rules_given``.
"""

from __future__ import annotations

from collections.abc import Iterable

from optimizer.case.base import CalendarDate
from optimizer.case.contracts import FixedBlock, MonthlyElection
from optimizer.plan.audit.decided import FILE, Lines
from optimizer.plan.audit.recompute.deals import depth_ph_s
from optimizer.plan.audit.recompute.decisions import Decision
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, first_day
from optimizer.plan.audit.recompute.treasury import treasury
from optimizer.plan.audit.result import Collector, shown

TOLERANCE_WHOLE = 1e-9
TOLERANCE = 1e-6
"""Of the limit, or of 1 if the limit is smaller."""


def check_decided(figures: Figures, lines: Lines, collector: Collector) -> None:
    """Everything that the terms of the case say of decisions."""
    check_signatures(figures, lines, collector)
    _check_contracts(figures, lines, collector)
    _check_builds(figures, lines, collector)
    _check_orders(figures, lines, collector)
    _check_moves(figures, lines, collector)
    _check_market(figures, lines, collector)
    _check_coins(figures, lines, collector)


def over(amount: float, limit: float) -> bool:
    """Whether an amount is above a limit by more than rounding."""
    return amount > limit + TOLERANCE * max(1.0, abs(limit))


def in_window(
    each: Decision, done: str, start: CalendarDate, end: CalendarDate, lines: Lines, collector: Collector
) -> None:
    """Whether something is decided while it stands."""
    collector.checks += 1
    if not start.first - SAME_INSTANT <= each.at < end.last - SAME_INSTANT:
        message = f"{each.item} is {done} {first_day(each.at)}, outside its window {start} to {end}"
        collector.breach(FILE, lines[each], "date", message)


def check_signatures(figures: Figures, lines: Lines, collector: Collector) -> None:
    """Halls, windows, sites and groups of what is signed."""
    case, by_group = figures.case, dict[str, Decision]()
    for sign in sorted(figures.decisions.of("sign"), key=lambda each: lines[each]):
        offer, line = case.offers[sign.item], lines[sign]
        collector.checks += 4
        if abs(sign.amount - round(sign.amount)) > TOLERANCE_WHOLE:
            collector.breach(FILE, line, "amount", f"{shown(sign.amount)} halls: halls are whole")
        if not offer.halls.min - TOLERANCE_WHOLE <= sign.amount <= offer.halls.max + TOLERANCE_WHOLE:
            message = f"{shown(sign.amount)} halls of {sign.item}: it is {offer.halls.min} to {offer.halls.max}"
            collector.breach(FILE, line, "amount", message)
        in_window(sign, "signed", offer.sign.start, offer.sign.end, lines, collector)
        if sign.site not in offer.sites:
            collector.breach(FILE, line, "site", f"{sign.item} is not offered at {sign.site}")
        share = case.sites[sign.site].share
        if share != 1:
            message = f"{sign.item} is signed at {sign.site}, of which the company has {shown(share)}"
            collector.breach(FILE, line, "site", message)
        if offer.group is not None:
            collector.checks += 1
            other = by_group.setdefault(offer.group, sign)
            if other is not sign:
                message = f"{sign.item} and {other.item} are both of group {offer.group}: one at most is signed"
                collector.breach(FILE, line, "item", message)


def _check_contracts(figures: Figures, lines: Lines, collector: Collector) -> None:
    """Windows and MW of power contracts that are signed, and the load that is there for them."""
    every = figures.decisions.of("contract")
    for each in sorted(every, key=lambda each: lines[each]):
        site = figures.case.sites[each.site]
        offer = site.contract_offers[each.item]
        in_window(each, "signed", offer.sign.start, offer.sign.end, lines, collector)
        collector.checks += 3
        if over(each.amount, offer.terms.mw):
            message = f"{shown(each.amount)} MW of {each.item}: it is at most {shown(offer.terms.mw)}"
            collector.breach(FILE, lines[each], "amount", message)
        if over(offer.least_mw, each.amount):
            message = f"{shown(each.amount)} MW of {each.item}: it is at least {shown(offer.least_mw)}"
            collector.breach(FILE, lines[each], "amount", message)
        contracted = sum(
            other.amount
            for other in every
            if other.site == each.site and other.at <= each.at < other.at + site.contract_offers[other.item].tenor
        )
        for terms in site.contracts.values():
            begins = figures.timeline.start if terms.start is None else terms.start.first
            if begins <= each.at + 1e-9 and each.at + 1e-9 < terms.until.last:
                contracted += terms.mw if isinstance(terms, FixedBlock) else 0.0
                contracted += terms.least * terms.mw if isinstance(terms, MonthlyElection) else 0.0
        load = figures.load_at(each.site, each.at)
        if over(contracted, load):
            message = f"makes {shown(contracted)} MW contracted at {each.site} at this step: its load is {shown(load)}"
            collector.breach(FILE, lines[each], "amount", message)


def _check_builds(figures: Figures, lines: Lines, collector: Collector) -> None:
    made: dict[tuple[str, str], float] = {}
    for build in figures.decisions.of("build"):
        terms, key = figures.case.sites[build.site].builds[build.item], (build.site, build.item)
        in_window(build, "built", terms.window.start, terms.window.end, lines, collector)
        collector.checks += 2
        if abs(build.amount - round(build.amount)) > TOLERANCE_WHOLE:
            collector.breach(FILE, lines[build], "amount", f"{shown(build.amount)} builds: builds are whole")
        made[key] = made.get(key, 0.0) + build.amount
        if made[key] > terms.max + TOLERANCE_WHOLE:
            message = f"makes {shown(made[key])} of {build.item} at {build.site}: there are at most {terms.max}"
            collector.breach(FILE, lines[build], "amount", message)


def _check_orders(figures: Figures, lines: Lines, collector: Collector) -> None:
    bought: dict[tuple[str, int], float] = {}
    for order in figures.decisions.of("buy"):
        terms, key = figures.case.machines[order.item].buy, (order.item, order.at)
        if terms is None:
            continue
        in_window(order, "bought", terms.window.start, terms.window.end, lines, collector)
        collector.checks += 2
        if order.site not in terms.sites:
            collector.breach(FILE, lines[order], "site", f"{order.item} cannot be ordered for {order.site}")
        bought[key] = bought.get(key, 0.0) + order.amount
        if over(bought[key], terms.max_ph_s_per_step):
            message = f"makes {shown(bought[key])} PH/s of {order.item} at this step"
            limit = shown(terms.max_ph_s_per_step)
            collector.breach(FILE, lines[order], "amount", f"{message}: the market delivers {limit}")


def _check_moves(figures: Figures, lines: Lines, collector: Collector) -> None:
    """Where a lot may stand, and that it is there when it is plugged in or sold."""
    lots = {lot.full_name: lot for lot in figures.lots}
    for move in figures.decisions.of("unplug", "plug", "sell"):
        lot = lots[move.item]
        collector.checks += 3
        if move.kind == "plug" and move.site not in lot.places:
            message = f"{move.item} cannot stand at {move.site}: it is {' or '.join(lot.places)}"
            collector.breach(FILE, lines[move], "site", message)
        if move.kind == "plug" and lot.ordered is not None:
            message = f"{move.item} is plugged in: what the plan bought is not plugged in again"
            collector.breach(FILE, lines[move], "item", message)
        if move.kind != "unplug" and not lot.present_at(move.at):
            done = "sold" if move.kind == "sell" else "plugged in"
            when = "before it arrives" if move.at < lot.start else "after its life"
            collector.breach(FILE, lines[move], "date", f"{move.item} is {done} {first_day(move.at)}, {when}")


def _check_market(figures: Figures, lines: Lines, collector: Collector) -> None:
    """What the market for used machines takes at a step."""
    types = {lot.full_name: lot.machine_name for lot in figures.lots}
    sold: dict[tuple[str, int], float] = {}
    for sale in sorted(figures.decisions.of("sell"), key=lambda each: lines[each]):
        collector.checks += 1
        machine, key = types[sale.item], (types[sale.item], sale.at)
        resale = figures.case.machines[machine].resale
        if resale is None:
            collector.breach(FILE, lines[sale], "item", f"{sale.item}: nobody takes used machines of type {machine}")
            continue
        sold[key] = sold.get(key, 0.0) + sale.amount
        depth = sum(depth_ph_s(tier, figures.timeline, sale.at) for tier in resale.tiers)
        if over(sold[key], depth):
            message = f"makes {shown(sold[key])} PH/s of {machine} sold at this step: the market takes {shown(depth)}"
            collector.breach(FILE, lines[sale], "amount", message)


def _check_coins(figures: Figures, lines: Lines, collector: Collector) -> None:
    decided: Iterable[Decision] = figures.decisions.of("sell_btc", "keep_btc")
    policy, coins = figures.case.finance.treasury, treasury(figures)
    for each in decided:
        collector.checks += 1
        place = figures.timeline.period_of(each.at)
        if policy.policy != "sell_to_fund":
            message = f"coins are no decision with the policy {policy.policy}"
            collector.breach(FILE, lines[each], "decision", message)
        elif place is not None:
            free = float(coins.opening[place]) - policy.min_btc if each.kind == "sell_btc" else coins.mined[place]
            if over(each.amount, max(0.0, float(free))):
                what = "may be sold from stock" if each.kind == "sell_btc" else "are mined"
                message = f"{shown(each.amount)} BTC, where {shown(max(0.0, float(free)))} {what} in the period"
                collector.breach(FILE, lines[each], "amount", message)
