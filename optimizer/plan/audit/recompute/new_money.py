"""All new money together: how much of each facility is used, its NPV, and the shares that it may cost. Section 13 of
docs/figures_capital.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from optimizer.case.facilities import BtcLine, Convertible, CreditLine, Facility, TermLoan
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.project_terms import financed_capex, project_items


@dataclass(frozen=True)
class FacilityUse:
    """How much of a facility was drawn or issued before a month, and how much may have been; of a line what is owed and
    what is committed. USD m."""

    name: str
    used: float
    allowed: float


def facilities_before(figures: Figures, month: int) -> list[FacilityUse]:
    """All facilities of the case in its order, with the decisions before the month."""
    case, items = figures.case, project_items(figures.case)
    uses: list[FacilityUse] = []
    drawn: dict[str, float] = {}
    for each in figures.decisions.of("draw", "issue"):
        if each.at < month:
            name = items[each.item].facility if each.item in items else each.item
            drawn[name] = drawn.get(name, 0.0) + each.amount
    lines = {path.name: path for path in figures.lines}
    for name, facility in case.finance.facilities.items():
        used, allowed = drawn.get(name, 0.0), facility.limit_usd_m
        place = figures.timeline.period_of(month - 1)
        if isinstance(facility, CreditLine | BtcLine) and place is not None:
            used, allowed = float(lines[name].owed[place]), float(lines[name].committed[place])
        else:
            allowed = min([allowed, *_less(figures, facility, month)])
        uses.append(FacilityUse(name, used, allowed))
    return uses


def _less(figures: Figures, facility: Facility, month: int) -> Iterator[float]:
    """What else a facility may not go above, USD m."""
    if isinstance(facility, TermLoan) and facility.loan_to_cost is not None:
        yield facility.loan_to_cost * cost_before(figures, facility, month)
    if isinstance(facility, Convertible) and facility.market_cap_share is not None:
        opening = figures.case.finance.opening
        yield facility.market_cap_share * opening.shares_m * opening.share_price_usd


def cost_before(figures: Figures, loan: TermLoan, month: int) -> float:
    """Capex of halls signed and price of machines ordered before a month that count for a loan, USD m."""
    case, decisions = figures.case, figures.decisions
    offers = loan.for_offers or (() if loan.for_machines else tuple(case.offers))
    signed = (each for each in decisions.of("sign") if each.at < month and each.item in offers)
    ordered = (each for each in decisions.of("buy") if each.at < month and each.item in loan.for_machines)
    capex = sum(financed_capex(case, each.item, each.amount) for each in signed)
    return capex + sum(figures.deals.paid[each] for each in ordered)


@dataclass(frozen=True)
class Dilution:
    """Shares that today's holders have given away or promised before an instant, millions."""

    new_m: float
    under_convertibles_m: float
    warrants_m: float

    @property
    def total_m(self) -> float:
        return self.new_m + self.under_convertibles_m + self.warrants_m


def dilution_before(figures: Figures, month: int) -> Dilution:
    """What was issued before a month."""
    tranches = [each for each in figures.all_tranches if each.at < month]
    return Dilution(
        new_m=sum(each.shares_m for each in figures.issues if each.at < month),
        under_convertibles_m=sum(each.converts_m for each in tranches),
        warrants_m=sum(each.warrants_m for each in tranches),
    )


def financing(figures: Figures, intrinsic_to_market: float) -> float:
    """NPV of all new money for today's holders, USD m."""
    start, corporate = figures.timeline.start, figures.case.discount.corporate
    owed = sum(each.value(intrinsic_to_market) for each in figures.all_tranches)
    owed += sum(path.value_usd_m for path in figures.lines) + sum(each.value_usd_m for each in figures.undrawn)
    return owed + sum(issue.value(intrinsic_to_market, corporate, start) for issue in figures.issues)


def promises(figures: Figures) -> bool:
    """Whether shares are issued, or any right to them."""
    return dilution_before(figures, figures.timeline.end).total_m > 0


def dilutes(figures: Figures) -> bool:
    """Whether shares are issued, or a right to them whose price depends on what a share is worth."""
    return bool(figures.issues) or any(each.has_option for each in figures.all_tranches)
