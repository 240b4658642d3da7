"""Mining, hour by hour, eliminated exactly: one EH/s of a lot earns ``sum over hours of max(0, value - price)``.

With one price for all power that a mine buys, the best dispatch of every hour is known without a solver: run when a
MWh earns more than it costs. The sums over all hours are coefficients of installed machines; no hour becomes a row
of the model, and none is sampled. Where the hashprice is constant over a month, the months' sorted prices and their
prefix sums give the sums by one search. docs/figures.md, section 5. What contracts and programs change is in
``slots.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from operator import add

import numpy as np

from models.tree import Bools, Floats, Ints
from optimizer.case.base import month_label
from optimizer.case.case import Case
from optimizer.case.delivery import CoincidentPeak
from optimizer.case.sites import Site
from optimizer.market.calendar import days_in_span
from optimizer.market.market import Market
from optimizer.market.shape import MonthShape
from optimizer.operations.by_date import in_month
from optimizer.operations.hours import ABOVE, SiteClock

USD_PER_USD_M = 1e6
PH_PER_EH = 1000.0


@dataclass(frozen=True)
class Lot:
    """Machines of one type that are there, arrive, or can be ordered at one step."""

    site: int
    """Home."""
    site_name: str
    name: str
    machine: str
    ph_s: float
    """Without a decision; 0 for lots that have to be ordered."""
    efficiency_j_per_th: float
    share: float
    """The company's part of the money and coins of its home."""
    age_from: float
    """Months after the start from which its age counts."""
    present_from: float
    present_until: float
    """Months after the start (they may lie outside the horizon; ``inf`` without a life)."""
    due_usd_m: float = 0.0
    """The company's part of what is still to be paid."""
    due_at: float | None = None
    """Months after the start at which it is paid; None if nothing is due."""
    order_node: int = -1
    """Node at which it can be ordered; -1 if it is there or arrives anyway."""

    @property
    def full_name(self) -> str:
        return f"{self.site_name}.{self.name}"


@dataclass(frozen=True)
class Place:
    """A lot at a site where it can stand."""

    lot: int
    site: int
    home: bool
    mw_per_eh: float
    """Meter MW per EH/s."""
    load_mw_per_eh: float
    """The same times uptime: mean MW while it is told to run."""


def list_lots(case: Case, market: Market) -> tuple[Lot, ...]:
    """The lots of all sites in the order of the case, fleet before arriving; then those that can be ordered."""
    start = case.horizon.start.first
    lots: list[Lot] = []
    for s, (site_name, site) in enumerate(case.sites.items()):
        for name, fleet in site.fleet.items():
            age_from = fleet.bought.first - start if fleet.bought else 0.0
            lots.append(_lot(case, s, site_name, name, fleet.machine or name, fleet.ph_s, 0.0, age_from))
        for name, coming in site.arriving.items():
            on = coming.on.first - start
            lot = _lot(case, s, site_name, name, coming.machine or name, coming.ph_s, on, on)
            due = coming.due_usd_m * site.share
            lots.append(replace(lot, due_usd_m=due, due_at=on if due > 0 else None))
    return tuple(lots + _orders(case, market))


def _orders(case: Case, market: Market) -> list[Lot]:
    """Lots that can be ordered, in time, then by site and machine in the order of the case."""
    tree = market.tree
    lots: list[Lot] = []
    for node in np.flatnonzero(tree.decision).tolist():
        step = float(tree.start_months[node])
        for s, site_name in enumerate(case.sites):
            for name, machine in case.machines.items():
                if machine.buy is None or site_name not in machine.buy.sites:
                    continue
                window = machine.buy.window
                if window.start.first <= market.start_month + step < window.end.last:
                    label = f"{name} {month_label(market.start_month + step)}"
                    arrives = step + machine.buy.delivery
                    lot = _lot(case, s, site_name, label, name, 0.0, arrives, arrives)
                    lots.append(replace(lot, order_node=node))
    return lots


def _lot(
    case: Case, site: int, site_name: str, name: str, machine: str, ph_s: float, begins: float, age_from: float
) -> Lot:
    life = case.machines[machine].life
    return Lot(
        site=site,
        site_name=site_name,
        name=name,
        machine=machine,
        ph_s=ph_s,
        efficiency_j_per_th=case.machines[machine].efficiency_j_per_th,
        share=case.sites[site_name].share,
        age_from=age_from,
        present_from=begins,
        present_until=age_from + life if life is not None else float("inf"),
    )


