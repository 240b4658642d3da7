"""All of a case's new money, limits and ring-fences: the choices, and their arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.capital import Covenants, Lines, RingFences, Tranches
from models.instance import HostingOptions, Lots, Places, Trade
from models.tree import Floats
from optimizer.case.case import Case
from optimizer.case.facilities import SweepLoan
from optimizer.instance.capital.arrays import Commitment, list_commitments, tranche_arrays
from optimizer.instance.capital.covenants import covenant_arrays
from optimizer.instance.capital.fences import ProjectDebtTerms, fence_arrays, list_project_debts
from optimizer.instance.capital.lines import LineTerms, line_arrays, list_lines
from optimizer.instance.capital.tranches import Tranche, list_tranches
from optimizer.instance.finance import FixedFlows
from optimizer.instance.hosting import Option
from optimizer.market.market import Market
from optimizer.operations.mining import Lot

ROOM_USD_M = 1000.0
"""On top of everything that can come in: more cash than any plan has."""


@dataclass(frozen=True)
class CapitalChoices:
    """What can be decided about money, in the order of the model's arrays."""

    tranches: tuple[Tranche, ...]
    commitments: tuple[Commitment, ...]
    lines: tuple[LineTerms, ...]
    project_debts: tuple[ProjectDebtTerms, ...]
    """No choice: ring-fenced debts of the start."""

    def held_by_debts(self, nodes: int) -> Floats:
        """(N,) cash that ring-fences of debts of the start hold for their service."""
        return sum((debt.held for debt in self.project_debts), start=np.zeros(nodes))


@dataclass(frozen=True)
class CapitalArrays:
    """Arrays of the model; None for what a case does not have."""

    tranches: Tranches | None
    lines: Lines | None
    fences: RingFences | None
    covenants: Covenants


def list_capital(case: Case, market: Market, options: tuple[Option, ...]) -> CapitalChoices:
    """Every way to raise money."""
    tranches = list_tranches(case, market, options)
    return CapitalChoices(
        tranches=tranches,
        commitments=list_commitments(case, market, tranches),
        lines=list_lines(case, market),
        project_debts=list_project_debts(case, market, options),
    )


def most_cash_usd_m(
    case: Case,
    market: Market,
    hosting: HostingOptions,
    lots: Lots,
    places: Places,
    trade: Trade | None,
    fixed: FixedFlows,
) -> float:
    """More cash than any plan can have, with what it keeps earning: everything that can come in, and as much again."""
    opening = case.finance.opening
    machines = np.where(lots.order_node >= 0, lots.order_max_eh, lots.eh_s)
    by_lot = np.zeros((len(machines), len(market.tree)))
    np.maximum.at(by_lot, places.lot, np.clip(places.margin_usd_m_per_eh, 0.0, None))
    total = opening.cash_usd_m + sum(company.opening_cash_usd_m for company in case.finance.companies.values())
    total += sum(f.limit_usd_m for f in case.finance.facilities.values())
    halls = np.clip(hosting.cash_usd_m_per_hall, 0.0, None).sum(axis=1) * hosting.halls_max
    # An offer is signed once.
    total += sum(float(halls[hosting.offer == offer].max()) for offer in np.unique(hosting.offer))
    total += float((by_lot.sum(axis=1) * machines).sum()) + float(np.clip(fixed.net, 0.0, None).sum())
    total += opening.btc * float(market.network.btc_usd.max()) / 1e6
    if trade is not None:
        total += float((trade.sell_usd_m_per_eh.max(axis=1, initial=0.0) * machines).sum())
    growth = float(np.prod(1 + case.finance.cash_yield * market.tree.length_months / 12))
    return 2 * growth * total + ROOM_USD_M


def most_lost_usd_m(hosting: HostingOptions, fixed: FixedFlows) -> float:
    """More than any plan loses or commits for after the horizon."""
    later = hosting.capex_after_horizon_usd_m_per_hall * hosting.halls_max
    spent = np.clip(-hosting.cash_usd_m_per_hall, 0.0, None).sum(axis=1) * hosting.halls_max
    return float(np.clip(-fixed.net, 0.0, None).sum() + spent.sum() + later.sum())


def most_below_usd_m(case: Case) -> float:
    """How far below zero a sweep may begin."""
    loans = [f for f in case.finance.facilities.values() if isinstance(f, SweepLoan)]
    return max((max(0.0, -loan.above_usd_m) for loan in loans), default=0.0)


def capital_arrays(
    case: Case,
    market: Market,
    choices: CapitalChoices,
    options: tuple[Option, ...],
    hosting: HostingOptions,
    lots: Lots,
    places: Places,
    own_lots: tuple[Lot, ...],
    trade: Trade | None,
    fixed: FixedFlows,
) -> CapitalArrays:
    """Arrays of all of it."""
    most = most_cash_usd_m(case, market, hosting, lots, places, trade, fixed)
    debts = choices.project_debts
    return CapitalArrays(
        tranches=tranche_arrays(case, market, choices.tranches, choices.commitments, hosting, lots, own_lots, trade),
        lines=line_arrays(case, market, choices.lines, most + most_below_usd_m(case)),
        fences=fence_arrays(case, market, options, choices.tranches, debts, hosting.halls_max),
        covenants=covenant_arrays(case, market, fixed, most + most_lost_usd_m(hosting, fixed)),
    )
