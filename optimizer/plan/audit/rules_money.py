"""What the terms of facilities allow: windows and limits of new money, and how far projects carry theirs. Section 13 of
docs/figures_capital.md; lines: ``rules_lines``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from optimizer.case.facilities import (
    BtcLine,
    Convertible,
    CreditLine,
    EquityIssue,
    Preferred,
    ProjectLoan,
    TermLoan,
)
from optimizer.plan.audit.decided import FILE, Lines
from optimizer.plan.audit.recompute.decisions import Decision
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.lines import committed_at, committed_of
from optimizer.plan.audit.recompute.new_money import cost_before
from optimizer.plan.audit.recompute.project_loans import ProjectTranche
from optimizer.plan.audit.recompute.project_terms import project_items
from optimizer.plan.audit.recompute.timeline import first_day
from optimizer.plan.audit.result import Collector, shown
from optimizer.plan.audit.rules_decided import in_window, over
from optimizer.plan.audit.rules_lines import check_lines

BY_STEP = (TermLoan, Convertible, Preferred)
COMMITTED = (TermLoan, CreditLine, BtcLine)


def check_money(figures: Figures, lines: Lines, collector: Collector) -> None:
    """Everything that the terms of the case say of new money."""
    _check_commitments(figures, lines, collector)
    _check_draws(figures, lines, collector)
    _check_issues(figures, lines, collector)
    _check_projects(figures, lines, collector)
    check_lines(figures, lines, collector)


def _check_commitments(figures: Figures, lines: Lines, collector: Collector) -> None:
    """Once, at the beginning of the window, and no more than is on offer."""
    for each in figures.decisions.of("commit"):
        facility = figures.case.finance.facilities[each.item]
        if not isinstance(facility, COMMITTED):
            continue
        first = committed_at(facility, figures.timeline)
        collector.checks += 2
        if each.at != first:
            wanted = "there is none" if first is None else f"which is {first_day(first)}"
            message = f"{each.item} is committed {first_day(each.at)}, not at the beginning of its window: {wanted}"
            collector.breach(FILE, lines[each], "date", message)
        if over(each.amount, facility.limit_usd_m):
            message = f"{shown(each.amount)} USD m of {each.item}: it is at most {shown(facility.limit_usd_m)}"
            collector.breach(FILE, lines[each], "amount", message)


def _check_draws(figures: Figures, lines: Lines, collector: Collector) -> None:
    """Loans, convertible notes and preferred shares that are drawn at steps."""
    case, drawn = figures.case, dict[str, float]()
    for each in figures.decisions.of("draw"):
        facility = case.finance.facilities.get(each.item)
        if not isinstance(facility, BY_STEP):
            continue
        in_window(each, "drawn", facility.window.start, facility.window.end, lines, collector)
        drawn[each.item] = drawn.get(each.item, 0.0) + each.amount
        collector.checks += 1
        if over(facility.least_usd_m, each.amount):
            message = f"{shown(each.amount)} USD m of {each.item}: a draw is at least {shown(facility.least_usd_m)}"
            collector.breach(FILE, lines[each], "amount", message)
        for limit, what in _most(figures, facility, each):
            collector.checks += 1
            if over(drawn[each.item], limit):
                message = f"makes {shown(drawn[each.item])} USD m of {each.item}{what} {shown(limit)}"
                collector.breach(FILE, lines[each], "amount", message)
                break


def _most(
    figures: Figures, facility: TermLoan | Convertible | Preferred, draw: Decision
) -> Iterable[tuple[float, str]]:
    """What may have been drawn so far, and in what words."""
    opening = figures.case.finance.opening
    yield facility.limit_usd_m, " in all: it is at most"
    if isinstance(facility, TermLoan) and facility.loan_to_cost is not None:
        cost = cost_before(figures, facility, draw.at + 1)
        yield facility.loan_to_cost * cost, ": its share of capex signed so far is"
    if isinstance(facility, TermLoan) and facility.undrawn_fee > 0:
        yield committed_of(draw.item, figures.decisions), ": committed are"
    if isinstance(facility, Convertible) and facility.market_cap_share is not None:
        market = opening.shares_m * opening.share_price_usd
        yield facility.market_cap_share * market, ": its share of the market value is"


def _check_issues(figures: Figures, lines: Lines, collector: Collector) -> None:
    issued: dict[tuple[str, int | None], float] = {}
    for each in figures.decisions.of("issue"):
        facility = figures.case.finance.facilities[each.item]
        if not isinstance(facility, EquityIssue):
            continue
        in_window(each, "issued", facility.window.start, facility.window.end, lines, collector)
        for span in (None, each.at // 12):
            issued[each.item, span] = issued.get((each.item, span), 0.0) + each.amount
        in_all, in_year = issued[each.item, None], issued[each.item, each.at // 12]
        for amount, limit, words in (
            (each.amount, facility.limit_usd_m_per_step, f"{shown(each.amount)} USD m of {each.item} at one step"),
            (in_year, facility.yearly_limit_usd_m, f"makes {shown(in_year)} USD m of {each.item} in a calendar year"),
            (in_all, facility.limit_usd_m, f"makes {shown(in_all)} USD m of {each.item} in all"),
        ):
            collector.checks += 1
            if limit is not None and over(amount, limit):
                collector.breach(FILE, lines[each], "amount", f"{words}: it is at most {shown(limit)}")


def _check_projects(figures: Figures, lines: Lines, collector: Collector) -> None:
    items = project_items(figures.case)
    by_facility: dict[str, float] = {}
    backstopped: dict[str, float] = {}
    for draw in (each for each in figures.decisions.of("draw") if each.item in items):
        item = items[draw.item]
        facility = figures.case.finance.facilities[item.facility]
        limits = [(by_facility, facility.limit_usd_m, item.facility)]
        if item.backstopped and isinstance(facility, ProjectLoan) and facility.backstop is not None:
            limits.append((backstopped, facility.backstop.limit_usd_m, f"the backstop of {item.facility}"))
        for sums, limit, words in limits:
            collector.checks += 1
            sums[item.facility] = sums.get(item.facility, 0.0) + draw.amount
            if over(sums[item.facility], limit):
                message = f"makes {shown(sums[item.facility])} USD m of {words} in all: it is at most {shown(limit)}"
                collector.breach(FILE, lines[draw], "amount", message)
    by_name = {each.item: lines[each] for each in figures.decisions.of("draw")}
    for offer in dict.fromkeys(each.item.offer for each in figures.project_tranches):
        tranches = [each for each in figures.project_tranches if each.item.offer == offer]
        _check_size(offer, tranches, by_name[tranches[-1].item.name], collector)
        _check_taken_out(offer, tranches, by_name[tranches[-1].item.name], collector)


def _check_size(offer: str, tranches: list[ProjectTranche], line: int, collector: Collector) -> None:
    """By cost and by cash available, before bonds are issued and after."""
    loans = [each for each in tranches if not each.is_bond]
    after = [each for each in tranches if each.is_bond or each.item.taken_out_by is None]
    sizes: tuple[tuple[str, Callable[[ProjectTranche], float]], ...] = (
        ("cost", lambda each: each.by_cost),
        ("cash available for debt service", lambda each: each.by_service),
    )
    for what, size in sizes:
        for when, there in (("", loans), (" once bonds are issued", after)):
            collector.checks += 1
            halls = sum(_halls(each.tranche.face, size(each)) for each in there)
            if over(halls, tranches[0].project.halls):
                message = f"finance of {offer} needs the {what} of {shown(halls)} halls{when}: there are"
                collector.breach(FILE, line, "amount", f"{message} {shown(tranches[0].project.halls)}")
                break


def _halls(face: float, most: float) -> float:
    """Halls that carry a tranche."""
    return face / most if most > 0 else float("inf")


def _check_taken_out(offer: str, tranches: list[ProjectTranche], line: int, collector: Collector) -> None:
    """A bond brings at least what it pays out."""
    for bond in dict.fromkeys(each.item.taken_out_by for each in tranches if each.item.taken_out_by is not None):
        collector.checks += 1
        owed = sum(each.paid_out for each in tranches if each.item.taken_out_by == bond)
        brought = sum(each.tranche.drawn - each.tranche.fee for each in tranches if each.item.facility == bond)
        if over(owed, brought):
            message = f"{bond} brings {shown(brought)} USD m for {offer} and has to pay out loans of {shown(owed)}"
            collector.breach(FILE, line, "amount", message)
