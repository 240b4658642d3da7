"""Case section ``finance``: where the company stands, what it owes, what it must keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from optimizer.case.base import Date, Months, Section, Window


class Opening(Section):
    """The company at the first instant of the plan."""

    cash_usd_m: float
    """Unrestricted cash."""
    btc: Annotated[float, Field(ge=0)] = 0.0
    """Bitcoin held."""
    shares_m: Annotated[float, Field(gt=0)]
    """Shares outstanding, millions."""
    share_price_usd: Annotated[float, Field(gt=0)]
    sga_usd_m_per_quarter: Annotated[float, Field(ge=0)]
    """Overheads paid in cash."""
    sga_growth: Annotated[float, Field(ge=-0.5, le=1)] = 0.0
    """Yearly growth of overheads, on each anniversary of the start."""


class Debt(Section):
    """A debt that exists when the plan starts."""

    principal_usd_m: Annotated[float, Field(gt=0)]
    """Outstanding at the start."""
    rate: Annotated[float, Field(ge=0, le=1)]
    """Interest a year on what is outstanding."""
    matures: Date
    """Its last payment; what is still outstanding falls due."""
    interest_every: Months = 6
    """Time between payments, counted back from maturity (so a payment may cover time before the start)."""
    amortisation: Literal["bullet", "even"] | Mapping[Date, Annotated[float, Field(gt=0)]] = "bullet"
    """bullet: all at maturity. even: equal parts on every interest date. Or amounts in USD m by date."""


class TermLoan(Section):
    """A loan that may be drawn, at steps of a window. Each draw is repaid on its own schedule."""

    kind: Literal["term_loan"]
    window: Window
    limit_usd_m: Annotated[float, Field(gt=0)]
    """Most that is drawn in all."""
    rate: Annotated[float, Field(ge=0, le=1)]
    """Interest a year on what is outstanding."""
    fee: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    """Kept back from each draw, as a share of it."""
    term: Months
    """From a draw to its last payment: a multiple of interest_every."""
    interest_every: Months = 6
    amortisation: Literal["bullet", "even"] = "bullet"
    """bullet: all at the end. even: equal parts on every interest date after interest_only."""
    interest_only: Months = 0
    """Time after a draw in which nothing is repaid (for even)."""
    loan_to_cost: Annotated[float, Field(gt=0, le=1)] | None = None
    """Most that may have been drawn, as a share of the capex of the halls signed by then."""
    for_offers: tuple[str, ...] = ()
    """Offers whose capex counts for that; by default all."""


class EquityIssue(Section):
    """New shares that may be sold for cash, at steps of a window."""

    kind: Literal["equity"]
    window: Window
    limit_usd_m: Annotated[float, Field(gt=0)]
    """Most that is raised in all."""
    limit_usd_m_per_step: Annotated[float, Field(gt=0)] | None = None
    cost: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    """Discount and fees, as a share of the market price."""


class Limits(Section):
    """What the plan must keep at the end of every quarter and at the horizon."""

    min_cash_usd_m: float = 0.0


class Treasury(Section):
    """What happens to bitcoin. Mined coins count at the price of their day, whatever is done with them."""

    policy: Literal["sell_mined", "sell_all", "hold", "sell_share", "sell_to_fund"] = "sell_mined"
    """sell_mined: coins are sold as they are mined, those held at the start are kept. sell_all: those are sold too,
    at the first instant of the plan. hold: none is ever sold. sell_share: a share of what is mined is sold.
    sell_to_fund: coins are kept or sold as the plan needs cash."""
    share: Annotated[float, Field(ge=0, le=1)] | None = None
    """Of mined coins that is sold, for sell_share."""
    min_btc: Annotated[float, Field(ge=0)] = 0.0
    """Coins that sell_to_fund never goes below."""


class Finance(Section):
    """Money: the start, debts, limits, treasury."""

    opening: Opening
    cash_yield: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Interest a year on cash, paid on the balance at the beginning of each period. It helps liquidity and adds
    no value."""
    debts: Mapping[str, Debt] = Field(default_factory=dict)
    facilities: Mapping[str, Annotated[TermLoan | EquityIssue, Field(discriminator="kind")]] = Field(
        default_factory=dict
    )
    """New money that the plan may take."""
    cash_tax_rate: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Effective rate of tax paid in cash on each calendar year's EBITDA, where that is positive."""
    limits: Limits = Field(default_factory=Limits)
    treasury: Treasury = Field(default_factory=Treasury)
