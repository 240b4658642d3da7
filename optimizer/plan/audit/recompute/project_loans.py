"""Loans on single projects, and bonds that take them out. Section 13 of docs/figures_capital.md, "Project finance"."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from optimizer.case.case import Case
from optimizer.case.facilities import Backstop, ProjectBond, ProjectLoan
from optimizer.plan.audit.recompute.decisions import Decision, Decisions
from optimizer.plan.audit.recompute.hosting import Contract
from optimizer.plan.audit.recompute.options import call
from optimizer.plan.audit.recompute.project_terms import Project, ProjectItem, project_called, project_items
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, CannotRecompute, Timeline
from optimizer.plan.audit.recompute.tranches import InMonth, Service, Tranche, own_factor, repaid

Finance = ProjectLoan | ProjectBond


@dataclass(frozen=True, eq=False)
class ProjectTranche:
    """A tranche that belongs to a signature.

    refinanced: the instant at which a bond pays the loan out, or is issued. paid_out: principal that the bond pays
    then, USD m. by_cost, by_service: most of it per hall, USD m; of a loan that is taken out, by what it pays before.
    """

    item: ProjectItem
    tranche: Tranche
    project: Project
    terms: Finance
    refinanced: float | None
    paid_out: float
    by_cost: float
    by_service: float

    @property
    def is_bond(self) -> bool:
        return isinstance(self.terms, ProjectBond)


def project_tranches(
    case: Case, timeline: Timeline, decisions: Decisions, hosting: Sequence[Contract]
) -> tuple[ProjectTranche, ...]:
    """All of them, by facility as the case has them, in time. Raises CannotRecompute."""
    items = project_items(case)
    facilities = list(case.finance.facilities)
    draws = [each for each in decisions.of("draw") if each.item in items]
    draws.sort(key=lambda each: facilities.index(items[each.item].facility))
    found: list[ProjectTranche] = []
    for draw in draws:
        item = items[draw.item]
        project = project_called(item.offer, hosting, case, timeline)
        facility = case.finance.facilities[item.facility]
        if isinstance(facility, ProjectLoan):
            found.append(_loan(case, timeline, item, facility, draw, project))
        elif isinstance(facility, ProjectBond):
            found.append(_bond(timeline, item, facility, draw, project))
    return tuple(found)


def _dates(name: str, terms: Finance, begin: float, project: Project) -> list[float]:
    """Payments from ``begin`` on, as far as the contract of the halls goes."""
    every = terms.interest_every
    count = int(min(terms.term, project.end - begin) // every) if every > 0 else 0
    if count < 1:
        raise CannotRecompute(f"{name}: there is no date on which it pays for {project.name}")
    return [begin + every * number for number in range(1, count + 1)]


def _principal(terms: Finance, dates: Sequence[float], project: Project) -> list[float]:
    """Principal of 1 by date."""
    rate, every, count = terms.rate * terms.interest_every / 12, terms.interest_every, len(dates)
    if terms.amortisation == "bullet":
        return [0.0] * (count - 1) + [1.0]
    if terms.amortisation == "even":
        return [1 / count] * count
    if terms.amortisation == "level":
        service = rate / (1 - (1 + rate) ** -count) if rate > 0 else 1 / count
        return [(service - rate) * (1 + rate) ** number for number in range(count)]
    return sculpted([project.between(date - every, date) for date in dates], rate)


def sculpted(available: Sequence[float], rate: float) -> list[float]:
    """Principal of 1 by payment, so that service is proportional to the cash available; where interest is more than
    that nothing is repaid. rate: of one payment."""
    count = len(available)
    repays = [cash > 0 for cash in available]
    while any(repays):
        # What is owed grows by interest between payments that repay; where interest is paid it stays.
        growth = [1 + rate if each else 1.0 for each in repays]
        owed = math.prod(growth)
        served = sum(
            cash * math.prod(growth[place + 1 :])
            for place, (cash, each) in enumerate(zip(available, repays, strict=True))
            if each
        )
        share, left = owed / served, 1.0
        principal, short = [0.0] * count, [False] * count
        for place in range(count):
            interest = rate * left
            if not repays[place]:
                continue
            short[place] = interest > share * available[place] * (1 + 1e-12)
            principal[place] = share * available[place] - interest
            left -= principal[place]
        if not any(short):
            principal[-1] += 1 - sum(principal)
            return principal
        repays = [each and not below for each, below in zip(repays, short, strict=True)]
    return [0.0] * (count - 1) + [1.0]


def _sized(services: Sequence[Service], terms: Finance, project: Project, before: float) -> float:
    """Most of a tranche of 1 per hall by cash available, in payments before an instant."""
    if terms.dscr is None:
        return math.inf
    most = math.inf
    for each in services:
        if each.at >= before - SAME_INSTANT:
            continue
        cash = project.between(each.at - terms.interest_every, each.at) / project.halls
        if cash <= 0:
            return 0.0
        if each.scheduled > 0:
            most = min(most, cash / (terms.dscr * each.scheduled))
    return most


def _loan(
    case: Case, timeline: Timeline, item: ProjectItem, loan: ProjectLoan, draw: Decision, project: Project
) -> ProjectTranche:
    backstop = loan.backstop if item.backstopped else None
    market = loan.rate if loan.market_rate is None else loan.market_rate
    terms = loan if backstop is None else loan.model_copy(update={"rate": backstop.rate})
    signed, done, every = draw.at, round(project.completion), terms.interest_every
    if project.capex_usd_m <= 0:
        raise CannotRecompute(f"{item.name}: there is no capex that it could pay")
    monthly = 1 + terms.rate / 12
    grown = project.spent_at_once * monthly ** (done - signed)
    grown += sum(share * monthly ** (done - month - 1) for month, share in project.spent)
    drawn = 1 / grown
    dates = _dates(item.name, terms, done, project)
    coupon = terms.rate * every / 12
    principal = _principal(terms, dates, project)
    services = repaid(1.0, coupon, dates, dict(zip(dates, principal, strict=True)), done)
    if terms.amortisation == "bullet":
        services = (*services[:-1], replace(services[-1], unscheduled=services[-1].principal))
    bond = None if item.taken_out_by is None else case.finance.facilities[item.taken_out_by]
    out, paid_out, before = None, 0.0, math.inf
    if isinstance(bond, ProjectBond):
        out = before = float(done + bond.after)
        services, paid_out = _taken_out(services, coupon, every, done, out)
    face = draw.amount
    months, spent, owed = [], dict(project.spent), drawn * project.spent_at_once
    for month in range(signed, done):
        interest, new = owed * terms.rate / 12, drawn * spent.get(month, 0.0)
        months.append(InMonth(month, face * new, face * interest))
        owed += interest + new
    capex = project.capex_usd_m / project.halls
    tranche = Tranche(
        facility=item.facility,
        item=item.name,
        kind=loan.kind,
        at=signed,
        face=face,
        drawn_at=signed,
        drawn=face * drawn * project.spent_at_once,
        fee=face * terms.fee,
        services=tuple(_scaled(each, face) for each in services),
        factor=_loan_factor(market, every, timeline.start, signed, done),
        months=tuple(months),
        option=_warrants(case, backstop, face, own_factor(market, every, timeline.start)(signed)),
        has_option=backstop is not None and backstop.warrants_m > 0,
        warrants_m=0.0 if backstop is None else face * backstop.warrants_m / backstop.limit_usd_m,
    )
    return ProjectTranche(
        item=item,
        tranche=tranche,
        project=project,
        terms=terms,
        refinanced=out,
        paid_out=face * paid_out,
        by_cost=loan.loan_to_cost * capex / (1 - loan.loan_to_cost * (1 - drawn + terms.fee)),
        by_service=_sized(services, terms, project, before),
    )


def _taken_out(
    services: Sequence[Service], coupon: float, every: int, done: float, out: float
) -> tuple[tuple[Service, ...], float]:
    """Payments of a loan of 1 that is paid out at an instant, and the principal that is paid then."""
    kept = tuple(each for each in services if each.at < out - SAME_INSTANT)
    left = 1 - sum(each.principal for each in kept)
    if len(kept) == len(services):
        return kept, 0.0
    last = kept[-1].at if kept else done
    interest = left * ((1 + coupon) ** ((out - last) / every) - 1)
    return (*kept, Service(out, last, interest, left, unscheduled=left)), left


def _bond(timeline: Timeline, item: ProjectItem, bond: ProjectBond, draw: Decision, project: Project) -> ProjectTranche:
    issued, every, face = round(project.completion) + bond.after, bond.interest_every, draw.amount
    market = bond.rate if bond.market_rate is None else bond.market_rate
    dates = _dates(item.name, bond, issued, project)
    principal = dict(zip(dates, _principal(bond, dates, project), strict=True))
    services = repaid(1.0, bond.rate * every / 12, dates, principal, issued)
    capex = project.capex_usd_m / project.halls
    tranche = Tranche(
        facility=item.facility,
        item=item.name,
        kind=bond.kind,
        at=draw.at,
        face=face,
        drawn_at=issued,
        drawn=face,
        fee=face * bond.fee,
        services=tuple(_scaled(each, face) for each in services),
        factor=own_factor(market, every, timeline.start),
    )
    return ProjectTranche(
        item=item,
        tranche=tranche,
        project=project,
        terms=bond,
        refinanced=float(issued),
        paid_out=0.0,
        by_cost=math.inf if bond.loan_to_cost is None else bond.loan_to_cost * capex,
        by_service=_sized(services, bond, project, math.inf),
    )


def _scaled(service: Service, face: float) -> Service:
    return replace(
        service,
        interest=service.interest * face,
        principal=service.principal * face,
        unscheduled=service.unscheduled * face,
    )


def _loan_factor(market: float, every: int, start: int, signed: int, done: int) -> Callable[[float], float]:
    """Discount factor of a project loan: monthly while it is drawn, then by payments."""
    plain, monthly, paid = own_factor(market, every, start), 1 + market / 12, 1 + market * every / 12

    def factor(instant: float) -> float:
        up_to = plain(signed) * monthly ** -(min(instant, done) - signed)
        return float(up_to * paid ** (-max(0.0, instant - done) / every))

    return factor


def _warrants(case: Case, backstop: Backstop | None, face: float, factor: float) -> Callable[[float], float]:
    """What the warrants for a backstop cost, by what a share is worth over its price."""
    price = case.finance.opening.share_price_usd

    def charge(intrinsic_to_market: float) -> float:
        if backstop is None:
            return 0.0
        share, terms = price * intrinsic_to_market, (backstop.term, backstop.volatility, backstop.risk_free)
        warrants = face * backstop.warrants_m / backstop.limit_usd_m
        return warrants * call(share, backstop.strike_usd, *terms) * factor

    return charge
