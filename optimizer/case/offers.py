"""Case section ``offers``: hosting contracts that the plan may sign."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from optimizer.case.base import Date, Months, Section
from optimizer.case.horizon import Rate


class HallRange(Section):
    """How many halls, if the offer is signed."""

    min: Annotated[int, Field(ge=1, le=1000)] = 1
    max: Annotated[int, Field(ge=1, le=1000)]


class HallDesign(Section):
    """What it takes to keep a hall up: redundancy is megawatts and capex."""

    uptime_nines: Annotated[int, Field(ge=1, le=5)]
    """1: 90 %, 2: 99 %, 3: 99.9 %, 4: 99.99 %, 5: 99.999 % of the hours."""
    gross_per_it: Annotated[float, Field(ge=1, le=3)]
    """Meter MW reserved per IT MW."""
    pue: Annotated[float, Field(ge=1, le=3)]
    """Meter MWh used per IT MWh."""
    capex_usd_m_per_mw_it: Annotated[float, Field(ge=0)]


class SignWindow(Section):
    """When the offer stands. It is signed on the first instant of a step."""

    start: Annotated[Date, Field(alias="from")]
    end: Annotated[Date, Field(alias="to")]


class HostingPower(Section):
    """Who pays for the power of the halls."""

    paid_by: Literal["tenant", "operator"]
    """tenant: power is passed through at what the site pays for it, so it nets to nothing (or at price_usd_per_mwh).
    operator: it is a cost."""
    price_usd_per_mwh: Annotated[float, Field(ge=0, le=1000)] | None = None
    """With paid_by tenant: a fixed price that the tenant pays for each MWh, in place of what the site pays."""
    pass_through_at: str = "spot"
    """With paid_by tenant: spot (what a MWh costs the site at its market), or the name of a contract of the site whose
    price the tenant pays while it is in force: its value then goes to the tenant."""


class TenantCapex(Section):
    """Capex that the tenant pays as it is spent: part of it is lent, and credited back against rent."""

    usd_m_per_mw_it: Annotated[float, Field(gt=0)]
    """All that the tenant pays, of the offer's capex."""
    credited_usd_m_per_mw_it: Annotated[float, Field(ge=0)] = 0.0
    """The part of it that is credited back; the rest costs the company nothing."""
    credit_share_of_rent: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Most of each month's rent that is credited."""

    @model_validator(mode="after")
    def _credited_is_part(self) -> TenantCapex:
        if self.credited_usd_m_per_mw_it > self.usd_m_per_mw_it:
            raise ValueError(
                f"credited_usd_m_per_mw_it ({self.credited_usd_m_per_mw_it:g}) is part of usd_m_per_mw_it "
                f"({self.usd_m_per_mw_it:g}), all that the tenant pays"
            )
        return self


