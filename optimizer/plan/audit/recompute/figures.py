"""All that follows from a case, its prices and the decisions, by month: the one place where the parts come together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.case.case import Case
from optimizer.case.contracts import FixedBlock
from optimizer.case.network_file import NetworkFile
from optimizer.case.price_file import PriceFile
from optimizer.market.prices import PriceSeries
from optimizer.plan.audit.recompute.blocks import Block, blocks_of_levels, total_at
from optimizer.plan.audit.recompute.builds import Built, builds_of
from optimizer.plan.audit.recompute.commitments import Undrawn, undrawn_of
from optimizer.plan.audit.recompute.deals import Deals, deals_of
from optimizer.plan.audit.recompute.debt import DebtPath, debt_paths
from optimizer.plan.audit.recompute.decisions import Decisions
from optimizer.plan.audit.recompute.delivery import MachineCharge
from optimizer.plan.audit.recompute.dispatch import Dispatch
from optimizer.plan.audit.recompute.hosting import Contract, contracts_of, mean_load
from optimizer.plan.audit.recompute.issues import Issue, issues_of
from optimizer.plan.audit.recompute.lines import LinePath, lines_of
from optimizer.plan.audit.recompute.lots import Lot, Stand, lots_of, stands_of
from optimizer.plan.audit.recompute.meter import markets_beside, meters_of
from optimizer.plan.audit.recompute.mining import StandFigures, operate
from optimizer.plan.audit.recompute.network import NetworkPath, network_path
from optimizer.plan.audit.recompute.operated import (
    ContractFigures,
    Operated,
    ProgramFigures,
    contract_figures,
    machine_charges,
    program_figures,
)
from optimizer.plan.audit.recompute.prices import spots_of
from optimizer.plan.audit.recompute.project_loans import ProjectTranche, project_tranches
from optimizer.plan.audit.recompute.site_terms import SiteTerms, reserves_used, site_terms
from optimizer.plan.audit.recompute.supply import Files, profiles_used, supplies_of
from optimizer.plan.audit.recompute.timeline import Array, Timeline
from optimizer.plan.audit.recompute.tranches import Tranche, tranches_by_step


@dataclass(frozen=True, eq=False)
class Figures:
    """A plan recomputed. ``stands`` and ``mined`` go together: lot by lot, for each the places where it stands.

    network: reaches to the month after the horizon. terms, operated: by site. contracts, programs, charges: of power,
    site by site; the charges as far as machines bear them. hosting: leases, then signed offers in time. tranches: drawn
    at steps; project_tranches: with signatures. lines: every line, drawn or not. undrawn: of loans that are committed.
    """

    case: Case
    timeline: Timeline
    decisions: Decisions
    dispatch: Dispatch
    network: NetworkPath
    lots: tuple[Lot, ...]
    stands: tuple[Stand, ...]
    mined: tuple[StandFigures, ...]
    deals: Deals
    builds: tuple[Built, ...]
    terms: Mapping[str, SiteTerms]
    operated: Mapping[str, Operated]
    contracts: tuple[ContractFigures, ...]
    programs: tuple[ProgramFigures, ...]
    charges: tuple[MachineCharge, ...]
    hosting: tuple[Contract, ...]
    debts: tuple[DebtPath, ...]
    tranches: tuple[Tranche, ...]
    project_tranches: tuple[ProjectTranche, ...]
    lines: tuple[LinePath, ...]
    undrawn: tuple[Undrawn, ...]
    issues: tuple[Issue, ...]

    @property
    def all_tranches(self) -> tuple[Tranche, ...]:
        """Those drawn at steps, then those of project finance."""
        return (*self.tranches, *(each.tranche for each in self.project_tranches))

    def stands_at(self, site: str) -> list[tuple[Stand, StandFigures]]:
        """Machines of a site and what they do."""
        return [pair for pair in zip(self.stands, self.mined, strict=True) if pair[0].site == site]

    def hosting_at(self, site: str) -> list[Contract]:
        """Leases and signed offers of a site."""
        return [contract for contract in self.hosting if contract.site == site]

    @property
    def power_contracts(self) -> Array:
        """What contracts bring beside the machines' own margin, by planned month, (N,), USD m."""
        return self._total([each.result for each in self.contracts])

    @property
    def flexibility(self) -> Array:
        """What reserves and demand response bring, by planned month, (N,), USD m."""
        return self._total([each.income for each in self.programs])

    @property
    def delivery(self) -> Array:
        """Charges that machines pay, by planned month, (N,), USD m."""
        return self._total([each.paid[: self.timeline.months] for each in self.charges])

    def _total(self, parts: Sequence[Array]) -> Array:
        return np.asarray(sum(parts, np.zeros(self.timeline.months)))

    def load_at(self, site: str, at: int) -> float:
        """MW that the machines of a site take at the first instant of a month, and its halls on average in it, if they
        may use contracts."""
        mining = total_at(self.mining_blocks(site), at) * self.case.sites[site].uptime
        terms = self.terms[site]
        return mining + (float(terms.hosting_mw[at - self.timeline.start]) if terms.assignable else 0.0)

    def mining_blocks(self, site: str) -> list[Block]:
        """Meter MW of the lots that are installed and present at a site."""
        return [
            Block(block.start, block.end, block.amount * stand.mw_per_ph_s)
            for stand, _ in self.stands_at(site)
            for block in stand.present
        ]

    def hosting_blocks(self, site: str) -> list[Block]:
        """Meter MW reserved for hosting at a site."""
        return [block for contract in self.hosting_at(site) for block in contract.reserved]

    def given_up_blocks(self, site: str) -> list[Block]:
        """Meter MW of the mine's buildings given up at a site."""
        return [block for contract in self.hosting_at(site) for block in contract.gives_up]

    def energised(self, site: str) -> tuple[Block, ...]:
        """Meter MW energised at a site, with what is built."""
        built = (each.energised for each in self.builds if each.site == site)
        return (*blocks_of_levels(self.case.sites[site].energised_mw), *built)

    def mining_shell(self, site: str) -> tuple[Block, ...]:
        """Meter MW of buildings fit for mining at a site, with what is built."""
        built = (each.mining_shell for each in self.builds if each.site == site)
        return (*blocks_of_levels(self.case.sites[site].mining_shell_mw), *built)


