"""Site programs -> the part of the model that they make: signings first, then one site after the other.

The columns and rows of a site are written by ``site_writer.py``; here they are put together, with what tables and the
certificate have to know of them. ``check_supplies`` says beforehand whether that is possible.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.instance import SiteOperations
from optimizer.case.case import Case
from optimizer.instance.hosting import Option
from optimizer.instance.sheet import Lever, Sheet
from optimizer.instance.site_terms import list_signings
from optimizer.instance.site_writer import SiteWriter
from optimizer.market.calendar import month_factors, node_at
from optimizer.market.market import Market
from optimizer.operations.hours import SiteClock
from optimizer.operations.operations import Operations
from optimizer.operations.parts import (
    Part,
    SignedContract,
    has_program,
    site_parts,
)
from optimizer.operations.slots import (
    NO_REFINEMENT,
    Refinement,
    pools_of,
)


@dataclass(frozen=True)
class SiteModel:
    """What the sites with a program add to the model."""

    arrays: SiteOperations | None
    """None if no site has one."""
    levers: tuple[Lever, ...]
    use_at: tuple[tuple[int, int], ...]
    """(site, month cell) of each use."""
    constants: tuple[tuple[int, int, float], ...]
    """(site, month cell, USD m): what fixed contracts bring if nobody uses them."""
    hall_at: tuple[tuple[int, int, int, float], ...]
    """(option, site, month cell, USD m per hall): what halls take over of charges."""
    signings: tuple[SignedContract, ...]
    signing_values: Mapping[int, list[tuple[int, float]]]
    """By lever of a signing: (month cell, present value of a MW that nobody uses)."""
    slacks: tuple[tuple[int, int, float], ...]
    """(site, month cell, USD m): by how much the hours may be worth more than the model says, for any plan (profiles
    are looked at in bands)."""
    parts: Mapping[int, tuple[Part, ...]]
    """Of each site with a program, as if everything were signed that can be."""

    @property
    def slack_usd_m(self) -> float:
        return sum(amount for _, _, amount in self.slacks)


def site_operations(
    case: Case,
    market: Market,
    operations: Operations,
    options: tuple[Option, ...],
    signings: tuple[SignedContract, ...],
    refinement: Refinement = NO_REFINEMENT,
) -> SiteModel:
    """Columns and rows of all sites with a program."""
    names = list(case.sites)
    if not any(has_program(site) for site in case.sites.values()):
        return SiteModel(None, (), (), (), (), (), {}, (), {})
    sheet = Sheet(len(market.tree))
    levers = _signing_levers(case, market, names, signings, sheet)
    parts: dict[int, tuple[Part, ...]] = {}
    for s, name in enumerate(names):
        if has_program(case.sites[name]):
            parts[s] = tuple(site_parts(case, operations.clocks[s], s, operations.lots, operations.places, signings))
            SiteWriter(case, market, operations, options, signings, levers, refinement, sheet, s).write(parts[s])
    cells = market.cells
    factor = month_factors(case.discount.mining, cells.month) * market.tree.probability[cells.node]
    arrays = sheet.finish(len(operations.places), len(options), cells.node, factor)
    return SiteModel(
        arrays=arrays,
        levers=tuple(sheet.lever),
        use_at=tuple(sheet.use_at),
        constants=tuple(sheet.constants),
        hall_at=tuple(sheet.hall_at),
        signings=signings,
        signing_values=sheet.signing_values,
        slacks=tuple(sheet.slacks),
        parts=parts,
    )


def _signing_levers(
    case: Case, market: Market, names: list[str], signings: tuple[SignedContract, ...], sheet: Sheet
) -> tuple[int, ...]:
    """A column for each signing, with its credit support. What the contract brings is added part by part."""
    offers: dict[tuple[int, str], int] = {}
    horizon = float((market.tree.start_months + market.tree.length_months).max())
    found = []
    for signing in signings:
        site = case.sites[names[signing.site]]
        terms = site.contract_offers[signing.offer]
        cell = int(np.flatnonzero(market.cells.month == round(signing.signed))[0])
        v = sheet.add_lever(Lever("contract", signing.site, signing.offer, cell), (0.0, signing.mw))
        key = (signing.site, signing.offer)
        sheet.signings.append((v, signing.node, offers.setdefault(key, len(offers)), terms.least_mw))
        credit = terms.credit_support_usd_m_per_mw * site.share
        if credit:
            sheet.lever_posted.append((v, signing.node, -credit))
            if signing.until < horizon - 1e-9:
                back = node_at(market.tree, signing.until) & market.tree.reaches[signing.node]
                sheet.lever_posted += [(v, int(n), credit) for n in np.flatnonzero(back)]
        found.append(v)
    return tuple(found)


def check_supplies(case: Case, market: Market) -> None:
    """CaseError where the contracts of a site are of more kinds at a time than can be told apart, or cannot be used."""
    signings = list_signings(case, market)
    for s, (name, site) in enumerate(case.sites.items()):
        clock = SiteClock(case, market, name)
        if has_program(site):
            for part in site_parts(case, clock, s, (), (), signings):
                pools_of(part, name)