def list_places(case: Case, lots: tuple[Lot, ...]) -> tuple[Place, ...]:
    """Every lot at its home; lots that were not ordered also at the sites to which their machines can be moved."""
    names = list(case.sites)
    places: list[Place] = []
    for c, lot in enumerate(lots):
        # What is shared with partners does not move out of the venture, and nothing moves into one.
        moves = lot.order_node < 0 and lot.share == 1
        elsewhere = [s for s in case.machines[lot.machine].movable_to if moves and case.sites[s].share == 1]
        for site_name in [lot.site_name, *(name for name in elsewhere if name != lot.site_name)]:
            site = case.sites[site_name]
            mw = lot.efficiency_j_per_th * site.mining_overhead
            home = site_name == lot.site_name
            places.append(Place(c, names.index(site_name), home, mw, mw * site.uptime))
    return tuple(places)


@dataclass(frozen=True)
class Tariff:
    """Price of a MWh from the spot price of its hour: ``(spot + adder) * (1 + losses) + wires``."""

    adder_usd_per_mwh: float
    losses: float = 0.0
    wires_usd_per_mwh: float = 0.0


def purchase(site: Site, absolute_month: int) -> Tariff:
    """What a MWh at the meter of a site costs that buys at its market and nothing else."""
    power = site.power
    return Tariff(
        in_month(power.adder_usd_per_mwh, absolute_month),
        power.losses,
        in_month(power.wires_usd_per_mwh, absolute_month),
    )


def buys_plainly(site: Site) -> bool:
    """Whether the price of a MWh is the same function of spot in all hours of a month, and machines run by it."""
    power = site.power
    special = (power.split, power.floor_usd_per_mwh, power.cap_usd_per_mwh, power.tariff, power.decides_on)
    peaks = any(isinstance(charge, CoincidentPeak) for charge in site.delivery.values())
    return all(part is None for part in special) and not site.interruptions and not peaks


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
    basis_usd_per_mwh: float = 0.0

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
            factor, basis = float(power.factor[month]), power.basis_usd_per_mwh
            yield Stretch(cell, month, days, first, last, shape, factor, hashprice, basis)


def value_usd_per_mwh(mw_per_eh: float, site: Site, hashprice: float, pool_fee: float) -> float:
    """What a MWh at the meter earns, less variable cost and the pool's fee."""
    gross = hashprice / 24 * 1000 / mw_per_eh * (1 - pool_fee)
    return gross - site.variable_cost_usd_per_mwh


def run_below(stretch: Stretch, tariff: Tariff, value: float) -> tuple[float, float]:
    """(hours, sum of price x hours) of the hours of a stretch whose price under a tariff is below ``value``."""
    shape, factor = stretch.shape, stretch.factor
    adder, losses, wires = tariff.adder_usd_per_mwh, tariff.losses, tariff.wires_usd_per_mwh
    adder += stretch.basis_usd_per_mwh  # both come on top of the market's price
    if stretch.whole_month and factor > 0:
        limit = ((value - ABOVE - wires) / (1 + losses) - adder) / factor
        count = int(np.searchsorted(shape.sorted_price, limit, side="left"))
        hours = float(shape.hours_below[count])
        spot_hours = factor * float(shape.price_hours_below[count])
        return hours, (spot_hours + adder * hours) * (1 + losses) + wires * hours
    price = (shape.price * factor + adder) * (1 + losses) + wires
    runs = (shape.day >= stretch.first) & (shape.day <= stretch.last) & (price < value - ABOVE)
    weight = shape.weight_hours[runs]
    return float(weight.sum()), float((weight * price[runs]).sum())


@dataclass(frozen=True)
class MiningCoefficients:
    """What one EH/s of a lot does at each place in each month cell when all of its power is bought at the market.

    Shapes (P, J); tail cells are 0 (machines end with the horizon). Money and BTC are the company's share.
    """

    hours_run: Floats
    """Of one machine, not per EH/s."""
    mwh: Floats
    btc: Floats
    """After the pool's fee."""
    revenue_usd_m: Floats
    power_cost_usd_m: Floats
    variable_cost_usd_m: Floats
    peak_charge_usd_m: Floats
    """Expected charges on peaks that accrue; they are paid later and are no part of the margin."""

    @property
    def margin_usd_m(self) -> Floats:
        return self.revenue_usd_m - self.power_cost_usd_m - self.variable_cost_usd_m


_FigureRow = tuple[float, ...]
"""One of each of `_FIGURES`."""

_FIGURES = ("hours_run", "mwh", "btc", "revenue_usd_m", "power_cost_usd_m", "variable_cost_usd_m", "peak_charge_usd_m")

_NOTHING = (0.0,) * len(_FIGURES)


