"""The decisions of a plan as the rest of the recomputation takes them. Reading and judging them is not done here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from optimizer.case.case import Case
from optimizer.case.facilities import BtcLine, CreditLine, SweepLoan
from optimizer.case.sites import ArrivingLot, FleetLot

Kind = Literal[
    "sign", "contract", "build", "buy", "unplug", "plug", "sell",
    "commit", "draw", "repay", "fund", "upstream", "issue", "sell_btc", "keep_btc",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In the order in which decisions of one date are written."""

COINS: tuple[Kind, ...] = ("sell_btc", "keep_btc")
"""Decided by period, as lines are; all others by step."""

BETWEEN: tuple[Kind, ...] = ("fund", "upstream")
"""Cash between the parent and its companies, by period as well."""


@dataclass(frozen=True)
class Decision:
    """One row of decisions.csv: ``amount`` of ``item``, decided for the first instant of the month ``at``.

    item: an offer, a contract offer, a build, a machine type, a lot by its full name, a facility (project finance: as
    named with its offer), a company, or ``bitcoin``. site: empty for what is decided at no site. amount: halls, MW,
    builds, PH/s, USD m or BTC.
    """

    kind: Kind
    item: str
    site: str
    at: int
    amount: float


@dataclass(frozen=True)
class Decisions:
    """All that is decided, in the order of the file."""

    rows: tuple[Decision, ...] = ()

    def of(self, *kinds: Kind) -> list[Decision]:
        """Decisions of these kinds in order of time, those of one time in the order of the file."""
        return sorted((each for each in self.rows if each.kind in kinds), key=lambda each: each.at)


def by_period(case: Case, kind: str, item: str) -> bool:
    """Whether something is decided for each period and not only at steps: coins, the cash of companies, and the
    balances of lines."""
    facility = case.finance.facilities.get(item)
    if kind == "repay":
        return True
    return kind in (*COINS, *BETWEEN) or (kind in ("commit", "draw") and isinstance(facility, CreditLine | BtcLine))


def is_line(case: Case, item: str) -> bool:
    """Whether a facility's balance moves by period."""
    return isinstance(case.finance.facilities.get(item), CreditLine | BtcLine | SweepLoan)


def lots_in_order(case: Case) -> Iterator[tuple[str, str, FleetLot | ArrivingLot]]:
    """Site, name and entry of every lot of the case: by site, at each the fleet first, then what arrives."""
    for site_name, site in case.sites.items():
        for name, fleet_lot in site.fleet.items():
            yield site_name, name, fleet_lot
        for name, arriving_lot in site.arriving.items():
            yield site_name, name, arriving_lot


def bought_name(machine: str, at: int) -> str:
    """Name at its home of the lot that an order makes."""
    return f"{machine} {at // 12:04d}-{at % 12 + 1:02d}"


def purchases_in_order(case: Case, decisions: Decisions) -> list[Decision]:
    """Orders of machines in time, those of one time by site and machine as the case has them."""
    sites, machines = list(case.sites), list(case.machines)
    return sorted(decisions.of("buy"), key=lambda each: (each.at, sites.index(each.site), machines.index(each.item)))


def signatures_in_order(case: Case, decisions: Decisions) -> list[Decision]:
    """Signatures in time, those of one time as the case has the offers."""
    offers = list(case.offers)
    return sorted(decisions.of("sign"), key=lambda each: (each.at, offers.index(each.item)))
