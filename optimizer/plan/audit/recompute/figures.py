"""All that follows from a case, its prices and the decisions, by month: the one place where the parts come together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.case.case import Case
from optimizer.case.network_file import NetworkFile
from optimizer.market.prices import PriceSeries
from optimizer.plan.audit.recompute.blocks import Block, blocks_of_levels
from optimizer.plan.audit.recompute.debt import DebtPath, debt_paths
from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.fixed_blocks import Settlement, settlements_of
from optimizer.plan.audit.recompute.hosting import Contract, contracts_of
from optimizer.plan.audit.recompute.mining import Lot, LotFigures, Resale, lots_of, mine
from optimizer.plan.audit.recompute.network import NetworkPath, network_path
from optimizer.plan.audit.recompute.prices import Spot, shape_of
from optimizer.plan.audit.recompute.timeline import Array, Timeline


@dataclass(frozen=True, eq=False)
class Figures:
    """A plan recomputed. ``lots`` and ``mined`` go together, lot by lot in the order of the case.

    resales: every site with physical blocks. settlements: every financial block. hosting: leases, then signed offers.
    """

    case: Case
    timeline: Timeline
    decisions: Decisions
    network: NetworkPath
    lots: tuple[Lot, ...]
    mined: tuple[LotFigures, ...]
    resales: tuple[Resale, ...]
    settlements: tuple[Settlement, ...]
    hosting: tuple[Contract, ...]
    debts: tuple[DebtPath, ...]

    def lots_at(self, site: str) -> list[tuple[Lot, LotFigures]]:
        """Lots of a site and what they do."""
        return [pair for pair in zip(self.lots, self.mined, strict=True) if pair[0].site == site]

    def hosting_at(self, site: str) -> list[Contract]:
        """Leases and signed offers of a site."""
        return [contract for contract in self.hosting if contract.site == site]

    @property
    def power_contracts(self) -> Array:
        """What fixed blocks bring beside the machines' own margin, by planned month, (N,), USD m."""
        parts = [*(each.result for each in self.resales), *(each.result for each in self.settlements)]
        return np.asarray(np.sum(parts, axis=0)) if parts else np.zeros(self.timeline.months)

    def mining_blocks(self, site: str) -> list[Block]:
        """Meter MW of the lots that are installed and present at a site."""
        return [
            Block(block.start, block.end, block.amount * lot.mw_per_ph_s)
            for lot, _ in self.lots_at(site)
            for block in lot.blocks(self.timeline)
        ]

    def hosting_blocks(self, site: str) -> list[Block]:
        """Meter MW reserved for hosting at a site."""
        return [contract.reserved for contract in self.hosting_at(site)]

    def given_up_blocks(self, site: str) -> list[Block]:
        """Meter MW of the mine's buildings given up at a site."""
        return [contract.gives_up for contract in self.hosting_at(site)]

    def energised(self, site: str) -> tuple[Block, ...]:
        """Meter MW energised at a site."""
        return blocks_of_levels(self.case.sites[site].energised_mw)

    def mining_shell(self, site: str) -> tuple[Block, ...]:
        """Meter MW of buildings fit for mining at a site."""
        return blocks_of_levels(self.case.sites[site].mining_shell_mw)


def markets_used(case: Case) -> list[str]:
    """Power markets at which a site buys or a block settles, each once."""
    sites = case.sites.values()
    settled = [block.settles_at for site in sites for block in site.contracts.values() if block.settles_at is not None]
    return list(dict.fromkeys([*(site.power.market for site in sites), *settled]))


def figures_of(
    case: Case,
    timeline: Timeline,
    prices: Mapping[str, PriceSeries],
    decisions: Decisions,
    network_file: NetworkFile | None = None,
) -> Figures:
    """Recompute a plan. Raises CannotRecompute.

    ``prices`` holds the series of every market that is used, ``network_file`` what the network's path names, if any.
    """
    spots = {
        name: Spot(case.market.power[name], shape_of(case.market.power[name], series), timeline.start // 12)
        for name, series in prices.items()
    }
    network = network_path(case.market.network, timeline.start, timeline.months, network_file)
    lots = lots_of(case, timeline, decisions)
    mined, resales = mine(case, timeline, lots, spots, network)
    return Figures(
        case=case,
        timeline=timeline,
        decisions=decisions,
        network=network,
        lots=lots,
        mined=mined,
        resales=resales,
        settlements=settlements_of(case, timeline, spots),
        hosting=contracts_of(case, timeline, decisions, spots),
        debts=debt_paths(case.finance.debts, timeline.start),
    )
