"""What a plan may not do: limits on signatures, megawatts and cash, and decisions that the case lays down."""

from __future__ import annotations

from collections.abc import Mapping

from optimizer.case.case import Case
from optimizer.case.given import GivenSignature
from optimizer.plan.audit.files import Table
from optimizer.plan.audit.recompute.decisions import Decisions, Signature, lots_in_order
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.tables import Tables
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Timeline, day_of, first_day
from optimizer.plan.audit.result import Collector, shown

TOLERANCE_MW = 1e-5
TOLERANCE_CASH = 1e-5
"""Of the minimum, or of 1 USD m if the minimum is smaller."""
TOLERANCE_PH_S = 1e-6
TOLERANCE_HALLS = 1e-9

FILE = "decisions.csv"
Lines = Mapping[object, int]


def check_case(figures: Figures, file: str, collector: Collector) -> None:
    """What the case itself may not say, as far as figures rest on it. It is a fault whatever the plan is for."""
    case = figures.case
    for name, lease in case.leases.items():
        collector.checks += 2
        if name in case.offers:
            collector.fault(file, None, "", f"{name} is the name of a lease and of an offer")
        share = case.sites[lease.site].share
        if share != 1:
            message = f"lease {name} is at {lease.site}, of which the company has {shown(share)}: it needs a whole site"
            collector.fault(file, None, "", message)
    for resale in figures.resales:
        collector.checks += 1
        if resale.dearer:
            first = resale.dearer[0]
            prices = f"{shown(first.sold_usd_per_mwh)} and costs {shown(first.bought_usd_per_mwh)}"
            months = f"so it is in {len(resale.dearer)} months"
            message = (
                f"at {resale.site} a MWh of a block sells for {prices} at the meter on {day_of(first.day)}; {months}"
            )
            collector.fault(file, None, "", message)


def check_signatures(case: Case, decisions: Decisions, lines: Lines, collector: Collector) -> None:
    """Halls, windows, sites and groups of what is signed."""
    by_group: dict[str, Signature] = {}
    for sign in decisions.signatures:
        offer, line = case.offers[sign.offer], lines[sign]
        collector.checks += 5
        if abs(sign.halls - round(sign.halls)) > TOLERANCE_HALLS:
            collector.breach(FILE, line, "amount", f"{shown(sign.halls)} halls: halls are whole")
        if not offer.halls.min - TOLERANCE_HALLS <= sign.halls <= offer.halls.max + TOLERANCE_HALLS:
            message = f"{shown(sign.halls)} halls of {sign.offer}: it is {offer.halls.min} to {offer.halls.max}"
            collector.breach(FILE, line, "amount", message)
        if not offer.sign.start.first - SAME_INSTANT <= sign.start < offer.sign.end.last - SAME_INSTANT:
            window = f"its window {offer.sign.start} to {offer.sign.end}"
            message = f"{sign.offer} is signed {first_day(sign.start)}, outside {window}"
            collector.breach(FILE, line, "date", message)
        if sign.site not in offer.sites:
            collector.breach(FILE, line, "site", f"{sign.offer} is not offered at {sign.site}")
        if case.sites[sign.site].share != 1:
            message = (
                f"{sign.offer} is signed at {sign.site}, of which the company has {shown(case.sites[sign.site].share)}"
            )
            collector.breach(FILE, line, "site", message)
        if offer.group is not None:
            collector.checks += 1
            other = by_group.setdefault(offer.group, sign)
            if other is not sign:
                message = f"{sign.offer} and {other.offer} are both of group {offer.group}: one at most is signed"
                collector.breach(FILE, line, "item", message)


