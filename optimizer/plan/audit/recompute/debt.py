"""What every debt pays and when, and what that is worth at the debt's own cost. Section 8 of docs/figures.md; the right
to convert it: section 13 of docs/figures_capital.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.case.finance import Debt
from optimizer.plan.audit.recompute.options import call
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, CannotRecompute
from optimizer.plan.audit.recompute.tranches import Service, own_factor


@dataclass(frozen=True)
class Payment:
    """What a debt pays at one instant, USD m."""

    at: float
    interest: float
    principal: float


@dataclass(frozen=True)
class DebtPath:
    """All payments of a debt after the start, in order of time; its discount factor is ``factor``."""

    name: str
    debt: Debt
    start: int
    payments: tuple[Payment, ...]

    def factor(self, instant: float) -> float:
        """What a payment at the instant is multiplied by."""
        conversion = self.debt.conversion
        rate = self.debt.rate if conversion is None else conversion.straight_rate
        return own_factor(rate, self.debt.interest_every, self.start)(instant)

    def option_usd_m(self, share_price_usd: float) -> float:
        """What its holders' right to convert is worth at the start, USD m."""
        terms = self.debt.conversion
        if terms is None:
            return 0.0
        months = self.debt.matures.first - self.start
        worth = call(share_price_usd, terms.price_usd, months, terms.volatility, terms.risk_free)
        return self.debt.principal_usd_m / terms.price_usd * worth

    @property
    def services(self) -> tuple[Service, ...]:
        """Its payments as those of a tranche; of a bullet the principal is not paid by a project's cash."""
        every, bullet = self.debt.interest_every, self.debt.amortisation == "bullet"
        return tuple(
            Service(at.at, at.at - every, at.interest, at.principal, unscheduled=at.principal if bullet else 0.0)
            for at in self.payments
        )

    def accrued(self, instant: float) -> float:
        """Interest on what was outstanding since the last interest date, not paid before the instant, USD m."""
        every = self.debt.interest_every
        for at in _payment_dates(self.name, self.debt, self.start):
            since = at - every
            if since + SAME_INSTANT < instant <= at + SAME_INSTANT:
                months = self.debt.principal_usd_m * (instant - since) - sum(
                    each.principal * (instant - max(each.at, since)) for each in self.payments if each.at < instant
                )
                return self.debt.rate / 12 * months
        return 0.0

    def value(self, low: float, high: float) -> float:
        """Value at the start of what is paid in ``[low, high)``, USD m."""
        return sum(
            (payment.interest + payment.principal) * self.factor(payment.at)
            for payment in self.payments
            if low - SAME_INSTANT <= payment.at < high - SAME_INSTANT
        )


def debt_paths(debts: Mapping[str, Debt], start: int) -> tuple[DebtPath, ...]:
    """Payments of every debt, in the order of the case."""
    return tuple(DebtPath(name, debt, start, _payments(name, debt, start)) for name, debt in debts.items())


def _payments(name: str, debt: Debt, start: int) -> tuple[Payment, ...]:
    dates = _payment_dates(name, debt, start)
    if not dates:
        return ()
    principal = _principal(debt, dates, start)
    every, paid = debt.interest_every, dict(principal)
    payments: list[Payment] = []
    for at in sorted({*dates, *paid}):
        interest = 0.0
        if at in dates:
            # Month-USD m outstanding since the interest date before; what was outstanding at the start also before it.
            since = at - every
            outstanding_months = debt.principal_usd_m * every - sum(
                amount * (at - max(day, since)) for day, amount in paid.items() if day < at
            )
            interest = debt.rate / 12 * outstanding_months
        payments.append(Payment(at, interest, paid.get(at, 0.0)))
    return tuple(payments)


def _payment_dates(name: str, debt: Debt, start: int) -> list[float]:
    """Interest dates after the start, in order."""
    if debt.interest_every <= 0:
        raise CannotRecompute(f"debt {name}: interest_every is no time at all")
    dates: list[float] = []
    at = debt.matures.first
    while at > start + SAME_INSTANT:
        dates.append(at)
        at -= debt.interest_every
    return dates[::-1]


def _principal(debt: Debt, dates: list[float], start: int) -> dict[float, float]:
    """Principal paid by instant. Instants that equal an interest date are that very number."""
    maturity, left = dates[-1], debt.principal_usd_m
    wanted: list[tuple[float, float]] = []
    if debt.amortisation == "even":
        wanted = [(at, debt.principal_usd_m / len(dates)) for at in dates]
    elif not isinstance(debt.amortisation, str):
        for date, amount in sorted(debt.amortisation.items(), key=lambda entry: entry[0].first):
            nearest = min(dates, key=lambda at: abs(at - date.first))
            wanted.append((nearest if abs(nearest - date.first) <= SAME_INSTANT else date.first, amount))
    paid: dict[float, float] = {}
    for at, amount in wanted:
        if start + SAME_INSTANT < at < maturity - SAME_INSTANT:
            paid[at] = paid.get(at, 0.0) + min(amount, left)
            left -= min(amount, left)
    paid[maturity] = left
    return paid