class Offer(Section):
    """A hosting contract on offer: signed at most once, at one of its sites, in whole halls."""

    sites: Annotated[tuple[str, ...], Field(min_length=1)]
    """Sites where it can be built; one of them is chosen."""
    takes: Literal["free_power", "mining_shell"]
    """Where its megawatts come from: power that no mine uses, or the mine's own buildings, which are given up."""
    hall_mw_it: Annotated[float, Field(gt=0, le=10_000)]
    """Critical IT MW of one hall."""
    gross_per_it: Annotated[float, Field(ge=1, le=3)]
    """Meter MW reserved per IT MW: redundancy, losses, cooling on the hottest day."""
    pue: Annotated[float, Field(ge=1, le=3)]
    """Meter MWh used per IT MWh."""
    utilisation: Annotated[float, Field(gt=0, le=1)] = 1.0
    """IT MWh used per IT MW and hour once a hall is billed in full."""
    uptime_nines: Annotated[int, Field(ge=1, le=5)] | None = None
    """Uptime promised to the tenant: 3 is 99.9 %. Its design has to reach it."""
    design: str | None = None
    """Name of an entry of hall_designs, whose gross_per_it, pue and capex stand in place of those here."""
    headroom_to_mining: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Part of the megawatts that are reserved and not used even at full IT load which machines may use (their load can
    be cut when redundancy is needed), from the first rent on."""
    halls: HallRange
    sign: SignWindow
    lead: Months
    """From signature to the first rent."""
    space_taken_after: Months | None = None
    """From signature until its megawatts (and the mine's buildings) are taken. By default at once for mining_shell,
    after the lead for free_power."""
    ramp: Months = 0
    """After the lead, time over which billing grows evenly from nothing to all."""
    rate_usd_per_kw_month: Annotated[float, Field(gt=0)]
    """Rent of the first year per kW of critical IT and month."""
    escalator: Annotated[float, Field(ge=-0.2, le=0.5)] = 0.0
    """Yearly rise of the rent, on each anniversary of the first rent."""
    term: Months
    """From the first rent to the end of the contract."""
    capex_usd_m_per_mw_it: Annotated[float, Field(ge=0)]
    contingency: Annotated[float, Field(ge=0, le=2)] = 0.0
    """Added to capex, as a share of it."""
    capex_shares: Annotated[tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1)] = (1.0,)
    """How capex is spent over the lead, as weights of equal stretches of it: [1] is evenly, [1, 2, 1] in the middle."""
    signing_cost_usd_m: Annotated[float, Field(ge=0)] = 0.0
    """Paid once at signature, whatever the number of halls."""
    operating_cost_usd_m_per_mw_it_year: Annotated[float, Field(ge=0)] = 0.0
    """Cost of running the halls in the first year of rent, without power."""
    operating_cost_escalator: Annotated[float, Field(ge=-0.2, le=0.5)] = 0.0
    power: HostingPower
    prepayment: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Paid by the tenant at signature, as a share of all rent of the term. It is credited back against rent."""
    prepayment_credited_over: Months | None = None
    """Time from the first rent over which it is credited back, evenly; by default the whole term."""
    tenant_capex: TenantCapex | None = None
    residual_usd_m_per_mw_it: Annotated[float, Field(ge=0)] = 0.0
    """What a hall is worth at the end of its term."""
    discount: Rate | None = None
    """Discount rate for this tenant's credit; by default the case's rate for hosting."""
    group: str | None = None
    """Of all offers with the same group, at most one is signed (one tenant's need, offered at several sites)."""


class Lease(Section):
    """A hosting contract that is signed already, with halls running or under construction: a commitment, no choice."""

    site: str
    takes: Literal["free_power", "mining_shell"]
    """Where its megawatts come from, as for offers."""
    it_mw: Annotated[float, Field(gt=0, le=100_000)]
    """Critical IT MW of all its halls."""
    gross_per_it: Annotated[float, Field(ge=1, le=3)]
    """Meter MW reserved per IT MW."""
    pue: Annotated[float, Field(ge=1, le=3)]
    """Meter MWh used per IT MWh."""
    utilisation: Annotated[float, Field(gt=0, le=1)] = 1.0
    first_rent: Date
    """When rent began or begins."""
    ramp: Months = 0
    """Time from the first rent over which billing grows evenly from nothing to all."""
    rate_usd_per_kw_month: Annotated[float, Field(gt=0)]
    """Rent of the contract's first year."""
    escalator: Annotated[float, Field(ge=-0.2, le=0.5)] = 0.0
    term: Months
    """From the first rent."""
    space_taken: Date | None = None
    """When its megawatts are taken; by default at the start for mining_shell, with the first rent for free_power."""
    capex_left_usd_m: Annotated[float, Field(ge=0)] = 0.0
    """Still to be spent, evenly until the first rent."""
    operating_cost_usd_m_per_mw_it_year: Annotated[float, Field(ge=0)] = 0.0
    operating_cost_escalator: Annotated[float, Field(ge=-0.2, le=0.5)] = 0.0
    power: HostingPower
    prepayment_left_usd_m: Annotated[float, Field(ge=0)] = 0.0
    """Received earlier and still owed to the tenant: credited evenly against rent."""
    prepayment_credited_until: Date | None = None
    """By default the end of the term."""
    residual_usd_m_per_mw_it: Annotated[float, Field(ge=0)] = 0.0
    book_usd_m: Annotated[float, Field(ge=0)] = 0.0
    """What its halls stand for in the company's books at the start."""
    discount: Rate | None = None
