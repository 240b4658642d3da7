"""Parts of months at a site in which nothing comes or goes: one hashprice, the same lots, the same contracts.

Both the model's coefficients and the dispatch of a plan are made part by part, so they mean the same hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import NamedTuple

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
    cells, start, network = market.cells, market.start_month, market.network
    here = [p for p, place in enumerate(places) if place.site == site_index]
    here.sort(key=lambda p: places[p].mw_per_eh)
    contracts = physical_contracts(site)
    planned = np.flatnonzero(~cells.in_tail).tolist()
    months, days, nodes = cells.month.tolist(), cells.days.tolist(), cells.node[planned]
    signed = {q: offer for q, offer in enumerate(offers) if offer.site == site_index}
    stretches = _stretches(
        start,
        tuple((cell, months[cell], days[cell], tuple(network.stretches(months[cell], days[cell]))) for cell in planned),
        tuple((p, lots[places[p].lot].present_from, lots[places[p].lot].present_until) for p in here),
        tuple((name, *in_force(c.start, c.until, start)) for name, c in contracts.items()),
        tuple(
            (q, offer.signed, offer.until, tuple(market.tree.reaches[offer.node, nodes].tolist()))
            for q, offer in signed.items()
        ),
        tuple(in_force(c.start, c.until, start) for c in site.contracts.values() if isinstance(c, MinimumTake)),
    )
    for cell, first, last, there, names, reached in stretches:
        month, hours = months[cell], clock.hours(cell)
        part = hours if (first, last) == (1, days[cell]) else hours.part(first, last)
        deliveries: list[Delivery] = []
        for name in names:
            contract, profile = contracts[name], _profile(clock, profile_path(clock.name, name), cell, first, last)
            terms = Terms(start + month, site.power.resale_fee_usd_per_mwh, profile)
            elected = isinstance(contract, MonthlyElection)
            mw = 0.0 if elected else contract.mw
            deliveries.append(Delivery(name, contract, supply(contract, part, terms), mw, elected))
        for q in reached:
            offer = signed[q]
            form = site.contract_offers[offer.offer].terms
            profile = _profile(clock, offered_profile_path(clock.name, offer.offer), cell, first, last)
            terms = Terms(start + month, site.power.resale_fee_usd_per_mwh, profile)
            deliveries.append(Delivery(offer.offer, form, supply(form, part, terms), 0.0, option=q))
        yield Part(cell, first, last, network.hashprice(month, first), part, there, tuple(deliveries))


class _Stretch(NamedTuple):
    """Days of a planned month at a site in which nothing comes or goes: what is there."""

    cell: int
    first: int
    last: int
    places: tuple[int, ...]
    contracts: tuple[str, ...]
    offers: tuple[int, ...]


@lru_cache(maxsize=128)
def _stretches(
    start_month: int,
    months: tuple[tuple[int, int, int, tuple[tuple[int, int], ...]], ...],
    lives: tuple[tuple[int, float, float], ...],
    contracts: tuple[tuple[str, float, float], ...],
    offers: tuple[tuple[int, float, float, tuple[bool, ...]], ...],
    takes: tuple[tuple[float, float], ...],
) -> tuple[_Stretch, ...]:
    """All of a site, in time: dates alone say which they are, so points of a sweep have them in common.

    Months are (cell, month after the start, days, stretches of one hashprice); lives of places, contracts and offers
    have [from, until) in months after the start, offers also whether they can be in force in each of the months.
    """
    edges = [life[1:] for life in lives] + [contract[1:] for contract in contracts]
    edges += [offer[1:3] for offer in offers] + list(takes)
    always, partly = _all_month(edges, np.array([month for _, month, _, _ in months], dtype=np.int64))
    found = []
    for j, (cell, month, days, constant) in enumerate(months):
        cut = [edges[e] for e in np.flatnonzero(partly[:, j]).tolist()]
        for first, last in _constant_days(start_month, month, days, constant, cut):
            covers = partial(_covers, start_month, month, days, first, last)
            there = [
                p for e, (p, begin, end) in enumerate(lives) if always[e, j] or (partly[e, j] and covers((begin, end)))
            ]
            names = [name for name, begin, end in contracts if covers((begin, end))]
            signed = [q for q, begin, end, reached in offers if reached[j] and covers((begin, end))]
            found.append(_Stretch(cell, first, last, tuple(there), tuple(names), tuple(signed)))
    return tuple(found)


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
    if not site.flexibility:
        return None
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


def _constant_days(
    start_month: int,
    month: int,
    days: int,
    constant: Sequence[tuple[int, int]],
    spans: Sequence[tuple[float, float]],
) -> list[tuple[int, int]]:
    """The days of a month in stretches within which nothing of ``spans`` comes or goes; ``constant`` are those of one
    hashprice."""
    starts = {1}
    for begin, end in spans:
        inside = days_in_span(start_month, month, days, begin, end)
        if inside is not None:
            starts |= {inside[0], inside[1] + 1}
    starts |= {first for first, _ in constant}
    edges = sorted(day for day in starts if day <= days)
    return [(a, b - 1) for a, b in zip(edges, [*edges[1:], days + 1], strict=True)]


def _covers(start_month: int, month: int, days: int, first: int, last: int, span: tuple[float, float]) -> bool:
    inside = days_in_span(start_month, month, days, *span)
    return inside is not None and inside[0] <= first and last <= inside[1]
