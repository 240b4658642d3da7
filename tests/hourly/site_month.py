"""What a month of a site is to the yardsticks of this folder: plain arrays by interval, in MW, dollars and hours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.case.delivery import Demand
from optimizer.case.sites import Site

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class LotMonth:
    """Machines in a month: load at full running and value of a MWh, both (H,)."""

    name: str
    load_mw: Floats
    value: Floats


@dataclass(frozen=True)
class SupplyMonth:
    """A physical contract in a month, all arrays (H,): MW, price of a MWh used, worth of one that is there unused.

    Its MW are ``level`` times something between ``least_mw`` and ``most_mw``; where these differ it is elected.
    """

    name: str
    level: Floats
    paid: Floats
    unused: Floats
    least_mw: float
    most_mw: float

    @property
    def elected(self) -> bool:
        return self.least_mw < self.most_mw

    @property
    def opportunity(self) -> Floats:
        return self.paid + self.unused


@dataclass(frozen=True)
class TakeMonth:
    """A minimum take in a month: intervals in which it is in force, MWh required, and the window that it belongs to."""

    name: str
    window: tuple[int, int]
    required_mwh: float
    in_force: Bools
    shortfall: float


@dataclass(frozen=True)
class SiteMonth:
    """Everything that a month of a site has, H intervals."""

    month: int
    factor: float
    """Discount factor, class mining."""
    day: Ints
    weight: Floats
    """Hours that an interval stands for."""
    price: Floats
    """What a MWh of machines costs."""
    price_halls: Floats
    decides: Floats | None
    """What machines decide on, where that is another price."""
    interrupted: Bools
    lots: tuple[LotMonth, ...]
    """By value, highest first."""
    supplies: tuple[SupplyMonth, ...]
    halls_mw: float
    halls_use_contracts: bool
    constant_usd: float
    """Settlements of financial contracts."""
    peak_charge: Floats
    """Expected charge on a MWh, worth of this month (its later billing discounted)."""
    demand_rate: float | None
    """$ per MW and month, None without a demand charge."""
    reserve: Floats
    """$ per MWh that runs among the MW awarded."""
    reserve_mw: Floats
    """Most that can be awarded: mw where the program is in force, else 0."""
    response_usd_per_mw: float
    response_mw: float
    """Most that can be enrolled; 0 where there is no demand response."""
    event: Bools
    takes: tuple[TakeMonth, ...]

    @property
    def load_mw(self) -> Floats:
        """(H,) load of all lots at full running."""
        return np.sum([lot.load_mw for lot in self.lots], axis=0) if self.lots else np.zeros(len(self.weight))


@dataclass(frozen=True)
class SiteYear:
    """A site over the horizon."""

    name: str
    site: Site
    months: tuple[SiteMonth, ...]
    opening_usd: float
    """Opening amounts of coincident peaks, discounted."""
    demand: Demand | None
