"""Given decisions against the rest of the case: what they name exists, and they could be taken.

A part of ``optimizer.case.references``. Whether all of them can hold together is for the optimiser to find out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from optimizer.case.base import CalendarDate, Window, month_label
from optimizer.case.case import Case
from optimizer.case.derived import TOLERANCE, decision_dates, lots_of, nearest_step, period_dates
from optimizer.case.findings import Finding
from optimizer.case.given import GivenSignature
from optimizer.case.offers import Offer, SignWindow
from optimizer.case.suggest import did_you_mean
from optimizer.case.yaml_file import CasePath, dotted

Amounts = Mapping[CalendarDate, float]


@dataclass(frozen=True)
class Subject:
    """What a decision is about: its window (None: any step), and the most of it over the plan (None: not checked)."""

    window: Window | SignWindow | None = None
    most: float | None = None
    unit: str = "PH/s"
    by_period: bool = False
    """Decided at the first instant of each period, not of each step."""
    until: float | None = None
    """Month coordinate before which it is decided, where that is not the end of the window."""


def check_given(case: Case) -> list[Finding]:
    """What is wrong with the section ``given`` of a case that has passed the schema."""
    given = case.given
    found = [*_signatures(case)]
    lots, places = _lots(case)
    purchases = {
        f"{site}.{name}": Subject(machine.buy.window)
        for name, machine in case.machines.items()
        if machine.buy is not None
        for site in machine.buy.sites
    }
    builds = {
        f"{site}.{name}": Subject(build.window, build.max, "builds")
        for site, at in case.sites.items()
        for name, build in at.builds.items()
    }
    contracts = {
        f"{site}.{name}": Subject(offer.sign, offer.terms.mw, "MW")
        for site, at in case.sites.items()
        for name, offer in at.contract_offers.items()
    }
    moves = lots | places
    found += [
        *check_amounts(case, "unplug", given.unplug, moves, "machine lot (written site.lot)"),
        *check_amounts(case, "plug", given.plug, places, "lot and place for it (written site.lot > site)"),
        *check_amounts(case, "sell", given.sell, lots, "machine lot (written site.lot)"),
        *check_amounts(case, "buy", given.buy, purchases, "machine on sale for a site (written site.machine)"),
        *check_amounts(case, "build", given.build, builds, "build (written site.build)"),
        *check_amounts(case, "contract", given.contract, contracts, "contract offer (written site.offer)"),
        *_whole_builds(case),
        *_contract_sizes(case),
        *_coins(case),
    ]
    return found


def _lots(case: Case) -> tuple[dict[str, Subject], dict[str, Subject]]:
    """Lots by full name, and lots with the places where they can be plugged in."""
    lots: dict[str, Subject] = {}
    places: dict[str, Subject] = {}
    replugged = bool(case.given.plug)
    for site, at in case.sites.items():
        for name, lot in lots_of(at):
            full = f"{site}.{name}"
            # What has been plugged in again can be unplugged once more.
            lots[full] = Subject(most=None if replugged else lot.ph_s)
            machine = case.machines.get(lot.machine or name)
            for place in [site, *(machine.movable_to if machine else ())]:
                places[f"{full} > {place}"] = Subject()
    dates = sorted(round(date) for date in decision_dates(case)[:-1])
    for name, machine in case.machines.items():
        for site in machine.buy.sites if machine.buy is not None else ():
            for date in dates:
                full = f"{site}.{name} {month_label(date)}"
                lots[full], places[f"{full} > {site}"] = Subject(), Subject()
    return lots, places


def check_amounts(
    case: Case, kind: str, given: Mapping[str, object], known: Mapping[str, Subject], what: str
) -> Iterable[Finding]:
    """Faults of amounts given by date for one kind of decision; ``what`` is what the subjects are called."""
    dates, periods = decision_dates(case), period_dates(case)[:-1]
    starts, end = dates[:-1], dates[-1]
    for name, amounts in given.items():
        path: CasePath = ("given", kind, name)
        subject = known.get(name)
        if subject is None:
            hint = did_you_mean(name, [one for one in known if not re.search(r" \d{4}-\d{2}", one)])
            yield Finding(path, f"there is no {what} {name!r}; {hint}", at_key=True)
            continue
        if not isinstance(amounts, Mapping):
            continue
        for date in amounts:
            if not starts[0] - 1e-9 <= date.first < end:
                yield Finding((*path, str(date)), outside(case, date, end), at_key=True)
            elif subject.window is not None:
                instants = periods if subject.by_period else starts
                yield from _in_window((*path, str(date)), date, subject, instants)
        total = sum(amounts.values())
        if subject.most is not None and total > subject.most * (1 + TOLERANCE) + TOLERANCE:
            message = f"makes {total:,.8g} {subject.unit} in all, but there are {subject.most:,.8g}"
            yield Finding(path, message, at_key=True)


def _in_window(path: CasePath, date: CalendarDate, subject: Subject, instants: Sequence[float]) -> Iterable[Finding]:
    window, nearest = subject.window, nearest_step(instants, date.first)
    if window is None or window.start.first - 1e-9 <= nearest < (subject.until or window.end.last):
        return
    what = "period" if subject.by_period else "step"
    message = f"{date} falls on the nearest {what}, {month_label(nearest)}, but the window is {window.start} to"
    yield Finding(path, f"{message} {window.end}", at_key=True)


def _whole_builds(case: Case) -> Iterable[Finding]:
    for name, amounts in case.given.build.items():
        for date, amount in amounts.items() if isinstance(amounts, Mapping) else ():
            if abs(amount - round(amount)) > TOLERANCE:
                yield Finding(("given", "build", name, str(date)), f"needs a whole number of builds (got {amount:g})")


def _contract_sizes(case: Case) -> Iterable[Finding]:
    """A contract offer is signed at most once, with at least the MW that it asks for."""
    for site_name, site in case.sites.items():
        for name, offer in site.contract_offers.items():
            path: CasePath = ("given", "contract", f"{site_name}.{name}")
            amounts = case.given.contract.get(f"{site_name}.{name}")
            signed = {date: mw for date, mw in amounts.items() if mw > 0} if isinstance(amounts, Mapping) else {}
            for date in list(signed)[1:]:
                message = f"{next(iter(signed))} is named already, and a contract offer is signed at most once"
                yield Finding((*path, str(date)), message, at_key=True)
            for date, mw in signed.items():
                if mw < offer.least_mw * (1 - TOLERANCE) - TOLERANCE:
                    message = f"the offer is for at least {offer.least_mw:g} MW (got {mw:g}); write forbidden if it"
                    yield Finding((*path, str(date)), f"{message} shall not be signed")


def _coins(case: Case) -> Iterable[Finding]:
    policy, end = case.finance.treasury.policy, decision_dates(case)[-1]
    for kind, amounts in (("sell_btc", case.given.sell_btc), ("keep_btc", case.given.keep_btc)):
        path: CasePath = ("given", kind)
        if amounts is not None and policy != "sell_to_fund":
            message = f"coins are a decision with treasury.policy sell_to_fund only (it is {policy})"
            yield Finding(path, message, at_key=True)
        for date in amounts if isinstance(amounts, Mapping) else ():
            if not case.horizon.start.first - 1e-9 <= date.first < end:
                yield Finding((*path, str(date)), outside(case, date, end), at_key=True)


def outside(case: Case, date: CalendarDate, end: float) -> str:
    """What to say of a date that is not in the plan; ``end`` is the month coordinate of its end."""
    return f"{date} is outside the plan, which goes from {case.horizon.start} to {month_label(end - 1)}"


def _signatures(case: Case) -> Iterable[Finding]:
    for name, signature in case.given.sign.items():
        path: CasePath = ("given", "sign", name)
        offer = case.offers.get(name)
        if offer is None:
            yield Finding(path, f"there is no offer {name!r}; {did_you_mean(name, list(case.offers))}", at_key=True)
        elif isinstance(signature, GivenSignature):
            yield from _signature(case, path, signature, offer)


def _signature(case: Case, path: CasePath, given: GivenSignature, offer: Offer) -> Iterable[Finding]:
    dates = decision_dates(case)
    starts, end = dates[:-1], dates[-1]
    sites = list(offer.sites)
    if given.site is not None and given.site not in sites:
        message = f"the offer does not stand at {given.site!r}; {did_you_mean(given.site, sites)}"
        yield Finding((*path, "site"), message)
    fewest, most = offer.halls.min, offer.halls.max
    if given.halls is not None and not fewest <= given.halls <= most:
        message = f"the offer is for {fewest} to {most} halls (got {given.halls})"
        yield Finding((*path, "halls"), f"{message}; mend {dotted(('offers', path[-1], 'halls'))} if it was otherwise")
    low, high = given.halls_at_least, given.halls_at_most
    if low is not None and low > most:
        yield Finding((*path, "halls_at_least"), f"the offer is for at most {most} halls (got {low})")
    if low is not None and high is not None and low > high:
        yield Finding((*path, "halls_at_most"), f"is less than halls_at_least ({high} and {low}); exchange them")
    elif high is not None and 0 < high < fewest:
        message = f"the offer is for at least {fewest} halls (got {high}); write forbidden if it shall not be signed"
        yield Finding((*path, "halls_at_most"), message)
    if given.date is None:
        return
    if not starts[0] - 1e-9 <= given.date.first < end:
        yield Finding((*path, "date"), outside(case, given.date, end))
        return
    step = nearest_step(starts, given.date.first)
    if not offer.sign.start.first - 1e-9 <= step < offer.sign.end.last:
        message = f"{given.date} is signed on the nearest step, {month_label(step)}, but the offer stands from"
        yield Finding((*path, "date"), f"{message} {offer.sign.start} to {offer.sign.end}")
