"""Schedules of one million drawn: what is paid when. Rules in docs/figures_capital.md, section 13."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from models.tree import Floats
from optimizer.case.facilities import Convertible, Preferred, ProjectBond, ProjectLoan, TermLoan


@dataclass(frozen=True)
class Flow:
    """What happens to a tranche at one instant, months after the start, per million of it; all positive."""

    at: float
    drawn: float = 0.0
    kept_back: float = 0.0
    capitalised: float = 0.0
    interest: float = 0.0
    principal: float = 0.0
    above_par: float = 0.0
    """Paid for redemption above what is owed."""
    unscheduled: float = 0.0
    """The part of principal that is no scheduled service of a project: its bullet, and what a bond takes out."""
    interest_months: float = 0.0
    """Over which the interest accrued."""
    discounted_at: float | None = None
    """For the value, where that is another instant than ``at``."""


def term_loan(terms: TermLoan, step: float) -> list[Flow]:
    """A draw at ``step``, with equal interest periods, repaid evenly or at the end."""
    q = terms.interest_every
    dates = [step + j * q for j in range(1, terms.term // q + 1)]
    even = terms.amortisation == "even"
    repaying = [t for t in dates if t > step + terms.interest_only + 1e-9] if even else dates[-1:]
    flows, left = [Flow(step, drawn=1.0, kept_back=terms.fee)], 1.0
    for t in dates:
        principal = left if t == dates[-1] else 1 / len(repaying) if t in repaying else 0.0
        flows.append(Flow(t, interest=left * terms.rate * q / 12, principal=principal, interest_months=q))
        left -= principal
    return flows


def convertible(terms: Convertible, step: float) -> list[Flow]:
    """Coupons, and principal when holders may ask for it first."""
    q, length = terms.interest_every, terms.put_after or terms.term
    kept = terms.fee + (terms.capped_call.cost if terms.capped_call else 0.0)
    flows = [Flow(step, drawn=1.0, kept_back=kept)]
    dates = [step + j * q for j in range(1, length // q + 1)]
    flows += [Flow(t, interest=terms.rate * q / 12, interest_months=q) for t in dates]
    flows.append(Flow(step + length, principal=1.0))
    return flows


def preferred(terms: Preferred, step: float) -> list[Flow]:
    """Dividends paid or added to what is owed, and redemption."""
    q, owed = terms.interest_every, 1.0
    flows = [Flow(step, drawn=1.0, kept_back=terms.fee)]
    for j in range(1, terms.term // q + 1):
        dividend = owed * terms.rate * q / 12
        if terms.paid_in_kind:
            flows.append(Flow(step + j * q, capitalised=dividend, interest_months=q))
            owed += dividend
        else:
            flows.append(Flow(step + j * q, interest=dividend, interest_months=q))
    flows.append(Flow(step + terms.term, principal=owed, above_par=(terms.redemption - 1) * owed))
    return flows


@dataclass(frozen=True)
class Site:
    """What a schedule needs of a signature. Instants in months after the start."""

    signed: float
    completed: float
    rent_until: float
    capex: Floats
    """(K,) by month, per hall."""
    paid_capex: float
    available: Callable[[float, float], float]
    """Cash available for debt service between two instants, per hall."""


def sculpted(available: Sequence[float], rate: float) -> list[float]:
    """Service of 1 in proportion to the cash available, never less than interest, all repaid at the last payment."""
    size = len(available)
    interest_only = [a <= 0 for a in available]

    def run(scale: float) -> tuple[float, list[float], list[float]]:
        owed, service, interest = 1.0, [], []
        for a, only in zip(available, interest_only, strict=True):
            interest.append(owed * rate)
            service.append(interest[-1] if only else scale * a)
            owed += interest[-1] - service[-1]
        return owed, service, interest

    while True:
        scale = 0.0
        if not all(interest_only):
            left_at_0, left_at_1 = run(0.0)[0], run(1.0)[0]
            scale = left_at_0 / (left_at_0 - left_at_1)
        left, service, interest = run(scale)
        short = [j for j in range(size - 1) if not interest_only[j] and service[j] < interest[j] - 1e-15]
        if not short:
            service[-1] += left
            return service
        for j in short:
            interest_only[j] = True


def level(count: int, rate: float) -> list[float]:
    """Equal service of 1."""
    each = 1 / count if rate == 0 else rate / (1 - (1 + rate) ** -count)
    return [each] * count


def payments(
    terms: ProjectLoan | ProjectBond, begins: float, site: Site
) -> tuple[list[Flow], list[tuple[float, float]]]:
    """Payments on 1 owed at ``begins``; and for each (scheduled service, cash available per hall) as it sizes debt."""
    q, rate = terms.interest_every, terms.rate * terms.interest_every / 12
    count = int(min(terms.term, site.rent_until - begins + 1e-9) // q)
    if count < 1:
        return [], []
    available = [site.available(begins + j * q, begins + (j + 1) * q) for j in range(count)]
    if terms.amortisation == "sculpted":
        service = sculpted(available, rate)
    elif terms.amortisation == "level":
        service = level(count, rate)
    else:
        service = []
    flows, sizing, owed = [], [], 1.0
    for j in range(count):
        interest, last = owed * rate, j == count - 1
        if service:
            principal = owed if last else service[j] - interest
        else:
            principal = owed if last else 1 / count if terms.amortisation == "even" else 0.0
        bullet = principal if terms.amortisation == "bullet" and last else 0.0
        flows.append(
            Flow(
                begins + (j + 1) * q,
                interest=interest,
                principal=principal,
                unscheduled=bullet,
                interest_months=q,
            )
        )
        sizing.append((interest + principal - bullet, available[j]))
        owed -= principal
    return flows, sizing


def construction(terms: ProjectLoan, rate: float, site: Site) -> tuple[list[Flow], float]:
    """Draws on 1 owed at completion, in step with capex, with interest added; and how much of it is drawn in cash."""
    total = float(site.capex.sum()) + site.paid_capex
    months = range(round(site.signed), round(site.completed))
    spent = {k: float(site.capex[k]) / total for k in months if k < len(site.capex)} if total > 0 else {}
    at_once = site.paid_capex / total if total > 0 else 1.0
    growth = 1 + rate / 12
    later = sum(share * growth ** (site.completed - k - 1) for k, share in spent.items())
    drawn = 1 / (at_once * growth ** (site.completed - site.signed) + later)
    flows = [Flow(site.signed, drawn=drawn * at_once, kept_back=terms.fee)]
    owed = drawn * at_once
    for k in months:
        draw, interest = drawn * spent.get(k, 0.0), owed * rate / 12
        flows.append(Flow(float(k), drawn=draw, capitalised=interest, discounted_at=k + 1.0))
        owed += draw + interest
    return flows, drawn


def taken_out(flows: list[Flow], at: float, begins: float, rate: float) -> tuple[list[Flow], float]:
    """The payments of a loan that a bond takes out at ``at``; and the principal that it pays then."""
    kept = [flow for flow in flows if flow.at < at - 1e-9]
    owed = 1.0 - sum(flow.principal for flow in kept)
    last = max((flow.at for flow in kept), default=begins)
    q = flows[0].interest_months
    interest = owed * ((1 + rate) ** ((at - last) / q) - 1)
    if owed <= 1e-12:
        return kept, 0.0
    kept.append(Flow(at, interest=interest, principal=owed, unscheduled=owed, interest_months=max(at - last, 1e-9)))
    return kept, owed


def sum_of(flows: Sequence[Flow], name: str) -> float:
    """Total of one figure."""
    return float(np.sum([getattr(flow, name) for flow in flows]))
