"""Companies below the parent: what each of them has, and what goes up and down. Section 13 of docs/figures_capital.md,
"Companies".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from optimizer.case.finance import Company
from optimizer.plan.audit.recompute.decision_rows import Row
from optimizer.plan.audit.recompute.decisions import Kind
from optimizer.plan.audit.recompute.earnings import ebitda_at
from optimizer.plan.audit.recompute.figures import Figures
from optimizer.plan.audit.recompute.hosting import Contract
from optimizer.plan.audit.recompute.owed import Owed, by_period, owed_by_signature, owed_of
from optimizer.plan.audit.recompute.projects import fences_of
from optimizer.plan.audit.recompute.timeline import Array, CannotRecompute, Timeline, instant_factor


@dataclass(frozen=True, eq=False)
class CompanyPath:
    """Cash of a company by period, (P,) each, USD m. flows: what its sites bring, less what they cost and owe.

    opening + flows + fund - upstream = closing. fund, upstream: at the first instant of the period. withheld: of what
    is paid up; it is the parent that has so much less.
    """

    name: str
    company: Company
    opening: Array
    flows: Array
    fund: Array
    upstream: Array
    closing: Array

    @property
    def withheld(self) -> Array:
        return self.upstream * self.company.withholding

    @property
    def more(self) -> Array:
        """What its cash grows by."""
        return self.closing - self.opening


def companies_of(figures: Figures) -> tuple[CompanyPath, ...]:
    """All companies in the order of the case. Raises CannotRecompute if one has a site that is not there."""
    return tuple(_path(figures, name, company) for name, company in figures.case.finance.companies.items())


def opening_cash(figures: Figures) -> float:
    """What all companies have at the start, USD m."""
    return sum(company.opening_cash_usd_m for company in figures.case.finance.companies.values())


def withheld_of(figures: Figures) -> Array:
    """What is withheld of all that is paid up, by period, (P,), USD m."""
    withheld = np.zeros(len(figures.timeline.periods))
    for name, company in figures.case.finance.companies.items():
        withheld += _decided(figures, "upstream", name) * company.withholding
    return withheld


def withheld_value(figures: Figures, rate: float) -> float:
    """Present value of what is withheld, each at the first instant of its period, USD m."""
    timeline = figures.timeline
    factors = np.array([instant_factor(rate, period.start - timeline.start) for period in timeline.periods])
    return float(withheld_of(figures) @ factors)


def company_rows(figures: Figures, scenario: str) -> Iterator[Row]:
    """By period, every company."""
    paths = companies_of(figures)
    for place, period in enumerate(figures.timeline.periods):
        for path in paths:
            columns = (path.opening, path.flows, path.fund, path.upstream, path.withheld, path.closing)
            amounts = (float(each[place]) for each in columns)
            yield scenario, period.name, path.name, *amounts, path.company.min_cash_usd_m


def _path(figures: Figures, name: str, company: Company) -> CompanyPath:
    flows = _flows(figures, name, company)
    fund, upstream = _decided(figures, "fund", name), _decided(figures, "upstream", name)
    closing = company.opening_cash_usd_m + np.cumsum(flows + fund - upstream)
    opening = np.concatenate(([company.opening_cash_usd_m], closing[:-1]))
    return CompanyPath(name, company, opening, flows, fund, upstream, closing)


def _decided(figures: Figures, kind: Kind, name: str) -> Array:
    moved = ((each.at, each.amount) for each in figures.decisions.of(kind) if each.item == name)
    return by_period(moved, figures.timeline)


def _flows(figures: Figures, name: str, company: Company) -> Array:
    """What moves a company's cash by period, (P,), USD m, beside what goes up and down."""
    timeline = figures.timeline
    flows = _deals(figures, company)
    for site in company.sites:
        if site not in figures.case.sites:
            raise CannotRecompute(f"company {name}: there is no site {site!r}")
        # A mined coin counts as sold on its day; whoever keeps it has bought it.
        flows += timeline.by_period(ebitda_at(figures, site))
        for halls in figures.hosting_at(site):
            flows += _beside_noi(halls, timeline)
        for built in (each for each in figures.builds if each.site == site):
            flows -= timeline.by_period(built.cost_within(timeline.months))
    names = {halls.name for site in company.sites for halls in figures.hosting_at(site)}
    for owed in _owed_by_projects(figures, names):
        flows += owed.drawn - owed.interest - owed.principal - owed.dividends_paid - owed.cash_fees
    for fence in (each for each in fences_of(figures) if each.project.name in names):
        flows -= fence.more_trapped
    return flows


def _beside_noi(halls: Contract, timeline: Timeline) -> Array:
    """What halls bring and cost beside what they earn, by period, (P,), USD m."""
    brought = halls.paid("prepayment", timeline) + halls.paid("residual", timeline)
    spent = timeline.by_period(halls.capex + halls.credit)
    return np.asarray(brought - spent - halls.paid("capex", timeline) - halls.paid("signing_cost", timeline))


def _deals(figures: Figures, company: Company) -> Array:
    """Machines by period, (P,), USD m: bought for its sites, moved to them, sold or due where they are at home."""
    homes = {lot.full_name: lot.home for lot in figures.lots}
    paid = (
        (each.at, -usd_m)
        for each, usd_m in figures.deals.paid.items()
        if (homes[each.item] if each.kind == "sell" else each.site) in company.sites
    )
    due = ((lot.due_at, -lot.due_usd_m) for lot in figures.lots if lot.due_at is not None and lot.home in company.sites)
    return by_period((*paid, *due), figures.timeline)


def _owed_by_projects(figures: Figures, names: set[str]) -> Iterator[Owed]:
    """Debts of its leases and project finance of what is signed at its sites."""
    for owed in owed_of(figures):
        if owed.kind == "debt" and owed.offer in names:
            yield owed
    for owed in owed_by_signature(figures):
        if owed.offer in names:
            yield owed
