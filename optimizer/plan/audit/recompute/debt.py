"""What every debt pays and when, and what that is worth at the debt's own cost. Section 8 of docs/figures.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.case.finance import Debt
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, CannotRecompute


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
        every = self.debt.interest_every
        return float((1 + self.debt.rate * every / 12) ** (-(instant - self.start) / every))

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
