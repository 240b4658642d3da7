"""A site hour by hour: loads, contracts, charges and reserves on the intervals of every planned month.

From the case and docs/figures.md alone: the full linear program (``full_lp.py``) and the value function
(``value_function.py``) start from it, and nothing here imports what the product makes of the same rules.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

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
from optimizer.case.sites import ArrivingLot, FleetLot, Site
from optimizer.market.market import build_market
from tests.hourly.place import Place, at_month, days_between, in_block, meter_price, month_factor, open_files, span
from tests.hourly.site_month import Bools, Floats, LotMonth, SiteMonth, SiteYear, SupplyMonth, TakeMonth

ByMonth = float | Sequence[float]
"""A number for all planned months, or one for each."""


def _by_month(numbers: ByMonth, k: int) -> float:
    return float(numbers) if isinstance(numbers, int | float) else float(numbers[k])


def _worth(terms: BlockTerms | MonthlyElection, spot: Floats, fee: float) -> Floats:
    if terms.resale == "spot":
        return spot - fee
    if terms.resale == "none":
        return np.zeros(len(spot))
    return terms.resale.share * spot - fee


def _level(place: Place, terms: BlockTerms | Generation) -> Floats:
    if terms.profile is not None:
        return place.files.shares(terms.profile)[place.at]
    return in_block(terms.hours, place.hour, place.weekday)


def _supply(place: Place, name: str, terms: Any, mw: float, days: Bools) -> SupplyMonth:
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
    place: Place, start: float, signed: Mapping[str, tuple[int, float]]
) -> tuple[list[SupplyMonth], float, bool]:
    """Physical contracts of a month, dollars of the financial ones, and whether halls use the former."""
    found: list[SupplyMonth] = []
    settled = 0.0
    halls = False
    for name, contract in place.site.contracts.items():
        if isinstance(contract, MinimumTake):
            continue
        days = days_between(place.absolute, place.days, *span(contract.start, contract.until, start))
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


def _lots(case: Case, place: Place, start: float, installed: Mapping[str, ByMonth]) -> list[LotMonth]:
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


def _peak_charge(place: Place, weight: Floats, rate: float, charge: CoincidentPeak) -> Floats:
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


def billing_months(place: Place, charge: CoincidentPeak) -> range:
    """Months after the start in which what accrues in this one is billed."""
    if charge.billed == "in_month":
        return range(place.k, place.k + 1)
    first = 12 * (place.absolute // 12 + 1) + charge.billed_from - 1 - (place.absolute - place.k)
    return range(first, first + charge.billed_over)


def _opening(site: Site, start: int, rate: float) -> float:
    """Discounted dollars of what had accrued before the start, in the year before and in that of the start."""
    total, january = 0.0, 12 * (start // 12)
    for charge in site.delivery.values():
        if not isinstance(charge, CoincidentPeak) or charge.billed == "in_month":
            # What is billed in its own month is paid before the start.
            continue
        amounts = ((january, charge.opening_usd_m), (january + 12, charge.accrued_this_year_usd_m))
        for year, usd_m in amounts:
            first = year + charge.billed_from - 1
            left = [m - start for m in range(first, first + charge.billed_over) if m >= start]
            if left:
                total += 1e6 * usd_m * float(np.mean([month_factor(rate, k) for k in left]))
    return total


def _takes(place: Place, start: float, weight: Floats) -> list[TakeMonth]:
    found = []
    for name, take in place.site.contracts.items():
        if not isinstance(take, MinimumTake):
            continue
        force = place.between(*span(take.start, take.until, start))
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
    files = open_files(case, folder, place_site.power.market, market)
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
        place = Place(files, place_site, k, absolute, days, files.places[key], files.days[key])
        weight = files.weights[key]
        size = len(weight)
        spot = place.spot(place_site.power.market)
        discount, interrupted, event = np.zeros(size), np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
        for cut_name, cut in cuts.items():
            force = place.between(*span(cut.start, cut.until, start))
            discount += np.where(force, cut.discount_usd_per_mwh, 0.0)
            interrupted |= calls[cut_name][place.at] & force
        reserve, reserve_mw, response_usd, response_mw = np.zeros(size), np.zeros(size), 0.0, 0.0
        for key_name, program in place_site.flexibility.items():
            inside = days_between(absolute, days, *span(program.start, program.until, start))
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
            decides = meter_price(place, seen, discount)
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
                price=meter_price(place, spot, discount),
                price_halls=meter_price(place, spot, np.zeros(size)),
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
