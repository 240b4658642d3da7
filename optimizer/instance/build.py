"""Case, Market and Operations -> Instance: all that the model sees, as arrays on the nodes of the tree.

``Prepared`` keeps the parts from which the arrays were made beside them, for the tables of the plan. Nothing is
decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.instance import Instance, open_bounds
from optimizer.case.case import Case
from optimizer.case.given import Given
from optimizer.instance.builds import build_arrays, list_builds
from optimizer.instance.capital.build import capital_arrays, list_capital, most_cash_usd_m
from optimizer.instance.capital.companies import company_arrays
from optimizer.instance.facilities import equity_arrays, list_issues, tax_arrays, treasury_arrays
from optimizer.instance.finance import FixedFlows, FixedValue, cash_arrays, fixed_flows, fixed_value
from optimizer.instance.given import Choices, with_given
from optimizer.instance.hosting import Option, exclusive_sets, hosting_arrays, list_options
from optimizer.instance.income_tax import income_tax_arrays
from optimizer.instance.limits import megawatt_limits
from optimizer.instance.machines import lot_arrays, place_arrays, trade_arrays
from optimizer.instance.redispatch import Redispatch
from optimizer.instance.site_operations import SiteModel, site_operations
from optimizer.instance.site_terms import list_signings
from optimizer.market.market import Market, build_market
from optimizer.operations.operations import Operations, build_operations
from optimizer.operations.slots import NO_REFINEMENT, Refinement


@dataclass(frozen=True)
class Prepared:
    """A case with everything that was computed before a solver sees it."""

    case: Case
    market: Market
    operations: Operations
    choices: Choices
    site_model: SiteModel
    redispatch: Redispatch
    """Goes through the hours of a plan."""
    fixed: FixedFlows
    value: FixedValue
    open: Instance
    """Nothing laid down."""
    instance: Instance
    """With the case's own given decisions laid down."""

    def given(self, given: Given) -> Instance:
        """The same instance with other decisions laid down instead."""
        return with_given(self.open, given, self.choices, self.market.start_month)

    @property
    def options(self) -> tuple[Option, ...]:
        return self.choices.options


def prepare(case: Case, folder: Path, market: Market | None = None) -> Prepared:
    """Read the markets of a case (price files relative to ``folder``) and build its instance."""
    market = market or build_market(case, folder)
    return prepare_from(case, market, build_operations(case, market))


def prepare_from(
    case: Case, market: Market, operations: Operations, refinement: Refinement = NO_REFINEMENT
) -> Prepared:
    """The instance of a case whose market and operations are known."""
    options, builds = list_options(case, market, operations), list_builds(case, market)
    issues, money = list_issues(case, market), list_capital(case, market, options)
    lots, places = lot_arrays(case, operations), place_arrays(case, market, operations)
    hosting = hosting_arrays(case, market, options)
    signings = list_signings(case, market)
    model = site_operations(case, market, operations, options, signings, refinement)
    redispatch = Redispatch(case, market, operations, options, model)
    fixed = fixed_flows(case, market, operations, model)
    value = fixed_value(case, market, operations, model)
    trade, build = trade_arrays(case, market, operations), build_arrays(case, market, builds)
    equity = equity_arrays(case, market, issues)
    capital = capital_arrays(case, market, money, options, hosting, lots, places, operations.lots, trade, fixed)
    opening = case.finance.opening
    below = company_arrays(case, market, operations, options, builds, money.project_debts)
    free = Instance(
        tree=market.tree,
        lots=lots,
        places=places,
        hosting=hosting,
        exclusive=exclusive_sets(case, options),
        limits=megawatt_limits(case, market, operations, options, builds),
        operations=model.arrays,
        operate=redispatch.operate if model.arrays is not None else None,
        cash=cash_arrays(case, market, fixed, money.held_by_debts(len(market.tree))),
        bounds=open_bounds(
            market.tree,
            lots,
            places,
            hosting,
            trade,
            build,
            capital.tranches,
            equity,
            model.arrays,
            capital.lines,
            below,
        ),
        trade=trade,
        builds=build,
        tranches=capital.tranches,
        lines=capital.lines,
        fences=capital.fences,
        companies=below,
        covenants=capital.covenants,
        equity=equity,
        shares_m=opening.shares_m,
        share_price_usd=opening.share_price_usd,
        treasury=treasury_arrays(case, market),
        tax=tax_arrays(case, market, fixed),
        income_tax=income_tax_arrays(
            case,
            market,
            operations,
            options,
            builds,
            fixed,
            money.tranches,
            money.held_by_debts(len(market.tree)),
            most_cash_usd_m(case, market, hosting, lots, places, trade, fixed),
        ),
        value_constant_usd_m=value.total,
    )
    choices = Choices(options, operations.lots, operations.places, tuple(case.sites), builds, money, issues, signings)
    laid_down = with_given(free, case.given, choices, market.start_month)
    return Prepared(case, market, operations, choices, model, redispatch, fixed, value, free, laid_down)
