"""What all machines earn where they stand, and what contracts, programs and charges bring and cost, hour by hour.

Every hour of every planned month is looked at for every site; nothing is approximated. Section 5 of docs/figures.md.
How one month of one site goes is reckoned in ``hours``, or here where nothing but the price at the meter counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.case.case import Case
from optimizer.case.sites import Site
from optimizer.plan.audit.recompute.dispatch import Dispatch
from optimizer.plan.audit.recompute.hours import SAME_PRICE, Loads, run_month
from optimizer.plan.audit.recompute.lots import Stand
from optimizer.plan.audit.recompute.meter import MeterMonth
from optimizer.plan.audit.recompute.network import NetworkPath
from optimizer.plan.audit.recompute.operated import Operated, note_month, nothing_done
from optimizer.plan.audit.recompute.site_terms import SiteTerms
from optimizer.plan.audit.recompute.timeline import SAME_INSTANT, Array, Timeline, days_in


@dataclass(frozen=True, eq=False)
class StandFigures:
    """What a stand does by planned month, (N,) each, for all PH/s that are installed and present.

    Hours and MWh are those of the whole site; coins and USD m are the company's share.
    """

    hours_run: Array
    mwh: Array
    btc: Array
    revenue: Array
    power_cost: Array
    variable_cost: Array

    @property
    def margin(self) -> Array:
        return self.revenue - self.power_cost - self.variable_cost


def operate(
    case: Case,
    timeline: Timeline,
    stands: Sequence[Stand],
    terms: Mapping[str, SiteTerms],
    network: NetworkPath,
    dispatch: Dispatch,
) -> tuple[tuple[StandFigures, ...], dict[str, Operated]]:
    """Figures of every stand, in the order of ``stands``, and of every site."""
    sums = np.zeros((6, len(stands), timeline.months))
    operated: dict[str, Operated] = {}
    for name, of_site in terms.items():
        site, here = of_site.site, np.array([at for at, stand in enumerate(stands) if stand.site == name], dtype=int)
        machines, done = _machines([stands[place] for place in here], timeline.months), nothing_done(of_site)
        operated[name] = done
        for month in range(timeline.months):
            at = timeline.start + month
            there, plain = machines.there(month, at), of_site.is_plain(at)
            if plain and not len(there):
                continue
            loads = _loads(case, site, machines, there, month, at, network.hashprice_usd_per_ph_day[month])
            meter = of_site.meter.month(at)
            if plain:
                figures = _run_plain(loads, meter, days_in(at))
            else:
                supplies = of_site.supplies_in(meter.spot, at, dispatch)
                rules = of_site.rules(loads.mw.sum(axis=0), meter, at, dispatch)
                run = run_month(loads, rules, supplies, meter)
                figures = _Figures(run.mwh, run.revenue, run.cost)
                note_month(done, of_site, supplies, run, meter, rules.most_mw, month, dispatch)
            btc_usd = float(network.btc_usd[month])
            sums[:, here[there], month] = _of_stands(site, loads, figures, btc_usd)
    return tuple(StandFigures(*(each[place] for each in sums)) for place in range(len(stands))), operated


@dataclass(frozen=True, eq=False)
class _Machines:
    """The stands of a site, S of them, the best first. ph_s: (S, N) by planned month; start, end: (S,).

    kind: (S,) place in kinds of their MW per PH/s, (K,): machines of one kind run in the same hours.
    order: (S,) places from the best, those that are equal as the case has them.
    """

    ph_s: Array
    start: Array
    end: Array
    kind: NDArray[np.int64]
    kinds: Array
    order: NDArray[np.int64]

    def there(self, month: int, at: int) -> NDArray[np.int64]:
        """Stands with machines that are there at some time of a month, the best first."""
        overlap = np.minimum(self.end, at + 1) - np.maximum(self.start, at)
        found = (self.ph_s[:, month] > 0) & (overlap > SAME_INSTANT)
        return self.order[found[self.order]]


def _machines(stands: Sequence[Stand], months: int) -> _Machines:
    kinds, kind = np.unique(np.array([stand.mw_per_ph_s for stand in stands], dtype=np.float64), return_inverse=True)
    return _Machines(
        ph_s=np.array([stand.ph_s for stand in stands]).reshape(len(stands), months),
        start=np.array([stand.lot.start for stand in stands], dtype=np.float64),
        end=np.array([stand.lot.end for stand in stands], dtype=np.float64),
        kind=kind.astype(np.int64),
        kinds=kinds,
        # The fewer MW a PH/s takes, the more a MWh brings, on every day.
        order=np.argsort(kind, kind="stable").astype(np.int64),
    )


def _loads(
    case: Case, site: Site, machines: _Machines, there: NDArray[np.int64], month: int, at: int, hashprice: Array
) -> Loads:
    days = days_in(at)
    instants = at + np.arange(days) / days
    start, end, kind = machines.start[there, None], machines.end[there, None], machines.kind[there]
    present = (instants >= start - SAME_INSTANT) & (instants < end - SAME_INSTANT)
    installed = machines.ph_s[there, month] * machines.kinds[kind]
    # What a PH/s earns in an hour over the MWh that it takes.
    revenue: Array = hashprice / 24 / machines.kinds[:, None] * (1 - case.market.network.pool_fee)
    mw = np.where(present, installed[:, None] * site.uptime, 0.0)
    return Loads(installed, mw, kind, revenue, revenue - site.variable_cost_usd_per_mwh)


@dataclass(frozen=True, eq=False)
class _Figures:
    """By load, (L,): MWh, and revenue and power cost in USD."""

    mwh: Array
    revenue: Array
    cost: Array


def _run_plain(loads: Loads, meter: MeterMonth, days: int) -> _Figures:
    """Let all machines run in the hours in which a MWh brings more than it costs at the meter."""
    day = meter.spot.day
    asked = meter.machines if meter.decides is None else meter.decides
    runs = loads.value_usd_per_mwh[:, day] - asked > SAME_PRICE
    if meter.called is not None:
        runs &= ~meter.called
    shape = (len(runs), days)
    hours = np.array([np.bincount(day[run], minlength=days) for run in runs]).reshape(shape)
    paid = np.array([np.bincount(day[run], meter.machines[run], minlength=days) for run in runs]).reshape(shape)
    mw = loads.mw * meter.spot.weight
    mwh = mw * hours[loads.kind]
    revenue = (mwh * loads.revenue_usd_per_mwh[loads.kind]).sum(axis=1)
    return _Figures(mwh.sum(axis=1), revenue, (mw * paid[loads.kind]).sum(axis=1))


def _of_stands(site: Site, loads: Loads, figures: _Figures, btc_usd: float) -> Array:
    """(6, L): hours run, MWh; and as the company's share BTC, and revenue, power cost and variable cost in USD m."""
    variable = figures.mwh * site.variable_cost_usd_per_mwh
    money = np.array([figures.revenue / btc_usd, figures.revenue / 1e6, figures.cost / 1e6, variable / 1e6])
    return np.concatenate(([figures.mwh / loads.installed_mw, figures.mwh], money * site.share))
