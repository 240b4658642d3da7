"""Power contracts and contract offers against each other and the rest of the case, and halls that pay by them.

A part of ``optimizer.case.references``: what is found here cannot be planned with.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from optimizer.case.case import Case
from optimizer.case.contracts import (
    BlockTerms,
    Contract,
    ContractOffer,
    FixedBlock,
    Generation,
    HeatRate,
    MinimumTake,
    MonthlyElection,
    Shaped,
    SwingTerms,
)
from optimizer.case.derived import overlap, span
from optimizer.case.findings import Finding
from optimizer.case.flexibility import DemandResponse
from optimizer.case.offers import HostingPower
from optimizer.case.references_power import by_month, market_named, one_at_a_time
from optimizer.case.sites import Site
from optimizer.case.suggest import did_you_mean
from optimizer.case.yaml_file import CasePath

FREE = "its power would cost nothing"


@dataclass(frozen=True)
class _Supply:
    """A contract that delivers power at a site, signed or on offer, and the time in which it can be in force."""

    path: CasePath
    name: str
    assignable: bool
    profiled: bool
    offered: bool
    span: tuple[float, float]

    @property
    def shown(self) -> str:
        return f"{'contract offer ' if self.offered else ''}{self.name!r}"


def is_physical(contract: Contract) -> bool:
    """Whether a contract delivers power: a minimum take does not, nor a block that is settled in money."""
    return not isinstance(contract, MinimumTake) and not (isinstance(contract, FixedBlock) and contract.settles_at)


def check_contracts(case: Case) -> list[Finding]:
    """What is wrong with the contracts of a case that has passed the schema."""
    found: list[Finding] = []
    for name, site in case.sites.items():
        path: CasePath = ("sites", name)
        for key, contract in site.contracts.items():
            found += _contract(case, (*path, "contracts", key), contract)
        for key, offer in site.contract_offers.items():
            found += _contract_offer(case, (*path, "contract_offers", key), offer)
        supplies = list(_supplies(case, path, site))
        takes = [
            (key, span(case, contract.start, contract.until))
            for key, contract in site.contracts.items()
            if isinstance(contract, MinimumTake)
        ]
        found += one_at_a_time((*path, "contracts"), takes, "minimum take")
        found += [
            *_assignable(supplies),
            *_alone(supplies),
            *_deciding(path, site, supplies, [key for key, _ in takes]),
        ]
    found += _passed_through(case)
    return found


def _contract(case: Case, path: CasePath, contract: Contract) -> Iterable[Finding]:
    begins = contract.start or case.horizon.start
    if contract.until.last <= begins.first:
        yield Finding((*path, "until"), f"{contract.until} is before the contract begins ({begins})")
    begin = max(begins.first, case.horizon.start.first)
    if isinstance(contract, FixedBlock):
        yield from market_named(case, (*path, "settles_at"), contract.settles_at)
    if isinstance(contract, BlockTerms | MonthlyElection | SwingTerms):
        yield from by_month((*path, "price_usd_per_mwh"), contract.price_usd_per_mwh, begin, FREE)
    elif isinstance(contract, HeatRate):
        yield from by_month((*path, "gas_usd_per_mmbtu"), contract.gas_usd_per_mmbtu, begin, FREE)


def _contract_offer(case: Case, path: CasePath, offer: ContractOffer) -> Iterable[Finding]:
    if offer.sign.start.first >= offer.sign.end.last:
        message = f"the window ends before it begins: from {offer.sign.start} is after to {offer.sign.end}"
        yield Finding((*path, "sign", "from"), message)
    if offer.tenor == 0:
        yield Finding((*path, "tenor"), "must be longer than nothing, such as '3 years'")
    begin = max(offer.sign.start.first, case.horizon.start.first)
    yield from by_month((*path, "terms", "price_usd_per_mwh"), offer.terms.price_usd_per_mwh, begin, FREE)


def _supplies(case: Case, path: CasePath, site: Site) -> Iterable[_Supply]:
    for key, contract in site.contracts.items():
        if isinstance(contract, BlockTerms | MonthlyElection | SwingTerms | HeatRate | Generation):
            if not is_physical(contract):
                continue
            profiled = isinstance(contract, Shaped) and contract.profile is not None
            during = span(case, contract.start, contract.until)
            place = (*path, "contracts", key)
            yield _Supply(place, key, contract.assignable_to_hosting, profiled, False, during)
    for key, offer in site.contract_offers.items():
        profiled = isinstance(offer.terms, Shaped) and offer.terms.profile is not None
        during = offer.sign.start.first, offer.sign.end.last + offer.tenor
        place = (*path, "contract_offers", key)
        yield _Supply(place, key, offer.terms.assignable_to_hosting, profiled, True, during)


def _assignable(supplies: list[_Supply]) -> Iterable[Finding]:
    """Halls come first in the order of loads: they may use all contracts of a site or none."""
    for supply in supplies[1:]:
        if supply.assignable != supplies[0].assignable:
            one, other = (str(which).lower() for which in (supply.assignable, supplies[0].assignable))
            place = (*supply.path, "terms") if supply.offered else supply.path
            message = (
                f"{one} here and {other} for {supplies[0].shown}; it must be the same for all that deliver at a site"
            )
            yield Finding((*place, "assignable_to_hosting"), message)


def _alone(supplies: list[_Supply]) -> Iterable[Finding]:
    """What delivers by a profile is the only supply of its time: it has no place in the order of loads."""
    for index, supply in enumerate(supplies):
        for before in supplies[:index]:
            if (supply.profiled or before.profiled) and overlap(supply.span, before.span):
                own, other = (supply, before) if supply.profiled else (before, supply)
                place = (*own.path, "terms", "profile") if own.offered else (*own.path, "profile")
                message = f"{other.shown} delivers at the same time; a contract with a profile has to be the only one"
                yield Finding(place, f"{message} at its site while it is in force", at_key=True)


def _deciding(path: CasePath, site: Site, supplies: list[_Supply], takes: list[str]) -> Iterable[Finding]:
    """Machines that decide on another price buy all their power at the market."""
    if site.power.decides_on is None:
        return
    names = [supply.shown for supply in supplies] + [repr(name) for name in takes]
    names += [repr(name) for name, program in site.flexibility.items() if isinstance(program, DemandResponse)]
    if names:
        what = "contracts that deliver, a minimum take or demand response"
        message = f"cannot be used at a site with {what} ({', '.join(names[:3])}"
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        message = f"{message}{more}): machines there run by what their power costs; leave one of them out"
        yield Finding((*path, "power", "decides_on"), message, at_key=True)


def _passed_through(case: Case) -> Iterable[Finding]:
    for name, offer in case.offers.items():
        yield from _hosting_power(case, ("offers", name, "power"), offer.power, offer.sites)
    for name, lease in case.leases.items():
        yield from _hosting_power(case, ("leases", name, "power"), lease.power, (lease.site,))


def _hosting_power(case: Case, path: CasePath, power: HostingPower, sites: Iterable[str]) -> Iterable[Finding]:
    place, name = (*path, "pass_through_at"), power.pass_through_at
    if name == "spot":
        return
    if power.paid_by != "tenant":
        yield Finding(place, f"counts only with paid_by tenant (it is {power.paid_by}); leave it out")
        return
    if power.price_usd_per_mwh is not None:
        message = f"the tenant pays price_usd_per_mwh ({power.price_usd_per_mwh:g}) already; leave one of them out"
        yield Finding(place, message)
    for site_name in sites:
        site = case.sites.get(site_name)
        if site is None:
            continue
        contract = site.contracts.get(name)
        if contract is None:
            known = [*(key for key, one in site.contracts.items() if is_physical(one)), "spot"]
            yield Finding(place, f"there is no contract {name!r} at {site_name!r}; {did_you_mean(name, known)}")
        elif not is_physical(contract):
            what = "is settled in money" if isinstance(contract, FixedBlock) else "is no supply"
            yield Finding(place, f"{name!r} of {site_name!r} {what}; name a contract that delivers, or spot")
