"""Terms that must make sense by themselves and with their neighbours: purchases, builds, leases, treasury.

A part of ``optimizer.case.references``: what is found here cannot be planned with.
"""

from __future__ import annotations

from collections.abc import Iterable

from optimizer.case.base import Window
from optimizer.case.case import Case
from optimizer.case.findings import Finding
from optimizer.case.sites import Site
from optimizer.case.suggest import did_you_mean
from optimizer.case.yaml_file import CasePath


def check_terms(case: Case) -> list[Finding]:
    """What is wrong with the terms of a case that has passed the schema."""
    found = [*_machines(case), *_leases(case), *_treasury(case)]
    for name, site in case.sites.items():
        found += _builds(("sites", name, "builds"), site)
    return found


def window_order(path: CasePath, window: Window) -> Iterable[Finding]:
    """The fault of a window that ends before it begins; ``path`` is what has it."""
    if window.start.first >= window.end.last:
        message = f"the window ends before it begins: from {window.start} is after to {window.end}"
        yield Finding((*path, "window", "from"), message)


def _sites(case: Case, path: CasePath, sites: Iterable[str]) -> Iterable[Finding]:
    for index, site in enumerate(sites):
        if site not in case.sites:
            yield Finding((*path, index), f"there is no site {site!r}; {did_you_mean(site, list(case.sites))}")


def _machines(case: Case) -> Iterable[Finding]:
    for name, machine in case.machines.items():
        path: CasePath = ("machines", name)
        for key, term in (("buy", machine.buy), ("resale", machine.resale)):
            if term is not None and machine.price_usd_per_th is None:
                yield Finding((*path, key), "needs the price of a new machine: add price_usd_per_th to it", at_key=True)
        if machine.buy is not None:
            yield from window_order((*path, "buy"), machine.buy.window)
            yield from _sites(case, (*path, "buy", "sites"), machine.buy.sites)
        if machine.resale is not None:
            factors = [tier.factor for tier in machine.resale.tiers]
            for index in range(1, len(factors)):
                if factors[index] > factors[index - 1]:
                    message = f"pays more than the tier before it ({factors[index]:g} and {factors[index - 1]:g})"
                    yield Finding((*path, "resale", "tiers", index, "factor"), f"{message}; put the best price first")
        yield from _sites(case, (*path, "movable_to"), machine.movable_to)
        for index, site in enumerate(machine.movable_to):
            if site in case.sites and case.sites[site].share < 1:
                message = f"the company has a share of {case.sites[site].share:g} of {site!r}; machines move between"
                yield Finding((*path, "movable_to", index), f"{message} sites that are wholly its own")


def _builds(path: CasePath, site: Site) -> Iterable[Finding]:
    for name, build in site.builds.items():
        yield from window_order((*path, name), build.window)
        if build.energised_mw == 0 and build.mining_shell_mw == 0:
            yield Finding((*path, name), "adds nothing; say energised_mw, mining_shell_mw or both", at_key=True)


def _leases(case: Case) -> Iterable[Finding]:
    start = case.horizon.start
    for name, lease in case.leases.items():
        path: CasePath = ("leases", name)
        site = case.sites.get(lease.site)
        if site is None:
            message = f"there is no site {lease.site!r}; {did_you_mean(lease.site, list(case.sites))}"
            yield Finding((*path, "site"), message)
        elif site.share < 1:
            message = f"the company has a share of {site.share:g} of {lease.site!r}; leases need whole sites"
            yield Finding((*path, "site"), message)
        end = lease.first_rent.first + lease.term
        if lease.term == 0:
            yield Finding((*path, "term"), "must be longer than nothing, such as '10 years'")
        elif end <= start.first + 1e-9:
            yield Finding((*path, "term"), f"is over before the plan starts ({start}); leave the lease out")
        if lease.space_taken is not None and lease.space_taken.first > max(lease.first_rent.first, start.first) + 1e-9:
            message = f"{lease.space_taken} is after the first rent ({lease.first_rent}); space is taken by then"
            yield Finding((*path, "space_taken"), message)
        until = lease.prepayment_credited_until
        if until is not None and not max(start.first, lease.first_rent.first) < until.first <= end + 1e-9:
            message = f"{until} is not between the first rent (or the start of the plan) and the end of the term"
            yield Finding((*path, "prepayment_credited_until"), message)


def _treasury(case: Case) -> Iterable[Finding]:
    treasury, path = case.finance.treasury, ("finance", "treasury")
    if treasury.policy == "sell_share" and treasury.share is None:
        yield Finding((*path, "policy"), "sell_share needs the share that is sold: add share")
    if treasury.policy != "sell_share" and treasury.share is not None:
        yield Finding((*path, "share"), f"is for policy sell_share only (it is {treasury.policy}); leave it out")
    if treasury.policy != "sell_to_fund" and treasury.min_btc > 0:
        yield Finding((*path, "min_btc"), f"is for policy sell_to_fund only (it is {treasury.policy}); leave it out")
