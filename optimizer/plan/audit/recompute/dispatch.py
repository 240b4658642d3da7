"""What is decided month by month in running a site: elections, enrolments, peaks, the price of a minimum take.

An input to everything that is recomputed, as the decisions are. Section 12 of docs/figures.md, ``dispatch.csv``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from optimizer.case.case import Case
from optimizer.case.contracts import Contract, MinimumTake, MonthlyElection
from optimizer.case.delivery import Demand
from optimizer.case.flexibility import DemandResponse, Program
from optimizer.case.sites import Site
from optimizer.plan.audit.recompute.timeline import Timeline, days_within

Kind = Literal["elect", "enrol", "peak", "take_price", "take_share"]

UNITS: dict[Kind, str] = {
    "elect": "mw",
    "enrol": "mw",
    "peak": "mw",
    "take_price": "usd_per_mwh",
    "take_share": "share",
}
"""By kind, in the order in which those of a month and site are written."""


@dataclass(frozen=True)
class Operation:
    """What has to be decided: one row of dispatch.csv."""

    month: int
    site: str
    kind: Kind
    item: str


@dataclass(frozen=True)
class Dispatch:
    """Amounts by what was decided."""

    amounts: Mapping[Operation, float] = field(default_factory=dict)

    def amount(self, month: int, site: str, kind: Kind, item: str, otherwise: float = 0.0) -> float:
        return self.amounts.get(Operation(month, site, kind, item), otherwise)


def operations_of(case: Case, timeline: Timeline) -> Iterator[Operation]:
    """Everything that a plan has to decide, in the order of dispatch.csv."""
    for month in range(timeline.start, timeline.end):
        for name, site in case.sites.items():
            for kind in UNITS:
                for item in _items(site, kind, timeline, month):
                    yield Operation(month, name, kind, item)


def _items(site: Site, kind: Kind, timeline: Timeline, month: int) -> Iterator[str]:
    if kind == "peak":
        yield from (name for name, charge in site.delivery.items() if isinstance(charge, Demand))
    elif kind == "enrol":
        for name, program in site.flexibility.items():
            enrols = isinstance(program, DemandResponse) and enrols_in(program, month)
            if enrols and program_days(program, timeline, month).any():
                yield name
    else:
        form = MonthlyElection if kind == "elect" else MinimumTake
        for name, contract in site.contracts.items():
            if isinstance(contract, form) and contract_days(contract, timeline, month).any():
                yield name


def enrols_in(program: DemandResponse, month: int) -> bool:
    """Whether the program has the calendar month."""
    return month % 12 + 1 in program.months


def program_days(program: Program, timeline: Timeline, month: int) -> NDArray[np.bool_]:
    """Days of a month on which a program is in force, (days,)."""
    start = timeline.start if program.start is None else program.start.first
    return days_within(start, math.inf if program.until is None else program.until.last, month)


def contract_days(contract: Contract, timeline: Timeline, month: int) -> NDArray[np.bool_]:
    """Days of a month on which a contract of the case is in force, (days,)."""
    start = timeline.start if contract.start is None else contract.start.first
    return days_within(start, contract.until.last, month)
