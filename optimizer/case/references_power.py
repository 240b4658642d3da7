"""What a site pays for power and earns with its load, against the rest of the case: markets exist, dates in order.

A part of ``optimizer.case.references``: what is found here cannot be planned with. Contracts are in
``optimizer.case.references_contracts``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from optimizer.case.base import CalendarDate, month_label
from optimizer.case.case import Case
from optimizer.case.delivery import CoincidentPeak, Demand
from optimizer.case.derived import overlap, span
from optimizer.case.findings import Finding
from optimizer.case.flexibility import Ancillary, DemandResponse
from optimizer.case.power import FixedTariff, SitePower
from optimizer.case.sites import Site
from optimizer.case.suggest import did_you_mean
from optimizer.case.yaml_file import CasePath

Amounts = float | Mapping[CalendarDate, float]


def check_power(case: Case) -> list[Finding]:
    """What is wrong with the power, charges and programs of the sites of a case that has passed the schema."""
    found: list[Finding] = []
    for name, site in case.sites.items():
        path: CasePath = ("sites", name)
        found += [
            *_buying(case, (*path, "power"), site.power),
            *_interruptions((*path, "interruptions"), site),
            *_delivery((*path, "delivery"), site),
            *_flexibility(case, (*path, "flexibility"), site),
        ]
    return found


# ---------------------------------------------------------------- what the other parts use, too


def market_named(case: Case, path: CasePath, name: str | None) -> Iterable[Finding]:
    """That there is a power market of this name."""
    markets = list(case.market.power)
    if name is not None and name not in markets:
        yield Finding(path, f"there is no power market {name!r}; {did_you_mean(name, markets)}")


def by_month(path: CasePath, amounts: Amounts, begin: float | None = None, what: str = "") -> Iterable[Finding]:
    """Amounts that hold by month. From ``begin`` on there has to be one, since ``what`` would happen without."""
    if not isinstance(amounts, Mapping):
        return
    if not amounts:
        yield Finding(path, "no amount is given; write one, or amounts by date such as {2025-07: 30}", at_key=True)
        return
    seen: dict[str, CalendarDate] = {}
    for date in amounts:
        month = month_label(date.first)
        if month in seen:
            message = f"{date} and {seen[month]} fall in the same month, and an amount holds by month; write one"
            yield Finding((*path, str(date)), message, at_key=True)
        seen.setdefault(month, date)
    first = min(amounts, key=lambda date: date.first)
    if begin is not None and month_label(first.first) > month_label(begin):
        message = f"nothing is said for the months from {month_label(begin)} to {first}: {what}; let it hold from"
        yield Finding((*path, str(first)), f"{message} {month_label(begin)}", at_key=True)


def ends_in_order(path: CasePath, start: CalendarDate | None, until: CalendarDate | None) -> Iterable[Finding]:
    """That something ends after it begins."""
    if until is not None and start is not None and until.last <= start.first:
        yield Finding((*path, "until"), f"{until} is before it begins ({start})")


def one_at_a_time(path: CasePath, spans: Sequence[tuple[str, tuple[float, float]]], what: str) -> Iterable[Finding]:
    """That none of the things named are in force together."""
    for index, (name, own) in enumerate(spans):
        for other, before in spans[:index]:
            if overlap(own, before):
                message = f"is in force at the same time as {other!r}; a site has one {what} at a time"
                yield Finding((*path, name), f"{message}: let one end before the other begins", at_key=True)
                break


def named_twice(path: CasePath, names: Sequence[object]) -> Iterable[Finding]:
    """That a list says nothing twice."""
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Finding((*path, index), f"{name} is named twice; once is enough")


# ---------------------------------------------------------------- the parts


def _buying(case: Case, path: CasePath, power: SitePower) -> Iterable[Finding]:
    if power.split is not None:
        yield from market_named(case, (*path, "split", "market"), power.split.market)
    if power.decides_on is not None:
        yield from market_named(case, (*path, "decides_on", "market"), power.decides_on.market)
    floor, cap = power.floor_usd_per_mwh, power.cap_usd_per_mwh
    if floor is not None and cap is not None and floor > cap:
        message = f"is above cap_usd_per_mwh ({floor:g} and {cap:g}); exchange them"
        yield Finding((*path, "floor_usd_per_mwh"), message)
    yield from by_month((*path, "adder_usd_per_mwh"), power.adder_usd_per_mwh)
    yield from by_month((*path, "wires_usd_per_mwh"), power.wires_usd_per_mwh)
    tariff, place = power.tariff, (*path, "tariff")
    if tariff is None:
        return
    begin, free = case.horizon.start.first, "power would cost nothing"
    if isinstance(tariff, FixedTariff):
        yield from by_month((*place, "price_usd_per_mwh"), tariff.price_usd_per_mwh, begin, free)
    else:
        yield from by_month((*place, "gas_usd_per_mmbtu"), tariff.gas_usd_per_mmbtu, begin, free)


def _interruptions(path: CasePath, site: Site) -> Iterable[Finding]:
    for name, interruption in site.interruptions.items():
        yield from ends_in_order((*path, name), interruption.start, interruption.until)


def _delivery(path: CasePath, site: Site) -> Iterable[Finding]:
    demand = [name for name, charge in site.delivery.items() if isinstance(charge, Demand)]
    for name in demand[1:]:
        message = f"is a second charge on the site's own highest load, beside {demand[0]!r}; a site has one demand"
        yield Finding((*path, name), f"{message} charge: write their rates by date, or add them up", at_key=True)
    for name, charge in site.delivery.items():
        if isinstance(charge, CoincidentPeak):
            yield from by_month((*path, name, "rate_usd_per_kw_year"), charge.rate_usd_per_kw_year)
        else:
            yield from by_month((*path, name, "rate_usd_per_kw_month"), charge.rate_usd_per_kw_month)


def _flexibility(case: Case, path: CasePath, site: Site) -> Iterable[Finding]:
    kinds: tuple[tuple[type[Ancillary] | type[DemandResponse], str], ...] = (
        (Ancillary, "ancillary program"),
        (DemandResponse, "demand response"),
    )
    for kind, what in kinds:
        programs = [(name, program) for name, program in site.flexibility.items() if isinstance(program, kind)]
        yield from one_at_a_time(path, [(name, span(case, one.start, one.until)) for name, one in programs], what)
    for name, program in site.flexibility.items():
        yield from ends_in_order((*path, name), program.start, program.until)
        if isinstance(program, Ancillary):
            yield from by_month((*path, name, "price_share"), program.price_share)
            yield from named_twice((*path, name, "columns"), program.columns)
        else:
            yield from named_twice((*path, name, "months"), program.months)
