"""Term loans that are drawn and shares that are issued. Section 9 of docs/figures.md."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.case.case import Case
from optimizer.case.facilities import EquityIssue, TermLoan
from optimizer.plan.audit.recompute.debt import Payment
from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.hosting import capex_of
from optimizer.plan.audit.recompute.timeline import CannotRecompute, instant_factor


@dataclass(frozen=True)
class Draw:
    """USD m drawn of a loan at the first instant of the month ``at``, and what is paid for it."""

    at: int
    usd_m: float
    fee_usd_m: float
    payments: tuple[Payment, ...]


@dataclass(frozen=True)
class LoanPath:
    """A term loan of the case with all its draws, in time."""

    name: str
    loan: TermLoan
    draws: tuple[Draw, ...]

    def value(self, start: int) -> float:
        """NPV at the loan's own cost: less the fees, each at its instant, USD m."""
        every = self.loan.interest_every
        step = 1 + self.loan.rate * every / 12
        return -sum(draw.fee_usd_m * float(step ** (-(draw.at - start) / every)) for draw in self.draws)


@dataclass(frozen=True)
class Issue:
    """USD m raised at the first instant of the month ``at``, at a cost that is a share of the market price."""

    at: int
    usd_m: float
    cost: float

    def value(self, intrinsic_to_market: float, corporate: float, start: int) -> float:
        """NPV for today's holders, USD m."""
        lost = intrinsic_to_market / (1 - self.cost) - 1
        return -self.usd_m * lost * instant_factor(corporate, self.at - start)


def loans_of(case: Case, decisions: Decisions) -> tuple[LoanPath, ...]:
    """Every term loan of the case, drawn or not, in its order."""
    return tuple(
        LoanPath(
            name,
            facility,
            tuple(_draw(name, facility, each.at, each.amount) for each in decisions.of("draw") if each.item == name),
        )
        for name, facility in case.finance.facilities.items()
        if isinstance(facility, TermLoan)
    )


def issues_of(case: Case, decisions: Decisions) -> tuple[Issue, ...]:
    """All shares that are issued, in time."""
    found: list[Issue] = []
    for each in decisions.of("issue"):
        facility = case.finance.facilities[each.item]
        if isinstance(facility, EquityIssue):
            found.append(Issue(each.at, each.amount, facility.cost))
    return tuple(found)


def _draw(name: str, loan: TermLoan, at: int, usd_m: float) -> Draw:
    if loan.interest_every <= 0 or loan.term < loan.interest_every:
        raise CannotRecompute(f"loan {name}: there is no date on which it pays")
    dates = [at + after for after in range(loan.interest_every, loan.term + 1, loan.interest_every)]
    repaid = dates[-1:]
    if loan.amortisation == "even":
        repaid = [date for date in dates if date > at + loan.interest_only] or dates[-1:]
    payments: list[Payment] = []
    left = usd_m
    for date in dates:
        principal = usd_m / len(repaid) if date in repaid else 0.0
        payments.append(Payment(date, loan.rate * loan.interest_every / 12 * left, principal))
        left -= principal
    return Draw(at, usd_m, loan.fee * usd_m, tuple(payments))


@dataclass(frozen=True)
class FacilityUse:
    """How much of a facility was drawn or issued before a month, and how much may have been; USD m."""

    name: str
    used: float
    allowed: float


def facilities_before(case: Case, decisions: Decisions, month: int) -> list[FacilityUse]:
    """All facilities of the case in its order, with the decisions before the month."""
    uses: list[FacilityUse] = []
    taken = [each for each in decisions.of("draw", "issue") if each.at < month]
    signed = [each for each in decisions.of("sign") if each.at < month]
    for name, facility in case.finance.facilities.items():
        allowed = facility.limit_usd_m
        if isinstance(facility, TermLoan) and facility.loan_to_cost is not None:
            counted = facility.for_offers or tuple(case.offers)
            capex = sum(capex_of(case, each.item, each.amount) for each in signed if each.item in counted)
            allowed = min(allowed, facility.loan_to_cost * capex)
        uses.append(FacilityUse(name, sum(each.amount for each in taken if each.item == name), allowed))
    return uses
