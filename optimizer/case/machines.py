"""Case section ``machines``: the catalogue of machine types, what they cost, and where they can go."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from optimizer.case.base import Months, Section, Window


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
