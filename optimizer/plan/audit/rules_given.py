"""Decisions that the case lays down in its section ``given``: a plan takes them as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from optimizer.case.base import CalendarDate
from optimizer.case.case import Case
from optimizer.case.given import GivenSignature
from optimizer.plan.audit.decided import BITCOIN, FILE, Lines
from optimizer.plan.audit.recompute.decisions import BETWEEN, COINS, Decision, Decisions, Kind, by_period, is_line
from optimizer.plan.audit.recompute.timeline import Timeline, first_day
from optimizer.plan.audit.result import Collector, shown

TOLERANCE_HALLS = 1e-9
TOLERANCE_PH_S = 1e-6
TOLERANCE_AMOUNT = 1e-8
"""The last digit that is written, of PH/s and of all other amounts."""
FLOAT = 1e-12
"""Of an amount: what adding up may change."""

Rule = object
"""Forbidden, or amounts by date."""
Target = tuple[Kind, str, str]
"""Kind, item and site of decisions."""


def check_given(case: Case, timeline: Timeline, decisions: Decisions, lines: Lines, collector: Collector) -> None:
    """What the case lays down: forbidden, fixed or bounded decisions, and no others if it says so."""
    signed = {sign.item: sign for sign in decisions.of("sign")}
    for offer in case.offers:
        collector.checks += 1
        rule, sign = case.given.sign.get(offer), signed.get(offer)
        if isinstance(rule, GivenSignature):
            _check_signature(offer, rule, sign, timeline, lines, collector)
        elif sign is not None and (rule == "forbidden" or case.given.otherwise == "nothing"):
            why = "is forbidden" if rule == "forbidden" else "is not among the given decisions, and the rest is nothing"
            collector.breach(FILE, lines[sign], "item", f"given: signing {offer} {why}")
    _check_amounts(case, timeline, decisions, lines, collector)


def _check_signature(
    offer: str, rule: GivenSignature, sign: Decision | None, timeline: Timeline, lines: Lines, collector: Collector
) -> None:
    least = rule.halls if rule.halls is not None else rule.halls_at_least or 0
    most = rule.halls if rule.halls is not None else rule.halls_at_most
    if sign is None:
        if least > 0:
            collector.breach(FILE, None, "item", f"given: at least {least} halls of {offer}, the plan signs none")
        return
    line = lines[sign]
    if sign.amount < least - TOLERANCE_HALLS or (most is not None and sign.amount > most + TOLERANCE_HALLS):
        bounds = (
            f"exactly {least}" if least == most else f"at least {least}" + ("" if most is None else f", at most {most}")
        )
        message = f"given: {bounds} halls of {offer}, the plan signs {shown(sign.amount)}"
        collector.breach(FILE, line, "amount", message)
    if rule.site is not None and sign.site != rule.site:
        collector.breach(FILE, line, "site", f"given: {offer} at {rule.site}, the plan signs it at {sign.site}")
    if rule.date is not None and sign.at != timeline.nearest_step(rule.date):
        wanted = first_day(timeline.nearest_step(rule.date))
        collector.breach(
            FILE, line, "date", f"given: {offer} signed on {wanted}, the plan signs on {first_day(sign.at)}"
        )


@dataclass
class _LaidDown:
    """What holds for one target: nothing at all, or amounts by the month in which they are decided."""

    forbidden: bool
    amounts: dict[int, float]


def _check_amounts(case: Case, timeline: Timeline, decisions: Decisions, lines: Lines, collector: Collector) -> None:
    laid = _laid_down(case, timeline)
    decided: dict[Target, dict[int, Decision]] = {}
    for each in decisions.rows:
        if each.kind != "sign":
            # Finance of a project is laid down by its name alone.
            site = "" if each.kind == "draw" else each.site
            decided.setdefault((each.kind, each.item, site), {})[each.at] = each
    # As the case lays them down first, then what else there is.
    for target in dict.fromkeys([*laid, *decided]):
        collector.checks += 1
        kind, item, site = target
        rule, taken = laid.get(target), decided.get(target, {})
        # Machines may make room, coins be sold as the treasury says, lines be repaid, cash be moved between companies,
        # also where the rest is nothing.
        closed = case.given.otherwise == "nothing" and kind not in ("unplug", "repay", *COINS, *BETWEEN)
        if kind in (*COINS, *BETWEEN) or is_line(case, item):
            closed = closed or rule is not None
        if rule is not None and rule.forbidden:
            rule, closed = _LaidDown(True, {}), True
        amounts = {} if rule is None else rule.amounts
        for at in sorted({*amounts, *(taken if closed else ())}):
            want, has = amounts.get(at, 0.0), taken[at].amount if at in taken else 0.0
            tolerance = TOLERANCE_PH_S if kind in ("buy", "unplug", "plug", "sell") else TOLERANCE_AMOUNT
            if abs(has - want) <= tolerance + FLOAT * want:
                continue
            line = lines[taken[at]] if at in taken else None
            of = f"{item} > {site}" if kind == "plug" else item
            message = f"given: {kind} {shown(want)} of {of} on {first_day(at)}, the plan has {shown(has)}"
            if rule is None:
                message += "; it is not among the given decisions, and the rest is nothing"
            elif rule.forbidden:
                message += "; it is forbidden"
            collector.breach(FILE, line, "amount", message)


def _laid_down(case: Case, timeline: Timeline) -> dict[Target, _LaidDown]:
    """All rules by target; what is written of one target in two ways adds up."""
    laid: dict[Target, _LaidDown] = {}
    for target, rule in _rules(case):
        entry = laid.setdefault(target, _LaidDown(False, {}))
        if not isinstance(rule, Mapping):
            entry.forbidden = True
            continue
        for date, amount in rule.items():
            at = _nearest(case, target, date, timeline)
            entry.amounts[at] = entry.amounts.get(at, 0.0) + amount
    return laid


def _nearest(case: Case, target: Target, date: CalendarDate, timeline: Timeline) -> int:
    if not by_period(case, *target[:2]):
        return timeline.nearest_step(date)
    return min((each.start for each in timeline.periods), key=lambda at: (round(abs(at - date.first), 9), at))


def _rules(case: Case) -> Iterator[tuple[Target, Rule]]:
    given = case.given
    for key, rule in given.contract.items():
        site, _, item = key.partition(".")
        yield ("contract", item, site), rule
    for key, rule in given.build.items():
        site, _, item = key.partition(".")
        yield ("build", item, site), rule
    for key, rule in given.buy.items():
        site, _, item = key.partition(".")
        yield ("buy", item, site), rule
    for key, rule in given.unplug.items():
        lot, _, place = key.partition(" > ")
        yield ("unplug", lot, place or lot.partition(".")[0]), rule
    for key, rule in given.plug.items():
        lot, _, place = key.partition(" > ")
        yield ("plug", lot, place), rule
    for key, rule in given.sell.items():
        yield ("sell", key, ""), rule
    for key, rule in given.draw.items():
        yield ("draw", key, ""), rule
    for key, rule in given.repay.items():
        yield ("repay", key, ""), rule
    for key, rule in given.commit.items():
        yield ("commit", key, ""), rule
    for key, rule in given.fund.items():
        yield ("fund", key, ""), rule
    for key, rule in given.upstream.items():
        yield ("upstream", key, ""), rule
    for key, rule in given.issue.items():
        yield ("issue", key, ""), rule
    if given.sell_btc is not None:
        yield ("sell_btc", BITCOIN, ""), given.sell_btc
    if given.keep_btc is not None:
        yield ("keep_btc", BITCOIN, ""), given.keep_btc
