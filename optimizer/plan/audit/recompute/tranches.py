"""New money drawn at a step: what each draw brings, pays and costs. Section 13 of docs/figures_capital.md.

A tranche of project finance has the same form; it is made in ``project_loans``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from optimizer.case.case import Case
from optimizer.case.facilities import Convertible, Preferred, TermLoan
from optimizer.case.finance import Opening
from optimizer.plan.audit.recompute.decisions import Decision, Decisions
from optimizer.plan.audit.recompute.options import call, callable_call
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, CannotRecompute, Timeline

ByStep = TermLoan | Convertible | Preferred
_BY_STEP = (TermLoan, Convertible, Preferred)


@dataclass(frozen=True)
class Service:
    """What a tranche pays at one instant, USD m. interest accrues evenly from ``since`` on.

    in_kind: interest that is added to what is owed in place of being paid. premium: part of the principal that was
    never owed before (redemption above par). unscheduled: principal that a project does not pay from its own cash:
    a bullet, or what a bond takes out.
    """

    at: float
    since: float
    interest: float
    principal: float
    in_kind: float = 0.0
    premium: float = 0.0
    unscheduled: float = 0.0

    @property
    def paid(self) -> float:
        return self.interest + self.principal

    @property
    def scheduled(self) -> float:
        return self.paid - self.unscheduled


@dataclass(frozen=True)
class InMonth:
    """What happens evenly in a month, and counts at its end; USD m."""

    month: int
    drawn: float
    capitalised: float


@dataclass(frozen=True, eq=False)
class Tranche:
    """One draw of a facility; USD m.

    item: as decisions.csv names it. at: month of the decision. drawn_at: when fees are kept back and, but for a project
    loan, the money comes (``drawn``). months: of a project loan, how it is drawn. factor: of the value, by instant.
    option: what is charged, by what a share is worth over its market price; has_option: whether that
    makes a difference. converts_m, warrants_m: shares under it, millions.
    """

    facility: str
    item: str
    kind: str
    at: int
    face: float
    drawn_at: int
    drawn: float
    fee: float
    services: tuple[Service, ...]
    factor: Callable[[float], float]
    capped_call: float = 0.0
    fixed_cost: float = 0.0
    months: tuple[InMonth, ...] = ()
    option: Callable[[float], float] = field(default=lambda _: 0.0)
    has_option: bool = False
    converts_m: float = 0.0
    warrants_m: float = 0.0

    @property
    def last(self) -> float:
        """Its last payment."""
        return self.services[-1].at

    def value(self, intrinsic_to_market: float) -> float:
        """NPV for today's holders, USD m."""
        brought = (self.drawn - self.fee - self.capped_call - self.fixed_cost) * self.factor(self.drawn_at)
        if self.months:
            # A project loan's fee is paid with the signature, its money comes month by month.
            brought += sum(each.drawn * self.factor(each.month + 1) for each in self.months)
        served = sum(each.paid * self.factor(each.at) for each in self.services)
        return float(brought - served - self.option(intrinsic_to_market))


def own_factor(rate: float, every: int, start: int) -> Callable[[float], float]:
    """Discount factor of a debt that costs ``rate``, paid every so many months."""
    step = 1 + rate * every / 12

    def factor(instant: float) -> float:
        return float(step ** (-(instant - start) / every))

    return factor


def tranches_by_step(case: Case, timeline: Timeline, decisions: Decisions) -> tuple[Tranche, ...]:
    """Every draw of a loan, of convertible notes or of preferred shares, by facility as the case has them, in time.
    Raises CannotRecompute."""
    found: list[Tranche] = []
    for name, facility in case.finance.facilities.items():
        if isinstance(facility, _BY_STEP):
            draws = [each for each in decisions.of("draw") if each.item == name]
            found += [_tranche(name, facility, each, timeline, case.finance.opening) for each in draws]
    return tuple(found)


def market_rate(facility: ByStep) -> float:
    """What such money costs without help."""
    if isinstance(facility, Convertible):
        return facility.straight_rate
    return facility.rate if facility.market_rate is None else facility.market_rate


