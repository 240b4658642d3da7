"""Case section ``finance``: where the company stands, what it owes, what it must keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from optimizer.case.base import Date, Months, Section
from optimizer.case.books import Books
from optimizer.case.covenants import Limits
from optimizer.case.facilities import Facility
from optimizer.case.taxes import IncomeTax

Period = Annotated[str, Field(pattern=r"^\d{4}-(Q[1-4]|\d{2})$")]
"""A quarter (2025-Q2) or a month (2025-04)."""


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


class Conversion(Section):
    """The right of a debt's holders to turn it into shares, valued from volatility."""

    price_usd: Annotated[float, Field(gt=0)]
    straight_rate: Annotated[float, Field(ge=0, le=1)]
    """What the company would pay for the same debt without conversion; it is valued at it."""
    volatility: Annotated[float, Field(gt=0, le=5)]
    risk_free: Annotated[float, Field(ge=-0.05, le=1)] = 0.04


class ProjectDebt(Section):
    """The ring-fence of a debt that belongs to a lease."""

    lease: str
    reserve_months: Annotated[int, Field(ge=0, le=60)] = 0
    lock_up_dscr: Annotated[float, Field(ge=1, le=10)] | None = None


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
    conversion: Conversion | None = None
    project: ProjectDebt | None = None


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


class Company(Section):
    """A company below the parent: its sites' cash is its own until it is paid up."""

    sites: Annotated[tuple[str, ...], Field(min_length=1)]
    opening_cash_usd_m: Annotated[float, Field(ge=0)] = 0.0
    """Beside that of the parent."""
    min_cash_usd_m: Annotated[float, Field(ge=0)] = 0.0
    """Least cash at the end of every period."""
    withholding: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Tax on what it pays up, as a share."""


class Finance(Section):
    """Money: the start, debts, limits, treasury."""

    opening: Opening
    cash_yield: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Interest a year on cash after tax, paid on the balance at the beginning of each period. It helps liquidity, adds
    no value and is not taxed."""
    debts: Mapping[str, Debt] = Field(default_factory=dict)
    companies: Mapping[str, Company] = Field(default_factory=dict)
    """Sites whose cash is not the parent's to spend."""
    facilities: Mapping[str, Facility] = Field(default_factory=dict)
    """New money that the plan may take."""
    cash_tax_rate: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Effective rate of tax paid in cash on each calendar year's EBITDA, where that is positive. The short form; give
    this or tax."""
    tax: IncomeTax | None = None
    books: Books | None = None
    """With it the plan has an income statement and a balance sheet."""
    ebitda_before_usd_m: Mapping[Period, float] = Field(default_factory=dict)
    """EBITDA of months (2025-04) or quarters (2025-Q2) before the start, for limits on twelve months."""
    limits: Limits = Field(default_factory=Limits)
    treasury: Treasury = Field(default_factory=Treasury)

    @model_validator(mode="after")
    def _one_tax(self) -> Finance:
        if self.tax is not None and self.cash_tax_rate:
            raise ValueError("give cash_tax_rate or tax, not both")
        return self
