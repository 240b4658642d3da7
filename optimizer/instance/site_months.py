"""What a plan does in its hours, gathered by month cell: machines, contracts, programs, charges. Arrays only."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from models.tree import Floats


@dataclass
class ContractMonths:
    """A contract by month cell, (J,) each: MWh of the whole site, USD m of the company. Filled while dispatching."""

    mwh: Floats
    mining_mwh: Floats
    hosting_mwh: Floats
    unused_mwh: Floats
    paid: Floats
    result: Floats
    against_market: Floats


@dataclass
class ProgramMonths:
    """A reserve or demand response by month cell, (J,): MW x hours, and income in USD m of the company."""

    mw_hours: Floats
    income: Floats


@dataclass
class ChargeMonths:
    """A delivery charge of machines by month cell, (J,), USD m of the company."""

    accrued: Floats
    avoided: Floats


@dataclass(frozen=True)
class DispatchRow:
    """An operating decision, as it stands in ``dispatch.csv``."""

    cell: int
    site: int
    kind: str
    item: str
    amount: float


@dataclass
class SiteMonths:
    """What a whole plan does in its hours. Places: (P, J) arrays for all machines that are installed and present."""

    mwh: Floats
    btc: Floats
    revenue: Floats
    power_cost: Floats
    variable_cost: Floats
    contracts: dict[tuple[int, str], ContractMonths] = field(default_factory=dict)
    programs: dict[tuple[int, str], ProgramMonths] = field(default_factory=dict)
    charges: dict[tuple[int, str], ChargeMonths] = field(default_factory=dict)
    rows: list[DispatchRow] = field(default_factory=list)

    @property
    def margin(self) -> Floats:
        """(P, J)"""
        return self.revenue - self.power_cost - self.variable_cost


def contract_months(size: int) -> ContractMonths:
    """A contract of which nothing is known yet."""
    return ContractMonths(*(np.zeros(size) for _ in range(7)))


def program_months(size: int) -> ProgramMonths:
    """A program of which nothing is known yet."""
    return ProgramMonths(np.zeros(size), np.zeros(size))


def charge_months(size: int) -> ChargeMonths:
    """A charge of which nothing is known yet."""
    return ChargeMonths(np.zeros(size), np.zeros(size))
