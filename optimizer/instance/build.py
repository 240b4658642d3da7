"""Case, Market and Operations -> Instance: all that the model sees, as arrays on the nodes of the tree.

``Prepared`` keeps the parts from which the arrays were made beside them, for the tables of the plan. Nothing is
decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.instance import Instance, Lots, open_bounds
from models.tree import Bools, Floats
from optimizer.case.case import Case
from optimizer.case.given import Given
from optimizer.instance.blocks import block_arrays
from optimizer.instance.finance import FixedFlows, FixedValue, cash_arrays, fixed_flows, fixed_value
from optimizer.instance.given import with_given
from optimizer.instance.hosting import Option, exclusive_sets, hosting_arrays, list_options
from optimizer.instance.limits import megawatt_limits
from optimizer.market.calendar import month_factors
from optimizer.market.market import Market, build_market
from optimizer.operations.operations import Operations, build_operations


@dataclass(frozen=True)
class Prepared:
    """A case with everything that was computed before a solver sees it."""

    case: Case
    market: Market
    operations: Operations
    options: tuple[Option, ...]
    fixed: FixedFlows
    value: FixedValue
    open: Instance
    """Nothing laid down."""
    instance: Instance
    """With the case's own given decisions laid down."""

    def given(self, given: Given) -> Instance:
        """The same instance with other decisions laid down instead."""
        return with_given(self.open, given, self.options, self.operations.lots, self.market.start_month)


def prepare(case: Case, folder: Path, market: Market | None = None) -> Prepared:
    """Read the markets of a case (price files relative to ``folder``) and build its instance."""
    market = market or build_market(case, folder)
    return prepare_from(case, market, build_operations(case, market))


def prepare_from(case: Case, market: Market, operations: Operations) -> Prepared:
    """The instance of a case whose market and operations are known."""
    options = list_options(case, market, operations)
    lots = lot_arrays(case, market, operations)
    hosting = hosting_arrays(case, market, options)
    fixed = fixed_flows(case, market, operations)
    value = fixed_value(case, market, operations)
    free = Instance(
        tree=market.tree,
        lots=lots,
        hosting=hosting,
        exclusive=exclusive_sets(case, options),
        limits=megawatt_limits(case, market, operations.lots, options),
        blocks=block_arrays(case, market, operations),
        cash=cash_arrays(case, market, fixed),
        bounds=open_bounds(market.tree, lots, hosting),
        value_constant_usd_m=value.total,
    )
    instance = with_given(free, case.given, options, operations.lots, market.start_month)
    return Prepared(case, market, operations, options, fixed, value, free, instance)


def lot_arrays(case: Case, market: Market, operations: Operations) -> Lots:
    """Margins by node, as cash and as value, per EH/s of each lot."""
    tree, cells = market.tree, market.cells
    planned = ~cells.in_tail
    margin = operations.mining.margin_usd_m
    value = margin * tree.probability[cells.node] * month_factors(case.discount.mining, cells.month)
    lots = operations.lots
    return Lots(
        name=tuple(lot.full_name for lot in lots),
        eh_s=np.array([lot.ph_s / 1000 for lot in lots]),
        margin_usd_m_per_eh=by_node(margin, market, planned),
        value_usd_m_per_eh=by_node(value, market, planned),
    )


def by_node(cells_values: Floats, market: Market, planned: Bools) -> Floats:
    """(L, J) by month cell -> (L, N) sums by node."""
    result = np.zeros((cells_values.shape[0], len(market.tree)))
    for index in range(cells_values.shape[0]):
        np.add.at(result[index], market.cells.node[planned], cells_values[index, planned])
    return result
