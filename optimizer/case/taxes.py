"""Case section ``finance.tax``: taxes on income as companies pay them (docs/figures_capital.md, section 15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from optimizer.case.base import Date, Fault, Section

TaxRate = Annotated[float, Field(ge=0, lt=1)]
RateByDate = TaxRate | Annotated[Mapping[Date, TaxRate], Field(min_length=1)]


MACRS_YEARS = (3, 5, 7, 10, 15, 20)


class TaxDepreciation(Section):
    """How a class of assets is written off for tax."""

    method: Literal["straight_line", "macrs"] = "straight_line"
    years: Annotated[int, Field(ge=1, le=50)]
    bonus: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Share written off at once; the rest by the method."""

    def faults(self) -> Iterator[Fault]:
        """The tables of the law are for certain lives only."""
        if self.method == "macrs" and self.years not in MACRS_YEARS:
            yield "years", f"macrs is for {', '.join(map(str, MACRS_YEARS))} years: take straight_line for {self.years}"


class DepreciationClasses(Section):
    """Classes of assets."""

    machines: TaxDepreciation = TaxDepreciation(method="macrs", years=5, bonus=1.0)
    halls: TaxDepreciation = TaxDepreciation(method="straight_line", years=39)
    """Halls of offers and leases."""
    buildings: TaxDepreciation = TaxDepreciation(method="macrs", years=15, bonus=1.0)
    """What is built for mining."""


class TaxBasis(Section):
    """What is left to be written off at the start."""

    usd_m: Annotated[float, Field(ge=0)]
    years_left: Annotated[int, Field(ge=1, le=50)]


class Country(Section):
    """Sites that are taxed on their own."""

    sites: Annotated[tuple[str, ...], Field(min_length=1)]
    rate: TaxRate
    losses_usd_m: Annotated[float, Field(ge=0)] = 0.0


class IncomeTax(Section):
    """Tax on each calendar year's taxable income."""

    rate: RateByDate
    """Federal."""
    state_rate: RateByDate = 0.0
    """Deducted from income for the federal one."""
    losses_usd_m: Annotated[float, Field(ge=0)] = 0.0
    """Losses of former years that may still be used."""
    loss_limit: Annotated[float, Field(ge=0, le=1)] = 0.8
    """Most of a year's taxable income that losses may take away."""
    interest_limit: Annotated[float, Field(ge=0, le=1)] | None = None
    """Interest that may be deducted, as a share of adjusted taxable income (before depreciation); the rest is carried
    on. Without it all interest is deducted."""
    interest_carried_usd_m: Annotated[float, Field(ge=0)] = 0.0
    """Of former years."""
    idle_cash_rate: Annotated[float, Field(ge=0, le=1)] | None = None
    """What idle cash is reckoned to earn a year: so much less is deducted of interest on new money that is tied to no
    cost, for what was only borrowed to be held saves no tax. Default: the highest rate of such money on offer."""
    depreciation: DepreciationClasses = Field(default_factory=DepreciationClasses)
    opening_basis: Mapping[str, TaxBasis] = Field(default_factory=dict)
    """What was there at the start, by any name."""
    countries: Mapping[str, Country] = Field(default_factory=dict)
    """By name; everything else is taxed at home."""

    @model_validator(mode="after")
    def _once(self) -> IncomeTax:
        named = [site for country in self.countries.values() for site in country.sites]
        twice = sorted({site for site in named if named.count(site) > 1})
        if twice:
            raise ValueError(f"a site is taxed in one country: {', '.join(twice)} stands in several")
        return self

    def faults(self) -> Iterator[Fault]:
        if self.interest_carried_usd_m and self.interest_limit is None:
            yield "interest_carried_usd_m", "counts only with interest_limit; add that, or leave this out"
