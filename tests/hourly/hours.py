"""A site hour by hour: what the yardsticks of this folder know of it, from the case and docs/figures.md alone.

`site_months` lays prices, loads, contracts, charges and reserves of one site on the intervals of every planned month.
The full linear program (``full_lp.py``) and the value function (``value_function.py``) start from it. Nothing here
imports what the product makes of the same rules. Power is in MW, money in dollars, time in hours.
"""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.case.base import CalendarDate
from optimizer.case.case import Case
from optimizer.case.contracts import (
    BlockTerms,
    FixedBlock,
    Generation,
    HeatRate,
    MinimumTake,
    MonthlyElection,
    SwingTerms,
)
from optimizer.case.delivery import CoincidentPeak, Demand
from optimizer.case.flexibility import Ancillary, DemandResponse
from optimizer.case.offers import Lease
from optimizer.case.power import FixedTariff
from optimizer.case.price_file import PriceFile
from optimizer.case.sites import ArrivingLot, FleetLot, Site
from optimizer.market.market import Market, build_market
from optimizer.market.prices import PriceSeries, read_prices
from optimizer.market.shape import build_shape

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

ByMonth = float | Sequence[float]
"""A number for all planned months, or one for each."""


@dataclass(frozen=True)
class LotMonth:
    """Machines in a month: load at full running and value of a MWh, both (H,)."""

    name: str
    load_mw: Floats
    value: Floats


@dataclass(frozen=True)
class SupplyMonth:
    """A physical contract in a month, all arrays (H,): MW, price of a MWh used, worth of one that is there unused.

    Its MW are ``level`` times something between ``least_mw`` and ``most_mw``; where these differ it is elected.
    """

    name: str
    level: Floats
    paid: Floats
    unused: Floats
    least_mw: float
    most_mw: float

    @property
    def elected(self) -> bool:
        return self.least_mw < self.most_mw

    @property
    def opportunity(self) -> Floats:
        return self.paid + self.unused


@dataclass(frozen=True)
class TakeMonth:
    """A minimum take in a month: intervals in which it is in force, MWh required, and the window that it belongs to."""

    name: str
    window: tuple[int, int]
    required_mwh: float
    in_force: Bools
    shortfall: float


@dataclass(frozen=True)
class SiteMonth:
    """Everything that a month of a site has, H intervals."""

    month: int
    factor: float
    """Discount factor, class mining."""
    day: Ints
    weight: Floats
    """Hours that an interval stands for."""
    price: Floats
    """What a MWh of machines costs."""
    price_halls: Floats
    decides: Floats | None
    """What machines decide on, where that is another price."""
    interrupted: Bools
    lots: tuple[LotMonth, ...]
    """By value, highest first."""
    supplies: tuple[SupplyMonth, ...]
    halls_mw: float
    halls_use_contracts: bool
    constant_usd: float
    """Settlements of financial contracts."""
    peak_charge: Floats
    """Expected charge on a MWh, worth of this month (its later billing discounted)."""
    demand_rate: float | None
    """$ per MW and month, None without a demand charge."""
    reserve: Floats
    """$ per MWh that runs among the MW awarded."""
    reserve_mw: Floats
    """Most that can be awarded: mw where the program is in force, else 0."""
    response_usd_per_mw: float
    response_mw: float
    """Most that can be enrolled; 0 where there is no demand response."""
    event: Bools
    takes: tuple[TakeMonth, ...]

    @property
    def load_mw(self) -> Floats:
        """(H,) load of all lots at full running."""
        return np.sum([lot.load_mw for lot in self.lots], axis=0) if self.lots else np.zeros(len(self.weight))


@dataclass(frozen=True)
class SiteYear:
    """A site over the horizon."""

    name: str
    site: Site
    months: tuple[SiteMonth, ...]
    opening_usd: float
    """Opening amounts of coincident peaks, discounted."""
    demand: Demand | None


# ---------------------------------------------------------------- time


