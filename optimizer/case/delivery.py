"""Case section ``delivery`` of a site: grid and capacity charges as exchangeable rules, one class a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from optimizer.case.base import Date, Section

UsdPerKw = Annotated[float, Field(ge=0, le=10_000)]
RateByDate = UsdPerKw | Mapping[Date, UsdPerKw]
"""One rate for all time, or rates by the date from whose month on each holds."""
MonthNumber = Annotated[int, Field(ge=1, le=12)]


class CoincidentPeak(Section):
    """A charge on the load in the system's peak hours, billed in the next year: ERCOT 4CP, 12CP, PJM capacity tags.

    Nobody knows beforehand which hours are called, so each candidate hour carries its expected share of the charge.
    """

    kind: Literal["coincident_peak"]
    rate_usd_per_kw_year: RateByDate
    months: Annotated[tuple[MonthNumber, ...], Field(min_length=1)] = (6, 7, 8, 9)
    """In each of them one peak is measured."""
    hours: tuple[Annotated[int, Field(ge=0, le=23)], Annotated[int, Field(ge=1, le=24)]] = (15, 19)
    """Candidate hours of the day, local: from the first, up to the second."""
    weekdays_only: bool = True
    """Candidates are on Monday to Friday."""
    success: Annotated[float, Field(ge=0, le=1)] = 1.0
    """How sure it is that the peak falls into a candidate hour, so that load that stands still there avoids it."""
    billed: Literal["next_year", "in_month"] = "next_year"
    """next_year: as billed_from and billed_over say. in_month: in the month in which it is measured (Alberta)."""
    billed_from: MonthNumber = 1
    """Month of the next calendar year in which billing begins."""
    billed_over: Annotated[int, Field(ge=1, le=24)] = 12
    """Months over which it is billed evenly."""
    opening_usd_m: Annotated[float, Field(ge=0)] = 0.0
    """Accrued in the calendar year before that of the start and not yet billed."""
    accrued_this_year_usd_m: Annotated[float, Field(ge=0)] = 0.0
    """Accrued between January and the start, in the calendar year of the start: billed in the next year."""

    @model_validator(mode="after")
    def _in_order(self) -> CoincidentPeak:
        if self.hours[0] >= self.hours[1]:
            raise ValueError("hours are [from, until] with from below until")
        if self.billed == "in_month" and (self.opening_usd_m or self.accrued_this_year_usd_m):
            raise ValueError("what is billed in its month leaves nothing open at the start")
        if len(set(self.months)) != len(self.months):
            raise ValueError("a month is named twice")
        return self


class Demand(Section):
    """A charge on the site's own highest load of each month, with a ratchet."""

    kind: Literal["demand"]
    rate_usd_per_kw_month: RateByDate
    ratchet: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share of the highest load of the eleven months before that is billed at least."""
    contracted_mw: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    """Billed at least, whatever the load."""
    opening_peak_mw: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    """Highest load of the eleven months before the start."""


Charge = Annotated[CoincidentPeak | Demand, Field(discriminator="kind")]
