"""A case against itself: names that must exist, dates in order, sums that must come out.

For a case that has passed the schema. What is found here cannot be planned with; what merely looks odd is in
``optimizer.case.plausibility``. Price files are not opened.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from optimizer.case.case import Case
from optimizer.case.currency import US_DOLLARS, unknown_currency
from optimizer.case.derived import (
    TOLERANCE,
    designed,
    hashprice_at_start,
    least_mw,
    level_at,
    lot_end,
    lots_of,
    meter_mw_per_ph_s,
    reserved_by_leases_mw,
    room_mw,
)
from optimizer.case.findings import Finding
from optimizer.case.offers import Offer
from optimizer.case.references_contracts import check_contracts
from optimizer.case.references_finance import check_finance, names_of_finance, tenants_pay_too_much
from optimizer.case.references_given import check_given
from optimizer.case.references_given_money import check_given_money
from optimizer.case.references_power import check_power
from optimizer.case.references_terms import check_terms
from optimizer.case.schema_check import NAME_RULE
from optimizer.case.sites import ArrivingLot, FleetLot
from optimizer.case.suggest import did_you_mean, listed
from optimizer.case.yaml_file import CasePath

LONGEST_HORIZON_YEARS = 40


def check_references(case: Case, varied: Sequence[CasePath] = ()) -> tuple[list[Finding], list[Finding]]:
    """What is wrong, and what is doubtful.

    ``varied`` are paths whose values were laid over the case. Then figures that merely confirm others (the typed
    hashprice) no longer bind, and what would be too large for its place is doubtful and not wrong.
    """
    horizon = list(_horizon(case))
    if _months(case) > 12 * LONGEST_HORIZON_YEARS:
        return horizon, []  # what comes after lists every step, and there may be more than fit in memory
    wrong = [
        *_names(case),
        *horizon,
        *_market(case),
        *_sites(case),
        *_offers(case),
        *check_finance(case),
        *check_terms(case),
        *check_power(case),
        *check_contracts(case),
        *check_given(case),
        *check_given_money(case),
    ]
    too_large: list[Finding] = []
    if not wrong:
        too_large = [*_fleet_beyond_site(case), *_offers_beyond_sites(case), *tenants_pay_too_much(case)]
    if varied:
        return wrong, too_large
    return [*wrong, *_typed_hashprice(case), *too_large], []


# ---------------------------------------------------------------- the parts


def _names(case: Case) -> Iterable[Finding]:
    maps: list[tuple[CasePath, Iterable[str]]] = [
        (("market", "power"), case.market.power),
        (("machines",), case.machines),
        (("sites",), case.sites),
        (("hall_designs",), case.hall_designs),
        (("offers",), case.offers),
        (("leases",), case.leases),
        (("finance", "debts"), case.finance.debts),
        (("finance", "facilities"), case.finance.facilities),
        (("finance", "companies"), case.finance.companies),
        *((path, names) for path, names in names_of_finance(case)),
    ]
    # Tables name the contracts of both, and the debts and loans of both, in one column.
    yield from _alike(("leases",), case.leases, case.offers, "an offer")
    if US_DOLLARS in case.currencies:
        message = "is what everything is reckoned in and worth 1; leave it out"
        yield Finding(("currencies", US_DOLLARS), message, at_key=True)
    yield from _alike(("finance", "facilities"), case.finance.facilities, case.finance.debts, "a debt")
    yield from _alike(("finance", "companies"), case.finance.companies, case.finance.debts, "a debt")
    yield from _alike(("finance", "companies"), case.finance.companies, case.finance.facilities, "a facility")
    for name, site in case.sites.items():
        maps += [(("sites", name, "fleet"), site.fleet), (("sites", name, "arriving"), site.arriving)]
        for part in ("contracts", "contract_offers", "interruptions", "delivery", "flexibility", "builds"):
            maps.append((("sites", name, part), getattr(site, part)))
        yield from _alike(("sites", name, "arriving"), site.arriving, site.fleet, "a lot of the fleet")
        yield from _alike(("sites", name, "contract_offers"), site.contract_offers, site.contracts, "a contract")
        for part in ("contracts", "contract_offers"):
            for key in getattr(site, part):
                if key.lower() == "spot":
                    message = "cannot be the name of a contract: pass_through_at means the market by it"
                    yield Finding(("sites", name, part, key), f"{key!r} {message}", at_key=True)
    for path, names in maps:
        seen: dict[str, str] = {}
        for key in names:
            if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_\- ]{0,60}", key) or key != key.strip():
                dot = " without dots" if "." in key else ""
                yield Finding((*path, key), f"{key!r} cannot be a name{dot}: {NAME_RULE}", at_key=True)
            elif key.lower() in seen:
                message = f"differs from {seen[key.lower()]!r} by capitals alone; one of them needs another name"
                yield Finding((*path, key), message, at_key=True)
            seen.setdefault(key.lower(), key)


def _alike(path: CasePath, names: Iterable[str], others: Iterable[str], what: str) -> Iterable[Finding]:
    taken = {other.lower(): other for other in others}
    for name in names:
        if name.lower() in taken:
            message = f"{what} is called {taken[name.lower()]!r}, too; name one of them otherwise"
            yield Finding((*path, name), message, at_key=True)


def _months(case: Case) -> int:
    """Months of the plan."""
    return sum(count * length for count, length in case.horizon.steps)


def _horizon(case: Case) -> Iterable[Finding]:
    start = case.horizon.start
    if start.day not in (None, 1):
        message = f"a plan starts on the first of a month (got {start}); write {start.year}-{start.month:02d}"
        yield Finding(("horizon", "start"), message)
    months = _months(case)
    if months > 12 * LONGEST_HORIZON_YEARS:
        years = f"{months / 12:g}" if months < 10**9 else "far too many"
        message = f"the steps make {years} years; at most {LONGEST_HORIZON_YEARS} can be planned"
        yield Finding(("horizon", "steps"), message, at_key=True)


def _levels(path: CasePath, levels: object) -> Iterable[Finding]:
    if isinstance(levels, Mapping) and not levels:
        yield Finding(path, "no level is given; write one, or levels by date such as {2025-07: 100}", at_key=True)


def _market(case: Case) -> Iterable[Finding]:
    for name, market in case.market.power.items():
        path: CasePath = ("market", "power", name)
        for key in market.forward_usd_per_mwh:
            month = key[5:] if re.fullmatch(r"\d{4}-\d{2}", key) else "01"
            if not 1 <= int(month) <= 12:
                yield Finding((*path, "forward_usd_per_mwh", key), f"there is no month {key!r}", at_key=True)
        code = market.currency
        if code == US_DOLLARS:
            yield Finding((*path, "currency"), "US dollars are what everything is reckoned in; leave it out")
        elif code is not None and code not in case.currencies:
            yield Finding((*path, "currency"), unknown_currency(code, list(case.currencies)))
        shape = market.shape
        for key, date in (("from", shape.start), ("to", shape.end)) if shape is not None else ():
            if date.day is not None:
                message = f"the shape is made of whole months; write {date.year}-{date.month:02d} (got {date})"
                yield Finding((*path, "shape", key), message)
        if shape is not None and shape.start.first >= shape.end.last:
            message = f"ends before it begins: from {shape.start} is after to {shape.end}"
            yield Finding((*path, "shape"), message, at_key=True)
    network, path = case.market.network, ("market", "network")
    growth = network.hashrate_growth
    yield from _levels((*path, "hashrate_growth"), growth)
    if isinstance(growth, Mapping) and growth:
        first = min(growth, key=lambda date: date.first)
        if first.first > case.horizon.start.first + 1e-9:
            message = f"nothing is said for the months from {case.horizon.start} to {first}; let it hold from"
            yield Finding((*path, "hashrate_growth", str(first)), f"{message} {case.horizon.start}", at_key=True)
    seen: set[float] = set()
    for index, date in enumerate(network.halvings):
        if date.first in seen:
            yield Finding((*path, "halvings", index), f"{date} is named twice; a halving counts once")
        seen.add(date.first)


def _typed_hashprice(case: Case) -> Iterable[Finding]:
    if case.market.network.path is not None:
        return  # the file says what holds at the start
    typed, derived = case.market.network.hashprice_usd_per_ph_day, hashprice_at_start(case)
    if typed is not None and not abs(derived - typed) <= 0.02 * typed:
        message = (
            f"{typed:.6g} is not what follows from price, hash rate, subsidy and fees: {derived:.4g} "
            f"({derived / typed - 1:+.1%}; 2 % are allowed); mend one of them, or leave it out"
        )
        yield Finding(("market", "network", "hashprice_usd_per_ph_day"), message)


def _sites(case: Case) -> Iterable[Finding]:
    start = case.horizon.start.first
    for name, machine in case.machines.items():
        if machine.life == 0:
            yield Finding(("machines", name, "life"), "must be longer than nothing; leave it out for no end")
    for name, site in case.sites.items():
        path: CasePath = ("sites", name)
        markets = list(case.market.power)
        if site.power.market not in markets:
            message = f"there is no power market {site.power.market!r}; {did_you_mean(site.power.market, markets)}"
            yield Finding((*path, "power", "market"), message)
        yield from _levels((*path, "energised_mw"), site.energised_mw)
        yield from _levels((*path, "mining_shell_mw"), site.mining_shell_mw)
        for key, lot in lots_of(site):
            place: CasePath = (*path, "arriving" if isinstance(lot, ArrivingLot) else "fleet", key)
            machine_name = lot.machine or key
            if machine_name not in case.machines:
                message = f"there is no machine type {machine_name!r} under machines; "
                message += did_you_mean(machine_name, list(case.machines))
                if lot.machine is None:
                    yield Finding(place, message + " (or name one with machine:)", at_key=True)
                else:
                    yield Finding((*place, "machine"), message)
            if isinstance(lot, ArrivingLot) and lot.on.first < start - 1e-9:
                message = f"{lot.on} is before the plan starts ({case.horizon.start}); put it in fleet"
                yield Finding((*place, "on"), message)
            if isinstance(lot, FleetLot) and lot.bought is not None and lot.bought.first > start + 1e-9:
                message = f"{lot.bought} is after the plan starts ({case.horizon.start}); put it in arriving"
                yield Finding((*place, "bought"), message)


def _fleet_beyond_site(case: Case) -> Iterable[Finding]:
    start = case.horizon.start.first
    for name, site in case.sites.items():
        used = sum(
            lot.ph_s * meter_mw_per_ph_s(case, site, key, lot)
            for key, lot in site.fleet.items()
            if lot_end(case, key, lot) > start + 1e-9
        )
        for limit, levels in (("mining_shell_mw", site.mining_shell_mw), ("energised_mw", site.energised_mw)):
            level = level_at(levels, start)
            leased = reserved_by_leases_mw(case, name, start, only_shell=limit == "mining_shell_mw")
            if used + leased > level * (1 + TOLERANCE) + TOLERANCE:
                also = f" and leases take {leased:,.4g} MW" if leased else ""
                message = (
                    f"draws {used:,.4g} MW at the meter (ph_s x efficiency x mining_overhead / 1000){also}, but "
                    f"{limit} is {level:,.4g} at the start; lower ph_s, or raise {limit}"
                )
                yield Finding(("sites", name, "fleet"), message, at_key=True)


def _offers(case: Case) -> Iterable[Finding]:
    sites = list(case.sites)
    for name, offer in case.offers.items():
        path: CasePath = ("offers", name)
        for index, site in enumerate(offer.sites):
            if site not in case.sites:
                yield Finding((*path, "sites", index), f"there is no site {site!r}; {did_you_mean(site, sites)}")
            elif site in offer.sites[:index]:
                yield Finding((*path, "sites", index), f"{site!r} is named twice; once is enough")
            elif case.sites[site].share < 1:
                message = f"the company has a share of {case.sites[site].share:g} of {site!r}; offers need whole sites"
                yield Finding((*path, "sites", index), message)
        if offer.halls.min > offer.halls.max:
            message = f"min is above max ({offer.halls.min} and {offer.halls.max}); exchange them"
            yield Finding((*path, "halls", "min"), message)
        if offer.sign.start.first >= offer.sign.end.last:
            message = f"the window ends before it begins: from {offer.sign.start} is after to {offer.sign.end}"
            yield Finding((*path, "sign", "from"), message)
        yield from _design(case, path, offer)
        if offer.term == 0:
            yield Finding((*path, "term"), "must be longer than nothing, such as '10 years'")
        credited = offer.prepayment_credited_over
        if credited is not None and not 0 < credited <= max(offer.term, 1):
            message = f"must be longer than nothing and at most the term of {offer.term} months (got {credited} months)"
            yield Finding((*path, "prepayment_credited_over"), message)
        if offer.space_taken_after is not None and offer.space_taken_after > offer.lead:
            message = f"must be at most the lead of {offer.lead} months: rent would begin before the space is taken"
            yield Finding((*path, "space_taken_after"), f"{message} (got {offer.space_taken_after} months)")
        if not sum(offer.capex_shares) > 0:
            yield Finding((*path, "capex_shares"), "all weights are zero; [1] spreads capex evenly", at_key=True)


def _design(case: Case, path: CasePath, offer: Offer) -> Iterable[Finding]:
    if offer.design is None:
        return
    design = case.hall_designs.get(offer.design)
    if design is None:
        message = f"there is no design {offer.design!r} under hall_designs; "
        yield Finding((*path, "design"), message + did_you_mean(offer.design, list(case.hall_designs)))
    elif offer.uptime_nines is not None and design.uptime_nines < offer.uptime_nines:
        message = f"{offer.design!r} has {design.uptime_nines} nines of uptime, and the offer promises"
        yield Finding((*path, "design"), f"{message} {offer.uptime_nines}; choose a better design")


def _offers_beyond_sites(case: Case) -> Iterable[Finding]:
    for name, written in case.offers.items():
        offer = designed(case, written)
        room = max(room_mw(offer, case.sites[site]) for site in offer.sites)
        needed = least_mw(offer)
        if needed > room * (1 + TOLERANCE) + TOLERANCE:
            what = "energised and mining shell" if offer.takes == "mining_shell" else "energised"
            halls = f"{offer.halls.min} halls" if offer.halls.min > 1 else "a hall"
            message = (
                f"fits at none of its sites: {halls} of {offer.hall_mw_it:g} MW IT take {needed:,.4g} MW at the meter "
                f"(x gross_per_it {offer.gross_per_it:g}), and none of {listed(list(offer.sites), 3)} ever has "
                f"more than {room:,.4g} MW {what}; lower halls.min or hall_mw_it"
            )
            yield Finding(("offers", name), message, at_key=True)