def month_factor(rate: float, k: int) -> float:
    """Mean discount factor of month ``k`` after the start."""
    rho = math.log1p(rate)
    if rho == 0:
        return 1.0
    return (math.exp(-rho * k / 12) - math.exp(-rho * (k + 1) / 12)) * 12 / rho


def at_month(by_date: float | Mapping[CalendarDate, float], month: int) -> float:
    """What holds in an absolute month; 0 before the first date."""
    if not isinstance(by_date, Mapping):
        return float(by_date)
    begun = [(date.first, value) for date, value in by_date.items() if math.floor(date.first + 1e-9) <= month]
    return float(max(begun)[1]) if begun else 0.0


def days_between(month: int, days: int, begin: float, end: float) -> Bools:
    """(days,) True for days of an absolute month whose first instant lies in [begin, end), month coordinates."""
    first = month + np.arange(days) / days
    inside: Bools = (first >= begin - 1e-9) & (first < end - 1e-9)
    return inside


def _span(start: CalendarDate | None, until: CalendarDate | None, otherwise: float) -> tuple[float, float]:
    return (start.first if start else otherwise), (until.last if until else math.inf)


def _by_month(numbers: ByMonth, k: int) -> float:
    return float(numbers) if isinstance(numbers, int | float) else float(numbers[k])


# ---------------------------------------------------------------- price files


