"""Case section ``finance``: where the company stands, what it owes, what it must keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from optimizer.case.base import Date, Months, Section


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


class Limits(Section):
    """What the plan must keep at the end of every quarter and at the horizon."""

    min_cash_usd_m: float = 0.0


class Treasury(Section):
    """What happens to bitcoin. Mined coins count at the price of their day, whatever is done with them."""

    policy: Literal["sell_mined", "sell_all"] = "sell_mined"
    """sell_mined: coins are sold as they are mined, those held at the start are kept. sell_all: those are sold too,
    at the first instant of the plan."""


class Finance(Section):
    """Money: the start, debts, limits, treasury."""

    opening: Opening
    cash_yield: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    """Interest a year on cash, paid on the balance at the beginning of each period. It helps liquidity and adds
    no value."""
    debts: Mapping[str, Debt] = Field(default_factory=dict)
    limits: Limits = Field(default_factory=Limits)
    treasury: Treasury = Field(default_factory=Treasury)
