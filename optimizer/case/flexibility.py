"""Case section ``flexibility`` of a site: what load earns that can be cut, one class a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from optimizer.case.base import Date, Section, whole_months
from optimizer.case.delivery import MonthNumber
from optimizer.case.price_file import PriceFile

Share = Annotated[float, Field(ge=0, le=10)]


class Ancillary(Section):
    """Reserves: an hourly price for load that is running and can be cut."""

    kind: Literal["ancillary"]
    mw: Annotated[float, Field(gt=0, le=100_000)]
    """Most that is awarded."""
    prices: PriceFile
    """File of clearing prices, US dollars per MW and hour; empty cells are hours without an award, and its own column
    is ignored."""
    columns: Annotated[tuple[str, ...], Field(min_length=1)]
    """Products offered; in each hour the dearest is sold. One commitment is never sold twice."""
    price_share: Share | Mapping[Date, Share]
    """What is expected of the file's prices, as a share of them, by the date from whose month on it holds. It has no
    default: prices of reserves have fallen by half and more within a year."""
    availability: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Share of the hours awarded that counts: tests missed, derates."""
    deployed_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of an awarded MWh that is called on average."""
    deployment_cost_usd_per_mwh: Annotated[float, Field(ge=0, le=10_000)] = 0.0
    """Loss on each MWh called: mining missed less energy saved, restart."""
    start: Annotated[Date | None, Field(alias="from")] = None
    """First day; by default the start of the plan."""
    until: Date | None = None
    """Last day; by default for ever."""

    @model_validator(mode="after")
    def _by_months(self) -> Ancillary:
        whole_months(self.start, self.until, "a reserve")
        return self


class DemandResponse(Section):
    """A payment for capacity that stands still in events."""

    kind: Literal["demand_response"]
    mw: Annotated[float, Field(gt=0, le=100_000)]
    """Most that can be enrolled; how much is decided by month."""
    payment_usd_per_kw_month: Annotated[float, Field(ge=0, le=1000)]
    months: Annotated[tuple[MonthNumber, ...], Field(min_length=1)] = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
    events_per_year: Annotated[float, Field(ge=0, le=366)]
    hours_per_event: Annotated[float, Field(gt=0, le=24)] = 4.0
    start: Annotated[Date | None, Field(alias="from")] = None
    """First day; by default the start of the plan."""
    until: Date | None = None
    """Last day; by default for ever."""

    @model_validator(mode="after")
    def _by_months(self) -> DemandResponse:
        whole_months(self.start, self.until, "a demand response")
        return self


Program = Annotated[Ancillary | DemandResponse, Field(discriminator="kind")]
