"""What is owed to whom, period by period: debts, facilities and lines alike. Section 13 of docs/figures_capital.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.case.facilities import EquityIssue, SweepLoan
from optimizer.plan.audit.recompute.debt import DebtPath
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.lines import LinePath
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, Timeline
from optimizer.plan.audit.recompute.tranches import Service, Tranche

YEAR = 12
"""Months."""


@dataclass(frozen=True, eq=False)
class Owed:
    """A debt, a facility (all its tranches together), a line, or a single tranche of project finance, (P,) each, USD m.

    kind: ``debt`` for one that exists at the start, else the facility's kind. offer: the signed offer or the lease
    whose project it belongs to; None for what the company owes. counts_as_debt: all but preferred shares.

    opening + drawn + capitalised - principal = closing. interest: paid in cash; 0 for preferred shares, whose dividends
    in cash are ``dividends_paid``. capitalised: interest of project loans, dividends in kind, and what preferred shares
    are redeemed at above what is owed (``premium``, at the redemption). accrued, accrued_opening: interest or dividends
    accrued and not paid at the end and at the beginning of the period. unamortised_fees: of ``fees``, at the end.
    fees: kept back of draws, or paid on what is committed. capped_calls: kept back for them; never written off.
    fixed_costs: with each tranche. undrawn_fees: as paid. due_12_months: principal due in [last, last + 12).
    """

    name: str
    kind: str
    offer: str | None
    counts_as_debt: bool
    opening: Array
    drawn: Array
    capitalised: Array
    interest: Array
    principal: Array
    closing: Array
    accrued: Array
    accrued_opening: Array
    dividends_paid: Array
    premium: Array
    fees: Array
    unamortised_fees: Array
    capped_calls: Array
    fixed_costs: Array
    undrawn_fees: Array
    due_12_months: Array

    @property
    def expense(self) -> Array:
        """Interest (of preferred shares: dividends) of each period, paid or accrued, without what is capitalised."""
        return np.asarray(self.interest + self.dividends_paid + self.accrued - self.accrued_opening)

    @property
    def cash_fees(self) -> Array:
        """Everything that goes out as fees, as it is paid."""
        return np.asarray(self.fees + self.capped_calls + self.fixed_costs + self.undrawn_fees)


def owed_of(figures: Figures) -> tuple[Owed, ...]:
    """Debts, then all facilities but equity in the order of the case, drawn or not."""
    found = [_debt(path, figures.timeline) for path in figures.debts]
    lines = {path.name: path for path in figures.lines}
    for name, facility in figures.case.finance.facilities.items():
        if name in lines:
            found.append(_line(lines[name], figures.timeline))
        elif not isinstance(facility, EquityIssue):
            tranches = [each for each in figures.all_tranches if each.facility == name]
            fees = [fee for each in figures.undrawn if each.name == name for fee in each.fees]
            found.append(_tranches(name, facility.kind, None, tranches, fees, figures.timeline))
    return tuple(found)


def owed_by_signature(figures: Figures) -> tuple[Owed, ...]:
    """Every tranche of project finance by itself, named as in decisions.csv, with its signed offer."""
    return tuple(
        _tranches(each.item.name, each.tranche.kind, each.item.offer, [each.tranche], (), figures.timeline)
        for each in figures.project_tranches
    )


def by_period(amounts: Iterable[tuple[float, float]], timeline: Timeline) -> Array:
    """Sums by period, (P,), of amounts at instants; what is not in the horizon is left out."""
    sums = np.zeros(len(timeline.periods))
    for at, usd_m in amounts:
        place = timeline.period_of(at)
        if place is not None:
            sums[place] += usd_m
    return sums


def _at_ends(amount: Callable[[int], float], timeline: Timeline) -> Array:
    return np.array([amount(period.end) for period in timeline.periods])


def _due(services: Sequence[Service], instant: float) -> float:
    """Principal due within a year from an instant on."""
    low, high = instant - SAME_INSTANT, instant + YEAR - SAME_INSTANT
    return sum(each.principal for each in services if low <= each.at < high)


def _accrued(services: Sequence[Service], instant: float) -> float:
    """Interest or dividends that have accrued and not been paid before an instant."""
    return sum(
        (each.interest + each.in_kind) * (instant - each.since) / (each.at - each.since)
        for each in services
        if each.since + SAME_INSTANT < instant <= each.at + SAME_INSTANT
    )


def _debt(path: DebtPath, timeline: Timeline) -> Owed:
    nothing, services = np.zeros(len(timeline.periods)), path.services
    principal = by_period(((each.at, each.principal) for each in services), timeline)
    closing = path.debt.principal_usd_m - np.cumsum(principal)
    accrued = _at_ends(path.accrued, timeline)
    return Owed(
        name=path.name,
        kind="debt",
        offer=None if path.debt.project is None else path.debt.project.lease,
        counts_as_debt=True,
        opening=closing + principal,
        drawn=nothing,
        capitalised=nothing,
        interest=by_period(((each.at, each.interest) for each in services), timeline),
        principal=principal,
        closing=closing,
        accrued=accrued,
        accrued_opening=np.concatenate(([path.accrued(timeline.start)], accrued[:-1])),
        dividends_paid=nothing,
        premium=nothing,
        fees=nothing,
        unamortised_fees=nothing,
        capped_calls=nothing,
        fixed_costs=nothing,
        undrawn_fees=nothing,
        due_12_months=_at_ends(lambda end: _due(services, end), timeline),
    )


def _tranches(
    name: str,
    kind: str,
    offer: str | None,
    tranches: Sequence[Tranche],
    undrawn: Sequence[tuple[float, float]],
    timeline: Timeline,
) -> Owed:
    preferred = kind == "preferred"

    def total(amounts: Callable[[Tranche], Iterable[tuple[float, float]]]) -> Array:
        return by_period((each for tranche in tranches for each in amounts(tranche)), timeline)

    def at_ends(amount: Callable[[Tranche, int], float]) -> Array:
        # What is decided at the instant of an end is of the next period.
        return _at_ends(lambda end: sum(amount(each, end) for each in tranches if each.at < end), timeline)

    drawn = total(lambda each: ((each.drawn_at, each.drawn), *((at.month, at.drawn) for at in each.months)))
    capitalised = total(
        lambda each: (
            *((at.month, at.capitalised) for at in each.months),
            *((at.at, at.in_kind + at.premium) for at in each.services),
        )
    )
    paid = total(lambda each: ((at.at, at.interest) for at in each.services))
    principal = total(lambda each: ((at.at, at.principal) for at in each.services))
    closing = np.cumsum(drawn + capitalised - principal)
    accrued = at_ends(lambda each, end: _accrued(each.services, end))
    nothing = np.zeros_like(paid)
    return Owed(
        name=name,
        kind=kind,
        offer=offer,
        counts_as_debt=not preferred,
        opening=np.concatenate(([0.0], closing[:-1])),
        drawn=drawn,
        capitalised=capitalised,
        interest=nothing if preferred else paid,
        principal=principal,
        closing=closing,
        accrued=accrued,
        accrued_opening=np.concatenate(([0.0], accrued[:-1])),
        dividends_paid=paid if preferred else nothing,
        premium=total(lambda each: ((at.at, at.premium) for at in each.services)),
        fees=total(lambda each: ((each.drawn_at, each.fee),)),
        unamortised_fees=at_ends(lambda each, end: _unamortised(each.fee, each.drawn_at, each.last, end)),
        capped_calls=total(lambda each: ((each.drawn_at, each.capped_call),)),
        fixed_costs=total(lambda each: ((each.drawn_at, each.fixed_cost),)),
        undrawn_fees=by_period(undrawn, timeline),
        due_12_months=at_ends(lambda each, end: _due(each.services, end)),
    )


def _unamortised(fee: float, drawn_at: float, last: float, instant: float) -> float:
    """What is left of a fee that is written off evenly; nothing before it is paid."""
    if instant <= drawn_at + SAME_INSTANT or instant >= last:
        return 0.0
    return fee * (last - instant) / (last - drawn_at)


def _line(path: LinePath, timeline: Timeline) -> Owed:
    nothing, line = np.zeros(len(timeline.periods)), path.line
    matures = line.matures.first if isinstance(line, SweepLoan) else None
    last = line.window.end.last if matures is None else matures
    falls = [each.end - SAME_INSTANT <= last < each.end + YEAR - SAME_INSTANT for each in timeline.periods]
    due = np.where(falls, path.owed, 0.0)

    def unamortised(end: int) -> float:
        return sum(_unamortised(fee, at, last, end) for at, fee in path.fees)

    return Owed(
        name=path.name,
        kind=line.kind,
        offer=None,
        counts_as_debt=True,
        opening=path.owed - path.drawn + path.repaid,
        drawn=path.drawn,
        capitalised=nothing,
        interest=path.interest,
        principal=path.repaid,
        closing=path.owed,
        accrued=nothing,
        accrued_opening=nothing,
        dividends_paid=nothing,
        premium=nothing,
        fees=by_period(path.fees, timeline),
        unamortised_fees=_at_ends(unamortised, timeline),
        capped_calls=nothing,
        fixed_costs=nothing,
        undrawn_fees=path.undrawn_fees,
        due_12_months=due,
    )
