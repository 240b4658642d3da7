"""Companies below the parent -> arrays of the model (docs/figures_capital.md, section 13, "Companies")."""

from __future__ import annotations

import numpy as np

from models.capital import Companies
from models.tree import Floats
from optimizer.case.case import Case
from optimizer.instance.builds import BuildOption
from optimizer.instance.capital.fences import ProjectDebtTerms
from optimizer.instance.finance import debt_payments
from optimizer.instance.hosting import Option
from optimizer.market.calendar import instant_factor, node_at
from optimizer.market.market import Market
from optimizer.operations.operations import Operations


def company_arrays(
    case: Case,
    market: Market,
    operations: Operations,
    options: tuple[Option, ...],
    builds: tuple[BuildOption, ...],
    project_debts: tuple[ProjectDebtTerms, ...] = (),
) -> Companies | None:
    """None if the case has no companies."""
    companies = case.finance.companies
    if not companies:
        return None
    tree, cells = market.tree, market.cells
    names = list(case.sites)
    own = [{names.index(site) for site in company.sites} for company in companies.values()]
    months = np.bincount(cells.node[~cells.in_tail], minlength=len(tree))
    fixed = np.zeros((len(own), len(tree)))
    for g, company in enumerate(companies.values()):
        yearly = sum(case.sites[site].operating_cost_usd_m_per_year for site in company.sites)
        fixed[g] -= yearly / 12 * months
        for lot in operations.lots:
            if lot.due_at is not None and lot.site in own[g]:
                fixed[g] -= np.where(node_at(tree, lot.due_at), lot.due_usd_m, 0.0)
        for debt in project_debts:
            if options[debt.option].site in own[g]:
                fixed[g] -= _served(case, market, debt)
    return Companies(
        name=tuple(companies),
        opening_usd_m=np.array([company.opening_cash_usd_m for company in companies.values()]),
        minimum_usd_m=np.array([company.min_cash_usd_m for company in companies.values()]),
        withholding=np.array([company.withholding for company in companies.values()]),
        withheld_factor=np.array([instant_factor(case.discount.corporate, float(start)) for start in tree.start_months])
        * tree.probability,
        fixed_usd_m=fixed,
        place=np.array([[place.site in sites for place in operations.places] for sites in own], dtype=bool),
        option=np.array([[option.site in sites for option in options] for sites in own], dtype=bool),
        build=np.array([[build.site in sites for build in builds] for sites in own], dtype=bool),
        lot=np.array([[lot.site in sites for lot in operations.lots] for sites in own], dtype=bool),
    )


def _served(case: Case, market: Market, debt: ProjectDebtTerms) -> Floats:
    """(N,) what a debt of the start takes from the company whose lease it belongs to: its payments, and what is held
    more for later ones."""
    tree = market.tree
    total: Floats = debt.held - np.where(tree.parent >= 0, debt.held[tree.parent], 0.0)
    for payment in debt_payments(case.finance.debts[debt.name], market.start_month):
        total = total + np.where(node_at(tree, payment.at), payment.interest_usd_m + payment.principal_usd_m, 0.0)
    return total