def markets_used(case: Case) -> list[str]:
    """Power markets at which a site buys, by which it decides or a block settles, each once."""
    found: list[str] = []
    for site in case.sites.values():
        settled = (each.settles_at for each in site.contracts.values() if isinstance(each, FixedBlock))
        found += [
            site.power.market,
            *(market for market in (*markets_beside(site.power), *settled) if market is not None),
        ]
    return list(dict.fromkeys(found))


def files_used(case: Case) -> list[PriceFile]:
    """Price files that belong to no market, as they have to be read: profiles and products of reserves, each once."""
    return list(dict.fromkeys([*profiles_used(case), *reserves_used(case)]))


def figures_of(
    case: Case,
    timeline: Timeline,
    prices: Mapping[str, PriceSeries],
    decisions: Decisions,
    network_file: NetworkFile | None = None,
    dispatch: Dispatch | None = None,
    files: Files | None = None,
) -> Figures:
    """Recompute a plan. Raises CannotRecompute.

    ``prices`` holds the series of every market that is used, ``network_file`` what the network's path names, if any,
    ``files`` those of all other price files.
    """
    dispatch, files = dispatch or Dispatch(), files or {}
    spots = spots_of(case, prices, timeline.start)
    meters = meters_of(case, timeline.start, spots)
    network = network_path(case.market.network, timeline.start, timeline.months + 1, network_file)
    lots = lots_of(case, timeline, decisions)
    stands = stands_of(case, timeline, lots)
    hosting = contracts_of(case, timeline, decisions, meters)
    supplies = supplies_of(case, timeline, decisions, spots, files)
    terms = {
        name: site_terms(case, name, timeline, meters[name], supplies, mean_load(hosting, name, timeline.months), files)
        for name in case.sites
    }
    mined, operated = operate(case, timeline, stands, terms, network, dispatch)
    return Figures(
        case=case,
        timeline=timeline,
        decisions=decisions,
        dispatch=dispatch,
        network=network,
        lots=lots,
        stands=stands,
        mined=mined,
        deals=deals_of(case, timeline, decisions, lots, network),
        builds=builds_of(case, timeline, decisions),
        terms=terms,
        operated=operated,
        contracts=contract_figures(case, timeline, supplies, operated, spots),
        programs=program_figures(case, terms, operated),
        charges=machine_charges(case, terms, operated, dispatch),
        hosting=hosting,
        debts=debt_paths(case.finance.debts, timeline.start),
        tranches=tranches_by_step(case, timeline, decisions),
        project_tranches=project_tranches(case, timeline, decisions, hosting),
        lines=lines_of(case, timeline, decisions),
        undrawn=undrawn_of(case, timeline, decisions),
        issues=issues_of(case, decisions),
    )
