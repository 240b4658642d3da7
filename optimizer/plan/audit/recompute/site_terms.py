"""What holds at a site in a month: its contracts, programs and charges, as the hours of the site need them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.case.case import Case
from optimizer.case.contracts import MinimumTake, MonthlyElection
from optimizer.case.delivery import CoincidentPeak, Demand
from optimizer.case.flexibility import Ancillary, DemandResponse, Program
from optimizer.case.price_file import PriceFile
from optimizer.case.sites import Site
from optimizer.plan.audit.recompute.by_date import in_month
from optimizer.plan.audit.recompute.delivery import mean_billing_factor, usd_per_mwh
from optimizer.plan.audit.recompute.dispatch import Dispatch, contract_days, enrols_in, program_days
from optimizer.plan.audit.recompute.events import Marks, events_in
from optimizer.plan.audit.recompute.hours import Rules
from optimizer.plan.audit.recompute.meter import Meter, MeterMonth
from optimizer.plan.audit.recompute.prices import Hours, Shape, shape_beside
from optimizer.plan.audit.recompute.supply import Files, Supply, SupplyMonth, is_assignable, is_financial, supply_in
from optimizer.plan.audit.recompute.timeline import Array, CannotRecompute, Timeline, mean_factors


@dataclass(frozen=True, eq=False)
class SiteTerms:
    """A site with all that its hours depend on. hosting_mw: (N,) mean load of halls by planned month.

    supplies: contracts that deliver. reserves: with the prices of each product. responses: with their events.
    factors: discount factors by planned month, class mining.
    """

    name: str
    site: Site
    timeline: Timeline
    meter: Meter
    supplies: tuple[Supply, ...]
    assignable: bool
    reserves: Mapping[str, tuple[Ancillary, tuple[Shape, ...]]]
    responses: Mapping[str, tuple[DemandResponse, Marks]]
    peaks: Mapping[str, CoincidentPeak]
    demand: tuple[str, Demand] | None
    takes: Mapping[str, MinimumTake]
    hosting_mw: Array
    rate: float
    factors: Array

    def days(self, program: Program, at: int) -> NDArray[np.bool_]:
        """Days of a month on which a program is in force."""
        return program_days(program, self.timeline, at)

    def supplies_in(self, hours: Hours, at: int, dispatch: Dispatch) -> list[SupplyMonth]:
        """Contracts that are in force on some day of a month."""
        found: list[SupplyMonth] = []
        for supply in self.supplies:
            if supply.in_force(at).any():
                elected = None
                if isinstance(supply.terms, MonthlyElection):
                    otherwise = supply.terms.least * supply.terms.mw
                    elected = dispatch.amount(at, self.name, "elect", supply.name, otherwise)
                found.append(supply_in(supply, self.site, hours, at, elected))
        return found

    def peak_mw(self, at: int, dispatch: Dispatch) -> float | None:
        """The load that is never passed in a month, if there is a charge on it."""
        if self.demand is None:
            return None
        otherwise = float(self.hosting_mw[at - self.timeline.start])
        return dispatch.amount(at, self.name, "peak", self.demand[0], otherwise)

    def reserve(self, name: str, hours: Hours, at: int) -> Array:
        """What a MWh that is awarded earns, (H,); 0 on days on which the program is not in force."""
        terms, shapes = self.reserves[name]
        price: Array = np.max([shape.lay(at).price for shape in shapes], axis=0)
        lost = terms.deployed_share * terms.deployment_cost_usd_per_mwh
        earned = np.maximum(0.0, price * in_month(terms.price_share, at) * terms.availability - lost)
        return np.where(self.days(terms, at)[hours.day], earned, 0.0)

    def enrolled(self, name: str, at: int, dispatch: Dispatch) -> Array:
        """MW that a demand response has on each day of a month, (days,)."""
        terms = self.responses[name][0]
        mw = dispatch.amount(at, self.name, "enrol", name) if enrols_in(terms, at) else 0.0
        return np.where(self.days(terms, at), mw, 0.0)

    def charge(self, hours: Hours, at: int) -> Array | None:
        """What a MWh is expected to cost in coincident-peak charges, in money of the month, (H,)."""
        total: Array | None = None
        for terms in self.peaks.values():
            if at % 12 + 1 in terms.months:
                start = self.timeline.start
                ratio = mean_billing_factor(terms, start, at, self.rate) / self.factors[at - start]
                of_charge = usd_per_mwh(terms, hours, at) * ratio
                total = of_charge if total is None else total + of_charge
        return total

    def taken(self, at: int, dispatch: Dispatch) -> tuple[float, float]:
        """What running at a loss is worth in a month, USD a MWh, and how much runs of what is just even."""
        price, share = 0.0, 0.0
        for name, terms in self.takes.items():
            if contract_days(terms, self.timeline, at).any():
                of_take = dispatch.amount(at, self.name, "take_price", name)
                if of_take > 0 and price == 0:
                    share = dispatch.amount(at, self.name, "take_share", name)
                price += of_take
        return price, share

    def is_plain(self, at: int) -> bool:
        """Whether machines run in a month by nothing but what a MWh costs at the meter."""
        if self.takes or self.reserves or self.responses or self.demand is not None:
            return False
        return not any(at % 12 + 1 in terms.months for terms in self.peaks.values()) and not any(
            supply.in_force(at).any() for supply in self.supplies
        )

    def rules(self, full_mw: Array, meter: MeterMonth, at: int, dispatch: Dispatch) -> Rules:
        """The rules of a month, with the load of all machines at full running by day, (days,)."""
        hosting, hours = float(self.hosting_mw[at - self.timeline.start]), meter.spot
        peak = self.peak_mw(at, dispatch)
        most = full_mw if peak is None else np.minimum(full_mw, max(0.0, peak - hosting))
        enrolled, events = np.zeros_like(full_mw), np.zeros(len(hours.day), dtype=np.bool_)
        for name, (_, marks) in self.responses.items():
            of_program = self.enrolled(name, at, dispatch)
            # It is decided for the month, so that a reserve has none of it on any day; events are by day.
            enrolled = enrolled + of_program.max()
            events |= self.meter.spot.shape.lay_marks(marks, at) & (of_program > 0)[hours.day]
        awarded, reserve = np.zeros_like(full_mw), np.zeros(len(hours.day))
        for name, (terms, _) in self.reserves.items():
            awarded = awarded + terms.mw * self.days(terms, at)
            reserve = reserve + self.reserve(name, hours, at)
        take_price, take_share = self.taken(at, dispatch)
        return Rules(
            hosting_mw=hosting if self.assignable else 0.0,
            most_mw=most,
            awarded_mw=awarded,
            reserve=reserve if awarded.any() else None,
            enrolled_mw=enrolled,
            events=events if enrolled.any() else None,
            take_price=take_price,
            take_share=take_share,
            charge=self.charge(hours, at),
        )


def site_terms(
    case: Case,
    name: str,
    timeline: Timeline,
    meter: Meter,
    supplies: Sequence[Supply],
    hosting_mw: Array,
    files: Files,
) -> SiteTerms:
    """Gather what holds at a site. Raises CannotRecompute."""
    site, shape = case.sites[name], meter.spot.shape
    here = [each for each in supplies if each.site == name]
    demands = [(key, each) for key, each in site.delivery.items() if isinstance(each, Demand)]
    if len(demands) > 1:
        raise CannotRecompute(f"site {name}: more than one demand charge")
    if meter.decides is not None and any(not is_financial(each.terms) for each in here):
        raise CannotRecompute(f"site {name}: decides_on goes with no contract that delivers power")
    return SiteTerms(
        name=name,
        site=site,
        timeline=timeline,
        meter=meter,
        supplies=tuple(each for each in here if not is_financial(each.terms)),
        assignable=is_assignable(here),
        reserves={
            key: (each, tuple(shape_beside(file, files[file], shape) for file in columns_of(each)))
            for key, each in site.flexibility.items()
            if isinstance(each, Ancillary)
        },
        responses={
            key: (each, events_in(shape, each.events_per_year, each.hours_per_event))
            for key, each in site.flexibility.items()
            if isinstance(each, DemandResponse)
        },
        peaks={key: each for key, each in site.delivery.items() if isinstance(each, CoincidentPeak)},
        demand=demands[0] if demands else None,
        takes={key: each for key, each in site.contracts.items() if isinstance(each, MinimumTake)},
        hosting_mw=hosting_mw,
        rate=case.discount.mining,
        factors=mean_factors(case.discount.mining, timeline.months),
    )


def columns_of(program: Ancillary) -> list[PriceFile]:
    """The file of prices once for each product; an hour without a price is one without an award."""
    return [program.prices.model_copy(update={"column": name, "gaps": "zero"}) for name in program.columns]


def reserves_used(case: Case) -> list[PriceFile]:
    """Files of the prices of reserves, once for each product."""
    programs = [each for site in case.sites.values() for each in site.flexibility.values()]
    return [file for each in programs if isinstance(each, Ancillary) for file in columns_of(each)]
