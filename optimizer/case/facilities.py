"""Case section ``finance.facilities``: new money that the plan may take, one form a kind of instrument.

What each does to cash, value, debt and dilution is in docs/figures_capital.md, section 13.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from optimizer.case.base import Date, Fault, Months, Section, Window

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Rate = Annotated[float, Field(ge=0, le=1)]
Volatility = Annotated[float, Field(gt=0, le=5)]


class Tranched(Section):
    """What all facilities share that are drawn at steps and served by a schedule."""

    window: Window
    """Steps at which it may be drawn."""
    limit_usd_m: Positive
    """Most that is drawn in all."""
    least_usd_m: Annotated[float, Field(ge=0)] = 0.0
    """A draw is nothing or at least so much."""
    rate: Rate
    """Interest a year on what is outstanding."""
    fee: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    """Kept back from each draw, as a share of it."""
    fixed_cost_usd_m: Annotated[float, Field(ge=0)] = 0.0
    """Paid with each draw, whatever its size."""
    interest_every: Months = 6
    term: Months
    """From a draw to its last payment: a multiple of interest_every."""

    def faults(self) -> Iterator[Fault]:
        if self.least_usd_m > self.limit_usd_m:
            yield "least_usd_m", f"is more than limit_usd_m ({self.least_usd_m:g} and {self.limit_usd_m:g})"
        yield from schedule_faults(self.term, self.interest_every)


def schedule_faults(term: int, every: int) -> Iterator[Fault]:
    """What is wrong with a term that is paid in payments so many months apart."""
    if every == 0:
        yield "interest_every", "must be longer than nothing, such as '6 months'"
    elif term == 0 or term % every:
        yield "term", f"{term} months is no multiple of interest_every ({every} months)"


class TermLoan(Tranched):
    """A loan that may be drawn, at steps of a window. Each draw is repaid on its own schedule. Also the finance of
    machines and of GPU servers, and (with an undrawn fee) a delayed-draw loan."""

    kind: Literal["term_loan"]
    market_rate: Rate | None = None
    """What such a loan costs without help, at which it is valued; by default its own rate."""
    amortisation: Literal["bullet", "even"] = "bullet"
    """bullet: all at the end. even: equal parts on every interest date after interest_only."""
    interest_only: Months = 0
    """Time after a draw in which nothing is repaid (for even)."""
    undrawn_fee: Rate = 0.0
    """A year, on what the plan has committed at the first step of the window and not drawn yet."""
    loan_to_cost: Annotated[float, Field(gt=0, le=1)] | None = None
    """Most that may have been drawn, as a share of the capex of the halls signed and of the price of the machines
    ordered by then."""
    for_offers: tuple[str, ...] = ()
    """Offers whose capex counts for that; by default all (none if for_machines is given)."""
    for_machines: tuple[str, ...] = ()
    """Machines whose price counts for that."""

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        if self.interest_only >= self.term > 0:
            words = f"must be shorter than the term of {self.term} months (got {self.interest_only} months)"
            yield "interest_only", words
        for key, named in (("for_offers", self.for_offers), ("for_machines", self.for_machines)):
            if named and self.loan_to_cost is None:
                yield key, "counts only with loan_to_cost; add that, or leave this out"


class CappedCall(Section):
    """Options that the company buys with part of the money, so that conversion dilutes only above a higher price."""

    cost: Annotated[float, Field(gt=0, lt=0.5)]
    """As a share of the face of the notes."""
    cap_premium: Annotated[float, Field(gt=0, le=10)]
    """The price up to which it pays, over the share price at the start: 1.0 is twice that price."""


class IssuerCall(Section):
    """The company may call the notes once its share stands high enough: holders then convert."""

    after: Months
    """From the issue."""
    above: Annotated[float, Field(ge=1, le=10)]
    """Share price over the conversion price: 1.3 is usual."""


class Leaf(Section):
    """One way the share price may come out when the notes fall due."""

    probability: Annotated[float, Field(gt=0, le=1)]
    share_price_multiple: Annotated[float, Field(ge=0, le=1000)]
    """Of the share price at the start."""


class Convertible(Tranched):
    """Notes that holders may turn into shares. Cash is coupons and principal; what the option costs today's holders is
    charged once: at issue from volatility, or as the expectation over leaves."""

    kind: Literal["convertible"]
    premium: Annotated[float, Field(ge=-0.9, le=10)]
    """Conversion price over the share price at the start: 0.375 is 37.5 % above."""
    straight_rate: Rate
    """What the company would pay for the same notes without conversion; they are valued at it."""
    put_after: Months | None = None
    """Holders may ask for repayment so long after the issue, a multiple of interest_every; the plan is ready to pay
    then."""
    call: IssuerCall | None = None
    market_cap_share: Annotated[float, Field(gt=0, le=1)] | None = None
    """Most that is issued in all, as a share of the company's market value at the start."""
    volatility: Volatility | None = None
    """Of the share, a year: charges the option at issue."""
    risk_free: Annotated[float, Field(ge=-0.05, le=1)] = 0.04
    leaves: Mapping[str, Leaf] = Field(default_factory=dict)
    """In place of volatility: the share price at maturity."""
    capped_call: CappedCall | None = None

    @model_validator(mode="after")
    def _one_charge(self) -> Convertible:
        if (self.volatility is None) == (not self.leaves):
            raise ValueError("the option is charged once: give volatility, or leaves")
        if self.leaves and abs(sum(leaf.probability for leaf in self.leaves.values()) - 1) > 1e-9:
            raise ValueError("the probabilities of leaves have to add up to 1")
        if self.call is not None and self.volatility is None:
            raise ValueError("a call is valued with volatility, not with leaves")
        return self

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        put, every = self.put_after, self.interest_every
        if put is not None and not 0 < put < self.term:
            yield "put_after", f"must be shorter than the term of {self.term} months (got {put} months)"
        elif put is not None and every and put % every:
            yield "put_after", f"{put} months is no multiple of interest_every ({every} months)"
        if self.call is not None and self.call.after >= self.term:
            yield "call", f"begins after {self.call.after} months, and the notes fall due after {self.term}"
        if self.capped_call is not None and self.capped_call.cap_premium <= self.premium:
            words = f"cap_premium must be above the premium of {self.premium:g} at which the notes are converted"
            yield "capped_call", f"{words} (got {self.capped_call.cap_premium:g}): it would pay nothing"


