"""Parts of months at a site in which nothing comes or goes: one hashprice, the same lots, the same contracts.

Both the model's coefficients and the dispatch of a plan are made part by part, so they mean the same hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.tree import Bools, Floats, Ints
from optimizer.case.case import Case
from optimizer.case.contracts import (
    FixedBlock,
    Generation,
    HeatRate,
    MinimumTake,
    MonthlyElection,
    Physical,
    Swing,
)
from optimizer.case.delivery import Demand
from optimizer.case.flexibility import Ancillary, DemandResponse
from optimizer.case.price_files import offered_profile_path, profile_path
from optimizer.case.sites import Site
from optimizer.market.calendar import days_in_span
from optimizer.market.market import Market
from optimizer.operations.by_date import in_force
from optimizer.operations.hours import Hours, SiteClock
from optimizer.operations.mining import Lot, Place
from optimizer.operations.supply import Supply, Terms, supply


@dataclass(frozen=True)
class SignedContract:
    """A contract offer as it can be, or was, signed at a step."""

    site: int
    offer: str
    node: int
    signed: float
    """Months after the start."""
    until: float
    mw: float
    """Most that can be signed; of a plan what was signed."""


@dataclass(frozen=True)
class Delivery:
    """A physical contract in a part: its supply per MW, and how many MW."""

    name: str
    terms: Physical
    supply: Supply
    mw: float
    """Fixed MW; 0 where a decision says how many."""
    elected: bool = False
    option: int = -1
    """Which of the contract offers that can be signed; -1 if it is no offer."""


@dataclass(frozen=True)
class Part:
    """Days of a planned month at a site."""

    cell: int
    first: int
    last: int
    hashprice: float
    hours: Hours
    places: tuple[int, ...]
    """Places of lots that are there, best value first (equal ones in the order of the lots)."""
    deliveries: tuple[Delivery, ...]
    """In the order of the case, offers last."""


def site_parts(
    case: Case,
    clock: SiteClock,
    site_index: int,
    lots: tuple[Lot, ...],
    places: tuple[Place, ...],
    offers: tuple[SignedContract, ...],
) -> Iterator[Part]:
    """All parts of the planned months of a site, in time. ``offers`` are those of this and other sites."""
    market, site = clock.market, clock.site
    here = [p for p, place in enumerate(places) if place.site == site_index]
    here.sort(key=lambda p: places[p].mw_per_eh)
    lives = [(lots[places[p].lot].present_from, lots[places[p].lot].present_until) for p in here]
    contracts = physical_contracts(site)
    spans = {name: in_force(c.start, c.until, market.start_month) for name, c in contracts.items()}
    signed = {q: offer for q, offer in enumerate(offers) if offer.site == site_index}
    takes = [c for c in site.contracts.values() if isinstance(c, MinimumTake)]
    edges = [*lives, *spans.values(), *((offer.signed, offer.until) for offer in signed.values())]
    edges += [in_force(c.start, c.until, market.start_month) for c in takes]
    cells = market.cells
    planned = np.flatnonzero(~cells.in_tail)
    always, partly = _all_month(edges, cells.month[planned])
    for j, cell in enumerate(planned.tolist()):
        hours = clock.hours(cell)
        cut = [edges[e] for e in np.flatnonzero(partly[:, j]).tolist()]
        for first, last, hashprice in _constant_days(market, cell, cut):
            part = hours if (first, last) == (1, cells.days[cell]) else hours.part(first, last)
            absolute = market.start_month + int(cells.month[cell])
            deliveries: list[Delivery] = []
            for name, contract in contracts.items():
                if _covers(market, cell, spans[name], first, last):
                    profile = _profile(clock, profile_path(clock.name, name), cell, first, last)
                    terms = Terms(absolute, site.power.resale_fee_usd_per_mwh, profile)
                    elected = isinstance(contract, MonthlyElection)
                    mw = 0.0 if elected else contract.mw
                    deliveries.append(Delivery(name, contract, supply(contract, part, terms), mw, elected))
            for q, offer in signed.items():
                reached = market.tree.reaches[offer.node, cells.node[cell]]
                if reached and _covers(market, cell, (offer.signed, offer.until), first, last):
                    form = site.contract_offers[offer.offer].terms
                    profile = _profile(clock, offered_profile_path(clock.name, offer.offer), cell, first, last)
                    terms = Terms(absolute, site.power.resale_fee_usd_per_mwh, profile)
                    deliveries.append(Delivery(offer.offer, form, supply(form, part, terms), 0.0, option=q))
            there = tuple(
                p
                for e, p in enumerate(here)
                if always[e, j] or (partly[e, j] and _covers(market, cell, lives[e], first, last))
            )
            yield Part(cell, first, last, hashprice, part, there, tuple(deliveries))


def _all_month(spans: Sequence[tuple[float, float]], months: Ints) -> tuple[Bools, Bools]:
    """(spans, months) whether a span holds all through a month; and whether it may hold in some of its days only."""
    begin, end = np.array(spans, dtype=float).reshape(-1, 2).T[:, :, None]
    always = (begin <= months) & (end >= months + 1)
    return always, ~always & (end > months) & (begin < months + 1)


def is_physical(contract: object) -> bool:
    """Whether a contract delivers power at its site."""
    if isinstance(contract, FixedBlock):
        return contract.settles_at is None
    return not isinstance(contract, MinimumTake)


def physical_contracts(site: Site) -> dict[str, FixedBlock | MonthlyElection | Swing | HeatRate | Generation]:
    """The contracts of a site that deliver power."""
    return {
        name: contract
        for name, contract in site.contracts.items()
        if not isinstance(contract, MinimumTake) and is_physical(contract)
    }


def has_program(site: Site) -> bool:
    """Whether the hours of a site are tied to each other, or to contracts: then its machines are not all alike."""
    return (
        bool(site.contract_offers)
        or bool(site.flexibility)
        or any(is_physical(contract) or isinstance(contract, MinimumTake) for contract in site.contracts.values())
        or any(isinstance(charge, Demand) for charge in site.delivery.values())
    )


def assignable(site: Site) -> bool:
    """Whether halls use the site's physical contracts (all of them or none do)."""
    contracts: list[Physical] = [offer.terms for offer in site.contract_offers.values()]
    contracts += physical_contracts(site).values()
    return any(contract.assignable_to_hosting for contract in contracts)


