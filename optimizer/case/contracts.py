"""Case sections ``contracts`` and ``contract_offers`` of a site: power contracts, one class a form.

Every form says how many MW it delivers in an hour, what a MWh costs that is used, and what becomes of one that is not
(docs/figures.md, section 5).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from optimizer.case.base import Date, Months, Section, Window, whole_months
from optimizer.case.power import ByDate, GasByDate, UsdPerMwh
from optimizer.case.price_file import PriceFile

ContractMw = Annotated[float, Field(gt=0, le=100_000)]


class ResaleShare(Section):
    """What is not used is sold at a part of the spot price."""

    share: Annotated[float, Field(gt=0, le=1)]


Resale = Literal["spot", "none"] | ResaleShare
"""spot: what is not used is sold at spot, less resale_fee_usd_per_mwh of the site. none: it is lost. Or a share of
spot, less the fee."""

BlockHours = Literal["7x24", "5x16", "2x16", "7x16", "7x8"]
"""7x24 all hours; 5x16 06:00-22:00 on Monday to Friday, 2x16 the same on the weekend, 7x16 on all days; 7x8 nights."""


class Term(Section):
    """When a contract is in force."""

    start: Annotated[Date | None, Field(alias="from")] = None
    """First day; by default the start of the plan."""
    until: Date
    """Last day; a month means its last day. Afterwards the site buys at its market."""


class Delivered(Section):
    """What contracts that deliver power have in common."""

    mw: ContractMw
    assignable_to_hosting: bool = False
    """Whether halls of the site may use it; if so they come first."""


class Shaped(Section):
    """In which hours a contract delivers."""

    hours: BlockHours = "7x24"
    profile: PriceFile | None = None
    """A file with the share of mw (0 to 1) that is there in each interval, in place of hours: sun or wind."""

    @model_validator(mode="after")
    def _one_shape(self) -> Shaped:
        if self.profile is not None and self.hours != "7x24":
            raise ValueError("hours and profile exclude each other: a profile says it for every interval")
        return self


class BlockTerms(Delivered, Shaped):
    """A block of power at a fixed price, paid whether it is used or not."""

    kind: Literal["fixed_block"]
    price_usd_per_mwh: ByDate
    resale: Resale = "spot"


class FixedBlock(BlockTerms, Term):
    """A block of power at a fixed price in every hour of its shape, paid whether it is used or not."""

    settles_at: str | None = None
    """With a market here the block is financial: it pays the difference between that market's price and its own, and
    the site's power is bought at the site's market as if it were not there. Without it, it is delivered at the site."""


class MonthlyElection(Delivered, Term):
    """Take-or-pay of a share of the MW that the buyer elects before each month."""

    kind: Literal["monthly_election"]
    price_usd_per_mwh: ByDate
    least: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Least share of mw that can be elected."""
    most: Annotated[float, Field(gt=0, le=1)] = 1.0
    resale: Resale = "spot"

    @model_validator(mode="after")
    def _ordered(self) -> MonthlyElection:
        if self.least > self.most:
            raise ValueError("least may not be above most")
        return self


class SwingTerms(Delivered):
    """Power at a fixed price, up to mw in each hour, paid for what is used (load-following)."""

    kind: Literal["swing"]
    price_usd_per_mwh: ByDate


class Swing(SwingTerms, Term):
    """Power at a fixed price, up to mw in each hour, paid for what is used (load-following)."""


class HeatRate(Delivered, Term):
    """Power at a price linked to gas, up to mw in each hour, paid for what is used."""

    kind: Literal["heat_rate"]
    mmbtu_per_mwh: Annotated[float, Field(gt=0, le=50)]
    gas_usd_per_mmbtu: GasByDate
    adder_usd_per_mwh: UsdPerMwh = 0.0


class Generation(Delivered, Shaped, Term):
    """Generation behind the meter: it may be used, sold at spot if export is allowed, or curtailed."""

    kind: Literal["generation"]
    cost_usd_per_mwh: Annotated[float, Field(ge=0, le=10_000)] = 0.0
    """Cost of a MWh that is generated (fuel, or what the owner is paid for it)."""
    export: Literal["spot", "none"] = "none"
    """spot: what is not used is sold at spot less resale_fee_usd_per_mwh wherever that is above its cost."""


class MinimumTake(Term):
    """The site takes at least a share of its contracted MWh in each window, or pays for what it is short of."""

    kind: Literal["minimum_take"]
    mw: ContractMw
    share: Annotated[float, Field(gt=0, le=1)]
    """Of mw x hours."""
    over: Literal["month", "quarter", "year"]
    """Calendar window over which it is counted."""
    shortfall_usd_per_mwh: Annotated[float, Field(gt=0, le=10_000)]
    """Paid for each MWh short."""

    @model_validator(mode="after")
    def _by_months(self) -> MinimumTake:
        whole_months(self.start, self.until, "a minimum take")
        return self


Contract = Annotated[
    FixedBlock | MonthlyElection | Swing | HeatRate | Generation | MinimumTake, Field(discriminator="kind")
]
Physical = FixedBlock | MonthlyElection | Swing | HeatRate | Generation | BlockTerms | SwingTerms
"""Forms that deliver power (a fixed block only without settles_at)."""


class ContractOffer(Section):
    """A power contract that the plan may sign, once, on the first instant of a step."""

    terms: Annotated[BlockTerms | SwingTerms, Field(discriminator="kind")]
    """Its form; mw is the most that can be signed."""
    sign: Window
    tenor: Months
    """From the signature."""
    least_mw: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    """If it is signed at all. Equal to mw of the terms: all or nothing."""
    credit_support_usd_m_per_mw: Annotated[float, Field(ge=0, le=10)] = 0.0
    """Cash posted at the signature, returned at the end of the tenor."""

    @model_validator(mode="after")
    def _ordered(self) -> ContractOffer:
        if self.least_mw > self.terms.mw:
            raise ValueError("least_mw may not be above mw of the terms")
        return self