def mining_coefficients(
    case: Case, market: Market, lots: tuple[Lot, ...], places: tuple[Place, ...], clocks: Sequence[SiteClock]
) -> MiningCoefficients:
    """Every hour of every month of the horizon, for every place.

    Whole months are the same for all lots of one efficiency at a site, and are summed once.
    """
    cells = market.cells
    planned = np.flatnonzero(~cells.in_tail)
    sites = list(case.sites.values())
    arrays = np.zeros((len(_FIGURES), len(places), cells.size))
    for s in sorted({place.site for place in places}):
        # Site by site, month by month, so that the hours of a month are made once for all lots.
        here = np.array([index for index, place in enumerate(places) if place.site == s], dtype=np.int64)
        begins, ends = (
            np.array([getattr(lots[places[index].lot], name) for index in here.tolist()])
            for name in ("present_from", "present_until")
        )
        month_of = _plain_month if buys_plainly(sites[s]) else _month
        alike: dict[float, list[int]] = {}
        for row, index in enumerate(here.tolist()):
            alike.setdefault(places[index].mw_per_eh, []).append(row)
        months = cells.month[planned]
        all_month = (months >= begins[:, None]) & (months + 1 <= ends[:, None])
        some_days = (months + 1 > begins[:, None]) & (months < ends[:, None]) & ~all_month
        kinds: list[tuple[Ints, Bools, list[bool], list[_FigureRow]]] = [
            (here[rows], all_month[rows], all_month[rows].any(axis=0).tolist(), [])
            for rows in map(np.array, alike.values())
        ]
        partly = set(np.flatnonzero(some_days.any(axis=0)).tolist())
        part_of: dict[tuple[int, int], _FigureRow] = {}
        for k, j in enumerate(planned.tolist()):
            stands = any(kind[2][k] for kind in kinds)
            days = tuple(stretches(market, sites[s], j, 0.0, float("inf"))) if stands else ()
            for indices, _, is_there, figures in kinds:
                figures.append(month_of(clocks[s], places[indices[0]], days) if is_there[k] else _NOTHING)
            for index in here[some_days[:, k]].tolist() if k in partly else ():
                place, lot = places[index], lots[places[index].lot]
                part = stretches(market, sites[s], j, lot.present_from, lot.present_until)
                part_of[index, j] = month_of(clocks[s], place, part)
        for indices, full_months, _, figures in kinds:
            of_month = np.array(figures).T[:, None, :]
            arrays[:, indices[:, None], planned] = np.where(full_months, of_month, 0.0)
        for (index, j), found in part_of.items():
            arrays[:, index, j] = found
    return MiningCoefficients(**dict(zip(_FIGURES, arrays, strict=True)))


def _plain_month(clock: SiteClock, place: Place, days: Iterable[Stretch]) -> _FigureRow:
    """The figures of one EH/s in some days of a month cell."""
    market, site = clock.market, clock.site
    figures = _NOTHING
    for stretch in days:
        tariff = purchase(site, market.start_month + stretch.month)
        value = value_usd_per_mwh(place.mw_per_eh, site, stretch.hashprice, market.network.pool_fee)
        ran, price_hours = run_below(stretch, tariff, value)
        found = _figures_of(market, site, place, stretch.month, stretch.hashprice, ran, price_hours, 0.0)
        figures = tuple(map(add, figures, found))
    return figures


def _month(clock: SiteClock, place: Place, days: Iterable[Stretch]) -> _FigureRow:
    """The same where prices have to be looked at hour by hour."""
    market, site = clock.market, clock.site
    figures = _NOTHING
    for stretch in days:
        hours = clock.hours(stretch.cell)
        if not stretch.whole_month:
            hours = hours.part(stretch.first, stretch.last)
        value = value_usd_per_mwh(place.mw_per_eh, site, stretch.hashprice, market.network.pool_fee)
        done = hours.bought(value)
        found = _figures_of(market, site, place, stretch.month, stretch.hashprice, done.hours, done.paid, done.charge)
        figures = tuple(map(add, figures, found))
    return figures


def _figures_of(
    market: Market,
    site: Site,
    place: Place,
    month: int,
    hashprice: float,
    ran: float,
    price_hours: float,
    charge_hours: float,
) -> _FigureRow:
    hours = site.uptime * ran
    mwh = hours * place.mw_per_eh
    revenue = hours * hashprice / 24 * (1 - market.network.pool_fee) * PH_PER_EH * site.share
    power = site.share * place.load_mw_per_eh * price_hours
    variable = mwh * site.variable_cost_usd_per_mwh * site.share
    charge = site.share * place.load_mw_per_eh * charge_hours
    btc = revenue / float(market.network.btc_usd[month])
    money = (revenue / USD_PER_USD_M, power / USD_PER_USD_M, variable / USD_PER_USD_M, charge / USD_PER_USD_M)
    return hours, mwh, btc, *money