def _tranche(name: str, facility: ByStep, draw: Decision, timeline: Timeline, opening: Opening) -> Tranche:
    every, face = facility.interest_every, draw.amount
    term, at = facility.term, draw.at
    if isinstance(facility, Convertible) and facility.put_after is not None:
        term = facility.put_after
    if every <= 0 or term < every or term % every:
        raise CannotRecompute(f"{name}: its term of {term} months is no multiple of interest_every ({every} months)")
    coupon, dates = facility.rate * every / 12, [at + after for after in range(every, term + 1, every)]
    factor = own_factor(market_rate(facility), every, timeline.start)
    option: Callable[[float], float] = lambda _: 0.0  # noqa: E731
    converts, capped = 0.0, 0.0
    if isinstance(facility, TermLoan):
        services = _loan(facility, face, at, coupon, dates)
    elif isinstance(facility, Convertible):
        services = repaid(face, coupon, dates, {dates[-1]: face}, at)
        converts = face / (opening.share_price_usd * (1 + facility.premium))
        capped = 0.0 if facility.capped_call is None else facility.capped_call.cost * face

        def option(intrinsic_to_market: float) -> float:
            return face * _charge(facility, opening.share_price_usd, intrinsic_to_market, at, factor)
    else:
        services = _preferred(facility, face, coupon, dates, at)
    return Tranche(
        facility=name,
        item=draw.item,
        kind=facility.kind,
        at=at,
        face=face,
        drawn_at=at,
        drawn=face,
        fee=facility.fee * face,
        services=services,
        factor=factor,
        capped_call=capped,
        fixed_cost=facility.fixed_cost_usd_m,
        option=option,
        has_option=isinstance(facility, Convertible) and facility.volatility is not None,
        converts_m=converts,
    )


def repaid(
    owed: float, coupon: float, dates: Sequence[float], principal: dict[float, float], since: float
) -> tuple[Service, ...]:
    """Payments of coupons on what is owed before each date, and of principal by date."""
    found: list[Service] = []
    for at in dates:
        part = principal.get(at, 0.0)
        found.append(Service(at, since, coupon * owed, part))
        owed, since = owed - part, at
    return tuple(found)


def _loan(loan: TermLoan, face: float, at: int, coupon: float, dates: list[int]) -> tuple[Service, ...]:
    repays = dates[-1:]
    if loan.amortisation == "even":
        repays = [date for date in dates if date > at + loan.interest_only] or dates[-1:]
    return repaid(face, coupon, dates, {date: face / len(repays) for date in repays}, at)


def _preferred(shares: Preferred, face: float, coupon: float, dates: list[int], at: int) -> tuple[Service, ...]:
    found: list[Service] = []
    owed, since = face, at
    for date in dates:
        dividend = coupon * owed
        kind = dividend if shares.paid_in_kind else 0.0
        owed += kind
        last = date == dates[-1]
        principal = shares.redemption * owed if last else 0.0
        found.append(Service(date, since, dividend - kind, principal, kind, principal - owed if last else 0.0))
        since = date
    return tuple(found)


def _charge(
    notes: Convertible, price: float, intrinsic_to_market: float, at: int, factor: Callable[[float], float]
) -> float:
    """What the option of notes of 1 costs today's holders, at the start."""
    strike = price * (1 + notes.premium)
    cap = math.inf if notes.capped_call is None else price * (1 + notes.capped_call.cap_premium)
    if notes.volatility is None:
        settled = 0.0
        for leaf in notes.leaves.values():
            share = leaf.share_price_multiple * price
            bought = 0.0 if math.isinf(cap) else max(0.0, min(share, cap) / strike - 1)
            settled += leaf.probability * (max(1.0, share / strike) - 1 - bought)
        return settled * factor(at + notes.term)
    share = price * intrinsic_to_market
    terms = (notes.term, notes.volatility, notes.risk_free)
    given_away = call(share, strike, *terms)
    if notes.call is not None:
        limits = (notes.call.after, notes.call.above)
        given_away = callable_call(share, strike, *terms, *limits, lambda so_far: _floor(notes, so_far))
    bought = 0.0 if math.isinf(cap) else call(share, strike, *terms) - call(share, cap, *terms)
    return max(0.0, given_away - bought) / strike * factor(at)


def _floor(notes: Convertible, so_far: float) -> float:
    """Coupons and principal still to come of notes of 1, at what they would cost without conversion."""
    every = notes.interest_every
    left = math.ceil((notes.term - so_far) / every - SAME_INSTANT)
    step = 1 + notes.straight_rate * every / 12
    coupons = sum(step**-number for number in range(1, left + 1))
    return float(notes.rate * every / 12 * coupons + step**-left)
