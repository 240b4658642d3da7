"""Mining, hour by hour, eliminated exactly: one EH/s of a lot earns ``sum over hours of max(0, value - price)``.

With one price for all power that a mine buys, the best dispatch of every hour is known without a solver: run when a
MWh earns more than it costs. The sums over all hours are coefficients of installed machines; no hour becomes a row
of the model, and none is sampled. Where the hashprice is constant over a month, the months' sorted prices and their
prefix sums give the sums by one search. docs/figures.md, section 5. Blocks at a fixed price are in ``blocks.py``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from models.tree import Floats
from optimizer.case.case import Case
from optimizer.case.sites import Site
from optimizer.market.calendar import days_in_span
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
    load_mw_per_eh: float
    """The same times uptime: mean MW while it is told to run."""
    share: float
    """The company's part of its money and coins."""
    present_from: float
    present_until: float
    """Months after the start (they may lie outside the horizon; ``inf`` without a life)."""
    due_usd_m: float
    """The company's part of what is still to be paid."""
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
            mw_per_eh = machine.efficiency_j_per_th * site.mining_overhead
            lots.append(
                Lot(
                    site=s,
                    site_name=site_name,
                    name=name,
                    machine=machine_name,
                    ph_s=ph_s,
                    efficiency_j_per_th=machine.efficiency_j_per_th,
                    mw_per_eh=mw_per_eh,
                    load_mw_per_eh=mw_per_eh * site.uptime,
                    share=site.share,
                    present_from=begins - start,
                    present_until=ends - start,
                    due_usd_m=due * site.share,
                    due_at=due_at if due > 0 else None,
                )
            )
    return tuple(lots)


@dataclass(frozen=True)
class Tariff:
    """Price of a MWh from the spot price of its hour: ``(spot + adder) * (1 + losses)``."""

    adder_usd_per_mwh: float
    losses: float = 0.0


def purchase(site: Site) -> Tariff:
    """What a MWh at the meter of a site costs."""
    return Tariff(site.power.adder_usd_per_mwh, site.power.losses)


def resale(site: Site) -> Tariff:
    """What a MWh of a block brings that is sold instead of used."""
    return Tariff(-site.power.resale_fee_usd_per_mwh)


@dataclass(frozen=True)
class Stretch:
    """Days of a month with one hashprice, for one site: where they lie and what a MWh earns there."""

    cell: int
    month: int
    days: int
    first: int
    last: int
    shape: MonthShape
    factor: float
    hashprice: float

    @property
    def whole_month(self) -> bool:
        return self.first == 1 and self.last == self.days


def stretches(market: Market, site: Site, cell: int, begin: float, end: float) -> Iterator[Stretch]:
    """The stretches of a month cell between two instants (months after the start)."""
    cells = market.cells
    month, days = int(cells.month[cell]), int(cells.days[cell])
    span = days_in_span(market.start_month, month, days, begin, end)
    if span is None:
        return
    power = market.power[site.power.market]
    shape = power.shape.months[cells.calendar_month(cell), days]
    for a, b in market.network.stretches(month, days):
        first, last = max(a, span[0]), min(b, span[1])
        if first <= last:
            hashprice = market.network.hashprice(month, first)
            yield Stretch(cell, month, days, first, last, shape, float(power.factor[month]), hashprice)


def value_usd_per_mwh(lot: Lot, site: Site, hashprice: float, pool_fee: float) -> float:
    """What a MWh at the meter earns, less variable cost and the pool's fee."""
    gross = hashprice / 24 * 1000 / lot.mw_per_eh * (1 - pool_fee)
    return gross - site.variable_cost_usd_per_mwh


def run_below(stretch: Stretch, tariff: Tariff, value: float) -> tuple[float, float]:
    """(hours, sum of price x hours) of the hours of a stretch whose price under a tariff is below ``value``."""
    shape, factor = stretch.shape, stretch.factor
    adder, losses = tariff.adder_usd_per_mwh, tariff.losses
    if stretch.whole_month and factor > 0:
        limit = (value / (1 + losses) - adder) / factor
        if np.isfinite(limit):
            # Less the last digits that the division may have cost: a price that equals the value does not run.
            limit -= 1e-12 * max(1.0, abs(limit))
        count = int(np.searchsorted(shape.sorted_price, limit, side="left"))
        hours = float(shape.hours_below[count])
        spot_hours = factor * float(shape.price_hours_below[count])
        return hours, (spot_hours + adder * hours) * (1 + losses)
    price = (shape.price * factor + adder) * (1 + losses)
    runs = (shape.day >= stretch.first) & (shape.day <= stretch.last) & (price < value)
    weight = shape.weight_hours[runs]
    return float(weight.sum()), float((weight * price[runs]).sum())


@dataclass(frozen=True)
class MiningCoefficients:
    """What one EH/s of each lot does in each month cell when all of its power is bought at the site's market.

    Shapes (L, J); tail cells are 0 (machines end with the horizon). Money and BTC are the company's share.
    """

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


def mining_coefficients(case: Case, market: Market, lots: tuple[Lot, ...]) -> MiningCoefficients:
    """Every hour of every month of the horizon, for every lot."""
    cells, network = market.cells, market.network
    sites = list(case.sites.values())
    names = ("hours", "mwh", "btc", "revenue", "power", "variable")
    arrays = {name: np.zeros((len(lots), cells.size)) for name in names}
    planned = np.flatnonzero(~cells.in_tail)
    for index, lot in enumerate(lots):
        site = sites[lot.site]
        tariff = purchase(site)
        reached = planned[(cells.month[planned] + 1 > lot.present_from) & (cells.month[planned] < lot.present_until)]
        for j in reached.tolist():
            for stretch in stretches(market, site, j, lot.present_from, lot.present_until):
                value = value_usd_per_mwh(lot, site, stretch.hashprice, network.pool_fee)
                ran, price_hours = run_below(stretch, tariff, value)
                hours = site.uptime * ran
                revenue = hours * stretch.hashprice / 24 * (1 - network.pool_fee) * PH_PER_EH * lot.share
                arrays["hours"][index, j] += hours
                arrays["mwh"][index, j] += hours * lot.mw_per_eh
                arrays["btc"][index, j] += revenue / float(network.btc_usd[stretch.month])
                arrays["revenue"][index, j] += revenue / USD_PER_USD_M
                arrays["power"][index, j] += lot.share * lot.load_mw_per_eh * price_hours / USD_PER_USD_M
                variable = hours * lot.mw_per_eh * site.variable_cost_usd_per_mwh * lot.share
                arrays["variable"][index, j] += variable / USD_PER_USD_M
    return MiningCoefficients(
        hours_run=arrays["hours"],
        mwh=arrays["mwh"],
        btc=arrays["btc"],
        revenue_usd_m=arrays["revenue"],
        power_cost_usd_m=arrays["power"],
        variable_cost_usd_m=arrays["variable"],
    )
