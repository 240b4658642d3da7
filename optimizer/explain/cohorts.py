"""``cohorts.csv``: for each lot of machines, year by year, what it breaks even at, beside what it gets and pays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.explain.start import Start
from optimizer.market.market import Market
from optimizer.operations.hours import SiteClock
from optimizer.operations.mining import Place, value_usd_per_mwh
from optimizer.plan.build import Plan
from optimizer.plan.table import Table, table

COLUMNS = (
    "site",
    "lot",
    "year",
    "ph_s",
    "efficiency_j_per_th",
    "hours_run_share",
    "hashprice_usd_per_ph_day",
    "breakeven_hashprice_usd_per_ph_day",
    "power_usd_per_mwh",
    "breakeven_power_usd_per_mwh",
)

LEAST_PH_S = 1e-6


@dataclass(frozen=True)
class Year:
    """What a year of the horizon brings: hashprice net of the pool's fee, and month cells."""

    hashprice: float
    cells: tuple[int, ...]


def cohorts_table(start: Start) -> Table:
    """Rows by site, lot and calendar year in which the lot stands there."""
    plan, market = start.plan, start.market
    years, names = _years(market), list(start.case.sites)
    power: dict[tuple[int, int], float] = {}
    rows = []
    for mined in sorted(plan.mined, key=lambda each: each.site):
        place = start.operations.places[mined.index]
        site, lot = start.case.sites[names[mined.site]], start.operations.lots[place.lot]
        for number, year in years.items():
            mean, share = _stands(plan, place, mined.index, year.cells)
            if mean <= LEAST_PH_S:
                continue
            if (mined.site, number) not in power:
                power[mined.site, number] = _mean_price(start, names[mined.site], year.cells)
            paid = power[mined.site, number]
            value = value_usd_per_mwh(place.mw_per_eh, site, year.hashprice, 0.0)
            even = breakeven_hashprice(place.mw_per_eh, site.variable_cost_usd_per_mwh, paid)
            rows.append(
                (
                    names[mined.site],
                    mined.name,
                    number,
                    mean,
                    lot.efficiency_j_per_th,
                    share,
                    year.hashprice,
                    even,
                    paid,
                    value,
                )
            )
    return table(COLUMNS, rows)


def breakeven_hashprice(mw_per_eh: float, variable_usd_per_mwh: float, power_usd_per_mwh: float) -> float:
    """USD per PH/s and day, net of the pool's fee, at which a MWh earns what it costs."""
    return (power_usd_per_mwh + variable_usd_per_mwh) * mw_per_eh * 24 / 1000


def _years(market: Market) -> dict[int, Year]:
    """The calendar years of the horizon."""
    cells, found = market.cells, defaultdict(list)
    for j in np.flatnonzero(~cells.in_tail).tolist():
        found[(market.start_month + int(cells.month[j])) // 12].append(j)
    return {year: Year(_mean_hashprice(market, each), tuple(each)) for year, each in found.items()}


def _mean_hashprice(market: Market, cells: Sequence[int]) -> float:
    """By days, halvings within a month included."""
    network, total, count = market.network, 0.0, 0
    for j in cells:
        month, days = int(market.cells.month[j]), int(market.cells.days[j])
        for first, last in network.stretches(month, days):
            total += network.hashprice(month, first) * (last - first + 1)
        count += days
    return total / count * (1 - network.pool_fee)


def _mean_price(start: Start, site: str, cells: Sequence[int]) -> float:
    """USD/MWh that the site's machines pay at the market in the hours in which they could run."""
    clock = SiteClock(start.case, start.market, site)
    paid = hours = 0.0
    for j in cells:
        each = clock.hours(j)
        weight = np.where(each.interrupted, 0.0, each.weight)
        paid, hours = paid + float((weight * each.price).sum()), hours + float(weight.sum())
    return paid / hours if hours else 0.0


def _stands(plan: Plan, place: Place, index: int, cells: Sequence[int]) -> tuple[float, float]:
    """Mean PH/s over the year's days in the horizon, and the share of its hours there in which the lot runs."""
    market, lot = plan.prepared.market, plan.prepared.operations.lots[place.lot]
    at, days = np.array(cells, dtype=np.intp), market.cells.days
    month = market.cells.month[at]
    there = np.clip(np.minimum(month + 1, lot.present_until) - np.maximum(month, lot.present_from), 0.0, 1.0)
    ph_days = plan.states.installed_eh_s[index, market.cells.node[at]] * there * days[at] * 1000
    mwh = float(plan.months.mwh[index, at].sum())
    full = float(ph_days.sum()) * 24 / 1000 * place.mw_per_eh
    return float(ph_days.sum() / days[at].sum()), mwh / full if full > 0 else 0.0