def the_demand(site: Site) -> tuple[str, Demand] | None:
    """The site's demand charge (there is at most one)."""
    return next(((name, charge) for name, charge in site.delivery.items() if isinstance(charge, Demand)), None)


def program_in_month(
    site: Site, kind: type[Ancillary] | type[DemandResponse], market: Market, cell: int
) -> tuple[str, Ancillary | DemandResponse, float] | None:
    """The program of a kind in force in a month, and for which share of its days (there is at most one at a time)."""
    programs = [(name, program) for name, program in site.flexibility.items() if isinstance(program, kind)]
    if not programs:
        return None
    cells = market.cells
    month, days = int(cells.month[cell]), int(cells.days[cell])
    for name, program in programs:
        if isinstance(program, DemandResponse) and (market.start_month + month) % 12 + 1 not in program.months:
            continue
        span = days_in_span(
            market.start_month, month, days, *in_force(program.start, program.until, market.start_month)
        )
        if span is not None:
            return name, program, (span[1] - span[0] + 1) / days
    return None


def _profile(clock: SiteClock, path: str, cell: int, first: int, last: int) -> Floats | None:
    shape = clock.market.shapes.get(path)
    if shape is None:
        return None
    month = shape.months[clock.market.cells.calendar_month(cell), int(clock.market.cells.days[cell])]
    inside = (month.day >= first) & (month.day <= last)
    profile: Floats = month.price[inside]
    return profile


def _constant_days(market: Market, cell: int, spans: list[tuple[float, float]]) -> list[tuple[int, int, float]]:
    """The days of a month in stretches within which nothing of ``spans`` comes or goes, with their hashprice."""
    month, days = int(market.cells.month[cell]), int(market.cells.days[cell])
    starts = {1}
    for begin, end in spans:
        inside = days_in_span(market.start_month, month, days, begin, end)
        if inside is not None:
            starts |= {inside[0], inside[1] + 1}
    starts |= {first for first, _ in market.network.stretches(month, days)}
    edges = sorted(day for day in starts if day <= days)
    return [(a, b - 1, market.network.hashprice(month, a)) for a, b in zip(edges, [*edges[1:], days + 1], strict=True)]


def _covers(market: Market, cell: int, span: tuple[float, float], first: int, last: int) -> bool:
    inside = days_in_span(market.start_month, int(market.cells.month[cell]), int(market.cells.days[cell]), *span)
    return inside is not None and inside[0] <= first and last <= inside[1]
