"""Mining, hour by hour, eliminated exactly: one EH/s of a lot earns ``sum over hours of max(0, value - price)``.

With one price for all power that a mine buys, the best dispatch of every hour is known without a solver: run when a
MWh earns more than it costs. The sums over all hours are coefficients of installed machines; no hour becomes a row
of the model, and none is sampled. Where the hashprice is constant over a month, the months' sorted prices and their
prefix sums give the sums by one search. docs/figures.md, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from models.tree import Floats
from optimizer.case.base import month_coordinate
from optimizer.case.case import Case
from optimizer.case.sites import Site
from optimizer.market.market import Market
from optimizer.market.shape import MonthShape

USD_PER_USD_M = 1e6
PH_PER_EH = 1000.0


@dataclass(frozen=True)
class Lot:
    """Machines that stand at a site or arrive there without a decision."""

    site: int
    site_name: str
    name: str
    machine: str
    ph_s: float
    efficiency_j_per_th: float
    mw_per_eh: float
    """Meter MW per EH/s."""
    present_from: float
    present_until: float
    """Months after the start (they may lie outside the horizon; ``inf`` without a life)."""
    due_usd_m: float
    due_at: float | None
    """Months after the start at which it is paid; None if nothing is due."""

    @property
    def full_name(self) -> str:
        return f"{self.site_name}.{self.name}"


def list_lots(case: Case) -> tuple[Lot, ...]:
    """The lots of all sites, in the order of the case, fleet before arriving."""
    start = case.horizon.start.first
    lots: list[Lot] = []
    for s, (site_name, site) in enumerate(case.sites.items()):
        entries: list[tuple[str, str, float, float, float, float, float | None]] = [
            (name, lot.machine or name, lot.ph_s, start, (lot.bought.first if lot.bought else start), 0.0, None)
            for name, lot in site.fleet.items()
        ]
        entries += [
            (name, lot.machine or name, lot.ph_s, lot.on.first, lot.on.first, lot.due_usd_m, lot.on.first - start)
            for name, lot in site.arriving.items()
        ]
        for name, machine_name, ph_s, begins, age_from, due, due_at in entries:
            machine = case.machines[machine_name]
            ends = age_from + machine.life if machine.life is not None else float("inf")
            lots.append(
                Lot(
                    site=s,
                    site_name=site_name,
                    name=name,
                    machine=machine_name,
                    ph_s=ph_s,
                    efficiency_j_per_th=machine.efficiency_j_per_th,
                    mw_per_eh=machine.efficiency_j_per_th * site.mining_overhead,
                    present_from=begins - start,
                    present_until=ends - start,
                    due_usd_m=due,
                    due_at=due_at if due > 0 else None,
                )
            )
    return tuple(lots)


@dataclass(frozen=True)
class MiningCoefficients:
    """What one EH/s of each lot does in each month cell. Shapes (L, J); tail cells are 0 (machines end there)."""

    hours_run: Floats
    """Of one machine, not per EH/s."""
    mwh: Floats
    btc: Floats
    """After the pool's fee."""
    revenue_usd_m: Floats
    power_cost_usd_m: Floats
    variable_cost_usd_m: Floats

    @property
    def margin_usd_m(self) -> Floats:
        return self.revenue_usd_m - self.power_cost_usd_m - self.variable_cost_usd_m


@dataclass(frozen=True)
class _Run:
    """Hours run, their sum of price x hours, and BTC per EH/s and hour x hours, for one lot and stretch of days."""

    hours: float
    price_hours: float


def mining_coefficients(case: Case, market: Market, lots: tuple[Lot, ...]) -> MiningCoefficients:
    """Every hour of every month of the horizon, for every lot."""
    cells, network = market.cells, market.network
    sites = list(case.sites.values())
    arrays = {
        name: np.zeros((len(lots), cells.size)) for name in ("hours", "mwh", "btc", "revenue", "power", "variable")
    }
    planned = np.flatnonzero(~cells.in_tail)
    for index, lot in enumerate(lots):
        site = sites[lot.site]
        power = market.power[site.power.market]
        for j in planned.tolist():
            month, days = int(cells.month[j]), int(cells.days[j])
            if month + 1 <= lot.present_from or month >= lot.present_until:
                continue
            shape = power.shape.months[cells.calendar_month(j), days]
            for first, last in network.stretches(month, days):
                hashprice = network.hashprice(month, first)
                days_present = _days_present(market, month, days, lot, first, last)
                if days_present is None:
                    continue
                net = hashprice / 24 * (1 - network.pool_fee)  # USD per PH/s and hour
                value = net * 1000 / (lot.efficiency_j_per_th * site.mining_overhead) - site.variable_cost_usd_per_mwh
                run = _run(shape, days_present, days, value, float(power.factor[month]), site)
                hours = site.uptime * run.hours
                mwh = hours * lot.mw_per_eh
                arrays["hours"][index, j] += hours
                arrays["mwh"][index, j] += mwh
                arrays["btc"][index, j] += hours * net * PH_PER_EH / float(network.btc_usd[month])
                arrays["revenue"][index, j] += hours * net * PH_PER_EH / USD_PER_USD_M
                arrays["power"][index, j] += site.uptime * lot.mw_per_eh * run.price_hours / USD_PER_USD_M
                arrays["variable"][index, j] += mwh * site.variable_cost_usd_per_mwh / USD_PER_USD_M
    return MiningCoefficients(
        hours_run=arrays["hours"],
        mwh=arrays["mwh"],
        btc=arrays["btc"],
        revenue_usd_m=arrays["revenue"],
        power_cost_usd_m=arrays["power"],
        variable_cost_usd_m=arrays["variable"],
    )


def _days_present(market: Market, month: int, days: int, lot: Lot, first: int, last: int) -> tuple[int, int] | None:
    """Those of the days first..last on which the lot is there: a day counts when its first instant does."""
    year, m = divmod(market.start_month + month, 12)
    if lot.present_from <= month and lot.present_until >= month + 1:
        return first, last
    there = [
        d
        for d in range(first, last + 1)
        if lot.present_from - 1e-9
        <= month_coordinate(date(year, m + 1, d)) - market.start_month
        < lot.present_until - 1e-9
    ]
    return (there[0], there[-1]) if there else None


def _run(shape: MonthShape, span: tuple[int, int], days: int, value: float, factor: float, site: Site) -> _Run:
    """Run in the hours of these days whose price at the meter is below ``value`` (USD per MWh at the meter)."""
    adder, losses = site.power.adder_usd_per_mwh, site.power.losses
    if span == (1, days) and factor > 0:
        count = int(np.searchsorted(shape.sorted_price, (value / (1 + losses) - adder) / factor, side="left"))
        hours = float(shape.hours_below[count])
        spot_hours = factor * float(shape.price_hours_below[count])
        return _Run(hours=hours, price_hours=(spot_hours + adder * hours) * (1 + losses))
    price = (shape.price * factor + adder) * (1 + losses)
    runs = (shape.day >= span[0]) & (shape.day <= span[1]) & (price < value)
    weight = shape.weight_hours[runs]
    return _Run(hours=float(weight.sum()), price_hours=float((weight * price[runs]).sum()))
