"""A part of a month at random: hours, contracts, machines and what was decided, for two ways to reckon what it earns.

`by_slots` is the small linear program over the ways in which a MW can stand, as the model has it; `by_hours` goes
through every hour by the merit order, as tables and cash have it. Amounts are dollars of the whole site.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from optimizer.case.base import parse_date
from optimizer.case.contracts import Swing
from optimizer.operations.dispatch import Load, Terms, counted, dispatch
from optimizer.operations.hours import Hours
from optimizer.operations.parts import Delivery
from optimizer.operations.slots import (
    Figures,
    Pool,
    Slot,
    Stand,
    SupplyRow,
    Way,
    hall_saving_usd_m,
    load_figures,
    slots_of,
    unused_usd_m,
)
from optimizer.operations.supply import Supply

USD_PER_USD_M = 1e6
SWING = Swing(kind="swing", mw=1.0, price_usd_per_mwh=1.0, until=parse_date("2030-12"))
"""A form for `Delivery`, which wants one; what a contract delivers stands in its supply."""


@dataclass(frozen=True)
class SmallSite:
    """Loads by value, highest first; contracts with their MW; what was decided."""

    hours: Hours
    loads: tuple[Load, ...]
    supplies: tuple[tuple[Supply, float], ...]
    terms: Terms
    now: float
    """What a dollar of peak charges counts now."""

    @property
    def pools(self) -> tuple[Pool, ...]:
        return tuple(
            Pool(supply.opportunity, supply.level, (Delivery(str(c), SWING, supply, mw),))
            for c, (supply, mw) in enumerate(self.supplies)
        )


@dataclass(frozen=True)
class Reckoned:
    """What a part comes to."""

    usd: float
    """Margin, contracts and reserves, less peak charges as they count now."""
    mwh: float
    """Of machines."""


def random_site(seed: int, *, size: int = 40, contracts: int | None = None, profile: bool = False) -> SmallSite:
    """Prices that change places from hour to hour, and everything that can tie hours at a site, half of it each."""
    random = np.random.default_rng(seed)

    def sometimes(share: float = 0.5) -> bool:
        return bool(random.random() < share)

    weight = random.choice([0.5, 1.0], size)
    price = random.gamma(2.0, 25.0, size) - 5.0
    firm = price + (3.0 if sometimes(0.3) else 0.0)
    rates = random.uniform(0, 30, (1 + sometimes(), size)) * (random.random(size) < 0.2) * sometimes()
    now = float(random.uniform(0.7, 1.0))
    reserve = random.uniform(0, 12, size) * (random.random(size) < 0.8)
    hours = Hours(
        day=np.ones(size, dtype=np.int64),
        hour=np.zeros(size, dtype=np.int64),
        weekday=np.zeros(size, dtype=np.int64),
        weight=weight,
        spot=price,
        price=price,
        firm_price=firm,
        signal=price,
        interrupted=(random.random(size) < 0.1) & sometimes(),
        event=random.random(size) < 0.15,
        reserve=reserve,
        reserve_signal=reserve,
        peak_charges=rates,
        peak_charge=rates.sum(axis=0),
        peak_charge_now=rates.sum(axis=0) * now,
    )
    values = sorted(random.uniform(15, 120, int(random.integers(1, 4))).tolist(), reverse=True)
    loads = tuple(Load(float(random.uniform(1, 6)), value) for value in values)
    total = sum(load.mw for load in loads)
    halls = float(random.uniform(0.5, 4)) if sometimes() else 0.0
    count = int(random.integers(0, 4)) if contracts is None else contracts
    supplies = []
    for c in range(count):
        paid = np.full(size, float(random.uniform(0, 60)))
        unused = random.uniform(0, 1.2) * price - paid + random.uniform(-10, 20) if sometimes() else np.zeros(size)
        shares = random.uniform(-0.4, 1.3, size) if profile else random.random(size) < 0.7
        level = np.clip(np.asarray(shares, dtype=np.float64), 0.0, 1.0)
        supplies.append((Supply(level, paid, unused, False, (c,)), float(random.uniform(1, 8))))
    peak = float(random.uniform(0.2, 1.1)) * total + halls if sometimes(0.4) else None
    terms = Terms(
        halls_mw=halls if sometimes(0.7) else 0.0,
        all_halls_mw=halls,
        peak_mw=peak,
        award_mw=float(random.uniform(0, 1.2)) * total * sometimes(0.6),
        take_price=float(random.uniform(0, 25)) * sometimes(0.4),
        take_share=0.0,
    )
    enrolled = float(random.uniform(0, 1)) * counted(loads, terms) * sometimes()
    terms = Terms(**{**terms.__dict__, "enrolled_mw": enrolled})
    return SmallSite(hours, loads, tuple(supplies), terms, now)


def by_hours(site: SmallSite) -> Reckoned:
    """Through every hour."""
    done = dispatch(site.hours, site.loads, site.supplies, site.terms)
    earned = sum(load.value * float(mwh) for load, mwh in zip(site.loads, done.mwh, strict=True))
    results = sum(contract.result for contract in done.contracts)
    charges = site.now * float(done.peak_charges.sum())
    return Reckoned(earned - float(done.power_cost.sum()) + results + done.reserve - charges, float(done.mwh.sum()))


def ends(site: SmallSite) -> list[float]:
    """Where one kind of load ends and another begins, as shares of the first contract's MW."""
    terms, halls = site.terms, site.terms.halls_mw
    count = counted(site.loads, terms)
    free = count - terms.enrolled_mw
    edges = [0.0, *np.cumsum([load.mw for load in site.loads]).tolist(), count, free, min(terms.award_mw, free)]
    return [(halls + edge) / site.supplies[0][1] for edge in edges]


