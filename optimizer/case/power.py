"""Case sections ``power`` and ``interruptions`` of a site: what each MWh costs, and when there is none for machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from optimizer.case.base import Date, Section

UsdPerMwh = Annotated[float, Field(ge=-500, le=10_000)]
ByDate = UsdPerMwh | Mapping[Date, UsdPerMwh]
"""One price for all time, or prices by the date from whose month on each holds."""
GasPrice = Annotated[float, Field(gt=0, le=200)]
GasByDate = GasPrice | Mapping[Date, GasPrice]
"""$/MMBtu, for all time or by the date from whose month on each holds."""


class Split(Section):
    """A part of every MWh is bought at another market, such as day-ahead beside real-time."""

    market: str
    """Name of a power market of this case, aligned with the first."""
    share: Annotated[float, Field(ge=0, le=1)]
    """Part of each MWh bought there; the rest at the site's market."""


class DecidesOn(Section):
    """Machines are told to run by another price than the one that is paid."""

    market: str
    """Name of a power market of this case whose price is known when it is decided, such as day-ahead."""
    skill: Annotated[float, Field(ge=0, le=1)] = 0.0
    """How much of the difference to the price paid is foreseen: 0 decides on that market alone, 1 foresees all."""


class FixedTariff(Section):
    """All power of the site at a fixed price, whatever it uses (load-following), until it ends."""

    kind: Literal["fixed"]
    price_usd_per_mwh: ByDate
    until: Date | None = None
    """Last day; from then on the site buys at its market. By default it holds for ever."""


class HeatRateTariff(Section):
    """All power of the site at a price linked to gas, until it ends."""

    kind: Literal["heat_rate"]
    mmbtu_per_mwh: Annotated[float, Field(gt=0, le=50)]
    gas_usd_per_mmbtu: GasByDate
    until: Date | None = None
    """Last day; from then on the site buys at its market. By default it holds for ever."""


class SitePower(Section):
    """How a site buys power that no contract delivers: at the price of a market or a tariff, every hour."""

    market: str
    """Name of a power market of this case. Contracts are resold at it, too."""
    split: Split | None = None
    floor_usd_per_mwh: UsdPerMwh | None = None
    """The market's price counts as at least this (a collar has a floor and a cap)."""
    cap_usd_per_mwh: UsdPerMwh | None = None
    """The market's price counts as at most this."""
    tariff: Annotated[FixedTariff | HeatRateTariff, Field(discriminator="kind")] | None = None
    """In place of the market's price while it is in force."""
    adder_usd_per_mwh: ByDate = 0.0
    """Retail adder and fees on every MWh bought."""
    losses: Annotated[float, Field(ge=0, lt=0.5)] = 0.0
    """MWh lost on the way for each MWh at the meter: cost = (price + adder) x (1 + losses) + wires."""
    wires_usd_per_mwh: ByDate = 0.0
    """Delivery charge on every MWh at the meter."""
    resale_fee_usd_per_mwh: Annotated[float, Field(ge=0, le=500)] = 0.0
    """What is lost on each MWh of a contract that is sold at spot instead of used."""
    decides_on: DecidesOn | None = None
    """By default machines are told to run by the price that is paid: perfect foresight of each hour's price."""


class Interruption(Section):
    """Events in which machines of the site get no power, called in the dearest hours; halls keep theirs."""

    events_per_year: Annotated[float, Field(gt=0, le=366)]
    hours_per_event: Annotated[float, Field(gt=0, le=24)]
    start: Annotated[Date | None, Field(alias="from")] = None
    """First day; by default the start of the plan."""
    until: Date | None = None
    """Last day; by default for ever."""
    discount_usd_per_mwh: Annotated[float, Field(ge=0, le=500)] = 0.0
    """What each MWh of the machines is cheaper for it (an interruptible tariff). 0: an emergency rule."""