class Preferred(Tranched):
    """Preferred shares: a dividend, and redemption. No debt for limits and tax."""

    kind: Literal["preferred"]
    market_rate: Rate | None = None
    paid_in_kind: bool = False
    """Dividends are added to what is owed instead of being paid."""
    redemption: Annotated[float, Field(ge=1, le=5)] = 1.0
    """Paid at the end for each dollar owed."""


class Backstop(Section):
    """Somebody with better credit stands behind part of a project loan and is paid in warrants."""

    for_offers: Annotated[tuple[str, ...], Field(min_length=1)]
    """Offers whose loans it covers."""
    rate: Rate
    """Interest a year with it."""
    limit_usd_m: Positive
    """Most that it covers."""
    warrants_m: Annotated[float, Field(ge=0)]
    """For all of that, in millions; for less in proportion."""
    strike_usd: Positive
    term: Months
    volatility: Volatility
    risk_free: Annotated[float, Field(ge=-0.05, le=1)] = 0.04


class ProjectFinance(Section):
    """What loans and bonds of a single project share."""

    for_offers: Annotated[tuple[str, ...], Field(min_length=1)]
    """Offers whose signatures it may finance."""
    limit_usd_m: Positive
    """Most over all signatures."""
    rate: Rate
    fee: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    market_rate: Rate | None = None
    interest_every: Months = 3
    term: Months
    """From completion (of a bond: from its issue) to the last payment, a multiple of interest_every; at most to the end
    of the offer's term."""
    dscr: Annotated[float, Field(ge=1, le=10)] | None = None
    """Cash available over debt service, at least, in every payment period: it sizes the debt."""
    lock_up_dscr: Annotated[float, Field(ge=1, le=10)] | None = None
    """Below it, over twelve months, nothing is distributed to the parent."""
    reserve_months: Annotated[int, Field(ge=0, le=60)] = 0
    """Debt service of so many months is kept in reserve from completion on."""

    def faults(self) -> Iterator[Fault]:
        yield from schedule_faults(self.term, self.interest_every)


