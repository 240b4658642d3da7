"""What a contract delivers in each interval, what a MWh of it costs, and what becomes of one that is not used.

One function a form; everything after this module knows contracts only as ``Supply``: megawatts, a price, and a result
of what is not used. A new form is a schema class and a function here. docs/figures.md, section 5, "Contracts".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from models.tree import Floats
from optimizer.case.contracts import (
    BlockTerms,
    Generation,
    HeatRate,
    MonthlyElection,
    Physical,
    Resale,
    ResaleShare,
    Shaped,
    Swing,
    SwingTerms,
)
from optimizer.operations.block_hours import block_hours
from optimizer.operations.by_date import in_month
from optimizer.operations.hours import Hours


@dataclass(frozen=True)
class Supply:
    """A contract in the intervals of some days, per MW of it. Shapes (H,)."""

    level: Floats
    """Share of its MW that is there."""
    price: Floats
    """$ per MWh used."""
    unused: Floats
    """$ per MWh that is there and not used."""
    take_or_pay: bool
    """Whether what is not used is paid as well."""
    same: tuple[object, ...]
    """Equal for contracts whose MWh are as good as each other's: they make one pool."""

    @property
    def opportunity(self) -> Floats:
        """$ per MWh used, compared with not using it."""
        return self.price + self.unused


@dataclass(frozen=True)
class Terms:
    """What of a site and a month the price of a contract depends on."""

    absolute_month: int
    resale_fee: float
    profile: Floats | None
    """(H,) of a contract with a profile, as in its file."""


@singledispatch
def supply(contract: Physical, hours: Hours, terms: Terms) -> Supply:
    """The contract in these hours, per MW of it."""
    raise NotImplementedError(type(contract).__name__)


@supply.register(BlockTerms)
@supply.register(MonthlyElection)
def _block(contract: BlockTerms | MonthlyElection, hours: Hours, terms: Terms) -> Supply:
    price = np.full(len(hours.weight), in_month(contract.price_usd_per_mwh, terms.absolute_month))
    worth = _resale(contract.resale, hours, terms)
    level, shape = _level(contract, hours, terms)
    return Supply(level, price, worth - price, True, ("sold", str(contract.resale), *shape))


@supply.register(Swing)
@supply.register(SwingTerms)
def _swing(contract: SwingTerms, hours: Hours, terms: Terms) -> Supply:
    price = in_month(contract.price_usd_per_mwh, terms.absolute_month)
    return _paid_for_use(price, hours)


@supply.register(HeatRate)
def _heat_rate(contract: HeatRate, hours: Hours, terms: Terms) -> Supply:
    gas = in_month(contract.gas_usd_per_mmbtu, terms.absolute_month)
    return _paid_for_use(contract.mmbtu_per_mwh * gas + contract.adder_usd_per_mwh, hours)


@supply.register(Generation)
def _generation(contract: Generation, hours: Hours, terms: Terms) -> Supply:
    cost = np.full(len(hours.weight), contract.cost_usd_per_mwh)
    sold = np.zeros(len(cost))
    if contract.export == "spot":
        sold = np.maximum(0.0, hours.spot - terms.resale_fee - cost)
    level, shape = _level(contract, hours, terms)
    return Supply(level, cost, sold, False, ("generated", contract.cost_usd_per_mwh, contract.export, *shape))


def _paid_for_use(price: float, hours: Hours) -> Supply:
    size = len(hours.weight)
    return Supply(np.ones(size), np.full(size, price), np.zeros(size), False, ("used", price))


def _resale(resale: Resale, hours: Hours, terms: Terms) -> Floats:
    if isinstance(resale, ResaleShare):
        return resale.share * hours.spot - terms.resale_fee
    return hours.spot - terms.resale_fee if resale == "spot" else np.zeros(len(hours.spot))


def _level(contract: Physical, hours: Hours, terms: Terms) -> tuple[Floats, tuple[object, ...]]:
    """Share of the MW that is there, and what tells this shape from others."""
    if not isinstance(contract, Shaped):
        return np.ones(len(hours.weight)), ("7x24",)
    if terms.profile is not None:
        return np.clip(terms.profile, 0.0, 1.0), ("profile", id(contract))
    inside = block_hours(contract.hours, hours.hour, hours.weekday)
    return inside.astype(float), (contract.hours,)
