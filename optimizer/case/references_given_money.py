"""Given decisions about money against the facilities and companies of the case: what they name exists and could be
decided.

A part of ``optimizer.case.references``. Names are those of a plan's ``decisions.csv`` (docs/figures_capital.md,
section 13), so that a plan can be given back as it came out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from optimizer.case.base import month_label
from optimizer.case.case import Case
from optimizer.case.derived import TOLERANCE, dates_in, decision_dates, nearest_step, period_dates
from optimizer.case.facilities import (
    BtcLine,
    ByStep,
    CreditLine,
    EquityIssue,
    Facility,
    ProjectBond,
    ProjectLoan,
    SweepLoan,
    TermLoan,
)
from optimizer.case.findings import Finding
from optimizer.case.references_given import Subject, check_amounts

UNIT = "USD m"
Committed = TermLoan | CreditLine | BtcLine
"""Facilities of which an amount may be committed."""


def check_given_money(case: Case) -> list[Finding]:
    """What is wrong with what is committed, drawn, repaid, issued and moved between companies by ``given``."""
    given, facilities = case.given, case.finance.facilities
    end = decision_dates(case)[-1]
    draws, repayments = dict[str, Subject](), dict[str, Subject]()
    commitments = {name: Subject(most=one.limit_usd_m, unit=UNIT) for name, one in facilities.items() if commits(one)}
    shares = dict[str, Subject]()
    for name, facility in facilities.items():
        if isinstance(facility, ByStep | SweepLoan):
            draws[name] = Subject(facility.window, facility.limit_usd_m, UNIT)
        elif isinstance(facility, CreditLine | BtcLine):
            draws[name] = Subject(facility.window, unit=UNIT, by_period=True)
        elif isinstance(facility, EquityIssue):
            shares[name] = Subject(facility.window, facility.limit_usd_m, UNIT)
        if isinstance(facility, CreditLine | BtcLine | SweepLoan):
            # What is owed after the window is repaid then: such a row stands in the first period after it.
            repayments[name] = Subject(facility.window, unit=UNIT, by_period=True, until=end)
    draws |= _project_draws(case)
    companies = {name: Subject(unit=UNIT, by_period=True) for name in case.finance.companies}
    return [
        *check_amounts(case, "commit", given.commit, commitments, "line or loan with an undrawn fee"),
        *check_amounts(case, "draw", given.draw, draws, "facility to draw"),
        *check_amounts(case, "repay", given.repay, repayments, "line to repay"),
        *check_amounts(case, "fund", given.fund, companies, "company"),
        *check_amounts(case, "upstream", given.upstream, companies, "company"),
        *check_amounts(case, "issue", given.issue, shares, "equity facility"),
        *_commitments(case),
        *_least(case),
        *_both_ways(case),
    ]


def commits(facility: Facility) -> bool:
    """Whether a plan decides how much of a facility is committed."""
    return isinstance(facility, CreditLine | BtcLine) or (isinstance(facility, TermLoan) and facility.undrawn_fee > 0)


def project_names(case: Case) -> dict[str, tuple[str, float]]:
    """Offer, and the most that may be owed, by the name under which project finance is drawn in decisions.csv."""
    names: dict[str, tuple[str, float]] = {}
    facilities = case.finance.facilities
    bonds = {name: one for name, one in facilities.items() if isinstance(one, ProjectBond)}
    for name, facility in facilities.items():
        if isinstance(facility, ProjectBond):
            names |= {f"{name} / {offer}": (offer, facility.limit_usd_m) for offer in facility.for_offers}
        elif isinstance(facility, ProjectLoan):
            backstop = facility.backstop
            for offer in facility.for_offers:
                kinds = {name: facility.limit_usd_m}
                if backstop is not None and offer in backstop.for_offers:
                    kinds[f"{name} + backstop"] = min(facility.limit_usd_m, backstop.limit_usd_m)
                takers = (
                    f" > {other}"
                    for other, bond in bonds.items()
                    if name in bond.refinances and offer in bond.for_offers
                )
                for taker in ("", *takers):
                    names |= {f"{kind}{taker} / {offer}": (offer, most) for kind, most in kinds.items()}
    return names


def _project_draws(case: Case) -> dict[str, Subject]:
    return {
        name: Subject(case.offers[offer].sign, most, UNIT)
        for name, (offer, most) in project_names(case).items()
        if offer in case.offers
    }


def _commitments(case: Case) -> Iterable[Finding]:
    """What is committed is committed at the first step of the window."""
    starts = decision_dates(case)[:-1]
    for name, amounts in case.given.commit.items():
        facility = case.finance.facilities.get(name)
        if not isinstance(facility, Committed) or not commits(facility) or not isinstance(amounts, Mapping):
            continue
        possible = dates_in(facility.window, starts)
        for date in amounts:
            if not starts[0] - 1e-9 <= date.first < decision_dates(case)[-1]:
                continue  # said already
            if not possible or abs(nearest_step(starts, date.first) - possible[0]) > TOLERANCE:
                first = month_label(possible[0]) if possible else "which has none"
                message = f"{date} is not when it is committed: at the first step of its window, {first}"
                yield Finding(("given", "commit", name, str(date)), message, at_key=True)


def _least(case: Case) -> Iterable[Finding]:
    """A draw is nothing, or what the lender gives at least."""
    for name, amounts in case.given.draw.items():
        facility = case.finance.facilities.get(name)
        if not isinstance(facility, ByStep) or not isinstance(amounts, Mapping):
            continue
        for date, amount in amounts.items():
            if 0 < amount < facility.least_usd_m * (1 - TOLERANCE):
                message = f"a draw is nothing or at least {facility.least_usd_m:g} (got {amount:g})"
                yield Finding(("given", "draw", name, str(date)), message)


def _both_ways(case: Case) -> Iterable[Finding]:
    """What is paid in and up at one instant is one payment, and a plan says it so."""
    instants = period_dates(case)[:-1]
    for name, amounts in case.given.upstream.items():
        funded = case.given.fund.get(name)
        if not isinstance(amounts, Mapping) or not isinstance(funded, Mapping):
            continue
        paid_in = {nearest_step(instants, date.first) for date, amount in funded.items() if amount > 0}
        for date, amount in amounts.items():
            if amount > 0 and nearest_step(instants, date.first) in paid_in:
                message = f"{name!r} is also paid money in this period (given.fund); give the difference alone"
                yield Finding(("given", "upstream", name, str(date)), message, at_key=True)