@dataclass(frozen=True)
class _Files:
    """The site's market as it lies in its file, and by which of its intervals a planned month is served."""

    case: Case
    folder: Path
    market: Market
    name: str
    series: PriceSeries
    places: Mapping[tuple[int, int], Ints]
    """Places in the series by (calendar month, days)."""
    weights: Mapping[tuple[int, int], Floats]
    days: Mapping[tuple[int, int], Ints]
    read: dict[str, Floats]
    """What was read of other files, by name."""

    def like(self, other: PriceSeries) -> Floats:
        """The prices of another file at the instants of this one."""
        found = dict(zip(other.start_utc.tolist(), other.price.tolist(), strict=True))
        return np.array([found.get(at, math.nan) for at in self.series.start_utc.tolist()])

    def spot(self, market: str) -> Floats:
        """Prices of a market of the case at the instants of this one, as in its file."""
        if market not in self.read:
            self.read[market] = self.like(read_prices(self.case.market.power[market], self.folder))
        return self.read[market]

    def factor(self, market: str, k: int) -> float:
        return float(self.market.power[market].factor[k])

    def shares(self, profile: PriceFile) -> Floats:
        key = f"{profile.file}:{profile.column}"
        if key not in self.read:
            self.read[key] = np.clip(self.like(read_prices(profile, self.folder)), 0, 1)
        return self.read[key]

    def best_product(self, program: Ancillary) -> Floats:
        """The dearest of the products in each interval. Files of these tests have times in UTC; an empty cell is 0."""
        with (self.folder / program.prices.file).open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        found = {
            np.datetime64(row["timestamp_utc"].rstrip("Z"), "s"): max(float(row[c] or 0) for c in program.columns)
            for row in rows
        }
        return np.array([found.get(at, math.nan) for at in self.series.start_utc])

    def events(self, per_year: float, hours: float) -> Bools:
        """(series,) True for the intervals of the days that are called."""
        run = math.ceil(hours / self.series.interval_hours - 1e-9)
        used = np.unique(np.concatenate(list(self.places.values())))
        months = self.series.local_month[used]
        copies = {m: len(np.unique(months[months % 12 == m])) for m in range(12)}
        candidates: list[tuple[float, int, Ints]] = []
        marks = 100 * self.series.local_month + self.series.local_day
        for mark in np.unique(marks[np.isin(self.series.local_month, np.unique(months))]).tolist():
            places = np.flatnonzero(marks == mark)
            length = min(run, len(places))
            sums = [float(self.series.price[places[i : i + length]].sum()) for i in range(len(places) - length + 1)]
            best = int(np.argmax(sums))
            candidates.append((-sums[best] / length, mark, places[best : best + length]))
        called = np.zeros(len(self.series.price), dtype=np.bool_)
        taken = 0.0
        for _, mark, places in sorted(candidates, key=lambda candidate: candidate[:2]):
            if taken >= per_year - 1e-12:
                break
            called[places] = True
            taken += 1 / copies[mark // 100 % 12]
        return called


def _files(case: Case, folder: Path, name: str, market: Market) -> _Files:
    spec = case.market.power[name]
    series = read_prices(spec, folder)
    # A shape whose prices are places in the file tells which intervals serve a month.
    numbered = build_shape(name, spec, replace(series, price=np.arange(len(series.price), dtype=float)))
    return _Files(
        case=case,
        folder=folder,
        market=market,
        name=name,
        series=series,
        places={key: np.rint(shape.price).astype(np.int64) for key, shape in numbered.months.items()},
        weights={key: shape.weight_hours for key, shape in numbered.months.items()},
        days={key: shape.day for key, shape in numbered.months.items()},
        read={name: series.price},
    )


# ---------------------------------------------------------------- the parts of a month


def _in_block(hours: str, hour: Ints, weekday: Ints) -> Floats:
    day, working = (hour >= 6) & (hour < 22), weekday < 5
    chosen = {
        "7x24": np.ones(len(hour), dtype=np.bool_),
        "5x16": day & working,
        "2x16": day & ~working,
        "7x16": day,
        "7x8": ~day,
    }[hours]
    return chosen.astype(float)


@dataclass(frozen=True)
class _Place:
    """Where and when: what the functions below need of a planned month."""

    files: _Files
    site: Site
    k: int
    absolute: int
    days: int
    at: Ints
    """(H,) places in the price file."""
    day: Ints

    def on(self, inside: Bools) -> Bools:
        """(H,) from a choice of days."""
        chosen: Bools = inside[self.day - 1]
        return chosen

    def between(self, begin: float, end: float) -> Bools:
        return self.on(days_between(self.absolute, self.days, begin, end))

    def spot(self, market: str) -> Floats:
        spot: Floats = self.files.spot(market)[self.at] * self.files.factor(market, self.k)
        return spot

    @property
    def hour(self) -> Ints:
        return self.files.series.local_hour[self.at]

    @property
    def weekday(self) -> Ints:
        return self.files.series.local_weekday[self.at]


def _prices(place: _Place, spot: Floats, discount: Floats) -> Floats:
    """What a MWh costs, from the spot price of the site's market (or what stands in for it)."""
    power = place.site.power
    index = spot
    if power.split is not None:
        index = (1 - power.split.share) * spot + power.split.share * place.spot(power.split.market)
    if power.floor_usd_per_mwh is not None:
        index = np.maximum(index, power.floor_usd_per_mwh)
    if power.cap_usd_per_mwh is not None:
        index = np.minimum(index, power.cap_usd_per_mwh)
    if power.tariff is not None:
        tariff = power.tariff
        if isinstance(tariff, FixedTariff):
            fixed = at_month(tariff.price_usd_per_mwh, place.absolute)
        else:
            fixed = tariff.mmbtu_per_mwh * at_month(tariff.gas_usd_per_mmbtu, place.absolute)
        until = tariff.until.last if tariff.until else math.inf
        index = np.where(place.between(-math.inf, until), fixed, index)
    adder, wires = at_month(power.adder_usd_per_mwh, place.absolute), at_month(power.wires_usd_per_mwh, place.absolute)
    cost: Floats = (index + adder - discount) * (1 + power.losses) + wires
    return cost


def _worth(terms: BlockTerms | MonthlyElection, spot: Floats, fee: float) -> Floats:
    if terms.resale == "spot":
        return spot - fee
    if terms.resale == "none":
        return np.zeros(len(spot))
    return terms.resale.share * spot - fee


def _level(place: _Place, terms: BlockTerms | Generation) -> Floats:
    if terms.profile is not None:
        return place.files.shares(terms.profile)[place.at]
    return _in_block(terms.hours, place.hour, place.weekday)


def _supply(place: _Place, name: str, terms: Any, mw: float, days: Bools) -> SupplyMonth:
    """A physical contract; ``mw`` in place of that of its terms, in force on these days of the month."""
    spot = place.spot(place.site.power.market)
    fee = place.site.power.resale_fee_usd_per_mwh
    force = place.on(days).astype(float)
    nothing = np.zeros(len(spot))
    least = most = mw
    if isinstance(terms, BlockTerms | MonthlyElection):
        paid = np.full(len(spot), at_month(terms.price_usd_per_mwh, place.absolute))
        unused = _worth(terms, spot, fee) - paid
        level = force * _level(place, terms) if isinstance(terms, BlockTerms) else force
        if isinstance(terms, MonthlyElection):
            least, most = (terms.least * mw, terms.most * mw) if days.any() else (0.0, 0.0)
    elif isinstance(terms, SwingTerms):
        paid, unused, level = np.full(len(spot), at_month(terms.price_usd_per_mwh, place.absolute)), nothing, force
    elif isinstance(terms, HeatRate):
        gas = at_month(terms.gas_usd_per_mmbtu, place.absolute)
        paid = np.full(len(spot), terms.mmbtu_per_mwh * gas + terms.adder_usd_per_mwh)
        unused, level = nothing, force
    else:
        assert isinstance(terms, Generation)
        paid = np.full(len(spot), terms.cost_usd_per_mwh)
        unused = np.maximum(0, spot - fee - paid) if terms.export == "spot" else nothing
        level = force * _level(place, terms)
    return SupplyMonth(name, level, paid, unused, least, most)


def _supplies(
    place: _Place, start: float, signed: Mapping[str, tuple[int, float]]
) -> tuple[list[SupplyMonth], float, bool]:
    """Physical contracts of a month, dollars of the financial ones, and whether halls use the former."""
    found: list[SupplyMonth] = []
    settled = 0.0
    halls = False
    for name, contract in place.site.contracts.items():
        if isinstance(contract, MinimumTake):
            continue
        days = days_between(place.absolute, place.days, *_span(contract.start, contract.until, start))
        if isinstance(contract, FixedBlock) and contract.settles_at is not None:
            gain = place.spot(contract.settles_at) - at_month(contract.price_usd_per_mwh, place.absolute)
            amount = contract.mw * _level(place, contract) * place.on(days)
            weight = place.files.weights[(place.absolute % 12, place.days)]
            settled += float((weight * gain * amount).sum())
            continue
        halls = halls or contract.assignable_to_hosting
        if days.any():
            found.append(_supply(place, name, contract, contract.mw, days))
    for name, (step, mw) in signed.items():
        offer = place.site.contract_offers[name]
        days = days_between(place.absolute, place.days, start + step, start + step + offer.tenor)
        halls = halls or offer.terms.assignable_to_hosting
        if days.any() and mw > 0:
            found.append(_supply(place, name, offer.terms, mw, days))
    return found, settled, halls


def _lots(case: Case, place: _Place, start: float, installed: Mapping[str, ByMonth]) -> list[LotMonth]:
    site, market = place.site, place.files.market
    hashprice = np.array([market.network.hashprice(place.k, day + 1) for day in range(place.days)])
    found: list[LotMonth] = []
    lots: list[tuple[str, FleetLot | ArrivingLot]] = [*site.fleet.items(), *site.arriving.items()]
    for name, lot in lots:
        machine = case.machines[lot.machine or name]
        if isinstance(lot, ArrivingLot):
            begin = age = lot.on.first
        else:
            begin, age = start, lot.bought.first if lot.bought else start
        end = age + machine.life if machine.life is not None else math.inf
        per_ph = machine.efficiency_j_per_th * site.mining_overhead / 1000
        ph = _by_month(installed.get(name, lot.ph_s), place.k)
        gross = hashprice / 24 / per_ph * (1 - case.market.network.pool_fee)
        present = place.between(begin, end).astype(float)
        value = (gross - site.variable_cost_usd_per_mwh)[place.day - 1]
        found.append(LotMonth(name, present * ph * per_ph * site.uptime, value))
    return sorted(found, key=lambda lot: -float(lot.value[0]))


def _peak_charge(place: _Place, weight: Floats, rate: float, charge: CoincidentPeak) -> Floats:
    """The month's expected charge on a MWh, discounted from when it is billed to this month."""
    if place.absolute % 12 + 1 not in charge.months:
        return np.zeros(len(weight))
    usd = at_month(charge.rate_usd_per_kw_year, place.absolute) * 1000 / len(charge.months)
    candidate = (place.hour >= charge.hours[0]) & (place.hour < charge.hours[1])
    if charge.weekdays_only:
        candidate &= place.weekday < 5
    inside, outside = float(weight[candidate].sum()), float(weight[~candidate].sum())
    if inside == 0 or outside == 0:
        accrued = np.full(len(weight), usd / (inside + outside))
    else:
        accrued = np.where(candidate, usd * charge.success / inside, usd * (1 - charge.success) / outside)
    later = np.mean([month_factor(rate, k) for k in billing_months(place, charge)])
    return accrued * float(later) / month_factor(rate, place.k)


def billing_months(place: _Place, charge: CoincidentPeak) -> range:
    """Months after the start in which what accrues in this one is billed."""
    first = 12 * (place.absolute // 12 + 1) + charge.billed_from - 1 - (place.absolute - place.k)
    return range(first, first + charge.billed_over)


def _opening(site: Site, start: int, rate: float) -> float:
    """Discounted dollars of what had accrued before the start."""
    total = 0.0
    for charge in site.delivery.values():
        if isinstance(charge, CoincidentPeak) and charge.opening_usd_m > 0:
            first = 12 * (start // 12) + charge.billed_from - 1
            left = [m - start for m in range(first, first + charge.billed_over) if m >= start]
            total += 1e6 * charge.opening_usd_m * float(np.mean([month_factor(rate, k) for k in left])) if left else 0.0
    return total


def _takes(place: _Place, start: float, weight: Floats) -> list[TakeMonth]:
    found = []
    for name, take in place.site.contracts.items():
        if not isinstance(take, MinimumTake):
            continue
        force = place.between(*_span(take.start, take.until, start))
        if not force.any():
            continue
        length = {"month": 1, "quarter": 3, "year": 12}[take.over]
        required = take.share * take.mw * float(weight[force].sum())
        window = (list(place.site.contracts).index(name), place.absolute // length)
        found.append(TakeMonth(name, window, required, force, take.shortfall_usd_per_mwh))
    return found


# ---------------------------------------------------------------- hosting and the whole


def hosting_load(case: Case, site: str, leases: Mapping[str, Lease] | None = None) -> list[float]:
    """Mean MW of the leases of a site by month of the horizon."""
    start = round(case.horizon.start.first)
    months = sum(count * length for count, length in case.horizon.steps)
    load = np.zeros(months)
    for lease in (case.leases if leases is None else leases).values():
        if lease.site != site:
            continue
        begin = lease.first_rent.first - start
        for k in range(months):
            # The share grows evenly, so its mean over a month is that of the ends of its straight pieces.
            edges = sorted({k, k + 1, *(e for e in (begin, begin + lease.ramp, begin + lease.term) if k < e < k + 1)})
            mean = 0.0
            for a, b in itertools.pairwise(edges):
                middle = (a + b) / 2 - begin
                if 0 <= middle < lease.term:
                    mean += (b - a) * (min(1.0, middle / lease.ramp) if lease.ramp else 1.0)
            load[k] += lease.it_mw * lease.utilisation * lease.pue * mean
    return [float(mw) for mw in load]


def site_months(
    case: Case,
    folder: Path,
    *,
    site: str | None = None,
    installed: Mapping[str, ByMonth] | None = None,
    hosting_mw: Sequence[float] | None = None,
    signed: Mapping[str, tuple[int, float]] | None = None,
) -> SiteYear:
    """A site of a case month by month.

    ``installed``: PH/s by lot where they are not those of the fleet; ``hosting_mw``: MW of halls by month, by default
    that of the leases; ``signed``: contract offers by name, (month of signature after the start, MW).
    """
    name = site or next(iter(case.sites))
    place_site = case.sites[name]
    market = build_market(case, folder)
    files = _files(case, folder, place_site.power.market, market)
    halls = hosting_load(case, name) if hosting_mw is None else list(hosting_mw)
    start = round(case.horizon.start.first)
    rate = case.discount.mining
    cuts = place_site.interruptions
    calls = {key: files.events(cut.events_per_year, cut.hours_per_event) for key, cut in cuts.items()}
    programs = {
        key: files.events(program.events_per_year, program.hours_per_event)
        for key, program in place_site.flexibility.items()
        if isinstance(program, DemandResponse)
    }
    products = {
        key: files.best_product(program)
        for key, program in place_site.flexibility.items()
        if isinstance(program, Ancillary)
    }
    demand = next((c for c in place_site.delivery.values() if isinstance(c, Demand)), None)
    months: list[SiteMonth] = []
    for k in range(len(halls)):
        absolute = start + k
        days = int(market.cells.days[k])
        key = (absolute % 12, days)
        place = _Place(files, place_site, k, absolute, days, files.places[key], files.days[key])
        weight = files.weights[key]
        size = len(weight)
        spot = place.spot(place_site.power.market)
        discount, interrupted, event = np.zeros(size), np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
        for cut_name, cut in cuts.items():
            force = place.between(*_span(cut.start, cut.until, start))
            discount += np.where(force, cut.discount_usd_per_mwh, 0.0)
            interrupted |= calls[cut_name][place.at] & force
        reserve, reserve_mw, response_usd, response_mw = np.zeros(size), np.zeros(size), 0.0, 0.0
        for key_name, program in place_site.flexibility.items():
            inside = days_between(absolute, days, *_span(program.start, program.until, start))
            if not inside.any():
                continue
            if isinstance(program, Ancillary):
                share = at_month(program.price_share, absolute)
                paid = products[key_name][place.at] * share * program.availability
                paid -= program.deployed_share * program.deployment_cost_usd_per_mwh
                reserve = np.where(place.on(inside), np.maximum(0, paid), reserve)
                reserve_mw = np.where(place.on(inside), program.mw, reserve_mw)
            elif absolute % 12 + 1 in program.months:
                response_usd = program.payment_usd_per_kw_month * 1000 * float(inside.mean())
                response_mw = program.mw
                event |= programs[key_name][place.at] & place.on(inside)
        supplies, settled, halls_use = _supplies(place, start, signed or {})
        decides = None
        if place_site.power.decides_on is not None:
            other = place_site.power.decides_on
            seen = (1 - other.skill) * place.spot(other.market) + other.skill * spot
            decides = _prices(place, seen, discount)
        peak = np.zeros(size)
        for charge in place_site.delivery.values():
            if isinstance(charge, CoincidentPeak):
                peak += _peak_charge(place, weight, rate, charge)
        months.append(
            SiteMonth(
                month=k,
                factor=month_factor(rate, k),
                day=place.day,
                weight=weight,
                price=_prices(place, spot, discount),
                price_halls=_prices(place, spot, np.zeros(size)),
                decides=decides,
                interrupted=interrupted,
                lots=tuple(_lots(case, place, start, installed or {})),
                supplies=tuple(supplies),
                halls_mw=halls[k],
                halls_use_contracts=halls_use,
                constant_usd=settled,
                peak_charge=peak,
                demand_rate=None if demand is None else at_month(demand.rate_usd_per_kw_month, absolute) * 1000,
                reserve=reserve,
                reserve_mw=reserve_mw,
                response_usd_per_mw=response_usd,
                response_mw=response_mw,
                event=event,
                takes=tuple(_takes(place, start, weight)),
            )
        )
    return SiteYear(name, place_site, tuple(months), _opening(place_site, start, rate), demand)
