"""Power contracts: when each is in force, what it delivers, and what a MWh of it costs. Section 5 of docs/figures.md.

Which load uses it is reckoned in ``hours``. Not here: minimum takes, which deliver nothing (``takes``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.case.case import Case
from optimizer.case.contracts import (
    BlockTerms,
    FixedBlock,
    Generation,
    HeatRate,
    MinimumTake,
    MonthlyElection,
    Physical,
    Resale,
    ResaleShare,
)
from optimizer.case.price_file import PriceFile
from optimizer.case.sites import Site
from optimizer.market.prices import PriceSeries
from optimizer.plan.audit.recompute.by_date import in_month
from optimizer.plan.audit.recompute.decisions import Decision, Decisions
from optimizer.plan.audit.recompute.prices import Hours, Shape, Spot, shape_beside
from optimizer.plan.audit.recompute.timeline import Array, CannotRecompute, Timeline, days_within

Files = Mapping[PriceFile, PriceSeries]
"""What price files hold that belong to no market: profiles, prices of reserves."""


@dataclass(frozen=True, eq=False)
class Supply:
    """A contract that delivers power at a site, of the case or signed by the plan, in force during ``[start, end)``.

    mw: 0 for an election, which is decided by month. profile: shares of mw beside the prices of its market.
    """

    site: str
    name: str
    terms: Physical
    mw: float
    start: float
    end: float
    profile: Shape | None

    def in_force(self, month: int) -> Array:
        """1 on the days of a month on which it is in force, (days,)."""
        return days_within(self.start, self.end, month).astype(np.float64)

    def is_paid_unused(self) -> bool:
        """Whether a MWh is paid for that nobody uses."""
        return isinstance(self.terms, BlockTerms | MonthlyElection)


@dataclass(frozen=True, eq=False)
class SupplyMonth:
    """A contract in a month, by interval, (H,): MW that are there, USD that a MWh brings that is not used, and USD that
    a MWh costs that is, compared with not using it. price: USD of a MWh that is used.
    """

    supply: Supply
    mw: Array
    price: float
    unused: Array
    cost: Array


def price_in(terms: Physical, month: int) -> float:
    """USD of a MWh that is used."""
    if isinstance(terms, HeatRate):
        return terms.mmbtu_per_mwh * in_month(terms.gas_usd_per_mmbtu, month) + terms.adder_usd_per_mwh
    if isinstance(terms, Generation):
        return terms.cost_usd_per_mwh
    return in_month(terms.price_usd_per_mwh, month)


def supply_in(supply: Supply, site: Site, spot: Hours, month: int, elected_mw: float | None) -> SupplyMonth:
    """A contract in a month of its site; ``elected_mw`` is what was decided of an election."""
    terms, fee, nothing = supply.terms, site.power.resale_fee_usd_per_mwh, np.zeros(len(spot.price))
    mw = supply.mw if elected_mw is None else elected_mw
    there = mw * supply.in_force(month)[spot.day] * level(supply, spot, month)
    price = price_in(terms, month)
    if isinstance(terms, BlockTerms | MonthlyElection):
        worth = _worth(terms.resale, spot.price, fee)
        return SupplyMonth(supply, there, price, worth - price, worth)
    if isinstance(terms, Generation) and terms.export == "spot":
        brings = np.maximum(0.0, spot.price - fee - price)
        return SupplyMonth(supply, there, price, brings, np.maximum(price, spot.price - fee))
    return SupplyMonth(supply, there, price, nothing, nothing + price)


def _worth(resale: Resale, spot: Array, fee: float) -> Array:
    """What a MWh of a block is sold for."""
    if isinstance(resale, ResaleShare):
        return resale.share * spot - fee
    return spot - fee if resale == "spot" else np.zeros_like(spot)


def level(supply: Supply, hours: Hours, month: int) -> Array:
    """Share of its MW that a contract delivers, (H,)."""
    if supply.profile is not None:
        return np.clip(supply.profile.lay(month).price, 0.0, 1.0)
    kind = supply.terms.hours if isinstance(supply.terms, BlockTerms | Generation) else "7x24"
    if kind == "7x24":
        return np.ones(len(hours.price))
    by_day, working = (hours.hour >= 6) & (hours.hour < 22), hours.weekday < 5
    there = {"5x16": by_day & working, "2x16": by_day & ~working, "7x16": by_day, "7x8": ~by_day}[kind]
    return there.astype(np.float64)


def supplies_of(
    case: Case, timeline: Timeline, decisions: Decisions, spots: Mapping[str, Spot], files: Files
) -> tuple[Supply, ...]:
    """Every contract that delivers power or settles: at each site those of the case, then signed offers, in order."""
    found: list[Supply] = []
    for name, site in case.sites.items():
        for contract, terms in site.contracts.items():
            if isinstance(terms, MinimumTake):
                continue
            start = float(timeline.start) if terms.start is None else terms.start.first
            mw = 0.0 if isinstance(terms, MonthlyElection) else terms.mw
            profile = _profile(terms, spots[market_of(site, terms)], files)
            found.append(Supply(name, contract, terms, mw, start, terms.until.last, profile))
        for signed in signed_contracts(case, decisions, name):
            if signed.item in site.contracts:
                raise CannotRecompute(f"site {name}: {signed.item} is the name of a contract and of a contract offer")
            offer = site.contract_offers[signed.item]
            profile = _profile(offer.terms, spots[site.power.market], files)
            end = signed.at + offer.tenor
            found.append(Supply(name, signed.item, offer.terms, signed.amount, float(signed.at), float(end), profile))
    return tuple(found)


def signed_contracts(case: Case, decisions: Decisions, site: str) -> list[Decision]:
    """Contract offers that are signed at a site, in the order of the case."""
    offers = list(case.sites[site].contract_offers)
    signed = [each for each in decisions.of("contract") if each.site == site]
    return sorted(signed, key=lambda each: offers.index(each.item))


def market_of(site: Site, terms: Physical) -> str:
    """The market at which a contract is settled, or resold."""
    settles_at = terms.settles_at if isinstance(terms, FixedBlock) else None
    return site.power.market if settles_at is None else settles_at


def is_financial(terms: Physical) -> bool:
    """Whether it only settles and delivers nothing."""
    return isinstance(terms, FixedBlock) and terms.settles_at is not None


def is_assignable(supplies: Sequence[Supply]) -> bool:
    """Whether halls use the contracts of a site that deliver power. Raises CannotRecompute if some may, some not."""
    found = {each.terms.assignable_to_hosting for each in supplies if not is_financial(each.terms)}
    if len(found) > 1:
        raise CannotRecompute(f"site {supplies[0].site}: some contracts are assignable to hosting, others are not")
    return found == {True}


def _profile(terms: Physical, spot: Spot, files: Files) -> Shape | None:
    file = terms.profile if isinstance(terms, BlockTerms | Generation) else None
    return None if file is None else shape_beside(file, files[file], spot.shape)


def profiles_used(case: Case) -> list[PriceFile]:
    """Files of profiles that contracts and their offers name."""
    terms = [terms for site in case.sites.values() for terms in site.contracts.values()]
    offered = [offer.terms for site in case.sites.values() for offer in site.contract_offers.values()]
    shaped = [each for each in (*terms, *offered) if isinstance(each, BlockTerms | Generation)]
    return [each.profile for each in shaped if each.profile is not None]
