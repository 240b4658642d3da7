"""Case sections ``machines`` and ``sites``: the machine catalogue, places with power, and what stands there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from optimizer.case.base import Date, Months, Section

Mw = Annotated[float, Field(ge=0, le=100_000)]
Levels = Mw | Mapping[Date, Mw]
"""One level for all time, or levels by the date from which each holds (not increments)."""


class Window(Section):
    """When something can be decided: on the first instant of a step in it."""

    start: Annotated[Date, Field(alias="from")]
    end: Annotated[Date, Field(alias="to")]


class MachinePurchase(Section):
    """Terms on which a machine type can be bought. All is paid with the order."""

    window: Window
    delivery: Months
    """From order to plugging in; the life counts from there."""
    sites: Annotated[tuple[str, ...], Field(min_length=1)]
    """Sites for which it can be ordered."""
    max_ph_s_per_step: Annotated[float, Field(gt=0)]
    """Most that the market delivers for one step, over all sites, PH/s."""


class ResaleTier(Section):
    """A part of the market for used machines."""

    ph_s_per_quarter: Annotated[float, Field(gt=0)]
    """How much of the type it takes in a quarter."""
    factor: Annotated[float, Field(gt=0, le=1)]
    """Part of the resale price that is paid."""


class Resale(Section):
    """What used machines bring: ``share x price of a new one x (1 - age / life) x factor of the tier``."""

    share: Annotated[float, Field(gt=0, le=0.95)]
    """Of the price of a new machine, for one that is hardly used; below 1, so that nobody sells and buys back."""
    tiers: Annotated[tuple[ResaleTier, ...], Field(min_length=1)]
    """Depth of the market, best price first."""


class Machine(Section):
    """A machine type of the catalogue."""

    efficiency_j_per_th: Annotated[float, Field(gt=0, le=200)]
    """Energy per terahash at the plug, J/TH."""
    life: Months | None = None
    """Time from purchase to scrapping; without it machines stand until they are taken off the floor."""
    price_usd_per_th: Annotated[float, Field(gt=0, le=1000)] | None = None
    """Price of a new machine at the start. Needed to buy or sell."""
    price_growth: Annotated[float, Field(gt=-0.9, lt=2)] = 0.0
    """Yearly growth of that price, by month."""
    price_follows_hashprice: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Part of the price that moves in proportion to the hashprice."""
    buy: MachinePurchase | None = None
    resale: Resale | None = None
    move_usd_per_th: Annotated[float, Field(ge=0, le=100)] = 0.0
    """Cost of plugging a machine in that was in store: freight, labour, setting up."""
    movable_to: tuple[str, ...] = ()
    """Sites where machines of this type that stand or arrive without a decision can be plugged in again."""


class SitePower(Section):
    """How a site buys power: at the price of a market, plus adder and losses, every hour."""

    market: str
    """Name of a power market of this case."""
    adder_usd_per_mwh: Annotated[float, Field(ge=-500, le=500)] = 0.0
    """Retail adder, wires and fees on every MWh bought."""
    resale_fee_usd_per_mwh: Annotated[float, Field(ge=0, le=500)] = 0.0
    """What is lost on each MWh of a block that is sold at spot instead of used."""
    losses: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    """MWh lost on the way for each MWh at the meter: cost = (price + adder) x (1 + losses)."""


class FixedBlock(Section):
    """A block of power at a fixed price in every hour, paid whether it is used or not."""

    kind: Literal["fixed_block"]
    mw: Annotated[float, Field(gt=0, le=100_000)]
    price_usd_per_mwh: Annotated[float, Field(gt=-1000, le=10_000)]
    start: Annotated[Date | None, Field(alias="from")] = None
    """First day; by default the start of the plan."""
    until: Date
    """Last day; a month means its last day."""
    resale: Literal["spot"] = "spot"
    """What is not used is sold at spot, less resale_fee_usd_per_mwh of the site."""
    settles_at: str | None = None
    """With a market here the block is financial: it pays the difference between that market's price and its own, and
    the site's power is bought at the site's market as if it were not there. Without it, it is delivered at the site."""


class FleetLot(Section):
    """Machines that stand at the site when the plan starts."""

    machine: str | None = None
    """Type in the catalogue; by default the name of this entry."""
    ph_s: Annotated[float, Field(gt=0)]
    """Hash rate, PH/s."""
    bought: Date | None = None
    """Month of purchase, from which the life counts; by default the start of the plan."""


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
    contracts: Mapping[str, FixedBlock] = Field(default_factory=dict)
    """Power contracts that are in force or signed. They serve the mine; halls buy at the site's market."""
    builds: Mapping[str, Build] = Field(default_factory=dict)
    """What can be built here."""
    fleet: Mapping[str, FleetLot] = Field(default_factory=dict)
    arriving: Mapping[str, ArrivingLot] = Field(default_factory=dict)
