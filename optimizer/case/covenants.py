"""Case section ``finance.limits``: what the plan must keep, hard or at a price (docs/figures_capital.md, 14)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from optimizer.case.base import Date, Fault, Section


class Limit(Section):
    """A limit from a date on, or one that may be broken at a price."""

    limit: float
    """What must be kept."""
    start: Annotated[Date | None, Field(alias="from")] = None
    """By default from the start of the plan."""
    priced: Annotated[float, Field(gt=0)] | None = None
    """USD m a year for each unit by which it is broken (a million, or 1.0 of dilution). Without it: never broken."""


class TimesLimit(Limit):
    """A limit that is a number of times something else."""

    limit: Annotated[float, Field(ge=0, le=100)]
    """What must be kept."""


class ShareLimit(Limit):
    """A limit that is a share of something else."""

    limit: Annotated[float, Field(ge=0, le=1)]
    """What must be kept."""


AnyLimit = float | Limit
Times = Annotated[float, Field(ge=0, le=100)] | TimesLimit
Share = Annotated[float, Field(ge=0, le=1)] | ShareLimit


def as_limit(value: float | Limit) -> Limit:
    """A plain number is a hard limit from the start."""
    return value if isinstance(value, Limit) else Limit(limit=value)


class Limits(Section):
    """What holds at the end of every period. Each is a number, or {limit: 40, from: 2026-01, priced: 0.5}."""

    min_cash_usd_m: AnyLimit = 0.0
    """Least cash of the company, what projects keep in ring-fences apart."""
    min_liquidity_usd_m: AnyLimit | None = None
    """Least cash + bitcoin not pledged, after the haircut + undrawn lines."""
    btc_haircut: Annotated[float, Field(ge=0, le=1)] = 0.3
    """What bitcoin counts less than its price in that."""
    net_debt_to_ebitda: Times | None = None
    """Most net debt over EBITDA of twelve months; with a loss, no net debt at all."""
    debt_service_coverage: Times | None = None
    """Least EBITDA over debt service, both of twelve months."""
    due_within_12_months: Times | None = None
    """Most principal due within a year, over cash and undrawn lines: 1 is usual."""
    max_dilution: Times | None = None
    """Most new shares, shares under convertibles and warrants, over the shares at the start."""
    max_btc_share: Share | None = None
    """Most of cash and bitcoin that is bitcoin."""
    debt_to_capital: Share | None = None
    """Most debt over debt and market value."""

    def faults(self) -> Iterator[Fault]:
        if as_limit(self.min_cash_usd_m).start is not None:
            yield "min_cash_usd_m", "holds from the start: leave from out, or use min_liquidity_usd_m for more later"

    @property
    def least_cash_usd_m(self) -> float:
        """The limit on cash, whatever it costs to break it."""
        return as_limit(self.min_cash_usd_m).limit
