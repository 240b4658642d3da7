"""Case section ``sites``: places with power, and what stands there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from optimizer.case.base import Date, Months, Section, Window
from optimizer.case.contracts import Contract, ContractOffer
from optimizer.case.delivery import Charge
from optimizer.case.flexibility import Program
from optimizer.case.power import Interruption, SitePower

Mw = Annotated[float, Field(ge=0, le=100_000)]
Levels = Mw | Mapping[Date, Mw]
"""One level for all time, or levels by the date from which each holds (not increments)."""


class FleetLot(Section):
    """Machines that stand at the site when the plan starts."""

    machine: str | None = None
    """Type in the catalogue; by default the name of this entry."""
    ph_s: Annotated[float, Field(gt=0)]
    """Hash rate, PH/s."""
    bought: Date | None = None
    """Month of purchase, from which the life counts; by default the start of the plan."""
    book_usd_m: Annotated[float, Field(ge=0)] = 0.0
    """What the machines stand for in the company's books at the start, all of them."""


class ArrivingLot(Section):
    """Machines bought before the plan starts that arrive later: a commitment, not a choice."""

    machine: str | None = None
    """Type in the catalogue; by default the name of this entry."""
    ph_s: Annotated[float, Field(gt=0)]
    """Hash rate, PH/s."""
    on: Date
    """When they are plugged in; their life counts from here."""
    due_usd_m: Annotated[float, Field(ge=0)] = 0.0
    """What has still to be paid, on arrival."""
    paid_usd_m: Annotated[float, Field(ge=0)] = 0.0
    """What was paid on them before the start: a deposit in the books."""


class Build(Section):
    """Something that can be built at a site: a phase of its grid connection, mining halls, or both."""

    window: Window
    lead: Months
    """From the decision to its use."""
    energised_mw: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    """Meter MW that each adds to what may be used."""
    mining_shell_mw: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    """Meter MW of mining buildings that each adds."""
    cost_usd_m: Annotated[float, Field(ge=0)]
    """Of each, spent evenly over the lead."""
    operating_cost_usd_m_per_year: Annotated[float, Field(ge=0)] = 0.0
    """Of each, from its first use to the horizon."""
    max: Annotated[int, Field(ge=1, le=1000)] = 1
    """How many, over the whole plan."""


class Site(Section):
    """A place with power."""

    power: SitePower
    energised_mw: Levels
    """Meter MW that may be used, as a level by date."""
    mining_shell_mw: Levels = 0.0
    """Meter MW of buildings fit for mining, as a level by date."""
    mining_overhead: Annotated[float, Field(ge=1, le=2)] = 1.0
    """Meter MW per plug MW of machines (cooling and losses of the mining halls)."""
    uptime: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the hours a machine could run in which it does: repairs, outages."""
    variable_cost_usd_per_mwh: Annotated[float, Field(ge=0, le=500)] = 0.0
    """Other cost of mining per MWh at the meter."""
    operating_cost_usd_m_per_year: Annotated[float, Field(ge=0)] = 0.0
    """Fixed cost of the site."""
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """The company's part of every dollar and coin of the site (a joint venture). Megawatts, MWh and hashes are those of
    the whole site."""
    contracts: Mapping[str, Contract] = Field(default_factory=dict)
    """Power contracts that are in force or signed."""
    contract_offers: Mapping[str, ContractOffer] = Field(default_factory=dict)
    """Power contracts that the plan may sign."""
    interruptions: Mapping[str, Interruption] = Field(default_factory=dict)
    """Hours in which the utility or the grid takes power from machines: interruptible tariffs, emergencies."""
    delivery: Mapping[str, Charge] = Field(default_factory=dict)
    """Charges for grid and capacity that depend on load."""
    flexibility: Mapping[str, Program] = Field(default_factory=dict)
    """Reserves and demand response: income for load that can be cut."""
    builds: Mapping[str, Build] = Field(default_factory=dict)
    """What can be built here."""
    fleet: Mapping[str, FleetLot] = Field(default_factory=dict)
    arriving: Mapping[str, ArrivingLot] = Field(default_factory=dict)