class ProjectLoan(ProjectFinance):
    """A loan on one signature, ring-fenced: drawn as capex is spent, interest capitalised until completion, repaid from
    the halls' cash. Secured project notes are the same with a bullet."""

    kind: Literal["project_loan"]
    loan_to_cost: Annotated[float, Field(gt=0, le=1)]
    """Most of capex, capitalised interest and fee that it pays."""
    amortisation: Literal["sculpted", "even", "bullet"] = "sculpted"
    """sculpted: service in proportion to the cash available."""
    backstop: Backstop | None = None

    def faults(self) -> Iterator[Fault]:
        yield from super().faults()
        if self.backstop is None:
            return
        strange = [offer for offer in self.backstop.for_offers if offer not in self.for_offers]
        if strange:
            words = f"for_offers: the loan is not for {', '.join(strange)}"
            yield "backstop", f"{words}; a backstop covers part of what it lends"


class ProjectBond(ProjectFinance):
    """An amortising bond on finished halls that takes out project loans."""

    kind: Literal["project_bond"]
    refinances: tuple[str, ...] = ()
    """Project loans that it may take out."""
    after: Months = 0
    """From completion to the issue."""
    loan_to_cost: Annotated[float, Field(gt=0, le=2)] | None = None
    """Most of capex that it pays; by default service alone sizes it."""
    amortisation: Literal["level", "sculpted", "even"] = "level"
    """level: equal service."""


class CreditLine(Section):
    """A revolving line: drawn and repaid by period."""

    kind: Literal["credit_line"]
    window: Window
    """While it stands; then all is repaid."""
    limit_usd_m: Positive
    """Most that is committed."""
    rate: Rate
    fee: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    """On what is committed, paid at the first step of the window."""
    undrawn_fee: Rate = 0.0
    """A year, on what is committed and not drawn."""


class BtcLine(Section):
    """A line secured by bitcoin. Its margin call is never missed: coins are pledged for the lowest price."""

    kind: Literal["btc_line"]
    window: Window
    limit_usd_m: Positive
    rate: Rate
    fee: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    undrawn_fee: Rate = 0.0
    ltv_at_draw: Annotated[float, Field(gt=0, lt=1)]
    """Owed over the value of pledged coins, at most, at the beginning of each period."""
    ltv_call: Annotated[float, Field(gt=0, le=1)]
    """Above it the lender calls for more coins; a breach would be liquidation."""
    stress: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """How much lower than the period's lowest price the plan reckons with."""

    def faults(self) -> Iterator[Fault]:
        if self.ltv_at_draw >= self.ltv_call:
            words = f"must be below ltv_call ({self.ltv_at_draw:g} and {self.ltv_call:g})"
            yield "ltv_at_draw", f"{words}: the lender would call at once"


class SweepLoan(Section):
    """A loan that takes part of the cash at the end of each period until it is repaid."""

    kind: Literal["sweep_loan"]
    window: Window
    limit_usd_m: Positive
    rate: Rate
    fee: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    matures: Date
    """When all that is left is repaid: after the window."""
    sweep: Share
    """Share of the cash above above_usd_m that is repaid, at least."""
    above_usd_m: float = 0.0

    def faults(self) -> Iterator[Fault]:
        if self.matures.first < self.window.end.last - 1e-9:
            yield "matures", f"{self.matures} is not after the window, in which it may be drawn (to {self.window.end})"


class EquityIssue(Section):
    """New shares that may be sold for cash, at steps of a window."""

    kind: Literal["equity"]
    window: Window
    limit_usd_m: Positive
    """Most that is raised in all."""
    limit_usd_m_per_step: Positive | None = None
    yearly_limit_usd_m: Positive | None = None
    """Most in a calendar year."""
    cost: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    """Discount and fees, as a share of the market price."""


Facility = Annotated[
    TermLoan | Convertible | Preferred | ProjectLoan | ProjectBond | CreditLine | BtcLine | SweepLoan | EquityIssue,
    Field(discriminator="kind"),
]

ByStep = TermLoan | Convertible | Preferred
"""Drawn at a step, served by a schedule."""

ByProject = ProjectLoan | ProjectBond
"""Decided with a signature."""

Line = CreditLine | BtcLine | SweepLoan
"""A balance that moves by period."""