def check_given(case: Case, timeline: Timeline, decisions: Decisions, lines: Lines, collector: Collector) -> None:
    """What the case lays down: forbidden, fixed or bounded decisions, and no other signature if it says so."""
    given = case.given
    signed = {sign.offer: sign for sign in decisions.signatures}
    for offer in case.offers:
        collector.checks += 1
        rule, sign = given.sign.get(offer), signed.get(offer)
        if isinstance(rule, GivenSignature):
            _check_given_signature(offer, rule, sign, timeline, lines, collector)
        elif sign is not None and (rule == "forbidden" or given.otherwise == "nothing"):
            why = "is forbidden" if rule == "forbidden" else "is not among the given decisions, and the rest is nothing"
            collector.breach(FILE, lines[sign], "item", f"given: signing {offer} {why}")
    for site, name, _ in lots_in_order(case):
        collector.checks += 1
        lot = f"{site}.{name}"
        amounts = given.retire.get(lot)
        taken = {each.at: each for each in decisions.taken_from(site, name)}
        # Retirements that are not laid down are free, even where nothing else may be decided.
        if amounts is None:
            continue
        wanted: dict[int, float] = {}
        if amounts != "forbidden":
            for date, amount in amounts.items():
                step = timeline.nearest_step(date)
                wanted[step] = wanted.get(step, 0.0) + amount
        for at in sorted({*taken, *wanted}):
            want = wanted.get(at, 0.0)
            has = taken[at].ph_s if at in taken else 0.0
            if abs(has - want) > TOLERANCE_PH_S * max(1.0, want):
                line = lines[taken[at]] if at in taken else None
                message = (
                    f"given: {shown(want)} PH/s of {lot} retired on {first_day(at)}, the plan retires {shown(has)}"
                )
                collector.breach(FILE, line, "amount", message)


def _check_given_signature(
    offer: str, rule: GivenSignature, sign: Signature | None, timeline: Timeline, lines: Lines, collector: Collector
) -> None:
    least = rule.halls if rule.halls is not None else rule.halls_at_least or 0
    most = rule.halls if rule.halls is not None else rule.halls_at_most
    if sign is None:
        if least > 0:
            collector.breach(FILE, None, "item", f"given: at least {least} halls of {offer}, the plan signs none")
        return
    line = lines[sign]
    if sign.halls < least - TOLERANCE_HALLS or (most is not None and sign.halls > most + TOLERANCE_HALLS):
        bounds = (
            f"exactly {least}" if least == most else f"at least {least}" + ("" if most is None else f", at most {most}")
        )
        collector.breach(FILE, line, "amount", f"given: {bounds} halls of {offer}, the plan signs {shown(sign.halls)}")
    if rule.site is not None and sign.site != rule.site:
        collector.breach(FILE, line, "site", f"given: {offer} at {rule.site}, the plan signs it at {sign.site}")
    if rule.date is not None and sign.start != timeline.nearest_step(rule.date):
        wanted = first_day(timeline.nearest_step(rule.date))
        collector.breach(
            FILE, line, "date", f"given: {offer} signed on {wanted}, the plan signs on {first_day(sign.start)}"
        )


def check_headroom(figures: Figures, recomputed: Tables, limits: Table | None, collector: Collector) -> None:
    """Megawatts at every instant, and cash at the end of every period, from the recomputed figures."""
    rows = {
        (line.cells.get("period"), line.cells.get("limit"), line.cells.get("item")): line.number
        for line in (limits.lines if limits else ())
    }
    for place, period in enumerate(figures.timeline.periods):
        for each in recomputed.megawatts[place]:
            collector.checks += 1
            if each.headroom < -TOLERANCE_MW:
                message = f"{each.limit} of {each.site}: {shown(each.used)} MW used, {shown(each.allowed)} MW allowed"
                row = rows.get((period.name, each.limit, each.site))
                collector.breach("limits.csv", row, "headroom", f"{message} in {period.name}")
        collector.checks += 1
        closing, minimum = float(recomputed.cash.closing[place]), float(recomputed.cash.minimum[place])
        if closing < minimum - TOLERANCE_CASH * max(1.0, abs(minimum)):
            message = f"cash closes at {shown(closing)}, the minimum is {shown(minimum)} in {period.name}"
            collector.breach("limits.csv", rows.get((period.name, "min_cash", "")), "headroom", message)
