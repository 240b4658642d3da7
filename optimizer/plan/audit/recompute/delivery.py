"""Charges for grid and capacity: what load accrues, and when it is billed. Section 5 of docs/figures.md, "Delivery
charges". Amounts are those of the whole site, USD m, costs positive, until somebody takes a share of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.case.delivery import Charge, CoincidentPeak, Demand
from optimizer.plan.audit.recompute.by_date import in_month
from optimizer.plan.audit.recompute.prices import Hours
from optimizer.plan.audit.recompute.timeline import Array, mean_factors

USD_M_PER_MW = 1000 / 1e6
"""USD m of a MW at 1 USD a kW."""

ELEVEN_MONTHS = 11


def billing_months(charge: CoincidentPeak, measured: int) -> range:
    """Months, as coordinates, over which it is billed what was measured in a month."""
    if charge.billed == "in_month":
        return range(measured, measured + 1)
    first = 12 * (measured // 12 + 1) + charge.billed_from - 1
    return range(first, first + charge.billed_over)


def billed_until(charges: Mapping[str, Charge], end: int) -> int:
    """End of the last month in which something is billed of what was measured before ``end``."""
    peaks = [each for each in charges.values() if isinstance(each, CoincidentPeak)]
    return max([end, *(billing_months(each, end - 1).stop for each in peaks)])


def billed(charge: CoincidentPeak, accrued: Array, start: int, months: int) -> Array:
    """What accrues by month from the start on, (M,), as it is paid, (months,)."""
    paid = np.zeros(months)
    for month in np.flatnonzero(accrued):
        when = billing_months(charge, start + int(month))
        paid[when.start - start : when.stop - start] += accrued[month] / len(when)
    return paid


def opening_billed(charge: CoincidentPeak, start: int, months: int) -> Array:
    """What was accrued before the start, in that calendar year and the one before, as it is paid, (months,)."""
    paid, january = np.zeros(months), 12 * (start // 12)
    for measured, amount in ((january - 1, charge.opening_usd_m), (january, charge.accrued_this_year_usd_m)):
        left = [month - start for month in billing_months(charge, measured) if month >= start]
        for month in left:
            paid[month] += amount / len(left)
    return paid


def mean_billing_factor(charge: CoincidentPeak, start: int, month: int, rate: float) -> float:
    """Mean discount factor of the months in which it is billed what a month accrues."""
    when = billing_months(charge, month)
    factors = mean_factors(rate, when.stop - start)
    return float(factors[when.start - start :].mean())


def usd_per_mw_month(charge: CoincidentPeak, month: int) -> float:
    """What a MW accrues in a month that never stands still; 0 outside the months that are measured."""
    if month % 12 + 1 not in charge.months:
        return 0.0
    return in_month(charge.rate_usd_per_kw_year, month) * 1000 / len(charge.months)


def usd_per_mwh(charge: CoincidentPeak, hours: Hours, month: int) -> Array:
    """Expected charge on a MWh in each interval of a month, (H,)."""
    of_month = usd_per_mw_month(charge, month)
    candidate = (hours.hour >= charge.hours[0]) & (hours.hour < charge.hours[1])
    if charge.weekdays_only:
        candidate &= hours.weekday < 5
    among, others = hours.weight * int(candidate.sum()), hours.weight * int((~candidate).sum())
    hit = charge.success if among and others else 1.0 if among else 0.0
    return np.where(
        candidate, of_month * hit / among if among else 0.0, of_month * (1 - hit) / others if others else 0.0
    )


def hall_accrued(charge: Charge, meter_mw: Array, start: int) -> Array:
    """What halls bear by month from the start of the plan, (M,), with their mean load in MW."""
    if isinstance(charge, Demand):
        rates = [in_month(charge.rate_usd_per_kw_month, start + month) for month in range(len(meter_mw))]
        return np.asarray(meter_mw * np.array(rates) * USD_M_PER_MW)
    by_mw = np.array([usd_per_mw_month(charge, start + month) for month in range(len(meter_mw))])
    return np.asarray(meter_mw * by_mw / 1e6)


def hall_paid(charge: Charge, accrued: Array, start: int) -> Array:
    """The same as it is paid, (M,)."""
    return accrued if isinstance(charge, Demand) else billed(charge, accrued, start, len(accrued))


def demand_billed_mw(charge: Demand, peaks: Array) -> Array:
    """MW that are billed in each planned month, (N,), with the peaks of these months."""
    before = np.concatenate((np.full(ELEVEN_MONTHS, charge.opening_peak_mw), peaks))
    highest = [before[month : month + ELEVEN_MONTHS].max() for month in range(len(peaks))]
    return np.maximum(np.maximum(peaks, charge.ratchet * np.array(highest)), charge.contracted_mw)


@dataclass(frozen=True, eq=False)
class HallCharge:
    """A charge of a site as far as one contract's halls bear it, (M,) by month from the start of the plan, USD m."""

    name: str
    accrued: Array
    paid: Array


@dataclass(frozen=True, eq=False)
class MachineCharge:
    """A charge as far as machines bear it; the company's share, USD m.

    accrued, avoided: (N,) by planned month. paid: (M,) by month, also after the horizon, with what was accrued before
    the start. factor: (N,) what a dollar accrued in a month is multiplied by, class mining.
    """

    site: str
    name: str
    accrued: Array
    avoided: Array
    paid: Array
    factor: Array
