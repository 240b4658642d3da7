"""All that follows from a case, its prices and the decisions, by month: the one place where the parts come together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from optimizer.case.case import Case
from optimizer.case.network_file import NetworkFile
from optimizer.market.prices import PriceSeries
from optimizer.plan.audit.recompute.blocks import Block, blocks_of_levels
from optimizer.plan.audit.recompute.builds import Built, builds_of
from optimizer.plan.audit.recompute.deals import Deals, deals_of
from optimizer.plan.audit.recompute.debt import DebtPath, debt_paths
from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.fixed_blocks import Settlement, settlements_of
from optimizer.plan.audit.recompute.hosting import Contract, contracts_of
from optimizer.plan.audit.recompute.lots import Lot, Stand, lots_of, stands_of
from optimizer.plan.audit.recompute.mining import Resale, StandFigures, mine
from optimizer.plan.audit.recompute.network import NetworkPath, network_path
from optimizer.plan.audit.recompute.new_money import Issue, LoanPath, issues_of, loans_of
from optimizer.plan.audit.recompute.prices import Spot, shape_of
from optimizer.plan.audit.recompute.timeline import Array, Timeline


@dataclass(frozen=True, eq=False)
class Figures:
    """A plan recomputed. ``stands`` and ``mined`` go together: lot by lot, for each the places where it stands.

    network: reaches to the month after the horizon. resales: every site with physical blocks. settlements: every
    financial block. hosting: leases, then signed offers in time. loans: every term loan, drawn or not.
    """

    case: Case
    timeline: Timeline
    decisions: Decisions
    network: NetworkPath
    lots: tuple[Lot, ...]
    stands: tuple[Stand, ...]
    mined: tuple[StandFigures, ...]
    deals: Deals
    builds: tuple[Built, ...]
    resales: tuple[Resale, ...]
    settlements: tuple[Settlement, ...]
    hosting: tuple[Contract, ...]
    debts: tuple[DebtPath, ...]
    loans: tuple[LoanPath, ...]
    issues: tuple[Issue, ...]

    def stands_at(self, site: str) -> list[tuple[Stand, StandFigures]]:
        """Machines of a site and what they do."""
        return [pair for pair in zip(self.stands, self.mined, strict=True) if pair[0].site == site]

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
            Block(block.start, block.end, block.amount * stand.mw_per_ph_s)
            for stand, _ in self.stands_at(site)
            for block in stand.present
        ]

    def hosting_blocks(self, site: str) -> list[Block]:
        """Meter MW reserved for hosting at a site."""
        return [contract.reserved for contract in self.hosting_at(site)]

    def given_up_blocks(self, site: str) -> list[Block]:
        """Meter MW of the mine's buildings given up at a site."""
        return [contract.gives_up for contract in self.hosting_at(site)]

    def energised(self, site: str) -> tuple[Block, ...]:
        """Meter MW energised at a site, with what is built."""
        built = (each.energised for each in self.builds if each.site == site)
        return (*blocks_of_levels(self.case.sites[site].energised_mw), *built)

    def mining_shell(self, site: str) -> tuple[Block, ...]:
        """Meter MW of buildings fit for mining at a site, with what is built."""
        built = (each.mining_shell for each in self.builds if each.site == site)
        return (*blocks_of_levels(self.case.sites[site].mining_shell_mw), *built)


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
    network = network_path(case.market.network, timeline.start, timeline.months + 1, network_file)
    lots = lots_of(case, timeline, decisions)
    stands = stands_of(case, timeline, lots)
    mined, resales = mine(case, timeline, stands, spots, network)
    return Figures(
        case=case,
        timeline=timeline,
        decisions=decisions,
        network=network,
        lots=lots,
        stands=stands,
        mined=mined,
        deals=deals_of(case, timeline, decisions, lots, network),
        builds=builds_of(case, timeline, decisions),
        resales=resales,
        settlements=settlements_of(case, timeline, spots),
        hosting=contracts_of(case, timeline, decisions, spots),
        debts=debt_paths(case.finance.debts, timeline.start),
        loans=loans_of(case, decisions),
        issues=issues_of(case, decisions),
    )
