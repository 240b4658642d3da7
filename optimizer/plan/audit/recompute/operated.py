"""What contracts, programs and charges of a site come to, month by month, and then as the company's share.

The hours themselves are reckoned in ``hours``. Sections 5 and 12 of docs/figures.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.case.case import Case
from optimizer.case.contracts import MinimumTake
from optimizer.case.delivery import CoincidentPeak
from optimizer.case.flexibility import Ancillary
from optimizer.plan.audit.recompute.by_date import in_month
from optimizer.plan.audit.recompute.delivery import (
    USD_M_PER_MW,
    MachineCharge,
    billed,
    billed_until,
    demand_billed_mw,
    mean_billing_factor,
    opening_billed,
    usd_per_mwh,
)
from optimizer.plan.audit.recompute.dispatch import Dispatch, contract_days, enrols_in
from optimizer.plan.audit.recompute.hours import Run
from optimizer.plan.audit.recompute.meter import MeterMonth
from optimizer.plan.audit.recompute.prices import Spot
from optimizer.plan.audit.recompute.site_terms import SiteTerms
from optimizer.plan.audit.recompute.supply import (
    Supply,
    SupplyMonth,
    is_financial,
    level,
    market_of,
    price_in,
)
from optimizer.plan.audit.recompute.timeline import Array, Timeline

OF_CONTRACT = ("mwh", "mining", "hosting", "paid", "result", "against_market")


@dataclass(frozen=True, eq=False)
class Operated:
    """What a site does beside its machines' own figures, by planned month, (N,), of the whole site in MW, MWh and USD.

    used: of each contract what ``OF_CONTRACT`` says. earned: of each program MW hours and USD. accrued, avoided: of
    each coincident-peak charge. taken: of each minimum take MWh of machines and of halls on its days, and their hours.
    least_mw: the least load of machines that counts on a day. hours: of the month.
    """

    used: Mapping[str, Mapping[str, Array]]
    earned: Mapping[str, Mapping[str, Array]]
    accrued: Mapping[str, Array]
    avoided: Mapping[str, Array]
    taken: Mapping[str, Mapping[str, Array]]
    least_mw: Array
    hours: Array


def nothing_done(terms: SiteTerms) -> Operated:
    """All figures of a site at 0."""
    months = terms.timeline.months

    def zeros(*names: str) -> dict[str, Array]:
        return {name: np.zeros(months) for name in names}

    return Operated(
        used={each.name: zeros(*OF_CONTRACT) for each in terms.supplies},
        earned={name: zeros("mw_hours", "usd") for name in (*terms.reserves, *terms.responses)},
        accrued=zeros(*terms.peaks),
        avoided=zeros(*terms.peaks),
        taken={name: zeros("mining", "hosting", "hours") for name in terms.takes},
        least_mw=np.zeros(months),
        hours=np.zeros(months),
    )


def note_month(
    done: Operated,
    terms: SiteTerms,
    supplies: Sequence[SupplyMonth],
    run: Run,
    meter: MeterMonth,
    most_mw: Array,
    month: int,
    dispatch: Dispatch,
) -> None:
    """Put down what came of a month; ``most_mw`` is the load of machines that counts, by day, (days,)."""
    hours, at = meter.spot, terms.timeline.start + month
    day, weight = hours.day, hours.weight
    done.hours[month], done.least_mw[month] = hours.hours, float(most_mw.min())
    for place, each in enumerate(supplies):
        of_contract, used, hosted = done.used[each.supply.name], run.used[place], run.hosted[place]
        unused = each.mw - used - hosted
        paid = each.mw if each.supply.is_paid_unused() else used + hosted
        of_contract["mwh"][month] = weight * each.mw.sum()
        of_contract["mining"][month] = weight * used.sum()
        of_contract["hosting"][month] = weight * hosted.sum()
        of_contract["paid"][month] = weight * paid.sum() * each.price
        result = weight * (unused @ each.unused + hosted @ (meter.halls - each.price))
        of_contract["result"][month] = result
        of_contract["against_market"][month] = result + weight * (used @ (meter.machines - each.price))
    for name in terms.reserves:
        earned = terms.reserve(name, hours, at)
        done.earned[name]["mw_hours"][month] = weight * run.awarded[earned > 0].sum()
        done.earned[name]["usd"][month] = weight * (run.awarded @ earned)
    for name, (response, _) in terms.responses.items():
        enrolled = terms.enrolled(name, at, dispatch)
        done.earned[name]["mw_hours"][month] = weight * enrolled[day].sum()
        done.earned[name]["usd"][month] = response.payment_usd_per_kw_month * 1000 * enrolled.mean()
    for name, peak in terms.peaks.items():
        if at % 12 + 1 in peak.months:
            by_mwh = usd_per_mwh(peak, hours, at)
            done.accrued[name][month] = weight * (run.running @ by_mwh)
            done.avoided[name][month] = weight * (most_mw[day] @ by_mwh) - done.accrued[name][month]
    for name, take in terms.takes.items():
        there = contract_days(take, terms.timeline, at)[day]
        done.taken[name]["mining"][month] = weight * run.running[there].sum()
        done.taken[name]["hosting"][month] = weight * there.sum() * terms.hosting_mw[month]
        done.taken[name]["hours"][month] = weight * there.sum()


@dataclass(frozen=True, eq=False)
class ContractFigures:
    """A power contract by planned month, (N,): MWh of the whole site; USD m are the company's share.

    in_force: whether it is on some day. Of a minimum take, mwh is what has to be taken in a window that ends.
    """

    site: str
    name: str
    in_force: Array
    mwh: Array
    mining_mwh: Array
    hosting_mwh: Array
    unused_mwh: Array
    paid: Array
    result: Array
    against_market: Array


@dataclass(frozen=True, eq=False)
class ProgramFigures:
    """A program of a site by planned month, (N,): MW hours of the whole site, USD m of the company."""

    site: str
    name: str
    in_force: Array
    mw_hours: Array
    income: Array


def contract_figures(
    case: Case,
    timeline: Timeline,
    supplies: Sequence[Supply],
    operated: Mapping[str, Operated],
    spots: Mapping[str, Spot],
) -> tuple[ContractFigures, ...]:
    """All contracts: by site, those of the case in its order, then what is signed."""
    found: list[ContractFigures] = []
    for name, site in case.sites.items():
        here = {each.name: each for each in supplies if each.site == name}
        for key in (*site.contracts, *(each for each in here if each not in site.contracts)):
            terms = site.contracts.get(key)
            if isinstance(terms, MinimumTake):
                found.append(_taken(name, site.share, key, terms, timeline, operated[name]))
            elif is_financial(here[key].terms):
                found.append(_settled(here[key], site.share, timeline, spots[market_of(site, here[key].terms)]))
            else:
                of_contract = operated[name].used[key]
                found.append(
                    ContractFigures(
                        site=name,
                        name=key,
                        in_force=_in_force(here[key], timeline),
                        mwh=of_contract["mwh"],
                        mining_mwh=of_contract["mining"],
                        hosting_mwh=of_contract["hosting"],
                        unused_mwh=of_contract["mwh"] - of_contract["mining"] - of_contract["hosting"],
                        paid=of_contract["paid"] / 1e6 * site.share,
                        result=of_contract["result"] / 1e6 * site.share,
                        against_market=of_contract["against_market"] / 1e6 * site.share,
                    )
                )
    return tuple(found)


def _in_force(supply: Supply, timeline: Timeline) -> Array:
    return np.array([float(supply.in_force(at).any()) for at in range(timeline.start, timeline.end)])


def _settled(supply: Supply, share: float, timeline: Timeline, spot: Spot) -> ContractFigures:
    mwh, paid, result = (np.zeros(timeline.months) for _ in range(3))
    in_force = _in_force(supply, timeline)
    for month in np.flatnonzero(in_force):
        at = timeline.start + int(month)
        hours, price = spot.month(at), price_in(supply.terms, at)
        by_hour = hours.weight * supply.mw * supply.in_force(at)[hours.day] * level(supply, hours, at)
        mwh[month] = by_hour.sum()
        paid[month] = mwh[month] * price / 1e6 * share
        result[month] = by_hour @ (hours.price - price) / 1e6 * share
    nothing = np.zeros(timeline.months)
    return ContractFigures(supply.site, supply.name, in_force, mwh, nothing, nothing, mwh, paid, result, result)


@dataclass(frozen=True)
class Window:
    """A window of a minimum take, as far as it lies in the contract and the horizon: places of its months."""

    months: tuple[int, ...]
    required_mwh: float
    taken_mwh: float

    @property
    def short_mwh(self) -> float:
        return max(0.0, self.required_mwh - self.taken_mwh)


def windows_of(name: str, terms: MinimumTake, timeline: Timeline, operated: Operated) -> list[Window]:
    """All windows of a minimum take, in time."""
    taken, length = operated.taken[name], {"month": 1, "quarter": 3, "year": 12}[terms.over]
    by_window: dict[int, list[int]] = {}
    for month in range(timeline.months):
        if contract_days(terms, timeline, timeline.start + month).any():
            by_window.setdefault((timeline.start + month) // length, []).append(month)
    return [
        Window(
            months=tuple(months),
            required_mwh=terms.share * terms.mw * float(taken["hours"][months].sum()),
            taken_mwh=float((taken["mining"] + taken["hosting"])[months].sum()),
        )
        for months in by_window.values()
    ]


def _taken(
    site: str, share: float, name: str, terms: MinimumTake, timeline: Timeline, operated: Operated
) -> ContractFigures:
    required, short = np.zeros(timeline.months), np.zeros(timeline.months)
    in_force = np.zeros(timeline.months)
    for window in windows_of(name, terms, timeline, operated):
        in_force[list(window.months)] = 1.0
        required[window.months[-1]], short[window.months[-1]] = window.required_mwh, window.short_mwh
    taken, nothing = operated.taken[name], np.zeros(timeline.months)
    result = -short * terms.shortfall_usd_per_mwh / 1e6 * share
    took = (taken["mining"], taken["hosting"])
    return ContractFigures(site, name, in_force, required, *took, short, nothing, result, result)


def program_figures(case: Case, terms: Mapping[str, SiteTerms], operated: Mapping[str, Operated]) -> tuple[
    ProgramFigures, ...
]:  # fmt: skip
    """All programs, in the order of the case."""
    found: list[ProgramFigures] = []
    for name, site in case.sites.items():
        timeline = terms[name].timeline
        for key, program in site.flexibility.items():
            in_force = [
                terms[name].days(program, at).any() and (isinstance(program, Ancillary) or enrols_in(program, at))
                for at in range(timeline.start, timeline.end)
            ]
            earned = operated[name].earned[key]
            income = earned["usd"] / 1e6 * site.share
            found.append(ProgramFigures(name, key, np.array(in_force, dtype=float), earned["mw_hours"], income))
    return tuple(found)


def machine_charges(
    case: Case, terms: Mapping[str, SiteTerms], operated: Mapping[str, Operated], dispatch: Dispatch
) -> tuple[MachineCharge, ...]:
    """All charges as far as machines bear them, in the order of the case."""
    found: list[MachineCharge] = []
    for name, site in case.sites.items():
        of_site, timeline = terms[name], terms[name].timeline
        start, months = timeline.start, billed_until(site.delivery, timeline.end) - timeline.start
        for key, charge in site.delivery.items():
            if isinstance(charge, CoincidentPeak):
                accrued = operated[name].accrued[key] / 1e6 * site.share
                avoided = operated[name].avoided[key] / 1e6 * site.share
                paid = billed(charge, accrued, start, months)
                paid += opening_billed(charge, start, months) * site.share
                factor = [
                    mean_billing_factor(charge, start, start + month, of_site.rate) for month in range(timeline.months)
                ]
                found.append(MachineCharge(name, key, accrued, avoided, paid, np.array(factor)))
                continue
            peaks = np.array([of_site.peak_mw(at, dispatch) or 0.0 for at in range(start, timeline.end)])
            rates = np.array([in_month(charge.rate_usd_per_kw_month, at) for at in range(start, timeline.end)])
            borne = (demand_billed_mw(charge, peaks) - of_site.hosting_mw) * rates * USD_M_PER_MW * site.share
            paid = np.concatenate((borne, np.zeros(months - timeline.months)))
            found.append(MachineCharge(name, key, borne, np.zeros(timeline.months), paid, of_site.factors))
    return tuple(found)
