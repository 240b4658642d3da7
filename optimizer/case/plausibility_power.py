"""What looks like a slip in power contracts, charges and programs of a site, or like a bet on the price of power.

A part of ``optimizer.case.plausibility``: everything here is a warning and says what was probably meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from optimizer.case.base import CalendarDate, month_label
from optimizer.case.case import Case
from optimizer.case.contracts import (
    BlockTerms,
    Contract,
    FixedBlock,
    Generation,
    HeatRate,
    MinimumTake,
    MonthlyElection,
    SwingTerms,
)
from optimizer.case.delivery import CoincidentPeak
from optimizer.case.derived import decision_dates, designed, lots_of, mean_level, meter_mw_per_ph_s
from optimizer.case.findings import Finding
from optimizer.case.flexibility import Ancillary
from optimizer.case.offers import HostingPower
from optimizer.case.power import FixedTariff
from optimizer.case.sites import Site
from optimizer.case.yaml_file import CasePath

MOST_ADDER = 100.0
MOST_PEAK_RATE = 300.0
MOST_DEMAND_RATE = 60.0
MOST_INTERRUPTED_HOURS = 2000.0
DEAR = 3.0
"""A contract this many times as dear as its market was probably meant otherwise."""

Priced = Contract | BlockTerms | SwingTerms


MOST_PAID = 25.0
"""USD per kW and month of demand response; what is more is rather meant by the year."""


def judge_power(case: Case) -> list[Finding]:
    """What looks odd about power at the sites, prices of markets apart."""
    found: list[Finding] = []
    for name, site in case.sites.items():
        path: CasePath = ("sites", name)
        found += [
            *_buying(site, (*path, "power")),
            *_spans(case, path, site),
            *_windows(case, (*path, "contract_offers"), site),
            *_interrupted((*path, "interruptions"), site),
            *_charges((*path, "delivery"), site),
            *_programs((*path, "flexibility"), site),
        ]
        for place, contract in _priced(path, site):
            if isinstance(contract, BlockTerms | MonthlyElection | SwingTerms):
                found += per_kwh((*place, "price_usd_per_mwh"), contract.price_usd_per_mwh)
            elif isinstance(contract, Generation):
                found += per_kwh((*place, "cost_usd_per_mwh"), contract.cost_usd_per_mwh)
    for name, offer in case.offers.items():
        found += _passed_through(case, ("offers", name, "power"), offer.power, offer.sites)
    for name, lease in case.leases.items():
        found += _passed_through(case, ("leases", name, "power"), lease.power, (lease.site,))
    return found


def per_kwh(path: CasePath, prices: float | Mapping[CalendarDate, float] | Mapping[str, float]) -> Iterable[Finding]:
    """A price of a MWh, or prices by date, that look like prices of a kWh."""
    for place, value in _each(path, prices):
        if 0 < abs(value) < 0.5:
            yield Finding(place, f"{value:g} USD/MWh looks like USD/kWh; {value:g} USD/kWh would be {value * 1000:g}")


def _each(
    path: CasePath, amounts: float | Mapping[CalendarDate, float] | Mapping[str, float]
) -> list[tuple[CasePath, float]]:
    if isinstance(amounts, Mapping):
        return [((*path, str(key)), value) for key, value in amounts.items()]
    return [(path, amounts)]


# ---------------------------------------------------------------- the parts


def _buying(site: Site, path: CasePath) -> Iterable[Finding]:
    power = site.power
    for key, amounts in (
        ("adder_usd_per_mwh", power.adder_usd_per_mwh),
        ("wires_usd_per_mwh", power.wires_usd_per_mwh),
    ):
        yield from per_kwh((*path, key), amounts)
        for place, value in _each((*path, key), amounts):
            if value > MOST_ADDER:
                message = f"{value:g} USD on top of every MWh; charges are rarely above {MOST_ADDER:g}"
                yield Finding(place, f"{message}: is it the whole price, or per kW and year?")
    if isinstance(power.tariff, FixedTariff):
        yield from per_kwh((*path, "tariff", "price_usd_per_mwh"), power.tariff.price_usd_per_mwh)
    if power.split is not None and power.split.market == power.market:
        message = f"{power.market!r} is the site's market already, so that nothing is split"
        yield Finding((*path, "split", "market"), message)
    decides = power.decides_on
    if decides is None:
        return
    if decides.market == power.market:
        message = f"{power.market!r} is what the site pays, so that nothing changes; leave decides_on out"
        yield Finding((*path, "decides_on", "market"), message)
    elif decides.skill == 1:
        message = f"foresees every price of {power.market!r}, as if decides_on were not there"
        yield Finding((*path, "decides_on", "skill"), message)


def _spans(case: Case, path: CasePath, site: Site) -> Iterable[Finding]:
    """What is over before the plan begins, or begins after it ends, counts for nothing."""
    dates = decision_dates(case)
    things: list[tuple[CasePath, CalendarDate | None, CalendarDate | None]] = [
        ((*path, "contracts", name), one.start, one.until) for name, one in site.contracts.items()
    ]
    things += [((*path, "interruptions", name), one.start, one.until) for name, one in site.interruptions.items()]
    things += [((*path, "flexibility", name), one.start, one.until) for name, one in site.flexibility.items()]
    if site.power.tariff is not None:
        things.append(((*path, "power", "tariff"), None, site.power.tariff.until))
    for place, start, until in things:
        if until is not None and until.last <= dates[0] + 1e-9:
            message = f"{until} is before the plan starts ({case.horizon.start}): it counts for nothing"
            yield Finding((*place, "until"), message)
        elif start is not None and start.first >= dates[-1] - 1e-9:
            message = f"{start} is after the plan ends ({month_label(dates[-1] - 1)}): it counts for nothing"
            yield Finding((*place, "from"), message)


def _windows(case: Case, path: CasePath, site: Site) -> Iterable[Finding]:
    starts = decision_dates(case)[:-1]
    for name, offer in site.contract_offers.items():
        if not any(offer.sign.start.first - 1e-9 <= step < offer.sign.end.last for step in starts):
            message = f"stands from {offer.sign.start} to {offer.sign.end}, and no step of the plan begins in that time"
            yield Finding((*path, name, "sign"), f"{message}: it can never be signed", at_key=True)


def _interrupted(path: CasePath, site: Site) -> Iterable[Finding]:
    for name, one in site.interruptions.items():
        hours = one.events_per_year * one.hours_per_event
        if hours > MOST_INTERRUPTED_HOURS:
            message = f"makes {hours:,.6g} hours a year without power ({one.events_per_year:g} events of"
            yield Finding((*path, name), f"{message} {one.hours_per_event:g} hours); usual is 10 to 500", at_key=True)


def _charges(path: CasePath, site: Site) -> Iterable[Finding]:
    for name, charge in site.delivery.items():
        if not isinstance(charge, CoincidentPeak):
            for place, rate in _each((*path, name, "rate_usd_per_kw_month"), charge.rate_usd_per_kw_month):
                if rate > MOST_DEMAND_RATE:
                    message = f"{rate:g} USD per kW and month; usual is 2 to 25"
                    yield Finding(place, f"{message}: is it per kW and year ({rate / 12:.4g} a month), or per MW?")
            continue
        for place, rate in _each((*path, name, "rate_usd_per_kw_year"), charge.rate_usd_per_kw_year):
            if rate > MOST_PEAK_RATE:
                message = f"{rate:g} USD per kW and year; usual is 40 to 120"
                yield Finding(place, f"{message}: is it per MW and day (capacity of 300 USD/MW-day is 110 a year)?")
        if charge.success == 1 and charge.rate_usd_per_kw_year != 0:
            hours = charge.hours[1] - charge.hours[0]
            message = (
                f"1 means that no peak ever falls outside of the {hours} candidate hours of a day, so that standing"
            )
            yield Finding((*path, name, "success"), f"{message} still in them avoids all of it; compare with 0.8")


def _programs(path: CasePath, site: Site) -> Iterable[Finding]:
    for name, program in site.flexibility.items():
        if not isinstance(program, Ancillary):
            paid = program.payment_usd_per_kw_month
            if paid > MOST_PAID:
                message = (
                    f"{paid:g} USD per kW and month; usual is 1 to 10: is it per kW and year ({paid / 12:.4g} a month)?"
                )
                yield Finding((*path, name, "payment_usd_per_kw_month"), message)
            levels = site.energised_mw
            most = float(levels) if isinstance(levels, int | float) else max(levels.values(), default=0.0)
            most += sum(build.energised_mw * build.max for build in site.builds.values())
            if program.mw > most:
                message = f"{program.mw:g} MW, where the site never has more than {most:,.4g}: no more can be enrolled"
                yield Finding((*path, name, "mw"), message)
            continue
        for place, share in _each((*path, name, "price_share"), program.price_share):
            if share > 1:
                message = f"{share:g} expects more than the prices in the file; prices of reserves rather fall, as more"
                yield Finding(place, f"{message} batteries offer them")
        if program.deployed_share == 0:
            message = "0 means that what is sold is never called, so that reserves cost nothing; compare with 0.05"
            yield Finding((*path, name, "deployed_share"), message)


def _passed_through(case: Case, path: CasePath, power: HostingPower, sites: Iterable[str]) -> Iterable[Finding]:
    for site in sites:
        contract = case.sites[site].contracts.get(power.pass_through_at)
        if contract is not None and not isinstance(contract, MinimumTake) and not contract.assignable_to_hosting:
            message = (
                f"the tenant pays the price of {power.pass_through_at!r}, whose power the halls at {site!r} cannot"
            )
            message += " use (assignable_to_hosting: false): the operator bears the difference to the market"
            yield Finding((*path, "pass_through_at"), message)


# ---------------------------------------------------------------- against the prices of markets


def judge_contract_prices(case: Case, means: Mapping[str, float]) -> list[Finding]:
    """Contracts far above their market, and contracts below it for more than the site can use.

    ``means`` are those of the price files by market; what is not there is not judged.
    """
    found: list[Finding] = []
    for site_name, site in case.sites.items():
        for path, contract in _priced(("sites", site_name), site):
            market = site.power.market
            if isinstance(contract, FixedBlock) and contract.settles_at is not None:
                market = contract.settles_at
            price = _price(contract)
            if market not in means or price is None:
                continue
            mean = _expected(case, market, means[market])
            key, value = price
            if mean > 0 and value > DEAR * mean:
                message = f"{value:g} USD/MWh is {value / mean:.2g} times the mean of {market!r} ({mean:.4g})"
                found.append(Finding((*path, key), f"{message}; is it another unit or currency?"))
            found += _speculation(case, site_name, site, path, contract, value, mean)
    return found


def _speculation(
    case: Case, site_name: str, site: Site, path: CasePath, contract: Priced, price: float, mean: float
) -> Iterable[Finding]:
    """Power below the market for more than the site can use: the plan would live from selling it."""
    if isinstance(contract, Generation):
        resold = contract.export == "spot"
    else:
        resold = isinstance(contract, BlockTerms | MonthlyElection) and contract.resale != "none"
    if isinstance(contract, FixedBlock) and contract.settles_at is not None:
        resold = True  # settled in money, whatever is used
    if isinstance(contract, MinimumTake) or not resold or price >= mean:
        return
    load = sum(lot.ph_s * meter_mw_per_ph_s(case, site, key, lot) for key, lot in lots_of(site))
    who = "the site's machines draw"
    if contract.assignable_to_hosting:
        load += _hosting_mw(case, site_name)
        who = "machines and halls of the site draw at most"
    if contract.mw > load + 0.5:
        message = f"{contract.mw:g} MW at {price:g} USD/MWh, where the market's mean is {mean:.4g} and {who}"
        yield Finding((*path, "mw"), f"{message} {load:,.4g} MW: the rest is a bet on the price of power")


def _hosting_mw(case: Case, site: str) -> float:
    """What halls of leases and of all offers would draw at a site if every one were signed in full."""
    leases = (one.it_mw * one.utilisation * one.pue for one in case.leases.values() if one.site == site)
    designs = (designed(case, offer) for offer in case.offers.values() if site in offer.sites)
    offers = (one.halls.max * one.hall_mw_it * one.utilisation * one.pue for one in designs)
    return sum(leases) + sum(offers)


def _expected(case: Case, name: str, mean: float) -> float:
    """The mean that a market is scaled to first, in US dollars."""
    market = case.market.power[name]
    forward = [level for key, level in market.forward_usd_per_mwh.items() if len(key) == 4]
    rate = case.currencies.get(market.currency, 1.0) if market.currency is not None else 1.0
    return (forward[0] if forward else mean) * market.scale * rate + market.basis_usd_per_mwh


def _price(contract: Priced) -> tuple[str, float] | None:
    """The key that says what a MWh costs, and its mean over all dates."""
    if isinstance(contract, BlockTerms | MonthlyElection | SwingTerms):
        return "price_usd_per_mwh", mean_level(contract.price_usd_per_mwh)
    if isinstance(contract, HeatRate):
        return "gas_usd_per_mmbtu", contract.mmbtu_per_mwh * mean_level(
            contract.gas_usd_per_mmbtu
        ) + contract.adder_usd_per_mwh
    return ("cost_usd_per_mwh", contract.cost_usd_per_mwh) if isinstance(contract, Generation) else None


def _priced(path: CasePath, site: Site) -> Iterable[tuple[CasePath, Priced]]:
    """All contracts of a site and the terms of all on offer, by path."""
    for name, contract in site.contracts.items():
        yield (*path, "contracts", name), contract
    for name, offer in site.contract_offers.items():
        yield (*path, "contract_offers", name, "terms"), offer.terms