def figures_of(site: SmallSite, slot: Slot, way: Way, load: Load) -> Figures:
    return load_figures(site.hours, slot, way, Stand(load.value, 0.0, 1.0))


def by_slots(site: SmallSite, edges: Sequence[float] = (), bands: int = 24) -> Reckoned:
    """The most that the megawatts can earn in the ways of the model, a taken MWh being worth ``take_price`` more."""
    slots, rows = slots_of(site.hours, site.pools, edges, bands)
    terms, take = site.terms, site.terms.take_price
    programs = [(False, False), (True, False), (False, True)]
    ways = [Way(k, awarded, enrolled, take_price=take) for k in range(len(slots)) for awarded, enrolled in programs]
    ways.append(Way(0, dark=True))
    columns: list[tuple[int, Way, float, float]] = []
    """(load, -1 for halls; way; $; MWh) of a MW."""
    for number, load in enumerate(site.loads):
        for way in ways:
            found = figures_of(site, slots[way.slot], way, load)
            usd = (found.margin_usd_m - found.peak_charge_usd_m * site.now) * USD_PER_USD_M
            columns.append((number, way, usd, found.mwh))
    for k in range(1, len(slots)):
        saving = hall_saving_usd_m(site.hours, slots[k], 1.0) * USD_PER_USD_M
        columns.append((-1, Way(k), saving, 0.0))

    def row(chosen: Sequence[bool]) -> list[float]:
        return [float(each) for each in chosen]

    equal = [row([at == number for at, *_ in columns]) for number in range(len(site.loads))]
    upper = [row([at == -1 for at, *_ in columns])]
    limits = [terms.halls_mw]
    upper += [row([entry.key in slots[way.slot].covers for _, way, *_ in columns]) for entry in rows]
    limits += [_delivered(site, entry) for entry in rows]
    upper += [
        row([way.awarded for _, way, *_ in columns]),
        [-entry for entry in row([way.enrolled for _, way, *_ in columns])],
        [-entry for entry in row([way.dark for _, way, *_ in columns])],
    ]
    total = sum(load.mw for load in site.loads)
    limits += [terms.award_mw, -terms.enrolled_mw, -(total - counted(site.loads, terms))]
    gain = np.array([usd + take * mwh for _, _, usd, mwh in columns])
    found_lp = linprog(
        -gain, A_ub=upper, b_ub=limits, A_eq=equal, b_eq=[load.mw for load in site.loads], method="highs"
    )
    assert found_lp.status == 0, found_lp.message
    mwh = float(found_lp.x @ np.array([each for *_, each in columns]))
    idle = sum(unused_usd_m(site.hours, delivery, 1.0) for pool in site.pools for delivery in _with_mw(pool))
    return Reckoned(-float(found_lp.fun) - take * mwh + idle * USD_PER_USD_M, mwh)


def _with_mw(pool: Pool) -> list[Delivery]:
    """Deliveries whose supply is that of all their MW, for `unused_usd_m`, which reckons a MW."""
    found = []
    for delivery in pool.deliveries:
        whole = Supply(delivery.supply.level * delivery.mw, delivery.supply.price, delivery.supply.unused, False, ())
        found.append(Delivery(delivery.name, delivery.terms, whole, delivery.mw))
    return found


def _delivered(site: SmallSite, row: SupplyRow) -> float:
    return sum(site.supplies[c][1] * share for c, share in row.shares)
