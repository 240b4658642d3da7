"""Case section ``market``: power prices (a file, its level, its scale) and the bitcoin network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from optimizer.case.base import Date, Section
from optimizer.case.price_file import PriceFile

ForwardKey = Annotated[str, Field(pattern=r"^\d{4}(-Q[1-4]|-\d{2})?$")]
"""A year (2026), a quarter (2026-Q3) or a month (2026-07)."""


class ShapeWindow(Section):
    """The months of the price file that are used as hourly shape."""

    start: Annotated[Date, Field(alias="from")]
    """First month used."""
    end: Annotated[Date, Field(alias="to")]
    """Last month used."""


class PowerMarket(PriceFile):
    """One price point: its file, and the level to which the hourly shape is scaled."""

    shape: ShapeWindow | None = None
    """Months of the file that serve as shape; by default all complete months. Each calendar month has to be there
    at least once; where it is there more than once, all of them count alike."""
    forward_usd_per_mwh: Mapping[ForwardKey, Annotated[float, Field(gt=0, lt=10000)]] = Field(default_factory=dict)
    """Mean price to expect, by year (2026), quarter (2026-Q3) or month (2026-07); the narrowest wins. Prices of the
    shape are multiplied so that their mean is this. Months before the first entry keep the shape's own level."""
    currency: str | None = None
    """Currency of the file and of forward_usd_per_mwh (which then is in that currency), a name of ``currencies``; by
    default US dollars."""
    growth: Annotated[float, Field(gt=-0.5, lt=0.5)] = 0.0
    """Yearly growth of the level after the last year of the forward curve (without one: after the first year)."""
    scale: Annotated[float, Field(ge=0, le=100)] = 1.0
    """Multiplies every price of this market, after the forward level; made for sweeps."""
    volatility: Annotated[float, Field(ge=0, le=100)] = 1.0
    """How far hourly prices are from the mean of their month, as a multiple of what they are in the file: 0 makes them
    flat, 2 doubles every swing. The mean stays. Made for sweeps, as the two below."""
    on_peak_spread: Annotated[float, Field(ge=-100, le=100)] = 1.0
    """How far the mean of on-peak hours (Monday to Friday, 06:00 to 22:00 local time) is above that of the others in a
    month, as a multiple of what it is in the file. The month's mean stays."""
    spikes: Annotated[float, Field(ge=0, le=100)] = 1.0
    """How many intervals of a month are spikes (above four times its mean), as a multiple of how many there are: 0
    cuts them off at four times the mean, 2 makes as many more of the dearest other hours."""
    basis_usd_per_mwh: Annotated[float, Field(gt=-10000, lt=10000)] = 0.0
    """Added to every price at the end, after the forward level and the scale: what a node is dearer than its hub."""


class Network(Section):
    """The bitcoin network and price. Hashprice is derived from these, never typed."""

    btc_usd: Annotated[float, Field(gt=0)]
    """Price of one bitcoin at the start."""
    btc_growth: Annotated[float, Field(gt=-0.95, lt=10)] = 0.0
    """Yearly growth of the price, compounded monthly."""
    hashrate_eh_s: Annotated[float, Field(gt=0)]
    """Network hash rate as implied by difficulty at the start, EH/s."""
    hashrate_growth: (
        Annotated[float, Field(gt=-0.95, lt=10)] | Mapping[Date, Annotated[float, Field(gt=-0.95, lt=10)]]
    ) = 0.0
    """Yearly growth of the hash rate, compounded monthly: one rate, or rates by the month from which they hold."""
    path: str | None = None
    """CSV file with the columns month, btc_usd, hashrate_eh_s (and fee_share): holds for its months, and growth goes on
    from its last. Relative to the case file."""
    fee_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Transaction fees as a share of the whole block reward."""
    subsidy_btc: Annotated[float, Field(gt=0)] = 3.125
    """Block subsidy at the start, BTC."""
    halvings: tuple[Date, ...] = ()
    """Days on which the subsidy halves."""
    pool_fee: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of mining revenue kept by the pool."""
    hashprice_usd_per_ph_day: Annotated[float, Field(gt=0)] | None = None
    """Hashprice at the start as you know it: only checked against the derived figure (2 %)."""


class Market(Section):
    """What the company cannot choose: prices of power and of bitcoin."""

    power: Annotated[Mapping[str, PowerMarket], Field(min_length=1)]
    """Price points by name."""
    network: Network
