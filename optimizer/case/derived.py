"""Figures that follow from a case by a line of arithmetic: dates of steps, levels at an instant, megawatts of a lot.

For checks and for words, so that both say the same. What a plan is worth is computed elsewhere, and by its own code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from optimizer.case.base import CalendarDate, Window
from optimizer.case.case import Case
from optimizer.case.offers import Offer, SignWindow
from optimizer.case.sites import ArrivingLot, FleetLot, Site

TOLERANCE = 1e-6

Levels = float | Mapping[CalendarDate, float]
Lot = FleetLot | ArrivingLot


def decision_dates(case: Case) -> list[float]:
    """Month coordinates of the first instants of all steps, and of the end of the horizon as the last."""
    dates = [case.horizon.start.first]
    for count, months in case.horizon.steps:
        dates += [dates[-1] + months * (index + 1) for index in range(count)]
    return dates


LONGEST_PERIOD_MONTHS = 3


def period_dates(case: Case) -> list[float]:
    """Month coordinates of the first instants of all periods, and of the end of the horizon as the last."""
    steps = decision_dates(case)
    dates = [
        step + LONGEST_PERIOD_MONTHS * index
        for step, end in pairwise(steps)
        for index in range(math.ceil((end - step) / LONGEST_PERIOD_MONTHS))
    ]
    return [*dates, steps[-1]]


def dates_in(window: Window | SignWindow, dates: Sequence[float]) -> list[float]:
    """Those of the instants that lie in a window."""
    return [date for date in dates if window.start.first - 1e-9 <= date < window.end.last]


def span(case: Case, start: CalendarDate | None, until: CalendarDate | None) -> tuple[float, float]:
    """Month coordinates between which something holds: by default from the start of the plan, and for ever."""
    return (start or case.horizon.start).first, until.last if until is not None else float("inf")


def overlap(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether two spans have any time in common."""
    return max(one[0], other[0]) < min(one[1], other[1]) - 1e-9


def nearest_step(starts: Sequence[float], date: float) -> float:
    """The first instant of a step nearest to a date, the earlier of two."""
    return min(starts, key=lambda start: (abs(start - date), start))


def level_at(levels: Levels, instant: float) -> float:
    """The level that holds at an instant; 0 before the first date."""
    if not isinstance(levels, Mapping):
        return levels
    begun = [date for date in levels if date.first <= instant + 1e-9]
    return levels[max(begun, key=lambda date: date.first)] if begun else 0.0


def lowest_level(levels: Levels, begin: float, end: float) -> float:
    """The lowest level between two instants."""
    later = [date.first for date in levels if begin < date.first < end] if isinstance(levels, Mapping) else []
    return min(level_at(levels, instant) for instant in [begin, *later])


def highest_level(levels: Levels) -> float:
    """The highest level ever."""
    return max(levels.values(), default=0.0) if isinstance(levels, Mapping) else levels


def mean_level(levels: Levels) -> float:
    """The plain mean of all levels, whenever they hold: for a rough comparison."""
    return sum(levels.values()) / len(levels) if isinstance(levels, Mapping) and levels else highest_level(levels)


def lots_of(site: Site) -> list[tuple[str, Lot]]:
    """All machine lots of a site by name: the fleet, then what arrives."""
    return [*site.fleet.items(), *site.arriving.items()]


def meter_mw_per_ph_s(case: Case, site: Site, name: str, lot: Lot) -> float:
    """Meter MW that a PH/s of a lot draws: efficiency x overhead / 1000."""
    return case.machines[lot.machine or name].efficiency_j_per_th * site.mining_overhead / 1000


def hashprice_at_start(case: Case) -> float:
    """USD per PH/s and day on the first day of the plan, derived from price, hash rate, subsidy and fees."""
    network = case.market.network
    reward_btc = 144 * network.subsidy_btc / (1 - network.fee_share)
    return reward_btc * network.btc_usd / (network.hashrate_eh_s * 1000)


def lot_end(case: Case, key: str, lot: Lot) -> float:
    """Month coordinate at which a lot is scrapped, infinite for machines without a life."""
    machine = case.machines[lot.machine or key]
    if machine.life is None:
        return float("inf")
    since = lot.on if isinstance(lot, ArrivingLot) else lot.bought or case.horizon.start
    return since.first + machine.life


def designed(case: Case, offer: Offer) -> Offer:
    """The offer with the figures of its design in place of its own; as it is where no design is named or known."""
    design = case.hall_designs.get(offer.design) if offer.design is not None else None
    if design is None:
        return offer
    figures = ("gross_per_it", "pue", "capex_usd_m_per_mw_it")
    return offer.model_copy(update={name: getattr(design, name) for name in figures})


def least_mw(offer: Offer, halls: int | None = None, billed: bool = False) -> float:
    """Meter MW that the smallest number of halls reserves at most, or a given number; ``billed``: from the rent on."""
    taken_after = offer.space_taken_after
    if taken_after is None:
        taken_after = 0 if offer.takes == "mining_shell" else offer.lead
    reserved = offer.gross_per_it
    if billed or taken_after >= offer.lead:
        # What is kept for redundancy may be used by machines once rent is paid.
        reserved -= offer.headroom_to_mining * (offer.gross_per_it - offer.pue)
    return (halls or offer.halls.min) * offer.hall_mw_it * reserved


def reserved_by_leases_mw(case: Case, site: str, instant: float, only_shell: bool = False) -> float:
    """Meter MW that signed leases hold at a site at an instant; ``only_shell``: those in the mine's buildings."""
    start = case.horizon.start.first
    total = 0.0
    for lease in case.leases.values():
        if lease.site != site or (only_shell and lease.takes != "mining_shell"):
            continue
        if lease.space_taken is not None:
            begin = lease.space_taken.first
        else:
            begin = start if lease.takes == "mining_shell" else max(start, lease.first_rent.first)
        if begin <= instant + 1e-9 < lease.first_rent.first + lease.term:
            total += lease.it_mw * lease.gross_per_it
    return total


def room_mw(offer: Offer, site: Site) -> float:
    """Meter MW that a site can ever give to an offer, with nothing else there and all builds made."""
    room = highest_level(site.energised_mw) + sum(build.max * build.energised_mw for build in site.builds.values())
    if offer.takes == "free_power":
        return room
    shell = highest_level(site.mining_shell_mw) + sum(
        build.max * build.mining_shell_mw for build in site.builds.values()
    )
    return min(room, shell)


def room_between_mw(offer: Offer, site: Site, begin: float, end: float) -> float:
    """The same for the time between two instants, with the builds that can be ready by its beginning."""
    ready = [build for build in site.builds.values() if build.window.start.first + build.lead <= begin]
    room = lowest_level(site.energised_mw, begin, end) + sum(build.max * build.energised_mw for build in ready)
    if offer.takes == "free_power":
        return room
    shell = lowest_level(site.mining_shell_mw, begin, end) + sum(build.max * build.mining_shell_mw for build in ready)
    return min(room, shell)
